"""What a command function gets and gives: `Asked` -> `Done`, or `No` raised.

    def feed(asked: Asked) -> Done: ...

`No` has the second digit of the acknowledgement, what was wrong with the command; the first one,
how the device is, is found by the device itself, unless the function knows better.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sandbox.printer.memory import OPERATORS, Document, Memory, ZRecord, padded
from sandbox.printer.paper import Settings
from sandbox.printer_zfp.profiles import Profile

UNKNOWN, NOT_LEGAL, Z_NOT_ZERO, SYNTAX = "1", "2", "3", "4"
TOO_LARGE, ZERO, NOTHING_TO_CORRECT, NOT_ENOUGH_CASH = "5", "6", "7", "8"
CLOCK_WRONG, WRONG_PASSWORD, DAY_BLOCKED, JE_FULL, CONDITIONS = "3", "9", ";", ">", "?"
FACTORY = ("0", "0000")  # passwords: a register's, a printer's


class No(Exception):
    """The device refuses a command."""

    def __init__(self, second: str, *, first: str = "") -> None:
        super().__init__(first + second)
        self.first, self.second = first, second


@dataclass(frozen=True, slots=True)
class Asked:
    text: str
    memory: Memory
    settings: Settings
    profile: Profile
    now: datetime
    documents: Callable[[], list[Document]]  # the electronic journal, oldest first
    records: Callable[[int, int], list[ZRecord]]  # the fiscal memory, by Z

    def fields(self, fewest: int, most: int) -> list[str]:
        values = self.text.split(";") if self.text else []
        if not fewest <= len(values) <= most:
            raise No(SYNTAX)
        return values


@dataclass(frozen=True, slots=True)
class Done:
    """`data` None: an acknowledgement. `lines`: a stream after it."""

    data: str | None = None
    memory: Memory | None = None
    documents: tuple[Document, ...] = ()
    lines: tuple[str, ...] | None = None


Command = Callable[[Asked], Done]


def number(text: str, decimals: int, width: int) -> int:
    """A signed decimal number of at most so many characters, in its smallest unit."""
    shape = re.fullmatch(r"(-?)(\d+)(?:\.(\d+))?", text, re.ASCII)
    if shape is None or len(shape[3] or "") > decimals:
        raise No(SYNTAX)
    if len(text) > width:
        raise No(TOO_LARGE)
    value = int(shape[2] + (shape[3] or "").ljust(decimals, "0"))
    return -value if shape[1] else value


def integer(text: str, low: int, high: int) -> int:
    if re.fullmatch(r"\d{1,9}", text, re.ASCII) is None or not low <= int(text) <= high:
        raise No(SYNTAX)
    return int(text)


def money(value: int) -> str:
    return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02d}"


def need_nothing_open(memory: Memory) -> None:
    if memory.receipt or memory.text:
        raise No(NOT_LEGAL)


def need_operator(asked: Asked, operator: str, password: str) -> int:
    """His own password, or before he has one the shop's, his number or the factory's."""
    index = integer(operator, 1, 20)
    if len(password) != asked.profile.password_width:
        raise No(SYNTAX)
    own = padded(asked.memory.operator_passwords, OPERATORS)[index - 1]
    given = (asked.settings.password, str(index), *FACTORY)
    if password.strip() not in ((own,) if own else given):
        raise No(NOT_LEGAL, first=WRONG_PASSWORD)
    return index


def need_clock(memory: Memory, now: datetime) -> None:
    if now < memory.last_record_at:
        raise No(NOT_LEGAL, first=CLOCK_WRONG)
