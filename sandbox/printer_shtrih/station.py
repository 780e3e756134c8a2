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

from collections.abc import Iterator
from dataclasses import replace

from sandbox.printer.faults import Armed
from sandbox.printer.plain import PlainStation
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
RUNS_OUT = ("paper-out", "syn")  # while it prints


class Station(PlainStation[Device, Found, Call]):
    """One line of the first wire."""

    completing, nak = COMPLETING, bytes([NAK])
    _kept = b""  # an answer that the host has not confirmed

    @staticmethod
    def reader() -> Reader:
        return Reader()

    def exchange(self, call: Call) -> Answer:
        """Execute it and keep the answer until it is confirmed."""
        executed = self._device.execute(call.code, call.data)
        self._kept = answer(call, executed.said)
        self._trace(f"{call.shown} {call.data.hex(' ')} -> {executed.said.hex(' ')}")
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
            yield Answer(self.nak)
        elif isinstance(found, Call):
            yield from self._faulty(found)

    def _wrong(self, kind: str, call: Call, raw: bytes) -> bytes:
        if kind == "bad-bcc":
            return raw[:-1] + bytes([raw[-1] ^ 1])
        if kind == "wrong-command":
            head = 1 if call.number is None else 0  # the 06 before it
            return raw[:head] + answer(replace(call, code=call.code ^ 1), b"\0")
        if call.number is None:
            return raw
        return answer(replace(call, number=(call.number - 1) % NUMBERS), b"\0")

    def _forget(self) -> None:
        self._kept = b""

    def _spoil_paper(self, armed: Armed) -> None:
        if (armed.kind, armed.argument) != RUNS_OUT:
            super()._spoil_paper(armed)

    def _spoilt(self, armed: Armed, call: Call, given: Answer) -> Answer:
        if (armed.kind, armed.argument) == RUNS_OUT:
            self._device.spoil_paper(cover=False, printing=True)
        return armed.late(given) if armed.kind == "syn" else super()._spoilt(armed, call, given)


class NumberedStation(Station):
    """One line of the numbered wire: it counts frames since the power came."""

    nak = b""  # there is no such sign
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

    def _forget(self) -> None:
        super()._forget()
        self._number = 0
