"""How much of what wire and device allow the JE reader takes, and what memory it needs.

.venv/bin/python -m tests.bench archive [--receipts 200] [--baud 115200 | --tcp]

A paced virtual printer with one closed day in its JE. First our reader reads, parses, checks and
files that day, over a real ledger; every frame is kept. Then the same frames are sent to the same
printer by the smallest loop there is: write, wait for the whole answer, nothing else. The share is
the one time by the other, in one run. Memory is what the process grew by while it read. `--tcp` has
no pace and keeps no frames: memory and the day as a whole, where waiting would take too long.
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from time import perf_counter

from agent.archive.index import ArchiveIndex, Wanted
from agent.archive.reader import ArchiveReader, Keeping
from agent.archive.sorts import Filed, Sort
from agent.archive.store import Store
from agent.ledger_file import LEDGER_FILE
from drivers.base import Operator
from drivers.capabilities import Feature
from drivers.clock import SystemClock
from drivers.families import printer as printer_of
from drivers.serial_transport import SerialTransport
from drivers.tcp_transport import TcpTransport, parse_tcp_address
from drivers.transport import Transport

STEPS_MAX = 100_000
READ_S_MAX = 5.0
DAYS_BACK = 3650


@dataclass(frozen=True)
class Measured:
    documents: int
    lines: int
    reading_s: float
    bare_s: float | None  # None: no frames were kept
    grown_mb: float

    @property
    def share(self) -> float | None:
        return None if self.bare_s is None else self.bare_s / self.reading_s


class Recorder:
    """A Transport around a Transport: keeps what was written, and how much came back."""

    def __init__(self, inner: Transport, *, keeps: bool) -> None:
        self.inner = inner
        self.name = inner.name
        self._keeps = keeps
        self.exchanges: list[tuple[bytes, int]] = []

    def open(self) -> None:
        self.inner.open()

    def write(self, data: bytes) -> None:
        if self._keeps:
            self.exchanges.append((data, 0))
        self.inner.write(data)

    def read(self, timeout_s: float) -> bytes:
        data = self.inner.read(timeout_s)
        if self.exchanges:
            sent, came = self.exchanges[-1]
            self.exchanges[-1] = sent, came + len(data)
        return data

    def discard(self) -> None:
        self.inner.discard()

    def close(self) -> None:
        self.inner.close()


@contextmanager
def virtual_printer(home: Path, receipts: int, *options: str) -> Iterator[str]:
    command = [sys.executable, "-m", "sandbox", "printer", "--family", "datecs_x"]
    command += ["--state", str(home / "printer.db"), "--history", f"1x{receipts}", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())["address"]
        finally:
            process.send_signal(signal.SIGTERM)


def measure(receipts: int, baud: int, *, tcp: bool) -> Measured:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        options = ("--tcp", "0") if tcp else ("--baud", str(baud))
        with virtual_printer(home, receipts, *options) as address:
            wire = Recorder(transport(address, baud, tcp=tcp), keeps=not tcp)
            before_mb = memory_mb()
            reading_s, filed = read(wire, home)
            grown_mb = memory_mb() - before_mb
            facts = filed.document.facts
            assert (facts["receipts"], facts["missing"]) == (receipts, [])
            lines = filed.document.facts["lines"]
            bare_s = None if tcp else bare(wire)
        return Measured(facts["documents"], lines, reading_s, bare_s, grown_mb)


def transport(address: str, baud: int, *, tcp: bool) -> Transport:
    if not tcp:
        return SerialTransport(address, baud)
    at = parse_tcp_address(address, default_port=3999)
    return TcpTransport(at.host, at.port, connect_timeout_s=READ_S_MAX)


def read(wire: Recorder, home: Path) -> tuple[float, Filed]:
    """Read the whole JE as the worker does between two sales."""
    clock = SystemClock()
    index = ArchiveIndex(home / LEDGER_FILE, clock)
    reader = ArchiveReader("dev_1", Keeping(index, Store(home / "archive")), clock, DAYS_BACK)
    features = frozenset({Feature.ARCHIVE})
    printer = printer_of("datecs_x", wire, clock, Operator(), features)
    owner = printer.open(last_sequence=None).fiscal_serial
    reader.step(printer, owner, date.today())  # noqa: DTZ011  (the Z that was made: not the JE)
    wire.exchanges.clear()
    begun_s = perf_counter()
    for _ in range(STEPS_MAX):
        reader.step(printer, owner, date.today())  # noqa: DTZ011
        if index.documents(Wanted(sort=Sort.JE)):
            break
    reading_s = perf_counter() - begun_s
    (filed,) = index.documents(Wanted(sort=Sort.JE))
    printer.close()
    reader.close()
    return reading_s, filed


def bare(wire: Recorder) -> float:
    """Send the same frames with nothing in between, and wait for as many bytes."""
    wire.inner.open()
    begun_s = perf_counter()
    for sent, came in wire.exchanges:
        wire.inner.write(sent)
        left = came
        while left > 0:
            data = wire.inner.read(READ_S_MAX)
            assert data, f"no answer to {sent!r}"
            left -= len(data)
    bare_s = perf_counter() - begun_s
    wire.inner.close()
    return bare_s


def memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main(argv: list[str]) -> int:
    options = argparse.ArgumentParser(prog="python -m tests.bench archive", description=__doc__)
    options.add_argument("--receipts", type=int, default=200)
    options.add_argument("--baud", type=int, default=115200)
    options.add_argument("--tcp", action="store_true")
    asked = options.parse_args(argv)
    found = measure(asked.receipts, asked.baud, tcp=asked.tcp)
    told = {name: getattr(found, name) for name in Measured.__dataclass_fields__}
    told |= {"share": found.share, "lines_per_s": found.lines / found.reading_s}
    rounded = {k: round(v, 3) if isinstance(v, float) else v for k, v in told.items()}
    sys.stdout.write(json.dumps(rounded) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
