"""FiscalNet's folders: what the disk proves, and folders and answers as they should not be."""

import errno
import fcntl
import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.base import FiscalPrinter
from drivers.errors import ContactLost, NotStarted
from drivers.faults import Fault
from drivers.fiscalnet import folder as fiscalnet_folder
from drivers.fiscalnet.folder import FiscalNetFolder, Trail
from tests.agent.folder.fiscalnet_shop import Shop
from tests.drivers.receipts import TWO_LINES

NAME = "amef-7F3A91C2"


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    made.start()
    yield made
    made.close()


@pytest.fixture
def printer(shop: Shop) -> FiscalPrinter:
    shop.printer.open(last_sequence=None)
    return shop.printer


# --- what the disk proves


def trail(shop: Shop, begun_ms: int | None = None) -> Trail:
    return shop.folder.trail(NAME, begun_ms=shop.clock.ms if begun_ms is None else begun_ms)


def test_the_trail_of_a_file_says_how_far_it_came(shop: Shop, printer: FiscalPrinter) -> None:
    assert trail(shop) is Trail.NEVER
    shop.folder.drop(NAME, b"X^\r\n")
    assert trail(shop) is Trail.LIES
    assert shop.folder.take_back(NAME)
    assert trail(shop) is Trail.BACK
    assert not shop.folder.take_back(NAME)
    shop.folder.drop(NAME, b"X^\r\n")
    (shop.base / "Bonuri" / f"{NAME}.txt").unlink()
    assert trail(shop) is Trail.GONE


def test_after_a_power_cut_nothing_proves_that_a_file_was_not_taken(
    shop: Shop, printer: FiscalPrinter
) -> None:
    shop.folder.drop(NAME, b"X^\r\n")
    (shop.base / "Amef" / f"{NAME}.note").write_text("another run of this machine")
    assert trail(shop) is Trail.LIES
    shop.folder.take_back(NAME)
    assert trail(shop) is Trail.GONE


def test_a_folder_that_was_away_proves_nothing_any_more(shop: Shop, printer: FiscalPrinter) -> None:
    shop.folder.drop(NAME, b"X^\r\n")
    away = shop.base.rename(shop.base.with_name("away"))
    with pytest.raises(ContactLost) as caught:
        printer.status()
    assert caught.value.fault is Fault.FOLDER_UNUSABLE
    away.rename(shop.base)
    shop.folder.take_back(NAME)
    assert trail(shop) is Trail.GONE


def test_a_folder_of_ours_that_was_made_anew_has_forgotten_what_was_before(
    shop: Shop, printer: FiscalPrinter
) -> None:
    begun_ms = printer.counters().document_number
    shop.stop()
    (shop.base / "Amef").rename(shop.base / "Amef.old")
    shop.clock.ms += 60_000
    shop.start()
    shop.printer.open(last_sequence=None)
    assert trail(shop, begun_ms) is Trail.GONE
    assert trail(shop, shop.printer.counters().document_number) is Trail.NEVER


def test_a_file_that_somebody_read_is_not_taken_back_as_if_nobody_had(
    shop: Shop, printer: FiscalPrinter
) -> None:
    shop.folder.drop(NAME, b"X^\r\n")
    out = shop.base / "Bonuri" / f"{NAME}.txt"
    assert out.stat().st_atime_ns < out.stat().st_mtime_ns
    out.read_bytes()
    if out.stat().st_atime_ns < out.stat().st_mtime_ns:
        pytest.skip("this disk does not keep when a file was read")
    shop.folder.take_back(NAME)
    assert trail(shop) is Trail.GONE


def test_only_the_oldest_traces_are_removed_and_never_those_of_the_last_file(
    shop: Shop, printer: FiscalPrinter
) -> None:
    ours = shop.base / "Amef"
    for number in range(fiscalnet_folder.KEPT_MAX + 20):
        path = ours / f"amef-{number}.note"
        path.write_text("x")
        os.utime(path, (number, number))
    shop.folder.drop(NAME, b"X^\r\n")
    kept = {path.name for path in ours.iterdir()}
    assert f"{NAME}.note" in kept
    assert {"lock", "since"} < kept
    assert "amef-0.note" not in kept
    assert len(kept) <= fiscalnet_folder.KEPT_MAX + 2


def test_what_is_dropped_can_be_read_and_removed_by_others(
    shop: Shop, printer: FiscalPrinter
) -> None:
    before = os.umask(0o077)
    try:
        shop.folder.drop(NAME, b"X^\r\n")
    finally:
        os.umask(before)
    assert (shop.base / "Bonuri" / f"{NAME}.txt").stat().st_mode & 0o777 == 0o664


# --- folders and answers as they should not be


def opened(base: Path) -> None:
    FiscalNetFolder(base).open(0)


