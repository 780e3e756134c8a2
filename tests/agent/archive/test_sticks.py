"""Sticks and cards: what is new is taken and said; nothing that lies there does any harm."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.archive import looking, places
from agent.archive.places import mounted
from tests.agent.archive import signed_files
from tests.agent.archive.shelf import NUI, OTHER_NUI, Shelf, day, register

PHOTO = b"\xff\xd8\xff\xe0" + b"picture" * 50


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.close()


# sticks


def test_a_stick_that_is_plugged_in_is_read_and_told(shelf: Shelf) -> None:
    shelf.look()
    shelf.plug_in("STICK", {"a.p7b": day(1), "b.p7b": day(2), "Perioada.p7b": register(1, 2)})
    shelf.look()
    assert shelf.zs() == [1, 2]
    (told,) = shelf.told()
    assert told["origin"] == str(shelf.media / "STICK")
    assert (told["counts"], told["refused"], told["cut"]) == ({"new": 3}, {}, "")
    assert shelf.loop.notes == (f"{shelf.media}/STICK: 3 new, 0 known",)
    assert shelf.loop.sentence == "0 folders and 1 stick are looked at"


def test_plugged_in_again_it_brings_only_what_is_new(shelf: Shelf) -> None:
    stick = shelf.plug_in("STICK", {"a.p7b": day(1)})
    shelf.look()
    shelf.unplug()
    shelf.look()
    (stick / "b.p7b").write_bytes(day(2))
    shelf.mount(stick)
    shelf.look()
    assert shelf.zs() == [1, 2]
    assert [told["counts"] for told in shelf.told()] == [{"new": 1}, {"known": 1, "new": 1}]
    assert shelf.loop.notes[-1] == f"{stick}: 1 new, 1 known"


def test_a_stick_is_read_once_while_it_is_plugged_in(shelf: Shelf) -> None:
    shelf.plug_in("STICK", {"a.p7b": day(1)})
    shelf.look()
    shelf.wait_s(3600)
    shelf.look()
    assert len(shelf.told()) == 1


def test_a_stick_without_one_of_ours_is_told_too(shelf: Shelf) -> None:
    shelf.plug_in("STICK", {"holiday.jpg": PHOTO, "notes.txt": b"x" * 500})
    shelf.look()
    assert shelf.loop.notes == (f"{shelf.media}/STICK: 0 new, 0 known",)
    assert shelf.told()[0]["counts"] == {}


def test_nothing_is_written_to_a_stick_not_even_when_it_was_read(shelf: Shelf) -> None:
    stick = shelf.plug_in("STICK", {"a.p7b": day(1), "photos/1.jpg": PHOTO})
    files = [stick / "a.p7b", stick / "photos/1.jpg"]
    for file in files:
        os.utime(file, (1_000_000_000, 1_700_000_000))
    before = [(os.stat(file), file.read_bytes()) for file in files]
    for file, (about, _) in zip(files, before, strict=True):
        os.utime(file, ns=(about.st_atime_ns, about.st_mtime_ns))
    shelf.look()
    assert shelf.zs() == [1]
    for file, (about, _) in zip(files, before, strict=True):
        now = os.stat(file)
        assert (now.st_atime_ns, now.st_mtime_ns) == (about.st_atime_ns, about.st_mtime_ns)
    assert sorted(path.name for path in stick.rglob("*")) == ["1.jpg", "a.p7b", "photos"]


@pytest.mark.parametrize(
    "name",
    [
        "Bon fiscal octombrie.p7b",
        "ănul 2026/țară/șapte.P7B",
        "with\nnewline.p7b",
        "no suffix at all",
        "renamed.xml",
        "a/b/c/d/e/f/g/h/i.p7s",
    ],
)
def test_a_file_is_found_whatever_its_name_is(shelf: Shelf, name: str) -> None:
    shelf.plug_in("MY STICK", {name: day(1)})
    shelf.look()
    assert shelf.zs() == [1]


def test_a_name_that_is_no_text_is_written_down_as_numbers(shelf: Shelf) -> None:
    stick = shelf.plug_in("STICK")
    with open(os.fsencode(stick) + b"/\xff\xfe.p7b", "wb") as file:
        file.write(day(1))
    shelf.look()
    (filed,) = shelf.index.documents()
    assert filed.document.name == "\\xff\\xfe.p7b"


def test_two_devices_on_one_stick_are_kept_apart_and_said(shelf: Shelf) -> None:
    shelf.plug_in("STICK", {"a.p7b": day(1), "b.p7b": day(1, nui=OTHER_NUI)})
    shelf.look()
    assert (shelf.zs(NUI), shelf.zs(OTHER_NUI)) == ([1], [1])
    assert shelf.loop.notes[1] == f"{shelf.media}/STICK: 1 of a device that is not configured"
    assert shelf.told()[0]["counts"] == {"new": 2, "FOREIGN_NUI": 1}


def test_a_second_file_of_a_z_is_said(shelf: Shelf) -> None:
    shelf.plug_in("STICK", {"a.p7b": day(1, 100), "b.p7b": day(1, 200)})
    shelf.look()
    assert shelf.loop.notes[1] == f"{shelf.media}/STICK: 1 of a Z that is there already"


def test_a_damaged_file_among_them_is_counted_and_named(shelf: Shelf) -> None:
    xml = signed_files.EXAMPLE
    damaged = signed_files.sign(xml, told=xml.replace("33.20", "33.21").encode())
    shelf.plug_in("STICK", {"a.p7b": day(1), "b.p7b": damaged})
    shelf.look()
    stick = f"{shelf.media}/STICK"
    assert shelf.loop.notes == (
        f"{stick}: 2 new, 0 known",
        f"{stick}: 1 kept, but not right",
        f"{stick}: b.p7b is kept, but not right: DIGEST_DIFFERS",
    )
    assert shelf.told()[0]["odd"] == {"b.p7b": "DIGEST_DIFFERS"}
    assert shelf.told()[0]["counts"] == {"new": 2, "odd": 1}


def test_a_file_of_the_year_one_does_not_end_the_look(shelf: Shelf) -> None:
    odd = signed_files.sign(signed_files.EXAMPLE.replace("20261005214217", "00010101000000"))
    shelf.plug_in("STICK", {"a.p7b": odd, "b.p7b": day(1)})
    shelf.look()
    assert shelf.zs() == [1, 413]
    assert "CERTIFICATE_NOT_VALID_THEN" in shelf.told()[0]["odd"]["a.p7b"]


def test_files_that_only_have_the_name_are_named_with_what_is_wrong(shelf: Shelf) -> None:
    files = {"cut.p7b": day(1)[:-50], "empty.p7b": b"", "page.p7b": b"<html>", "ok.p7b": day(2)}
    shelf.plug_in("STICK", files)
    shelf.look()
    (told,) = shelf.told()
    assert told["counts"] == {"new": 1, "refused": 3}
    assert told["refused"] == {
        "cut.p7b": "TRUNCATED",
        "empty.p7b": "EMPTY",
        "page.p7b": "XML_UNSIGNED",
    }
    assert shelf.loop.notes[1:] == (
        f"{shelf.media}/STICK: 3 refused",
        f"{shelf.media}/STICK: cut.p7b is refused: TRUNCATED",
    )


def test_no_link_is_followed_no_pipe_opened_and_no_waste_basket_searched(
    shelf: Shelf, tmp_path: Path
) -> None:
    (tmp_path / "secret.p7b").write_bytes(day(9))
    stick = shelf.plug_in("STICK", {".Trash-1000/a.p7b": day(1), "$RECYCLE.BIN/b.p7b": day(2)})
    (stick / "link.p7b").symlink_to(tmp_path / "secret.p7b")
    (stick / "round").symlink_to(stick)
    os.mkfifo(stick / "pipe.p7b")
    (stick / "System Volume Information").mkdir()
    (stick / "System Volume Information/c.p7b").write_bytes(day(3))
    shelf.look()
    assert shelf.zs() == []
    assert shelf.told()[0]["counts"] == {}


def test_a_file_above_the_largest_day_is_refused_unread(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "FILE_BYTES_MAX", 1000)
    shelf.plug_in("STICK", {"film.p7b": day(1) + bytes(100_000), "film.avi": bytes(100_000)})
    shelf.look()
    assert shelf.told()[0]["counts"] == {"refused": 1}


def test_a_place_without_end_is_left_at_the_limit_and_that_is_said(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(places, "ENTRIES_MAX", 30)
    monkeypatch.setattr(places, "DEPTH_MAX", 2)
    files = {f"a/{number:03}.jpg": PHOTO for number in range(40)}
    shelf.plug_in("WIDE", files | {"b/a.p7b": day(1)})
    shelf.plug_in("DEEP", {"a/b/c/d.p7b": day(2), "e.p7b": day(3)})
    shelf.look()
    assert shelf.zs() == [3]
    wide, deep = shelf.told()
    assert wide["passed_over"] == ["more than 30 files and folders: the rest is not read"]
    assert deep["passed_over"][0].startswith("more than 2 folders deep")


def test_a_full_stick_is_read_in_short_steps(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(type(shelf.clock)):  # type: ignore[misc]
        """Each look at it costs a tenth of a second."""

        def monotonic_s(self) -> float:
            self.ms += 100
            return self.ms / 1000

    shelf.clock = Slow()
    shelf.open()
    shelf.plug_in("STICK", {f"{z:03}.p7b": day(z) for z in range(1, 41)})
    before, steps, longest = shelf.clock.ms, 0, 0
    while shelf.loop.step() or shelf.zs() != [*range(1, 41)]:
        longest, before = max(longest, shelf.clock.ms - before), shelf.clock.ms
        steps += 1
        assert steps < 200
    assert steps > 3
    assert longest < 2 * looking.STEP_S_MAX * 1000
    assert "reading" in shelf.loop.sentence or shelf.loop.notes


def test_a_stick_that_is_pulled_out_in_the_middle_costs_only_the_rest(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick = shelf.plug_in("STICK", {f"{z:02}.p7b": day(z) for z in range(1, 9)})
    taken = shelf.intake.take

    def pulled(name: str, content: bytes, origin: str) -> object:
        done = taken(name, content, origin)
        if name == "03.p7b":
            shutil.rmtree(stick)
            shelf.unplug()
        return done

    monkeypatch.setattr(shelf.intake, "take", pulled)
    shelf.look()
    assert shelf.zs() == [1, 2, 3]
    (told,) = shelf.told()
    assert (told["counts"], bool(told["cut"])) == ({"new": 3}, True)
    monkeypatch.undo()
    shelf.plug_in("STICK", {f"{z:02}.p7b": day(z) for z in range(1, 9)})
    shelf.look()
    assert shelf.zs() == [*range(1, 9)]
    assert shelf.told()[1]["counts"] == {"known": 3, "new": 5}


def test_a_stick_that_is_pulled_out_while_it_is_waited_for_is_told(shelf: Shelf) -> None:
    shelf.plug_in("STICK", {"a.p7b": day(1)})
    shelf.loop.step()
    shelf.unplug()
    shelf.look()
    assert shelf.zs() == []
    assert shelf.loop.sentence == "0 folders and 0 sticks are looked at"


# which mounts


def test_only_what_is_mounted_below_and_of_a_stick_s_kind_is_a_stick(tmp_path: Path) -> None:
    table = tmp_path / "mountinfo"
    table.write_bytes(
        b"21 1 254:0 / / rw - ext4 /dev/root rw\n"
        b"36 21 8:17 / /media/ana/USB\\040DISK rw,nosuid shared:7 master:2 - vfat /dev/sdb1 rw\n"
        b"37 21 8:33 / /run/media/ana/\xc8\x9aar\xc4\x83 ro - exfat /dev/sdc1 ro\n"
        b"38 21 0:50 / /mnt/server rw - nfs4 server:/all rw\n"
        b"39 21 0:51 / /mnt/share rw - cifs //server/all rw\n"
        b"40 21 8:49 / /srv/disk rw - ext4 /dev/sdd1 rw\n"
        b"41 21 8:17 / /media/bind rw - vfat /dev/sdb1 rw\n"
        b"42 21 0:60 / /media rw - tmpfs tmpfs rw\n"
        b"broken line\n\n"
    )
    below = [Path("/media"), Path("/run/media"), Path("/mnt")]
    found = mounted(below, table)
    assert [str(each.point) for each in found] == ["/media/bind", "/run/media/ana/Țară"]


def test_the_real_table_of_mounts_can_be_read() -> None:
    assert mounted([Path("/media"), Path("/nowhere")]) is not None


def test_a_table_that_cannot_be_read_is_said_and_stops_nothing(shelf: Shelf) -> None:
    shelf.table.unlink()
    assert shelf.loop.step() is False
    assert shelf.loop.sentence == f"No such file or directory: {shelf.table}"
    shelf.table.touch()
    shelf.loop.step()
    assert "are looked at" in shelf.loop.sentence


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Path]:
    """A real file system that is mounted below `media`; where nobody may mount, no test."""
    disk, point = tmp_path / "disk", tmp_path / "media" / "REAL STICK"
    make = shutil.which("mkfs.ext4", path=f"{os.environ['PATH']}:/usr/sbin")
    if make is None or os.geteuid() != 0:
        pytest.skip("nobody here may mount")
    point.mkdir(parents=True)
    disk.write_bytes(bytes(16 * 1024 * 1024))
    subprocess.run([make, "-q", disk], check=True, capture_output=True)
    mount = ["mount", "-o", "loop", disk, point]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("nobody here may mount")
    yield point
    subprocess.run(["umount", point], check=False, capture_output=True)


def test_a_real_stick_is_noticed_read_and_missed(tmp_path: Path, image: Path) -> None:
    (image / "octombrie țară").mkdir()
    (image / "octombrie țară" / "5000001234_Z0001.p7b").write_bytes(day(1))
    shelf = Shelf(tmp_path)
    shelf.table = places.MOUNT_TABLE
    shelf.open()
    shelf.look()
    assert shelf.zs() == [1]
    assert shelf.loop.sentence == "0 folders and 1 stick are looked at"
    subprocess.run(["umount", image], check=True)
    shelf.look()
    assert shelf.loop.sentence == "0 folders and 0 sticks are looked at"
    shelf.close()
