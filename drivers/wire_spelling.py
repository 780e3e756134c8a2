r"""Bytes as people write them down, and text as they type it.

    01 24 20 4A   0124204A   01:24:20:4A   01-24-20-4A   01,24,20,4A   01 | 24 | 20 | 4A
    0x01 0x24     \x01\x24

In the data of a request "\t" is a TAB, "\r" and "\n" end a line, "\x1E" is that byte, "\\" a
backslash.
"""

import re

BETWEEN = re.compile(r"[\s:;,|-]+")
PREFIX = re.compile(r"0x|\\x", re.IGNORECASE)
ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([trn\\]))")
ESCAPED = {"t": "\t", "r": "\r", "n": "\n", "\\": "\\"}


def bytes_of(text: str) -> bytes:
    """Read bytes in hex, however they are written.

    Raises:
        ValueError: there are none, or something in it is not hex.
    """
    raw = b"".join(_word(word) for word in BETWEEN.split(text) if word)
    if not raw:
        raise ValueError("there are no bytes")
    return raw


def _word(word: str) -> bytes:
    try:
        return bytes.fromhex(PREFIX.sub("", word))
    except ValueError as error:
        raise ValueError(f"{word!r} is not hex, two digits for each byte") from error


def typed(text: str) -> bytes:
    r"""Read the data of a request; a backslash before anything else stands for itself.

    Raises:
        ValueError: a character that is no byte.
    """
    read = ESCAPE.sub(lambda at: chr(int(at[1], 16)) if at[1] else ESCAPED[at[2]], text)
    if bad := [sign for sign in read if ord(sign) > 0xFF]:
        raise ValueError(f"{bad[0]!r} is no byte: write the one the device has for it, as \\xE2")
    return read.encode("latin-1")


def number_of(text: str) -> int:
    """Read 74 or 0x4A.

    Raises:
        ValueError: it is neither.
    """
    try:
        return int(text, 16 if text.lower().startswith("0x") else 10)
    except ValueError as error:
        raise ValueError(f"{text!r} is no number like 74 or 0x4A") from error
