"""A virtual FiscalNet: watches Bonuri, prints on a virtual printer, answers in Raspuns.

    $ python -m sandbox printer --family custom --folder till --paper paper.jsonl --state printer.db
    {"family": "custom", "address": "/home/me/till"}

    Bonuri/NAME.txt -> bridge (takes it, faults) -> lines -> device commands -> memory + documents
    Raspuns/NAME.txt <----- answer

It leaves a file SIMULATED with its fiscal serial beside the folders, and serves nowhere else: who
drives it shall know that nothing here is fiscal. Device, memory and paper are those of
`sandbox.printer`; what the lines mean is its own, and it knows nothing of the agent's code.

Decided here, where the references say nothing: a file is taken away before it is printed (not with
`--reads-first`), X and Z answer with the number of the report, DS and slips with 0; a receipt that
is refused halfway is cancelled, if nothing is paid; a name that was answered once is printed again
(not with `--once-per-name`).
"""

from __future__ import annotations

import argparse
import json
import signal
import sqlite3
import sys
from pathlib import Path

from sandbox.fiscalnet.bridge import Bridge
from sandbox.fiscalnet.faults import FORM, Fault, fault
from sandbox.printer import device_of
from sandbox.printer.options import parser
from sandbox.printer.port import Stop
from sandbox.printer.store import Store

LOOK_S = 0.05
FAMILY = "custom"


def main(argv: list[str]) -> int:
    options = own_parser().parse_args(argv)
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.ask())
    try:
        store = Store(options.state, options.paper)
        device = device_of(options, store)
        bridge = Bridge(
            options.folder,
            device,
            options.fault,
            reads_first=options.reads_first,
            once_per_name=options.once_per_name,
        )
        bridge.prepare()
    except (ValueError, OSError, sqlite3.Error) as error:
        print(f"printer: {error}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGUSR1, lambda _number, _frame: device.cured())
    print(json.dumps({"family": FAMILY, "address": str(options.folder.resolve())}), flush=True)
    try:
        while not stop.asked:
            if not bridge.step():
                stop.wait([], LOOK_S)
    except OSError as error:
        print(f"printer: {error}", file=sys.stderr)
        return 2
    finally:
        store.close()
        stop.close()
    return 0


def own_parser() -> argparse.ArgumentParser:
    """The options of every virtual printer; those of a cable do nothing here."""
    common = parser(FAMILY)
    made = argparse.ArgumentParser(
        prog=common.prog,
        description="A virtual FiscalNet. Prints one JSON line when it is ready, then serves until "
        "SIGTERM or SIGINT.",
        parents=[common],
        conflict_handler="resolve",
    )
    made.add_argument("--folder", type=Path, required=True, help="holds Bonuri and Raspuns")
    made.add_argument("--reads-first", action="store_true", help="a file is taken when it is done")
    made.add_argument("--once-per-name", action="store_true", help="a second file is left alone")
    fault_help = f"{FORM}, as never or late=3#2; may be given again; see fiscalnet/faults.py"
    made.add_argument(
        "--fault", type=trouble, action="append", default=[], metavar="FAULT", help=fault_help
    )
    return made


def trouble(text: str) -> Fault:
    try:
        return fault(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
