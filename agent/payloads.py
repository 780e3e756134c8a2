"""What is asked, from a payload as the ledger keeps it to what a driver is given.

    '{"lines": [...], "payments": [...]}'  --understand-->  Receipt(...)

The payloads are ours, vendor-neutral: the cloud, the schedule, the folder import and the command
line all make these. Money is bani, quantity thousandths, rates hundredths of a percent.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from agent.field_problems import problem_of
from agent.payload_fields import (
    TEXTS_MAX,
    Filled,
    Image,
    Letter,
    Password,
    Positive,
    Rate,
    TextLineList,
)
from drivers.archive import JeReading, MemoryReading
from drivers.capabilities import TextPlace
from drivers.model import (
    Adjustment,
    AdjustmentKind,
    Bani,
    Barcode,
    BarcodeKind,
    CashMovement,
    Line,
    Payment,
    PaymentKind,
    Problem,
    Receipt,
    Slip,
    Thousandths,
    VatRate,
)

REFERENCE_LENGTH = 10
LINES_MAX, PAYMENTS_MAX = 1000, 30
AT_MS_MAX = 4_102_444_800_000  # 2100: a device writes the year with two digits
OUTSIDE_VAT = VatRate(0)
DEPOSIT_NAME, TIP_NAME = "GARANTIE SGR", "BACSIS"
ADVANCE_TEXT = "AVANS INCASAT"


@dataclass(frozen=True, slots=True)
class ClockSetting:
    """What the device's clock shall show: local time, marked UTC so that nothing shifts it."""

    at: datetime
    summer: bool
    only_if_off_s: int = 0


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a look at the device is measured by: our own local time, marked UTC, and its rates."""

    at: datetime
    rates: frozenset[VatRate] = frozenset()  # empty: whatever it has


@dataclass(frozen=True, slots=True)
class Closing:
    """A Z report; `only_if_open`: not where no receipt was issued since the last one."""

    only_if_open: bool = False


@dataclass(frozen=True, slots=True)
class TextLines:
    place: TextPlace
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class VatTable:
    rates: dict[str, VatRate]


@dataclass(frozen=True, slots=True)
class OperatorSetting:
    number: int
    name: str = ""
    old_password: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True)
class Logo:
    image: bytes


Work = (
    Receipt
    | Slip
    | CashMovement
    | ClockSetting
    | Inspection
    | Closing
    | TextLines
    | VatTable
    | OperatorSetting
    | Logo
    | MemoryReading
    | JeReading
    | None
)
"""What a driver is given, or nothing where the kind says it all."""


class BadPayload(ValueError):
    """A payload is none of its kind."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("; ".join(f"{each.path}: {each.sentence}" for each in problems))
        self.problems = problems


class Payload(BaseModel):
    """What stands in the ledger for one command; an empty one says all there is to say."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    @classmethod
    def read(cls, text: str) -> Self:
        try:
            return cls.model_validate_json(text)
        except ValidationError as error:
            raise BadPayload(problems_of(error)) from error

    def asked(self, at_ms: int) -> Self:
        """Keep when it was asked, by our own clock, where that changes what is asked."""
        return self

    def work(self, command_id: str, now: datetime) -> Work:
        """Turn it into what a driver is given. `now` is our own time, in the shop's zone."""
        return None


class NoPayload(Payload):
    pass


class AdjustmentPayload(Payload):
    kind: AdjustmentKind = Field(strict=False)
    value: Positive


class LinePayload(Payload):
    name: Filled
    unit_price: Positive  # bani
    quantity: Positive  # thousandths
    vat_rate: Annotated[int, Field(ge=0)]  # hundredths of a percent
    adjustment: AdjustmentPayload | None = None
    department: Annotated[int, Field(ge=0, le=99)] = 1
    unit: str = ""
    void: bool = False
    deposit: Positive | None = None  # bani for each piece: SGR, a line of its own


class PaymentPayload(Payload):
    kind: PaymentKind = Field(strict=False)
    amount: Positive  # bani


class BarcodePayload(Payload):
    kind: BarcodeKind = Field(strict=False)
    data: Filled


