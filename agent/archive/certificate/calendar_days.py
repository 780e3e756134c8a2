"""The certificate by calendar days, and what the documents themselves were found to have.

    Mon  Tue  Wed  Thu  Fri        complete, awaited, missing, differs: the worst of the day's Zs
     x    x    .    !    x         none: no Z on that day
A Z that no source has is put on the day of the next known one. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from agent.archive.certificate.gaps import told_ranges
from agent.archive.certificate.holding import TRUST, SeenZ
from agent.archive.keeping import DAY_COPY, DUPLICATE_Z, FOREIGN_NUI
from agent.archive.report_files import ODD
from agent.archive.signed.day_rules import WARNINGS
from agent.archive.sorts import Filed, RateSum
from drivers.model import Bani, VatRate

SAID = frozenset(  # the certificate sees them itself
    {DUPLICATE_Z, FOREIGN_NUI, DAY_COPY, "DIGEST_DIFFERS", "SIGNATURE_WRONG"}
    | {"JE_DOCUMENTS_MISSING", "RECEIPT_GAP"}
    | {code for _, code, _ in ODD}
)
DAYS_MAX = 11 * 366  # back from today; a clock that was set to 2000 makes no page of 26 years
Group = tuple[int | None, str]  # a rate, or the letter where no rate is known


class DayMark(StrEnum):
    """Of a day or a Z, from good to bad."""

    NONE = "none"
    COMPLETE = "complete"
    AWAITED = "awaited"
    DIFFERS = "differs"
    MISSING = "missing"


ORDER = list(DayMark)


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One calendar day. `total` None: no source tells it."""

    day: date
    state: DayMark
    zs: tuple[int, ...] = ()
    total: Bani | None = None
    rates: tuple[RateSum, ...] = ()


@dataclass(frozen=True, slots=True)
class DaySpan:
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Carried:
    """A finding that documents came with, once for all of them."""

    code: str
    count: int
    zs: str
    place: str  # of the first
    sentence: str
    is_known: bool  # to be known and not to be acted upon


def worst(states: Iterable[DayMark]) -> DayMark:
    return max(states, key=ORDER.index, default=DayMark.NONE)


def days_of(
    seen: Mapping[int, SeenZ], states: Mapping[int, DayMark], lost: Iterable[date], today: date
) -> tuple[CalendarDay, ...]:
    """Lay out every day from the first Z to today. `lost`: where Zs are missing everywhere."""
    earliest = today - timedelta(days=DAYS_MAX)
    zs: dict[date, list[int]] = {}
    for z, each in seen.items():
        if each.day is not None and earliest <= each.day <= today:
            zs.setdefault(each.day, []).append(z)
    missing = {day for day in lost if earliest <= day <= today}
    if not zs and not missing:
        return ()
    first = min([*zs, *missing])
    found = []
    for number in range((today - first).days + 1):
        day = first + timedelta(days=number)
        of_day = zs.get(day, [])
        state = worst([*(states[z] for z in of_day), *([DayMark.MISSING] * (day in missing))])
        found.append(CalendarDay(day, state, tuple(of_day), *_sums(seen[z] for z in of_day)))
    return tuple(found)


def days_without_z(days: tuple[CalendarDay, ...], today: date) -> tuple[DaySpan, ...]:
    """The days without a Z, before today: today may still have one."""
    spans: list[DaySpan] = []
    for day in days:
        if day.zs or day.day >= today:
            continue
        if spans and spans[-1].last == day.day - timedelta(days=1):
            spans[-1] = DaySpan(spans[-1].first, day.day)
        else:
            spans.append(DaySpan(day.day, day.day))
    return tuple(spans)


def carried(filed: Iterable[Filed]) -> tuple[Carried, ...]:
    """Gather what was found in documents when they were taken in, by code."""
    found: dict[str, list[tuple[int | None, str, str]]] = {}
    for each in filed:
        for finding in _findings(each):
            place = f"{each.document.name}: {finding['place']}"
            row = (each.document.z_first, place, finding["sentence"])
            found.setdefault(finding["code"], []).append(row)
    return tuple(
        Carried(
            code,
            len(rows),
            told_ranges([z for z, _, _ in rows if z is not None]),
            rows[0][1],
            rows[0][2],
            is_known=code in WARNINGS,
        )
        for code, rows in sorted(found.items())
    )


def _findings(filed: Filed) -> Iterator[dict[str, str]]:
    told = filed.document.facts.get("findings")
    for each in told if isinstance(told, list) else ():
        if isinstance(each, dict) and "code" in each and each["code"] not in SAID:
            yield {name: str(each.get(name, "")) for name in ("code", "place", "sentence")}


def _sums(seen: Iterable[SeenZ]) -> tuple[Bani | None, tuple[RateSum, ...]]:
    """The total of a day, and its sums by rate, each Z by the best source that tells it."""
    totals: list[int] = []
    sums: dict[Group, int] = {}
    for each in seen:
        told = [f for source in TRUST if (f := each.figures(source)) is not None]
        total = next((f.total for f in told if f.total is not None), None)
        rates = next((f.rates for f in told if any(r.rate is not None for r in f.rates)), None)
        rates = rates or next((f.rates for f in told if f.rates), ())
        if total is not None:
            totals.append(total)
        for rate in rates or _unsorted(total):
            group = (rate.rate, "" if rate.rate is not None else rate.letter)
            sums[group] = sums.get(group, 0) + rate.gross
    ordered = sorted(sums.items(), key=lambda item: (-(item[0][0] or -1), item[0][1]))
    rates = tuple(
        RateSum(None if group[0] is None else VatRate(group[0]), Bani(gross), None, group[1])
        for group, gross in ordered
        if gross
    )
    return (Bani(sum(totals)) if totals else None), rates


def _unsorted(total: Bani | None) -> tuple[RateSum, ...]:
    """A total without its rates."""
    return (RateSum(None, total, None, "?"),) if total else ()
