"""Running worlds: one on files in memory, and the sum of many."""

from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.simulation.mutants import MUTANTS, NONE
from tests.simulation.world import Outcome, Script, World

RAM = Path("/dev/shm")
SEEDS_SHOWN_MAX = 20


def in_folder(script: Script, *, mutant: str = "", told: bool = False) -> Outcome:
    """Run one world on files in memory."""
    with TemporaryDirectory(dir=RAM if RAM.is_dir() else None) as folder:
        world = World(script, Path(folder), mutant=MUTANTS.get(mutant, NONE), told=told)
        return world.run()


def summed(outcomes: Iterable[Outcome]) -> tuple[dict[str, Any], list[Outcome]]:
    """Add up what became of many worlds."""
    counted: Counter[str] = Counter()
    states: Counter[str] = Counter()
    rejected: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    held: list[str] = []
    failed = []
    for outcome in outcomes:
        counted.update(outcome.counted)
        states.update(outcome.states)
        rejected.update(outcome.rejected)
        faults.update(f"{site}.{fault.kind}" for (site, _), fault in outcome.faults.items())
        held += outcome.held
        if outcome.wrongs:
            failed.append(outcome)
    counts = {
        **dict(sorted(counted.items())),
        "faults": sum(faults.values()),
        "faults_by_kind": dict(sorted(faults.items())),
        "states": dict(sorted(states.items())),
        "rejected": dict(sorted(rejected.items())),
        "held": len(held),
        "held_why": dict(Counter(_why(held))),
        "wrong": len(failed),
        "wrong_seeds": sorted(outcome.seed for outcome in failed)[:SEEDS_SHOWN_MAX],
    }
    return counts, failed


def _why(held: list[str]) -> Iterator[str]:
    """The reasons without ids and numbers, so that they can be counted."""
    for sentence in held:
        reason = sentence.split(": ", 1)[1]
        yield "".join("#" if letter.isdigit() else letter for letter in reason)
