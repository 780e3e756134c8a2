"""Romanian letters on devices that may not have them.

    "Brânză țărănească"  ->  "Branza taraneasca"

No source shows a printed diacritic, and four code pages are named for Romanian devices
[datecs.md 2.4], so text goes out as plain ASCII: both forms of ș and ț (comma below, cedilla),
every accent and the usual typographic signs are folded. What cannot be folded is refused, never
printed as "?".
"""

import unicodedata

_FOLDS = str.maketrans(
    {
        **dict.fromkeys("„”“«»", '"'),
        **dict.fromkeys("’‘‚´`", "'"),
        **dict.fromkeys("–—−‑‐", "-"),
        "…": "...",
        "\N{NO-BREAK SPACE}": " ",
        "ß": "ss",
        "ø": "o",
        "Ø": "O",
        "đ": "d",
        "Đ": "D",
        "ł": "l",
        "Ł": "L",
        "æ": "ae",
        "Æ": "AE",
        "œ": "oe",
        "Œ": "OE",
        "€": "EUR",
        "×": "x",
    }
)

REPLY_CODE_PAGE = "cp1250"


def fold(text: str) -> str:
    """Fold to ASCII as far as it goes; what has no ASCII form stays as it is."""
    plain = unicodedata.normalize("NFKD", text.translate(_FOLDS))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def unprintable(text: str) -> str:
    """Return the characters that even the folded text cannot print: control signs, emoji."""
    return "".join(letter for letter in fold(text) if not " " <= letter <= "~")


def to_device(text: str) -> bytes:
    """Fold and encode.

    Raises:
        UnicodeEncodeError: the text was not checked with `unprintable` before.
    """
    return fold(text).encode("ascii")


def from_device(data: bytes) -> str:
    return data.decode(REPLY_CODE_PAGE, "replace")
