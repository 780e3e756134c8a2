"""`python -m sandbox WHAT ...`: hands the rest of the command line to one part of the sandbox.

    printer      one virtual fiscal printer on a pseudo-terminal or a TCP port
    history      a past for one, in its state file: 2,000 Z reports in seconds
    stick        the signed days for ANAF out of its state file, as on a USB stick
    cloud        a virtual cloud that speaks the agent's contract over HTTP on loopback
    conformance  what an agent can and cannot do on a cloud, as a table
    demo         everything together, with the paper on the screen

Each part is a module with `main(argv) -> int`, imported only when it is asked for.
"""

from __future__ import annotations

import argparse
import importlib
import sys

MODULES = {
    "printer": "families",  # the family says which printer
    "history": "printer.history",
    "stick": "printer.anaf_stick",
}
PARTS = {
    "printer": "one virtual fiscal printer on a pseudo-terminal or a TCP port",
    "history": "a past for one, in its state file",
    "stick": "the signed days for ANAF out of its state file",
    "cloud": "a virtual cloud on loopback",
    "conformance": "what an agent can and cannot do on a cloud",
    "demo": "everything together, with the paper on the screen",
}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox",
        description="Virtual printers and a virtual cloud.",
        epilog="\n".join(f"  {name:<12} {what}" for name, what in PARTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("part", choices=sorted(PARTS), help="what to run; it has its own --help")
    chosen = parser.parse_args(argv[:1])
    module = MODULES.get(chosen.part, chosen.part)
    status: int = importlib.import_module(f"sandbox.{module}").main(argv[1:])
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
