"""`amef resolve`: a person who holds the paper says what became of a held command.

    --on-paper NUMBER        held -> issued      with what the person read, and nothing guessed
    --not-on-paper requeue   held -> queued      it is printed after all, with a new time to live
    --drop --reason TEXT     held -> rejected    it is not printed: it is settled by other means

Beside a running agent or without one: the ledger is the meeting place.
"""

import os
import pwd
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Any

import typer

from agent.cli.common import Config, Yes, local_time, open_ledger
from agent.cli.on_paper import need_likely, offered
from agent.cli.output import Lang, Language, RefusedHere, plain, refusals
from agent.cli.status import last_words
from agent.cli.status_words import in_romanian
from agent.commands import KINDS
from agent.entries import Event, LedgerEntry
from agent.ledger import Ledger
from agent.payloads import Work
from agent.states import IllegalTransition, State
from config import settings
from config.settings import Settings
from drivers.clock import SystemClock
from drivers.model import Bani, Problem, Receipt, lei

REASON_MAX = 500
COUNTERS = {
    "fiscal_serial": ("serie fiscală", "fiscal serial"),
    "z_number": ("ultimul Z", "last Z"),
    "receipt_count": ("bonuri fiscale", "fiscal receipts"),
    "document_number": ("ultimul document", "last document"),
    "paid_in": ("numerar introdus", "cash put in"),
    "paid_out": ("numerar scos", "cash taken out"),
}
SEEN = {
    "last_total": ("totalul ultimului bon", "total of the last receipt"),
    "reference_found": ("referința noastră în JE", "our reference in the JE"),
    "open_receipt": ("bon deschis", "open receipt"),
}
OPEN = {
    "document_number": ("documentul", "document"),
    "total": ("total", "total"),
    "paid": ("plătit", "paid"),
    "receipt_number": ("bonul", "receipt"),
    "z_number": ("Z", "Z"),
    "issued_at": ("la", "at"),
}
MONEY = ("paid_in", "paid_out", "last_total", "total", "paid")
WAYS = {
    ("este acolo", "it is there"): "--on-paper NUMBER",
    ("nu este, se tipărește acum", "it is not, print it now"): "--not-on-paper requeue",
    ("nu este și nu se mai tipărește", "it is not, and shall not be"): "--drop --reason TEXT",
}


class NotOnPaper(StrEnum):
    REQUEUE = "requeue"


def resolve(
    command_id: str,
    config: Config,
    lang: Lang,
    on_paper: Annotated[
        int | None, typer.Option(min=1, metavar="NUMBER", help="It is there, with this number.")
    ] = None,
    not_on_paper: Annotated[
        NotOnPaper | None, typer.Option(help="It is not there: print it after all.")
    ] = None,
    drop: Annotated[
        bool,
        typer.Option("--drop", help="Do not print it: it is settled otherwise. Needs --reason."),
    ] = False,
    reason: Annotated[str, typer.Option(help="Why; kept and told to the cloud.")] = "",
    yes: Yes = False,
) -> None:
    """Say what became of a held command, with one of --on-paper, --not-on-paper, --drop."""
    if [on_paper is not None, not_on_paper is not None, drop].count(True) != 1:
        raise typer.BadParameter("exactly one of --on-paper, --not-on-paper, --drop")
    if drop and not reason.strip():
        raise typer.BadParameter("--drop needs --reason TEXT")
    loaded = settings.load(config)
    with refusals(lang, as_json=False), closing(open_ledger(loaded)) as ledger:
        entry = entry_named(ledger, command_id)
        _need_held(entry)
        if not_on_paper is not None:
            _need_payload(entry)
        history = ledger.history(command_id)
        if on_paper is not None:
            need_likely(ledger, entry, _held(history).data, on_paper)
        for line in question(entry, history, lang):
            typer.echo(line)
        what = _deed(on_paper, loaded, lang, queue=not_on_paper is not None)
        if not yes:
            typer.confirm(f"\n{what} {lang.say('Sigur?', 'Sure?')}", abort=True)
        said = {"who": who(), "reason": reason.strip()[:REASON_MAX]}
        try:
            if on_paper is not None:
                ledger.operator_found(entry, result_read(entry, on_paper), said)
            elif not_on_paper is not None:
                ledger.operator_requeue(entry, _new_end_ms(entry, loaded), said)
            else:
                sentence = f"{said['who']}: {said['reason']}"
                ledger.operator_drop(entry, Problem("", "DROPPED_BY_OPERATOR", sentence), said)
        except IllegalTransition:  # somebody was faster
            _need_held(ledger.entry(command_id))
        typer.echo(f"{command_id}: {lang.state(ledger.entry(command_id).state)}. {what}")


def entry_named(ledger: Ledger, command_id: str) -> LedgerEntry:
    """Return a command.

    Raises:
        RefusedHere: there is none of this id.
    """
    try:
        return ledger.entry(command_id)
    except LookupError:
        raise RefusedHere(
            "no_such_command",
            ro=f"Registrul nu are comanda {command_id!r}: vedeți amef ledger list.",
            en=f"The ledger has no command {command_id!r}: see amef ledger list.",
        ) from None


