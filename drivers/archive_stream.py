"""Lines that come one behind the other, read until they have come whole; and documents kept.

a, b, c, silence      broken: begun again
a, b, c, d, end       whole: what had come before came again, byte for byte
a, x                  another line: it is begun again, and in the end not believed

A stream cannot be asked for its third line: what breaks begins again at the first.
"""

from collections.abc import Callable, Iterable, Iterator

from drivers.archive import ArchivedDocument, Patience
from drivers.errors import ContactLost, Refused
from drivers.faults import Fault

TRIES_MAX = 3
KEPT_MAX = 2_000

Take = Callable[[bytes], None]
Lines = tuple[bytes, ...]


class _Taken:
    """The lines of one try, compared with those of the try before it."""

    def __init__(self, before: list[bytes], patience: Patience, lines_max: int) -> None:
        self.lines: list[bytes] = []
        self._before = before
        self._patience = patience
        self._lines_max = lines_max

    def take(self, line: bytes) -> None:
        self._patience.line()
        place = len(self.lines)
        if place == self._lines_max:
            doing = f"above {self._lines_max} lines"
            raise Refused(Fault.RESULT_TOO_LARGE, device_code="", doing=doing)
        if place < len(self._before) and self._before[place] != line:
            raise ContactLost(f"begun again, line {place + 1} is another")
        self.lines.append(line)

    def need_all(self) -> None:
        if len(self.lines) < len(self._before):
            raise ContactLost(f"begun again, it ends after line {len(self.lines)}")


def whole(stream: Callable[[Take], None], patience: Patience, *, lines_max: int) -> Lines:
    """Read a stream to its end; `stream` asks for it and gives each line to what it is given.

    Raises:
        ContactLost: it broke again and again, or came another time with other lines.
        Refused: the device said no, or there are too many lines.
    """
    before: list[bytes] = []
    for tries_left in reversed(range(TRIES_MAX)):
        taken = _Taken(before, patience, lines_max)
        try:
            stream(taken.take)
            taken.need_all()
        except ContactLost:
            if not tries_left:
                raise
            before = max(before, taken.lines, key=len)
        else:
            break
    return tuple(taken.lines)


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


class Kept:
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
