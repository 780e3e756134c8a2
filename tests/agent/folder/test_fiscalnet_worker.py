"""The worker behind FiscalNet: what it tells of each way in which FiscalNet goes wrong."""

import json
from collections.abc import Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest

from agent.cli.resolve import result_read
from agent.cloud.receipts import receipt_of
from agent.cloud.results import vendor_result
from agent.commands import KINDS
from agent.entries import Evidence
from agent.states import State
from agent.verdict import Proof, Verdict, decide
from drivers.capabilities import Feature
from drivers.model import Counters, Observation
from tests.agent.examples import EXAMPLES
from tests.agent.folder.fiscalnet_shop import SERIAL, Shop
from tests.agent.world import sale

RECEIPT = sale(("cash", 1000), ("card", 500))
UNTOLD = (
    "cash_in",
    "cash_out",
    "get_cash_amount",
    "get_datetime",
    "set_datetime",
    "get_vat_rates",
    "get_header",
    "get_footer",
    "get_device_status",
    "preflight",
    "get_last_receipt",
    "void_open_receipt",
    "read_fiscal_memory",
    "read_electronic_journal",
)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    yield made
    made.close()


def sold(tmp_path: Path, *faults: str, **queued: Any) -> Shop:
    """One receipt at a FiscalNet that goes wrong like this, settled. Close it."""
    shop = Shop(tmp_path, *faults)
    shop.queue("c1", RECEIPT, **queued)
    shop.settle()
    return shop


# --- how it ends


def test_a_receipt_is_issued_by_its_answer(tmp_path: Path) -> None:
    shop = sold(tmp_path)
    entry = shop.entry("c1")
    assert (entry.state, entry.evidence) == (State.ISSUED, Evidence.REPLY)
    assert entry.result is not None
    told = vendor_result("print_receipt", entry.result)
    assert (told["receiptNumber"], told["fiscalSeries"], told["total"]) == (1, SERIAL, 11.5)
    assert told["documentNumber"] is None
    assert len(shop.paper("receipt")) == 1
    shop.close()


@pytest.mark.parametrize(
    ("fault", "state", "printed"),
    [
        ("late=10", State.ISSUED, 1),
        ("late=50", State.ISSUED, 1),
        ("half=3", State.ISSUED, 1),
        ("half", State.ISSUED, 1),  # the half says that it was done
        ("refuse=12", State.REJECTED, 0),
        ("deaf", State.ISSUED, 1),  # taken back, and dropped again
        ("deaf#*", State.REJECTED, 0),  # until it had waited too long
        ("never", State.HELD, 1),
        ("die-before", State.HELD, 0),
        ("die-after", State.HELD, 1),
        ("lost", State.HELD, 1),
        ("empty", State.HELD, 1),
        ("garbage", State.HELD, 1),
        ("binary", State.HELD, 1),
        ("huge", State.HELD, 1),
        ("both", State.HELD, 1),
        ("late=900", State.HELD, 1),
    ],
)
def test_a_fiscalnet_that_goes_wrong_prints_once_or_a_person_is_asked(
    tmp_path: Path, fault: str, state: State, printed: int
) -> None:
    shop = sold(tmp_path, fault)
    assert shop.entry("c1").state is state, shop.entry("c1")
    assert len(shop.paper("receipt")) == printed
    assert shop.dropped() == []
    shop.close()


def test_a_refusal_is_told_with_the_words_of_fiscalnet(tmp_path: Path) -> None:
    shop = sold(tmp_path, "refuse=PAPER_OUT")
    entry = shop.entry("c1")
    assert entry.fault == "device_error"
    (problem,) = shop.cloud.history("c1")[-1].data["problems"]
    assert "PAPER_OUT Refuzat la comanda" in problem["sentence"]
    assert entry.attempts == 1
    shop.close()


def test_a_refusal_is_final_also_where_the_agent_ends_before_it_is_written_down(
    tmp_path: Path,
) -> None:
    for n in range(20, 60):
        folder = tmp_path / str(n)
        folder.mkdir()
        shop = Shop(folder, "refuse")
        shop.crash_at = n
        shop.queue("c1", RECEIPT)
        shop.settle()
        assert shop.bridge.taken == 1, f"crash at {n}"
        assert shop.entry("c1").state is State.REJECTED, f"crash at {n}"
        shop.close()


def test_a_z_report_whose_answer_is_lost_waits_for_a_person(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "never")
    shop.queue("z1", kind="z_report")
    shop.queue("c1", RECEIPT)
    shop.settle()
    assert (shop.entry("z1").state, len(shop.paper("z"))) == (State.HELD, 1)
    assert shop.entry("c1").state is State.ISSUED  # it holds up nothing else
    shop.close()


