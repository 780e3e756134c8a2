"""A ledger that is not what was written: named, set aside, salvaged; and a disk that is full.

Bytes are broken in copies of real files; `raw` is a stranger with a SQL prompt.
"""

import json
import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.entries import Evidence
from agent.ledger import Ledger, LedgerError
from agent.ledger_check import verify
from agent.ledger_file import LedgerDamaged
from agent.ledger_repair import LedgerAside, find_aside, prepare, recover
from agent.ledger_salvage import PARTS, salvage
from agent.states import State
from tests.agent.clocks import FakeClock
from tests.agent.ledger.broken import DONE, changed, set_aside, set_aside_by_hand, states
from tests.agent.ledger.rows import FILE, in_doubt, incoming
from tests.agent.outbox import unreported
from tests.agent.world import World, counters, sale

PLACES = 50  # per seed


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.close()


def copied(whole: Path, folder: Path, *, with_log: bool = True) -> Path:
    folder.mkdir()
    for part in PARTS:
        shutil.copy(f"{whole}{part}", f"{folder / FILE}{part}")
    if not with_log:
        sqlite3.connect(folder / FILE).execute("PRAGMA wal_checkpoint(TRUNCATE)").connection.close()
    return folder / FILE


# verify


def test_a_ledger_that_is_whole_passes_while_it_is_written_and_after(
    whole: Path, tmp_path: Path
) -> None:
    checked = verify(whole)
    assert (checked.broken, checked.commands) == (None, DONE + 3)
    assert verify(copied(whole, tmp_path / "closed", with_log=False)).broken is None


def test_a_promise_lost_from_the_log_is_noticed_though_sqlite_does_not(whole: Path) -> None:
    log = whole.with_name(f"{whole.name}-wal")
    data = bytearray(log.read_bytes())
    data[-100] ^= 1  # the last frame: SQLite would leave the last transaction out
    log.write_bytes(data)
    assert states(copied(whole, whole.parent / "sqlite"))["begun"] == "queued"
    broken = verify(whole).broken
    assert broken is not None
    assert "write-ahead log" in broken.sentence


# damage anywhere


@pytest.mark.parametrize("seed", [1, 2])
def test_damage_anywhere_is_named_or_harmless_and_never_queues_what_was_begun(
    whole: Path, tmp_path: Path, clock: FakeClock, seed: int
) -> None:
    chance = random.Random(seed)
    meant = states(copied(whole, tmp_path / "meant"))
    for place in range(PLACES):
        path = copied(whole, tmp_path / f"{place}", with_log=bool(place % 3))
        parts = [part for part in PARTS if (path.parent / f"{FILE}{part}").exists()]
        file = path.with_name(FILE + chance.choice(parts))
        data = bytearray(file.read_bytes())
        at = chance.randrange(min(len(data), chance.choice([100, len(data)])) or 1)
        broken = chance.randbytes(chance.choice([1, 1, 16, 4096]))
        file.write_bytes(bytes(data[:at] + broken + data[at + len(broken) :])[: len(data)])
        verify(path)
        try:
            prepare(path, clock)
        except LedgerAside:
            aside = find_aside(path)
            assert aside is not None
            recover(path, salvage(aside), clock)
            assert verify(path).broken is None, f"seed {seed}, place {place}"
            found = states(path)
            queue = {id_ for id_, state in found.items() if state in ("queued", "in_doubt")}
            assert queue <= {"waits"}, f"seed {seed}, place {place}"
        else:
            assert states(path) == meant, f"seed {seed}, place {place}"
        shutil.rmtree(path.parent)


def test_a_damaged_file_is_set_aside_with_its_log_and_stays_as_it_was(
    whole: Path, clock: FakeClock
) -> None:
    whole.write_bytes(b"x" * 5000)
    log = whole.with_name(f"{whole.name}-wal").read_bytes()
    aside = set_aside(whole, clock)
    assert aside.name.startswith("ledger.sqlite3.corrupt-20")
    assert not whole.exists()
    salvage(aside)
    assert aside.read_bytes() == b"x" * 5000
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == log
    assert set_aside(whole, clock) == aside  # and nothing new is made in its place


def test_an_empty_file_is_a_damaged_ledger_and_no_file_is_a_new_one(
    tmp_path: Path, clock: FakeClock
) -> None:
    prepare(tmp_path / FILE, clock)
    assert verify(tmp_path / FILE).broken is None
    (tmp_path / FILE).write_bytes(b"")
    set_aside(tmp_path / FILE, clock)


def test_a_lost_first_page_loses_no_row(whole: Path, tmp_path: Path, clock: FakeClock) -> None:
    path = copied(whole, tmp_path / "closed", with_log=False)
    path.write_bytes(bytes(4096) + path.read_bytes()[4096:])
    salvaged = salvage(set_aside(path, clock))
    assert len(salvaged.commands) == DONE + 3
    recover(path, salvaged, clock)
    found = states(path)
    assert [found[id_] for id_ in ("done0", "c1", "waits", "begun")] == [
        *("issued", "held", "queued", "held")
    ]
    with closing(Ledger(path, clock)) as ledger:
        (event,) = [e for e in unreported(ledger, 999) if e.name == "ledger_recovered"]
        assert list(event.data["sha256"]) == [event.data["file"]]
        assert ledger.history("begun")[-1].data["baseline"]["receipt_count"] == 40
        assert ledger.in_doubt("d1") is None
    assert verify(path).broken is None


