"""The archive of a Daisy device: row by row, each row answered with a byte [4.5].

99, then 49 or 5F z,z    the fiscal memory by Z, in detail or in brief
99, then 5E or 4F d,d    the same by date DDMMYY
C3 R1,n,n,A              a document of the JE: a D row with its number, time and kind, then its text
C3 R12,z,z,A             the document that is Z report z: where a day ends

A report that reaches the device later than 5 s after 99 is printed: so 99 goes again where its
answer took long. A row that is not answered ends the sending. Rows have no checksum: everything is
read until it has come twice the same. Z numbers stand in no row of a document; they are found by
halving the Z reports, and dates by halving the documents.

Unverified on hardware: all of it, above all the columns of a D row, what stands before the text in
a row, the digits of a Z number in 49, and that the export firmware has 99 and these reports.
"""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import NoReturn

from drivers.archive import (
    ArchivedDocument,
    DateSpan,
    DocumentSpan,
    JeSpan,
    MemorySpan,
    NoArchive,
    ZSpan,
)
from drivers.archive_stream import KeptDocuments, Lines, Take, twice, whole
from drivers.archive_text import iso_time
from drivers.errors import ContactLost, Refused, no_such
from drivers.faults import Fault
from drivers.isl.reads import LAST_DOCUMENT
from drivers.isl.talk import READING, IslTalk
from drivers.je import Trace
from protocol.daisy import row_fields
from protocol.fields import integer

ANNOUNCE, JE = 0x99, 0xC3
BY_Z = {True: 0x49, False: 0x5F}  # in detail, in brief
BY_DATE = {True: 0x5E, False: 0x4F}
DOCUMENTS, ZS = 1, 12  # of C3: all by number, Z reports by number
ANNOUNCED_S = 4.0  # of the 5 that the device waits for its report
ANNOUNCED_MAX = 3
MEMORY_LINES_MAX, DOCUMENT_LINES_MAX = 20_000, 10_000
GAP_MAX = 8  # numbers without a document, one behind the other
MEMORY_ROW = re.compile(rb"\d{1,6}\t[NB]?\t(?P<text>.*)", re.DOTALL)
TEXT_ROW = re.compile(rb"T\t(?:[A-Z] [A-Za-z] )?(?P<text>.*)", re.DOTALL)
DOCUMENT_ROW = b"D\t"
CANCELLED = re.compile(rb"\bANULAT\b\W*$")  # a voided sale is a sale by its kind
KIND = 0x3F  # of the DocDesc in a D row
KINDS = {1: "receipt", 2: "x_report", 3: "z_report", 8: "slip"}


