"""The fiscal receipt: 8D open, 80 84 lines, 86 87 8A 8B amounts, 89 subtotal, 85, 88.

    closed --8D--> open --80,84,86,87,8A,8B,17--> open --85--> closed (issued)
                                                  open --88--> closed (cancelled)

The receipt is fiscally complete in 85 and nowhere else: it takes all payments at once. Doubts,
decided in the stricter way: cash may be overpaid, the rest not (4D); no group's sum may fall below
zero; a discount behind its own line belongs to it, any other to the whole; a zero receipt (8E) can
only be cancelled; 85 takes no discount and no taxes of its own.
"""

from __future__ import annotations

from dataclasses import replace

from sandbox.printer import paper
from sandbox.printer.asked import day_is_over, with_paper
from sandbox.printer.closing import cancelled, issued
from sandbox.printer.fields import half_up
from sandbox.printer.memory import (
    NO_SUMS,
    RATE_UNUSED,
    Discounted,
    Document,
    OpenReceipt,
    Paid,
    SoldLine,
)
from sandbox.printer_shtrih.asked import (
    BAD_PARAMETERS,
    BUFFER_FULL,
    CASHLESS_ABOVE,
    LESS_THAN_TOTAL,
    OVER_24H,
    OVER_DISCOUNT,
    OVERFLOW,
    RECEIPT_IS_CLOSED,
    TEXT,
    TOO_MUCH_TAKEN_BACK,
    ZERO_RECEIPT,
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

MODES = (0, 1, 3, 2)  # what the four payments of 85 are: cash, card, meal tickets, credit
LINES_MAX, TEXTS_MAX = 300, 200
TOTAL_MAX = 9_999_999_999
SURCHARGE, DISCOUNT = 3, 4


def open_receipt(asked: Asked) -> Done:
    """8D: type 0, a sale"""
    if asked.parts(1) != [b"\0"]:
        raise No(BAD_PARAMETERS)
    need_no_receipt(asked.memory)
    if day_is_over(asked.memory, asked.now):
        raise No(OVER_24H)
    need_clock(asked.memory, asked.now)
    memory, before = lines_ended(asked)
    slip = memory.slip + 1
    drawn = paper.head(memory, asked.settings)
    receipt = OpenReceipt(slip, asked.operator, 1, "", asked.now, paper=drawn)
    return Done(memory=replace(memory, slip=slip, receipt=receipt), documents=before)


def sell(asked: Asked) -> Done:
    """80: quantity x5, price x5, department, tax x4, text x40"""
    documents: tuple[Document, ...] = ()
    if asked.opens_by_sale and not asked.memory.receipt:
        opened = open_receipt(replace(asked, data=b"\0"))
        assert opened.memory is not None
        asked, documents = replace(asked, memory=opened.memory), opened.documents
    return replace(registered(asked, line_of(asked, 1)), documents=documents)


def void(asked: Asked) -> Done:
    """84: as 80"""
    return registered(asked, line_of(asked, -1))


def registered(asked: Asked, line: SoldLine) -> Done:
    receipt = receipt_of(asked)
    if len(receipt.lines) >= LINES_MAX:
        raise No(BUFFER_FULL)
    after = sound(replace(receipt, lines=(*receipt.lines, line)), TOO_MUCH_TAKEN_BACK)
    memory = with_paper(
        replace(asked.memory, receipt=after), paper.sold(line, asked.settings.columns)
    )
    return Done(memory=memory)


def line_of(asked: Asked, sign: int) -> SoldLine:
    quantity, price, department, taxes, text = asked.parts(5, 5, 1, 4, TEXT)
    name = words(text)
    if not name or department[0] > 16 or not number(quantity) or not number(price):
        raise No(BAD_PARAMETERS)
    gross = sign * half_up(number(quantity) * number(price), 1000)
    if not gross:
        raise No(BAD_PARAMETERS)
    return SoldLine(
        name,
        group_of(asked, taxes),
        sign * number(price),
        number(quantity),
        0,
        0,
        0,
        gross,
        department[0],
        "",
    )


def group_of(asked: Asked, taxes: bytes) -> int:
    """One of the four taxes; here none may be missing and none combined."""
    if not 1 <= taxes[0] <= 4 or any(taxes[1:]):
        raise No(BAD_PARAMETERS)
    if asked.memory.rates[taxes[0] - 1] >= RATE_UNUSED:
        raise No(BAD_PARAMETERS)
    return taxes[0] - 1


def discount(asked: Asked) -> Done:
    """86: amount x5, tax x4, text x40"""
    return changed(asked, -1)


def surcharge(asked: Asked) -> Done:
    """87, and 8A, which takes a discount back"""
    return changed(asked, 1)


def changed(asked: Asked, sign: int) -> Done:
    amount, taxes, _ = asked.parts(5, 4, TEXT)
    receipt, change = receipt_of(asked), sign * number(amount)
    group, kind = group_of(asked, taxes), DISCOUNT if sign < 0 else SURCHARGE
    if not change:
        raise No(BAD_PARAMETERS)
    columns = asked.settings.columns
    if last := just_sold(receipt, group, columns):
        drawn = paper.sold(last, columns)
        total = last.total_bani + change
        ours = replace(
            last,
            discount_type=kind,
            discount_value=abs(change),
            discount_bani=change,
            total_bani=total,
        )
        after = sound(replace(receipt, lines=(*receipt.lines[:-1], ours)), OVER_DISCOUNT)
        printed = paper.sold(ours, columns)[len(drawn) :]
    else:
        by_group = tuple(change if n == group else 0 for n in range(len(NO_SUMS)))
        one = Discounted(kind, abs(change), by_group)
        after = sound(replace(receipt, discounts=(*receipt.discounts, one)), OVER_DISCOUNT)
        printed = (paper.discounted(one, columns),)
    return Done(memory=with_paper(replace(asked.memory, receipt=after), printed))


def just_sold(receipt: OpenReceipt, group: int, columns: int) -> SoldLine | None:
    """The line behind which a change of this group is printed, if nothing stands between."""
    last = receipt.lines[-1] if receipt.lines else None
    if last is None or last.group != group or last.price_bani < 0 or last.discount_type:
        return None
    drawn = paper.sold(last, columns)
    return last if receipt.paper[-len(drawn) :] == drawn else None


def subtotal(asked: Asked) -> Done:
    """89"""
    asked.parts()
    return Done(le(receipt_of(asked).total_bani, 5))


def close(asked: Asked) -> Done:
    """85: four payments x5, discount x2, tax x4, text x40: the receipt becomes fiscal"""
    receipt = receipt_of(asked)
    *sums, percent, taxes, _ = asked.parts(5, 5, 5, 5, 2, 4, TEXT)
    if any(percent) or any(taxes):
        raise No(BAD_PARAMETERS)
    if not receipt.lines or receipt.total_bani == 0:
        raise No(ZERO_RECEIPT)
    paid = [Paid(mode, number(raw)) for mode, raw in zip(MODES, sums, strict=True) if any(raw)]
    cash = number(sums[0])
    total = receipt.total_bani
    given = sum(one.amount_bani for one in paid)
    if given - cash > total:
        raise No(CASHLESS_ABOVE)
    if given < total:
        raise No(LESS_THAN_TOTAL)
    need_clock(asked.memory, asked.now)
    columns = asked.settings.columns
    drawn = [*paper.total(total, columns), *(paper.paid(one, columns) for one in paid)]
    if given > total:
        drawn.append(paper.change(given - total, columns))
    complete = replace(receipt, payments=tuple(paid), paper=(*receipt.paper, *drawn))
    memory, document = issued(
        replace(asked.memory, receipt=complete),
        asked.settings,
        complete,
        asked.now,
        number=asked.memory.receipts_ever + 1,
    )
    return Done(le(given - total, 5), memory, (document,))


def cancel(asked: Asked) -> Done:
    """88"""
    asked.parts()
    memory, document = cancelled(asked.memory, asked.settings, receipt_of(asked), asked.now)
    return Done(memory=memory, documents=(document,))


def receipt_of(asked: Asked) -> OpenReceipt:
    if not asked.memory.receipt:
        raise No(RECEIPT_IS_CLOSED)
    return asked.memory.receipt


def sound(receipt: OpenReceipt, code: int) -> OpenReceipt:
    """The receipt, if its sums can be."""
    if min(receipt.by_group) < 0:
        raise No(code)
    if receipt.total_bani > TOTAL_MAX:
        raise No(OVERFLOW)
    return receipt
