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
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from agent.archive.signed.chain import Trusted
from agent.archive.signed.cms import Signature
from agent.archive.signed.day_rules import WARNINGS
from agent.archive.signed.refusals import NotLaidOut, NotSigned
from agent.archive.signed.set_rules import Member, of_set
from agent.archive.signed.signed_file import SignedFile, read_signed
from agent.archive.sorts import Finding, Sort

REGISTER_NAME = "Perioada_raportare.p7b"
DAYS_MAX = 400  # a month has 31, and a device that closes ten times a day 310
NAME_MAX = 80


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
) -> Package:
    """Lay the files of a device and a month (`2026-10`) out under a folder.

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
    _write(folder, chosen)
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
    """Keep one file for each Z, the intact one; a second one that differs is told."""
    kept: dict[int, tuple[bytes, LaidFile]] = {}
    for raw, file in sorted(days, key=lambda day: day[1].signed.signature is not Signature.INTACT):
        before = kept.setdefault(file.signed.z_first, (raw, file))[1]
        if before.sha256 != file.sha256:
            sentence = f"{file.original!r} differs from {before.original!r}; it is left out"
            findings.append(Finding("Z_TWICE", f"Z {file.signed.z_first}", sentence))
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


def _write(folder: Path, chosen: dict[str, bytes]) -> None:
    """Make the folder whole beside its place, then move it there."""
    if not chosen:
        raise NotLaidOut("NOTHING_TO_LAY_OUT", "no file belongs to this device and month")
    try:
        if folder.exists() and _holds(folder, chosen):
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)  # of a run that was cut
        fresh.mkdir()
        for name, raw in chosen.items():
            with (fresh / name).open("wb") as file:
                file.write(raw)
                file.flush()
                os.fsync(file.fileno())
        if folder.exists():
            shutil.rmtree(folder)  # all of it is in the fresh one, byte for byte
        fresh.rename(folder)
    except OSError as error:
        raise NotLaidOut("FOLDER_UNUSABLE", f"{folder} cannot be written: {error}") from error


def _holds(folder: Path, chosen: dict[str, bytes]) -> bool:
    """Say whether all is there already. Anything else in it is not ours to remove."""
    if not folder.is_dir() or folder.is_symlink():
        raise NotLaidOut("FOLDER_NOT_OURS", f"{folder} is there and is no folder of ours")
    there = [*folder.iterdir()]
    for path in there:
        ours = chosen.get(path.name)
        if ours is None or not path.is_file() or path.is_symlink() or path.read_bytes() != ours:
            sentence = f"{folder} holds something foreign: {path.name[:NAME_MAX]!r}"
            raise NotLaidOut("FOLDER_NOT_OURS", sentence)
    return len(there) == len(chosen)
