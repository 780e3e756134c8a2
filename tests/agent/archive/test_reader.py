"""The archive as it is read between sales: from the virtual printer to the store and the ledger.

Whatever cuts a reading (a sale, a lost answer, a crash at any commit), what is there in the end is
what the device has: every document once, byte for byte.
"""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.archive import reader
from agent.archive.index import ArchiveIndex, Reading, Wanted
from agent.archive.je_day import documents_of
from agent.archive.reader import ArchiveReader
from agent.archive.sorts import ReadDocument, Sort, Source
from agent.archive.store import Store
from agent.ledger_file import LEDGER_FILE
from agent.states import State
from drivers.archive import ZSpan
from tests.agent.clocks import FakeClock
from tests.agent.world import World, sale

SERIAL = "SIM0000001"
QUIET_STEPS = 300


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


def sell(world: World, *prices: str) -> None:
    for price in prices:
        world.printer.key_receipt(price)


def close_day(world: World) -> None:
    world.printer.key(69, "Z")


def read_all(world: World, steps: int = QUIET_STEPS) -> None:
    """Let time pass until everything that is due was read."""
    world.clock.ms += 3_600_000
    world.steps(steps)


def days(index: ArchiveIndex, store: Store) -> dict[int, list[ReadDocument]]:
    """The sealed days of the JE, as the store has them."""
    found = index.documents(Wanted(sort=Sort.JE))
    return {
        one.document.z_first or 0: [
            *documents_of(store.read(one.document.sha256).splitlines(keepends=True))
        ]
        for one in found
    }


def text(paper: dict[str, Any]) -> bytes:
    return "".join(f"{line}\n" for line in paper["text"]).encode("ascii")


def reader_of(world: World) -> ArchiveReader:
    found = world.worker._reader
    assert found is not None
    return found


def facts(index: ArchiveIndex, z: int) -> dict[str, Any]:
    (found,) = index.documents(Wanted(sort=Sort.JE, z=z))
    return found.document.facts


# the JE


def test_a_closed_day_becomes_one_document_byte_for_byte(world: World, index: ArchiveIndex) -> None:
    sell(world, "3.00", "4.50")
    close_day(world)
    read_all(world)
    papers = world.printer.documents()
    ((z, kept),) = days(index, world.store).items()
    assert (z, [read.number for read in kept]) == (1, [1, 2, 3])
    assert [read.text for read in kept] == [text(paper) for paper in papers]
    assert [(read.kind, read.total) for read in kept] == [
        ("receipt", 300),
        ("receipt", 450),
        ("z_report", 750),
    ]
    told = facts(index, 1)
    assert (told["receipts"], told["total"], told["missing"], told["whole"]) == (2, 750, [], True)
    assert index.je_days(SERIAL) == []


def test_an_open_day_is_read_and_waits_for_its_z(world: World, index: ArchiveIndex) -> None:
    sell(world, "3.00")
    read_all(world)
    assert days(index, world.store) == {}
    assert [read.total for read in index.je_documents(SERIAL, 1)] == [300]
    sell(world, "4.00")
    close_day(world)
    read_all(world)
    assert [read.total for read in days(index, world.store)[1]] == [300, 400, 700]


def test_the_buyer_and_our_own_reference_are_found_in_it(world: World, index: ArchiveIndex) -> None:
    world.queue("c1", sale(cui="12345674"))
    world.settle()
    read_all(world)
    ((read,),) = [[*index.je_documents(SERIAL, 1)]]
    assert (read.tax_id, read.total) == ("12345674", 1150)
    (paper,) = world.paper("receipt")
    assert read.reference == paper["reference"] != ""


def test_a_document_that_the_je_has_lost_is_named(world: World, index: ArchiveIndex) -> None:
    sell(world, "1.00", "2.00", "3.00")
    close_day(world)
    world.printer.lose_document(2)
    read_all(world)
    told = facts(index, 1)
    assert (told["missing"], told["documents"]) == ([2], 3)


def test_what_is_missing_between_two_days_belongs_to_the_second(
    world: World, index: ArchiveIndex
) -> None:
    for _ in range(2):
        sell(world, "1.00")
        close_day(world)
    world.printer.lose_document(3)
    read_all(world)
    assert (facts(index, 1)["missing"], facts(index, 2)["missing"]) == ([], [3])


def test_a_je_that_was_emptied_is_read_from_its_new_beginning(
    world: World, index: ArchiveIndex
) -> None:
    index.come_to(SERIAL, Reading.JE, 50_000)
    sell(world, "1.00")
    read_all(world)
    assert [read.number for read in index.je_documents(SERIAL, 1)] == [1]


