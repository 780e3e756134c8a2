"""Whole worlds: 500 seeds, every crash point, a sample of every single fault, and the mutants.

A seed that fails: `make sim SEED=n` tells its story. All single faults: `make sim EXHAUSTIVE=1`.
"""

from functools import cache
from itertools import islice

import pytest

from tests.simulation.exhaustive import places, single_faults
from tests.simulation.mutants import MUTANTS
from tests.simulation.orders import WEIGHTS
from tests.simulation.plan import COMMIT_KINDS, FRAME_KINDS, HTTP_KINDS, Fault
from tests.simulation.runs import in_folder, summed
from tests.simulation.shrink import shrink
from tests.simulation.world import Outcome, Script, script_of

SEEDS, CHUNK = 500, 25
SAMPLE_OF, SAMPLES = 197, 8
DEATHS = ("death_before", "death_after")
HELD_MAX = 0.03  # of the commands, with cashiers at the keyboard far busier than in any shop
CAUGHT_AT = {  # the first seed that catches each
    "begin_after_print": 0,
    "failed_is_no": 0,
    "remembered_baseline": 8,
    "amount_only": 0,
    "new_sequence": 27,
    "cancel_after_close": 0,
    "payment_repeated": 71,
    "all_repeated": 71,
}


@cache
def outcome_of(seed: int) -> Outcome:
    return in_folder(script_of(seed))


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_no_world_goes_wrong(first: int) -> None:
    counts, failed = summed(outcome_of(seed) for seed in range(first, first + CHUNK))
    assert [(one.seed, one.wrongs[0]) for one in failed] == []
    assert counts["faults"] > CHUNK
    assert counts["states"]["issued"] > 2 * CHUNK


@pytest.mark.parametrize("kind", WEIGHTS)
def test_the_program_can_die_anywhere(kind: str) -> None:
    """Every crash point there is: before and after each frame, each commit, each request."""
    scripts = [one for one in single_faults(kind) if fault_of(one).kind in DEATHS]
    assert len(scripts) == 2 * sum(places(kind).values())
    failed = [(script.faults, wrongs) for script in scripts if (wrongs := in_folder(script).wrongs)]
    assert failed == []


def fault_of(script: Script) -> Fault:
    assert script.faults is not None
    (fault,) = script.faults.values()
    return fault


@pytest.mark.parametrize("first", range(SAMPLES))
def test_no_single_fault_goes_wrong(first: int) -> None:
    """Every so many of all single faults at all places of one command of each kind."""
    scripts = islice(single_faults(), first * SAMPLE_OF // SAMPLES, None, SAMPLE_OF * SAMPLES)
    failed = [(script.faults, wrongs) for script in scripts if (wrongs := in_folder(script).wrongs)]
    assert failed == []


@pytest.mark.parametrize("name", MUTANTS)
def test_a_mutant_is_seen(name: str) -> None:
    seed = CAUGHT_AT[name]
    wrongs = in_folder(script_of(seed), mutant=name).wrongs
    assert wrongs, f"{name} is not seen at seed {seed}"
    assert not any(wrong.startswith("the program broke") for wrong in wrongs), (
        wrongs
    )  # it fails by what it does
    assert in_folder(script_of(seed)).wrongs == []


def test_every_kind_of_fault_happens() -> None:
    counts, _ = summed(outcome_of(seed) for seed in range(2 * CHUNK))
    happened = {kind.split(".")[1] for kind in counts["faults_by_kind"]}
    assert happened == {*FRAME_KINDS, *COMMIT_KINDS, *HTTP_KINDS}
    assert counts["held"] <= HELD_MAX * counts["commands"]


def test_a_world_told_again_is_the_same_world() -> None:
    first, again = (in_folder(script_of(7), told=True) for _ in range(2))
    assert first.story == again.story
    listed = in_folder(Script(7, script_of(7).orders, first.faults), told=True)
    assert listed.story == first.story


def test_a_failing_seed_is_made_short() -> None:
    def run(script: Script) -> Outcome:
        return in_folder(script, mutant="begin_after_print")

    long = script_of(CAUGHT_AT["begin_after_print"])
    script = shrink(long, run)
    assert run(script).wrongs
    assert script.faults is not None
    assert len(script.faults) <= 2
    assert len(script.orders) < len(long.orders)