class ReceiptPayload(Payload):
    lines: Annotated[list[LinePayload], Field(min_length=1, max_length=LINES_MAX)]
    payments: Annotated[list[PaymentPayload], Field(min_length=1, max_length=PAYMENTS_MAX)]
    customer_tax_id: str = ""
    adjustment: AdjustmentPayload | None = None
    tip: Positive | None = None  # bani, outside VAT
    advance: Positive | None = None  # bani paid before, with its own receipt: taken off the sum
    texts_above: TextLineList = []
    texts_below: TextLineList = []
    barcode: BarcodePayload | None = None

    @field_validator("advance")
    @classmethod
    def _is_clear(cls, advance: int | None, info: ValidationInfo) -> int | None:
        """The device shares it over the rates by what was sold; the advance had its own."""
        if advance and info.data.get("adjustment") is not None:
            sentence = "it cannot stand beside a discount on the whole receipt"
            raise PydanticCustomError("ADVANCE_BESIDE_ADJUSTMENT", sentence)
        if advance and len({line.vat_rate for line in info.data.get("lines", [])}) > 1:
            sentence = "what is sold has several VAT rates: make a receipt of each"
            raise PydanticCustomError("ADVANCE_NEEDS_ONE_RATE", sentence)
        return advance

    def work(self, command_id: str, now: datetime) -> Work:
        return to_receipt(self, command_id)


class SlipPayload(Payload):
    texts: Annotated[list[str], Field(min_length=1, max_length=TEXTS_MAX)]

    def work(self, command_id: str, now: datetime) -> Work:
        return Slip(tuple(self.texts), reference_of(command_id))


class CashInPayload(Payload):
    amount: Positive  # bani

    def work(self, command_id: str, now: datetime) -> Work:
        return CashMovement(paid_in=Bani(self.amount))


class CashOutPayload(Payload):
    amount: Positive  # bani

    def work(self, command_id: str, now: datetime) -> Work:
        return CashMovement(paid_out=Bani(self.amount))


class ZReportPayload(Payload):
    only_if_open: bool = False  # a day without receipts is left alone

    def work(self, command_id: str, now: datetime) -> Work:
        return Closing(self.only_if_open)


class ClockPayload(Payload):
    at_ms: Annotated[int, Field(ge=0, lt=AT_MS_MAX)] | None = None  # None: our own time then
    only_if_off_s: Annotated[int, Field(ge=0)] = 0  # a smaller drift is left alone
    asked_at_ms: Annotated[int, Field(ge=0)] | None = None  # what waited since is added to it

    def asked(self, at_ms: int) -> Self:
        return self if self.at_ms is None else self.model_copy(update={"asked_at_ms": at_ms})

    def work(self, command_id: str, now: datetime) -> Work:
        return clock_setting(self._meant(now), now, self.only_if_off_s)

    def _meant(self, now: datetime) -> int | None:
        if self.at_ms is None or self.asked_at_ms is None:
            return self.at_ms
        waited_ms = int(now.timestamp() * 1000) - self.asked_at_ms
        return min(self.at_ms + max(0, waited_ms), AT_MS_MAX)


class PreflightPayload(Payload):
    vat_rates: list[Rate] = []  # hundredths of a percent: which the shop expects

    def work(self, command_id: str, now: datetime) -> Work:
        rates = frozenset(VatRate(rate) for rate in self.vat_rates)
        return Inspection(now.replace(tzinfo=UTC), rates)


class HeaderPayload(Payload):
    lines: TextLineList

    def work(self, command_id: str, now: datetime) -> Work:
        return TextLines(TextPlace.HEADER, tuple(self.lines))


class FooterPayload(Payload):
    lines: TextLineList

    def work(self, command_id: str, now: datetime) -> Work:
        return TextLines(TextPlace.FOOTER, tuple(self.lines))


class VatPayload(Payload):
    rates: Annotated[dict[Letter, Rate], Field(min_length=1)]  # hundredths of a percent

    def work(self, command_id: str, now: datetime) -> Work:
        return VatTable({letter: VatRate(rate) for letter, rate in self.rates.items()})


