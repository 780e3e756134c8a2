"""A whole day of the JE as one file: a line that says what it is, then a line for each document.

    {"je": 1, "owner": "DB4200012345", "z": 412, "first": 6801, "last": 6812, ...}
    {"number": 6801, "kind": "receipt", "at": "2026-10-05T08:05:41", ..., "text": "MAGAZIN\\n..."}

JSON, a line each, UTF-8. `text` is what the device has, byte for byte: one character for each byte
(ISO 8859-1), whatever code page it was printed in.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from agent.archive.report_files import DEVICE, NUMBER_MAX
from agent.archive.sorts import Finding, NewDocument, ReadDocument, Sort, ZFigures
from agent.archive.store import Stored
from drivers.archive import WHOLE_DAY
from drivers.archive_text import receipts_in
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
            self.whole, self.total = True, None
            self.receipts = receipts_in(read.text.split(b"\n"))
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


@dataclass(frozen=True, slots=True)
class DayFile:
    """A whole day as its first line tells it: `facts` are those of JeDay."""

    owner: str
    facts: dict[str, Any]

    def content(self, documents: Iterable[ReadDocument]) -> Iterator[bytes]:
        """Write the file, a line at a time."""
        yield _line({"je": FORM, "owner": self.owner, **self.facts})
        for read in documents:
            yield _line(asdict(read) | {"text": read.text.decode("latin-1")})

    def document(self, stored: Stored, device_id: str, origin: str = DEVICE) -> NewDocument:
        z_number = self.facts["z"]
        return NewDocument(
            Sort.JE,
            self.owner,
            f"{self.owner}_Z{z_number:04d}.je.jsonl",
            stored.sha256,
            stored.bytes,
            origin,
            device_id,
            z_number,
            z_number,
            self.facts["at"],
            self.facts | {"findings": [asdict(each) for each in findings_of(self.facts)]},
        )

    def figures(self) -> ZFigures:
        """What its receipts come to."""
        z_number, at = self.facts["z"], self.facts["at"]
        total, z_total = (_bani(self.facts.get(name)) for name in ("total", "z_total"))
        more: dict[str, int] = {} if z_total is None else {"z_total": z_total}
        return ZFigures(z_number, at, total=total, receipts=self.facts["receipts"], more=more)


def day_file(head: bytes) -> DayFile | None:
    """Read the first line of a day back; None: it is another file."""
    if not head.startswith(b'{"je": '):
        return None
    try:
        told: dict[str, Any] = json.loads(head.split(b"\n", 1)[0])
        if told["at"] != "":  # "": the device does not say
            datetime.fromisoformat(told["at"])
        numbers = [told[name] for name in ("z", "first", "last")]
        sums = [told[name] for name in ("receipts", "total", "z_total")]  # None: unknown
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    numbers += [each for each in sums if each is not None]
    owner = told.pop("owner", None)
    known = told.pop("je", None) == FORM and isinstance(owner, str) and owner
    fit = all(isinstance(each, int) and 0 <= each <= NUMBER_MAX for each in numbers)
    return DayFile(owner, told) if known and fit else None


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
        total = _bani(told.pop("total"))
        text = told.pop("text").encode("latin-1")
        yield ReadDocument(**told, text=text, total=total)


def _bani(told: int | None) -> Bani | None:
    return None if told is None else Bani(told)


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, sort_keys=False).encode() + b"\n"
