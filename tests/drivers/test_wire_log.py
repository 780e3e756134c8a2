"""The recorder around a cable, over a real pseudo-terminal."""

import logging
import os
import tty
from collections.abc import Iterator

import pytest
from fake_usb import FakeClock

from drivers.errors import ContactLost
from drivers.serial_transport import SerialTransport
from drivers.wire_log import RECORDS_MAX, Direction, Record, WireLog

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
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def wire(printer: tuple[int, str], clock: FakeClock) -> Iterator[WireLog]:
    wire = WireLog(SerialTransport(printer[1], 115200), LOG, clock)
    wire.open()
    yield wire
    wire.close()


def test_every_byte_is_logged_with_its_direction(
    wire: WireLog, printer: tuple[int, str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG, logger="wire.till-1"):
        wire.write(b"\x010;")
        os.write(printer[0], b"\x16")
        assert wire.read(1.0) == b"\x16"
        wire.close()
    assert [record.getMessage() for record in caplog.records] == [
        "> 01 30 3B",
        "< 16",
        f"closed {printer[1]} at 115200",
    ]


def test_above_debug_nothing_is_logged_but_all_is_remembered(
    wire: WireLog, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="wire.till-1"):
        wire.write(b"secret text")
    assert caplog.records == []
    assert [record.data for record in wire.records] == [b"secret text"]


def test_records_carry_the_time_they_passed(
    wire: WireLog, printer: tuple[int, str], clock: FakeClock
) -> None:
    wire.write(b"\x01")
    clock.now_s += 0.25
    os.write(printer[0], b"\x16")
    wire.read(1.0)
    assert wire.records == (
        Record(Direction.SENT, b"\x01", 100.0),
        Record(Direction.RECEIVED, b"\x16", 100.25),
    )


def test_silence_is_not_recorded(wire: WireLog) -> None:
    assert wire.read(0.0) == b""
    assert wire.records == ()


def test_only_the_last_records_are_kept(wire: WireLog, printer: tuple[int, str]) -> None:
    for number in range(RECORDS_MAX + 5):
        wire.write(number.to_bytes(2, "big"))
        os.read(printer[0], 2)
    assert len(wire.records) == RECORDS_MAX
    assert wire.records[0].data == b"\x00\x05"


def test_bytes_that_could_not_be_sent_are_recorded_too(wire: WireLog) -> None:
    wire.close()
    with pytest.raises(ContactLost):
        wire.write(b"\x01")
    assert [record.data for record in wire.records] == [b"\x01"]


def test_everything_else_is_handed_on(wire: WireLog, printer: tuple[int, str]) -> None:
    assert wire.name == f"{printer[1]} at 115200"
    wire.write(b"\x05")
    assert os.read(printer[0], 10) == b"\x05"
    os.write(printer[0], b"old")
    wire.discard()
    assert wire.read(0.0) == b""
