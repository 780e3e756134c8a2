"""A virtual Datecs X fiscal printer (AMEF), Romanian dialect, on a pseudo-terminal or a TCP port.

    $ python -m sandbox printer --family datecs_x --paper paper.jsonl --state printer.db
    {"family": "datecs_x", "address": "/dev/pts/7"}

    bytes -> port -> station (frames, SEQ memory) -> device -> commands -> memory + documents
                       faults: a station that goes wrong as told
                                                                              |
                                                            store: --state and --paper

It knows nothing of the agent's code: it has its own codec and its own meaning of every command,
written from the protocol reference, so that the two cannot be wrong together unseen.
"""

from __future__ import annotations

import argparse
import json
import re
import signal
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sandbox.printer import clock, start
from sandbox.printer.device import Device, Switches
from sandbox.printer.faults import FORM, Fault, FaultyStation, fault
from sandbox.printer.memory import EPOCH, GROUPS, RATE_UNUSED, Memory
from sandbox.printer.paper import Settings
from sandbox.printer.port import Port, PtyPort, Stop, TcpPort, serve
from sandbox.printer.station import Machine
from sandbox.printer.store import Store
from sandbox.printer.wire import Codec, X

DEFAULT_SERIAL = "SIM0000001"
DEFAULT_RATES = {"A": 21_00, "B": 11_00, "C": 9_00, "D": 0}
SERIAL_MAX = 16
BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)


def main(argv: list[str]) -> int:
    return run(parser("datecs_x").parse_args(argv), device_of, X)


def run(
    options: argparse.Namespace,
    made: Callable[[argparse.Namespace, Store], Machine],
    codec: Codec,
    stationed: type[FaultyStation] = FaultyStation,
) -> int:
    """Serve what `made` makes of the options, until a signal says stop."""
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.ask())
    try:
        store = Store(options.state, options.paper)
        device = made(options, store)
        port = port_of(options, stop)
    except (ValueError, OSError, sqlite3.Error) as error:
        print(f"printer: {error}", file=sys.stderr)
        return 2
    trace = (lambda text: print(text, file=sys.stderr, flush=True)) if options.trace else None
    station = stationed(device, options.fault, print_ms=options.print_ms, trace=trace, codec=codec)
    signal.signal(signal.SIGUSR1, lambda _number, _frame: device.cured())
    print(json.dumps({"family": options.family, "address": port.address}), flush=True)
    serve(port, station, stop)
    port.close()
    store.close()
    stop.close()
    return 0


def port_of(options: argparse.Namespace, stop: Stop) -> Port:
    if options.tcp is not None:
        return TcpPort(options.tcp, stop)
    return PtyPort(options.baud, stop, strict_baud=options.strict_baud)


def device_of(options: argparse.Namespace, store: Store) -> Device:
    """The device as the state file remembers it, or fresh from the technician."""
    settings = Settings(options.columns, options.password, duplicates=options.duplicates)
    memory = store.load()
    if memory is None:
        memory = Memory(options.serial or DEFAULT_SERIAL, rates_of(options.vat), EPOCH)
        store.save(memory)
    elif options.serial and options.serial != memory.serial:
        raise ValueError(f"the state file is of {memory.serial}, not of {options.serial}")
    if options.clock:
        memory = replace(memory, clock_offset_s=clock.offset_for(options.clock))
        store.save(memory)
    cancels = options.on_power_up == "cancel"
    device = Device(memory, settings, store, cancels_on_power_up=cancels)
    device.power_up()
    if options.day_over_24h:
        start.begin_the_day_before(device)
    if options.open_receipt:
        start.open_a_receipt(device)
    if options.open_slip:
        start.open_a_slip(device)
    device.switches = Switches(je_full=options.ej_full)
    return device


def rates_of(given: dict[str, int]) -> tuple[int, ...]:
    return tuple(given.get(letter, RATE_UNUSED) for letter in GROUPS)


def serial(text: str) -> str:
    if not re.fullmatch(r"SIM[0-9A-Z]+", text, re.ASCII) or len(text) > SERIAL_MAX:
        raise argparse.ArgumentTypeError(
            f"{text!r}: a virtual printer's fiscal serial is SIM and then digits or capitals, "
            f"{SERIAL_MAX} characters at most"
        )
    return text


def vat(text: str) -> dict[str, int]:
    """A=21,B=11.5 -> hundredths of a percent by letter"""
    rates = {}
    for part in text.split(","):
        shape = re.fullmatch(r"([A-G])=(\d{1,2})(?:\.(\d{1,2}))?", part.strip(), re.ASCII)
        if shape is None:
            raise argparse.ArgumentTypeError(f"{part!r} is not a letter A..G, = and a rate")
        rates[shape[1]] = int(shape[2]) * 100 + int((shape[3] or "").ljust(2, "0"))
    return rates


def moment(text: str) -> datetime:
    try:
        return clock.from_iso(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not like 2026-11-21T08:00:00") from error


def trouble(text: str) -> Fault:
    try:
        return fault(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def parser(*families: str) -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m sandbox printer",
        description="A virtual fiscal printer. Prints one JSON line when it is ready, then serves "
        "until SIGTERM or SIGINT.",
    )
    add = made.add_argument
    add("--family", choices=families, required=True, help="the wire protocol it speaks")
    add("--tcp", type=int, metavar="PORT", help="serve on loopback, 0 = a free port; not a pty")
    add("--baud", type=int, choices=BAUDS, default=115200, help="pace of the pseudo-terminal")
    add("--strict-baud", action="store_true", help="silent to a host set to another speed")
    add("--paper", type=Path, metavar="FILE", help="one JSON line per document that came out")
    add("--state", type=Path, metavar="FILE", help="keep the device's memory here over a restart")
    add("--serial", type=serial, help=f"fiscal serial, SIM... (default {DEFAULT_SERIAL})")
    add("--vat", type=vat, default=DEFAULT_RATES, help="default A=21,B=11,C=9,D=0; rest unused")
    add("--columns", type=int, choices=[32, 42, 48, 64], default=48, help="width of the paper")
    add("--password", default="0001", help="operators' password; their own number is good too")
    add("--clock", type=moment, metavar="ISO", help="what the device's clock shows at the start")
    add("--print-ms", type=int, default=0, metavar="N", help="mechanical time per printed line")
    add("--on-power-up", choices=["keep", "cancel"], default="keep", help="what is found open")
    add("--open-receipt", action="store_true", help="a receipt of somebody else stands open")
    add("--open-slip", action="store_true", help="a non-fiscal document stands open")
    add("--day-over-24h", action="store_true", help="the fiscal day began 25 hours ago")
    add(
        "--duplicates", action="store_true", help="command 109 is there: a copy of the last receipt"
    )
    add("--ej-full", action="store_true", help="the electronic journal is full")
    fault_help = f"{FORM}, as drop-reply@56 or syn=12@49#3; may be given again; see faults.py"
    add("--fault", type=trouble, action="append", default=[], metavar="FAULT", help=fault_help)
    add("--trace", action="store_true", help="tell every exchange on stderr")
    return made
