"""The archive of a Datecs X device: its fiscal memory (94, 95) and its JE (124, 125) [datecs.md 4].

    95  10, 3, 7        report of Z 3..7 "to PC" (11: detailed)   94 the same by date, DD-MM-YY
    95  3, "", ""       the next line of it, until -100003
    124 Start, End, 0   which documents the JE has of that time
    125 0, 41, 0        choose a document; it answers with its header
    125 1, "", ""       the next line of it, until -100003

"The next line" is counted by the device: an answer that was lost took its line with it. So no such
request is repeated; after silence the whole is begun again, and what was told stays told only if it
comes again byte for byte. A Z report has no index in the JE; its documents are found by halving.

Unverified on hardware: all of it; that the document numbers of 124 are those of 125 and of nBon.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from drivers.archive import (
    ArchivedDocument,
    DateSpan,
    DocumentSpan,
    JeSpan,
    MemorySpan,
    Patience,
    Unhurried,
    ZSpan,
)
from drivers.archive_stream import TRIES_MAX, KeptDocuments, again, too_long
from drivers.datecs_x.codes import END_OF_DATA, JE_FIND, JE_READ
from drivers.datecs_x.fields import je_header, je_numbers
from drivers.datecs_x.talk import DatecsTalk
from drivers.errors import ContactLost, Refused
from drivers.faults import Fault
from drivers.je import Trace
from protocol.isl_exchange import LONG

MEMORY_BY_DATE, MEMORY_BY_Z = 94, 95
SHORT, DETAILED, NEXT_MEMORY_LINE = 10, 11, 3  # Type of 94 and 95: to PC
CHOOSE, NEXT_JE_LINE, ANY_TYPE = 0, 1, 0  # of 125

MEMORY_LINES_MAX, DOCUMENT_LINES_MAX = 65_536, 10_000
GAP_MAX = 8  # numbers without a document, one behind the other
ON_WIRE, DAY_BEGINS, DAY_ENDS = "%d-%m-%y", "00:00:00", "23:59:59"
KINDS = {  # types of 125, the Bulgarian list
    "1": "receipt",
    "2": "z_report",
    "3": "receipt",
    "4": "slip",
    "5": "cash",
    "6": "storno",
    "7": "storno",  # of an invoice
    "8": "cancelled",
    "9": "x_report",
}


class DatecsArchive:
    """Reads the past of one device."""

    def __init__(self, talk: DatecsTalk) -> None:
        self._talk = talk
        self._kept = KeptDocuments()
        self.patience: Patience = Unhurried()
        self.by_day = False

    def fiscal_memory(self, span: MemorySpan, *, detailed: bool) -> Iterator[bytes]:
        return again(lambda: self._report(span, DETAILED if detailed else SHORT))

    def find(self, span: JeSpan) -> range:
        match span:
            case DateSpan(first, last):
                begin, end = f"{_day(first)} {DAY_BEGINS}", f"{_day(last)} {DAY_ENDS}"
                return self._numbers(begin, end)
            case DocumentSpan(first, last):
                held = self._numbers("", "")
                return range(max(first, held.start), min(last + 1, held.stop))
            case ZSpan(first, last):
                held = self._numbers("", "")
                begins = [
                    held.start + bisect_left(held, z, key=lambda number: self._z(number, held))
                    for z in (first, last + 1)
                ]
                return range(*begins)

    def documents(self, numbers: Iterable[int]) -> Iterator[ArchivedDocument]:
        return self._kept.read(numbers, self._document, lambda: self.patience)

    def forget(self) -> None:
        """Another device may answer from now on."""
        self._kept.forget()

    # the pieces

    def _report(self, span: MemorySpan, type_: int) -> Iterator[bytes]:
        match span:
            case DateSpan(first, last):
                asked = MEMORY_BY_DATE, type_, _day(first), _day(last)
            case ZSpan(first, last):
                asked = MEMORY_BY_Z, type_, f"{first}", f"{last}"
        try:
            self._talk.do(*asked, budget=LONG, repeatable=True)
        except Refused as error:
            if error.fault is Fault.NO_DATA:
                return
            raise
        command = asked[0]
        yield from self._lines(
            lambda: self._talk.rest(command, NEXT_MEMORY_LINE, "", ""), MEMORY_LINES_MAX
        )

    def _document(self, number: int) -> ArchivedDocument | None:
        for tries_left in reversed(range(TRIES_MAX)):
            try:
                chosen = self._choose(number)
                if chosen is None:
                    return None
                lines = tuple(
                    self._lines(
                        lambda: self._talk.rest(JE_READ, NEXT_JE_LINE, "", ""),
                        DOCUMENT_LINES_MAX,
                    )
                )
                code, trace = chosen
                return ArchivedDocument(KINDS.get(code, "other"), code, trace, lines)
            except ContactLost:
                if not tries_left:
                    raise
        return None

    def _lines(self, ask: Callable[[], bytes], lines_max: int) -> Iterator[bytes]:
        for _ in range(lines_max):
            self.patience.line()
            try:
                line = ask()
            except Refused as error:
                if error.device_code != END_OF_DATA:
                    raise
                return
            yield line
        too_long(lines_max)

    def _choose(self, number: int) -> tuple[str, Trace] | None:
        """Return type and header of a document; None: the JE does not have it."""
        try:
            chosen = self._talk.read(JE_READ, CHOOSE, number, ANY_TYPE, read=je_header)
        except Refused as error:
            if error.fault is Fault.NO_DATA:
                return None
            raise
        if (there := chosen[1].document_number) != number:  # a JE that is numbered otherwise
            doing = f"document {number} is {there} in the JE"
            raise Refused(Fault.DEVICE_ERROR, device_code="", doing=doing)
        return chosen

    def _numbers(self, begin: str, end: str) -> range:
        try:
            return self._talk.read(JE_FIND, begin, end, ANY_TYPE, read=je_numbers)
        except Refused as error:
            if error.fault is Fault.NO_DATA:
                return range(0)
            raise

    def _z(self, number: int, held: range) -> int:
        """Return the Z number of a document, or of the next one that is there."""
        for place in range(number, min(number + GAP_MAX, held.stop)):
            chosen = self._choose(place)
            if chosen is not None:
                return chosen[1].z_number
        doing = f"the JE has no document from {number} to {number + GAP_MAX - 1}"
        raise Refused(Fault.NO_DATA, device_code="", doing=doing)


def _day(day: date) -> str:
    return day.strftime(ON_WIRE)
