"""A past for a virtual printer: days with their receipts, made by the device's own commands.

    07:50  cash in       08:00 .. 20:30  receipts, one cancelled every tenth day
    20:50  cash out      21:..  Z: a record of the fiscal memory, and the day for ANAF

One Z a day; the last is of yesterday where nothing else is said. The rates are those of their
time: they change on 1 January 2017 and on 1 August 2025. What is bought is chosen by dice that the
serial and the Z number seed, so the same order makes the same past. Nothing of it goes to the paper
file unless it is asked for, and no document has a reference: somebody else sold all this.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sandbox.printer import clock, programming, reports, sales
from sandbox.printer.anaf_xml import RECEIPTS_MAX
from sandbox.printer.asked import Archive, Asked, Command, passwords
from sandbox.printer.fields import Fields, money
from sandbox.printer.memory import CASH, RATE_UNUSED, Document, Memory
from sandbox.printer.paper import Settings
from sandbox.printer.spoil import Spoil
from sandbox.printer.store import PastDay, Store

RECEIPTS_DEFAULT = 3
REGIMES = (  # until this day; what comes after the last is what the device has now
    (clock.from_iso("2017-01-01"), (20_00, 9_00, 5_00, 0)),
    (clock.from_iso("2025-08-01"), (19_00, 9_00, 5_00, 0)),
)
MORNING, OPENING, SELLING = timedelta(hours=7, minutes=50), timedelta(hours=8), 12.5 * 3600
EVENING, CLOSING = timedelta(hours=20, minutes=50), timedelta(hours=21)
FLOAT_BANI = 200_00
GOODS = (  # name, group, price in bani, unit, is it weighed?
    ("Paine alba", 1, 3_50, "BUC", False),
    ("Lapte 1L", 1, 7_49, "BUC", False),
    ("Mere", 1, 6_99, "KG", True),
    ("Cartofi", 1, 3_79, "KG", True),
    ("Detergent", 0, 23_90, "BUC", False),
    ("Suc 0,5L", 0, 6_50, "BUC", False),
    ("Baterii AA", 0, 17_25, "SET", False),
    ("Carte", 2, 29_90, "BUC", False),
    ("GARANTIE SGR PLASTIC", 3, 50, "BUC", False),
)
BOOKS, BOOKS_RATE = 2, 5_00  # the group of books is another one since August 2025
CUSTOMERS = ("12345674", "RO12345674")


@dataclass(frozen=True, slots=True)
class Plan:
    zs: int
    receipts: int
    first: datetime | None = None  # the day of the first Z


class Till:
    """The device's commands without a wire: a moment and values go in, documents gather."""

    def __init__(self, memory: Memory, settings: Settings, archive: Archive) -> None:
        self.memory = memory
        self.documents: list[Document] = []
        self._settings = settings
        self._archive = archive
        self.password = passwords(memory, settings, 1)[0]

    def do(self, command: Command, now: datetime, *values: object) -> None:
        fields = Fields(tuple(str(value) for value in values))
        done = command(Asked(fields, self.memory, self._settings, now, b"", None, self._archive))
        self.memory = done.memory or self.memory
        self.documents += done.documents


def fill(
    store: Store,
    memory: Memory,
    settings: Settings,
    plan: Plan,
    spoils: list[Spoil],
    *,
    paper: bool = False,
) -> Memory:
    """Give an empty device this past, hurt as told, or none at all. Raises ValueError."""
    now = clock.wall(memory.clock_offset_s)
    first = plan.first or midnight(now) - timedelta(days=plan.zs)
    last = first + timedelta(days=plan.zs - 1)
    if not store.is_empty() or memory.z_made:
        raise ValueError("the state file has a past already")
    if not 1 <= plan.zs <= settings.z_max:
        raise ValueError(f"{plan.zs} Zs: the fiscal memory has room for {settings.z_max}")
    if not 0 <= plan.receipts <= RECEIPTS_MAX:
        raise ValueError(f"{plan.receipts} receipts a day: {RECEIPTS_MAX} at most")
    if last >= midnight(now):
        raise ValueError(f"the last day, {last:%Y-%m-%d}, is not over: it is {now:%Y-%m-%d} there")
    eve = first - timedelta(days=1)
    memory = replace(memory, fiscalised_at=eve, last_record_at=eve)
    store.fill(days(store, memory, settings, plan, first), spoils, paper=paper)
    after = store.load()
    assert after is not None
    return after


