"""Frames by hand, of the ISL families: single bytes, rows, and what has something around it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.wire_reading import pieces
from drivers.wire_tool import LAYOUTS, WIRES, decode_frame, decode_stream, encode_frame
from tests.protocol.vectors import Stream, Vector, bytes_of, streams, vectors

CUT = "01 2C 21 2D 46 04 80 80 92 8F 80 B2 05 30 34 31 3C 03"  # 45, published
TOLD = {"ok": True, "seq": 0x21, "command": 45, "data": "F", "status": "8080928F80B2"}
BUSY = {"ok": True, "signs": ["busy: wait"]}
AGAIN = {"ok": True, "signs": ["damaged: send the same frame again"]}


def read(text: str, family: str = "datecs_legacy", *, reply: bool = True) -> dict[str, Any]:
    return decode_frame(family, text, reply=reply)


def streamed(text: str, family: str = "datecs_legacy", *, reply: bool = True) -> list[Any]:
    return decode_stream(family, text, reply=reply)


# --- single bytes, and rows


@pytest.mark.parametrize("family", LAYOUTS)
def test_a_single_byte_of_the_device_says_what_it_means(family: str) -> None:
    assert [read("16", family), read("15", family)] == [BUSY, AGAIN]
    assert not read("15", family, reply=False)["ok"]
    assert not read("11", family)["ok"]


def test_a_row_of_daisy_is_answered_with_either_byte() -> None:
    assert read("11", "daisy", reply=False) == {"ok": True, "signs": ["row taken"]}
    assert read("1A", "daisy", reply=False)["signs"]
    assert not read("1A", "daisy")["ok"]
    assert not read("11", "eltrade", reply=False)["ok"]


def test_the_published_rows_of_daisy_show_their_fields() -> None:
    parts = [raw.hex() for _, raw, _ in bytes_of("part", "daisy") if raw[:1] == b"\x1a"]
    told = [read(part, "daisy") for part in sorted(parts)]
    text = "      ФИРМА:      ".encode("cp1251").decode("latin-1")
    assert told == [
        {"ok": True, "row": ["", "E"], "last": True},
        {"ok": True, "row": ["E"], "last": True},
        {"ok": True, "row": ["T", f"B H {text}"], "last": False},
    ]


@pytest.mark.parametrize("text", ["1A 45", "1A 45 0D 0A 1A 45 0D 0A", "1A 45 0D 0A 41", "0D 0A"])
def test_what_is_not_one_row_is_an_error(text: str) -> None:
    assert not read(text, "daisy")["ok"]


# --- bytes of a display


@pytest.mark.parametrize("family", LAYOUTS)
def test_a_byte_of_a_display_is_written_as_it_is_read(family: str) -> None:
    text = encode_frame(family, sequence=32, command=35, data=r"A\x10\x5E\x10\x50")
    told = read(text, family, reply=False)
    assert (told["ok"], told["data"]) == (True, "A\x10\x5e\x10\x50")


@pytest.mark.parametrize("data", [r"A\x1E", r"\x10", r"\x10\x3F", r"\x10\x60", r"\x10\x10\x5E"])
def test_a_byte_that_stands_alone_is_not_written(data: str) -> None:
    with pytest.raises(ValueError, match="may not stand in data"):
        encode_frame("datecs_legacy", sequence=32, command=35, data=data)


# --- requests are no replies


@pytest.mark.parametrize("vector", vectors("frame", "rx"), ids=lambda vector: vector.name)
def test_a_published_reply_is_no_request(vector: Vector) -> None:
    family = next(name for name, layout in LAYOUTS.items() if layout is vector.wire.layout)
    assert read(vector.raw.hex(), family)["ok"]
    assert not read(vector.raw.hex(), family, reply=False)["ok"]


def test_a_published_frame_is_read_under_the_name_of_its_file() -> None:
    assert read(CUT, "isl_common") == TOLD


# --- what has something around it


@pytest.mark.parametrize(
    ("text", "error"),
    [
        (f"16 16 {CUT}", "2 SYN before"),
        (f"16 {CUT} 41 42", "1 SYN before, 2 bytes after"),
        (f"41 {CUT}", "1 byte before"),
        (f"{CUT} 15", "1 NAK after"),
        (f"{CUT} {CUT}", "2 frames"),
        (f"{CUT} 16 {CUT}", "2 frames, 1 SYN"),
        ("16 15", "1 SYN, 1 NAK"),
    ],
)
def test_a_frame_with_something_around_it_is_refused_and_told_what_there_is(
    text: str, error: str
) -> None:
    assert read(text) == {"ok": False, "error": f"not a frame alone: {error}"}


@pytest.mark.parametrize(
    ("text", "error"),
    [(CUT.replace("3C 03", "3D 03"), "sum is 041C"), ("41 16", "not 01"), ("", "no bytes")],
)
def test_what_holds_no_frame_is_refused_for_what_it_is(text: str, error: str) -> None:
    assert error in read(text)["error"]


def test_a_stream_is_told_piece_by_piece() -> None:
    noise = {"ok": False, "noise": "41 42", "error": "not 01 ... 03"}
    told = streamed(f"16 {CUT} 41 42 15 {CUT}")
    assert told == [BUSY, TOLD, noise, AGAIN, TOLD]


def test_a_stream_of_daisy_holds_rows_too() -> None:
    told = streamed("1A 54 09 41 0D 0A 1A 45 0D 0A 16", "daisy")
    assert told[:2] == [
        {"ok": True, "row": ["T", "A"], "last": False},
        {"ok": True, "row": ["E"], "last": True},
    ]
    assert told[2] == BUSY


def test_a_stream_of_tremol_holds_the_log_in_too() -> None:
    told = streamed("03 04 31 32 33 34 0A 02 23 20 20 32 33 0A", "tremol", reply=False)
    assert [list(piece)[1] for piece in told] == ["signs", "signs", "log_in", "seq"]


def test_no_sign_is_seen_in_a_damaged_frame_and_the_next_good_one_is_found() -> None:
    damaged = "02 26 21 33 41 42 43 30 3F 0A"  # 41 to 43 would be states of the device
    good = "02 23 20 20 32 33 0A"
    told = streamed(f"{damaged} {good} 02 26 21 41", "tremol")
    assert [piece["ok"] for piece in told] == [False, True, False]
    assert (told[0]["noise"], told[2]["noise"]) == (damaged, "02 26 21 41")
    assert (told[0]["error"][:5], told[2]["error"]) == ("CS is", "cut off after 4 bytes")


@pytest.mark.parametrize("stream", streams(), ids=lambda stream: stream.name)
def test_a_published_stream_is_told_whole(stream: Stream) -> None:
    family = next(name for name, layout in LAYOUTS.items() if layout is stream.wire.layout)
    raw = b"".join(stream.chunks)
    told = streamed(raw.hex(), family, reply=not stream.echo)
    assert all(piece["ok"] for piece in told)
    assert told.count(BUSY) == stream.syn
    assert told.count(AGAIN) == stream.nak
    assert len(told) == stream.syn + stream.nak + len(stream.frames)
    assert read(raw.hex(), family, reply=not stream.echo)["ok"] is (len(told) == 1)


STARTS = {0x01, 0x02, 0x06, 0x8F}


@pytest.mark.parametrize("family", WIRES)
@given(before=st.binary(max_size=30), after=st.binary(max_size=30), reply=st.booleans())
@settings(max_examples=60, deadline=None)
def test_nothing_of_a_stream_is_lost_and_a_good_frame_is_found_in_any_noise(
    family: str, before: bytes, after: bytes, reply: bool
) -> None:
    sequence = None if family == "shtrih" else 0x21
    frame = bytes.fromhex(encode_frame(family, sequence=sequence, command=0x4A, data="xyz"))
    found = pieces(WIRES[family], before + frame + after, reply=reply)
    assert b"".join(piece.raw for piece in found) == before + frame + after
    for piece in found:
        assert ("noise" in piece.told, "error" in piece.told) == (not piece.told["ok"],) * 2
    if not reply and not set(before) & STARTS:
        assert frame in [piece.raw for piece in found if piece.told["ok"]]
