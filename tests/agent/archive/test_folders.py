"""Folders that are looked at, our own disk behind them, and the table [archive]."""

import os
import resource
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.archive.looking import LOOK_EVERY_S, REST_S
from agent.archive.loop import archive_loop
from agent.archive.places import Walk, files_below
from agent.cli.status_words import in_romanian
from agent.health import SILENCE_S_MAX, Health
from agent.ledger import LedgerError
from agent.ledger_file import LEDGER_FILE
from config.settings import ConfigError, load
from tests.agent.archive.shelf import OTHER_NUI, Shelf, day


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "anaf").mkdir()
    return tmp_path / "anaf"


@pytest.fixture
def watching(tmp_path: Path, folder: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path, f'folders = ["{folder}"]\nwatch_mounts = false')
    yield made
    made.close()


# folders


def test_what_is_dropped_into_a_folder_is_taken_when_it_is_whole(
    watching: Shelf, folder: Path
) -> None:
    watching.look()
    assert watching.told() == []
    content = day(1)
    (folder / "a.p7b").write_bytes(content[:500])
    watching.wait_s(LOOK_EVERY_S)
    watching.loop.step()
    (folder / "a.p7b").write_bytes(content)
    os.utime(folder / "a.p7b", ns=(0, 1))
    watching.look()
    assert watching.zs() == [1]
    (told,) = watching.told()
    assert told["counts"] == {"new": 1}


def test_a_folder_in_which_nothing_is_new_is_not_told_again(watching: Shelf, folder: Path) -> None:
    (folder / "a.p7b").write_bytes(day(1))
    (folder / "bad.p7b").write_bytes(b"bad")
    watching.look()
    for _ in range(5):
        watching.wait_s(LOOK_EVERY_S)
        watching.look()
    assert [told["counts"] for told in watching.told()] == [{"new": 1, "refused": 1}]
    assert watching.loop.notes == (
        f"{folder}: 1 new, 0 known",
        f"{folder}: 1 refused",
        f"{folder}: bad.p7b is refused: NOT_CMS",
    )


def test_a_refused_file_that_is_replaced_is_looked_at_again(watching: Shelf, folder: Path) -> None:
    (folder / "a.p7b").write_bytes(day(1)[:-9])
    watching.look()
    (folder / "a.p7b").write_bytes(day(1))
    watching.wait_s(LOOK_EVERY_S)
    watching.look()
    assert watching.zs() == [1]


def test_a_folder_that_is_not_there_is_said_once_and_found_later(
    watching: Shelf, folder: Path
) -> None:
    folder.rmdir()
    for _ in range(3):
        watching.look()
        watching.wait_s(LOOK_EVERY_S)
    (told,) = watching.told()
    assert told["cut"] == "No such file or directory"
    assert watching.loop.notes[-1] == f"{folder}: No such file or directory"
    folder.mkdir()
    (folder / "a.p7b").write_bytes(day(1))
    watching.look()
    assert watching.zs() == [1]
    assert watching.loop.notes == (f"{folder}: 1 new, 0 known",)


def test_a_folder_that_cannot_be_opened_is_passed_over_and_named(folder: Path) -> None:
    for name in ("a", "gone", "there"):
        (folder / name).mkdir()
        (folder / name / f"{name}.p7b").write_bytes(day(1))
    walk = Walk()
    found = files_below(folder, walk)
    names = [next(found).name]
    shutil.rmtree(folder / "gone")
    names += [each.name for each in found]
    assert names == ["a.p7b", "there.p7b"]
    assert walk.passed_over == [f"No such file or directory: {folder}/gone"]


def test_a_place_that_vanishes_during_the_walk_ends_it(folder: Path) -> None:
    (folder / "a.p7b").write_bytes(day(1))
    found = files_below(folder, Walk())
    next(found)
    shutil.rmtree(folder)
    with pytest.raises(FileNotFoundError):
        list(found)


def test_all_that_is_said_is_said_in_romanian_too(shelf: Shelf) -> None:
    files = {"a.p7b": day(1, 100), "b.p7b": day(1, 200), "c.p7b": day(2, nui=OTHER_NUI)}
    shelf.plug_in("STICK", files | {"bad.p7b": b"bad"})
    shelf.look()
    said = [shelf.loop.sentence, *shelf.loop.notes]
    assert len(said) == 8
    assert [each for each in said if in_romanian(each) == each] == []


# our own side


def test_a_disk_that_is_full_is_said_and_what_waits_is_taken_later(shelf: Shelf) -> None:
    shelf.disk_used = 95
    shelf.plug_in("STICK", {"a.p7b": day(1), "b.p7b": day(2)})
    shelf.look()
    assert shelf.zs() == []
    assert shelf.loop.sentence == "the archive cannot keep more: the disk is 95 % full"
    shelf.disk_used = 10
    shelf.wait_s(REST_S)
    shelf.look()
    assert shelf.zs() == [1, 2]
    assert "are looked at" in shelf.loop.sentence


def test_a_ledger_that_cannot_be_written_stops_the_loop_and_loses_nothing(shelf: Shelf) -> None:
    shelf.plug_in("STICK", {"a.p7b": day(1)})
    shelf.loop.step()
    shelf.wait_s(2)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    wal = (shelf.state / f"{LEDGER_FILE}-wal").stat().st_size
    resource.setrlimit(resource.RLIMIT_FSIZE, (max(8192, wal), limits[1]))
    try:
        with pytest.raises(LedgerError):
            shelf.look()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    shelf.close()
    fresh = Shelf(shelf.folder)
    assert fresh.index.documents() == []
    fresh.look()
    assert fresh.zs() == [1]
    fresh.close()


def test_a_folder_of_certificates_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, f'trusted = "{tmp_path}/none"\nwatch_mounts = false')
    loop = archive_loop(shelf.settings, shelf.index, shelf.clock, int)
    assert loop.notes == (
        f"the certificates of {tmp_path}/none cannot be read: No such file or directory",
    )
    assert loop.step() is False
    assert loop.sentence == "no folder and no stick is looked at"
    shelf.close()


def test_a_stick_that_does_not_answer_is_no_reason_to_end_the_program(shelf: Shelf) -> None:
    health = Health(shelf.clock)
    device, archive = health.add("device dev_1"), health.add("archive", vital=False)
    shelf.wait_s(SILENCE_S_MAX + 1)
    health.beat(device, "online")
    assert health.alive
    archive.failure = "the loop 'archive' broke"
    assert not health.alive


# the table [archive]


def test_all_of_the_table_may_be_left_out(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path, "watch_mounts = true")
    wanted = load(shelf.config).archive
    assert [str(each) for each in wanted.mounts] == ["/media", "/run/media", "/mnt"]
    assert (wanted.folders, wanted.retention_years, wanted.trusted) == ([], 10, None)
    shelf.close()


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("retention_years = 9", "archive.retention_years: Input should be greater than or equal"),
        ('folders = ["anaf"]', "archive.folders[0]: Value error, 'anaf' is not a whole path"),
        ('mount = ["/media"]', "archive.mount: unknown key; the nearest known one is 'mounts'"),
        ("watch_mounts = 1", "archive.watch_mounts: Input should be a valid boolean"),
    ],
)
def test_what_is_wrong_in_the_table_is_said_with_its_key(
    shelf: Shelf, line: str, says: str
) -> None:
    text = shelf.config.read_text("utf-8").split("[archive]")[0]
    shelf.config.write_text(f"{text}[archive]\n{line}\n", "utf-8")
    with pytest.raises(ConfigError) as error:
        load(shelf.config)
    assert says in str(error.value)
