"""A ledger that somebody or something has broken: how it is done, and what is seen of it after."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.ledger_repair import LedgerAside, find_aside, prepare
from tests.agent.clocks import FakeClock
from tests.agent.ledger.rows import FILE

DONE = 9  # commands that are final in the ledger that is broken


def changed(path: Path, *statements: str) -> Path:
    """Do what a stranger can who takes the guards away."""
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        for trigger in ("event_is_never_changed", "event_is_never_deleted"):
            sql = raw.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (trigger,)).fetchone()
            raw.execute(f"DROP TRIGGER {trigger}")
            statements = (*statements, sql[0])
        raw.execute("PRAGMA ignore_check_constraints = ON")
        for statement in statements:
            raw.execute(statement)
    return path


def states(path: Path) -> dict[str, str]:
    with closing(sqlite3.connect(path)) as raw:
        return dict(raw.execute("SELECT id, state FROM command"))


def set_aside(path: Path, clock: FakeClock) -> Path:
    with pytest.raises(LedgerAside):
        prepare(path, clock)
    aside = find_aside(path)
    assert aside is not None
    return aside


def set_aside_by_hand(path: Path, clock: FakeClock) -> Path:
    path.with_name(f"{FILE}-shm").unlink(missing_ok=True)
    aside = path.with_name(f"{FILE}.corrupt-20260402T121530")
    path.rename(aside)
    assert find_aside(path) == aside
    return aside
