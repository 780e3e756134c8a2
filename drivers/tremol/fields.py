"""What stands in the fields of Tremol requests and answers, both ways. Pure.

    Line -> b"Paine`BUC                           ;B;4.50*2.000,-10.00%"    31
    "1;002;9.00;0.00;...;1;1;0;0;0.00;0;0.00"   <- 72                    17 fields, Romania

Fields are joined by ";"; what has a fixed width is filled up with blanks [other_protocols.md 2.6].
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from drivers.day_reports import VatTable, group_totals
from drivers.model import (
    Adjustment,
    Bani,
    DeviceTime,
    GroupTotal,
    Line,
    Payment,
    PaymentKind,
    VatRate,
)
from drivers.payment_names import kind_of
from drivers.precision import step_of
from drivers.tremol.dialects import Dialect
from protocol.errors import ReplyError
from protocol.fields import decimal_text, hundredths, integer, money
from protocol.text import ASCII, fold

NAME_WIDTH, NAME_MAX, UNIT_MAX = 36, 30, 3
UNIT_SIGN = "`"  # 60h between name and unit
DIVIDERS = ";|`"
INSTEAD = str.maketrans(DIVIDERS, ",/'")
UNUSED_RATE = 100_00
AMOUNT_MAX = Bani(9_999_999_99)  # ten characters
ADJUSTMENT_MAX = Bani(9_999_99)  # eight characters with its sign
CUSTOMER_WIDTHS = (15, 30, 20, 20, 20, 20, 30)  # CUI, name, four free lines, address
ON_WIRE, TO_SET, DATE = "%d-%m-%Y %H:%M", "%d-%m-%y %H:%M:%S", "%d-%m-%Y"
IN_TEXT = re.compile(r"\b(\d\d[-./]\d\d[-./]\d{4})\b\D*?\b(\d\d:\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Progress:
    """72: the open receipt. `paid` None: some, not all; the device does not say how much."""

    is_open: bool
    sales: int
    total: Bani
    paid: Bani | None


def bani(text: str) -> Bani:
    return Bani(hundredths(text))


def clean(text: str, page: str = ASCII) -> str:
    """Fold, and take away what divides fields and lines here: ";", "|", "`" [manual 2.6.12]."""
    return fold(text, page).translate(INSTEAD)


def wide(text: str, width: int) -> str:
    return clean(text)[:width].ljust(width)


def sale_fields(line: Line, name: str, group: str, dialect: Dialect, page: str) -> str:
    """31, 3C: name[36];VAT;price*quantity{,percent}{:value}; a void has a minus on its price."""
    unit = f"{UNIT_SIGN}{clean(line.unit)[:UNIT_MAX]}" if line.unit else ""
    sign = -1 if line.is_void else 1
    price = f"{money(sign * line.unit_price)}*{decimal_text(line.quantity, 3)}"
    change = adjustment_field(line.adjustment, dialect, reverse=line.is_void)
    return f"{(clean(name, page) + unit).ljust(NAME_WIDTH)};{group};{price}{change}"


def adjustment_field(
    adjustment: Adjustment | None, dialect: Dialect, *, reverse: bool = False
) -> str:
    """{,percent}{:value}: a discount has a minus; on a void line a value turns round."""
    if adjustment is None:
        return ""
    value = -adjustment.value if adjustment.kind.startswith("discount") else adjustment.value
    if adjustment.is_percent:
        return f",{money(value)}{dialect.percent_sign}"
    return f":{money(-value if reverse else value)}"


def customer_fields(tax_id: str) -> str:
    """30 with the buyer's CUI: the name, free lines and address stay blank."""
    values = (tax_id, *[""] * (len(CUSTOMER_WIDTHS) - 1))
    return ";".join(
        wide(value, width) for value, width in zip(values, CUSTOMER_WIDTHS, strict=True)
    )


def vat_table(fields: Sequence[str], dialect: Dialect) -> dict[str, VatRate | None]:
    """62: a rate for each group, with or without %; what is no rate is no used group."""
    return {
        letter: _rate(text) for letter, text in zip(dialect.groups, fields, strict=False) if text
    }


def _rate(text: str) -> VatRate | None:
    try:
        value = hundredths(text.strip().removesuffix("%"))
    except ReplyError:
        return None
    return VatRate(value) if 0 <= value < UNUSED_RATE else None


def day_groups(fields: Sequence[str], table: VatTable, dialect: Dialect) -> tuple[GroupTotal, ...]:
    """6D: the day's sales of each group."""
    letters = dialect.groups + dialect.other_group
    return group_totals(zip(letters, map(bani, fields), strict=False), table)


def amounts(fields: Sequence[str], option: str) -> list[Bani]:
    """6E 0, 2, 3, 4: an amount for each payment, after the option itself where it is repeated."""
    values = fields[1:] if fields[0] == option else fields
    if not values:
        raise ReplyError(f"no amounts: {fields}")
    return [bani(text) for text in values]


def payment_slots(names: Sequence[str], dialect: Dialect) -> dict[PaymentKind, int]:
    """64: leave out what the device has not, or has programmed as another payment."""
    slots = {}
    for kind, slot in dialect.payments.items():
        if slot < min(len(names), dialect.payment_slots) and kind_of(names[slot]) in (None, kind):
            slots[kind] = slot
    return slots


def paid_by(sums: Sequence[Bani], slots: dict[PaymentKind, int]) -> tuple[Payment, ...]:
    found = ((kind, slot) for kind, slot in slots.items() if slot < len(sums))
    return tuple(Payment(kind, sums[slot]) for kind, slot in found if sums[slot])


def progress(fields: Sequence[str], dialect: Dialect) -> Progress:
    """72: whether a receipt is open, its sums, whether its payment has begun and ended."""
    at = dialect.progress
    if len(fields) < at.size or fields[0] not in ("0", "1"):
        raise ReplyError(f"72 has {len(fields)} fields: {fields}")
    total = Bani(sum(bani(fields[index]) for index in at.sums))
    started, finished = fields[at.started] == at.yes, fields[at.finished] == at.yes
    paid = Bani(0) if not started else None
    if started and finished:
        paid = Bani(total + bani(fields[at.change]))
    return Progress(fields[0] == "1", integer(fields[1]), total, paid)


def last_number(fields: Sequence[str]) -> tuple[int, int]:
    """71: the last receipt's number and how many there were for ever; Bulgaria has one number."""
    return integer(fields[0]), integer(fields[-1])


def device_time(text: str) -> DeviceTime:
    """68, 73: date and time, or a date alone."""
    for shape in (ON_WIRE, DATE):
        try:
            at = datetime.strptime(text.strip(), shape).replace(tzinfo=UTC)
            return DeviceTime(text, at, step_of(shape))
        except ValueError:
            continue
    return DeviceTime(text, None)


def time_in(text: str) -> str:
    """The last date and time that a document's text shows, as 68 writes them; "" if it has none."""
    found = IN_TEXT.findall(text)
    if not found:
        return ""
    date, time = found[-1]
    return f"{re.sub(r'[./]', '-', date)} {time}"


def model_and_firmware(fields: Sequence[str]) -> tuple[str, str]:
    """21: five fields in Bulgaria, one text in Romania, whose shape is not public."""
    told = [field.strip() for field in fields if field.strip()]
    if len(told) >= 5:
        return told[3], told[4]
    text = " ".join(told)
    shape = re.match(r"(.*?)\s+(ver\b.*)", text, re.IGNORECASE)
    return (shape[1], shape[2]) if shape else (text, text)
