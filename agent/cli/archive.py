"""`amef archive`: what the printers remember, as it is kept.

list, show     which documents there are; one of them with its findings and its text
verify         is every byte what its hash says, is every signature still good, is nothing missing?
keep           beyond their time: retention leaves these documents alone
export         the files byte for byte, with SHA256SUMS                     (archive_files.py)
import         files, folders, a stick; the same twice is nothing new
rebuild        a new index for what the store has, after a ledger was lost
a4200          the package of a month for ANAF's validator
"""

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

from agent.archive.export import as_told
from agent.archive.index import Wanted
from agent.archive.inspection import Mismatch
from agent.archive.inspection import verify as inspect
from agent.archive.je_day import documents_of
from agent.archive.keeping import DUE_SINCE, ArchiveKeeping
from agent.archive.retention import GRACE_DAYS
from agent.archive.signed import cms
from agent.archive.signed.chain import trusted_or_none
from agent.archive.signed.day_rules import WARNINGS
from agent.archive.signed.finding_words import WORDS, Do
from agent.archive.sorts import SIGNED, Filed, Sort
from agent.archive.store import ARCHIVE, ArchiveDamaged, Store
from agent.cli.common import Config, Json, local_time, open_ledger, print_json
from agent.cli.output import DOCUMENTS, FILES, Lang, Language, RefusedHere, plain, refusals, table
from agent.exits import Exit
from agent.ledger_file import LEDGER_FILE
from config import settings
from config.settings import Settings
from drivers.clock import SystemClock
from drivers.model import lei

app = typer.Typer(no_args_is_help=True, help="What the printers remember, as it is kept.")

MONTH = re.compile(r"20\d\d-(0[1-9]|1[0-2])", re.ASCII)
SHOWN_PAGE = "cp1250"  # a device's own is not known here; it is only for reading
TAG_ENDS = re.compile(r">\s*<")
DAY_MS = 86_400_000
HEADERS = (
    ("nr.", "no."),
    ("fel", "kind"),
    ("al cui", "owner"),
    ("casa de marcat", "device"),
    ("Z", "Z"),
    ("la", "at"),
    ("octeți", "bytes"),
    ("nume", "name"),
    ("constatări", "findings"),
)


@dataclass(frozen=True, slots=True)
class Opened:
    """The archive of one state directory, for one command."""

    settings: Settings
    index: ArchiveKeeping
    store: Store

    def has(self, sha256: str) -> bool:
        """Does a document of these bytes lie there, whole?"""
        if not any(filed.gone_at_ms is None for filed in self.index.of_hash(sha256)):
            return False
        try:
            self.store.verify(sha256)
        except ArchiveDamaged:
            return False
        return True

    def document(self, number: int) -> Filed:
        if (filed := self.index.document(number)) is not None:
            return filed
        raise RefusedHere(
            "no_such_document",
            ro=f"Documentul {number} nu există: vedeți amef archive list.",
            en=f"There is no document {number}: see amef archive list.",
        )


@contextmanager
def opened(config: Path) -> Iterator[Opened]:
    """Open it; looking makes none.

    Raises:
        LedgerError: there is no ledger yet, or it is set aside.
    """
    loaded = settings.load(config)
    open_ledger(loaded).close()
    index = ArchiveKeeping(loaded.agent.state_dir / LEDGER_FILE, SystemClock())
    with closing(index):
        yield Opened(loaded, index, Store(loaded.agent.state_dir / ARCHIVE))


# which documents: the same options wherever documents are asked for

Device = Annotated[str | None, typer.Option("--device", help="A device's id.")]
Owner = Annotated[str | None, typer.Option("--owner", help="A fiscal serial, or a NUI.")]
OfKind = Annotated[Sort | None, typer.Option("--kind", help="Only documents of this kind.")]
Month = Annotated[str | None, typer.Option("--month", metavar="2026-10", help="Of this month.")]
OfZ = Annotated[int | None, typer.Option("--z", min=0, help="That have this Z.")]


