"""Is the archive what its index says, and can its index be made again from what lies there?

    verify    index -> store     OBJECT_DAMAGED, SIZE_DIFFERS, INDEX_DIFFERS, SIGNATURE_*
              store -> index     NOT_INDEXED: `rebuild` knows what it is; else only said
    rebuild   an object without a row: a signed file is taken in as from a stick, all others by
              what their first line says of them

Reads every byte once; a large day of the JE piece by piece.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from agent.archive.figures import of_memory
from agent.archive.index import Reading
from agent.archive.intake import Intake, device_of
from agent.archive.je_day import DayFile, day_file
from agent.archive.keeping import ArchiveKeeping
from agent.archive.places import begins_as_signed
from agent.archive.report_files import REBUILT, MemoryFile, ReportFile, memory_file, report_file
from agent.archive.signed.chain import Trusted
from agent.archive.signed.cms import FILE_BYTES_MAX, Signature
from agent.archive.signed.refusals import NotSigned
from agent.archive.signed.signed_file import read_signed
from agent.archive.sorts import SIGNED, Filed, Sort, Source
from agent.archive.store import ArchiveDamaged, Store, Stored
from config.settings import DeviceSettings
from drivers.archive_text import memory_records

HEADER_BYTES_MAX = 256 * 1024


@dataclass(frozen=True, slots=True)
class Mismatch:
    """Something that does not hold. `document` None: an object that no document names."""

    code: str
    document: int | None
    name: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Inspected:
    documents: int
    objects: int
    wrong: tuple[Mismatch, ...]
    notes: tuple[Mismatch, ...]  # to be known; nothing is broken


def verify(store: Store, index: ArchiveKeeping, trusted: Trusted = ()) -> Inspected:
    """Hold store and index against each other."""
    wrong: list[Mismatch] = []
    notes: list[Mismatch] = []
    count, named = 0, set()
    for filed in index.documents():
        count += 1
        named.add(filed.document.sha256)
        if filed.gone_at_ms is None:
            for found in _of_document(store, index, filed, trusted):
                (notes if found.code == "SIGNATURE_UNCHECKED" else wrong).append(found)
    objects = 0
    for sha256 in store.all():
        objects += 1
        if sha256 in named:
            continue
        try:
            is_ours = _is_known(store, sha256)
        except ArchiveDamaged as error:
            wrong.append(Mismatch("OBJECT_DAMAGED", None, sha256, str(error)))
            continue
        sentence = "no document names it"
        if is_ours:
            sentence += "; `amef archive rebuild` takes it up"
        (wrong if is_ours else notes).append(Mismatch("NOT_INDEXED", None, sha256, sentence))
    return Inspected(count, objects, tuple(wrong), tuple(notes))


def _of_document(
    store: Store, index: ArchiveKeeping, filed: Filed, trusted: Trusted
) -> Iterator[Mismatch]:
    document = filed.document

    def wrong(code: str, sentence: str) -> Mismatch:
        return Mismatch(code, filed.id, document.name, sentence)

    try:
        size = sum(len(chunk) for chunk in store.chunks(document.sha256))
    except ArchiveDamaged as error:
        code = "OBJECT_DAMAGED" if store.has(document.sha256) else "OBJECT_MISSING"
        yield wrong(code, str(error))
        return
    if size != document.bytes:
        yield wrong("SIZE_DIFFERS", f"{size} bytes lie there, {document.bytes} are indexed")
    if document.sort not in SIGNED:
        return
    try:
        signed = read_signed(store.read(document.sha256), trusted)
    except NotSigned as error:
        yield wrong("INDEX_DIFFERS", f"it is no signed file: {error.sentence}")
        return
    said = (signed.sort, signed.nui, signed.z_first, signed.z_last)
    if said != (document.sort, document.owner, document.z_first, document.z_last):
        yield wrong("INDEX_DIFFERS", "owner, sort or Z are others than the file says")
    if signed.signature is not Signature.INTACT:
        yield wrong(f"SIGNATURE_{signed.signature.upper()}", _why(signed.findings))
    if (figures := signed.figures()) is not None:
        rows = index.z_rows(document.owner, signed.z_first, signed.z_first)
        if figures.digest not in {row.figures.digest for row in rows}:
            yield wrong("FIGURES_MISSING", f"the figures of Z {signed.z_first} are not noted")


def _why(findings: Sequence[Any]) -> str:
    wanted = ("SIGNATURE", "DIGEST", "SIGNER")
    said = [each.sentence for each in findings if each.code.startswith(wanted)]
    return said[-1] if said else "the signature is not intact"


# what lies in the store, without its index


@dataclass(frozen=True, slots=True)
class Rebuilt:
    taken: tuple[Filed, ...]
    unknown: tuple[str, ...]  # hashes of what does not say what it is
    damaged: tuple[str, ...]


def rebuild(
    store: Store, index: ArchiveKeeping, intake: Intake, devices: Sequence[DeviceSettings]
) -> Rebuilt:
    """Index what the store has and the index does not.

    Raises:
        LedgerError: it cannot be written down.
    """
    named = {filed.document.sha256 for filed in index.documents()}
    taken: list[Filed] = []
    unknown: list[str] = []
    damaged: list[str] = []
    for sha256 in store.all():
        if sha256 in named:
            continue
        try:
            filed = _taken(store, index, intake, devices, sha256)
        except ArchiveDamaged:
            damaged.append(sha256)
            continue
        if filed is None:
            unknown.append(sha256)
        else:
            taken.append(filed)
    return Rebuilt(tuple(taken), tuple(unknown), tuple(damaged))


def _taken(
    store: Store,
    index: ArchiveKeeping,
    intake: Intake,
    devices: Sequence[DeviceSettings],
    sha256: str,
) -> Filed | None:
    """Take one object up; None: it does not say what it is."""
    head, size = _head(store, sha256)
    if size <= FILE_BYTES_MAX and begins_as_signed(head):
        content = store.read(sha256)
        try:
            signed = read_signed(content)
        except NotSigned:
            return None
        register = signed.sort is Sort.SIGNED_REGISTER
        about = f"{signed.period}_registru" if register else f"Z{signed.z_first:04d}"
        return intake.take(f"{signed.nui}_{about}.p7b", content, REBUILT).filed
    stored = Stored(sha256, size)
    if (day := day_file(head)) is not None:
        return _je_taken(index, devices, stored, day)
    if (report := report_file(head)) is not None:
        return _report_taken(index, devices, stored, report)
    if (memory := memory_file(head)) is not None:
        lines = store.read(sha256).split(b"\n")[1:]
        return _memory_taken(index, devices, stored, memory, lines)
    return None


def _is_known(store: Store, sha256: str) -> bool:
    """Does an object say itself what it is?"""
    head, size = _head(store, sha256)
    if size <= FILE_BYTES_MAX and begins_as_signed(head):
        try:
            read_signed(store.read(sha256))
        except NotSigned:
            return False
        return True
    readers = (day_file, report_file, memory_file)
    return any(read(head) is not None for read in readers)


def _head(store: Store, sha256: str) -> tuple[bytes, int]:
    """How an object begins, and its size; all of it is read, so that it is whole."""
    head, size = b"", 0
    for chunk in store.chunks(sha256):
        head += chunk[: max(0, HEADER_BYTES_MAX - size)]
        size += len(chunk)
    return head, size


def _je_taken(
    index: ArchiveKeeping, devices: Sequence[DeviceSettings], stored: Stored, day: DayFile
) -> Filed:
    new = day.document(stored, device_of(day.owner, devices), REBUILT)
    # An agent may have begun to read that day anew.
    filed = index.seal(day.owner, new, day.figures())
    if day.facts["last"] > index.progress(day.owner, Reading.JE).number:
        index.come_to(day.owner, Reading.JE, day.facts["last"])
    return filed


def _report_taken(
    index: ArchiveKeeping, devices: Sequence[DeviceSettings], stored: Stored, report: ReportFile
) -> Filed:
    new = report.document(stored, device_of(report.owner, devices), REBUILT)
    filed, _ = index.file(new)
    if (report.sort, report.source) == (Sort.Z, Source.REPORT):
        index.note_z(report.owner, Source.REPORT, report.figures)
    return filed


def _memory_taken(
    index: ArchiveKeeping,
    devices: Sequence[DeviceSettings],
    stored: Stored,
    memory: MemoryFile,
    lines: list[bytes],
) -> Filed:
    for record in memory_records(lines):
        index.note_z(memory.owner, Source.MF, of_memory(record))
    if memory.last > index.progress(memory.owner, Reading.MF).number:
        index.come_to(memory.owner, Reading.MF, memory.last)
    new = memory.document(stored, device_of(memory.owner, devices), REBUILT)
    return index.file(new)[0]
