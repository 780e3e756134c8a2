"""What began and did not end: refusals, lost answers, cashiers, other printers; one by one.

A failure at every single point is in test_worker_crashes.py; these are the ones with a name.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from agent.entries import Evidence
from agent.payloads import reference_of
from agent.states import State
from drivers.errors import ContactLost
from sandbox.printer import sales
from sandbox.printer.device import Switches
from tests.agent.world import Crash, Mishap, Printer, World, sale

OPEN, SALE, SUBTOTAL, PAYMENT, TEXT, CLOSE, CANCEL, JE = 48, 49, 51, 53, 54, 56, 60, 125
ANSWER_LOST, FRAME_LOST = Mishap(cut=True, delivered=True), Mishap(cut=True)
RECEIPT = sale(("card", 500), ("cash", 1000))
NO_PAPER, BAD_SYNTAX = -112006, -112001
ALL_RATES = (21_00, 11_00, 9_00, 0, 100_00, 100_00, 100_00)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


@pytest.fixture
def lost_at(tmp_path: Path, world: World) -> Callable[..., None]:
    """Queue `c1` and let the answer to its n-th frame with a command be lost."""

    def lose(command: int, *, time: int = 1, mishap: Mishap = ANSWER_LOST) -> None:
        (tmp_path / "plain").mkdir()
        plain = World(tmp_path / "plain")
        plain.queue("c1", RECEIPT)
        plain.settle()
        plain.close()
        frames = [n for n, sent in enumerate(plain.cable.commands) if sent == command]
        world.cable.mishaps[frames[time - 1]] = mishap
        world.queue("c1", RECEIPT)
        world.step()
        assert world.entry("c1").state is State.IN_DOUBT

    return lose


def references(world: World) -> list[str]:
    """Whose receipts came out; a cashier's have no reference."""
    return [paper["reference"] for paper in world.paper("receipt")]


def when(world: World, command: int, act: Callable[[], None], *, time: int = 1) -> None:
    """Do something behind the agent's back as its n-th frame with this command arrives."""
    count = 0

    def before(arrived: int) -> None:
        nonlocal count
        count += arrived == command
        if arrived == command and count == time:
            act()

    world.cable.before = before


def check_goes_on(world: World) -> None:
    """The printer is clean, and the next receipt comes out as if nothing had been."""
    assert world.printer.device.memory.receipt is None
    world.queue("next", sale(price=77))
    world.settle()
    assert world.entry("next").state is State.ISSUED
    assert references(world)[-1] == reference_of("next")


def switch(world: World, **switches: bool) -> None:
    world.printer.device.switches = Switches(**switches)


# refused in the middle


def test_paper_that_ends_at_the_second_line_cancels_and_prints_once_when_cured(
    world: World,
) -> None:
    when(world, SALE, lambda: switch(world, paper_out=True), time=2)
    world.queue("c1", RECEIPT)
    world.steps(40)
    assert (world.entry("c1").state, world.entry("c1").fault) == (State.IN_DOUBT, "paper_out")
    switch(world)
    world.settle()
    assert references(world) == [reference_of("c1")]
    assert len(world.paper("cancelled")) == 1
    steps = ["accept", "begin", "lose", "absent", "begin", "pay", "finish"]
    assert world.events("c1") == steps
    check_goes_on(world)


def test_paper_that_ends_before_the_close_completes_the_paid_receipt(world: World) -> None:
    when(world, CLOSE, lambda: switch(world, paper_out=True))
    world.queue("c1", RECEIPT)
    world.steps(40)
    assert world.entry("c1").state is State.IN_DOUBT
    switch(world)
    world.settle()
    assert references(world) == [reference_of("c1")]
    assert world.paper("cancelled") == []
    assert world.events("c1") == ["accept", "begin", "pay", "lose", "found"]
    check_goes_on(world)


def test_a_vat_rate_turned_off_at_the_second_line_cancels_and_rejects(world: World) -> None:
    off = (100_00, *ALL_RATES[1:])
    when(world, SALE, lambda: world.printer.change(rates=off), time=2)
    world.queue("c1", RECEIPT)
    world.settle()
    assert (world.entry("c1").state, world.entry("c1").fault) == (State.REJECTED, "bad_request")
    assert world.cloud.history("c1")[-1].data["problems"][0]["code"] == "BAD_REQUEST"
    assert references(world) == []
    assert len(world.paper("cancelled")) == 1
    world.printer.change(rates=ALL_RATES)
    world.stop()  # only a new session reads the VAT table: see the last tests of this file
    check_goes_on(world)


@pytest.mark.parametrize("command", [OPEN, SALE, TEXT, SUBTOTAL, PAYMENT])
def test_a_permanent_refusal_before_any_payment_rejects_and_leaves_nothing_open(
    world: World, command: int
) -> None:
    world.printer.device.refusing = {command: BAD_SYNTAX}
    world.queue("c1", RECEIPT)
    world.settle()
    assert world.entry("c1").state is State.REJECTED
    assert references(world) == []
    assert len(world.paper("cancelled")) == (command != OPEN)
    world.printer.device.refusing = {}
    check_goes_on(world)


