"""A virtual printer in a process of its own, as `python -m sandbox printer` starts it.

with virtual_printer(tmp_path, "--serial", "SIM7") as printer:
    printer.address   /dev/pts/N, or host:port
    printer.paper     what has come out so far
"""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
WAIT_S = 5


@dataclass(frozen=True)
class VirtualPrinter:
    address: str
    paper_file: Path

    @property
    def paper(self) -> list[dict[str, Any]]:
        if not self.paper_file.exists():
            return []
        return [json.loads(line) for line in self.paper_file.read_text("utf-8").splitlines()]


@contextmanager
def virtual_printer(
    folder: Path, *switches: str, family: str = "datecs_x"
) -> Iterator[VirtualPrinter]:
    paper_file = folder / "paper.jsonl"
    start = [sys.executable, "-m", "sandbox", "printer", "--family", family]
    with subprocess.Popen(
        [*start, "--paper", str(paper_file), *switches], stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        try:
            address = json.loads(process.stdout.readline())["address"]
            yield VirtualPrinter(address, paper_file)
        finally:
            process.terminate()
            process.wait(WAIT_S)
