"""The legacy ISL frame, as the device sees it (own codec of the sandbox; the driver has another).

    host -> device   01 LEN SEQ CMD DATA        05 BCC4 03
    device -> host   01 LEN SEQ CMD DATA 04 ST6 05 BCC4 03

    LEN    0x20 + the number of bytes from LEN to 05, both included; one byte
    SEQ    0x20..0xFF, CMD one byte
    DATA   bytes 0x20..0xFF, TAB and LF; a host sends at most 213
    BCC4   plain sum of LEN..05, 4 nibbles, each + 0x30

A reply of more than 222 bytes from LEN to 05 has LEN FF, which Daisy alone may need. 03 cannot
stand in a frame (LEN begins at 24), so the reader of the X frame serves here too: it collects from
01 to 03. What is not such a frame is answered with NAK, an X frame as well.
"""

from __future__ import annotations

from sandbox.printer.wire import END, POST, START, STATUS, Broken, Codec, Frame

HOST_DATA_MAX = 213
PLAIN = frozenset((0x09, 0x0A))
LONG = 0xFF


def read_frame(raw: bytes) -> Frame | Broken:
    """The bytes from 01 to 03, as a host's frame."""
    body, check = raw[1:-5], raw[-5:-1]
    if len(body) < 4 or raw[-1] != END:
        return Broken("too short, or without its end")
    data = body[3:-1]
    wrong = {
        "LEN does not say how long the frame is": body[0] != 0x20 + len(body),
        "SEQ or the byte 05 is not in its place": body[1] < 0x20 or body[-1] != POST,
        "BCC is wrong": check != digits(sum(body)),
        "DATA is too long": len(data) > HOST_DATA_MAX,
        "DATA has a byte that may not be there": any(b < 0x20 and b not in PLAIN for b in data),
    }
    for why, so in wrong.items():
        if so:
            return Broken(why)
    return Frame(body[1], body[2], data, raw)


def answer_frame(frame: Frame, data: bytes, status: bytes) -> bytes:
    """The device's answer to a frame: it echoes SEQ and CMD."""
    return framed(frame.seq, frame.command, data + bytes([STATUS]) + status)


def framed(seq: int, command: int, rest: bytes) -> bytes:
    length = min(0x20 + 4 + len(rest), LONG)
    body = bytes([length, seq, command]) + rest + bytes([POST])
    return bytes([START]) + body + digits(sum(body)) + bytes([END])


def renumbered(raw: bytes, seq: int, command_change: int) -> bytes:
    """The same answer under another SEQ, or with a bit of its CMD changed."""
    return framed(seq, raw[3] ^ command_change, raw[4:-6])


def digits(value: int) -> bytes:
    return bytes(0x30 + (value >> shift & 0xF) for shift in (12, 8, 4, 0))


LEGACY = Codec(read_frame, answer_frame, renumbered)