def who() -> str:
    """Name the person: the one behind sudo, if there is one."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        name = str(os.getuid())
    behind = os.environ.get("SUDO_USER", "")
    return f"{behind} ({name})" if behind and os.getuid() == 0 else name


def result_read(entry: LedgerEntry, number: int) -> dict[str, Any]:
    """Return a result with what the person read and what was known before; the rest is None."""
    baseline = entry.baseline
    assert baseline is not None, "a held command was begun"
    common = {"fiscal_serial": baseline.fiscal_serial or None, "issued_at": None}
    if entry.kind.endswith("_report"):
        return common | {"number": number, "groups": None, "payments": None}
    z_number = baseline.z_number + 1 if baseline.fiscal_serial else None
    if entry.kind != "print_receipt":
        return common | {"document_number": number, "z_number": z_number}
    try:
        work = work_of(entry)
    except (ValueError, KeyError):  # of a ledger that was damaged
        work = None
    return common | {
        "receipt_number": number,
        "document_number": None,
        "z_number": z_number,
        "total": work.total if isinstance(work, Receipt) else None,
    }


def work_of(entry: LedgerEntry) -> Work:
    now = datetime.fromtimestamp(SystemClock().now_ms() / 1000, tz=UTC)
    return KINDS[entry.kind].understand(entry.payload or "", entry.id, now)


def _held(history: Sequence[Event]) -> Event:
    return next(e for e in reversed(history) if e.name in ("undecidable", "salvaged"))


def question(entry: LedgerEntry, history: Sequence[Event], lang: Language) -> Iterator[str]:
    """Put before a person what is known: both counters side by side, and the three ways on."""
    held = _held(history)
    before: dict[str, Any] = held.data.get("baseline") or {}
    seen: dict[str, Any] = held.data.get("seen") or {}
    after: dict[str, Any] = seen.get("counters") or {}
    say = lang.say
    yield say("Un om trebuie să spună ce s-a întâmplat.", "A person has to say what happened.")
    yield f"{say('comanda', 'command')}: {entry.id} ({entry.kind}), {entry.device_id}"
    reason = str(held.data["reason"])
    yield f"{say('motivul', 'reason')}: {plain(say(in_romanian(reason), reason))}"
    if entry.fault:
        yield f"{say('defect', 'fault')}: {entry.fault}"
    yield f"{say('așteaptă un om de la', 'held since')}: {local_time(held.at_ms)}"
    yield f"{'':26}{say('înainte', 'before'):>16}{say('văzut după', 'seen after'):>16}"
    for name, (ro, en) in COUNTERS.items():
        moved = " *" if after and before.get(name) != after.get(name) else ""
        was, now = (_known(name, counted.get(name), lang) for counted in (before, after))
        yield f"{say(ro, en):26}{was:>16}{now:>16}{moved}"
    for name, (ro, en) in SEEN.items():
        value = seen.get(name)
        shown = _known(name, value, lang)
        if name == "open_receipt" and after and value is None:
            shown = say("niciunul", "none")
        yield f"{say(ro, en):42}{shown:>16}"
    if trace := seen.get("trace"):
        found = _known("trace", trace, lang)
        what = say("documentul cu referința noastră", "the document with our reference")
        yield f"{what}: {found}"
    if (asked := result_read(entry, 1).get("total")) is not None:
        yield f"{say('totalul cerut', 'total that was asked'):42}{lei(asked):>16}"
    what = "bonul" if entry.kind == "print_receipt" else "documentul"
    yield say(
        f"Căutați {what} pe hârtie sau în JE. Apoi:", "Look for it on paper or in the JE. Then:"
    )
    number = str(offered(entry.kind, seen) or "NUMBER")
    for (ro, en), option in WAYS.items():
        way = option.replace("NUMBER", number)
        yield f"  {say(ro, en) + ':':32} amef resolve {entry.id} {way}"


def _known(name: str, value: object, lang: Language) -> str:
    if isinstance(value, dict):
        parts = (
            (lang.say(*OPEN.get(of, (of, of))), _known(of, v, lang)) for of, v in value.items()
        )
        return ", ".join(f"{label} {part}" for label, part in parts)
    if value is None or value == "":
        return "?"
    if isinstance(value, bool):
        return lang.say("da", "yes") if value else lang.say("nu", "no")
    return lei(Bani(value)) if name in MONEY and isinstance(value, int) else str(value)


def _need_held(entry: LedgerEntry) -> None:
    if entry.state is not State.HELD:
        state = Language.RO.state(entry.state)
        raise RefusedHere(
            "not_held",
            ro=f"Comanda {entry.id} nu așteaptă un om: starea ei este {state}.",
            en=f"Command {entry.id} does not wait for a person: it is {entry.state}.",
        )


def _need_payload(entry: LedgerEntry) -> None:
    try:
        work_of(entry)
    except (ValueError, KeyError) as error:
        raise RefusedHere(
            "payload_lost",
            ro="Conținutul comenzii s-a pierdut odată cu registrul: nu poate fi tipărită. "
            "Folosiți --drop --reason TEXT și trimiteți-o din nou din cloud.",
            en="What was to be printed was lost with the damaged ledger. "
            "Use --drop --reason TEXT, and send it again from the cloud.",
        ) from error


def _new_end_ms(entry: LedgerEntry, loaded: Settings) -> int:
    """When it expires anew: what came from the cloud by its clock, as the agent last heard it."""
    said = {} if entry.is_local else last_words(loaded.agent.state_dir)
    now_ms = SystemClock().now_ms() + int(said.get("cloud_ahead_ms", 0))
    return now_ms + loaded.agent.command_ttl_s * 1000


def _deed(on_paper: int | None, loaded: Settings, lang: Language, *, queue: bool) -> str:
    if on_paper is not None:
        return lang.say(
            f"Se scrie că este pe hârtie, cu numărul {on_paper}.",
            f"It is written down as on paper, with the number {on_paper}.",
        )
    if queue:
        ttl_s = loaded.agent.command_ttl_s
        return lang.say(
            f"Se pune din nou la rând și se tipărește; are un termen nou de {ttl_s} s.",
            f"It is queued again and will be printed; it has a new time to live of {ttl_s} s.",
        )
    return lang.say("Nu se mai tipărește.", "It will not be printed.")
