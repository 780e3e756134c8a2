r"""Datecs X series, Romanian dialect: DP-25X/MX, DP-150X/MX, FP-700X/MX, WP-50MX, DP-05 and others.

Wire: `protocol/datecs_x.py`. Manual: X v2.08 (Bulgarian); Romania after the field names of the
Romanian DUDE driver [datecs.md 4]. A parameter is followed by TAB, also the last; an answer begins
with its error code, 0 or negative, whatever the status bits say.

Unverified on hardware: 48 prints the buyer's CUI for Invoice "I"; 255 nZreport is the last Z made,
nFBon counts fiscal receipts for ever, nBon all documents; 76 after a close still shows that
receipt; the JE (125) numbers documents like nBon; payment modes 3..9; amounts above 9,999,999.99.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from drivers.base import Operator
from drivers.clock import Clock
from drivers.errors import ContactLost, Refused
from drivers.faults import Fault
from drivers.je import REFERENCE, JeDocument, Trace, look_for
from drivers.link import Link
from drivers.model import (
    AdjustmentKind,
    Bani,
    Capabilities,
    Counters,
    Drawer,
    FiscalResult,
    GroupTotal,
    Identity,
    Line,
    Observation,
    OpenReceipt,
    Payment,
    PaymentKind,
    Problem,
    Receipt,
    Report,
    VatRate,
)
from drivers.receipt_check import receipt_problems
from drivers.status import DeviceStatus, load_faults, load_status_bits
from drivers.transport import Transport
from protocol.datecs_x import DATECS_X
from protocol.errors import ReplyError
from protocol.exchange import READ, Budget, Request
from protocol.fields import decimal_text, decimal_value, integer, split_tabbed, tabbed
from protocol.text import from_device, to_device

OPEN_NONFISCAL, CLOSE_NONFISCAL, NONFISCAL_TEXT = 38, 39, 42
OPEN_RECEIPT, SALE, SUBTOTAL, PAYMENT, TEXT, CLOSE_RECEIPT, CANCEL = 48, 49, 51, 53, 54, 56, 60
SET_CLOCK, READ_CLOCK, VAT_RATES, LAST_Z, DAY_TOTALS, REPORT, CASH = 61, 62, 50, 64, 65, 69, 70
STATUS, IN_PROGRESS, DIAGNOSTICS, DAY_INFO, DEVICE_INFO = 74, 76, 90, 110, 123
JE_READ, VARIABLE = 125, 255

PRINT = Budget(silence_s=2.0, total_s=30.0)
MONEY = Budget(silence_s=5.0, total_s=60.0)
LONG = Budget(silence_s=10.0, total_s=180.0)

GROUPS = "ABCDEFG"
UNUSED_RATE = 100_00  # 100.00 or 100.02 marks a group that is not programmed [datecs.md 10]
MODES = {kind: str(mode) for mode, kind in enumerate(PaymentKind)}  # the order of 4.1
ADJUSTMENTS = {kind: str(code) for code, kind in enumerate(AdjustmentKind, start=1)}
CLOSED, NONFISCAL = "0", "5"  # IsOpen of 76
JE_TYPES = {"1": True, "3": True, "8": False}  # receipt, with buyer, cancelled [datecs.md 4, 124]
JE_DOCUMENTS_MAX, JE_LINES_MAX = 8, 2000
END_OF_DATA = "-100003"

FAULTS = load_faults("datecs_x_errors.csv")
STATUS_BITS = load_status_bits("datecs_x_status.csv")

Value = TypeVar("Value")


def bani(text: str) -> Bani:
    return Bani(decimal_value(text, 2))


def money(amount: int) -> str:
    return decimal_text(amount, 2)


def nothing(_fields: list[str]) -> Any:
    """Read no field: only the error code matters."""


def slip_number(fields: list[str]) -> int | None:
    """48, 56: S, if the firmware tells it."""
    return integer(fields[0]) if fields else None


def sale_fields(line: Line, group: str) -> tuple[str | int, ...]:
    """49: PluName, TaxCd, Price, Qty, DiscType, DiscValue, Dept, Unit."""
    of = line.adjustment
    adjustment = (ADJUSTMENTS[of.kind], money(of.value)) if of else ("", "")
    amounts = (money(line.unit_price), decimal_text(line.quantity, 3), *adjustment)
    return line.name, GROUPS.index(group) + 1, *amounts, line.department, line.unit


def vat_table(fields: list[str]) -> dict[str, VatRate | None]:
    """50: nZ, TaxA.., EntDate: however many groups the firmware has, None for the unused."""
    values = [decimal_value(text, 2) for text in fields[1:-1]]
    return {
        letter: VatRate(value) if value < UNUSED_RATE else None
        for letter, value in zip(GROUPS, values, strict=False)
    }


def in_progress(fields: list[str]) -> tuple[str, int, Bani, Bani]:
    """76: IsOpen, Number, Amount, Payed; five fields or seven, firmwares differ [datecs.md 10]."""
    return fields[0], integer(fields[1]), bani(fields[-2]), bani(fields[-1])


def je_header(fields: list[str]) -> tuple[str, Trace]:
    """125-0: DocNumber, [RecReport,] RecNumber, Date, DocType, ZNumber; firmwares differ."""
    trace = Trace(integer(fields[-4]), integer(fields[0]), integer(fields[-1]), fields[-3])
    return fields[-2], trace


def payments(fields: list[str]) -> tuple[Payment, ...]:
    """110-0: sums by payment mode, in the order of the modes; the last, foreign, is left out."""
    sums = zip(PaymentKind, (bani(text) for text in fields[:-1]), strict=False)
    return tuple(Payment(kind, sum_) for kind, sum_ in sums if sum_)


class DatecsX:
    """One Datecs device."""

    capabilities = Capabilities(
        name_length_max=72,
        lines_max=500,
        payment_kinds=frozenset(PaymentKind) - {PaymentKind.FOREIGN},  # it needs a rate
    )

    def __init__(self, transport: Transport, clock: Clock, operator: Operator) -> None:
        self._link = Link(transport, DATECS_X, clock)
        self._operator = operator
        self._table: dict[str, VatRate | None] = {}
        self._next_slip: int | None = None  # as the counters said when they were read

    @property
    def sequence(self) -> int | None:
        return self._link.sequence

    def open(self, *, last_sequence: int | None) -> Identity:
        self._link.open(Request(STATUS, repeatable=True), last_sequence=last_sequence)
        self._table = self._read(VAT_RATES, read=vat_table)
        return self._identity()

    def close(self) -> None:
        self._link.close()

    def status(self) -> DeviceStatus:
        raw = self._link.execute(Request(STATUS, repeatable=True)).status
        return DeviceStatus(raw, STATUS_BITS, bool(raw[2] & 0x28), bool(raw[5] & 0x08))

    def counters(self) -> Counters:
        serial = self._read(DEVICE_INFO, 1, read=lambda fields: fields[0])
        names = ("nBon", "nZreport", "nFBon", "nBon")
        documents, z_number, receipts, again = map(self._variable, names)
        if documents != again:  # every document moves it: these were not of one moment
            raise ContactLost("somebody printed while the counters were read")
        self._next_slip = documents + 1
        return Counters(serial, z_number, receipts, documents)

    def vat_rates(self) -> dict[str, VatRate]:
        self._table = self._read(VAT_RATES, read=vat_table)
        return self._rates

    def clock(self) -> str:
        return self._read(READ_CLOCK, read=lambda fields: fields[0])

    def set_clock(self, text: str) -> None:
        self._do(SET_CLOCK, text, budget=PRINT)

    def day_totals(self) -> Report:
        return self._report_of(DAY_TOTALS, 0)

    def drawer(self) -> Drawer:
        return self._read(
            CASH, 0, money(0), read=lambda f: Drawer(bani(f[0]), bani(f[1]), bani(f[2]))
        )

    def last_z_report(self) -> Report:
        return self._report_of(LAST_Z, 0)

    def last_receipt(self, total: Bani) -> FiscalResult:
        number, issued_at = self._read(DEVICE_INFO, 3, read=lambda f: (integer(f[0]), f[1]))
        now = self.counters()
        day = now.z_number + 1  # the Z report that will hold it
        return FiscalResult(number, now.document_number, day, now.fiscal_serial, issued_at, total)

    def observe(self, *, since: Counters, reference: str) -> Observation:
        counters = self.counters()
        is_open, number, total, paid = self._read(IN_PROGRESS, read=in_progress)
        if is_open not in (CLOSED, NONFISCAL):
            return Observation(counters, OpenReceipt(number, total, paid))
        last_total = total if is_open == CLOSED else None
        found, trace = self._find(reference, since.document_number + 1, counters.document_number)
        return Observation(counters, None, last_total, found, trace)

    def check(self, receipt: Receipt) -> list[Problem]:
        rates = frozenset(self.vat_rates().values())
        return receipt_problems(receipt, self.capabilities, rates)

    def issue_receipt(self, receipt: Receipt) -> FiscalResult:
        operator, cui, repeats = self._operator, receipt.customer_tax_id, self._link.repeats
        who = (operator.number, operator.password, operator.till, "I" if cui else "", cui)
        letters = {rate: letter for letter, rate in reversed(self._rates.items())}
        opened = self._do(OPEN_RECEIPT, *who, repeatable=True, read=slip_number)
        if opened not in (None, self._next_slip or opened):
            raise ContactLost(f"our document is {opened}, it should be {self._next_slip}")
        for line in receipt.lines:
            self._do(SALE, *sale_fields(line, letters[line.vat_rate]), repeatable=True)
        self._do(TEXT, f"{REFERENCE}{receipt.reference}", 0, 0, 0, 0, 1, repeatable=True)
        if (subtotal := self._subtotal()) != receipt.total:
            if self._link.repeats != repeats:  # a line stands there twice: that is no difference
                raise ContactLost("the device forgot what it had answered: total differs")
            code = f"{money(subtotal)} instead of {money(receipt.total)}"
            raise Refused(Fault.TOTAL_MISMATCH, device_code=code, doing="subtotal")
        return self.complete_receipt(receipt, payments_done=0)

    def complete_receipt(self, receipt: Receipt, *, payments_done: int) -> FiscalResult:
        for payment in receipt.payments[payments_done:]:
            self._do(PAYMENT, MODES[payment.kind], money(payment.amount), budget=MONEY)
        closed = self._do(CLOSE_RECEIPT, budget=MONEY, read=slip_number)
        result = self.last_receipt(receipt.total)
        if closed not in (None, result.document_number):
            raise ContactLost(f"document {result.document_number} came after our {closed}")
        return result

    def cancel_receipt(self) -> None:
        self._do(CANCEL, budget=MONEY)

    def x_report(self) -> Report:
        return self._report_of(REPORT, "X", budget=LONG)

    def z_report(self) -> Report:
        return self._report_of(REPORT, "Z", budget=LONG)

    def print_slip(self, texts: tuple[str, ...]) -> None:
        try:
            self._do(OPEN_NONFISCAL)
        except Refused as error:
            if error.fault is not Fault.RECEIPT_OPEN:
                raise
            self._do(CLOSE_NONFISCAL, budget=MONEY)  # one that was broken off, e.g. out of paper
            self._do(OPEN_NONFISCAL)
        for text in texts:
            self._do(NONFISCAL_TEXT, text, 0, 0, 0, 0, 0)
        self._do(CLOSE_NONFISCAL, budget=MONEY)

    def _identity(self) -> Identity:
        info = self._read(DEVICE_INFO, 1, read=lambda f: (f[0], f[1], f[4]))
        reply = self._link.execute(Request(DIAGNOSTICS, b"1\t", repeatable=True))
        text = from_device(reply.data)  # some firmwares answer with commas and no error code
        fields = split_tabbed(text)[1:] if "\t" in text else text.split(",")
        model, firmware = (*fields, "", "")[:2]
        return Identity(model, firmware, *info)

    def _subtotal(self) -> Bani:
        try:
            return self._read(SUBTOTAL, 0, 0, "", "", read=lambda fields: bani(fields[1]))
        except Refused as error:
            if error.fault is not Fault.PAYMENT_STARTED:
                raise
        # One firmware refuses a subtotal just before payment [datecs.md 4.2]; 76 knows it too.
        return self._read(IN_PROGRESS, read=in_progress)[2]

    def _report_of(self, code: int, type_: str | int, *, budget: Budget = READ) -> Report:
        paid = () if code == LAST_Z else self._read(DAY_INFO, 0, read=payments)
        serial = self._read(DEVICE_INFO, 1, read=lambda fields: fields[0])
        issued_at = "" if code == LAST_Z else self.clock()

        def read(fields: list[str]) -> Report:
            sums = zip(self._table.items(), (bani(text) for text in fields[1:]), strict=False)
            groups = tuple(
                GroupTotal(letter, rate, total)
                for (letter, rate), total in sums
                if total or rate is not None
            )
            # 64 ends with its own date
            return Report(integer(fields[0]), serial, groups, paid, issued_at or fields[-1])

        return self._do(code, type_, budget=budget, repeatable=budget is READ, read=read)

    @property
    def _rates(self) -> dict[str, VatRate]:
        return {letter: rate for letter, rate in self._table.items() if rate is not None}

    def _variable(self, name: str) -> int:
        return self._read(VARIABLE, name, "", "", read=lambda fields: integer(fields[0]))

    def _find(self, reference: str, first: int, last: int) -> tuple[bool | None, Trace | None]:
        """Look for our reference in those JE documents; None: they could not all be read."""
        if not reference or last - first >= JE_DOCUMENTS_MAX:
            return None, None
        try:
            return look_for(reference, map(self._document, range(first, last + 1)))
        except Refused:
            return None, None

    def _document(self, number: int) -> JeDocument:
        kind, trace = self._read(JE_READ, 0, number, 0, read=je_header)
        lines: list[str] = []
        while len(lines) < JE_LINES_MAX:
            try:
                lines.append(self._do(JE_READ, 1, "", "", read=lambda fields: fields[0]))
            except Refused as error:
                if error.device_code != END_OF_DATA:
                    raise
                break
        return JeDocument(JE_TYPES.get(kind), trace, "\n".join(lines))

    def _read(self, code: int, *parameters: str | int, read: Callable[[list[str]], Value]) -> Value:
        return self._do(code, *parameters, budget=READ, repeatable=True, read=read)

    def _do(
        self,
        code: int,
        *parameters: str | int,
        budget: Budget = PRINT,
        repeatable: bool = False,
        read: Callable[[list[str]], Value] = nothing,
    ) -> Value:
        """Send one request and read the fields after its error code."""
        if not repeatable:  # it may print, and move the number of the next document
            self._next_slip = None
        data = to_device(tabbed(*parameters))
        reply = self._link.execute(Request(code, data, repeatable, budget))
        error_code, *fields = split_tabbed(from_device(reply.data))
        if reply.status[0] & 0x02 and not error_code:
            raise Refused(Fault.UNKNOWN_COMMAND, device_code="", doing=f"{code}")
        if error_code != "0":
            fault = FAULTS.get(error_code, Fault.DEVICE_ERROR)
            raise Refused(fault, device_code=error_code, doing=f"{code}")
        try:
            return read(fields)
        except (ReplyError, IndexError) as error:
            raise ContactLost(f"the answer to {code} makes no sense: {fields}") from error


DRIVER = DatecsX
