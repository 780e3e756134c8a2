"""The words of this program: what is sold, what a printer says of itself, what it did.

    Receipt = lines + payments          what is asked; Slip, CashMovement beside it
    Counters, Observation               what the device remembers: the only proof there is
    FiscalResult, Report                what the device did

Money is whole bani, quantity thousandths, VAT rates hundredths of a percent; no float touches them.
"""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import NewType

from drivers.je import Trace
from protocol.fields import decimal_text

Bani = NewType("Bani", int)  # 1250 is 12.50 lei
Thousandths = NewType("Thousandths", int)  # 1500 is 1.5 pieces
VatRate = NewType("VatRate", int)  # hundredths of a percent: 2100 is 21 %


def half_up(numerator: int, denominator: int) -> int:
    """Divide, rounding halves away from zero, as fiscal devices do."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def lei(amount: int) -> str:
    """12.50, of 1250 bani."""
    return decimal_text(amount, 2)


def percent(rate: VatRate) -> str:
    """21.00, of 2100 hundredths."""
    return decimal_text(rate, 2)


class PaymentKind(StrEnum):
    """How a customer pays; the ten Romanian kinds, in the device's order [datecs.md 4.1]."""

    CASH = "cash"
    CARD = "card"
    CREDIT = "credit"
    MEAL_TICKET = "meal_ticket"
    VALUE_TICKET = "value_ticket"
    VOUCHER = "voucher"
    MODERN = "modern"
    CARD_CASH_ADVANCE = "card_cash_advance"
    OTHER = "other"
    FOREIGN = "foreign"


class BarcodeKind(StrEnum):
    EAN8 = "ean8"
    EAN13 = "ean13"
    CODE128 = "code128"
    QR = "qr"


class AdjustmentKind(StrEnum):
    SURCHARGE_PERCENT = "surcharge_percent"
    DISCOUNT_PERCENT = "discount_percent"
    SURCHARGE_AMOUNT = "surcharge_amount"
    DISCOUNT_AMOUNT = "discount_amount"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """A discount or surcharge. `value`: hundredths of a percent, or bani.

    `is_advance`: it takes off what the buyer paid before, against a receipt of its own.
    """

    kind: AdjustmentKind
    value: int
    is_advance: bool = False

    @property
    def is_percent(self) -> bool:
        return self.kind.endswith("percent")

    def of(self, amount: Bani) -> Bani:
        """Return what it adds to the amount; negative for a discount."""
        size = half_up(amount * self.value, 100_00) if self.is_percent else self.value
        return Bani(-size if self.kind.startswith("discount") else size)


def adjusted(amount: Bani, adjustment: Adjustment | None) -> Bani:
    return Bani(amount + adjustment.of(amount)) if adjustment else amount


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    unit_price: Bani
    quantity: Thousandths
    vat_rate: VatRate
    adjustment: Adjustment | None = None
    department: int = 1
    unit: str = ""
    is_void: bool = False  # takes back an equal line of the same receipt
    path: str = field(default="", compare=False)  # where it was asked, for what is told of it

    @property
    def gross(self) -> Bani:
        return Bani(half_up(self.unit_price * self.quantity, 1000))

    @property
    def total(self) -> Bani:
        worth = adjusted(self.gross, self.adjustment)
        return Bani(-worth) if self.is_void else worth


@dataclass(frozen=True, slots=True)
class Payment:
    kind: PaymentKind
    amount: Bani


@dataclass(frozen=True, slots=True)
class Barcode:
    kind: BarcodeKind
    data: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """A sale. `reference` is printed as a line and found again in the JE: the strong proof."""

    lines: tuple[Line, ...]
    payments: tuple[Payment, ...]
    reference: str
    customer_tax_id: str = ""
    adjustment: Adjustment | None = None  # of the sum of all lines
    texts_above: tuple[str, ...] = ()
    texts_below: tuple[str, ...] = ()
    barcode: Barcode | None = None

    @property
    def total(self) -> Bani:
        return adjusted(Bani(sum(line.total for line in self.lines)), self.adjustment)


