"""What is plugged in: serial ports and USB devices, under names that survive a re-plug.

    /dev/ttyUSB0   FT232R USB UART   0403:6001   -> /dev/serial/by-id/usb-FTDI_FT232R_FR900001-if00
    (no tty)       Virtual COM       fff0:0100   -> usb:fff0:0100:DT123456

For detection and for the technician's list. Listing opens no port and sends no byte to a printer
(USB devices without a tty are asked for their serial number by the kernel's control pipe).
The libraries themselves are behind `serial_transport.py` and `usb_transport.py`.
"""

import os
import re
from dataclasses import replace
from pathlib import Path

from drivers.serial_transport import Holder, SerialPort, listed_ports, port_holder
from drivers.usb_transport import UsbPort, listed_usb

__all__ = ["Holder", "SerialPort", "UsbPort", "port_holder", "serial_ports", "usb_ports"]

BY_ID = Path("/dev/serial/by-id")


def serial_ports(by_id: Path = BY_ID) -> list[SerialPort]:
    """Return the ttys of this machine, each with its by-id link, in the order of their numbers."""
    links = _links(by_id)
    ports = {port.device: replace(port, by_id=links.get(port.device)) for port in listed_ports()}
    # pyserial looks for fixed names only; udev may know more.
    for device, link in links.items():
        ports.setdefault(device, SerialPort(device, by_id=link))
    return sorted(ports.values(), key=lambda port: _numbered(port.device))


def usb_ports(*, backend: object | None = None, by_id: Path = BY_ID) -> list[UsbPort]:
    """Return the USB devices with a serial line that have no tty, in the order of their places.

    A device that has a tty is reached through it; in this list it would be found twice.

    Raises:
        NotStarted: libusb is missing, or USB cannot be listed.
    """
    with_tty = {port.location for port in serial_ports(by_id)}
    ports = [port for port in listed_usb(backend) if port.location not in with_tty]
    return sorted(ports, key=lambda port: _numbered(port.location))


def _links(by_id: Path) -> dict[str, str]:
    """Return real tty -> link; of several links the first by name."""
    try:
        links = sorted(by_id.iterdir(), reverse=True)
    except OSError:
        # udev makes the folder with the first device in it
        return {}
    return {os.path.realpath(link): str(link) for link in links if link.exists()}


def _numbered(name: str) -> list[tuple[int, str]]:
    """Sort ttyUSB2 before ttyUSB10."""
    parts = re.findall(r"\d+|\D+", name)
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]
