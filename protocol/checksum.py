"""Sums and the nibble digits they are written with.

nibbles(0x01D2, 4) = 30 31 3D 32: four bytes, high first, each 0x30 + one hex digit, so that no
digit can be taken for a framing byte [datecs.md 2.1].
"""

from protocol.errors import FrameError


def nibbles(value: int, width: int) -> bytes:
    return bytes(0x30 + (value >> shift & 0xF) for shift in range(4 * width - 4, -4, -4))


def from_nibbles(digits: bytes) -> int:
    value = 0
    for digit in digits:
        if not 0x30 <= digit <= 0x3F:
            raise FrameError(f"{digits.hex(' ')} is not a number of digits 30..3F")
        value = value << 4 | digit - 0x30
    return value


def plain_sum(data: bytes) -> int:
    """The 16-bit sum of all bytes [datecs.md 2.1, BCC]."""
    return sum(data) & 0xFFFF
