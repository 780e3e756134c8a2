"""A serial line: a tty of the kernel, 8 data bits, no parity, 1 stop bit, no handshake.

    /dev/ttyUSB0, /dev/ttyACM0, /dev/ttyS0    as the kernel numbers them: may change at a re-plug
    /dev/serial/by-id/usb-FTDI_FT232R_...     a link that stays with the device, followed at `open`
    /dev/pts/3                                a pseudo-terminal of the sandbox, without DTR and RTS

    open --> write, read, discard --(any error)--> closed by itself, ContactLost --> open ...

The port is ours alone by pyserial's flock: a program that does not ask for it is not kept out.
The door to pyserial; so the list of ports is here too, and beside it who holds one (/proc).
Not thread-safe.
"""

import contextlib
import errno
import os
import pwd
import select
import termios
from dataclasses import dataclass
from pathlib import Path

import serial
import serial.tools.list_ports

from drivers.errors import ContactLost, NotStarted
from drivers.faults import Fault

READ_BYTES_MAX = 4096
WRITE_PIECE_BYTES_MAX = 512
"""Written piece by piece, so that the time limit is about progress and not about the length."""
WRITE_SLACK_S = 2.0
"""How long a line that moves nothing is waited for, beside the time the bytes need."""
BITS_PER_BYTE = 10  # start, 8 data, stop
DRAIN_STEP_S = 0.002
PROGRAM_CHARACTERS_MAX = 80

_MISSING = (errno.ENOENT, errno.ENODEV, errno.ENXIO)
_BUSY = (errno.EBUSY, errno.EAGAIN)
_SCRIPTS = (".py", ".jar", ".exe", ".sh", ".js", ".php")

# Everything a port can throw once it is configured; SerialException is an OSError.
_BROKEN = (OSError, termios.error)


@dataclass(frozen=True, slots=True)
class SerialPort:
    """One tty of this machine. `by_id` and `location` (bus-port.port) only where it is on USB."""

    device: str
    by_id: str | None = None
    vendor: int | None = None
    product: int | None = None
    text: str | None = None
    location: str | None = None

    @property
    def stable_name(self) -> str:
        """The path to write into a configuration: it survives a re-plug if it can."""
        return self.by_id or self.device


@dataclass(frozen=True, slots=True)
class Holder:
    """A program that has a port open."""

    pid: int
    program: str

    def __str__(self) -> str:
        return f"{self.program} (pid {self.pid})"


class SerialTransport:
    """A `Transport` over one tty."""

    def __init__(self, path: str, baud: int, *, dtr: bool = True, rts: bool = True) -> None:
        self._path = path
        self._baud = baud
        self._dtr = dtr
        self._rts = rts
        self._piece_timeout_s = WRITE_SLACK_S + 2 * WRITE_PIECE_BYTES_MAX * BITS_PER_BYTE / baud
        self._port: serial.Serial | None = None
        self._tty = ""

    @property
    def name(self) -> str:
        tty = self._tty or os.path.realpath(self._path)
        through = "" if tty == self._path else f" ({tty})"
        return f"{self._path}{through} at {self._baud}"

    def open(self) -> None:
        if self._port is not None:
            return
        port = serial.Serial(
            baudrate=self._baud,
            timeout=0,
            write_timeout=self._piece_timeout_s,
            exclusive=True,
        )
        # Set before opening: pyserial then forgives a line that has no such wires (ENOTTY).
        port.dtr = self._dtr
        port.rts = self._rts
        port.port = self._path
        try:
            port.open()
        except (*_BROKEN, ValueError, OverflowError) as error:
            raise _not_opened(self._path, self._baud, error) from error
        self._tty = os.path.realpath(self._path)
        self._port = port

    def write(self, data: bytes) -> None:
        port = self._taken("writing")
        try:
            for start in range(0, len(data), WRITE_PIECE_BYTES_MAX):
                port.write(data[start : start + WRITE_PIECE_BYTES_MAX])
                self._drain(port)
            # The driver's buffer is empty; this waits for the chip's, which is short.
            port.flush()
        except _BROKEN as error:
            raise self._lost("writing", error) from error

    def read(self, timeout_s: float) -> bytes:
        port = self._taken("reading")
        try:
            # Not pyserial's own timeout: changing it configures the whole port again.
            ready, _, _ = select.select([port.fileno()], [], [], max(0.0, timeout_s))
            if not ready:
                return b""
            return port.read(min(max(1, port.in_waiting), READ_BYTES_MAX))
        except _BROKEN as error:
            raise self._lost("reading", error) from error

    def discard(self) -> None:
        port = self._taken("discarding")
        try:
            port.reset_input_buffer()
        except _BROKEN as error:
            raise self._lost("discarding", error) from error

    def close(self) -> None:
        port, self._port, self._tty = self._port, None, ""
        if port is not None:
            with contextlib.suppress(*_BROKEN):
                port.close()

    def _taken(self, doing: str) -> serial.Serial:
        if self._port is None:
            raise ContactLost(f"{self._path}: not open while {doing}")
        return self._port

    def _drain(self, port: serial.Serial) -> None:
        """Wait, with a limit, until the driver has handed all to the wire.

        tcdrain (flush) alone has no limit: a USB adapter that takes nothing would hold us for ever.
        """
        for _ in range(int(self._piece_timeout_s / DRAIN_STEP_S)):
            if not port.out_waiting:
                return
            select.select([], [], [], DRAIN_STEP_S)
        raise serial.SerialTimeoutException("Write timeout")

    def _lost(self, doing: str, error: Exception) -> ContactLost:
        name = self.name
        if self._port is not None:
            # Without this, closing a tty waits 30 s for bytes that nobody will take any more.
            with contextlib.suppress(*_BROKEN):
                self._port.reset_output_buffer()
        self.close()
        return ContactLost(f"{name}: the line broke while {doing} ({error})")