class DaisyArchive(NoArchive):
    """Reads the past of one device. `z_made` says its last Z."""

    def __init__(self, talk: IslTalk, z_made: Callable[[], int], *, has_je: bool) -> None:
        super().__init__()
        self._talk = talk
        self._z_made = z_made
        self._has_je = has_je
        self._kept = KeptDocuments()
        self._day = range(0), 0  # the documents of a day, and its Z

    def fiscal_memory(self, span: MemorySpan, *, detailed: bool) -> Iterator[bytes]:
        if isinstance(span, DateSpan):
            command, ends = BY_DATE[detailed], f"{span.first:%d%m%y},{span.last:%d%m%y}"
        else:
            command, ends = BY_Z[detailed], f"{span.first:04d},{span.last:04d}"
        for row in self._twice(lambda take: self._report(command, ends, take), MEMORY_LINES_MAX):
            found = MEMORY_ROW.fullmatch(row)
            yield found["text"] if found else row

    def find(self, span: JeSpan) -> range:
        self._need_je()
        last = self._last()
        match span:
            case DocumentSpan(first, end):
                return range(max(first, 1), min(end, last) + 1)
            case ZSpan(first, end):
                return self._of_zs(first, end, last)
            case DateSpan(begin, end):
                numbers = range(1, last + 1)
                return range(
                    1 + bisect_left(numbers, begin, key=self._date),
                    1 + bisect_right(numbers, end, key=self._date),
                )

    def documents(self, numbers: Iterable[int]) -> Iterator[ArchivedDocument]:
        self._need_je()
        return self._kept.read(numbers, self._document, lambda: self.patience)

    def forget(self) -> None:
        self._kept.forget()
        self._day = range(0), 0

    # the fiscal memory

    def _report(self, command: int, ends: str, take: Take) -> None:
        """Ask for a report of the fiscal memory; unannounced it would be printed."""
        clock = self._talk.link.clock
        for _ in range(ANNOUNCED_MAX):
            begun_s = clock.monotonic_s()
            self._talk.do(ANNOUNCE, "", READING, repeatable=True)
            if clock.monotonic_s() - begun_s < ANNOUNCED_S:
                self._talk.rows(command, ends, take)
                return
        raise ContactLost(f"{ANNOUNCE:02X} is answered too late for a report to follow it")

    # the JE

    def _of_zs(self, first: int, end: int, last: int) -> range:
        made = self._z_made()
        if first > made + 1:
            return range(0)
        before = self._ends(first - 1) if first > 1 else 0
        stop = self._ends(end) if end <= made else last
        if not stop or (first > 1 and not before):
            _no_data(f"the JE does not have all of Z {first - 1} to {end}")
        return range(before + 1, stop + 1)

    def _document(self, number: int) -> ArchivedDocument | None:
        found = self._rows(DOCUMENTS, number)
        if found is None:
            return None
        there, at, code, lines = found
        if there != number:  # a JE that is numbered otherwise
            doing = f"document {number} is {there} in the JE"
            raise Refused(Fault.DEVICE_ERROR, device_code="", doing=doing)
        kind = KINDS.get(integer(code) & KIND, "other")
        if kind == "receipt" and any(map(CANCELLED.search, lines)):
            kind = "cancelled"
        return ArchivedDocument(kind, code, Trace(0, number, self._z_of(number), at), lines)

    def _rows(self, type_: int, number: int) -> tuple[int, str, str, Lines] | None:
        """C3: number, time, kind and text of a document; None: the JE does not have it."""
        rows = self._twice(
            lambda take: self._talk.rows(JE, f"R{type_},{number},{number},A", take),
            DOCUMENT_LINES_MAX,
        )
        if not rows:
            return None
        _, there, at, code, *_ = [*row_fields(rows[0].decode("latin-1")), "", "", ""]
        if not rows[0].startswith(DOCUMENT_ROW) or not (there.isdecimal() and code.isdecimal()):
            raise ContactLost(f"{rows[0]!r} does not begin a document")
        texts = (TEXT_ROW.fullmatch(row) for row in rows[1:])
        return int(there), at, code, tuple(found["text"] for found in texts if found)

    def _twice(self, ask: Callable[[Take], None], lines_max: int) -> Lines:
        """Read rows until they have come twice the same; none where the device has nothing."""
        try:
            return twice(lambda: whole(ask, self.patience, lines_max=lines_max))
        except Refused as error:
            if error.fault is Fault.NO_DATA:
                return ()
            raise

    def _z_of(self, number: int) -> int:
        documents, z_number = self._day
        if number in documents:
            return z_number
        made = self._z_made()
        z_number = 1 + bisect_left(range(1, made + 1), number, key=self._ends)
        begin = self._ends(z_number - 1) + 1 if z_number > 1 else 1
        stop = self._ends(z_number) if z_number <= made else self._last()
        self._day = range(begin, stop + 1), z_number
        if number not in self._day[0]:
            _no_data(f"document {number} is of no day that the JE has")
        return z_number

    def _ends(self, z_number: int) -> int:
        """Return the number of the Z report's document; 0: before what the JE has."""
        found = self._rows(ZS, z_number)
        return found[0] if found else 0

    def _date(self, number: int) -> date:
        """Return the day of a document, or of the next one that is there."""
        for place in range(number, min(number + GAP_MAX, self._last() + 1)):
            if found := self._rows(DOCUMENTS, place):
                return date.fromisoformat(iso_time(found[1])[:10])
        if number == 1 or self._rows(DOCUMENTS, 1) is None:
            return date.min  # before what the JE has
        _no_data(f"the JE has no document from {number} to {number + GAP_MAX - 1}")

    def _last(self) -> int:
        return self._talk.read(LAST_DOCUMENT, "", lambda fields: integer(fields[0]))

    def _need_je(self) -> None:
        if not self._has_je:
            no_such("JE")


def _no_data(doing: str) -> NoReturn:
    raise Refused(Fault.NO_DATA, device_code="", doing=doing)
