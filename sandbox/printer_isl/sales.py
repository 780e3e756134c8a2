"""The fiscal receipt: open 48 (Eltrade 144), sell 49, subtotal 51, pay 53, text 54, close 56.

    closed --48--> open --49,51,54--> open --53--> paying --53,54--> paying --56--> closed (issued)
                     |                                  (nothing but 53, 54, 56 from here)
                     +--60 or 130--> closed (cancelled)

The receipt is fiscally complete in 56 and nowhere else. The sums are made by the core that the
virtual Datecs X has; what a legacy frame says is read here.
"""

from __future__ import annotations

import re
from dataclasses import replace

from sandbox.printer import paper
from sandbox.printer.asked import with_paper
from sandbox.printer.closing import cancelled, issued
from sandbox.printer.fields import half_up
from sandbox.printer.memory import (
    CASH,
    RATE_UNUSED,
    Discounted,
    OpenReceipt,
    Paid,
    SoldLine,
)
from sandbox.printer.sales import LINES_MAX, TEXTS_MAX, TOTAL_BANI_MAX, need_line_to_void, shared
from sandbox.printer_isl.asked import (
    OVERFLOW,
    SYNTAX,
    Asked,
    Done,
    No,
    Why,
    decimal,
    need_day,
    need_nothing_open,
    whole,
    worth_nothing,
)

PERCENT_MAX = 99_99
SURCHARGE_PERCENT, DISCOUNT_PERCENT, SURCHARGE_SUM, DISCOUNT_SUM = 1, 2, 3, 4
PAYMENT = re.compile(r"[^\t]*\t(?P<letter>[A-Za-z]?)(?P<amount>\d+(?:\.\d{1,2})?)?")


def receipt_of(asked: Asked, *, unpaid: bool = False) -> OpenReceipt:
    receipt = asked.memory.receipt
    if receipt is None:
        raise No(why=Why.OPEN if asked.memory.text else Why.CLOSED)
    if unpaid and receipt.payments:
        raise No(why=Why.PAYING)
    return receipt


def open_receipt(asked: Asked) -> Done:
    said = re.fullmatch(asked.make.opening, asked.text)
    if said is None:
        raise No(SYNTAX)
    told = said.groupdict()
    operator = whole(told.get("operator") or "1", 1, 30)
    password = told.get("password")
    if password is not None and password not in (asked.settings.password, str(operator)):
        raise No(why=Why.PASSWORD)
    need_nothing_open(asked.memory)
    need_day(asked)
    slip = asked.memory.slip + 1
    customer = asked.customer if told.get("invoice") else ""
    if told.get("invoice") and not customer:
        raise No()
    drawn = paper.head(asked.memory, asked.settings, customer)
    till = int(told.get("till") or 1)
    receipt = OpenReceipt(slip, operator, till, customer, asked.now, paper=drawn)
    memory = replace(asked.memory, slip=slip, receipt=receipt)
    return Done(counts(asked), memory, customer="")


def customer(asked: Asked) -> Done:
    """57: TAB TAB TAB name TAB tax id TAB address; printed by the next receipt with an I"""
    parts = asked.text.split("\t")
    if len(parts) != 6 or not re.fullmatch(r"(RO)?\d{2,13}", parts[4], re.ASCII):
        raise No(SYNTAX)
    need_nothing_open(asked.memory)
    return Done(customer=parts[4])


def counts(asked: Asked) -> str:
    """All documents, fiscal receipts; widths and meanings differ, and no host should rely on it."""
    return f"{asked.memory.slip + 1:06d},{asked.memory.receipts_ever:06d}"


def sell(asked: Asked) -> Done:
    receipt = receipt_of(asked, unpaid=True)
    line = read_line(asked)
    if len(receipt.lines) >= LINES_MAX:
        raise No(OVERFLOW)
    if line.price_bani < 0:
        need_line_to_void(receipt, line)
    after = replace(receipt, lines=(*receipt.lines, line))
    if min(after.by_group) < 0:
        raise No()
    if after.total_bani > TOTAL_BANI_MAX:
        raise No(OVERFLOW)
    drawn = paper.sold(line, asked.settings.columns)
    return Done(memory=with_paper(replace(asked.memory, receipt=after), drawn))


def read_line(asked: Asked) -> SoldLine:
    make = asked.make
    said = make.sale.fullmatch(asked.text)
    if said is None:
        raise No(SYNTAX)
    told = said.groupdict()
    name = told["name"]
    if not name.strip() or max(len(name), len(told["name2"] or "")) > make.name_max:
        raise No(SYNTAX)
    if told["name2"]:
        name = f"{name} {told['name2']}"
    group = make.letters.find(told["letter"])
    if group < 0 or asked.memory.rates[group] >= RATE_UNUSED:
        raise No(why=Why.VAT)
    price, quantity = decimal(told["price"], 2), decimal(told["quantity"] or "1", 3)
    gross = half_up(price * quantity, 1000)
    if gross == 0 or quantity <= 0:
        raise No(SYNTAX)
    if abs(gross) > TOTAL_BANI_MAX:
        raise No(OVERFLOW)
    kind, value, change = read_change(told["percent"], told["amount"], gross)
    unit = told.get("unit") or ""
    return SoldLine(name, group, price, quantity, kind, value, change, gross + change, 0, unit)


