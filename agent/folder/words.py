"""What both file formats share: text from bytes, numbers from text, and words for what is wrong.

    b"P\xe2ine"  --text_of-->  "Pâine"           "12.5"  --decimal, 2 places-->  1250

Whole numbers only: an amount is taken as it was written, or not at all.
"""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drivers.faults import Fault
from drivers.faults import words as fault_words
from drivers.model import Problem

DIGITS_MAX = 12
SHOWN_MAX = 40
AUTO = ("utf-8-sig", "cp1250")  # a till writes one of the two; cp1250 has the ISO letters too

# What the cashier reads, in the plain letters that the formats ask for. With English beside it.
ROMANIAN = {
    "ALREADY_EXECUTED": "Fisierul a fost deja executat de alt program.",
    "AMOUNT_TOO_LARGE": "Suma sau cantitatea este prea mare.",
    "CUSTOMER_TAX_ID_BAD": "Codul fiscal al clientului este gresit.",
    "EXPIRED": "Fisierul a asteptat prea mult si NU a fost tiparit.",
    "HELD": "NU se stie daca a iesit pe hartie: verificati bonul inainte de a-l repeta.",
    "FILE_EMPTY": "Fisierul este gol.",
    "FILE_TOO_LARGE": "Fisierul este prea mare.",
    "LINE_OUT_OF_PLACE": "Linia nu poate sta in acest loc.",
    "LINE_UNREADABLE": "Linia nu are forma asteptata.",
    "MORE_THAN_ONE_COMMAND": "Un fisier este o singura comanda: puneti-le in fisiere separate.",
    "NAME_IN_USE": "Un fisier cu acest nume este inca in lucru. Acesta NU a fost tiparit.",
    "NOTHING_SOLD": "Bonul nu are nicio vanzare.",
    "NOT_ENOUGH_CASH": "Nu sunt destui bani in sertar.",
    "NOT_IN_LEDGER": "Nu se stie ce s-a intamplat cu acest fisier. Verificati hartia.",
    "NOT_POSITIVE": "Valoarea trebuie sa fie mai mare decat zero.",
    "NOT_TEXT": "Fisierul nu este text intr-o codare cunoscuta.",
    "NUMBER_UNREADABLE": "Numarul nu este scris cum trebuie.",
    "PAYMENTS_EXCEED_TOTAL": "Platile depasesc totalul.",
    "PAYMENTS_SHORT": "Platile sunt mai mici decat totalul.",
    "PAYMENT_KIND_UNKNOWN": "Felul de plata nu este cunoscut; vedeti `payments` in configuratie.",
    "PAYMENT_MISSING": "Bonul nu are nicio plata.",
    "RECEIPT_PAID": "Bonul deschis este deja platit.",
    "TEXT_WITH_CASH": "Textul de langa o miscare de numerar nu se poate tipari.",
    "TEXT_TOO_LONG": "Textul este prea lung.",
    "TOO_MANY_LINES": "Sunt prea multe linii.",
    "TWO_ADJUSTMENTS": "O singura reducere sau majorare pe rand.",
    "UNSUPPORTED_LINE": "Acest fel de linie nu este cunoscut sau nu se poate face aici.",
    "VAT_GROUP_NOT_MAPPED": "Grupa de TVA nu este in configuratie; vedeti `vat_rates`.",
    "VAT_RATE_UNKNOWN": "Casa de marcat nu are aceasta cota de TVA.",
}


class NotUnderstood(Exception):
    """The file asks for nothing that we can do; nothing of it is done."""

    def __init__(self, path: str, code: str, sentence: str) -> None:
        super().__init__(sentence)
        self.problem = Problem(path, code, sentence)


@dataclass(frozen=True, slots=True)
class Outcome:
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
    romanian = ROMANIAN.get(problem.code, "")
    if not romanian and (code := problem.code.lower()) in set(Fault):
        romanian = fault_words()[Fault(code)].ro
    exactly = f"{problem.path}: {problem.sentence}" if problem.path else problem.sentence
    return plain(f"{romanian} ({exactly})" if romanian else exactly)


def plain(text: str) -> str:
    """Leave out what an old till could not show."""
    letters = unicodedata.normalize("NFKD", text)
    return re.sub(r"\s+", " ", letters.encode("ascii", "ignore").decode())
