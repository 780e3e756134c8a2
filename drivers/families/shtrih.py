"""Shtrih-M, which the cloud calls mfje: English manual 1.10 of 2007, programs and logs.

Wire: `protocol/shtrih.py`; dialects are tables in `shtrih/dialects.py`. The password is the
operator: 30, the system administrator, may do all, also reports (29) and the reading of VAT rates.

Quirks. 85 pays and closes in one: a receipt is open and unpaid, or closed. It has four payments,
cash and what table 5 names, each told once as a sum, and four VAT groups, A to D. Discounts are
amounts on a VAT group; a percentage is counted here. Free lines outside of a receipt are no
document: a slip can never be proved. 50 (still printing) and 58 (wait for B0 after paper) say that
nothing was begun, so the request is given again. The counter is 148, sales for ever; what else came
is counted by 152 and 157, cancelled receipts. Nothing tells the totals of a Z that is made.

Unverified on hardware: all of it; no Romanian device, manual or session is public. Above all that
148 counts every closed sale and nothing else and 152 every other document, what they do after 9999,
whether 157 begins anew after a Z, the registers 209 to 221 and 193 to 205 as the day's sums and 241
to 243 as the drawer's, 88 to 100 as the last receipt's once it is closed, the rates in table 6 and
the names in table 5, the order of void and discount (a void goes first and then what undoes its
discount; where the VAT group has too little for that, the other way round, and the discount is
undone beside another article), the digits of the fiscal serial (the number in 11, here with seven),
a fiscalised device (one with fiscalisations or an owner's number), cover and paper flags, whether
it rounds lines as we do (the subtotal is compared), and what a repeated number does on the second
wire, and that a device without 8D refuses it with 37, and one with it a sale without it with 55.
With `by_sale` the texts above the lines are printed before the first sale opens the receipt: they
may come out as loose lines before it. No known command prints a barcode, a storno or the buyer's
tax id.
"""

from dataclasses import replace
from datetime import datetime

