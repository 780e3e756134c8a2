"""`amef ledger`: what was asked, what became of it, and why we believe so."""

import json
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from agent.cli.common import Config, Json, local_time, open_ledger, print_json
from agent.entries import LedgerEntry
from config import settings

app = typer.Typer(no_args_is_help=True, help="What was asked and what became of it.")


@app.command("list")
def list_(
    config: Config,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: Json = False,
) -> None:
    """List the last commands, newest first."""
    entries = open_ledger(settings.load(config)).entries(limit)
    if as_json:
        print_json([_summary(entry) for entry in entries])
        return
    table = Table("command", "kind", "device", "state", "evidence", "attempts", "result")
    for entry in entries:
        table.add_row(
            entry.id,
            entry.kind,
            entry.device_id,
            entry.state,
            entry.evidence or "",
            str(entry.attempts),
            _result(entry),
        )
    Console().print(table)


@app.command()
def show(command_id: str, config: Config, as_json: Json = False) -> None:
    """Show one command: what came, the counters before, every event."""
    ledger = open_ledger(settings.load(config))
    try:
        entry = ledger.entry(command_id)
    except LookupError:
        typer.echo(f"amef: no command {command_id!r} in the ledger", err=True)
        raise typer.Exit(1) from None
    history = ledger.history(command_id)
    if as_json:
        print_json(asdict(entry) | {"events": [asdict(event) for event in history]})
        return
    console = Console()
    for name, value in asdict(entry).items():
        console.print(f"{name:>14}: {value}", markup=False)
    for event in history:
        console.print(
            f"{local_time(event.at_ms)}  {event.name}  {json.dumps(event.data)}", markup=False
        )


def _summary(entry: LedgerEntry) -> dict[str, Any]:
    kept = ("id", "kind", "device_id", "state", "evidence", "attempts", "fault", "reason", "result")
    values = asdict(entry)
    return {name: values[name] for name in kept}


def _result(entry: LedgerEntry) -> str:
    if entry.result:
        number = entry.result.get("receipt_number", entry.result.get("number"))
        return f"no. {number}"
    return entry.reason or ""
