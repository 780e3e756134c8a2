"""The fiscal receipt: 30 open, 31 sell, 3C storno, 3E discount, 35 pay, 38 close, 39 cancel.

    closed --30--> open --31,3C,3E,37,51--> open --35--> paying --35,37--> paid --38--> closed
                    +--39--> closed (cancelled; not once anything is paid)

The receipt is fiscally complete in 38 and nowhere else. Doubts, decided in the stricter way: cash
may be overpaid, other payments not; a storno line must undo one that stands there, discount
included, its value signed as it counts; postponed and buffered receipts print like the others.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox.printer import paper
from sandbox.printer.asked import day_is_over, with_paper
from sandbox.printer.closing import cancelled, issued
from sandbox.printer.fields import half_up
from sandbox.printer.memory import (
    CASH,
    FOREIGN,
    RATE_UNUSED,
    Discounted,
    OpenReceipt,
    Paid,
    SoldLine,
)
from sandbox.printer_zfp.asked import (
    CONDITIONS,
    DAY_BLOCKED,
    NOT_LEGAL,
    NOTHING_TO_CORRECT,
    SYNTAX,
    TOO_LARGE,
    ZERO,
    Asked,
    Done,
    No,
    integer,
    money,
    need_clock,
    need_nothing_open,
    need_operator,
    number,
)
from sandbox.printer_zfp.profiles import NOT_USED

CUSTOMER_TYPES = (1, 3, 5)
CUSTOMER_WIDTHS = (15, 30, 20, 20, 20, 20, 30)
NAME_WIDTH, LINES_MAX, PAYMENTS_MAX, TEXTS_MAX = 36, 300, 32, 200
TOTAL_BANI_MAX = 9_999_999_999
SALE = re.compile(
    r"(?P<name>.{36});(?P<letter>.);(?P<price>-?[\d.]+)(?:\*(?P<quantity>[\d.]+))?"
    r"(?:,(?P<percent>-?[\d.]+)%)?(?::(?P<value>-?[\d.]+))?",
    re.ASCII | re.DOTALL,
)
ADJUSTMENT = re.compile(
    r"[012];[01](?::(?P<value>-?[\d.]+))?(?:,(?P<percent>-?[\d.]+)%)?", re.ASCII
)
BARCODE_KINDS = {"0": "UPCA", "1": "UPCE", "2": "EAN13", "3": "EAN8", "I": "CODE128"}


def receipt_of(asked: Asked) -> OpenReceipt:
    if not asked.memory.receipt:
        raise No(NOT_LEGAL)
    return asked.memory.receipt


def unpaid(asked: Asked) -> OpenReceipt:
    receipt = receipt_of(asked)
    if receipt.payments:
        raise No(NOT_LEGAL)
    return receipt


def open_receipt(asked: Asked) -> Done:
    """30: operator; password; 0; 0; type [; CUI; name; four lines; address]"""
    fields, memory = asked.fields(5, 12), asked.memory
    need_nothing_open(memory)
    operator = need_operator(asked, fields[0], fields[1])
    if fields[2:4] != ["0", "0"] or len(fields) not in (5, 12):
        raise No(SYNTAX)
    kind, tax_id = integer(fields[4], 0, 5), ""
    if kind in CUSTOMER_TYPES:
        widths = tuple(len(field) for field in fields[5:])
        if asked.profile.name != "ro" or widths != CUSTOMER_WIDTHS:
            raise No(SYNTAX)
        tax_id = fields[5].strip()
    if (kind in CUSTOMER_TYPES) is not bool(tax_id) or (len(fields) == 12) is not bool(tax_id):
        raise No(SYNTAX)
    if day_is_over(memory, asked.now):
        raise No(NOT_LEGAL, first=DAY_BLOCKED)
    need_clock(memory, asked.now)
    slip = memory.slip + 1
    drawn = paper.head(memory, asked.settings, tax_id)
    receipt = OpenReceipt(slip, operator, 1, tax_id, asked.now, paper=drawn)
    return Done(memory=replace(memory, slip=slip, receipt=receipt))


def sell(asked: Asked) -> Done:
    """31: name[36]; letter; price [*quantity] [,percent%] [:value]; a negative price corrects"""
    return sold(asked, line_of(asked))


def storno(asked: Asked) -> Done:
    """3C: as 31; the price must be negative"""
    if not asked.profile.storno_command:
        raise No("1")
    line = line_of(asked)
    if line.price_bani >= 0:
        raise No(SYNTAX)
    return sold(asked, line)


def sold(asked: Asked, line: SoldLine) -> Done:
    receipt = unpaid(asked)
    if len(receipt.lines) >= LINES_MAX:
        raise No(TOO_LARGE, first="2")
    if line.price_bani < 0 and not stands(receipt, line):
        raise No(NOTHING_TO_CORRECT)
    after = replace(receipt, lines=(*receipt.lines, line))
    if min(after.by_group) < 0:
        raise No(NOTHING_TO_CORRECT)
    if after.total_bani > TOTAL_BANI_MAX:
        raise No(TOO_LARGE)
    memory = replace(asked.memory, receipt=after)
    return Done(memory=with_paper(memory, paper.sold(line, asked.settings.columns)))


def line_of(asked: Asked) -> SoldLine:
    shape = SALE.fullmatch(asked.text)
    if shape is None or not shape["name"].strip():
        raise No(SYNTAX)
    name, _, unit = shape["name"].rstrip().partition("`")
    if len(name) > 30 or len(unit) > 3:
        raise No(SYNTAX)
    group = asked.profile.letters.find(shape["letter"])
    if group < 0 or asked.memory.rates[group] >= RATE_UNUSED:
        raise No(SYNTAX)
    price = number(shape["price"], 2, 10)
    quantity = number(shape["quantity"], 3, 10) if shape["quantity"] else 1000
    gross = half_up(price * quantity, 1000)
    if gross == 0:
        raise No(ZERO)
    kind, value, change = adjustment(shape, gross)
    if abs(change) > abs(gross) and (change < 0) is not (gross < 0):
        raise No(TOO_LARGE)
    return SoldLine(
        name, group, price, quantity, kind, value, change, gross + change, 1, unit.strip()
    )


def adjustment(shape: re.Match[str], base: int, width: int = 8) -> tuple[int, int, int]:
    """Kind (1 surcharge %, 2 discount %, 3 surcharge, 4 discount), value, what it adds."""
    if shape["percent"] and shape["value"]:
        raise No(SYNTAX)
    if shape["percent"]:
        if len(shape["percent"]) > 6:
            raise No(TOO_LARGE)
        percent = number(shape["percent"], 2, 6)
        return (2 if percent < 0 else 1), abs(percent), half_up(base * percent, 100_00)
    if shape["value"]:
        value = number(shape["value"], 2, width)
        lowers = (value < 0) is not (base < 0)
        return (4 if lowers else 3), abs(value), value
    return 0, 0, 0


def stands(receipt: OpenReceipt, void: SoldLine) -> bool:
    def key(line: SoldLine) -> tuple[object, ...]:
        price, kind = abs(line.price_bani), line.discount_type
        worth = (price, line.quantity_thousandths, kind, line.discount_value, abs(line.total_bani))
        return line.name, line.group, line.unit, worth

    alike = [line for line in receipt.lines if key(line) == key(void)]
    return sum(1 if line.price_bani > 0 else -1 for line in alike) > 0


def adjust(asked: Asked) -> Done:
    """3E: type 0..2; display [:value] [,percent%]; answers with what it applied"""
    shape = ADJUSTMENT.fullmatch(asked.text)
    if shape is None:
        raise No(SYNTAX)
    receipt, columns = unpaid(asked), asked.settings.columns
    if not receipt.lines or receipt.total_bani == 0:
        raise No(NOT_LEGAL)
    kind, value, change = adjustment(shape, receipt.total_bani, 10)
    if not kind or receipt.total_bani + change < 0:
        raise No(TOO_LARGE if kind else SYNTAX)
    discount = Discounted(kind, value, shared(change, receipt.by_group))
    after = replace(receipt, discounts=(*receipt.discounts, discount))
    drawn = (paper.subtotal(receipt.total_bani, columns), paper.discounted(discount, columns))
    return Done(money(change), with_paper(replace(asked.memory, receipt=after), drawn))


def shared(change: int, by_group: tuple[int, ...]) -> tuple[int, ...]:
    """A sum shared out in proportion, so that the parts make exactly the sum."""
    so_far, given, parts = 0, 0, []
    for bani in by_group:
        so_far += bani
        parts.append(half_up(change * so_far, sum(by_group)) - given)
        given += parts[-1]
    return tuple(parts)


def pay(asked: Asked) -> Done:
    """35: payment; 0; amount (" is exactly the rest) [; 1], which Romania wants"""
    size = 4 if asked.profile.name == "ro" else 3
    fields = asked.fields(size, size)
    if fields[1] != "0" or fields[3:] not in ([], ["1"]):
        raise No(SYNTAX)
    mode = asked.profile.modes[integer(fields[0], 0, len(asked.profile.modes) - 1)]
    receipt = receipt_of(asked)
    due = receipt.total_bani - receipt.paid_bani
    if not receipt.lines or due <= 0 or len(receipt.payments) >= PAYMENTS_MAX:
        raise No(NOT_LEGAL)
    amount = due if fields[2] == '"' else number(fields[2], 2, 10)
    if amount <= 0:
        raise No(ZERO)
    if mode in (NOT_USED, FOREIGN):
        raise No(NOT_LEGAL, first=CONDITIONS)
    if amount > due and mode != CASH:
        raise No(TOO_LARGE)
    columns, payment = asked.settings.columns, Paid(mode, amount)
    drawn = () if receipt.payments else paper.total(receipt.total_bani, columns)
    drawn = (*drawn, paper.paid(payment, columns))
    if amount > due:
        drawn = (*drawn, paper.change(amount - due, columns))
    after = replace(receipt, payments=(*receipt.payments, payment))
    return Done(memory=with_paper(replace(asked.memory, receipt=after), drawn))


def print_text(asked: Asked) -> Done:
    """37: a free line, in whatever is open"""
    memory, text = asked.memory, asked.text
    if len(text) > asked.settings.text_columns:
        raise No(TOO_LARGE)
    document = memory.receipt or memory.text
    if document is None:
        raise No(NOT_LEGAL)
    if len(document.texts) >= TEXTS_MAX:
        raise No(TOO_LARGE, first="2")
    if memory.receipt:
        after = replace(
            memory, receipt=replace(memory.receipt, texts=(*memory.receipt.texts, text))
        )
    else:
        assert memory.text is not None
        after = replace(memory, text=replace(memory.text, texts=(*memory.text.texts, text)))
    return Done(memory=with_paper(after, (text,)))


def barcode(asked: Asked) -> Done:
    """51: P; kind; length; data"""
    shape = re.fullmatch(r"P;(.);(\d{1,3});(.+)", asked.text, re.ASCII)
    if shape is None or shape[1] not in BARCODE_KINDS or int(shape[2]) != len(shape[3]):
        raise No(SYNTAX)
    if not (asked.memory.receipt or asked.memory.text):
        raise No(NOT_LEGAL)
    drawn = f"[{BARCODE_KINDS[shape[1]]} {shape[3]}]"[: asked.settings.columns]
    return Done(memory=with_paper(asked.memory, (drawn,)))


def close(asked: Asked) -> Done:
    """38: the instant in which the receipt becomes fiscal"""
    asked.fields(0, 0)
    receipt = receipt_of(asked)
    if not receipt.payments or receipt.paid_bani < receipt.total_bani:
        raise No(NOT_LEGAL)
    need_clock(asked.memory, asked.now)
    number = None if asked.profile.numbers_by_day else asked.memory.receipts_ever + 1
    memory, document = issued(asked.memory, asked.settings, receipt, asked.now, number=number)
    return Done(memory=memory, documents=(document,))


def cancel(asked: Asked) -> Done:
    """39: only before any payment"""
    asked.fields(0, 0)
    memory, document = cancelled(asked.memory, asked.settings, unpaid(asked), asked.now)
    return Done(memory=memory, documents=(document,))
