"""What goes wrong, and where. Every place has a number, so that a story can be told again.

    frame 17     the 18th frame that the agent writes to the printer
    commit 4     the fifth transaction of the ledger
    http 9       the tenth request to the cloud

`Plan` draws from a seed; `Listed` injects what it is given, for shrinking and for single faults.
A place draws from its own number only: one fault less leaves the others where they were.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

FRAME, COMMIT, HTTP = "frame", "commit", "http"

FRAME_KINDS = (
    "request_lost",
    "request_cut",
    "request_flipped",
    "nak_once",
    "nak_many",
    "busy",
    "reply_lost",
    "reply_cut",
    "reply_flipped",
    "reply_twice",
    "reply_split",
    "reply_late",
    "garbage",
    "syn_storm",
    "echo",
    "stale_first",
    "stale_instead",
    "power_before",
    "power_within",
    "power_after",
    "paper_out",
    "cover_open",
    "key_receipt",
    "key_x",
    "key_z",
    "key_cash",
    "key_slip",
    "clock_jump",
    "je_dead",
    "other_printer",
    "told_to_stop",
    "pulled_before",
    "pulled_after",
    "death_before",
    "death_after",
)
COMMIT_KINDS = ("death_before", "death_after")
HTTP_KINDS = (
    "lost",
    "answer_lost",
    "error_500",
    "error_503",
    "retry_429",
    "html",
    "cut_json",
    "slow",
    "death_before",
    "death_after",
)
KINDS = {FRAME: FRAME_KINDS, COMMIT: COMMIT_KINDS, HTTP: HTTP_KINDS}
KEYBOARD = {"key_receipt", "key_x", "key_z", "key_cash", "key_slip"}
RARE = KEYBOARD | {"clock_jump", "je_dead", "other_printer"}  # people, and worn out machines

CHANCES = (  # of a fault in a million, at a frame, a commit, a request
    (15_000, 5_000, 30_000),
    (60_000, 20_000, 80_000),
    (120_000, 30_000, 150_000),
    (220_000, 50_000, 250_000),
)
WAITS_MS = (60, 250, 700, 1_500, 4_000, 9_000, 20_000, 70_000)
MASK = (1 << 64) - 1

Place = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong. `at` chooses among its ways, `wait_ms` is how long it lasts."""

    kind: str
    at: int = 0
    wait_ms: int = 0

    def __str__(self) -> str:
        return f"{self.kind}(at={self.at}, wait_ms={self.wait_ms})"


def mix(*numbers: int) -> int:
    """Make one well-mixed number of 64 bits out of some (splitmix64)."""
    mixed = 0
    for number in numbers:
        mixed = (mixed + number + 0x9E3779B97F4A7C15) & MASK
        mixed = ((mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        mixed ^= mixed >> 31
    return mixed


class Places:
    """Counts places and remembers what was injected where."""

    def __init__(self) -> None:
        self.calm = False
        self.numbers = dict.fromkeys(KINDS, 0)
        self.injected: dict[Place, Fault] = {}

    def draw(self, site: str) -> Fault | None:
        """Say what goes wrong at the next place of a site; mostly nothing."""
        number = self.numbers[site]
        self.numbers[site] = number + 1
        if self.calm:
            return None
        fault = self.at(site, number)
        if fault is not None:
            self.injected[site, number] = fault
        return fault

    def at(self, _site: str, _number: int) -> Fault | None:
        """Say what goes wrong at a place; here nothing does."""
        return None

    def counts(self) -> Counter[str]:
        return Counter(f"{site}.{one.kind}" for (site, _), one in self.injected.items())


class Plan(Places):
    """Faults drawn from a seed: how many and of which kinds differs from world to world."""

    def __init__(self, seed: int, *, keyboard: bool = True) -> None:
        super().__init__()
        self._seed = seed
        self._nobody = frozenset() if keyboard else KEYBOARD
        chosen = mix(seed, 99)
        self._chances = dict(zip(KINDS, CHANCES[chosen % len(CHANCES)], strict=True))
        self._kinds = {site: _some(kinds, mix(seed, 98)) for site, kinds in KINDS.items()}
        self._sites = {site: number for number, site in enumerate(KINDS)}

    def at(self, site: str, number: int) -> Fault | None:
        drawn = mix(self._seed, self._sites[site], number)
        if (drawn & 0xFFFFF) * 1_000_000 >> 20 >= self._chances[site]:
            return None
        kinds = self._kinds[site]
        kind = kinds[(drawn >> 20 & 0xFFFF) % len(kinds)]
        if kind in self._nobody or (kind in RARE and drawn >> 62):
            return None
        waits = WAITS_MS[: 5 + (drawn >> 36 & 3)]
        wait_ms = waits[(drawn >> 40 & 0xFF) % len(waits)]
        return Fault(kind, drawn >> 44 & 0xFFFF, wait_ms + (drawn >> 48 & 0x3F))


class Listed(Places):
    """Exactly these faults and no others."""

    def __init__(self, faults: Mapping[Place, Fault]) -> None:
        super().__init__()
        self._faults = faults

    def at(self, site: str, number: int) -> Fault | None:
        return self._faults.get((site, number))


def is_dense(seed: int) -> bool:
    """Is this one of the quarter of worlds in which most goes wrong?"""
    return mix(seed, 99) % len(CHANCES) == len(CHANCES) - 1


def _some(kinds: tuple[str, ...], chosen: int) -> tuple[str, ...]:
    """All kinds in half of the worlds, about half of the kinds in the others (a swarm)."""
    if chosen & 1:
        return kinds
    return tuple(kind for n, kind in enumerate(kinds) if chosen >> (n + 1) & 1) or kinds


Tell = Callable[..., None]
