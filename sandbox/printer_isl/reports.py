"""X and Z 69, cash 70, the non-fiscal document 38, 42, 39, duplicate 109, drawer 106.

69 2   prints the registers of the day, changes nothing
69 0   writes a record into the fiscal memory and begins a new day; refused with anything open
"""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox.printer import paper, printouts
from sandbox.printer.asked import with_paper
from sandbox.printer.memory import Document, OpenText
from sandbox.printer_isl.asked import (
    SYNTAX,
    Asked,
    Done,
    No,
    Why,
    decimal,
    need_nothing_open,
    whole,
    with_document,
)

DRAWER_BANI_MAX = 9_999_999_999
PULSE_MS_MAX = 150


def report(asked: Asked) -> Done:
    said = re.fullmatch(r"([0-3])N?", asked.text)
    if said is None:
        raise No(SYNTAX)
    need_nothing_open(asked.memory)
    closing = said[1] in "01"
    if closing and asked.now < asked.memory.last_record_at:
        raise No()
    after, document, record = printouts.report(
        asked.memory, asked.settings, asked.now, closing=closing
    )
    sums = ",".join(asked.make.sums(record.by_group))
    total = asked.make.money(sum(record.by_group))
    return Done(f"{record.number:04d},{total},{sums}", with_document(after, document), (document,))


def cash(asked: Asked) -> Done:
    """70: nothing or 0 only asks; F with too little in the drawer"""
    said = re.fullmatch(asked.make.cash, asked.text)
    if said is None:
        raise No(SYNTAX)
    memory, amount = asked.memory, decimal(said["amount"] or "0", 2)
    if amount == 0:
        return Done(cash_sums(asked))
    need_nothing_open(memory)
    if not 0 <= memory.drawer_bani + amount <= DRAWER_BANI_MAX:
        return Done(f"F{cash_sums(asked)[1:]}")
    after, document = printouts.cash(memory, asked.settings, asked.now, amount)
    after = with_document(after, document)
    return Done(cash_sums(replace(asked, memory=after)), after, (document,))


def cash_sums(asked: Asked) -> str:
    day, make = asked.memory.day, asked.make
    sums = (asked.memory.drawer_bani, day.cash_in.sum_bani, day.cash_out.sum_bani)
    return ",".join(["P", *(make.money(bani) for bani in sums)])


def drawer(asked: Asked) -> Done:
    whole(asked.text or "50", 5, PULSE_MS_MAX)
    memory = asked.memory
    return Done(memory=replace(memory, drawer_pulses=memory.drawer_pulses + 1))


def open_text(asked: Asked) -> Done:
    need_nothing_open(asked.memory)
    slip = asked.memory.slip + 1
    text = OpenText(slip, asked.now, paper.head(asked.memory, asked.settings))
    return Done(f"{slip:06d}", replace(asked.memory, slip=slip, text=text))


def text_of(asked: Asked) -> OpenText:
    if asked.memory.text is None:
        raise No(why=Why.CLOSED)
    return asked.memory.text


def print_text(asked: Asked) -> Done:
    text = text_of(asked)
    if len(asked.text) > asked.make.slip_text_max:
        raise No(SYNTAX)
    after = replace(text, texts=(*text.texts, asked.text))
    return Done(memory=with_paper(replace(asked.memory, text=after), (asked.text,)))


def close_text(asked: Asked) -> Done:
    text, memory, slip = text_of(asked), asked.memory, text_of(asked).slip
    end = foot(asked, slip, "BON NEFISCAL")
    more: dict[str, object] = {"reference": text.reference, "texts": list(text.texts)}
    drawn = (*text.paper, *end)
    document = Document(slip, "nonfiscal", slip, memory.z_now, asked.now, 0, drawn, more)
    return Done(f"{slip:06d}", with_document(replace(memory, text=None), document), (document,))


def foot(asked: Asked, slip: int, title: str) -> tuple[str, ...]:
    memory, number = asked.memory, f"DOCUMENT NR: {slip}"
    return paper.foot(memory, asked.settings, asked.now, title=title, number=number, z=memory.z_now)


def duplicate(asked: Asked) -> Done:
    """109: of the last document, once, and only of a receipt"""
    if asked.text != "1":
        raise No(SYNTAX)
    need_nothing_open(asked.memory)
    documents = asked.documents(asked.memory.slip, asked.memory.slip)
    if not documents or documents[-1].kind != "receipt":
        raise No()
    memory, slip, receipt = asked.memory, asked.memory.slip + 1, documents[-1]
    drawn = ("DUPLICAT", *receipt.text[:-1], *foot(asked, slip, "DUPLICAT - NEFISCAL"))
    more: dict[str, object] = {"copy_of": receipt.slip}
    copy = Document(
        slip, "duplicate", slip, memory.z_now, asked.now, receipt.total_bani, drawn, more
    )
    return Done(memory=with_document(memory, copy), documents=(copy,))
