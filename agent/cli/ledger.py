"""`amef ledger`: what was asked, what became of it, and why we believe so.

list, show    the commands; for a held one, the counters before and after side by side
verify        is the file what was written?
recover       a new ledger out of one that was damaged and set aside
"""

import json
from collections.abc import Iterator
from contextlib import closing, nullcontext, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from agent.cli.common import Config, Json, local_time, open_ledger, print_json
from agent.cli.output import Lang, Language, RefusedHere, refusals
from agent.cli.resolve import Yes, entry_named, question
from agent.entries import LedgerEntry
from agent.ledger import LedgerError
from agent.ledger_check import verify as check
from agent.ledger_file import LEDGER_FILE
from agent.ledger_repair import LedgerAside, aside_sentence, find_aside, prepare, recover
from agent.ledger_salvage import Salvage, salvage
from agent.states import State
from agent.supervisor import LOCK_FILE, take_lock
from config import settings
from config.settings import ConfigError
from drivers.clock import Clock, SystemClock

app = typer.Typer(no_args_is_help=True, help="What was asked and what became of it.")


HEADERS = (
    ("comanda", "command"),
    ("fel", "kind"),
    ("casa de marcat", "device"),
    ("stare", "state"),
    ("dovada", "evidence"),
    ("încercări", "attempts"),
    ("rezultat", "result"),
)
LABELS = {  # of what an entry has, in Romanian; in English it is as --json names it
    "arrival": "sosire",
    "id": "comanda",
    "device_id": "casa de marcat",
    "kind": "fel",
    "body": "cum a venit",
    "body_hash": "amprenta",
    "payload": "ce se cere",
    "expires_at_ms": "expiră (ms)",
    "claimed": "luată",
    "state": "stare",
    "attempts": "încercări",
    "not_before_ms": "nu înainte (ms)",
    "baseline": "contoare înainte",
    "fault": "defect",
    "reason": "motiv",
    "evidence": "dovada",
    "result": "rezultat",
}


@app.command("list")
def list_(
    config: Config,
    lang: Lang,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    held: Annotated[bool, typer.Option("--held", help="Only what waits for a person.")] = False,
    as_json: Json = False,
) -> None:
    """List the last commands, newest first; or those that wait for a person, oldest first."""
    with closing(open_ledger(settings.load(config))) as ledger:
        entries = ledger.held()[:limit] if held else ledger.entries(limit)
    if as_json:
        print_json([_summary(entry) for entry in entries])
        return
    table = Table(*(lang.say(*header) for header in HEADERS))
    for entry in entries:
        table.add_row(
            entry.id,
            entry.kind,
            entry.device_id,
            lang.state(entry.state),
            entry.evidence or "",
            str(entry.attempts),
            _result(entry, lang),
        )
    Console().print(table)


@app.command()
def show(command_id: str, config: Config, lang: Lang, as_json: Json = False) -> None:
    """Show one command: what came, the counters before, every event; if held, the three ways."""
    with closing(open_ledger(settings.load(config))) as ledger:
        entry = entry_named(ledger, command_id)
        history = ledger.history(command_id)
        uploads = ledger.uploads_of(command_id)
    if as_json:
        events = [asdict(event) for event in history]
        print_json(asdict(entry) | {"events": events, "uploads": [asdict(one) for one in uploads]})
        return
    console = Console()
    for name, value in asdict(entry).items():
        told = lang.state(entry.state) if name == "state" else value
        console.print(f"{lang.say(LABELS[name], name):>16}: {told}", markup=False)
    for event in history:
        console.print(
            f"{local_time(event.at_ms)}  {event.name}  {json.dumps(event.data)}", markup=False
        )
    for kept in uploads:
        said = lang.say("spus cloud-ului", "told")
        console.print(f"{said}: {kept.call}  {kept.fate}  {kept.reason or ''}", markup=False)
    if entry.state is State.HELD:
        typer.echo("\n" + "\n".join(question(entry, history, lang)))


