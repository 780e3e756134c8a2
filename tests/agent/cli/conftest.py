"""A virtual printer for one test, and the configuration that has it as dev_1."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.amef import configuration
from tests.drivers.virtual_printer import VirtualPrinter, virtual_printer


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[VirtualPrinter]:
    with virtual_printer(tmp_path) as started:
        yield started


@pytest.fixture
def config(printer: VirtualPrinter, tmp_path: Path) -> str:
    return configuration(tmp_path, printer.address)
