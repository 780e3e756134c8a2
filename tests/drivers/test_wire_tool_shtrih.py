"""Frames by hand, of Shtrih-M: both wires, told apart by their first byte, and single bytes."""

import pytest

from drivers.wire_tool import decode_frame, encode_frame

STATUS = "02 05 10 1E 00 00 00 0B"
NUMBERED = "8F 07 00 18 00 11 1E 00 00 00 F9 1A"
FAMILIES = ("shtrih", "shtrih:numbered")


def test_the_published_requests_are_written_and_read_again() -> None:
    password = r"\x1E\x00\x00\x00"
    assert encode_frame("shtrih", sequence=0, command=0x10, data=password) == STATUS
    assert encode_frame("shtrih:numbered", sequence=24, command=0x11, data=password) == NUMBERED
    told = {"ok": True, "command": 0x10, "data": "\x1e\0\0\0", "status": ""}
    for family in FAMILIES:
        assert decode_frame(family, STATUS, reply=False) == told | {"seq": None}
        numbered = decode_frame(family, NUMBERED, reply=False)
        assert numbered == told | {"seq": 24, "command": 0x11}


def test_a_published_reply_shows_its_result() -> None:
    told = decode_frame("shtrih", "02 03 88 00 1E 95", reply=True)
    assert (told["command"], told["status"], told["data"]) == (0x88, "00", "\x1e")
    number = decode_frame("shtrih:numbered", "8F 02 00 01 00 99 5A", reply=True)
    assert (number["seq"], number["command"], number["status"]) == (1, None, "")


@pytest.mark.parametrize("text", ["05", "06", "15", "FF"])
def test_a_single_byte_says_what_it_means(text: str) -> None:
    told = decode_frame("shtrih", text, reply=True)
    assert told["ok"]
    assert told["signs"]


@pytest.mark.parametrize("text", ["02 05 10 1E 00 00 00 0C", "8F 07 00 18", "40", "", "xy"])
def test_what_is_no_good_frame_is_an_error(text: str) -> None:
    told = decode_frame("shtrih", text, reply=True)
    assert told["ok"] is False
    assert told["error"]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("command", "data"), [(0xFF, ""), (0x17, "x" * 255), (0, "")])
def test_what_does_not_fit_the_wire_is_refused(family: str, command: int, data: str) -> None:
    with pytest.raises(ValueError, match=r"code|bytes"):
        encode_frame(family, sequence=1, command=command, data=data)
