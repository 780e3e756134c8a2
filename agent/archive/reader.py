"""Reads what a device remembers, between its sales: Zs that were made, the JE, the fiscal memory.

    notice   the Z counter moved: the figures of that Z, whoever made it
    je       documents from the last one we have, each written down as it comes; whole days sealed
    mf       the Zs that we have no record of; all of them again once a month, row by row

Each step is a slice of it (see patience.py), and what was read is on disk: after a cut, a crash or
days off it goes on where it was. What is due is decided by what is there, not by an hour that may
have passed while the machine was off.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from datetime import date, timedelta

from agent import disk
from agent.archive.figures import of_memory, of_report
from agent.archive.index import ArchiveIndex, Noted, Reading, Wanted
from agent.archive.je_day import Z_REPORT, DayFile, JeDay
from agent.archive.report_files import MemoryFile, ReportFile
from agent.archive.sorts import ReadDocument, Sort, Source, ZFigures
from agent.archive.store import Store
from drivers.archive import (
    WHOLE_DAY,
    Archive,
    ArchivedDocument,
    DateSpan,
    DocumentSpan,
    ZSpan,
)
from drivers.archive_text import Said, iso_time, memory_records, said_in, time_of_day
from drivers.base import FiscalPrinter
from drivers.capabilities import Told
from drivers.clock import Clock
from drivers.errors import Refused
from drivers.faults import Fault

BATCH = 50  # documents of the JE that are asked for at once
MEMORY_ZS = 20  # Zs of the fiscal memory in one report: what is lost where it has to be left
DOCUMENT_MAX = 9_999_999
QUIET_S = 5.0  # after the last command: who sells on is not to be met at every line
NOTICE_S, JE_S = 60.0, 15 * 60.0
REFUSED_S = 10 * 60.0
DAY_S = 86_400.0
MONTH_MS = 30 * 86_400_000
DAY_REPORTS = ("x_report", Z_REPORT)


@dataclass(frozen=True, slots=True)
class Keeping:
    """Where it is kept. `disk_used`: how full the disk is, in percent."""

    index: ArchiveIndex
    store: Store
    disk_used: Callable[[], int] = int


class ArchiveReader:
    """The reader of one device. `step` does a piece of what is due; it prints and sets nothing."""

    def __init__(self, device_id: str, keeping: Keeping, clock: Clock, je_days_back: int) -> None:
        self._device_id = device_id
        self._index = keeping.index
        self._store = keeping.store
        self._disk_used = keeping.disk_used
        self._clock = clock
        self._days_back = je_days_back
        self._quiet_until_s = clock.monotonic_s()
        self._due_s: dict[str, float] = {}  # by piece; none: at once
        self._told: dict[str, str] = {}  # by piece: what it reads, or why it does not

    @property
    def sentence(self) -> str:
        return "; ".join(f"archive: {told}" for told in self._told.values())

    def close(self) -> None:
        self._index.close()

    def worked(self) -> None:
        """Something was printed, or will be: not now."""
        self._quiet_until_s = self._clock.monotonic_s() + QUIET_S

    def renew(self) -> None:
        """A day was closed: everything is due."""
        self._due_s.clear()

    @property
    def is_due(self) -> bool:
        return self._clock.monotonic_s() >= self._quiet_until_s and bool(self._due())

    def step(self, printer: FiscalPrinter, owner: str, today: date) -> bool:
        """Do a slice of the first piece that is due. True if there was one.

        Raises:
            GaveWay: something has to be printed, or the slice is over; what was read is kept.
            DriverError: the device could not be asked.
        """
        if not (due := self._due()):
            return False
        name = due[0]
        try:
            disk.need_room(self._disk_used())
            every_s = self._pieces()[name](printer, owner, today)
        except (Refused, OSError) as error:  # the device will not, or the disk cannot
            self._told[name] = f"{name}: {error}"
            every_s = REFUSED_S
        else:
            if every_s:
                self._told.pop(name, None)
        self._due_s[name] = self._clock.monotonic_s() + every_s
        return True

    def note_report(
        self, owner: str, kind: str, command_id: str, result: dict[str, object]
    ) -> None:
        """Keep what a report of ours told; no other source has as much of a day.

        Where the disk is full, a Z is told once more by the device itself: with less.
        """
        figures = of_report(result)
        is_z = kind == "z_report"
        try:
            sort = Sort.Z if is_z else Sort.X
            self._file_report(ReportFile(sort, owner, Source.REPORT, command_id, figures))
        except OSError as error:
            self._told["notice"] = f"{kind}: {error}"
            return
        if is_z:
            self._index.note_z(owner, Source.REPORT, figures)
            self.renew()

    # the pieces: each returns after how long it is due again, 0 where it was only a part

    def _pieces(self) -> dict[str, Callable[[FiscalPrinter, str, date], float]]:
        return {"notice": self._notice, "je": self._read_je, "mf": self._read_memory}

    def _due(self) -> list[str]:
        now_s = self._clock.monotonic_s()
        return [name for name in self._pieces() if now_s >= self._due_s.get(name, 0.0)]

    def _notice(self, printer: FiscalPrinter, owner: str, _: date) -> float:
        """See whether a Z was made on the keyboard, or by another program."""
        made = printer.counters().z_number
        known = self._index.last_z(owner, Source.REPORT)
        if made > known:
            report = printer.last_z_report()
            figures = of_report(asdict(report))
            self._file_report(ReportFile(Sort.Z, owner, Source.REPORT, "", figures))
            self._index.note_z(owner, Source.REPORT, figures)
            self._due_s = {}
        return NOTICE_S

    def _read_je(self, printer: FiscalPrinter, owner: str, today: date) -> float:
        if Told.JE in printer.capabilities.untold:
            return DAY_S
        place = self._index.progress(owner, Reading.JE).number
        made = printer.counters().z_number
        numbers = self._unread(printer.archive, place, made, today)
        for read in self._documents(printer, numbers[:BATCH]):
            self._told["je"] = f"JE, Z {read.z_number}, document {read.number}"
            self._index.add(owner, read)
        more = len(numbers) > BATCH
        if numbers:
            self._index.come_to(owner, Reading.JE, numbers[:BATCH][-1])
        days = self._index.je_days(owner)
        for z_number in days[:-1] if more else days:  # the last one may go on behind the batch
            if z_number <= made:
                self._seal(owner, z_number)
        return 0.0 if more else JE_S

    def _unread(self, archive: Archive, place: int, made: int, today: date) -> range:
        """Say which documents the JE has behind our place.

        A JE that ends before our place was changed or emptied: it is read from its beginning.
        """
        if archive.by_day:
            return archive.find(ZSpan(max(place + 1, made - self._days_back + 1, 1), made))
        if place:
            held = archive.find(DocumentSpan(1, DOCUMENT_MAX))
            begin = place + 1 if not held or held[-1] >= place else held[0]
            return range(max(begin, held.start), held.stop)
        try:
            return archive.find(DateSpan(today - timedelta(days=self._days_back), today))
        except Refused as error:
            if error.fault is Fault.NO_DATA:
                return range(0)
            raise

    def _documents(self, printer: FiscalPrinter, numbers: range) -> Iterator[ReadDocument]:
        for document in printer.archive.documents(numbers):
            yield read_document(document)

    def _seal(self, owner: str, z_number: int) -> None:
        """Make one document of a day, and note what its receipts come to."""
        before = self._index.documents(Wanted(sort=Sort.JE, owner=owner, z=z_number - 1))
        day = JeDay(z_number, before[-1].document.facts["last"] if before else 0)
        for read in self._index.je_documents(owner, z_number):
            day.add(read)
        sealed = DayFile(owner, day.facts())
        pieces = self._index.je_documents(owner, z_number)
        stored = self._store.put(sealed.content(pieces))
        self._index.seal(owner, sealed.document(stored, self._device_id), sealed.figures())

    def _read_memory(self, printer: FiscalPrinter, owner: str, _: date) -> float:
        """Read the next Zs; after the last one, once a month, all of them again to compare them."""
        if Told.FISCAL_MEMORY in printer.capabilities.untold:
            return DAY_S
        made = printer.counters().z_number
        begin = self._index.progress(owner, Reading.MF).number + 1
        if begin > made and self._is_to_be_compared(owner):
            begin = 1
        if begin > made:
            return DAY_S
        span = ZSpan(begin, min(begin + MEMORY_ZS - 1, made))
        self._told["mf"] = f"fiscal memory, Z {span.first} to {span.last}"
        lines = list(printer.archive.fiscal_memory(span, detailed=True))
        self._file_memory(owner, span, lines)
        self._index.come_to(owner, Reading.MF, span.last)
        if begin == 1:
            self._index.come_to(owner, Reading.COMPARED, made)
        return 0.0

    def _is_to_be_compared(self, owner: str) -> bool:
        """Has a month passed? So too where the clock of this machine was set back behind it."""
        at_ms = self._index.progress(owner, Reading.COMPARED).at_ms
        return not 0 <= self._clock.now_ms() - at_ms < MONTH_MS

    def _file_memory(self, owner: str, span: ZSpan, lines: list[bytes]) -> None:
        records = [of_memory(record) for record in memory_records(lines)]
        counts = Counter(figures.z_number for figures in records)
        numbers = range(span.first, span.last + 1)
        facts = {
            "zs": len(records),
            "lacking": [number for number in numbers if not counts[number]],
            "twice": [number for number in numbers if counts[number] > 1],
            "others": [f.z_number for f in records if self._note(owner, f) is Noted.OTHER],
        }
        file = MemoryFile(owner, span.first, span.last, records[-1].at if records else "", facts)
        stored = self._store.put(file.content(lines))
        self._index.file(file.document(stored, self._device_id))
        self._make_up(owner, span, records)

    def _note(self, owner: str, figures: ZFigures) -> Noted:
        return self._index.note_z(owner, Source.MF, figures)

    def _make_up(self, owner: str, span: ZSpan, records: list[ZFigures]) -> None:
        """Keep the Zs that were made while nobody looked: the device tells its last one only."""
        began = self._index.first_z(owner, Source.REPORT)
        known = self._index.documents(Wanted(sort=Sort.Z, owner=owner, zs=(span.first, span.last)))
        there = {filed.document.z_first for filed in known}
        for figures in records:
            if began and began < figures.z_number and figures.z_number not in there:
                self._file_report(ReportFile(Sort.Z, owner, Source.MF, "", figures))
                there.add(figures.z_number)

    def _file_report(self, file: ReportFile) -> None:
        self._index.file(file.document(self._store.put(file.content()), self._device_id))


def read_document(document: ArchivedDocument) -> ReadDocument:
    """Parse a document of the JE; its text is kept as it is."""
    trace, at = document.trace, iso_time(document.trace.issued_at)
    if document.kind == WHOLE_DAY:  # the sum, the buyer, the reference of one receipt are not its
        said, at = Said(), at or time_of_day(document.lines)
    else:
        said = said_in(document.lines, of_day=document.kind in DAY_REPORTS)
    return ReadDocument(
        number=trace.document_number,
        z_number=trace.z_number,
        kind=document.kind,
        at=at,
        receipt_number=trace.receipt_number,
        text=b"".join(line + b"\n" for line in document.lines),
        total=said.total,
        tax_id=said.tax_id,
        reference=said.reference,
    )
