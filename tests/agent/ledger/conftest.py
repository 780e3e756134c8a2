"""A ledger in a file of its own, and the file seen from outside."""

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.ledger import Ledger
from agent.ledger_salvage import PARTS
from tests.agent.clocks import FakeClock
from tests.agent.ledger.broken import DONE
from tests.agent.ledger.rows import FILE, RESULT, held, issuing, queued


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


@pytest.fixture
def whole(tmp_path: Path, clock: FakeClock) -> Path:
    """A ledger as a killed program leaves it: with its write-ahead log and the log's index."""
    work, left = tmp_path / "work", tmp_path / "whole"
    work.mkdir()
    left.mkdir()
    with closing(Ledger(work / FILE, clock)) as ledger:
        for n in range(DONE):
            ledger.finish(issuing(ledger, f"done{n}"), RESULT, n)
        held(ledger)
        queued(ledger, "waits")
        issuing(ledger, "begun")
        for part in PARTS:
            shutil.copy(f"{work / FILE}{part}", f"{left / FILE}{part}")
    return left / FILE
