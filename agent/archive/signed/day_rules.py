"""What a signed day must agree with: itself [romania.md 3.5, 3.6]. Sets are in set_rules.py.

    ids        one NUI, one Z; receipts 1..nrB, none missing, none twice
    sums       nrB = bon, totB = sum of bon = sum of pl, totTva = sum of bon = sum of coteZ
    times      a receipt within 24 h of the first and before the Z; the clock never runs back,
               but for once in the hour that a clock shows twice in October
    digits     CIF without RO and with its check digit; NUI with its check digit (a warning)

Every rule gives findings with a code of its own and rejects nothing. What could not be read (None)
was told when it was read, and no rule guesses it. The codes in WARNINGS are to be known and not to
be acted upon; all others are to be looked into. Pure.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise

from agent.archive.signed.day_xml import Day, Register, Stamp
from agent.archive.sorts import Finding
from agent.checks import is_tax_id
from drivers.model import Bani, half_up, lei

WARNINGS = frozenset(
    {
        "CERTIFICATE_EXTENSION_MISSING",
        "FAMILY_NOT_CHECKED",
        "ISSUER_UNKNOWN",  # ANAF's authority is not public
        "NUI_CHECK_DIGIT",
        "PAYMENT_UNKNOWN",
        "RATES_NOT_IN_OLD_SCHEMA",
        "TAX_ID_CHECK_DIGIT",
        "TOTAL_ROUNDING",
        "DAY_COPY",
    }
)
ROUNDING_BANI = 5  # what is seen in practice [romania.md 3.6]
DAY = timedelta(hours=24)
HOUR = timedelta(hours=1)
PAYMENT_KINDS = frozenset("13456789")  # 2 is in no nomenclature [romania.md 3.3]
NUI_WEIGHTS = (7, 8, 6, 2, 1, 3, 4, 5, 9)
TOLD_MAX = 5  # of many alike, in one sentence


class Turnover(StrEnum):
    """What `valOp` of a file is; public programs disagree, so arithmetic decides."""

    GROSS = "gross"
    NET = "net"
    UNKNOWN = "unknown"


def of_register(register: Register) -> list[Finding]:
    """Hold a register against itself."""
    findings = [*_cif(register.cif, "mReg cif"), *_nui(register.id, "mReg idM")]
    if not register.cif:
        findings.append(Finding("CIF_MISSING", "mReg cif", "the register names no company"))
    first, last = register.z_first, register.z_last
    if first is not None and last is not None and last < first:
        sentence = f"its last Z {last} is before its first Z {first}"
        findings.append(Finding("REGISTER_RANGE_BAD", "mReg nrRapF", sentence))
    made = _month_of(register.id)
    if made and register.period and register.period > made:
        sentence = f"it is of {register.period}, and was made in {made}"
        findings.append(Finding("PERIOD_DIFFERS", "mReg an luna", sentence))
    return findings


def of_day(day: Day) -> list[Finding]:
    """Hold a day against itself."""
    turnover = turnover_of(day)
    findings = [*_ids(day), *_numbers(day), *_counts(day), *_sums(day), *_times(day)]
    findings += [*_cif(day.cif, "msj cif"), *_nui(day.id, "msj idM"), *_payments(day)]
    made = _month_of(day.id)
    if made and day.period and day.period != made:
        sentence = f"it says {day.period}, its Z is of {made}"
        findings.append(Finding("PERIOD_DIFFERS", place(day, "an luna"), sentence))
    if turnover is Turnover.UNKNOWN and any(rate.vat for rate in day.rates):
        sentence = "valOp fits its VAT neither with VAT in it nor without"
        findings.append(Finding("TURNOVER_UNDECIDED", place(day, "coteZ valOp"), sentence))
    return findings


def _month_of(stamp: Stamp | None) -> str:
    """The month of an id; "" where it has none. That of a Z is the month of its day."""
    return stamp.at.date().isoformat()[:7] if stamp and stamp.at else ""


def place(day: Day, where: str) -> str:
    """Name a place in a day: "Z 413 totB"."""
    stamp = day.id or day.totals.id
    return f"Z {stamp.z_number} {where}" if stamp else where


def turnover_of(day: Day) -> Turnover:
    """Decide whether valOp has VAT in it: by the formula that is nearer, and near enough."""
    rows = [
        (rate.turnover, rate.rate, rate.vat)
        for rate in day.rates
        if rate.turnover is not None and rate.rate and rate.vat is not None
    ]
    if not rows:
        return Turnover.UNKNOWN
    allowed = _vat_rounding(day)
    gross = max(abs(half_up(value * rate, 10_000 + rate) - vat) for value, rate, vat in rows)
    net = max(abs(half_up(value * rate, 10_000) - vat) for value, rate, vat in rows)
    if min(gross, net) > allowed:
        return Turnover.UNKNOWN
    if max(gross, net) <= allowed:
        gross, net = _by_total(day)
    if gross == net:
        return Turnover.UNKNOWN
    return Turnover.GROSS if gross < net else Turnover.NET


def _vat_rounding(day: Day) -> int:
    """How many bani VAT of a day may be off: it is rounded on each receipt, by half a ban."""
    return max(ROUNDING_BANI, len(day.receipts) // 2)


def _by_total(day: Day) -> tuple[int, int]:
    """How far the total is from the sum of the rates, if they are gross and if they are net."""
    total = (day.totals.amounts["total"] or 0) - (day.totals.amounts["exempt"] or 0)
    sum_ = sum(rate.turnover or 0 for rate in day.rates)
    return abs(total - sum_), abs(total - sum_ - sum(rate.vat or 0 for rate in day.rates))


# ids and numbers


def _ids(day: Day) -> Iterator[Finding]:
    mine = day.id or day.totals.id
    if mine is None:
        return
    stamps = [("idR", day.totals.id), *(("idB", receipt.id) for receipt in day.receipts)]
    for code, word, key in (
        ("NUI_DIFFERS", "NUI", "nui"),
        ("Z_DIFFERS", "Z number", "z_number"),
    ):
        others = [
            f"{name} {getattr(stamp, key)}"
            for name, stamp in stamps
            if stamp is not None and getattr(stamp, key) != getattr(mine, key)
        ]
        if others:
            sentence = f"the {word} of idM is not that of {_some(others)}"
            yield Finding(code, place(day, others[0].split()[0]), sentence)


def _numbers(day: Day) -> Iterator[Finding]:
    found = [each.id.receipt for each in day.receipts if each.id and each.id.receipt is not None]
    last = day.totals.counts["receipts"]
    highest = min(max([last or 0, *found]), 9_999)
    if missing := sorted(set(range(1, highest + 1)) - set(found)):
        sentence = f"receipts are missing: {_ranges(missing)}"
        yield Finding("RECEIPT_MISSING", place(day, "bon"), sentence)
    if twice := sorted(number for number, count in Counter(found).items() if count > 1):
        sentence = f"receipts are there more than once: {_ranges(twice)}"
        yield Finding("RECEIPT_TWICE", place(day, "bon"), sentence)
    if found != sorted(found):
        yield Finding("RECEIPT_ORDER", place(day, "bon"), "receipts are not in their order")


# counts and sums


def _counts(day: Day) -> Iterator[Finding]:
    told = day.totals.counts
    for name, count, found in (
        ("nrB", told["receipts"], len(day.receipts)),
        ("nrBC", told["receipts_with_tax_id"], sum(1 for each in day.receipts if each.tax_id)),
        ("nrAv", told["breakdowns"], len(day.breakdowns)),
    ):
        if count is not None and count != found:
            yield Finding("COUNT_DIFFERS", place(day, name), f"it says {count}, there are {found}")


def _sums(day: Day) -> Iterator[Finding]:
    told, receipts, rounding = day.totals.amounts, day.receipts, _vat_rounding(day)
    buyers = [each for each in receipts if each.tax_id]
    yield from _sum(day, "totB of bon", told["total"], (each.total for each in receipts))
    yield from _sum(day, "totTva of bon", told["vat"], (each.vat for each in receipts), rounding)
    yield from _sum(day, "totBC", told["total_with_tax_id"], (each.total for each in buyers))
    of_buyers = (each.vat for each in buyers)
    yield from _sum(day, "totTvaC", told["vat_with_tax_id"], of_buyers, rounding)
    yield from _sum(day, "totTva of coteZ", told["vat"], (each.vat for each in day.rates))
    if all(each.currency == day.totals.currency for each in day.payments):
        paid = (each.value for each in day.payments)
        yield from _sum(day, "totB of pl", told["total"], paid)
    yield from _rates(day, rounding)
    wrong = [
        str(each.id.receipt)
        for each in receipts
        if each.id and _far(each.vat, (part.vat for part in each.rates))
    ]
    if wrong:
        sentence = f"the VAT of a receipt is not that of its rates: {_some(wrong)}"
        yield Finding("RECEIPT_VAT_DIFFERS", place(day, "bon totTva"), sentence)


def _rates(day: Day, rounding: int) -> Iterator[Finding]:
    """The VAT of each rate, whose rows are added up first; and that all rows make the total."""
    parts = [part for each in day.receipts for part in each.rates]
    for rate in dict.fromkeys(each.rate for each in day.rates):
        vats = [each.vat for each in day.rates if each.rate == rate]
        known = [vat for vat in vats if vat is not None]
        told = Bani(sum(known)) if len(known) == len(vats) else None
        of_rate = (part.vat for part in parts if part.rate == rate)
        percent = "?" if rate is None else rate // 100
        yield from _sum(day, f"coteZ {percent} tva", told, of_rate, rounding)
    total, turnover = day.totals.amounts["total"], turnover_of(day)
    undecided = turnover is Turnover.UNKNOWN and any(each.rate for each in day.rates)
    if total is None or not day.rates or undecided:
        return
    vat = [each.vat for each in day.rates] if turnover is Turnover.NET else []
    values = [*(each.turnover for each in day.rates), *vat]
    # What is exempt, and other taxes, may stand in a row or apart from all.
    apart = [day.totals.amounts[name] or Bani(0) for name in ("exempt", "other_taxes")]
    more = min(
        ([], apart[:1], apart[1:], apart),
        key=lambda extra: abs(total - sum(value or 0 for value in [*values, *extra])),
    )
    yield from _sum(day, "totB of coteZ", total, [*values, *more], rounding)


def _sum(
    day: Day,
    name: str,
    told: Bani | None,
    parts: Iterable[Bani | None],
    rounding: int = ROUNDING_BANI,
) -> Iterator[Finding]:
    values = [*parts]
    known = [value for value in values if value is not None]
    if told is None or len(known) != len(values) or told == sum(known):
        return
    code = "TOTAL_ROUNDING" if abs(told - sum(known)) <= rounding else "TOTAL_DIFFERS"
    sentence = f"it says {lei(told)}, its parts are {lei(sum(known))}"
    yield Finding(code, place(day, name), sentence)


def _far(told: Bani | None, parts: Iterable[Bani | None]) -> bool:
    values = [*parts]
    known = [value for value in values if value is not None]
    if told is None or len(known) != len(values):
        return False
    return abs(told - sum(known)) > ROUNDING_BANI


def _payments(day: Day) -> Iterator[Finding]:
    unknown = sorted({each.kind[:TOLD_MAX] for each in day.payments} - PAYMENT_KINDS)
    if unknown:
        sentence = f"payment kinds that no nomenclature names: {_some(unknown)}"
        yield Finding("PAYMENT_UNKNOWN", place(day, "pl tipP"), sentence)


# times


def _times(day: Day) -> Iterator[Finding]:
    stamps = [each.id for each in day.receipts if each.id]
    if wrong := [str(stamp.receipt) for stamp in stamps if stamp.at is None]:
        sentence = f"receipts have a moment that is none: {_some(wrong)}"
        yield Finding("MOMENT_BAD", place(day, "bon idB"), sentence)
    closed = day.id or day.totals.id
    if closed and closed.at is None:
        yield Finding("MOMENT_BAD", place(day, "idM"), "the Z has a moment that is none")
    stamps.sort(key=lambda stamp: stamp.receipt or 0)
    moments = [(f"receipt {stamp.receipt}", stamp.at) for stamp in stamps if stamp.at]
    if closed and closed.at:
        moments.append(("the Z", closed.at))
    for name, before, after in set_back(moments):
        sentence = f"the clock went back from {before} to {after} before {name}"
        yield Finding("CLOCK_SET_BACK", place(day, name), sentence)
    yield from _within_a_day(day, [(name, at) for name, at in moments if name != "the Z"])


def _within_a_day(day: Day, moments: list[tuple[str, datetime]]) -> Iterator[Finding]:
    """Receipts far from the day: no device issues one 24 h after the first [romania.md 2.2]."""
    if not moments:
        return
    first = moments[0][1]
    late = [name for name, at in moments if _elapsed(first, at) > DAY]
    if late:
        sentence = f"more than 24 hours after the first receipt: {_some(late)}"
        yield Finding("RECEIPT_AFTER_24_HOURS", place(day, "bon"), sentence)
    closed = day.id or day.totals.id
    if closed is None or closed.at is None:
        return
    old = [name for name, at in moments if _elapsed(at, closed.at) > DAY]
    if old:
        sentence = f"more than 24 hours before the Z: {_some(old)}"
        yield Finding("RECEIPT_BEFORE_24_HOURS", place(day, "bon"), sentence)


def set_back(moments: list[tuple[str, datetime]]) -> list[tuple[str, datetime, datetime]]:
    """Where time runs back, but for once in the hour that is there twice: name, from, to."""
    found, repeated = [], False
    for (_, before), (name, after) in pairwise(moments):
        if after >= before:
            continue
        if not repeated and _is_repeated_hour(before) and _is_repeated_hour(after):
            repeated = True
            continue
        found.append((name, before, after))
    return found


def _is_repeated_hour(at: datetime) -> bool:
    """03:00 to 04:00 on the last Sunday of October [romania.md 2.3]."""
    return at.date() == _last_sunday(at.year, 10) and time(3) <= at.time() < time(4)


def _elapsed(start: datetime, end: datetime) -> timedelta:
    """The time between two moments, an hour less if clocks jumped forward in between (March)."""
    jump = datetime.combine(_last_sunday(end.year, 3), time(3))
    return end - start - (HOUR if start < jump <= end else timedelta())


def _last_sunday(year: int, month: int) -> date:
    last = date(year, month, 31)  # of March and of October
    return last - timedelta(days=(last.weekday() + 1) % 7)


# digits


def _cif(text: str, where: str) -> Iterator[Finding]:
    if not text:
        return
    if text.upper().startswith("RO"):
        yield Finding("CIF_WITH_RO", where, f"{text[:20]!r} carries RO, which is not part of it")
        text = text[2:].strip()
    if not text.isascii() or not text.isdigit():
        yield Finding("CIF_BAD", where, f"{text[:20]!r} is not digits")
    elif not is_tax_id(text):
        yield Finding("TAX_ID_CHECK_DIGIT", where, f"{text[:20]} has a wrong check digit")


def _nui(stamp: Stamp | None, where: str) -> Iterator[Finding]:
    if stamp and not is_nui(stamp.nui):
        sentence = f"the NUI {stamp.nui} has an odd check digit (the rule is second-hand)"
        yield Finding("NUI_CHECK_DIGIT", where, sentence)


def is_nui(text: str) -> bool:
    """Check an NUI by its leading digit, as a third party read it in the validator."""
    rest, sum_ = int(text), 0
    for weight in NUI_WEIGHTS:
        rest, digit = divmod(rest, 10)
        sum_ += digit * weight
        rest += digit >= 5
    return rest - (rest >= 5) == 1 + sum_ % 9


# words


def _some(names: list[str]) -> str:
    more = len(names) - TOLD_MAX
    return ", ".join(names[:TOLD_MAX]) + (f" and {more} more" if more > 0 else "")


def _ranges(numbers: list[int]) -> str:
    """1, 2, 3, 7 is "1-3, 7"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][-1] == number - 1:
            runs[-1][-1] = number
        else:
            runs.append([number, number])
    return _some([f"{first}-{last}" if last > first else str(first) for first, last in runs])
