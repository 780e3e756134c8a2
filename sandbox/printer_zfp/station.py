"""Between the line and the device: bytes in, answers out, and what goes wrong on the way.

    host   04            -> 04
    host   09            -> 40, with bits for busy, no paper
    host   02 .. NBL ..  -> executed at once, whatever its NBL was before: nothing is remembered
    host   broken packet -> 15

No manual promises that a repeated NBL is answered from memory, so this device executes it again: a
driver that counts on a memory prints twice, and is seen to.

The faults are those of `sandbox.printer.faults`, with these of its kinds: drop-request, nak, syn
(busy: 09 says 41, packets are answered 0E), die-before, die-during, die-after, reboot, paper-out,
cover-open, drop-reply, late, bad-bcc (a wrong CS), truncate, garbage, echo, wrong-seq (another
NBL), wrong-command. COMMAND is the device's command as a decimal number: 0x38 is 56.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from sandbox.printer.clock import monotonic
from sandbox.printer.faults import DEAF_S, DYING_MS, Fault
from sandbox.printer.station import Answer
from sandbox.printer_zfp.device import Device, Executed
from sandbox.printer_zfp.wire import (
    NAK,
    PING,
    RETRY,
    Broken,
    Found,
    Packet,
    PacketReader,
    Single,
    acknowledgement,
    data_packet,
    sealed,
)

COMPLETING = frozenset({0x2F, 0x38, 0x39, 0x3A, 0x3B, 0x7C})  # they end a document
STREAM_END = b"@"


class Armed:
    """A fault with what it remembers: how often its command came, and where its dice stand."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self.kind, self.argument = fault.kind, fault.argument
        self._count = 0
        self._dice = random.Random(fault.text)

    def strikes(self, packet: Packet) -> bool:
        if self.fault.command not in (None, packet.command):
            return False
        self._count += 1
        return self.fault.strikes(self._count)

    def spoil(self, packet: Packet, answer: Answer) -> Answer:
        raw, amount = answer.bytes, self.argument
        other = 0x20 + (packet.number - 0x21) % 0x80
        match self.kind:
            case "drop-reply" | "die-after":
                return Answer(b"")
            case "late":
                return Answer(raw, silent_ms=round(float(amount or 0) * 1000))
            case "bad-bcc":
                raw = raw[:-2] + bytes([raw[-2] ^ 1]) + raw[-1:]
            case "truncate":
                raw = raw[: int(amount or 0)]
            case "garbage":
                raw = self._dice.randbytes(int(amount or 0)) + raw
            case "echo":
                raw = packet.raw + raw
            case "wrong-seq" if raw[0] == 0x06:
                raw = acknowledgement(other, raw[2:4])
            case "wrong-seq":
                raw = sealed(raw[1:2] + bytes([other]) + raw[3:-3])
            case "wrong-command" if raw[0] == 0x02:
                raw = sealed(raw[1:3] + bytes([raw[3] ^ 1]) + raw[4:-3])
        return replace(answer, bytes=raw)


class Station:
    """One line, one host at a time."""

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
        self._reader = PacketReader()
        self._faults = [Armed(fault) for fault in faults]
        self._dead = False
        self._deaf_until_s = self._busy_until_s = 0.0

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
        """The host has been silent inside a packet."""
        broken = self._reader.gap()
        if broken is None or self._dead or monotonic() < self._deaf_until_s:
            return []
        return list(self._answers(broken))

    def hang_up(self) -> None:
        """The host is gone; half a packet of it is worth nothing."""
        self._reader.forget()

    def exchange(self, packet: Packet) -> Answer:
        executed = self._device.execute(packet.command, packet.data)
        answer = in_packets(packet, executed)
        self._trace(f"{packet.number:02X} {packet.command:02X} {packet.data!r} -> {executed}")
        return Answer(answer, silent_ms=executed.printed_lines * self._print_ms)

    def _answers(self, found: Found) -> Iterator[Answer]:
        is_busy = monotonic() < self._busy_until_s
        if isinstance(found, Single):
            state = 0x40 | is_busy | self._device.has_no_paper << 1
            yield Answer(bytes([PING if found.byte == PING else state]))
        elif isinstance(found, Broken):
            self._trace(f"15: {found.why}")
            yield Answer(NAK)
        elif is_busy:
            yield Answer(RETRY)
        else:
            yield from self._faulty(found)

    def _faulty(self, packet: Packet) -> Iterator[Answer]:
        struck = [armed for armed in self._faults if armed.strikes(packet)]
        for armed in struck:
            self._trace(f"{packet.number:02X} {packet.command:02X} fault {armed.fault.text}")
            if (instead := self._instead(armed)) is not None:
                yield instead
                return
        for armed in struck:
            if armed.kind in ("paper-out", "cover-open"):
                self._device.spoil_paper(cover=armed.kind == "cover-open")
        if any(armed.kind == "die-during" for armed in struck):
            self._dead = True
            if packet.command in COMPLETING:
                self.exchange(packet)
            yield Answer(b"", silent_ms=DYING_MS)
            return
        answer = self.exchange(packet)
        for armed in struck:
            answer = armed.spoil(packet, answer)
        self._dead = any(armed.kind == "die-after" for armed in struck)
        yield answer

    def _instead(self, armed: Armed) -> Answer | None:
        """What comes instead of taking the packet; None: it is taken."""
        match armed.kind:
            case "nak":
                return Answer(NAK)
            case "syn":
                self._busy_until_s = monotonic() + float(armed.argument or 0)
                return Answer(RETRY)
            case "die-before":
                self._dead = True
            case "reboot":
                self._deaf_until_s = monotonic() + DEAF_S
                self._device.power_up()
            case "drop-request":
                pass
            case _:
                return None
        return Answer(b"")


def in_packets(packet: Packet, executed: Executed) -> bytes:
    """An answer on the wire: an acknowledgement, or data; a stream is both, line by line."""
    if executed.lines is not None:
        lines = [*executed.lines, STREAM_END]
        sent = b"".join(data_packet(packet.number, packet.command, line) for line in lines)
        return acknowledgement(packet.number, b"00") + sent
    if executed.data is not None:
        return data_packet(packet.number, packet.command, executed.data)
    return acknowledgement(packet.number, executed.ste)
