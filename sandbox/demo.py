"""The whole thing on virtual devices: `make demo`.

    virtual cloud  <--HTTP-->  amef run  <--pseudo-terminal-->  virtual AMEF
         ^                                                         |
         '-- a receipt, an X, a Z are queued       paper.jsonl <---'

Three real processes; nothing is faked in between. With --keep it stays until Ctrl-C and shows every
document as it comes out.
"""

import argparse
import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

HOME = Path(".demo")
WAIT_S_MAX = 15.0
LOOK_S = 0.1
STOP_S_MAX = 10.0
FINAL = ("completed", "failed", "timeout", "cancelled")

RECEIPT = {
    "items": [
        {"name": "Pâine cu maia", "quantity": 2, "price": 9.5, "vatRate": 11},
        {"name": "Brânză de burduf", "quantity": 0.355, "price": 64.0, "vatRate": 11},
        {
            "name": "Fetească neagră 0,75 l",
            "quantity": 1,
            "price": 48.0,
            "vatRate": 21,
            "discount": {"type": "percent", "value": 10},
        },
    ],
    "payments": [{"type": "card", "amount": 50.0}, {"type": "cash", "amount": 34.92}],
    "customerCif": "RO12345674",
}
QUEUE: tuple[tuple[str, dict[str, Any] | None], ...] = (
    ("print_receipt", RECEIPT),
    ("x_report", None),
    ("z_report", None),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """The running demo: the shop's side of the cloud, and where things lie."""

    shop: httpx.Client
    cloud: dict[str, str]
    device_id: str
    config: Path
    paper: Path


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="stay until Ctrl-C")
    keep = parser.parse_args(argv).keep
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    console = Console()
    with ExitStack() as stack:
        scene = _set_up(stack)
        console.print(f"cloud [bold]{scene.cloud['url']}[/], printer and agent are running")
        records = _play(scene)
        shown = _show_paper(console, scene.paper, 0)
        console.print(_table(records))
        console.print(f"ledger: {HOME / 'state' / 'ledger.sqlite3'}")
        console.print(f"        .venv/bin/amef ledger list --config {scene.config}", markup=False)
        if keep:
            _stay(console, scene, shown)
    return 0 if all(record["status"] == "completed" for record in records) else 1


def _set_up(stack: ExitStack) -> Scene:
    shutil.rmtree(HOME, ignore_errors=True)
    HOME.mkdir()
    paper = HOME / "paper.jsonl"
    cloud = stack.enter_context(_sandbox("cloud", "--port", "0", "--db", f"{HOME}/cloud.sqlite3"))
    printer = stack.enter_context(
        _sandbox(
            *("printer", "--family", "datecs_x", "--print-ms", "15"),
            *("--paper", str(paper), "--state", f"{HOME}/printer.state"),
        )
    )
    shop = stack.enter_context(
        httpx.Client(base_url=cloud["url"], headers={"x-api-key": cloud["api_key"]})
    )
    device_id = _register(shop, printer["address"])
    config = _configure(cloud, device_id, printer["address"])
    amef = str(Path(sys.executable).with_name("amef"))
    with (HOME / "agent.log").open("w") as log:
        agent = subprocess.Popen([amef, "run", "--config", str(config)], stderr=log)
    stack.callback(_stop, agent)
    return Scene(shop, cloud, device_id, config, paper)


@contextmanager
def _sandbox(*arguments: str) -> Iterator[dict[str, str]]:
    """Start a part of the sandbox and read the line it prints when it is ready."""
    command = [sys.executable, "-m", "sandbox", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            raise SystemExit(f"{' '.join(arguments)}: did not start")
        yield json.loads(line)
    finally:
        _stop(process)


def _stop(process: "subprocess.Popen[Any]") -> None:
    process.terminate()
    try:
        process.wait(STOP_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _register(shop: httpx.Client, address: str) -> str:
    body = {
        "name": "Casa 1",
        "protocol": "datecs_extended",
        "transport": "serial",
        "connectionParams": {"address": address},
    }
    answer = shop.post("/api/v1/devices", json=body).raise_for_status().json()
    return str(answer["id"])


def _configure(cloud: dict[str, str], device_id: str, address: str) -> Path:
    """Write the key and the configuration as an installer would."""
    key, config = HOME / "api-key", HOME / "config.toml"
    key.touch(mode=0o600)
    key.write_text(cloud["agent_key"])
    config.write_text(
        f"""[agent]
id = "demo"
state_dir = "{HOME.resolve()}/state"

[cloud]
profile = "ebon"
base_url = "{cloud["url"]}"
api_key_file = "{key.resolve()}"
poll_interval_s = 1

[[device]]
id = "{device_id}"
family = "datecs_x"
transport = "serial"
address = "{address}"
baud = 115200
"""
    )
    return config


def _play(scene: Scene) -> list[dict[str, Any]]:
    """Queue everything and wait for the results, as a shop's program would."""
    ids = []
    for kind, payload in QUEUE:
        body = {"deviceId": scene.device_id, "type": kind, "payload": payload}
        answer = scene.shop.post("/api/v1/commands", json=body).raise_for_status()
        ids.append(answer.json()["id"])
    deadline_s = time.monotonic() + WAIT_S_MAX
    while True:
        records = [scene.shop.get(f"/api/v1/commands/{id_}").json() for id_ in ids]
        done = all(record["status"] in FINAL for record in records)
        if done or time.monotonic() > deadline_s:
            return records
        time.sleep(LOOK_S)


def _show_paper(console: Console, paper: Path, shown: int) -> int:
    """Draw the documents after the first `shown`; return how many there are now."""
    lines = paper.read_text().splitlines() if paper.exists() else []
    papers = [
        Panel("\n".join(json.loads(line)["text"]), style="black on white", expand=False)
        for line in lines[shown:]
    ]
    if papers:
        console.print(Columns(papers, padding=(0, 2)))
    return len(lines)


def _table(records: list[dict[str, Any]]) -> Table:
    table = Table("command", "type", "status", "number", "total", "evidence", "error")
    for record in records:
        result = record["result"] or {}
        number = result.get("receiptNumber", result.get("number", ""))
        total = result.get("total", result.get("totals", {}).get("sales", ""))
        table.add_row(
            record["id"],
            record["type"],
            record["status"],
            str(number),
            f"{total:.2f}" if total != "" else "",
            result.get("evidence", ""),
            record["errorMessage"] or "",
        )
    return table


def _stay(console: Console, scene: Scene, shown: int) -> None:
    body = json.dumps({"deviceId": scene.device_id, "type": "print_receipt", "payload": RECEIPT})
    console.print("\nIt stays until Ctrl-C. To queue more:\n", style="bold")
    print(
        f"curl -X POST {scene.cloud['url']}/api/v1/commands"
        f" -H 'x-api-key: {scene.cloud['api_key']}' -H 'Content-Type: application/json'"
        f" -d '{body}'",
        flush=True,
    )
    try:
        while True:
            shown = _show_paper(console, scene.paper, shown)
            time.sleep(LOOK_S)
    except KeyboardInterrupt:
        console.print("stopping")