def wanted(
    device: str | None, owner: str | None, kind: Sort | None, month: str | None, z: int | None
) -> Wanted:
    return Wanted(sort=kind, owner=owner, z=z, month=month_of(month), device_id=device)


def month_of(text: str | None) -> str | None:
    if text is None or MONTH.fullmatch(text):
        return text
    raise RefusedHere(
        "bad_month",
        ro=f"{text!r} nu este o lună: se scrie 2026-10.",
        en=f"{text!r} is not a month: it is written 2026-10.",
    )


@app.command("list")
def list_(
    config: Config,
    lang: Lang,
    device: Device = None,
    owner: Owner = None,
    kind: OfKind = None,
    month: Month = None,
    z: OfZ = None,
    kept: Annotated[
        bool, typer.Option("--kept", help="Only those kept beyond their time.")
    ] = False,
    as_json: Json = False,
) -> None:
    """List the documents, by owner and Z."""
    with refusals(lang, as_json=as_json):
        asked = wanted(device, owner, kind, month, z)
        with opened(config) as archive:
            documents = archive.index.documents(asked)
        documents = [filed for filed in documents if filed.kept or not kept]
        if as_json:
            print_json([as_told(filed) for filed in documents])
            return
        table([lang.say(*header) for header in HEADERS], [*map(_row, documents)])


def _row(filed: Filed) -> list[str]:
    document = filed.document
    codes = sorted({each["code"] for each in document.facts.get("findings", [])} - WARNINGS)
    marks = ["KEPT"] * filed.kept + ["GONE"] * (filed.gone_at_ms is not None)
    zs = [str(z) for z in (document.z_first, document.z_last) if z is not None]
    return [
        str(filed.id),
        document.sort,
        document.owner,
        document.device_id or "-",
        "-".join(dict.fromkeys(zs)),
        document.at,
        str(document.bytes),
        document.name,
        " ".join([*marks, *codes]),
    ]


@app.command()
def show(
    number: Annotated[int, typer.Argument(metavar="N", help="Its number in the list.")],
    config: Config,
    lang: Lang,
    raw: Annotated[bool, typer.Option("--raw", help="Only its bytes, as they are.")] = False,
    text: Annotated[bool, typer.Option("--text", help="Only its text, for reading.")] = False,
    as_json: Json = False,
) -> None:
    """Show a document: what is known of it, what is wrong with it, what stands in it."""
    with refusals(lang, as_json=as_json), opened(config) as archive:
        filed = archive.document(number)
        if as_json:
            print_json(as_told(filed))
            return
        if not raw and not text:
            for line in _about(filed, lang):
                typer.echo(line)
        _print_content(archive, filed, raw=raw)


def _print_content(archive: Opened, filed: Filed, *, raw: bool) -> None:
    if filed.gone_at_ms is not None:
        raise RefusedHere(
            "document_gone",
            ro=f"Conținutul nu mai există: termenul de păstrare a trecut, {_when(filed)}.",
            en=f"Its bytes are no more: retention let them go, {_when(filed)}.",
        )
    sha256 = filed.document.sha256
    try:
        if raw:
            content = archive.store.read(sha256)  # whole before the first byte goes out
            typer.echo(content, nl=False)
            return
        for line in _text(archive, filed):
            typer.echo(line)
    except ArchiveDamaged as error:
        raise RefusedHere(
            "archive_damaged",
            ro="Conținutul este stricat: amef archive verify spune tot ce este stricat.",
            en="Its bytes are damaged: amef archive verify names all that is.",
            detail=str(error),
        ) from error


def _about(filed: Filed, lang: Language) -> Iterator[str]:
    told = as_told(filed)
    facts = told.pop("facts")
    findings = facts.pop("findings", [])
    told = {{"sort": "kind"}.get(name, name): value for name, value in told.items()}
    told["taken_at_ms"] = local_time(filed.taken_at_ms)
    if (since_ms := facts.pop(DUE_SINCE, None)) is not None:
        told["goes_on"] = local_time(since_ms + GRACE_DAYS * DAY_MS)
    for name, value in (told | facts).items():
        yield f"{name:>14}: {plain(str(value))}"
    for finding in findings:
        line = f"{finding['code']}  {finding['place']}: {finding['sentence']}"
        yield f"{lang.say('constatare', 'finding'):>14}: {plain(line)}"
        if (said := WORDS.get(finding["code"])) is not None and said.do is not Do.NOTHING:
            en, ro = said.do.value
            yield f"{'':>14}  -> {lang.say(f'{said.ro}: {ro}', f'{said.en}: {en}')}"
    yield ""


