r"""Tremol ZFP, Romanian dialect first: M20, S20, S25, M-PR, M-PR2, S-PR, FP and relatives.

Wire: `protocol/zfp.py`. Romania after the maker's definitions 2601151250, Bulgaria after the manual
1910211454; dialects are tables in `tremol/dialects.py`. Registers must stand in sale mode at 0.00.

Quirks. Nothing that changes something is sent twice after silence. No counter moves with slips,
reports or cancelled receipts: 71 counts fiscal receipts for ever, and `document_number` is that.
In Romania 72 says that a payment has begun and not how much is paid: a receipt left between two
payments waits for a person. Nothing tells the last receipt's total, and of a Z report that is made
only number and date. VAT rates need the service password; no command prints a storno, no known one
brings the ANAF files over the cable.

Archive: the fiscal memory (78 to 7B with 8) and the JE by whole days (7C J0;Z) come as streams; a
stream cannot be ended, so a sale may wait for the rest of a day.

Unverified on hardware: all of it (no Romanian session is public). Above all the signs of 72 (0 is
"begun"), that 71's total counts every fiscal receipt and nothing else, the numbers of J0;N, the %
behind a percentage, the sign of a value discount on a void line, the payments' places (64 is asked
for their names), what 62 says of an unused group, LEN above 9F for the buyer's CUI, `0000` or `0`
as an operator's password, the TCP port and password, and what a repeated NBL does.
"""

from dataclasses import replace
from datetime import datetime

from drivers.base import Operator, unheeded
from drivers.capabilities import Capabilities, Feature
from drivers.clock import Clock
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
from drivers.recognise import open_as
from drivers.status import DeviceStatus
from drivers.transport import Transport
from drivers.tremol.archive import TremolArchive
from drivers.tremol.check import tremol_problems
from drivers.tremol.dialects import DIALECTS
from drivers.tremol.fields import (
    DIVIDERS,
    NAME_MAX,
    TO_SET,
    Progress,
    adjustment_field,
    amounts,
    bani,
    clean,
    customer_fields,
    device_time,
    last_number,
    model_and_firmware,
    payment_slots,
    progress,
    sale_fields,
    time_in,
    vat_table,
    wide,
)
from drivers.tremol.je import TremolJe
from drivers.tremol.opening import give_password, need_own_country, need_own_places
from drivers.tremol.reports import TremolReports
from drivers.tremol.service import TremolService
from drivers.tremol.talk import MONEY, TremolTalk
from drivers.undone import Undone
from drivers.upkeep import Upkeep
from protocol.exchange import Request
from protocol.fields import integer, money
from protocol.text import ASCII, fold, wrapped
from protocol.zfp_exchange import ZFP

STATUS, VERSION, DRAWER, OPEN_SLIP, CLOSE_SLIP = 0x20, 0x21, 0x2A, 0x2E, 0x2F
OPEN_RECEIPT, SALE, PAYMENT, TEXT, CLOSE_RECEIPT = 0x30, 0x31, 0x35, 0x37, 0x38
CANCEL, DUPLICATE, CASH, ADJUST, SET_CLOCK, BARCODE = 0x39, 0x3A, 0x3B, 0x3E, 0x48, 0x51
SERIAL, REGISTRATION, VAT_RATES, PAYMENTS, READ_CLOCK = 0x60, 0x61, 0x62, 0x64, 0x68
REGISTERS, LAST_NUMBERS, IN_PROGRESS, LAST_Z, Z_LEFT = 0x6E, 0x71, 0x72, 0x73, 0x74

ON_HAND, PUT_IN, TAKEN_OUT = "0", "2", "3"  # options of 6E
STATUS_SIZE = 7
BARCODES = {BarcodeKind.EAN13: "2", BarcodeKind.EAN8: "3", BarcodeKind.CODE128: "I"}
STEP_BY_STEP, STEP_BY_STEP_CUSTOMER = 0, 1  # postponed ones close by themselves after 5 s [2.4]

LACKING = {Feature.REVERSAL, Feature.VAT_TABLE, Feature.LOGO, Feature.P7B}