def read_change(percent: str | None, amount: str | None, gross: int) -> tuple[int, int, int]:
    """A discount is negative, a surcharge positive: its type, value, and what it adds."""
    if percent is None and amount is None:
        return 0, 0, 0
    value = decimal(percent or amount or "", 2)
    if value == 0 or (percent is not None and abs(value) > PERCENT_MAX):
        raise No(SYNTAX)
    kind = SURCHARGE_PERCENT if percent is not None else SURCHARGE_SUM
    change = half_up(abs(gross) * abs(value), 100_00) if percent is not None else abs(value)
    if value < 0:
        kind += 1
        if change > abs(gross):
            raise No()
        change = -change
    return kind, abs(value), -change if gross < 0 else change


def subtotal(asked: Asked) -> Done:
    make, receipt = asked.make, receipt_of(asked, unpaid=True)
    number = r"[+-]?\d+(?:\.\d+)?"
    said = re.fullmatch(
        rf"{make.subtotal}(?:,(?P<percent>{number})|{re.escape(make.sign)}(?P<amount>{number}))?",
        asked.text,
    )
    if said is None:
        raise No(SYNTAX)
    if not receipt.lines:
        raise No()
    kind, value, change = read_change(said["percent"], said["amount"], receipt.total_bani)
    columns, after = asked.settings.columns, receipt
    prints = said["print"] == "1" or kind
    drawn = [paper.subtotal(receipt.total_bani, columns)] if prints else []
    if kind:
        discount = Discounted(kind, value, shared(change, receipt.by_group))
        after = replace(receipt, discounts=(*receipt.discounts, discount))
        drawn.append(paper.discounted(discount, columns))
    memory = with_paper(replace(asked.memory, receipt=after), tuple(drawn))
    sums = ",".join(make.sums(after.by_group))
    return Done(f"{make.money(after.total_bani)},{sums}", memory)


def pay(asked: Asked) -> Done:
    """53: TAB, letter, amount (nothing: exactly what is due). F is a refusal, told by a letter."""
    receipt, said = receipt_of(asked), PAYMENT.fullmatch(asked.text)
    if said is None:
        raise No(SYNTAX)
    make, due = asked.make, receipt.total_bani - receipt.paid_bani
    letter = said["letter"] or make.payments[0]
    if letter not in make.payments or not receipt.lines or due <= 0:
        raise No() if letter in make.payments else No(SYNTAX)
    mode = make.modes[make.payments.index(letter)]
    amount = decimal(said["amount"], 2) if said["amount"] else due
    if amount <= 0 or (amount > due and mode != CASH):
        return Done("F")
    columns, payment = asked.settings.columns, Paid(mode, amount)
    drawn = () if receipt.payments else paper.total(receipt.total_bani, columns)
    drawn = (*drawn, paper.paid(payment, columns))
    if amount > due:
        drawn = (*drawn, paper.change(amount - due, columns))
    after = replace(receipt, payments=(*receipt.payments, payment))
    memory = with_paper(replace(asked.memory, receipt=after), drawn)
    letter, left = ("D", due - amount) if amount <= due else ("R", amount - due)
    return Done(f"{letter}{make.money(left)}", memory)


def fiscal_text(asked: Asked) -> Done:
    receipt = receipt_of(asked)
    if len(asked.text) > asked.make.text_max:
        raise No(SYNTAX)
    if len(receipt.texts) >= TEXTS_MAX:
        raise No(OVERFLOW)
    after = replace(receipt, texts=(*receipt.texts, asked.text))
    return Done(memory=with_paper(replace(asked.memory, receipt=after), (asked.text,)))


def close(asked: Asked) -> Done:
    """56: the instant in which the receipt becomes fiscal"""
    receipt, memory = receipt_of(asked), asked.memory
    if not receipt.lines or receipt.paid_bani < receipt.total_bani or not receipt.payments:
        raise No(why=Why.UNPAID)
    if asked.now < memory.last_record_at:
        raise No(why=Why.CLOCK)
    number = None if asked.make.numbers_by_day else memory.receipts_ever + 1
    after, document = issued(memory, asked.settings, receipt, asked.now, number=number)
    return Done(f"{receipt.slip:06d},{after.receipts_ever:06d}", after, (document,))


def cancel(asked: Asked) -> Done:
    """60 or 130: only before any payment"""
    receipt = receipt_of(asked, unpaid=True)
    memory, document = cancelled(asked.memory, asked.settings, receipt, asked.now)
    return Done("", worth_nothing(memory), (document,))
