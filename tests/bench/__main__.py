"""Figures, measured by hand: `python -m tests.bench NAME ...`; each has its own --help.

cloud      the cloud link: latency, idle requests, five agents on one limit, days offline
archive    how much of what wire and device allow the reader of the JE takes
detection  how long it takes to find one printer among silent ports
many       how much faster many printers print than one

Each is a module with `main(argv) -> int`.
"""

import argparse
import sys

from tests.bench import archive, cloud, detection, many

BENCHES = {
    "cloud": cloud.main,
    "archive": archive.main,
    "detection": detection.main,
    "many": many.main,
}


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.bench",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("name", choices=BENCHES)
    return BENCHES[parser.parse_args(argv[:1]).name](argv[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
