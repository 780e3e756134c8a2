"""What is printed beside receipts: 2E, 2F non-fiscal, 3A copy, 3B cash, 7C X and Z, 2A drawer.

7C is also the electronic journal (JE): J0 gives it as a stream of lines, by receipts, days or all.
J0;N counts receipts as 71 does, for ever. A copy can be had once, of what was printed last.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox.printer import paper, printouts
from sandbox.printer.asked import with_document
from sandbox.printer.memory import OpenText
from sandbox.printer.texts import ended
from sandbox.printer_zfp.asked import (
    NOT_ENOUGH_CASH,
    NOT_LEGAL,
    SYNTAX,
    TOO_LARGE,
    ZERO,
    Asked,
    Done,
    No,
    need_clock,
    need_nothing_open,
    need_operator,
    number,
)
from sandbox.printer_zfp.fiscal_memory import day

DRAWER_BANI_MAX = 9_999_999_999
RANGE = re.compile(r"J0;(?:\*|([DNZ]);(\d{4,6});(\d{4,6}))", re.ASCII)
WIDTHS = {"D": 6, "N": 6, "Z": 4}


def open_slip(asked: Asked) -> Done:
    """2E: operator; password; 0; type 0 or 1"""
    fields, memory = asked.fields(4, 4), asked.memory
    need_nothing_open(memory)
    need_operator(asked, fields[0], fields[1])
    if fields[2] != "0" or fields[3] not in ("0", "1"):
        raise No(SYNTAX)
    slip = memory.slip + 1
    text = OpenText(slip, asked.now, paper.head(memory, asked.settings))
    return Done(memory=replace(memory, slip=slip, text=text))


def close_slip(asked: Asked) -> Done:
    """2F"""
    asked.fields(0, 0)
    if not asked.memory.text:
        raise No(NOT_LEGAL)
    memory, document = ended(asked.memory, asked.settings, asked.memory.text, asked.now)
    return Done(memory=memory, documents=(document,))


def cash(asked: Asked) -> Done:
    """3B: operator; password; 0; amount, negative when it goes out [@text]"""
    fields, memory = asked.fields(4, 4), asked.memory
    need_nothing_open(memory)
    need_operator(asked, fields[0], fields[1])
    amount = number(fields[3].partition("@")[0], 2, 10)
    if fields[2] != "0" or amount == 0:
        raise No(SYNTAX if fields[2] != "0" else ZERO)
    if memory.drawer_bani + amount < 0:
        raise No(NOT_ENOUGH_CASH)
    if memory.drawer_bani + amount > DRAWER_BANI_MAX:
        raise No(TOO_LARGE)
    after, document = printouts.cash(memory, asked.settings, asked.now, amount)
    return Done(memory=with_document(after, document), documents=(document,))


def copy(asked: Asked) -> Done:
    """3A"""
    asked.fields(0, 0)
    memory, documents = asked.memory, asked.documents()
    need_nothing_open(memory)
    if not documents or documents[-1].kind != "receipt":
        raise No(NOT_LEGAL)
    document = printouts.duplicate(memory, asked.settings, asked.now, documents[-1])
    return Done(memory=with_document(memory, document), documents=(document,))


def drawer(asked: Asked) -> Done:
    """2A"""
    asked.fields(0, 0)
    memory = asked.memory
    return Done(memory=replace(memory, drawer_pulses=memory.drawer_pulses + 1))


def report(asked: Asked) -> Done:
    """7C: X, Z, or the journal"""
    if asked.text.startswith("J"):
        return Done(lines=journal(asked))
    if asked.text not in ("X", "Z"):
        raise No(SYNTAX)
    need_nothing_open(asked.memory)
    closing = asked.text == "Z"
    if closing:
        need_clock(asked.memory, asked.now)
        if asked.memory.z_made >= asked.settings.z_max:
            raise No(NOT_LEGAL, first="8")
    after, document, _ = printouts.report(asked.memory, asked.settings, asked.now, closing=closing)
    return Done(memory=with_document(after, document), documents=(document,))


def journal(asked: Asked) -> tuple[str, ...]:
    shape = RANGE.fullmatch(asked.text)
    if shape is None or len(shape[2] or "") != len(shape[3] or ""):
        raise No(SYNTAX)
    if shape[1] and len(shape[2]) != WIDTHS[shape[1]]:
        raise No(SYNTAX)
    documents = asked.documents()
    if shape[1]:
        first, last = int(shape[2]), int(shape[3])
        if shape[1] == "N":
            receipts = (one for one in documents if one.kind == "receipt")
            chosen = [one for n, one in enumerate(receipts, start=1) if first <= n <= last]
        elif shape[1] == "D":
            begin, end = day(shape[2]), day(shape[3])
            chosen = [one for one in documents if begin <= one.at.date() <= end]
        else:
            chosen = [one for one in documents if first <= one.z <= last]
        if not chosen:
            raise No(NOT_LEGAL)
        documents = chosen
    return tuple(line or " " for one in documents for line in one.text)
