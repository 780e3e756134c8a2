"""What the signed files of a month must agree with: each other [romania.md 3.6].

    register  NUI, month, Z 411..436
       |          every Z there, each once, none outside; one NUI, one month
    days      Z 411, 412, ... 436      the clock does not run back from one to the next

A set is of one device and one month: what two devices have in common is nothing. Pure.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from agent.archive.signed.day_rules import set_back
from agent.archive.sorts import Finding

Z_TOLD_MAX = 40  # a month has 31


@dataclass(frozen=True, slots=True)
class Member:
    """One file of a set, as far as the others care. A register says a range, a day one Z."""

    name: str
    nui: str
    z_first: int | None
    z_last: int | None
    period: str | None  # "2026-10"
    made_at: datetime | None


def of_set(register: Member | None, days: Sequence[Member]) -> list[Finding]:
    """Hold the files of a month against each other."""
    findings = [*_owners(register, days), *_months(register, days), *_clock(days)]
    if register is None:
        findings.append(Finding("REGISTER_MISSING", "set", "the register of the month is missing"))
    if not days:
        findings.append(Finding("DAYS_MISSING", "set", "there is not one day"))
    return [*findings, *_numbers(register, days)]


def _owners(register: Member | None, days: Sequence[Member]) -> Iterator[Finding]:
    members = [*([register] if register else []), *days]
    for member in members:
        if member.nui != members[0].nui:
            sentence = f"it is of the device {member.nui}, not of {members[0].nui}"
            yield Finding("NUI_DIFFERS", member.name, sentence)


def _months(register: Member | None, days: Sequence[Member]) -> Iterator[Finding]:
    told = register.period if register else None
    months = Counter(day.period for day in days if day.period)
    expected = told or (months.most_common(1)[0][0] if months else None)
    for day in days:
        if day.period and expected and day.period != expected:
            sentence = f"it is of {day.period}, the others are of {expected}"
            yield Finding("MONTH_DIFFERS", day.name, sentence)


def _numbers(register: Member | None, days: Sequence[Member]) -> Iterator[Finding]:
    found = Counter(day.z_first for day in days if day.z_first is not None)
    for z_number, count in sorted(found.items()):
        if count > 1:
            names = ", ".join(day.name for day in days if day.z_first == z_number)
            sentence = f"it is there {count} times: {names[:200]}"
            yield Finding("Z_TWICE", f"Z {z_number}", sentence)
    first, last = _range(register, [*found])
    if first is None or last is None:
        return
    for z_number in sorted(found):
        if not first <= z_number <= last:
            sentence = f"it is outside of the register, which has {first} to {last}"
            yield Finding("Z_OUTSIDE_REGISTER", f"Z {z_number}", sentence)
    missing = [z_number for z_number in range(first, last + 1) if z_number not in found]
    for z_number in missing[:Z_TOLD_MAX]:
        yield Finding("Z_MISSING", f"Z {z_number}", "its signed day is missing")
    if more := missing[Z_TOLD_MAX:]:
        sentence = f"{len(more)} more are missing, to Z {more[-1]}"
        yield Finding("Z_MISSING", f"Z {more[0]}", sentence)


def _range(register: Member | None, found: list[int]) -> tuple[int | None, int | None]:
    if register is not None:
        return register.z_first, register.z_last
    return (min(found), max(found)) if found else (None, None)


def _clock(days: Sequence[Member]) -> Iterator[Finding]:
    """A later Z with an earlier moment. Days of another device are not compared."""
    for nui in sorted({day.nui for day in days}):
        mine = sorted(
            (day.z_first, day.made_at)
            for day in days
            if day.nui == nui and day.z_first is not None and day.made_at is not None
        )
        for name, before, after in set_back([(f"Z {number}", at) for number, at in mine]):
            sentence = f"the clock went back from {before} to {after}"
            yield Finding("CLOCK_SET_BACK", name, sentence)
