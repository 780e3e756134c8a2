"""USB without USB: a bus of made-up devices, seen through pyusb's own backend interface.

    bus = Bus(clock)
    printer = bus.plug(ftdi(serial="FR900001"))        # bus 1, device 2
    UsbTransport(vendor=0x0403, backend=bus, ...)      # real pyusb above, this below

Time passes only where hardware would wait: a status packet of an FTDI chip takes its latency, a
read that times out takes its timeout.
"""

import errno
from array import array
from collections import deque
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NoReturn

import usb.backend
import usb.core

LATENCY_S = 0.004
PACKET_BYTES = 64
NO_DEVICE = ("No such device (it may have been disconnected)", -4, errno.ENODEV)
ACCESS = ("Access denied (insufficient permissions)", -3, errno.EACCES)
BUSY = ("Resource busy", -6, errno.EBUSY)
PIPE = ("Pipe error", -9, errno.EPIPE)
NOT_FOUND = ("Entity not found", -5, errno.ENOENT)


class FakeClock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def now_ms(self) -> int:
        return int(self.now_s * 1000)

    def monotonic_s(self) -> float:
        return self.now_s


@dataclass(frozen=True)
class Interface:
    """One interface: its class, its pipes (address, type) and its class descriptors."""

    number: int
    kind: tuple[int, int]
    endpoints: tuple[tuple[int, int], ...] = ()
    extra: bytes = b""


@dataclass
class Device:
    """A made-up device and everything that was done to it."""

    vendor: int
    product: int
    serial: str
    text: str
    interfaces: tuple[Interface, ...]
    ftdi: bool = False
    drivers: set[int] = field(default_factory=set)  # interfaces the kernel's driver holds
    configured: bool = True
    denied: bool = False
    stalled: set[int] = field(default_factory=set)
    stalled_requests: set[int] = field(default_factory=set)
    packets: deque[bytes] = field(default_factory=deque)  # as they lie on the wire
    takes_bytes: bool = True
    full_fifo_reads: int = 0  # so many times the transmitter is not yet empty
    written: bytearray = field(default_factory=bytearray)
    controls: list[tuple[int, int, int, int, bytes]] = field(default_factory=list)
    kernel: list[tuple[str, int]] = field(default_factory=list)
    claimed_by: dict[int, object] = field(default_factory=dict)
    address: int = 0
    gone: bool = False

    def sends(self, *packets: bytes) -> None:
        self.packets.extend(packets)


def ftdi(serial: str = "FR900001", *, product: int = 0x6001, driver: bool = True) -> Device:
    line = Interface(0, (0xFF, 0xFF), ((0x81, 2), (0x02, 2)))
    drivers = {0} if driver else set()
    return Device(0x0403, product, serial, "FT232R USB UART", (line,), ftdi=True, drivers=drivers)


def cdc_acm(serial: str = "DT123456", *, union: bool = True) -> Device:
    functions = b"\x05\x24\x00\x10\x01" + (b"\x05\x24\x06\x00\x01" if union else b"")
    control = Interface(0, (2, 2), ((0x83, 3),), functions)
    data = Interface(1, (0x0A, 0), ((0x81, 2), (0x02, 2)))
    return Device(0xFFF0, 0x0100, serial, "Virtual COM", (control, data), drivers={0, 1})


def cdc_ethernet() -> Device:
    control = Interface(0, (2, 6), ((0x83, 3),), b"\x05\x24\x06\x00\x01")
    data = Interface(1, (0x0A, 0), ((0x81, 2), (0x02, 2)))
    return Device(0xFFF0, 0x0200, "00E04C", "LAN", (control, data), drivers={0, 1})


@dataclass
class Handle:
    """One `open` of a device; a re-plug makes it worthless."""

    device: Device


