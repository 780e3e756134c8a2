"""Signed files taken in: verbatim, once, whose they are, and what is wrong with them."""

import os
import tomllib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import date, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agent import disk
from agent.archive.certificate.certificate import certify
from agent.archive.certificate.holding import Known, gather
from agent.archive.index import Noted, Wanted
from agent.archive.inspection import verify
from agent.archive.intake import Intake, Outcome
from agent.archive.keeping import ArchiveKeeping
from agent.archive.signed.refusals import NotSigned
from agent.archive.sorts import Sort, Source
from agent.archive.store import Store
from agent.ledger_file import LEDGER_FILE
from config.settings import Settings
from tests.agent.archive import signed_files
from tests.agent.archive.shelf import (
    FIRST_Z_AT,
    NUI,
    OTHER_NUI,
    SERIAL,
    Shelf,
    codes,
    day,
    register,
)
from tests.agent.clocks import FakeClock

UNREADABLE = "ATTRIBUTE_UNREADABLE"


def broken(z: int, *, spoil: bool = False) -> bytes:
    """A day that was changed after it was signed; `spoil`: not signed with the device's key."""
    at = FIRST_Z_AT + timedelta(days=z)
    other = signed_files.day_xml(z, at, [9990])
    if spoil:
        return signed_files.sign(other, spoil=True)
    return signed_files.sign(signed_files.day_xml(z, at, [1210]), told=other.encode())


@pytest.fixture
def shelf(tmp_path: Path) -> Iterator[Shelf]:
    made = Shelf(tmp_path)
    yield made
    made.close()


def test_a_day_is_kept_byte_for_byte_with_what_it_says(shelf: Shelf) -> None:
    content = day(412, 1210, 2420, part=100)
    taken = shelf.intake.take("5000001234_Z0412.p7b", content, "/media/STICK/10 2026")
    assert taken.outcome is Outcome.NEW
    document = taken.filed.document
    assert shelf.store.read(document.sha256) == content
    assert document.sha256 == sha256(content).hexdigest()
    assert (document.sort, document.owner, document.device_id) == (Sort.SIGNED_DAY, NUI, "dev_1")
    assert (document.z_first, document.z_last) == (412, 412)
    assert (document.name, document.origin) == ("5000001234_Z0412.p7b", "/media/STICK/10 2026")
    assert (document.bytes, document.at) == (len(content), "2026-10-06T21:42:17")
    assert document.facts["signature"] == "intact"
    (event,) = shelf.events("archived")
    assert (event.device_id, event.data["sha256"]) == ("dev_1", document.sha256)


def test_the_figures_of_its_z_are_noted(shelf: Shelf) -> None:
    shelf.intake.take("a.p7b", day(412, 1210, 2420), "here")
    (row,) = shelf.index.z_rows(NUI)
    assert (row.source, row.figures.z_number, row.figures.total) == (Source.SIGNED, 412, 3630)
    assert row.figures.receipts == 2
    assert shelf.index.note_z(NUI, Source.SIGNED, row.figures) is Noted.SAME


def test_a_register_is_found_in_the_month_it_is_of(shelf: Shelf) -> None:
    shelf.intake.take("Perioada_raportare.p7b", register(407, 437), "here")
    (found,) = shelf.index.documents(Wanted(sort=Sort.SIGNED_REGISTER, month="2026-10"))
    assert (found.document.z_first, found.document.z_last) == (407, 437)
    assert found.document.at.startswith("2026-11")
    assert shelf.index.z_rows(NUI) == []


