"""The ZFP wire protocol of Tremol: packed messages with a number, acknowledgements, single bytes.

Message:          02 | LEN | NBL | CMD | data | CS x2 | 0A     both ways
Acknowledgement:  06 | NBL | STE x2 | CS x2 | 0A               device to host
One byte:         04 ping, 09 -> 40..4F state (bit 0 busy, 1 no paper, 2 head hot, 3 no display)
                  15 malformed, 0E still busy with another, 03 never from a device: an echo
                  05 is it busy, of older devices; nothing here sends it
Two bytes:        1D 49, 1D 77 what it can do, which model; 03 04 the first of a search [0.2]
Log-in:           password | 0A                                on TCP, once, to the device

LEN is 0x20 + the bytes from LEN to the data, both included; CS is the XOR of LEN (NBL in an
acknowledgement) to the byte before it, two digits 30..3F. STE says how the device is and what
became of the command; 30 30 is good [other_protocols.md 2.1-2.3; manual EN 1910211454, 1].

A command that returns data is answered with a message of its own CMD, any other, and every
refusal, with an acknowledgement. Length comes from LEN, never from a search for 0A.
"""

import re
from dataclasses import dataclass
from functools import reduce
from operator import xor

from protocol.checksum import from_nibbles, nibbles
from protocol.errors import FrameError
from protocol.exchange import Request

STX, ACK, END = 0x02, 0x06, 0x0A
NAK, RETRY, ANTI_ECHO, PING, BUSY, STATE = 0x15, 0x0E, 0x03, 0x04, 0x05, 0x09
RAW, RAW_SIZE = 0x1D, 2  # begins a request without a frame
LEN_OFFSET = 0x20
NUMBER_MIN, NUMBER_MAX = 0x20, 0x9F  # NBL; tremol-cordova goes to FF [conflict 3]
DATA_MAX = 220  # LEN ends at FF; the manual says 9F and 3902 bytes at once [conflict 2]
ACK_SIZE = 7
EMPTY_SIZE = 7  # a message without data
GOOD = b"00"  # STE of a command that was carried out
STREAM_END = re.compile(rb"(?:[0-9]{4})?@ *")  # 75 ends with its segment before it [2.7]
READY = 0x40  # answer to 09, with a bit for each thing that is not well
STATE_BITS = ("busy", "no paper", "head too hot", "display missing")
SIGNS = {
    PING: "alive",
    NAK: "malformed: send it again",
    RETRY: "busy with another: send it again later",
    0x50: "the network wants its password",
    0x60: "another connection holds the device",
    0x70: "the network's password is wrong",
}
ASKED = {  # single bytes to the device
    ANTI_ECHO: "what sends this back is an echo",
    PING: "is a device there",
    BUSY: "is the device busy",
    STATE: "how is the device",
}
ASKED_RAW = {bytes([RAW, 0x49]): "what can the device do", bytes([RAW, 0x77]): "which model is it"}
SEARCH = bytes([ANTI_ECHO, PING])
LOG_IN_MAX = 64
LOG_IN = re.compile(rb"[\x20-\x7E]{1,%d}\n" % LOG_IN_MAX)


@dataclass(frozen=True, slots=True)
class Message:
    """One good message. NBL counts host and device alike."""

    number: int
    command: int
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """`ste`: two digits, of the device and of the command."""

    number: int
    ste: bytes


def checksum(body: bytes) -> bytes:
    """CS: the XOR of all bytes, high digit first."""
    return nibbles(reduce(xor, body, 0), 2)


def encode_request(number: int, request: Request) -> bytes:
    """Write a request as a message.

    Raises:
        FrameError: data too long, NBL or CMD out of range.
    """
    if not NUMBER_MIN <= number <= 0xFF or not 0x20 <= request.command <= 0xFF:
        raise FrameError(f"NBL {number:#x} or CMD {request.command:#x} out of range")
    if len(request.data) > DATA_MAX:
        raise FrameError(f"{len(request.data)} bytes of data, {DATA_MAX} fit")
    if bad := [byte for byte in request.data if byte < 0x20]:
        raise FrameError(f"byte {bad[0]:02X} may not stand in data")
    body = bytes([LEN_OFFSET + 3 + len(request.data), number, request.command]) + request.data
    return bytes([STX]) + body + checksum(body) + bytes([END])


def decode(raw: bytes) -> Message | Acknowledgement:
    """Read one whole message or acknowledgement.

    Raises:
        FrameError: anything in it is not as it should be.
    """
    if len(raw) < EMPTY_SIZE or raw[0] not in (STX, ACK) or raw[-1] != END:
        raise FrameError("neither 02 ... 0A nor 06 ... 0A")
    body, digits = raw[1:-3], raw[-3:-1]
    if from_nibbles(digits) != from_nibbles(said := checksum(body)):
        raise FrameError(f"CS is {said.hex(' ')}, the frame says {digits.hex(' ')}")
    if raw[0] == ACK:
        if len(raw) != ACK_SIZE or min(body) < 0x20:
            raise FrameError("not 06 NBL STE STE CS CS 0A")
        return Acknowledgement(body[0], body[1:])
    if body[0] != LEN_OFFSET + len(body):
        raise FrameError(f"LEN says {body[0] - LEN_OFFSET} bytes, there are {len(body)}")
    if body[1] < NUMBER_MIN or body[2] < 0x20:
        raise FrameError(f"NBL {body[1]:02X} or CMD {body[2]:02X} is below 20")
    return Message(body[1], body[2], body[3:])


def frame_size(buffer: bytes) -> int | None:
    """Say how long what begins with 02 or 06 is; None: not enough bytes to know.

    Raises:
        FrameError: LEN cannot be a length.
    """
    if buffer[0] == ACK:
        return ACK_SIZE
    if len(buffer) < 2:
        return None
    if (length := buffer[1] - LEN_OFFSET) < 3:
        raise FrameError(f"LEN {length} cannot be")
    return length + 4


def signs_of(byte: int) -> tuple[str, ...]:
    """Say what a byte of the device outside of frames means; () if it means nothing."""
    if byte & 0xF0 == READY:
        found = (text for bit, text in enumerate(STATE_BITS) if byte >> bit & 1)
        return tuple(found) or ("ready",)
    return (SIGNS[byte],) if byte in SIGNS else ()


def asked_of(raw: bytes) -> tuple[str, ...]:
    """Say what goes to a device without a frame; () if it means nothing."""
    if raw in ASKED_RAW:
        return (ASKED_RAW[raw],)
    is_asked = raw == SEARCH or (len(raw) == 1 and raw[0] in ASKED)
    return tuple(ASKED[byte] for byte in raw) if is_asked else ()


def encode_asked(value: int) -> bytes:
    """Write what goes to a device without a frame: 0x05, 0x1D49, 0x0304."""
    return value.to_bytes(2 if value > 0xFF else 1, "big")


def is_asked(value: int) -> bool:
    return 0 <= value <= 0xFFFF and bool(asked_of(encode_asked(value)))


def log_in(password: str) -> bytes:
    """What a TCP connection begins with: the password of the device's network [manual 1]."""
    return password.encode("ascii") + bytes([END])


def log_in_size(buffer: bytes) -> int | None:
    """Say how long the log-in is that the bytes begin with; None: they begin with none."""
    found = LOG_IN.match(buffer)
    return found.end() if found else None