def test_events_alone_are_enough_to_hold_what_was_begun(whole: Path, clock: FakeClock) -> None:
    changed(whole, "PRAGMA foreign_keys = OFF", "DELETE FROM command WHERE id LIKE '%e%'")
    recover(whole, salvage(set_aside_by_hand(whole, clock)), clock)
    found = states(whole)
    assert (found["done0"], found["begun"], found["waits"]) == ("issued", "held", "queued")
    assert verify(whole).broken is None


def test_nothing_to_salvage_still_makes_an_empty_ledger(tmp_path: Path, clock: FakeClock) -> None:
    (tmp_path / FILE).write_bytes(b"nothing")
    salvaged = salvage(set_aside(tmp_path / FILE, clock))
    assert (salvaged.commands, bool(salvaged.unread)) == ({}, True)
    recover(tmp_path / FILE, salvaged, clock)
    assert states(tmp_path / FILE) == {}


def test_a_recovered_ledger_still_tells_a_tampered_row(whole: Path, clock: FakeClock) -> None:
    whole.write_bytes(bytes(100) + whole.read_bytes()[100:])
    recover(whole, salvage(set_aside(whole, clock)), clock)
    changed(whole, "DELETE FROM event WHERE id = (SELECT min(id) + 5 FROM event)")
    broken = verify(whole).broken
    assert broken is not None
    assert "sealed" in broken.sentence


def test_reading_a_damaged_row_is_a_ledger_error_and_no_surprise(
    tmp_path: Path, clock: FakeClock
) -> None:
    with closing(Ledger(tmp_path / FILE, clock)) as ledger:
        in_doubt(ledger)
        changed(tmp_path / FILE, "UPDATE command SET baseline = '[1'")
        with pytest.raises(LedgerDamaged):
            ledger.in_doubt("d1")
        changed(tmp_path / FILE, "UPDATE event SET data = '{'")
        with pytest.raises(LedgerDamaged):
            unreported(ledger, 9)


# a disk that is full or read-only


DISKS = {
    "full": ("PRAGMA max_page_count = 1", "PRAGMA max_page_count = 1000000"),
    "read-only": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
}


def work(shop: World) -> None:
    """Let the worker work and rest."""
    for _ in range(60):
        shop.worker.step()
        shop.clock.ms += 500


def ledger_of(shop: World) -> Ledger:
    shop.step()
    ledger: Ledger = shop.worker._ledger
    return ledger


@pytest.mark.parametrize("disk", DISKS)
def test_nothing_is_issued_while_the_disk_takes_nothing(shop: World, disk: str) -> None:
    shut, opened = DISKS[disk]
    ledger = ledger_of(shop)
    for n in range(20):  # so that another row needs another page
        shop.queue(f"c{n}", sale())
    ledger._db.execute(shut)
    with pytest.raises(LedgerError, match=r"full|readonly"):
        work(shop)
    counts = shop.cloud.counts()
    unfinished = len(shop.paper("receipt")) - counts.get("issued", 0)
    assert 0 <= unfinished <= counts.get("issuing", 0)
    ledger._db.execute(opened)
    shop.stop()
    shop.settle()
    assert len(shop.paper("receipt")) == 20
    assert shop.cloud.counts()["issued"] == 20


@pytest.mark.parametrize("disk", DISKS)
def test_a_disk_that_fills_up_behind_the_paper_ends_in_doubt_and_one_receipt(
    shop: World, disk: str
) -> None:
    shut, opened = DISKS[disk]
    ledger = ledger_of(shop)
    shop.queue("c1", sale())

    def fill(command: int) -> None:
        if command == 56:  # the close, on its way to the printer
            ledger._db.execute(shut)
            ledger._db.execute("PRAGMA query_only = ON")

    shop.cable.before = fill
    with pytest.raises(LedgerError):
        work(shop)
    assert shop.entry("c1").state is State.ISSUING
    assert len(shop.paper("receipt")) == 1
    ledger._db.execute(opened)
    shop.cable.before = lambda _command: None
    shop.stop()
    shop.settle()
    assert shop.entry("c1").evidence in (Evidence.COUNTER, Evidence.REFERENCE)
    assert len(shop.paper("receipt")) == 1


def test_what_is_accepted_is_kept_whole_or_not_at_all_on_a_full_disk(
    tmp_path: Path, clock: FakeClock
) -> None:
    with closing(Ledger(tmp_path / FILE, clock)) as ledger:
        ledger._db.execute("PRAGMA max_page_count = 14")
        with pytest.raises(LedgerError, match="full"):
            [ledger.accept(incoming(f"c{n}", body="x" * 999)) for n in range(999)]
        kept = len(ledger.entries(999))
        assert 0 < kept == ledger.counts()["unreported"]
    assert verify(tmp_path / FILE).broken is None


def test_the_baseline_of_a_salvaged_command_is_shown_to_the_person(
    whole: Path, clock: FakeClock
) -> None:
    whole.write_bytes(bytes(100) + whole.read_bytes()[100:])
    recover(whole, salvage(set_aside(whole, clock)), clock)
    with closing(Ledger(whole, clock)) as ledger:
        event = ledger.history("begun")[-1]
        assert (event.name, event.data["state"]) == ("salvaged", "held")
        assert event.data["baseline"] == json.loads(json.dumps(event.data["baseline"]))
        assert ledger.entry("begun").baseline == counters()
