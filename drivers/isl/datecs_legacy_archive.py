"""The JE of the Datecs devices before the X series; of their fiscal memory only paper comes.

Registers (group B)                       Printers (group A)
124 D,0,day,day   which documents         119 I           which Zs the JE has: P,size,used,Z,Z,..
124 Z,0,z,z       the same by Z           119 R,#A,*z,k   the k-th document of a Z: its first line
124 I             which the JE has        119 N           the next line, until F
125 0,n,0         P,number,when,kind,Z    *,              between documents: no line
125 1             the next line, until F

"The next line" is counted by the device: such a request is never repeated, and after silence the
document is begun again. A printer tells neither the kind nor the number of a document beside its
text, so there a day is one document here; 73, 79, 94 and 95 print the fiscal memory, and 114 tells
single sums of it, which is no report.

Unverified on hardware: all of it; that 124 I counts the newest document; that the k of *z,k begins
at 1 and has no holes longer than eight.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from drivers.archive import (
    WHOLE_DAY,
    ArchivedDocument,
    DateSpan,
    DocumentSpan,
    JeSpan,
    NoArchive,
    ZSpan,
)
from drivers.archive_stream import TRIES_MAX, KeptDocuments, Lines, too_long
from drivers.errors import ContactLost, Refused
from drivers.faults import Fault
from drivers.isl.fields import need_passed
from drivers.isl.talk import IslTalk
from drivers.je import Trace
from protocol.fields import integer

JE_BY_TEXT, JE_FIND, JE_BY_NUMBER = 119, 124, 125
NEXT_TEXT, NEXT_LINE = "N", "1"
LINE, DOCUMENT_ENDS, NO_MORE = b"P", b"*", b"F"
DOCUMENT_LINES_MAX, DAY_DOCUMENTS_MAX, DAY_LINES_MAX = 10_000, 9_999, 65_536
GAP_MAX = 8  # documents of a day that are not there, one behind the other: the day is over
HELD = 9, 10  # fields of 124 I
HELD_ZS = 3, 4  # of 119 I
CANCELLED = re.compile(r"^\W*(BON )?ANULAT\W*$", re.MULTILINE)  # 125 has no kind for it
KINDS = {  # of 125
    "1": "receipt",
    "2": "z_report",
    "3": "cash",
    "4": "cash",
    "5": "x_report",
    "6": "slip",
    "7": "receipt",
    "8": "storno",
    "9": "storno",
}


class RegisterArchive(NoArchive):
    """Reads the JE of a register, document by document."""

    def __init__(self, talk: IslTalk, z_made: Callable[[], int]) -> None:
        super().__init__()
        self._talk = talk
        self._z_made = z_made
        self._kept = KeptDocuments()

    def find(self, span: JeSpan) -> range:
        match span:
            case DateSpan(first, last):
                return self._found(f"D,0,{_day(first)},{_day(last)}")
            case DocumentSpan(first, last):
                held = self._held()
                return range(max(first, held.start), min(last + 1, held.stop))
            case ZSpan(first, last):
                return self._of_zs(first, last)

    def documents(self, numbers: Iterable[int]) -> Iterator[ArchivedDocument]:
        return self._kept.read(numbers, self._document, lambda: self.patience)

    def forget(self) -> None:
        self._kept.forget()

    def _of_zs(self, first: int, last: int) -> range:
        """Only closed days are asked for by their Z: behind the last of them is the open one."""
        made = self._z_made()
        found = self._found(f"Z,0,{first},{min(last, made)}") if first <= made else range(0)
        if last <= made:
            return found
        held = self._held()
        if found or first > made + 1:
            return range(found.start, held.stop) if found else range(0)
        before = self._found(f"Z,0,{made},{made}") if made else range(0)
        return range(before.stop or held.start, held.stop)

    def _found(self, what: str) -> range:
        """124: P, first, last; F or 0 where there is none."""
        fields = self._talk.read(JE_FIND, what, list)
        if fields[0] != "P":
            return range(0)
        return _numbers(fields[1], fields[2])

    def _held(self) -> range:
        def read(fields: list[str]) -> range:
            told = need_passed(JE_FIND, fields, Fault.NO_DATA)
            first, last = (told[place - 1] for place in HELD)
            return _numbers(first, last)

        return self._talk.read(JE_FIND, "I", read)

    def _document(self, number: int) -> ArchivedDocument | None:
        for tries_left in reversed(range(TRIES_MAX)):
            try:
                fields = self._talk.read(JE_BY_NUMBER, f"0,{number},0", list)
                if fields[0] != "P":
                    return None
                return self._read(number, *fields[1:5])
            except ContactLost:
                if not tries_left:
                    raise
        return None

    def _read(self, number: int, there: str, at: str, code: str, z: str) -> ArchivedDocument:
        if integer(there) != number:  # a JE that is numbered otherwise
            doing = f"document {number} is {there} in the JE"
            raise Refused(Fault.DEVICE_ERROR, device_code="", doing=doing)
        lines: list[bytes] = []
        for _ in range(DOCUMENT_LINES_MAX):
            self.patience.line()
            line = _line(self._talk.raw(JE_BY_NUMBER, NEXT_LINE, repeatable=False))
            if line is None:
                break
            lines.append(line)
        else:
            too_long(DOCUMENT_LINES_MAX)
        kind = KINDS.get(code, "other")
        if kind == "receipt" and CANCELLED.search(b"\n".join(lines).decode("latin-1")):
            kind = "cancelled"
        return ArchivedDocument(kind, code, Trace(0, number, integer(z), at), tuple(lines))


class PrinterArchive(NoArchive):
    """Reads the JE of a printer, a day as one document; what was read of a day is kept."""

    def __init__(self, talk: IslTalk, z_made: Callable[[], int]) -> None:
        super().__init__()
        self.by_day = True
        self._talk = talk
        self._z_made = z_made
        self._left: tuple[int, list[Lines]] = (0, [])  # a day, and its documents so far

    def find(self, span: JeSpan) -> range:
        """Say which closed days; those of dates only their text could tell."""
        if isinstance(span, DateSpan):
            raise Refused(Fault.BAD_REQUEST, device_code="", doing="the JE by dates: say which Z")

        def read(fields: list[str]) -> range:
            told = need_passed(JE_BY_TEXT, fields, Fault.NO_DATA)
            first, last = (told[place - 1] for place in HELD_ZS)
            return _numbers(first, last)

        held = self._talk.read(JE_BY_TEXT, "I", read)
        return range(max(span.first, held.start), min(span.last, self._z_made()) + 1)

    def documents(self, numbers: Iterable[int]) -> Iterator[ArchivedDocument]:
        for number in numbers:
            self.patience.document()
            if lines := self._day(number):
                kind = f"{JE_BY_TEXT}"
                yield ArchivedDocument(WHOLE_DAY, kind, Trace(0, number, number, ""), lines)
        self.forget()

    def forget(self) -> None:
        self._left = 0, []

    def _day(self, z_number: int) -> Lines:
        if self._left[0] != z_number:
            self._left = z_number, []
        read, missing = self._left[1], 0
        for place in range(len(read) + 1, DAY_DOCUMENTS_MAX + 1):
            lines = self._document(z_number, place)
            read.append(lines)  # an empty one too: the next has its own place
            missing = 0 if lines else missing + 1
            if missing == GAP_MAX:
                break
            if sum(map(len, read)) > DAY_LINES_MAX:
                too_long(DAY_LINES_MAX)
        return tuple(line for lines in read for line in lines)

    def _document(self, z_number: int, place: int) -> Lines:
        for tries_left in reversed(range(TRIES_MAX)):
            try:
                return tuple(self._lines(f"R,#A,*{z_number},{place}"))
            except ContactLost:
                if not tries_left:
                    raise
        return ()

    def _lines(self, begin: str) -> Iterator[bytes]:
        self.patience.line()
        told = self._talk.raw(JE_BY_TEXT, begin, repeatable=True)
        for _ in range(DOCUMENT_LINES_MAX):
            if told[:1] != DOCUMENT_ENDS:
                line = _line(told)
                if line is None:
                    return
                yield line
            self.patience.line()
            told = self._talk.raw(JE_BY_TEXT, NEXT_TEXT, repeatable=False)
        too_long(DOCUMENT_LINES_MAX)


def _line(told: bytes) -> bytes | None:
    """P,text; None: F, there are no more."""
    if told[:1] == NO_MORE:
        return None
    if told[:1] != LINE:
        raise ContactLost(f"{told!r} is no line of the JE")
    return told[2:]


def _numbers(first: str, last: str) -> range:
    numbers = range(integer(first), integer(last) + 1)
    return numbers if numbers.start else range(0)


def _day(day: date) -> str:
    return day.strftime("%d%m%y")
