"""Reading the electronic journal (JE): 124 finds documents by time, 125 reads one.

    124  Start, End, DocType -> StartDate, EndDate, RepFirstDoc, FirstDoc, RepLastDoc, LastDoc
    125  0, DocNumber, DocType -> DocNumber, RecReport, RecNumber, Date, DocType, ZNumber
         1 -> the next text line of that document, until -100003
         2 -> the next piece of its bytes in base64, until -100003
         3 -> prints a copy
    109  -> prints a duplicate: a copy of the last document, once, and only of a receipt

DocNumber is the slip number, RecReport and ZNumber the Z number of its day, RecNumber the number
printed on the document. DocType: 0 all, 1 receipt, 2 Z, 3 receipt with a customer tax id,
4 non-fiscal, 5 cash in or out, 8 cancelled, 9 X (Bulgarian list; the Romanian one is not public).
11, a duplicate, is our invention: unknown on hardware, which may not keep duplicates at all.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import datetime

from sandbox.printer import clock, paper
from sandbox.printer.asked import NOT_PERMITTED, Asked, Done, Reading, need_nothing_open
from sandbox.printer.clock import ON_WIRE
from sandbox.printer.fields import Refusal, bad_syntax, bad_value
from sandbox.printer.memory import Document
from sandbox.printer.reports import slip_of_text

END_OF_DATA, NOT_FOUND = -100003, -100004
TYPE_OF = {
    "receipt": 1,
    "z": 2,
    "nonfiscal": 4,
    "cash_in": 5,
    "cash_out": 5,
    "cancelled": 8,
    "x": 9,
    "duplicate": 11,
}
TYPES = {0, 1, 2, 3, 4, 5, 8, 9, 11}
WITH_CUSTOMER = 3


def is_of(document: Document, wanted: int) -> bool:
    if wanted == WITH_CUSTOMER:
        return document.kind == "receipt" and bool(document.more.get("customer_tax_id"))
    return wanted in {0, TYPE_OF[document.kind]}


def wanted_type(asked: Asked, position: int) -> int:
    wanted = asked.fields.integer(position, 0, 11, default=0)
    if wanted not in TYPES:
        raise bad_value(position)
    return wanted


def find(asked: Asked) -> Done:
    asked.fields.expect(0, 3)
    start, end = moment(asked, 1), moment(asked, 2)
    wanted = wanted_type(asked, 3)
    kinds = tuple(kind for kind, type_ in TYPE_OF.items() if wanted in {0, type_})
    if with_customer := wanted == WITH_CUSTOMER:
        kinds = ("receipt",)
    found = asked.archive.span(kinds, start, end, with_customer=with_customer)
    if not found:
        raise Refusal(NOT_FOUND)
    first, last = found
    begin, until = (start or first.at).strftime(ON_WIRE), (end or last.at).strftime(ON_WIRE)
    return Done((begin, until, first.z, first.slip, last.z, last.slip))


def moment(asked: Asked, position: int) -> datetime | None:
    text = asked.fields.text(position)
    if not text:
        return None
    if not clock.looks_like_wire(text):
        raise bad_syntax(position)
    try:
        return clock.from_wire(text)
    except ValueError as error:
        raise bad_value(position) from error


def read(asked: Asked) -> Done:
    asked.fields.expect(1, 3)
    option = asked.fields.integer(1, 0, 3)
    if option == 0:
        return choose(asked)
    reading = asked.reading
    if reading is None:
        raise Refusal(NOT_PERMITTED)
    if option == 3:
        need_nothing_open(asked.memory)
        return slip_of_text(asked, ("COPIE DIN JURNALUL ELECTRONIC", *reading.text))
    if reading.next_line >= len(reading.text):
        raise Refusal(END_OF_DATA)
    line = reading.text[reading.next_line]
    if option == 2:
        line = base64.b64encode(line.encode()).decode("ascii")
    return Done((line,), reading=replace(reading, next_line=reading.next_line + 1))


def choose(asked: Asked) -> Done:
    slip = asked.fields.integer(2, 1, 9_999_999)
    wanted = wanted_type(asked, 3)
    document = asked.archive.document(slip)
    if document is None or not is_of(document, wanted):
        raise Refusal(NOT_FOUND)
    at, kind = document.at.strftime(ON_WIRE), TYPE_OF[document.kind]
    values = (slip, document.z, document.number, at, kind, document.z)
    return Done(values, reading=Reading(document.text))


def duplicate(asked: Asked) -> Done:
    """109: a document of its own, which 76 does not tell"""
    asked.fields.expect(0, 0)
    memory = asked.memory
    need_nothing_open(memory)
    receipt, slip = asked.archive.last_document(), memory.slip + 1
    if receipt is None or receipt.kind != "receipt":
        raise Refusal(NOT_PERMITTED)
    foot = paper.foot(
        memory,
        asked.settings,
        asked.now,
        title="DUPLICAT - NEFISCAL",
        number=f"DOCUMENT NR: {slip}",
        z=memory.z_now,
    )
    title = "DUPLICAT".center(asked.settings.columns).rstrip()
    drawn = (title, *receipt.text[:-1], *foot)
    more: dict[str, object] = {"copy_of": receipt.slip}
    copy = Document(
        slip, "duplicate", slip, memory.z_now, asked.now, receipt.total_bani, drawn, more
    )
    at = max(memory.last_record_at, asked.now)
    return Done(memory=replace(memory, slip=slip, last_record_at=at), documents=(copy,))
