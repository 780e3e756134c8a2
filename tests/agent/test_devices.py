"""From a `[[device]]` table to a printer, and whether we may drive what answers."""

from typing import Any

import pytest

from agent.cloud.keys import parse
from agent.devices import admission, build_printer, build_transport
from config.settings import ConfigError, DeviceSettings, catalogue
from drivers.clock import SystemClock
from drivers.errors import NotStarted
from drivers.faults import Fault
from drivers.model import Identity
from drivers.serial_transport import SerialTransport
from drivers.tcp_transport import TcpTransport
from drivers.usb_transport import UsbTransport
from tests.agent.cloud.cloud_world import FakeClock, key, shown_by

REAL, SIMULATED = "DB4200012345", "SIM4200000001"


def device(**given: Any) -> DeviceSettings:
    table = {"id": "dev_1", "family": "datecs_x", "address": "/dev/ttyUSB0"} | given
    return DeviceSettings.model_validate(table)


def identity(fiscal_serial: str) -> Identity:
    return Identity("DP-25X", "1.00", fiscal_serial, "", "")


def verdict(found: str, *, live: bool = True, loopback: bool = False, wanted: str = "") -> str:
    """ "" if the printer may be driven, else why not."""
    a_key = key()
    if not live:
        a_key = type(a_key)(a_key.secret, a_key.source, a_key.organization, live=False)
    admit = admission(device(fiscal_serial=wanted), a_key, cloud_is_loopback=loopback)
    try:
        admit(identity(found))
    except NotStarted as error:
        return str(error)
    return ""


def test_a_real_printer_under_a_live_key_is_driven() -> None:
    assert verdict(REAL) == ""
    assert verdict(REAL, loopback=True) == ""
    assert verdict(REAL, wanted=REAL) == ""


def test_a_simulated_printer_under_a_live_key_is_refused() -> None:
    assert verdict(SIMULATED) == f"dev_1: {SIMULATED} is a simulated printer, the key is a live one"


def test_a_refused_printer_is_another_printer_and_the_key_is_not_shown() -> None:
    admit = admission(device(), key(), cloud_is_loopback=False)
    with pytest.raises(NotStarted) as caught:
        admit(identity(SIMULATED))
    assert caught.value.fault is Fault.OTHER_PRINTER
    assert key().secret not in shown_by(caught.value)


def test_a_simulated_printer_is_driven_when_the_cloud_is_our_own_machine() -> None:
    assert verdict(SIMULATED, loopback=True) == ""


def test_a_simulated_printer_is_driven_under_a_test_key() -> None:
    assert verdict(SIMULATED, live=False) == ""


@pytest.mark.parametrize("loopback", [False, True])
def test_a_real_printer_under_a_test_key_is_refused(*, loopback: bool) -> None:
    assert "is a real printer, the key is a test one" in verdict(
        REAL, live=False, loopback=loopback
    )


@pytest.mark.parametrize(
    ("profile", "form"), [("elebne", "sk_{}_"), ("esnad", "zatca_{}_")], ids=["elebne", "esnad"]
)
def test_where_the_key_tells_the_environment_it_decides(profile: str, form: str) -> None:
    for environment, found in (("test", REAL), ("live", SIMULATED)):
        a_key = parse(form.format(environment) + "0" * 32, "a test", profile)
        with pytest.raises(NotStarted):
            admission(device(), a_key, cloud_is_loopback=False)(identity(found))
    for environment, found in (("live", REAL), ("test", SIMULATED)):
        a_key = parse(form.format(environment) + "0" * 32, "a test", profile)
        admission(device(), a_key, cloud_is_loopback=False)(identity(found))


@pytest.mark.parametrize("found", [SIMULATED, "DB4200012346", "", REAL.lower(), f"{REAL} "])
def test_another_fiscal_serial_than_the_configured_one_is_refused(found: str) -> None:
    assert verdict(found, loopback=True, wanted=REAL) == (
        f"dev_1: fiscal serial {found}, configured is {REAL}"
    )


def test_the_configured_serial_does_not_make_a_simulated_printer_real() -> None:
    assert "simulated" in verdict(SIMULATED, wanted=SIMULATED)


@pytest.mark.parametrize(
    ("transport", "address", "made"),
    [
        ("serial", "/dev/ttyUSB0", SerialTransport),
        ("tcp", "192.168.1.50", TcpTransport),
        ("tcp", "192.168.1.50:4999", TcpTransport),
        ("tcp", "[2001:db8::5]:4999", TcpTransport),
        ("usb", "usb:0403", UsbTransport),
        ("usb", "usb:0403:6001:FR900001", UsbTransport),
    ],
)
def test_every_transport_is_built_and_none_is_opened(
    transport: str, address: str, made: type
) -> None:
    built = build_transport(device(transport=transport, address=address))
    assert type(built) is made


@pytest.mark.parametrize(
    ("transport", "address"),
    [
        ("tcp", "192.168.1.50:0"),
        ("tcp", "192.168.1.50:99999"),
        ("tcp", "http://192.168.1.50"),
        ("tcp", "a b"),
        ("usb", "usb:zz"),
        ("usb", "0403:6001"),
        ("usb", "/dev/ttyUSB0"),
    ],
)
def test_an_address_of_another_transport_names_the_device(transport: str, address: str) -> None:
    with pytest.raises(ConfigError, match="device dev_1: address") as caught:
        build_printer(device(transport=transport, address=address), FakeClock())
    assert address in str(caught.value)


@pytest.mark.parametrize("family", sorted(catalogue()))
def test_every_family_of_the_catalogue_can_be_built(family: str) -> None:
    assert build_printer(device(family=family), FakeClock()) is not None


DIALECTS = [(name, dialect) for name, row in catalogue().items() for dialect in ("", *row.dialects)]


@pytest.mark.parametrize(("family", "dialect"), DIALECTS)
def test_every_family_and_dialect_of_the_catalogue_can_be_built(family: str, dialect: str) -> None:
    device = DeviceSettings(id="d", family=family, address="/dev/none", dialect=dialect)
    assert build_printer(device, SystemClock()).capabilities.features == frozenset()
