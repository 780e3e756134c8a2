"""The certificate of completeness: what is there of every Z, what is missing, and since when.

    Z        410  411  412  413  414  415 | 416  417      complete until Z 411
    report    x    x    x    x    x    x  |  x    x
    mf        x    x    x    x    x    x  |  .    .       . awaited: the MF is read once a month
    je        x    x    _    x    x    x  |  x    x       _ missing since the time of Z 412
    p7b       x    x    x    x    x    .  |  .    .       . taken by stick, 45 of 60 days at most

A source owes what lies between its first Z and the newest one anybody knows; a signed file is owed
from 60 days before the archive began, as a device has those still. Pure: rows and a day in, a value
out. The words are in words.py, the parts in absences, compare, gaps and calendar_days, the page
in page.py.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from agent.archive.certificate.absences import (
    READ_ON_DAYS,
    SourceCoverage,
    coverage,
    each_z,
    span_of,
)
from agent.archive.certificate.calendar_days import (
    CalendarDay,
    Carried,
    DayMark,
    DaySpan,
    carried,
    days_of,
    days_without_z,
    worst,
)
from agent.archive.certificate.compare import Disagreement, ToldTwice, disagreements, twice
from agent.archive.certificate.gaps import Receipts, je_gaps, receipts
from agent.archive.certificate.holding import Holding, SeenZ, day_of, registers, table
from agent.archive.certificate.remarks import (
    Remark,
    Seen,
    documents_twice,
    foreign,
    not_intact,
    recorded_twice,
    remarks_of,
)
from agent.archive.certificate.words import breaks
from agent.archive.sorts import Source


class Completeness(StrEnum):
    """From good to bad."""

    COMPLETE = "complete"
    UNKNOWN = "cannot_be_said"  # no Z, or one source alone: nothing to hold it against
    INCOMPLETE = "incomplete"


@dataclass(frozen=True, slots=True)
class OwnerCertificate:
    """What is there of one device."""

    owner: str
    nui: str
    device_id: str
    is_foreign: bool
    verdict: Completeness
    first_z: int | None = None
    last_z: int | None = None
    complete_until: int | None = None
    complete_until_at: str = ""
    sources: tuple[SourceCoverage, ...] = ()
    remarks: tuple[Remark, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    told_twice: tuple[ToldTwice, ...] = ()
    receipts: tuple[Receipts, ...] = ()
    days: tuple[CalendarDay, ...] = ()
    days_without_z: tuple[DaySpan, ...] = ()
    carried: tuple[Carried, ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """Of one day, over all devices. The verdict is the worst of ours."""

    day: date
    timezone: str
    verdict: Completeness
    owners: tuple[OwnerCertificate, ...]


def certify(holdings: Sequence[Holding], today: date, zone: ZoneInfo) -> Certificate:
    """Say how complete each device's archive is on this day."""
    owners = tuple(_of_device(each, today, zone) for each in holdings)
    ours = [each.verdict for each in owners if not each.is_foreign]
    verdict = max(ours, key=list(Completeness).index, default=Completeness.UNKNOWN)
    return Certificate(today, str(zone), verdict, owners)


def _of_device(holding: Holding, today: date, zone: ZoneInfo) -> OwnerCertificate:
    about = (holding.owner, holding.nui, holding.device_id, holding.is_foreign)
    zs = table(holding)
    began, come_to = _began(holding, today, zone), _come_to(holding, zs, today, zone)
    span = span_of(zs, [*registers(holding)], today, began, come_to)
    findings = carried(holding.filed)
    if span is None:
        odd = tuple(foreign(holding))
        return OwnerCertificate(*about, Completeness.UNKNOWN, remarks=odd, carried=findings)
    seen = Seen(
        holding,
        span,
        zone,
        tuple(coverage(span, source) for source in Source),
        tuple(found for z in zs.values() for found in disagreements(z)),
        tuple(found for z in zs.values() for found in twice(z)),
    )
    states = dict(_states(seen))
    lost = {
        day
        for z in range(span.first, span.last + 1)
        if z not in zs and not span.is_coming(z)
        if (day := day_of(span.since[z]))
    }
    days = days_of(zs, states, lost, today)
    idle = days_without_z(days, today)
    remarks = tuple(remarks_of(seen, idle))
    until = _complete_until(states)
    return OwnerCertificate(
        *about,
        _verdict(seen, remarks, until),
        span.first,
        span.last,
        until,
        span.since[until] if until is not None else "",
        seen.sources,
        remarks,
        seen.disagreements,
        seen.told_twice,
        tuple(receipts(zs)),
        days,
        idle,
        findings,
    )


def _began(holding: Holding, today: date, zone: ZoneInfo) -> date:
    """The day on which we first had anything of this device."""
    moments = [row.seen_at_ms for row in holding.rows]
    moments += [each.taken_at_ms for each in holding.filed]
    if not moments:
        return today
    return _day(min(moments), zone)


def _come_to(
    holding: Holding, zs: Mapping[int, SeenZ], today: date, zone: ZoneInfo
) -> dict[Source, int]:
    """How far the sources have come that are being read: the last Z of each."""
    read_on = timedelta(days=READ_ON_DAYS)
    going_on = {
        source: progress.number
        for source, progress in holding.read.items()
        if progress.number and abs(today - _day(progress.at_ms, zone)) <= read_on
    }
    if Source.JE in going_on:  # its numbers are those of documents
        going_on[Source.JE] = max(
            (z for z, seen in zs.items() if Source.JE in seen.told), default=0
        )
    return going_on


def _day(at_ms: int, zone: ZoneInfo) -> date:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC).astimezone(zone).date()


# the verdict


def _states(seen: Seen) -> Iterator[tuple[int, DayMark]]:
    """How each Z stands; one that no source has is missing."""
    found: dict[int, list[DayMark]] = {}
    for source in seen.sources:
        for z, absence in each_z(source.absences):
            if absence.breaks:
                found.setdefault(z, []).append(DayMark.MISSING)
            elif absence.code == "Z_AWAITED":
                found.setdefault(z, []).append(DayMark.AWAITED)
    differs = {each.z for each in seen.disagreements if breaks(each.field)}
    differs |= {each.z for each in seen.told_twice if each.contradicts}
    differs |= {each.z for each in je_gaps(seen.span.seen)}
    differs |= {z for z, *_ in documents_twice(seen.span.seen)}
    differs |= {*recorded_twice(seen.holding), *(z for z, _ in not_intact(seen.span.seen))}
    for z in differs:
        found.setdefault(z, []).append(DayMark.DIFFERS)
    for z in range(seen.span.first, seen.span.last + 1):
        if z not in seen.span.seen:
            yield z, DayMark.AWAITED if seen.span.is_coming(z) else DayMark.MISSING
        else:
            yield z, worst(found.get(z, [DayMark.COMPLETE]))


def _complete_until(states: Mapping[int, DayMark]) -> int | None:
    """The last Z before the first that is not complete in every source that owes it."""
    until = None
    for z, state in states.items():
        if state is not DayMark.COMPLETE:
            break
        until = z
    return until


def _verdict(seen: Seen, remarks: tuple[Remark, ...], until: int | None) -> Completeness:
    if any(remark.breaks for remark in remarks):
        return Completeness.INCOMPLETE
    alone = sum(1 for source in seen.sources if source.count) < 2
    return Completeness.UNKNOWN if alone or until is None else Completeness.COMPLETE
