"""What every legacy ISL device says of itself, and the proof of what it did.

A family is a subclass of `IslPrinter` with a table of dialects (`dialect.py`) and what it reads
in its own way: who it is, its counters, its last Z report, its JE. The proof of a receipt are the
device's own counters: 113 every document, the family's count of fiscal receipts, 76 what is open
and what the last receipt was worth [datecs.md 7]. 48 and 56 answer with counts of the day, of which
nothing is concluded.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from typing import ClassVar

from drivers.archive import NoArchive
from drivers.base import Operator, unheeded
from drivers.clock import Clock
from drivers.day_reports import group_totals
from drivers.errors import ContactLost, NotStarted, Refused
from drivers.isl.dialect import Dialect
from drivers.isl.fields import (
    bani,
    device_time,
    drawer_sums,
    z_record,
)
from drivers.isl.talk import (
    FISCAL_OPEN,
    NONFISCAL_OPEN,
    IslTalk,
    fields_of,
)
from drivers.je import AskedAgain, DocumentKind, Found, JeDocument, look_for
from drivers.link import Link
from drivers.model import (
    Bani,
    Counters,
    DayRegisters,
    DeviceTime,
    Drawer,
    FiscalResult,
    GroupTotal,
    Identity,
    Observation,
    OpenReceipt,
    Payment,
    Problem,
    Receipt,
    Report,
    VatRate,
)
from drivers.no_service import NoService
from drivers.receipt_check import receipt_problems
from drivers.recognise import need_family, open_as
from drivers.status import DeviceStatus
from drivers.transport import Transport
from drivers.undone import Undone
from drivers.upkeep import Upkeep
from protocol.errors import ReplyError
from protocol.exchange import Request
from protocol.fields import integer
from protocol.text import ASCII, from_device

READ_CLOCK, LAST_Z, DAY_TOTALS, RECORDS_LEFT, CASH = 62, 64, 65, 68, 70
STATUS, IN_PROGRESS, LAST_RECORD, DIAGNOSTICS, TAX_NUMBER = 74, 76, 86, 90, 99
DAY_PAYMENTS, LAST_DOCUMENT = 110, 113

JE_DOCUMENTS_MAX = 8
UNREADABLE = (ReplyError, ValueError, IndexError)  # a JE that is written otherwise than we think


class IslReads(ABC):
    """One legacy ISL device, as far as it is only asked; a family says the rest."""

    dialects: ClassVar[dict[str, Dialect]]  # the first is the one of an empty name

    def __init__(
        self, transport: Transport, clock: Clock, operator: Operator, *, dialect: str = ""
    ) -> None:
        self.dialect = self.dialects[dialect or next(iter(self.dialects))]
        self.capabilities = self.dialect.capabilities
        self.dialect_is_sure = False
        self.service = NoService()
        self._link = Link(transport, self.dialect.wire, clock)
        self._talk = IslTalk(self._link, self.dialect.refusals)
        self.archive = self._archive()
        self._archive_of = ""  # the serial of the device that it has read
        self.operator = operator
        self.paying = unheeded
        self._table: dict[str, VatRate | None] = {}
        self._z_number: int | None = None  # the last Z when the counters were read
        self._closing: Report | None = None  # the day, as it was read before its Z report
        self._before_z = 0  # the last document then
        self._undone = Undone()
        self._again = AskedAgain()
        self._counted = (-1, 0)  # what had acted when the counters were read, and the documents

    @property
    def sequence(self) -> int | None:
        return self._link.sequence

    def open(self, *, last_sequence: int | None) -> Identity:
        probe = Request(STATUS, self.dialect.status_data.encode("ascii"), repeatable=True)
        self._talk.code_page = self.dialect.wire_page or self._page
        open_as(self._family, self._link, probe, last_sequence=last_sequence)
        try:
            self._need_own_family()
        except NotStarted:
            self.close()
            raise
        self._table = self._read_rates()
        identity = self.identity()
        if identity.fiscal_serial != self._archive_of:
            self.archive.forget()
        self._archive_of = identity.fiscal_serial
        return identity

    def close(self) -> None:
        self._link.close()

    @property
    def _family(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    def _need_own_family(self) -> None:
        """74 is the same for all makes; without this, some would open and count another's numbers.

        Raises:
            NotStarted: it is surely another make.
        """
        with suppress(Refused):  # it says not who it is: so it will be told by identity
            told = from_device(self._talk.ask(DIAGNOSTICS, "1").data)
            need_family(self._family, told, self._link.transport.name)

    # what a family says for itself

    @abstractmethod
    def _identity(self, fields: list[str]) -> Identity:
        """Read the answer to 90, without the tax id."""
        ...

    def _tax_id(self, fields: list[str]) -> str:
        return fields[0]

    def _serial(self) -> str:
        return self._talk.read(DIAGNOSTICS, "1", self._identity).fiscal_serial

    @abstractmethod
    def _counts(self) -> tuple[int, int]:
        """Read the number of the last Z report and the count of fiscal receipts."""
        ...

    def _receipt_time(self) -> str:
        """When the last receipt was closed; "" where the device does not tell it."""
        return ""

    def _open_text(self, receipt: Receipt) -> str:
        """What follows the command that opens a receipt."""
        who = self.operator
        return f"{who.number},{who.password},{who.till}"

    def _read_rates(self) -> dict[str, VatRate | None]:
        return self._talk.read(self.dialect.rates, "", self.dialect.vat_table)

    def _archive(self) -> NoArchive:
        """How its past is read; here not at all."""
        return NoArchive()

    def _je(self, of: DocumentKind, since: Counters, last: int) -> Iterator[JeDocument] | None:
        """Read the documents after `since` from the electronic journal; None: it has none."""
        return None

    # what changes nothing

    def identity(self) -> Identity:
        tax_id = self._talk.read(TAX_NUMBER, "", self._tax_id).strip()
        return replace(self._talk.read(DIAGNOSTICS, "1", self._identity), tax_id=tax_id)

    def status(self) -> DeviceStatus:
        raw = self._talk.ask(STATUS, self.dialect.status_data).status
        is_open, fiscalised = bool(raw[2] & (FISCAL_OPEN | NONFISCAL_OPEN)), bool(raw[5] & 0x08)
        error = self._talk.error_of(raw)
        return DeviceStatus(raw, self.dialect.status_bits, is_open, fiscalised, error)

    def counters(self, *, with_cash: bool = False) -> Counters:
        serial = self._serial()
        documents = self._documents()
        z_number, receipts = self._counts()
        cash = self.drawer() if with_cash else None
        if documents != self._documents():  # every document moves it
            raise ContactLost("somebody printed while the counters were read")
        self._counted, self._z_number = (self._talk.acted, documents), z_number
        moved = (cash.paid_in, cash.paid_out) if cash else (None, None)
        return Counters(serial, z_number, receipts, documents, *moved)

    def vat_rates(self) -> dict[str, VatRate]:
        self._table = self._read_rates()
        return self._rates

    def columns(self) -> int:
        return self.dialect.columns

    def clock(self) -> DeviceTime:
        return device_time(self._talk.read(READ_CLOCK, "", lambda fields: fields[0]))

    def last_record_at(self) -> DeviceTime:
        if self.dialect.tells_last_record:
            return device_time(self._talk.read(LAST_RECORD, "T", lambda fields: fields[0]))
        try:
            return device_time(self._talk.read(LAST_Z, "", lambda fields: z_record(fields)[-1]))
        except Refused:
            return DeviceTime("", None)

    def day_is_open(self) -> bool:
        return any(self._day_sums().values())

    def day_totals(self) -> Report:
        serial, sums = self._serial(), self._day_sums()
        paid: tuple[Payment, ...] = ()
        with suppress(Refused):  # a day is closed also by a device that does not tell it
            paid = self._talk.read(self.dialect.paid, "", self._paid)
        number = self._counts()[0] + 1  # the Z report that will close the day
        return Report(number, serial, self._groups(sums), paid, self.clock().text)

    def day_registers(self) -> DayRegisters | None:
        return None  # nobody has written down what it would answer

    def drawer(self) -> Drawer:
        return self._talk.read(CASH, self.dialect.cash_query, drawer_sums)

    def upkeep(self) -> Upkeep:
        left: int | None = None
        with suppress(Refused):
            left = self._talk.read(RECORDS_LEFT, "", lambda fields: integer(fields[0]))
        rates = frozenset(self.vat_rates().values())
        return Upkeep(self.clock(), rates, self.day_is_open(), z_reports_left=left)

    def last_z_report(self) -> Report:
        serial = self._serial()

        def read(fields: list[str]) -> Report:
            number, *sums = z_record(fields)
            return Report(
                integer(number), serial, self._groups(self._by_letter(sums[:-1])), (), sums[-1]
            )

        return self._talk.read(LAST_Z, "", read)

    def last_receipt(self, total: Bani | None) -> FiscalResult:
        try:
            at = self._receipt_time()
        except (Refused, *UNREADABLE):
            at = ""
        return self._result(total, at)

    def _result(self, total: Bani | None, at: str) -> FiscalResult:
        now = self.counters()
        day = now.z_number + 1  # the Z report that will hold it
        count, number = now.receipt_count, now.document_number
        return FiscalResult(count, number, day, now.fiscal_serial, at, total)

    def check(self, receipt: Receipt) -> list[Problem]:
        problems = receipt_problems(
            receipt, self.capabilities, frozenset(self.vat_rates().values())
        )
        if receipt.customer_tax_id and not self.dialect.with_customer:
            sentence = "this device has no known way to print the buyer's tax id"
            problems.append(Problem("customer_tax_id", "UNSUPPORTED", sentence))
        return problems

    def observe(
        self, *, since: Counters, reference: str, of: DocumentKind = DocumentKind.RECEIPT
    ) -> Observation:
        now = self.counters(with_cash=since.paid_in is not None)
        total, paid, open_ = self._in_progress()
        if open_ & NONFISCAL_OPEN:
            return Observation(now, slip_open=True)
        if open_ & FISCAL_OPEN:
            number = now.document_number + (not self.dialect.counts_at_open)
            return Observation(now, OpenReceipt(number, total, paid))
        found, trace = self._find(reference, of, since, now.document_number)
        return Observation(now, None, total, found, trace)

    # how it is read

    def _in_progress(self) -> tuple[Bani, Bani, int]:
        """76: what the open receipt, else the last one, comes to; what is paid; status byte 2."""
        reply = self._talk.ask(IN_PROGRESS, "T")
        fields = [*fields_of(reply), "0", "0", "0"]  # what is paid may be left out
        return bani(fields[2]), bani(fields[3]), reply.status[2]

    def _documents(self) -> int:
        return self._talk.read(LAST_DOCUMENT, "", lambda fields: integer(fields[0]))

    def _day_sums(self) -> dict[str, Bani]:
        return self._talk.read(DAY_TOTALS, "", self._by_letter)

    def _by_letter(self, sums: list[str]) -> dict[str, Bani]:
        letters = self.dialect.sum_letters or self.dialect.letters
        return dict(zip(letters, map(bani, sums), strict=False))

    def _paid(self, fields: list[str]) -> tuple[Payment, ...]:
        """110: the sums by kind of payment, without the numbers behind them."""
        told = fields[: len(fields) - self.dialect.paid_ends]
        sums = zip(self.dialect.payment_order, told, strict=False)
        paid = ((kind, bani(text)) for kind, text in sums if kind)
        return tuple(Payment(kind, sum_) for kind, sum_ in paid if sum_)

    def _groups(self, sums: dict[str, Bani]) -> tuple[GroupTotal, ...]:
        return group_totals(sums.items(), self._table)

    def _find(self, reference: str, of: DocumentKind, since: Counters, last: int) -> Found:
        """Look for our reference in the documents since; None: they could not all be read.

        Raises:
            ContactLost: no answer: not this time.
        """
        if self._undone.is_cut_short(reference):
            return False, None
        many = last - since.document_number > JE_DOCUMENTS_MAX
        if not reference or many or of is DocumentKind.COPY:
            return None, None

        def find() -> Found:
            documents = self._je(of, since, last)
            return (None, None) if documents is None else look_for(reference, documents)

        try:
            return self._again.ask(reference, find)
        except (Refused, *UNREADABLE):
            return None, None

    @property
    def _page(self) -> str:
        return ASCII if self.dialect.wire_page else self.capabilities.code_page

    @property
    def _rates(self) -> dict[str, VatRate]:
        return {letter: rate for letter, rate in self._table.items() if rate is not None}
