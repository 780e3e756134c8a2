"""Which command payloads the cloud lets into the queue (architecture/command-payload-validation).

    vatRate              one of 0, 9, 11, 21
    payments[].type      cash, card, voucher, other     (`method` is read as the same field)
    reason               operator_error, refund, tax_base_reduction           reversals only
    balance              sum of quantity*price, less discounts, is sum of payments within 0.01

The documented balance has no discount term; ours subtracts a line's and the receipt's `discount`:
a number is lei off, `{"type": "percent" | "amount", "value": n}` says which. 13 of the 27 command
names are unknown to us, so every other snake_case name is let in with any payload.
"""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sandbox.cloud.errors import problem

VAT_RATES = (0, 9, 11, 21)
PAYMENT_TYPES = ("cash", "card", "voucher", "other")
REVERSAL_REASONS = ("operator_error", "refund", "tax_base_reduction")
PAYLOAD_REQUIRED = {
    "print_receipt",
    "void_receipt",
    "print_reversal_receipt",
    "non_fiscal_receipt",
    "cash_in",
    "cash_out",
    "set_logo",
}
TYPE_FORM = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")
TYPE_LENGTH_MAX = 64
TOLERANCE_BANI = 1

Problems = list[dict[str, str]]


def command_problems(kind: Any, payload: Any) -> Problems:
    """Everything wrong with a command, or an empty list."""
    if not isinstance(kind, str) or not TYPE_FORM.fullmatch(kind) or len(kind) > TYPE_LENGTH_MAX:
        return [problem("type", "type must be a snake_case command name")]
    if payload is None and kind not in PAYLOAD_REQUIRED:
        return []
    if not isinstance(payload, dict):
        return [problem("payload", "payload must be an object")]
    if kind == "print_receipt":
        return _items(payload) + _payments(payload) or _balance(payload)
    if kind == "print_reversal_receipt":
        return _reversal(payload)
    return []


def _reversal(payload: dict[str, Any]) -> Problems:
    problems = _items(payload)
    if payload.get("reason") not in REVERSAL_REASONS:
        problems.append(problem("reason", f"reason must be one of: {', '.join(REVERSAL_REASONS)}"))
    if payload.get("payments") is None:
        return problems
    return problems + _payments(payload) or _balance(payload)


def _items(payload: dict[str, Any]) -> Problems:
    items = payload.get("items")
    if not isinstance(items, list) or not items:
        return [problem("items", "items must be a non-empty array")]
    problems: Problems = []
    for index, item in enumerate(items):
        at = f"items[{index}]"
        if not isinstance(item, dict):
            problems.append(problem(at, "must be an object"))
            continue
        if not is_number(item.get("vatRate")) or item["vatRate"] not in VAT_RATES:
            rates = ", ".join(str(rate) for rate in VAT_RATES)
            problems.append(problem(f"{at}.vatRate", f"vatRate must be one of: {rates}"))
        problems += [
            problem(f"{at}.{name}", f"{name} must be a number")
            for name in ("quantity", "price")
            if not is_number(item.get(name))
        ]
        problems += _discount(f"{at}.discount", item.get("discount"))
    return problems + _discount("discount", payload.get("discount"))


def _discount(path: str, discount: Any) -> Problems:
    if discount is None or is_number(discount):
        return []
    if (
        isinstance(discount, dict)
        and discount.get("type") in ("percent", "amount")
        and is_number(discount.get("value"))
        and (discount["type"] == "amount" or 0 <= discount["value"] <= 100)
    ):
        return []
    return [problem(path, "discount must be a number or {type: percent | amount, value: number}")]


def _payments(payload: dict[str, Any]) -> Problems:
    payments = payload.get("payments")
    if not isinstance(payments, list) or not payments:
        return [problem("payments", "payments must be a non-empty array")]
    problems: Problems = []
    for index, payment in enumerate(payments):
        at = f"payments[{index}]"
        if not isinstance(payment, dict):
            problems.append(problem(at, "must be an object"))
            continue
        if payment.get("type", payment.get("method")) not in PAYMENT_TYPES:
            message = f"type must be one of: {', '.join(PAYMENT_TYPES)}"
            problems.append(problem(f"{at}.type", message))
        if not is_number(payment.get("amount")):
            problems.append(problem(f"{at}.amount", "amount must be a number"))
    return problems


def _balance(payload: dict[str, Any]) -> Problems:
    total = sum((_line_lei(item) for item in payload["items"]), Decimal())
    total -= _off(payload.get("discount"), total)
    paid = sum_lei([payment["amount"] for payment in payload["payments"]])
    if abs(bani(total) - bani(paid)) <= TOLERANCE_BANI:
        return []
    message = f"items come to {bani(total) / 100:.2f}, payments to {bani(paid) / 100:.2f}"
    return [problem("payments", message)]


def _line_lei(item: dict[str, Any]) -> Decimal:
    gross = lei(item["quantity"]) * lei(item["price"])
    return gross - _off(item.get("discount"), gross)


def _off(discount: Any, of: Decimal) -> Decimal:
    """Lei to take off; a percentage is rounded to whole bani, as a printer does."""
    if discount is None:
        return Decimal()
    if not isinstance(discount, dict):
        return lei(discount)
    value = lei(discount["value"])
    return value if discount["type"] == "amount" else Decimal(bani(of * value / 100)) / 100


def is_number(value: Any) -> bool:
    """A JSON number of a size money can have; true and false are not numbers."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 10**9


def lei(number: Any) -> Decimal:
    """The decimal a person wrote, not the binary fraction nearest to it."""
    return Decimal(str(number))


def sum_lei(numbers: list[Any]) -> Decimal:
    return sum((lei(number) for number in numbers), Decimal())


def bani(amount: Decimal) -> int:
    return int((amount * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