class Tremol:
    """One Tremol device."""

    dialect_is_sure = False
    capabilities = Capabilities(
        name_length_max=NAME_MAX,
        name_lines_max=3,
        lines_max=250,
        payment_kinds=frozenset(DIALECTS["ro"].payments),
        features=frozenset(Feature) - LACKING,
        replaced=DIVIDERS,
    )

    def __init__(
        self,
        transport: Transport,
        clock: Clock,
        operator: Operator,
        *,
        dialect: str = "ro",
        network_password: str = "",
    ) -> None:
        self._called = f"tremol:{dialect}"
        self._dialect = DIALECTS[dialect]
        self._network_password = network_password
        self._link = Link(transport, ZFP, clock)
        self._talk = TremolTalk(self._link, self._dialect)
        self._je = TremolJe(self._talk)
        self._reports = TremolReports(self._talk, self._dialect)
        self.service = TremolService(self._talk, self._dialect)
        self.archive = TremolArchive(self._talk, self._dialect)
        self.operator = operator
        self.paying = unheeded
        password = wide(operator.password, self._dialect.password_width)
        self._who = f"{operator.number};{password}"
        self._slots = dict(self._dialect.payments)
        self._table: dict[str, VatRate | None] = {}
        self._z_number: int | None = None  # the last Z when the counters were read
        self._undone = Undone()
        self._narrow()

    @property
    def sequence(self) -> int | None:
        return self._link.sequence

    def open(self, *, last_sequence: int | None) -> Identity:
        if self._network_password:
            give_password(self._talk, self._network_password)
        probe = Request(STATUS, repeatable=True)
        configured = "tremol" if self.dialect_is_sure else self._called
        open_as(configured, self._link, probe, last_sequence=last_sequence)
        version = need_own_country(self._talk, configured)
        self.vat_rates()
        names = self._talk.read(PAYMENTS, read=lambda fields: fields[:-1])  # then an exchange rate
        need_own_places(self._talk, configured, names)
        self._slots = payment_slots(names, self._dialect)
        self._narrow()
        return self._identity(version)

    def close(self) -> None:
        self._link.close()

    def identity(self) -> Identity:
        return self._identity(self._talk.read(VERSION, read=list))

    def _identity(self, version: list[str]) -> Identity:
        model, firmware = model_and_firmware(version)
        memory_command, at = self._dialect.fiscal_memory_in
        memory = self._talk.read(memory_command, read=lambda f: (*f, "", "")[at].strip())
        tax_id = self._talk.read(REGISTRATION, read=lambda fields: fields[0].strip())
        return Identity(model, firmware, self._serial(), memory, tax_id)

    def status(self) -> DeviceStatus:
        raw = self._talk.ask(STATUS)
        if len(raw) < STATUS_SIZE or min(raw) < 0x80:
            raise ContactLost(f"{raw.hex(' ')} is no status")
        is_open, fiscalised = bool(raw[2] & 0x03), bool(raw[3] & 0x20)
        return DeviceStatus(raw, self._dialect.status_bits, is_open, fiscalised)

    def counters(self, *, with_cash: bool = False) -> Counters:
        serial, receipts = self._serial(), self._receipts()[1]
        z_number = self._last_z()
        cash = self.drawer() if with_cash else None
        if receipts != self._receipts()[1]:
            raise ContactLost("somebody printed while the counters were read")
        moved = (cash.paid_in, cash.paid_out) if cash else (None, None)
        self._z_number = z_number
        return Counters(serial, z_number, receipts, receipts, *moved)

    def vat_rates(self) -> dict[str, VatRate]:
        self._table = self._talk.read(VAT_RATES, read=lambda f: vat_table(f, self._dialect))
        return self._rates

    def columns(self) -> int:
        return self._dialect.columns

    def clock(self) -> DeviceTime:
        return self._talk.read(READ_CLOCK, read=lambda fields: device_time(fields[0]))

    def last_record_at(self) -> DeviceTime:
        """The date of the last Z; in Bulgaria the time of the last receipt."""
        return self._talk.read(LAST_Z, read=lambda f: device_time(f[4] if len(f) > 4 else f[0]))

    def day_is_open(self) -> bool:
        return bool(self.status().raw[1] & 0x08)

    def upkeep(self) -> Upkeep:
        rates = frozenset(self.vat_rates().values())
        left = self._talk.read(Z_LEFT, read=lambda fields: integer(fields[0]))
        return Upkeep(self.clock(), rates, self.day_is_open(), z_reports_left=left)

    def set_clock(self, moment: datetime, *, summer: bool) -> None:
        self._talk.do(SET_CLOCK, moment.strftime(TO_SET))

    def day_totals(self) -> Report:
        return self._reports.open_day(self._table, self._slots)

    def day_registers(self) -> DayRegisters | None:
        return None  # nobody has written down what it would answer

    def drawer(self) -> Drawer:
        return Drawer(self._cash(ON_HAND), self._cash(PUT_IN), self._cash(TAKEN_OUT))

    def last_z_report(self) -> Report:
        return self._reports.last_z()

    def last_receipt(self, total: Bani | None) -> FiscalResult:
        number, receipts = self._receipts()
        try:
            issued_at = time_in("\n".join(self._je.receipts(receipts, receipts)))
        except (Refused, ContactLost):
            issued_at = ""  # nothing else tells it
        day = self._last_z() + 1  # the Z report that will hold it
        return FiscalResult(number, receipts, day, self._serial(), issued_at, total)

    def observe(
        self, *, since: Counters, reference: str, of: DocumentKind = DocumentKind.RECEIPT
    ) -> Observation:
        counters = self.counters(with_cash=since.paid_in is not None)
        if self.status().raw[2] & 0x01:
            return Observation(counters, slip_open=True, counts_slips=False)
        seen = self._progress()
        if seen.is_open:
            open_ = OpenReceipt(counters.receipt_count + 1, seen.total, seen.paid)
            return Observation(counters, open_, counts_slips=False)
        if of is not DocumentKind.RECEIPT:  # of these nothing is counted, nor surely found
            return self._undone.observed(counters, reference)
        new = range(since.receipt_count + 1, counters.receipt_count + 1)
        last = self._receipts()  # another may have come since the counters were read
        found, trace = self._je.find(reference, new, last=last, z_number=counters.z_number + 1)
        return Observation(counters, None, self._last_total(), found, trace, counts_slips=False)

    def check(self, receipt: Receipt) -> list[Problem]:
        rates = frozenset(self.vat_rates().values())
        return tremol_problems(receipt, self.capabilities, rates, self._dialect)

    def issue_receipt(self, receipt: Receipt) -> FiscalResult:
        self._open_and_sell(receipt)
        self.paying()
        return self.complete_receipt(receipt, payments_done=0)

    def _open_and_sell(self, receipt: Receipt) -> None:
        self._need_known(receipt)
        cui = receipt.customer_tax_id
        how = f"0;0;{STEP_BY_STEP_CUSTOMER if cui else STEP_BY_STEP}"
        customer = f";{customer_fields(cui)}" if cui else ""
        self._talk.do(OPEN_RECEIPT, f"{self._who};{how}{customer}")
        self._sell(receipt)
        seen = self._progress()
        if not seen.is_open:  # cancelled when the power came back
            raise Refused(Fault.NO_RECEIPT_OPEN, device_code="72", doing="before payment")
        if seen.paid != 0 or seen.total != receipt.total:
            code = f"{money(seen.total)} instead of {money(receipt.total)}, paid {seen.paid}"
            raise Refused(Fault.TOTAL_MISMATCH, device_code=code, doing="before payment")

    def complete_receipt(self, receipt: Receipt, *, payments_done: int) -> FiscalResult:
        expected, z_number = self._receipts()[1] + 1, self._last_z()
        for payment in receipt.payments[payments_done:]:
            paid = f"{self._slots[payment.kind]};0;{money(payment.amount)}"
            self._talk.do(PAYMENT, f"{paid}{self._dialect.payment_tail}", budget=MONEY)
        self._talk.do(CLOSE_RECEIPT, budget=MONEY)
        number, receipts = self._receipts()
        if receipts != expected:
            raise ContactLost(f"receipt {receipts} came after our {expected}")
        at = self.clock().text
        return FiscalResult(number, receipts, z_number + 1, self._serial(), at, receipt.total)

    def cancel_receipt(self) -> None:
        self._talk.do(CANCEL, budget=MONEY)

    def x_report(self) -> Report:
        return self._reports.x_report(self._table, self._slots)

    def z_report(self) -> Report:
        return self._reports.z_report(self._table, self._slots, after=self._z_number)

    def move_cash(self, movement: CashMovement) -> Drawer:
        amount = money(movement.paid_in - movement.paid_out)
        self._talk.do(CASH, f"{self._who};0;{amount}", budget=MONEY)
        return self.drawer()

    def print_slip(self, slip: Slip) -> int | None:
        self._undone.slip_begun(slip.reference)
        self._talk.do(OPEN_SLIP, f"{self._who};0;{STEP_BY_STEP}")
        self._texts(slip.texts)
        self._undone.slip_told()
        if slip.reference:
            self._talk.do(TEXT, f"{REFERENCE}{slip.reference}")
        self._talk.do(CLOSE_SLIP, budget=MONEY)
        return None

    def close_slip(self) -> None:
        self._talk.do(CLOSE_SLIP, budget=MONEY)

    def print_duplicate(self) -> None:
        with self._undone.copying():
            self._talk.do(DUPLICATE, budget=MONEY)

    def open_drawer(self) -> None:
        self._talk.do(DRAWER)

    def _narrow(self) -> None:
        """Offer only the payments that this device has, and what its dialect tells."""
        kinds, untold = frozenset(self._slots), self._dialect.untold
        self.capabilities = replace(self.capabilities, payment_kinds=kinds, untold=untold)

    def _need_known(self, receipt: Receipt) -> None:
        """Refuse what no command prints, before anything is open."""
        unknown = receipt.barcode is not None and receipt.barcode.kind not in BARCODES
        if unknown or (receipt.customer_tax_id and not self._dialect.takes_customer):
            raise Refused(Fault.UNKNOWN_COMMAND, device_code="", doing="issue")

    def _sell(self, receipt: Receipt) -> None:
        """All that a receipt says before it is paid."""
        letters = {rate: letter for letter, rate in reversed(self._rates.items())}
        self._texts(receipt.texts_above)
        for line in receipt.lines:
            name, *more = wrapped(line.name, NAME_MAX, self._page)
            fields = sale_fields(line, name, letters[line.vat_rate], self._dialect, self._page)
            self._talk.do(self._dialect.void_command if line.is_void else SALE, fields)
            self._texts(tuple(more))
        if receipt.adjustment:
            self._talk.do(ADJUST, f"1;0{adjustment_field(receipt.adjustment, self._dialect)}")
        self._texts(receipt.texts_below)
        if receipt.barcode:
            data = fold(receipt.barcode.data)
            self._talk.do(BARCODE, f"P;{BARCODES[receipt.barcode.kind]};{len(data)};{data}")
        self._talk.do(TEXT, f"{REFERENCE}{receipt.reference}")

    def _texts(self, texts: tuple[str, ...]) -> None:
        for text in texts:
            for piece in wrapped(text, self._dialect.columns - 2, self._page):
                self._talk.do(TEXT, clean(piece, self._page) or " ")

    @property
    def _page(self) -> str:
        """Letters of its own only where they are switched on, and the wire has them."""
        page = self.capabilities.code_page
        return page if page == self._dialect.code_page else ASCII

    def _last_z(self) -> int:
        return self._talk.read(LAST_Z, read=lambda fields: integer(fields[1]))

    def _serial(self) -> str:
        return self._talk.read(SERIAL, read=lambda fields: fields[0].strip())

    def _receipts(self) -> tuple[int, int]:
        """The number printed on the last receipt, and how many there were for ever."""
        return self._talk.read(LAST_NUMBERS, read=last_number)

    def _cash(self, option: str) -> Bani:
        slot = self._dialect.payments[PaymentKind.CASH]
        return self._talk.read(REGISTERS, option, read=lambda f: amounts(f, option)[slot])

    def _progress(self) -> Progress:
        """72, and in Bulgaria what is paid."""
        seen = self._talk.read(IN_PROGRESS, read=lambda f: progress(f, self._dialect))
        if seen.is_open and seen.paid is None and self._dialect.tells_payments:
            paid = self._talk.read(IN_PROGRESS, "P", read=lambda f: amounts(f[2:], ""))
            return replace(seen, paid=Bani(sum(paid)))
        return seen

    def _last_total(self) -> Bani | None:
        """72 B: memory*number*date*hour*amount."""
        if not self._dialect.tells_last_total:
            return None
        try:
            return self._talk.read(IN_PROGRESS, "B", read=lambda f: bani(f[0].split("*")[4]))
        except Refused:
            return None  # there was none yet

    @property
    def _rates(self) -> dict[str, VatRate]:
        return {letter: rate for letter, rate in self._table.items() if rate is not None}


DRIVER = Tremol
