"""Kill it, anywhere: one receipt on paper, and the cloud knows it."""

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sandbox.demo import RECEIPT
from sandbox.stage import Stage

KILLS = int(os.environ.get("AMEF_KILLS", "10"))  # `make kill KILLS=300` for the long run
RECEIPT_S = 0.9  # about as long as a receipt takes on the slow stage


def let_live(agent: "subprocess.Popen[Any]", seconds: float) -> None:
    with contextlib.suppress(subprocess.TimeoutExpired):
        agent.wait(seconds)


def wait_until_issuing(stage: Stage, agent: "subprocess.Popen[Any]") -> None:
    """Look into the ledger from outside until something was begun."""
    ledger = stage.state_dir / "ledger.sqlite3"
    for _ in range(1000):
        let_live(agent, 0.01)
        with contextlib.suppress(sqlite3.OperationalError), read_only(ledger) as db:
            if db.execute("SELECT 1 FROM command WHERE baseline IS NOT NULL").fetchone():
                return
    pytest.fail("nothing was begun")


def read_only(ledger: Path) -> "contextlib.closing[sqlite3.Connection]":
    return contextlib.closing(sqlite3.connect(f"file:{ledger}?mode=ro", uri=True))


def assert_one_each(stage: Stage, ids: list[str]) -> None:
    records = stage.results(ids, 60.0 + len(ids))
    assert [record["status"] for record in records] == ["completed"] * len(ids), records
    printed = stage.documents("receipt")
    assert len(printed) == len(ids)
    assert len({document["reference"] for document in printed}) == len(ids)
    numbers = [record["result"]["receiptNumber"] for record in records]
    assert sorted(numbers) == sorted(document["number"] for document in printed)


def test_a_kill_in_the_middle_of_a_receipt_ends_with_exactly_one(slow_stage: Stage) -> None:
    agent = slow_stage.start_agent()
    id_ = slow_stage.queue("print_receipt", RECEIPT)
    wait_until_issuing(slow_stage, agent)
    agent.kill()
    agent.wait()
    slow_stage.start_agent()
    assert_one_each(slow_stage, [id_])


@pytest.mark.parametrize("seed", [1, 2])
def test_kills_at_random_instants_never_print_twice(slow_stage: Stage, seed: int) -> None:
    chance = random.Random(seed)
    ids = []
    agent = slow_stage.start_agent()
    for _ in range(KILLS):
        ids.append(slow_stage.queue("print_receipt", RECEIPT))
        let_live(agent, chance.uniform(0.0, RECEIPT_S))
        agent.kill()
        agent.wait()
        agent = slow_stage.start_agent()
    assert_one_each(slow_stage, ids)
    cancelled = len(slow_stage.documents("cancelled"))
    sys.stdout.write(f"{len(ids)} kills, {cancelled} receipts cancelled and begun again\n")


def test_a_kill_in_the_middle_of_a_z_makes_one_z(slow_stage: Stage) -> None:
    agent = slow_stage.start_agent()
    ids = [slow_stage.queue("print_receipt", RECEIPT)]
    slow_stage.results(ids)
    id_ = slow_stage.queue("z_report")
    let_live(agent, 0.35)
    agent.kill()
    agent.wait()
    slow_stage.start_agent()
    (record,) = slow_stage.results([id_], 30.0)
    assert record["status"] == "completed"
    assert [document["number"] for document in slow_stage.documents("z")] == [1]
    assert record["result"]["number"] == 1


def test_a_termination_finishes_the_receipt_in_hand_and_tells_of_it(slow_stage: Stage) -> None:
    agent = slow_stage.start_agent()
    id_ = slow_stage.queue("print_receipt", RECEIPT)
    wait_until_issuing(slow_stage, agent)
    agent.send_signal(signal.SIGTERM)
    assert agent.wait(20) == 0
    assert len(slow_stage.documents("receipt")) == 1
    assert slow_stage.documents("cancelled") == []
    assert slow_stage.record(id_)["status"] == "completed"


def test_a_printer_that_dies_in_the_middle_and_comes_back_prints_once(slow_stage: Stage) -> None:
    agent = slow_stage.start_agent()
    id_ = slow_stage.queue("print_receipt", RECEIPT)
    wait_until_issuing(slow_stage, agent)
    let_live(agent, 0.3)
    slow_stage.printer_process.kill()
    slow_stage.printer_process.wait()
    slow_stage.start_printer()
    assert_one_each(slow_stage, [id_])