@dataclass(frozen=True, slots=True)
class Slip:
    """A non-fiscal document: texts, and as its last line the reference that proves it whole."""

    texts: tuple[str, ...]
    reference: str = ""


@dataclass(frozen=True, slots=True)
class CashMovement:
    """Cash that goes into the drawer or comes out of it, apart from sales; one of them is 0."""

    paid_in: Bani = Bani(0)
    paid_out: Bani = Bani(0)


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something asked cannot be done. `path` as in lines[2].name; `code` is stable."""

    path: str
    code: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the device is. Serials are three different things [house, 8]; "" is unknown."""

    model: str
    firmware: str
    fiscal_serial: str
    fiscal_memory_number: str
    tax_id: str


@dataclass(frozen=True, slots=True)
class Counters:
    """What the device counts; read before and after, they prove what happened in between."""

    fiscal_serial: str
    z_number: int  # the last Z report made
    receipt_count: int  # fiscal receipts closed
    document_number: int  # the last document of any kind
    paid_in: Bani | None = None  # cash put in and taken out since the last Z; None: not asked
    paid_out: Bani | None = None


@dataclass(frozen=True, slots=True)
class OpenReceipt:
    """A fiscal receipt that stands open on the device."""

    document_number: int
    total: Bani
    paid: Bani | None  # None: some, not all; the device does not say how much


@dataclass(frozen=True, slots=True)
class Observation:
    """What a device shows when asked what happened. None is "could not be read", never "no"."""

    counters: Counters
    open_receipt: OpenReceipt | None = None
    last_total: Bani | None = None
    reference_found: bool | None = None
    trace: Trace | None = None  # of the document that carries our reference
    slip_open: bool = False  # a non-fiscal document stands open
    unnamed_documents: int | None = None  # since the baseline, of a kind the JE does not name
    counts_slips: bool = True  # False: its document number moves with receipts alone
    counts: bool = True  # False: it tells no counters: only what carries our reference proves


@dataclass(frozen=True, slots=True)
class FiscalResult:
    """A receipt closed in the fiscal memory. `issued_at` is the device's own clock, as it says.

    A number of 0 and a text of "" are not told: the cloud reads null.
    """

    receipt_number: int
    document_number: int | None  # None: could not be read, as after a doubt with a broken JE
    z_number: int
    fiscal_serial: str
    issued_at: str
    total: Bani | None  # None: a receipt that is not ours, whose total is not read


@dataclass(frozen=True, slots=True)
class DeviceTime:
    """The device's clock: as it writes it, and as a value; None where that is no date."""

    text: str
    at: datetime | None  # local time, marked UTC so that nothing shifts it
    step_s: int = 1  # how long it shows the same: a minute where it has no seconds


@dataclass(frozen=True, slots=True)
class Drawer:
    """The cash the device believes is in the drawer, and what went in and out today."""

    cash: Bani
    paid_in: Bani
    paid_out: Bani


@dataclass(frozen=True, slots=True)
class GroupTotal:
    """Sales of one VAT group; `rate` None where the table does not tell it."""

    letter: str
    rate: VatRate | None
    total: Bani


@dataclass(frozen=True, slots=True)
class Tally:
    """How many, and how much."""

    count: int
    total: Bani


@dataclass(frozen=True, slots=True)
class DayRegisters:
    """What the device counts of its open day beside the sales themselves; a Z must show it all."""

    receipts: int
    vat: dict[str, Bani]  # by VAT group
    discounts: Tally
    surcharges: Tally
    voids: Tally
    cancelled: Tally
    cash_in: Tally
    cash_out: Tally


@dataclass(frozen=True, slots=True)
class Report:
    """What an X or Z report says: the day's totals by VAT group and by payment."""

    number: int
    fiscal_serial: str
    groups: tuple[GroupTotal, ...]
    payments: tuple[Payment, ...]
    issued_at: str

    @property
    def total(self) -> Bani:
        return Bani(sum(group.total for group in self.groups))
