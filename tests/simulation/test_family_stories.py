"""Bugs of the other families that the simulator found, each as its shortest story."""

from dataclasses import replace

import pytest

from tests.simulation.exhaustive import SEED, order_of, script
from tests.simulation.plan import Fault, Place
from tests.simulation.runs import in_folder
from tests.simulation.world import Script

JUST_AFTER, BACK_TWO_HOURS, NEXT_DAY = 1, 0, 2
CANCELS = 7  # the printer cancels what it finds open when the power comes back

STORIES: dict[str, tuple[str, str, dict[Place, Fault]]] = {
    # a receipt is typed when the sums were read, before the Z: it stands in the Z alone
    "receipt_in_the_z": ("datecs_legacy", "z_report", {("frame", 20): Fault("key_receipt", 1)}),
    "receipt_in_a_z_that_is_not_kept": (
        "eltrade",
        "z_report",
        {("frame", 19): Fault("key_receipt", JUST_AFTER)},
    ),
    "receipt_in_the_z_of_a_tremol": (
        "tremol",
        "z_report",
        {("frame", 22): Fault("key_receipt", JUST_AFTER)},
    ),
    "receipt_in_the_z_of_a_shtrih": (
        "shtrih",
        "z_report",
        {("frame", 103): Fault("key_receipt", JUST_AFTER)},
    ),
    # a Z is typed there: ours is another number, and empty
    "z_before_the_z": ("tremol", "z_report", {("frame", 22): Fault("key_z", JUST_AFTER)}),
    "z_before_the_x": ("tremol", "x_report", {("frame", 22): Fault("key_z", JUST_AFTER)}),
    # the Z is made and we die: its sums are not known, which is not nothing
    "z_without_sums": ("tremol", "z_report", {("frame", 24): Fault("death_after")}),
    # a document is typed between the end of our slip and the reading of its number
    "another_slip": (
        "datecs_legacy",
        "non_fiscal_receipt",
        {("frame", 22): Fault("key_x", JUST_AFTER)},
    ),
    # the clock jumps back before the close: it was taken for "not fully paid" and held, open
    "clock_back_when_paid": (
        "datecs_legacy",
        "print_receipt",
        {("frame", 27): Fault("clock_jump", BACK_TWO_HOURS)},
    ),
    # a Z is typed behind our close: it holds our receipt, and was told as the Z before the next
    "z_behind_the_close": (
        "tremol",
        "print_receipt",
        {("frame", 30): Fault("key_z", JUST_AFTER)},
    ),
    "z_behind_the_close_of_a_shtrih": (
        "shtrih",
        "print_receipt",
        {("frame", 113): Fault("key_z", JUST_AFTER)},
    ),
    "x_behind_the_close": (
        "shtrih",
        "print_receipt",
        {("frame", 113): Fault("key_x", JUST_AFTER)},
    ),
    # a receipt was cancelled this day; the next doubt compared two ways of counting, for ever
    "a_cancelled_one_counts": (
        "shtrih",
        "print_receipt",
        {("frame", 92): Fault("death_after"), ("frame", 265): Fault("death_after")},
    ),
    # cancelled at the power-up, and the next sale opens another: a total that differs was final
    "begun_anew": (
        "shtrih:by_sale",
        "print_receipt",
        {("frame", 95): Fault("power_after", CANCELS, 60)},
    ),
    # "power failed inside a receipt" was taken for a state that does not pass
    "power_failed": (
        "tremol",
        "print_receipt",
        {("frame", 23): Fault("power_after", CANCELS, 60)},
    ),
    # a date that waits to be confirmed stops all else; nobody confirmed it
    "date_waits": (
        "shtrih",
        "set_datetime",
        {("frame", 50): Fault("clock_jump", NEXT_DAY), ("frame", 89): Fault("death_after")},
    ),
}


@pytest.mark.parametrize("name", STORIES)
def test_a_bug_of_a_family_that_was_mended_stays_so(name: str) -> None:
    family, kind, faults = STORIES[name]
    outcome = in_folder(script(SEED, kind, faults, family), told=True)
    assert outcome.wrongs == [], "\n".join(outcome.story)


@pytest.mark.parametrize("family", ["tremol", "shtrih"])
def test_a_copy_that_the_device_refuses_needs_no_person(family: str) -> None:
    """Of a copy there is no second one: it prints what was printed last, if that is a receipt."""
    copy = order_of("print_duplicate", family)
    orders = (copy, replace(copy, id="again", at_ms=20_000))
    outcome = in_folder(Script(1, orders, {}, family=family))
    assert (outcome.wrongs, outcome.held) == ([], [])
    assert outcome.states == {"issued": 2, "rejected": 1}
