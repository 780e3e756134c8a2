"""What the device remembers: frozen values, replaced whole by a command that succeeds.

    Memory                    everything that survives a power cut
      counters                slip (every document ever), receipts_ever, last_z
      Day                     registers since the last Z report
      OpenReceipt             the fiscal receipt being registered: SoldLine, Discounted, Paid
      OpenText                the non-fiscal document being printed
      LastDocument, LastReceipt, ZRecord
      what a host wrote       header, footer, operators, VAT rates, logo

A command gets a Memory and gives back another one, so a refusal changes nothing by construction
and the store writes one value per command. Money is whole bani, quantity thousandths, percents and
VAT rates hundredths; a time is wall time (see `clock`).
"""

from __future__ import annotations

import dataclasses
import functools
import json
import types
import typing
from dataclasses import dataclass
from datetime import UTC, datetime

GROUPS = "ABCDEFG"
NO_SUMS = (0,) * len(GROUPS)
RATE_UNUSED = 100_00
EPOCH = datetime(2018, 1, 1, tzinfo=UTC)  # before anything this device remembers
PAYMENT_KINDS = (
    "cash",
    "card",
    "credit",
    "meal_ticket",
    "value_ticket",
    "voucher",
    "modern",
    "card_and_cash_advance",
    "other",
    "foreign",
)
CASH, FOREIGN = 0, 9
HEADER_LINES, OPERATORS = 10, 30
VAT_CHANGES_MAX = 30  # in the whole life of a fiscal memory
PERCENT_TYPES = (1, 2)  # DiscType 1 surcharge %, 2 discount %, 3 surcharge sum, 4 discount sum
SURCHARGE_TYPES = (1, 3)


@dataclass(frozen=True, slots=True)
class SoldLine:
    """One line of a receipt; a void line has a negative price."""

    name: str
    group: int
    price_bani: int
    quantity_thousandths: int
    discount_type: int
    discount_value: int
    discount_bani: int
    total_bani: int
    department: int
    unit: str


@dataclass(frozen=True, slots=True)
class Discounted:
    """A discount or surcharge on the subtotal, shared out over the VAT groups."""

    discount_type: int
    value: int
    by_group: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Paid:
    mode: int
    amount_bani: int


@dataclass(frozen=True, slots=True)
class OpenReceipt:
    slip: int
    operator: int
    till: int
    customer_tax_id: str
    opened_at: datetime
    lines: tuple[SoldLine, ...] = ()
    discounts: tuple[Discounted, ...] = ()
    payments: tuple[Paid, ...] = ()
    texts: tuple[str, ...] = ()
    paper: tuple[str, ...] = ()

    @property
    def by_group(self) -> tuple[int, ...]:
        sums = list(NO_SUMS)
        for line in self.lines:
            sums[line.group] += line.total_bani
        for discount in self.discounts:
            sums = [a + b for a, b in zip(sums, discount.by_group, strict=True)]
        return tuple(sums)

    @property
    def total_bani(self) -> int:
        return sum(self.by_group)

    @property
    def paid_bani(self) -> int:
        return sum(paid.amount_bani for paid in self.payments)

    @property
    def reference(self) -> str:
        return reference_in(self.texts)


@dataclass(frozen=True, slots=True)
class OpenText:
    slip: int
    opened_at: datetime
    paper: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        return reference_in(self.texts)


@dataclass(frozen=True, slots=True)
class LastDocument:
    slip: int = 0
    items: int = 0
    amount_bani: int = 0
    paid_bani: int = 0


@dataclass(frozen=True, slots=True)
class LastReceipt:
    number: int = 0
    at: datetime = EPOCH


@dataclass(frozen=True, slots=True)
class Tally:
    """How many, and how much."""

    count: int = 0
    sum_bani: int = 0

    def plus(self, bani: int, count: int = 1) -> Tally:
        return Tally(self.count + count, self.sum_bani + bani)


@dataclass(frozen=True, slots=True)
class Day:
    """The registers of the fiscal day: from the first receipt to the Z report."""

    first_receipt_at: datetime | None = None
    receipts: int = 0
    by_group: tuple[int, ...] = NO_SUMS
    by_mode: tuple[int, ...] = (0,) * len(PAYMENT_KINDS)
    with_customer: Tally = Tally()
    with_customer_vat_bani: int = 0
    discounts: tuple[Tally, ...] = (Tally(),) * 4  # by DiscType 1..4
    voids: Tally = Tally()
    cancelled: Tally = Tally()
    cash_in: Tally = Tally()
    cash_out: Tally = Tally()
    breakdowns: tuple[datetime, ...] = ()  # when the power came back


