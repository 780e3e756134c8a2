"""One printer's work, step by step: what comes on paper, what is written down, who is told.

What begins and does not end is in test_worker_doubts.py, a failure at every point in
test_worker_crashes.py.
"""

import json
import sqlite3
from collections.abc import Iterator
from itertools import groupby, pairwise
from pathlib import Path

import pytest

from agent.entries import Evidence
from agent.payloads import reference_of
from agent.states import State
from drivers.faults import Fault
from sandbox.printer.device import Switches
from tests.agent.examples import day_begun, with_open_receipt
from tests.agent.outbox import unreported
from tests.agent.world import DEVICE, Printer, World, sale

OPEN, SALE, CANCEL = 48, 49, 60
A_DAY_S = 25 * 60 * 60


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def references(world: World) -> list[str]:
    """Whose receipts came out; a cashier's have no reference."""
    return [paper["reference"] for paper in world.paper("receipt")]


# the good road


def test_a_receipt_comes_out_as_it_was_asked(world: World) -> None:
    world.queue("c1", sale(("cash", 1000), ("card", 500), cui="12345674"))
    world.settle()
    entry, (paper,) = world.entry("c1"), world.paper("receipt")
    assert (entry.state, entry.evidence, entry.attempts) == (State.ISSUED, Evidence.REPLY, 1)
    sold = [(line["name"], line["total_bani"], line["vat_rate"]) for line in paper["lines"]]
    assert sold == [("Paine", 700, "11.00"), ("Cafea", 450, "21.00")]
    paid = [(payment["kind"], payment["amount_bani"]) for payment in paper["payments"]]
    assert paid == [("card", 500), ("cash", 1000)]
    assert (paper["change_bani"], paper["customer_tax_id"]) == (350, "12345674")
    assert paper["reference"] == reference_of("c1")
    assert entry.result == {
        "receipt_number": paper["number"],
        "document_number": paper["document"],
        "z_number": paper["z"],
        "fiscal_serial": "SIM0000001",
        "issued_at": entry.result["issued_at"],
        "total": 1150,
        "folded": [],
    }
    assert world.events("c1") == ["accept", "begin", "pay", "finish"]
    assert world.done == 1


def test_receipts_x_and_z_come_out_in_their_order(world: World) -> None:
    world.queue("r1", sale())
    world.queue("x1", kind="x_report")
    world.queue("r2", sale(price=100))
    world.queue("z1", kind="z_report")
    world.queue("r3", sale())
    world.settle()
    documents = world.printer.documents()
    assert [paper["kind"] for paper in documents] == ["receipt", "x", "receipt", "z", "receipt"]
    assert {entry.state for entry in world.cloud.entries(9)} == {State.ISSUED}
    x, z = world.entry("x1").result, world.entry("z1").result
    assert (x["number"], z["number"]) == (documents[1]["number"], documents[3]["number"]) == (1, 1)
    groups = [(group["letter"], group["total"]) for group in z["groups"]]
    assert groups == [("A", 900), ("B", 900), ("C", 0), ("D", 0)]
    assert z["payments"] == [{"kind": "cash", "amount": 1800}]
    assert x["payments"] == [{"kind": "cash", "amount": 1150}]
    assert world.entry("r3").result["z_number"] == 2


@pytest.mark.parametrize(
    ("kind", "first"), [("print_receipt", OPEN), ("x_report", 69), ("z_report", 69)]
)
def test_the_baseline_is_on_disk_before_the_first_byte_that_can_become_fiscal(
    tmp_path: Path, world: World, kind: str, first: int
) -> None:
    found: list[tuple[str, str]] = []

    def look(command: int) -> None:
        if command == first:
            stranger = sqlite3.connect(tmp_path / "ledger.sqlite3")
            found.append(stranger.execute("SELECT state, baseline FROM command").fetchone())
            stranger.close()

    world.printer.key_receipt()
    world.cable.before = look
    world.queue("c1", sale() if kind == "print_receipt" else "{}", kind)
    world.settle()
    ((state, baseline),) = found
    assert state == "issuing"
    assert json.loads(baseline) == {
        "fiscal_serial": "SIM0000001",
        "z_number": 0,
        "receipt_count": 1,
        "document_number": 1,
        "paid_in": None,
        "paid_out": None,
    }


# what is never begun


