"""The two Shtrih-M wires, as the device sees them (own codec of the sandbox).

    host -> device   05                                  are you there
    device -> host   15 idle, or the frame was damaged    06 taken, or an answer is there
    both             02 N code data LRC                   LRC: N and all behind it, XORed

    numbered wire    8F len len num num code data crc crc     8F -> 9F 81, 9F -> 9F 83 behind the 8F
                     8F 00 00 0F 1D                           which number are you at?

N and `len` say how long a frame is; `len` counts the number too. A line that falls silent inside a
frame ends it.
"""

from __future__ import annotations

import binascii
from dataclasses import dataclass, field

from sandbox.printer.bytewise import BytewiseReader, folded

ENQ, ACK, NAK, STX, STX2, ESC = 0x05, 0x06, 0x15, 0x02, 0x8F, 0x9F
LENGTH_MAX = 1024  # of a numbered frame


@dataclass(frozen=True, slots=True)
class Call:
    """What a host wants done. `number` None: the first wire, or the question for the number."""

    code: int
    data: bytes
    number: int | None = None
    raw: bytes = field(default=b"", compare=False, repr=False)

    @property
    def command(self) -> int:
        """The code, as faults name it."""
        return self.code

    @property
    def shown(self) -> str:
        return f"{self.code:02X}"


@dataclass(frozen=True, slots=True)
class Broken:
    why: str


@dataclass(frozen=True, slots=True)
class Single:
    byte: int


@dataclass(frozen=True, slots=True)
class WhichNumber:
    """The question for the number."""


Found = Call | Broken | Single | WhichNumber


class Reader(BytewiseReader[Found]):
    """Turns bytes of the first wire, as they come, into single bytes and calls."""

    start = STX

    def __init__(self) -> None:
        super().__init__(Broken("the frame stopped in the middle"))

    def _take(self, byte: int) -> Found | None:
        if not self._bytes:
            if byte == STX:
                self._bytes.append(byte)
            return Single(byte) if byte in (ENQ, ACK, NAK) else None
        self._bytes.append(byte)
        if len(self._bytes) < 3 or len(self._bytes) < self._bytes[1] + 3:
            return None
        raw = bytes(self._bytes)
        self._bytes.clear()
        return read_call(raw)


class NumberedReader(Reader):
    """The same for the numbered wire. 8F can stand nowhere inside a frame: it begins anew."""

    start = STX2

    def __init__(self) -> None:
        super().__init__()
        self._plain = bytearray()
        self._escaped = False

    def _take(self, byte: int) -> Found | None:
        if byte == STX2:
            self._bytes = bytearray([byte])
            self._plain, self._escaped = bytearray(), False
            return None
        if not self._bytes:
            return None
        self._bytes.append(byte)
        if byte == ESC and not self._escaped:
            self._escaped = True
            return None
        if self._escaped:
            byte = {0x81: STX2, 0x83: ESC}.get(byte, byte)
            self._escaped = False
        self._plain.append(byte)
        length = int.from_bytes(self._plain[:2], "little")
        if len(self._plain) < 2 or (len(self._plain) < length + 4 and length <= LENGTH_MAX):
            return None
        raw, plain = bytes(self._bytes), bytes(self._plain)
        self._bytes.clear()
        return read_numbered(raw, plain)


def read_call(raw: bytes) -> Call | Broken:
    body = raw[2:-1]
    if not body:
        return Broken("a frame without a code")
    if folded(raw[1:-1]) != raw[-1]:
        return Broken("LRC is wrong")
    return call_of(body, None, raw)


def read_numbered(raw: bytes, plain: bytes) -> Call | Broken | WhichNumber:
    body, told = plain[:-2], int.from_bytes(plain[-2:], "little")
    if int.from_bytes(plain[:2], "little") != len(plain) - 4:
        return Broken("len is too long")
    if binascii.crc_hqx(body, 0xFFFF) != told:
        return Broken("crc is wrong")
    if len(body) == 2:
        return WhichNumber()
    if len(body) < 5:
        return Broken("a number and no code")
    return call_of(body[4:], int.from_bytes(body[2:4], "little"), raw)


def call_of(body: bytes, number: int | None, raw: bytes) -> Call:
    size = 2 if body[0] == 0xFF and len(body) > 1 else 1
    return Call(int.from_bytes(body[:size], "big"), body[size:], number, raw)


def answer(call: Call, said: bytes) -> bytes:
    """The code again, then what is said: a result, and data where it is good."""
    code = call.code.to_bytes(2 if call.code > 0xFF else 1, "big")
    if call.number is None:
        return sealed(code + said)
    return numbered(call.number, code + said)


def sealed(body: bytes) -> bytes:
    counted = bytes([len(body)]) + body
    return bytes([STX]) + counted + bytes([folded(counted)])


def numbered(number: int, body: bytes = b"") -> bytes:
    counted = (2 + len(body)).to_bytes(2, "little") + number.to_bytes(2, "little") + body
    whole = counted + binascii.crc_hqx(counted, 0xFFFF).to_bytes(2, "little")
    stuffed = whole.replace(b"\x9f", b"\x9f\x83").replace(b"\x8f", b"\x9f\x81")
    return bytes([STX2]) + stuffed
