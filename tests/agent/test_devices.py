"""From a `[[device]]` table to a printer, and whether we may drive what answers."""

from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from agent.cli.status_words import in_romanian
from agent.cloud.keys import parse
from agent.devices import admission, build_printer, build_transport
from agent.ledger import Ledger
from config.settings import ConfigError, DeviceSettings, catalogue
from drivers.capabilities import Feature
from drivers.clock import SystemClock
from drivers.errors import NotStarted
from drivers.faults import Fault
from drivers.model import Identity
from drivers.serial_transport import SerialTransport
from drivers.tcp_transport import TcpTransport
from drivers.usb_transport import UsbTransport
from tests.agent.clocks import FakeClock
from tests.agent.cloud.cloud_world import key, shown_by

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


def test_a_new_printer_is_refused_until_somebody_writes_its_serial_down() -> None:
    def admit(driven_last: str, wanted: str = "") -> str:
        check = admission(
            device(fiscal_serial=wanted),
            key(),
            cloud_is_loopback=False,
            driven_last=lambda: driven_last,
        )
        try:
            check(identity(REAL))
        except NotStarted as error:
            return str(error)
        return ""

    assert admit(driven_last="") == ""
    assert admit(driven_last=REAL) == ""
    assert admit(driven_last="DB4200099999", wanted=REAL) == ""
    refused = admit(driven_last="DB4200099999")
    assert f"fiscal serial {REAL}, until now DB4200099999" in refused
    assert in_romanian(refused) == (
        f"dev_1: seria fiscală {REAL}, până acum DB4200099999: "
        "dacă este casa cea nouă, scrieți-i fiscal_serial"
    )


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


@pytest.mark.parametrize("feature", Feature)
@pytest.mark.parametrize(("family", "transport"), [("shtrih", "serial"), ("custom", "folder")])
def test_a_feature_that_the_family_does_not_have_is_refused_with_those_that_it_has(
    family: str, transport: str, feature: Feature
) -> None:
    has = {
        "shtrih": {"archive", "drawer", "duplicate", "operators", "tips"},
        "custom": {"drawer", "tips"},
    }[family]
    asked = device(family=family, transport=transport, features=[feature])
    if feature in has:
        assert build_printer(asked, FakeClock()).capabilities.features == {feature}
        return
    with pytest.raises(ConfigError) as refused:
        build_printer(asked, FakeClock())
    own = ", ".join(sorted(has))
    said = f"device dev_1: features: {family} has no {feature}; it can have {own}"
    assert str(refused.value) == said


DIALECTS = [(name, dialect) for name, row in catalogue().items() for dialect in ("", *row.dialects)]


@pytest.mark.parametrize(("family", "dialect"), DIALECTS)
def test_every_family_and_dialect_of_the_catalogue_can_be_built(family: str, dialect: str) -> None:
    device = DeviceSettings(id="d", family=family, address="/dev/none", dialect=dialect)
    assert build_printer(device, SystemClock()).capabilities.features == frozenset()


# one printer, one thread


def test_a_printer_that_another_device_drives_is_refused_until_that_one_leaves_it(
    tmp_path: Path,
) -> None:
    path, clock = tmp_path / "ledger.sqlite3", FakeClock()
    with closing(Ledger(path, clock)) as first, closing(Ledger(path, clock)) as second:

        def admit(ledger: Ledger, device_id: str) -> str:
            check = admission(
                device(id=device_id),
                key(),
                cloud_is_loopback=False,
                driven_as=partial(ledger.take_printer, device_id),
            )
            try:
                check(identity(REAL))
            except NotStarted as error:
                return f"{error.fault}: {error}"
            return ""

        assert admit(first, "dev_1") == ""
        told = "dev_2: fiscal serial DB4200012345 is driven as dev_1 already"
        assert admit(second, "dev_2") == f"other_printer: {told}"
        romanian = "dev_2: casa cu seria fiscală DB4200012345 este deja folosită ca dev_1"
        assert in_romanian(told) == romanian
        online = {"status": "online", "identity": asdict(identity(REAL))}
        first.note_device("dev_1", online)
        assert admit(first, "dev_1") == ""
        assert admit(second, "dev_2") != ""
        first.note_device("dev_1", {"status": "offline"})  # its cable is pulled
        assert admit(second, "dev_2") == ""
        assert "is driven as dev_2 already" in admit(first, "dev_1")
        second.note_configured(["dev_1"])  # dev_2 is taken out of the configuration
        assert admit(first, "dev_1") == ""


def test_two_devices_without_a_serial_are_not_the_same_printer(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path / "ledger.sqlite3", FakeClock())) as ledger:
        assert ledger.take_printer("dev_1", identity("")) == ""
        assert ledger.take_printer("dev_2", identity("")) == ""


def test_that_a_printer_is_taken_is_told_to_nobody(tmp_path: Path) -> None:
    with closing(Ledger(tmp_path / "ledger.sqlite3", FakeClock())) as ledger:
        offline = {"status": "offline", "faults": [], "sentence": "silence"}
        assert ledger.note_device("dev_1", offline)
        for _ in range(3):  # it opens, and then does not answer
            assert ledger.take_printer("dev_1", identity(REAL)) == ""
            assert not ledger.note_device("dev_1", offline)
        assert ledger.devices() == {"dev_1": offline}
