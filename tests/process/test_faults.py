"""A printer that goes wrong under the real program: one receipt on paper, and the cloud knows it.

    cloud  <--HTTP-->  amef run  <--pseudo-terminals-->  virtual AMEFs, --fault KIND@COMMAND#K

    receipt  48 open, 49 line, 49 line, 54 reference, 51 subtotal, 53 card, 53 cash, 56 close

After every fault: the right answer in the cloud, exactly one document with our reference, nothing
left open, and the next receipt fine. Seconds are real here, so the faults that nobody has to wait
upon run side by side, each on a printer of its own, while the other tests use the spare one.
"""

import contextlib
import json
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from agent.payloads import reference_of
from sandbox.stage import Stage, stop

RECEIPT: dict[str, Any] = {
    "items": [
        {"name": "Paine", "quantity": 2, "price": 4.5, "vatRate": 11},
        {"name": "Vin", "quantity": 1, "price": 30.0, "vatRate": 21},
    ],
    "payments": [{"type": "card", "amount": 20.0}, {"type": "cash", "amount": 19.0}],
}
# What goes wrong by itself and is over by itself. A close is waited for 5 s, a line 2 s, a Z 10 s.
BY_THEMSELVES: dict[str, tuple[str, ...]] = {
    "busy for 12 s": ("syn=12@56",),
    "answer to Z lost": ("drop-reply@69",),
    "answer to close lost": ("drop-reply@56",),
    "close lost": ("drop-request@56",),
    "close bad": ("bad-bcc@56",),
    "close late": ("late=5.5@56",),
    "reboot at close": ("reboot=forget@56",),
    "answer to payment lost": ("drop-reply@53#2",),
    "busy for 5 s": ("syn=5@49",),
    "other replies": ("wrong-seq@48", "wrong-command@54", "truncate=9@51"),
    "reboot that forgets": ("drop-reply@49#1", "reboot=forget@49#2"),
    "reboot that keeps": ("reboot=keep@49#2",),
    "answer to line lost": ("drop-reply@49",),
    "line lost": ("drop-request@49#2",),
    "line bad": ("bad-bcc@49",),
    "line late": ("late=2.5@49",),
    "NAK": ("nak=1@49#2", "nak=3@56"),
    "noise": ("garbage=9@*#*", "echo@*#*"),
}
LOOK_S, LOOKS_MAX = 0.02, 1000
WAIT_S_MAX = 40.0


class Till(Stage):
    """One more printer of the same shop: its own paper, port and device, the same cloud."""

    def __init__(self, shop: Stage, number: int, stack: ExitStack) -> None:
        super().__init__(shop.home / f"till{number}")
        self.home.mkdir()
        self.serial = f"SIM{number:07}"
        self.cloud, self.shop, self._stack = shop.cloud, shop.shop, stack
        self.device_id = self._register()
        self.asked: list[str] = []

    def start(self, *options: str) -> None:
        """Switch on a printer that remembers nothing yet."""
        self.paper.unlink(missing_ok=True)
        for file in self.home.glob(f"{self.printer_state.name}*"):
            file.unlink()
        self.asked = []
        self.power_up(*options)

    def power_up(self, *options: str) -> None:
        self.printer_process = self.start_printer(options=("--serial", self.serial, *options))

    def power_cut(self) -> None:
        self.printer_process.kill()
        self.printer_process.wait()

    def restart(self, *options: str) -> None:
        """The power goes and comes back; what was wrong is over."""
        self.power_cut()
        self.power_up(*options)

    def cure(self) -> None:
        """The operator puts paper in and closes the cover."""
        self.printer_process.send_signal(signal.SIGUSR1)

    def ask(self, *kinds: str) -> str:
        """Queue these, or a receipt and the next one; return the first."""
        asked = kinds or ("print_receipt", "print_receipt")
        ids = [self.queue(kind, RECEIPT if kind == "print_receipt" else None) for kind in asked]
        self.asked += ids
        return ids[0]

    def wait_until(self, so: Callable[[], object]) -> None:
        """Look from outside until it is so; the printer is a clock that can be waited on."""
        for _ in range(LOOKS_MAX):
            if so():
                return
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.printer_process.wait(LOOK_S)
        pytest.fail(f"it never came to that: {self.memory()}")

    def memory(self) -> dict[str, Any]:
        """What the printer remembers, read past it."""
        address = f"file:{self.printer_state}?mode=ro"
        with contextlib.closing(sqlite3.connect(address, uri=True)) as database:
            (text,) = database.execute("SELECT state FROM memory").fetchone()
        remembered: dict[str, Any] = json.loads(text)
        return remembered

    def on_the_open_receipt(self, what: str) -> int:
        return len((self.memory()["receipt"] or {}).get(what, ()))

    def assert_all_is_well(self, *, evidence: str = "") -> None:
        """What was asked is out once and known, the next receipt too; nothing is open."""
        records = self.results(self.asked, WAIT_S_MAX)
        assert [record["status"] for record in records] == ["completed"] * len(records), records
        ours = [record for record in records if record["type"] == "print_receipt"]
        documents = self.documents("receipt")
        printed = {document["reference"]: document["number"] for document in documents}
        assert len(printed) == len(documents) == len(ours) >= 2
        for record in ours:
            assert record["result"]["receiptNumber"] == printed[reference_of(record["id"])]
        assert all(len(document["lines"]) == len(RECEIPT["items"]) for document in documents)
        assert all(document["total_bani"] == 39_00 for document in documents)
        assert self.memory()["receipt"] is None
        if evidence:
            assert records[0]["result"]["evidence"] == evidence


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Till]]:
    """A shop with many printers: those that go wrong by themselves do it from now on."""
    home = tmp_path_factory.mktemp("shop")
    with Stage(home / "shop", poll_interval_s=0.1) as stage, ExitStack() as stack:
        tills = {}
        for number, name in enumerate(("spare", *BY_THEMSELVES), start=2):
            tills[name] = till = Till(stage, number, stack)
            faults = BY_THEMSELVES.get(name, ())
            till.start(*(part for fault in faults for part in ("--fault", fault)))
        stage.configure()
        with stage.config.open("a") as config:
            for till in tills.values():
                config.write(device_table(till))
        for name in BY_THEMSELVES:
            z = ("print_receipt", "z_report", "print_receipt") if "Z" in name else ()
            tills[name].ask(*z)
        agent = stage.start_agent()
        yield tills
        assert agent.poll() is None
        stop(agent)  # before the printers


