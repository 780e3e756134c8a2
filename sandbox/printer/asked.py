"""What a command function gets and gives: `Asked` -> `Done`, or `Refusal` raised.

    def feed(asked: Asked) -> Done: ...

`Done.memory` is the device's memory after the command (None: as before), `Done.documents` are the
documents completed by it. A function decides and draws; it writes nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from sandbox.printer.fields import Fields, Refusal
from sandbox.printer.memory import OPERATORS, Document, LastDocument, Memory, ZRecord, padded
from sandbox.printer.paper import Settings

NO_RECEIPT_OPEN = -111016
FISCAL_OPEN = -111015
NON_FISCAL_OPEN = -111046
NOT_PERMITTED = -112002
CLOCK_BEFORE_RECORD = -111077
DAY_OVER = -111024
NEED_Z = -104000
WRONG_PASSWORD = -102002
DAY_S = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Reading:
    """Where command 125 stands in a document of the JE, or 94 and 95 in a report of the MF."""

    text: tuple[str, ...]
    next_line: int = 0


@dataclass(frozen=True, slots=True)
class Loading:
    """The logo as far as command 202 has brought it. A power cut forgets it."""

    begun: bool = False
    data: bytes = b""


class Archive(Protocol):
    """The electronic journal by slip number, and the fiscal memory by Z, both oldest first."""

    def document(self, slip: int) -> Document | None: ...

    def last_document(self) -> Document | None: ...

    def span(
        self,
        kinds: tuple[str, ...],
        start: datetime | None,
        end: datetime | None,
        *,
        with_customer: bool,
    ) -> tuple[Document, Document] | None:
        """First and last document of these kinds in this time."""

    def records(self, first: int, last: int) -> list[ZRecord]: ...

    def records_between(self, start: datetime, end: datetime) -> list[ZRecord]: ...


@dataclass(frozen=True, slots=True)
class Asked:
    fields: Fields
    memory: Memory
    settings: Settings
    now: datetime
    status: bytes
    reading: Reading | None
    archive: Archive
    report: Reading | None = None
    loading: Loading = Loading()


@dataclass(frozen=True, slots=True)
class Done:
    values: tuple[object, ...] = ()
    memory: Memory | None = None
    documents: tuple[Document, ...] = ()
    raw: bytes | None = None  # the whole answer where it has no error code
    reading: Reading | None = None
    report: Reading | None = None
    loading: Loading | None = None


Command = Callable[[Asked], Done]


def day_is_over(memory: Memory, now: datetime) -> bool:
    """More than 24 h have passed since the first receipt of the fiscal day."""
    first = memory.day.first_receipt_at
    return first is not None and (now - first).total_seconds() > DAY_S


def need_nothing_open(memory: Memory) -> None:
    if memory.receipt:
        raise Refusal(FISCAL_OPEN)
    if memory.text:
        raise Refusal(NON_FISCAL_OPEN)


def need_closed_day(memory: Memory) -> None:
    """Nothing open, and no receipt since the last Z report."""
    need_nothing_open(memory)
    if memory.day.receipts:
        raise Refusal(NEED_Z)


def passwords(memory: Memory, settings: Settings, operator: int) -> tuple[str, ...]:
    """What lets an operator in: his own password, or before he has one either of the two."""
    own = padded(memory.operator_passwords, OPERATORS)[operator - 1]
    return (own,) if own else (settings.password, str(operator))


def need_password(asked: Asked, operator: int, password: str) -> None:
    if password not in passwords(asked.memory, asked.settings, operator):
        raise Refusal(WRONG_PASSWORD)


def need_clock(memory: Memory, now: datetime) -> None:
    if now < memory.last_record_at:
        raise Refusal(CLOCK_BEFORE_RECORD)


def with_paper(memory: Memory, lines: tuple[str, ...]) -> Memory:
    """The same, with more lines printed on the document that is open, if any."""
    if memory.receipt:
        return replace(
            memory, receipt=replace(memory.receipt, paper=(*memory.receipt.paper, *lines))
        )
    if memory.text:
        return replace(memory, text=replace(memory.text, paper=(*memory.text.paper, *lines)))
    return memory


def with_document(memory: Memory, document: Document) -> Memory:
    """The same, after a document that is not a receipt came out."""
    last = LastDocument(document.slip, 0, document.total_bani, 0)
    at = max(memory.last_record_at, document.at)
    return replace(memory, slip=document.slip, last_document=last, last_record_at=at)


def slip_answer(memory: Memory, slip: int) -> tuple[object, ...]:
    """SlipNumber, nZreport, nFMnumber."""
    return (slip, memory.z_now, memory.fiscal_memory_number)
