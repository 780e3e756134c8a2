"""`amef archive` where files go in and out: export, import, rebuild, a4200.

Nothing that comes in is changed and nothing that goes out is made: the bytes are the device's.
"""

import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from agent.archive.export import FolderNotEmpty, as_told
from agent.archive.export import export as write_out
from agent.archive.index import Wanted
from agent.archive.inspection import rebuild as take_up
from agent.archive.intake import Intake, Outcome, Taken
from agent.archive.places import Changed, FoundFile, Walk, files_below, may_be_signed, read, told
from agent.archive.signed.a4200 import Package, lay_out
from agent.archive.signed.day_rules import WARNINGS
from agent.archive.signed.finding_words import WORDS
from agent.archive.signed.refusals import NotLaidOut, NotSigned
from agent.archive.sorts import Filed, Sort
from agent.archive.sticks import REFUSED_TOLD_MAX, trusted_or_none
from agent.archive.store import ArchiveDamaged
from agent.cli.archive import Device, Month, OfSort, OfZ, Opened, Owner, month_of, opened, wanted
from agent.cli.common import Config, Json, print_json
from agent.cli.output import Lang, Language, RefusedHere, refusals
from agent.cloud.sync import disk_used
from agent.romanian import counted

Into = Annotated[Path, typer.Option("--into", metavar="FOLDER", help="Where to write.")]


def export(
    config: Config,
    into: Into,
    lang: Lang,
    device: Device = None,
    owner: Owner = None,
    sort: OfSort = None,
    month: Month = None,
    z: OfZ = None,
    as_json: Json = False,
) -> None:
    """Write documents out, byte for byte, with SHA256SUMS and manifest.json."""
    with refusals(lang, as_json=as_json):
        asked = wanted(device, owner, sort, month, z)
        with opened(config) as archive:
            documents = archive.index.documents(asked)
            try:
                done = write_out(archive.store, documents, into)
            except FolderNotEmpty as error:
                raise RefusedHere(
                    "folder_not_empty",
                    ro=f"{into} nu este gol: dați un director gol sau unul care nu există.",
                    en=f"{into} is not empty: name a folder that is, or one that is not there.",
                ) from error
            except OSError as error:
                raise not_written(into, error) from error
        failed = [each for each in done if each.trouble]
        if as_json:
            print_json(
                {"into": str(into), "documents": [{"id": e.filed.id, "path": e.path} for e in done]}
            )
        else:
            for each in failed:
                typer.echo(f"{each.filed.id}  {each.filed.document.name}: {each.trouble}", err=True)
            count = len(done) - len(failed)
            written = counted(count, "document", "documente")
            typer.echo(
                lang.say(
                    f"{written} în {into}; control: sha256sum --check SHA256SUMS",
                    f"{count} documents in {into}; to check: sha256sum --check SHA256SUMS",
                )
            )
        raise typer.Exit(1 if failed else 0)


def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders.")],
    config: Config,
    lang: Lang,
    as_json: Json = False,
) -> None:
    """Take signed files in, from where you say; what is known is nothing new."""
    with refusals(lang, as_json=as_json), opened(config) as archive:
        intake = _intake(archive)
        counts: Counter[str] = Counter()
        refused: dict[str, str] = {}
        for found in (found for path in paths for found in _found(path)):
            name = told(found.path)
            try:
                taken = _taken(intake, found)
            except NotSigned as error:
                refused[name] = f"{error.code}: {error.sentence}"
                continue
            if taken is not None:
                counts[taken.outcome] += 1
                if not as_json:
                    codes = " ".join(sorted(set(taken.codes) - WARNINGS))
                    typer.echo(f"{taken.filed.id}  {taken.outcome}  {name}  {codes}".rstrip())
        if counts[Outcome.NEW] or refused:
            archive.index.note_import(_event(paths, counts, refused))
        if as_json:
            print_json({"counts": counts, "refused": refused})
        else:
            _say_imported(counts, refused, lang)
        raise typer.Exit(1 if refused else 0)


