"""The ledger as a file: its events, its transactions, what is on disk and what may open it.

`raw` is a connection of its own, a stranger with a SQL prompt.
"""

import hashlib
import json
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue

import pytest

from agent.entries import Evidence
from agent.ledger import Ledger, LedgerError
from agent.ledger_file import SCHEMA_VERSION
from tests.agent.clocks import FakeClock
from tests.agent.ledger.rows import (
    FILE,
    PROBLEM,
    RESULT,
    contents,
    in_doubt,
    incoming,
    issuing,
    names,
    queued,
)
from tests.agent.outbox import unreported
from tests.agent.world import counters


class Gone(BaseException):
    """The program ends in the middle of a method."""


class DyingLedger(Ledger):
    """Ends with its event written and nothing committed."""

    def _event(self, *args: object) -> None:
        super()._event(*args)  # type: ignore[arg-type]
        raise Gone


# the events


@pytest.mark.parametrize("column", ["at_ms", "name", "data", "hash", "previous_hash", "device_id"])
def test_an_event_is_never_changed(ledger: Ledger, raw: sqlite3.Connection, column: str) -> None:
    queued(ledger)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute(f"UPDATE event SET {column} = 1")
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("UPDATE event SET command_id = NULL")


def test_an_event_is_never_deleted(ledger: Ledger, raw: sqlite3.Connection) -> None:
    queued(ledger)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        raw.execute("DELETE FROM event")


def test_an_event_is_told_once_and_stays_told(ledger: Ledger, raw: sqlite3.Connection) -> None:
    queued(ledger)
    (event,) = unreported(ledger, 10)
    ledger.reported(event.id)
    assert unreported(ledger, 10) == []
    for change in ("NULL", "1"):
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            raw.execute(f"UPDATE event SET reported_at_ms = {change}")


def test_unreported_events_come_in_their_order_and_not_all_at_once(ledger: Ledger) -> None:
    for n in range(5):
        queued(ledger, f"c{n}")
    told = unreported(ledger, 3)
    assert [event.command_id for event in told] == ["c0", "c1", "c2"]
    ledger.reported(told[1].id)
    assert [event.command_id for event in unreported(ledger, 3)] == ["c0", "c2", "c3"]


def test_every_event_carries_the_hash_of_the_one_before(
    ledger: Ledger, raw: sqlite3.Connection, clock: FakeClock
) -> None:
    in_doubt(ledger)
    clock.ms += 1234
    ledger.note_device("d1", {"status": "ăîș"})
    ledger.accept(incoming("c2", "b", "d1", PROBLEM))
    previous = "0" * 64
    rows = raw.execute("SELECT * FROM event ORDER BY id").fetchall()
    assert len(rows) == 6
    for row in rows:
        facts = [row[name] for name in ("at_ms", "device_id", "command_id", "name", "data")]
        line = json.dumps([previous, *facts]).encode()
        assert row["previous_hash"] == previous
        previous = hashlib.sha256(line).hexdigest()
        assert row["hash"] == previous


def test_every_step_of_a_life_leaves_one_event(ledger: Ledger) -> None:
    ledger.absent(in_doubt(ledger), 0)
    ledger.begin(ledger.entry("c1"), counters(), 1)
    ledger.lose(ledger.entry("c1"), fault=None, reason="x" * 9_999)
    ledger.undecidable(ledger.entry("c1"), "who knows", {"z": 4})
    steps = ["accept", "begin", "lose", "absent", "begin", "lose", "undecidable"]
    assert names(ledger) == steps
    assert len(ledger.history("c1")[5].data["reason"]) == 500
    seen = ledger.history("c1")[6].data
    assert (seen["seen"], seen["baseline"]["receipt_count"]) == ({"z": 4}, 40)


# one method, one transaction


