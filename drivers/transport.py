"""A cable, whatever it is: bytes out, bytes in, nothing understood.

    serial_transport.py   /dev/ttyUSB0, /dev/serial/by-id/..., a pseudo-terminal   (pyserial)
    usb_transport.py      CDC-ACM and FTDI bulk endpoints without a tty            (pyusb)
    tcp_transport.py      host:port                                                (socket)
    wire_log.py           a Transport around a Transport: hex log

Every transport renames its library's errors: `NotStarted` from `open`, `ContactLost` afterwards.
"""

from typing import Protocol


class Transport(Protocol):
    """One cable to one device. Not thread-safe: one thread owns it."""

    @property
    def name(self) -> str:
        """The address as a person would write it, e.g. /dev/ttyUSB0 at 115200."""
        ...

    def open(self) -> None:
        """Take the port for us alone; opening an open port does nothing.

        Raises:
            NotStarted: missing, no right to it, or held by another program.
        """
        ...

    def write(self, data: bytes) -> None:
        """Send all of it and wait until it has left.

        Raises:
            ContactLost: the cable broke; how much was sent is unknown.
        """
        ...

    def read(self, timeout_s: float) -> bytes:
        """Return what has come, waiting for the first byte at most `timeout_s`; b"" after that.

        Raises:
            ContactLost: the cable broke.
        """
        ...

    def discard(self) -> None:
        """Forget what has come and was not read.

        Raises:
            ContactLost: the cable broke.
        """
        ...

    def close(self) -> None:
        """Give the port back. Never raises; closing a closed port does nothing."""
        ...
