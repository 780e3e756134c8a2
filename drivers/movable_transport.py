"""A Transport that can be led to another port between two sessions.

home /dev/ttyUSB0 --move--> /dev/ttyUSB1 --move--> home      each closed before the next is made
"""

from collections.abc import Callable

from drivers.transport import Transport


class MovableTransport:
    """A `Transport`; `make` builds the cable to an address and opens nothing."""

    def __init__(self, make: Callable[[str], Transport], home: str) -> None:
        self._make = make
        self._home = home
        self._at = home
        self._cable = make(home)

    @property
    def name(self) -> str:
        return self._cable.name

    def move(self, address: str = "") -> None:
        """Be at this address from the next `open` on; without one, at home."""
        address = address or self._home
        if address != self._at:
            self._cable.close()
            self._cable, self._at = self._make(address), address

    def open(self) -> None:
        self._cable.open()

    def write(self, data: bytes) -> None:
        self._cable.write(data)

    def read(self, timeout_s: float) -> bytes:
        return self._cable.read(timeout_s)

    def discard(self) -> None:
        self._cable.discard()

    def close(self) -> None:
        self._cable.close()
