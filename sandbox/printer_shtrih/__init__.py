"""A virtual Shtrih-M fiscal printer (AMEF), English manual 1.10, on either of its wires.

    $ python -m sandbox printer --family shtrih --paper paper.jsonl --state printer.db
    {"family": "shtrih", "address": "/dev/pts/7"}

    bytes -> port -> station (05 06 15, frames, faults) -> device -> sales, slips, reads -> memory

Port, memory, paper and store are those of `sandbox.printer`. It knows nothing of the agent's code:
its codec and the meaning of every command are its own, written from the protocol reference.
"""

from __future__ import annotations

import argparse
import re

from sandbox.printer import remembered, run, settings_of, started
from sandbox.printer.options import DEFAULT_SERIAL, parser
from sandbox.printer.store import Store
from sandbox.printer_shtrih.device import Device
from sandbox.printer_shtrih.start import STATES
from sandbox.printer_shtrih.station import NumberedStation, Station

STATIONS = {
    "shtrih": Station,
    "shtrih:by_sale": Station,
    "shtrih:numbered": NumberedStation,
}
SERIAL = re.compile(r"SIM\d{7}")  # on the wire it is a number


def main(argv: list[str]) -> int:
    options = parser(*STATIONS).parse_args(argv)
    return run(options, device_of, STATIONS[options.family])


def device_of(options: argparse.Namespace, store: Store) -> Device:
    """The device as the state file remembers it, or fresh from the technician."""
    need_number(options.serial or DEFAULT_SERIAL)
    settings = settings_of(options, store)
    memory = remembered(options, store, settings, DEFAULT_SERIAL)
    need_number(memory.serial)
    device = Device(
        memory,
        settings,
        store,
        cancels_on_power_up=options.on_power_up == "cancel",
        opens_by_sale=options.family == "shtrih:by_sale",
    )
    return started(device, options, STATES)


def need_number(serial: str) -> None:
    if not SERIAL.fullmatch(serial):
        raise ValueError(f"{serial!r}: this device's serial is SIM and seven digits")
