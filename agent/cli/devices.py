"""`amef devices`: what is plugged in, and which of it is a fiscal printer.

list      names the ports; opens none, sends no byte
detect    asks on them, read-only and all at once: a port in use is not touched, each is given back
          as soon as it is known; --write puts what was found into the configuration, if told yes;
          --tcp takes a range too (drivers/tcp_range.py), of which only what answers is shown
"""

import json
import os
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from agent.cli.common import Json, print_json
from agent.cli.output import PLACES, Lang, Language, table
from agent.exits import Exit
from config.append import add_device, used_places, used_serials
from config.settings import catalogue
from drivers import discovery
from drivers.clock import SystemClock
from drivers.discovery import Finding
from drivers.discovery_words import WORDS, Outcome
from drivers.errors import NotStarted
from drivers.ports import UsbPort, port_holder, serial_ports, usb_ports
from drivers.tcp_range import PLACES_MAX, PRINTS_ANYTHING, is_range, parse_tcp_range
from drivers.tcp_transport import parse_tcp_address
from drivers.usb_transport import parse_usb_address

app = typer.Typer(no_args_is_help=True, help="What is plugged in, and what of it is a printer.")

USB = "usb:"
AT_ONCE_MAX = 16  # ports asked at the same time; they share nothing
OF_A_RANGE_AT_ONCE_MAX = 64  # most of them are nobody
OF_A_RANGE_CONNECT_S = 1.0  # a printer in the same building takes a connection in milliseconds


@dataclass(frozen=True, slots=True)
class Target:
    """One place to ask. `address` is the name to configure; it survives a re-plug if it can."""

    address: str
    probe: "partial[Finding]"
    device: str = ""  # the tty behind the address
    range: str = ""  # that it is one of many of

    def is_named(self, patterns: list[str]) -> bool:
        names = (self.address, self.device)
        return any(fnmatch(name, pattern) for name in names if name for pattern in patterns)


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
        lang.say("ce este", "device"),
        lang.say("folosit de", "held by"),
    )
    rows = [
        [port["device"], port["by_id"] or port["device"], port["text"] or "", port["held_by"]]
        for port in serial
    ]
    rows += [[port.location, str(port.address), port.text or "", ""] for port in usb]
    table(headers, rows, whole=2)


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
        list[str] | None,
        typer.Option(
            metavar="HOST[:PORT]",
            help="Ask there; may be repeated. A range: 192.168.1.0/28[:PORT], HOST:PORT-PORT.",
        ),
    ] = None,
    as_json: Json = False,
    only: Annotated[
        list[str] | None, typer.Option(metavar="PATTERN", help="Ask these ports, e.g. /dev/ttyS*.")
    ] = None,
    not_: Annotated[
        list[str] | None, typer.Option("--not", metavar="PATTERN", help="Never ask these.")
    ] = None,
    config: Annotated[
        Path | None, typer.Option(help="Leave alone what the devices of this file use.")
    ] = None,
    write: Annotated[
        bool, typer.Option("--write", help="Offer to add what is found to the file of --config.")
    ] = False,
) -> None:
    """Ask, read-only, which port has a fiscal printer; exit 1 if none has."""
    if write and (config is None or as_json):
        raise typer.BadParameter("--write needs --config, and a person to ask: no --json")
    used = used_places(config) if config else {}
    targets, skipped = _asked_for(ports or [], tcp or [], used, baud or (), lang)
    targets = [target for target in targets if not only or target.is_named(only)]
    targets = [target for target in targets if not target.is_named(not_ or [])]
    _announce(targets, skipped, lang)
    findings = [each for each in _asked(targets) if _is_shown(*each)]
    if as_json:
        found = [_json(target, finding) for target, finding in findings]
        print_json({"ports": found, "skipped": skipped})
    elif targets or not skipped:
        _tell(findings, lang)
    printers = [each for each in findings if each[1].outcome is Outcome.PRINTER]
    done = [_offered(config, *each, lang) for each in printers] if write and config else [True]
    if not printers or not all(done):
        raise typer.Exit(Exit.NO)


