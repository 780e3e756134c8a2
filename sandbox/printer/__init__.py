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
import signal
import sqlite3
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Protocol, TypeVar

from sandbox.printer import clock, past
from sandbox.printer.anaf_days import Card
from sandbox.printer.device import Device, Switches
from sandbox.printer.faults import FaultyStation
from sandbox.printer.memory import EPOCH, Memory
from sandbox.printer.options import DEFAULT_SERIAL, parser, rates_of
from sandbox.printer.paper import Settings
from sandbox.printer.port import Line, Port, PtyPort, Stop, TcpPort, serve
from sandbox.printer.start import STATES
from sandbox.printer.store import Store


class Runs(Protocol):
    """A device of whatever family, as far as this module touches it."""

    switches: Switches

    def power_up(self) -> None: ...

    def cured(self) -> None: ...


Made = TypeVar("Made", bound=Runs)


def main(argv: list[str]) -> int:
    return run(parser("datecs_x").parse_args(argv), device_of, FaultyStation)


def run(
    options: argparse.Namespace,
    made: Callable[[argparse.Namespace, Store], Runs],
    stationed: Callable[..., Line],
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
    station = stationed(device, options.fault, print_ms=options.print_ms, trace=trace)
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
    settings = settings_of(options, store)
    memory = remembered(options, store, settings, DEFAULT_SERIAL)
    cancels = options.on_power_up == "cancel"
    device = Device(memory, settings, store, cancels_on_power_up=cancels)
    return started(device, options, STATES)


def started(
    device: Made, options: argparse.Namespace, states: Mapping[str, Callable[[Made], None]]
) -> Made:
    """The same device with the power on, in the state that the options ask for."""
    device.power_up()
    for option, begin in states.items():
        if getattr(options, option):
            begin(device)
    device.switches = Switches(je_full=options.ej_full)
    return device


def settings_of(options: argparse.Namespace, store: Store) -> Settings:
    """What the technician set. Raises ValueError where the state file is of another owner."""
    store.days.settle(options.nui, options.cif)
    return Settings(
        options.columns,
        options.password,
        tax_number=f"RO{store.days.cif}",
        duplicates=options.duplicates,
        z_max=options.z_max,
    )


def remembered(
    options: argparse.Namespace, store: Store, settings: Settings, serial: str
) -> Memory:
    """What a device of any family remembers when it starts. `serial`: of one that is new."""
    if options.spoil and not options.history:
        raise ValueError("--spoil hurts the past that --history makes; there is none")
    memory = store.load()
    if memory is None:
        memory = Memory(options.serial or serial, rates_of(options.vat), EPOCH)
    elif options.serial and options.serial != memory.serial:
        raise ValueError(f"the state file is of {memory.serial}, not of {options.serial}")
    if memory.z_made > settings.z_max:
        raise ValueError(f"the state file has {memory.z_made} Zs, --z-max is {settings.z_max}")
    if options.clock:
        memory = replace(memory, clock_offset_s=clock.offset_for(options.clock))
    store.days.use(Card(options.anaf, der=options.anaf_der, net=options.anaf_net))
    store.save(memory)
    if options.history and store.is_empty():
        memory = past.fill(store, memory, settings, options.history, options.spoil)
    store.days.show_all()
    return memory
