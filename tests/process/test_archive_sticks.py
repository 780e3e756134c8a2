"""The real program and signed files in a folder: taken beside its work, through kill and reload."""

import json
import signal
import subprocess
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.archive.index import ArchiveIndex
from agent.ledger_file import LEDGER_FILE
from drivers.clock import SystemClock
from sandbox.demo import RECEIPT
from sandbox.stage import AMEF, Stage
from tests.agent.archive.shelf import NUI, day

LOOKS_MAX = 800
LOOK_S = 0.05
DAYS = 60


@pytest.fixture
def folder(stage: Stage) -> Path:
    found = stage.home.resolve() / "din casă"
    found.mkdir()
    table = f'\n[archive]\nfolders = ["{found}"]\nwatch_mounts = false\n'
    stage.config.write_text(stage.config.read_text("utf-8") + table, "utf-8")
    return found


def drop(folder: Path, first: int, last: int) -> None:
    for z in range(first, last + 1):
        (folder / f"{NUI}_Z{z:04d}.p7b").write_bytes(day(z))


def zs(stage: Stage) -> dict[int, str]:
    """The Zs that are indexed, and the device of each."""
    if not (stage.state_dir / LEDGER_FILE).exists():
        return {}  # to open it would make it
    with closing(ArchiveIndex(stage.state_dir / LEDGER_FILE, SystemClock())) as index:
        documents = [filed.document for filed in index.documents()]
    return {each.z_first or 0: each.device_id for each in documents}


def wait_until(agent: "subprocess.Popen[Any]", what: Callable[[], object]) -> None:
    for _ in range(LOOKS_MAX):
        if what():
            return
        try:
            pytest.fail(f"the agent ended with {agent.wait(LOOK_S)}")
        except subprocess.TimeoutExpired:
            continue
    pytest.fail("it never came to pass")


def amef(stage: Stage, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [AMEF, *arguments, "--config", str(stage.config)],
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )


def notes(stage: Stage) -> list[str]:
    said = json.loads(amef(stage, "status", "--json").stdout)["agent"]
    return [*said["notes"].get("archive", [])]


def test_a_kill_in_the_middle_loses_no_file_and_doubles_none(stage: Stage, folder: Path) -> None:
    drop(folder, 1, DAYS)
    agent = stage.start_agent()
    wait_until(agent, lambda: len(zs(stage)) > 3)
    agent.kill()
    agent.wait()
    before = len(zs(stage))
    assert 3 < before < DAYS
    agent = stage.start_agent()
    wait_until(agent, lambda: len(zs(stage)) == DAYS)
    done = amef(stage, "archive", "verify", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["documents"], found["objects"]) == (0, DAYS, DAYS)
    id_ = stage.queue("print_receipt", RECEIPT)
    (record,) = stage.results([id_])
    assert record["status"] == "completed", record


def test_a_device_that_is_named_at_a_reload_has_the_files_that_lay_apart(
    stage: Stage, folder: Path
) -> None:
    drop(folder, 1, 3)
    agent = stage.start_agent()
    wait_until(agent, lambda: zs(stage) == {1: "", 2: "", 3: ""})
    wait_until(agent, lambda: f"{folder}: 3 new, 0 known" in notes(stage))
    text = stage.config.read_text("utf-8")
    stage.config.write_text(text.replace("baud =", f'nui = "{NUI}"\nbaud ='), "utf-8")
    agent.send_signal(signal.SIGHUP)
    wait_until(agent, lambda: set(zs(stage).values()) == {stage.device_id})
    sentence = "se urmăresc 1 director și 0 stickuri"
    wait_until(agent, lambda: sentence in amef(stage, "status", "--lang", "ro").stdout)
