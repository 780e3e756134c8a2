"""The index of the archive: what is asked of it, what is let go after ten years, what survives."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.archive.index import Noted, Wanted
from agent.archive.intake import Outcome
from agent.archive.keeping import ArchiveKeeping
from agent.archive.retention import DAY_S, GRACE_DAYS
from agent.archive.sorts import NewDocument, RateSum, Sort, Source, ZFigures
from agent.ledger import Ledger
from agent.ledger_check import verify
from agent.ledger_file import LEDGER_FILE, LedgerError
from agent.ledger_outbox import Upload
from agent.ledger_repair import LedgerAside, prepare, recover
from agent.ledger_salvage import salvage
from drivers.model import Bani, VatRate
from tests.agent.archive.shelf import NUI, OTHER_NUI, Shelf, codes, day, register

SERIAL = "DB4200000001"
YEAR_S = 366 * DAY_S


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.close()


def document(**given: object) -> NewDocument:
    told: dict[str, object] = {
        "sort": Sort.Z,
        "owner": SERIAL,
        "name": "z.json",
        "sha256": "a" * 64,
        "bytes": 3,
        "origin": "device",
        "device_id": "dev_1",
        "z_first": 7,
        "z_last": 7,
        "at": "2026-10-05T21:42:17",
    }
    return NewDocument(**(told | given))  # type: ignore[arg-type]


def figures(z_number: int, total: int = 1210) -> ZFigures:
    rate = RateSum(VatRate(2100), Bani(total), Bani(210))
    return ZFigures(z_number, "2026-10-05T21:42:17", Bani(total), (rate,), Bani(210), 1)


# what is asked of it


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (Wanted(), ["je", "mf", "x", "z", "register"]),
        (Wanted(sort=Sort.Z), ["z"]),
        (Wanted(owner=NUI), ["register"]),
        (Wanted(z=7), ["mf", "x", "z"]),
        (Wanted(month="2026-10"), ["x", "z", "register"]),
        (Wanted(month="2026-09"), ["je"]),
        (Wanted(device_id=""), ["mf"]),
        (Wanted(sort=Sort.Z, month="2026-09"), []),
    ],
    ids=str,
)
def test_documents_are_found_by_what_is_asked(
    shelf: Shelf, asked: Wanted, found: list[str]
) -> None:
    for number, new in enumerate(
        [
            document(name="z"),
            document(name="x", sort=Sort.X),
            document(name="mf", sort=Sort.MF, device_id="", z_first=1, z_last=20, at=""),
            document(name="je", sort=Sort.JE, z_first=6, z_last=6, at="2026-09-30T23:59:59"),
            document(
                name="register",
                sort=Sort.SIGNED_REGISTER,
                owner=NUI,
                at="2026-11-01T09:15:00",
                z_first=411,
                z_last=436,
                facts={"period": "2026-10"},
            ),
        ]
    ):
        shelf.index.file(NewDocument(**{**_as_dict(new), "sha256": f"{number:064x}"}))
    assert sorted(each.document.name for each in shelf.index.documents(asked)) == sorted(found)


def _as_dict(new: NewDocument) -> dict[str, object]:
    return {name: getattr(new, name) for name in NewDocument.__slots__}  # type: ignore[attr-defined]


def test_the_same_document_is_one_row_and_one_event(shelf: Shelf) -> None:
    first, is_new = shelf.index.file(document())
    again, is_new_again = shelf.index.file(document(name="another name"))
    assert (is_new, is_new_again, again) == (True, False, first)
    assert len(shelf.events("archived")) == 1


def test_other_figures_of_a_z_stay_beside_the_first(shelf: Shelf) -> None:
    assert shelf.index.note_z(SERIAL, Source.MF, figures(7)) is Noted.NEW
    assert shelf.index.note_z(SERIAL, Source.MF, figures(7)) is Noted.SAME
    assert shelf.index.note_z(SERIAL, Source.MF, figures(7, 1211)) is Noted.OTHER
    assert shelf.index.note_z(SERIAL, Source.REPORT, figures(7)) is Noted.NEW
    rows = shelf.index.z_rows(SERIAL)
    assert sorted((row.source, row.figures.total) for row in rows) == [
        (Source.MF, 1210),
        (Source.MF, 1211),
        (Source.REPORT, 1210),
    ]
    assert rows[0].figures.rates[0].rate == 2100


def test_the_database_itself_lets_no_document_be_deleted_or_held_when_gone(shelf: Shelf) -> None:
    filed, _ = shelf.index.file(document())
    shelf.index.gone(filed.id)
    with (
        closing(sqlite3.connect(shelf.state / LEDGER_FILE)) as db,
        pytest.raises(sqlite3.IntegrityError, match="documents are kept"),
    ):
        db.execute("DELETE FROM document")
    with pytest.raises(LedgerError):
        shelf.index.keep(filed.id, kept=True)


# retention


def aged(shelf: Shelf, years: int = 11) -> None:
    """So many years later the agent starts again."""
    shelf.wait_s(years * YEAR_S)
    shelf.close()
    shelf.open()


def test_what_is_old_goes_a_month_after_that_was_said(shelf: Shelf) -> None:
    taken = shelf.intake.take("a.p7b", day(1), "here")
    shelf.report_all()
    assert shelf.retention.look() == (0, 0)
    aged(shelf)
    assert shelf.retention.look() == (1, 0)
    assert shelf.retention.note == "1 document goes within 30 days"
    assert [event.data["documents"] for event in shelf.events("archive_retention")] == [1]
    shelf.wait_s((GRACE_DAYS - 1) * DAY_S)
    assert shelf.retention.look() == (0, 0)
    assert shelf.zs() == [1]
    shelf.wait_s(DAY_S)
    assert shelf.retention.look() == (0, 1)
    assert [*shelf.store.all()] == []
    (event,) = shelf.events("archive_gone")
    assert event.data["sha256"] == taken.filed.document.sha256
    (filed,) = shelf.index.documents()
    assert filed.gone_at_ms == shelf.clock.now_ms()
    assert shelf.retention.look() == (0, 0)


def test_the_loop_looks_once_a_day_and_catches_up_after_days_off(shelf: Shelf) -> None:
    shelf.intake.take("a.p7b", day(1), "here")
    shelf.report_all()
    aged(shelf)
    shelf.look()
    assert shelf.loop.notes == ("1 document goes within 30 days",)
    shelf.close()
    shelf.wait_s(100 * DAY_S)
    shelf.open()
    shelf.look()
    assert [*shelf.store.all()] == []


def test_what_a_person_keeps_stays_until_it_is_released(shelf: Shelf) -> None:
    filed = shelf.intake.take("a.p7b", day(1), "here").filed
    shelf.report_all()
    shelf.index.keep(filed.id, kept=True)
    aged(shelf)
    shelf.retention.look()
    shelf.wait_s(GRACE_DAYS * DAY_S)
    assert shelf.retention.look() == (0, 0)
    assert shelf.zs() == [1]
    shelf.index.keep(filed.id, kept=False)
    assert shelf.retention.look() == (1, 0)
    shelf.index.keep(filed.id, kept=True)
    shelf.wait_s(GRACE_DAYS * DAY_S)
    assert shelf.retention.look() == (0, 0)
    assert [event.data["kept"] for event in shelf.events("archive_keep")] == [True, False, True]


def test_what_the_cloud_has_not_heard_of_stays(shelf: Shelf) -> None:
    shelf.intake.take("a.p7b", day(1), "here")
    aged(shelf)
    assert shelf.retention.look() == (0, 0)
    shelf.report_all()
    assert shelf.retention.look() == (1, 0)


def test_what_waits_for_a_route_of_the_cloud_stays(shelf: Shelf) -> None:
    shelf.intake.take("a.p7b", day(1), "here")
    with closing(Ledger(shelf.state / LEDGER_FILE, shelf.clock)) as ledger:
        (event,) = ledger.unplanned(10)
        upload = Upload("upload", {"device_id": "dev_1", "kind": "p7b"}, {})
        ledger.plan([(event, [upload])], paused=["upload"])
    shelf.report_all()
    aged(shelf)
    assert shelf.retention.look() == (0, 0)


def test_a_list_of_the_cloud_that_the_key_may_not_write_keeps_nothing_for_ever(
    shelf: Shelf,
) -> None:
    shelf.intake.take("a.p7b", day(1), "here")
    with closing(Ledger(shelf.state / LEDGER_FILE, shelf.clock)) as ledger:
        (event,) = ledger.unplanned(10)
        ledger.plan([(event, [Upload("report", {"kind": "je"}, {})])], paused=["report"])
    shelf.report_all()
    aged(shelf)
    assert shelf.retention.look() == (1, 0)


def test_it_is_kept_for_as_long_after_it_came_as_after_it_was_made(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.wait_s(11 * YEAR_S)
    shelf.intake.take("a.p7b", day(1), "found at the back of a drawer")
    shelf.report_all()
    assert shelf.retention.look() == (0, 0)
    shelf.close()


def test_a_clock_that_jumped_ahead_and_back_takes_nothing(shelf: Shelf) -> None:
    shelf.intake.take("a.p7b", day(1), "here")
    shelf.report_all()
    aged(shelf, years=60)
    shelf.look()
    shelf.wait_s(-60 * YEAR_S + DAY_S)
    for _ in range(100):
        shelf.wait_s(DAY_S)
        assert shelf.retention.look() == (0, 0)
    assert shelf.zs() == [1]


def test_bytes_that_another_document_needs_stay(shelf: Shelf) -> None:
    content = b"the same words of two devices"
    stored = shelf.store.put(content)
    about = {"sha256": stored.sha256, "bytes": stored.bytes}
    shelf.index.file(document(**about))
    shelf.report_all()
    aged(shelf)
    young, _ = shelf.index.file(document(owner="DB4200000002", **about))
    shelf.retention.look()
    shelf.wait_s(GRACE_DAYS * DAY_S)
    assert shelf.retention.look() == (0, 1)
    assert shelf.store.read(stored.sha256) == content
    shelf.index.gone(young.id)
    shelf.retention.look()
    assert not shelf.store.has(stored.sha256)


def test_a_cut_between_the_word_and_the_deed_is_made_good_on_the_next_day(shelf: Shelf) -> None:
    filed = shelf.intake.take("a.p7b", day(1), "here").filed
    shelf.index.gone(filed.id)
    assert shelf.store.has(filed.document.sha256)
    shelf.retention.look()
    assert not shelf.store.has(filed.document.sha256)


def test_what_retention_let_go_does_not_come_back_from_an_old_stick(shelf: Shelf) -> None:
    filed = shelf.intake.take("a.p7b", day(1), "here").filed
    shelf.index.gone(filed.id)
    shelf.retention.look()
    assert shelf.intake.take("a.p7b", day(1), "an old stick").outcome is Outcome.GONE
    assert [*shelf.store.all()] == []
    assert len(shelf.index.documents()) == 1


# a ledger that was damaged


def test_the_index_survives_a_ledger_that_is_salvaged(shelf: Shelf) -> None:
    shelf.intake.take("a.p7b", day(1), "here")
    shelf.intake.take("b.p7b", day(1, 500), "here")
    shelf.intake.take("c.p7b", day(2, nui=OTHER_NUI), "here")
    kept = shelf.intake.take("d.p7b", register(1, 2), "here").filed
    shelf.index.keep(kept.id, kept=True)
    before = shelf.index.documents(), shelf.index.z_rows(NUI)
    shelf.close()
    path = shelf.state / LEDGER_FILE
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    path.write_bytes(bytes(4096) + path.read_bytes()[4096:])
    with pytest.raises(LedgerAside):
        prepare(path, shelf.clock)
    (aside,) = [each for each in shelf.state.glob(f"{LEDGER_FILE}.corrupt-*")]
    recover(path, salvage(aside), shelf.clock)
    assert verify(path).broken is None
    shelf.open()
    assert (shelf.index.documents(), shelf.index.z_rows(NUI)) == before
    assert shelf.intake.take("a.p7b", day(1), "here").outcome is Outcome.KNOWN
    assert "DUPLICATE_Z" in codes(shelf.index.documents()[1].document.facts)


def test_rows_that_are_none_do_not_keep_the_rest_from_being_recovered(shelf: Shelf) -> None:
    shelf.intake.take("a.p7b", day(1), "here")
    shelf.intake.take("b.p7b", day(2), "here")
    shelf.intake.take("c.p7b", day(3), "here")
    shelf.close()
    path = shelf.state / LEDGER_FILE
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA ignore_check_constraints = ON")
        db.execute("UPDATE document SET sort = 'garbage' WHERE id = 1")
        db.execute("UPDATE document SET facts = '{broken' WHERE id = 2")
        db.execute("UPDATE z_row SET figures = '' WHERE z_number = 1")
        db.commit()
    aside = path.rename(path.with_name(f"{LEDGER_FILE}.corrupt-20261122T000000"))
    found = salvage(aside)
    assert len(found.unread) == 3
    recover(path, found, shelf.clock)
    shelf.open()
    assert [filed.document.z_first for filed in shelf.index.documents()] == [3]
    assert len(shelf.index.z_rows(NUI)) == 2


def test_an_index_of_the_version_before_is_made_when_it_is_opened(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.close()
    with closing(sqlite3.connect(shelf.state / LEDGER_FILE)) as db:
        for table in ("document", "z_row", "je_document", "archive_place"):
            db.execute(f"DROP TABLE {table}")
        db.execute("PRAGMA user_version = 2")
    shelf.open()
    assert shelf.intake.take("a.p7b", day(1), "here").outcome is Outcome.NEW
    shelf.close()


def test_events_say_all_that_the_row_says(shelf: Shelf) -> None:
    shelf.intake.take("a.p7b", day(1), "here")
    (event,) = shelf.events("archived")
    with closing(ArchiveKeeping(shelf.state / LEDGER_FILE, shelf.clock)) as index:
        (filed,) = index.documents()
    told = {
        name: getattr(filed.document, name)
        for name in event.data.keys() & _as_dict(filed.document).keys()
    }
    assert event.data == {
        **told,
        "document": filed.id,
        "findings": filed.document.facts["findings"],
    }
    assert json.loads(json.dumps(event.data)) == event.data
