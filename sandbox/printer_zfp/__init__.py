"""A virtual Tremol fiscal printer (AMEF) that speaks ZFP, Romanian (or Bulgarian) definitions.

    $ python -m sandbox printer --family tremol --paper paper.jsonl --state printer.db
    {"family": "tremol", "address": "/dev/pts/7"}

    bytes -> port -> station (packets, pings, faults) -> device -> sales, slips, reads -> memory

Port, memory, paper and store are those of `sandbox.printer`. It knows nothing of the agent's code:
its codec and the meaning of every command are its own, written from the protocol reference.
"""

from __future__ import annotations

import argparse

from sandbox.printer import remembered, run, settings_of, started
from sandbox.printer.options import DEFAULT_SERIAL, parser
from sandbox.printer.store import Store
from sandbox.printer_zfp.device import Device
from sandbox.printer_zfp.profiles import PROFILES
from sandbox.printer_zfp.start import STATES
from sandbox.printer_zfp.station import Station

FAMILIES = {"tremol": "ro", "tremol:bg": "bg"}


def main(argv: list[str]) -> int:
    return run(parser(*FAMILIES).parse_args(argv), device_of, Station)


def device_of(options: argparse.Namespace, store: Store) -> Device:
    """The device as the state file remembers it, or fresh from the technician."""
    settings = settings_of(options, store)
    memory = remembered(options, store, settings, DEFAULT_SERIAL)
    cancels = options.on_power_up == "cancel"
    profile = PROFILES[FAMILIES[options.family]]
    device = Device(memory, settings, store, cancels_on_power_up=cancels, profile=profile)
    return started(device, options, STATES)
