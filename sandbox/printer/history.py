"""Give a state file a past: `python -m sandbox history`, for a printer that is started later.

    $ python -m sandbox history --state printer.db --zs 2000x3 --from 2021-03-01
    {"serial": "SIM0000001", "nui": "5000001234", "zs": 2000, "documents": 12200, ...}

What the days are like is said in `past`. With `--spoil` and without `--zs` it hurts a past that is
there already; no printer may run with the file meanwhile.
"""

from __future__ import annotations

import argparse
import json
import sqlite3
import sys
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sandbox.printer import clock, past, spoil
from sandbox.printer.memory import EPOCH, Memory
from sandbox.printer.options import (
    DEFAULT_SERIAL,
    add_device,
    add_spoil,
    rates_of,
)
from sandbox.printer.paper import Settings
from sandbox.printer.store import Store


def main(argv: list[str]) -> int:
    given = parser()
    options = given.parse_args(argv)
    if not (options.zs or options.spoil):
        given.error("say --zs 2000x3, or --spoil KIND=WHAT")
    try:
        store = Store(options.state, options.paper)
        try:
            told = fill(store, options)
        finally:
            store.close()
    except (ValueError, OSError, sqlite3.Error) as error:
        print(f"history: {error}", file=sys.stderr)
        return 2
    print(json.dumps(told))
    return 0


def fill(store: Store, options: argparse.Namespace) -> dict[str, object]:
    store.days.settle(options.nui, options.cif)
    cif = f"RO{store.days.cif}"
    settings = Settings(options.columns, tax_number=cif, z_max=options.z_max)
    serial = options.serial or DEFAULT_SERIAL
    memory = store.load() or Memory(serial, rates_of(options.vat), EPOCH)
    if options.serial and options.serial != memory.serial:
        raise ValueError(f"the state file is of {memory.serial}, not of {options.serial}")
    if options.clock:
        memory = replace(memory, clock_offset_s=clock.offset_for(options.clock))
    if options.zs:
        plan = replace(options.zs, first=options.first)
        told = options.paper is not None
        memory = past.fill(store, memory, settings, plan, options.spoil, paper=told)
    else:
        store.hurt(options.spoil)
    return {
        "serial": memory.serial,
        "nui": store.days.nui,
        "zs": memory.z_made,
        "documents": memory.slip,
        "last": memory.last_record_at.isoformat()[:19],
        "signed_days": len(store.days.days()),
    }


def day(text: str) -> datetime:
    try:
        return past.midnight(clock.from_iso(text))
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"{text!r} is not a day like 2025-07-01") from error


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(
        prog="python -m sandbox history",
        description="Fills a virtual printer's state file with past days, one Z each.",
        epilog=spoil.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = made.add_argument
    add("--state", type=Path, metavar="FILE", required=True, help="where the printer keeps itself")
    size = f"2000x3: so many days, so many receipts each (default {past.RECEIPTS_DEFAULT})"
    add("--zs", "--history", type=past.plan_of, metavar="ZS[xRECEIPTS]", help=size)
    first_help = "the day of the first Z; else the last Z is of yesterday"
    add("--from", type=day, dest="first", metavar="YYYY-MM-DD", help=first_help)
    add("--paper", type=Path, metavar="FILE", help="also one JSON line per document")
    add_spoil(add)
    add_device(made.add_argument_group("the device").add_argument)
    return made
