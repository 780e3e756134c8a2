"""The non-fiscal document and what any open document may carry: 38, 39, 42, 44, 84, 92.

closed --38--> open --42,44,84,92--> open --39--> closed      (status byte 2 = A0 while open)
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.printer import paper
from sandbox.printer.asked import (
    FISCAL_OPEN,
    NO_RECEIPT_OPEN,
    Asked,
    Done,
    need_nothing_open,
    with_document,
    with_paper,
)
from sandbox.printer.fields import Refusal, bad_value
from sandbox.printer.memory import Document, OpenText
from sandbox.printer.sales import aligned

FISCAL_IS_OPEN = -111047
BARCODE_MAX = 150
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
    drawn = () if bare else paper.head(asked.settings)
    text = OpenText(slip, asked.now, drawn)
    return Done((slip,), replace(asked.memory, slip=slip, text=text))


def close_text(asked: Asked) -> Done:
    """39"""
    asked.fields.expect(0, 0)
    text, memory = text_of(asked), asked.memory
    end = paper.foot(
        memory,
        asked.settings,
        asked.now,
        title="BON NEFISCAL",
        number=f"DOCUMENT NR: {text.slip}",
        z=memory.z_now,
    )
    drawn = (*text.paper, *end)
    document = Document(text.slip, "nonfiscal", text.slip, memory.z_now, asked.now, 0, drawn)
    return Done((text.slip,), with_document(replace(memory, text=None), document), (document,))


def print_text(asked: Asked) -> Done:
    """42: Text[, Bold, Italic, Height, Underline, Align]"""
    fields, settings = asked.fields, asked.settings
    fields.expect(1, 6)
    text = fields.words(1, settings.text_columns)
    for position, most in ((2, 1), (3, 1), (4, 2), (5, 1)):
        fields.integer(position, 0, most, default=0)
    align = fields.integer(6, 0, 2, default=0)
    text_of(asked)
    return printed(asked, (aligned(text, align, settings.columns),))


def printed(asked: Asked, lines: tuple[str, ...]) -> Done:
    """More lines on the open document; without one the paper moves and nothing is kept."""
    memory = asked.memory
    document = memory.receipt or memory.text
    if document and len(document.paper) + len(lines) > PAPER_LINES_MAX:
        raise Refusal(FISCAL_OPEN)
    return Done(memory=with_paper(memory, lines) if document else None)


def feed(asked: Asked) -> Done:
    """44: Lines 1..99"""
    asked.fields.expect(0, 1)
    return printed(asked, ("",) * asked.fields.integer(1, 1, 99, default=1))


def separator(asked: Asked) -> Done:
    """92: Type 1..4"""
    asked.fields.expect(1, 1)
    sign = "-=*#"[asked.fields.integer(1, 1, 4) - 1]
    return printed(asked, (paper.rule(asked.settings.columns, sign),))


def barcode(asked: Asked) -> Done:
    """84: Type 1..7, Data[, Size 3..10]"""
    asked.fields.expect(2, 3)
    kind = asked.fields.integer(1, 1, 7)
    data = asked.fields.words(2, BARCODE_MAX)
    asked.fields.integer(3, 3, 10, default=4)
    if not data:
        raise bad_value(2)
    name = ("EAN8", "EAN13", "CODE128", "QR", "I2OF5", "PDF417", "PDF417")[kind - 1]
    return printed(asked, (f"[{name} {data}]"[: asked.settings.columns],))
