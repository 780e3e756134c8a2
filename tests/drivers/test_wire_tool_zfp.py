"""Frames by hand, of Tremol: messages, acknowledgements, and single bytes."""

import pytest

from drivers.wire_tool import decode_frame, encode_frame


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


@pytest.mark.parametrize("text", ["03", "04", "09"])
def test_a_single_byte_to_the_device_asks_something(text: str) -> None:
    told = decode_frame("tremol", text, reply=False)
    assert told["ok"]
    assert told["signs"]


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
