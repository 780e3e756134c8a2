"""The real program reads a printer's archive: through sales, kills and a wait for its Z.

A day of a virtual printer with a past goes into the store, into the index and up to the cloud, each
document once, byte for byte, however often the program is killed.
"""

import hashlib
import json
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from agent.archive.je_day import documents_of
from agent.archive.store import ARCHIVE, Store
from agent.ledger_file import LEDGER_FILE
from sandbox.demo import RECEIPT
from sandbox.stage import AMEF, Stage

NUI = "5000001234"
PAST_DAYS = 2
LOOKS_MAX = 800
LOOK_S = 0.05
KINDS = {"p7b_day": "p7b"}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    card = tmp_path.resolve() / "card"
    options = ("--history", f"{PAST_DAYS}x2", "--anaf", str(card))
    with Stage(tmp_path / "shop", printer=options, poll_interval_s=2.0) as stage:
        stage.configure(nui=NUI, features=["archive"])
        table = f'\n[archive]\nfolders = ["{card}"]\nwatch_mounts = false\n'
        text = stage.config.read_text("utf-8").replace(
            "poll_interval", "budget_share = 1.0\npoll_interval"
        )
        stage.config.write_text(text + table, "utf-8")
        yield stage


def test_what_the_printer_remembers_is_kept_and_goes_up_once_through_kills(stage: Stage) -> None:
    agent = stage.start_agent()
    wait_until(agent, lambda: documents_read(stage) >= 6)  # in the midst of the second day
    agent.kill()
    agent.wait()
    agent = stage.start_agent()
    sold = [stage.queue("print_receipt", RECEIPT)]  # goes before the reading
    sold.append(stage.queue("z_report"))
    assert [record["status"] for record in stage.results(sold)] == ["completed"] * 2
    wait_until(agent, lambda: len(rows(stage, "document WHERE sort = 'je'")) == PAST_DAYS + 1)
    wait_until(agent, lambda: len(rows(stage, "document WHERE sort = 'p7b_day'")) == PAST_DAYS + 1)
    wait_until(
        agent, lambda: rows(stage, f"document WHERE sort = 'mf' AND z_last = {PAST_DAYS + 1}")
    )
    assert_kept(stage)
    wait_until(agent, lambda: documents_up(stage) > 2)
    agent.kill()
    agent.wait()
    agent = stage.start_agent()
    wait_until(agent, lambda: documents_up(stage) == len(rows(stage, "document")))
    assert_in_the_cloud(stage)
    said = json.loads(amef(stage, "certificate", "--json").stdout)["certificate"]
    assert (said["verdict"], said["owners"][0]["complete_until"]) == ("complete", PAST_DAYS + 1)
    found = json.loads(amef(stage, "verify", "--json").stdout)
    assert (found["ok"], found["wrong"]) == (True, [])


def assert_kept(stage: Stage) -> None:
    """The JE of the store is that of the printer: each document once, byte for byte."""
    store = Store(stage.state_dir / ARCHIVE)
    kept: dict[int, str] = {}
    for row in rows(stage, "document WHERE sort = 'je' ORDER BY z_first"):
        for read in documents_of(store.read(row["sha256"]).splitlines(keepends=True)):
            assert read.number not in kept
            kept[read.number] = read.text.decode("latin-1")
    with closing(sqlite3.connect(stage.printer_state)) as printer:
        held = printer.execute("SELECT slip, text FROM document ORDER BY slip").fetchall()
    assert kept == {slip: "".join(f"{line}\n" for line in json.loads(text)) for slip, text in held}


def assert_in_the_cloud(stage: Stage) -> None:
    """Bytes beneath the device with the SHA-256 they have here; X and Z as figures, each Z once."""
    ours = sorted(
        (KINDS.get(row["sort"], row["sort"]), row["sha256"])
        for row in rows(stage, "document WHERE sort NOT IN ('x', 'z')")
    )
    theirs = []
    for kind in ("je", "mf", "p7b"):
        for report in portal(stage, f"devices/{stage.device_id}/reports/{kind}").json()["reports"]:
            content = portal(stage, f"reports/{kind}/{report['id']}/file").content
            theirs.append((kind, hashlib.sha256(content).hexdigest()))
    assert sorted(theirs) == ours
    told = portal(stage, f"devices/{stage.device_id}/reports/z").json()["reports"]
    assert [(each["report"]["number"], each["totals"]["sales"] > 0) for each in told] == [
        (PAST_DAYS, True),
        (PAST_DAYS + 1, True),
    ]


def documents_read(stage: Stage) -> int:
    places = rows(stage, "archive_place WHERE reading = 'je'")
    return int(places[0]["number"]) if places else 0


def documents_up(stage: Stage) -> int:
    return len(rows(stage, "upload WHERE call = 'upload' AND fate = 'done'"))


def rows(stage: Stage, what: str) -> list[sqlite3.Row]:
    """Look into the ledger from outside; there may be none yet."""
    path = stage.state_dir / LEDGER_FILE
    with (
        suppress(sqlite3.OperationalError),
        closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db,
    ):
        db.row_factory = sqlite3.Row
        return db.execute(f"SELECT * FROM {what}").fetchall()
    return []


def portal(stage: Stage, path: str) -> Any:
    headers = {"X-Sandbox-Portal": stage.cloud["portal_key"]}
    return stage.shop.get(f"/sandbox/portal/{path}", headers=headers).raise_for_status()


def amef(stage: Stage, *words: str) -> "subprocess.CompletedProcess[str]":
    command = [AMEF, "archive", *words, "--config", str(stage.config)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)


def wait_until(agent: "subprocess.Popen[Any]", what: Any) -> None:
    for _ in range(LOOKS_MAX):
        if what():
            return
        try:
            pytest.fail(f"the agent ended with {agent.wait(LOOK_S)}")
        except subprocess.TimeoutExpired:
            continue
    pytest.fail("it never came to pass")
