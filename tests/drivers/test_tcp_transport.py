"""The network cable, over real sockets on loopback: the test is the printer."""

import socket
import struct
import threading
from collections.abc import Iterator

import pytest

from drivers import tcp_transport
from drivers.errors import ContactLost, NotStarted
from drivers.faults import Fault
from drivers.tcp_transport import TcpAddress, TcpTransport, parse_tcp_address

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5.0)
        yield listener


@pytest.fixture
def transport(listener: socket.socket) -> Iterator[TcpTransport]:
    host, port = listener.getsockname()
    transport = TcpTransport(host, port, connect_timeout_s=2.0)
    transport.open()
    yield transport
    transport.close()


@pytest.fixture
def printer(listener: socket.socket, transport: TcpTransport) -> Iterator[socket.socket]:
    connection, _ = listener.accept()
    connection.settimeout(5.0)
    with connection:
        yield connection


@pytest.mark.parametrize(
    ("text", "host", "port"),
    [
        ("192.168.1.50", "192.168.1.50", 4999),
        ("192.168.1.50:3999", "192.168.1.50", 3999),
        ("printer.shop.lan:1", "printer.shop.lan", 1),
        ("fd00::7", "fd00::7", 4999),
        ("[fd00::7]", "fd00::7", 4999),
        ("[fe80::1%eth0]:3999", "fe80::1%eth0", 3999),
    ],
)
def test_an_address_is_read_with_the_usual_port_if_it_has_none(
    text: str, host: str, port: int
) -> None:
    assert parse_tcp_address(text, default_port=4999) == TcpAddress(host, port)


@pytest.mark.parametrize(
    "text",
    [
        "",
        ":4999",
        "a b",
        "host:",
        "host:x",
        "host:0",
        "host:65536",
        "abc::99999",
        "[abc::99999]:4999",
        "1:2:3",
    ],
)
def test_another_text_is_not_an_address(text: str) -> None:
    with pytest.raises(ValueError, match=r"4999|1 to 65535"):
        parse_tcp_address(text, default_port=4999)


def test_an_address_is_written_as_a_person_would() -> None:
    assert str(TcpAddress("fd00::7", 4999)) == "[fd00::7]:4999"
    assert TcpTransport("10.0.0.5", 3999, connect_timeout_s=1.0).name == "10.0.0.5:3999"


def test_bytes_go_out_and_come_in(transport: TcpTransport, printer: socket.socket) -> None:
    transport.write(b"\x01\x30\x05")
    assert printer.recv(100) == b"\x01\x30\x05"
    for byte in b"\x16\x16":
        printer.sendall(bytes([byte]))
        assert transport.read(1.0) == b"\x16"


def test_silence_reads_as_nothing(transport: TcpTransport, printer: socket.socket) -> None:
    assert transport.read(0.01) == b""
    assert transport.read(0.0) == b""
    assert transport.read(-1.0) == b""


def test_a_large_write_arrives_whole(transport: TcpTransport, printer: socket.socket) -> None:
    data = bytes(range(256)) * 8000
    came = bytearray()

    def read_all() -> None:
        while len(came) < len(data) and (some := printer.recv(65536)):
            came.extend(some)

    reader = threading.Thread(target=read_all)
    reader.start()
    transport.write(data)
    reader.join()
    assert came == data


def test_small_frames_are_not_held_back_and_a_dead_printer_is_noticed(
    transport: TcpTransport,
) -> None:
    connection = transport._socket
    assert connection is not None
    assert connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    assert connection.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


def test_discard_forgets_what_came(transport: TcpTransport, printer: socket.socket) -> None:
    printer.sendall(b"old")
    connection = transport._socket
    assert connection is not None
    connection.recv(3, socket.MSG_PEEK | socket.MSG_WAITALL)
    transport.discard()
    printer.sendall(b"new")
    assert transport.read(1.0) == b"new"


def test_a_printer_that_closes_is_contact_lost(
    transport: TcpTransport, printer: socket.socket
) -> None:
    printer.close()
    with pytest.raises(ContactLost, match="closed by the printer"):
        transport.read(5.0)
    with pytest.raises(ContactLost, match="not connected"):
        transport.write(b"\x01")


def test_what_was_sent_before_closing_is_still_read(
    transport: TcpTransport, printer: socket.socket
) -> None:
    printer.sendall(b"\x16")
    printer.close()
    assert transport.read(5.0) == b"\x16"
    with pytest.raises(ContactLost):
        transport.discard()


@pytest.mark.parametrize("doing", ["reading", "writing"])
def test_a_connection_that_is_reset_is_contact_lost(
    transport: TcpTransport, printer: socket.socket, doing: str
) -> None:
    printer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
    printer.close()
    with pytest.raises(ContactLost, match=f"while {doing}"):
        transport.read(5.0) if doing == "reading" else transport.write(b"\x01")


def test_a_printer_that_takes_nothing_more_is_contact_lost(
    transport: TcpTransport, printer: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp_transport, "WRITE_TIMEOUT_S", 0.05)
    with pytest.raises(ContactLost, match="while writing"):
        transport.write(bytes(50_000_000))


def test_after_contact_is_lost_it_can_be_opened_again(
    listener: socket.socket, transport: TcpTransport, printer: socket.socket
) -> None:
    printer.close()
    with pytest.raises(ContactLost):
        transport.read(5.0)
    transport.open()
    again, _ = listener.accept()
    with again:
        transport.write(b"\x05")
        assert again.recv(10) == b"\x05"


def test_a_port_where_nobody_listens_is_not_started(listener: socket.socket) -> None:
    host, port = listener.getsockname()
    listener.close()
    with pytest.raises(NotStarted, match="refuses the connection") as caught:
        TcpTransport(host, port, connect_timeout_s=2.0).open()
    assert caught.value.fault is Fault.PORT_MISSING


@pytest.mark.parametrize("host", ["no.such.printer.invalid", "a" * 64 + ".lan"])
def test_a_name_nobody_knows_is_not_started(host: str) -> None:
    with pytest.raises(NotStarted, match="no machine is known by the name"):
        TcpTransport(host, 4999, connect_timeout_s=2.0).open()


def test_a_printer_that_does_not_answer_the_call_is_not_started() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        host, port = full.getsockname()
        # one fills the queue, so the next call is neither taken nor refused
        with socket.create_connection((host, port)):
            transport = TcpTransport(host, port, connect_timeout_s=0.1)
            with pytest.raises(NotStarted, match=r"no answer in 0\.1 s"):
                transport.open()


def test_opening_twice_and_closing_twice_does_nothing(
    transport: TcpTransport, printer: socket.socket
) -> None:
    transport.open()
    transport.close()
    transport.close()
    assert printer.recv(1) == b""
