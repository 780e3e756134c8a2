"""The whole thing on virtual devices, for people: `make demo`.

Queues a receipt, an X and a Z; shows the paper as it came out, what the cloud knows, and where the
ledger lies. With --keep it stays until Ctrl-C and shows every document as it comes.
"""

import argparse
import json
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Any

from rich.columns import Columns
from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from sandbox.stage import LOOK_S, Stage

HOME = Path(".demo")

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


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m sandbox demo", description=__doc__)
    parser.add_argument("--keep", action="store_true", help="stay until Ctrl-C")
    keep = parser.parse_args(argv).keep
    for number in (signal.SIGINT, signal.SIGTERM):  # also where a shell ignores them for us
        signal.signal(number, lambda *_: sys.exit(0))
    shutil.rmtree(HOME, ignore_errors=True)
    console = Console()
    with Stage(HOME, printer=("--print-ms", "15"), poll_interval_s=1.0) as stage:
        stage.start_agent()
        console.print(f"cloud {stage.cloud['url']}, printer {stage.port.resolve()}, agent: up")
        ids = [stage.queue("print_receipt", RECEIPT)]
        ids += [stage.queue(kind) for kind in ("x_report", "z_report")]
        records = stage.results(ids)
        _show(console, stage.documents())
        console.print(_table(records))
        print(f"ledger: {stage.state_dir}/ledger.sqlite3")
        print(f"        .venv/bin/amef ledger list --config {stage.config}")
        if keep:
            _stay(console, stage)
    return 0 if all(record["status"] == "completed" for record in records) else 1


def _show(console: Console, documents: list[dict[str, Any]]) -> None:
    papers = [
        Panel("\n".join(document["text"]), style="black on white", expand=False)
        for document in documents
    ]
    console.print(Columns(papers, padding=(0, 2)))


def _table(records: list[dict[str, Any]]) -> Table:
    table = Table("command", "status", "number", "total", "evidence", "error")
    for record in records:
        result = record["result"] or {}
        number = result.get("receiptNumber", result.get("number", ""))
        total = result.get("total", result.get("totals", {}).get("sales", ""))
        table.add_row(
            record["type"],
            record["status"],
            str(number),
            f"{total:.2f}" if total != "" else "",
            result.get("evidence", ""),
            record["errorMessage"] or "",
        )
    return table


def _stay(console: Console, stage: Stage) -> None:
    body = json.dumps({"deviceId": stage.device_id, "type": "print_receipt", "payload": RECEIPT})
    console.print("\nIt stays until Ctrl-C. To queue more:\n", style="bold")
    print(
        f"curl -X POST {stage.cloud['url']}/api/v1/commands"
        f" -H 'x-api-key: {stage.cloud['api_key']}' -H 'Content-Type: application/json'"
        f" -d '{body}'",
        flush=True,
    )
    shown = len(stage.documents())
    while (documents := stage.documents()) is not None:
        if documents[shown:]:
            _show(console, documents[shown:])
        shown = len(documents)
        time.sleep(LOOK_S)
