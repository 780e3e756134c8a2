"""How long the archive may be read before something else goes first.

A sale in the queue ends a reading within one line; so does the end of a slice of time, so that a
loop that reads for an hour is not taken for one that hangs. What was read is not read again.
"""

from collections.abc import Callable

from drivers.clock import Clock
from drivers.errors import Refused
from drivers.faults import Fault

SLICE_S = 60.0
WHOLE_S_MAX = 840.0  # of what cannot be cut: below what the health takes for a loop that hangs


class GaveWay(Exception):
    """The reading was left in its midst; it goes on later."""


class Patience:
    """Asked before every line. `waits`: is there something that goes before any reading?"""

    def __init__(self, clock: Clock, waits: Callable[[], bool]) -> None:
        self._clock = clock
        self._waits = waits
        self._begun_s = 0.0
        self._slice_s: float | None = None  # since its first document: each slice has one at least

    def begin(self) -> None:
        self._begun_s, self._slice_s = self._clock.monotonic_s(), None

    def document(self) -> None:
        """Let the next document be read.

        Raises:
            GaveWay: something has to be printed, or the slice is over.
        """
        self._give_way()
        now_s = self._clock.monotonic_s()
        if self._slice_s is None:
            self._slice_s = now_s
        if now_s - self._slice_s > SLICE_S:
            raise GaveWay("the slice is over")

    def line(self) -> None:
        """Let the next line be read.

        Raises:
            GaveWay: something has to be printed.
            Refused: one document, or one report of the fiscal memory, takes too long.
        """
        self._give_way()
        if self._clock.monotonic_s() - self._begun_s > WHOLE_S_MAX:
            raise Refused(Fault.RESULT_TOO_LARGE, device_code="", doing="it takes too long")

    def _give_way(self) -> None:
        if self._waits():
            raise GaveWay("a command that prints waits")