def test_a_day_is_sealed_while_those_behind_it_are_still_read(
    world: World, index: ArchiveIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "BATCH", 2)
    for _ in range(3):
        sell(world, "3.00", "4.50")
        close_day(world)
    world.clock.ms += 3_600_000
    while not days(index, world.store):
        world.steps(1)
    assert (list(days(index, world.store)), index.je_days(SERIAL)) == ([1], [2])
    read_all(world)
    kept = [read for day in days(index, world.store).values() for read in day]
    assert [read.text for read in kept] == [text(paper) for paper in world.printer.documents()]


# sales


def test_a_sale_ends_the_reading_within_a_line_and_the_reading_goes_on(
    world: World, index: ArchiveIndex
) -> None:
    sell(world, "3.00", "4.50")
    close_day(world)
    je_lines = 0

    def arrive(command: int) -> None:
        nonlocal je_lines
        je_lines += command == 125
        if je_lines == 10 and command == 125:
            world.queue("c1", sale())

    world.cable.before = arrive
    read_all(world)
    assert world.entry("c1").state is State.ISSUED
    at = world.cable.commands.index(48)
    assert world.cable.commands[:at].count(125) == 10  # the one in which it arrived, and no more
    close_day(world)
    read_all(world)
    kept = [read for day in days(index, world.store).values() for read in day]
    assert [read.text for read in kept] == [text(paper) for paper in world.printer.documents()]


# Zs


def test_a_z_of_the_keyboard_is_noticed_and_kept(world: World, index: ArchiveIndex) -> None:
    sell(world, "3.00")
    close_day(world)
    read_all(world)
    (filed,) = index.documents(Wanted(sort=Sort.Z))
    assert (filed.document.z_first, filed.document.facts["command"]) == (1, "")
    (row,) = [row for row in index.z_rows(SERIAL) if row.source is Source.REPORT]
    assert row.figures.total == 300
    assert [(rate.rate, rate.gross) for rate in row.figures.rates if rate.gross] == [(2100, 300)]


def test_our_own_z_is_kept_with_all_its_registers(world: World, index: ArchiveIndex) -> None:
    world.queue("c1", sale())
    world.queue("c2", json.dumps({"amount": 5000}), "cash_in")
    world.queue("c3", kind="z_report")
    world.settle()
    (filed,) = index.documents(Wanted(sort=Sort.Z))
    assert filed.document.facts["command"] == "c3"
    (row,) = [row for row in index.z_rows(SERIAL) if row.source is Source.REPORT]
    assert (row.figures.receipts, row.figures.payments) == (1, {"cash": 1150})
    assert row.figures.more["cash_in_total"] == 5000
    assert row.figures.vat == sum(rate.vat or 0 for rate in row.figures.rates) > 0
    read_all(world)
    assert len(index.documents(Wanted(sort=Sort.Z))) == 1  # it is not noticed once more


def test_an_x_is_kept_and_is_no_z(world: World, index: ArchiveIndex) -> None:
    sell(world, "3.00")
    world.queue("c1", kind="x_report")
    world.settle()
    assert [one.document.sort for one in index.documents()] == [Sort.X]
    assert index.z_rows(SERIAL) == []


def test_zs_of_days_off_are_read_from_the_fiscal_memory(world: World, index: ArchiveIndex) -> None:
    for number in range(45):
        sell(world, f"{number + 1}.00")
        close_day(world)
    read_all(world, steps=600)
    rows = [row for row in index.z_rows(SERIAL) if row.source is Source.MF]
    assert [row.figures.total for row in rows] == [100 * (n + 1) for n in range(45)]
    assert {row.figures.receipts for row in rows} == {1}
    found = index.documents(Wanted(sort=Sort.MF))
    assert [(one.document.z_first, one.document.z_last) for one in found] == [
        (1, 20),
        (21, 40),
        (41, 45),
    ]


def test_after_a_month_the_fiscal_memory_is_read_again_and_compared(
    world: World, index: ArchiveIndex
) -> None:
    for _ in range(2):
        sell(world, "3.00")
        close_day(world)
    read_all(world)
    (record,) = [one for one in world.printer.records() if one.number == 2]
    world.printer.rewrite(replace(record, by_group=(301, *record.by_group[1:])))
    world.clock.ms += 31 * 86_400_000
    read_all(world)
    rows = [row for row in index.z_rows(SERIAL, 2, 2) if row.source is Source.MF]
    assert [row.figures.total for row in rows] == [300, 301]
    latest = index.documents(Wanted(sort=Sort.MF))[-1]
    assert latest.document.facts["others"] == [2]


