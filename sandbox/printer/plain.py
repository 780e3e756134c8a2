"""A station of a wire that remembers no frame and knows no SYN: every frame that comes is executed.

    bytes -> reader -> what was found -> _answers -> a frame: faults, exchange, faults
                                                     the rest: the wire's own

A wire has its own signs and says what its faults look like (`_wrong`, `_instead`, `_spoilt`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from typing import ClassVar, Generic, Protocol, TypeVar

from sandbox.printer.bytewise import BytewiseReader
from sandbox.printer.clock import monotonic
from sandbox.printer.faults import DEAF_S, DYING_MS, Armed, Asking, Fault
from sandbox.printer.station import Answer


class Machine(Protocol):
    """The device behind the line, as far as faults touch it."""

    def spoil_paper(self, *, cover: bool) -> None: ...

    def power_up(self) -> None: ...


Device = TypeVar("Device", bound=Machine)
Found = TypeVar("Found")
Frame = TypeVar("Frame", bound=Asking)


class PlainStation(ABC, Generic[Device, Found, Frame]):
    """One line, one host at a time."""

    completing: ClassVar[frozenset[int]]  # commands that end a document
    nak: ClassVar[bytes]

    def __init__(
        self,
        device: Device,
        faults: Iterable[Fault] = (),
        *,
        print_ms: int = 0,
        trace: Callable[[str], None] | None = None,
    ) -> None:
        self._device = device
        self._print_ms = print_ms
        self._trace = trace or (lambda _text: None)
        self._reader = self.reader()
        self._faults = [Armed(fault) for fault in faults]
        self._dead = False
        self._deaf_until_s = 0.0

    @staticmethod
    @abstractmethod
    def reader() -> BytewiseReader[Found]: ...

    @property
    def in_frame(self) -> bool:
        return self._reader.in_frame

    def receive(self, data: bytes) -> Iterator[Answer]:
        for found in self._reader.feed(data):
            if self._is_deaf():
                self._reader.forget()
                return
            yield from self._answers(found)

    def gap(self) -> list[Answer]:
        """The host has been silent inside a frame."""
        broken = self._reader.gap()
        if broken is None or self._is_deaf():
            return []
        return list(self._answers(broken))

    def hang_up(self) -> None:
        """The host is gone; half a frame of it is worth nothing."""
        self._reader.forget()

    @abstractmethod
    def exchange(self, frame: Frame) -> Answer:
        """Execute it; its answer."""

    @abstractmethod
    def _answers(self, found: Found) -> Iterator[Answer]: ...

    @abstractmethod
    def _wrong(self, kind: str, frame: Frame, raw: bytes) -> bytes:
        """An answer as bad-bcc, wrong-seq or wrong-command makes it."""

    def _is_deaf(self) -> bool:
        return self._dead or monotonic() < self._deaf_until_s

    def _faulty(self, frame: Frame) -> Iterator[Answer]:
        struck = [armed for armed in self._faults if armed.strikes(frame)]
        for armed in struck:
            self._trace(f"{frame.shown} fault {armed.fault.text}")
            if (instead := self._instead(armed)) is not None:
                yield instead
                return
        for armed in struck:
            self._spoil_paper(armed)
        if any(armed.kind == "die-during" for armed in struck):
            self._dead = True
            if frame.command in self.completing:
                self.exchange(frame)
            yield Answer(b"", silent_ms=DYING_MS)
            return
        answer = self.exchange(frame)
        for armed in struck:
            answer = self._spoilt(armed, frame, answer)
        self._dead = any(armed.kind == "die-after" for armed in struck)
        yield answer

    def _instead(self, armed: Armed) -> Answer | None:
        """What comes instead of taking the frame; None: it is taken."""
        match armed.kind:
            case "nak":
                return Answer(self.nak)
            case "die-before":
                self._dead = True
            case "reboot":
                self._deaf_until_s = monotonic() + DEAF_S
                self._forget()
                self._device.power_up()
            case "drop-request":
                pass
            case _:
                return None
        return Answer(b"")

    def _forget(self) -> None:
        """What the station knew is gone with the power."""

    def _spoil_paper(self, armed: Armed) -> None:
        """Before the frame is executed."""
        if armed.kind in ("paper-out", "cover-open"):
            self._device.spoil_paper(cover=armed.kind == "cover-open")

    def _spoilt(self, armed: Armed, frame: Frame, answer: Answer) -> Answer:
        return armed.spoil(frame, answer, lambda raw: self._wrong(armed.kind, frame, raw))
