"""What two kinds of USB serial chips want to be told, and how bytes lie in their packets.

    CDC-ACM   class 2 subclass 2 and its data interface; bytes as they are
    FTDI      every packet from it begins with two status bytes, also when it has nothing to say:
              01 60 01 2C ... (64 bytes) | 01 60 16 | 01 60    ->  01 2C ... 16

Knows pipes, not pyusb: errors come from `usb_transport.py` as OSError and go back to it.
A line is found by descriptors, never by a list of products: Datecs' own numbers are not known.
Not here: finding the device, the kernel's driver, claims.
"""

import errno
import struct
from dataclasses import dataclass
from typing import Any, Protocol

ACM_CLASS = (0x02, 0x02)  # communications, abstract control model; Ethernet is (2, 6)
DATA_CLASS = 0x0A
VENDOR_CLASS = 0xFF

FTDI_VENDOR = 0x0403
FTDI_CLOCK_HZ = 3_000_000
FTDI_DIVISOR_MAX = 0x3FFF
FTDI_EIGHTHS = (0, 3, 2, 4, 1, 5, 6, 7)  # the chip's codes for 0/8 .. 7/8 (AN232B-05)
FTDI_LATENCY_MS = 4
FTDI_READ_BYTES = 512
FTDI_STATUS_BYTES = 2
FTDI_TRANSMITTER_EMPTY = 0x40  # second status byte, TEMT
BAUD_ERROR_MAX = 0.03


@dataclass(frozen=True, slots=True)
class UsbLine:
    """Where in a device its serial line is. `interfaces` of CDC-ACM: control, data."""

    configuration: int
    interfaces: tuple[int, ...]
    endpoint_in: int
    endpoint_out: int
    packet_bytes: int
    ftdi: bool = False
    channel: int = 0  # FTDI chips with several lines count them from 1


class Pipes(Protocol):
    """An open device's pipes."""

    line: UsbLine

    def read(self, size: int, timeout_ms: int) -> bytes: ...

    def write(self, data: bytes, timeout_ms: int) -> int: ...

    def control_out(
        self, kind: int, request: int, value: int, index: int, data: bytes = b""
    ) -> None: ...

    def control_in(self, kind: int, request: int, value: int, index: int, size: int) -> bytes: ...

    def clear_halts(self) -> None: ...

    def give_back(self) -> None: ...


class Chip(Protocol):
    """What two kinds of serial line do differently."""

    pipes: Pipes

    def configure(self, baud: int) -> None: ...

    def read(self, timeout_ms: int) -> bytes: ...

    def has_sent(self) -> bool: ...

    def purge(self) -> None: ...


class CdcAcm:
    """USB CDC PSTN 1.2, section 6.3."""

    def __init__(self, pipes: Pipes) -> None:
        self.pipes = pipes

    def configure(self, baud: int) -> None:
        control = self.pipes.line.interfaces[0]
        coding = struct.pack("<IBBB", baud, 0, 0, 8)  # 1 stop bit, no parity, 8 data bits
        for request, value, data in ((0x20, 0, coding), (0x22, 0b11, b"")):
            try:
                self.pipes.control_out(0x21, request, value, control, data)
            except OSError as error:
                # A printer without a real UART behind its USB may refuse both; Linux goes on too.
                if error.errno != errno.EPIPE:
                    raise

    def read(self, timeout_ms: int) -> bytes:
        # One packet: a longer read would wait for a short one, which a full answer never sends.
        return self.pipes.read(self.pipes.line.packet_bytes, timeout_ms)

    def has_sent(self) -> bool:
        return True

    def purge(self) -> None:
        """There is no such request; reading until silence does it."""


class Ftdi:
    """FT232R and relatives; requests as in ftdi_sio.h of Linux."""

    def __init__(self, pipes: Pipes) -> None:
        self.pipes = pipes
        self._channel = pipes.line.channel

    def configure(self, baud: int) -> None:
        value, index = ftdi_divisor(baud)
        if self._channel:
            index = index << 8 | self._channel
        self._set(0x00, 0)  # RESET
        self.pipes.control_out(0x40, 0x03, value, index)  # SET_BAUD_RATE
        self._set(0x04, 0x0008)  # SET_DATA 8N1
        self._set(0x02, 0)  # SET_FLOW_CTRL none
        self._set(0x09, FTDI_LATENCY_MS)  # SET_LATENCY_TIMER
        self._set(0x01, 0x0101)  # MODEM_CTRL DTR on
        self._set(0x01, 0x0202)  # MODEM_CTRL RTS on
        self.purge()

    def read(self, timeout_ms: int) -> bytes:
        data = self.pipes.read(FTDI_READ_BYTES, timeout_ms)
        return ftdi_strip(data, self.pipes.line.packet_bytes)

    def has_sent(self) -> bool:
        status = self.pipes.control_in(0xC0, 0x05, 0, self._channel, 2)  # GET_MODEM_STATUS
        return bool(status[1] & FTDI_TRANSMITTER_EMPTY)

    def purge(self) -> None:
        self._set(0x00, 1)  # RESET, what it received and we did not read

    def _set(self, request: int, value: int) -> None:
        self.pipes.control_out(0x40, request, value, self._channel)


