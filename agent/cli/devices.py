"""`amef devices`: what is plugged in, and which of it is a fiscal printer.

list      names the ports; opens none, sends no byte
detect    asks on them, read-only: a port in use is not touched, each is given back at once
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli.common import Json, print_json
from agent.cli.output import Lang, Language, table
from config import settings
from config.settings import catalogue
from drivers import discovery
from drivers.clock import SystemClock
from drivers.discovery import BAUDS, WORDS, Finding, Outcome
from drivers.errors import NotStarted
from drivers.ports import UsbPort, port_holder, serial_ports, usb_ports
from drivers.tcp_transport import parse_tcp_address
from drivers.usb_transport import parse_usb_address

app = typer.Typer(no_args_is_help=True, help="What is plugged in, and what of it is a printer.")

USB = "usb:"


@dataclass(frozen=True, slots=True)
class Target:
    """One place to ask. `address` is the name to configure; it survives a re-plug if it can."""

    address: str
    probe: "partial[Finding]"


@app.command("list")
def list_(lang: Lang, as_json: Json = False) -> None:
    """List what is plugged in, without sending a byte."""
    serial = [asdict(port) | {"held_by": _held(port.device)} for port in serial_ports()]
    usb = _usb_lines()
    if as_json:
        found = [asdict(port) | {"address": str(port.address)} for port in usb]
        print_json({"serial": serial, "usb": found})
        return
    if not serial and not usb:
        typer.echo(lang.say("Nu este nimic conectat.", "Nothing is plugged in."))
        return
    headers = (
        lang.say("port", "port"),
        lang.say("adresa pentru configurație", "address to configure"),
        lang.say("aparat", "device"),
        lang.say("folosit de", "held by"),
    )
    rows = [
        [port["device"], port["by_id"] or port["device"], port["text"] or "", port["held_by"]]
        for port in serial
    ]
    rows += [[port.location, str(port.address), port.text or "", ""] for port in usb]
    table(headers, rows)


@app.command()
def detect(
    lang: Lang,
    ports: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[PORT]...", help="/dev/... or usb:VID:PID; none: all serial ports."
        ),
    ] = None,
    baud: Annotated[
        list[int] | None, typer.Option(min=1, help="Only these, in this order; may be repeated.")
    ] = None,
    tcp: Annotated[
        list[str] | None, typer.Option(metavar="HOST[:PORT]", help="Ask there; may be repeated.")
    ] = None,
    as_json: Json = False,
    config: Annotated[
        Path | None, typer.Option(help="Leave alone what the devices of this file use.")
    ] = None,
) -> None:
    """Ask, read-only, which port has a fiscal printer; exit 1 if none has."""
    bauds = tuple(baud or BAUDS)
    used = _configured(config)
    skipped: dict[str, str] = {}
    if ports or tcp:
        targets = [_named(port, bauds) for port in ports or ()]
        targets += [target for host in tcp or () for target in _network(host)]
    else:
        every = serial_ports()
        skipped = {port.device: used[port.device] for port in every if port.device in used}
        targets = [_tty(port.device, bauds) for port in every if port.device not in used]
    _announce(targets, skipped, lang)
    findings: list[tuple[Target, Finding]] = []
    for target in targets:
        finding = target.probe()
        findings.append((target, finding))
        if not as_json:
            typer.echo("\n".join(_lines(target, finding, lang)))
    if as_json:
        found = [_json(target, finding) for target, finding in findings]
        print_json({"ports": found, "skipped": skipped})
    if not any(finding.outcome is Outcome.PRINTER for _, finding in findings):
        raise typer.Exit(1)


def _announce(targets: list[Target], skipped: dict[str, str], lang: Language) -> None:
    """Say what will be touched, before it is."""
    names = ", ".join(target.address for target in targets) or "-"
    asking = lang.say("Se întreabă (doar citire)", "Asking, read-only")
    typer.echo(f"{asking}: {names}", err=True)
    for port, device in skipped.items():
        why = lang.say("lăsat în pace, este al dispozitivului", "left alone, it belongs to device")
        typer.echo(f"{port}: {why} {device}", err=True)
    for usb in _usb_lines():
        why = lang.say(
            "USB fără tty; pentru a-l întreba, numiți-l", "USB without a tty; name it to ask it"
        )
        typer.echo(f"{usb}: {why}", err=True)


def _lines(target: Target, finding: Finding, lang: Language) -> Iterator[str]:
    said = WORDS[finding.outcome]
    at = f" @ {finding.baud}" if finding.baud else ""
    yield f"{finding.address}{at}: {finding.outcome}"
    yield f"  {lang.say(said.ro, said.en)}"
    if finding.detail:
        yield f"  {finding.detail}"
    if finding.steps:
        tried = dict.fromkeys(str(step.baud) for step in finding.steps if step.baud)
        if tried:
            yield f"  {lang.say('viteze încercate', 'baud rates tried')}: {', '.join(tried)}"
        heard = finding.heard.hex(" ").upper() or lang.say("nimic", "nothing")
        yield f"  {lang.say('s-a auzit', 'heard')}: {heard}"
    if (who := finding.identity) is not None:
        serial = f"{lang.say('serie fiscală', 'fiscal serial')} {who.fiscal_serial or '?'}"
        yield f"  {finding.family or 'ISL'}, {who.model}, {who.firmware}, {serial}"
    if finding.outcome is Outcome.PRINTER:
        yield ""
        yield _device_table(target, finding)


def _device_table(target: Target, finding: Finding) -> str:
    """What to put into the configuration."""
    lines = [
        "[[device]]",
        'id = "dev_..."  # the id the cloud gave the device',
        f"family = {json.dumps(finding.family)}",
        f"transport = {json.dumps(finding.transport)}",
        f"address = {json.dumps(target.address)}",
    ]
    if finding.baud:
        lines.append(f"baud = {finding.baud}")
    if finding.identity is not None:
        lines.append(f"fiscal_serial = {json.dumps(finding.identity.fiscal_serial)}")
    return "\n".join([*lines, ""])


def _json(target: Target, finding: Finding) -> dict[str, Any]:
    said = WORDS[finding.outcome]
    steps = [asdict(step) | {"heard": step.heard.hex(" ")} for step in finding.steps]
    known = {"port": finding.address, "ro": said.ro, "en": said.en, "steps": steps}
    if finding.outcome is Outcome.PRINTER:
        known["config"] = _device_table(target, finding)
    return asdict(finding) | known | {"address": target.address, "heard": finding.heard.hex(" ")}


def _named(name: str, bauds: tuple[int, ...]) -> Target:
    if not name.startswith(USB):
        return _tty(name, bauds)
    try:
        parse_usb_address(name)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return Target(name, partial(discovery.probe_usb, name, bauds, SystemClock()))


def _tty(path: str, bauds: tuple[int, ...]) -> Target:
    device = os.path.realpath(path)
    stable = {port.device: port.stable_name for port in serial_ports()}
    # A link that somebody named is his choice; the kernel's number is not.
    address = path if device != path else stable.get(device, path)
    return Target(address, partial(discovery.probe_serial, path, bauds, SystemClock()))


def _network(text: str) -> Iterator[Target]:
    """Ask one port, or without one every port a printer is known to use."""
    usual = list(
        dict.fromkeys(port for family in catalogue().values() for port in family.tcp_ports)
    )
    try:
        addresses = dict.fromkeys(parse_tcp_address(text, default_port=port) for port in usual)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    for at in addresses:
        probe = partial(discovery.probe_tcp, at.host, at.port, str(at), SystemClock())
        yield Target(str(at), probe)


def _configured(config: Path | None) -> dict[str, str]:
    """Return real tty -> device id of the configuration."""
    if config is None:
        return {}
    devices = settings.load(config).device
    return {
        os.path.realpath(each.address): each.id for each in devices if each.transport == "serial"
    }


def _usb_lines() -> list[UsbPort]:
    try:
        return usb_ports()
    except NotStarted as error:
        typer.echo(f"amef: {error}", err=True)
        return []


def _held(device: str) -> str:
    return str(port_holder(device) or "")