def test_a_z_report_whose_answer_comes_late_is_found(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "late=40")
    shop.queue("z1", kind="z_report")
    shop.settle()
    entry = shop.entry("z1")
    assert (entry.state, entry.evidence) == (State.ISSUED, Evidence.REPLY)
    assert entry.result is not None
    told = vendor_result("z_report", entry.result)
    assert (told["number"], told["totals"]) == (1, None)  # it does not tell them: not 0
    shop.close()


def test_while_an_answer_may_still_come_nothing_else_is_dropped(tmp_path: Path) -> None:
    shop = Shop(tmp_path, "late=55")
    shop.queue("c1", RECEIPT)
    shop.queue("c2", RECEIPT)
    shop.steps(30)
    assert (shop.entry("c1").state, shop.entry("c2").state) == (State.IN_DOUBT, State.QUEUED)
    assert shop.bridge.taken == 1
    shop.settle()
    assert {shop.entry(id_).state for id_ in ("c1", "c2")} == {State.ISSUED}
    shop.close()


@pytest.mark.parametrize("fault", [(), ("late=40",)], ids=["answered", "found after a doubt"])
@pytest.mark.parametrize(
    ("kind", "payload", "unknown"),
    [
        ("print_receipt", RECEIPT, {"zNumber", "documentNumber", "fiscalDate"}),
        ("non_fiscal_receipt", '{"texts": ["Salut"]}', {"zNumber", "fiscalDate"}),
        ("z_report", "{}", {"totals", "fiscalDate"}),
    ],
)
def test_what_fiscalnet_does_not_tell_is_null_in_a_result_and_never_0(
    tmp_path: Path, fault: tuple[str, ...], kind: str, payload: str, unknown: set[str]
) -> None:
    shop = Shop(tmp_path, *fault)
    shop.queue("c1", payload, kind)
    shop.settle()
    result = shop.entry("c1").result
    assert result is not None
    told = vendor_result(kind, result)
    assert {told[name] for name in unknown} == {None}
    assert not [name for name, value in told.items() if value in (0, "", "0")]
    shop.close()


def test_an_upload_of_a_receipt_leaves_out_what_fiscalnet_does_not_tell(tmp_path: Path) -> None:
    shop = sold(tmp_path)
    entry = shop.entry("c1")
    assert entry.result is not None
    told = receipt_of(entry, entry.result, "1", UTC)
    assert (told["fiscalId"], told["fiscalSeries"], "fiscalDate" in told) == ("1", SERIAL, False)
    shop.close()


# --- what a person decides


def requeue(shop: Shop) -> None:
    said = {"who": "test", "why": "test"}
    shop.cloud.operator_requeue(shop.entry("c1"), shop.clock.ms + 600_000, said)
    shop.settle()


def test_a_held_receipt_that_is_to_be_printed_after_all_is_printed(tmp_path: Path) -> None:
    shop = sold(tmp_path, "die-before")
    shop.start_fiscalnet()
    requeue(shop)
    assert (shop.entry("c1").state, len(shop.paper("receipt"))) == (State.ISSUED, 1)
    shop.close()


@pytest.mark.parametrize("fault", ["lost", "garbage", "empty"])
def test_an_answer_that_said_nothing_does_not_keep_the_next_one_from_counting(
    tmp_path: Path, fault: str
) -> None:
    shop = sold(tmp_path, fault)
    requeue(shop)  # the person is wrong; but it is done
    assert (shop.entry("c1").state, len(shop.paper("receipt"))) == (State.ISSUED, 2)
    assert list((shop.base / "Amef").glob("*.answer")) != []
    shop.close()


def test_a_late_answer_that_says_it_was_done_goes_before_what_a_person_says(
    tmp_path: Path,
) -> None:
    shop = sold(tmp_path, "late=200")
    assert shop.entry("c1").state is State.HELD
    for _ in range(100):
        shop.pass_ms(5_000)
    requeue(shop)
    assert (shop.entry("c1").state, len(shop.paper("receipt"))) == (State.ISSUED, 1)
    shop.close()


def test_what_a_person_reads_off_the_paper_is_told(tmp_path: Path) -> None:
    shop = sold(tmp_path, "never")
    result = result_read(shop.entry("c1"), 17)
    told = vendor_result("print_receipt", result)
    assert (told["receiptNumber"], told["zNumber"], told["fiscalSeries"]) == (17, None, SERIAL)
    shop.close()


# --- what it does not have


@pytest.mark.parametrize("kind", UNTOLD)
def test_what_fiscalnet_does_not_tell_is_unsupported_and_never_begun(shop: Shop, kind: str) -> None:
    shop.queue("c1", EXAMPLES[kind].payload, kind)
    shop.settle()
    history = shop.cloud.history("c1")
    assert [event.name for event in history] == ["accept", "reject"]
    assert history[-1].data["problems"][0]["code"] == "UNSUPPORTED"
    assert list((shop.base / "Bonuri").iterdir()) == []


