"""Shtrih-M frames, one at a time: published, added up by hand, and wrong in every way."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.errors import FrameError
from protocol.exchange import Request
from protocol.shtrih import (
    BODY2_MAX,
    BODY_MAX,
    Message,
    ask_number,
    body_of,
    crc,
    decode,
    decode_numbered,
    enclosed,
    encode_numbered,
    encode_request,
    frame_size,
    numbered_size,
    signs_of,
    unstuffed,
)

FOLDER = Path(__file__).parents[1] / "data" / "vectors"
FIRST: list[dict[str, Any]] = json.loads((FOLDER / "shtrih.json").read_text("utf-8"))
SECOND: list[dict[str, Any]] = json.loads((FOLDER / "shtrih_v2.json").read_text("utf-8"))
FRAMES = [vector for vector in FIRST if vector["check"] == "shtrih1"]
SINGLE = [vector for vector in FIRST if vector["check"] == "none"]
NUMBERED = [vector for vector in SECOND if vector["check"] == "shtrih2"]
OTHER_CODE = next(vector for vector in NUMBERED if "negative" in vector["note"])

SEEN = [
    # shtrih-m/opos, Test/AcceptanceTest/Bin/Log3/NonfiscalReceipt.log
    "02 05 11 01 00 00 00 15",
    "02 30 11 00 01 43 31 ec da 12 06 12 01 89 01 92 02 02 00 02 4e 41"
    " 00 00 01 01 10 09 08 12 0f 14 23 00 02 00 00 00 0a 00 00 00 00 00 b6 5d a0 cc 01 00 c1",
    "02 01 fc fd",
    "02 10 fc 00 00 00 01 0e 11 00 4e 43 52 2d 30 30 31 d4 65",
    # re-star-ru/shtrih-m-driver, docs/out.txt
    "02 05 88 1e 00 00 00 93",
    "02 03 88 00 1e 95",
    "02 06 ff 01 1e 00 00 00 e6",
    "02 21 ff 01 00 03 00 00 01 00 15 07 1d 0b 1d"
    " 39 32 38 37 34 34 30 33 30 31 31 32 30 39 39 31 a9 01 00 00 68",
    "02 10 10 00 1e 92 02 08 00 01 9f e5 18 01 00 8b 02 00 6d",
]
SEEN_NUMBERED = [  # logs in issues of shtrih-m/fr_drv_ng and shtrih-m/fr_drv_ng_examples
    "8f 07 00 26 00 10 01 00 00 00 e4 14",
    "8f 08 00 07 00 26 1e 00 00 00 01 50 0f",
    "8f 08 00 2e 00 ff 3b 1e 00 00 00 58 43",
    "8f 09 00 12 00 2e 1e 00 00 00 02 02 28 bb",
    "8f 12 00 25 00 ff 45 00 00 00 00 00 00 52 00 00 00 f2 bf 0b 3e 90 6b",
    "8f 1a 00 02 00 fc 00 00 00 02 00 2d 00 d8 d2 d0 c8 d5 2d d1 cc c0 d0 d2 cf ce d1 2d d4 9d f1",
]

codes = st.integers(0x01, 0xFE) | st.integers(0xFF00, 0xFFFF)


def raw_of(vector: dict[str, Any]) -> bytes:
    return bytes.fromhex(vector["hex"])


def test_the_tables_hold_as_many_vectors_as_were_copied() -> None:
    assert (len(FRAMES), len(SINGLE), len(NUMBERED), len(SECOND)) == (20, 4, 5, 6)


@pytest.mark.parametrize("vector", FRAMES, ids=lambda vector: vector["hex"][:23])
def test_a_published_frame_is_read_and_written_byte_for_byte(vector: dict[str, Any]) -> None:
    raw, body = raw_of(vector), bytes.fromhex(vector["decoded"]["data_hex"])
    found = decode(raw)
    assert found.command is not None
    assert body == found.command.to_bytes(2 if found.command > 0xFF else 1, "big") + found.data
    assert len(body) == int(vector["decoded"]["len"], 16)
    assert encode_request(Request(found.command, found.data)) == enclosed(body) == raw
    assert frame_size(raw) == len(raw)


@pytest.mark.parametrize("text", SEEN)
def test_a_frame_of_a_public_log_is_read_and_written_byte_for_byte(text: str) -> None:
    raw = bytes.fromhex(text)
    found = decode(raw)
    assert found.command is not None
    assert encode_request(Request(found.command, found.data)) == raw


@pytest.mark.parametrize("text", SEEN_NUMBERED)
def test_a_numbered_frame_of_a_public_log_is_read_and_written_byte_for_byte(text: str) -> None:
    raw = bytes.fromhex(text)
    found = decode_numbered(raw)
    assert found.command is not None
    assert found.number is not None
    assert encode_numbered(found.number, body_of(Request(found.command, found.data))) == raw


@pytest.mark.parametrize("vector", SINGLE, ids=lambda vector: vector["hex"])
def test_a_published_single_byte_means_something(vector: dict[str, Any]) -> None:
    (said,) = signs_of(int(vector["hex"], 16))
    assert said


def test_other_single_bytes_mean_nothing() -> None:
    assert [byte for byte in range(0x100) if signs_of(byte)] == [0x05, 0x06, 0x15, 0xFF]


@pytest.mark.parametrize("vector", NUMBERED, ids=lambda vector: vector["hex"])
def test_a_published_numbered_frame_is_read_and_written_byte_for_byte(
    vector: dict[str, Any],
) -> None:
    raw, found = raw_of(vector), decode_numbered(raw_of(vector))
    assert numbered_size(raw) == len(raw)
    if found.number is None:
        assert raw == ask_number()
    elif found.command is None:
        assert (found.number, encode_numbered(found.number, b"")) == (1, raw)
    else:
        body = body_of(Request(found.command, found.data))
        assert encode_numbered(found.number, body) == raw


def test_the_published_negative_is_a_good_frame_of_another_code() -> None:
    assert decode_numbered(raw_of(OTHER_CODE)) == Message(0x1E, b"\x00", 24)


def test_the_published_crc_is_ours() -> None:
    (vector,) = [vector for vector in SECOND if vector["check"] == "shtrih2-crc-only"]
    assert f"{crc(raw_of(vector)):04X}" == vector["decoded"]["crc_hex"]


def test_the_crc_of_another_publisher_is_ours() -> None:
    """shtrih-m/javapos_shtrih, PrinterProtocol_2Test."""
    assert (crc(b"\0\0"), crc(bytes.fromhex("03 00 06 00 fc"))) == (0x1D0F, 0x63ED)


def test_what_is_stuffed_is_told_by_its_second_byte() -> None:
    raw = encode_numbered(0x8F9F, b"\x1b\x8f\x9f")
    assert raw.count(b"\x8f") == 1
    assert b"\x9f\x83\x9f\x81" in raw  # the number, least byte first
    assert b"\x1b\x9f\x81\x9f\x83" in raw
    assert decode_numbered(raw) == Message(0x1B, b"\x8f\x9f", 0x8F9F)


@given(number=st.integers(0, 0xFFFF), code=codes, data=st.binary(max_size=250))
@settings(max_examples=80, deadline=None)
def test_any_message_comes_back_from_its_frame(number: int, code: int, data: bytes) -> None:
    request = Request(code, data)
    assert decode(encode_request(request)) == Message(code, data)
    raw = encode_numbered(number, body_of(request))
    assert decode_numbered(raw) == Message(code, data, number)
    assert numbered_size(raw) == len(raw)


@pytest.mark.parametrize("code", [-1, 0x00, 0xFF, 0x100, 0xFEFF, 0x10000])
def test_a_code_that_cannot_be_is_refused(code: int) -> None:
    with pytest.raises(FrameError, match="code"):
        body_of(Request(code))


def test_the_longest_data_fits_and_one_byte_more_is_refused() -> None:
    assert len(encode_request(Request(0x17, b"x" * (BODY_MAX - 1)))) == BODY_MAX + 3
    with pytest.raises(FrameError, match="256 bytes"):
        encode_request(Request(0x17, b"x" * BODY_MAX))
    with pytest.raises(FrameError, match="256 bytes"):
        encode_request(Request(0xFF02, b"x" * (BODY_MAX - 1)))


def test_a_numbered_frame_holds_more_than_one_byte_can_count_and_not_more_than_is_read() -> None:
    longest = Request(0x17, b"x" * (BODY2_MAX - 3))
    raw = encode_numbered(1, body_of(longest))
    assert decode_numbered(raw) == Message(0x17, longest.data, 1)
    assert numbered_size(raw) == len(raw)
    with pytest.raises(FrameError, match="4095 bytes, 4094 fit"):
        body_of(Request(0x17, longest.data + b"x"))


def test_a_number_of_three_bytes_is_refused() -> None:
    with pytest.raises(FrameError, match="number"):
        encode_numbered(0x10000, b"")


@pytest.mark.parametrize("read", [decode, decode_numbered])
def test_a_frame_with_any_one_byte_changed_or_missing_is_refused(read: Any) -> None:
    body = body_of(Request(0x11, b"\x1e\x8f\x00\x9f"))
    raw = enclosed(body) if read is decode else encode_numbered(24, body)
    read(raw)
    for place in range(len(raw)):
        for changed in (
            raw[:place] + bytes([raw[place] ^ 0x01]) + raw[place + 1 :],
            raw[:place] + raw[place + 1 :],
        ):
            with pytest.raises(FrameError):
                read(changed)


@pytest.mark.parametrize(
    ("raw", "why"),
    [
        ("02 00 00", "not 02"),
        ("03 01 FC FD", "not 02"),
        ("02 02 FC FE", "N says 2"),
        ("02 01 FC FC", "LRC"),
        ("02 01 FF FE", "second byte"),
    ],
)
def test_a_wrong_shape_is_refused(raw: str, why: str) -> None:
    with pytest.raises(FrameError, match=why):
        decode(bytes.fromhex(raw))


@pytest.mark.parametrize("raw", ["9F", "9F 82", "00 8F"])
def test_wrong_stuffing_is_refused(raw: str) -> None:
    with pytest.raises(FrameError):
        unstuffed(bytes.fromhex(raw))


def test_the_size_of_a_frame_is_known_from_its_first_bytes_and_not_before() -> None:
    assert frame_size(b"\x02") is None
    assert frame_size(b"\x02\x01") == 4
    with pytest.raises(FrameError, match="N is 0"):
        frame_size(b"\x02\x00")
    raw = encode_numbered(1, b"\x11")
    assert [numbered_size(raw[:size]) for size in range(1, len(raw))] == [None] * (len(raw) - 1)


@pytest.mark.parametrize("raw", ["8F FF FF", "8F 01 00", "8F 02 8F", "8F 9F 00"])
def test_a_len_or_stuffing_that_cannot_be_is_not_waited_for(raw: str) -> None:
    with pytest.raises(FrameError):
        numbered_size(bytes.fromhex(raw))


@given(raw=st.binary(max_size=40))
@settings(max_examples=150, deadline=None)
def test_random_bytes_are_a_frame_or_a_frame_error_and_nothing_else(raw: bytes) -> None:
    for start, read, size in ((2, decode, frame_size), (0x8F, decode_numbered, numbered_size)):
        for whole in (raw, bytes([start]) + raw):
            for look in (read, size) if whole else (read,):
                try:
                    look(whole)
                except FrameError:
                    continue
