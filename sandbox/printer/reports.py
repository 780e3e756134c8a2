"""Reports and registers: X and Z 69, cash 70, drawer 106, and the reads 64, 65, 68, 86, 103, 110.

    69 X   prints the registers of the day, changes nothing
    69 Z   writes a record into the fiscal memory and begins a new day; refused with anything open

Answers of 69: nRep, TotA..TotF, TotEXEPTAT, TotSInv, VatSInv (Romanian column).
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.printer import paper, printouts
from sandbox.printer.asked import Asked, Done, need_clock, need_nothing_open, with_document
from sandbox.printer.clock import ON_PAPER, ON_WIRE
from sandbox.printer.closing import percent_and_sum, vat_by_group
from sandbox.printer.fields import Refusal, bad_value, money
from sandbox.printer.memory import FOREIGN, NO_SUMS, Document, Tally

NO_RECORDS = -100005
NOT_ENOUGH_CASH, AMOUNT_TOO_BIG = -111017, -111031
FISCAL_MEMORY_FULL = -100102
PULSE_MS_MAX = 65_535
DRAWER_BANI_MAX = 9_999_999_999


def report(asked: Asked) -> Done:
    """69: X, Z, D (departments) or G (item groups)"""
    asked.fields.expect(1, 1)
    kind = asked.fields.text(1)
    need_nothing_open(asked.memory)
    if kind == "X":
        return day_report(asked, closing=False)
    if kind == "Z":
        need_clock(asked.memory, asked.now)
        if asked.memory.z_made >= asked.settings.z_max:
            raise Refusal(FISCAL_MEMORY_FULL)
        return day_report(asked, closing=True)
    if kind in {"D", "G"}:
        title = "RAPORT DEPARTAMENTE" if kind == "D" else "RAPORT GRUPE"
        return slip_of_text(asked, (title.center(asked.settings.columns).rstrip(),))
    raise bad_value(1)


def day_report(asked: Asked, *, closing: bool) -> Done:
    memory = asked.memory
    after, document, record = printouts.report(memory, asked.settings, asked.now, closing=closing)
    day = memory.day
    sums = tuple(money(bani) for bani in record.by_group)
    customers = money(day.with_customer.sum_bani), money(day.with_customer_vat_bani)
    return Done((record.number, *sums, *customers), with_document(after, document), (document,))


def slip_of_text(asked: Asked, lines: tuple[str, ...]) -> Done:
    """A service printout: a non-fiscal document without an answer of its own."""
    memory, slip = asked.memory, asked.memory.slip + 1
    drawn = (
        *paper.head(memory, asked.settings),
        *lines,
        *paper.foot(
            memory,
            asked.settings,
            asked.now,
            title="BON NEFISCAL",
            number=f"DOCUMENT NR: {slip}",
            z=memory.z_now,
        ),
    )
    document = Document(slip, "nonfiscal", slip, memory.z_now, asked.now, 0, drawn)
    return Done(memory=with_document(memory, document), documents=(document,))


def diagnostics(asked: Asked) -> Done:
    """71: InfoType"""
    asked.fields.expect(0, 1)
    asked.fields.integer(1, 0, 9, default=0)
    need_nothing_open(asked.memory)
    return slip_of_text(asked, ("DIAGNOSTIC", f"S/N: {asked.memory.serial}"))


def cash(asked: Asked) -> Done:
    """70: Type 0 in, 1 out; Amount (0: only ask)"""
    fields, memory = asked.fields, asked.memory
    fields.expect(2, 2)
    going_out = fields.integer(1, 0, 1) == 1
    amount = fields.decimal(2, 2) if fields.text(2) else 0
    if amount < 0:
        raise bad_value(2)
    if amount == 0:
        return Done(cash_sums(asked))
    need_nothing_open(memory)
    if going_out and amount > memory.drawer_bani:
        raise Refusal(NOT_ENOUGH_CASH)
    if memory.drawer_bani + amount > DRAWER_BANI_MAX:
        raise Refusal(AMOUNT_TOO_BIG)
    moved = -amount if going_out else amount
    after, document = printouts.cash(memory, asked.settings, asked.now, moved)
    after = with_document(after, document)
    return Done(cash_sums(replace(asked, memory=after)), after, (document,))


def drawer(asked: Asked) -> Done:
    """106: [mSec 1..65535]; no document, and in any state"""
    asked.fields.expect(0, 1)
    asked.fields.integer(1, 1, PULSE_MS_MAX, default=1)
    memory = asked.memory
    return Done(memory=replace(memory, drawer_pulses=memory.drawer_pulses + 1))


def cash_sums(asked: Asked) -> tuple[object, ...]:
    day = asked.memory.day
    sums = (asked.memory.drawer_bani, day.cash_in.sum_bani, day.cash_out.sum_bani)
    return tuple(money(bani) for bani in sums)


def last_z(asked: Asked) -> Done:
    """64: Type 0 turnover, 1 VAT, 2 and 3 returns (always nothing in Romania)"""
    asked.fields.expect(0, 1)
    kind = asked.fields.integer(1, 0, 3, default=0)
    record = asked.memory.last_z
    if record is None:
        raise Refusal(NO_RECORDS)
    sums = (record.by_group, record.vat_by_group, NO_SUMS, NO_SUMS)[kind]
    customers = record.with_customer_bani if kind == 0 else 0
    at = record.at.strftime(ON_WIRE)
    return Done((record.number, *(money(bani) for bani in sums), money(customers), at))


def day_sums(asked: Asked) -> Done:
    """65: Type 0 turnover, 1 VAT, 2 and 3 returns"""
    asked.fields.expect(0, 1)
    kind = asked.fields.integer(1, 0, 3, default=0)
    turnover = asked.memory.day.by_group
    vat = vat_by_group(turnover, asked.memory.rates)
    sums = (turnover, vat, NO_SUMS, NO_SUMS)[kind]
    return Done((asked.memory.z_now, *(money(bani) for bani in sums)))


def reports_left(asked: Asked) -> Done:
    """68"""
    asked.fields.expect(0, 0)
    return Done((asked.settings.z_max - asked.memory.z_made,))


def last_record_date(asked: Asked) -> Done:
    """86: of the last record of the fiscal memory: fiscalising, a Z, a change of VAT rates"""
    asked.fields.expect(0, 0)
    record = asked.memory.last_z
    z_at = record.at if record else asked.memory.fiscalised_at
    return Done((max(z_at, asked.memory.rates_since).strftime(ON_PAPER),))


def receipt_by_group(asked: Asked) -> Done:
    """103: SumVatA..F, SumEXCEPTAT, Inv; nothing but zeros without an open receipt"""
    asked.fields.expect(0, 0)
    receipt = asked.memory.receipt
    sums = receipt.by_group if receipt else NO_SUMS
    with_customer = 1 if receipt and receipt.customer_tax_id else 0
    return Done((*(money(bani) for bani in sums), with_customer))


def day_info(asked: Asked) -> Done:
    """110: 0 payments, 2 receipts, 3 discounts, 4 voids and cancelled, 5 cash in and out"""
    asked.fields.expect(0, 1)
    day = asked.memory.day
    kind = asked.fields.integer(1, 0, 5, default=0)
    if kind == 0:
        return Done(tuple(money(bani) for bani in (*day.by_mode[:7], day.by_mode[FOREIGN])))
    if kind == 2:
        return Done((day.receipts, money(sum(day.by_group))))
    if kind == 3:
        return Done(told(percent_and_sum(day)))
    if kind == 4:
        return Done(told((day.voids, day.cancelled)))
    if kind == 5:
        return Done(told((day.cash_in, day.cash_out, Tally(), Tally())))
    raise bad_value(1)  # 1: payments of returns, which Romania does not have


def told(tallies: tuple[Tally, ...]) -> tuple[object, ...]:
    values: list[object] = []
    for tally in tallies:
        values += [tally.count, money(tally.sum_bani)]
    return tuple(values)
