"""The outbox in the ledger: its table, the file of an older program, and what is salvaged of it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.entries import Event
from agent.ledger import Ledger, LedgerError
from agent.ledger_check import check_at_start, verify
from agent.ledger_file import SCHEMA_VERSION, LedgerDamaged
from agent.ledger_outbox import Fate, Upload
from agent.ledger_repair import find_aside, prepare, recover
from agent.ledger_salvage import salvage
from agent.states import State
from tests.agent.clocks import FakeClock
from tests.agent.ledger.rows import FILE, RESULT, issuing, queued
from tests.agent.outbox import unreported
from tests.tidy.tree import ROOT

SCHEMA_1 = ROOT / "agent" / "schema.sql"
VERSION_1 = ROOT / "tests" / "data" / "ledger_version_1.sql"


# the file


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A ledger as the program of version 1 left it."""
    path = tmp_path / FILE
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA journal_mode = WAL")
        raw.executescript(SCHEMA_1.read_text("utf-8"))
        raw.executescript("DELETE FROM sqlite_sequence;" + VERSION_1.read_text("utf-8"))
    return path


def test_a_ledger_of_version_1_is_brought_to_ours_with_all_that_stands_in_it(old: Path) -> None:
    check_at_start(old)
    assert verify(old).broken is None
    with closing(Ledger(old, FakeClock())) as ledger:
        states = {entry.id: entry.state for entry in ledger.entries(99)}
        assert len(unreported(ledger, 99)) == 13
        assert len(ledger.unplanned(99)) == 13
    assert states["done"] is State.ISSUED
    assert states["begun"] is State.ISSUING
    with closing(sqlite3.connect(old)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
        plan = raw.execute("EXPLAIN QUERY PLAN SELECT * FROM event WHERE command_id = 'x'")
        assert "event_of_command" in plan.fetchone()[3]
    assert verify(old).broken is None


def test_a_ledger_is_brought_to_ours_once_however_many_open_it(old: Path) -> None:
    ledgers = [Ledger(old, FakeClock()) for _ in range(3)]
    for ledger in ledgers:
        assert len(ledger.unplanned(99)) == 13
        ledger.close()
    assert verify(old).broken is None


@pytest.mark.parametrize("opened_since", [False, True])
def test_a_damaged_ledger_of_version_1_is_salvaged_into_ours(old: Path, opened_since: bool) -> None:
    if opened_since:
        Ledger(old, FakeClock()).close()
    with closing(sqlite3.connect(old)) as raw:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    old.write_bytes(bytes(100) + old.read_bytes()[100:])
    with pytest.raises(LedgerError):
        prepare(old, FakeClock())
    aside = find_aside(old)
    assert aside is not None
    salvaged = salvage(aside)
    assert not [sentence for sentence in salvaged.unread if "upload" in sentence]
    recover(old, salvaged, FakeClock())
    with closing(Ledger(old, FakeClock())) as ledger:
        assert ledger.entry("done").state is State.ISSUED
    assert verify(old).broken is None


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path / FILE, FakeClock())) as opened_:
        yield opened_


def upload(call: str = "result", **body: Any) -> Upload:
    return Upload(call, {"command_id": "c1"}, body or {"a": 1}, f"{call}-1")


def planned(ledger: Ledger, *uploads: Upload, paused: tuple[str, ...] = ()) -> Event:
    ledger.finish(issuing(ledger), RESULT, 1)
    events = ledger.unplanned(99)
    ledger.plan([(event, uploads if event is events[-1] else ()) for event in events], paused)
    return events[-1]


@pytest.mark.parametrize(
    "change",
    [
        "body = '{}'",
        "body = NULL, body_hash = NULL",
        "body_hash = 'x'",
        "parts = '{}'",
        "call = 'x'",
    ],
)
def test_what_was_sent_is_never_changed_nor_deleted(
    tmp_path: Path, ledger: Ledger, change: str
) -> None:
    planned(ledger, upload())
    with closing(sqlite3.connect(tmp_path / FILE)) as raw:
        with pytest.raises(sqlite3.IntegrityError, match="not changed"):
            raw.execute(f"UPDATE upload SET {change}")
        with pytest.raises(sqlite3.IntegrityError, match="kept"):
            raw.execute("DELETE FROM upload")


def test_an_event_is_reported_when_none_of_its_uploads_waits(ledger: Ledger) -> None:
    event = planned(ledger, upload(), upload("receipt"), upload("report"), paused=("report",))
    first, second = ledger.waiting(9)
    ledger.settle([first], Fate.DONE)
    assert [left.id for left in unreported(ledger, 9)] == [event.id]
    ledger.settle([second], Fate.ASIDE, "400")
    assert [left.name for left in unreported(ledger, 9)] == ["upload_refused"]
    assert ledger.outbox() == {"paused": 1, "aside": 1}


def test_what_is_resumed_goes_oldest_first(ledger: Ledger) -> None:
    planned(ledger, upload("report"), upload("receipt"), paused=("report", "receipt"))
    assert ledger.waiting(9) == []
    ledger.resume("receipt", 1)
    (kept,) = ledger.waiting(9)
    assert (kept.call, kept.body) == ("receipt", None)
    frozen = ledger.freeze(kept, {"b": 2})
    assert ledger.waiting(9) == [frozen]


def test_a_changed_body_is_found_and_the_sound_ones_are_salvaged(
    tmp_path: Path, ledger: Ledger
) -> None:
    planned(ledger, upload(), upload("receipt"))
    ledger.close()
    path = tmp_path / FILE
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        raw.execute("DROP TRIGGER upload_is_frozen")
        raw.execute("UPDATE upload SET body = '{\"a\": 2}' WHERE call = 'receipt'")
    broken = verify(path).broken
    assert broken is not None
    assert "upload" in str(broken)
    with pytest.raises(LedgerDamaged):
        check_at_start(path)
    with pytest.raises(LedgerError):
        prepare(path, FakeClock())
    aside = find_aside(path)
    assert aside is not None
    salvaged = salvage(aside)
    assert [row["call"] for row in salvaged.uploads] == ["result"]
    recover(path, salvaged, FakeClock())
    assert verify(path).broken is None
    with closing(Ledger(path, FakeClock())) as again:
        assert [kept.body for kept in again.waiting(9)] == [json.dumps({"a": 1})]


def test_a_refused_key_takes_back_what_was_not_begun(ledger: Ledger) -> None:
    queued(ledger, "waits")
    issuing(ledger, "begun")
    ledger.unclaim()
    assert [entry.id for entry in ledger.unclaimed()] == ["waits"]
    assert ledger.entry("begun").claimed
    assert ledger.next_queued("d1", 0) is None
