"""`amef status`: how it goes, read from the ledger and the running agent's last words.

A configuration file that cannot be used may be one that a running agent has refused: its last words
are shown, then what is wrong.
"""

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

import typer

from agent import disk
from agent.cli.common import Config, Json, local_time, open_ledger, print_json
from agent.cli.output import RESULTS, Lang, Language, plain, table
from agent.cli.status_words import in_romanian
from agent.health import STATUS_FILE
from agent.ledger import LedgerError
from agent.ledger_outbox import Fate, UploadRow
from agent.lock import is_locked
from config import settings
from drivers.clock import SystemClock

STALE_MS = 10_000
ASIDE_SHOWN = 10
ENDED_DAYS = 7
DAY_MS = 86_400_000
UNTAKEN = {  # results that the cloud does not take: why, and what to do
    Fate.PAUSED: (
        "le trimite din nou când cloud-ul poate: vedeți mai sus ce lipsește",
        "they go again when it can: see above what is lacking",
    ),
    Fate.ASIDE: ("refuzate: întrebați la cloud, cu", "refused: ask the cloud's people, with"),
    Fate.FINAL: (
        f"el spune că s-a încheiat deja comanda (ultimele {ENDED_DAYS} zile): comparați, cu",
        f"it says that the command has ended already (the last {ENDED_DAYS} days): compare, with",
    ),
}
IN_USE = "in use"
STATE_DIR = re.compile(r'^\s*state_dir\s*=\s*"([^"]+)"', re.MULTILINE)


def status(config: Config, lang: Lang, as_json: Json = False) -> None:
    """Show whether the agent runs, how the cloud and the printers are, what waits."""
    try:
        loaded = settings.load(config)
    except settings.ConfigError:
        if not as_json:
            _show_loops(_agent(_last_words_beside(config)), lang)
        raise
    found = collect(loaded)
    if as_json:
        print_json(found)
        return
    agent = found["agent"]
    typer.echo(f"agent {loaded.agent.id}: {_how(agent, lang)}")
    ledger = found["ledger"]
    usable = lang.say("în folosință" if ledger == IN_USE else in_romanian(ledger), ledger)
    typer.echo(f"{lang.say('registru', 'ledger')}: {usable}")
    if not agent["silent"]:
        _show_loops(agent, lang)
    table(
        (lang.say("comenzi", "commands"), lang.say("câte", "count")),
        [(lang.state(state), str(count)) for state, count in found["commands"].items()],
    )
    if left := found["outbox"]["archive"]["documents"]:
        size = f"{found['outbox']['archive']['bytes'] / 1_000_000:.1f} MB"
        ro, en = "documente din arhivă netrimise", "documents of the archive not yet uploaded"
        typer.echo(f"{lang.say(ro, en)}: {left} ({size})")
    for fate, kept in found["outbox"]["untaken"].items():
        typer.echo(plain(_untaken(Fate(fate), kept, lang)))
    for kept in found["outbox"]["aside"]:
        typer.echo(plain(_aside(kept, lang)))
    if agent["at_ms"]:
        typer.echo(f"{lang.say('ultima știre', 'last word')}: {local_time(agent['at_ms'])}")


def _how(agent: dict[str, Any], lang: Language) -> str:
    if agent["cannot_write"]:
        return lang.say("stă pe loc, nu poate scrie", "stands still, cannot write")
    if agent["silent"]:
        return lang.say(
            "pornește, sau nu poate scrie cum merge", "starting, or cannot write how it goes"
        )
    return lang.say("merge", "running") if agent["running"] else lang.say("oprit", "not running")


def _show_loops(agent: dict[str, Any], lang: Language) -> None:
    for name, sentence in agent["loops"].items():
        typer.echo(plain(f"  {name}: {lang.say(in_romanian(sentence), sentence)}"))
        for note in agent["notes"].get(name, ()):
            typer.echo(plain(f"    {lang.say(in_romanian(note), note)}"))


def _untaken(fate: Fate, kept: dict[str, Any], lang: Language) -> str:
    count = lang.counted(kept["count"], *RESULTS)
    said = lang.say(f"{count} neprimite de cloud", f"{count} that the cloud does not take")
    if kept["count"] == 1:
        said = lang.say(f"{count} neprimit de cloud", said)
    show = f" amef ledger show {kept['last_id']}" if fate is not Fate.PAUSED else ""
    return f"{said}; {lang.say(*UNTAKEN[fate])}{show}"


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
        untaken = ledger.untaken(SystemClock().now_ms() - ENDED_DAYS * DAY_MS)
        usable = IN_USE
    except LedgerError as error:
        counts, devices, waiting, aside, usable = {}, {}, {}, [], str(error)
        documents = left_bytes = 0
        untaken = {}
    agent = _agent(said)
    silent = not agent["running"] and is_locked(loaded.agent.state_dir)
    if (why := disk.unwritable(loaded.agent.state_dir)) and "set aside" not in usable:
        usable = f"cannot be written: {why}"
    stands_still = any(word.startswith("stands still") for word in agent["loops"].values())
    agent |= {
        "running": agent["running"] or silent,
        "silent": silent,
        "cannot_write": bool(why) and (silent or (agent["running"] and stands_still)),
    }
    return {
        "agent": {"id": loaded.agent.id} | agent,
        "cloud": {"base_url": loaded.base_url, "profile": loaded.cloud.profile},
        "devices": {device.id: devices.get(device.id, {}) for device in loaded.device},
        "ledger": usable,
        "commands": counts,
        "outbox": {
            "counts": waiting,
            "aside": [_shown(kept) for kept in aside],
            "untaken": {fate: asdict(kept) for fate, kept in untaken.items()},
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


def _shown(kept: UploadRow) -> dict[str, Any]:
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
