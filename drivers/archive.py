"""What a device remembers of its past, read line by line: the fiscal memory (MF) and the JE.

    ZSpan(3, 7) | DateSpan(...)    --fiscal_memory-->  the lines of the device's own report
    the same, or DocumentSpan      --find-->           the numbers of documents in the JE
    those numbers                  --documents-->      each whole, with its header

Lines are bytes, as the device has them: which code page it writes is not for the archive to say.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from drivers.errors import no_such
from drivers.je import Trace


@dataclass(frozen=True, slots=True)
class ZSpan:
    """From one Z report to another, both included."""

    first: int
    last: int


@dataclass(frozen=True, slots=True)
class DateSpan:
    """From one day of the device's clock to another, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class DocumentSpan:
    """From one document of the JE to another, both included."""

    first: int
    last: int


MemorySpan = ZSpan | DateSpan
JeSpan = ZSpan | DateSpan | DocumentSpan


@dataclass(frozen=True, slots=True)
class MemoryReading:
    """A report of the fiscal memory: a block for each Z, or only the sums."""

    span: MemorySpan
    detailed: bool = False


@dataclass(frozen=True, slots=True)
class JeReading:
    """Documents of the electronic journal."""

    span: JeSpan


WHOLE_DAY = "day"


@dataclass(frozen=True, slots=True)
class ArchivedDocument:
    """A document as the JE keeps it. `type_code` is the maker's; `kind` is ours, or "other".

    WHOLE_DAY: all documents of a day, one behind the other; what they are is not told.
    """

    kind: str
    type_code: str
    trace: Trace
    lines: tuple[bytes, ...]


class Patience(Protocol):
    """Asked while the archive is read; what it raises ends the reading there."""

    def document(self) -> None:
        """Before each document: here nothing is lost by leaving."""
        ...

    def line(self) -> None:
        """Before each line: what was read of its document has to be read again."""
        ...


class Unhurried:
    """The patience of somebody for whom nothing waits."""

    def document(self) -> None:
        return

    def line(self) -> None:
        return


class Archive(Protocol):
    """Reads the past. Changes nothing, prints nothing; the order of its requests is its own.

    No other request may go to the device between two steps of one iterator; an iterator that is
    left can be asked for again.
    """

    patience: Patience
    by_day: bool
    """The JE knows whole days only: the number of a document is its Z, and an open day grows."""

    def fiscal_memory(self, span: MemorySpan, *, detailed: bool) -> Iterator[bytes]:
        """Read a report of the fiscal memory; no line where the span holds nothing."""
        ...

    def find(self, span: JeSpan) -> range:
        """Say which documents the JE has of a span; some numbers of it may be missing."""
        ...

    def documents(self, numbers: Iterable[int]) -> Iterator[ArchivedDocument]:
        """Read these documents, each whole; those that the JE does not have are left out.

        A reading that is left in its midst, and asked for again, goes on where it was.
        """
        ...


class NoArchive:
    """The archive of a device that is not read, or not yet: the last line behind its feature."""

    def __init__(self) -> None:
        self.patience: Patience = Unhurried()
        self.by_day = False

    def forget(self) -> None:
        """Another device may answer from now on."""

    def fiscal_memory(self, span: MemorySpan, *, detailed: bool) -> Iterator[bytes]:
        no_such(f"fiscal memory, {span}")

    def find(self, span: JeSpan) -> range:
        no_such(f"JE, {span}")

    def documents(self, numbers: Iterable[int]) -> Iterator[ArchivedDocument]:
        no_such("JE")
