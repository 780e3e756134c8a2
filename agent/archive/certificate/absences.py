"""Which Zs a source does not have, why, and since when.

    known anywhere   410 411 412 413 414 415 416 417    the span
    je               410 411     413 414 415 416 417    first 410, last 417
                             ^^^ Z_MISSING_IN_SOURCE since the time that the MF tells of Z 412
    mf                       412 413 414                410-411 Z_BEFORE_SOURCE, 415-417 Z_AWAITED

While a device is read, what lies behind the reader's place is awaited, whoever else lacks it.

What is present and what is absent are together the span. A device keeps a signed file about 60 days
[romania.md 4.3]; that it is so on each model is unverified on hardware.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from agent.archive.certificate.holding import SeenZ, day_of
from agent.archive.certificate.words import WORDS, Weight, breaks
from agent.archive.sorts import Source

SIGNED_LIFE_DAYS = 60
SIGNED_WARNED_DAYS, SIGNED_ALARMED_DAYS = 45, 55
AWAITED_DAYS = {  # the newest may come so much later: JE nightly, MF monthly, p7b by stick
    Source.REPORT: 3,
    Source.JE: 3,
    Source.MF: 40,
    Source.SIGNED: SIGNED_WARNED_DAYS - 1,
}
READ_ON_DAYS = 3  # a reading that has come no further for so long does not go on


@dataclass(frozen=True, slots=True)
class Absence:
    """Zs in a row that a source does not have, all for the same reason."""

    source: Source
    first: int
    last: int
    since: str  # the time of the first, by another source; else of the next known one; "" unknown
    code: str
    weight: Weight

    @property
    def breaks(self) -> bool:
        return breaks(self.code)


@dataclass(frozen=True, slots=True)
class SourceCoverage:
    """What one source has of the span."""

    source: Source
    first: int | None
    last: int | None
    count: int
    absences: tuple[Absence, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """All Zs from the first to the last that anybody knows, with the day we look at them from."""

    seen: Mapping[int, SeenZ]
    first: int
    last: int
    since: Mapping[int, str]  # of each Z its time, or of the next known one
    today: date
    began: date  # when the archive of this device began
    come_to: Mapping[Source, int]  # of the sources that are being read, the last Z of each

    def age_days(self, z: int) -> int:
        """How long ago a Z was made; of one without a time, how long we have been there."""
        return (self.today - (day_of(self.since[z]) or self.began)).days

    def is_coming(self, z: int) -> bool:
        """Is a Z that nobody has still to be read? What the fiscal memory has passed, it lacks."""
        passed = z <= self.come_to.get(Source.MF, 0)
        return not passed and any(z > last for last in self.come_to.values())

    def is_of_our_time(self, z: int) -> bool:
        """Was its signed file still in the device when the archive began?"""
        day = self.today - timedelta(days=self.age_days(z))
        return bool(self.since[z]) and day >= self.began - timedelta(days=SIGNED_LIFE_DAYS)


def span_of(
    seen: Mapping[int, SeenZ],
    others: list[tuple[int, int]],
    today: date,
    began: date,
    come_to: Mapping[Source, int],
) -> Span | None:
    """Lay out the span; `others` are Zs that a register says there are. None: no Z at all."""
    if not seen and not others:
        return None
    first = min([*seen, *(each for each, _ in others)])
    last = max([*seen, *(each for _, each in others)])
    since: dict[int, str] = {}
    at = ""
    for z in range(last, first - 1, -1):
        if z in seen and seen[z].day is not None:
            at = seen[z].at
        since[z] = at
    return Span(seen, first, last, since, today, began, come_to)


def coverage(span: Span, source: Source) -> SourceCoverage:
    """Say what a source has, and name every absence."""
    there = [z for z, seen in span.seen.items() if source in seen.told]
    first, last = (min(there), max(there)) if there else (None, None)
    has = set(there)
    runs: list[Absence] = []
    for z in range(span.first, span.last + 1):
        if z in has:
            continue
        code, weight = _why(span, source, z, first, last)
        before = runs[-1] if runs else None
        if before and before.last == z - 1 and (before.code, before.weight) == (code, weight):
            runs[-1] = Absence(source, before.first, z, before.since, code, weight)
        else:
            runs.append(Absence(source, z, z, span.since[z], code, weight))
    return SourceCoverage(source, first, last, len(there), tuple(runs))


def each_z(absences: tuple[Absence, ...]) -> Iterator[tuple[int, Absence]]:
    for absence in absences:
        for z in range(absence.first, absence.last + 1):
            yield z, absence


def _why(
    span: Span, source: Source, z: int, first: int | None, last: int | None
) -> tuple[str, Weight]:
    signed = source is Source.SIGNED
    owed = (first is not None and z >= first) or (signed and span.is_of_our_time(z))
    code = "Z_MISSING_IN_SOURCE"
    weight = None
    age_days = span.age_days(z)
    if not owed:
        code = "Z_BEFORE_SOURCE"
    elif z not in span.seen:
        code = "Z_AWAITED" if span.is_coming(z) else "Z_MISSING"
    elif source is Source.REPORT and Source.MF in span.seen[z].told:
        code = "Z_WITHOUT_REPORT"  # a device tells its last report only
    elif signed and age_days > SIGNED_LIFE_DAYS:
        code = "P7B_GONE"
    elif signed and age_days >= SIGNED_WARNED_DAYS:
        code = "P7B_VANISHES_SOON"
        weight = Weight.ALARM if age_days >= SIGNED_ALARMED_DAYS else Weight.WARNING
    elif _is_awaited(span, source, z, last):
        code = "Z_AWAITED"
    return code, weight or WORDS[code].weight


def _is_awaited(span: Span, source: Source, z: int, last: int | None) -> bool:
    """The newest may come later, and so may what lies behind the place of a reading."""
    if z > span.come_to.get(source, z):
        return True
    return (last is None or z > last) and span.age_days(z) <= AWAITED_DAYS[source]
