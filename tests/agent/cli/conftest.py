"""A configuration that has dev_1: with a virtual printer, or alone with its ledger."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from agent.ledger import Ledger
from agent.ledger_file import LEDGER_FILE
from drivers.clock import Clock, SystemClock
from tests.agent.amef import Amef, called, configuration
from tests.drivers.virtual_printer import VirtualPrinter, virtual_printer


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[VirtualPrinter]:
    with virtual_printer(tmp_path) as started:
        yield started


@pytest.fixture
def config(printer: VirtualPrinter, tmp_path: Path) -> str:
    return configuration(tmp_path, printer.address)


@pytest.fixture
def alone(tmp_path: Path) -> str:
    """Its printer is never asked."""
    return configuration(tmp_path, "/dev/ttyS9")


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    made = tmp_path / "state"
    made.mkdir()
    return made


@pytest.fixture
def clock() -> Clock:
    return SystemClock()


@pytest.fixture
def ledger(state_dir: Path, clock: Clock) -> Iterator[Ledger]:
    opened = Ledger(state_dir / LEDGER_FILE, clock)
    yield opened
    opened.close()


@pytest.fixture
def amef(alone: str) -> Amef:
    def run(*arguments: str, **options: str) -> Result:
        return called(*arguments, "--config", alone, **options)

    return run
