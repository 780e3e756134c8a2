"""Frames by hand, of Shtrih-M: both wires, told apart by their first byte, and single bytes."""

import pytest

from drivers.wire_tool import WrongNumbers, decode_frame, encode_frame

STATUS = "02 05 10 1E 00 00 00 0B"
NUMBERED = "8F 07 00 18 00 11 1E 00 00 00 F9 1A"
FAMILIES = ("shtrih", "shtrih:numbered")


def test_the_published_requests_are_written_and_read_again() -> None:
    password = r"\x1E\x00\x00\x00"
    assert encode_frame("shtrih", sequence=None, command=0x10, data=password) == STATUS
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


def test_the_wire_without_numbers_needs_none_and_the_other_asks_for_one() -> None:
    assert encode_frame("shtrih", sequence=None, command=0xFC, data="") == "02 01 FC FD"
    asked = encode_frame("shtrih_v2", sequence=None, command=None, data="")
    assert asked == "8F 00 00 0F 1D"
    told = {"ok": True, "seq": None, "command": None, "data": "", "status": ""}
    assert decode_frame("shtrih_v2", asked, reply=False) == told


@pytest.mark.parametrize(
    ("family", "command", "data", "missing"),
    [
        ("shtrih", None, "", "its CMD"),
        ("shtrih:numbered", 0xFC, "", "its SEQ and its CMD"),
        ("shtrih:numbered", None, "x", "its SEQ and its CMD"),
    ],
)
def test_a_frame_is_not_written_without_what_its_wire_has(
    family: str, command: int | None, data: str, missing: str
) -> None:
    with pytest.raises(ValueError, match=f"needs {missing}$"):
        encode_frame(family, sequence=None, command=command, data=data)


def test_only_the_first_wire_ends_at_255_bytes() -> None:
    raw = encode_frame("shtrih:numbered", sequence=1, command=0x17, data="x" * 300)
    assert decode_frame("shtrih:numbered", raw, reply=False)["data"] == "x" * 300
    with pytest.raises(ValueError, match="301 bytes, 255 fit"):
        encode_frame("shtrih", sequence=None, command=0x17, data="x" * 300)


def test_a_reply_without_a_result_is_none_though_it_is_a_good_request() -> None:
    assert decode_frame("shtrih", "02 01 FC FD", reply=False)["ok"]
    told = decode_frame("shtrih", "02 01 FC FD", reply=True)
    assert told == {"ok": False, "error": "a reply has a result behind its code"}


@pytest.mark.parametrize("text", ["02 05 10 1E 00 00 00 0C", "8F 07 00 18", "40", "", "xy"])
def test_what_is_no_good_frame_is_an_error(text: str) -> None:
    told = decode_frame("shtrih", text, reply=True)
    assert told["ok"] is False
    assert told["error"]


@pytest.mark.parametrize(("family", "sequence"), [("shtrih", None), ("shtrih:numbered", 1)])
@pytest.mark.parametrize(("command", "data"), [(0xFF, ""), (0x17, "x" * 4094), (0, "")])
def test_what_does_not_fit_the_wire_is_refused(
    family: str, sequence: int | None, command: int, data: str
) -> None:
    with pytest.raises(ValueError, match=r"code|bytes"):
        encode_frame(family, sequence=sequence, command=command, data=data)


def test_a_number_for_the_wire_without_numbers_is_refused() -> None:
    with pytest.raises(WrongNumbers, match="shtrih has no SEQ"):
        encode_frame("shtrih", sequence=33, command=0x10, data="")
