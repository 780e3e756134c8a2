"""How long it takes to find one printer among silent ports.

.venv/bin/python -m tests.bench detection [SILENT_PORTS]

A virtual printer at 9600 baud, the likeliest after the first, and pseudo-terminals at whose far end
nobody speaks; `amef devices detect` asks them all, as an installer would.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from time import monotonic

from tests.agent.amef import AMEF
from tests.drivers.far_end import FarEnd, silent
from tests.drivers.virtual_printer import virtual_printer

SILENT = 8


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench detection", description=__doc__)
    parser.add_argument("silent_ports", type=int, nargs="?", default=SILENT)
    silent_ports = parser.parse_args(argv).silent_ports
    with tempfile.TemporaryDirectory() as folder, ExitStack() as ends:
        ports = [ends.enter_context(FarEnd(silent)) for _ in range(silent_ports)]
        printer = ends.enter_context(
            virtual_printer(Path(folder), "--strict-baud", "--baud", "9600")
        )
        began_s = monotonic()
        done = subprocess.run(
            [str(AMEF), "devices", "detect", *ports, printer.address, "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            check=True,
        )
        took_s = monotonic() - began_s
    outcomes = [found["outcome"] for found in json.loads(done.stdout)["ports"]]
    found = f"{outcomes.count('printer')} printer among {silent_ports} silent ports"
    sys.stdout.write(f"{found}: {took_s:.1f} s\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
