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
from functools import partial

from sandbox.printer import remembered, run, settings_of, started
from sandbox.printer.options import parser
from sandbox.printer.store import Store
from sandbox.printer_isl.device import Device
from sandbox.printer_isl.makes import MAKES
from sandbox.printer_isl.start import STATES
from sandbox.printer_isl.station import IslStation
from sandbox.printer_isl.wire import LEGACY


def main(argv: list[str]) -> int:
    return run(parser(*MAKES).parse_args(argv), device_of, partial(IslStation, codec=LEGACY))


def device_of(options: argparse.Namespace, store: Store) -> Device:
    """The device as the state file remembers it, or fresh from the technician."""
    make, settings = MAKES[options.family], settings_of(options, store)
    memory = remembered(options, store, settings, make.serial)
    cancels = options.on_power_up == "cancel"
    device = Device(memory, settings, store, make, cancels_on_power_up=cancels)
    return started(device, options, STATES)
