"""What stands in the fields of Datecs X requests and answers, both ways. Pure.

    Line -> ("Paine", 1, "4.50", "2.000", "", "", 1, "BUC")            49
    ("0", "57", "9.00", "9.00") <- 76                                  IsOpen, Number, Amount, Payed

The Romanian columns of the field names [datecs.md 4]; an answer's error code is already taken off.
"""

from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from drivers.je import DocumentKind, Trace
from drivers.model import (
    Adjustment,
    AdjustmentKind,
    Bani,
    DeviceTime,
    Drawer,
    Line,
    Payment,
    PaymentKind,
    VatRate,
)
from protocol.fields import decimal_text, hundredths, integer, money

GROUPS = "ABCDEFG"
UNUSED_RATE = 100_00  # 100.00 or 100.02 marks a group that is not programmed [datecs.md 10]
MODES = {kind: str(mode) for mode, kind in enumerate(PaymentKind)}  # the order of 4.1
ADJUSTMENTS = {kind: str(code) for code, kind in enumerate(AdjustmentKind, start=1)}
CLOSED, NONFISCAL = "0", "5"  # IsOpen of 76
JE_TYPES = {  # types of 125; True: it stands, False: it was cancelled [datecs.md 4, 124]
    DocumentKind.RECEIPT: {"1": True, "3": True, "8": False},  # 3: with the buyer's tax id
    DocumentKind.SLIP: {"4": True},
}
JE_NAMED = frozenset("123456789")  # 2 Z, 5 cash, 6 and 7 storno, 9 X; a copy is none of these


ON_WIRE, SUMMER = "%d-%m-%y %H:%M:%S", " DST"
ON_PAPER = "%d-%m-%Y %H:%M:%S"


def bani(text: str) -> Bani:
    return Bani(hundredths(text))


def nothing(_fields: list[str]) -> Any:
    """Read no field: only the error code matters."""


def slip_number(fields: list[str]) -> int | None:
    """38, 39, 48, 56: S, if the firmware tells it."""
    return integer(fields[0]) if fields else None


def sale_fields(line: Line, name: str, group: str) -> tuple[str | int, ...]:
    """49: PluName, TaxCd, Price, Qty, DiscType, DiscValue, Dept, Unit; a void has a minus."""
    price = -line.unit_price if line.is_void else line.unit_price
    amounts = (money(price), decimal_text(line.quantity, 3), *adjustment_fields(line.adjustment))
    return name, GROUPS.index(group) + 1, *amounts, line.department, line.unit


def adjustment_fields(adjustment: Adjustment | None) -> tuple[str, str]:
    """49, 51: DiscType, DiscValue; both stay empty where there is none."""
    return (ADJUSTMENTS[adjustment.kind], money(adjustment.value)) if adjustment else ("", "")


def vat_table(fields: list[str]) -> dict[str, VatRate | None]:
    """50: nZ, TaxA.., EntDate: however many groups the firmware has, None for the unused."""
    values = [hundredths(text) for text in fields[1:-1]]
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


def je_numbers(fields: list[str]) -> range:
    """124: Start, End, [Rep]FirstDoc, [Rep]LastDoc; six fields or four, firmwares differ."""
    first, last = (fields[3], fields[5]) if len(fields) > 4 else (fields[2], fields[3])
    return range(integer(first), integer(last) + 1)


def payments(fields: list[str]) -> tuple[Payment, ...]:
    """110-0: sums by payment mode, in the order of the modes; the last, foreign, is left out."""
    sums = zip(PaymentKind, (bani(text) for text in fields[:-1]), strict=False)
    return tuple(Payment(kind, sum_) for kind, sum_ in sums if sum_)


def drawer_sums(fields: list[str]) -> Drawer:
    """70: CashSum, CashIn, CashOut."""
    return Drawer(bani(fields[0]), bani(fields[1]), bani(fields[2]))


def device_time(text: str) -> DeviceTime:
    """62, 125: two digits of the year, maybe with the suffix of summer time; 86, 123-3: all four.

    Nobody has seen which one a Romanian device tells in 123-3: so both are read everywhere.
    """
    for shape in (ON_WIRE, ON_PAPER):
        with suppress(ValueError):
            at = datetime.strptime(text.removesuffix(SUMMER), shape).replace(tzinfo=UTC)
            return DeviceTime(text, at)
    return DeviceTime(text, None)


def last_of_two(fields: list[str]) -> DeviceTime:
    """123-3: BonFiscal, DateBonFiscal, Znumber, Zdate: the later one."""
    receipt, z_report = device_time(fields[1]), device_time(fields[3])
    return max(receipt, z_report, key=lambda time: time.at or datetime.min.replace(tzinfo=UTC))


def asked_time(told: str) -> str:
    """124: a moment that 123-3 told, as it is asked for; what is no date goes as it is."""
    at = device_time(told).at
    return told if at is None else clock_text(at, summer=told.endswith(SUMMER))


def clock_text(moment: datetime, *, summer: bool) -> str:
    """61: DateTime; Romania takes the suffix in summer time [romania.md 2.3]."""
    return moment.strftime(ON_WIRE) + (SUMMER if summer else "")
