"""A stage with many printers: each a process of its own, all on one agent.

with Shop(tmp_path, printers=3) as shop:
    shop.write(*shop.tills)                       the configuration, one [[device]] for each
    agent = shop.start_working()
    shop.queue_on(shop.tills[1], "print_receipt", RECEIPT)
    shop.tills[1].receipts                        what came out of the second one
"""

import contextlib
import json
import signal
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import Any, Self

from sandbox.stage import AMEF, Stage

LOOK_S = 0.02
LOOKS_MAX = 1500


@dataclass(slots=True)
class Till:
    """One printer of the shop. `address` is what the configuration says."""

    id: str
    address: str
    home: Path
    serial: str
    process: "subprocess.Popen[Any]"

    @property
    def receipts(self) -> list[dict[str, Any]]:
        paper = self.home / "paper.jsonl"
        lines = paper.read_text().splitlines() if paper.exists() else []
        found = [json.loads(line) for line in lines]
        return [document for document in found if document["kind"] == "receipt"]


class Shop(Stage):
    """Use it as a context manager, as a `Stage`."""

    def __init__(self, home: Path, *, printers: int, options: tuple[str, ...] = ()) -> None:
        super().__init__(home)
        self._count = printers
        self._options = options
        self.tills: list[Till] = []

    def __enter__(self) -> Self:
        super().__enter__()
        with contextlib.ExitStack() as undone:
            undone.callback(self._stack.close)
            self.tills = [self.add_till(number) for number in range(1, self._count + 1)]
            undone.pop_all()
        return self

    def add_till(self, number: int) -> Till:
        """Start a printer, and register it in the cloud."""
        home = self.home / f"till_{number}"
        home.mkdir()
        till = Till(self._register(), "", home, f"SIM00100{number:02}", self.printer_process)
        self.plug(till)
        return till

    def plug(self, till: Till) -> None:
        """Start the printer of a till, where it gets its port; its memory is as it was."""
        till.process, ready = self._sandbox(
            self._stack,
            *("printer", "--family", "datecs_x", "--serial", till.serial),
            *("--paper", str(till.home / "paper.jsonl"), "--state", str(till.home / "state")),
            *self._options,
        )
        till.address = ready["address"]

    def write(self, *tills: Till, agent: str = "", **keys: dict[str, object]) -> None:
        """Write the configuration of these; `keys` by id of the device, `agent` for its table."""
        self.configure()
        head = self.config.read_text().partition("[[device]]")[0]
        tables = []
        for till in tills:
            known = {"id": till.id, "family": "datecs_x", "address": till.address}
            rows = known | {"fiscal_serial": till.serial} | keys.get(till.id, {})
            tables.append("\n".join(f"{name} = {json.dumps(rows[name])}" for name in rows))
        draft = self.config.with_suffix(".new")
        head = head.replace("[cloud]", f"{agent}\n[cloud]")
        draft.write_text(head + "".join(f"[[device]]\n{table}\n" for table in tables))
        draft.replace(self.config)

    def queue_on(self, till: Till, kind: str, payload: Any = None) -> str:
        body = {"deviceId": till.id, "type": kind, "payload": payload}
        answer = self.shop.post("/api/v1/commands", json=body)
        return str(answer.raise_for_status().json()["id"])

    # what the agent is doing

    def start_working(self, *options: str) -> "subprocess.Popen[Any]":
        """Start the agent, and wait until it listens to signals."""
        agent = self.start_agent(*options)
        self.wait_said(lambda said: "configuration" in said["loops"])
        return agent

    def reload(self, agent: "subprocess.Popen[Any]", says: str) -> dict[str, Any]:
        """Have the configuration read again, and wait until the agent says this of it."""
        agent.send_signal(signal.SIGHUP)
        return self.wait_said(lambda said: says in said["loops"].get("configuration", ""))

    def wait_said(self, wanted: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Wait until status.json is as wanted."""
        for said in self._looks(self._said):
            if said and wanted(said):
                return said
        raise AssertionError(f"it never said so: {self._said()}\n{self.log()[-3000:]}")

    def wait_row(self, question: str, *values: object) -> Any:
        """Look into the ledger from outside until a row is there."""
        for row in self._looks(lambda: self._row(question, *values)):
            if row is not None:
                return row
        raise AssertionError(f"never: {question} {values}\n{self.log()[-3000:]}")

    def wait_logged(self, line: str, times: int) -> None:
        """Wait until this stands so often in the log."""
        if not any(self.log().count(line) >= times for _ in self._looks(lambda: None)):
            raise AssertionError(f"not {times} times: {line}\n{self.log()[-3000:]}")

    def log(self) -> str:
        return (self.home / "agent.log").read_text("utf-8", errors="replace")

    def status(self) -> "subprocess.CompletedProcess[str]":
        command = [AMEF, "status", "--config", str(self.config), "--lang", "en"]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)

    def _said(self) -> dict[str, Any]:
        with contextlib.suppress(OSError, ValueError):
            found: dict[str, Any] = json.loads((self.state_dir / "status.json").read_text())
            return found
        return {}

    def _row(self, question: str, *values: object) -> Any:
        path = self.state_dir / "ledger.sqlite3"
        with (
            contextlib.suppress(sqlite3.OperationalError),
            contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db,
        ):
            return db.execute(question, values).fetchone()
        return None

    def _looks(self, look: Callable[[], Any]) -> Iterator[Any]:
        pause = Event()
        for _ in range(LOOKS_MAX):
            yield look()
            pause.wait(LOOK_S)
