"""`amef status`: how it goes, read from the ledger and the running agent's last words.

A configuration file that cannot be used may be one that a running agent has refused: its last words
are shown, then what is wrong.
"""

import json
import re
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from agent.cli.common import Config, Json, local_time, open_ledger, print_json
from agent.cli.output import Lang, Language
from agent.cli.status_words import in_romanian
from agent.health import STATUS_FILE
from agent.ledger import LedgerError
from agent.ledger_outbox import Kept
from config import settings
from drivers.clock import SystemClock

STALE_MS = 10_000
ASIDE_SHOWN = 10
IN_USE = "in use"
STATE_DIR = re.compile(r'^\s*state_dir\s*=\s*"([^"]+)"', re.MULTILINE)


def status(config: Config, lang: Lang, as_json: Json = False) -> None:
    """Show whether the agent runs, how the cloud and the printers are, what waits."""
    try:
        loaded = settings.load(config)
    except settings.ConfigError:
        if not as_json:
            _show_loops(Console(), _agent(_last_words_beside(config)), lang)
        raise
    found = collect(loaded)
    if as_json:
        print_json(found)
        return
    console = Console()
    agent = found["agent"]
    runs = lang.say("merge", "running") if agent["running"] else lang.say("oprit", "not running")
    console.print(f"agent {loaded.agent.id}: {runs}", markup=False)
    ledger = found["ledger"]
    usable = lang.say("în folosință" if ledger == IN_USE else in_romanian(ledger), ledger)
    console.print(f"{lang.say('registru', 'ledger')}: {usable}", markup=False)
    _show_loops(console, agent, lang)
    table = Table(lang.say("comenzi", "commands"), lang.say("câte", "count"))
    for state, count in found["commands"].items():
        table.add_row(lang.state(state), str(count))
    console.print(table)
    if left := found["outbox"]["archive"]["documents"]:
        size = f"{found['outbox']['archive']['bytes'] / 1_000_000:.1f} MB"
        ro, en = "documente din arhivă netrimise", "documents of the archive not yet uploaded"
        console.print(f"{lang.say(ro, en)}: {left} ({size})", markup=False)
    for kept in found["outbox"]["aside"]:
        console.print(_aside(kept, lang), markup=False)
    if agent["at_ms"]:
        console.print(f"{lang.say('ultima știre', 'last word')}: {local_time(agent['at_ms'])}")


def _show_loops(console: Console, agent: dict[str, Any], lang: Language) -> None:
    for name, sentence in agent["loops"].items():
        console.print(f"  {name}: {lang.say(in_romanian(sentence), sentence)}", markup=False)
        for note in agent["notes"].get(name, ()):
            console.print(f"    {lang.say(in_romanian(note), note)}", markup=False)


def _aside(kept: dict[str, Any], lang: Language) -> str:
    """What the cloud said a clear no to; its reason is in its own words."""
    call, id_, number = kept["call"], kept["command_id"], kept["event_id"]
    ro = f"comanda {id_}" if id_ else f"evenimentul {number}"
    en = id_ or f"event {number}"
    said = lang.say(f"pus deoparte: {call} pentru {ro}", f"set aside: {call} of {en}")
    return f"{said}: {kept['reason']}"


def collect(loaded: settings.Settings) -> dict[str, Any]:
    said = last_words(loaded.agent.state_dir)
    try:
        ledger = open_ledger(loaded)
        counts, devices = ledger.counts(), ledger.devices()
        waiting, aside = ledger.outbox(), ledger.aside(ASIDE_SHOWN)
        documents, left_bytes = ledger.archive_left()
        usable = IN_USE
    except LedgerError as error:
        counts, devices, waiting, aside, usable = {}, {}, {}, [], str(error)
        documents = left_bytes = 0
    return {
        "agent": {"id": loaded.agent.id} | _agent(said),
        "cloud": {"base_url": loaded.base_url, "profile": loaded.cloud.profile},
        "devices": {device.id: devices.get(device.id, {}) for device in loaded.device},
        "ledger": usable,
        "commands": counts,
        "outbox": {
            "counts": waiting,
            "aside": [_shown(kept) for kept in aside],
            "archive": {"documents": documents, "bytes": left_bytes},
        },
    }


def _agent(said: dict[str, Any]) -> dict[str, Any]:
    age_ms = SystemClock().now_ms() - said.get("at_ms", 0)
    return {
        "running": age_ms < STALE_MS,
        "at_ms": said.get("at_ms", 0),
        "loops": said.get("loops", {}),
        "notes": said.get("notes", {}),
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


def _last_words_beside(config: Path) -> dict[str, Any]:
    """Of the agent of a file that is no configuration: the one line is looked for as text."""
    try:
        found = STATE_DIR.search(config.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return {}
    return last_words(Path(found[1])) if found else {}
