"""What was read of a device says itself what it is: after a lost ledger it is indexed anew."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from agent.archive.index import ArchiveIndex, Reading
from agent.archive.inspection import rebuild
from agent.archive.intake import Intake
from agent.archive.keeping import ArchiveKeeping
from agent.archive.report_files import memory_file, report_file
from agent.ledger_file import LEDGER_FILE
from tests.agent.archive.test_reader import SERIAL, close_day, days, read_all, sell
from tests.agent.world import World, sale


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, reads_on=True)
    yield made
    made.close()


@pytest.fixture
def index(tmp_path: Path, world: World) -> Iterator[ArchiveIndex]:
    made = ArchiveIndex(tmp_path / LEDGER_FILE, world.clock)
    yield made
    made.close()


def test_after_a_lost_ledger_what_was_read_is_indexed_anew(
    world: World, index: ArchiveIndex, tmp_path: Path
) -> None:
    for _ in range(3):
        sell(world, "3.00", "4.50")
        close_day(world)
    world.queue("c1", sale())
    world.queue("c2", kind="x_report")
    world.queue("c3", kind="z_report")
    world.settle()
    read_all(world)
    with closing(ArchiveKeeping(tmp_path / "another.sqlite3", world.clock)) as fresh:
        found = rebuild(world.store, fresh, Intake(world.store, fresh, []), [])
        assert (found.unknown, found.damaged) == ((), ())
        assert named(fresh) == named(index)
        rows = [(row.source, row.figures) for row in index.z_rows(SERIAL)]
        assert [(row.source, row.figures) for row in fresh.z_rows(SERIAL)] == rows
        for reading in (Reading.JE, Reading.MF):
            assert fresh.progress(SERIAL, reading).number == index.progress(SERIAL, reading).number


def test_a_day_that_was_begun_to_be_read_again_is_no_second_day_after_a_rebuild(
    world: World, index: ArchiveIndex, tmp_path: Path
) -> None:
    sell(world, "3.00", "4.50")
    close_day(world)
    read_all(world)
    (read, *_) = days(index, world.store)[1]
    with closing(ArchiveKeeping(tmp_path / "another.sqlite3", world.clock)) as fresh:
        fresh.add(SERIAL, read)
        rebuild(world.store, fresh, Intake(world.store, fresh, []), [])
        assert fresh.je_days(SERIAL) == []


def named(index: ArchiveIndex) -> set[tuple[str, str, int | None, str]]:
    found = (filed.document for filed in index.documents())
    return {(each.sort, each.name, each.z_first, each.sha256) for each in found}


@pytest.mark.parametrize(
    "content",
    [
        b'{"report": 1, "sort": "je", "owner": "X", "source": "report"}\n',
        b'{"report": 1, "sort": "z", "owner": "X", "source": "mf", "command": "", "figures": []}\n',
        b'{"report": 1, "sort": "z", "owner": "X", "source": "mf", "command": "", "figures":'
        b' {"z_number": 1, "at": "", "total": "1", "rates": [], "vat": null, "receipts": 1,'
        b' "payments": {}, "more": {}}}\n',
        b'{"report": 2, "sort": "z"}\n',
        b'{"report": ' + b"[" * 100_000,
        b'{"mf": 1, "owner": "X", "first": 1, "last": "2", "at": ""}\n',
        b'{"mf": 1, "owner": "X"',
        b"[]",
    ],
    ids=["sort", "list", "text", "form", "deep", "number", "cut", "other"],
)
def test_a_file_that_only_looks_like_one_of_ours_is_not_believed(content: bytes) -> None:
    assert (report_file(content), memory_file(content)) == (None, None)