@pytest.mark.parametrize("command", [OPEN, SALE, TEXT, SUBTOTAL, PAYMENT, CLOSE])
def test_a_passing_refusal_anywhere_prints_once_in_the_end(world: World, command: int) -> None:
    world.printer.device.refusing = {command: NO_PAPER, CANCEL: NO_PAPER}
    world.queue("c1", RECEIPT)
    world.steps(20)
    world.printer.device.refusing = {}
    world.settle()
    assert world.entry("c1").state is State.ISSUED
    assert references(world) == [reference_of("c1")]
    check_goes_on(world)


def test_a_paid_receipt_that_will_not_close_is_held_and_not_cancelled(world: World) -> None:
    """Held, because only a person at the device can end a paid receipt that it will not close."""
    world.printer.device.refusing = {CLOSE: BAD_SYNTAX}
    world.queue("c1", RECEIPT)
    world.settle()
    assert world.entry("c1").state is State.HELD
    assert CANCEL not in world.cable.commands
    assert world.printer.device.memory.receipt.paid_bani == 1500


def test_a_report_that_is_refused_is_rejected_or_waits_as_its_fault_says(world: World) -> None:
    world.printer.device.refusing = {69: BAD_SYNTAX}
    world.queue("z1", kind="z_report")
    world.settle()
    assert world.entry("z1").state is State.REJECTED
    world.printer.device.refusing = {69: NO_PAPER}
    world.queue("z2", kind="z_report")
    world.steps(20)
    world.printer.device.refusing = {}
    world.settle()
    assert world.entry("z2").state is State.ISSUED
    assert len(world.paper("z")) == 1