@pytest.mark.parametrize(
    ("said", "code"),
    [("", ""), (' an="2026"', "ATTRIBUTE_MISSING"), (' an="2026" luna="13"', UNREADABLE)],
    ids=["none", "half", "thirteenth"],
)
def test_a_register_that_says_no_month_is_of_that_of_its_days(
    shelf: Shelf, said: str, code: str
) -> None:
    xml = signed_files.register_xml(407, 437).replace(' an="2026" luna="10"', said)
    taken = shelf.intake.take("Perioada_raportare.p7b", signed_files.sign(xml), "here")
    assert (taken.filed.document.facts["period"], code in (*taken.codes, "")) == (None, True)

    def months() -> list[str]:
        asked = ("2026-10", "2026-11")
        each = [Wanted(sort=Sort.SIGNED_REGISTER, month=month) for month in asked]
        return [want.month or "" for want in each if shelf.index.documents(want)]

    assert months() == ["2026-11"]  # nothing better is known than when it was made
    shelf.intake.take("a.p7b", day(412), "here")
    shelf.intake.take("b.p7b", day(412, nui=OTHER_NUI), "here")
    assert months() == ["2026-10"]


def test_the_same_file_again_is_nothing_new_whatever_it_is_called(shelf: Shelf) -> None:
    first = shelf.intake.take("a.p7b", day(412), "here")
    again = shelf.intake.take("copy of a.p7b", day(412), "there")
    assert (again.outcome, again.filed) == (Outcome.KNOWN, first.filed)
    assert len(shelf.events("archived")) == 1
    assert len([*shelf.store.all()]) == 1


def test_another_file_of_the_same_z_is_kept_beside_it_and_says_so(shelf: Shelf) -> None:
    first = shelf.intake.take("a.p7b", day(412, 1210), "here")
    shelf.wait_s(1)
    second = shelf.intake.take("b.p7b", day(412, 2420), "here")
    assert "DUPLICATE_Z" not in first.codes
    (finding,) = [f for f in second.filed.document.facts["findings"] if f["code"] == "DUPLICATE_Z"]
    assert finding["place"] == "Z 412"
    assert f"document {first.filed.id} is of the same Z, with other content" in finding["sentence"]
    assert shelf.zs() == [412, 412]
    assert [row.figures.total for row in shelf.index.z_rows(NUI, 412, 412)] == [1210, 2420]
    (event,) = shelf.events("archived")[1:]
    assert "DUPLICATE_Z" in codes(event.data)


def test_the_same_day_in_another_envelope_is_told_from_another_day(shelf: Shelf) -> None:
    shelf.intake.take("a.p7b", day(412), "here")
    second = shelf.intake.take("b.p7b", day(412, part=64), "here")
    (finding,) = [f for f in second.filed.document.facts["findings"] if f["code"] == "DAY_COPY"]
    assert "in another envelope" in finding["sentence"]
    assert "DUPLICATE_Z" not in second.codes
    assert len(shelf.index.z_rows(NUI)) == 1


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["whole first", "broken first"])
@pytest.mark.parametrize("spoiled", [broken(412), broken(412, spoil=True)], ids=["byte", "key"])
def test_the_figures_of_a_damaged_file_are_not_noted(
    shelf: Shelf, spoiled: bytes, order: tuple[int, int]
) -> None:
    for each in order:
        shelf.intake.take("a.p7b", (day(412), spoiled)[each], "here")
    assert [row.figures.total for row in shelf.index.z_rows(NUI)] == [1210]
    found = [code for filed in shelf.index.documents() for code in codes(filed.document.facts)]
    assert ("DAY_COPY" in found, "DUPLICATE_Z" in found) == (True, False)
    missing = [each.code for each in verify(shelf.store, shelf.index).wrong]
    assert "FIGURES_MISSING" not in missing
    known = [Known("dev_1", SERIAL, NUI)]
    (holding,) = gather(shelf.index, known)
    owner = certify([holding], date(2026, 10, 7), ZoneInfo("UTC")).owners[0]
    assert [(each.code, each.place) for each in owner.remarks if each.breaks] == []
    assert ("Z_FILED_AGAIN", "Z 412") in [(each.code, each.place) for each in owner.remarks]