def _asked_for(
    names: list[str],
    hosts: list[str],
    used: dict[str, str],
    bauds: Sequence[int],
    lang: Language,
) -> tuple[list[Target], dict[str, str]]:
    """Return what somebody named, or else every tty, and what is left alone."""
    if not names and not hosts:
        return _all_but(used, bauds)
    targets = []
    for name in names:
        with _usage(name, lang):
            targets.append(_named(name, bauds))
    for host in hosts:
        with _usage(host, lang):
            targets += _range(host) if is_range(host) else _network(host)
    skipped = {t.address: used[place] for t in targets if (place := _used_place(t, used))}
    return [target for target in targets if target.address not in skipped], skipped


def _all_but(used: dict[str, str], bauds: Sequence[int]) -> tuple[list[Target], dict[str, str]]:
    """Return every tty that no device of the configuration uses, and those that one does."""
    every = [port.device for port in serial_ports()]
    skipped = {device: used[device] for device in every if device in used}
    return [_tty(device, bauds) for device in every if device not in used], skipped


def _asked(targets: list[Target]) -> list[tuple[Target, Finding]]:
    """Ask everywhere at once: a silent port takes its whole time."""
    at_once = OF_A_RANGE_AT_ONCE_MAX if any(each.range for each in targets) else AT_ONCE_MAX
    with ThreadPoolExecutor(at_once) as threads:
        findings = threads.map(lambda target: target.probe(), targets)
        return list(zip(targets, findings, strict=True))


def _used_place(target: Target, used: dict[str, str]) -> str:
    """Where a device of the configuration already is; "" where none is.

    One that is configured with its host alone may be behind any port of it.
    """
    host = target.address.rpartition(":")[0]
    places = (target.address, target.device, host, host.strip("[]"))
    return next((place for place in places if place and place in used), "")


def _is_shown(target: Target, finding: Finding) -> bool:
    """Of a range nobody wants to read who is not there."""
    return not target.range or bool(finding.steps) or finding.outcome is not Outcome.MISSING


def _offered(config: Path, target: Target, finding: Finding, lang: Language) -> bool:
    """Put a printer into the configuration, if a person says yes; False if it may not go there."""
    place, serial = target.device or target.address, ""
    if finding.identity is not None:
        serial = finding.identity.fiscal_serial
    own = used_places(config).get(place) or used_serials(config).get(serial)
    if own is not None:
        why = lang.say(
            "nu s-a scris: este deja casa de marcat", "not written: it already is device"
        )
        typer.echo(f"{target.address}: {why} {own}", err=True)
        return False
    ask = lang.say("id-ul din cloud (gol: nu se scrie)", "id in the cloud (empty: skip)")
    id_ = typer.prompt(f"{target.address}: {ask}", default="", show_default=False).strip()
    sure = lang.say(f"Se adaugă la sfârșitul {config}?", f"Add it to the end of {config}?")
    if id_ and typer.confirm(sure):
        add_device(config, _device_table(target, finding, id_))
        typer.echo(lang.say("S-a scris.", "Written."))
    return True


def _announce(targets: list[Target], skipped: dict[str, str], lang: Language) -> None:
    """Say what will be touched, before it is."""
    named = [target.address for target in targets if not target.range]
    ranges = Counter(target.range for target in targets if target.range)
    named += [f"{text} ({lang.counted(count, *PLACES)})" for text, count in ranges.items()]
    names = ", ".join(named) or "-"
    asking = lang.say("Se întreabă (doar citire)", "Asking, read-only")
    typer.echo(f"{asking}: {names}", err=True)
    if any("/" in text and ":" not in text.partition("/")[2] for text in ranges):
        left_out = lang.say(
            f"portul {PRINTS_ANYTHING} este lăsat deoparte: imprimantele de birou ar tipări "
            f"întrebările; dacă se dorește, scrieți HOST/BITS:{PRINTS_ANYTHING}",
            f"port {PRINTS_ANYTHING} is left out: office printers would print the questions; "
            f"if it is wanted, write HOST/BITS:{PRINTS_ANYTHING}",
        )
        typer.echo(left_out, err=True)
    for port, device in skipped.items():
        why = lang.say("neatins, este al casei de marcat", "left alone, it belongs to device")
        typer.echo(f"{port}: {why} {device}", err=True)
    for usb in _usb_lines():
        why = lang.say(
            "USB fără tty; pentru a-l întreba, numiți-l", "USB without a tty; name it to ask it"
        )
        typer.echo(f"{usb}: {why}", err=True)