def ftdi_divisor(baud: int) -> tuple[int, int]:
    """Return what SET_BAUD_RATE wants for a speed, as (value, index): FT232B/R, FT-X.

    Raises:
        ValueError: the chip cannot do it closely enough.
    """
    eighths = round(8 * FTDI_CLOCK_HZ / baud)
    # Below 2 (but for 1, which is 3 MBaud) the chip has no fractions; no printer is that fast.
    whole = eighths >> 3
    if not 2 <= whole <= FTDI_DIVISOR_MAX:
        raise ValueError(f"an FTDI chip cannot do {baud} baud")
    if abs(8 * FTDI_CLOCK_HZ / eighths / baud - 1) > BAUD_ERROR_MAX:
        raise ValueError(f"an FTDI chip cannot do {baud} baud closely enough")
    code = FTDI_EIGHTHS[eighths & 7] << 14 | whole
    return code & 0xFFFF, code >> 16


def ftdi_strip(data: bytes, packet_bytes: int) -> bytes:
    """Take the status bytes off every packet of one transfer."""
    starts = range(0, len(data), packet_bytes)
    return b"".join(data[at + FTDI_STATUS_BYTES : at + packet_bytes] for at in starts)


def find_line(device: Any) -> UsbLine | None:
    """Look through a pyusb device's descriptors; the kernel has them, the device is not asked."""
    try:
        for configuration in device:
            interfaces = [found for found in configuration if found.bAlternateSetting == 0]
            line = _ftdi_line(device, configuration, interfaces)
            if line := line or _cdc_line(configuration, interfaces):
                return line
    except OSError:
        # it went away, or is broken: no line in either case
        return None
    return None


def _ftdi_line(device: Any, configuration: Any, interfaces: list[Any]) -> UsbLine | None:
    for interface in interfaces:
        pipes = _bulk(interface)
        number = interface.bInterfaceNumber
        if device.idVendor == FTDI_VENDOR and interface.bInterfaceClass == VENDOR_CLASS and pipes:
            channel = number + 1 if len(interfaces) > 1 else 0
            return UsbLine(
                configuration.bConfigurationValue, (number,), *pipes, ftdi=True, channel=channel
            )
    return None


def _cdc_line(configuration: Any, interfaces: list[Any]) -> UsbLine | None:
    for control in interfaces:
        if (control.bInterfaceClass, control.bInterfaceSubClass) != ACM_CLASS:
            continue
        partner = _partner(bytes(control.extra_descriptors))
        for data in interfaces:
            pipes = _bulk(data)
            numbers = (control.bInterfaceNumber, data.bInterfaceNumber)
            ours = numbers[1] == partner if partner is not None else numbers[1] > numbers[0]
            if data.bInterfaceClass == DATA_CLASS and ours and pipes:
                return UsbLine(configuration.bConfigurationValue, numbers, *pipes)
    return None


def _partner(descriptors: bytes) -> int | None:
    """Return the data interface that the union descriptor names (CDC 1.2, 5.2.3.2)."""
    while len(descriptors) > 4 and descriptors[0] > 0:
        if descriptors[1:3] == b"\x24\x06":
            return descriptors[4]
        descriptors = descriptors[descriptors[0] :]
    return None


def _bulk(interface: Any) -> tuple[int, int, int] | None:
    """Return its bulk pipes (in, out) and the size of a packet from it."""
    bulk = [found for found in interface if found.bmAttributes & 0x03 == 0x02]
    into = next((found for found in bulk if found.bEndpointAddress & 0x80), None)
    out = next((found for found in bulk if not found.bEndpointAddress & 0x80), None)
    if into is None or out is None:
        return None
    return into.bEndpointAddress, out.bEndpointAddress, into.wMaxPacketSize
