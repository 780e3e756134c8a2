"""Romanian letters on devices that may not have them.

    "Brânză țărănească"  --ascii-->   "Branza taraneasca"
                         --cp1250-->  "Brânză ţărănească"     it has the cedilla only

No source shows a printed diacritic, and four code pages are named for Romanian devices
[datecs.md 2.4], so text goes out as plain ASCII unless a device is configured with a code page. Of
ș and ț it may have the form with a comma below or the one with a cedilla: either stands for both.
What no letter of the page can stand for is folded, and what cannot be folded is refused, never
printed as "?".
"""

import textwrap
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
ASCII = "ascii"
OTHER_FORMS = dict(zip("șțȘȚşţŞŢ", "şţŞŢșțȘȚ", strict=True))  # comma below, cedilla


def fold(text: str, page: str = ASCII) -> str:
    """Fold to the letters of a code page as far as it goes; what has none stays as it is."""
    if page == ASCII:
        return _plain(text)
    composed = unicodedata.normalize("NFC", text)
    return "".join(_letter(sign, page) for sign in composed)


def unprintable(text: str, page: str = ASCII) -> str:
    """Return what cannot be printed even folded, as it was sent: control signs, emoji, ½."""
    composed = text if page == ASCII else unicodedata.normalize("NFC", text)
    return "".join(sign for sign in composed if not _folds_well(sign, page))


def _folds_well(sign: str, page: str) -> bool:
    return all(_prints(part, page) for part in fold(sign, page))


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.translate(_FOLDS))
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _letter(sign: str, page: str) -> str:
    for form in (sign, OTHER_FORMS.get(sign, sign)):
        if _prints(form, page):
            return form
    return _plain(sign)


def _prints(sign: str, page: str) -> bool:
    if sign.isascii():
        return " " <= sign <= "~"
    try:
        return sign.isalpha() and bool(sign.encode(page))
    except UnicodeEncodeError:
        return False


def wrapped(text: str, columns: int, page: str = ASCII) -> tuple[str, ...]:
    """Fold a text, and break what is longer than a line between words."""
    plain = fold(text, page)
    return (plain,) if len(plain) <= columns else tuple(textwrap.wrap(plain, columns))


def to_device(text: str, page: str = ASCII) -> bytes:
    """Fold and encode.

    Raises:
        UnicodeEncodeError: the text was not checked with `unprintable` before.
    """
    return fold(text, page).encode(page)


def from_device(data: bytes, page: str = ASCII) -> str:
    """Decode what a device says; `page` is the one it is configured with, if it is."""
    return data.decode(REPLY_CODE_PAGE if page == ASCII else page, "replace")
