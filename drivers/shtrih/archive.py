"""The archive of a Shtrih-M device: its electronic journal (JE), read as streams of text lines.

B4 z           what a day holds: the JE knows documents only by their day, so a day is one here
B9 0|1 z z     the day totals from Z to Z, brief or whole: what stands for the fiscal memory, whose
B8 0|1 d d     own report is only printed, with the inspector's password; the same by dates
then B3        the next line, again and again, until A9 (no more data); AC breaks it off

B3 has no number: a line that is asked for twice may be another one. So it is never asked twice; a
stream that breaks is broken off and begun again, and what was told stays told only if it comes
again byte for byte. What a line looks like is not public, and free text does not stand there as far
as is known: no proof of a receipt is drawn from it. Unverified on hardware, all of it.
"""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from datetime import date

from drivers.archive import (
    WHOLE_DAY,
    ArchivedDocument,
    DateSpan,
    JeSpan,
    MemorySpan,
    Patience,
    Unhurried,
)
from drivers.archive_stream import again, too_long
from drivers.errors import ContactLost, Refused
from drivers.faults import Fault
from drivers.je import Trace
from drivers.shtrih.reports import ShtrihReports
from drivers.shtrih.talk import JE, ShtrihTalk, le

NEXT_LINE, DAY, BY_DATES, BY_NUMBERS, BREAK_OFF = 0xB3, 0xB4, 0xB8, 0xB9, 0xAC
LINES_MAX = 65_536


class ShtrihArchive:
    """Reads the past of one device."""

    def __init__(self, talk: ShtrihTalk, reports: ShtrihReports) -> None:
        self._talk = talk
        self._reports = reports
        self.patience: Patience = Unhurried()
        self.by_day = True

    def fiscal_memory(self, span: MemorySpan, *, detailed: bool) -> Iterator[bytes]:
        command = BY_DATES if isinstance(span, DateSpan) else BY_NUMBERS
        if isinstance(span, DateSpan):
            between = _date(span.first) + _date(span.last)
        else:
            between = le(span.first, 2) + le(span.last, 2)
        yield from self._lines(command, bytes([detailed]) + between)

    def find(self, span: JeSpan) -> range:
        """Say which days; those of dates only the device's own totals could tell."""
        if isinstance(span, DateSpan):
            raise Refused(Fault.BAD_REQUEST, device_code="", doing="the JE by dates: say which Z")
        last = min(span.last, self._reports.full_status().z_number)
        return range(span.first, last + 1)

    def documents(self, numbers: Iterable[int]) -> Iterator[ArchivedDocument]:
        for number in numbers:
            self.patience.document()
            if lines := tuple(self._lines(DAY, le(number, 2))):
                yield ArchivedDocument(WHOLE_DAY, f"{DAY:02X}", Trace(0, number, number, ""), lines)

    def _lines(self, command: int, data: bytes) -> Iterator[bytes]:
        return again(lambda: self._stream(command, data))

    def _stream(self, command: int, data: bytes) -> Iterator[bytes]:
        """The lines, after an answer about the whole; none where there is no data."""
        open_ = True
        try:
            self._talk.do(command, data, budget=JE)
            for _ in range(LINES_MAX):
                self.patience.line()
                yield self._talk.do(NEXT_LINE, budget=JE).split(b"\0")[0].rstrip()
            too_long(LINES_MAX)
        except Refused as error:
            open_ = error.fault is Fault.RESULT_TOO_LARGE
            if error.fault is not Fault.NO_DATA:
                raise
        finally:
            if open_:
                with suppress(Refused, ContactLost):
                    self._talk.do(BREAK_OFF)


def _date(day: date) -> bytes:
    return bytes([day.day, day.month, day.year % 100])
