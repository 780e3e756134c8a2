"""The log around a cable, over a real pseudo-terminal."""

import logging
import os
import tty
from collections.abc import Iterator

import pytest

from drivers.errors import ContactLost
from drivers.serial_transport import SerialTransport
from drivers.wire_log import WireLog

LOG = logging.getLogger("wire.till-1")


@pytest.fixture
def printer() -> Iterator[tuple[int, str]]:
    master, slave = os.openpty()
    tty.setraw(master)
    tty.setraw(slave)
    yield master, os.ttyname(slave)
    for descriptor in (master, slave):
        os.close(descriptor)


@pytest.fixture
def wire(printer: tuple[int, str]) -> Iterator[WireLog]:
    wire = WireLog(SerialTransport(printer[1], 115200), LOG, "s3cret")
    wire.open()
    yield wire
    wire.close()


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_every_byte_is_logged_with_its_direction(
    wire: WireLog, printer: tuple[int, str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="wire.till-1"):
        wire.write(b"\x010;")
        os.write(printer[0], b"\x16")
        assert wire.read(1.0) == b"\x16"
        wire.close()
    assert said(caplog) == ["> 01 30 3B", "< 16", f"closed {printer[1]} at 115200"]


def test_above_debug_nothing_is_logged(wire: WireLog, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, logger="wire.till-1"):
        wire.write(b"secret text")
    assert said(caplog) == []


def test_the_network_s_password_is_sent_and_not_shown(
    wire: WireLog, printer: tuple[int, str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="wire.till-1"):
        wire.write(b"s3cret\n")
        wire.write(b"\x02s3cret")
    assert os.read(printer[0], 20) == b"s3cret\n\x02s3cret"
    assert said(caplog) == ["> (the network's password)", "> 02 73 33 63 72 65 74"]


def test_silence_is_not_logged(wire: WireLog, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG, logger="wire.till-1"):
        assert wire.read(0.0) == b""
    assert said(caplog) == []


def test_bytes_that_could_not_be_sent_are_logged_too(
    wire: WireLog, caplog: pytest.LogCaptureFixture
) -> None:
    wire.close()
    with caplog.at_level(logging.DEBUG, logger="wire.till-1"), pytest.raises(ContactLost):
        wire.write(b"\x01")
    assert said(caplog) == ["> 01"]


def test_everything_else_is_handed_on(wire: WireLog, printer: tuple[int, str]) -> None:
    assert wire.name == f"{printer[1]} at 115200"
    wire.write(b"\x05")
    assert os.read(printer[0], 10) == b"\x05"
    os.write(printer[0], b"old")
    wire.discard()
    assert wire.read(0.0) == b""
