"""How much faster many printers print than one: real processes, the whole way from the cloud.

.venv/bin/python -m tests.bench many [--printers 16] [--receipts 20] [--print-ms 30]

Every virtual printer is paced: 115200 baud, and the mechanical time of a printed line (30 ms are
125 mm of paper a second). First one printer alone gets its receipts, then all of them, on the same
machine and in the same run. A rate is what was finished while every printer was at work, from the
moment the last of them began its first receipt until the first of them ended its last, by the
ledger's own times. The time of everything, the agent's CPU and memory stand beside it.
"""

import argparse
import os
import sqlite3
import sys
import tempfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sandbox.demo import RECEIPT
from tests.process.shop import Shop

WAIT_S = 600.0
EVENTS = "SELECT device_id, name, at_ms FROM event WHERE name IN ('begin', 'finish') ORDER BY id"


@dataclass(frozen=True)
class Measured:
    printers: int
    receipts: int
    seconds: float
    per_minute: float  # while all were at work
    agent_cpu_s: float
    agent_mb: float


def measure(printers: int, receipts: int, options: tuple[str, ...]) -> Measured:
    """Print so many receipts on each of so many printers, all ordered beforehand."""
    with tempfile.TemporaryDirectory() as home:
        with Shop(Path(home) / "shop", printers=printers, options=options) as shop:
            shop.write(*shop.tills, agent="command_ttl_s = 3600")
            ids = [
                shop.queue_on(till, "print_receipt", RECEIPT)
                for _ in range(receipts)
                for till in shop.tills
            ]
            agent = shop.start_agent()
            shop.results(ids, WAIT_S)
            cpu_s = cpu_of(agent.pid)
            mb = memory_of(agent.pid)
            with closing(sqlite3.connect(shop.state_dir / "ledger.sqlite3")) as db:
                events = db.execute(EVENTS).fetchall()
            printed = sum(len(till.receipts) for till in shop.tills)
        seconds, per_minute = rate(events)
        assert printed == len(ids), f"{printed} printed of {len(ids)}"
    return Measured(printers, printed, seconds, per_minute, cpu_s, mb)


def rate(events: list[tuple[str, str, int]]) -> tuple[float, float]:
    """Return the seconds of everything, and receipts a minute while all were at work."""
    begun: dict[str, int] = {}
    ended: dict[str, int] = {}
    for device_id, name, at_ms in events:
        if name == "begin":
            begun.setdefault(device_id, at_ms)
        else:
            ended[device_id] = at_ms
    from_ms, until_ms = max(begun.values()), min(ended.values())
    within = sum(name == "finish" and from_ms < at <= until_ms for _, name, at in events)
    whole_ms = max(ended.values()) - min(begun.values())
    return whole_ms / 1000, within / (until_ms - from_ms) * 60_000


def cpu_of(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory_of(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 1024
    return 0.0


def main(argv: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench many", description=__doc__)
    parser.add_argument("--printers", type=int, default=16)
    parser.add_argument("--receipts", type=int, default=20, help="on each printer")
    parser.add_argument("--print-ms", type=int, default=30, help="for each printed line")
    asked = parser.parse_args(argv)
    options = ("--baud", "115200", "--print-ms", str(asked.print_ms))
    rates = []
    for printers in (1, asked.printers):
        found = measure(printers, asked.receipts, options)
        rates.append(found.per_minute)
        sys.stdout.write(
            f"{found.printers} printers: {found.receipts} receipts in {found.seconds:.1f} s, "
            f"{found.per_minute:.1f} a minute while all work; "
            f"agent: {found.agent_cpu_s:.1f} s of CPU, {found.agent_mb:.0f} MB\n"
        )
    sys.stdout.write(f"ratio: {rates[1] / rates[0]:.2f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
