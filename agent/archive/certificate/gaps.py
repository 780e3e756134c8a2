"""What runs through the Zs in their order: receipts and documents of the JE, and the clock.

    Z 411  documents 3001-3120  receipts 1-31, 31 of them
    Z 412  documents 3123-3200  receipts 1-20, 19 of them     RECEIPT_GAP; 3121-3122 are missing

The facts of a sealed day are those that the reader wrote: first, last, documents, receipts,
receipt_first, receipt_last, missing, total. A clock is set back where a Z is earlier than the one
before it, even if the hour that comes twice in October is given to the later. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from agent.archive.certificate.holding import SeenZ, moment_of, number_of
from agent.archive.sorts import Sort, Source

RANGES_TOLD_MAX = 20  # in one sentence


@dataclass(frozen=True, slots=True)
class Receipts:
    """The receipts of a Z, as the JE has them; numbers None: the JE does not tell them."""

    z: int
    count: int
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Documents or receipts that the JE should have of a Z."""

    code: str
    z: int
    told: Mapping[str, str]  # the places of its sentence


@dataclass(frozen=True, slots=True)
class SetBack:
    """A Z that is earlier than the one before it."""

    z: int
    at: str
    before: int
    before_at: str


def receipts(seen: Mapping[int, SeenZ]) -> Iterator[Receipts]:
    """Say which receipts are there, Z by Z."""
    for z, facts in _sealed(seen):
        if (count := facts["receipts"]) is not None:
            yield Receipts(z, count, facts["receipt_first"], facts["receipt_last"])


def je_gaps(seen: Mapping[int, SeenZ]) -> Iterator[Gap]:
    """Find what is not in the JE, inside each Z and between two that follow each other."""
    ended: tuple[int, int | None] = (0, None)
    for z, facts in _sealed(seen):
        first, last, documents = facts["first"], facts["last"], facts["documents"]
        missing = _missing(seen[z])
        if ended[0] == z - 1 and ended[1] is not None and first is not None:
            missing = [*range(ended[1] + 1, first), *missing]
        if missing:
            yield Gap("JE_DOCUMENTS_MISSING", z, {"numbers": told_ranges(missing)})
        elif first and last and documents and documents < last - first + 1:
            text = f"{documents} / {last - first + 1}, {first}-{last}"
            yield Gap("JE_DOCUMENTS_MISSING", z, {"numbers": text})
        yield from _receipt_gap(z, facts)
        ended = (z, last)


def set_back(seen: Mapping[int, SeenZ], zone: ZoneInfo) -> Iterator[SetBack]:
    """Find the Zs where time runs backwards."""
    before: tuple[int, str, datetime] | None = None
    for z, each in seen.items():
        moment = moment_of(each.at)
        if moment is None:
            continue
        earliest = moment.replace(tzinfo=zone, fold=0).timestamp()
        latest = moment.replace(tzinfo=zone, fold=1).timestamp()
        if before is not None:
            then = before[2].replace(tzinfo=zone, fold=0).timestamp()
            if max(earliest, latest) < then:
                yield SetBack(z, each.at, before[0], before[1])
        before = (z, each.at, moment)


def ranges(numbers: list[int]) -> list[tuple[int, int]]:
    """1, 2, 3, 7 are 1-3 and 7-7."""
    runs: list[tuple[int, int]] = []
    for number in sorted(set(numbers)):
        if runs and runs[-1][1] == number - 1:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def told_ranges(numbers: list[int]) -> str:
    found = ranges(numbers)
    told = [f"{a}-{b}" if b > a else str(a) for a, b in found[:RANGES_TOLD_MAX]]
    return ", ".join(told) + (f" (+{len(found) - RANGES_TOLD_MAX})" * (len(found) > len(told)))


def _receipt_gap(z: int, facts: Mapping[str, int | None]) -> Iterator[Gap]:
    count, first, last = facts["receipts"], facts["receipt_first"], facts["receipt_last"]
    if count and first and last and count < last - first + 1:
        due = last - first + 1
        told = {"first": first, "last": last, "due": due, "found": count}
        yield Gap("RECEIPT_GAP", z, {name: str(value) for name, value in told.items()})


def _sealed(seen: Mapping[int, SeenZ]) -> Iterator[tuple[int, dict[str, int | None]]]:
    names = ("first", "last", "documents", "receipts", "receipt_first", "receipt_last")
    for z, each in seen.items():
        files = each.files.get(Sort.JE)
        facts = files[-1].document.facts if files else {}
        told = {name: number_of(facts, name) for name in names}
        figures = each.figures(Source.JE)
        if told["receipts"] is None and figures is not None:
            told["receipts"] = figures.receipts
        if files or figures:
            yield z, told


def _missing(each: SeenZ) -> list[int]:
    found = each.files[Sort.JE][-1].document.facts.get("missing") if Sort.JE in each.files else []
    return [number for number in found or [] if isinstance(number, int)]
