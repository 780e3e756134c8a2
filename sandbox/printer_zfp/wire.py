"""The ZFP packet, as the device sees it (own codec of the sandbox; the driver has another one).

    host -> device   02 LEN NBL CMD DATA CS CS 0A        and single bytes: 04 ping, 09 state
    device -> host   02 LEN NBL CMD DATA CS CS 0A        a command that returns data
                     06 NBL STE1 STE2 CS CS 0A           any other, and every refusal

    LEN   0x20 + 3 + the number of DATA bytes; NBL 20..9F; DATA 20..FF
    CS    all bytes from LEN (from NBL in an acknowledgement) XORed, high nibble, low nibble, + 0x30

LEN says how long a packet is. A byte below 20 can stand nowhere inside it but at its end, so a 02
there begins anew and anything else breaks it.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from sandbox.printer.bytewise import BytewiseReader, folded

START, ACK, END = 0x02, 0x06, 0x0A
NAK, RETRY, PING, STATE = b"\x15", b"\x0e", 0x04, 0x09
NUMBERS = range(0x20, 0xA0)


@dataclass(frozen=True, slots=True)
class Packet:
    number: int
    command: int
    data: bytes
    raw: bytes = field(default=b"", compare=False, repr=False)  # as it came

    @property
    def shown(self) -> str:
        return f"{self.number:02X} {self.command:02X}"


@dataclass(frozen=True, slots=True)
class Broken:
    """Something began like a packet and is none."""

    why: str


@dataclass(frozen=True, slots=True)
class Single:
    """One byte outside of a packet that is a question."""

    byte: int


Found = Packet | Broken | Single


class PacketReader(BytewiseReader[Found]):
    """Turns bytes as they come into packets and questions."""

    def __init__(self) -> None:
        super().__init__(Broken("the packet stopped in the middle"))

    def _take(self, byte: int) -> Found | None:
        if byte == START:
            self._bytes = bytearray([START])
            return None
        if not self._bytes:
            return Single(byte) if byte in (PING, STATE) else None
        self._bytes.append(byte)
        size = self._bytes[1] - 0x20 + 4
        if size >= 7 and len(self._bytes) < size and byte >= 0x20:
            return None
        raw = bytes(self._bytes)
        self._bytes.clear()
        return read_packet(raw)


def read_packet(raw: bytes) -> Packet | Broken:
    """The bytes from 02 to 0A."""
    body, check = raw[1:-3], raw[-3:-1]
    if len(raw) < 7 or raw[-1] != END or body[0] != 0x20 + len(body):
        return Broken("LEN does not say where it ends")
    if check != digits(body):
        return Broken("CS is wrong")
    if body[1] not in NUMBERS:
        return Broken("NBL is not from 20 to 9F")
    return Packet(body[1], body[2], body[3:], raw)


def data_packet(number: int, command: int, data: bytes) -> bytes:
    return sealed(bytes([0x23 + len(data), number, command]) + data)


def sealed(body: bytes) -> bytes:
    return bytes([START]) + body + digits(body) + bytes([END])


def acknowledgement(number: int, ste: bytes) -> bytes:
    body = bytes([number]) + ste
    return bytes([ACK]) + body + digits(body) + bytes([END])


def digits(body: bytes) -> bytes:
    total = folded(body)
    return bytes([0x30 + (total >> 4), 0x30 + (total & 15)])
