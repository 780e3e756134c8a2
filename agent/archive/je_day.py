"""A whole day of the JE as one file: a line that says what it is, then a line for each document.

    {"je": 1, "owner": "DB4200012345", "z": 412, "first": 6801, "last": 6812, ...}
    {"number": 6801, "kind": "receipt", "at": "2026-10-05T08:05:41", ..., "text": "MAGAZIN\\n..."}

JSON, a line each, UTF-8. `text` is what the device has, byte for byte: one character for each byte
(ISO 8859-1), whatever code page it was printed in.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from agent.archive.sorts import Finding, ReadDocument
from drivers.archive import WHOLE_DAY
from drivers.model import Bani

FORM = 1
MISSING_TOLD_MAX = 100
RECEIPT, Z_REPORT = "receipt", "z_report"
NOTHING = Bani(0)


class JeDay:
    """What is known of a day after its last document: filled one document at a time.

    `last`: at first that of the day before; 0: nobody has read that.
    """

    def __init__(self, z_number: int, last: int = 0) -> None:
        self.z_number = z_number
        self.first = 0
        self.last = last
        self.whole = True  # False: it may have begun before what was read of it
        self.documents = self.lines = 0
        self.receipts: int | None = 0  # None: nobody has counted them
        self.receipt_first = self.receipt_last = 0
        self.missing: list[int] = []
        self.total: Bani | None = NOTHING  # of the receipts; None: one of them could not be read
        self.z_total: Bani | None = None  # as the Z report prints it
        self.at = ""  # of the Z report, else of the last document

    def add(self, read: ReadDocument) -> None:
        if not self.documents:
            self.first = read.number
            self.whole = bool(self.last) or read.number == 1
        if self.last or self.documents:
            gap = range(self.last + 1, read.number)
            self.missing += gap[: max(0, MISSING_TOLD_MAX - len(self.missing))]
        self.documents += 1
        self.lines += read.text.count(b"\n")
        self.last, self.at = read.number, read.at
        if read.kind == WHOLE_DAY:
            self.whole, self.total, self.receipts = True, None, None
        elif read.kind == RECEIPT:
            self.receipts = (self.receipts or 0) + 1
            self.receipt_first = self.receipt_first or read.receipt_number
            self.receipt_last = read.receipt_number
            known = self.total is not None and read.total is not None
            self.total = Bani((self.total or 0) + (read.total or 0)) if known else None
        elif read.kind == Z_REPORT:
            self.z_total = read.total

    def facts(self) -> dict[str, Any]:
        told = vars(self).copy()
        return {"z": told.pop("z_number"), **told}


def findings_of(facts: dict[str, Any]) -> Iterator[Finding]:
    """Say what is missing in a day; how much the certificate says."""
    place = f"Z {facts['z']}"
    if missing := facts.get("missing"):
        sentence = f"documents are missing from {missing[0]} to {missing[-1]}: {len(missing)}"
        yield Finding("JE_DOCUMENTS_MISSING", place, sentence)
    first, last = facts.get("receipt_first") or 0, facts.get("receipt_last") or 0
    if first and facts["receipts"] < last - first + 1:
        sentence = f"there are {facts['receipts']} receipts from {first} to {last}"
        yield Finding("RECEIPT_GAP", place, sentence)


def lines_of(owner: str, day: JeDay, documents: Iterable[ReadDocument]) -> Iterator[bytes]:
    """Write the file, a line at a time."""
    yield _line({"je": FORM, "owner": owner, **day.facts()})
    for read in documents:
        yield _line(asdict(read) | {"text": read.text.decode("latin-1")})


def documents_of(lines: Iterable[bytes]) -> Iterator[ReadDocument]:
    """Read them back.

    Raises:
        ValueError: it is not such a file.
    """
    for number, line in enumerate(lines):
        told = json.loads(line)
        if number == 0:
            if told.get("je") != FORM:
                raise ValueError("it does not begin as a day of the JE does")
            continue
        total = told.pop("total")
        text = told.pop("text").encode("latin-1")
        yield ReadDocument(**told, text=text, total=None if total is None else Bani(total))


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, sort_keys=False).encode() + b"\n"
