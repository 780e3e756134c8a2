"""A Transport around a Transport that tells the log every byte.

    wire.till-1 DEBUG opened /dev/ttyUSB0 at 115200
    wire.till-1 DEBUG > 01 30 30 32 3B 23 ...         we sent
    wire.till-1 DEBUG < 16                            it sent
    wire.till-1 DEBUG > (the network's password)      what nobody is shown

At DEBUG only: receipt texts are in these bytes.
"""

import logging

from drivers.transport import Transport


class WireLog:
    """A `Transport` that hands everything on unchanged. What begins with `hidden` is not shown."""

    def __init__(self, transport: Transport, log: logging.Logger, hidden: str = "") -> None:
        self._transport = transport
        self._log = log
        self._hidden = hidden.encode("ascii")

    @property
    def name(self) -> str:
        return self._transport.name

    def open(self) -> None:
        self._transport.open()
        self._log.debug("opened %s", self._transport.name)

    def write(self, data: bytes) -> None:
        # Before it is sent: if the cable breaks in it, these bytes are the ones to know.
        if self._hidden and data.startswith(self._hidden):  # no frame begins with a letter
            self._log.debug("> (the network's password)")
        else:
            self._tell(">", data)
        self._transport.write(data)

    def read(self, timeout_s: float) -> bytes:
        data = self._transport.read(timeout_s)
        if data:
            self._tell("<", data)
        return data

    def discard(self) -> None:
        self._transport.discard()

    def close(self) -> None:
        self._log.debug("closed %s", self._transport.name)
        self._transport.close()

    def _tell(self, direction: str, data: bytes) -> None:
        if self._log.isEnabledFor(logging.DEBUG):
            self._log.debug("%s %s", direction, data.hex(" ").upper())
