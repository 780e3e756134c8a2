"""`amef status`: how it goes, read from the ledger and the running agent's last words."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agent.cli.common import Config, Json, local_time, open_ledger, print_json
from agent.health import STATUS_FILE
from agent.ledger import LedgerError
from agent.ledger_outbox import Kept
from config import settings
from drivers.clock import SystemClock

STALE_MS = 10_000
ASIDE_SHOWN = 10


def status(config: Config, as_json: Json = False) -> None:
    """Show whether the agent runs, how the cloud and the printers are, what waits."""
    loaded = settings.load(config)
    found = collect(loaded)
    if as_json:
        print_json(found)
        return
    console = Console()
    agent = found["agent"]
    console.print(f"agent {loaded.agent.id}: {'running' if agent['running'] else 'not running'}")
    console.print(f"ledger: {found['ledger']}", markup=False)
    for name, sentence in agent["loops"].items():
        console.print(f"  {name}: {sentence}", markup=False)
        for note in agent["notes"].get(name, ()):
            console.print(f"    {note}", markup=False)
    table = Table("commands", "count")
    for state, count in found["commands"].items():
        table.add_row(state, str(count))
    console.print(table)
    for kept in found["outbox"]["aside"]:
        about = kept["command_id"] or f"event {kept['event_id']}"
        console.print(f"set aside: {kept['call']} of {about}: {kept['reason']}", markup=False)
    if agent["at_ms"]:
        console.print(f"last word: {local_time(agent['at_ms'])}")


def collect(loaded: settings.Settings) -> dict[str, Any]:
    said = last_words(loaded.agent.state_dir)
    age_ms = SystemClock().now_ms() - said.get("at_ms", 0)
    try:
        ledger = open_ledger(loaded)
        counts, devices = ledger.counts(), ledger.devices()
        waiting, aside = ledger.outbox(), ledger.aside(ASIDE_SHOWN)
        usable = "in use"
    except LedgerError as error:
        counts, devices, waiting, aside, usable = {}, {}, {}, [], str(error)
    return {
        "agent": {
            "id": loaded.agent.id,
            "running": age_ms < STALE_MS,
            "at_ms": said.get("at_ms", 0),
            "loops": said.get("loops", {}),
            "notes": said.get("notes", {}),
        },
        "cloud": {"base_url": loaded.base_url, "profile": loaded.cloud.profile},
        "devices": {device.id: devices.get(device.id, {}) for device in loaded.device},
        "ledger": usable,
        "commands": counts,
        "outbox": {"counts": waiting, "aside": [_shown(kept) for kept in aside]},
    }


def _shown(kept: Kept) -> dict[str, Any]:
    names = ("event_id", "command_id", "call", "reason")
    return {name: getattr(kept, name) for name in names}


def last_words(state_dir: Path) -> dict[str, Any]:
    try:
        said = json.loads((state_dir / STATUS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}