@pytest.mark.parametrize("moment", ["00010101000000", "99991231235959"])
def test_a_moment_at_the_end_of_the_calendar_is_a_finding_and_no_more(
    shelf: Shelf, moment: str
) -> None:
    xml = signed_files.EXAMPLE.replace("20261005214217", moment)
    taken = shelf.intake.take("a.p7b", signed_files.sign(xml), "here")
    assert "CERTIFICATE_NOT_VALID_THEN" in taken.codes
    assert taken.filed.document.facts["period"] == f"{moment[:4]}-{moment[4:6]}"


def test_what_nobody_foresaw_in_a_file_is_held_to_that_file(shelf: Shelf) -> None:
    """A certificate of another kind stands for whatever our reader does not expect."""
    odd: Any = (object(),)
    intake = Intake(shelf.store, shelf.index, shelf.settings.device, odd)
    with pytest.raises(NotSigned, match="AttributeError") as error:
        intake.take("a.p7b", day(1), "here")
    assert error.value.code == "READER_FAILED"


def test_a_second_register_of_a_month_is_no_duplicate(shelf: Shelf) -> None:
    shelf.intake.take("a.p7b", register(407, 437), "here")
    second = shelf.intake.take("b.p7b", register(407, 436), "here")
    assert "DUPLICATE_Z" not in second.codes


def test_a_foreign_device_is_kept_apart(shelf: Shelf) -> None:
    taken = shelf.intake.take("a.p7b", day(412, nui=OTHER_NUI), "here")
    assert taken.filed.document.device_id == ""
    (finding,) = [f for f in taken.filed.document.facts["findings"] if f["code"] == "FOREIGN_NUI"]
    assert OTHER_NUI in finding["sentence"]
    (event,) = shelf.events("archived")
    assert event.device_id == ""


def test_a_device_that_is_configured_later_has_its_files(shelf: Shelf, tmp_path: Path) -> None:
    shelf.intake.take("a.p7b", day(412, nui=OTHER_NUI), "here")
    shelf.intake.take("b.p7b", day(413), "here")
    shelf.close()
    later = Shelf(tmp_path, nui=OTHER_NUI)
    assert later.intake.adopt() == 1
    assert later.intake.adopt() == 0
    (filed,) = later.index.documents(Wanted(owner=OTHER_NUI))
    assert filed.document.device_id == "dev_1"
    assert "FOREIGN_NUI" not in codes(filed.document.facts)
    first, second, third = later.events("archived")
    assert [event.device_id for event in (first, second, third)] == ["", "dev_1", "dev_1"]
    assert third.data.keys() == first.data.keys()
    later.close()


def test_a_device_is_known_by_its_fiscal_serial_where_that_is_its_nui(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    text = shelf.config.read_text("utf-8").replace("DB4200000001", OTHER_NUI)
    settings = Settings.model_validate(tomllib.loads(text))
    intake = Intake(shelf.store, shelf.index, settings.device)
    taken = intake.take("a.p7b", day(1, nui=OTHER_NUI), "here")
    assert taken.filed.document.device_id == "dev_1"
    shelf.close()


def test_a_device_without_a_nui_owns_nothing_by_chance(shelf: Shelf) -> None:
    """dev_2 says neither; an owner that is not known is not its."""
    taken = shelf.intake.take("a.p7b", day(1, nui=OTHER_NUI), "here")
    assert taken.filed.document.device_id == ""


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "EMPTY"),
        (b"GIF89a, and no signature at all", "NOT_CMS"),
        (day(1)[:-40], "TRUNCATED"),
        (signed_files.bundle(signed_files.device()), "CERTIFICATE_BUNDLE"),
        (signed_files.sign("<html/>"), "FOREIGN_CONTENT"),
    ],
    ids=["empty", "picture", "cut", "certificates", "page"],
)
def test_what_is_no_signed_file_leaves_nothing_behind(
    shelf: Shelf, content: bytes, code: str
) -> None:
    with pytest.raises(NotSigned) as error:
        shelf.intake.take("a.p7b", content, "here")
    assert error.value.code == code
    assert [*shelf.store.all()] == []
    assert shelf.index.documents() == []


