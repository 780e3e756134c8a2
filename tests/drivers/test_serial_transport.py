"""The serial cable, over real pseudo-terminals: the test is the printer at the master's end."""

import os
import select
import termios
import threading
import tty
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from drivers import serial_transport
from drivers.errors import ContactLost, NotStarted
from drivers.faults import Fault
from drivers.serial_transport import SerialTransport, held_words, port_holder

NOBODY = 65534


class Cable:
    """A pseudo-terminal, both ends raw; `pull` makes it vanish like an unplugged adapter.

    The kept end keeps its number from the tests beside this one.
    """

    def __init__(self) -> None:
        self.printer, self._kept = os.openpty()
        tty.setraw(self.printer)
        tty.setraw(self._kept)
        self.path = os.ttyname(self._kept)
        self._open = True

    def wait_for_arrival(self) -> None:
        """The kernel carries bytes through a pseudo-terminal in its own time."""
        assert select.select([self._kept], [], [], 5.0)[0]

    def pull(self) -> None:
        if self._open:
            self._open = False
            os.close(self.printer)

    def throw_away(self) -> None:
        self.pull()
        os.close(self._kept)


@pytest.fixture
def cable() -> Iterator[Cable]:
    cable = Cable()
    yield cable
    cable.throw_away()


@pytest.fixture
def transport(cable: Cable) -> Iterator[SerialTransport]:
    transport = SerialTransport(cable.path, 115200)
    transport.open()
    yield transport
    transport.close()


def refused(path: str, baud: int = 115200) -> NotStarted:
    with pytest.raises(NotStarted) as caught:
        SerialTransport(path, baud).open()
    return caught.value


