"""A virtual legacy ISL fiscal printer: Datecs before the X series, Daisy, Eltrade, Incotex.

    $ python -m sandbox printer --family eltrade --paper paper.jsonl --state printer.db
    {"family": "eltrade", "address": "/dev/pts/7"}

    bytes -> port -> station (own frames: wire) -> device -> commands -> memory + documents

The memory, the paper, the store, the port and the faults are those of the virtual Datecs X; the
frames, the commands and what they mean are its own (`makes` says how each make differs). It knows
nothing of the agent's code, so that the two cannot be wrong together unseen.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

from sandbox.printer import clock, parser, rates_of, run
from sandbox.printer.device import Switches
from sandbox.printer.memory import EPOCH, Memory
from sandbox.printer.paper import Settings
from sandbox.printer.store import Store
from sandbox.printer_isl.device import Device
from sandbox.printer_isl.makes import MAKES
from sandbox.printer_isl.start import begin_the_day_before, open_a_receipt, open_a_slip
from sandbox.printer_isl.station import IslStation
from sandbox.printer_isl.wire import LEGACY


def main(argv: list[str]) -> int:
    return run(parser(*MAKES).parse_args(argv), device_of, LEGACY, IslStation)


def device_of(options: argparse.Namespace, store: Store) -> Device:
    """The device as the state file remembers it, or fresh from the technician."""
    make, settings = MAKES[options.family], Settings(options.columns, options.password)
    memory = store.load()
    if memory is None:
        memory = Memory(options.serial or make.serial, rates_of(options.vat), EPOCH)
        store.save(memory)
    elif options.serial and options.serial != memory.serial:
        raise ValueError(f"the state file is of {memory.serial}, not of {options.serial}")
    if options.clock:
        memory = replace(memory, clock_offset_s=clock.offset_for(options.clock))
        store.save(memory)
    cancels = options.on_power_up == "cancel"
    device = Device(memory, settings, store, make, cancels_on_power_up=cancels)
    device.power_up()
    if options.day_over_24h:
        begin_the_day_before(device)
    if options.open_receipt:
        open_a_receipt(device)
    if options.open_slip:
        open_a_slip(device)
    device.switches = Switches(je_full=options.ej_full)
    return device
