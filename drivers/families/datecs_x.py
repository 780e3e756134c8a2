r"""Datecs X series, Romanian dialect: DP-25X/MX, DP-150X/MX, FP-700X/MX, WP-50MX, DP-05 and others.

Wire: `protocol/datecs_x.py`. Manual: X v2.08 (Bulgarian); Romania after the field names of the
Romanian DUDE driver [datecs.md 4]. A parameter is followed by TAB, also the last; an answer begins
with its error code, 0 or negative, whatever the status bits say.

Not used: 128 brings the signed daily files, says one program; the form of its dates it does not.

Unverified on hardware: 48 prints the buyer's CUI for Invoice "I"; 255 nZreport is the last Z made,
nFBon counts fiscal receipts for ever, nBon all documents; 76 after a close still shows that
receipt; the JE (125) numbers documents like nBon; payment modes 3..9; amounts above 9,999,999.99.
"""

from datetime import datetime

from drivers.base import Operator, unheeded
from drivers.capabilities import Capabilities, Feature
from drivers.clock import Clock
from drivers.datecs_x.archive import DatecsArchive
from drivers.datecs_x.codes import DEVICE_INFO, READ_CLOCK
from drivers.datecs_x.fields import (
    CLOSED,
    MODES,
    NONFISCAL,
    adjustment_fields,
    bani,
    clock_text,
    device_time,
    drawer_sums,
    in_progress,
    sale_fields,
    slip_number,
    vat_table,
)
from drivers.datecs_x.je import DatecsJe
from drivers.datecs_x.reports import DatecsReports
from drivers.datecs_x.service import DatecsService
from drivers.datecs_x.talk import DatecsTalk
from drivers.datecs_x.upkeep import DatecsUpkeep
from drivers.errors import ContactLost, Refused
from drivers.faults import Fault
from drivers.je import REFERENCE, DocumentKind
from drivers.link import Link
from drivers.model import (
    Bani,
    BarcodeKind,
    CashMovement,
    Counters,
    DayRegisters,
    DeviceTime,
    Drawer,
    FiscalResult,
    Identity,
    Observation,
    OpenReceipt,
    PaymentKind,
    Problem,
    Receipt,
    Report,
    Slip,
    VatRate,
)
from drivers.receipt_check import receipt_problems
from drivers.recognise import open_as
from drivers.status import DeviceStatus, load_status_bits
from drivers.transport import Transport
from drivers.upkeep import Upkeep
from protocol.datecs_x import DATECS_X
from protocol.exchange import Request
from protocol.fields import integer, money, split_tabbed
from protocol.isl_exchange import MONEY
from protocol.text import from_device, wrapped

OPEN_NONFISCAL, CLOSE_NONFISCAL, NONFISCAL_TEXT = 38, 39, 42
OPEN_RECEIPT, SALE, SUBTOTAL, PAYMENT, TEXT, CLOSE_RECEIPT, CANCEL = 48, 49, 51, 53, 54, 56, 60
VAT_RATES, SET_CLOCK, CASH = 50, 61, 70
STATUS, IN_PROGRESS, BARCODE, DIAGNOSTICS, DRAWER, DUPLICATE = 74, 76, 84, 90, 106, 109

NAME_LENGTH_MAX, COLUMNS_MIN = 72, 32
DRAWER_PULSE_MS = 50
BARCODES = {kind: str(code) for code, kind in enumerate(BarcodeKind, start=1)}  # Type of 84
STATUS_BITS = load_status_bits("datecs_x_status.csv")