@contextmanager
def without_rights(path: str) -> Iterator[None]:
    """Nobody may open it; root gives its own power up for the time."""
    os.chmod(path, 0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


def test_bytes_go_out_and_come_in(cable: Cable, transport: SerialTransport) -> None:
    transport.write(b"\x01\x30\x05")
    assert os.read(cable.printer, 100) == b"\x01\x30\x05"
    os.write(cable.printer, b"\x16\x00\x03\x11\x13\x0d\x0a\xff")
    assert transport.read(1.0) == b"\x16\x00\x03\x11\x13\x0d\x0a\xff"


def test_bytes_that_arrive_one_by_one_are_read_one_by_one(
    cable: Cable, transport: SerialTransport
) -> None:
    for byte in b"\x01\x16\x03":
        os.write(cable.printer, bytes([byte]))
        assert transport.read(1.0) == bytes([byte])


def test_reading_returns_as_soon_as_something_came(
    cable: Cable, transport: SerialTransport
) -> None:
    later = threading.Timer(0.05, os.write, (cable.printer, b"\x16"))
    later.start()
    assert transport.read(60.0) == b"\x16"
    later.join()


def test_silence_reads_as_nothing(transport: SerialTransport) -> None:
    assert transport.read(0.01) == b""
    assert transport.read(0.0) == b""
    assert transport.read(-1.0) == b""


def test_a_large_write_arrives_whole(cable: Cable, transport: SerialTransport) -> None:
    data = bytes(range(256)) * 400
    came = bytearray()

    def read_all() -> None:
        while len(came) < len(data) and select.select([cable.printer], [], [], 5.0)[0]:
            came.extend(os.read(cable.printer, 4096))

    printer = threading.Thread(target=read_all)
    printer.start()
    transport.write(data)
    printer.join()
    assert came == data


def test_a_write_that_nobody_takes_ends_in_contact_lost(
    cable: Cable, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(serial_transport, "WRITE_SLACK_S", 0.05)
    transport = SerialTransport(cable.path, 10_000_000)
    transport.open()
    with pytest.raises(ContactLost, match="Write timeout"):
        transport.write(bytes(100_000))


def test_discard_forgets_what_came(cable: Cable, transport: SerialTransport) -> None:
    os.write(cable.printer, b"old")
    cable.wait_for_arrival()
    transport.discard()
    os.write(cable.printer, b"new")
    assert transport.read(1.0) == b"new"


def test_the_line_is_8n1_without_handshake_at_the_given_speed(
    cable: Cable, transport: SerialTransport
) -> None:
    iflag, _, cflag, _, _, speed, _ = termios.tcgetattr(cable.printer)
    assert speed == termios.B115200
    assert cflag & termios.CSIZE == termios.CS8
    assert not cflag & (termios.CSTOPB | termios.CRTSCTS)
    assert not iflag & (termios.IXON | termios.IXOFF)


@pytest.mark.parametrize("high", [True, False])
def test_a_line_without_dtr_and_rts_opens_all_the_same(cable: Cable, *, high: bool) -> None:
    transport = SerialTransport(cable.path, 9600, dtr=high, rts=high)
    transport.open()
    transport.write(b"\x16")
    transport.close()
    assert os.read(cable.printer, 10) == b"\x16"


def test_a_second_open_is_refused_and_names_the_holder(
    cable: Cable, transport: SerialTransport
) -> None:
    error = refused(cable.path)
    assert error.fault is Fault.PORT_BUSY
    assert f"(pid {os.getpid()})" in str(error)
    transport.write(b"\x05")
    assert os.read(cable.printer, 10) == b"\x05"


def test_a_closed_port_is_free_again(cable: Cable, transport: SerialTransport) -> None:
    transport.close()
    other = SerialTransport(cable.path, 115200)
    other.open()
    other.close()


def test_another_program_that_holds_a_port_is_named(cable: Cable) -> None:
    ready, told = os.pipe()
    script = "import os, sys; os.open(sys.argv[1], os.O_RDWR); os.write(1, b'.'); sys.stdin.read()"
    stay, end = os.pipe()
    pid = os.posix_spawnp(
        "python3",
        ["python3", "-c", script, cable.path, "x/PrintProxy.jar"],
        dict(os.environ),
        file_actions=[(os.POSIX_SPAWN_DUP2, told, 1), (os.POSIX_SPAWN_DUP2, stay, 0)],
    )
    try:
        assert os.read(ready, 1) == b"."
        holder = port_holder(cable.path)
        assert holder is not None
        assert holder.pid == pid
        assert holder.program.startswith("python")
        assert holder.program.endswith(" PrintProxy.jar")
        assert held_words(cable.path) == f"held by another program, {holder}"
    finally:
        os.close(end)
        os.waitpid(pid, 0)
        for descriptor in (ready, told, stay):
            os.close(descriptor)


def test_nobody_holds_a_port_that_is_not_open() -> None:
    assert port_holder("/dev/ttyUSB9") is None
    assert "cannot be seen" in held_words("/dev/ttyUSB9")


def test_a_missing_port_is_said_to_be_missing() -> None:
    error = refused("/dev/ttyUSB99")
    assert error.fault is Fault.PORT_MISSING
    assert "/dev/ttyUSB99 is not there" in str(error)


def test_a_file_that_is_no_port_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ttyUSB0").write_text("no")
    assert "does not work as a serial port" in str(refused(str(tmp_path / "ttyUSB0")))


def test_a_port_without_the_right_to_it_names_the_cure(cable: Cable) -> None:
    with without_rights(cable.path):
        error = refused(cable.path)
    assert error.fault is Fault.PORT_FORBIDDEN
    assert "sudo usermod -aG dialout " in str(error)


def test_a_speed_the_port_cannot_do_is_a_bad_request(cable: Cable) -> None:
    error = refused(cable.path, baud=2**40)
    assert error.fault is Fault.BAD_REQUEST


def test_a_pulled_cable_is_contact_lost_while_reading_and_then_missing(
    cable: Cable, transport: SerialTransport
) -> None:
    cable.pull()
    with pytest.raises(ContactLost, match="while reading"):
        transport.read(1.0)
    with pytest.raises(NotStarted) as caught:
        transport.open()
    assert caught.value.fault is Fault.PORT_MISSING


@pytest.mark.parametrize(
    "use", [lambda port: port.write(b"\x01"), lambda port: port.discard()], ids=["write", "discard"]
)
def test_a_pulled_cable_is_contact_lost_in_every_use(
    cable: Cable, transport: SerialTransport, use: Callable[[SerialTransport], None]
) -> None:
    cable.pull()
    with pytest.raises(ContactLost, match="the line broke"):
        use(transport)
    with pytest.raises(ContactLost, match="not open"):
        use(transport)


def test_a_link_that_moves_to_another_tty_is_followed_at_the_next_open(
    cable: Cable, tmp_path: Path
) -> None:
    link = tmp_path / "usb-FTDI_FT232R_FR900001-if00-port0"
    link.symlink_to(cable.path)
    transport = SerialTransport(str(link), 115200)
    transport.open()
    assert transport.name == f"{link} ({cable.path}) at 115200"
    other = Cable()
    cable.pull()
    link.unlink()
    link.symlink_to(other.path)
    with pytest.raises(ContactLost):
        transport.read(1.0)
    transport.open()
    assert other.path in transport.name
    transport.write(b"\x05")
    assert os.read(other.printer, 10) == b"\x05"
    transport.close()
    other.throw_away()


def test_a_dangling_link_is_a_missing_port(tmp_path: Path) -> None:
    link = tmp_path / "usb-gone"
    link.symlink_to("/dev/ttyUSB98")
    assert refused(str(link)).fault is Fault.PORT_MISSING


def test_opening_twice_and_closing_twice_does_nothing(
    cable: Cable, transport: SerialTransport
) -> None:
    transport.open()
    assert transport.name == f"{cable.path} at 115200"
    transport.close()
    transport.close()


def test_closing_a_port_whose_cable_is_pulled_is_quiet(
    cable: Cable, transport: SerialTransport
) -> None:
    cable.pull()
    transport.close()
    assert refused(cable.path).fault is Fault.PORT_MISSING
