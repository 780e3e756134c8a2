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

from agent.cli.common import Config, Json, Yes, local_time, open_ledger, print_json
from agent.cli.output import COMMANDS, EVENTS, Lang, Language, RefusedHere, plain, refusals, table
from agent.cli.resolve import COUNTERS, MONEY, entry_named, question
from agent.cli.status_words import in_romanian
from agent.entries import Event, LedgerEntry
from agent.exits import Exit
from agent.ledger import LedgerError
from agent.ledger_check import verify as check
from agent.ledger_file import LEDGER_FILE
from agent.ledger_repair import LedgerAside, aside_sentence, find_aside, prepare, recover
from agent.ledger_salvage import Salvage, salvage
from agent.lock import LOCK_FILE, take_lock
from agent.states import State
from config import settings
from config.settings import ConfigError
from drivers.clock import Clock, SystemClock
from drivers.model import Bani, lei

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
LABELS = {  # of what an entry has
    "arrival": ("sosire", "arrival"),
    "id": ("comanda", "command"),
    "device_id": ("casa de marcat", "device"),
    "kind": ("fel", "kind"),
    "body": ("cum a venit", "as it came"),
    "body_hash": ("amprenta", "its hash"),
    "payload": ("ce se cere", "what is asked"),
    "expires_at_ms": ("expiră", "expires"),
    "claimed": ("preluată", "claimed"),
    "state": ("stare", "state"),
    "attempts": ("încercări", "attempts"),
    "not_before_ms": ("nu înainte de", "not before"),
    "baseline": ("contoare înainte", "counters before"),
    "fault": ("defect", "fault"),
    "reason": ("motiv", "reason"),
    "evidence": ("dovada", "evidence"),
    "result": ("rezultat", "result"),
}
RESULT = {  # of what a result has; the rest is as --json names it
    "fiscal_serial": ("serie fiscală", "fiscal serial"),
    "receipt_number": ("numărul bonului", "receipt number"),
    "document_number": ("documentul", "document number"),
    "number": ("numărul", "number"),
    "z_number": ("Z", "Z"),
    "issued_at": ("la", "issued at"),
    "total": ("total", "total"),
    "folded": ("scris fără semne", "folded"),
    "groups": ("TVA", "VAT"),
    "payments": ("plăți", "payments"),
    "registers": ("registre", "registers"),
}
NUMBERS = ("receipt_number", "number", "document_number")


@app.command("list")
def list_(
    config: Config,
    lang: Lang,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")] = 50,
    held: Annotated[bool, typer.Option("--held", help="Only what waits for a person.")] = False,
    as_json: Json = False,
) -> None:
    """List the last commands, newest first; or those that wait for a person, oldest first."""
    with closing(open_ledger(settings.load(config))) as ledger:
        entries = ledger.held()[:limit] if held else ledger.entries(limit)
    if as_json:
        print_json([_summary(entry) for entry in entries])
        return
    table(
        [lang.say(*header) for header in HEADERS],
        [
            (
                plain(entry.id),
                plain(entry.kind),
                plain(entry.device_id),
                lang.state(entry.state),
                entry.evidence or "",
                str(entry.attempts),
                plain(_result(entry, lang)),
            )
            for entry in entries
        ],
        whole=3,
    )


@app.command()
def show(command_id: str, config: Config, lang: Lang, as_json: Json = False) -> None:
    """Show one command: what came, the counters before, every event; if held, the three ways."""
    loaded = settings.load(config)
    with refusals(lang, as_json=as_json), closing(open_ledger(loaded)) as ledger:
        entry = entry_named(ledger, command_id)
        history = ledger.history(command_id)
        uploads = ledger.uploads_of(command_id)
    if as_json:
        events = [asdict(event) for event in history]
        print_json(asdict(entry) | {"events": events, "uploads": [asdict(one) for one in uploads]})
        return
    for line in _about(entry, lang):
        typer.echo(plain(line))
    for event in history:
        typer.echo(plain(f"{local_time(event.at_ms)}  {event.name}  {_happened(event, lang)}"))
    for kept in uploads:
        said = lang.say("spus cloud-ului", "told")
        typer.echo(plain(f"{said}: {kept.call}  {kept.fate}  {kept.reason or ''}".rstrip()))
    if entry.state is State.HELD:
        typer.echo("\n" + "\n".join(question(entry, history, lang)))