class DatecsX:
    """One Datecs device."""

    dialect_is_sure = False
    capabilities = Capabilities(
        name_length_max=NAME_LENGTH_MAX,
        name_lines_max=3,
        lines_max=500,
        payment_kinds=frozenset(PaymentKind) - {PaymentKind.FOREIGN},  # it needs a rate
        # no such commands in Romania
        features=frozenset(Feature) - {Feature.REVERSAL, Feature.P7B},
    )

    def __init__(self, transport: Transport, clock: Clock, operator: Operator) -> None:
        self._link = Link(transport, DATECS_X, clock)
        self._talk = DatecsTalk(self._link)
        self._je = DatecsJe(self._talk)
        self._reports = DatecsReports(self._talk)
        self._upkeep = DatecsUpkeep(self._talk)
        self.service = DatecsService(self._talk)
        self.archive = DatecsArchive(self._talk)
        self.operator = operator
        self.paying = unheeded
        self._table: dict[str, VatRate | None] = {}
        self._width: int | None = None
        self._z_number: int | None = None  # as the counters said when they were read
        self._next_slip = (-1, 0)  # what had acted when the counters were read, what comes next

    @property
    def sequence(self) -> int | None:
        return self._link.sequence

    def open(self, *, last_sequence: int | None) -> Identity:
        probe = Request(STATUS, repeatable=True)
        open_as("datecs_x", self._link, probe, last_sequence=last_sequence)
        self._table = self._talk.read(VAT_RATES, read=vat_table)
        self._width = None
        self.archive.forget()
        self._talk.code_page = self.capabilities.code_page
        return self.identity()

    def close(self) -> None:
        self._link.close()

    def identity(self) -> Identity:
        info = self._talk.read(DEVICE_INFO, 1, read=lambda f: (f[0], f[1], f[4]))
        text = from_device(self._talk.ask(DIAGNOSTICS, b"1\t").data)
        # some firmwares answer with commas and no error code
        fields = split_tabbed(text)[1:] if "\t" in text else text.split(",")
        model, firmware = (*fields, "", "")[:2]
        return Identity(model, firmware, *info)

    def status(self) -> DeviceStatus:
        raw = self._talk.ask(STATUS).status
        return DeviceStatus(raw, STATUS_BITS, bool(raw[2] & 0x28), bool(raw[5] & 0x08))

    def counters(self, *, with_cash: bool = False) -> Counters:
        serial = self._talk.read(DEVICE_INFO, 1, read=lambda fields: fields[0])
        names = ("nBon", "nZreport", "nFBon")
        documents, z_number, receipts = (self._count(name) for name in names)
        cash = self.drawer() if with_cash else None
        if documents != self._count("nBon"):  # every document moves it
            raise ContactLost("somebody printed while the counters were read")
        self._next_slip, self._z_number = (self._talk.acted, documents + 1), z_number
        moved = (cash.paid_in, cash.paid_out) if cash else (None, None)
        return Counters(serial, z_number, receipts, documents, *moved)

    def vat_rates(self) -> dict[str, VatRate]:
        self._table = self._talk.read(VAT_RATES, read=vat_table)
        return self._rates

    def columns(self) -> int:
        return self._count("PrintColumns")

    def clock(self) -> DeviceTime:
        return self._talk.read(READ_CLOCK, read=lambda fields: device_time(fields[0]))

    def last_record_at(self) -> DeviceTime:
        return self._upkeep.last_record_at()

    def day_is_open(self) -> bool:
        return self._upkeep.day_is_open()

    def upkeep(self) -> Upkeep:
        return self._upkeep.read(frozenset(self.vat_rates().values()))

    def set_clock(self, moment: datetime, *, summer: bool) -> None:
        try:
            self._talk.do(SET_CLOCK, clock_text(moment, summer=summer))
        except Refused as error:
            if error.fault is not Fault.CLOCK_NOT_SET:
                raise
            # before a record that no one can ask for: waiting does not cure it
            code = error.device_code
            raise Refused(Fault.BAD_REQUEST, device_code=code, doing="set_clock") from error

    def day_totals(self) -> Report:
        return self._reports.open_day(self._table)

    def day_registers(self) -> DayRegisters | None:
        return self._reports.registers(self._table)

    def drawer(self) -> Drawer:
        return self._talk.read(CASH, 0, money(0), read=drawer_sums)

    def last_z_report(self) -> Report:
        return self._reports.last_z(self._table)

    def last_receipt(self, total: Bani | None) -> FiscalResult:
        number, issued_at = self._talk.read(DEVICE_INFO, 3, read=lambda f: (integer(f[0]), f[1]))
        now = self.counters()
        day = now.z_number + 1  # the Z report that will hold it
        return FiscalResult(number, now.document_number, day, now.fiscal_serial, issued_at, total)

    def observe(
        self, *, since: Counters, reference: str, of: DocumentKind = DocumentKind.RECEIPT
    ) -> Observation:
        counters = self.counters(with_cash=since.paid_in is not None)
        is_open, number, total, paid = self._talk.read(IN_PROGRESS, read=in_progress)
        if is_open == NONFISCAL:
            return Observation(counters, slip_open=True)
        if is_open != CLOSED:
            return Observation(counters, OpenReceipt(number, total, paid))
        new = range(since.document_number + 1, counters.document_number + 1)
        unnamed = self._je.unnamed(new) if of is DocumentKind.COPY else None
        found, trace = self._je.find(reference, new, of)
        return Observation(counters, None, total, found, trace, unnamed_documents=unnamed)

    def check(self, receipt: Receipt) -> list[Problem]:
        rates = frozenset(self.vat_rates().values())
        return receipt_problems(receipt, self.capabilities, rates)

    def issue_receipt(self, receipt: Receipt) -> FiscalResult:
        self._open_and_sell(receipt)
        self.paying()
        return self.complete_receipt(receipt, payments_done=0)

    def _open_and_sell(self, receipt: Receipt) -> None:
        operator, cui, repeats = self.operator, receipt.customer_tax_id, self._link.repeats
        who = (operator.number, operator.password, operator.till, "I" if cui else "", cui)
        counted_at, expected = self._next_slip
        known = counted_at == self._talk.acted
        opened = self._talk.do(OPEN_RECEIPT, *who, repeatable=True, read=slip_number)
        if known and opened not in (None, expected):
            raise ContactLost(f"our document is {opened}, it should be {expected}")
        self._sell(receipt)
        if (subtotal := self._subtotal()) != receipt.total:
            if self._link.repeats != repeats:  # a line stands there twice: that is no difference
                raise ContactLost("the device forgot what it had answered: total differs")
            code = f"{money(subtotal)} instead of {money(receipt.total)}"
            raise Refused(Fault.TOTAL_MISMATCH, device_code=code, doing="subtotal")

    def complete_receipt(self, receipt: Receipt, *, payments_done: int) -> FiscalResult:
        for payment in receipt.payments[payments_done:]:
            self._talk.do(PAYMENT, MODES[payment.kind], money(payment.amount), budget=MONEY)
        closed = self._talk.do(CLOSE_RECEIPT, budget=MONEY, read=slip_number)
        result = self.last_receipt(receipt.total)
        if closed not in (None, result.document_number):
            raise ContactLost(f"document {result.document_number} came after our {closed}")
        return result

    def cancel_receipt(self) -> None:
        self._talk.do(CANCEL, budget=MONEY)

    def x_report(self) -> Report:
        return self._reports.x_report(self._table)

    def z_report(self) -> Report:
        return self._reports.z_report(self._table, after=self._z_number)

    def move_cash(self, movement: CashMovement) -> Drawer:
        type_, amount = (1, movement.paid_out) if movement.paid_out else (0, movement.paid_in)
        return self._talk.do(CASH, type_, money(amount), budget=MONEY, read=drawer_sums)

    def print_slip(self, slip: Slip) -> int | None:
        self._talk.do(OPEN_NONFISCAL)
        for text in slip.texts:
            for piece in self._pieces(text):
                self._talk.do(NONFISCAL_TEXT, piece, 0, 0, 0, 0, 0)
        if slip.reference:
            self._talk.do(NONFISCAL_TEXT, f"{REFERENCE}{slip.reference}", 0, 0, 0, 0, 1)
        return self._talk.do(CLOSE_NONFISCAL, budget=MONEY, read=slip_number)

    def close_slip(self) -> None:
        self._talk.do(CLOSE_NONFISCAL, budget=MONEY)

    def print_duplicate(self) -> None:
        self._talk.do(DUPLICATE, budget=MONEY)

    def open_drawer(self) -> None:
        self._talk.do(DRAWER, DRAWER_PULSE_MS)

    def _sell(self, receipt: Receipt) -> None:
        """All that a receipt says before it is paid; a repeat of it shows in the subtotal."""
        letters = {rate: letter for letter, rate in reversed(self._rates.items())}
        self._texts(receipt.texts_above)
        for line in receipt.lines:
            name, *more = wrapped(line.name, NAME_LENGTH_MAX, self._talk.code_page)
            sold = sale_fields(line, name, letters[line.vat_rate])
            self._talk.do(SALE, *sold, repeatable=True)
            self._texts(tuple(more))
        if receipt.adjustment:
            self._talk.do(SUBTOTAL, 1, 0, *adjustment_fields(receipt.adjustment))
        self._texts(receipt.texts_below)
        if receipt.barcode:
            self._talk.do(BARCODE, BARCODES[receipt.barcode.kind], receipt.barcode.data)
        self._talk.do(TEXT, f"{REFERENCE}{receipt.reference}", 0, 0, 0, 0, 1, repeatable=True)

    def _texts(self, texts: tuple[str, ...]) -> None:
        for text in texts:
            for piece in self._pieces(text):
                self._talk.do(TEXT, piece, 0, 0, 0, 0, 0, repeatable=True)

    def _pieces(self, text: str) -> tuple[str, ...]:
        """Break a text to the device's lines, two less than its columns [datecs.md 8]."""
        if len(text) > COLUMNS_MIN - 2 and self._width is None:
            self._width = self.columns() - 2
        return wrapped(text, self._width or COLUMNS_MIN - 2, self._talk.code_page)

    def _subtotal(self) -> Bani:
        try:
            return self._talk.read(SUBTOTAL, 0, 0, "", "", read=lambda fields: bani(fields[1]))
        except Refused as error:
            if error.fault is not Fault.PAYMENT_STARTED:
                raise
        # One firmware refuses a subtotal just before payment [datecs.md 4.2]; 76 knows it too.
        return self._talk.read(IN_PROGRESS, read=in_progress)[2]

    def _count(self, variable: str) -> int:
        return self._talk.variable(variable, read=integer)

    @property
    def _rates(self) -> dict[str, VatRate]:
        return {letter: rate for letter, rate in self._table.items() if rate is not None}


DRIVER = DatecsX