DEEDS: dict[str, tuple[Callable[[Ledger], object], Callable[[Ledger], object]]] = {
    "accept": (lambda _: None, lambda ledger: ledger.accept(incoming())),
    "accept, rejected": (
        lambda _: None,
        lambda ledger: ledger.accept(incoming("c1", "b", "d1", PROBLEM)),
    ),
    "conflict": (queued, lambda ledger: ledger.accept(incoming(body="another"))),
    "begin": (queued, lambda ledger: ledger.begin(ledger.entry("c1"), counters(), 5)),
    "finish": (issuing, lambda ledger: ledger.finish(ledger.entry("c1"), RESULT, 5)),
    "reject": (queued, lambda ledger: ledger.reject(ledger.entry("c1"), [PROBLEM])),
    "lose": (issuing, lambda ledger: ledger.lose(ledger.entry("c1"), fault="busy", reason="r")),
    "lose_unfinished": (issuing, lambda ledger: ledger.lose_unfinished()),
    "found": (in_doubt, lambda ledger: ledger.found(ledger.entry("c1"), RESULT, Evidence.REPLY)),
    "absent": (in_doubt, lambda ledger: ledger.absent(ledger.entry("c1"), 77)),
    "drop": (in_doubt, lambda ledger: ledger.drop(ledger.entry("c1"), PROBLEM)),
    "undecidable": (in_doubt, lambda ledger: ledger.undecidable(ledger.entry("c1"), "why", {})),
    "note_device": (queued, lambda ledger: ledger.note_device("d1", {"status": "online"})),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_an_end_in_the_middle_of_a_method_leaves_nothing_of_it(
    tmp_path: Path, clock: FakeClock, ledger: Ledger, raw: sqlite3.Connection, deed: str
) -> None:
    prepare, act = DEEDS[deed]
    prepare(ledger)
    before = contents(raw)
    dying = DyingLedger(tmp_path / FILE, clock)
    with pytest.raises(Gone):
        act(dying)
    dying.close()
    assert contents(raw) == before
    act(ledger)
    assert contents(raw) != before


def test_at_start_whatever_was_being_issued_is_in_doubt_on_every_device(ledger: Ledger) -> None:
    issuing(ledger)
    ledger.begin(queued(ledger, "c2", "d2"), counters(), 1)
    queued(ledger, "c3")
    assert ledger.lose_unfinished() == 2
    assert ledger.counts() == {"in_doubt": 2, "queued": 1, "unreported": 7}
    assert ledger.lose_unfinished() == 0


# the file


def test_a_file_opened_again_has_everything(tmp_path: Path, clock: FakeClock) -> None:
    first = Ledger(tmp_path / FILE, clock)
    entry = in_doubt(first)
    queued(first, "c2")
    first.note_device("d1", {"status": "online"})
    kept = (first.entries(10), unreported(first, 10), first.last_sequence("d1"), first.devices())
    first.close()
    again = Ledger(tmp_path / FILE, clock)
    found = (again.entries(10), unreported(again, 10), again.last_sequence("d1"), again.devices())
    again.close()
    assert found == kept
    assert found[0][1] == entry
    assert found[2:] == (0x42, {"d1": {"status": "online"}})


def test_a_ledger_of_a_newer_program_is_refused_and_left_alone(
    tmp_path: Path, clock: FakeClock, raw: sqlite3.Connection
) -> None:
    newer = SCHEMA_VERSION + 1
    raw.execute(f"PRAGMA user_version = {newer}")
    with pytest.raises(LedgerError, match=f"version {newer}"):
        Ledger(tmp_path / FILE, clock)
    assert raw.execute("PRAGMA user_version").fetchone()[0] == newer


@pytest.mark.parametrize("content", [b"this is no ledger" * 99, b"SQLite format 3\0" + b"x" * 4096])
def test_a_file_that_is_no_ledger_is_refused(
    tmp_path: Path, clock: FakeClock, content: bytes
) -> None:
    (tmp_path / FILE).write_bytes(content)
    with pytest.raises(LedgerError):
        Ledger(tmp_path / FILE, clock)
    assert (tmp_path / FILE).read_bytes() == content


def test_a_place_without_a_folder_is_refused(tmp_path: Path, clock: FakeClock) -> None:
    with pytest.raises(LedgerError):
        Ledger(tmp_path / "nowhere" / FILE, clock)


def test_every_commit_reaches_the_disk(ledger: Ledger, raw: sqlite3.Connection) -> None:
    synchronous = ledger._db.execute("PRAGMA synchronous").fetchone()[0]
    assert synchronous == 2  # FULL, of this very connection
    assert raw.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    with pytest.raises(LedgerError, match="FOREIGN KEY"), ledger._transaction():
        ledger._event("d1", "nobody", "accept", {})


def test_two_threads_write_through_two_connections(tmp_path: Path, clock: FakeClock) -> None:
    cloud, worker = Ledger(tmp_path / FILE, clock), Ledger(tmp_path / FILE, clock)
    count, brought = 60, SimpleQueue[str]()

    def bring() -> None:
        for n in range(count):
            brought.put(queued(cloud, f"c{n}").id)

    def issue() -> None:
        for _ in range(count):
            brought.get(timeout=30)
            entry = worker.next_queued("d1", 0)
            worker.finish(worker.begin(entry, counters(), 1), RESULT, 2)

    with ThreadPoolExecutor() as threads:
        for done in [threads.submit(bring), threads.submit(issue)]:
            done.result()
    assert worker.counts() == {"issued": count, "unreported": 3 * count}
    taken = [event.command_id for event in unreported(worker, 999) if event.name == "begin"]
    assert taken == [f"c{n}" for n in range(count)]
    cloud.close()
    worker.close()
