"""What devices of all families print beside receipts: X and Z, cash in and out, a copy.

    report     an X changes nothing; a Z writes a record and begins a new day
    cash       moves the drawer and the tallies of the day
    duplicate  DUPLICAT above the receipt as it was

They give the document and the memory behind it; what a device remembers of a document is its own.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sandbox.printer import paper
from sandbox.printer.closing import closed_day, record_of
from sandbox.printer.memory import Document, Memory, ZRecord
from sandbox.printer.paper import Settings


def report(
    memory: Memory, settings: Settings, now: datetime, *, closing: bool
) -> tuple[Memory, Document, ZRecord]:
    record = record_of(memory, now)
    document = Document(
        memory.slip + 1,
        "z" if closing else "x",
        record.number,
        record.number,
        now,
        sum(record.by_group),
        paper.day_report(memory, settings, now, record, closing=closing),
        {"receipts": record.receipts, "by_group_bani": list(record.by_group)},
    )
    return closed_day(memory, record) if closing else memory, document, record


def cash(memory: Memory, settings: Settings, now: datetime, bani: int) -> tuple[Memory, Document]:
    """`bani`: negative when it goes out."""
    amount, day = abs(bani), memory.day
    if bani > 0:
        kind, what = "cash_in", "SUMA DE SERVICIU INTRARE"
        day = replace(day, cash_in=day.cash_in.plus(amount))
    else:
        kind, what = "cash_out", "SUMA DE SERVICIU IESIRE"
        day = replace(day, cash_out=day.cash_out.plus(amount))
    after = replace(memory, day=day, drawer_bani=memory.drawer_bani + bani)
    drawn = paper.service(after, settings, now, what=what, bani=amount)
    slip = memory.slip + 1
    return after, Document(slip, kind, slip, memory.z_now, now, amount, drawn)


def duplicate(memory: Memory, settings: Settings, now: datetime, receipt: Document) -> Document:
    slip = memory.slip + 1
    drawn = ("DUPLICAT".center(settings.columns).rstrip(), *receipt.text)
    return Document(slip, "duplicate", slip, memory.z_now, now, receipt.total_bani, drawn)