from drivers.base import Operator, unheeded
from drivers.capabilities import Capabilities, Feature, Told
from drivers.clock import Clock
from drivers.errors import ContactLost, Refused
from drivers.faults import Fault
from drivers.je import REFERENCE, DocumentKind
from drivers.link import Link
from drivers.model import (
    Bani,
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
from drivers.payment_names import kind_of
from drivers.receipt_check import receipt_problems
from drivers.recognise import open_as
from drivers.shtrih.archive import ShtrihArchive
from drivers.shtrih.clock import ShtrihClock
from drivers.shtrih.dialects import DIALECTS
from drivers.shtrih.fields import (
    COLUMNS,
    DAY_CLOSED,
    GROUPS,
    MONEY_WIDTH,
    NAME_MAX,
    RECEIPT_OPEN,
    SHORT_SIZE,
    close_fields,
    condition_bits,
    group_numbers,
    model_name,
    rate_of,
    serial_text,
    text_of,
)
from drivers.shtrih.reports import ShtrihReports
from drivers.shtrih.selling import ShtrihSelling
from drivers.shtrih.service import ONLY_FIELD, PAYMENTS, TAXES, ShtrihService
from drivers.shtrih.talk import HELLO, MONEY, ShtrihTalk, le, number
from drivers.status import DeviceStatus, load_status_bits
from drivers.transport import Transport
from drivers.undone import Undone
from drivers.upkeep import Upkeep
from protocol.exchange import Request
from protocol.fields import decimal_text

SHORT_STATUS, CUT, DRAWER, CASH_IN, CASH_OUT = 0x10, 0x25, 0x28, 0x50, 0x51
CLOSE, CANCEL, SUBTOTAL, DUPLICATE, WHO = 0x85, 0x88, 0x89, 0x8C, 0xFC

SALES_EVER, DOCUMENTS, CANCELLED = 148, 152, 157  # counters
TAXES_OF_RECEIPT = (88, 92, 96, 100)  # the receipt's sales of tax 1 to 4
CASH_ON_HAND, PUT_IN, TAKEN_OUT = 241, 242, 243
FULL_CUT, FIRST_DRAWER = bytes([0]), bytes([0])
PAYMENT_SLOTS = 4
STATUS_BITS = load_status_bits("shtrih_status.csv")
FEATURES = {Feature.ARCHIVE, Feature.DRAWER, Feature.DUPLICATE, Feature.OPERATORS, Feature.TIPS}


class Shtrih:
    """One Shtrih-M device."""

    dialect_is_sure = False
    capabilities = Capabilities(
        name_length_max=NAME_MAX,
        name_lines_max=3,
        lines_max=200,
        payment_kinds=frozenset(PaymentKind) - {PaymentKind.FOREIGN},  # it needs a rate
        features=frozenset(FEATURES),
        untold=frozenset({Told.JE_BY_DATE, Told.TEXTS}),
    )

    def __init__(
        self, transport: Transport, clock: Clock, operator: Operator, *, dialect: str = "enq"
    ) -> None:
        self._configured = f"shtrih:{dialect}"
        self._dialect = DIALECTS[dialect]
        self._link = Link(transport, self._dialect.wire, clock)
        self._talk = ShtrihTalk(self._link, operator.password)
        self._reports = ShtrihReports(self._talk)
        self._selling = ShtrihSelling(self._talk, self._dialect)
        self._clock = ShtrihClock(self._talk, self._reports)
        self.service = ShtrihService(self._talk)
        self.archive = ShtrihArchive(self._talk, self._reports)
        self.operator = operator
        self.paying = unheeded
        self._model = ""
        self._slots: dict[PaymentKind, int] = {}
        self._table: dict[str, VatRate | None] = {}
        self._z_number: int | None = None  # the last Z when the counters were read
        self._undone = Undone()

    @property
    def sequence(self) -> int | None:
        return self._link.sequence

    def open(self, *, last_sequence: int | None) -> Identity:
        probe = Request(WHO, repeatable=True, budget=HELLO)
        told = open_as(self._configured, self._link, probe, last_sequence=last_sequence)
        if told.status != b"\x00" or len(told.data) < 7:
            raise Refused(Fault.UNKNOWN_COMMAND, device_code=told.status.hex(), doing="FC")
        self._model = model_name(told.data)
        self._table = {}
        identity = self.identity()
        self._read_tables()
        return identity

    def close(self) -> None:
        self._link.close()

    def identity(self) -> Identity:
        told = self._reports.full_status()
        serial = serial_text(told.serial, self._model)
        return Identity(self._model, told.firmware, serial, "", told.owner)

    def status(self) -> DeviceStatus:
        raw = self._short_status()
        is_open = raw[3] & 0x0F == RECEIPT_OPEN
        fiscalised = self._reports.full_status().fiscalised
        return DeviceStatus(condition_bits(raw) + raw, STATUS_BITS, is_open, fiscalised)

    def counters(self, *, with_cash: bool = False) -> Counters:
        sales, told = self._reports.count_of(SALES_EVER), self._reports.full_status()
        documents, cash = self._all_documents(), self.drawer() if with_cash else None
        if sales != self._reports.count_of(SALES_EVER):
            raise ContactLost("somebody printed while the counters were read")
        moved = (cash.paid_in, cash.paid_out) if cash else (None, None)
        self._z_number = told.z_number
        serial = serial_text(told.serial, self._model)
        return Counters(serial, told.z_number, sales, documents, *moved)

    def vat_rates(self) -> dict[str, VatRate]:
        self._table = {
            letter: rate_of(self.service.field(TAXES, row, ONLY_FIELD))
            for row, letter in enumerate(GROUPS, start=1)
        }
        return {letter: rate for letter, rate in self._table.items() if rate is not None}

    def columns(self) -> int:
        return COLUMNS

    def clock(self) -> DeviceTime:
        return self._reports.full_status().at

    def last_record_at(self) -> DeviceTime:
        """Not told without the inspector's password."""
        return DeviceTime("", None)

    def day_is_open(self) -> bool:
        return self._short_status()[3] & 0x0F != DAY_CLOSED

    def upkeep(self) -> Upkeep:
        rates, told = frozenset(self.vat_rates().values()), self._reports.full_status()
        is_open = told.mode & 0x0F != DAY_CLOSED
        return Upkeep(told.at, rates, is_open, z_reports_left=told.z_left or None)

    def set_clock(self, moment: datetime, *, summer: bool) -> None:
        del summer  # it knows no summer time
        self._clock.set(moment)
        self._read_tables()  # they could not be read while it waited for a date

    def day_totals(self) -> Report:
        return self._reports.open_day(self._serial(), self._rates(), self._slots)

    def day_registers(self) -> DayRegisters | None:
        return None  # its registers are too little known to hold a Z against them

    def drawer(self) -> Drawer:
        sums = [self._reports.sum_of(one) for one in (CASH_ON_HAND, PUT_IN, TAKEN_OUT)]
        return Drawer(*sums)

    def last_z_report(self) -> Report:
        return self._reports.last_z(self._serial())

    def last_receipt(self, total: Bani | None) -> FiscalResult:
        """Its document number is not known: other documents may have come since."""
        now = self.counters()
        sales, day = now.receipt_count, now.z_number + 1
        return FiscalResult(sales, None, day, now.fiscal_serial, "", total)

    def observe(
        self, *, since: Counters, reference: str, of: DocumentKind = DocumentKind.RECEIPT
    ) -> Observation:
        self._clock.stop_waiting()
        counters = self.counters(with_cash=since.paid_in is not None)
        if self._short_status()[3] & 0x0F == RECEIPT_OPEN:
            open_ = OpenReceipt(counters.document_number + 1, self._subtotal(), Bani(0))
            return Observation(counters, open_)
        if of is not DocumentKind.RECEIPT:  # of these nothing is surely counted
            return self._undone.observed(counters, reference)
        return Observation(counters, None, self._last_total())

    def check(self, receipt: Receipt) -> list[Problem]:
        rates = frozenset(self.vat_rates().values())
        problems = receipt_problems(receipt, self.capabilities, rates)
        if receipt.customer_tax_id:
            sentence = "there is no known way to print the buyer's tax id"
            problems.append(Problem("customer_tax_id", "UNSUPPORTED", sentence))
        return problems

    def issue_receipt(self, receipt: Receipt) -> FiscalResult:
        self._open_and_sell(receipt)
        self.paying()
        return self.complete_receipt(receipt, payments_done=0)

    def _open_and_sell(self, receipt: Receipt) -> None:
        kinds = {payment.kind for payment in receipt.payments}
        if receipt.barcode or receipt.customer_tax_id or kinds - set(self._slots):
            raise Refused(Fault.UNKNOWN_COMMAND, device_code="", doing="issue")
        rates = self._rates()
        before = self._opened()
        self._selling.sell(receipt, group_numbers(rates))
        subtotal = self._subtotal()
        if subtotal != receipt.total:
            if before is not None and self._all_documents() > before + 1:
                raise ContactLost("our receipt was cancelled, and begun anew in its middle")
            code = f"{decimal_text(subtotal, 2)} instead of {decimal_text(receipt.total, 2)}"
            raise Refused(Fault.TOTAL_MISMATCH, device_code=code, doing="before payment")

    def complete_receipt(self, receipt: Receipt, *, payments_done: int) -> FiscalResult:
        """Pay and close in one; its document is only known if 152 does not move meanwhile."""
        payments = receipt.payments[payments_done:]
        expected = self._reports.count_of(SALES_EVER) + 1
        document, day = self._reports.count_of(DOCUMENTS), self._reports.full_status().z_number + 1
        told = self._talk.do(CLOSE, close_fields(payments, self._slots), budget=MONEY, size=6)
        sales, change = self._reports.count_of(SALES_EVER), number(told[1 : 1 + MONEY_WIDTH])
        paid = sum(payment.amount for payment in payments)
        if sales != expected or paid - change != receipt.total:
            raise ContactLost(f"receipt {sales} came after our {expected}, change {change}")
        known = document if self._reports.count_of(DOCUMENTS) == document else None
        return FiscalResult(sales, known, day, self._serial(), self.clock().text, receipt.total)

    def cancel_receipt(self) -> None:
        self._talk.do(CANCEL, budget=MONEY)

    def x_report(self) -> Report:
        return self._reports.x_report(self._serial(), self._rates(), self._slots)

    def z_report(self) -> Report:
        return self._reports.z_report(
            self._serial(), self._rates(), self._slots, after=self._z_number
        )

    def move_cash(self, movement: CashMovement) -> Drawer:
        command = CASH_IN if movement.paid_in else CASH_OUT
        amount = movement.paid_in or movement.paid_out
        self._talk.do(command, le(amount, MONEY_WIDTH), budget=MONEY)
        return self.drawer()

    def print_slip(self, slip: Slip) -> int | None:
        """Free lines and a cut: to the device it is no document."""
        self._undone.slip_begun(slip.reference)
        self._selling.texts(slip.texts)
        self._undone.slip_told()
        if slip.reference:
            self._selling.print(f"{REFERENCE}{slip.reference}")
        self.close_slip()
        return None

    def close_slip(self) -> None:
        self._talk.do(CUT, FULL_CUT)

    def print_duplicate(self) -> None:
        with self._undone.copying():
            self._talk.do(DUPLICATE, budget=MONEY)

    def open_drawer(self) -> None:
        self._talk.do(DRAWER, FIRST_DRAWER)

    def _opened(self) -> int | None:
        """The documents before a receipt that its first sale opens: each sale may open another."""
        if self._dialect.opens:
            self._selling.open()
            return None
        if (mode := self._short_status()[3]) & 0x0F == RECEIPT_OPEN:
            raise Refused(Fault.RECEIPT_OPEN, device_code=f"mode {mode:02X}", doing="issue")
        return self._all_documents()

    def _serial(self) -> str:
        return serial_text(self._reports.full_status().serial, self._model)

    def _short_status(self) -> bytes:
        return self._talk.ask(SHORT_STATUS, self._talk.who, size=SHORT_SIZE)

    def _all_documents(self) -> int:
        return self._reports.count_of(DOCUMENTS) + self._reports.count_of(CANCELLED)

    def _subtotal(self) -> Bani:
        return Bani(number(self._talk.read(SUBTOTAL, size=MONEY_WIDTH)[:MONEY_WIDTH]))

    def _last_total(self) -> Bani | None:
        """What the receipt's own registers still say of the last one; nothing, if they are zero."""
        total = sum(self._reports.sum_of(register) for register in TAXES_OF_RECEIPT)
        return Bani(total) if total else None

    def _rates(self) -> dict[str, VatRate | None]:
        if not self._table:
            self.vat_rates()
        return self._table

    def _read_tables(self) -> None:
        """VAT rates; and cash to pay with, and of the others what the device's own names tell."""
        slots = {PaymentKind.CASH: 0}
        try:
            self.vat_rates()
            for row in range(2, PAYMENT_SLOTS + 1):
                kind = kind_of(text_of(self.service.field(PAYMENTS, row, ONLY_FIELD)))
                if kind not in (None, PaymentKind.FOREIGN):
                    slots.setdefault(kind, row - 1)
        except Refused as error:
            if error.fault not in (Fault.OPERATOR_REFUSED, Fault.CLOCK_NOT_SET):
                raise  # who it is, it says to everybody, and while it waits for a date
        self._slots = slots
        self.capabilities = replace(self.capabilities, payment_kinds=frozenset(slots))


DRIVER = Shtrih
