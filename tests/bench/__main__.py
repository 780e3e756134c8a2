"""python -m tests.bench cloud [--receipts N] [--days N]"""

import argparse
import sys

from tests.bench import cloud

BENCHES = {"cloud": cloud.main}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("what", choices=sorted(BENCHES))
    parser.add_argument("--receipts", type=int, default=200, help="for the latency")
    parser.add_argument("--days", type=int, default=30, help="without a cloud")
    found = parser.parse_args(sys.argv[1:])
    BENCHES[found.what](receipts=found.receipts, days=found.days)


main()