class Bus(usb.backend.IBackend):
    """The libusb of the tests."""

    def __init__(self, clock: FakeClock) -> None:
        self.devices: list[Device] = []
        self.handles = 0
        self._clock = clock
        self._next_address = 2

    def plug(self, device: Device) -> Device:
        device.address, device.gone = self._next_address, False
        self._next_address += 1
        self.devices.append(device)
        return device

    def unplug(self, device: Device) -> None:
        device.gone = True
        self.devices.remove(device)

    # descriptors

    def enumerate_devices(self) -> list[Device]:
        return list(self.devices)

    def get_parent(self, dev: Device) -> None:
        return None

    def get_device_descriptor(self, dev: Device) -> Any:
        return SimpleNamespace(
            bLength=18,
            bDescriptorType=1,
            bcdUSB=0x0200,
            bDeviceClass=0,
            bDeviceSubClass=0,
            bDeviceProtocol=0,
            bMaxPacketSize0=64,
            idVendor=dev.vendor,
            idProduct=dev.product,
            bcdDevice=0x0600,
            iManufacturer=0,
            iProduct=2,
            iSerialNumber=3 if dev.serial else 0,
            bNumConfigurations=1,
            address=dev.address,
            bus=1,
            port_number=dev.address,
            port_numbers=(dev.address,),
            speed=2,
        )

    def get_configuration_descriptor(self, dev: Device, config: int) -> Any:
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=2,
            wTotalLength=32,
            bNumInterfaces=len(dev.interfaces),
            bConfigurationValue=1,
            iConfiguration=0,
            bmAttributes=0xC0,
            bMaxPower=50,
            extra_descriptors=[],
        )

    def get_interface_descriptor(self, dev: Device, intf: int, alt: int, config: int) -> Any:
        if alt:
            raise IndexError(alt)
        interface = dev.interfaces[intf]
        return SimpleNamespace(
            bLength=9,
            bDescriptorType=4,
            bInterfaceNumber=interface.number,
            bAlternateSetting=0,
            bNumEndpoints=len(interface.endpoints),
            bInterfaceClass=interface.kind[0],
            bInterfaceSubClass=interface.kind[1],
            bInterfaceProtocol=0,
            iInterface=0,
            extra_descriptors=list(interface.extra),
        )

    def get_endpoint_descriptor(
        self, dev: Device, ep: int, intf: int, alt: int, config: int
    ) -> Any:
        address, kind = dev.interfaces[intf].endpoints[ep]
        return SimpleNamespace(
            bLength=7,
            bDescriptorType=5,
            bEndpointAddress=address,
            bmAttributes=kind,
            wMaxPacketSize=PACKET_BYTES,
            bInterval=0,
            bRefresh=0,
            bSynchAddress=0,
            extra_descriptors=[],
        )

    # opening and claiming

    def open_device(self, dev: Device) -> Handle:
        if dev.denied:
            raise usb.core.USBError(*ACCESS)
        self._plugged(dev)
        self.handles += 1
        return Handle(dev)

    def close_device(self, handle: Handle) -> None:
        self.handles -= 1
        held = handle.device.claimed_by
        for interface in [number for number, by in held.items() if by is handle]:
            del held[interface]

    def get_configuration(self, handle: Handle) -> int:
        return 1 if self._plugged(handle.device).configured else 0

    def set_configuration(self, handle: Handle, value: int) -> None:
        self._plugged(handle.device).configured = True

    def claim_interface(self, handle: Handle, intf: int) -> None:
        device = self._plugged(handle.device)
        if intf in device.drivers or device.claimed_by.get(intf, handle) is not handle:
            raise usb.core.USBError(*BUSY)
        device.claimed_by[intf] = handle

    def release_interface(self, handle: Handle, intf: int) -> None:
        self._plugged(handle.device).claimed_by.pop(intf, None)

    def is_kernel_driver_active(self, handle: Handle, intf: int) -> bool:
        return intf in self._plugged(handle.device).drivers

    def detach_kernel_driver(self, handle: Handle, intf: int) -> None:
        device = self._plugged(handle.device)
        if intf not in device.drivers:
            raise usb.core.USBError(*NOT_FOUND)
        device.kernel.append(("detach", intf))
        device.drivers.clear()  # as cdc_acm: it leaves its two interfaces together

    def attach_kernel_driver(self, handle: Handle, intf: int) -> None:
        device = self._plugged(handle.device)
        if device.claimed_by:
            raise usb.core.USBError(*BUSY)
        device.kernel.append(("attach", intf))
        device.drivers.update(interface.number for interface in device.interfaces)

    def clear_halt(self, handle: Handle, ep: int) -> None:
        self._plugged(handle.device).stalled.discard(ep)

    # bytes

    def bulk_write(self, handle: Handle, ep: int, intf: int, data: Any, timeout: int) -> int:
        device = self._ready(handle, ep, intf)
        if not device.takes_bytes:
            self._time_out(timeout)
        device.written += data.tobytes()
        return len(data)

    def bulk_read(self, handle: Handle, ep: int, intf: int, buff: Any, timeout: int) -> int:
        """Packets run into one transfer until it is full or one of them is short."""
        device = self._ready(handle, ep, intf)
        came = b""
        while len(came) < len(buff):
            if device.packets:
                packet = device.packets.popleft()
            elif device.ftdi:
                self._clock.now_s += LATENCY_S
                packet = b"\x01\x60"
            elif came:
                break
            else:
                self._time_out(timeout)
            came += packet
            if len(packet) < PACKET_BYTES:
                break
        if len(came) > len(buff):
            raise usb.core.USBError("Overflow", -8, errno.EOVERFLOW)
        buff[: len(came)] = array("B", came)
        return len(came)

    def ctrl_transfer(
        self,
        handle: Handle,
        kind: int,
        request: int,
        value: int,
        index: int,
        data: Any,
        timeout: int,
    ) -> int:
        device = self._plugged(handle.device)
        if request in device.stalled_requests:
            raise usb.core.USBError(*PIPE)
        if not kind & 0x80:
            device.controls.append((kind, request, value, index, data.tobytes()))
            return len(data)
        answer = self._answer(device, (kind, request), value)
        length = min(len(answer), len(data))
        data[:length] = array("B", answer[:length])
        return length

    def _answer(self, device: Device, asked: tuple[int, int], value: int) -> bytes:
        if asked == (0xC0, 0x05):
            self._clock.now_s += 0.001
            device.full_fifo_reads -= 1
            return b"\x01\x60" if device.full_fifo_reads < 0 else b"\x01\x20"
        if asked == (0x80, 0x06) and value >> 8 == 3:
            text = {2: device.text, 3: device.serial}[value & 0xFF].encode("utf-16-le")
            return bytes([len(text) + 2, 3]) + text
        raise usb.core.USBError(*PIPE)

    def _plugged(self, device: Device) -> Device:
        if device.gone:
            raise usb.core.USBError(*NO_DEVICE)
        return device

    def _ready(self, handle: Handle, endpoint: int, interface: int) -> Device:
        device = self._plugged(handle.device)
        if device.claimed_by.get(interface) is not handle:
            raise usb.core.USBError(*BUSY)
        if endpoint in device.stalled:
            raise usb.core.USBError(*PIPE)
        return device

    def _time_out(self, timeout_ms: int) -> NoReturn:
        self._clock.now_s += timeout_ms / 1000
        raise usb.core.USBTimeoutError("Operation timed out", -7, errno.ETIMEDOUT)