def _text(archive: Opened, filed: Filed) -> Iterator[str]:
    """The content for reading; whatever would move a terminal's cursor is a dot."""
    document = filed.document
    content = archive.store.read(document.sha256)
    if document.sort in SIGNED:
        xml = cms.unwrap(content).content.decode("utf-8", "replace")
        yield from map(plain, TAG_ENDS.sub(">\n<", xml).splitlines())
    elif document.sort is Sort.JE:
        for read in documents_of(content.splitlines()):
            total = "" if read.total is None else f"  {lei(read.total)}"
            yield f"--- {read.number}  {read.kind}  {read.at}  Z {read.z_number}{total}"
            yield from map(plain, read.text.decode(SHOWN_PAGE, "replace").splitlines())
    else:
        yield from map(plain, content.decode(SHOWN_PAGE, "replace").splitlines())


def _when(filed: Filed) -> str:
    return local_time(filed.gone_at_ms or 0)


@app.command()
def verify(config: Config, lang: Lang, as_json: Json = False) -> None:
    """Read everything: bytes against hashes, signatures, index against store; 1 if wrong."""
    with opened(config) as archive:
        trusted, trouble = trusted_or_none(archive.settings.archive.trusted)
        found = inspect(archive.store, archive.index, trusted)
    if as_json:
        lists = {"wrong": [*map(asdict, found.wrong)], "notes": [*map(asdict, found.notes)]}
        counts = {"documents": found.documents, "objects": found.objects}
        print_json({"ok": not found.wrong, **counts, **lists, "trouble": trouble})
        raise typer.Exit(Exit.NO if found.wrong else Exit.OK)
    for each in found.wrong:
        typer.echo(_wrong_line(each))
    for each in found.notes:
        typer.echo(f"({_wrong_line(each)})")
    if trouble:
        typer.echo(trouble, err=True)
    whole = f"{lang.counted(found.documents, *DOCUMENTS)}, {lang.counted(found.objects, *FILES)}"
    wrong = len(found.wrong)
    typer.echo(lang.say(f"{whole}; greșite: {wrong}", f"{whole}; wrong: {wrong}"))
    raise typer.Exit(Exit.NO if found.wrong else Exit.OK)


def _wrong_line(each: Mismatch) -> str:
    number = "-" if each.document is None else str(each.document)
    return plain(f"{each.code}  {number}  {each.name}: {each.sentence}")


@app.command()
def keep(
    numbers: Annotated[list[int], typer.Argument(metavar="N...", help="Numbers in the list.")],
    config: Config,
    lang: Lang,
    release: Annotated[bool, typer.Option("--release", help="Keep them no longer.")] = False,
    as_json: Json = False,
) -> None:
    """Keep documents beyond their time (a tax audit, a dispute), or end that."""
    with refusals(lang, as_json=as_json), opened(config) as archive:
        found = [archive.document(number) for number in numbers]
        for filed in found:
            if filed.gone_at_ms is not None and not release:
                raise RefusedHere(
                    "document_gone",
                    ro=f"Documentul {filed.id} nu mai există: termenul a trecut, {_when(filed)}.",
                    en=f"Document {filed.id} is no more: retention let it go, {_when(filed)}.",
                )
        changed = [filed.id for filed in found if filed.kept == release]
        for id_ in changed:
            archive.index.keep(id_, kept=not release)
        if as_json:
            print_json({"kept": not release, "documents": numbers})
            return
        names = ", ".join(map(str, numbers))
        typer.echo(
            lang.say(f"Eliberate: {names}", f"Released: {names}")
            if release
            else lang.say(f"Păstrate până la eliberare: {names}", f"Kept until released: {names}")
        )
