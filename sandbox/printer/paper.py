"""How documents look: the lines of the paper, as wide as the device prints.

              MAGAZIN DEMO SRL
      STR. EXEMPLU NR. 1, BUCURESTI
             CIF: RO12345674
    ------------------------------------------
    Paine alba
      2,000 BUC x 3,50                  7,00 B
    ------------------------------------------
    TOTAL LEI                             7,00
    NUMERAR LEI                          10,00
    REST LEI                              3,00
    TVA B 11,00%                          0,69
    ...
                 BON FISCAL

Pure: values in, lines out. Nothing in here decides anything about money.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from datetime import datetime

from sandbox.printer.clock import ON_PAPER
from sandbox.printer.fields import money, vat_inside
from sandbox.printer.memory import (
    GROUPS,
    HEADER_LINES,
    OPERATORS,
    PERCENT_TYPES,
    RATE_UNUSED,
    SURCHARGE_TYPES,
    Discounted,
    Memory,
    OpenReceipt,
    Paid,
    SoldLine,
    ZRecord,
    padded,
)

PAYMENT_NAMES = (
    "NUMERAR",
    "CARD",
    "CREDIT",
    "TICHETE MASA",
    "TICHETE VALORICE",
    "VOUCHER",
    "PLATA MODERNA",
    "CARD + AVANS NUMERAR",
    "ALTE METODE",
    "VALUTA",
)


Z_MAX = 2500


@dataclass(frozen=True, slots=True)
class Settings:
    """What a technician programs before the device goes to a shop."""

    columns: int = 48
    password: str = "0001"
    header: tuple[str, ...] = ("MAGAZIN DEMO SRL", "STR. EXEMPLU NR. 1, BUCURESTI")
    tax_number: str = "RO12345674"
    duplicates: bool = False  # is command 109 there?
    z_max: int = Z_MAX  # records that the fiscal memory has room for

    @property
    def text_columns(self) -> int:
        return self.columns - 2


def lei(bani: int) -> str:
    return money(bani, point=",")


def rate_text(rate: int) -> str:
    return f"{money(rate, point=',')}%"


def rule(columns: int, sign: str = "-") -> str:
    return sign * columns


def pair(left: str, right: str, columns: int) -> str:
    """Left and right ends of one line; the left gives way."""
    room = columns - len(right) - 1
    return f"{left[:room]:<{room}} {right}"


def header_of(memory: Memory, settings: Settings) -> tuple[str, ...]:
    """Its ten lines: as a host wrote them, else as the technician left them."""
    left = padded(settings.header, HEADER_LINES)
    ours = padded(memory.header, HEADER_LINES)
    return tuple(written or was for written, was in zip(ours, left, strict=True))


def centred(lines: tuple[str, ...], columns: int) -> list[str]:
    """Blank lines are not printed."""
    return [line.center(columns).rstrip() for line in lines if line.strip()]


def head(memory: Memory, settings: Settings, tax_id: str = "") -> tuple[str, ...]:
    header = header_of(memory, settings)
    lines = (*header[:2], f"CIF: {settings.tax_number}", *header[2:])
    drawn = centred(lines, settings.columns)
    drawn.append(rule(settings.columns))
    if tax_id:
        drawn += [f"CIF CLIENT: {tax_id}", rule(settings.columns)]
    return tuple(drawn)


def sold(line: SoldLine, columns: int) -> tuple[str, ...]:
    letter = GROUPS[line.group]
    gross = line.total_bani - line.discount_bani
    quantity = money(line.quantity_thousandths, decimals=3, point=",")
    count = f"  {quantity} {line.unit}".rstrip() + f" x {lei(line.price_bani)}"
    drawn = ["ANULARE ARTICOL"] if line.price_bani < 0 else []
    drawn += textwrap.wrap(line.name, columns) or [""]
    drawn.append(pair(count, f"{lei(gross)} {letter}", columns))
    if line.discount_type:
        what = discount_name(line.discount_type, line.discount_value)
        drawn.append(pair(f"  {what}", f"{lei(line.discount_bani)} {letter}", columns))
    return tuple(drawn)


def discount_name(discount_type: int, value: int) -> str:
    name = "MAJORARE" if discount_type in SURCHARGE_TYPES else "REDUCERE"
    return f"{name} {rate_text(value)}" if discount_type in PERCENT_TYPES else name


def subtotal(bani: int, columns: int) -> str:
    return pair("SUBTOTAL", lei(bani), columns)


def discounted(discount: Discounted, columns: int) -> str:
    name = discount_name(discount.discount_type, discount.value)
    return pair(f"  {name}", lei(sum(discount.by_group)), columns)


def total(bani: int, columns: int) -> tuple[str, ...]:
    return (rule(columns), pair("TOTAL LEI", lei(bani), columns))


def paid(payment: Paid, columns: int) -> str:
    return pair(f"{PAYMENT_NAMES[payment.mode]} LEI", lei(payment.amount_bani), columns)


def change(bani: int, columns: int) -> str:
    return pair("REST LEI", lei(bani), columns)


def vat_table(by_group: tuple[int, ...], rates: tuple[int, ...], columns: int) -> tuple[str, ...]:
    """One line per VAT group with a turnover, then the sum of the VAT."""
    drawn, all_vat = [rule(columns)], 0
    for letter, gross, rate in zip(GROUPS, by_group, rates, strict=True):
        if gross and rate < RATE_UNUSED:
            vat = vat_inside(gross, rate)
            all_vat += vat
            drawn.append(
                pair(f"TVA {letter} {rate_text(rate)} DIN {lei(gross)}", lei(vat), columns)
            )
    return (*drawn, pair("TOTAL TVA", lei(all_vat), columns))


def foot(
    memory: Memory, settings: Settings, at: datetime, *, title: str, number: str, z: int
) -> tuple[str, ...]:
    columns = settings.columns
    return (
        rule(columns),
        *centred(memory.footer, columns),
        pair(number, f"Z: {z:04d}", columns),
        pair(f"DATA {at.strftime(ON_PAPER)[:10]}", f"ORA {at.strftime(ON_PAPER)[11:]}", columns),
        pair(f"S/N: {memory.serial}", f"MF {memory.fiscal_memory_number}", columns),
        f"*** {title} ***".center(columns).rstrip(),
    )


def receipt_end(
    memory: Memory, settings: Settings, receipt: OpenReceipt, at: datetime, number: int
) -> tuple[str, ...]:
    columns = settings.columns
    operator = padded(memory.operator_names, OPERATORS)[receipt.operator - 1]
    return (
        *vat_table(receipt.by_group, memory.rates, columns),
        pair(f"OPERATOR {receipt.operator}", f"CASA {receipt.till}", columns),
        *centred((operator,), columns),
        *foot(
            memory,
            settings,
            at,
            title="BON FISCAL",
            number=f"BON FISCAL NR: {number:04d}",
            z=memory.z_now,
        ),
    )


def day_report(
    memory: Memory, settings: Settings, at: datetime, record: ZRecord, *, closing: bool
) -> tuple[str, ...]:
    """The X report and the Z report: the same registers under two titles."""
    columns, day = settings.columns, memory.day
    title = "RAPORT FISCAL DE INCHIDERE ZILNICA" if closing else "RAPORT X - NU INCHIDE ZIUA"
    number = f"RAPORT {'Z' if closing else 'X'} NR: {record.number:04d}"
    drawn = [*head(memory, settings), title.center(columns).rstrip(), rule(columns)]
    drawn.append(pair("BONURI FISCALE", str(day.receipts), columns))
    drawn.append(pair("TOTAL VANZARI LEI", lei(sum(day.by_group)), columns))
    for letter, gross, rate in zip(GROUPS, day.by_group, memory.rates, strict=True):
        if rate < RATE_UNUSED:
            drawn.append(pair(f"TOTAL {letter} {rate_text(rate)}", lei(gross), columns))
    drawn += vat_table(day.by_group, memory.rates, columns)
    for name, bani in zip(PAYMENT_NAMES, day.by_mode, strict=True):
        if bani:
            drawn.append(pair(f"{name} LEI", lei(bani), columns))
    reductions = day.discounts[1].plus(day.discounts[3].sum_bani, day.discounts[3].count)
    tallies = {
        "BONURI CU CIF CLIENT": day.with_customer,
        "REDUCERI": reductions,
        "ANULARI ARTICOL": day.voids,
        "BONURI ANULATE": day.cancelled,
        "SUME DE SERVICIU INTRARI": day.cash_in,
        "SUME DE SERVICIU IESIRI": day.cash_out,
    }
    for name, tally in tallies.items():
        drawn.append(pair(f"{name} ({tally.count})", lei(tally.sum_bani), columns))
    drawn.append(pair("NUMERAR IN SERTAR", lei(memory.drawer_bani), columns))
    return (
        *drawn,
        *foot(
            memory,
            settings,
            at,
            title="RAPORT Z" if closing else "BON NEFISCAL",
            number=number,
            z=record.number,
        ),
    )


def service(
    memory: Memory, settings: Settings, at: datetime, *, what: str, bani: int
) -> tuple[str, ...]:
    """Cash put into the drawer, or taken from it."""
    columns = settings.columns
    return (
        *head(memory, settings),
        pair(what, lei(bani), columns),
        pair("NUMERAR IN SERTAR", lei(memory.drawer_bani), columns),
        *foot(memory, settings, at, title="BON NEFISCAL", number="SERVICIU", z=memory.z_now),
    )