def listed_ports() -> list[SerialPort]:
    """Return the ttys pyserial sees, in its order, without their by-id links."""
    return [
        SerialPort(
            device=found.device,
            vendor=found.vid,
            product=found.pid,
            text=found.product or (found.description if found.description != "n/a" else None),
            # 1-2.3:1.0 is interface 0 of the device at 1-2.3
            location=found.location.partition(":")[0] if found.location else None,
        )
        for found in serial.tools.list_ports.comports()
    ]


def port_holder(path: str) -> Holder | None:
    """Return a program that has this device file open: another one first, else ourselves.

    None if there is none, or if we may not look into other programs (we are not root, nor them).
    """
    target = os.path.realpath(path)
    own = os.getpid()
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    for pid in sorted(pids, key=lambda pid: (pid == own, pid)):
        if _has_open(pid, target):
            return Holder(pid, _program(pid))
    return None


def held_words(path: str) -> str:
    """Say who holds a device file, as well as we can see it."""
    holder = port_holder(path)
    if holder is None:
        return "held by another program (which one cannot be seen from here)"
    if holder.pid == os.getpid():
        return f"held by another part of this program, {holder}"
    return f"held by another program, {holder}"


def _has_open(pid: int, target: str) -> bool:
    # Programs end while we look, and most are not ours to look into.
    with contextlib.suppress(OSError), os.scandir(f"/proc/{pid}/fd") as files:
        for file in files:
            with contextlib.suppress(OSError):
                if os.readlink(file.path) == target:
                    return True
    return False


def _program(pid: int) -> str:
    """The program's name, and the script it runs: `java` alone would help nobody.

    Not the whole command line: there may be passwords in it.
    """
    try:
        name = Path(f"/proc/{pid}/comm").read_text(encoding="utf-8", errors="replace").strip()
        line = Path(f"/proc/{pid}/cmdline").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return "unknown"
    words = [Path(word).name for word in line.split("\0")[1:]]
    script = next((word for word in words if word.lower().endswith(_SCRIPTS)), None)
    return (f"{name} {script}" if script else name)[:PROGRAM_CHARACTERS_MAX]


def _not_opened(path: str, baud: int, error: Exception) -> NotStarted:
    if isinstance(error, ValueError | OverflowError):
        return NotStarted(f"{path} cannot do {baud} baud ({error})", fault=Fault.BAD_REQUEST)
    code = error.args[0] if error.args else None
    if code in _BUSY:
        return NotStarted(f"{path} is {held_words(path)}", fault=Fault.PORT_BUSY)
    if code == errno.EACCES:
        return NotStarted(
            f"{path} may not be opened by user {_user()}: run "
            f"`sudo usermod -aG dialout {_user()}`, then start the agent again",
            fault=Fault.PORT_FORBIDDEN,
        )
    if code == errno.EPERM:
        return NotStarted(
            f"{path} is forbidden to this service: its unit needs DeviceAllow= for it",
            fault=Fault.PORT_FORBIDDEN,
        )
    if code in _MISSING:
        return NotStarted(f"{path} is not there: the cable is out or the printer is off")
    return NotStarted(f"{path} does not work as a serial port ({error})")


def _user() -> str:
    uid = os.geteuid()
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)
