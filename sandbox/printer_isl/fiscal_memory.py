"""Reports of the fiscal memory: 73, 95 by Z, 94, 79 by date; 153 sends the next one to the PC.

73  from,to   in detail by Z        94  DDMMYY,DDMMYY   in detail by date
95  from,to   in brief by Z         79  DDMMYY,DDMMYY   in brief by date
153           the next of these is sent row by row, if it comes within 5 seconds (Daisy)

Without 153 they are printed. A report that holds nothing has no rows, and on paper is refused.
"""

from __future__ import annotations

import re

from sandbox.printer import paper
from sandbox.printer.fiscal_memory import block
from sandbox.printer.memory import Document, ZRecord
from sandbox.printer_isl.asked import (
    SYNTAX,
    Asked,
    Done,
    No,
    Reading,
    need_nothing_open,
    with_document,
)
from sandbox.printer_isl.electronic import day

ANNOUNCED_S = 5
Z_MAX = 9999


def announce(asked: Asked) -> Done:
    """153"""
    if asked.text:
        raise No(SYNTAX)
    return Done(reading=Reading(announced_at=asked.now))


def detailed_by_z(asked: Asked) -> Done:
    return report(asked, by_z(asked), detailed=True)


def brief_by_z(asked: Asked) -> Done:
    return report(asked, by_z(asked), detailed=False)


def detailed_by_date(asked: Asked) -> Done:
    return report(asked, by_date(asked), detailed=True)


def brief_by_date(asked: Asked) -> Done:
    return report(asked, by_date(asked), detailed=False)


def by_z(asked: Asked) -> list[ZRecord]:
    said = re.fullmatch(r"(\d{1,4}),(\d{1,4})", asked.text, re.ASCII)
    if said is None:
        raise No(SYNTAX)
    return asked.records(int(said[1]), int(said[2]))


def by_date(asked: Asked) -> list[ZRecord]:
    said = re.fullmatch(r"(\d{6}),(\d{6})", asked.text, re.ASCII)
    if said is None:
        raise No(SYNTAX)
    first, last = day(said[1]), day(said[2])
    return [one for one in asked.records(1, Z_MAX) if first <= one.at.date() <= last]


def report(asked: Asked, records: list[ZRecord], *, detailed: bool) -> Done:
    announced_at = asked.reading.announced_at
    to_pc = announced_at is not None and (asked.now - announced_at).total_seconds() <= ANNOUNCED_S
    lines = drawn(asked, records, detailed=detailed) if records else ()
    if to_pc:
        rows = (f"{number:06d}\tN\t{line}" for number, line in enumerate(lines, start=1))
        return Done(rows=(*rows, "\tE"), reading=Reading())
    if not lines:
        raise No()
    need_nothing_open(asked.memory)
    memory, slip = asked.memory, asked.memory.slip + 1
    document = Document(slip, "nonfiscal", slip, memory.z_now, asked.now, 0, lines)
    memory = with_document(memory, document)
    return Done(memory=memory, documents=(document,), reading=Reading())


def drawn(asked: Asked, records: list[ZRecord], *, detailed: bool) -> tuple[str, ...]:
    columns = asked.settings.columns
    kind = "DETALIAT" if detailed else "SUMAR"
    lines = [f"RAPORT MEMORIE FISCALA {kind}".center(columns).rstrip()]
    for record in records if detailed else ():
        lines += block(record, columns)
    gross = sum(sum(record.by_group) for record in records)
    return (
        *lines,
        paper.rule(columns, "="),
        paper.pair("RAPOARTE Z", str(len(records)), columns),
        paper.pair("TOTAL GENERAL LEI", paper.lei(gross), columns),
    )
