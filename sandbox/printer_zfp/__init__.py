"""A virtual Tremol fiscal printer (AMEF) that speaks ZFP, Romanian (or Bulgarian) definitions.

    $ python -m sandbox printer --family tremol --paper paper.jsonl --state printer.db
    {"family": "tremol", "address": "/dev/pts/7"}

    bytes -> port -> station (packets, pings, faults) -> device -> sales, slips, reads -> memory

Port, memory, paper and store are those of `sandbox.printer`. It knows nothing of the agent's code:
its codec and the meaning of every command are its own, written from the protocol reference.
"""

from __future__ import annotations

import argparse
import json
import signal
import sqlite3
import sys

from sandbox.printer import port_of, remembered, settings_of
from sandbox.printer.device import Switches
from sandbox.printer.options import DEFAULT_SERIAL, parser
from sandbox.printer.port import Stop, serve
from sandbox.printer.store import Store
from sandbox.printer_zfp.device import Device
from sandbox.printer_zfp.profiles import PROFILES
from sandbox.printer_zfp.start import begin_the_day_before, open_a_receipt, open_a_slip
from sandbox.printer_zfp.station import Station

FAMILIES = {"tremol": "ro", "tremol:bg": "bg"}


def main(argv: list[str]) -> int:
    options = parser(*FAMILIES).parse_args(argv)
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.ask())
    try:
        store = Store(options.state, options.paper)
        device = device_of(options, store)
        port = port_of(options, stop)
    except (ValueError, OSError, sqlite3.Error) as error:
        print(f"printer: {error}", file=sys.stderr)
        return 2
    trace = (lambda text: print(text, file=sys.stderr, flush=True)) if options.trace else None
    station = Station(device, options.fault, print_ms=options.print_ms, trace=trace)
    signal.signal(signal.SIGUSR1, lambda _number, _frame: device.cured())
    print(json.dumps({"family": options.family, "address": port.address}), flush=True)
    serve(port, station, stop)
    port.close()
    store.close()
    stop.close()
    return 0


def device_of(options: argparse.Namespace, store: Store) -> Device:
    """The device as the state file remembers it, or fresh from the technician."""
    settings = settings_of(options, store)
    memory = remembered(options, store, settings, DEFAULT_SERIAL)
    cancels = options.on_power_up == "cancel"
    profile = PROFILES[FAMILIES[options.family]]
    device = Device(memory, settings, store, cancels_on_power_up=cancels, profile=profile)
    device.power_up()
    if options.day_over_24h:
        begin_the_day_before(device)
    if options.open_receipt:
        open_a_receipt(device)
    if options.open_slip:
        open_a_slip(device)
    device.switches = Switches(je_full=options.ej_full)
    return device
