"""What an FTDI chip is told and what its packets hold, against the kernel's own numbers."""

import pytest

from drivers.usb_chips import ftdi_divisor, ftdi_strip

STATUS = b"\x01\x60"


@pytest.mark.parametrize(
    ("baud", "value", "index"),
    [  # as ftdi_sio of Linux sends them
        (1200, 0x09C4, 0),
        (9600, 0x4138, 0),
        (19200, 0x809C, 0),
        (38400, 0xC04E, 0),
        (57600, 0xC034, 0),
        (115200, 0x001A, 0),
        (230400, 0x000D, 0),
        (460800, 0x4006, 0),
    ],
)
def test_ftdi_divisors_are_those_of_the_kernel(baud: int, value: int, index: int) -> None:
    assert ftdi_divisor(baud) == (value, index)


def test_an_ftdi_fraction_of_three_eighths_goes_into_the_index() -> None:
    assert ftdi_divisor(round(24_000_000 / (100 * 8 + 3))) == (100, 1)


def test_ftdi_status_bytes_are_taken_off_every_packet_of_a_transfer() -> None:
    full = bytes(range(62))
    assert ftdi_strip(STATUS + full + STATUS + full + STATUS + b"!", 64) == full + full + b"!"
    assert ftdi_strip(STATUS, 64) == b""
    assert ftdi_strip(b"", 64) == b""
