"""A long story that fails, made short: drop faults and commands while it still fails.

    shrink(script, fails) -> the smallest Script found

First the faults that really happened are listed, so that dropping one leaves the others in place.
"""

from collections.abc import Callable
from dataclasses import replace

from tests.simulation.plan import Fault, Place
from tests.simulation.world import Outcome, Script

RUNS_MAX = 400

Run = Callable[[Script], Outcome]


def shrink(script: Script, run: Run) -> Script:
    """Return a script that fails as well, with as few faults and commands as can be."""
    first = run(script)
    assert first.wrongs, "only what fails can be made shorter"
    smaller = replace(script, faults=first.faults)
    if not run(smaller).wrongs:
        return script
    tries = Tries(run)
    for _ in range(RUNS_MAX):
        before = tries.count
        smaller = _fewer_faults(_fewer_orders(smaller, tries), tries)
        if tries.dropped == 0 or before >= RUNS_MAX:
            break
        tries.dropped = 0
    return smaller


class Tries:
    """Runs candidates, and counts what it costs and what it brings."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self.count = 0
        self.dropped = 0

    def fails(self, script: Script) -> bool:
        self.count += 1
        failed = self.count <= RUNS_MAX and bool(self._run(script).wrongs)
        self.dropped += failed
        return failed


def _fewer_orders(script: Script, tries: Tries) -> Script:
    for order in script.orders:
        left = tuple(one for one in script.orders if one is not order)
        smaller = replace(script, orders=left)
        if tries.fails(smaller):
            script = smaller
    return script


def _fewer_faults(script: Script, tries: Tries) -> Script:
    """Halves first, then quarters, down to single ones."""
    assert script.faults is not None
    places = list(script.faults)
    size = max(1, len(places) // 2)
    while size >= 1:
        for start in range(0, len(places), size):
            gone = set(places[start : start + size])
            left: dict[Place, Fault] = {p: f for p, f in script.faults.items() if p not in gone}
            if len(left) < len(script.faults):
                smaller = replace(script, faults=left)
                if tries.fails(smaller):
                    script = smaller
                    assert script.faults is not None
        size //= 2
    return script
