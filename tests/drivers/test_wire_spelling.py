r"""However a person writes bytes down, and what is typed with a backslash."""

import pytest

from drivers.wire_spelling import bytes_of, number_of, typed
from drivers.wire_tool import encode_frame


@pytest.mark.parametrize(
    "text",
    [
        *("01 2c 4A", "012C4A", "01:2C:4A", "01-2C-4A", "01,2C,4A", "01, 2C, 4A", "01;2C;4A"),
        *("01 | 2C | 4A", "0x01 0x2C 0x4A", "0X01,0x2c,0x4A", r"\x01\x2C\x4A", r"\x01 2C 4A"),
        *("01\n2C\t4A\r\n", "01 2C4A", "|01 2C 4A|"),
    ],
)
def test_bytes_are_read_however_they_are_written(text: str) -> None:
    assert bytes_of(text) == b"\x01\x2c\x4a"


@pytest.mark.parametrize("text", ["", "  ", "|", "1", "01 2", "xy", "0x", "01 0x2", "01.2C"])
def test_what_is_no_hex_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"no bytes|not hex"):
        bytes_of(text)


@pytest.mark.parametrize(
    ("text", "raw"),
    [
        (r"a\tb\r\nc\x1E", b"a\tb\r\nc\x1e"),
        (r"\\t", rb"\t"),
        (r"\x5Ct", rb"\t"),
        (r"\\x41", rb"\x41"),
        (r"\q\x4", rb"\q\x4"),
        ("ÿ", b"\xff"),
    ],
)
def test_a_backslash_is_read_once(text: str, raw: bytes) -> None:
    assert typed(text) == raw


def test_what_is_no_byte_is_refused() -> None:
    with pytest.raises(ValueError, match=r"^'ș' is no byte: .*\\xE2$"):
        typed("ș")


def test_a_backslash_reaches_the_device() -> None:
    text = encode_frame("datecs_legacy", sequence=0x20, command=0x36, data=r"\\t\x5Cn")
    assert bytes.fromhex(text)[4:-6] == rb"\t\n"


@pytest.mark.parametrize(("text", "number"), [("74", 74), ("074", 74), ("0x4A", 74), ("0X4a", 74)])
def test_a_number_is_read_as_a_manual_has_it(text: str, number: int) -> None:
    assert number_of(text) == number


@pytest.mark.parametrize("text", ["4A", "", "0x", "x4A", "7.4"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no number"):
        number_of(text)