def days(
    store: Store, memory: Memory, settings: Settings, plan: Plan, first: datetime
) -> Iterator[PastDay]:
    wanted = memory.rates
    till = Till(replace(memory, rates=rates_at(first, wanted)), settings, store)
    for number in range(plan.zs):
        date = first + timedelta(days=number)
        rates = rates_at(date, wanted)
        if rates != till.memory.rates:
            till.do(programming.set_rates, date, *(money(rate) for rate in rates))
        yield a_day(till, date, plan.receipts)


def a_day(till: Till, date: datetime, receipts: int) -> PastDay:
    till.documents = []
    z = till.memory.z_now
    dice = random.Random(f"{till.memory.serial} {z}")
    till.do(reports.cash, date + MORNING, 0, money(FLOAT_BANI))
    for number in range(receipts):
        at = int(SELLING * (number + dice.random()) / receipts)
        a_receipt(till, date + OPENING + timedelta(seconds=at), dice)
    if z % 10 == 0:
        a_cancelled_receipt(till, date + EVENING, dice)
    till.do(reports.cash, date + EVENING, 1, money(till.memory.drawer_bani))
    registers = till.memory.day
    till.do(reports.report, date + CLOSING + timedelta(seconds=dice.randrange(1800)), "Z")
    return PastDay(tuple(till.documents), registers, till.memory)


def a_receipt(till: Till, at: datetime, dice: random.Random) -> None:
    customer = ("I", dice.choice(CUSTOMERS)) if dice.random() < 1 / 12 else ("", "")
    till.do(sales.open_receipt, at, 1, till.password, 1, *customer)
    for _ in range(dice.randint(1, 3)):
        sold = an_article(till, dice)
        discount = (2, "10.00") if dice.random() < 1 / 15 else ("", "")
        till.do(sales.sell, at, *sold[:4], *discount, 1, sold[4])
    if dice.random() < 1 / 25:  # one too many, taken back
        name, group, price, quantity, unit = an_article(till, dice)
        for sign in ("", "-"):
            till.do(sales.sell, at, name, group, f"{sign}{price}", quantity, "", "", 1, unit)
    if dice.random() < 1 / 20:
        till.do(sales.subtotal, at, 1, 0, 2, "5.00")
    pay(till, at, dice)
    till.do(sales.close, at)


def an_article(till: Till, dice: random.Random) -> tuple[str, int, str, str, str]:
    """Name, group as the wire counts it, price, quantity, unit; of a group that can be sold."""
    rates = till.memory.rates
    can_be_sold = [
        one
        for one in GOODS
        if rates[one[1]] < RATE_UNUSED and (one[1] != BOOKS or rates[BOOKS] == BOOKS_RATE)
    ]
    name, group, price, unit, weighed = dice.choice(can_be_sold)
    quantity = dice.randrange(200, 3000, 2) if weighed else 1000 * dice.randint(1, 3)
    return name, group + 1, money(price), money(quantity, decimals=3), unit


def pay(till: Till, at: datetime, dice: random.Random) -> None:
    assert till.memory.receipt is not None
    total, way = till.memory.receipt.total_bani, dice.random()
    if way < 0.5:
        till.do(sales.pay, at, 1, "")
    elif way < 0.9:
        till.do(sales.pay, at, CASH, money(-(-total // 5_00) * 5_00))
    else:  # a meal ticket, a voucher or the like for a part of it
        mode = dice.choice((2, 3, 4, 5, 6, 8))
        if total > 1:
            till.do(sales.pay, at, mode, money(total // 2))
        till.do(sales.pay, at, CASH, "")


def a_cancelled_receipt(till: Till, at: datetime, dice: random.Random) -> None:
    till.do(sales.open_receipt, at, 1, till.password, 1, "", "")
    sold = an_article(till, dice)
    till.do(sales.sell, at, *sold[:4], "", "", 1, sold[4])
    till.do(sales.cancel, at)


def rates_at(date: datetime, now: tuple[int, ...]) -> tuple[int, ...]:
    for until, rates in REGIMES:
        if date < until:
            return (*rates, *[RATE_UNUSED] * (len(now) - len(rates)))
    return now


def midnight(at: datetime) -> datetime:
    return at.replace(hour=0, minute=0, second=0, microsecond=0)


def plan_of(text: str) -> Plan:
    """2000x3: 2,000 Zs of three receipts each."""
    shape = re.fullmatch(r"(\d{1,4})(?:x(\d{1,4}))?", text, re.ASCII)
    if shape is None:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of Zs, like 2000 or 2000x3")
    return Plan(int(shape[1]), int(shape[2] or RECEIPTS_DEFAULT))
