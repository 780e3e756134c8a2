"""Cables in memory: between a driver and a virtual printer's station, in no time at all.

    Cable             good: what is sent arrives; can be cut at the n-th write (`cut`)
    ByteByByte        the same bytes, one per read
    Lossy, Noisy      seeded: some bytes vanish; some are changed, some come out of nowhere
    Transcript        no printer: plays (sent, received...) pairs and accepts nothing else

A read that finds nothing moves the fake clock by its whole timeout, so hours of silence take none.
"""

import random
from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Protocol

from drivers.errors import ContactLost
from sandbox.printer.station import Station

TRANSCRIPTS = Path(__file__).parent / "transcripts"
BYTE_LOST = 1 / 600
BYTE_CHANGED = 1 / 900
BYTE_ADDED = 1 / 300


class FakeClock:
    """Time that passes only where a test, or a read in vain, lets it. SEQ begins at `seed`."""

    def __init__(self, seed: int = 0) -> None:
        self.now_s = 0.0
        self._seed = seed

    def now_ms(self) -> int:
        return self._seed

    def monotonic_s(self) -> float:
        return self.now_s

    def let_pass(self, seconds_s: float) -> None:
        self.now_s += seconds_s


class FarEnd(Protocol):
    """What a cable leads to."""

    station: Station
    clock: FakeClock

    def restart(self) -> None:
        """Power off and on: the device forgets the last frame it answered."""
        ...


class Cut(StrEnum):
    """What happens at a write, seen from the printer."""

    BEFORE = "it never arrives, and nothing after it"
    AFTER = "it is carried out, its answer and all others are lost"
    PULLED_BEFORE = "the port is gone before it"
    PULLED_AFTER = "it is carried out, then the port is gone"
    ONE_ANSWER = "it is carried out, only its answer is lost"
    RESTART = "it is carried out, then the printer restarts and forgets it"


class Cable:
    """A good one, until it is cut. `writes` are the frames sent since the last `cut`.

    Signs of a handshake between frames, which a far end may name, are no frames: they pass.
    """

    name = "a cable"

    def __init__(self, far_end: FarEnd, seed: int = 0) -> None:
        self._far_end = far_end
        self._random = random.Random(seed)
        self._came = b""
        self._cut: tuple[int, Cut] | None = None
        self._silent = self._pulled = self._restarts = False
        self.is_open = False
        self.writes: list[bytes] = []

    def cut(self, at: int | None, how: Cut = Cut.BEFORE) -> None:
        """Arm: it happens at that write from now, counted from 0; None: never."""
        self._cut = None if at is None else (at, how)
        self._silent = self._pulled = self._restarts = False
        self.writes = []

    def open(self) -> None:
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def discard(self) -> None:
        self._need_port()
        self._came = b""

    def write(self, data: bytes) -> None:
        how = None
        if data not in getattr(self._far_end, "signs", ()):
            how = self._cut[1] if self._cut and self._cut[0] == len(self.writes) else None
            self.writes.append(data)
        self._pulled |= how is Cut.PULLED_BEFORE
        self._silent |= how is Cut.BEFORE
        self._need_port()
        if self._silent:
            return
        kept = self._came
        for answer in self._far_end.station.receive(self._spoil(data)):
            self._came += self._spoil(answer.bytes)
        if how:
            self._came = kept
        self._silent |= how is Cut.AFTER
        self._pulled |= how is Cut.PULLED_AFTER
        self._restarts = how is Cut.RESTART

    def read(self, timeout_s: float) -> bytes:
        self._need_port()
        if not self._came and self._far_end.station.in_frame:
            self._came = b"".join(self._spoil(each.bytes) for each in self._far_end.station.gap())
        if not self._came:
            self._far_end.clock.let_pass(timeout_s)
            if self._restarts:
                self._far_end.restart()
            return b""
        size = self._read_size()
        taken, self._came = self._came[:size], self._came[size:]
        return taken

    def _need_port(self) -> None:
        assert self.is_open, "used while it is closed"
        if self._pulled:
            raise ContactLost("the port is gone")

    def _spoil(self, data: bytes) -> bytes:
        return data

    def _read_size(self) -> int:
        return len(self._came)


class ByteByByte(Cable):
    def _read_size(self) -> int:
        return 1


class Lossy(Cable):
    def _spoil(self, data: bytes) -> bytes:
        return bytes(byte for byte in data if self._random.random() > BYTE_LOST)

    def _read_size(self) -> int:
        return self._random.randint(1, len(self._came))


class Noisy(Lossy):
    def _spoil(self, data: bytes) -> bytes:
        spoiled = bytearray()
        for byte in data:
            if self._random.random() < BYTE_ADDED:
                spoiled.append(self._random.randrange(256))
            changed = self._random.random() < BYTE_CHANGED
            spoiled.append(byte ^ 1 << self._random.randrange(8) if changed else byte)
        return bytes(spoiled)


CABLES = {"good": Cable, "byte by byte": ByteByByte, "lossy": Lossy, "noisy": Noisy}

Pair = tuple[bytes, list[bytes]]


class Transcript:
    """Plays pairs: each write must be the next one sent, each answer must be read.

    with Transcript([(sent, [received, ...]), ...], clock) as cable: ...
    """

    name = "a transcript"

    def __init__(self, pairs: Iterable[Pair], clock: FakeClock) -> None:
        self._pairs = list(pairs)
        self._clock = clock
        self._unread: list[bytes] = []
        self.is_open = False

    def __enter__(self) -> "Transcript":
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None:
            self._all_read()
            assert not self._pairs, f"never sent: {spaced(self._pairs[0][0])}"

    def open(self) -> None:
        self.is_open = True

    def close(self) -> None:
        self.is_open = False

    def discard(self) -> None:
        self._all_read()

    def write(self, data: bytes) -> None:
        self._all_read()
        assert self._pairs, f"the transcript is over, and then: {spaced(data)}"
        wanted, self._unread = self._pairs.pop(0)
        assert data == wanted, f"\nsent   {spaced(data)}\nwanted {spaced(wanted)}"

    def read(self, timeout_s: float) -> bytes:
        if self._unread:
            return self._unread.pop(0)
        self._clock.let_pass(timeout_s)
        return b""

    def _all_read(self) -> None:
        assert not self._unread, f"never read: {spaced(self._unread[0])}"


def spaced(data: bytes) -> str:
    return data.hex(" ").upper()


def load(name: str) -> tuple[int, list[Pair]]:
    """Read `transcripts/<name>.txt`: the first SEQ of its session, and what passes after that.

    first 7D     > what we send     < what comes, one line for each read     # a remark
    """
    first, pairs = 0x20, []
    for line in (TRANSCRIPTS / f"{name}.txt").read_text("utf-8").splitlines():
        sign, _, rest = line.partition(" ")
        if sign == "first":
            first = int(rest, 16)
        elif sign == ">":
            pairs.append((bytes.fromhex(rest), []))
        elif sign == "<":
            pairs[-1][1].append(bytes.fromhex(rest))
        else:
            assert sign in ("#", ""), f"{name}: {line}"
    return first, pairs
