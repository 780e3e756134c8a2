"""A watched folder: every file is one command and gets one answer, whatever happens in between.

The whole road to the paper is in test_to_paper.py.
"""

import fcntl
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from agent.entries import LOCAL
from agent.folder.stages import FILE_BYTES_MAX
from agent.folder.watch import BATCH_MAX, SETTLE_S, UNFINISHED_S_MAX
from agent.states import State
from tests.agent.till import OTHER_SALE, SALE, Till

MANY = 1000


# the good road


def test_a_file_becomes_a_command_and_its_end_the_answer(till: Till) -> None:
    till.drop("bon 1.txt")
    till.look()
    (entry,) = till.commands()
    assert entry.id.startswith(f"{LOCAL}folder:dev_1:bon 1.txt:")
    assert (entry.kind, entry.state, entry.claimed) == ("print_receipt", State.QUEUED, 1)
    assert entry.expires_at_ms - till.clock.ms <= till.settings.ttl_s * 1000
    assert (till.dropped(), till.stage("taken")) == ([], ["bon 1.txt"])
    assert (till.answer("bon 1.txt"), till.woken) == (None, ["dev_1"])
    till.end(number=17)
    till.look()
    assert till.answer("bon 1.txt") == "BONOK=1\r\nNRBON=17\r\n"
    assert (till.stage("taken"), till.stage("done")) == ([], ["bon 1.txt"])
    assert os.listdir(till.answers) == ["bon 1.txt"]


def test_a_till_of_another_user_can_read_its_answer(till: Till) -> None:
    old = os.umask(0o077)  # as the service has it
    try:
        till.drop("bon.txt", "hello")
        till.look()
    finally:
        os.umask(old)
    assert stat.filemode((till.answers / "bon.txt").stat().st_mode) == "-rw-rw-r--"


def test_what_the_worker_rejects_is_answered_with_its_problem(till: Till) -> None:
    till.drop("bon.txt")
    till.look()
    till.end()
    till.look()
    assert till.error("bon.txt") == "PAYMENTS_SHORT"
    assert "Platile sunt mai mici decat totalul." in str(till.answer("bon.txt"))
    assert (till.stage("done"), till.stage("bad")) == ([], ["bon.txt"])


def test_what_is_held_for_a_person_is_answered_when_they_decided(till: Till) -> None:
    till.drop("bon.txt")
    till.look()
    entry = till.hold()
    till.look()
    assert till.answer("bon.txt") is None
    assert till.loop.sentence.endswith("1 file in work, 1 held for a person")
    till.ledger.operator_found(entry, {"receipt_number": 9}, {"by": "Ana", "why": "seen"})
    till.look()
    assert till.answer("bon.txt") == "BONOK=1\r\nNRBON=9\r\n"


def test_files_are_taken_in_the_order_they_were_written(till: Till) -> None:
    for age_s, name in ((1, "c.txt"), (3, "b.txt"), (2, "a.txt")):
        till.drop(name, age_s=age_s)
    till.look()
    names = [entry.id.split(":")[3] for entry in till.commands()]
    assert names == ["b.txt", "a.txt", "c.txt"]


def test_a_thousand_files_are_a_thousand_commands_and_answers(quick_path: Path) -> None:
    till = Till(quick_path)
    names = [f"{n}.txt" for n in range(MANY)]
    for n, name in enumerate(names):
        till.drop(name, f"S^Cafea^{n + 1}^1000^buc^1^1\nP^1^{n + 1}\n")
    till.look(1)
    till.clock.ms += int(SETTLE_S * 1000)
    assert till.step() is True  # a part of them: the loop must beat in between
    assert len(till.commands()) == BATCH_MAX
    till.look()
    assert len(till.commands()) == MANY == len(till.stage("taken"))
    for n in range(MANY):
        till.end(number=n)
    till.look()
    assert len(till.stage("done")) == MANY == len(os.listdir(till.answers))
    assert till.answer("999.txt") == "BONOK=1\r\nNRBON=999\r\n"
    till.close()


@pytest.mark.parametrize(
    "name", ["bon de casă nr. 7.txt", "чек.txt", "a'b\"c;d.txt", "BON.TXT", "%s.txt", "x:y.txt"]
)
def test_a_till_names_its_files_as_it_likes(till: Till, name: str) -> None:
    till.drop(name)
    till.look()
    till.end(number=5)
    till.look()
    assert till.answer(name) == "BONOK=1\r\nNRBON=5\r\n"


def test_a_name_in_an_old_code_page_is_answered_under_the_same_bytes(till: Till) -> None:
    name = os.fsdecode("ceai cu lămâie.txt".encode("cp1250"))
    till.drop(name)
    till.look()
    till.end(number=5)
    till.look()
    assert till.answer(name) == "BONOK=1\r\nNRBON=5\r\n"


