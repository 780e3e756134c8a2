"""Whole worlds with every other family: seeds, every crash point of a receipt and a Z, mutants.

A world that fails: `make sim FAMILY=tremol SEED=n` tells its story. FiscalNet's folders are no
cable, so `custom` is not here, but in `tests/agent/folder/test_fiscalnet_crashes.py`.
"""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from tests.drivers.bench import BENCHES
from tests.simulation.exhaustive import single_faults
from tests.simulation.families import FAMILIES
from tests.simulation.plan import COMMIT, FRAME, is_dense
from tests.simulation.runs import in_folder, summed
from tests.simulation.world import Script, script_of

OTHERS = [name for name in FAMILIES if name != "datecs_x"]
FIRST_DIALECTS = [name for name in OTHERS if ":" not in name]
WORLDS, EVERY_NINTH = 8, 9
CHANGING = ("print_receipt", "z_report")
CAUGHT_AT = {  # the first seed that catches each
    ("datecs_legacy", "begin_after_print"): 0,
    ("datecs_legacy", "failed_is_no"): 6,
    ("datecs_legacy", "amount_only"): 78,
    ("datecs_legacy", "all_repeated"): 71,
    ("daisy", "amount_only"): 78,
    ("daisy", "all_repeated"): 71,
    ("eltrade", "amount_only"): 9,
    ("eltrade", "all_repeated"): 29,
    ("incotex", "failed_is_no"): 0,
    ("incotex", "amount_only"): 0,
    ("tremol", "begin_after_print"): 0,
    ("tremol", "failed_is_no"): 10,
    ("tremol", "amount_only"): 9,
    ("tremol", "all_repeated"): 0,
    ("shtrih", "begin_after_print"): 0,
    ("shtrih", "failed_is_no"): 9,
    ("shtrih", "amount_only"): 9,
}


def test_every_family_that_has_a_cable_is_simulated() -> None:
    assert {*BENCHES} <= {*FAMILIES}


@pytest.mark.parametrize("family", OTHERS)
def test_no_world_of_a_family_goes_wrong(family: str) -> None:
    seeds = [seed for seed in range(8 * WORLDS) if is_dense(seed) or seed % 8 == 0][:WORLDS]
    counts, failed = summed(in_folder(script_of(seed, family)) for seed in seeds)
    assert [(one.seed, one.wrongs[0]) for one in failed] == []
    assert counts["faults"] > WORLDS
    assert counts["states"]["issued"] > 2 * WORLDS


def crashes(family: str, kind: str) -> Iterator[Script]:
    """Deaths before and after each frame and each commit.

    Where a request is three writes (05, the frame, 06) those before a write are left out: they
    are those after the write before. Every third world goes on to the next receipt.
    """
    for script in single_faults(kind, family=family):
        assert script.faults is not None
        (((site, _), fault),) = script.faults.items()
        twice = family == "shtrih" and site == FRAME and fault.kind == "death_before"
        if site in (FRAME, COMMIT) and fault.kind.startswith("death") and not twice:
            yield replace(script, last_too=script.seed % 3 == 0)


@pytest.mark.parametrize("kind", CHANGING)
@pytest.mark.parametrize("family", FIRST_DIALECTS)
def test_the_program_can_die_anywhere_with_any_family(family: str, kind: str) -> None:
    failed = [(one.faults, wrongs) for one in crashes(family, kind) if (wrongs := wrongs_of(one))]
    assert failed == []


@pytest.mark.parametrize("kind", CHANGING)
@pytest.mark.parametrize("family", [name for name in OTHERS if name not in FIRST_DIALECTS])
def test_the_program_can_die_in_places_with_any_dialect(family: str, kind: str) -> None:
    chosen = [*crashes(family, kind)][::EVERY_NINTH]
    assert [(one.faults, wrongs) for one in chosen if (wrongs := wrongs_of(one))] == []


def wrongs_of(script: Script) -> list[str]:
    return in_folder(script).wrongs


@pytest.mark.parametrize("family", FIRST_DIALECTS)
def test_a_world_of_a_family_told_again_is_the_same_world(family: str) -> None:
    first, again = (in_folder(script_of(7, family), told=True) for _ in range(2))
    assert first.story == again.story


@pytest.mark.parametrize(("family", "mutant"), CAUGHT_AT, ids=["-".join(one) for one in CAUGHT_AT])
def test_a_mutant_is_seen_with_any_family(family: str, mutant: str) -> None:
    seed = CAUGHT_AT[family, mutant]
    script = script_of(seed, family)
    wrongs = in_folder(script, mutant=mutant).wrongs
    assert wrongs, f"{mutant} is not seen at seed {seed}"
    assert not any(wrong.startswith("the program broke") for wrong in wrongs), wrongs
    assert wrongs_of(script) == []
