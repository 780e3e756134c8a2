"""`python -m sandbox printer --family NAME ...`: which virtual printer speaks which family.

Each value is a module with `main(argv) -> int`, imported only when it is asked for; it gets the
whole command line, `--family` too. A new virtual printer is one line here.
"""

from __future__ import annotations

import argparse
import importlib

FAMILIES = {
    "datecs_x": "sandbox.printer",
    "datecs_legacy": "sandbox.printer_isl",
    "datecs_legacy:printer": "sandbox.printer_isl",
    "eltrade": "sandbox.printer_isl",
    "incotex": "sandbox.printer_isl",
    "daisy": "sandbox.printer_isl",
    "daisy:ro": "sandbox.printer_isl",
    "tremol": "sandbox.printer_zfp",
    "tremol:bg": "sandbox.printer_zfp",
    "shtrih": "sandbox.printer_shtrih",
    "shtrih:by_sale": "sandbox.printer_shtrih",
    "shtrih:numbered": "sandbox.printer_shtrih",
    "custom": "sandbox.fiscalnet",  # a FiscalNet over two folders; it needs --folder
}


def main(argv: list[str]) -> int:
    chooser = argparse.ArgumentParser(
        prog="python -m sandbox printer",
        description="A virtual fiscal printer. Each family has its own --help.",
        add_help="--family" not in argv,
    )
    chooser.add_argument("--family", choices=list(FAMILIES), required=True)
    chosen, _ = chooser.parse_known_args(argv)
    status: int = importlib.import_module(FAMILIES[chosen.family]).main(argv)
    return status