def test_what_waited_too_long_is_rejected_and_never_started(world: World) -> None:
    world.queue("c1", sale(), expires_in_ms=60_000)
    world.clock.ms += 60_000
    world.settle()
    assert (world.entry("c1").state, world.entry("c1").attempts) == (State.REJECTED, 0)
    assert world.cloud.history("c1")[1].data["problems"][0]["code"] == "EXPIRED"
    assert world.printer.documents() == []


def test_problems_are_told_with_their_paths_and_nothing_is_sent(world: World) -> None:
    line = {"name": "x" * 217, "unit_price": 1, "quantity": 1000, "vat_rate": 1900}
    good = {"name": "Paine", "unit_price": 1, "quantity": 1000, "vat_rate": 2100}
    payload = {"lines": [good, line], "payments": [{"kind": "cash", "amount": 1}]}
    world.queue("c1", json.dumps(payload | {"customer_tax_id": "12345675"}))
    world.settle()
    problems = world.cloud.history("c1")[1].data["problems"]
    assert [(problem["path"], problem["code"]) for problem in problems] == [
        ("payments", "PAYMENTS_SHORT"),
        ("customer_tax_id", "CUSTOMER_TAX_ID_BAD"),
        ("lines[1].name", "TEXT_TOO_LONG"),
        ("lines[1].vat_rate", "VAT_RATE_UNKNOWN"),
    ]
    assert world.events("c1") == ["accept", "reject"]
    assert not {OPEN, SALE, CANCEL} & set(world.cable.commands)


@pytest.mark.parametrize(
    ("switches", "fault"),
    [(Switches(paper_out=True), "paper_out"), (Switches(cover_open=True), "cover_open")],
    ids=["paper", "cover"],
)
@pytest.mark.parametrize("kind", ["print_receipt", "z_report"])
def test_a_command_waits_for_paper_and_cover_and_then_prints_once(
    world: World, switches: Switches, fault: str, kind: str
) -> None:
    world.printer.device.switches = switches
    world.queue("c1", sale() if kind == "print_receipt" else "{}", kind)
    world.steps(60)
    assert (world.entry("c1").state, world.entry("c1").attempts) == (State.QUEUED, 0)
    world.printer.device.switches = Switches()
    world.settle()
    world.steps(5)
    assert len(world.printer.documents()) == 1
    pay = ["pay"] if kind == "print_receipt" else []
    assert world.events("c1") == ["accept", "begin", *pay, "finish"]
    told = [e.data["faults"] for e in unreported(world.cloud, 99) if e.name == "device"]
    assert [faults for faults, _ in groupby(told)] == [[fault], []]


def test_a_day_that_is_over_rejects_a_receipt_and_not_its_z_report(world: World) -> None:
    world.queue("r1", sale())
    world.settle()
    world.printer.change(clock_offset_s=A_DAY_S)
    world.queue("r2", sale())
    world.queue("x1", kind="x_report")
    world.queue("z1", kind="z_report")
    world.queue("r3", sale())
    world.settle()
    assert world.cloud.history("r2")[1].data["problems"][0]["code"] == "Z_REPORT_DUE"
    states = [world.entry(id_).state for id_ in ("r2", "x1", "z1", "r3")]
    assert states == [State.REJECTED, State.ISSUED, State.ISSUED, State.ISSUED]
    assert references(world) == [reference_of("r1"), reference_of("r3")]


def test_a_missing_port_leaves_it_queued_and_is_told_once(world: World) -> None:
    world.cable.plugged = False
    world.queue("c1", sale())
    world.steps(1)
    begun_ms = world.clock.ms
    tried = 0
    for _ in range(600):
        tried += not world.worker._session.resting
        world.steps(1)
    assert world.clock.ms - begun_ms == 300_000
    assert 25 < tried < 40  # after 1, 2, 4, 8 s, and then every 10 s
    assert (world.entry("c1").state, world.entry("c1").attempts) == (State.QUEUED, 0)
    assert world.events() == ["offline"]
    world.cable.plugged = True
    world.settle()
    assert [status for status, _ in groupby(world.events())] == ["offline", "online"]
    assert references(world) == [reference_of("c1")]


