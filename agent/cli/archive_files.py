"""`amef archive` where files go in and out: export, import, rebuild, a4200.

Nothing that comes in is changed and nothing that goes out is made: the bytes are the device's.
"""

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from agent import disk
from agent.archive.export import FolderNotEmpty, as_told
from agent.archive.export import export as write_out
from agent.archive.index import Wanted
from agent.archive.inspection import rebuild as take_up
from agent.archive.intake import Intake, Outcome, TakenIn
from agent.archive.looking import ODD, REFUSED_TOLD_MAX
from agent.archive.places import (
    Changed,
    FoundFile,
    Walk,
    files_below,
    may_be_signed,
    read,
    read_whole,
    told,
)
from agent.archive.signed.a4200 import Package, lay_out
from agent.archive.signed.chain import trusted_or_none
from agent.archive.signed.day_rules import WARNINGS
from agent.archive.signed.finding_words import WORDS
from agent.archive.signed.refusals import NotLaidOut, NotSigned
from agent.archive.sorts import Filed, Sort
from agent.archive.store import ArchiveDamaged
from agent.cli.archive import Device, Month, OfKind, OfZ, Opened, Owner, month_of, opened, wanted
from agent.cli.common import FOLDER, Config, Json, print_json
from agent.cli.output import (
    DOCUMENTS,
    FILES,
    TIMES,
    Lang,
    Language,
    RefusedHere,
    plain,
    refusals,
)
from agent.exits import Exit

Into = Annotated[Path, typer.Option("--into", metavar=FOLDER, help="Where to write.")]


def export(
    config: Config,
    into: Into,
    lang: Lang,
    device: Device = None,
    owner: Owner = None,
    kind: OfKind = None,
    month: Month = None,
    z: OfZ = None,
    as_json: Json = False,
) -> None:
    """Write documents out, byte for byte, with SHA256SUMS and manifest.json."""
    with refusals(lang, as_json=as_json):
        asked = wanted(device, owner, kind, month, z)
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
            written = [
                {"id": each.filed.id, "path": each.path, "trouble": each.trouble} for each in done
            ]
            print_json({"into": str(into), "documents": written})
        else:
            for each in failed:
                line = f"{each.filed.id}  {each.filed.document.name}: {each.trouble}"
                typer.echo(plain(line), err=True)
            count = lang.counted(len(done) - len(failed), *DOCUMENTS)
            typer.echo(
                lang.say(
                    f"{count} în {into}; control: sha256sum --check SHA256SUMS",
                    f"{count} in {into}; to check: sha256sum --check SHA256SUMS",
                )
            )
        raise typer.Exit(Exit.NO if failed else Exit.OK)


def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files or folders.")],
    config: Config,
    lang: Lang,
    as_json: Json = False,
) -> None:
    """Take signed files in; mend what is damaged and lies there whole, whatever it is."""
    with refusals(lang, as_json=as_json), opened(config) as archive:
        intake, sizes = _intake(archive), archive.index.sizes()
        counts: Counter[str] = Counter()
        refused: dict[str, str] = {}
        odd: dict[str, str] = {}
        for found, is_named in (each for path in paths for each in _found(path)):
            name = told(found.path)
            try:
                taken = _put_back(intake, found, sizes)
                if taken is None and (is_named or _may_be_signed(found)):
                    taken = _taken(intake, found)
            except NotSigned as error:
                refused[name] = f"{error.code}: {error.sentence}"
                continue
            if taken is not None:
                counts[taken.outcome] += 1
                codes = " ".join(sorted(set(taken.codes) - WARNINGS))
                if codes and taken.outcome is Outcome.NEW:
                    odd[name] = codes
                if not as_json:
                    line = f"{taken.filed.id}  {taken.outcome}  {name}  {codes}".rstrip()
                    typer.echo(plain(line))
        if counts[Outcome.NEW] or counts[Outcome.RESTORED] or refused:
            archive.index.note_import(_event(paths, counts, refused, odd))
        if as_json:
            print_json({"counts": counts, "refused": refused})
        else:
            _say_imported(counts, refused, lang)
        raise typer.Exit(Exit.NO if refused else Exit.OK)


def _found(path: Path) -> Iterator[tuple[FoundFile, bool]]:
    """The files, and whether they were named themselves: of such a one it is said what it is."""
    try:
        whole = path.resolve(strict=True)
        if whole.is_dir():
            walk = Walk()
            yield from ((found, False) for found in files_below(whole, walk))
            for sentence in walk.passed_over:
                typer.echo(plain(sentence), err=True)
            return
        about = os.stat(whole)
    except OSError as error:
        raise RefusedHere(
            "not_readable",
            ro=f"{told(path)} nu se poate citi.",
            en=f"{told(path)} cannot be read.",
            detail=error.strerror or str(error),
        ) from error
    yield FoundFile(str(whole), about.st_size, about.st_mtime_ns), True


def _put_back(intake: Intake, found: FoundFile, sizes: set[int]) -> TakenIn | None:
    """Mend a document whose bytes these are; None: it is none, or a signed one."""
    if found.size not in sizes:
        return None
    with _reading():
        content = read_whole(found)
    with _our_disk():
        return intake.put_back(content)


def _may_be_signed(found: FoundFile) -> bool:
    with _reading():
        return may_be_signed(found)


def _taken(intake: Intake, found: FoundFile) -> TakenIn:
    with _reading():
        content = read(found)
    with _our_disk():
        return intake.take(told(found.name), content, told(Path(found.path).parent))


