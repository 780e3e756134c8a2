"""Every kind of command on a real ledger, worker and driver: done, refused, or not switched on.

    success     issued, each fact of the result as the device itself remembers it
    refusal     for good: rejected with the device's reason; for a while: done once when cured
    feature     off: refused before the port is even opened

A lost answer and a crash at every frame are in test_crashes_of_kinds.py.
"""

import re
import runpy
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent.cloud.results import result_of
from agent.commands import KINDS
from agent.states import State
from drivers.capabilities import Feature
from sandbox.printer.device import Executed, Switches
from tests.agent.examples import EXAMPLES, NEVER, counted, day_begun, day_closed, hold, words
from tests.agent.world import Printer, World, sale
from tests.tidy.tree import ROOT

BAD_SYNTAX, NO_PAPER = -112001, -112006
NEEDED_BY_ALL = ("get_vat_rates", "get_device_info")  # asked before every command
NO_REFUSAL = {"get_device_status", "preflight"}  # a status cannot be refused; what is, is not told
RESULT = runpy.run_path(str(ROOT / "docs" / "make_commands.py"))["RESULT"]
OF_ALL = ("fiscalSeries", "fiscalDate", "zNumber", "evidence", "paper")
NAME = r"`(\w+)`"
every_kind = pytest.mark.parametrize("kind", EXAMPLES)


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def asked(world: World, kind: str) -> None:
    EXAMPLES[kind].before(world)
    world.queue("c1", EXAMPLES[kind].payload, kind)


def codes(world: World, id_: str = "c1") -> list[str]:
    return [problem["code"] for problem in world.cloud.history(id_)[-1].data["problems"]]


def test_every_kind_has_its_example() -> None:
    assert {*EXAMPLES, *NEVER} == {*KINDS}


# what the documents say of it


@every_kind
def test_the_documents_name_what_the_cloud_hears_and_nothing_else(world: World, kind: str) -> None:
    asked(world, kind)
    world.settle()
    told = result_of(world.cloud.history("c1")[-1], world.entry("c1"))
    assert told is not None
    written = re.sub(r"\(.*?\)", "", RESULT[kind])
    named, _, without = re.sub(r"\{.*?\}", "", written).partition("without")
    names = {*OF_ALL, *re.findall(NAME, named)} - {*re.findall(NAME, without)}
    assert told["result"].keys() == names
    for name, inner in re.findall(NAME + r" \{(.*?)\}", written):
        found = told["result"][name]
        for each in found if isinstance(found, list) else [found]:
            assert each.keys() == {*re.findall(NAME, inner)}


# success


@every_kind
def test_what_was_asked_is_done_once_and_told_as_the_device_has_it(world: World, kind: str) -> None:
    asked(world, kind)
    world.settle()
    entry = world.entry("c1")
    assert (entry.state, entry.attempts) == (State.ISSUED, 1), world.cloud.history("c1")[-1]
    hold(world, kind)


@every_kind
def test_the_cloud_hears_of_it(world: World, kind: str) -> None:
    asked(world, kind)
    world.settle()
    told = result_of(world.cloud.history("c1")[-1], world.entry("c1"))
    assert told is not None
    assert (told["status"], told["errorCode"]) == ("completed", None)
    assert told["result"]["fiscalSeries"] == "SIM0000001"


# refusal


@pytest.mark.parametrize("kind", [k for k in EXAMPLES if k not in {*NEEDED_BY_ALL, *NO_REFUSAL}])
def test_a_refusal_for_good_rejects_and_leaves_nothing_open(world: World, kind: str) -> None:
    asked(world, kind)
    papers = len(world.printer.documents())
    world.printer.device.refusing = {EXAMPLES[kind].deed: BAD_SYNTAX}
    world.steps(30)
    assert world.entry("c1").state is State.REJECTED
    assert codes(world) == ["BAD_REQUEST"]
    assert str(BAD_SYNTAX) in world.cloud.history("c1")[-1].data["problems"][0]["sentence"]
    memory = world.printer.device.memory
    assert memory.text is None
    assert (memory.receipt is None) == (kind != "void_open_receipt")
    if kind == "non_fiscal_receipt":
        papers += 1  # what was begun is closed, without our reference
        assert [paper["reference"] for paper in world.paper("nonfiscal")] == [""]
    assert len(world.printer.documents()) == papers


@pytest.mark.parametrize("kind", NEEDED_BY_ALL)
def test_where_the_device_refuses_what_every_command_needs_it_waits(
    world: World, kind: str
) -> None:
    asked(world, kind)
    world.printer.device.refusing = {EXAMPLES[kind].deed: BAD_SYNTAX}
    world.steps(30)
    assert (world.entry("c1").state, world.entry("c1").attempts) == (State.QUEUED, 0)
    world.printer.device.refusing = {}
    world.settle()
    hold(world, kind)


