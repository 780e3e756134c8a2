"""A printer on the network: the bytes of the serial line, unchanged, in one TCP connection.

    192.168.1.50:4999      printer.shop.lan:3999      [fd00::7]:4999      192.168.1.50 (usual port)

    open --> write, read, discard --(any error)--> closed by itself, ContactLost --> open ...

The door to `socket`. Not thread-safe. A printer usually talks to one client at a time.
"Has left" means here: taken by our kernel; TCP tells no more in time.
"""

import contextlib
import re
import socket
from dataclasses import dataclass
from ipaddress import IPv6Address

from drivers.errors import ContactLost, NotStarted
from drivers.faults import Fault

READ_BYTES_MAX = 4096
WRITE_TIMEOUT_S = 10.0
DISCARD_READS_MAX = 256
KEEPALIVE_IDLE_S = 10
KEEPALIVE_INTERVAL_S = 5
KEEPALIVE_PROBES_MAX = 3
UNACKNOWLEDGED_MS_MAX = 20_000
"""A printer switched off in mid-sentence is noticed after this; without it, after 15 minutes."""
PORT_MAX = 65535


@dataclass(frozen=True, slots=True)
class TcpAddress:
    """Where a printer listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_tcp_address(text: str, *, default_port: int) -> TcpAddress:
    """Read `host`, `host:port`, `[v6]` or `[v6]:port`; a bare IPv6 address has no port.

    Raises:
        ValueError: it is none of these.
    """
    if text.count(":") > 1 and not text.startswith("["):
        return TcpAddress(_need_v6(text, text), default_port)
    match = re.fullmatch(r"(?:\[([0-9A-Fa-f:.%\w]+)\]|([^\s:\[\]/]+))(?::([0-9]{1,5}))?", text)
    if match is None:
        raise ValueError(f"{text!r} is not a network address such as 192.168.1.50:{default_port}")
    port = int(match[3]) if match[3] else default_port
    if not 1 <= port <= PORT_MAX:
        raise ValueError(f"{text!r}: a port is a number from 1 to {PORT_MAX}")
    return TcpAddress(_need_v6(match[1], text) if match[1] else match[2], port)


def _need_v6(host: str, text: str) -> str:
    try:
        IPv6Address(host)
    except ValueError as error:
        raise ValueError(f"{text!r} is not a network address such as [fd00::7]:4999") from error
    return host


class TcpTransport:
    """A `Transport` over one TCP connection."""

    def __init__(self, host: str, port: int, *, connect_timeout_s: float) -> None:
        self._address = TcpAddress(host, port)
        self._connect_timeout_s = connect_timeout_s
        self._socket: socket.socket | None = None

    @property
    def name(self) -> str:
        return str(self._address)

    def open(self) -> None:
        if self._socket is not None:
            return
        where = (self._address.host, self._address.port)
        try:
            connection = socket.create_connection(where, timeout=self._connect_timeout_s)
        except (OSError, UnicodeError) as error:
            raise self._not_opened(error) from error
        try:
            _configure(connection)
        except OSError as error:
            connection.close()
            raise self._not_opened(error) from error
        self._socket = connection

    def write(self, data: bytes) -> None:
        connection = self._taken("writing")
        try:
            connection.settimeout(WRITE_TIMEOUT_S)
            connection.sendall(data)
        except OSError as error:
            raise self._lost("writing", error) from error

    def read(self, timeout_s: float) -> bytes:
        connection = self._taken("reading")
        try:
            connection.settimeout(max(0.0, timeout_s))
            data = connection.recv(READ_BYTES_MAX)
        except BlockingIOError:
            return b""
        except OSError as error:
            # Python's own timeout has no number; ETIMEDOUT has: the keep-alive gave up.
            if isinstance(error, TimeoutError) and error.errno is None:
                return b""
            raise self._lost("reading", error) from error
        if not data:
            raise self._lost("reading", "closed by the printer")
        return data

    def discard(self) -> None:
        for _ in range(DISCARD_READS_MAX):
            if not self.read(0.0):
                return
        raise self._lost("discarding", "it does not stop sending")

    def close(self) -> None:
        connection, self._socket = self._socket, None
        if connection is not None:
            with contextlib.suppress(OSError):
                connection.close()

    def _taken(self, doing: str) -> socket.socket:
        if self._socket is None:
            raise ContactLost(f"{self.name}: not connected while {doing}")
        return self._socket

    def _lost(self, doing: str, reason: Exception | str) -> ContactLost:
        self.close()
        return ContactLost(f"{self.name}: the connection broke while {doing} ({reason})")

    def _not_opened(self, error: Exception) -> NotStarted:
        if isinstance(error, socket.gaierror | UnicodeError):
            reason = f"no machine is known by the name {self._address.host}"
        elif isinstance(error, ConnectionRefusedError):
            reason = "it refuses the connection: another port number, or its network port is off"
        elif isinstance(error, TimeoutError):
            reason = f"no answer in {self._connect_timeout_s:g} s: it is off, or on another address"
        else:
            reason = f"it cannot be reached ({error})"
        return NotStarted(f"{self.name}: {reason}", fault=Fault.PORT_MISSING)


def _configure(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, KEEPALIVE_IDLE_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, KEEPALIVE_PROBES_MAX)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS_MAX)
