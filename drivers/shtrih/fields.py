"""What stands in the bytes of Shtrih-M requests and answers, both ways. Pure.

    Line -> qty x5 | price x5 | department | tax x4 | text x40          80, 84
    1E 92 02 02 00 ...  <- 10         30 bytes and more: FullStatus     <- 11

Money is whole bani, quantity thousandths, dates D M Y, times h m s [other_protocols.md 7.1, 7.2].
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from drivers.model import (
    Adjustment,
    DeviceTime,
    Line,
    Payment,
    PaymentKind,
    Receipt,
    VatRate,
    half_up,
)
from drivers.shtrih.talk import le, number
from protocol.text import ASCII, fold

TEXT_WIDTH = 40
COLUMNS = NAME_MAX = 36  # a field of 40, of which the narrow printers print 36
DEPARTMENT = 1  # of 16; what is sold is told apart by its VAT group
GROUPS = "ABCD"  # taxes 1 to 4
RATE_MAX = 100_00
MONEY_WIDTH, QUANTITY_WIDTH = 5, 5
SHORT_SIZE, FULL_SIZE = 5, 46  # of 10 only what is read; its end differs
ON_PAPER = "%d-%m-%Y %H:%M:%S"
SIMULATED = "SIM"  # the serial is a number: a virtual device can only say it with its name

# modes, low nibble; submodes
DUMP, DAY_OPEN, DAY_OVER_24H, DAY_CLOSED, BLOCKED, CONFIRM_DATE = 1, 2, 3, 4, 5, 6
RECEIPT_OPEN, TEST, FULL_REPORT, JE_REPORT = 8, 0xA, 0xB, 0xC
NO_PAPER = {1, 2}


@dataclass(frozen=True, slots=True)
class FullStatus:
    """11: who and how it is."""

    firmware: str
    document: int
    mode: int
    submode: int
    at: DeviceTime
    serial: int
    z_number: int
    z_left: int
    fiscalised: bool
    owner: str


def full_status(raw: bytes) -> FullStatus:
    """11, as it comes after the result: operator, firmware and so on to the owner's number."""
    owner = number(raw[40:46])
    unset = owner in (0, 0xFFFF_FFFF_FFFF)
    return FullStatus(
        firmware=f"{chr(raw[1])}.{chr(raw[2])} build {number(raw[3:5])}",
        document=number(raw[9:11]),
        mode=raw[13],
        submode=raw[14],
        at=device_time(raw[23:29]),
        serial=number(raw[30:34]),
        z_number=number(raw[34:36]),
        z_left=number(raw[36:38]),
        fiscalised=raw[38] > 0 or not unset,
        owner="" if unset else str(owner),
    )


def device_time(raw: bytes) -> DeviceTime:
    """D M Y h m s; the century is this one."""
    day, month, year, hour, minute, second = raw
    text = f"{day:02d}-{month:02d}-20{year:02d} {hour:02d}:{minute:02d}:{second:02d}"
    try:
        return DeviceTime(text, datetime.strptime(text, ON_PAPER).replace(tzinfo=UTC))
    except ValueError:
        return DeviceTime(text, None)


def condition_bits(raw: bytes) -> bytes:
    """What flags, mode and submode of 10 mean, as bits that are set when something is wrong.

    Flags of the second tape (0, 6) say nothing here, nor do the error bytes of fiscal memory and
    electronic journal: healthy devices have shown 18 01 and 36 01 there (vectors).
    """
    flags, mode, submode = number(raw[1:3]), raw[3] & 0x0F, raw[4]
    first = (
        not flags >> 7 & 1 or submode in NO_PAPER,
        not flags >> 1 & 1,
        flags >> 10 & 1,
        flags >> 14 & 1,
        mode == RECEIPT_OPEN,
        mode == DAY_OVER_24H,
        mode == CONFIRM_DATE,
        mode == BLOCKED,
    )
    second = (
        mode in (FULL_REPORT, JE_REPORT),
        mode in (DUMP, TEST),
        flags >> 11 & 1,
        submode == 3,
    )
    return bytes(sum(bool(on) << bit for bit, on in enumerate(bits)) for bits in (first, second))


def serial_text(serial: int, model: str) -> str:
    return f"{SIMULATED if model.startswith(SIMULATED) else ''}{serial:07d}"


def model_name(raw: bytes) -> str:
    """FC: type, subtype, protocol, subprotocol, model, language, name."""
    return text_of(raw[6:]) or f"model {raw[4]}"


def text_of(raw: bytes) -> str:
    return raw.split(b"\0")[0].decode("cp1251", "replace").strip()


def text_field(text: str, width: int = TEXT_WIDTH) -> bytes:
    return fold(text).encode(ASCII)[:width].ljust(width, b"\0")


def taxes(group: int) -> bytes:
    """Four taxes, of which we use one: 1 to 4, 0 for none."""
    return bytes([group, 0, 0, 0])


def sale_fields(line: Line, name: str, group: int) -> bytes:
    """80, 84."""
    amounts = le(line.quantity, QUANTITY_WIDTH) + le(line.unit_price, MONEY_WIDTH)
    return amounts + bytes([DEPARTMENT]) + taxes(group) + text_field(name)


def adjustment_fields(amount: int, group: int, text: str) -> bytes:
    """86, 87, 8A, 8B: an amount, never a percentage; what it is of stands in the text."""
    return le(amount, MONEY_WIDTH) + taxes(group) + text_field(text)


def adjustment_text(adjustment: Adjustment) -> str:
    name = "Reducere" if adjustment.kind.startswith("discount") else "Majorare"
    if not adjustment.is_percent:
        return name
    return f"{name} {adjustment.value // 100}.{adjustment.value % 100:02d} %"


def close_fields(payments: Iterable[Payment], slots: Mapping[PaymentKind, int]) -> bytes:
    """85: cash and three others, no discount, no taxes, no text."""
    sums = [0, 0, 0, 0]
    for payment in payments:
        sums[slots[payment.kind]] += payment.amount
    paid = b"".join(le(sum_, MONEY_WIDTH) for sum_ in sums)
    return paid + le(0, 2) + taxes(0) + text_field("")


def rate_of(raw: bytes) -> VatRate | None:
    """A tax of table 6, in hundredths of a percent; what is no rate is no used group."""
    value = number(raw)
    return VatRate(value) if raw and value < RATE_MAX else None


def group_numbers(table: Mapping[str, VatRate | None]) -> dict[VatRate, int]:
    """The tax, 1 to 4, of each rate; the first where two have the same."""
    numbered = [(rate, GROUPS.index(letter) + 1) for letter, rate in table.items()]
    return {rate: group for rate, group in reversed(numbered) if rate is not None}


def by_group(receipt: Receipt, group_of: Mapping[VatRate, int]) -> dict[int, int]:
    """What the lines of each VAT group come to."""
    sums: dict[int, int] = {}
    for line in receipt.lines:
        group = group_of[line.vat_rate]
        sums[group] = sums.get(group, 0) + line.total
    return {group: sum_ for group, sum_ in sums.items() if sum_}


def shares(amount: int, sums: Mapping[int, int]) -> dict[int, int]:
    """An amount shared out in proportion, so that the parts make exactly the amount."""
    whole, so_far, given = sum(sums.values()), 0, 0
    parts = {}
    for group, sum_ in sums.items():
        so_far += sum_
        parts[group] = half_up(amount * so_far, whole) - given
        given += parts[group]
    return {group: part for group, part in parts.items() if part}