def test_another_printer_on_the_port_is_not_driven(tmp_path: Path) -> None:
    world = World(tmp_path, Printer("SIM0000002"), serial="SIM0000001")
    world.queue("c1", sale())
    world.steps(60)
    assert world.entry("c1").state is State.QUEUED
    assert world.printer.documents() == []
    (told,) = [e.data for e in unreported(world.cloud, 99) if e.name == "device"]
    assert (told["status"], told["faults"]) == ("offline", [Fault.OTHER_PRINTER])
    world.close()


def test_a_cashier_s_open_receipt_is_waited_for_and_not_cancelled(world: World) -> None:
    world.printer.key(48, 1, "0001", 1, "", "")
    world.printer.key(49, "Cafea", 1, "9.00", "1.000", "", "", 1, "")
    world.queue("c1", sale())
    world.steps(60)
    assert world.entry("c1").state is State.QUEUED
    world.printer.key(53, 0, "")
    world.printer.key(56)
    world.settle()
    assert references(world) == ["", reference_of("c1")]
    assert world.paper("cancelled") == []


def test_what_came_to_nothing_is_tried_again_after_a_longer_pause_each_time(world: World) -> None:
    world.printer.device.refusing = {SALE: -112006}
    world.queue("c1", sale())
    world.steps(120)
    begun = [event.at_ms for event in world.cloud.history("c1") if event.name == "begin"]
    pauses = [later - earlier for earlier, later in pairwise(begun)]
    assert pauses[:5] == [1_000, 2_000, 3_000, 4_000, 5_000]
    world.printer.device.refusing = {}
    world.settle()
    assert references(world) == [reference_of("c1")]


# what cures goes before what waits


def test_an_open_receipt_can_be_cancelled_while_a_sale_and_a_z_wait_for_its_end(
    world: World,
) -> None:
    with_open_receipt(world)
    world.queue("r1", sale())
    world.queue("z1", kind="z_report")
    world.queue("v1", kind="void_open_receipt")
    world.queue("r2", sale(price=100))
    world.settle()
    kinds = [paper["kind"] for paper in world.printer.documents()]
    assert kinds == ["receipt", "cancelled", "receipt", "z", "receipt"]
    assert references(world)[1:] == [reference_of("r1"), reference_of("r2")]


def test_nothing_else_goes_before_what_waits(world: World) -> None:
    with_open_receipt(world)
    world.queue("r1", sale())
    for kind in ("x_report", "get_last_receipt", "get_device_status"):
        world.queue(kind, kind=kind)
    world.steps(20)
    assert {entry.state for entry in world.cloud.entries(9)} == {State.QUEUED}


def test_a_cure_that_must_wait_itself_ends_with_the_one_before_it(world: World) -> None:
    with_open_receipt(world)
    world.printer.device.switches = Switches(paper_out=True)
    world.queue("r1", sale())
    world.queue("v1", kind="void_open_receipt")
    world.steps(20)
    assert {entry.state for entry in world.cloud.entries(9)} == {State.QUEUED}
    world.printer.device.switches = Switches()
    world.settle()
    assert {entry.state for entry in world.cloud.entries(9)} == {State.ISSUED}


# what a command changes of what is foreseen


def test_after_a_z_report_nobody_is_warned_of_the_day_that_it_ended(world: World) -> None:
    day_begun(world)
    world.printer.device.time.ms += 21 * 60 * 60 * 1000
    world.steps(3)
    assert Fault.DAY_ENDS_SOON in world.cloud.devices()[DEVICE]["faults"]
    world.queue("z1", kind="z_report")
    world.settle()
    world.steps(2)
    assert Fault.DAY_ENDS_SOON not in world.cloud.devices()[DEVICE]["faults"]


def test_a_cure_that_the_device_refuses_is_not_tried_again_without_a_pause(world: World) -> None:
    with_open_receipt(world)
    world.printer.device.refusing = {60: -112006}
    world.queue("r1", sale())
    world.queue("v1", kind="void_open_receipt")
    world.steps(60)
    begun = [event.at_ms for event in world.cloud.history("v1") if event.name == "begin"]
    pauses = [later - earlier for earlier, later in pairwise(begun)]
    assert len(pauses) > 1
    assert all(pause >= 1_000 * number for number, pause in enumerate(pauses, start=1))
    world.printer.device.refusing = {}
    world.settle()
    assert references(world)[1:] == [reference_of("r1")]