def test_with_a_z_every_day_the_fiscal_memory_is_still_compared_each_month(
    world: World, index: ArchiveIndex
) -> None:
    sell(world, "3.00")
    close_day(world)
    read_all(world)
    (record,) = world.printer.records()
    world.printer.rewrite(replace(record, by_group=(301, *record.by_group[1:])))
    for _ in range(32):
        world.clock.ms += 23 * 3_600_000
        sell(world, "3.00")
        close_day(world)
        read_all(world, steps=40)
    rows = [row for row in index.z_rows(SERIAL, 1, 1) if row.source is Source.MF]
    assert [row.figures.total for row in rows] == [300, 301]


def test_after_a_clock_that_was_a_year_ahead_all_is_read_as_before(
    world: World, index: ArchiveIndex, tmp_path: Path
) -> None:
    ahead = FakeClock()
    ahead.ms = world.clock.ms + 366 * 86_400_000
    with closing(ArchiveIndex(tmp_path / LEDGER_FILE, ahead)) as then:
        then.come_to(SERIAL, Reading.MF, 1)
        then.come_to(SERIAL, Reading.COMPARED, 1)
    sell(world, "3.00")
    close_day(world)
    read_all(world)
    assert {row.source for row in index.z_rows(SERIAL)} == {Source.REPORT, Source.JE, Source.MF}


def test_zs_that_nobody_saw_are_kept_as_zs_too(world: World, index: ArchiveIndex) -> None:
    for price in ("1.00", "2.00"):  # from before the archive began
        sell(world, price)
        close_day(world)
    read_all(world)
    for price in ("3.00", "4.00", "5.00"):  # while the agent was off
        sell(world, price)
        close_day(world)
    read_all(world)
    found = [filed.document for filed in index.documents(Wanted(sort=Sort.Z))]
    told = [(each.z_first, each.facts["source"], each.facts["figures"]["total"]) for each in found]
    assert told == [(2, "report", 200), (3, "mf", 300), (4, "mf", 400), (5, "report", 500)]
    world.clock.ms += 31 * 86_400_000  # compared once more, they are the same
    read_all(world)
    assert len(index.documents(Wanted(sort=Sort.Z))) == 4


def test_what_is_odd_in_a_reading_is_said_of_its_document(
    world: World, index: ArchiveIndex
) -> None:
    for _ in range(3):
        sell(world, "1.00", "2.00", "3.00")
        close_day(world)
    world.printer.lose_document(2)
    read_all(world)
    (one,) = index.documents(Wanted(sort=Sort.JE, z=1))
    assert [each["code"] for each in one.document.facts["findings"]] == [
        "JE_DOCUMENTS_MISSING",
        "RECEIPT_GAP",
    ]
    lines = [b"RAPORT Z NR: 0001  01-10-2026 21:00:00", b"TOTAL LEI 1,00"]
    lines += [b"RAPORT Z NR: 0003  03-10-2026 21:00:00", b"TOTAL LEI 1,00"] * 2
    reader_of(world)._file_memory(SERIAL, ZSpan(1, 3), lines)
    latest = index.documents(Wanted(sort=Sort.MF))[-1].document
    findings = [(each["code"], each["place"]) for each in latest.facts["findings"]]
    assert findings[:2] == [("Z_MISSING", "Z 2"), ("Z_TWICE", "Z 3")]


# what stands in its way


def test_without_its_feature_nothing_is_read(tmp_path: Path) -> None:
    world = World(tmp_path)
    sell(world, "3.00")
    close_day(world)
    read_all(world)
    assert 125 not in world.cable.commands
    world.close()


def test_a_device_that_has_no_je_is_left_alone_for_a_while_and_sells_on(world: World) -> None:
    world.printer.device.refusing[124] = -112001
    sell(world, "3.00")
    read_all(world, steps=50)
    asked = world.cable.commands.count(124)
    assert 1 <= asked <= 3
    assert "archive: je" in world.worker.sentence
    world.queue("c1", sale())
    world.settle()
    assert world.entry("c1").state is State.ISSUED
    assert world.events()[-1] == "online"


def test_on_a_disk_that_is_nearly_full_nothing_is_read(world: World) -> None:
    sell(world, "3.00")
    close_day(world)
    world.step()
    reader_of(world)._disk_used = lambda: 90
    read_all(world, steps=50)
    assert 125 not in world.cable.commands
    assert "the disk is 90 % full" in world.worker.sentence
    reader_of(world)._disk_used = lambda: 89
    read_all(world)
    assert 125 in world.cable.commands


def test_a_full_disk_ends_no_sale(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Store, "put", full)
    world.queue("c1", sale())
    world.queue("c2", kind="z_report")
    world.settle()
    assert world.entry("c2").state is State.ISSUED
    read_all(world, steps=50)
    assert "No space left" in world.worker.sentence
