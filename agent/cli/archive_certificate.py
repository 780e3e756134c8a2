"""`amef archive certificate`: which Zs are there, what is missing in each source, and since when.

Made anew from the index each time; the running agent writes one every morning, JSON and page.
Exit 1 if the archive is not complete.
"""

from dataclasses import replace
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from agent.archive.certificate.as_json import as_json as written
from agent.archive.certificate.certificate import Certificate, Completeness, OwnerCertificate
from agent.archive.certificate.daily import JSON_FILE, PAGE_FILE, local_now, make, write
from agent.archive.certificate.words import Weight, shown
from agent.cli.archive import Owner, opened
from agent.cli.archive_files import not_written
from agent.cli.common import FOLDER, Config, Json
from agent.cli.output import Lang, Language, RefusedHere, plain, refusals, table
from agent.exits import Exit
from drivers.clock import SystemClock

VERDICTS = {
    Completeness.COMPLETE: ("complet", "complete"),
    Completeness.UNKNOWN: ("nu se poate spune încă", "cannot be said yet"),
    Completeness.INCOMPLETE: ("incomplet", "not complete"),
}
SHOWN_MAX = 100

Into = Annotated[
    Path | None,
    typer.Option("--into", metavar=FOLDER, help=f"Write {JSON_FILE} and {PAGE_FILE} there."),
]


def certificate(
    config: Config, lang: Lang, owner: Owner = None, into: Into = None, as_json: Json = False
) -> None:
    """Say how complete the archive is; exit 1 if something is missing."""
    with refusals(lang, as_json=as_json):
        with opened(config) as archive:
            zone = ZoneInfo(archive.settings.agent.timezone)
            today = local_now(SystemClock(), zone).date()
            made = _only(make(archive.index, archive.settings.device, today, zone), owner)
        if into is not None:
            try:
                write(made, into)
            except OSError as error:
                raise not_written(into, error) from error
    if as_json:
        typer.echo(written(made), nl=False)
    else:
        for each in made.owners:
            _print(each, lang)
        typer.echo(lang.say(*VERDICTS[made.verdict]))
    raise typer.Exit(Exit.NO if made.verdict is Completeness.INCOMPLETE else Exit.OK)


def _only(made: Certificate, owner: str | None) -> Certificate:
    """The certificate of one device, if one is asked for."""
    if owner is None:
        return made
    found = tuple(each for each in made.owners if owner in (each.owner, each.nui))
    if not found:
        raise RefusedHere(
            "no_such_owner",
            ro=f"Arhiva nu are nimic de la {owner}.",
            en=f"The archive has nothing of {owner}.",
        )
    return replace(made, owners=found, verdict=found[0].verdict)


def _print(owner: OwnerCertificate, lang: Language) -> None:
    names = dict.fromkeys(name for name in (owner.owner, owner.nui, owner.device_id) if name)
    said = lang.say(*VERDICTS[owner.verdict])
    if owner.complete_until is not None:
        until = f"Z {owner.complete_until} ({shown(owner.complete_until_at)})"
        said += lang.say(f", complet până la {until}", f", complete until {until}")
    typer.echo(f"{' / '.join(names)}: {said}")
    wrong = [each for each in owner.remarks if each.weight is not Weight.NOTE]
    if wrong:
        heads = [("unde", "where"), ("din", "since"), ("cod", "code"), ("ce", "what")]
        rows = [
            [each.place, shown(each.since), each.code, lang.say(each.ro, each.en)]
            for each in wrong[:SHOWN_MAX]
        ]
        table([lang.say(*head) for head in heads], rows)
    if (more := len(wrong) - SHOWN_MAX) > 0:
        typer.echo(lang.say(f"și încă {more}: --json", f"and {more} more: --json"))
    for found in owner.carried:
        if not found.is_known:
            inside = lang.say("în documente", "in documents")
            where = f"{found.code}, Z {found.zs}; {found.place}"
            typer.echo(plain(f"{inside}: {where}: {found.sentence}"))
