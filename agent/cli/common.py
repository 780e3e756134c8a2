"""What the commands share: options, the ledger, JSON on request, moments."""

import json
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.ledger import Ledger, LedgerError
from agent.ledger_file import LEDGER_FILE
from agent.ledger_repair import aside_sentence, find_aside
from config.settings import Settings
from drivers.clock import SystemClock

FOLDER = "FOLDER"  # what an option calls a folder

Config = Annotated[Path, typer.Option("--config", help="The configuration file (TOML).")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def open_ledger(settings: Settings) -> Ledger:
    """Open the ledger that is there; looking makes none.

    Raises:
        LedgerError: there is none yet, or it is set aside.
    """
    path = settings.agent.state_dir / LEDGER_FILE
    if (aside := find_aside(path)) is not None:
        raise LedgerError(aside_sentence(aside))
    if not path.exists():
        raise LedgerError(f"{path} is not there: the agent has not run yet")
    return Ledger(path, SystemClock())


def print_json(value: Any) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, default=str))


def local_time(at_ms: int) -> str:
    try:
        return datetime.fromtimestamp(at_ms / 1000).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):  # a cloud may say any number
        return f"{at_ms} ms"
