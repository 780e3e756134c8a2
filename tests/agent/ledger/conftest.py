"""A ledger in a file of its own, and the file seen from outside."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.ledger import Ledger
from tests.agent.ledger.rows import FILE
from tests.agent.world import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ledger(tmp_path: Path, clock: FakeClock) -> Iterator[Ledger]:
    opened = Ledger(tmp_path / FILE, clock)
    yield opened
    opened.close()


@pytest.fixture
def raw(tmp_path: Path, ledger: Ledger) -> Iterator[sqlite3.Connection]:
    assert ledger.counts() == {"unreported": 0}
    connection = sqlite3.connect(tmp_path / FILE, isolation_level=None)
    connection.row_factory = sqlite3.Row
    yield connection
    connection.close()
