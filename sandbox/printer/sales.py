"""The fiscal receipt: open 48, sell 49, subtotal 51, pay 53, text 54, close 56, cancel 60.

    closed --48--> open --49,51,54--> open --53--> paying --53,54--> paying --56--> closed (issued)
                     |                                  (nothing but 53, 54, 56 from here)
                     +--60--> closed (cancelled)

The receipt is fiscally complete in 56 and nowhere else. Each function is the Romanian column of
the reference; a doubt is decided in the stricter way, and said in the docstring of `device`.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox.printer import paper
from sandbox.printer.asked import (
    DAY_OVER,
    NO_RECEIPT_OPEN,
    NON_FISCAL_OPEN,
    NOT_PERMITTED,
    Asked,
    Done,
    day_is_over,
    need_clock,
    need_nothing_open,
    need_password,
    slip_answer,
    with_paper,
)
from sandbox.printer.closing import cancelled, issued
from sandbox.printer.fields import (
    SYNTAX,
    Refusal,
    bad_syntax,
    bad_value,
    half_up,
    money,
)
from sandbox.printer.memory import (
    CASH,
    FOREIGN,
    GROUPS,
    PAYMENT_KINDS,
    PERCENT_TYPES,
    RATE_UNUSED,
    SURCHARGE_TYPES,
    Discounted,
    OpenReceipt,
    Paid,
    SoldLine,
)

NAME_MAX, UNIT_MAX = 72, 6
PRICE_BANI_MAX = 999_999_999
QUANTITY_THOUSANDTHS_MAX = 99_999_999
PERCENT_MAX = 99_99
LINES_MAX = 512
TOTAL_BANI_MAX = 9_999_999_999
PAYMENTS_MAX = 32
TEXTS_MAX = 200
PAYMENT_BEGUN, PAYMENT_NOT_BEGUN = -111018, -111050
TOO_MANY_LINES, NO_LINES = -111019, -111020
WOULD_BE_NEGATIVE, NO_SUCH_LINE = -111021, -111023
TOTAL_TOO_BIG, ROUNDS_TO_ZERO = -111014, -111030
CUSTOMER_MISSING, CUSTOMER_BAD = -111049, -111074
FOREIGN_OFF, ABOVE_TOTAL, BELOW_TOTAL = -111057, -111063, -111064
NOTHING_TO_PAY, ZERO_PAYMENT = -111065, -111068


def receipt_of(asked: Asked) -> OpenReceipt:
    if asked.memory.text:
        raise Refusal(NON_FISCAL_OPEN)
    if not asked.memory.receipt:
        raise Refusal(NO_RECEIPT_OPEN)
    return asked.memory.receipt


def open_receipt(asked: Asked) -> Done:
    """48: OpCode, OpPwd, Till[, Invoice, ClientTAXN[, AirPortID]]"""
    fields, memory = asked.fields, asked.memory
    fields.expect(3, 6)
    if len(fields) == 4 or not fields.text(3).isdigit():
        raise Refusal(SYNTAX)  # the Bulgarian forms: three and a flag, or NSale in the third place
    operator = fields.integer(1, 1, 30)
    till = fields.integer(3, 1, 99_999)
    if fields.text(4) not in {"", "I"}:
        raise bad_value(4)
    tax_id = customer_of(invoice=fields.text(4) == "I", tax_id=fields.text(5))
    if fields.text(6):
        raise bad_value(6)
    need_password(asked, operator, fields.text(2))
    need_nothing_open(memory)
    if day_is_over(memory, asked.now):
        raise Refusal(DAY_OVER)
    need_clock(memory, asked.now)
    slip = memory.slip + 1
    drawn = paper.head(memory, asked.settings, tax_id)
    receipt = OpenReceipt(slip, operator, till, tax_id, asked.now, paper=drawn)
    return Done(slip_answer(memory, slip), replace(memory, slip=slip, receipt=receipt))


def customer_of(*, invoice: bool, tax_id: str) -> str:
    if not invoice and tax_id:
        raise bad_value(5)
    if invoice and not tax_id:
        raise Refusal(CUSTOMER_MISSING)
    if tax_id and not re.fullmatch(r"(RO)?\d{2,10}|\d{13}", tax_id, re.ASCII):
        raise Refusal(CUSTOMER_BAD)
    return tax_id


def sell(asked: Asked) -> Done:
    """49: PluName, TaxCd, Price, Qty, DiscType, DiscValue, Dept[, Unit]"""
    asked.fields.expect(7, 8)
    line = read_line(asked)
    receipt = receipt_of(asked)
    if receipt.payments:
        raise Refusal(PAYMENT_BEGUN)
    if len(receipt.lines) >= LINES_MAX:
        raise Refusal(TOO_MANY_LINES)
    if line.price_bani < 0:
        need_line_to_void(receipt, line)
    after = replace(receipt, lines=(*receipt.lines, line))
    if min(after.by_group) < 0:
        raise Refusal(WOULD_BE_NEGATIVE)
    if after.total_bani > TOTAL_BANI_MAX:
        raise Refusal(TOTAL_TOO_BIG)
    memory = replace(asked.memory, receipt=after)
    memory = with_paper(memory, paper.sold(line, asked.settings.columns))
    return Done(slip_answer(memory, receipt.slip), memory)


def read_line(asked: Asked) -> SoldLine:
    fields = asked.fields
    name = fields.words(1, NAME_MAX)
    if not name.strip():
        raise bad_syntax(1)
    group = fields.integer(2, 1, len(GROUPS)) - 1
    if asked.memory.rates[group] >= RATE_UNUSED:
        raise bad_value(2)
    price = fields.decimal(3, 2)
    if not 0 < abs(price) <= PRICE_BANI_MAX:
        raise bad_value(3)
    quantity = fields.decimal(4, 3) if fields.text(4) else 1000
    if not 0 < quantity <= QUANTITY_THOUSANDTHS_MAX:
        raise bad_value(4)
    gross = half_up(price * quantity, 1000)
    if gross == 0:
        raise Refusal(ROUNDS_TO_ZERO)
    if abs(gross) > TOTAL_BANI_MAX:
        raise Refusal(TOTAL_TOO_BIG)
    kind, value, change = read_discount(asked, 5, gross)
    department = fields.integer(7, 0, 99, default=0)
    unit = fields.words(8, UNIT_MAX)
    return SoldLine(
        name, group, price, quantity, kind, value, change, gross + change, department, unit
    )


def read_discount(asked: Asked, position: int, gross: int) -> tuple[int, int, int]:
    """DiscType and DiscValue at these positions: type, value, and what it adds to the sum."""
    fields = asked.fields
    kind = fields.integer(position, 0, 4, default=0)
    if kind == 0:
        if fields.text(position + 1):
            raise bad_value(position + 1)
        return 0, 0, 0
    value = fields.decimal(position + 1, 2)
    if value <= 0 or (kind in PERCENT_TYPES and value > PERCENT_MAX):
        raise bad_value(position + 1)
    change = half_up(abs(gross) * value, 100_00) if kind in PERCENT_TYPES else value
    if kind not in SURCHARGE_TYPES:
        if change > abs(gross):
            raise bad_value(position + 1)
        change = -change
    return kind, value, -change if gross < 0 else change


def need_line_to_void(receipt: OpenReceipt, void: SoldLine) -> None:
    """A void line must undo one that is there: same name, group, price, quantity, discount."""

    def key(line: SoldLine) -> tuple[object, ...]:
        return (
            line.name,
            line.group,
            abs(line.price_bani),
            line.quantity_thousandths,
            line.discount_type,
            line.discount_value,
        )

    alike = [line for line in receipt.lines if key(line) == key(void)]
    if sum(1 if line.price_bani > 0 else -1 for line in alike) < 1:
        raise Refusal(NO_SUCH_LINE)


def subtotal(asked: Asked) -> Done:
    """51: Print, Display[, DiscType, DiscValue]"""
    fields, columns = asked.fields, asked.settings.columns
    fields.expect(2, 4)
    printing = fields.integer(1, 0, 1, default=0)
    fields.integer(2, 0, 1, default=0)
    receipt = receipt_of(asked)
    if receipt.payments:
        raise Refusal(PAYMENT_BEGUN)
    if not receipt.lines:
        raise Refusal(NO_LINES)
    kind, value, change = read_discount(asked, 3, receipt.total_bani)
    drawn = [paper.subtotal(receipt.total_bani, columns)] if printing or kind else []
    after = receipt
    if kind:
        discount = Discounted(kind, value, shared(change, receipt.by_group))
        after = replace(receipt, discounts=(*receipt.discounts, discount))
        drawn.append(paper.discounted(discount, columns))
    sums = tuple(money(bani) for bani in after.by_group)
    memory = with_paper(replace(asked.memory, receipt=after), tuple(drawn))
    return Done((receipt.slip, money(after.total_bani), *sums), memory)


def shared(change: int, by_group: tuple[int, ...]) -> tuple[int, ...]:
    """A sum shared out in proportion, so that the parts make exactly the sum."""
    whole, so_far, given, parts = sum(by_group), 0, 0, []
    if whole == 0:
        raise bad_value(4)
    for bani in by_group:
        so_far += bani
        parts.append(half_up(change * so_far, whole) - given)
        given += parts[-1]
    return tuple(parts)


def pay(asked: Asked) -> Done:
    """53: PaidMode, Amount (empty: exactly what is due)[, Type]"""
    fields = asked.fields
    fields.expect(2, 3)
    mode = fields.integer(1, 0, len(PAYMENT_KINDS) - 1)
    amount = fields.decimal(2, 2) if fields.text(2) else None
    fields.integer(3, 0, 1, default=0)
    receipt = receipt_of(asked)
    need_to_pay(receipt)
    due = receipt.total_bani - receipt.paid_bani
    if amount is None:
        amount = due
    if amount <= 0:
        raise Refusal(ZERO_PAYMENT) if amount == 0 else bad_value(2)
    if mode == FOREIGN:
        raise Refusal(FOREIGN_OFF)
    if amount > TOTAL_BANI_MAX or (amount > due and mode != CASH):
        raise Refusal(ABOVE_TOTAL)
    columns, payment = asked.settings.columns, Paid(mode, amount)
    drawn = () if receipt.payments else paper.total(receipt.total_bani, columns)
    drawn = (*drawn, paper.paid(payment, columns))
    if amount > due:
        drawn = (*drawn, paper.change(amount - due, columns))
    after = replace(receipt, payments=(*receipt.payments, payment))
    memory = with_paper(replace(asked.memory, receipt=after), drawn)
    if amount < due:
        return Done(("D", money(due - amount)), memory)
    return Done(("R", money(amount - due)), memory)


def need_to_pay(receipt: OpenReceipt) -> None:
    if not receipt.lines:
        raise Refusal(NO_LINES)
    if receipt.total_bani == 0:
        raise Refusal(NOTHING_TO_PAY)
    if receipt.paid_bani >= receipt.total_bani or len(receipt.payments) >= PAYMENTS_MAX:
        raise Refusal(NOT_PERMITTED)


def fiscal_text(asked: Asked) -> Done:
    """54: Text[, Bold, Italic, DoubleH, Underline, Align]"""
    fields, settings = asked.fields, asked.settings
    fields.expect(1, 6)
    text = fields.words(1, settings.text_columns)
    for position in range(2, 6):
        fields.integer(position, 0, 1, default=0)
    align = fields.integer(6, 0, 2, default=0)
    receipt = receipt_of(asked)
    if len(receipt.texts) >= TEXTS_MAX:
        raise Refusal(TOO_MANY_LINES)
    after = replace(receipt, texts=(*receipt.texts, text))
    drawn = aligned(text, align, settings.columns)
    return Done(memory=with_paper(replace(asked.memory, receipt=after), (drawn,)))


def aligned(text: str, align: int, columns: int) -> str:
    if align == 0:
        return text
    return text.center(columns).rstrip() if align == 1 else text.rjust(columns)


def close(asked: Asked) -> Done:
    """56: the instant in which the receipt becomes fiscal"""
    asked.fields.expect(0, 0)
    receipt = receipt_of(asked)
    if not receipt.lines:
        raise Refusal(NO_LINES)
    if not receipt.payments:
        raise Refusal(NOTHING_TO_PAY if receipt.total_bani == 0 else PAYMENT_NOT_BEGUN)
    if receipt.paid_bani < receipt.total_bani:
        raise Refusal(BELOW_TOTAL)
    need_clock(asked.memory, asked.now)
    memory, document = issued(asked.memory, asked.settings, receipt, asked.now)
    return Done(slip_answer(asked.memory, receipt.slip), memory, (document,))


def cancel(asked: Asked) -> Done:
    """60: only before any payment"""
    asked.fields.expect(0, 0)
    receipt = receipt_of(asked)
    if receipt.payments:
        raise Refusal(PAYMENT_BEGUN)
    memory, document = cancelled(asked.memory, asked.settings, receipt, asked.now)
    return Done((), memory, (document,))