class OperatorNumberPayload(Payload):
    number: Annotated[int, Field(ge=1, le=30)] = 1

    def work(self, command_id: str, now: datetime) -> Work:
        return OperatorSetting(self.number)


class OperatorPayload(Payload):
    number: Annotated[int, Field(ge=1, le=30)]
    name: Annotated[str, StringConstraints(max_length=32)] = ""
    old_password: Password = ""
    password: Password = ""

    @model_validator(mode="after")
    def _something_is_asked(self) -> "OperatorPayload":
        if not self.name and not self.password:
            raise ValueError("neither a name nor a password")
        return self

    def work(self, command_id: str, now: datetime) -> Work:
        return OperatorSetting(**self.model_dump())


class LogoPayload(Payload):
    image: Image  # a BMP

    def work(self, command_id: str, now: datetime) -> Work:
        return Logo(self.image)


def problems_of(error: ValidationError) -> list[Problem]:
    return [problem_of(item) for item in error.errors(include_url=False)]


def to_receipt(payload: ReceiptPayload, command_id: str) -> Receipt:
    """Non-cash payments go first, so that only cash gives change."""
    payments = [Payment(p.kind, Bani(p.amount)) for p in payload.payments]
    lines = [part for n, line in enumerate(payload.lines) for part in _lines(line, f"lines[{n}]")]
    if payload.tip is not None:
        price, one = Bani(payload.tip), Thousandths(1000)
        lines.append(Line(TIP_NAME, price, one, OUTSIDE_VAT, path="tip"))
    adjustment, texts_above = _adjustment(payload.adjustment), payload.texts_above
    if payload.advance is not None:
        adjustment = Adjustment(AdjustmentKind.DISCOUNT_AMOUNT, payload.advance, is_advance=True)
        texts_above = [
            *texts_above,
            f"{ADVANCE_TEXT} {payload.advance // 100},{payload.advance % 100:02d} LEI",
        ]
    return Receipt(
        lines=tuple(lines),
        payments=tuple(sorted(payments, key=lambda payment: payment.kind is PaymentKind.CASH)),
        reference=reference_of(command_id),
        customer_tax_id=fold_tax_id(payload.customer_tax_id),
        adjustment=adjustment,
        texts_above=tuple(texts_above),
        texts_below=tuple(payload.texts_below),
        barcode=_barcode(payload.barcode),
    )


def reference_of(command_id: str) -> str:
    """Return the short text that is printed on the receipt and proves later whose it is."""
    digest = hashlib.sha256(command_id.encode()).digest()
    return base64.b32encode(digest).decode()[:REFERENCE_LENGTH]


def fold_tax_id(text: str) -> str:
    """Take away blanks and the RO prefix, which only says that the buyer pays VAT."""
    return re.sub(r"^RO(?=.)", "", text.strip().replace(" ", "").upper())


def clock_setting(at_ms: int | None, now: datetime, only_if_off_s: int = 0) -> ClockSetting:
    at = now if at_ms is None else datetime.fromtimestamp(at_ms / 1000, tz=now.tzinfo)
    shown = at.replace(tzinfo=UTC, microsecond=0)
    return ClockSetting(shown, summer=bool(at.dst()), only_if_off_s=only_if_off_s)


def _lines(line: LinePayload, path: str) -> Iterator[Line]:
    sold = Line(
        name=line.name,
        unit_price=Bani(line.unit_price),
        quantity=Thousandths(line.quantity),
        vat_rate=VatRate(line.vat_rate),
        adjustment=_adjustment(line.adjustment),
        department=line.department,
        unit=line.unit,
        is_void=line.void,
        path=path,
    )
    yield sold
    if line.deposit is not None:
        price, path = Bani(line.deposit), f"{path}.deposit"
        yield Line(DEPOSIT_NAME, price, sold.quantity, OUTSIDE_VAT, is_void=line.void, path=path)


def _adjustment(given: AdjustmentPayload | None) -> Adjustment | None:
    return Adjustment(given.kind, given.value) if given else None


def _barcode(given: BarcodePayload | None) -> Barcode | None:
    return Barcode(given.kind, given.data) if given else None