def _found(path: Path) -> Iterator[FoundFile]:
    try:
        whole = path.resolve(strict=True)
        if whole.is_dir():
            walk = Walk()
            yield from files_below(whole, walk)
            for sentence in walk.passed_over:
                typer.echo(sentence, err=True)
            return
        about = os.stat(whole)
    except OSError as error:
        raise RefusedHere(
            "not_readable",
            ro=f"{told(path)} nu se poate citi.",
            en=f"{told(path)} cannot be read.",
            detail=error.strerror or str(error),
        ) from error
    yield FoundFile(str(whole), about.st_size, about.st_mtime_ns)


def _taken(intake: Intake, found: FoundFile) -> Taken | None:
    """Take one file in; None: it is another kind of file."""
    try:
        if not may_be_signed(found):
            return None
        content = read(found)
    except Changed as error:
        raise NotSigned(
            "BEING_WRITTEN", "it is being written; once more when it is whole"
        ) from error
    except OSError as error:
        raise NotSigned("NOT_READABLE", error.strerror or str(error)) from error
    try:
        return intake.take(told(found.name), content, told(Path(found.path).parent))
    except OSError as error:
        raise RefusedHere(
            "archive_disk",
            ro="Arhiva nu mai poate păstra nimic: discul.",
            en="The archive cannot keep more: the disk.",
            detail=error.strerror or str(error),
        ) from error


def _event(paths: list[Path], counts: Counter[str], refused: dict[str, str]) -> dict[str, object]:
    names = {os.path.basename(path): said.split(":")[0] for path, said in refused.items()}
    origin = ", ".join(map(told, paths))[:500]
    told_refused = dict([*names.items()][:REFUSED_TOLD_MAX])
    about: dict[str, object] = {"origin": origin, "counts": dict(counts), "refused": told_refused}
    return about | {"passed_over": [], "cut": ""}


def _say_imported(counts: Counter[str], refused: dict[str, str], lang: Language) -> None:
    for name, sentence in refused.items():
        typer.echo(f"{name}: {sentence}", err=True)
    new, known = counts[Outcome.NEW], counts[Outcome.KNOWN] + counts[Outcome.RESTORED]
    typer.echo(
        lang.say(
            f"noi: {new}; știute: {known}; refuzate: {len(refused)}",
            f"new: {new}; known: {known}; refused: {len(refused)}",
        )
    )


def rebuild(config: Config, lang: Lang, as_json: Json = False) -> None:
    """Index what lies in the store and no document names: after a ledger was lost."""
    with refusals(lang, as_json=as_json), opened(config) as archive:
        devices = archive.settings.device
        found = take_up(archive.store, archive.index, _intake(archive), devices)
    if as_json:
        taken = [as_told(filed) for filed in found.taken]
        print_json({"taken": taken, "unknown": found.unknown, "damaged": found.damaged})
        raise typer.Exit(1 if found.damaged else 0)
    for sha256 in found.damaged:
        typer.echo(lang.say(f"{sha256}: stricat", f"{sha256}: damaged"), err=True)
    for sha256 in found.unknown:
        typer.echo(lang.say(f"{sha256}: nu spune ce este", f"{sha256}: does not say what it is"))
    counts = f"{len(found.taken)} / {len(found.unknown)} / {len(found.damaged)}"
    typer.echo(
        lang.say(
            f"reluate / necunoscute / stricate: {counts}", f"taken up / unknown / damaged: {counts}"
        )
    )
    raise typer.Exit(1 if found.damaged else 0)


def a4200(
    config: Config,
    month: Annotated[str, typer.Option("--month", metavar="2026-10", help="Of this month.")],
    into: Into,
    lang: Lang,
    owner: Annotated[str | None, typer.Option("--owner", help="Of this NUI only.")] = None,
    as_json: Json = False,
) -> None:
    """Lay out a month for ANAF's validator: a folder for each NUI, the files as they are."""
    with refusals(lang, as_json=as_json), opened(config) as archive:
        month_of(month)
        owners = [owner] if owner else _owners(archive, month)
        if not owners:
            raise RefusedHere(
                "nothing_to_lay_out",
                ro=f"Din {month} nu există fișiere semnate ale caselor de marcat din configurație.",
                en=f"There is no signed file of {month} for the devices that are configured.",
            )
        packages = [_laid_out(archive, each, month, into) for each in owners]
        if as_json:
            print_json([_package(package) for package in packages])
        else:
            for package in packages:
                _say_package(package, lang)
        raise typer.Exit(0 if all(package.complete for package in packages) else 1)


