"""What the certificate remarks on, from what was compared, one sentence each in both languages.

    absences, rows told twice, documents twice, disagreements, gaps in the JE, the clock
        --remarks_of--> Remark(code, weight, "Z 412-415", ro, en, since)

The order is that of the page; what is missing in every source is said once. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast
from zoneinfo import ZoneInfo

from agent.archive.certificate.absences import SIGNED_LIFE_DAYS, Absence, SourceCoverage, Span
from agent.archive.certificate.calendar_days import DaySpan
from agent.archive.certificate.compare import Disagreement, Field, ToldTwice, by_rate
from agent.archive.certificate.gaps import je_gaps, ranges, set_back
from agent.archive.certificate.holding import BY_SORT, Z_MAX, Holding, SeenZ, day_of
from agent.archive.certificate.words import (
    SOURCES,
    UNKNOWN,
    WORDS,
    InBoth,
    Weight,
    breaks,
    money,
    percent,
    shown,
)
from agent.archive.keeping import DUPLICATE_Z, FOREIGN_NUI, content_of, is_broken
from agent.archive.signed.cms import Signature
from agent.archive.sorts import NewDocument, Sort, Source

Values = Mapping[str, str | InBoth]
NOTHING: Values = {}
MINUTES = len("2026-09-01 21:40")
WHY_BROKEN: dict[str, InBoth] = {
    Signature.DIGEST_DIFFERS: InBoth("conținutul a fost schimbat", "its content was changed"),
    Signature.WRONG: InBoth(
        "făcută cu altă cheie, sau schimbată", "made with another key, or changed"
    ),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """Something to know of these Zs, in both languages."""

    code: str
    weight: Weight
    place: str
    ro: str
    en: str
    since: str = ""

    @property
    def breaks(self) -> bool:
        return breaks(self.code)


@dataclass(frozen=True, slots=True)
class Seen:
    """One device's Zs, compared."""

    holding: Holding
    span: Span
    zone: ZoneInfo
    sources: tuple[SourceCoverage, ...]
    disagreements: tuple[Disagreement, ...]
    told_twice: tuple[ToldTwice, ...]


def remarks_of(seen: Seen, idle: tuple[DaySpan, ...]) -> Iterator[Remark]:
    """Everything there is to say, the order being that of the page."""
    yield from foreign(seen.holding)
    yield from _absences(seen)
    yield from _twice(seen)
    for found in seen.disagreements:
        yield _disagreement(found, seen)
    for gap in je_gaps(seen.span.seen):
        yield _remark(gap.code, gap.z, seen, told=gap.told)
    yield from _clock(seen)
    yield from _not_compared(seen)
    if idle:
        count = sum((each.last - each.first).days + 1 for each in idle)
        one, other = idle[0].first.isoformat(), idle[-1].last.isoformat()
        told = {"count": str(count), "one": one, "other": other}
        yield Remark(*_worded("DAY_WITHOUT_Z", "", told), since=one)


def foreign(holding: Holding) -> Iterator[Remark]:
    if holding.is_foreign:
        told = {"nui": holding.owner}
        yield Remark(*_worded(FOREIGN_NUI, f"NUI {holding.owner}", told))


def _absences(seen: Seen) -> Iterator[Remark]:
    """One remark for each run of Zs; what no source has is said once."""
    span = seen.span
    every = range(span.first, span.last + 1)
    lost = [z for z in every if z not in span.seen and not span.is_coming(z)]
    for first, last in ranges(lost):
        yield _remark("Z_MISSING", first, seen, last)
    for source in seen.sources:
        if not source.count and all(a.code == "Z_BEFORE_SOURCE" for a in source.absences):
            yield _remark("SOURCE_EMPTY", span.first, seen, span.last, source.source)
            continue
        for absence in source.absences:
            if absence.code != "Z_MISSING":
                yield _absence(absence, seen)


def _absence(absence: Absence, seen: Seen) -> Remark:
    day = day_of(absence.since)
    until = (day + timedelta(days=SIGNED_LIFE_DAYS)).isoformat() if day else UNKNOWN
    remark = _remark(
        absence.code,
        absence.first,
        seen,
        absence.last,
        absence.source,
        {"until": until, "life": str(SIGNED_LIFE_DAYS)},
    )
    return Remark(
        remark.code, absence.weight, remark.place, remark.ro, remark.en, since=absence.since
    )


def _disagreement(found: Disagreement, seen: Seen) -> Remark:
    is_time = found.field is Field.TIME
    told = {
        "other_source": SOURCES[found.other],
        "one": shown_value(found, found.one_value),
        "other": shown_value(found, found.other_value),
        "tolerance": f"{found.tolerance} s" if is_time else money(found.tolerance),
        "rate": percent(found.rate),
    }
    return _remark(found.field, found.z, seen, source=found.one, told=told)


