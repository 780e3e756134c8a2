"""Reports of the fiscal memory: 78, 79 by Z, 7A, 7B by date, the first of each in detail.

    78  from;to        prints            7A  DDMMYY;DDMMYY      prints
        from;to;8      to the PC             DDMMYY;DDMMYY;8    to the PC, as a stream
    5A  1;DDMMYY       the first Z of a date, 2 the last; only in Romania

What holds nothing is refused: not legal now. Payments, sticks and cards (P, 2, 4) are not made.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from sandbox.printer import paper
from sandbox.printer.asked import with_document
from sandbox.printer.fiscal_memory import block
from sandbox.printer.memory import Document, ZRecord
from sandbox.printer_zfp.asked import (
    NOT_LEGAL,
    SYNTAX,
    UNKNOWN,
    Asked,
    Done,
    No,
    need_nothing_open,
)

Z_MAX = 9999
BY_Z = re.compile(r"(\d{4});(\d{4})(;8)?", re.ASCII)
BY_DATE = re.compile(r"(\d{6});(\d{6})(;8)?", re.ASCII)


def detailed_by_z(asked: Asked) -> Done:
    return report(asked, BY_Z, detailed=True)


def brief_by_z(asked: Asked) -> Done:
    return report(asked, BY_Z, detailed=False)


def detailed_by_date(asked: Asked) -> Done:
    return report(asked, BY_DATE, detailed=True)


def brief_by_date(asked: Asked) -> Done:
    return report(asked, BY_DATE, detailed=False)


def report(asked: Asked, shape: re.Pattern[str], *, detailed: bool) -> Done:
    said = shape.fullmatch(asked.text)
    if said is None:
        raise No(SYNTAX)
    if shape is BY_Z:
        records = asked.records(int(said[1]), int(said[2]))
    else:
        records = of_days(asked, day(said[1]), day(said[2]))
    if not records:
        raise No(NOT_LEGAL)
    lines = drawn(asked, records, detailed=detailed)
    if said[3]:
        return Done(lines=tuple(line or " " for line in lines))
    need_nothing_open(asked.memory)
    memory, slip = asked.memory, asked.memory.slip + 1
    document = Document(slip, "nonfiscal", slip, memory.z_now, asked.now, 0, lines)
    return Done(memory=with_document(memory, document), documents=(document,))


def drawn(asked: Asked, records: list[ZRecord], *, detailed: bool) -> tuple[str, ...]:
    columns = asked.settings.columns
    lines = ["RAPORT MEMORIE FISCALA".center(columns).rstrip()]
    for record in records if detailed else ():
        lines += block(record, columns)
    gross = sum(sum(record.by_group) for record in records)
    return (
        *lines,
        paper.rule(columns, "="),
        paper.pair("RAPOARTE Z", str(len(records)), columns),
        paper.pair("TOTAL GENERAL LEI", paper.lei(gross), columns),
    )


def z_of_date(asked: Asked) -> Done:
    """5A"""
    if asked.profile.name != "ro":
        raise No(UNKNOWN)
    said = re.fullmatch(r"([12]);(\d{6})", asked.text, re.ASCII)
    if said is None:
        raise No(SYNTAX)
    records = of_days(asked, day(said[2]), day(said[2]))
    if not records:
        raise No(NOT_LEGAL)
    return Done(f"{records[0 if said[1] == '1' else -1].number:04d}")


def of_days(asked: Asked, first: date, last: date) -> list[ZRecord]:
    return [one for one in asked.records(1, Z_MAX) if first <= one.at.date() <= last]


def day(text: str) -> date:
    try:
        return datetime.strptime(text, "%d%m%y").date()  # noqa: DTZ007
    except ValueError as error:
        raise No(SYNTAX) from error