def test_two_tills_may_use_the_same_names_for_the_same_sales(quick_path: Path) -> None:
    one = Till(quick_path / "1")
    two = Till(quick_path / "2", one.clock, quick_path / "1" / "ledger.sqlite3")
    for till in (one, two):
        till.drop("1.txt")
        till.look()
    assert len(one.commands()) == 2
    one.end(number=1)
    for till in (one, two):
        till.look()
    assert (one.answer("1.txt"), two.answer("1.txt")) == ("BONOK=1\r\nNRBON=1\r\n", None)
    one.close()
    two.close()


def test_other_files_are_left_alone(till: Till) -> None:
    for name in ("bon.tmp", "bon.inp", ".bon.txt", "~bon.txt", "readme"):
        till.drop(name)
    (till.folder / "a folder.txt").mkdir()
    (till.folder / "a link.txt").symlink_to(till.folder / "readme")
    till.look()
    assert (till.commands(), len(till.dropped())) == ([], 6)


def test_another_suffix_can_be_the_till_s(quick_path: Path) -> None:
    till = Till(quick_path, suffix=".bon")
    till.drop("1.BON")
    till.drop("2.txt")
    till.look()
    assert [entry.id.split(":")[3] for entry in till.commands()] == ["1.BON"]
    till.close()


def test_the_fprint_answer_stands_beside_the_file_with_its_own_suffix(quick_path: Path) -> None:
    till = Till(quick_path, format="fprint", answers=None)
    till.drop("bon.inp", "S,1,______,_,__;Ceai;3.50;1.000;1;1;1;0;0;buc\r\nT,1,______,_,__;\r\n")
    till.look()
    till.end(number=17)
    till.look()
    told = (till.folder / "bon.out").read_bytes().decode()
    assert told.endswith("T,1,000001,2,0 ;\r\nN,1,000001,3,0 ;17;4;\r\n")
    till.drop("bon.inp", "T,1,______,_,__;")
    till.look()
    assert "ERRCODE=NOTHING_SOLD" in (till.folder / "bon.err").read_text()
    assert not (till.folder / "bon.out").exists()
    till.close()


# whole or not


def test_a_file_that_grows_is_not_taken_until_it_rests(till: Till) -> None:
    for length in range(1, len(SALE), 7):
        till.drop("bon.txt", SALE[:length])
        till.look(1)
    assert till.commands() == []
    till.drop("bon.txt")
    till.look()
    (entry,) = till.commands()
    assert entry.state is State.QUEUED


def test_a_file_that_is_renamed_in_is_taken_after_the_same_rest(till: Till) -> None:
    till.drop("bon.tmp").rename(till.folder / "bon.txt")
    assert (till.step(), till.step(), till.commands()) == (False, False, [])
    till.clock.ms += int(SETTLE_S * 1000)
    till.step()
    assert len(till.commands()) == 1


@pytest.mark.parametrize("lock", [fcntl.flock, fcntl.lockf])
def test_a_file_that_is_locked_is_left_to_its_writer(
    till: Till, lock: Callable[[int, int], None]
) -> None:
    path = till.drop("bon.txt")
    with locked_elsewhere(path, lock):
        till.look()
        assert till.commands() == []
    till.look()
    assert len(till.commands()) == 1


@contextmanager
def locked_elsewhere(path: Path, lock: Callable[[int, int], None]) -> Iterator[None]:
    """Hold a lock in another process: `lockf` asks nobody in its own."""
    held, holding = os.pipe()
    release, releasing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(releasing)
        file = os.open(path, os.O_RDWR)
        lock(file, fcntl.LOCK_EX)
        os.write(holding, b".")
        os.read(release, 1)
        os._exit(0)
    os.read(held, 1)
    yield
    for descriptor in (releasing, release, held, holding):
        os.close(descriptor)
    os.waitpid(child, 0)


def test_an_empty_file_may_still_be_filled_and_is_answered_when_nobody_does(till: Till) -> None:
    till.drop("bon.txt", "")
    till.drop("holes.txt", SALE[:9].encode() + bytes(20))
    till.look()
    assert (till.commands(), till.stage("taken")) == ([], [])
    till.clock.ms += int(UNFINISHED_S_MAX * 1000)
    till.look()
    assert (till.error("bon.txt"), till.error("holes.txt")) == ("FILE_EMPTY", "NOT_TEXT")


