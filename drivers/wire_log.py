"""A Transport around a Transport that writes down every byte: to the log, and into a short memory.

    wire.till-1 DEBUG opened /dev/ttyUSB0 at 115200
    wire.till-1 DEBUG > 01 30 30 32 3B 23 ...         we sent
    wire.till-1 DEBUG < 16                            it sent

The log is at DEBUG only: receipt texts are in these bytes. The memory is for a support bundle.
Not thread-safe, but `records` may be called from another thread: it copies.
"""

import logging
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from drivers.clock import Clock, SystemClock
from drivers.transport import Transport

RECORDS_MAX = 1000
"""About 20 receipts; one record is one write, or one read of at most a few KB."""


class Direction(StrEnum):
    SENT = ">"
    RECEIVED = "<"


@dataclass(frozen=True, slots=True)
class Record:
    """Bytes that passed, and when (monotonic seconds)."""

    direction: Direction
    data: bytes
    at_s: float

    def __str__(self) -> str:
        return f"{self.direction} {_hex(self.data)}"


class WireLog:
    """A `Transport` that hands everything on unchanged."""

    def __init__(
        self, transport: Transport, log: logging.Logger, clock: Clock | None = None
    ) -> None:
        self._transport = transport
        self._log = log
        self._clock = clock or SystemClock()
        self._records: deque[Record] = deque(maxlen=RECORDS_MAX)

    @property
    def name(self) -> str:
        return self._transport.name

    @property
    def records(self) -> tuple[Record, ...]:
        """The last bytes that passed, oldest first."""
        return tuple(self._records.copy())

    def open(self) -> None:
        self._transport.open()
        self._log.debug("opened %s", self._transport.name)

    def write(self, data: bytes) -> None:
        # Before it is sent: if the cable breaks in it, these bytes are the ones to know.
        self._keep(Direction.SENT, data)
        self._transport.write(data)

    def read(self, timeout_s: float) -> bytes:
        data = self._transport.read(timeout_s)
        if data:
            self._keep(Direction.RECEIVED, data)
        return data

    def discard(self) -> None:
        self._transport.discard()

    def close(self) -> None:
        self._log.debug("closed %s", self._transport.name)
        self._transport.close()

    def _keep(self, direction: Direction, data: bytes) -> None:
        record = Record(direction, data, self._clock.monotonic_s())
        self._records.append(record)
        if self._log.isEnabledFor(logging.DEBUG):
            self._log.debug("%s", record)


def _hex(data: bytes) -> str:
    return data.hex(" ").upper()
