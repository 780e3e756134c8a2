"""What can go wrong around a watched folder: the program ends, the ledger or the folder is gone."""

import os
import shutil
from pathlib import Path

from agent.ledger import Ledger
from agent.states import State
from config.folder import FolderSettings, folder_trouble
from tests.agent.till import OTHER_SALE, SALE, Till

POINTS_MAX = 60


# a crash at every point


def lives(till: Till) -> None:
    """Two sales, one of them refused by the worker, a bad file, and a name that is in use."""
    till.look()
    till.drop("1.txt", SALE)
    till.drop("2.txt", OTHER_SALE)
    till.drop("bad.txt", "hello")
    till.look(3)
    assert till.stage("taken") == ["1.txt", "2.txt"]
    till.drop("1.txt", "S^Alta^100^1000^buc^1^1\nP^1^100")
    till.look(3)
    assert till.error("1.txt") == "NAME_IN_USE"
    till.end(number=17)
    till.look(3)
    till.end()
    till.look(3)


def ends_well(till: Till, point: str) -> None:
    states = [entry.state for entry in till.commands()]
    assert sorted(states) == [State.ISSUED, State.REJECTED, State.REJECTED], point
    assert till.dropped() == [], point
    assert (till.stage("taken"), till.stage("refused")) == ([], []), point
    assert till.stage("done") == ["1.txt"], point
    assert till.stage("bad") == ["1.txt", "2.txt", "bad.txt"], point
    assert till.answer("1.txt") == "BONOK=1\r\nNRBON=17\r\n", point
    assert till.error("2.txt") == "PAYMENTS_SHORT", point
    assert till.error("bad.txt") == "UNSUPPORTED_LINE", point
    assert sorted(os.listdir(till.answers)) == ["1.txt", "2.txt", "bad.txt"], point


def test_a_crash_at_any_point_changes_nothing(quick_path: Path) -> None:
    plain = Till(quick_path / "plain")
    lives(plain)
    ends_well(plain, "nothing happens")
    plain.close()
    assert 30 < plain.points < POINTS_MAX
    for point in range(1, plain.points + 1):
        till = Till(quick_path / str(point))
        till.crash_at = point
        lives(till)
        assert till.crashes == 1, point
        ends_well(till, f"crash at {point}")
        till.close()


def test_a_file_whose_command_the_ledger_lost_is_never_printed_again(till: Till) -> None:
    till.drop("bon.txt")
    till.look()
    till.stop()
    till.ledger.close()
    for path in till.folder.parent.glob("ledger.sqlite3*"):
        path.unlink()
    Ledger(till.folder.parent / "ledger.sqlite3", till.clock).close()
    till.look()
    assert till.error("bon.txt") == "NOT_IN_LEDGER"
    assert till.stage("bad") == ["bon.txt"]


def test_a_stranger_in_our_own_folders_is_answered_and_moved_away(till: Till) -> None:
    till.look()
    till.stop()
    (till.folder / "taken" / "bon.txt").write_text(SALE)
    till.look()
    assert till.error("bon.txt") == "NOT_IN_LEDGER"


# a folder that cannot be used


def test_a_folder_that_vanished_is_said_and_found_again(till: Till) -> None:
    away = till.folder.parent / "away"
    till.drop("bon.txt")
    till.look()
    till.folder.rename(away)
    till.look()
    assert till.loop.sentence == (
        f"{till.folder} cannot be used: No such file or directory: {till.folder / 'taken'}"
    )
    till.end(number=17)
    till.look()
    assert till.answer("bon.txt") is None
    away.rename(till.folder)
    till.look()
    assert till.answer("bon.txt") == "BONOK=1\r\nNRBON=17\r\n"
    assert till.loop.sentence.endswith(": 0 files in work")


def test_nothing_is_taken_that_could_not_be_answered(till: Till) -> None:
    shutil.rmtree(till.answers)
    till.drop("bon.txt")
    till.look()
    assert (till.commands(), till.dropped()) == ([], ["bon.txt"])
    assert str(till.answers) in till.loop.sentence
    till.answers.mkdir()
    till.look()
    assert len(till.commands()) == 1


def test_a_folder_that_cannot_be_written_is_said_and_nothing_is_taken(till: Till) -> None:
    till.drop("bon.txt")
    (till.folder / "taken").write_text("a file where a folder must be")
    till.look()
    assert (till.commands(), till.dropped()) == ([], ["bon.txt", "taken"])
    assert "cannot be used: File exists" in till.loop.sentence


def test_a_read_only_folder_is_said(quick_path: Path) -> None:
    read_only = Path("/proc/self/task")  # for root too
    till = Till(quick_path, path=read_only)
    till.folder = read_only
    till.start()
    assert till.step() is False
    assert till.loop.sentence.startswith(f"{read_only} cannot be used: ")
    till.close()


def test_one_file_that_cannot_be_read_does_not_stop_the_others(till: Till) -> None:
    name = "x" * 220 + ".txt"
    till.drop(name)
    till.drop("bon.txt")
    till.look()
    assert (len(till.commands()), till.dropped()) == (1, [name])
    assert f"1 cannot be read, as '{name}'" in till.loop.sentence
    (till.folder / name).unlink()
    till.look()
    assert "cannot be read" not in till.loop.sentence


def test_closing_leaves_nothing_open(till: Till) -> None:
    till.drop("bon.txt")
    till.look()
    before = os.listdir("/proc/self/fd")
    till.loop.close()
    assert os.listdir("/proc/self/fd") == before


# the configuration of several


def folder(**fields: object) -> FolderSettings:
    table = {"device": "d1", "format": "fprint", "path": "/srv/a", "vat_rates": {"1": 21}}
    return FolderSettings.model_validate(table | fields)


def test_folders_that_contradict_each_other_are_refused() -> None:
    b = folder(path="/srv/b")
    assert folder_trouble([folder(), b], {"d1"}) == ""
    assert folder_trouble([folder()], {"d2"}) == "folder[0].device: 'd1' is not the id of a device"
    assert folder_trouble([folder(), folder(answers="/srv/c")], {"d1"}) == (
        "folder[1].path: '/srv/a' is watched twice"
    )
    same = [folder(answers="/srv/c"), folder(path="/srv/b", answers="/srv/c")]
    assert folder_trouble(same, {"d1"}).startswith("folder[1].answers: '/srv/c' has the answers")
    assert folder_trouble([folder(answers="/srv/b"), folder(path="/srv/b", answers="/x")], {"d1"})
