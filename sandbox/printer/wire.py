"""The X frame, as the device sees it (own codec of the sandbox; the driver has another one).

    host -> device   01 LEN4 SEQ CMD4 DATA            05 BCC4 03
    device -> host   01 LEN4 SEQ CMD4 DATA 04 ST8     05 BCC4 03

    LEN4   0x20 + the number of bytes from LEN4 to 05, both included; 4 nibbles, each + 0x30
    SEQ    0x20..0xFF
    CMD4   16 bits, 4 nibbles, each + 0x30
    DATA   bytes 0x20..0xFF and TAB; 10 xx stands for the byte xx - 0x40; host at most 213 bytes
    BCC4   plain sum of LEN4..05, 4 nibbles, each + 0x30

03 cannot stand inside a frame (nibbles are 30..3F, SEQ and DATA have nothing below 0x20 but TAB
and 10), so the reader collects from 01 to 03 and then holds the whole against LEN4. A second 01
begins anew. Bytes outside a frame are ignored. What is not an X frame becomes `Broken`; if it is a
correct legacy frame (one byte of LEN, one of CMD) it says so, because an X device answers that
with SYN and then NAK (published stream s03).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sandbox.printer.bytewise import BytewiseReader

SYN = b"\x16"
NAK = b"\x15"
START, STATUS, POST, END = 0x01, 0x04, 0x05, 0x03
ESCAPE, TAB = 0x10, 0x09
HOST_DATA_MAX = 213
FRAME_BYTES_MAX = 1024  # what is longer than this is noise, not a frame that lost its end


@dataclass(frozen=True, slots=True)
class Frame:
    seq: int
    command: int
    data: bytes
    raw: bytes = field(default=b"", compare=False, repr=False)  # as it came

    @property
    def shown(self) -> str:
        return f"{self.seq:02X} {self.command}"


@dataclass(frozen=True, slots=True)
class Broken:
    """Something began like a frame and is none."""

    why: str
    legacy: bool = False


@dataclass(frozen=True, slots=True)
class Codec:
    """One kind of frame. `renumbered` is an answer under another SEQ, or with another CMD."""

    read: Callable[[bytes], Frame | Broken]
    answer: Callable[[Frame, bytes, bytes], bytes]
    renumbered: Callable[[bytes, int, int], bytes]


class FrameReader(BytewiseReader[Frame | Broken]):
    """Turns bytes as they come into frames."""

    def __init__(self, codec: Codec | None = None) -> None:
        super().__init__(Broken("the frame stopped in the middle"))
        self._read = (codec or X).read

    def _take(self, byte: int) -> Frame | Broken | None:
        if byte == START:
            self._bytes = bytearray([START])
        elif self._bytes:
            self._bytes.append(byte)
            if byte == END or len(self._bytes) >= FRAME_BYTES_MAX:
                raw = bytes(self._bytes)
                self._bytes.clear()
                return self._read(raw)
        return None


def read_frame(raw: bytes) -> Frame | Broken:
    """The bytes from 01 to 03, as a host's frame."""
    body, check = raw[1:-5], _number(raw[-5:-1])
    if len(body) < 10 or raw[-1] != END:
        return Broken("too short, or without its end", legacy=_is_legacy(raw))
    command, data = _number(body[5:9]), _plain(body[9:-1])
    wrong = {
        "LEN does not say how long the frame is": _number(body[:4]) != 0x20 + len(body),
        "SEQ or the byte 05 is not in its place": body[4] < 0x20 or body[-1] != POST,
        "BCC is wrong": check != sum(body) & 0xFFFF,
        "DATA is too long": len(body) - 10 > HOST_DATA_MAX,
    }
    for why, so in wrong.items():
        if so:
            return Broken(why, legacy=_is_legacy(raw))
    if command is None or data is None:
        return Broken("CMD or DATA has a byte that may not be there")
    return Frame(body[4], command, data, raw)


def answer_frame(frame: Frame, data: bytes, status: bytes) -> bytes:
    """The device's answer to a frame: it echoes SEQ and CMD."""
    rest = bytes([frame.seq]) + _nibbles(frame.command) + data + bytes([STATUS]) + status
    return sealed(_nibbles(0x20 + 4 + len(rest) + 1) + rest + bytes([POST]))


def renumbered(raw: bytes, seq: int, command_change: int) -> bytes:
    """The same answer under another SEQ, or with a bit of its CMD changed."""
    command = raw[6:9] + bytes([raw[9] ^ command_change])
    return sealed(raw[1:5] + bytes([seq]) + command + raw[10:-5])


def sealed(body: bytes) -> bytes:
    """From LEN4 to 05, made a frame: its start, its BCC, its end."""
    return bytes([START]) + body + _nibbles(sum(body) & 0xFFFF) + bytes([END])


def _nibbles(value: int) -> bytes:
    return bytes(0x30 + (value >> shift & 0xF) for shift in (12, 8, 4, 0))


def _number(nibbles: bytes) -> int | None:
    if len(nibbles) != 4 or any(not 0x30 <= byte <= 0x3F for byte in nibbles):
        return None
    value = 0
    for byte in nibbles:
        value = value << 4 | byte - 0x30
    return value


def _plain(data: bytes) -> bytes | None:
    """DATA with its escapes resolved, or None if a byte may not be there."""
    plain = bytearray()
    rest = iter(data)
    for byte in rest:
        if byte == ESCAPE:
            escaped = next(rest, 0)
            if not 0x40 <= escaped <= 0x5F:
                return None
            plain.append(escaped - 0x40)
        elif byte >= 0x20 or byte == TAB:
            plain.append(byte)
        else:
            return None
    return bytes(plain)


def _is_legacy(raw: bytes) -> bool:
    """`01 LEN SEQ CMD DATA 05 BCC4 03` with a LEN of one byte that is right and a right BCC.

    To be asked only about what is no X frame: every X frame with 6 bytes of DATA is also this.
    """
    body = raw[1:-5]
    return (
        len(body) >= 4
        and body[0] == 0x20 + len(body)
        and body[-1] == POST
        and _number(raw[-5:-1]) == sum(body) & 0xFFFF
    )


X = Codec(read_frame, answer_frame, renumbered)