def device_table(till: Till) -> str:
    return f"""
[[device]]
id = "{till.device_id}"
family = "datecs_x"
transport = "serial"
address = "{till.port.absolute()}"
baud = 115200
"""


@pytest.fixture
def till(shop: dict[str, Till]) -> Till:
    """The spare printer, switched off."""
    shop["spare"].power_cut()
    return shop["spare"]


# --- what the power does


def has(device: dict[str, Any], code: str) -> bool:
    """Does the cloud know of this condition?"""
    return code in [condition["code"] for condition in device["conditions"]]


def sells_with(till: Till, fault: str) -> str:
    till.start("--fault", fault)
    return till.ask()


def test_nak_for_ever_cancels_and_tries_again_until_the_printer_is_well(till: Till) -> None:
    sells_with(till, "nak=inf@49#2")
    till.wait_until(lambda: till.documents("cancelled"))
    till.restart()
    till.assert_all_is_well()


def test_a_printer_that_dies_in_the_middle_of_a_line_prints_it_once_it_is_back(
    till: Till,
) -> None:
    sells_with(till, "die-during@49#2")
    till.wait_until(lambda: till.on_the_open_receipt("lines") == 1)
    till.restart()
    till.assert_all_is_well()


def test_a_printer_that_dies_and_cancels_at_power_up_prints_once(till: Till) -> None:
    sells_with(till, "die-before@54")
    till.wait_until(lambda: till.on_the_open_receipt("lines") == 2)
    till.restart("--on-power-up", "cancel")
    till.assert_all_is_well()
    assert len(till.documents("cancelled")) == 1


def test_a_printer_that_dies_after_the_first_payment_is_paid_the_rest(till: Till) -> None:
    sells_with(till, "die-after@53#1")
    till.wait_until(lambda: till.on_the_open_receipt("payments") == 1)
    till.restart()
    till.assert_all_is_well(evidence="reply")


def test_a_printer_that_dies_after_the_last_payment_is_only_closed(till: Till) -> None:
    sells_with(till, "die-after@53#2")
    till.wait_until(lambda: till.on_the_open_receipt("payments") == 2)
    till.restart()
    till.assert_all_is_well(evidence="reply")
    assert till.documents("cancelled") == []


def test_a_printer_that_dies_after_the_close_has_printed_it(till: Till) -> None:
    sells_with(till, "die-after@56")
    till.wait_until(lambda: till.documents("receipt"))
    till.restart()
    till.assert_all_is_well(evidence="reference")


# --- what the operator has to do


@pytest.mark.parametrize("trouble", ["paper-out@49#2", "cover-open@48", "paper-out@56"])
def test_a_refusal_for_want_of_paper_waits_for_the_operator(till: Till, trouble: str) -> None:
    id_ = sells_with(till, trouble)
    word = trouble.split("@", maxsplit=1)[0].replace("-", "_")
    device = till.wait_device(lambda device: has(device, word))
    assert device["status"] == "error"
    assert till.record(id_)["status"] == "sent"
    till.cure()
    till.assert_all_is_well()


def test_a_printer_that_waits_for_paper_with_syn_goes_on_when_it_has_some(till: Till) -> None:
    id_ = sells_with(till, "paper-out=syn@56")
    till.wait_until(lambda: till.on_the_open_receipt("payments") == 2)
    assert till.record(id_)["status"] == "sent"

    def is_out() -> bool:
        till.cure()  # again and again: it may still have paper when it is cured first
        return bool(till.documents("receipt"))

    till.wait_until(is_out)
    till.assert_all_is_well(evidence="reply")


# --- the Z report


