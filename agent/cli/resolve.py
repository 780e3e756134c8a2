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

from agent.cli.common import Config, local_time, open_ledger
from agent.cli.output import Lang, Language, RefusedHere, refusals
from agent.commands import KINDS
from agent.entries import Event, LedgerEntry
from agent.ledger import Ledger
from agent.payloads import Work
from agent.states import IllegalTransition, State
from config import settings
from config.settings import Settings
from drivers.clock import SystemClock
from drivers.model import Problem, Receipt, lei

Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

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
    """Say what became of a held command; exactly one of the three."""
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
        for line in question(entry, ledger.history(command_id), lang):
            typer.echo(line)
        what = _deed(on_paper, loaded, lang, queue=not_on_paper is not None)
        if not yes:
            typer.confirm(f"\n{what} {lang.say('Sigur?', 'Sure?')}", abort=True)
        said = {"who": who(), "reason": reason.strip()[:REASON_MAX]}
        try:
            if on_paper is not None:
                ledger.operator_found(entry, result_read(entry, on_paper), said)
            elif not_on_paper is not None:
                expires_at_ms = SystemClock().now_ms() + _ttl_ms(loaded)
                ledger.operator_requeue(entry, expires_at_ms, said)
            else:
                sentence = f"{said['who']}: {said['reason']}"
                ledger.operator_drop(entry, Problem("", "DROPPED_BY_OPERATOR", sentence), said)
        except IllegalTransition:  # somebody was faster
            _need_held(ledger.entry(command_id))
        typer.echo(f"{command_id}: {lang.state(ledger.entry(command_id).state)}. {what}")


def entry_named(ledger: Ledger, command_id: str) -> LedgerEntry:
    try:
        return ledger.entry(command_id)
    except LookupError:
        typer.echo(f"amef: no command {command_id!r} in the ledger", err=True)
        raise typer.Exit(1) from None


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


def question(entry: LedgerEntry, history: Sequence[Event], lang: Language) -> Iterator[str]:
    """Put before a person what is known: both counters side by side, and the three ways on."""
    held = next(e for e in reversed(history) if e.name in ("undecidable", "salvaged"))
    before: dict[str, Any] = held.data.get("baseline") or {}
    seen: dict[str, Any] = held.data.get("seen") or {}
    after: dict[str, Any] = seen.get("counters") or {}
    say = lang.say
    yield say("Un om trebuie să spună ce s-a întâmplat.", "A person has to say what happened.")
    yield f"{say('comanda', 'command')}: {entry.id} ({entry.kind}), {entry.device_id}"
    yield f"{say('motivul', 'reason')}: {held.data['reason']}"
    if entry.fault:
        yield f"{say('defect', 'fault')}: {entry.fault}"
    yield f"{say('oprită la', 'held at')}: {local_time(held.at_ms)}"
    yield f"{'':26}{say('înainte', 'before'):>16}{say('văzut după', 'seen after'):>16}"
    for name, (ro, en) in COUNTERS.items():
        moved = " *" if after and before.get(name) != after.get(name) else ""
        yield f"{say(ro, en):26}{_known(before.get(name)):>16}{_known(after.get(name)):>16}{moved}"
    for name, (ro, en) in SEEN.items():
        value = seen.get(name)
        shown = lei(value) if name == "last_total" and value is not None else _known(value)
        if name == "open_receipt" and after and value is None:
            shown = say("niciunul", "none")
        yield f"{say(ro, en):42}{shown:>16}"
    if (asked := result_read(entry, 1).get("total")) is not None:
        yield f"{say('totalul cerut', 'total that was asked'):42}{lei(asked):>16}"
    yield say(
        "Căutați bonul pe hârtie sau în JE. Apoi:", "Look for it on paper or in the JE. Then:"
    )
    for (ro, en), option in WAYS.items():
        yield f"  {say(ro, en) + ':':32} amef resolve {entry.id} {option}"


def _known(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {part}" for name, part in value.items())
    return "?" if value is None or value == "" else str(value)


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


def _ttl_ms(loaded: Settings) -> int:
    return loaded.agent.command_ttl_s * 1000


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