@pytest.mark.parametrize("missing", ["", "Bonuri", "Raspuns"])
def test_a_folder_that_is_missing_is_named(tmp_path: Path, missing: str) -> None:
    for name in {"Bonuri", "Raspuns"} - {missing}:
        (tmp_path / "till" / name).mkdir(parents=True)
    base = tmp_path / "till" if missing else tmp_path / "nowhere"
    with pytest.raises(NotStarted) as caught:
        opened(base)
    assert caught.value.fault is Fault.FOLDER_UNUSABLE
    assert str(base / missing) in str(caught.value)


def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "Bonuri").write_text("")
    (tmp_path / "Raspuns").mkdir()
    with pytest.raises(NotStarted, match="Bonuri"):
        opened(tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    for name in ("Bonuri", "Raspuns"):
        (tmp_path / name).mkdir()
    (tmp_path / "Bonuri").chmod(0o555)
    with pytest.raises(NotStarted, match="Bonuri"):
        opened(tmp_path)


def test_folders_on_two_disks_are_refused_for_a_file_could_be_seen_half(tmp_path: Path) -> None:
    memory = Path("/dev/shm")
    if not os.access(memory, os.W_OK) or memory.stat().st_dev == tmp_path.stat().st_dev:
        pytest.skip("there is no second disk here")
    (tmp_path / "Raspuns").mkdir()
    with tempfile.TemporaryDirectory(dir=memory) as elsewhere:
        (tmp_path / "Bonuri").symlink_to(elsewhere)
        with pytest.raises(NotStarted, match="another disk"):
            opened(tmp_path)


def test_two_agents_do_not_share_a_fiscalnet(shop: Shop, printer: FiscalPrinter) -> None:
    with pytest.raises(NotStarted) as caught:
        opened(shop.base)
    assert caught.value.fault is Fault.PORT_BUSY
    printer.close()
    opened(shop.base)


class FullDisk(FiscalNetFolder):
    """A disk that takes nothing any more, from the n-th thing on."""

    left = 0

    def _do(self, operation: Callable[..., Any], *arguments: Any) -> None:
        if self.left <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self.left -= 1
        super()._do(operation, *arguments)


@pytest.mark.parametrize("left", range(6))
def test_a_disk_that_is_full_lets_no_half_file_be_seen(shop: Shop, left: int) -> None:
    folder = FullDisk(shop.base)
    folder.open(shop.clock.ms)
    folder.left = left
    with pytest.raises(ContactLost, match="No space left") as caught:
        folder.drop(NAME, b"X^\r\n")
    assert caught.value.fault is Fault.FOLDER_UNUSABLE
    assert shop.dropped() == []
    folder.close()


ANSWER = b"BONOK=1\r\nNRBON=17\r\n"


def locked(path: Path) -> int:
    path.write_bytes(ANSWER)
    held = os.open(path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    return held


def linked(path: Path) -> None:
    path.with_name("else").write_bytes(ANSWER)
    path.symlink_to(path.with_name("else"))


UNREADABLE: dict[str, Callable[[Path], Any]] = {
    "empty": lambda path: path.write_bytes(b""),
    "locked": locked,
    "a folder": lambda path: path.mkdir(),
    "a link": linked,
    "a pipe": os.mkfifo,
}


@pytest.mark.parametrize("how", UNREADABLE)
def test_an_answer_that_cannot_be_read_is_one_all_the_same(
    shop: Shop, printer: FiscalPrinter, how: str
) -> None:
    held = UNREADABLE[how](shop.base / "Raspuns" / f"{NAME}.txt")
    assert shop.folder.answer(NAME) == b""
    if how == "locked":
        os.close(held)
        assert shop.folder.answer(NAME) == ANSWER


def test_of_a_huge_answer_only_the_beginning_is_read(shop: Shop, printer: FiscalPrinter) -> None:
    (shop.base / "Raspuns" / f"{NAME}.txt").write_bytes(b"x" * 50_000_000)
    assert len(shop.folder.answer(NAME) or b"") < 10_000


def test_foreign_files_are_left_alone_and_told_when_nobody_takes_them(
    shop: Shop, printer: FiscalPrinter
) -> None:
    shop.bridge.is_gone = True
    others = [shop.base / "Bonuri" / name for name in ("pos.txt", "bon.TXT", "note.doc")]
    others += [shop.base / "Raspuns" / "pos.txt", shop.base / "Amef" / "readme"]
    for path in others:
        path.write_bytes(b"S^Paine^1^1000^buc^1^1\r\n")
    assert printer.status().conditions == ()
    shop.clock.ms += 25_000
    assert printer.status().blocking == (Fault.NO_ANSWER,)
    shop.start_fiscalnet()
    for _ in range(10):
        shop.pass_ms(100)
    assert printer.status().conditions == ()
    printer.issue_receipt(TWO_LINES)
    assert (shop.base / "Amef" / "readme").exists()
    assert (shop.base / "Bonuri" / "note.doc").exists()
