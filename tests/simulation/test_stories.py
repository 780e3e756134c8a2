"""Bugs that the simulator found and that were mended, each as its shortest story."""

import random

import pytest

from tests.simulation.orders import receipt
from tests.simulation.plan import Fault, Place
from tests.simulation.runs import in_folder
from tests.simulation.world import Script

ORDERS = tuple(receipt(f"bug-{n}", random.Random(n), 30_000 * n) for n in range(2))
JUST_AFTER, BACK_TWO_HOURS = 1, 0

STORIES: dict[str, dict[Place, Fault]] = {
    # the answer to the first close has come; a cashier is faster than our reading of its numbers
    "key_before_the_result": {("frame", 22): Fault("key_receipt", JUST_AFTER)},
    # the second receipt is paid when the clock jumps back: its close is refused, it is held, open
    "clock_back_while_open": {("frame", 45): Fault("clock_jump", BACK_TWO_HOURS)},
    # a Z between two counters of the baseline, then a crash: was held, with our receipt open
    "key_in_the_baseline": {
        ("frame", 10): Fault("key_z", JUST_AFTER),
        ("frame", 14): Fault("death_after"),
    },
    # an X after the last counter of the baseline; our receipt's number is not the next one any more
    "held_leaves_open": {
        ("frame", 12): Fault("key_x", JUST_AFTER),
        ("frame", 19): Fault("death_after"),
    },
    # the JE cannot be read, and an X was typed behind our receipt: its document was told as ours
    "another_document": {
        ("frame", 3): Fault("je_dead", 0, 60_000),
        ("frame", 21): Fault("death_after"),
        ("frame", 22): Fault("key_x", JUST_AFTER),
    },
    # cancelled at the power-up, and a cashier types the same sum, while the JE cannot be read
    "the_same_sum": {
        ("frame", 3): Fault("je_dead", 0, 60_000),
        ("frame", 19): Fault("power_before", 25_700, 66),
        ("frame", 21): Fault("key_receipt", JUST_AFTER),
    },
}


@pytest.mark.parametrize("name", STORIES)
def test_a_bug_that_was_mended_stays_so(name: str) -> None:
    outcome = in_folder(Script(1, ORDERS, STORIES[name], day_open=False), told=True)
    assert outcome.wrongs == [], "\n".join(outcome.story)