def test_a_device_that_rounds_otherwise_cancels_and_rejects(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sales, "half_up", lambda numerator, denominator: numerator // denominator)
    payload = sale(price=333).replace('"quantity": 2000', '"quantity": 1500')  # 4.995: 5.00, 4.99
    world.queue("c1", payload)
    world.settle()
    assert (world.entry("c1").state, references(world)) == (State.REJECTED, [])
    (problem,) = world.cloud.history("c1")[-1].data["problems"]
    assert problem["code"] == "TOTAL_MISMATCH"
    assert "9.49 instead of 9.50" in problem["sentence"]
    assert len(world.paper("cancelled")) == 1
    monkeypatch.undo()
    check_goes_on(world)


# an answer lost


def test_a_lost_answer_to_the_close_is_found_by_the_reference(
    world: World, lost_at: Callable[..., None]
) -> None:
    lost_at(CLOSE)
    world.settle()
    assert references(world) == [reference_of("c1")]
    entry = world.entry("c1")
    assert (entry.state, entry.evidence, entry.attempts) == (
        State.ISSUED,
        Evidence.REFERENCE,
        1,
    )
    check_goes_on(world)


def test_with_an_electronic_journal_that_cannot_be_read_it_is_found_by_the_counter(
    world: World, lost_at: Callable[..., None]
) -> None:
    world.printer.device.refusing = {JE: -100001}
    lost_at(CLOSE)
    world.settle()
    assert references(world) == [reference_of("c1")]
    assert world.entry("c1").evidence is Evidence.COUNTER
    check_goes_on(world)


@pytest.mark.parametrize("time", [1, 2], ids=["card", "cash"])
def test_a_printer_that_dies_after_a_payment_is_completed_when_it_lives_again(
    world: World, lost_at: Callable[..., None], time: int
) -> None:
    lost_at(PAYMENT, time=time)
    world.cable.plugged = False
    world.queue("c2", sale())
    world.steps(200)
    assert world.entry("c1").state is State.IN_DOUBT
    assert world.entry("c2").state is State.QUEUED
    world.printer.start()
    world.cable.plugged = True
    world.settle()
    assert references(world) == [reference_of("c1"), reference_of("c2")]
    assert [paid["amount_bani"] for paid in world.paper("receipt")[0]["payments"]] == [500, 1000]
    assert world.events("c1") == ["accept", "begin", "pay", "lose", "found"]


def test_while_one_is_in_doubt_nothing_else_is_begun(
    world: World, lost_at: Callable[..., None]
) -> None:
    lost_at(CLOSE)
    world.printer.device.refusing = {255: NO_PAPER}  # the question itself fails
    for kind in ("x_report", "z_report"):
        world.queue(kind, kind=kind)
    world.steps(100)
    assert world.entry("c1").state is State.IN_DOUBT
    assert {world.entry(kind).state for kind in ("x_report", "z_report")} == {State.QUEUED}
    world.printer.device.refusing = {}
    world.settle()
    assert [paper["kind"] for paper in world.printer.documents()] == ["receipt", "x", "z"]


# somebody else at the device


def test_a_cashier_s_receipt_instead_of_ours_is_held_and_the_device_goes_on(
    world: World, lost_at: Callable[..., None]
) -> None:
    lost_at(OPEN, mishap=FRAME_LOST)
    world.printer.key_receipt()
    world.settle()
    assert (world.entry("c1").state, references(world)) == (State.HELD, [""])
    assert world.cloud.history("c1")[-1].data["seen"]["counters"]["receipt_count"] == 1
    check_goes_on(world)


def test_a_cashier_s_receipt_of_our_total_is_not_taken_for_ours(
    world: World, lost_at: Callable[..., None]
) -> None:
    lost_at(OPEN, mishap=FRAME_LOST)
    world.printer.key_receipt("11.50")
    world.settle()
    assert (world.entry("c1").state, references(world)) == (State.HELD, [""])
    check_goes_on(world)


@pytest.mark.parametrize("end", [Crash(), ContactLost("it broke")], ids=["died", "cut"])
def test_a_cashier_s_receipt_is_not_ours_without_the_je_either_as_we_sent_no_payment(
    world: World, end: BaseException
) -> None:
    def cashier() -> None:
        world.printer.device.refusing = {JE: BAD_SYNTAX}
        world.printer.key_receipt("11.50")
        raise end

    when(world, OPEN, cashier)
    world.queue("c1", RECEIPT)
    world.settle()
    assert (world.entry("c1").state, references(world)) == (State.HELD, [""])


def test_a_cashier_who_goes_on_typing_does_not_hide_our_receipt(
    world: World, lost_at: Callable[..., None]
) -> None:
    lost_at(CLOSE)
    world.printer.key_receipt()
    world.settle()
    assert (world.entry("c1").state, world.entry("c1").evidence) == (
        State.ISSUED,
        Evidence.REFERENCE,
    )
    assert references(world) == [reference_of("c1"), ""]
    check_goes_on(world)


@pytest.mark.parametrize("other", ["receipt", "report"])
def test_a_receipt_found_by_its_reference_is_told_with_its_own_numbers(
    world: World, lost_at: Callable[..., None], other: str
) -> None:
    lost_at(CLOSE)
    if other == "receipt":
        world.printer.key_receipt()
    else:
        world.printer.key(69, "X")
    world.settle()
    ours, result = world.paper("receipt")[0], world.entry("c1").result
    told = (result["receipt_number"], result["document_number"])
    assert told == (ours["number"], ours["document"])


@pytest.mark.parametrize("command", [OPEN, CLOSE])
def test_a_z_report_behind_our_back_is_held_and_the_device_goes_on(
    world: World, lost_at: Callable[..., None], command: int
) -> None:
    lost_at(command, mishap=FRAME_LOST if command == OPEN else ANSWER_LOST)
    world.printer.key(69, "Z")
    world.settle()
    assert world.entry("c1").state is State.HELD
    assert len(references(world)) == (command == CLOSE)
    check_goes_on(world)


def test_another_printer_that_answers_for_a_lost_receipt_is_held(
    world: World, lost_at: Callable[..., None]
) -> None:
    lost_at(CLOSE)
    world.cable.printer = other = Printer("SIM0000002")
    world.settle()
    assert world.entry("c1").state is State.HELD
    assert "SIM0000002" in world.entry("c1").reason
    assert other.documents() == []
    other.close()


def test_a_configured_printer_that_is_gone_keeps_its_receipt_in_doubt_until_it_is_back(
    tmp_path: Path,
) -> None:
    world = World(tmp_path, serial="SIM0000001")
    when(world, CLOSE, lambda: setattr(world.cable, "plugged", False))
    world.queue("c1", RECEIPT)
    world.step()
    world.cable.printer = other = Printer("SIM0000002")
    world.cable.plugged = True
    world.steps(60)
    assert world.entry("c1").state is State.IN_DOUBT
    world.cable.printer = world.printer
    world.settle()
    assert (world.entry("c1").state, references(world)) == (State.ISSUED, [reference_of("c1")])
    assert other.documents() == []
    other.close()
    world.close()


# what a session knows by heart


def test_vat_rates_changed_between_two_receipts_are_seen(world: World) -> None:
    world.queue("c1", sale())
    world.settle()
    world.printer.change(rates=(19_00, *ALL_RATES[1:]))
    world.queue("c2", sale())  # sells at 21 %, which the device has no longer
    world.settle()
    assert world.entry("c2").state is State.REJECTED
    sold = [line["vat_rate"] for paper in world.paper("receipt") for line in paper["lines"]]
    assert "19.00" not in sold


def test_a_printer_exchanged_between_two_receipts_is_not_driven(tmp_path: Path) -> None:
    world = World(tmp_path, serial="SIM0000001")
    world.queue("c1", sale())
    world.settle()
    world.cable.printer = other = Printer("SIM0000002")
    world.queue("c2", sale())
    world.steps(20)
    assert other.documents() == []
    other.close()
    world.close()


def test_what_another_version_wrote_is_held(world: World, lost_at: Callable[..., None]) -> None:
    lost_at(CLOSE)
    world.cloud._db.execute("UPDATE command SET payload = '{}' WHERE id = 'c1'")
    world.settle()
    assert world.entry("c1").state is State.HELD
    assert len(world.paper("receipt")) == 1
