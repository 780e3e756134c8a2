"""Every single fault at every single place, for one command of each kind.

    print_receipt, x_report, z_report, cash_in, ... what reads nothing but changes something
        x  every frame, commit and request of the undisturbed road
        x  every kind of fault there, in a few ways each

`single_faults()` yields the scripts; a quiet world tells how many places a road has.
"""

import random
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.simulation.families import FAMILIES
from tests.simulation.orders import Order, other, receipt
from tests.simulation.plan import KINDS, Fault, Place
from tests.simulation.world import Script, World

SEED = 5  # of the receipt that is asked
WAYS = ((0, 1_500), (1, 6_001), (2, 300), (3, 20_000), (4, 1_500), (6, 9_000), (11, 61))
FEW_WAYS = {"request_lost", "nak_once", "reply_lost", "death_before", "death_after", "lost"}


def order_of(kind: str, family: str) -> Order:
    if kind == "print_receipt":
        cashless = FAMILIES[family].cashless
        return receipt("single", random.Random(SEED), 0, cashless=cashless)
    return other("single", kind, random.Random(SEED), 0)


def script(
    number: int,
    kind: str,
    faults: Mapping[Place, Fault],
    family: str = "datecs_x",
    *,
    last: bool = True,
) -> Script:
    day_open = kind not in ("set_datetime", "set_header")  # they need it closed
    orders = (order_of(kind, family),)
    return Script(number, orders, faults, last_too=last, day_open=day_open, family=family)


@cache
def places(kind: str, family: str = "datecs_x") -> dict[str, int]:
    """How many frames, commits and requests the undisturbed road has."""
    with TemporaryDirectory() as folder:
        world = World(script(SEED, kind, {}, family, last=False), Path(folder))
        outcome = world.run()
    assert not outcome.wrongs, outcome.wrongs
    return dict(world.places.numbers)


def single_faults(*kinds: str, family: str = "datecs_x") -> Iterator[Script]:
    number = 0
    for kind in kinds or tuple(FAMILIES[family].shop.weights):
        for site, count in places(kind, family).items():
            for place in range(count):
                for fault in faults_at(site):
                    number += 1
                    yield script(number, kind, {(site, place): fault}, family)


def faults_at(site: str) -> Iterator[Fault]:
    for kind in KINDS[site]:
        ways = WAYS[:1] if kind in FEW_WAYS else WAYS
        for at, wait_ms in ways:
            yield Fault(kind, at, wait_ms)
