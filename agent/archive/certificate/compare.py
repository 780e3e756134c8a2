"""The same Z as different sources tell it, row by row: total, VAT, every rate, receipts, time.

    mf       Z 412   1 000,00   21 %: 605,00   11 %: 395,00   31 receipts   2025-09-01 21:40
    p7b      Z 412   1 000,01   21 %: 605,00   11 %: 395,00   31 receipts   2025-09-01 21:40
                     +0,01: within 5 bani; the JE would differ from the MF by it

Rates are joined by the rate, never by the letter: on 1 August 2025 the letters changed their rates
[romania.md 2.8]. What a source does not say is not compared. Pure.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from itertools import pairwise

from agent.archive.certificate.holding import TRUST, SeenZ, moment_of
from agent.archive.sorts import Source, ZFigures
from drivers.model import VatRate

EXACT_BANI = 0  # report, mf and je are read from one device: they must be equal
SIGNED_BANI = 5  # the rounding that is seen in signed files [romania.md 3.6]
TIME_TOLERANCE = timedelta(seconds=120)  # a Z takes a while to print; each source stamps its own


class Field(StrEnum):
    """What is compared; the code is that of the remark."""

    TOTAL = "TOTAL_DIFFERS"
    VAT = "VAT_DIFFERS"
    RATE = "RATE_DIFFERS"
    RATE_VAT = "RATE_VAT_DIFFERS"
    RECEIPTS = "RECEIPTS_DIFFER"
    TIME = "TIME_DIFFERS"


ALL_RATES = (Field.RATE, None)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """Two sources say something else of one Z. Values are bani, a count, or a time."""

    z: int
    field: Field
    one: Source
    one_value: int | str
    other: Source
    other_value: int | str
    rate: VatRate | None = None
    tolerance: int = 0  # bani; for a time, seconds


@dataclass(frozen=True, slots=True)
class ToldTwice:
    """One source told other figures under the same number."""

    z: int
    source: Source
    figures: tuple[ZFigures, ...]
    contradicts: bool  # False: one only says more than the other


def disagreements(seen: SeenZ) -> Iterator[Disagreement]:
    """Hold every source against the most trusted one that says the same thing."""
    told = [(source, seen.figures(source)) for source in TRUST]
    known = [(source, figures) for source, figures in told if figures is not None]
    for number, (other, theirs) in enumerate(known):
        met: set[tuple[Field, VatRate | None]] = set()
        for one, ours in known[:number]:
            yield from _between(seen.number, one, ours, other, theirs, met)


def twice(seen: SeenZ) -> Iterator[ToldTwice]:
    """The sources that told this Z with more than one set of figures."""
    for source, figures in seen.told.items():
        if len(figures) > 1:
            pairs = pairwise(figures)
            found = (each for a, b in pairs for each in _between(0, source, a, source, b, set()))
            contradicts = any(each.field is not Field.TIME for each in found)
            yield ToldTwice(seen.number, source, figures, contradicts)


@dataclass(frozen=True, slots=True)
class Rates:
    """Turnover and VAT by rate. `whole`: they make up the total: a rate not here is 0."""

    sums: Mapping[VatRate, tuple[int, int | None]]
    whole: bool

    def of(self, rate: VatRate) -> tuple[int | None, int | None]:
        return self.sums.get(rate, (0, 0) if self.whole else (None, None))


def by_rate(figures: ZFigures) -> Rates:
    """Add up what has the same rate, whatever its letter."""
    sums: dict[VatRate, tuple[int, int | None]] = {}
    for each in figures.rates:
        if each.rate is not None:
            gross, vat = sums.get(each.rate, (0, 0))
            known = vat is not None and each.vat is not None
            sums[each.rate] = (gross + each.gross, (vat or 0) + (each.vat or 0) if known else None)
    lettered = any(each.rate is None and each.letter and each.gross for each in figures.rates)
    return Rates(sums, whole=not lettered and _makes_up(figures))


def _makes_up(figures: ZFigures) -> bool:
    """A signed file may leave rates out that it is unclear about; what is exempt stands apart."""
    if not figures.rates or figures.total is None:
        return bool(figures.rates)
    sum_ = sum(each.gross for each in figures.rates)
    exempt = figures.more.get("exempt", 0)
    return any(abs(figures.total - told) <= SIGNED_BANI for told in (sum_, sum_ + exempt))


def _between(
    z: int,
    one: Source,
    ours: ZFigures,
    other: Source,
    theirs: ZFigures,
    met: set[tuple[Field, VatRate | None]],
) -> Iterator[Disagreement]:
    """Compare what both say and nobody more trusted has said (`met`)."""
    allowed = SIGNED_BANI if (one is Source.SIGNED) != (other is Source.SIGNED) else EXACT_BANI
    rows: list[tuple[Field, VatRate | None, int | None, int | None, int]] = [
        (Field.TOTAL, None, ours.total, theirs.total, allowed),
        (Field.VAT, None, ours.vat, theirs.vat, allowed),
        (Field.RECEIPTS, None, ours.receipts, theirs.receipts, 0),
    ]
    rates = by_rate(ours), by_rate(theirs)
    if ALL_RATES not in met:
        rows += _rates(*rates, allowed)
        met |= {ALL_RATES} if rates[0].whole and rates[1].whole else set()
    for field, rate, mine, yours, tolerance in rows:
        if mine is None or yours is None or (field, rate) in met:
            continue
        met.add((field, rate))
        if abs(mine - yours) > tolerance:
            yield Disagreement(z, field, one, mine, other, yours, rate, tolerance)
    if (Field.TIME, None) not in met and ours.at and theirs.at:
        met.add((Field.TIME, None))
        if not _same_time(ours.at, theirs.at):
            seconds = TIME_TOLERANCE.seconds
            yield Disagreement(z, Field.TIME, one, ours.at, other, theirs.at, tolerance=seconds)


def _rates(
    ours: Rates, theirs: Rates, allowed: int
) -> Iterator[tuple[Field, VatRate | None, int | None, int | None, int]]:
    for rate in sorted(ours.sums.keys() | theirs.sums.keys(), reverse=True):
        mine, yours = ours.of(rate), theirs.of(rate)
        yield Field.RATE, rate, mine[0], yours[0], allowed
        yield Field.RATE_VAT, rate, mine[1], yours[1], allowed


def _same_time(one: str, other: str) -> bool:
    """To the tolerance; where one is a day without a time, to the day."""
    first, second = moment_of(one), moment_of(other)
    if first is None or second is None:
        return one == other
    if len(one) == len("2025-08-01") or len(other) == len("2025-08-01"):
        return first.date() == second.date()
    return abs(first - second) <= TIME_TOLERANCE
