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
from datetime import UTC, date, datetime
from enum import StrEnum
from zoneinfo import ZoneInfo

from agent.archive.certificate.absences import Kept, each_z, kept, span_of
from agent.archive.certificate.calendar_days import (
    Carried,
    Day,
    DaySpan,
    State,
    carried,
    days_of,
    days_without_z,
    worst,
)
from agent.archive.certificate.compare import Disagreement, ToldTwice, disagreements, twice
from agent.archive.certificate.gaps import Receipts, je_gaps, receipts
from agent.archive.certificate.holding import Holding, day_of, registers, table
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


class Verdict(StrEnum):
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
    verdict: Verdict
    first_z: int | None = None
    last_z: int | None = None
    complete_until: int | None = None
    complete_until_at: str = ""
    sources: tuple[Kept, ...] = ()
    remarks: tuple[Remark, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    told_twice: tuple[ToldTwice, ...] = ()
    receipts: tuple[Receipts, ...] = ()
    days: tuple[Day, ...] = ()
    days_without_z: tuple[DaySpan, ...] = ()
    carried: tuple[Carried, ...] = ()


@dataclass(frozen=True, slots=True)
class Certificate:
    """Of one day, over all devices. The verdict is the worst of ours."""

    day: date
    timezone: str
    verdict: Verdict
    owners: tuple[OwnerCertificate, ...]


def certify(holdings: Sequence[Holding], today: date, zone: ZoneInfo) -> Certificate:
    """Say how complete each device's archive is on this day."""
    owners = tuple(_of_device(each, today, zone) for each in holdings)
    ours = [each.verdict for each in owners if not each.is_foreign]
    verdict = max(ours, key=list(Verdict).index, default=Verdict.UNKNOWN)
    return Certificate(today, str(zone), verdict, owners)


def _of_device(holding: Holding, today: date, zone: ZoneInfo) -> OwnerCertificate:
    about = (holding.owner, holding.nui, holding.device_id, holding.is_foreign)
    zs = table(holding)
    span = span_of(zs, [*registers(holding)], today, _began(holding, today, zone))
    findings = carried(holding.filed)
    if span is None:
        odd = tuple(foreign(holding))
        return OwnerCertificate(*about, Verdict.UNKNOWN, remarks=odd, carried=findings)
    seen = Seen(
        holding,
        span,
        zone,
        tuple(kept(span, source) for source in Source),
        tuple(found for z in zs.values() for found in disagreements(z)),
        tuple(found for z in zs.values() for found in twice(z)),
    )
    states = dict(_states(seen))
    lost = {
        day
        for z in range(span.first, span.last + 1)
        if z not in zs
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
    return datetime.fromtimestamp(min(moments) / 1000, tz=UTC).astimezone(zone).date()


# the verdict


def _states(seen: Seen) -> Iterator[tuple[int, State]]:
    """How each Z stands; one that no source has is missing."""
    found: dict[int, list[State]] = {}
    for source in seen.sources:
        for z, absence in each_z(source.absences):
            if absence.breaks:
                found.setdefault(z, []).append(State.MISSING)
            elif absence.code == "Z_AWAITED":
                found.setdefault(z, []).append(State.AWAITED)
    differs = {each.z for each in seen.disagreements if breaks(each.field)}
    differs |= {each.z for each in seen.told_twice if each.contradicts}
    differs |= {each.z for each in je_gaps(seen.span.seen)}
    differs |= {z for z, *_ in documents_twice(seen.span.seen)}
    differs |= {*recorded_twice(seen.holding), *(z for z, _ in not_intact(seen.span.seen))}
    for z in differs:
        found.setdefault(z, []).append(State.DIFFERS)
    for z in range(seen.span.first, seen.span.last + 1):
        if z not in seen.span.seen:
            yield z, State.MISSING
        else:
            yield z, worst(found.get(z, [State.COMPLETE]))


def _complete_until(states: Mapping[int, State]) -> int | None:
    """The last Z before the first that is not complete in every source that owes it."""
    until = None
    for z, state in states.items():
        if state is not State.COMPLETE:
            break
        until = z
    return until


def _verdict(seen: Seen, remarks: tuple[Remark, ...], until: int | None) -> Verdict:
    if any(remark.breaks for remark in remarks):
        return Verdict.INCOMPLETE
    alone = sum(1 for source in seen.sources if source.count) < 2
    return Verdict.UNKNOWN if alone or until is None else Verdict.COMPLETE