def _about(entry: LedgerEntry, lang: Language) -> Iterator[str]:
    """One line for each thing that is known, and for each counter and number."""
    for name, value in asdict(entry).items():
        label = f"{lang.say(*LABELS[name]):>16}:"
        if isinstance(value, dict):
            yield label
            labels = COUNTERS if name == "baseline" else RESULT
            for part, of_part in value.items():
                yield f"{'':18}{lang.say(*labels.get(part, (part, part)))}: {_one(part, of_part)}"
            continue
        yield f"{label} {_told_of(entry, name, lang)}"


def _told_of(entry: LedgerEntry, name: str, lang: Language) -> str:
    match name:
        case "state":
            return lang.state(entry.state)
        case "claimed":
            return lang.say("da", "yes") if entry.claimed else lang.say("nu", "no")
        case "expires_at_ms" | "not_before_ms":
            at_ms: int = getattr(entry, name)
            return local_time(at_ms) if at_ms else "-"
        case "reason" if entry.reason:
            return lang.say(in_romanian(entry.reason), entry.reason)
    return _one(name, getattr(entry, name))


def _one(name: str, value: object) -> str:
    """What stands in a place; money as people write it."""
    if value is None or value in ("", [], {}):
        return "-"
    if name in MONEY and isinstance(value, int):
        return f"{lei(Bani(value))} lei"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _happened(event: Event, lang: Language) -> str:
    data, reason = event.data, event.data.get("reason")
    if isinstance(reason, str) and "who" not in data:  # a person's words stay his
        data = data | {"reason": lang.say(in_romanian(reason), reason)}
    return json.dumps(data, ensure_ascii=False)


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
        counts = f"{lang.counted(found.commands, *COMMANDS)}, {lang.counted(found.events, *EVENTS)}"
        typer.echo(lang.say(f"Registrul este întreg: {counts}", f"The ledger is whole: {counts}"))
    else:
        typer.echo(lang.say(f"Primul rând stricat: {broken}", f"First broken row: {broken}"))
    raise typer.Exit(Exit.NO if broken else Exit.OK)


@app.command("recover")
def recover_(config: Config, lang: Lang, yes: Yes = False) -> None:
    """Make a new ledger of what can be read of the set-aside one."""
    path = settings.load(config).agent.state_dir / LEDGER_FILE
    clock = SystemClock()
    with refusals(lang, as_json=False):
        aside = find_aside(path) or _set_aside(path, clock)
        try:
            salvaged = salvage(aside)
        except OSError as error:
            raise LedgerError(str(error)) from error
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
    try:
        with suppress(ConfigError), take_lock(path.parent) if lock.exists() else nullcontext():
            if path.exists():
                with suppress(LedgerAside):
                    prepare(path, clock)
    except OSError as error:
        raise LedgerError(str(error)) from error
    if (aside := find_aside(path)) is not None:
        return aside
    raise RefusedHere(
        "nothing_to_recover",
        ro="Registrul nu este pus deoparte: nu este nimic de recuperat.",
        en="The ledger is not set aside: there is nothing to recover.",
    )


def _told(found: Salvage, lang: Language) -> Iterator[str]:
    commands = lang.counted(len(found.commands), *COMMANDS)
    counts = f"{commands}, {lang.counted(len(found.events), *EVENTS)}"
    yield lang.say(
        f"{found.file.name}: s-au citit {counts}", f"{found.file.name}: {counts} could be read"
    )
    for sentence in found.unread:
        yield lang.say(f"  nu s-a putut citi: {sentence}", f"  could not be read: {sentence}")
    yield lang.say(
        "Ce fusese început și nu are sfârșit scris devine „held” și nu se tipărește din nou: "
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
        found = (entry.result.get(name) for name in NUMBERS)
        number = next((each for each in found if each is not None), None)
        return "" if number is None else f"{lang.say('nr.', 'no.')} {number}"
    reason = entry.reason or ""
    return lang.say(in_romanian(reason), reason)
