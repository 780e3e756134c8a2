"""A serial line inside USB, without a tty: we speak to the chip ourselves, through libusb.

    usb:0403:6001:FR900001    vendor, product, USB serial number
    usb:0403:6001             ... whatever its serial number, if only one is plugged in
    usb:fff0                  ... whatever its product

    open    find, take it from the kernel's driver, claim, then the chip's part (`usb_chips.py`)
    close   release, give it back to the kernel's driver; by itself after any error
            (a re-plugged device has a new bus address: `open` looks for it anew)

The door to pyusb, which has no types: `_Pipes` alone moves bytes with it. Not thread-safe.
"""

import contextlib
import errno
import math
import re
from dataclasses import dataclass
from typing import Any

import usb.backend.libusb1
import usb.core
import usb.util

from drivers.clock import Clock, SystemClock
from drivers.errors import ContactLost, NotStarted
from drivers.faults import Fault
from drivers.serial_transport import held_words
from drivers.usb_chips import CdcAcm, Chip, Ftdi, UsbLine, find_line

WRITE_PIECE_BYTES_MAX = 512
WRITE_SLACK_S = 2.0
BITS_PER_BYTE = 10  # start, 8 data, stop
DISCARD_READS_MAX = 256
DISCARD_SILENCE_MS = 5

ENGLISH = 0x0409  # the language of string descriptors; every device has it


@dataclass(frozen=True, slots=True)
class UsbAddress:
    """Which device is meant; None matches all."""

    vendor: int
    product: int | None = None
    serial: str | None = None

    def __str__(self) -> str:
        product = "" if self.product is None else f"{self.product:04x}"
        return f"usb:{self.vendor:04x}:{product}:{self.serial or ''}".rstrip(":")


@dataclass(frozen=True, slots=True)
class UsbPort:
    """One plugged-in device with a serial line. `location` is bus-port.port, as in sysfs."""

    address: UsbAddress
    text: str | None
    location: str

    def __str__(self) -> str:
        return f"{self.address} ({self.text or 'no name'}, at {self.location})"


def parse_usb_address(text: str) -> UsbAddress:
    """Read `usb:VVVV[:PPPP[:SERIAL]]`, hexadecimal; `usb:VVVV::SERIAL` leaves the product open.

    Raises:
        ValueError: it is not such an address.
    """
    number = "[0-9A-Fa-f]{4}"
    match = re.fullmatch(rf"usb:({number})(?::({number})?(?::(\S.*)?)?)?", text.strip())
    if match is None:
        raise ValueError(f"{text!r} is not a USB address such as usb:0403:6001:FR900001")
    product = int(match[2], 16) if match[2] else None
    return UsbAddress(int(match[1], 16), product, match[3])