@app.command()
def verify(config: Config, lang: Lang, as_json: Json = False) -> None:
    """Check the file, the chain of events and every command's life; exit 1 if one is broken."""
    path = settings.load(config).agent.state_dir / LEDGER_FILE
    if (aside := find_aside(path)) is not None or not path.exists():
        sentence = aside_sentence(aside) if aside else f"{path} is not there"
        raise LedgerError(sentence)
    found = check(path)
    broken = found.broken
    if as_json:
        counted = {"commands": found.commands, "events": found.events}
        print_json({"ok": broken is None, **counted, "broken": broken and asdict(broken)})
    elif broken is None:
        counts = f"{found.commands} / {found.events}"
        typer.echo(
            lang.say(
                f"Registrul este întreg: comenzi / evenimente {counts}",
                f"The ledger is whole: commands / events {counts}",
            )
        )
    else:
        typer.echo(lang.say(f"Primul rând stricat: {broken}", f"First broken row: {broken}"))
    raise typer.Exit(1 if broken else 0)


@app.command("recover")
def recover_(config: Config, lang: Lang, yes: Yes = False) -> None:
    """Make a new ledger of what can be read of the set-aside one."""
    path = settings.load(config).agent.state_dir / LEDGER_FILE
    clock = SystemClock()
    with refusals(lang, as_json=False):
        aside = find_aside(path) or _set_aside(path, clock)
        salvaged = salvage(aside)
        for line in _told(salvaged, lang):
            typer.echo(line)
        if not yes:
            typer.confirm(lang.say("Se face registrul nou?", "Make the new ledger?"), abort=True)
        recover(path, salvaged, clock)
        typer.echo(
            lang.say(
                f"Registrul nou este gata. {aside.name} rămâne ca dovadă. Vedeți: "
                "amef ledger list --held",
                f"The new ledger is there. {aside.name} stays as evidence. Look at: "
                "amef ledger list --held",
            )
        )


def _set_aside(path: Path, clock: Clock) -> Path:
    """Take a damaged ledger away where no agent has met it yet."""
    lock = path.with_name(LOCK_FILE)
    with suppress(ConfigError), take_lock(path.parent) if lock.exists() else nullcontext():
        if path.exists():
            with suppress(LedgerAside):
                prepare(path, clock)
    if (aside := find_aside(path)) is not None:
        return aside
    raise RefusedHere(
        "nothing_to_recover",
        ro="Registrul nu este pus deoparte: nu este nimic de recuperat.",
        en="The ledger is not set aside: there is nothing to recover.",
    )


def _told(found: Salvage, lang: Language) -> Iterator[str]:
    counts = f"{len(found.commands)} / {len(found.events)}"
    yield lang.say(
        f"{found.file.name}: s-au citit comenzi / evenimente {counts}",
        f"{found.file.name}: commands / events read {counts}",
    )
    for sentence in found.unread:
        yield lang.say(f"  nu s-a putut citi: {sentence}", f"  could not be read: {sentence}")
    yield lang.say(
        "Ce fusese început și nu are sfârșit scris devine «held» și nu se tipărește din nou: "
        "decide omul, cu bonul în mână.",
        "What was begun and has no end written down becomes held and is not printed again: a "
        "person decides, with the paper in hand.",
    )
    if found.unread:
        yield lang.say(
            "Comenzi preluate mai demult pot fi pe hârtie fără să apară aici.",
            "Commands claimed before may be on paper without standing here.",
        )


def _summary(entry: LedgerEntry) -> dict[str, Any]:
    kept = ("id", "kind", "device_id", "state", "evidence", "attempts", "fault", "reason", "result")
    values = asdict(entry)
    return {name: values[name] for name in kept}


def _result(entry: LedgerEntry, lang: Language) -> str:
    if entry.result:
        number = entry.result.get("receipt_number", entry.result.get("number"))
        return f"{lang.say('nr.', 'no.')} {number}"
    return entry.reason or ""
