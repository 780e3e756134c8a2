"""The package of a month for the official validator: the files as they are, and nothing else.

    INTO/5000001234_2026-10/           one folder for each NUI and month, no blank in the path
      Perioada_raportare.p7b           the register
      5000001234_Z0411.p7b             a day for each Z          [romania.md 2.5, 3.7]
      5000001234_Z0412.p7b

Bytes are verbatim. What does not belong here (another device, another month, no signed file) is
left out and told; what is missing is told. The folder appears whole or not at all, and one that
holds anything foreign is not touched. Nothing is sent anywhere: the company signs and files.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from agent.archive.signed.chain import Trusted
from agent.archive.signed.cms import FILE_BYTES_MAX, Signature
from agent.archive.signed.day_rules import WARNINGS
from agent.archive.signed.refusals import NotLaidOut, NotSigned
from agent.archive.signed.set_rules import Member, of_set
from agent.archive.signed.signed_file import BROKEN, SignedFile, read_signed
from agent.archive.sorts import Finding, Sort

REGISTER_NAME = "Perioada_raportare.p7b"
DAYS_MAX = 400  # a month has 31, and a device that closes ten times a day 310
NAME_MAX = 80
ORDER = (Signature.INTACT, Signature.UNCHECKED, Signature.DIGEST_DIFFERS, Signature.WRONG)


@dataclass(frozen=True, slots=True)
class LaidFile:
    name: str
    original: str  # the name it came with; "" for the register
    sha256: str
    signed: SignedFile


@dataclass(frozen=True, slots=True)
class Package:
    folder: Path
    files: tuple[LaidFile, ...]
    findings: tuple[Finding, ...]

    @property
    def complete(self) -> bool:
        """Nothing stands against it but what is only to be known."""
        return all(finding.code in WARNINGS for finding in self.findings)


def lay_out(
    register: bytes | None,
    days: Sequence[tuple[str, bytes]],
    nui: str,
    month: str,
    into: Path,
    trusted: Trusted = (),
    is_ours: Callable[[str], bool] = lambda _: False,
) -> Package:
    """Lay the files of a device and a month (`2026-10`) out under a folder.

    `is_ours`: has the archive these bytes, by their SHA-256? What lies there from before goes then.

    Raises:
        NotLaidOut: nothing was written, and why.
    """
    folder = _folder(nui, month, into, len(days))
    findings: list[Finding] = []
    chosen: dict[str, bytes] = {}
    files: list[LaidFile] = []
    found = [*_register(register, nui, month, trusted, findings)]
    found += _one_for_each_z([*_days(days, nui, month, trusted, findings)], findings)
    for raw, file in found:
        chosen[file.name] = raw
        files.append(file)
        findings += (
            Finding(finding.code, f"{file.name}: {finding.place}", finding.sentence)
            for finding in file.signed.findings
        )
    first = next((_member(file) for file in files if _is_register(file)), None)
    findings += of_set(first, [_member(file) for file in files if not _is_register(file)])
    _write(folder, chosen, is_ours)
    return Package(folder, tuple(files), tuple(findings))


# what belongs in it


def _register(
    raw: bytes | None, nui: str, month: str, trusted: Trusted, findings: list[Finding]
) -> Iterator[tuple[bytes, LaidFile]]:
    if raw is None:
        return
    signed = _read("the register", raw, trusted, findings)
    if signed is None:
        return
    if signed.sort is not Sort.SIGNED_REGISTER:
        sentence = "what was given as the register is a day; it is left out"
        findings.append(Finding("NOT_A_REGISTER", "the register", sentence))
    elif _belongs("the register", signed, nui, month, findings):
        yield raw, LaidFile(REGISTER_NAME, "", signed.sha256, signed)


def _days(
    days: Sequence[tuple[str, bytes]],
    nui: str,
    month: str,
    trusted: Trusted,
    findings: list[Finding],
) -> Iterator[tuple[bytes, LaidFile]]:
    for original, raw in days:
        name = original[:NAME_MAX]
        signed = _read(name, raw, trusted, findings)
        if signed is None or not _belongs(name, signed, nui, month, findings):
            continue
        if signed.sort is not Sort.SIGNED_DAY:
            sentence = "it is a register among the days; it is left out"
            findings.append(Finding("NOT_A_DAY", name, sentence))
            continue
        yield raw, LaidFile(_fitting(original, signed), original, signed.sha256, signed)


def _read(name: str, raw: bytes, trusted: Trusted, findings: list[Finding]) -> SignedFile | None:
    try:
        return read_signed(raw, trusted)
    except NotSigned as error:
        findings.append(Finding(error.code, name, f"{error.sentence}; it is left out"))
        return None


def _belongs(name: str, signed: SignedFile, nui: str, month: str, findings: list[Finding]) -> bool:
    if signed.nui != nui:
        sentence = f"it is of the device {signed.nui}, not of {nui}; it is left out"
        findings.append(Finding("NUI_DIFFERS", name, sentence))
        return False
    if signed.period is not None and signed.period != month:
        sentence = f"it is of {signed.period}, not of {month}; it is left out"
        findings.append(Finding("MONTH_DIFFERS", name, sentence))
        return False
    return True


def _fitting(original: str, signed: SignedFile) -> str:
    """The name a day has there: its own if it fits already."""
    stem = f"{signed.nui}_Z{signed.z_first:04}"
    return original if re.fullmatch(rf"{stem}\.p7[bms]", original) else f"{stem}.p7b"


def _one_for_each_z(
    days: list[tuple[bytes, LaidFile]], findings: list[Finding]
) -> list[tuple[bytes, LaidFile]]:
    """Keep one file for each Z, the intact one; what a second one is to it is told."""
    kept: dict[int, tuple[bytes, LaidFile]] = {}
    for raw, file in sorted(days, key=lambda day: ORDER.index(day[1].signed.signature)):
        before = kept.setdefault(file.signed.z_first, (raw, file))[1]
        if before.sha256 == file.sha256:
            continue
        code, what = "Z_TWICE", "differs from"
        if before.signed.xml_sha256 == file.signed.xml_sha256:
            code, what = "DAY_COPY", "is in another envelope than"
        elif file.signed.signature in BROKEN and before.signed.signature not in BROKEN:
            code, what = "DAY_COPY", "is damaged, unlike"
        sentence = f"{file.original!r} {what} {before.original!r}; it is left out"
        findings.append(Finding(code, f"Z {file.signed.z_first}", sentence))
    return [kept[z_number] for z_number in sorted(kept)]


def _is_register(file: LaidFile) -> bool:
    return file.signed.sort is Sort.SIGNED_REGISTER


def _member(file: LaidFile) -> Member:
    signed = file.signed
    return Member(
        file.name, signed.nui, signed.z_first, signed.z_last, signed.period, signed.made_at
    )


# the folder


def _folder(nui: str, month: str, into: Path, count: int) -> Path:
    if not re.fullmatch(r"\d{10}", nui, re.ASCII):
        raise NotLaidOut("NUI_BAD", f"{nui[:NAME_MAX]!r} is no NUI: ten digits")
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", month, re.ASCII):
        raise NotLaidOut("MONTH_BAD", f"{month[:NAME_MAX]!r} is no month: like 2026-10")
    if count > DAYS_MAX:
        raise NotLaidOut("TOO_MANY_DAYS", f"{count} days are more than {DAYS_MAX}")
    folder = into.resolve() / f"{nui}_{month}"
    if re.search(r"\s", str(folder)):
        sentence = f"the validator takes no blank in a path: {folder}"
        raise NotLaidOut("PATH_HAS_SPACE", sentence)
    return folder


def _write(folder: Path, chosen: dict[str, bytes], is_ours: Callable[[str], bool]) -> None:
    """Make the folder whole beside its place, then move it there."""
    if not chosen:
        raise NotLaidOut("NOTHING_TO_LAY_OUT", "no file belongs to this device and month")
    fresh = folder.with_name(f".{folder.name}.new")
    try:
        if folder.exists() and _holds(folder, chosen, is_ours):
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(fresh, ignore_errors=True)  # of a run that was cut
        fresh.mkdir()
        for name, raw in chosen.items():
            with (fresh / name).open("wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
        if folder.exists():
            shutil.rmtree(folder)  # all of it is in the fresh one, or in the archive
        fresh.rename(folder)
    except OSError as error:
        shutil.rmtree(fresh, ignore_errors=True)
        raise NotLaidOut("FOLDER_UNUSABLE", f"{folder} cannot be written: {error}") from error


def _holds(folder: Path, chosen: dict[str, bytes], is_ours: Callable[[str], bool]) -> bool:
    """Say whether all is there already. What is not ours is not ours to remove."""
    if not folder.is_dir() or folder.is_symlink():
        raise NotLaidOut("FOLDER_NOT_OURS", f"{folder} is there and is no folder of ours")
    is_same, there = True, [*folder.iterdir()]
    for path in there:
        raw = _content(path)
        if raw is not None and raw == chosen.get(path.name):
            continue
        if raw is None or not is_ours(sha256(raw).hexdigest()):
            what = "another file under our name" if path.name in chosen else "something foreign"
            sentence = f"{folder} holds {what}: {path.name[:NAME_MAX]!r}"
            raise NotLaidOut("FOLDER_NOT_OURS", sentence)
        is_same = False
    return is_same and len(there) == len(chosen)


def _content(path: Path) -> bytes | None:
    """What a file holds; None: it is none that we could have written."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size > FILE_BYTES_MAX:
        return None
    return path.read_bytes()
