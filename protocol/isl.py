"""The ISL wire protocol: half-duplex, one request in flight, every frame numbered and summed.

Request:  01 | LEN | SEQ | CMD | data |                05 | BCC x4 | 03
Reply:    01 | LEN | SEQ | CMD | data | 04 | status xN | 05 | BCC x4 | 03
One byte: 15 NAK (send the same frame again), 16 SYN (busy, every 60 ms)

LEN is 0x20 + the bytes from LEN to 05, both included; BCC is the sum of the same bytes. `Layout`
says how wide LEN and CMD are and how many status bytes come: legacy devices (here, and with less
data `daisy.py`, `eltrade.py`, `incotex.py`) write one raw byte each and six status bytes; the X
series (`datecs_x.py`) four digits each and eight.

This module is the frames; who sends them again and when is in `isl_exchange.py`. Length comes from
LEN, never from a search for the end: 03, 04 and 05 may stand in noise.
"""

import re
from dataclasses import dataclass

from protocol.checksum import from_nibbles, nibbles, plain_sum
from protocol.errors import FrameError
from protocol.exchange import Request

PREAMBLE, POSTAMBLE, SEPARATOR, TERMINATOR = 0x01, 0x05, 0x04, 0x03
NAK, SYN = 0x15, 0x16
LEN_OFFSET = 0x20
SEQUENCE_MIN, SEQUENCE_MAX = 0x20, 0x7F  # the X manual allows FF; all known programs stop at 7F
DATA_MAX = 213  # of a request; the smaller of two figures that the manuals swap [datecs.md 10]
FRAME_MAX = 600  # of a reply; the longest figure in any manual is 480 bytes of data [datecs.md 2.1]
ESCAPED = re.compile(rb"\x10[\x40-\x5F]")  # a byte below 20, + 40: of display commands only
SIGNS = {NAK: "damaged: send the same frame again", SYN: "busy: wait"}


@dataclass(frozen=True, slots=True)
class Frame:
    """One good frame. `status` is empty in a request."""

    sequence: int
    command: int
    data: bytes
    status: bytes = b""


@dataclass(frozen=True, slots=True)
class Layout:
    """What differs between the relatives: the width of LEN and CMD, and of the status."""

    digits: int  # 0: one raw byte; 4: four digits 30..3F
    status_size: int
    controls: bytes  # the bytes below 20 that may stand in data
    data_max: int = DATA_MAX
    open_len: int | None = None  # a LEN that says nothing: the frame ends with its own sum

    @property
    def width(self) -> int:
        return self.digits or 1

    @property
    def command_min(self) -> int:
        return 0 if self.digits else 0x20  # a raw byte below is a sign or a mark

    def number(self, value: int) -> bytes:
        return nibbles(value, self.digits) if self.digits else bytes([value])

    def value(self, raw: bytes) -> int:
        return from_nibbles(raw) if self.digits else raw[0]


LEGACY = Layout(digits=0, status_size=6, controls=b"\t\n")


def encode_request(layout: Layout, sequence: int, request: Request, *, hand: bool = False) -> bytes:
    """Write a request as a frame; by `hand` 10 and a byte + 40 may stand in it, we send none.

    Raises:
        FrameError: data too long, a forbidden control byte, SEQ or CMD out of range.
    """
    command_fits = layout.command_min <= request.command <= 0xFF
    if not SEQUENCE_MIN <= sequence <= 0xFF or not command_fits:
        raise FrameError(f"SEQ {sequence:#x} or CMD {request.command:#x} out of range")
    if len(request.data) > layout.data_max:
        raise FrameError(f"{len(request.data)} bytes of data, {layout.data_max} fit")
    _need_data(layout, ESCAPED.sub(b"", request.data) if hand else request.data)
    body = bytes([sequence]) + layout.number(request.command) + request.data + bytes([POSTAMBLE])
    body = layout.number(LEN_OFFSET + layout.width + len(body)) + body
    return bytes([PREAMBLE]) + body + nibbles(plain_sum(body), 4) + bytes([TERMINATOR])


def decode(layout: Layout, raw: bytes, *, reply: bool) -> Frame:
    """Read one whole frame.

    Raises:
        FrameError: anything in it is not as the layout says.
    """
    if len(raw) < 2 * layout.width + 8 or raw[0] != PREAMBLE or raw[-1] != TERMINATOR:
        raise FrameError("not 01 ... 03")
    body, digits = raw[1:-5], raw[-5:-1]
    length = layout.value(body[: layout.width])
    if length not in (layout.open_len, LEN_OFFSET + len(body)):
        raise FrameError(f"LEN says {length - LEN_OFFSET} bytes, there are {len(body)}")
    if body[-1] != POSTAMBLE:
        raise FrameError("no 05 before the sum")
    if (said := from_nibbles(digits)) != (sum_ := plain_sum(body)):
        raise FrameError(f"sum is {sum_:04X}, the frame says {said:04X}")
    start = 2 * layout.width + 1
    sequence, command = body[layout.width], layout.value(body[layout.width + 1 : start])
    if sequence < SEQUENCE_MIN:
        raise FrameError(f"SEQ {sequence:02X} is below 20")
    if command < layout.command_min:
        raise FrameError(f"CMD {command:02X} is below 20")
    if not reply:
        _need_data(layout, ESCAPED.sub(b"", body[start:-1]))
        return Frame(sequence, command, body[start:-1])
    cut = len(body) - 2 - layout.status_size
    if cut < start or body[cut] != SEPARATOR:
        raise FrameError(f"no 04 before {layout.status_size} status bytes")
    if min(status := body[cut + 1 : -1]) < 0x80:
        raise FrameError(f"status {status.hex(' ')} has a byte below 80")
    return Frame(sequence, command, body[start:cut], status)


def signs_of(byte: int, *, reply: bool) -> tuple[str, ...]:
    """Say what a byte outside of frames means; () if it means nothing: only a device sends one."""
    return (SIGNS[byte],) if reply and byte in SIGNS else ()


def frame_size(layout: Layout, buffer: bytes) -> int | None:
    """Say how long the frame at the start of the buffer is; None: not enough bytes to know.

    Raises:
        FrameError: LEN cannot be a length.
    """
    raw = buffer[1 : 1 + layout.width]
    if layout.digits:
        from_nibbles(raw)
    if len(raw) < layout.width:
        return None
    if layout.value(raw) == layout.open_len:
        return _size_by_its_sum(buffer)
    length = layout.value(raw) - LEN_OFFSET
    if not 2 * layout.width + 2 <= length <= FRAME_MAX:
        raise FrameError(f"LEN {length} cannot be")
    return length + 6


def _need_data(layout: Layout, data: bytes) -> None:
    if bad := [byte for byte in data if byte < 0x20 and byte not in layout.controls]:
        raise FrameError(f"byte {bad[0]:02X} may not stand in data")


def _size_by_its_sum(buffer: bytes) -> int | None:
    """Find the end of a frame whose LEN says nothing: 05, its own sum, 03."""
    for end in range(10, min(len(buffer), FRAME_MAX + 6) + 1):
        digits = nibbles(plain_sum(buffer[1 : end - 5]), 4)
        if buffer[end - 6 : end] == bytes([POSTAMBLE, *digits, TERMINATOR]):
            return end
    if len(buffer) > FRAME_MAX + 6:
        raise FrameError(f"no end within {FRAME_MAX} bytes")
    return None