@dataclass(frozen=True, slots=True)
class ZRecord:
    """One record of the fiscal memory."""

    number: int
    at: datetime
    receipts: int
    by_group: tuple[int, ...]
    vat_by_group: tuple[int, ...]
    with_customer_bani: int
    rates: tuple[int, ...] = ()  # of that day; a record of before they were kept has none


@dataclass(frozen=True, slots=True)
class Memory:
    serial: str
    rates: tuple[int, ...]
    fiscalised_at: datetime
    clock_offset_s: int = 0
    slip: int = 0
    receipts_ever: int = 0
    drawer_bani: int = 0
    last_record_at: datetime = EPOCH
    last_document: LastDocument = LastDocument()
    last_receipt: LastReceipt = LastReceipt()
    last_z: ZRecord | None = None
    day: Day = Day()
    receipt: OpenReceipt | None = None
    text: OpenText | None = None
    header: tuple[str, ...] = ()  # what a host wrote, by index; "" where it wrote nothing
    footer: tuple[str, ...] = ()
    operator_names: tuple[str, ...] = ()
    operator_passwords: tuple[str, ...] = ()
    vat_set_at: datetime | None = None  # None: by the technician
    vat_changes_left: int = VAT_CHANGES_MAX
    drawer_pulses: int = 0  # how often a host had the drawer opened
    logo_sha256: str = ""

    @property
    def z_made(self) -> int:
        """Number of the last Z report made; 0 before the first."""
        return self.last_z.number if self.last_z else 0

    @property
    def rates_since(self) -> datetime:
        return self.vat_set_at or self.fiscalised_at

    @property
    def z_now(self) -> int:
        """Number of the Z report that will close the present day."""
        return self.z_made + 1

    @property
    def fiscal_memory_number(self) -> str:
        """Ten digits, made from the fiscal serial."""
        digits = "".join(character for character in self.serial if character.isdigit())
        return digits[-10:].zfill(10)


@dataclass(frozen=True, slots=True)
class Document:
    """One document as the electronic journal keeps it and the paper file tells it."""

    slip: int
    kind: str
    number: int
    z: int
    at: datetime
    total_bani: int
    text: tuple[str, ...]
    more: dict[str, object] = dataclasses.field(default_factory=dict)

    def as_paper(self) -> str:
        """The line of the paper file."""
        told: dict[str, object] = {
            "kind": self.kind,
            "number": self.number,
            "z": self.z,
            "total_bani": self.total_bani,
            "lines": [],
            "payments": [],
            "reference": "",
            "change_bani": 0,
            "customer_tax_id": "",
            "document": self.slip,
            "at": self.at.strftime("%Y-%m-%dT%H:%M:%S"),
        }
        return json.dumps(told | self.more | {"text": list(self.text)}, ensure_ascii=False)


def reference_in(texts: tuple[str, ...]) -> str:
    """What the last text line beginning with REF: says."""
    found = [text for text in texts if text.startswith("REF:")]
    return found[-1].removeprefix("REF:").strip() if found else ""


def padded(values: tuple[str, ...], size: int) -> tuple[str, ...]:
    return (*values, *[""] * (size - len(values)))


def written(values: tuple[str, ...], index: int, value: str, size: int) -> tuple[str, ...]:
    """The same values, with one of them written."""
    after = list(padded(values, size))
    after[index] = value
    return tuple(after)


def to_json(memory: Memory) -> str:
    return json.dumps(dataclasses.asdict(memory), default=_plain)


def from_json(text: str) -> Memory:
    memory: Memory = _revive(Memory, json.loads(text))
    return memory


def record_to_json(record: ZRecord) -> str:
    return json.dumps(dataclasses.asdict(record), default=_plain)


def record_from_json(text: str) -> ZRecord:
    record: ZRecord = _revive(ZRecord, json.loads(text))
    return record


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"cannot keep {value!r}")


@functools.cache
def _hints(wanted: type) -> dict[str, typing.Any]:
    return typing.get_type_hints(wanted)


def _revive(wanted: typing.Any, value: typing.Any) -> typing.Any:
    """A value read from JSON, as the type its field declares."""
    if wanted is datetime:
        return datetime.fromisoformat(value)
    if isinstance(wanted, types.UnionType):
        inner = next(part for part in wanted.__args__ if part is not type(None))
        return None if value is None else _revive(inner, value)
    if typing.get_origin(wanted) is tuple:
        return tuple(_revive(typing.get_args(wanted)[0], item) for item in value)
    if dataclasses.is_dataclass(wanted):
        made = typing.cast(type, wanted)
        hints = _hints(made)
        return made(**{k: _revive(hints[k], v) for k, v in value.items()})
    return value
