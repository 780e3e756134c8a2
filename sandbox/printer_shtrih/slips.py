"""What is printed beside receipts: 17 a line, 25 a cut, 50 51 cash, 8C a copy, 40 X, 41 Z.

A line with nothing open begins a slip, which nothing on the wire knows of: it ends with a cut, or
when anything else begins. A Z of a day without receipts is made too.
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.printer import paper, printouts
from sandbox.printer.asked import with_document, with_paper
from sandbox.printer.memory import Memory, OpenText
from sandbox.printer_shtrih.asked import (
    ADMINISTRATOR,
    BAD_PARAMETERS,
    BUFFER_FULL,
    FM_FULL,
    NO_MONEY,
    NOTHING_TO_REPEAT,
    OVERFLOW,
    TEXT,
    WRONG_PASSWORD,
    Asked,
    Done,
    No,
    le,
    lines_ended,
    need_clock,
    need_no_receipt,
    number,
    words,
)
from sandbox.printer_shtrih.sales import TEXTS_MAX

DRAWER_MAX = 9_999_999_999


def print_line(asked: Asked) -> Done:
    """17: flags (2 the receipt's tape), text x40"""
    flags, text = asked.parts(1, TEXT)
    if flags[0] & 3 != 2:
        raise No(BAD_PARAMETERS)
    line = words(text)[: asked.settings.columns]
    memory = asked.memory if asked.memory.receipt or asked.memory.text else begun(asked)
    document = memory.receipt or memory.text
    assert document is not None
    if len(document.texts) >= TEXTS_MAX:
        raise No(BUFFER_FULL)
    texts = (*document.texts, line)
    if memory.receipt:
        memory = replace(memory, receipt=replace(memory.receipt, texts=texts))
    elif memory.text:
        memory = replace(memory, text=replace(memory.text, texts=texts))
    return Done(memory=with_paper(memory, (line,)))


def begun(asked: Asked) -> Memory:
    slip = asked.memory.slip + 1
    text = OpenText(slip, asked.now, paper.head(asked.memory, asked.settings))
    return replace(asked.memory, slip=slip, text=text)


def cut(asked: Asked) -> Done:
    """25: 0 whole, 1 in part"""
    if asked.parts(1)[0][0] > 1:
        raise No(BAD_PARAMETERS)
    memory, documents = lines_ended(asked)
    return Done(memory=memory, documents=documents)


def drawer(asked: Asked) -> Done:
    """28: number 0 or 1"""
    if asked.parts(1)[0][0] > 1:
        raise No(BAD_PARAMETERS)
    memory = asked.memory
    return Done(memory=replace(memory, drawer_pulses=memory.drawer_pulses + 1))


def cash_in(asked: Asked) -> Done:
    """50: amount x5; answers with the document's number"""
    return moved(asked, 1)


def cash_out(asked: Asked) -> Done:
    """51"""
    return moved(asked, -1)


def moved(asked: Asked, sign: int) -> Done:
    amount = number(asked.parts(5)[0])
    need_no_receipt(asked.memory)
    if not amount:
        raise No(BAD_PARAMETERS)
    memory, before = lines_ended(asked)
    on_hand = memory.drawer_bani + sign * amount
    if not 0 <= on_hand <= DRAWER_MAX:
        raise No(NO_MONEY if sign < 0 else OVERFLOW)
    after, document = printouts.cash(memory, asked.settings, asked.now, sign * amount)
    told = le(document.slip & 0xFFFF, 2)
    return Done(told, with_document(after, document), (*before, document))


def copy(asked: Asked) -> Done:
    """8C: of what was printed last, if that is a receipt; once"""
    asked.parts()
    need_no_receipt(asked.memory)
    memory, before = lines_ended(asked)
    documents = [*asked.documents(), *before]
    if not documents or documents[-1].kind != "receipt":
        raise No(NOTHING_TO_REPEAT)
    document = printouts.duplicate(memory, asked.settings, asked.now, documents[-1])
    return Done(memory=with_document(memory, document), documents=(*before, document))


def x_report(asked: Asked) -> Done:
    """40"""
    return reported(asked, closing=False)


def z_report(asked: Asked) -> Done:
    """41"""
    return reported(asked, closing=True)


def reported(asked: Asked, *, closing: bool) -> Done:
    asked.parts()
    need_no_receipt(asked.memory)
    if asked.operator < ADMINISTRATOR:
        raise No(WRONG_PASSWORD)
    memory, before = lines_ended(asked)
    if closing:
        need_clock(memory, asked.now)
        if memory.z_made >= asked.settings.z_max:
            raise No(FM_FULL)
    after, document, _ = printouts.report(memory, asked.settings, asked.now, closing=closing)
    return Done(memory=with_document(after, document), documents=(*before, document))