def _twice(seen: Seen) -> Iterator[Remark]:
    for each in seen.told_twice:
        code = "Z_TOLD_TWICE" if each.contradicts else "Z_TOLD_AGAIN"
        totals = (money(figures.total) for figures in each.figures)
        told = dict(zip(("one", "other"), totals, strict=False))
        yield _remark(code, each.z, seen, source=each.source, told=told)
    for z, sort, one, other in documents_twice(seen.span.seen):
        names = {"one": one, "other": other}
        yield _remark(DUPLICATE_Z, z, seen, source=BY_SORT[sort], told=names)
    for z in recorded_twice(seen.holding):
        yield _remark("Z_TWICE", z, seen)
    for z, one, other in filed_again(seen.span.seen):
        yield _remark("Z_FILED_AGAIN", z, seen, told={"one": one, "other": other})
    for z, what in not_intact(seen.span.seen):
        yield _remark("SIGNATURE_NOT_INTACT", z, seen, told={"what": WHY_BROKEN[what]})


def documents_twice(zs: Mapping[int, SeenZ]) -> Iterator[tuple[int, Sort, str, str]]:
    """Two files for one Z where there can be only one: whole, and not of the same content."""
    for z, seen in zs.items():
        for sort in (Sort.JE, Sort.SIGNED_DAY):
            names = [each.sha256[:12] for each in _contents(seen, sort)]
            if len(names) > 1:
                yield z, sort, names[0], names[1]


def filed_again(zs: Mapping[int, SeenZ]) -> Iterator[tuple[int, str, str]]:
    """A signed day that lies there whole, and a copy of it in another envelope, or damaged."""
    for z, seen in zs.items():
        whole = {each.sha256: None for each in _contents(seen, Sort.SIGNED_DAY)}
        files = [each.document.sha256 for each in seen.files.get(Sort.SIGNED_DAY, ())]
        copies = [sha256 for sha256 in files if sha256 not in whole]
        if whole and copies:
            yield z, next(iter(whole))[:12], copies[0][:12]


def _contents(seen: SeenZ, sort: Sort) -> list[NewDocument]:
    """The whole files of a Z, the first of each content."""
    found: dict[str, NewDocument] = {}
    for each in seen.files.get(sort, ()):
        if not is_broken(each.document):
            found.setdefault(content_of(each.document), each.document)
    return [*found.values()]


def recorded_twice(holding: Holding) -> list[int]:
    """The Zs of which the fiscal memory has more than one record, as it was read last."""
    found: dict[int, bool] = {}
    for filed in sorted(holding.filed, key=lambda each: each.id):
        document = filed.document
        if document.sort is Sort.MF and document.z_first and document.z_last:
            twice = document.facts.get("twice") or ()
            found |= {z: z in twice for z in range(document.z_first, document.z_last + 1)}
    return sorted(z for z, is_twice in found.items() if is_twice and 0 < z <= Z_MAX)


def not_intact(zs: Mapping[int, SeenZ]) -> Iterator[tuple[int, str]]:
    """The Zs of which no signed file is as it was signed, and what is wrong with the first."""
    for z, seen in zs.items():
        found = [
            str(f.document.facts.get("signature")) for f in seen.files.get(Sort.SIGNED_DAY, ())
        ]
        if found and all(each in WHY_BROKEN for each in found):
            yield z, found[0]


def _clock(seen: Seen) -> Iterator[Remark]:
    for back in set_back(seen.span.seen, seen.zone):
        told = {"before": str(back.before), "one": shown(back.before_at), "other": shown(back.at)}
        yield _remark("CLOCK_SET_BACK", back.z, seen, told=told)
    for z, of_z in seen.span.seen.items():
        if of_z.day is not None and of_z.day > seen.span.today + timedelta(days=1):
            yield _remark("CLOCK_AHEAD", z, seen)


def _not_compared(seen: Seen) -> Iterator[Remark]:
    zs = seen.span.seen
    for source in Source:
        told = [(z, f) for z, s in zs.items() if (f := s.figures(source)) is not None]
        lettered = [z for z, f in told if f.rates and not by_rate(f).sums and f.rates[0].letter]
        if lettered:
            yield _remark("RATES_BY_LETTER_ONLY", lettered[0], seen, lettered[-1], source)
    for z, of_z in zs.items():
        if any(each.document.facts.get("whole") is False for each in of_z.files.get(Sort.JE, ())):
            yield _remark("JE_PARTIAL", z, seen)


def _remark(
    code: str,
    z: int,
    seen: Seen,
    last: int | None = None,
    source: Source | None = None,
    told: Values = NOTHING,
) -> Remark:
    since = seen.span.since[z]
    names: dict[str, str | InBoth] = {"since": shown(since)[:MINUTES] or UNKNOWN, **told}
    if source is not None:
        names["source"] = SOURCES[source]
    place = f"Z {z}" if last in (None, z) else f"Z {z}-{last}"
    return Remark(*_worded(code, place, names), since=since)


def _worded(code: str, place: str, told: Values) -> tuple[str, Weight, str, str, str]:
    said = WORDS[code]
    in_ro = {name: value.ro if isinstance(value, InBoth) else value for name, value in told.items()}
    in_en = {name: value.en if isinstance(value, InBoth) else value for name, value in told.items()}
    ro, en = said.ro.format_map(in_ro), said.en.format_map(in_en)
    return code, said.weight, place, ro[:1].upper() + ro[1:], en[:1].upper() + en[1:]


def shown_value(found: Disagreement, value: int | str) -> str | InBoth:
    if found.field is Field.TIME:
        return shown(str(value))
    if found.field is Field.RECEIPTS:
        return str(value)
    return money(cast(int, value))
