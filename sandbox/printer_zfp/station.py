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

from collections.abc import Iterator

from sandbox.printer.clock import monotonic
from sandbox.printer.faults import Armed
from sandbox.printer.plain import PlainStation
from sandbox.printer.station import Answer
from sandbox.printer_zfp.device import Device, Executed
from sandbox.printer_zfp.wire import (
    ACK,
    NAK,
    PING,
    RETRY,
    START,
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


class Station(PlainStation[Device, Found, Packet]):
    """One line of ZFP."""

    completing, nak = COMPLETING, NAK
    _busy_until_s = 0.0

    @staticmethod
    def reader() -> PacketReader:
        return PacketReader()

    def exchange(self, packet: Packet) -> Answer:
        executed = self._device.execute(packet.command, packet.data)
        answer = in_packets(packet, executed)
        self._trace(f"{packet.shown} {packet.data!r} -> {executed}")
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

    def _wrong(self, kind: str, packet: Packet, raw: bytes) -> bytes:
        if kind == "bad-bcc":
            return raw[:-2] + bytes([raw[-2] ^ 1]) + raw[-1:]
        if kind == "wrong-seq":
            other = 0x20 + (packet.number - 0x21) % 0x80
            if raw[0] == ACK:
                return acknowledgement(other, raw[2:4])
            return sealed(raw[1:2] + bytes([other]) + raw[3:-3])
        return sealed(raw[1:3] + bytes([raw[3] ^ 1]) + raw[4:-3]) if raw[0] == START else raw

    def _instead(self, armed: Armed) -> Answer | None:
        if armed.kind == "syn":
            self._busy_until_s = monotonic() + float(armed.argument or 0)
            return Answer(RETRY)
        return super()._instead(armed)


def in_packets(packet: Packet, executed: Executed) -> bytes:
    """An answer on the wire: an acknowledgement, or data; a stream is both, line by line."""
    if executed.lines is not None:
        lines = [*executed.lines, STREAM_END]
        sent = b"".join(data_packet(packet.number, packet.command, line) for line in lines)
        return acknowledgement(packet.number, b"00") + sent
    if executed.data is not None:
        return data_packet(packet.number, packet.command, executed.data)
    return acknowledgement(packet.number, executed.ste)
