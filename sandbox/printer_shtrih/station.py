"""Between the line and the device: bytes in, answers out, and what goes wrong on the way.

    05          -> 15 idle; 06 and the answer again, if the host has not yet confirmed it
    frame       -> 06 and its answer, executed at once, whatever it was before
    06          -> the answer is confirmed and forgotten
    15          -> nothing: the host will ask with 05
    broken      -> 15
    numbered wire: a frame whose number is the next is executed; any other is told our number only

A frame that comes twice is executed twice: a driver that repeats after silence is seen to. A frame
instead of a confirmation throws the answer away. On the numbered wire there is no confirmation.

The faults are those of `sandbox.printer.faults`, with these of its kinds: drop-request, nak,
syn (it works as long, silent), die-before, die-during, die-after, reboot, paper-out, cover-open,
paper-out=syn (it runs out while that command prints), drop-reply (05 brings it), late, bad-bcc (a
wrong LRC or crc), truncate, garbage, echo, wrong-seq (numbered wire only), wrong-command. COMMAND
is the code as a decimal number: 0x85 is 133.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from sandbox.printer.clock import monotonic
from sandbox.printer.faults import DEAF_S, DYING_MS, Fault
from sandbox.printer.station import Answer
from sandbox.printer_shtrih.device import Device
from sandbox.printer_shtrih.wire import (
    ACK,
    ENQ,
    NAK,
    Broken,
    Call,
    Found,
    NumberedReader,
    Reader,
    Single,
    answer,
    numbered,
)

COMPLETING = frozenset({0x25, 0x40, 0x41, 0x50, 0x51, 0x85, 0x88, 0x8C})  # they end a document
NUMBERS = 0x10000


class Armed:
    """A fault with what it remembers: how often its command came, and where its dice stand."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.kind, self.argument = fault.kind, fault.argument
        self._count = 0
        self._dice = random.Random(fault.text)

    def strikes(self, call: Call) -> bool:
        if self.fault.command not in (None, call.code):
            return False
        self._count += 1
        return self.fault.strikes(self._count)

    def spoil(self, call: Call, given: Answer) -> Answer:
        raw, amount = given.bytes, self.argument
        head = 1 if call.number is None else 0  # the 06 before it
        match self.kind:
            case "drop-reply" | "die-after":
                return Answer(b"")
            case "late" | "syn":
                return Answer(raw, silent_ms=round(float(amount or 0) * 1000))
            case "bad-bcc":
                raw = raw[:-1] + bytes([raw[-1] ^ 1])
            case "truncate":
                raw = raw[: int(amount or 0)]
            case "garbage":
                raw = self._dice.randbytes(int(amount or 0)) + raw
            case "echo":
                raw = call.raw + raw
            case "wrong-seq" if call.number is not None:
                raw = answer(replace(call, number=(call.number - 1) % NUMBERS), b"\0")
            case "wrong-command":
                raw = raw[:head] + answer(replace(call, code=call.code ^ 1), b"\0")
        return replace(given, bytes=raw)


class Station:
    """One line of the first wire, one host at a time."""

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
        self._kept = b""  # an answer that the host has not confirmed

    @staticmethod
    def reader() -> Reader:
        return Reader()

    @property
    def in_frame(self) -> bool:
        return self._reader.in_frame

    def receive(self, data: bytes) -> Iterator[Answer]:
        for found in self._reader.feed(data):
            if self._dead or monotonic() < self._deaf_until_s:
                self._reader.forget()
                return
            yield from self._answers(found)

    def gap(self) -> list[Answer]:
        """The host has been silent inside a frame."""
        broken = self._reader.gap()
        if broken is None or self._dead or monotonic() < self._deaf_until_s:
            return []
        return list(self._answers(broken))

    def hang_up(self) -> None:
        """The host is gone; half a frame of it is worth nothing."""
        self._reader.forget()

    def exchange(self, call: Call) -> Answer:
        """Execute it and keep the answer until it is confirmed."""
        executed = self._device.execute(call.code, call.data)
        self._kept = answer(call, executed.said)
        self._trace(f"{call.code:02X} {call.data.hex(' ')} -> {executed.said.hex(' ')}")
        silent_ms = executed.printed_lines * self._print_ms
        return Answer(bytes([ACK]) + self._kept, silent_ms=silent_ms)

    def _answers(self, found: Found) -> Iterator[Answer]:
        if isinstance(found, Single):
            if found.byte == ENQ:
                yield Answer(bytes([ACK]) + self._kept if self._kept else bytes([NAK]))
            elif found.byte == ACK:
                self._kept = b""
        elif isinstance(found, Broken):
            self._trace(f"15: {found.why}")
            yield Answer(bytes([NAK]))
        elif isinstance(found, Call):
            yield from self._faulty(found)

    def _faulty(self, call: Call) -> Iterator[Answer]:
        struck = [armed for armed in self._faults if armed.strikes(call)]
        for armed in struck:
            self._trace(f"{call.code:02X} fault {armed.fault.text}")
            if (instead := self._instead(armed)) is not None:
                yield instead
                return
        for armed in struck:
            if armed.kind == "cover-open" or (armed.kind, armed.argument) == ("paper-out", None):
                self._device.spoil_paper(cover=armed.kind == "cover-open")
        if any(armed.kind == "die-during" for armed in struck):
            self._dead = True
            if call.code in COMPLETING:
                self.exchange(call)
            yield Answer(b"", silent_ms=DYING_MS)
            return
        given = self.exchange(call)
        for armed in struck:
            given = armed.spoil(call, given)
            if (armed.kind, armed.argument) == ("paper-out", "syn"):
                self._device.spoil_paper(cover=False, printing=True)
        self._dead = any(armed.kind == "die-after" for armed in struck)
        yield given

    def _instead(self, armed: Armed) -> Answer | None:
        """What comes instead of taking the frame; None: it is taken."""
        match armed.kind:
            case "nak":
                return Answer(bytes([NAK]))
            case "die-before":
                self._dead = True
            case "reboot":
                self._deaf_until_s = monotonic() + DEAF_S
                self._kept = b""
                self._device.power_up()
            case "drop-request":
                pass
            case _:
                return None
        return Answer(b"")


class NumberedStation(Station):
    """One line of the numbered wire: it counts frames since the power came."""

    _number = 0

    @staticmethod
    def reader() -> Reader:
        return NumberedReader()

    def exchange(self, call: Call) -> Answer:
        assert call.number is not None
        self._number = call.number
        given = super().exchange(call)
        return replace(given, bytes=given.bytes[1:])  # no 06

    def _answers(self, found: Found) -> Iterator[Answer]:
        if isinstance(found, Broken):
            self._trace(f"silent: {found.why}")
        elif isinstance(found, Call) and found.number == (self._number + 1) % NUMBERS:
            yield from self._faulty(found)
        elif not isinstance(found, Single):
            yield Answer(numbered(self._number))

    def _instead(self, armed: Armed) -> Answer | None:
        if armed.kind == "reboot":
            self._number = 0
        if armed.kind == "nak":
            return Answer(b"")  # there is no such sign
        return super()._instead(armed)
