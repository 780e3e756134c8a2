"""What the shop asks of its printer in one world: every kind that changes something, some bad.

Order "c2", print_receipt, at 14 s: two lines, 11.50 lei, card 5.00 and cash 10.00

A `Shop` asks only what its printer has: other kinds and ways to pay are left out.
"""

import random
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from agent.payloads import reference_of
from drivers.model import half_up

PRICES = (100, 350, 450, 700)  # few, so that totals meet
QUANTITIES = (1000, 1000, 2000, 1500)
RATES = (21, 11, 9)
CASHLESS = ("card", "voucher", "meal_ticket")
NAMES = ("Paine", "Cafea", "Apa plata", "Lapte 1,5%")
SPREAD_MS = 40_000
COMMANDS_MIN, COMMANDS_MAX = 3, 8
AGAIN = 0.3
CASH = (500, 1000, 5000)  # whole lei: what a cashier types at the keyboard never is
WEIGHTS = {
    "print_receipt": 58,
    "x_report": 8,
    "z_report": 14,
    "cash_in": 5,
    "cash_out": 3,
    "non_fiscal_receipt": 5,
    "print_duplicate": 3,
    "set_datetime": 1,
    "set_header": 1,
    "void_open_receipt": 2,
}


@dataclass(frozen=True, slots=True)
class Shop:
    """What can be asked here."""

    weights: Mapping[str, int]
    cashless: tuple[str, ...] = CASHLESS


@dataclass(frozen=True, slots=True)
class Order:
    """One command of the shop, and what its paper must say."""

    id: str
    kind: str
    at_ms: int
    payload: dict[str, Any] | None = None
    cancel_after_ms: int = 0
    bad: str = ""
    lines: tuple[tuple[str, int], ...] = ()
    payments: tuple[tuple[str, int], ...] = ()
    total: int = 0

    @property
    def reference(self) -> str:
        return reference_of(self.id)


def orders_of(seed: int, shop: Shop = Shop(WEIGHTS)) -> tuple[Order, ...]:
    chance = random.Random(seed)
    count = chance.randint(COMMANDS_MIN, COMMANDS_MAX)
    orders: list[Order] = []
    for n in range(count):
        id_, again = f"c{seed}-{n}", chance.random() < AGAIN
        if again and orders and not orders[-1].bad:  # the same once more: amounts prove nothing
            at_ms = max(orders[-1].at_ms, chance.randrange(SPREAD_MS))
            orders.append(replace(orders[-1], id=id_, at_ms=at_ms, cancel_after_ms=0))
        else:
            orders.append(_order(id_, chance, shop))
    return tuple(orders)


def last_receipt(seed: int, at_ms: int, cashless: tuple[str, ...] = CASHLESS) -> Order:
    """The receipt after all trouble, which must print."""
    return receipt(f"c{seed}-last", random.Random(seed), at_ms, cashless=cashless)


def _order(id_: str, chance: random.Random, shop: Shop) -> Order:
    at_ms = chance.randrange(SPREAD_MS)
    cancel_after_ms = chance.randrange(15_000) if chance.random() < 0.06 else 0
    kind = chance.choices(tuple(shop.weights), tuple(shop.weights.values()))[0]
    if kind != "print_receipt":
        return other(id_, kind, chance, at_ms, cancel_after_ms)
    order = receipt(id_, chance, at_ms, cancel_after_ms, cashless=shop.cashless)
    return _spoilt(order, chance) if chance.random() < 0.06 else order


def other(
    id_: str, kind: str, chance: random.Random, at_ms: int, cancel_after_ms: int = 0
) -> Order:
    """An order that is no receipt."""
    payload: dict[str, Any] | None = None
    total = 0
    if kind in ("cash_in", "cash_out"):
        total = chance.choice(CASH)
        payload = {"amount": total / 100}
    elif kind == "non_fiscal_receipt":
        payload = {"lines": [f"Comanda {chance.randrange(100)}", "Va multumim"]}
    elif kind == "set_header":
        payload = {"lines": [f"MAGAZIN {chance.randrange(10)}"]}
    return Order(id_, kind, at_ms, payload, cancel_after_ms, total=total)


def receipt(
    id_: str,
    chance: random.Random,
    at_ms: int,
    cancel_after_ms: int = 0,
    *,
    cashless: tuple[str, ...] = CASHLESS,
) -> Order:
    items, lines = [], []
    for _ in range(chance.randint(1, 4)):
        name, price = chance.choice(NAMES), chance.choice(PRICES)
        quantity, rate = chance.choice(QUANTITIES), chance.choice(RATES)
        item = {"name": name, "quantity": quantity / 1000, "price": price / 100, "vatRate": rate}
        amount = half_up(price * quantity, 1000)
        if chance.random() < 0.2:
            item["discount"] = {"type": "percent", "value": 10}
            amount -= half_up(amount * 1000, 100_00)
        items.append(item)
        lines.append((name, amount))
    total = sum(amount for _, amount in lines)
    payments = _payments(total, chance, cashless)
    told = [{"type": kind, "amount": amount / 100} for kind, amount in payments]
    payload = {"items": items, "payments": told}
    by_cash = sorted(payments, key=lambda paid: paid[0] == "cash")
    return Order(
        id_,
        "print_receipt",
        at_ms,
        payload,
        cancel_after_ms,
        "",
        tuple(lines),
        tuple(by_cash),
        total,
    )


def _payments(
    total: int, chance: random.Random, cashless: tuple[str, ...]
) -> list[tuple[str, int]]:
    left, payments = total, []
    for kind in chance.sample(cashless, min(chance.choice((0, 1, 1, 2)), len(cashless))):
        amount = chance.randrange(1, max(2, left // 2))
        payments.append((kind, amount))
        left -= amount
    if chance.random() < 0.25:
        payments.append(("card", left))
    else:
        change = chance.choice((0, 0, 50, 500))
        payments.append(("cash", left + change))
    return payments


def _spoilt(order: Order, chance: random.Random) -> Order:
    """The same with a mistake of the shop in it: it must be rejected, and nothing printed."""
    payload = dict(order.payload or {})
    bad = chance.choice(("short", "rate", "empty", "kind", "buyer"))
    if bad == "short":
        payload["payments"] = [{"type": "cash", "amount": 0.01}]
    elif bad == "rate":
        payload["items"] = [dict(item, vatRate=17) for item in payload["items"]]
    elif bad == "empty":
        payload["items"] = []
    elif bad == "buyer":
        payload["customerCif"] = "RO123"
    kind = "print_poem" if bad == "kind" else order.kind
    return Order(order.id, kind, order.at_ms, payload, order.cancel_after_ms, bad)
