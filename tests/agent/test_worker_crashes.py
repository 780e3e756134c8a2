"""The program, the cable or the printer's power fails at every single point; the paper stays right.

    frame n lost | frame n delivered, its answer lost      x   the program ends | the cable breaks |
    before commit n | after commit n                           only silence

    x   the printer lives on | blinks and keeps what is open | blinks and cancels what is unpaid

Between two frames the printer does not change and between two commits the file does not, so a crash
at any other instruction is one of these. Afterwards: one receipt with our reference and no more,
nothing open, and what the ledger says is what the paper says.
"""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.entries import Evidence
from agent.payloads import reference_of
from agent.states import State
from tests.agent.examples import told_at
from tests.agent.world import Mishap, Printer, World, sale

RECEIPT = sale(("cash", 1000), ("card", 500))
KINDS = {"print_receipt": RECEIPT, "x_report": "{}", "z_report": "{}"}
FRAMES_MAX, COMMITS_MAX = 100, 40
SALE, PAYMENT, CLOSE = 49, 53, 56
SEQUENCE_MIN, SEQUENCES = 0x20, 0xE0
SWARM_COMMANDS = ("print_receipt", "x_report", "print_receipt", "z_report", "print_receipt")

CRASHES = {
    "crash, frame lost": Mishap(crash=True),
    "crash, answer lost": Mishap(crash=True, delivered=True),
}
BREAKS = {
    "cable cut, frame lost": Mishap(cut=True),
    "cable cut, answer lost": Mishap(cut=True, delivered=True),
}
SILENCES = {
    "silence, frame lost": Mishap(),
    "silence, answer lost": Mishap(delivered=True),
}
PRINTERS = {"lives on": (False, "keep"), "blinks": (True, "keep"), "cancels": (True, "cancel")}

some_printer = pytest.mark.parametrize("printer", PRINTERS)
some_kind = pytest.mark.parametrize("kind", KINDS)


def checked(world: World, kind: str, point: str) -> None:
    """Hold the safety and the liveness of one command, `c1`, against its paper."""
    entry = world.entry("c1")
    assert entry.state is State.ISSUED, f"{point}: {entry}"
    assert world.printer.device.memory.receipt is None, f"{point}: a receipt is open"
    receipts = [paper["reference"] for paper in world.paper("receipt")]
    assert receipts.count(reference_of("c1")) == (kind == "print_receipt"), f"{point}: {receipts}"
    assert len(world.paper("z")) == (kind == "z_report"), f"{point}: {world.paper('z')}"
    name = {"print_receipt": "receipt", "x_report": "x", "z_report": "z"}[kind]
    paper, result = world.paper(name)[-1], entry.result
    assert result is not None
    if kind == "print_receipt":
        told = (result["receipt_number"], result["document_number"], result["z_number"])
        assert told == (paper["number"], paper["document"], paper["z"]), point
        at = told_at(result).replace(tzinfo=None).isoformat()
        assert (at, result["total"]) == (paper["at"], paper["total_bani"]), point
        assert [line["total_bani"] for line in paper["lines"]] == [700, 450], point
        assert [paid["amount_bani"] for paid in paper["payments"]] == [500, 1000], point
    else:
        sums = [group["total"] for group in result["groups"]]
        assert (result["number"], sum(sums)) == (paper["number"], paper["total_bani"]), point
    assert result["fiscal_serial"] == "SIM0000001", point


def run_with(folder: Path, kind: str, mishaps: dict[int, Mishap], printer: str) -> World:
    """One command with these mishaps, in a world of its own, until quiet. Close it."""
    blinks, power_up = PRINTERS[printer]
    folder.mkdir()
    world = World(folder, Printer(power_up=power_up))
    world.printer.key_receipt()  # the day has begun
    world.cable.mishaps = {n: replace(one, printer=blinks) for n, one in mishaps.items()}
    world.queue("c1", KINDS[kind], kind)
    world.settle()
    return world


def every_frame(
    folder: Path, kind: str, mishaps: dict[str, Mishap], printer: str
) -> Iterator[tuple[World, str]]:
    """A world for each frame of the undisturbed road and each mishap at it."""
    plain = run_with(folder / "plain", kind, {}, printer)
    commands = plain.cable.commands
    checked(plain, kind, "nothing happens")
    plain.close()
    assert 10 < len(commands) < FRAMES_MAX
    for name, mishap in mishaps.items():
        for n, command in enumerate(commands):
            point = f"{kind}: {name} at frame {n} (command {command}), printer {printer}"
            world = run_with(folder / f"{name} {n}", kind, {n: mishap}, printer)
            assert not world.cable.mishaps, f"{point}: it did not happen"
            yield world, point
            world.close()


@some_printer
@some_kind
def test_a_crash_at_any_frame_leaves_one_document(tmp_path: Path, kind: str, printer: str) -> None:
    for world, point in every_frame(tmp_path, kind, CRASHES, printer):
        assert world.crashes == 1, point
        checked(world, kind, point)


@some_printer
@some_kind
def test_a_cable_that_breaks_at_any_frame_leaves_one_document(
    tmp_path: Path, kind: str, printer: str
) -> None:
    for world, point in every_frame(tmp_path, kind, BREAKS, printer):
        checked(world, kind, point)


