"""The list of what is plugged in; only the libraries below are made up."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import serial.tools.list_ports
from fake_usb import Bus, FakeClock, cdc_acm, cdc_ethernet, ftdi
from serial.tools.list_ports_common import ListPortInfo

from drivers.ports import SerialPort, serial_ports, usb_ports


def seen(device: str, *, serial_number: str | None = None, location: str | None = None) -> object:
    """A tty as pyserial reports it."""
    info = ListPortInfo(device, skip_link_detection=True)
    if location is not None:
        info.vid, info.pid = 0x0403, 0x6001
        info.serial_number, info.product, info.location = serial_number, "FT232R", location
    return info


@pytest.fixture
def ttys(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    found: list[object] = []
    monkeypatch.setattr(serial.tools.list_ports, "comports", lambda: found)
    return found


@pytest.fixture
def pty() -> Iterator[str]:
    master, slave = os.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def test_ports_come_in_the_order_of_their_numbers(ttys: list[object], tmp_path: Path) -> None:
    ttys += [seen("/dev/ttyUSB10"), seen("/dev/ttyUSB2"), seen("/dev/ttyACM0")]
    names = [port.device for port in serial_ports(tmp_path)]
    assert names == ["/dev/ttyACM0", "/dev/ttyUSB2", "/dev/ttyUSB10"]


def test_a_usb_port_is_described(ttys: list[object], tmp_path: Path) -> None:
    ttys.append(seen("/dev/ttyUSB0", serial_number="FR900001", location="1-2.3:1.0"))
    assert serial_ports(tmp_path / "none") == [
        SerialPort(
            "/dev/ttyUSB0",
            vendor=0x0403,
            product=0x6001,
            text="FT232R",
            location="1-2.3",
        )
    ]


def test_a_port_that_is_not_on_usb_has_only_its_name(ttys: list[object], tmp_path: Path) -> None:
    ttys.append(seen("/dev/ttyS0"))
    assert serial_ports(tmp_path) == [SerialPort("/dev/ttyS0")]
    assert serial_ports(tmp_path)[0].stable_name == "/dev/ttyS0"


def test_the_by_id_link_is_the_stable_name(ttys: list[object], tmp_path: Path, pty: str) -> None:
    ttys.append(seen(pty))
    for name in ("usb-b", "usb-a"):
        (tmp_path / name).symlink_to(pty)
    (port,) = serial_ports(tmp_path)
    assert port.by_id == port.stable_name == str(tmp_path / "usb-a")


def test_a_link_to_a_port_pyserial_does_not_know_is_listed(
    ttys: list[object], tmp_path: Path, pty: str
) -> None:
    (tmp_path / "usb-odd").symlink_to(pty)
    assert serial_ports(tmp_path) == [SerialPort(pty, by_id=str(tmp_path / "usb-odd"))]


def test_a_dangling_link_is_not_a_port(ttys: list[object], tmp_path: Path) -> None:
    (tmp_path / "usb-gone").symlink_to("/dev/ttyUSB97")
    assert serial_ports(tmp_path) == []


def test_this_machine_can_be_listed() -> None:
    assert all(port.device.startswith("/dev/") for port in serial_ports())


def test_usb_devices_that_have_a_tty_are_not_listed_twice(
    ttys: list[object], tmp_path: Path
) -> None:
    bus = Bus(FakeClock())
    bus.plug(ftdi())
    bus.plug(cdc_ethernet())
    bus.plug(cdc_acm())
    ttys.append(seen("/dev/ttyUSB0", serial_number="FR900001", location="1-2"))
    (port,) = usb_ports(backend=bus, by_id=tmp_path)
    assert str(port.address) == "usb:fff0:0100:DT123456"