def test_every_other_kind_is_asked_for_a_feature_or_done_by_a_file() -> None:
    asking = {name for name, kind in KINDS.items() if kind.asks}
    assert asking == set(UNTOLD)
    rest = {name for name, kind in KINDS.items() if not kind.asks and not kind.needs}
    assert rest == {
        "print_receipt",
        "x_report",
        "z_report",
        "non_fiscal_receipt",
        "get_device_info",
    }


def test_who_it_is_can_be_asked(shop: Shop) -> None:
    shop.queue("c1", kind="get_device_info")
    shop.settle()
    result = shop.entry("c1").result
    assert result is not None
    assert (result["identity"]["model"], result["fiscal_serial"]) == ("FiscalNet", SERIAL)
    assert (result["z_number"], result["issued_at"]) == (0, "")


def test_the_drawer_is_opened_only_where_it_is_switched_on(tmp_path: Path) -> None:
    for name, features in (("off", frozenset()), ("on", frozenset({Feature.DRAWER}))):
        (tmp_path / name).mkdir()
        shop = Shop(tmp_path / name, features=features)
        shop.queue("c1", kind="open_drawer")
        shop.settle()
        assert shop.device.memory.drawer_pulses == len(features)
        shop.close()


def test_a_folded_name_is_told(shop: Shop) -> None:
    payload = json.loads(RECEIPT)
    payload["lines"][0]["name"] = "Pâine"
    shop.queue("c1", json.dumps(payload))
    shop.settle()
    result = shop.entry("c1").result
    assert result is not None
    assert result["folded"] == ["lines[0].name"]
    assert shop.paper("receipt")[0]["lines"][0]["name"] == "Paine"


# --- folders that go wrong while it works


def test_a_folder_that_is_not_there_keeps_a_command_in_the_queue(shop: Shop) -> None:
    away = shop.base.rename(shop.base.with_name("away"))
    shop.queue("c1", RECEIPT)
    shop.steps(20)
    assert (shop.entry("c1").state, shop.entry("c1").attempts) == (State.QUEUED, 0)
    health = shop.cloud.devices()["dev_1"]
    assert (health["status"], health["faults"]) == ("offline", ["folder_unusable"])
    away.rename(shop.base)
    shop.settle()
    assert (shop.entry("c1").state, len(shop.paper("receipt"))) == (State.ISSUED, 1)


def test_a_folder_that_goes_away_in_a_doubt_is_waited_for_and_then_a_person_is_asked(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path, "deaf")
    shop.queue("c1", RECEIPT)
    assert shop.step()
    assert shop.entry("c1").state is State.IN_DOUBT
    away = shop.base.rename(shop.base.with_name("away"))
    shop.bridge.is_gone = True
    shop.steps(400)
    assert shop.entry("c1").state is State.IN_DOUBT
    away.rename(shop.base)
    shop.settle()
    assert shop.entry("c1").state is State.HELD
    assert shop.dropped() == []
    shop.close()


def test_where_files_of_others_are_not_taken_nothing_is_dropped_behind_them(shop: Shop) -> None:
    shop.bridge.is_gone = True
    (shop.base / "Bonuri" / "pos.txt").write_bytes(b"S^Paine^1^1000^buc^1^1\r\nP^1^1\r\n")
    shop.steps(60)
    shop.queue("c1", RECEIPT)
    shop.steps(60)
    assert shop.entry("c1").state is State.QUEUED
    assert shop.dropped() == ["pos.txt"]
    assert shop.cloud.devices()["dev_1"]["faults"] == ["no_answer"]
    shop.start_fiscalnet()
    shop.settle()
    assert [paper["total_bani"] for paper in shop.paper("receipt")] == [1, 1150]


# --- the verdict, where nothing is counted


@pytest.mark.parametrize("proof", [Proof.RECEIPT, Proof.Z_NUMBER, Proof.SLIP])
@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (True, Verdict.ISSUED),
        (False, Verdict.NOT_ISSUED),
        (None, Verdict.UNDECIDABLE),
    ],
)
def test_where_nothing_is_counted_only_our_own_file_decides(
    proof: Proof, found: bool | None, verdict: Verdict
) -> None:
    baseline = Counters(SERIAL, -1, 0, 7)
    seen = Observation(Counters(SERIAL, 0, 0, 7), reference_found=found, counts=False)
    assert decide(proof, baseline, seen, None).verdict is verdict
    other = Observation(Counters("SIM2", 0, 0, 7), reference_found=found, counts=False)
    assert decide(proof, baseline, other, None).verdict is Verdict.UNDECIDABLE
