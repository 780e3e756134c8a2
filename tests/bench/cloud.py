"""The cloud link in figures.

.venv/bin/python -m tests.bench cloud [--receipts 200] [--days 30]

latency    a receipt queued at the virtual cloud -> the first byte at the virtual printer's cable:
           real processes, real HTTP on loopback, a tap on the pseudo-terminal
idle       requests of a site with nothing to do
shared     five agents that share 150 requests in ten minutes, on fake time (shared_limit.py)
offline    days without a cloud, told afterwards
"""

import argparse
import os
import select
import statistics
import sys
import tempfile
import threading
import time
import tty
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table

from sandbox.cloud.world import RECEIPT
from sandbox.stage import Stage
from tests.bench.shared_limit import TICK_MS, Limiter, Site
from tests.simulation.printer import FakeClock

SITES = 5
MINUTES = 60
START_MS = 1_790_000_000_000
PAUSE_S = 0.3  # between a receipt's end and the next one's order
KINDS = ("sync", "list", "plain", "documented")
LOADS = {"full": 12.0, "2 a minute": 2.0, "1 in 2 minutes": 0.5}
RECEIPTS_A_DAY = 500


class Tap:
    """Stands on the cable, and notes when the agent's bytes pass."""

    def __init__(self, port: Path) -> None:
        self._printer = os.open(port.resolve(), os.O_RDWR | os.O_NOCTTY)
        tty.setraw(self._printer)
        self._ours, theirs = os.openpty()
        tty.setraw(theirs)
        self._theirs = theirs
        port.unlink()
        port.symlink_to(os.ttyname(theirs))
        self.first_s: float | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self.run, daemon=True)
        self._thread.start()

    def run(self) -> None:
        while not self._over.is_set():
            ready, _, _ = select.select([self._ours, self._printer], [], [], 0.2)
            for end in ready:
                data = os.read(end, 65536)
                if end == self._ours and self.first_s is None:
                    self.first_s = time.perf_counter()
                os.write(self._printer if end == self._ours else self._ours, data)

    def close(self) -> None:
        self._over.set()
        self._thread.join()


def latency(receipts: int) -> list[float]:
    """Milliseconds from the order to the first byte, one receipt after the other."""
    found = []
    with tempfile.TemporaryDirectory() as home, Stage(Path(home)) as stage:
        tap = Tap(stage.port)
        stage.start_agent()
        stage.results([stage.queue("print_receipt", RECEIPT)])
        pause = threading.Event()
        chance = Random(1)
        for _ in range(receipts):
            pause.wait(PAUSE_S + chance.random() / 10)
            tap.first_s = None
            ordered_s = time.perf_counter()
            id_ = stage.queue("print_receipt", RECEIPT)
            stage.results([id_])
            assert tap.first_s is not None
            found.append(1000 * (tap.first_s - ordered_s))
        tap.close()
    return sorted(found)


def idle(kind: str, folder: Path) -> float:
    """Requests in ten minutes, after the first ten."""
    clock = FakeClock(START_MS)
    limiter = Limiter(clock)
    site = Site(0, folder, clock, limiter, kind)
    asked = []
    for _ in range(4):
        _pass(clock, site, minutes=10)
        asked.append(limiter.asked)
    return (asked[3] - asked[0]) / 3


def shared(kind: str, per_minute: float, folder: Path) -> dict[str, float]:
    """Five sites on one limit for an hour."""
    clock = FakeClock(START_MS)
    limiter = Limiter(clock)
    sites = [Site(n, folder, clock, limiter, kind) for n in range(SITES)]
    every = round(60_000 / per_minute / TICK_MS)
    for tick in range(MINUTES * 60_000 // TICK_MS):
        for number, site in enumerate(sites):
            if (tick + number * every // SITES) % every == 0:
                site.order()
            site.tick()
        clock.ms += TICK_MS
    ordered = sum(site.ordered for site in sites)
    return {
        "429": limiter.refused,
        "requests per 10 min": limiter.asked / MINUTES * 10,
        "ordered per min": ordered / SITES / MINUTES,
        "least per min": min(len(site.printed) for site in sites) / MINUTES,
        "expired": sum(site.expired for site in sites),
        "twice": sum(len(site.printed) - len(set(site.printed)) for site in sites),
    }


def offline(kind: str, days: int, folder: Path) -> dict[str, float]:
    """Receipts of so many days, told when the cloud can be reached again."""
    clock = FakeClock(START_MS)
    site = Site(0, folder, clock, Limiter(clock), kind)
    site.ledger._db.execute("PRAGMA synchronous = OFF")  # the making is not what is measured
    site.network.online = False
    ids = []
    for _ in range(days):
        ids += [site.printed_offline() for _ in range(RECEIPTS_A_DAY)]
        site.tick()
        clock.ms += 86_400_000
    site.network.online = True
    began_ms, asked = clock.ms, site.limiter.asked
    while site.ledger.waiting(1) or site.ledger.unplanned(1):
        site.tick()
        clock.ms += TICK_MS
    events = [number for what, _, number in site.cloud._told if what == "result"]
    told = [id_ for id_ in ids if "lateResult" in site.cloud.commands[id_]]
    return {
        "receipts": len(ids),
        "told": len(told),
        "in order": events == sorted(set(events)),
        "contradictions": len(site.cloud.contradictions),
        "requests": site.limiter.asked - asked,
        "minutes": round((clock.ms - began_ms) / 60_000),
        "429": site.limiter.refused,
    }


def _pass(clock: FakeClock, site: Site, minutes: int) -> None:
    for _ in range(minutes * 60_000 // TICK_MS):
        site.tick()
        clock.ms += TICK_MS


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench cloud", description=__doc__)
    parser.add_argument("--receipts", type=int, default=200, help="for the latency")
    parser.add_argument("--days", type=int, default=30, help="without a cloud")
    asked = parser.parse_args(argv)
    console = Console()
    found = latency(asked.receipts)
    cuts = statistics.quantiles(found, n=100)
    table = Table(
        "queue to first byte", "ms", title=f"{asked.receipts} receipts, one after the other"
    )
    for name, value in (
        ("p50", cuts[49]),
        ("p90", cuts[89]),
        ("p99", cuts[98]),
        ("max", found[-1]),
    ):
        table.add_row(name, f"{value:.1f}")
    console.print(table)
    with tempfile.TemporaryDirectory() as home:
        table = Table("idle site", "requests per 10 min")
        for kind in KINDS:
            table.add_row(kind, f"{idle(kind, _folder(home, f'idle {kind}')):.1f}")
        console.print(table)
        rows = {
            f"{kind}, {load}": shared(kind, per_minute, _folder(home, f"{kind} {load}"))
            for kind in KINDS
            for load, per_minute in LOADS.items()
        }
        console.print(_table(f"{SITES} agents on one limit, {MINUTES} min", rows))
        rows = {
            kind: offline(kind, n, _folder(home, f"o {kind}"))
            for kind, n in (("sync", asked.days), ("list", 2))
        }
        console.print(_table("days without a cloud", rows))
    return 0


def _folder(home: str, name: str) -> Path:
    folder = Path(home) / name
    folder.mkdir()
    return folder


def _table(title: str, rows: dict[str, dict[str, float]]) -> Table:
    table = Table("", *next(iter(rows.values())), title=title)
    for name, row in rows.items():
        table.add_row(name, *(f"{v:.2f}" if isinstance(v, float) else str(v) for v in row.values()))
    return table


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
