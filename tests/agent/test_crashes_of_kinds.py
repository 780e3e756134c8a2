"""The answer to each frame lost, the program gone at each frame and each commit, for every kind.

    every frame of the road  x  crash | cable cut | silence  x  frame lost | answer lost
                             x  the printer lives on | blinks | blinks and cancels
    every commit             x  before | after

test_worker_crashes.py makes the whole product for receipts and reports. Here, for all others, the
frames that change something in the device get the whole product, and every other frame one member
of it, another from frame to frame (7 is prime to 18): they only read. Of a kind that only reads, so
every other frame. Afterwards: done once on paper, nothing open, the result as the device has it.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from agent.commands import KINDS
from agent.entries import Evidence
from agent.states import State
from agent.verdict import Proof
from tests.agent.examples import EXAMPLES, hold
from tests.agent.test_worker_crashes import BREAKS, CRASHES, PRINTERS, SILENCES
from tests.agent.world import Mishap, Printer, World

FRAMES_MAX, COMMITS_MAX, STRIDE = 120, 40, 7
PRODUCT = [
    (f"{name}, {printer}", mishap, printer)
    for (name, mishap), printer in itertools.product(
        (CRASHES | BREAKS | SILENCES).items(), PRINTERS
    )
]
ELSEWHERE = {"print_receipt", "x_report", "z_report"}
READERS = [kind for kind in EXAMPLES if kind.startswith(("get_", "read_", "preflight"))]
ACTORS = [kind for kind in EXAMPLES if kind not in ELSEWHERE | {*READERS}]


@dataclass(frozen=True, slots=True)
class Point:
    """Where something goes wrong, and what."""

    frame: int
    name: str
    mishap: Mishap
    printer: str


def run_with(folder: Path, kind: str, mishaps: dict[int, Mishap], printer: str) -> World:
    """One command of this kind with these mishaps, in a world of its own, until quiet."""
    blinks, power_up = PRINTERS[printer]
    folder.mkdir()
    world = World(folder, Printer(power_up=power_up))
    EXAMPLES[kind].before(world)
    world.cable.mishaps = {n: replace(one, printer=blinks) for n, one in mishaps.items()}
    world.queue("c1", EXAMPLES[kind].payload, kind)
    world.settle()
    return world


def road(folder: Path, kind: str) -> list[bool]:
    """Say of each frame of the undisturbed road whether it acts."""
    acts: list[bool] = []
    folder.mkdir()
    world = World(folder)
    EXAMPLES[kind].before(world)
    before = world.printer.device.execute

    def watched(command: int, data: bytes) -> object:
        held = world.printer.device.memory
        done = before(command, data)
        acts.append(world.printer.device.memory != held)
        return done

    world.printer.device.execute = watched
    world.queue("c1", EXAMPLES[kind].payload, kind)
    world.settle()
    world.close()
    return acts


def points(acts: list[bool]) -> Iterator[Point]:
    assert 10 < len(acts) < FRAMES_MAX
    for frame, acting in enumerate(acts):
        chosen = PRODUCT if acting else [PRODUCT[frame * STRIDE % len(PRODUCT)]]
        for name, mishap, printer in chosen:
            yield Point(frame, name, mishap, printer)


@pytest.mark.parametrize("kind", ACTORS)
def test_what_is_lost_at_any_frame_is_done_once(tmp_path: Path, kind: str) -> None:
    acts = road(tmp_path / "plain", kind)
    assert any(acts), f"{kind} changes something"
    for n, point in enumerate(points(acts)):
        world = run_with(tmp_path / str(n), kind, {point.frame: point.mishap}, point.printer)
        command = world.cable.commands[point.frame]
        try:
            assert not world.cable.mishaps, "it did not happen"
            assert world.entry("c1").state is State.ISSUED
            hold(world, kind)
        except AssertionError as error:
            raise AssertionError(f"{kind}: {point}, command {command}: {error}") from error
        finally:
            world.close()


@pytest.mark.parametrize("kind", READERS)
def test_what_is_lost_while_reading_is_read_again(tmp_path: Path, kind: str) -> None:
    acts = road(tmp_path / "plain", kind)
    assert not any(acts), f"{kind} changes nothing"
    for point in itertools.islice(points(acts), None, None, 2):
        folder = tmp_path / str(point.frame)
        world = run_with(folder, kind, {point.frame: point.mishap}, point.printer)
        assert world.entry("c1").state is State.ISSUED, point
        hold(world, kind)
        world.close()


@pytest.mark.parametrize("kind", ACTORS)
def test_a_crash_at_any_commit_is_done_once(tmp_path: Path, kind: str) -> None:
    for n in range(1, COMMITS_MAX):
        folder = tmp_path / str(n)
        folder.mkdir()
        world = World(folder)
        EXAMPLES[kind].before(world)
        world.queue("c1", EXAMPLES[kind].payload, kind)
        world.crash_at_commit = n
        world.settle()
        assert world.entry("c1").state is State.ISSUED, f"commit {n}"
        hold(world, kind)
        crashed = world.crashes
        world.close()
        if not crashed:  # the whole undisturbed road has fewer commits
            assert n > 5
            return
    raise AssertionError("the road never ended")


LOST = Mishap(cut=True, delivered=True)
PROVED = [kind for kind in EXAMPLES if KINDS[kind].proof is not Proof.NONE]


@pytest.mark.parametrize("kind", PROVED)
def test_a_deed_whose_answer_is_lost_is_proved_and_not_done_again(
    tmp_path: Path, kind: str
) -> None:
    """The last frame that acts is the deed: the close, the sum, the report, the copy."""
    acts = road(tmp_path / "plain", kind)
    deed = max(n for n, acting in enumerate(acts) if acting)
    world = run_with(tmp_path / "lost", kind, {deed: LOST}, "lives on")
    entry = world.entry("c1")
    assert (entry.state, entry.attempts) == (State.ISSUED, 1)
    by_reference = KINDS[kind].proof in (Proof.RECEIPT, Proof.SLIP)
    assert entry.evidence is (Evidence.REFERENCE if by_reference else Evidence.COUNTER)
    pay = ["pay"] if kind == "print_receipt" else []
    assert world.events("c1") == ["accept", "begin", *pay, "lose", "found"]
    hold(world, kind)
    world.close()


@pytest.mark.parametrize("kind", PROVED)
def test_a_deed_that_never_arrived_is_absent_and_done_once(tmp_path: Path, kind: str) -> None:
    acts = road(tmp_path / "plain", kind)
    first = acts.index(True)
    world = run_with(tmp_path / "lost", kind, {first: Mishap(cut=True)}, "lives on")
    assert world.entry("c1").attempts == 2
    pay = ["pay"] if kind == "print_receipt" else []
    assert world.events("c1") == ["accept", "begin", "lose", "absent", "begin", *pay, "finish"]
    hold(world, kind)
    world.close()