@contextmanager
def _reading() -> Iterator[None]:
    """A file that cannot be read is refused by name; the others are read on."""
    try:
        yield
    except Changed as error:
        raise NotSigned(
            "BEING_WRITTEN", "it is being written; once more when it is whole"
        ) from error
    except OSError as error:
        raise NotSigned("NOT_READABLE", error.strerror or str(error)) from error


@contextmanager
def _our_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RefusedHere(
            "archive_disk",
            ro="Arhiva nu mai poate păstra nimic: discul.",
            en="The archive cannot keep more: the disk.",
            detail=error.strerror or str(error),
        ) from error


def _event(
    paths: list[Path], counts: Counter[str], refused: dict[str, str], odd: dict[str, str]
) -> dict[str, object]:
    origin = ", ".join(map(told, paths))[:500]
    about: dict[str, object] = {"origin": origin, "counts": dict(counts)}
    codes = {path: said.split(":")[0] for path, said in refused.items()}
    for key, names in (("refused", codes), (ODD, odd)):
        told_names = [(os.path.basename(path), code) for path, code in names.items()]
        about[key] = dict(told_names[:REFUSED_TOLD_MAX])
    return about | {"passed_over": [], "cut": ""}


def _say_imported(counts: Counter[str], refused: dict[str, str], lang: Language) -> None:
    for name, sentence in refused.items():
        typer.echo(plain(f"{name}: {sentence}"), err=True)
    words = {
        Outcome.NEW: lang.say("noi", "new"),
        Outcome.KNOWN: lang.say("știute", "known"),
        Outcome.RESTORED: lang.say("refăcute", "restored"),
        Outcome.GONE: lang.say("cu termenul trecut", "past their time"),
    }
    always = (Outcome.NEW, Outcome.KNOWN)
    said = [f"{told}: {counts[key]}" for key, told in words.items() if counts[key] or key in always]
    typer.echo("; ".join([*said, f"{lang.say('refuzate', 'refused')}: {len(refused)}"]))


def rebuild(config: Config, lang: Lang, as_json: Json = False) -> None:
    """Index again the files that no document names, after a ledger was lost."""
    with refusals(lang, as_json=as_json), opened(config) as archive:
        devices = archive.settings.device
        found = take_up(archive.store, archive.index, _intake(archive), devices)
    if as_json:
        taken = [as_told(filed) for filed in found.taken]
        print_json({"taken": taken, "unknown": found.unknown, "damaged": found.damaged})
        raise typer.Exit(Exit.NO if found.damaged else Exit.OK)
    for sha256 in found.damaged:
        typer.echo(lang.say(f"{sha256}: stricat", f"{sha256}: damaged"), err=True)
    for sha256 in found.unknown:
        typer.echo(lang.say(f"{sha256}: nu spune ce este", f"{sha256}: does not say what it is"))
    taken_up, unknown, damaged = len(found.taken), len(found.unknown), len(found.damaged)
    typer.echo(
        lang.say(
            f"reluate: {taken_up}; necunoscute: {unknown}; stricate: {damaged}",
            f"taken up: {taken_up}; unknown: {unknown}; damaged: {damaged}",
        )
    )
    raise typer.Exit(Exit.NO if found.damaged else Exit.OK)


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
        raise typer.Exit(Exit.OK if all(each.complete for each in packages) else Exit.NO)


def _owners(archive: Opened, month: str) -> list[str]:
    """The NUIs of our own devices that have something of this month."""
    found = _signed(archive, Sort.SIGNED_DAY, month) + _signed(archive, Sort.SIGNED_REGISTER, month)
    return sorted({filed.document.owner for filed in found if filed.document.device_id})


def _signed(archive: Opened, sort: Sort, month: str, owner: str | None = None) -> list[Filed]:
    found = archive.index.documents(Wanted(sort=sort, owner=owner, month=month))
    return [filed for filed in found if filed.gone_at_ms is None]


def _laid_out(archive: Opened, owner: str, month: str, into: Path) -> Package:
    trusted, _ = trusted_or_none(archive.settings.archive.trusted)
    registers = _signed(archive, Sort.SIGNED_REGISTER, month, owner)
    latest = max(registers, key=lambda filed: (filed.document.at, filed.id), default=None)
    try:
        register = archive.store.read(latest.document.sha256) if latest else None
        days = [
            (filed.document.name, archive.store.read(filed.document.sha256))
            for filed in _signed(archive, Sort.SIGNED_DAY, month, owner)
        ]
        return lay_out(register, days, owner, month, into, trusted, archive.has)
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
        typer.echo(f"({code}: {lang.counted(times, *TIMES)})")
    for finding in package.findings:
        if finding.code not in WARNINGS:
            typer.echo(f"{finding.code}  {finding.place}: {finding.sentence}")
    if package.complete:
        state = lang.say("complet", "complete")
    else:
        state = lang.say("NU este complet: vedeți mai sus", "NOT complete: see above")
    typer.echo(f"{package.folder}: {lang.counted(len(package.files), *FILES)}, {state}")


def _intake(archive: Opened) -> Intake:
    trusted, trouble = trusted_or_none(archive.settings.archive.trusted)
    if trouble:
        typer.echo(trouble, err=True)
    state_dir = archive.settings.agent.state_dir
    devices = archive.settings.device
    return Intake(archive.store, archive.index, devices, trusted, lambda: disk.used(state_dir))


def not_written(into: Path, error: OSError) -> RefusedHere:
    return RefusedHere(
        "not_written",
        ro=f"În {into} nu se poate scrie.",
        en=f"Nothing can be written into {into}.",
        detail=error.strerror or str(error),
    )