class UsbTransport:
    """A `Transport` over a USB device's own pipes."""

    def __init__(
        self,
        *,
        vendor: int,
        product: int | None = None,
        serial: str | None = None,
        baud: int,
        backend: object | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._address = UsbAddress(vendor, product, serial)
        self._baud = baud
        self._backend = backend
        self._clock = clock or SystemClock()
        self._piece_timeout_s = WRITE_SLACK_S + 2 * WRITE_PIECE_BYTES_MAX * BITS_PER_BYTE / baud
        self._chip: Chip | None = None
        self._found = ""

    @property
    def name(self) -> str:
        return f"{self._address}{self._found} at {self._baud}"

    def open(self) -> None:
        if self._chip is not None:
            return
        device, line = _only(self._backend, self._address)
        pipes = _Pipes(device, line)
        chip: Chip = Ftdi(pipes) if line.ftdi else CdcAcm(pipes)
        try:
            pipes.take()
            chip.configure(self._baud)
        except (usb.core.USBError, ValueError) as error:
            pipes.give_back()
            raise _not_opened(str(self._address), device, error) from error
        self._chip = chip
        self._found = f" (bus {device.bus} device {device.address})"

    def write(self, data: bytes) -> None:
        chip = self._taken("writing")
        try:
            for start in range(0, len(data), WRITE_PIECE_BYTES_MAX):
                self._write_piece(chip, data[start : start + WRITE_PIECE_BYTES_MAX])
        except usb.core.USBError as error:
            raise self._lost("writing", error) from error

    def read(self, timeout_s: float) -> bytes:
        chip = self._taken("reading")
        until_s = self._clock.monotonic_s() + timeout_s
        left_s = timeout_s
        try:
            data = chip.read(_ms(left_s))
            # An FTDI chip speaks every few milliseconds even if it has nothing to say.
            while not data and (left_s := until_s - self._clock.monotonic_s()) > 0:
                data = chip.read(_ms(left_s))
        except usb.core.USBError as error:
            raise self._lost("reading", error) from error
        return data

    def discard(self) -> None:
        chip = self._taken("discarding")
        try:
            chip.purge()
            for _ in range(DISCARD_READS_MAX):
                if not chip.read(DISCARD_SILENCE_MS):
                    return
        except usb.core.USBError as error:
            raise self._lost("discarding", error) from error
        raise self._lost("discarding", usb.core.USBError("it does not stop sending"))

    def close(self) -> None:
        chip, self._chip, self._found = self._chip, None, ""
        if chip is not None:
            chip.pipes.give_back()

    def _taken(self, doing: str) -> Chip:
        if self._chip is None:
            raise ContactLost(f"{self._address}: not open while {doing}")
        return self._chip

    def _write_piece(self, chip: Chip, piece: bytes) -> None:
        until_s = self._clock.monotonic_s() + self._piece_timeout_s
        sent = chip.pipes.write(piece, _ms(self._piece_timeout_s))
        if sent != len(piece):
            raise usb.core.USBTimeoutError(f"only {sent} of {len(piece)} bytes were taken")
        while not chip.has_sent():
            if self._clock.monotonic_s() >= until_s:
                raise usb.core.USBTimeoutError("the chip does not send on")

    def _lost(self, doing: str, error: usb.core.USBError) -> ContactLost:
        name = self.name
        if self._chip is not None and error.errno == errno.EPIPE:
            # A stalled pipe stays stalled for whoever comes next, unless somebody says so.
            self._chip.pipes.clear_halts()
        self.close()
        reason = "unplugged" if error.errno == errno.ENODEV else error
        return ContactLost(f"{name}: the line broke while {doing} ({reason})")


def listed_usb(backend: object | None = None) -> list[UsbPort]:
    """Return every plugged-in device that has a serial line.

    Raises:
        NotStarted: libusb is missing, or USB cannot be listed.
    """
    return [_port(device) for device in _devices(backend) if find_line(device) is not None]


class _Pipes:
    """A device's bulk and control pipes, typed. Everything raises `usb.core.USBError`."""

    def __init__(self, device: Any, line: UsbLine) -> None:
        self._device = device
        self.line = line
        self._detached: list[int] = []

    def take(self) -> None:
        for interface in self.line.interfaces:
            # Asked each time: cdc_acm leaves both interfaces when it is taken off the first.
            with contextlib.suppress(NotImplementedError):
                if self._device.is_kernel_driver_active(interface):
                    self._device.detach_kernel_driver(interface)
                    self._detached.append(interface)
        if _active(self._device) != self.line.configuration:
            self._device.set_configuration(self.line.configuration)
        for interface in self.line.interfaces:
            usb.util.claim_interface(self._device, interface)

    def give_back(self) -> None:
        """Never raises: the device may be gone, then there is nothing to give."""
        for interface in self.line.interfaces:
            with contextlib.suppress(usb.core.USBError):
                usb.util.release_interface(self._device, interface)
        for interface in self._detached:
            with contextlib.suppress(usb.core.USBError):
                self._device.attach_kernel_driver(interface)
        self._detached.clear()
        with contextlib.suppress(usb.core.USBError):
            usb.util.dispose_resources(self._device)

    def read(self, size: int, timeout_ms: int) -> bytes:
        """Return one transfer; b"" if none came in time."""
        try:
            return bytes(self._device.read(self.line.endpoint_in, size, timeout_ms))
        except usb.core.USBTimeoutError:
            return b""

    def write(self, data: bytes, timeout_ms: int) -> int:
        return int(self._device.write(self.line.endpoint_out, data, timeout_ms))

    def control_out(
        self, kind: int, request: int, value: int, index: int, data: bytes = b""
    ) -> None:
        self._device.ctrl_transfer(kind, request, value, index, data)

    def control_in(self, kind: int, request: int, value: int, index: int, size: int) -> bytes:
        return bytes(self._device.ctrl_transfer(kind, request, value, index, size))

    def clear_halts(self) -> None:
        for endpoint in (self.line.endpoint_in, self.line.endpoint_out):
            with contextlib.suppress(usb.core.USBError):
                self._device.clear_halt(endpoint)


def _devices(backend: object | None) -> list[Any]:
    backend = backend or usb.backend.libusb1.get_backend()
    if backend is None:
        raise NotStarted("libusb is missing or broken: run `sudo apt install libusb-1.0-0`")
    try:
        return list(usb.core.find(find_all=True, backend=backend))
    except usb.core.USBError as error:
        raise NotStarted(f"USB cannot be looked through ({error})") from error


def _only(backend: object | None, address: UsbAddress) -> tuple[Any, UsbLine]:
    """Return the one device that is meant, or say why there is none."""
    devices = [device for device in _devices(backend) if _may_be(device, address)]
    if address.serial is not None:
        devices = [device for device in devices if _serial(device, address) == address.serial]
    if not devices:
        raise NotStarted(f"{address} is not plugged in, or it is switched off")
    lines = [(device, line) for device in devices if (line := find_line(device)) is not None]
    if not lines:
        raise NotStarted(
            f"{address} has no serial line we know (CDC-ACM or FTDI)", fault=Fault.NOT_A_PRINTER
        )
    if len(lines) > 1:
        known = ", ".join(sorted(str(_port(device)) for device, _ in lines))
        raise NotStarted(
            f"{address} could be any of {len(lines)} devices; write the address of one of: {known}",
            fault=Fault.BAD_REQUEST,
        )
    return lines[0]


def _may_be(device: Any, address: UsbAddress) -> bool:
    return device.idVendor == address.vendor and address.product in (None, device.idProduct)


def _serial(device: Any, address: UsbAddress) -> str | None:
    try:
        return _text(device, device.iSerialNumber)
    except usb.core.USBError as error:
        if error.errno == errno.EACCES:
            raise _not_opened(str(address), device, error) from error
        return None


def _text(device: Any, index: int) -> str | None:
    try:
        text = usb.util.get_string(device, index, ENGLISH)
    except UnicodeDecodeError:
        return None
    finally:
        usb.util.dispose_resources(device)
    return str(text).strip("\0 ") or None if text else None


def _port(device: Any) -> UsbPort:
    serial, text = None, None
    # Without the right to open it, it is listed all the same: what it is can be seen.
    with contextlib.suppress(usb.core.USBError):
        serial = _text(device, device.iSerialNumber)
        text = _text(device, device.iProduct)
    place = ".".join(str(number) for number in device.port_numbers or ())
    address = UsbAddress(device.idVendor, device.idProduct, serial)
    return UsbPort(address, text, f"{device.bus}-{place}")


def _active(device: Any) -> int:
    """Return the configuration the device is in; 0 for none. Opens it."""
    try:
        return int(device.get_active_configuration().bConfigurationValue)
    except usb.core.USBError as error:
        # pyusb's own words for an unconfigured device have no number
        if error.errno is None:
            return 0
        raise


def _not_opened(name: str, device: Any, error: Exception) -> NotStarted:
    if isinstance(error, ValueError):
        return NotStarted(f"{name}: {error}", fault=Fault.BAD_REQUEST)
    code = error.errno if isinstance(error, OSError) else None
    if code == errno.EACCES:
        return NotStarted(
            f"{name} may not be opened: add the line "
            f'SUBSYSTEM=="usb", ATTR{{idVendor}}=="{device.idVendor:04x}", GROUP="dialout", '
            f'MODE="0660" to /etc/udev/rules.d/70-amef.rules, run `sudo udevadm control --reload` '
            f"and plug the device in again; the agent's user must be in the group dialout",
            fault=Fault.PORT_FORBIDDEN,
        )
    if code == errno.EBUSY:
        node = f"/dev/bus/usb/{device.bus:03d}/{device.address:03d}"
        return NotStarted(f"{name} is {held_words(node)}", fault=Fault.PORT_BUSY)
    if code in (errno.ENODEV, errno.ENOENT):
        return NotStarted(f"{name} was unplugged while it was being opened")
    return NotStarted(f"{name} does not work as a serial line ({error})")


def _ms(seconds: float) -> int:
    """For libusb 0 would mean for ever."""
    return max(1, math.ceil(seconds * 1000))
