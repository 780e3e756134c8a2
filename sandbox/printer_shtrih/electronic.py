"""The electronic journal (JE) by lines: B4 a day, B8 B9 the totals of days.

A day's documents stand there one behind the other, without free lines. The answer to B4, B8, B9
names the device; then B3 gives a line at a time, until there is no more (A9).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from sandbox.printer.memory import Document
from sandbox.printer_shtrih.asked import (
    BAD_PARAMETERS,
    JE_NO_DATA,
    Asked,
    Done,
    No,
    number,
    written_text,
)
from sandbox.printer_shtrih.reads import MODEL, need_system


def of_day(asked: Asked) -> Done:
    """B4: Z x2"""
    z = number(asked.parts(2)[0])
    documents = [one for one in asked.documents() if one.z == z and one.kind != "nonfiscal"]
    return given(asked, tuple(line for one in documents for line in day_lines(one)))


def by_numbers(asked: Asked) -> Done:
    """B9: 0 brief or 1 whole, Z x2, Z x2"""
    whole, first, last = (number(raw) for raw in asked.parts(1, 2, 2))
    return totals(asked, whole, lambda one: first <= one.z <= last)


def by_dates(asked: Asked) -> Done:
    """B8: 0 brief or 1 whole, D M Y, D M Y"""
    whole, *raw = asked.parts(1, 3, 3)
    try:
        first, last = (date(2000 + year, month, day) for day, month, year in raw)
    except ValueError as error:
        raise No(BAD_PARAMETERS) from error
    return totals(asked, whole[0], lambda one: first <= one.at.date() <= last)


def totals(asked: Asked, whole: int, wanted: Callable[[Document], bool]) -> Done:
    if whole > 1:
        raise No(BAD_PARAMETERS)
    reports = [one for one in asked.documents() if one.kind == "z" and wanted(one)]
    if whole:
        return given(asked, tuple(line for one in reports for line in one.text))
    return given(
        asked,
        tuple(
            f"RAPORT Z NR: {one.z:04d} {one.at:%d-%m-%Y %H:%M:%S}"
            f" TOTAL {one.total_bani // 100},{one.total_bani % 100:02d}"
            for one in reports
        ),
    )


def day_lines(document: Document) -> tuple[str, ...]:
    """Without free lines, as far as they can be told apart."""
    texts = document.more.get("texts", [])
    assert isinstance(texts, list)
    return tuple(line for line in document.text if line not in texts and line.strip())


def given(asked: Asked, lines: tuple[str, ...]) -> Done:
    need_system(asked)
    if not lines:
        raise No(JE_NO_DATA)
    return Done(written_text(MODEL, 16), lines=lines, bare=True)
