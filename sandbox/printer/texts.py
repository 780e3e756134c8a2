"""The non-fiscal document and what any open document may carry: 38, 39, 42, 44, 84, 92.

closed --38--> open --42,44,84,92--> open --39--> closed      (status byte 2 = A0 while open)

A barcode needs an open document, fiscal (before and after the payment) or not.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime

from sandbox.printer import paper
from sandbox.printer.asked import (
    NO_RECEIPT_OPEN,
    Asked,
    Done,
    need_nothing_open,
    with_document,
    with_paper,
)
from sandbox.printer.fields import Refusal, bad_value
from sandbox.printer.memory import Document, Memory, OpenText
from sandbox.printer.paper import Settings
from sandbox.printer.sales import TOO_MANY_LINES, aligned

FISCAL_IS_OPEN = -111047
BARCODES = (  # name, what its data may be (manual), has it a size?
    ("EAN8", r"\d{8}", False),
    ("EAN13", r"\d{13}", False),
    ("CODE128", r"[ -~]{3,31}", False),
    ("QR", r"[ -~]{3,279}", True),
    ("I2OF5", r"\d{3,22}", False),
    ("PDF417", r"[ -~]{3,400}", True),
    ("PDF417", r"[ -~]{3,400}", True),
)
PAPER_LINES_MAX = 2000


def text_of(asked: Asked) -> OpenText:
    if asked.memory.receipt:
        raise Refusal(FISCAL_IS_OPEN)
    if not asked.memory.text:
        raise Refusal(NO_RECEIPT_OPEN)
    return asked.memory.text


def open_text(asked: Asked) -> Done:
    """38: [Param 1 = without header]"""
    asked.fields.expect(0, 1)
    bare = asked.fields.integer(1, 0, 1, default=0)
    need_nothing_open(asked.memory)
    slip = asked.memory.slip + 1
    drawn = () if bare else paper.head(asked.memory, asked.settings)
    text = OpenText(slip, asked.now, drawn)
    return Done((slip,), replace(asked.memory, slip=slip, text=text))


def close_text(asked: Asked) -> Done:
    """39"""
    asked.fields.expect(0, 0)
    text = text_of(asked)
    memory, document = ended(asked.memory, asked.settings, text, asked.now)
    return Done((text.slip,), memory, (document,))


def ended(
    memory: Memory, settings: Settings, text: OpenText, now: datetime, *, broken: bool = False
) -> tuple[Memory, Document]:
    """What is left when the open document ends; a power cut breaks it off."""
    columns = settings.columns
    drawn = ("** DOCUMENT INTRERUPT **".center(columns).rstrip(),) if broken else ()
    end = paper.foot(
        memory,
        settings,
        now,
        title="BON NEFISCAL",
        number=f"DOCUMENT NR: {text.slip}",
        z=memory.z_now,
    )
    document = Document(
        text.slip,
        "nonfiscal",
        text.slip,
        memory.z_now,
        now,
        0,
        (*text.paper, *drawn, *end),
        {"reference": text.reference, "texts": list(text.texts), "broken_off": broken},
    )
    return with_document(replace(memory, text=None), document), document


def print_text(asked: Asked) -> Done:
    """42: Text[, Bold, Italic, Height, Underline, Align]"""
    fields, settings = asked.fields, asked.settings
    fields.expect(1, 6)
    text = fields.words(1, settings.text_columns)
    for position, most in ((2, 1), (3, 1), (4, 2), (5, 1)):
        fields.integer(position, 0, most, default=0)
    align = fields.integer(6, 0, 2, default=0)
    open_one = text_of(asked)
    after = replace(open_one, texts=(*open_one.texts, text))
    drawn = (aligned(text, align, settings.columns),)
    return printed(replace(asked, memory=replace(asked.memory, text=after)), drawn)


def printed(asked: Asked, lines: tuple[str, ...]) -> Done:
    """More lines on the open document; without one the paper moves and nothing is kept."""
    memory = asked.memory
    document = memory.receipt or memory.text
    if document and len(document.paper) + len(lines) > PAPER_LINES_MAX:
        raise Refusal(TOO_MANY_LINES)
    return Done(memory=with_paper(memory, lines) if document else None)


def feed(asked: Asked) -> Done:
    """44: Lines 1..99"""
    asked.fields.expect(0, 1)
    return printed(asked, ("",) * asked.fields.integer(1, 1, 99, default=1))


def separator(asked: Asked) -> Done:
    """92: Type 1 -----, 2 - - -, 3 =====, 4 a fixed text (of which only the Bulgarian is known)"""
    asked.fields.expect(1, 1)
    kind, columns = asked.fields.integer(1, 1, 4), asked.settings.columns
    if kind == 4:
        return printed(asked, ("NU SE DATOREAZA PLATA".center(columns).rstrip(),))
    sign = ("-", "- ", "=")[kind - 1]
    return printed(asked, (paper.rule(columns, sign)[:columns].rstrip(),))


def barcode(asked: Asked) -> Done:
    """84: Type 1..7, Data[, Size 3..10]; the paper says what it holds, the size only of 4, 6, 7"""
    fields, columns = asked.fields, asked.settings.columns
    fields.expect(2, 3)
    name, shape, sized = BARCODES[fields.integer(1, 1, len(BARCODES)) - 1]
    data = fields.text(2)
    if not re.fullmatch(shape, data, re.ASCII):
        raise bad_value(2)
    if name.startswith("EAN") and not ends_with_its_check(data):
        raise bad_value(2)
    if fields.text(3) and not sized:
        raise bad_value(3)
    fields.integer(3, 3, 10, default=4)
    if not (asked.memory.receipt or asked.memory.text):
        raise Refusal(NO_RECEIPT_OPEN)
    told = f"[{name} {data}]"
    lines = tuple(told[at : at + columns] for at in range(0, len(told), columns))
    return printed(asked, lines)


def ends_with_its_check(digits: str) -> bool:
    """EAN: the weights 1, 3, 1 .. from the right make a multiple of ten."""
    weighed = (int(digit) * (3 if n % 2 else 1) for n, digit in enumerate(reversed(digits)))
    return sum(weighed) % 10 == 0
