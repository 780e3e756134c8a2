"""Reports of the fiscal memory (MF): 94 by date, 95 by Z number; printed, or line by line to PC.

    95  Type, First, Last     Type 0 short, 1 detailed: prints       94  the same, dates DD-MM-YY
        10, First, Last       short to PC: answers nothing yet       11  detailed
        3, '', ''             -> the next line of it, until -100003

Doubts of the reference: the layout of the text (ours), and that 3 goes on with whichever of the two
was asked last. Stricter here: whatever is remembered anew, a sale as well as a setting, ends a
reading (-112002); a range that holds nothing is refused (-100110), and so is one that runs
backwards.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from sandbox.printer import clock, paper
from sandbox.printer.asked import NOT_PERMITTED, Asked, Done, Reading, need_nothing_open
from sandbox.printer.clock import ON_PAPER
from sandbox.printer.electronic import END_OF_DATA
from sandbox.printer.fields import Refusal, bad_syntax, bad_value
from sandbox.printer.memory import GROUPS, RATE_UNUSED, ZRecord
from sandbox.printer.reports import slip_of_text

EMPTY_RANGE = -100110
PRINTED, TO_PC, NEXT_LINE = (0, 1), (10, 11), 3
DETAILED = (1, 11)


def by_number(asked: Asked) -> Done:
    """95: Type, First, Last"""
    if (type_ := wanted_type(asked)) == NEXT_LINE:
        return next_line(asked)
    first, last = (asked.fields.integer(position, 1, 9999) for position in (2, 3))
    if last < first:
        raise bad_value(3)
    found = asked.archive.records(first, last)
    return report(asked, type_, found, f"DE LA Z {first:04d} PANA LA Z {last:04d}")


def by_date(asked: Asked) -> Done:
    """94: Type, Start, End"""
    if (type_ := wanted_type(asked)) == NEXT_LINE:
        return next_line(asked)
    first, last = day(asked, 2), day(asked, 3)
    if last < first:
        raise bad_value(3)
    found = asked.archive.records_between(first, last + timedelta(days=1))
    span = f"DE LA {first.strftime(ON_PAPER)[:10]} PANA LA {last.strftime(ON_PAPER)[:10]}"
    return report(asked, type_, found, span)


def wanted_type(asked: Asked) -> int:
    asked.fields.expect(3, 3)
    type_ = asked.fields.integer(1, 0, max(TO_PC))
    if type_ not in (*PRINTED, *TO_PC, NEXT_LINE):
        raise bad_value(1)
    return type_


def day(asked: Asked, position: int) -> datetime:
    text = f"{asked.fields.text(position)} 00:00:00"
    if not clock.looks_like_wire(text):
        raise bad_syntax(position)
    try:
        return clock.from_wire(text)
    except ValueError as error:
        raise bad_value(position) from error


def next_line(asked: Asked) -> Done:
    reading = asked.report
    if reading is None:
        raise Refusal(NOT_PERMITTED)
    if reading.next_line >= len(reading.text):
        raise Refusal(END_OF_DATA)
    after = replace(reading, next_line=reading.next_line + 1)
    return Done((reading.text[reading.next_line],), report=after)


def report(asked: Asked, type_: int, records: list[ZRecord], span: str) -> Done:
    if not records:
        raise Refusal(EMPTY_RANGE)
    lines = drawn(asked, records, span, detailed=type_ in DETAILED)
    if type_ in PRINTED:
        need_nothing_open(asked.memory)
        return slip_of_text(asked, lines)
    whole = (*paper.head(asked.memory, asked.settings), *lines)
    return Done(report=Reading(whole))


def drawn(asked: Asked, records: list[ZRecord], span: str, *, detailed: bool) -> tuple[str, ...]:
    columns, memory = asked.settings.columns, asked.memory
    title = f"RAPORT MEMORIE FISCALA {'DETALIAT' if detailed else 'SUMAR'}"
    lines = [title.center(columns).rstrip(), span.center(columns).rstrip()]
    lines.append(paper.pair(f"S/N: {memory.serial}", f"MF {memory.fiscal_memory_number}", columns))
    for record in records if detailed else ():
        lines += block(record, columns)
    gross, vat = (sum(map(sum, sums)) for sums in ([r.by_group for r in records], vats(records)))
    return (
        *lines,
        paper.rule(columns, "="),
        paper.pair("RAPOARTE Z", str(len(records)), columns),
        paper.pair("BONURI FISCALE", str(sum(record.receipts for record in records)), columns),
        paper.pair("TOTAL GENERAL LEI", paper.lei(gross), columns),
        paper.pair("TOTAL GENERAL TVA", paper.lei(vat), columns),
    )


def vats(records: list[ZRecord]) -> list[tuple[int, ...]]:
    return [record.vat_by_group for record in records]


def block(record: ZRecord, columns: int) -> list[str]:
    """One Z, with the rates of its own day."""
    lines = [paper.rule(columns)]
    head, at = f"RAPORT Z NR: {record.number:04d}", f"{record.at:{ON_PAPER}}"
    both = len(head) + 1 + len(at) <= columns  # on narrow paper one below the other
    lines += [paper.pair(head, at, columns)] if both else [head, at]
    lines.append(paper.pair("BONURI FISCALE", str(record.receipts), columns))
    rates = record.rates or (RATE_UNUSED,) * len(GROUPS)
    for letter, rate, gross, vat in zip(
        GROUPS, rates, record.by_group, record.vat_by_group, strict=True
    ):
        if rate < RATE_UNUSED or gross:
            name = f"{letter} {paper.rate_text(rate)}" if rate < RATE_UNUSED else letter
            lines.append(paper.pair(f"TOTAL {name}", paper.lei(gross), columns))
            lines.append(paper.pair(f"TVA {letter}", paper.lei(vat), columns))
    lines.append(paper.pair("TOTAL LEI", paper.lei(sum(record.by_group)), columns))
    return lines
