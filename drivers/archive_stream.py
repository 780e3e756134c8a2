"""Lines that come one behind the other, read until they have come whole; and documents kept.

a, b, c, silence      broken: begun again
a, b, c, d, end       whole: what had come before came again, byte for byte
a, x                  another line: it is begun again, and in the end not believed

A stream cannot be asked for its third line: what breaks begins again at the first.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NoReturn

from drivers.archive import ArchivedDocument, Patience
from drivers.errors import ContactLost, Refused
from drivers.faults import Fault

TRIES_MAX = 3
KEPT_MAX = 2_000

Take = Callable[[bytes], None]
Lines = tuple[bytes, ...]


class _Told:
    """What the tries have brought so far, and how far this one has come."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []
        self.place = 0

    def take(self, line: bytes) -> bool:
        """Take the next line; say whether no try before has brought it.

        Raises:
            ContactLost: a try before brought another one there.
        """
        place, self.place = self.place, self.place + 1
        if place == len(self.lines):
            self.lines.append(line)
            return True
        if self.lines[place] != line:
            raise ContactLost(f"begun again, line {place + 1} is another")
        return False

    def need_all(self) -> None:
        if self.place < len(self.lines):
            raise ContactLost(f"begun again, it ends after line {self.place}")


def again(stream: Callable[[], Iterator[bytes]]) -> Iterator[bytes]:
    """Read a stream line by line, each told once; begun again where an answer was lost.

    Raises:
        ContactLost: it broke again and again, or came another time with other lines.
    """
    told = _Told()
    for tries_left in reversed(range(TRIES_MAX)):
        told.place = 0
        try:
            for line in stream():
                if told.take(line):
                    yield line
            told.need_all()
        except ContactLost:
            if not tries_left:
                raise
        else:
            return


def whole(stream: Callable[[Take], None], patience: Patience, *, lines_max: int) -> Lines:
    """Read a stream to its end; `stream` asks for it and gives each line to what it is given.

    Raises:
        ContactLost: as `again`.
        Refused: the device said no, or there are too many lines.
    """
    told = _Told()

    def take(line: bytes) -> None:
        patience.line()
        if told.place == lines_max:
            too_long(lines_max)
        told.take(line)

    for tries_left in reversed(range(TRIES_MAX)):
        told.place = 0
        try:
            stream(take)
            told.need_all()
        except ContactLost:
            if not tries_left:
                raise
        else:
            break
    return tuple(told.lines)


def too_long(lines_max: int) -> NoReturn:
    """Refuse what does not end.

    Raises:
        Refused: always.
    """
    raise Refused(Fault.RESULT_TOO_LARGE, device_code="", doing=f"above {lines_max} lines")


def twice(read: Callable[[], Lines]) -> Lines:
    """Read what has no checksum until it comes twice the same.

    Raises:
        ContactLost: it never does.
    """
    last = read()
    for _ in range(TRIES_MAX):
        again = read()
        if again == last:
            return again
        last = again
    raise ContactLost("it was read again and again, and is never the same")


class KeptDocuments:
    """The documents of a reading that was left, for when it is asked for again."""

    def __init__(self) -> None:
        self._documents: dict[int, ArchivedDocument] = {}

    def read(
        self,
        numbers: Iterable[int],
        document: Callable[[int], ArchivedDocument | None],
        patience: Callable[[], Patience],
    ) -> Iterator[ArchivedDocument]:
        """Read these; what is kept of the reading before is not read again."""
        kept, self._documents = self._documents, {}
        given: dict[int, ArchivedDocument] = {}
        try:
            for number in numbers:
                patience().document()
                found = kept.get(number) or document(number)
                if found is not None:
                    if len(given) < KEPT_MAX:
                        given[number] = found
                    yield found
            given = {}
        finally:
            self._documents = given

    def forget(self) -> None:
        self._documents = {}