@pytest.mark.parametrize("kind", ["print_receipt", "z_report"])
def test_a_new_session_that_begins_with_the_sequence_seen_last_believes_no_old_answer(
    tmp_path: Path, kind: str
) -> None:
    for name, mishap in CRASHES.items():
        for n in range(FRAMES_MAX):
            folder = tmp_path / f"{name} {n}"
            folder.mkdir()
            world = World(folder)
            world.printer.key_receipt()
            world.cable.mishaps = {n: mishap}
            world.on_crash = lambda world=world: begin_with_the_last_sequence(world)
            world.queue("c1", KINDS[kind], kind)
            world.settle()
            checked(world, kind, f"{name} at frame {n}")
            crashed = world.crashes
            world.close()
            if not crashed:
                break
        assert n > 10


def begin_with_the_last_sequence(world: World) -> None:
    """Let the clock, the seed of the first SEQ, be such that the device has just seen it."""
    if seen := world.printer.station._last:
        world.clock.ms += (seen[0] - SEQUENCE_MIN - world.clock.ms) % SEQUENCES


@some_kind
def test_silence_at_any_frame_leaves_one_document(tmp_path: Path, kind: str) -> None:
    for world, point in every_frame(tmp_path, kind, SILENCES, "lives on"):
        checked(world, kind, point)


@some_printer
@some_kind
def test_a_crash_at_any_commit_leaves_one_document(tmp_path: Path, kind: str, printer: str) -> None:
    blinks, power_up = PRINTERS[printer]
    for n in range(1, COMMITS_MAX):
        folder = tmp_path / str(n)
        folder.mkdir()
        world = World(folder, Printer(power_up=power_up))
        world.printer.key_receipt()
        world.queue("c1", KINDS[kind], kind)
        world.crash_at_commit = n
        if blinks:
            world.on_crash = world.printer.start
        world.settle()
        checked(world, kind, f"{kind}: crash at commit point {n}, printer {printer}")
        crashed = world.crashes
        world.close()
        if not crashed:  # the whole undisturbed road has fewer commits
            assert n > 8
            return
    raise AssertionError("the road never ended")


@pytest.mark.parametrize("printer", ["blinks", "cancels"])
@some_kind
def test_a_printer_that_blinks_in_a_silence_prints_once_or_not_at_all(
    tmp_path: Path, kind: str, printer: str
) -> None:
    """Not at all: it forgot the frame and a line stood twice, or it had cancelled the receipt."""
    for world, point in every_frame(tmp_path, kind, SILENCES, printer):
        if world.entry("c1").state is State.REJECTED:
            assert world.entry("c1").fault in ("total_mismatch", "no_receipt_open"), point
            assert [paper["reference"] for paper in world.paper("receipt")] == [""], point
            assert world.printer.device.memory.receipt is None, f"{point}: a receipt is open"
        else:
            checked(world, kind, point)


@pytest.mark.parametrize("printer", ["blinks", "cancels"])
def test_a_printer_that_blinks_in_a_silence_prints_once(tmp_path: Path, printer: str) -> None:
    for world, point in every_frame(tmp_path, "print_receipt", SILENCES, printer):
        checked(world, "print_receipt", point)


@pytest.mark.parametrize("first", [SALE, PAYMENT, CLOSE])
def test_a_second_crash_anywhere_in_the_recovery_changes_nothing(
    tmp_path: Path, first: int
) -> None:
    plain = run_with(tmp_path / "plain", "print_receipt", {}, "lives on")
    n = plain.cable.commands.index(first)
    plain.close()
    crash = CRASHES["crash, answer lost"]
    for later in range(1, FRAMES_MAX):
        mishaps = {n: crash, n + later: crash}
        point = f"crash at command {first}, again {later} frames later"
        world = run_with(tmp_path / point, "print_receipt", mishaps, "lives on")
        checked(world, "print_receipt", point)
        crashed = world.crashes
        world.close()
        if crashed == 1:  # the recovery was over before
            assert later > 10
            return
    raise AssertionError("the recovery never ended")


@pytest.mark.parametrize("seed", range(30))
def test_many_failures_in_a_row_still_leave_one_document_for_each_command(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    world = World(tmp_path, Printer(power_up=chance.choice(["keep", "cancel"])))
    mishaps = [*CRASHES.values(), *BREAKS.values(), *SILENCES.values()]
    blinking = [replace(one, printer=True) for one in (*CRASHES.values(), *BREAKS.values())]
    for n in range(400):
        if chance.random() < 0.08:
            world.cable.mishaps[n] = chance.choice([*mishaps, *blinking])
    world.crash_at_commit = chance.randrange(60)
    for n, kind in enumerate(SWARM_COMMANDS):
        world.queue(f"c{n}", KINDS[kind], kind)
    world.settle()
    entries = world.cloud.entries(10)
    assert {entry.state for entry in entries} == {State.ISSUED}, f"seed {seed}: {entries}"
    wanted = [reference_of(f"c{n}") for n in (0, 2, 4)]
    assert [paper["reference"] for paper in world.paper("receipt")] == wanted, f"seed {seed}"
    assert len(world.paper("z")) == 1, f"seed {seed}"
    assert {entry.evidence for entry in entries} <= {*Evidence} - {Evidence.OPERATOR}
    world.close()
