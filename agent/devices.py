"""From a `[[device]]` table to a printer: its cable, its family, and whether we may drive it."""

import logging
from collections.abc import Callable
from pathlib import Path

from agent.cloud.keys import ApiKey
from config.settings import ConfigError, DeviceSettings, catalogue
from drivers import families
from drivers.base import FiscalPrinter, Operator
from drivers.capabilities import Feature
from drivers.clock import Clock
from drivers.errors import NotStarted
from drivers.faults import Fault
from drivers.fiscalnet.folder import FiscalNetFolder
from drivers.fiscalnet.text import ByHand
from drivers.model import Identity, PaymentKind, VatRate
from drivers.serial_transport import SerialTransport
from drivers.tcp_transport import TcpTransport, parse_tcp_address
from drivers.transport import Transport
from drivers.usb_transport import UsbTransport, parse_usb_address
from drivers.wire_log import WireLog

CONNECT_TIMEOUT_S = 5.0
SIMULATED = "SIM"


def build_printer(
    device: DeviceSettings, clock: Clock, cable: Transport | None = None
) -> FiscalPrinter:
    """Build the printer of a device, over its own cable or this one; opens nothing.

    Raises:
        ConfigError: the address is not one of this transport, or a feature not one of its family.
    """
    known = catalogue()[device.family]
    operator = Operator(
        device.operator or known.operator, device.password or known.password, device.till
    )
    if device.transport == "folder":  # no bytes pass there: it writes its own log
        place = FiscalNetFolder(Path(device.address), logging.getLogger(f"wire.{device.id}"))
        bridged = families.printer(
            device.family, place, clock, operator, features_of(device), by_hand=by_hand_of(device)
        )
        _need_own_features(device, bridged)
        return bridged
    own = cable or build_transport(device)
    transport = WireLog(own, logging.getLogger(f"wire.{device.id}"), device.network_password)
    code_page = device.code_page or known.code_page
    features = features_of(device)
    printer = families.printer(
        device.family,
        transport,
        clock,
        operator,
        features,
        code_page,
        device.dialect,
        network_password=device.network_password,
    )
    printer.dialect_is_sure = device.dialect_is_sure
    _need_own_features(device, printer)
    return printer


def features_of(device: DeviceSettings) -> frozenset[Feature]:
    """Return what is switched on for a device, by its family and by itself.

    Raises:
        ConfigError: there is no such feature.
    """
    named = [*catalogue()[device.family].features, *device.features]
    try:
        return frozenset(map(Feature, named))
    except ValueError as error:
        known = ", ".join(Feature)
        raise ConfigError(f"device {device.id}: features: {error}; known are {known}") from error


def _need_own_features(device: DeviceSettings, printer: FiscalPrinter) -> None:
    """A feature that its family does not have would be asked for again at every refusal."""
    lacks = printer.capabilities.lacks
    if foreign := features_of(device) & lacks:
        own = ", ".join(sorted(frozenset(Feature) - lacks))
        sentence = f"{device.family} has no {', '.join(sorted(foreign))}; it can have {own}"
        raise ConfigError(f"device {device.id}: features: {sentence}")


def by_hand_of(device: DeviceSettings) -> ByHand:
    """What somebody wrote down of a device that cannot be asked."""
    groups = {group: VatRate(rate) for group, rate in device.vat_groups.items()}
    payments = {number: PaymentKind(kind) for number, kind in device.payments.items()}
    return ByHand(device.fiscal_serial, groups, payments, device.answer_s)


def build_transport(device: DeviceSettings) -> Transport:
    known = catalogue()[device.family]
    baud = device.baud or known.baud
    try:
        match device.transport:
            case "tcp":
                tcp = parse_tcp_address(device.address, default_port=known.tcp_ports[0])
                return TcpTransport(tcp.host, tcp.port, connect_timeout_s=CONNECT_TIMEOUT_S)
            case "usb":
                usb = parse_usb_address(device.address)
                return UsbTransport(
                    vendor=usb.vendor, product=usb.product, serial=usb.serial, baud=baud
                )
            case "folder":
                raise ValueError("a folder is no cable")
            case "serial":
                return SerialTransport(device.address, baud, dtr=device.dtr, rts=device.rts)
    except ValueError as error:
        raise ConfigError(f"device {device.id}: address {device.address!r}: {error}") from error


def admission(
    device: DeviceSettings,
    key: ApiKey,
    *,
    cloud_is_loopback: bool,
    driven_last: Callable[[], str] = str,
    driven_as: Callable[[Identity], str] = lambda _: "",
) -> Callable[[Identity], None]:
    """Return what refuses a printer that must not be driven: another one, or of the wrong world.

    `driven_last`: the fiscal serial under which this device printed until now; "" if it never did.
    `driven_as`: the other device of ours that drives this printer now; "" if none does, and from
    now on this one.
    """

    def admit(identity: Identity) -> None:
        serial = identity.fiscal_serial
        simulated = serial.startswith(SIMULATED)
        if device.fiscal_serial and serial != device.fiscal_serial:
            sentence = f"{device.id}: fiscal serial {serial}, configured is {device.fiscal_serial}"
        elif not device.fiscal_serial and (before := driven_last()) not in ("", serial):
            sentence = (
                f"{device.id}: fiscal serial {serial}, until now {before}: "
                "if it is the new printer, write its fiscal_serial down"
            )
        elif simulated and key.live and not cloud_is_loopback:
            sentence = f"{device.id}: {serial} is a simulated printer, the key is a live one"
        elif not simulated and not key.live:
            sentence = f"{device.id}: {serial} is a real printer, the key is a test one"
        elif other := driven_as(identity):
            sentence = f"{device.id}: fiscal serial {serial} is driven as {other} already"
        else:
            return
        raise NotStarted(sentence, fault=Fault.OTHER_PRINTER)

    return admit