def _tell(findings: list[tuple[Target, Finding]], lang: Language) -> None:
    for target, finding in findings:
        typer.echo("\n".join(_lines(target, finding, lang)))
    if not findings:
        typer.echo(lang.say("Nu răspunde nimeni.", "Nobody answers."), err=True)


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
        family = ":".join(filter(None, (finding.family or "ISL", finding.dialect)))
        yield f"  {family}, {who.model}, {who.firmware}, {serial}"
    if finding.outcome is Outcome.PRINTER:
        yield ""
        yield _device_table(target, finding)


def _device_table(target: Target, finding: Finding, id_: str = "") -> str:
    """What to put into the configuration."""
    lines = [
        "[[device]]",
        f"id = {json.dumps(id_)}" if id_ else 'id = "dev_..."  # the id the cloud gave the device',
        f"family = {json.dumps(finding.family)}",
        *_dialect_line(finding),
        f"transport = {json.dumps(finding.transport)}",
        f"address = {json.dumps(target.address)}",
    ]
    if finding.baud:
        lines.append(f"baud = {finding.baud}")
    if finding.identity is not None and finding.identity.fiscal_serial:
        lines.append(f"fiscal_serial = {json.dumps(finding.identity.fiscal_serial)}")
    return "\n".join([*lines, ""])


def _dialect_line(finding: Finding) -> Iterator[str]:
    """The dialect that was told; where it is not, those that there are."""
    known = catalogue()[finding.family].dialects
    if finding.dialect:
        yield f"dialect = {json.dumps(finding.dialect)}"
    elif known:
        others = ", ".join(known[1:])
        yield f"# dialect = {json.dumps(known[0])}  # or {others}: see docs/families.md"


def _json(target: Target, finding: Finding) -> dict[str, Any]:
    said = WORDS[finding.outcome]
    steps = [asdict(step) | {"heard": step.heard.hex(" ")} for step in finding.steps]
    known = {"port": finding.address, "ro": said.ro, "en": said.en, "steps": steps}
    if finding.outcome is Outcome.PRINTER:
        known["config"] = _device_table(target, finding)
    return asdict(finding) | known | {"address": target.address, "heard": finding.heard.hex(" ")}


@contextmanager
def _usage(text: str, lang: Language) -> Iterator[None]:
    """Call what is no address by its name, in the language of the shop."""
    try:
        yield
    except ValueError as error:
        ro = (
            f"{text!r} nu este o adresă care poate fi întrebată; exemple: usb:VID:PID, "
            f"192.168.1.50:4999, [fd00::7]:4999, 192.168.1.0/28; cel mult {PLACES_MAX} de adrese"
        )
        raise typer.BadParameter(lang.say(ro, str(error))) from error


def _named(name: str, bauds: Sequence[int]) -> Target:
    if not name.startswith(USB):
        return _tty(name, bauds)
    parse_usb_address(name)
    return Target(name, partial(discovery.probe_usb, name, bauds, SystemClock()))


def _tty(path: str, bauds: Sequence[int]) -> Target:
    device = os.path.realpath(path)
    stable = {port.device: port.stable_name for port in serial_ports()}
    # A link that somebody named is his choice; the kernel's number is not.
    address = path if device != path else stable.get(device, path)
    return Target(address, partial(discovery.probe_serial, path, bauds, SystemClock()), device)


def _network(text: str) -> Iterator[Target]:
    """Ask one port, or without one every port a printer is known to use."""
    for at in dict.fromkeys(parse_tcp_address(text, default_port=p) for p in _usual_ports()):
        probe = partial(discovery.probe_tcp, at.host, at.port, str(at), SystemClock())
        yield Target(str(at), probe)


def _range(text: str) -> Iterator[Target]:
    """Ask every place of a range, with less patience."""
    for at in parse_tcp_range(text, _usual_ports()):
        probe = partial(
            discovery.probe_tcp,
            at.host,
            at.port,
            str(at),
            SystemClock(),
            connect_s=OF_A_RANGE_CONNECT_S,
        )
        yield Target(str(at), probe, range=text)


def _usual_ports() -> list[int]:
    return list(dict.fromkeys(port for family in catalogue().values() for port in family.tcp_ports))


def _usb_lines() -> list[UsbPort]:
    try:
        return usb_ports()
    except NotStarted as error:
        typer.echo(f"amef: {error}", err=True)
        return []


def _held(device: str) -> str:
    return str(port_holder(device) or "")
