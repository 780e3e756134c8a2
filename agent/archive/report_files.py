"""X, Z and MF as files that say themselves whose they are: an index can be made from them again.

    {"report": 1, "sort": "z", "owner": "DB4200012345", "source": "report", "command": "",
     "figures": {"z_number": 412, "at": "2026-10-05T21:42:17", "total": 30265, "rates": [...], ...}}

    {"mf": 1, "owner": "DB4200012345", "first": 411, "last": 430, "at": ..., "zs": 20,
     "lacking": [], "twice": []}
    RAPORT Z NR: 0411 ...               then the lines of the device, byte for byte, ended by LF

Money is whole bani, rates are hundredths of a percent. `source` mf: nobody was there when that Z
was made, and the fiscal memory told its figures later. A day of the JE does the same (je_day.py).
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from agent.archive.sorts import Finding, NewDocument, Sort, Source, ZFigures, figures_of
from agent.archive.store import Stored

FORM = 1
DEVICE, REBUILT = "device", "rebuilt"  # where it is from: REBUILT what was found in the store
NUMBER_MAX = 10**15
MARK_LENGTH = 8  # of a name, so that two reports of one Z have two
SORTS, SOURCES = (Sort.X, Sort.Z), (Source.REPORT, Source.MF)
FACTS = ("zs", "lacking", "twice")  # of a reading of the fiscal memory: how many Zs, and which
ODD = (
    ("lacking", "Z_MISSING", "the fiscal memory has no record of it"),
    ("twice", "Z_TWICE", "the fiscal memory has more than one record of it"),
    ("others", "Z_OTHER", "the fiscal memory told other figures of it before"),
)


@dataclass(frozen=True, slots=True)
class ReportFile:
    """An X or a Z. `command`: which of ours made it, "" none."""

    sort: Sort
    owner: str
    source: Source
    command: str
    figures: ZFigures

    def content(self) -> bytes:
        about = {"report": FORM, "sort": self.sort, "owner": self.owner, "source": self.source}
        return _line(about | {"command": self.command, "figures": asdict(self.figures)})

    def document(self, stored: Stored, device_id: str, origin: str = DEVICE) -> NewDocument:
        figures, mark = self.figures, hashlib.sha256(self.content()).hexdigest()[:MARK_LENGTH]
        facts = {"figures": asdict(figures), "command": self.command, "source": self.source}
        return NewDocument(
            self.sort,
            self.owner,
            f"{self.owner}_{self.sort.upper()}{figures.z_number:04d}_{mark}.json",
            stored.sha256,
            stored.bytes,
            origin,
            device_id,
            figures.z_number,
            figures.z_number,
            figures.at,
            facts,
        )


@dataclass(frozen=True, slots=True)
class MemoryFile:
    """What is told of a report of the fiscal memory before its lines."""

    owner: str
    first: int
    last: int
    at: str  # of the last Z in it
    facts: dict[str, Any]

    def content(self, lines: Iterable[bytes]) -> Iterator[bytes]:
        about = {"mf": FORM, "owner": self.owner, "first": self.first, "last": self.last}
        yield _line(about | {"at": self.at} | {name: self.facts[name] for name in FACTS})
        for line in lines:
            yield line + b"\n"

    def document(self, stored: Stored, device_id: str, origin: str = DEVICE) -> NewDocument:
        return NewDocument(
            Sort.MF,
            self.owner,
            f"{self.owner}_MF_Z{self.first:04d}-{self.last:04d}.txt",
            stored.sha256,
            stored.bytes,
            origin,
            device_id,
            self.first,
            self.last,
            self.at,
            self.facts | {"findings": [asdict(each) for each in findings_of(self.facts)]},
        )


def findings_of(facts: dict[str, Any]) -> Iterator[Finding]:
    """Say what is odd about the Zs of a reading of the fiscal memory."""
    for name, code, sentence in ODD:
        for z_number in facts.get(name, []):
            yield Finding(code, f"Z {z_number}", sentence)


def report_file(content: bytes) -> ReportFile | None:
    """Read an X or a Z back; None: it is another file."""
    told = _told(content, "report")
    try:
        sort, source = Sort(told["sort"]), Source(told["source"])
        owner, command = told["owner"], told["command"]
        figures = figures_of(json.dumps(told["figures"]))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
    fit = sort in SORTS and source in SOURCES and _is_fit(figures)
    if not fit or not owner or not isinstance(owner, str):
        return None
    return ReportFile(sort, owner, source, str(command), figures)


def memory_file(content: bytes) -> MemoryFile | None:
    """Read the head of a report of the fiscal memory; None: it is another file."""
    told = _told(content.split(b"\n", 1)[0], "mf")
    try:
        owner, first, last, at = told["owner"], told["first"], told["last"], told["at"]
        facts = {name: told[name] for name in FACTS}
    except KeyError:
        return None
    fit = _is_number(first) and _is_number(last) and isinstance(at, str)
    return MemoryFile(owner, first, last, at, facts) if fit and isinstance(owner, str) else None


def _told(line: bytes, name: str) -> dict[str, Any]:
    """What a file says of itself; {} if it is no such file."""
    if not line.startswith(f'{{"{name}": '.encode()):
        return {}
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) and told.get(name) == FORM else {}


def _is_fit(figures: ZFigures) -> bool:
    sums = [figures.total, figures.vat, figures.receipts, *figures.payments.values()]
    sums += [*figures.more.values(), *(rate.vat for rate in figures.rates)]
    sums += [rate.rate for rate in figures.rates]
    known = [figures.z_number, *(rate.gross for rate in figures.rates)]
    known += [each for each in sums if each is not None]
    return isinstance(figures.at, str) and all(map(_is_number, known))


def _is_number(value: object) -> bool:
    return isinstance(value, int) and abs(value) <= NUMBER_MAX


def _line(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False).encode() + b"\n"
