"""The socket or pseudo-terminal under a station, and the loop that moves its bytes.

    PtyPort   a pseudo-terminal in raw mode, paced to a baud rate both ways: byte n is due at
              start + n * 10 / baud, and a deadline never moves because a sleep was late
    TcpPort   one client at a time on loopback; a second one is shown the door; no pacing
    serve     reads, asks the station, fills mechanical time with SYN, writes

The slave of the pseudo-terminal stays open on this side, so programs may come and go. `Stop` is a
pipe that a signal handler writes to: every wait of the loop ends at once when it is asked to.
"""

from __future__ import annotations

import os
import select
import signal
import socket
import termios
import tty
from collections.abc import Iterable
from typing import Protocol

from sandbox.printer.clock import monotonic
from sandbox.printer.station import SYN_INTERVAL_MS, Answer
from sandbox.printer.wire import SYN

CHUNK = 64  # as much as a USB adapter hands over at once; small, so that the host feels the pace
GAP_S = 0.25  # silence inside a frame that ends it
BITS_PER_BYTE = 10  # 8N1


class Stop:
    """Asked for in a signal handler, felt in every wait."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        os.set_blocking(self._read, False)
        os.set_blocking(self._write, False)
        # Else a signal just before the wait would be felt only at the next byte.
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)
        self.asked = False

    def ask(self) -> None:
        self.asked = True

    def wait(self, files: list[int], timeout_s: float | None) -> list[int]:
        """Which of the files can be read; nothing when time is up or the end is asked for."""
        if self.asked:
            return []
        ready = select.select([self._read, *files], [], [], timeout_s)[0]
        if self._read not in ready:
            return ready
        os.read(self._read, 64)
        return []

    def close(self) -> None:
        signal.set_wakeup_fd(-1)
        os.close(self._read)
        os.close(self._write)


class Port(Protocol):
    @property
    def address(self) -> str: ...

    def read(self, timeout_s: float | None) -> bytes | None:
        """Bytes, nothing when time is up, None when the host has gone."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


class Line(Protocol):
    """What stands between a port and a device: a station, of whatever family."""

    @property
    def in_frame(self) -> bool: ...

    def receive(self, data: bytes) -> Iterable[Answer]: ...

    def gap(self) -> Iterable[Answer]: ...

    def hang_up(self) -> None: ...


class Pace:
    """The times at which bytes are due on a wire."""

    def __init__(self, baud: int, stop: Stop) -> None:
        self._byte_s = BITS_PER_BYTE / baud
        self._stop = stop
        self._due = 0.0

    def wait(self, count: int) -> None:
        self._due = max(self._due, monotonic()) + count * self._byte_s
        while not self._stop.asked and (left := self._due - monotonic()) > 0:
            self._stop.wait([], left)


class PtyPort:
    def __init__(self, baud: int, stop: Stop, *, strict_baud: bool = False) -> None:
        self._stop = stop
        self._incoming, self._outgoing = Pace(baud, stop), Pace(baud, stop)
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self._speed = getattr(termios, f"B{baud}")
        settings = termios.tcgetattr(self._slave)
        settings[4] = settings[5] = self._speed
        termios.tcsetattr(self._slave, termios.TCSANOW, settings)
        os.set_blocking(self._master, False)
        self._strict_baud = strict_baud

    @property
    def address(self) -> str:
        return os.ttyname(self._slave)

    def read(self, timeout_s: float | None) -> bytes | None:
        if not self._stop.wait([self._master], timeout_s):
            return b""
        data = os.read(self._master, CHUNK)
        self._incoming.wait(len(data))
        return data if self._same_speed() else b""

    def write(self, data: bytes) -> None:
        for at in range(0, len(data), CHUNK):
            part = data[at : at + CHUNK]
            self._outgoing.wait(len(part))
            if self._stop.asked:
                return
            if self._same_speed():
                self._put(part)

    def _put(self, part: bytes) -> None:
        """A host that does not read loses bytes, as on a wire."""
        try:
            os.write(self._master, part)
        except BlockingIOError:
            return

    def _same_speed(self) -> bool:
        """Bytes at another speed than ours are noise on a wire; with strict_baud, silence."""
        return not self._strict_baud or termios.tcgetattr(self._master)[5] == self._speed

    def close(self) -> None:
        os.close(self._slave)
        os.close(self._master)


class TcpPort:
    def __init__(self, number: int, stop: Stop) -> None:
        self._stop = stop
        self._listener = socket.create_server(("127.0.0.1", number))
        self._client: socket.socket | None = None

    @property
    def address(self) -> str:
        host, number = self._listener.getsockname()
        return f"{host}:{number}"

    def read(self, timeout_s: float | None) -> bytes | None:
        files = [self._listener.fileno()]
        if self._client:
            files.append(self._client.fileno())
        ready = self._stop.wait(files, timeout_s)
        if self._client and self._client.fileno() in ready:
            return self._read_client(self._client)
        if self._listener.fileno() in ready:
            self._accept()
        return b""

    def _accept(self) -> None:
        newcomer = self._listener.accept()[0]
        if self._client:
            newcomer.close()
            return
        newcomer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        newcomer.settimeout(5)
        self._client = newcomer

    def _read_client(self, client: socket.socket) -> bytes | None:
        try:
            data = client.recv(4096)
        except OSError:
            data = b""
        if data:
            return data
        self._drop()
        return None

    def write(self, data: bytes) -> None:
        if self._client:
            try:
                self._client.sendall(data)
            except OSError:
                self._drop()

    def _drop(self) -> None:
        if self._client:
            self._client.close()
            self._client = None

    def close(self) -> None:
        self._drop()
        self._listener.close()


def serve(port: Port, station: Line, stop: Stop) -> None:
    """Until the end is asked for."""
    heard = monotonic()
    while not stop.asked:
        left = max(0.0, heard + GAP_S - monotonic())
        data = port.read(left if station.in_frame else None)
        if data is None:
            station.hang_up()
        elif data:
            heard = monotonic()
            for answer in station.receive(data):
                send(port, answer, stop)
                if stop.asked:
                    return
        elif station.in_frame and monotonic() - heard >= GAP_S:
            for answer in station.gap():
                send(port, answer, stop)


def send(port: Port, answer: Answer, stop: Stop) -> None:
    """The answer, after its mechanical time; a SYN tells every 60 ms that the device is at work."""
    if answer.silent_ms:
        stop.wait([], answer.silent_ms / 1000)
    end = monotonic() + answer.busy_ms / 1000
    while not stop.asked and (left := end - monotonic()) > 0:
        port.write(SYN)
        stop.wait([], min(left, SYN_INTERVAL_MS / 1000))
    if not stop.asked:
        port.write(answer.bytes)