def test_a_changed_byte_is_kept_with_what_is_wrong(shelf: Shelf) -> None:
    content = signed_files.sign(
        signed_files.EXAMPLE, told=signed_files.EXAMPLE.replace("33.20", "33.21").encode()
    )
    taken = shelf.intake.take("a.p7b", content, "here")
    assert taken.outcome is Outcome.NEW
    assert "DIGEST_DIFFERS" in taken.codes
    assert shelf.store.read(taken.filed.document.sha256) == content


def test_bytes_that_were_damaged_or_lost_come_back_with_the_file(shelf: Shelf) -> None:
    taken = shelf.intake.take("a.p7b", day(412), "here")
    path = shelf.store.path(taken.filed.document.sha256)
    path.write_bytes(path.read_bytes()[:-9])
    assert shelf.intake.take("a.p7b", day(412), "here").outcome is Outcome.RESTORED
    path.unlink()
    assert shelf.intake.take("a.p7b", day(412), "here").outcome is Outcome.RESTORED
    assert shelf.zs() == [412]
    assert len(shelf.events("archived")) == 1


def test_a_cut_between_the_bytes_and_the_index_is_healed_by_the_next_time(shelf: Shelf) -> None:
    shelf.store.put(day(412))
    assert shelf.intake.take("a.p7b", day(412), "here").outcome is Outcome.NEW
    assert shelf.zs() == [412]


def test_a_cut_between_the_index_and_the_figures_is_healed_by_the_next_time(
    shelf: Shelf, tmp_path: Path
) -> None:
    taken = shelf.intake.take("a.p7b", day(412), "here")
    (tmp_path / "other").mkdir()
    cut = Shelf(tmp_path / "other")
    cut.store.put(day(412))
    cut.index.file(taken.filed.document)
    assert cut.index.z_rows(NUI) == []
    assert cut.intake.take("a.p7b", day(412), "here").outcome is Outcome.KNOWN
    assert len(cut.index.z_rows(NUI)) == 1
    cut.close()


def test_a_disk_that_is_nearly_full_is_left_to_the_sales(shelf: Shelf) -> None:
    shelf.disk_used = disk.ARCHIVE_MAX
    with pytest.raises(OSError, match="the disk is 90 % full"):
        shelf.intake.take("a.p7b", day(412), "here")
    assert [*shelf.store.all()] == []
    shelf.disk_used = disk.ARCHIVE_MAX - 1
    assert shelf.intake.take("a.p7b", day(412), "here").outcome is Outcome.NEW


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("Bon fiscal ăâîșț 10.p7b", "Bon fiscal ăâîșț 10.p7b"),
        ("a\nb\x1b[31m.p7b", "a_b_[31m.p7b"),
        ("x" * 300, "x" * 255),
    ],
)
def test_a_name_is_kept_as_far_as_it_is_text(shelf: Shelf, name: str, kept: str) -> None:
    assert shelf.intake.take(name, day(1), "here").filed.document.name == kept


def test_two_programs_at_once_make_one_document_of_one_file(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    days = [day(z) for z in range(1, 9)]

    def take_all(_: int) -> list[Outcome]:
        with closing(ArchiveKeeping(shelf.state / LEDGER_FILE, FakeClock())) as index:
            intake = Intake(Store(shelf.state / "archive"), index, shelf.settings.device)
            return [intake.take("a.p7b", each, "here").outcome for each in days]

    with ThreadPoolExecutor(3) as pool:
        outcomes = [*pool.map(take_all, range(3))]
    assert sum(each.count(Outcome.NEW) for each in outcomes) == len(days)
    assert shelf.zs() == [*range(1, 9)]
    assert len(shelf.events("archived")) == len(days)
    assert not [name for name in os.listdir(shelf.state / "archive/objects") if name[0] == "."]
    shelf.close()
