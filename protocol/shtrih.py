"""The Shtrih-M wire: frames between single bytes of a handshake; a newer one with numbers.

First wire:   02 | N | code [code] data | LRC            both ways
Second wire:  8F | stuffed: len x2 | number x2 | code [code] data | crc x2        both ways
One byte (first wire): 05 are you there; 06 taken, or a reply is on its way; 15 damaged, or idle;
                       FF a filler that means nothing

N counts the bytes between it and LRC; LRC is the XOR of N to the last of them ("addition" in the
English text, XOR in every program and log [conflict 11]). A code of FF has a second byte. An
answer repeats the code, then the result: 0 is good, anything else ends it.

On the second wire all numbers are little-endian, `len` counts number, code and data, 8F inside is
written 9F 81 and 9F is 9F 83; the crc is CCITT, begun with FFFF, over all of it before stuffing. A
frame of len 0 has no number: it asks for the device's own, which comes in a frame without code
[other_protocols.md 7.1; vectors].
"""

from dataclasses import dataclass
from functools import reduce
from operator import xor

from protocol.errors import FrameError
from protocol.exchange import Request

STX, ENQ, ACK, NAK, FILLER = 0x02, 0x05, 0x06, 0x15, 0xFF
STX2, ESCAPE = 0x8F, 0x9F
STUFFED = {STX2: 0x81, ESCAPE: 0x83}
UNSTUFFED = {second: byte for byte, second in STUFFED.items()}
BODY_MAX = 0xFF  # N is one byte
BODY2_MAX = 0x1000  # of the second wire, with the number; a length above is taken for noise
NUMBER_SIZE = 2
WIDE = 0xFF  # codes FF00 and up have two bytes
NUMBER_MAX = 0xFFFF
GOOD = 0
SIGNS = {
    ENQ: "are you there",
    ACK: "taken, or a reply is being prepared",
    NAK: "damaged, or idle",
    FILLER: "filler",
}


@dataclass(frozen=True, slots=True)
class Message:
    """One good frame. `number` and `command` None: it has none; `data` begins with a result."""

    command: int | None
    data: bytes = b""
    number: int | None = None


def lrc(body: bytes) -> int:
    return reduce(xor, body, len(body))


def crc(body: bytes) -> int:
    """CCITT: polynomial 1021, begun with FFFF."""
    value = 0xFFFF
    for byte in body:
        value ^= byte << 8
        for _ in range(8):
            value = (value << 1 ^ (0x1021 if value & 0x8000 else 0)) & 0xFFFF
    return value


def body_of(request: Request) -> bytes:
    """Write code and data, as far as either wire holds them.

    Raises:
        FrameError: the code is none, or there is too much.
    """
    command = request.command
    if not (0 < command < WIDE or command >> 8 == WIDE):
        raise FrameError(f"code {command:#x} is neither one byte below FF nor FF and one more")
    body = command.to_bytes(2 if command > WIDE else 1, "big") + request.data
    _need_room(body, BODY2_MAX - NUMBER_SIZE)
    return body


def encode_request(request: Request) -> bytes:
    """Write a request as a frame of the first wire.

    Raises:
        FrameError: it does not fit.
    """
    return enclosed(body_of(request))


def enclosed(body: bytes) -> bytes:
    _need_room(body, BODY_MAX)
    return bytes([STX, len(body)]) + body + bytes([lrc(body)])


def decode(raw: bytes) -> Message:
    """Read one whole frame of the first wire.

    Raises:
        FrameError: anything in it is not as it should be.
    """
    if len(raw) < 4 or raw[0] != STX:
        raise FrameError("not 02 N ... LRC")
    body = raw[2:-1]
    if raw[1] != len(body):
        raise FrameError(f"N says {raw[1]} bytes, there are {len(body)}")
    if raw[-1] != lrc(body):
        raise FrameError(f"LRC is {lrc(body):02X}, the frame says {raw[-1]:02X}")
    return _message(body, None)


def frame_size(buffer: bytes) -> int | None:
    """Say how long the frame is that begins with 02; None: not enough bytes to know.

    Raises:
        FrameError: N cannot be a length.
    """
    if len(buffer) < 2:
        return None
    if buffer[1] == 0:
        raise FrameError("N is 0")
    return buffer[1] + 3


