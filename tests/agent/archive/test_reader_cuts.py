"""A reading of the archive, cut at every line and every commit: it ends with everything once."""

from pathlib import Path

from agent.archive.index import ArchiveIndex, Wanted
from agent.archive.sorts import Sort, Source
from agent.ledger_check import verify
from agent.ledger_file import LEDGER_FILE
from tests.agent.archive.test_reader import SERIAL, close_day, days, read_all, sell, text
from tests.agent.world import Mishap, World

COMMITS_MAX = 100


def test_cut_at_every_line_it_ends_with_everything_once(tmp_path: Path) -> None:
    frames = frames_of_a_reading(tmp_path)
    for frame in range(frames):
        folder = tmp_path / f"{frame}"
        folder.mkdir()
        world = World(folder, reads_on=True)
        sell(world, "3.00", "4.50")
        close_day(world)
        world.cable.mishaps[frame] = Mishap(delivered=frame % 2 == 0, cut=True)
        assert_read(world, folder)
        world.close()


def frames_of_a_reading(tmp_path: Path) -> int:
    folder = tmp_path / "whole"
    folder.mkdir()
    world = World(folder, reads_on=True)
    sell(world, "3.00", "4.50")
    close_day(world)
    assert_read(world, folder)
    frames = len(world.cable.commands)
    world.close()
    assert frames > 100
    return frames


def assert_read(world: World, folder: Path) -> None:
    for _ in range(3):  # a device that failed is left alone for a while
        read_all(world)
    index = ArchiveIndex(folder / LEDGER_FILE, world.clock)
    kept = days(index, world.store)
    assert [read.text for read in kept[1]] == [text(paper) for paper in world.printer.documents()]
    assert len(index.documents(Wanted(sort=Sort.JE))) == 1
    rows = index.z_rows(SERIAL)
    assert {(row.source, row.figures.total) for row in rows} == {
        (Source.JE, 750),
        (Source.MF, 750),
        (Source.REPORT, 750),
    }
    index.close()


def test_a_crash_at_every_commit_loses_and_repeats_nothing(tmp_path: Path) -> None:
    crashed = 1
    for commit in range(1, COMMITS_MAX):
        folder = tmp_path / f"{commit}"
        folder.mkdir()
        world = World(folder, reads_on=True)
        sell(world, "3.00", "4.50")
        close_day(world)
        world.crash_at_commit = commit
        assert_read(world, folder)
        crashed = world.crashes
        world.close()
        assert verify(folder / LEDGER_FILE).broken is None
        if not crashed:
            break
    assert (crashed, commit > 15) == (0, True)
