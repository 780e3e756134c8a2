"""Far ends of a cable that are no Datecs X printer: over a real pseudo-terminal, or in memory.

    with FarEnd(nak) as path: ...        a thread answers at the other end of /dev/pts/N
    MemoryCable(silent, clock)           the same answers without waiting: the clock jumps

An answer is a function from the bytes that came to the bytes that go back.
"""

import os
import select
import threading
import tty
from collections.abc import Callable

from drivers.errors import ContactLost, NotStarted

Answer = Callable[[bytes], bytes]
SYN_INTERVAL_S = 0.02
WAIT_S = 5.0

LEGACY_STATUS = bytes.fromhex("80 80 80 80 86 9A")
LEGACY_UNKNOWN = bytes.fromhex("82 80 80 80 86 9A")  # 0.1: no such command
LEGACY_WORDS = b"FP-700,1.00BG 25Mar20 1000,FFFF,00000000,DT123456,02123456"


def silent(_data: bytes) -> bytes:
    return b""


def echo(data: bytes) -> bytes:
    return data


def nak(_data: bytes) -> bytes:
    return b"\x15"


def garbage(_data: bytes) -> bytes:
    return b"\xfe\x00\xe6\x78"


def busy(_data: bytes) -> bytes:
    return b"\x16"


class Legacy:
    """A legacy ISL device of few words: takes the length from its one LEN byte, whatever comes."""

    def __init__(self, words: bytes = LEGACY_WORDS) -> None:
        self._words = words
        self._buffer = b""

    def __call__(self, data: bytes) -> bytes:
        if not self._buffer and data[:1] != b"\x01":
            return b""
        self._buffer += data
        if len(self._buffer) < 2 or len(self._buffer) < self._buffer[1] - 0x20 + 6:
            return b""
        frame, self._buffer = self._buffer, b""
        body, digits = frame[1:-5], frame[-5:-1]
        if digits != bytes(0x30 + (sum(body) >> shift & 0xF) for shift in (12, 8, 4, 0)):
            return b"\x16\x15"
        known = {74: LEGACY_STATUS, 90: self._words}
        status = LEGACY_STATUS if body[2] in known else LEGACY_UNKNOWN
        said = known.get(body[2], b"")
        answer = bytes([body[1], body[2]]) + said + b"\x04" + status + b"\x05"
        answer = bytes([0x21 + len(answer)]) + answer
        total = bytes(0x30 + (sum(answer) >> shift & 0xF) for shift in (12, 8, 4, 0))
        return b"\x01" + answer + total + b"\x03"


class FarEnd:
    """A thread at the master's end; `idle` is said again and again without being asked."""

    def __init__(self, answer: Answer, *, idle: bytes = b"") -> None:
        self._answer = answer
        self._idle = idle
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self._stop_read, self._stop = os.pipe()
        self._thread = threading.Thread(target=self._serve)

    def __enter__(self) -> str:
        self._thread.start()
        return os.ttyname(self._slave)

    def __exit__(self, *_: object) -> None:
        os.write(self._stop, b"!")
        self._thread.join(WAIT_S)
        for file in (self._master, self._slave, self._stop_read, self._stop):
            os.close(file)

    def _serve(self) -> None:
        stopped = False
        while not stopped:
            files = [self._stop_read, self._master]
            ready = select.select(files, [], [], SYN_INTERVAL_S if self._idle else None)[0]
            stopped = self._stop_read in ready
            data = os.read(self._master, 4096) if self._master in ready else b""
            self._say(self._answer(data) if data else self._idle)

    def _say(self, data: bytes) -> None:
        try:
            os.write(self._master, data)
        except BlockingIOError:
            return  # nobody reads: lost, as on a wire


class JumpingClock:
    """Time passes only by waiting."""

    def __init__(self) -> None:
        self.at_s = 100.0

    def now_ms(self) -> int:
        return int(self.at_s * 1000)

    def monotonic_s(self) -> float:
        return self.at_s


class MemoryCable:
    """A Transport whose waits move the clock; `idle` comes, one byte at a time, for ever."""

    name = "memory"

    def __init__(
        self,
        answer: Answer,
        clock: JumpingClock,
        *,
        idle: bytes = b"",
        refuses: NotStarted | None = None,
        breaks: bool = False,
    ) -> None:
        self._answer = answer
        self._clock = clock
        self._idle = idle
        self._refuses = refuses
        self._breaks = breaks
        self._waiting = b""
        self.is_open = False
        self.sent: list[bytes] = []

    def open(self) -> None:
        if self._refuses:
            raise self._refuses
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def write(self, data: bytes) -> None:
        if self._breaks:
            raise ContactLost("memory: the line broke while writing")
        self.sent.append(data)
        self._waiting += self._answer(data)

    def read(self, timeout_s: float) -> bytes:
        data, self._waiting = self._waiting, b""
        if not data and self._idle:
            self._clock.at_s += SYN_INTERVAL_S
            return self._idle
        if not data:
            self._clock.at_s += timeout_s
        return data

    def discard(self) -> None:
        self._waiting = b""