def encode_numbered(number: int, body: bytes) -> bytes:
    """Write a frame of the second wire.

    Raises:
        FrameError: the number has more than two bytes.
    """
    if not 0 <= number <= NUMBER_MAX:
        raise FrameError(f"number {number:#x} out of range")
    numbered = number.to_bytes(NUMBER_SIZE, "little") + body
    return _stuffed(len(numbered).to_bytes(2, "little") + numbered)


def ask_number() -> bytes:
    """Write the frame that asks the device for its number: 8F 00 00 0F 1D."""
    return _stuffed(bytes(2))


def decode_numbered(raw: bytes) -> Message:
    """Read one whole frame of the second wire.

    Raises:
        FrameError: anything in it is not as it should be.
    """
    if raw[:1] != bytes([STX2]):
        raise FrameError("not 8F ...")
    plain = unstuffed(raw[1:])
    if len(plain) < 4:
        raise FrameError(f"{len(plain)} bytes are no frame")
    length, body, told = int.from_bytes(plain[:2], "little"), plain[2:-2], plain[-2:]
    if length != len(body) or length == 1:
        raise FrameError(f"len says {length} bytes, there are {len(body)}")
    if told != (made := crc(plain[:-2]).to_bytes(2, "little")):
        raise FrameError(f"crc is {made.hex(' ')}, the frame says {told.hex(' ')}")
    number = int.from_bytes(body[:2], "little") if body else None
    return _message(body[2:], number)


def numbered_size(buffer: bytes) -> int | None:
    """Say how long the frame is that begins with 8F, stuffing included; None: not yet known.

    Raises:
        FrameError: its length cannot be, or a byte is stuffed that never is.
    """
    plain: list[int] = []
    wanted, at = 4, 1  # len and crc
    while len(plain) < wanted:
        if at >= len(buffer):
            return None
        byte = buffer[at]
        at += 1
        if byte == STX2:
            raise FrameError("8F inside a frame")
        if byte == ESCAPE:
            if at >= len(buffer):
                return None
            byte = _unstuffed_byte(buffer[at])
            at += 1
        plain.append(byte)
        if len(plain) == 2:
            wanted += plain[0] | plain[1] << 8
            if wanted - 4 > BODY2_MAX or wanted - 4 == 1:
                raise FrameError(f"len {wanted - 4} cannot be")
    return at


def unstuffed(raw: bytes) -> bytes:
    """Take the stuffing out.

    Raises:
        FrameError: a byte is stuffed that never is.
    """
    plain, escaped = bytearray(), False
    for byte in raw:
        if escaped:
            plain.append(_unstuffed_byte(byte))
        elif byte == STX2:
            raise FrameError("8F inside a frame")
        elif byte != ESCAPE:
            plain.append(byte)
        escaped = byte == ESCAPE and not escaped
    if escaped:
        raise FrameError("it ends in 9F")
    return bytes(plain)


def signs_of(byte: int) -> tuple[str, ...]:
    """Say what a byte outside of frames means; () if it means nothing."""
    return (SIGNS[byte],) if byte in SIGNS else ()


def _need_room(body: bytes, most: int) -> None:
    if len(body) > most:
        raise FrameError(f"{len(body)} bytes, {most} fit")


def _unstuffed_byte(second: int) -> int:
    if second not in UNSTUFFED:
        raise FrameError(f"9F {second:02X} stands for nothing")
    return UNSTUFFED[second]


def _stuffed(plain: bytes) -> bytes:
    raw = bytearray([STX2])
    for byte in plain + crc(plain).to_bytes(2, "little"):
        raw += bytes([ESCAPE, STUFFED[byte]]) if byte in STUFFED else bytes([byte])
    return bytes(raw)


def _message(body: bytes, number: int | None) -> Message:
    """Split code and data."""
    if not body:
        return Message(None, b"", number)
    size = 2 if body[0] == WIDE else 1
    if len(body) < size:
        raise FrameError("a code of FF without its second byte")
    return Message(int.from_bytes(body[:size], "big"), body[size:], number)
