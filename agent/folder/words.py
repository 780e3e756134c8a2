"""What both file formats share: text from bytes, numbers from text, and words for what is wrong.

    b"P\xe2ine"  --text_of-->  "Pâine"           "12.5"  --decimal, 2 places-->  1250

Whole numbers only: an amount is taken as it was written, or not at all.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from agent.problem_words import romanian
from drivers.model import Problem

DIGITS_MAX = 12
SHOWN_MAX = 40
QUOTES = dict.fromkeys(map(ord, "„”`"), '"')
AUTO = ("utf-8-sig", "cp1250")  # a till writes one of the two; cp1250 has the ISO letters too

# Beside the code, as the formats have words of their own for the same.
ADVICE = {"PAYMENT_KIND_UNKNOWN": "Vedeți „payments” în configurație."}


class NotUnderstood(Exception):
    """The file asks for nothing that we can do; nothing of it is done."""

    def __init__(self, path: str, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.problem = Problem(path, code, sentence)


@dataclass(frozen=True, slots=True)
class Ending:
    """How a dropped file ended. `raw` is the file; `problem` is None if it was done."""

    name: str
    raw: bytes
    result: Mapping[str, Any] | None
    problem: Problem | None

    @property
    def number(self) -> int:
        """The number a till asks for: of the receipt, the report or the document; 0 is none."""
        told = self.result or {}
        numbers = (told.get(key) for key in ("receipt_number", "number", "document_number"))
        return next((number for number in numbers if number is not None), 0)


def text_of(raw: bytes, encoding: str) -> str:
    """Decode a file.

    Raises:
        NotUnderstood: it is not text.
    """
    for name in AUTO if encoding == "auto" else (encoding,):
        try:
            text = raw.decode(name)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise NotUnderstood("", "NOT_TEXT", f"the file is not text ({encoding})")


def rows_of(text: str) -> list[tuple[str, str]]:
    """Cut at line ends, and name each filled line as its own editor counts it."""
    lines = re.split(r"\r\n|\r|\n", text)
    return [(f"line {n}", line) for n, line in enumerate(lines, 1) if line.strip(" \t\x1a")]


def whole(path: str, text: str) -> int:
    """Read a number of smallest units, above zero.

    Raises:
        NotUnderstood: it is none.
    """
    if not re.fullmatch(rf"[0-9]{{1,{DIGITS_MAX}}}", text.strip()):
        raise NotUnderstood(path, "NUMBER_UNREADABLE", f"{shown(text)} is not a whole number")
    return positive(path, int(text))


def decimal(path: str, text: str, places: int) -> int:
    """Read decimal text, signed, as smallest units: "12.5" with two places is 1250.

    Raises:
        NotUnderstood: it is no number, or has more decimals than that.
    """
    found = re.fullmatch(rf"(-?)([0-9]{{1,{DIGITS_MAX}}})(?:[.,]([0-9]{{0,9}}))?", text.strip())
    part = found[3] or "" if found else ""
    part = part.rstrip("0") if len(part) > places else part
    if not found or len(part) > places:
        sentence = f"{shown(text)} is not a number with at most {places} decimals"
        raise NotUnderstood(path, "NUMBER_UNREADABLE", sentence)
    size = int(found[2] + part.ljust(places, "0"))
    return -size if found[1] else size


def positive(path: str, value: int) -> int:
    if value <= 0:
        raise NotUnderstood(path, "NOT_POSITIVE", "must be above zero")
    return value


def shown(text: str) -> str:
    return ascii(text[:SHOWN_MAX])


def sentence_of(problem: Problem) -> str:
    """Say it to the cashier: Romanian first, and what exactly; one line of plain letters."""
    said = " ".join(filter(None, (romanian(problem.code), ADVICE.get(problem.code))))
    exactly = f"{problem.path}: {problem.sentence}" if problem.path else problem.sentence
    return plain(f"{said} ({exactly})" if said else exactly)


def plain(text: str) -> str:
    """Leave out what an old till could not show."""
    letters = unicodedata.normalize("NFKD", text.translate(QUOTES))
    return re.sub(r"\s+", " ", letters.encode("ascii", "ignore").decode())