def _owners(archive: Opened, month: str) -> list[str]:
    """The NUIs of our own devices that have something of this month."""
    found = _signed(archive, Sort.SIGNED_DAY, month) + _signed(archive, Sort.SIGNED_REGISTER, month)
    return sorted({filed.document.owner for filed in found if filed.document.device_id})


def _signed(archive: Opened, sort: Sort, month: str, owner: str | None = None) -> list[Filed]:
    found = archive.index.documents(Wanted(sort=sort, owner=owner, month=month))
    return [filed for filed in found if filed.gone_at_ms is None]


def _laid_out(archive: Opened, owner: str, month: str, into: Path) -> Package:
    trusted, _ = trusted_or_none(archive.settings.archive)
    registers = _signed(archive, Sort.SIGNED_REGISTER, month, owner)
    latest = max(registers, key=lambda filed: (filed.document.at, filed.id), default=None)
    try:
        register = archive.store.read(latest.document.sha256) if latest else None
        days = [
            (filed.document.name, archive.store.read(filed.document.sha256))
            for filed in _signed(archive, Sort.SIGNED_DAY, month, owner)
        ]
        return lay_out(register, days, owner, month, into, trusted)
    except ArchiveDamaged as error:
        raise RefusedHere(
            "archive_damaged",
            ro="Un fișier din arhivă este stricat: amef archive verify spune care.",
            en="A file of the archive is damaged: amef archive verify names it.",
            detail=str(error),
        ) from error
    except NotLaidOut as error:
        said = WORDS[error.code]
        do_en, do_ro = said.do.value
        raise RefusedHere(
            error.code.lower(),
            ro=f"Pachetul nu s-a făcut, nu s-a scris nimic: {said.ro}; {do_ro}.",
            en=f"The package was not made, nothing was written: {said.en}; {do_en}.",
            detail=error.sentence,
        ) from error


def _package(package: Package) -> dict[str, object]:
    files = [{"name": f.name, "original": f.original, "sha256": f.sha256} for f in package.files]
    findings = [asdict(finding) for finding in package.findings]
    about = {"folder": str(package.folder), "complete": package.complete}
    return about | {"files": files, "findings": findings}


def _say_package(package: Package, lang: Language) -> None:
    known = Counter(each.code for each in package.findings if each.code in WARNINGS)
    for code, times in sorted(known.items()):
        typer.echo(
            lang.say(
                f"({code}: {counted(times, 'apariție', 'apariții')})", f"({code}: {times} times)"
            )
        )
    for finding in package.findings:
        if finding.code not in WARNINGS:
            typer.echo(f"{finding.code}  {finding.place}: {finding.sentence}")
    ours, files = len(package.files), counted(len(package.files), "fișier", "fișiere")
    if package.complete:
        state = lang.say("complet", "complete")
    else:
        state = lang.say("NU este complet: vedeți mai sus", "NOT complete: see above")
    typer.echo(
        lang.say(
            f"{package.folder}: {files}, {state}",
            f"{package.folder}: {ours} files, {state}",
        )
    )


def _intake(archive: Opened) -> Intake:
    trusted, trouble = trusted_or_none(archive.settings.archive)
    if trouble:
        typer.echo(trouble, err=True)
    state_dir = archive.settings.agent.state_dir
    devices = archive.settings.device
    return Intake(archive.store, archive.index, devices, trusted, lambda: disk_used(state_dir))


def not_written(into: Path, error: OSError) -> RefusedHere:
    return RefusedHere(
        "not_written",
        ro=f"În {into} nu se poate scrie.",
        en=f"Nothing can be written into {into}.",
        detail=error.strerror or str(error),
    )
