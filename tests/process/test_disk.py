"""The real program and its disk, full or damaged; and the person beside it who decides."""

import contextlib
import json
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.ledger import Ledger
from drivers.clock import SystemClock
from drivers.model import Counters
from sandbox.demo import RECEIPT
from sandbox.stage import AMEF, Stage, stop

LOOKS_MAX = 300
LOOK_S = 0.05
FULL_BYTES = 4096  # less than one frame of the ledger's log; as much as a status file


def amef(stage: Stage, *arguments: str) -> "subprocess.CompletedProcess[str]":
    done = subprocess.run(
        [AMEF, *arguments, "--config", str(stage.config)],
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )
    assert "Traceback" not in done.stderr
    return done


def wait_until(agent: "subprocess.Popen[Any]", what: Callable[[], object]) -> None:
    for _ in range(LOOKS_MAX):
        if what():
            return
        with contextlib.suppress(subprocess.TimeoutExpired):
            pytest.fail(f"the agent ended with {agent.wait(LOOK_S)}")
    pytest.fail("it never came to pass")


def limit(agent: "subprocess.Popen[Any]", size: int) -> None:
    """Let no file of the agent grow beyond this: writing fails, as on a full disk."""
    resource.prlimit(agent.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def count(stage: Stage, what: str) -> int:
    """Look into the ledger from outside."""
    ledger = f"file:{stage.state_dir / 'ledger.sqlite3'}?mode=ro"
    with (
        contextlib.suppress(sqlite3.OperationalError),
        contextlib.closing(sqlite3.connect(ledger, uri=True)) as db,
    ):
        return int(db.execute(f"SELECT count(*) FROM {what}").fetchone()[0])
    return 0


def stands_still(stage: Stage) -> bool:
    file = stage.state_dir / "status.json"
    loops = json.loads(file.read_text())["loops"] if file.exists() else {"": ""}
    return all("stands still" in sentence for sentence in loops.values())


def set_aside(stage: Stage) -> list[str]:
    return sorted(path.name for path in stage.state_dir.glob("ledger.sqlite3.corrupt-*"))


def test_a_full_disk_stops_the_work_and_room_again_lets_it_go_on(stage: Stage) -> None:
    agent = stage.start_agent()
    stage.results([stage.queue("print_receipt", RECEIPT)])
    limit(agent, FULL_BYTES)
    id_ = stage.queue("print_receipt", RECEIPT)
    wait_until(agent, lambda: stands_still(stage))
    said = json.loads(amef(stage, "status", "--json").stdout)["agent"]
    assert said["running"]
    assert all("the ledger cannot be used" in sentence for sentence in said["loops"].values())
    assert len(stage.documents("receipt")) == 1
    limit(agent, resource.RLIM_INFINITY)
    (record,) = stage.results([id_], 30.0)
    assert record["status"] == "completed"
    assert len(stage.documents("receipt")) == 2
    assert agent.poll() is None


def test_a_disk_that_fills_up_in_a_receipt_takes_no_payment_before_there_is_room(
    slow_stage: Stage,
) -> None:
    agent = slow_stage.start_agent()
    id_ = slow_stage.queue("print_receipt", RECEIPT)
    wait_until(agent, lambda: count(slow_stage, "command WHERE state = 'issuing'"))
    limit(agent, FULL_BYTES)
    wait_until(agent, lambda: stands_still(slow_stage))
    assert slow_stage.documents("receipt") == []
    limit(agent, resource.RLIM_INFINITY)
    (record,) = slow_stage.results([id_], 30.0)
    assert record["status"] == "completed"
    kinds = [len(slow_stage.documents(kind)) for kind in ("cancelled", "receipt")]
    assert kinds == [1, 1]


def test_a_disk_that_fills_up_behind_the_paper_ends_with_one_receipt(slow_stage: Stage) -> None:
    agent = slow_stage.start_agent()
    id_ = slow_stage.queue("print_receipt", RECEIPT)
    wait_until(agent, lambda: count(slow_stage, "event WHERE name = 'pay'"))
    limit(agent, FULL_BYTES)
    wait_until(agent, lambda: slow_stage.documents("receipt") and stands_still(slow_stage))
    limit(agent, resource.RLIM_INFINITY)
    (record,) = slow_stage.results([id_], 30.0)
    assert record["status"] == "completed"
    assert record["result"]["evidence"] in ("counter", "reference")
    assert len(slow_stage.documents("receipt")) == 1


def test_a_damaged_ledger_is_set_aside_and_nothing_printed_until_it_is_recovered(
    stage: Stage,
) -> None:
    first = stage.start_agent()
    stage.results([stage.queue("print_receipt", RECEIPT)])
    first.terminate()
    first.wait()
    ledger = stage.state_dir / "ledger.sqlite3"
    ledger.write_bytes(b"\0" * 4096 + ledger.read_bytes()[4096:])
    assert amef(stage, "ledger", "verify").returncode == 1
    agent = stage.start_agent()
    id_ = stage.queue("print_receipt", RECEIPT)
    wait_until(agent, lambda: set_aside(stage) and stands_still(stage))
    said = json.loads(amef(stage, "status", "--json").stdout)
    assert "set aside" in said["ledger"]
    assert "amef ledger recover" in said["agent"]["loops"][f"device {stage.device_id}"]
    assert "CRITICAL ledger.set_aside" in (stage.home / "agent.log").read_text()
    assert amef(stage, "ledger", "list").returncode == 74
    assert amef(stage, "resolve", id_, "--on-paper", "1", "--yes").returncode == 74
    assert stage.record(id_)["status"] == "pending"
    assert len(stage.documents("receipt")) == 1
    done = amef(stage, "ledger", "recover", "--yes", "--lang", "en")
    assert done.returncode == 0, done.stderr
    (record,) = stage.results([id_], 30.0)
    assert record["status"] == "completed"
    assert len(stage.documents("receipt")) == 2
    assert amef(stage, "ledger", "verify").returncode == 0
    assert agent.poll() is None
    assert set_aside(stage)


def test_a_ledger_that_is_whole_is_not_recovered(stage: Stage) -> None:
    stage.start_agent()
    stage.results([stage.queue("print_receipt", RECEIPT)])
    done = amef(stage, "ledger", "recover", "--yes")
    assert done.returncode == 1
    assert "nothing_to_recover" in done.stderr
    assert set_aside(stage) == []


def test_what_a_person_resolves_beside_the_running_agent_reaches_the_cloud(stage: Stage) -> None:
    stage.printer_process.kill()
    stage.printer_process.wait()
    agent = stage.start_agent()
    ids = [stage.queue("print_receipt", RECEIPT) for _ in range(3)]
    wait_until(agent, lambda: count(stage, "command") == len(ids))
    ledger = Ledger(stage.state_dir / "ledger.sqlite3", SystemClock())
    with contextlib.closing(ledger):
        for id_ in ids:
            entry = ledger.begin(ledger.entry(id_), Counters("SIM1", 0, 0, 0), None)
            ledger.lose(entry, fault=None, reason="silence")
            ledger.undecidable(ledger.entry(id_), "who knows", {})
    found, again, dropped = ids
    assert amef(stage, "resolve", found, "--on-paper", "7", "--yes").returncode == 0
    assert amef(stage, "resolve", dropped, "--drop", "--reason", "by card", "--yes").returncode == 0
    assert amef(stage, "resolve", again, "--not-on-paper", "requeue", "--yes").returncode == 0
    records = stage.results([found, dropped])
    assert [record["status"] for record in records] == ["completed", "failed"]
    assert records[0]["result"]["receiptNumber"] == 7
    assert "by card" in records[1]["errorMessage"]
    stage.start_printer()
    (record,) = stage.results([again], 30.0)
    assert record["status"] == "completed"
    assert [document["number"] for document in stage.documents("receipt")] == [1]


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    if subprocess.run(["mount", "--bind", folder, folder], check=False).returncode:
        pytest.skip("nobody here may mount")
    try:
        subprocess.run(["mount", "--options", "remount,bind,ro", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)  # the lock is open there


def test_on_a_read_only_disk_the_program_stands_still_until_it_can_write(stage: Stage) -> None:
    """Under a running program it is the full disk again: each write fails (worker tests)."""
    agent = stage.start_agent()
    stage.results([stage.queue("print_receipt", RECEIPT)])
    stop(agent)
    id_ = stage.queue("print_receipt", RECEIPT)
    with read_only(stage.state_dir):
        agent = stage.start_agent()
        wait_until(agent, lambda: "agent.standstill" in (stage.home / "agent.log").read_text())
        said = amef(stage, "status", "--lang", "en").stdout
        assert "agent demo: stands still, cannot write" in said
        assert "ledger: cannot be written: the disk is read-only" in said
        romanian = amef(stage, "status", "--lang", "ro").stdout
        assert "agent demo: stă pe loc, nu poate scrie" in romanian
        assert "registru: nu poate fi scris: discul este protejat la scriere" in romanian
        second = amef(stage, "run")
        assert (second.returncode, "another agent works" in second.stderr) == (78, True)
        assert len(stage.documents("receipt")) == 1
    (record,) = stage.results([id_], 30.0)
    assert agent.poll() is None
    assert record["status"] == "completed"
    assert len(stage.documents("receipt")) == 2


def test_on_a_disk_without_room_for_the_first_file_the_program_waits_for_it(stage: Stage) -> None:
    """Not even its lock can be made: it is no wrong configuration, which would end it for good."""
    stage.state_dir.mkdir()
    id_ = stage.queue("print_receipt", RECEIPT)
    with read_only(stage.state_dir):
        agent = stage.start_agent()
        wait_until(agent, lambda: "agent.standstill" in (stage.home / "agent.log").read_text())
    (record,) = stage.results([id_], 30.0)
    assert record["status"] == "completed"
    assert agent.poll() is None