@pytest.mark.parametrize("kind", [kind for kind in EXAMPLES if kind not in NO_REFUSAL])
def test_a_refusal_for_a_while_waits_and_is_done_once_when_it_is_cured(
    world: World, kind: str
) -> None:
    asked(world, kind)
    world.printer.device.refusing = {EXAMPLES[kind].deed: NO_PAPER}
    world.steps(20)
    assert world.entry("c1").state in (State.QUEUED, State.IN_DOUBT)
    world.printer.device.refusing = {}
    world.settle()
    assert world.entry("c1").state is State.ISSUED
    hold(world, kind)


PRINTS = [kind for kind, example in EXAMPLES.items() if example.paper]


@pytest.mark.parametrize("kind", PRINTS)
def test_without_paper_nothing_is_begun_and_with_it_once(world: World, kind: str) -> None:
    asked(world, kind)
    world.printer.device.switches = Switches(paper_out=True)
    world.steps(20)
    assert (world.entry("c1").state, world.entry("c1").attempts) == (State.QUEUED, 0)
    world.printer.device.switches = Switches()
    world.settle()
    assert world.entry("c1").state is State.ISSUED
    hold(world, kind)


@pytest.mark.parametrize("kind", [k for k in EXAMPLES if k.startswith(("get_", "read_"))])
def test_what_only_reads_is_answered_in_every_state_of_the_device(world: World, kind: str) -> None:
    asked(world, kind)
    world.printer.key(48, 1, "0001", 1, "", "")
    world.printer.device.switches = Switches(paper_out=True, cover_open=True, je_full=True)
    world.settle()
    assert world.entry("c1").state is State.ISSUED


# features


@pytest.mark.parametrize("kind", [kind for kind in EXAMPLES if KINDS[kind].needs])
def test_what_is_not_switched_on_is_refused_before_the_port_is_opened(
    tmp_path: Path, kind: str
) -> None:
    world = World(tmp_path, without=KINDS[kind].needs)
    asked(world, kind)
    world.step()
    assert world.events("c1") == ["accept", "reject"]
    assert codes(world) == ["UNSUPPORTED"]
    sentence = world.cloud.history("c1")[-1].data["problems"][0]["sentence"]
    assert f"{KINDS[kind].needs} is not switched on" in sentence
    assert world.cable.commands == []
    world.close()


def test_a_signed_daily_file_is_not_on_the_wire_and_it_is_said_where_it_is(world: World) -> None:
    world.queue("c1", kind="read_p7b")
    world.step()
    assert codes(world) == ["P7B_NOT_ON_THE_WIRE"]
    assert "USB stick" in world.cloud.history("c1")[-1].data["problems"][0]["sentence"]
    assert world.cable.commands == []


@pytest.mark.parametrize("kind", ["void_receipt", "print_reversal_receipt"])
def test_a_closed_receipt_cannot_be_reversed_and_it_is_said_what_to_do_instead(
    world: World, kind: str
) -> None:
    world.queue("c1", kind=kind)
    world.step()
    assert codes(world) == ["REVERSAL_NOT_ALLOWED"]
    assert "HG 479/2003" in world.cloud.history("c1")[-1].data["problems"][0]["sentence"]
    assert world.cable.commands == []


# one by one


def test_which_day_a_receipt_from_before_the_z_was_of_is_not_guessed(world: World) -> None:
    day_closed(world)
    world.queue("c1", kind="get_last_receipt")
    world.settle()
    result = world.entry("c1").result
    assert (result["receipt_number"], result["z_number"]) == (1, None)


def test_a_report_behind_the_last_receipt_does_not_lend_it_its_number(world: World) -> None:
    day_begun(world)
    world.printer.key(69, "X")
    world.queue("c1", kind="get_last_receipt")
    world.settle()
    assert world.entry("c1").result["document_number"] is None


def test_a_slip_that_stands_open_is_ended_by_void_open_receipt(world: World) -> None:
    world.printer.key(38)
    world.printer.key(42, "Text al altcuiva")
    world.queue("c1", kind="void_open_receipt")
    world.settle()
    assert world.entry("c1").result["cancelled"] == "slip"
    assert world.printer.device.memory.text is None


def test_with_nothing_open_void_open_receipt_does_nothing_and_says_so(world: World) -> None:
    day_begun(world)
    world.queue("c1", kind="void_open_receipt")
    world.settle()
    assert world.entry("c1").result["cancelled"] is None
    assert 60 not in world.cable.commands


@pytest.mark.parametrize("paid", ["4.00", "9.00"], ids=["in part", "wholly"])
def test_a_paid_receipt_is_not_cancelled(world: World, paid: str) -> None:
    world.printer.key(48, 1, "0001", 1, "", "")
    world.printer.key(49, "Cafea", 1, "9.00", "1.000", "", "", 1, "")
    world.printer.key(53, 0, paid)
    world.queue("c1", kind="void_open_receipt")
    world.settle()
    assert codes(world) == ["RECEIPT_PAID"]
    assert world.printer.device.memory.receipt is not None


