"""The agent, FiscalNet or both end at every point; the paper has it once, or a person is asked.

    before | after   each thing the driver does on disk, each commit of the ledger
        x   FiscalNet works while the agent waits | after every single thing the agent does
        x   takes a file and prints it | prints it and then takes it away
        x   lives on | ends before it prints | ends before it answers; comes back with the agent

Between two things on disk neither program changes anything the other can see, so an end at any
other instruction is one of these.
"""

import random
from pathlib import Path

import pytest

from agent.payloads import reference_of
from agent.states import State
from tests.agent.folder.fiscalnet_shop import Shop
from tests.agent.till import quick_folder
from tests.agent.world import sale

RECEIPT = sale(("cash", 1000), ("card", 500))
SLIP = '{"texts": ["Curs valutar"]}'
KINDS = {"print_receipt": RECEIPT, "non_fiscal_receipt": SLIP, "z_report": "{}"}
PAPER = {"print_receipt": "receipt", "non_fiscal_receipt": "nonfiscal", "z_report": "z"}
POINTS_MAX = 120
SPARSE = (
    *range(1, 50),
    *range(50, 700, 13),
)  # while it waits, every look is a commit like the last
BACK_MS = 100_000
SETTLED = {State.ISSUED, State.HELD, State.REJECTED}

some_kind = pytest.mark.parametrize("kind", KINDS)
some_turn = pytest.mark.parametrize("eager", [False, True], ids=["waits", "eager"])
some_way = pytest.mark.parametrize("reads_first", [False, True], ids=["takes", "reads first"])


def papers(shop: Shop, kind: str) -> int:
    found = shop.paper(PAPER[kind])
    if kind == "z_report":
        return len(found)
    return [paper["reference"] for paper in found].count(reference_of("c1"))


def checked(shop: Shop, kind: str, point: str) -> State:
    """Hold what the ledger says against the paper, and see that nothing is left to be printed."""
    state = shop.entry("c1").state
    assert state in SETTLED, f"{point}: {state}"
    allowed = {State.ISSUED: {1}, State.HELD: {0, 1}, State.REJECTED: {0}}[state]
    assert papers(shop, kind) in allowed, f"{point}: {state}, {papers(shop, kind)} on paper"
    assert shop.dropped() == [], f"{point}: {shop.dropped()} may still be printed"
    return state


def run_with(folder: Path, kind: str, crash_at: int, *faults: str, **given: bool) -> Shop:
    """One command in a shop of its own, until quiet. Close it."""
    folder.mkdir()
    shop = Shop(folder, *faults, reads_first=given.get("reads_first", False))
    shop.eager = given.get("eager", False)
    shop.crash_at = crash_at
    if given.get("restarts"):
        shop.on_crash = shop.start_fiscalnet
        shop.back_after_ms = BACK_MS
    shop.queue("c1", KINDS[kind], kind)
    shop.settle()
    return shop


@some_way
@some_turn
@some_kind
def test_an_agent_that_ends_at_any_point_leaves_one_document(
    tmp_path: Path, kind: str, eager: bool, reads_first: bool
) -> None:
    with quick_folder(tmp_path) as home:
        for n in range(1, POINTS_MAX):
            given = {"eager": eager, "reads_first": reads_first}
            shop = run_with(home / str(n), kind, n, **given)
            state = checked(shop, kind, f"{kind}: crash at {n}")
            assert state is State.ISSUED, f"{kind}: crash at {n}: {shop.entry('c1')}"
            crashed = shop.crashes
            shop.close()
            if not crashed:  # the whole undisturbed road has fewer points
                assert n > 20
                return
    raise AssertionError("the road never ended")


@some_turn
@some_kind
@pytest.mark.parametrize("death", ["die-before", "die-after"])
def test_both_may_end_at_any_point_and_no_document_comes_out_twice(
    tmp_path: Path, kind: str, death: str, eager: bool
) -> None:
    states = []
    with quick_folder(tmp_path) as home:
        for n in SPARSE:
            shop = run_with(home / str(n), kind, n, death, eager=eager, restarts=True)
            states.append(checked(shop, kind, f"{kind}: {death}, crash at {n}"))
            crashed = shop.crashes
            shop.close()
            if not crashed:
                assert n > 20
                assert State.HELD in states
                return
    raise AssertionError("the road never ended")


@some_kind
@pytest.mark.parametrize("late", [5, 30, 70, 300])
def test_an_answer_that_comes_late_ends_as_issued_or_with_a_person(
    tmp_path: Path, kind: str, late: int
) -> None:
    with quick_folder(tmp_path) as home:
        for n in SPARSE[::6]:
            shop = run_with(home / str(n), kind, n, f"late={late}")
            state = checked(shop, kind, f"{kind}: late={late}, crash at {n}")
            assert papers(shop, kind) == 1
            assert state is State.ISSUED or late > 60, f"crash at {n}"
            shop.close()


@pytest.mark.parametrize("seed", range(40))
def test_many_ends_in_a_row_leave_no_document_twice(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    kinds = ["die-before", "die-after", "never", "late=25", "half=3", "garbage", "lost", "deaf"]
    faults = [f"{chance.choice(kinds)}#{n}" for n in range(1, 8) if chance.random() < 0.4]
    with quick_folder(tmp_path) as home:
        shop = Shop(home, *faults, reads_first=chance.random() < 0.5)
        shop.eager = chance.random() < 0.5
        ends = iter(sorted(chance.sample(range(1, 250), 12)))

        def again() -> None:
            shop.crash_at = next(ends, -1)
            if shop.bridge.is_gone and chance.random() < 0.7:
                shop.start_fiscalnet()

        shop.on_crash, shop.back_after_ms = again, BACK_MS
        again()
        ids = [f"c{n}" for n in range(1, 6)]
        for id_ in ids:
            shop.queue(id_, RECEIPT, expires_in_ms=3_000_000)
        shop.settle()
        printed = [paper["reference"] for paper in shop.paper("receipt")]
        for id_ in ids:
            state, times = shop.entry(id_).state, printed.count(reference_of(id_))
            allowed = {State.ISSUED: {1}, State.HELD: {0, 1}, State.REJECTED: {0}}[state]
            assert times in allowed, f"seed {seed}: {id_} is {state}, {times} on paper"
        shop.close()