# bad files


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"hello", "UNSUPPORTED_LINE"),
        (b"RF^01/01/2026 00:00:00^02/01/2026 00:00:00^C:\\mf", "UNSUPPORTED_LINE"),
        (b"S^A^100^1000^buc^4^1\nP^1^100", "VAT_GROUP_NOT_MAPPED"),
        (b"\x81\x83\x88", "NOT_TEXT"),
        (b"TL^x\n" * (FILE_BYTES_MAX // 5 + 1), "FILE_TOO_LARGE"),
    ],
)
def test_a_bad_file_is_answered_and_kept_and_written_down(
    till: Till, raw: bytes, code: str
) -> None:
    till.drop("bon.txt", raw)
    till.look()
    assert till.error("bon.txt") == code
    assert (till.dropped(), till.stage("bad")) == ([], ["bon.txt"])
    (kept,) = (till.folder / "bad").iterdir()
    assert kept.read_bytes() == raw
    (entry,) = till.commands()
    assert entry.state is State.REJECTED


def test_what_lay_there_while_nobody_looked_is_not_printed_by_surprise(till: Till) -> None:
    till.drop("old.txt", age_s=till.settings.ttl_s + 1)
    till.drop("new.txt", age_s=till.settings.ttl_s - 10)
    till.look()
    assert till.error("old.txt") == "EXPIRED"
    assert till.stage("taken") == ["new.txt"]


def test_a_clock_that_is_wrong_elsewhere_hurts_nobody_while_we_look(till: Till) -> None:
    till.look()
    till.drop("late.txt", age_s=9999)
    till.drop("early.txt", age_s=-9999)
    till.look()
    assert till.stage("taken") == ["early.txt", "late.txt"]


# names that come back


def test_the_same_file_dropped_again_is_answered_again_and_not_printed_again(till: Till) -> None:
    for _ in range(2):  # while it is in work
        till.drop("bon.txt")
        till.look()
    till.end(number=17)
    till.look()
    (till.answers / "bon.txt").unlink()  # the till has read it
    till.drop("bon.txt")  # and lost it
    till.look()
    assert till.answer("bon.txt") == "BONOK=1\r\nNRBON=17\r\n"
    assert (len(till.commands()), till.stage("done")) == (1, ["bon.txt"])


def test_another_file_of_the_same_name_is_a_new_command_after_the_first_ended(till: Till) -> None:
    till.drop("bon.txt")
    till.look()
    till.end(number=17)
    till.look()
    till.drop("bon.txt", OTHER_SALE)
    till.look()
    assert till.answer("bon.txt") is None, "the old answer is not the new one's"
    till.end(number=18)
    till.look()
    assert till.answer("bon.txt") == "BONOK=1\r\nNRBON=18\r\n"
    assert (len(till.commands()), till.stage("done")) == (2, ["bon.txt", "bon.txt"])


def test_another_file_of_a_name_in_work_is_refused_and_can_come_again_later(till: Till) -> None:
    till.drop("bon.txt")
    till.look()
    till.drop("bon.txt", OTHER_SALE)
    till.look()
    assert till.error("bon.txt") == "NAME_IN_USE"
    assert (till.stage("taken"), till.stage("bad")) == (["bon.txt"], ["bon.txt"])
    till.end(number=17)
    till.look()
    assert till.answer("bon.txt") == "BONOK=1\r\nNRBON=17\r\n"
    till.drop("bon.txt", OTHER_SALE)
    till.look()
    assert [entry.state for entry in till.commands()] == [State.ISSUED, State.QUEUED]


def test_a_till_that_has_one_name_sells_the_same_twice_and_waits_for_its_turn(
    quick_path: Path,
) -> None:
    till = Till(quick_path, names="reused")
    till.drop("cashfile.txt")
    till.look()
    till.clock.ms += 1
    till.drop("cashfile.txt")  # the same coffee for the next in the queue
    till.look()
    assert (len(till.commands()), till.dropped()) == (1, ["cashfile.txt"])
    till.end(number=1)
    till.look()
    assert (len(till.commands()), till.answer("cashfile.txt")) == (2, None)
    till.end(number=2)
    till.look()
    assert till.answer("cashfile.txt") == "BONOK=1\r\nNRBON=2\r\n"
    till.close()


def test_a_till_that_has_one_name_goes_on_after_one_that_is_held(quick_path: Path) -> None:
    till = Till(quick_path, names="reused")
    till.drop("cashfile.txt")
    till.look()
    till.hold()
    till.look()
    assert till.error("cashfile.txt") == "HELD"
    till.drop("cashfile.txt", OTHER_SALE)
    till.look()
    till.end(number=2)
    till.look()
    assert till.answer("cashfile.txt") == "BONOK=1\r\nNRBON=2\r\n"
    till.close()