def test_lines_that_are_not_given_are_emptied_and_equal_ones_are_not_written(world: World) -> None:
    world.queue("c1", words(lines=["A", "B", "C"]), "set_footer")
    world.queue("c2", words(lines=["A", "B"]), "set_footer")
    world.settle()
    assert world.entry("c2").result["lines"][:4] == ["A", "B", " ", ""]
    assert world.printer.device.memory.footer[:3] == ("A", "B", " ")


def test_an_equal_vat_table_costs_no_change(world: World) -> None:
    same = words(rates={"A": 2100, "B": 1100, "C": 900, "D": 0})
    world.queue("c1", same, "set_vat_rates")
    world.settle()
    assert world.entry("c1").state is State.ISSUED
    assert world.printer.device.memory.vat_changes_left == 30


def test_a_receipt_after_a_change_of_rates_sells_at_the_new_ones(world: World) -> None:
    world.queue("c1", words(rates={"A": 1100, "B": 2100}), "set_vat_rates")
    world.queue("c2", sale())
    world.settle()
    groups = [line["vat"] for line in world.paper("receipt")[0]["lines"]]
    assert (groups, world.entry("c2").state) == (["A", "B"], State.ISSUED)


def test_an_operator_gets_a_name_alone_or_a_password_alone(world: World) -> None:
    world.queue("c1", words(number=3, name="Ana"), "set_operator")
    world.queue("c2", words(number=4, old_password="0001", password="99"), "set_operator")
    world.queue("c3", words(number=4, old_password="0001", password="77"), "set_operator")
    world.settle()
    memory = world.printer.device.memory
    assert (memory.operator_names[2], memory.operator_passwords[3]) == ("Ana", "99")
    assert world.entry("c3").state is State.REJECTED  # the old one is no longer it
    assert codes(world, "c3") == ["OPERATOR_REFUSED"]


def test_a_clock_in_summer_is_set_with_its_suffix(tmp_path: Path) -> None:
    world = World(tmp_path, zone=ZoneInfo("Europe/Bucharest"))
    sent: list[bytes] = []
    asks = world.printer.device.execute

    def listening(command: int, data: bytes) -> Executed:
        sent.extend([data] if command == 61 else [])
        return asks(command, data)

    world.printer.device.execute = listening
    summer, winter = datetime(2027, 7, 1, 9, tzinfo=UTC), datetime(2027, 1, 1, 9, tzinfo=UTC)
    for id_, at in (("c1", winter), ("c2", summer)):
        behind_s = int(at.timestamp()) - world.clock.ms // 1000 - 3600
        world.printer.change(clock_offset_s=behind_s)
        world.queue(id_, words(at_ms=int(at.timestamp() * 1000)), "set_datetime")
        world.settle()
        assert world.entry(id_).state is State.ISSUED
    assert sent == [b"01-01-27 11:00:00\t", b"01-07-27 12:00:00 DST\t"]
    world.close()


def test_texts_are_broken_to_the_columns_of_the_printer_that_is_there_now(tmp_path: Path) -> None:
    """A width learnt from the printer of before would be refused in the middle of a receipt."""
    world = World(tmp_path)
    text = words(texts=["una doua trei patru cinci sase sapte opt noua zece"])
    world.queue("c1", text, "non_fiscal_receipt")
    world.settle()
    assert (
        world.paper("nonfiscal")[0]["texts"][0] == "una doua trei patru cinci sase sapte opt noua"
    )
    world.cable.printer = narrow = Printer("SIM0000002", columns=32)
    world.worker.close()  # as when the cable was pulled
    world.queue("c2", text, "non_fiscal_receipt")
    world.settle()
    assert world.entry("c2").state is State.ISSUED
    (paper,) = narrow.documents()
    assert paper["texts"][:2] == ["una doua trei patru cinci sase", "sapte opt noua zece"]
    narrow.close()
    world.close()


def test_what_another_version_wrote_down_is_rejected_and_the_next_goes_on(world: World) -> None:
    world.queue("c1", words(amount=-5), "cash_in")
    world.queue("c2", words(amount=5), "cash_in")
    world.settle()
    assert (world.entry("c1").state, codes(world)) == (State.REJECTED, ["FIELD_INVALID"])
    assert world.entry("c2").state is State.ISSUED
    assert counted(world, "cash_in") == 1


def test_features_are_named_as_the_configuration_names_them(world: World) -> None:
    world.queue("c1", kind="get_device_info")
    world.settle()
    assert set(world.entry("c1").result["features"]) == {*Feature} - {
        Feature.REVERSAL,
        Feature.P7B,
    }
