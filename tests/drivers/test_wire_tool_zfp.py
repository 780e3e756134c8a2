"""Frames by hand, of Tremol: messages, acknowledgements, and single bytes."""

import pytest

from drivers.wire_tool import WrongNumbers, decode_frame, decode_stream, encode_frame


def test_a_request_is_written_and_read_again() -> None:
    text = encode_frame("tremol", sequence=0x20, command=0x20, data="")
    assert text == "02 23 20 20 32 33 0A"
    told = {"ok": True, "seq": 0x20, "command": 0x20, "data": "", "status": ""}
    assert decode_frame("tremol", text, reply=False) == told


def test_the_published_acknowledgement_shows_its_two_digits() -> None:
    told = decode_frame("tremol", "06 71 30 34 37 35 0A", reply=True)
    assert told == {"ok": True, "seq": 0x71, "command": None, "data": "", "status": "3034"}


@pytest.mark.parametrize(
    ("text", "signs"), [("45", ["busy", "head too hot"]), ("40", ["ready"]), ("04", ["alive"])]
)
def test_a_single_byte_says_what_it_means(text: str, signs: list[str]) -> None:
    assert decode_frame("tremol", text, reply=True) == {"ok": True, "signs": signs}


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("03", ["what sends this back is an echo"]),
        ("04", ["is a device there"]),
        ("05", ["is the device busy"]),
        ("09", ["how is the device"]),
        ("1D 49", ["what can the device do"]),
        ("1D 77", ["which model is it"]),
        ("03 04", ["what sends this back is an echo", "is a device there"]),
    ],
)
def test_what_asks_without_a_frame_is_read_and_written(text: str, signs: list[str]) -> None:
    assert decode_frame("tremol", text, reply=False) == {"ok": True, "signs": signs}
    command = int(text.replace(" ", ""), 16)
    assert encode_frame("tremol", sequence=None, command=command, data="") == text


def test_what_asks_without_a_frame_is_found_in_a_stream() -> None:
    told = decode_stream("tremol", "09 1D 49 02 23 20 20 32 33 0A 1D 77 1D", reply=False)
    assert ["signs" in piece for piece in told] == [True, True, False, True, False]
    assert told[-1]["error"] == "cut off after 1 bytes"


@pytest.mark.parametrize(("command", "data"), [(0x20, ""), (5, "x"), (0x1D50, ""), (-1, "")])
def test_what_has_a_frame_wants_its_number(command: int, data: str) -> None:
    with pytest.raises(WrongNumbers, match="SEQ"):
        encode_frame("tremol", sequence=None, command=command, data=data)


def test_the_published_log_in_shows_its_password() -> None:
    log_in = "31 32 33 34 0A"
    assert decode_frame("tremol", log_in, reply=False) == {"ok": True, "log_in": "1234"}
    assert not decode_frame("tremol", log_in, reply=True)["ok"]


@pytest.mark.parametrize(
    ("text", "reply"),
    [
        ("06 71 30 34 37 35 0A", False),
        ("06 71 30 34 37 36 0A", True),
        ("03", True),
        ("09", True),
        ("45", False),
        ("15", False),
        ("1D", False),
        ("1D 50", False),
        ("1D 49", True),
        ("04 03", False),
        ("0A", False),
        ("31 32 33 34", False),
        ("", True),
        ("xy", True),
    ],
)
def test_what_is_no_good_frame_is_an_error(text: str, *, reply: bool) -> None:
    told = decode_frame("tremol", text, reply=reply)
    assert told["ok"] is False
    assert told["error"]


@pytest.mark.parametrize(("sequence", "data"), [(0x10, ""), (0x20, "x" * 221), (0x20, "\\n")])
def test_what_does_not_fit_the_wire_is_refused(sequence: int, data: str) -> None:
    with pytest.raises(ValueError, match=r"NBL|data"):
        encode_frame("tremol", sequence=sequence, command=0x20, data=data)
