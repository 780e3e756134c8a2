"""What a command function gets and gives: `Asked` -> `Done`, or `No` raised.

    def close(asked: Asked) -> Done: ...

A legacy device says no with bits: 0.1 unknown command, 0.0 syntax, 1.0 overflow, 1.1 not permitted,
and where its make has them with an error number (`No.number`, looked up by `No.why` in the make's
table). Some failures are letters in an answer that is otherwise good: those are no `No`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from sandbox.printer.asked import day_is_over
from sandbox.printer.memory import Document, LastDocument, Memory, ZRecord
from sandbox.printer.paper import Settings
from sandbox.printer_isl.makes import Make

SYNTAX, UNKNOWN, OVERFLOW, NOT_NOW = (0, 0), (0, 1), (1, 0), (1, 1)
NUMBER = re.compile(r"([+-]?)(\d{1,9})(?:\.(\d+))?", re.ASCII)


class Why(Enum):
    """What is wrong, where a make has a word for it."""

    OPEN = "a document is open"
    CLOSED = "no receipt is open"
    PAYING = "payment has begun"
    UNPAID = "not fully paid"
    DAY_OVER = "more than 24 hours"
    PASSWORD = "wrong password"
    VAT = "the VAT group is not on"
    CLOCK = "the clock is before the last record"
    OTHER = "something else"


class No(Exception):
    """The device refuses a command."""

    def __init__(self, bit: tuple[int, int] = NOT_NOW, why: Why = Why.OTHER) -> None:
        super().__init__(f"{bit}: {why.value}")
        self.bit, self.why = bit, why


@dataclass(frozen=True, slots=True)
class Reading:
    """Where a reading stands: the lines that are left; when a report to the PC was announced."""

    lines: tuple[str, ...] = ()
    announced_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    text: str
    memory: Memory
    settings: Settings
    make: Make
    now: datetime
    reading: Reading
    last_error: str
    customer: str  # whose tax id the next receipt may print
    documents: Callable[[int, int], list[Document]]  # of the electronic journal, first to last
    records: Callable[[int, int], list[ZRecord]]  # of the fiscal memory, by Z


@dataclass(frozen=True, slots=True)
class Done:
    answer: str = ""
    memory: Memory | None = None
    documents: tuple[Document, ...] = ()
    reading: Reading | None = None
    customer: str | None = None
    rows: tuple[str, ...] = ()  # what Daisy sends row by row before the answer


Command = Callable[[Asked], Done]


def need_nothing_open(memory: Memory) -> None:
    if memory.receipt or memory.text:
        raise No(why=Why.OPEN)


def need_day(asked: Asked) -> None:
    if day_is_over(asked.memory, asked.now):
        raise No(why=Why.DAY_OVER)
    if asked.now < asked.memory.last_record_at:
        raise No(why=Why.CLOCK)


def whole(text: str, low: int, high: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII) or not low <= int(text) <= high:
        raise No(SYNTAX)
    return int(text)


def decimal(text: str, decimals: int) -> int:
    """A signed decimal number, as an integer of its smallest unit."""
    shape = NUMBER.fullmatch(text)
    if shape is None or len(shape[3] or "") > decimals:
        raise No(SYNTAX)
    value = int(shape[2] + (shape[3] or "").ljust(decimals, "0"))
    return -value if shape[1] == "-" else value


def with_document(memory: Memory, document: Document) -> Memory:
    """The same, after a document came out that is no receipt; 76 goes on telling the receipt."""
    at = max(memory.last_record_at, document.at)
    return replace(memory, slip=document.slip, last_record_at=at)


def worth_nothing(memory: Memory) -> Memory:
    """The same, after a receipt was cancelled: 76 tells 0."""
    return replace(memory, last_document=LastDocument(memory.last_document.slip))
