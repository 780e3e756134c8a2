"""Between the line and the device: bytes in, answers out, and the memory of the last frame.

    host    01 .. SEQ=24 CMD=48 .. 03   -> executes, stores the answer under SEQ 24
    host    01 .. SEQ=24 (any CMD) .. 03 -> executes nothing, gives the stored answer again
    host    broken frame                 -> NAK (a legacy frame: SYN, then NAK)

`Station.exchange` is the one place where a received frame goes in and an answer comes out; a
faulty device (`faults`) puts something around it. The memory of the last frame lives as long as the
process: it survives a host that goes and comes back, and not a power cut.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from sandbox.printer.device import Executed
from sandbox.printer.wire import NAK, SYN, Broken, Codec, Frame, FrameReader, X

SYN_INTERVAL_MS = 60


@dataclass(frozen=True, slots=True)
class Answer:
    """Bytes to send after a silence, then `busy_ms` of mechanical work, filled with SYN."""

    bytes: bytes
    busy_ms: int = 0
    silent_ms: int = 0


class Machine(Protocol):
    """The device behind the line, of whatever family."""

    def execute(self, command: int, data: bytes) -> Executed: ...

    def needs_paper(self, command: int, data: bytes) -> bool: ...

    def spoil_paper(self, *, cover: bool) -> None: ...

    def power_up(self) -> None: ...

    def cured(self) -> None: ...


class Station:
    def __init__(
        self,
        device: Machine,
        *,
        print_ms: int = 0,
        trace: Callable[[str], None] | None = None,
        codec: Codec = X,
    ) -> None:
        self._device = device
        self._codec = codec
        self._print_ms = print_ms
        self._trace = trace or (lambda _text: None)
        self._reader = FrameReader(codec)
        self._last: tuple[int, bytes] | None = None

    @property
    def in_frame(self) -> bool:
        return self._reader.in_frame

    def receive(self, data: bytes) -> Iterable[Answer]:
        return [self._answer(found) for found in self._reader.feed(data)]

    def gap(self) -> list[Answer]:
        """The host has been silent inside a frame."""
        broken = self._reader.gap()
        return [self._answer(broken)] if broken else []

    def hang_up(self) -> None:
        """The host is gone; half a frame of it is worth nothing."""
        self._reader.forget()

    def exchange(self, frame: Frame) -> Answer:
        if self._last and self._last[0] == frame.seq:
            self._trace(f"{frame.shown} again, answered from memory")
            return Answer(self._last[1])
        executed = self._device.execute(frame.command, frame.data)
        answer = self._codec.answer(frame, executed.data, executed.status)
        self._last = (frame.seq, answer)
        self._trace(f"{frame.shown} {frame.data!r} -> {executed.data!r}")
        return Answer(answer, busy_ms=executed.printed_lines * self._print_ms)

    def _answer(self, found: Frame | Broken) -> Answer:
        if isinstance(found, Frame):
            return self.exchange(found)
        self._trace(f"NAK: {found.why}")
        return Answer(SYN + NAK if found.legacy else NAK)
