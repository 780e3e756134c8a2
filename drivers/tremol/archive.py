"""The archive of a Tremol device: streams of text lines, each ending with "@" [2.7].

78 from;to;8    7A from;to;8    the fiscal memory in detail, by Z or by date DDMMYY, to the PC
79 from;to;8    7B from;to;8    the same in brief; without the 8 all four only print
7C J0;Z;z;z                     the JE of a day, to the PC: a day is one document here
5A 1;day   5A 2;day             the first and the last Z of a date (Romania)

J0;N knows fiscal receipts alone, so only whole days hold everything. A stream comes by itself, line
behind line, and nothing known ends it: who leaves one lets the rest go by before anything else is
asked, so a sale may wait for the rest of a day. One that breaks is begun again and has to come
again byte for byte. Only closed days are read.

Unverified on hardware: all of it; that a day which the JE does not have is refused with 30 32, or
comes empty; what 5A says of a date without a Z.
"""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import NoReturn

from drivers.archive import (
    WHOLE_DAY,
    ArchivedDocument,
    DateSpan,
    JeSpan,
    MemorySpan,
    Patience,
    Unhurried,
)
from drivers.archive_stream import Lines, whole
from drivers.capabilities import Told
from drivers.errors import Refused
from drivers.faults import Fault
from drivers.je import Trace
from drivers.tremol.dialects import Dialect
from drivers.tremol.talk import NOTHING_OPEN_NOT_LEGAL, TremolTalk
from protocol.fields import integer

BY_Z = {True: 0x78, False: 0x79}  # in detail, in brief
BY_DATE = {True: 0x7A, False: 0x7B}
JE, Z_OF_DATE, LAST_Z = 0x7C, 0x5A, 0x73
FIRST, LAST = 1, 2  # of 5A
TO_PC = "8"
LINES_MAX = 65_536
DAYS_MAX = 400  # looked through for a Z


class TremolArchive:
    """Reads the past of one device."""

    def __init__(self, talk: TremolTalk, dialect: Dialect) -> None:
        self._talk = talk
        self._dialect = dialect
        self.patience: Patience = Unhurried()
        self.by_day = True

    def fiscal_memory(self, span: MemorySpan, *, detailed: bool) -> Iterator[bytes]:
        if isinstance(span, DateSpan):
            command, ends = BY_DATE[detailed], f"{_day(span.first)};{_day(span.last)}"
        else:
            command, ends = BY_Z[detailed], f"{span.first:04d};{span.last:04d}"
        yield from self._lines(command, f"{ends};{TO_PC}")

    def find(self, span: JeSpan) -> range:
        if isinstance(span, DateSpan):
            return self._of_dates(span)
        made = self._talk.read(LAST_Z, read=lambda fields: integer(fields[1]))
        return range(span.first, min(span.last, made) + 1)

    def documents(self, numbers: Iterable[int]) -> Iterator[ArchivedDocument]:
        for number in numbers:
            self.patience.document()
            if lines := self._lines(JE, f"J0;Z;{number:04d};{number:04d}"):
                yield ArchivedDocument(WHOLE_DAY, f"{JE:02X}", Trace(0, number, number, ""), lines)

    def _lines(self, command: int, data: str) -> Lines:
        try:
            return whole(
                lambda take: self._talk.stream(command, data, take),
                self.patience,
                lines_max=LINES_MAX,
            )
        except Refused as error:
            if error.device_code == NOTHING_OPEN_NOT_LEGAL:
                return ()
            raise

    def _of_dates(self, span: DateSpan) -> range:
        if Told.JE_BY_DATE in self._dialect.untold:
            _refuse(Fault.BAD_REQUEST, "the JE by dates: say which Z")
        days = (span.last - span.first).days + 1
        if days > DAYS_MAX:
            what = f"the JE of {days} days: {DAYS_MAX} at most, or say which Z"
            _refuse(Fault.RESULT_TOO_LARGE, what)
        dates = [span.first + timedelta(days=number) for number in range(days)]
        first = next(filter(None, (self._z_of(FIRST, day) for day in dates)), 0)
        if not first:
            return range(0)
        found = filter(None, (self._z_of(LAST, day) for day in reversed(dates)))
        return range(first, next(found, first) + 1)

    def _z_of(self, which: int, day: date) -> int:
        """Return the first or the last Z of a date; 0: there is none."""
        try:
            told = f"{which};{_day(day)}"
            return self._talk.read(Z_OF_DATE, told, read=lambda fields: integer(fields[-1]))
        except Refused as error:
            if error.device_code == NOTHING_OPEN_NOT_LEGAL:
                return 0
            raise


def _day(day: date) -> str:
    return day.strftime("%d%m%y")


def _refuse(fault: Fault, doing: str) -> NoReturn:
    raise Refused(fault, device_code="", doing=doing)