def test_a_printer_that_dies_after_a_z_has_made_one_z(till: Till) -> None:
    till.start("--fault", "die-after@69")
    till.ask("print_receipt", "z_report", "print_receipt")
    till.wait_until(lambda: till.documents("z"))
    till.restart()
    till.assert_all_is_well()
    assert [document["number"] for document in till.documents("z")] == [1]


# --- the state it was found in


def test_somebody_else_s_open_receipt_is_neither_paid_nor_cancelled_by_us(till: Till) -> None:
    till.start("--open-receipt")
    id_ = till.ask()
    till.wait_device(lambda device: has(device, "receipt_open"))
    assert till.record(id_)["status"] == "sent"
    assert till.documents() == []
    till.restart("--on-power-up", "cancel")
    till.assert_all_is_well(evidence="reply")


@pytest.mark.parametrize(
    ("state", "code"), [("--day-over-24h", "Z_REPORT_DUE"), ("--ej-full", "JE_FULL")]
)
def test_a_printer_that_cannot_sell_is_told_to_the_cloud_and_gets_nothing(
    till: Till, state: str, code: str
) -> None:
    till.start(state)
    till.ask()
    answers = [(one["status"], one["errorCode"]) for one in till.results(till.asked)]
    assert answers == [("failed", code)] * 2
    assert [one["reference"] for one in till.documents("receipt")] in ([], [""])


# --- what is over by itself


def test_a_lost_answer_to_a_line_is_asked_for_again(shop: dict[str, Till]) -> None:
    shop["answer to line lost"].assert_all_is_well(evidence="reply")


def test_a_line_that_never_arrived_is_sent_again(shop: dict[str, Till]) -> None:
    shop["line lost"].assert_all_is_well(evidence="reply")


def test_a_line_with_a_bad_checksum_in_its_reply_is_asked_for_again(shop: dict[str, Till]) -> None:
    shop["line bad"].assert_all_is_well(evidence="reply")


def test_a_late_answer_to_a_line_is_not_a_second_line(shop: dict[str, Till]) -> None:
    shop["line late"].assert_all_is_well(evidence="reply")


def test_a_lost_answer_to_the_last_payment_is_looked_up(shop: dict[str, Till]) -> None:
    till = shop["answer to payment lost"]
    till.assert_all_is_well(evidence="reply")
    paid = [payment["amount_bani"] for payment in till.documents("receipt")[0]["payments"]]
    assert paid == [20_00, 19_00]


def test_a_lost_answer_to_the_close_is_proved_by_our_reference(shop: dict[str, Till]) -> None:
    shop["answer to close lost"].assert_all_is_well(evidence="reference")


def test_a_close_that_never_arrived_is_sent_once_it_is_known(shop: dict[str, Till]) -> None:
    till = shop["close lost"]
    till.assert_all_is_well(evidence="reply")
    assert till.documents("cancelled") == []


def test_a_close_with_a_bad_checksum_in_its_reply_is_looked_up(shop: dict[str, Till]) -> None:
    shop["close bad"].assert_all_is_well(evidence="reference")


def test_a_close_that_answers_too_late_is_looked_up(shop: dict[str, Till]) -> None:
    shop["close late"].assert_all_is_well(evidence="reference")


def test_a_nak_or_three_get_the_same_frame_again(shop: dict[str, Till]) -> None:
    till = shop["NAK"]
    till.assert_all_is_well(evidence="reply")
    assert till.documents("cancelled") == []


def test_a_printer_busy_for_5_seconds_is_waited_for(shop: dict[str, Till]) -> None:
    till = shop["busy for 5 s"]
    till.assert_all_is_well(evidence="reply")
    assert till.documents("cancelled") == []


def test_a_printer_busy_for_12_seconds_is_waited_for(shop: dict[str, Till]) -> None:
    shop["busy for 12 s"].assert_all_is_well(evidence="reply")


def test_noise_and_echoes_on_every_frame_disturb_nothing(shop: dict[str, Till]) -> None:
    shop["noise"].assert_all_is_well()


def test_replies_to_other_questions_are_never_taken_for_ours(shop: dict[str, Till]) -> None:
    shop["other replies"].assert_all_is_well(evidence="reply")


def test_a_reboot_that_keeps_the_last_frame_costs_no_line(shop: dict[str, Till]) -> None:
    shop["reboot that keeps"].assert_all_is_well(evidence="reply")


def test_a_reboot_that_forgets_the_last_frame_sells_no_line_twice(shop: dict[str, Till]) -> None:
    till = shop["reboot that forgets"]
    till.assert_all_is_well()
    assert [len(document["lines"]) for document in till.documents("cancelled")] == [3]


def test_a_reboot_at_the_close_closes_it_once(shop: dict[str, Till]) -> None:
    shop["reboot at close"].assert_all_is_well(evidence="reply")


def test_a_lost_answer_to_a_z_makes_one_z(shop: dict[str, Till]) -> None:
    till = shop["answer to Z lost"]
    till.assert_all_is_well()
    assert [document["number"] for document in till.documents("z")] == [1]
