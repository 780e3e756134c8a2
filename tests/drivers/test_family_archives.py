"""The archives of the families beside Datecs X and Shtrih, over virtual printers: what is read.

What is told is what came out: every document once, byte for byte, with its Z.
"""

from collections.abc import Iterator
from datetime import date, timedelta

import pytest

from drivers.archive import DateSpan, DocumentSpan, ZSpan
from drivers.archive_text import memory_records
from drivers.capabilities import Feature, Told
from drivers.errors import Refused
from drivers.faults import Fault
from tests.drivers.archive_bench import (
    ALL,
    BY_DAY,
    BY_DOCUMENT,
    DAYS,
    WITH_MEMORY,
    busy,
    day,
    documents,
    kept,
    lines_of,
)
from tests.drivers.bench import BENCHES, Bench

KINDS = {
    "receipt": "receipt",
    "cancelled": "cancelled",
    "z": "z_report",
    "x": "x_report",
    "nonfiscal": "slip",
}
TODAY = date(2026, 11, 23)

by_document = pytest.mark.parametrize("family", BY_DOCUMENT)
by_day = pytest.mark.parametrize("family", BY_DAY)
with_je = pytest.mark.parametrize("family", [*BY_DOCUMENT, *BY_DAY])
with_memory = pytest.mark.parametrize("family", WITH_MEMORY)


@pytest.fixture
def bench(family: str) -> Iterator[Bench]:
    with BENCHES[family]() as bench:
        yield bench


# --- documents


@by_document
def test_every_document_comes_whole_with_its_kind_its_z_and_its_time(bench: Bench) -> None:
    printer = busy(bench)
    papers = kept(bench)
    began_s = bench.clock.now_s
    found = documents(printer, *printer.archive.find(DocumentSpan(1, 9_999_999)))
    assert bench.clock.now_s == began_s, "it waited for what had come"
    assert [one.trace.document_number for one in found] == [one.slip for one in papers]
    assert [one.trace.z_number for one in found] == [one.z for one in papers]
    assert [one.lines for one in found] == [lines_of(bench, [one]) for one in papers]
    told = [one.kind for one in found]
    assert "cancelled" in told
    cash = "cash" if bench.family == "datecs_legacy" else "slip"  # Daisy has no word for it
    assert told == [KINDS.get(one.kind, cash) for one in papers]
    assert all(
        f"{one.at:%H:%M:%S}" in got.trace.issued_at for one, got in zip(papers, found, strict=True)
    )


@by_document
@pytest.mark.parametrize("z", range(1, DAYS + 3))
def test_the_documents_of_a_z_are_found_and_no_others(bench: Bench, z: int) -> None:
    printer = busy(bench)
    of_day = [one.slip for one in kept(bench) if one.z == z]
    assert [*printer.archive.find(ZSpan(z, z))] == of_day
    rest = [one.slip for one in kept(bench) if one.z >= z]
    assert [*printer.archive.find(ZSpan(z, 9999))] == rest


@by_document
def test_the_documents_of_dates_are_found(bench: Bench) -> None:
    printer = busy(bench, 1)
    today = printer.clock().at
    assert today is not None
    yesterday = today - timedelta(days=1)
    everything = range(1, len(kept(bench)) + 1)
    find = printer.archive.find
    assert find(DateSpan(today.date(), today.date())) == everything
    assert find(DateSpan(yesterday.date(), today.date())) == everything
    assert not find(DateSpan(yesterday.date(), yesterday.date()))
    tomorrow = (today + timedelta(days=1)).date()
    assert not find(DateSpan(tomorrow, tomorrow))


@by_day
def test_a_closed_day_comes_whole_as_one_document(bench: Bench) -> None:
    printer = busy(bench)
    archive = printer.archive
    assert archive.by_day
    assert archive.find(ZSpan(1, 9999)) == archive.find(DocumentSpan(1, 9999)) == range(1, DAYS + 1)
    found = documents(printer, *archive.find(ZSpan(1, 9999)))
    assert [one.trace.z_number for one in found] == [1, 2, 3]
    assert [one.lines for one in found] == [day(bench, z) for z in (1, 2, 3)]


@pytest.mark.parametrize("family", ["datecs_legacy:printer", "tremol:bg"])
def test_days_cannot_be_found_by_date_where_only_their_text_tells_it(bench: Bench) -> None:
    with pytest.raises(Refused) as caught:
        busy(bench, 1).archive.find(DateSpan(TODAY, TODAY))
    assert caught.value.fault is Fault.BAD_REQUEST


@pytest.mark.parametrize("family", ["tremol"])
def test_a_romanian_tremol_finds_days_by_date(bench: Bench) -> None:
    printer = busy(bench)
    at = kept(bench)[0].at.date()
    find = printer.archive.find
    week = timedelta(days=7)
    assert find(DateSpan(at - week, at + week)) == range(1, DAYS + 1)
    assert find(DateSpan(at - week, at - timedelta(days=1))) == range(0)


@with_je
def test_what_the_je_does_not_have_is_left_out(bench: Bench) -> None:
    printer = busy(bench, 1)
    bench._store._database.execute("DELETE FROM document WHERE slip = 2")
    if printer.archive.by_day:
        assert [one.trace.z_number for one in documents(printer, 1, 7)] == [1]
        assert documents(printer, 1)[0].lines == day(bench, 1)
    else:
        assert [one.trace.document_number for one in documents(printer, 1, 2, 3)] == [1, 3]


@pytest.mark.parametrize("family", ["daisy"])
def test_a_je_that_was_changed_begins_where_it_begins(bench: Bench) -> None:
    printer = busy(bench)
    bench._store._database.execute("DELETE FROM document WHERE z < 3")
    held = [one.slip for one in kept(bench)]
    at = kept(bench)[0].at.date()
    found = documents(printer, *printer.archive.find(DateSpan(at, at)))
    assert [one.trace.document_number for one in found] == held
    assert [one.trace.z_number for one in found] == [one.z for one in kept(bench)]
    with pytest.raises(Refused) as caught:
        printer.archive.find(ZSpan(2, 3))
    assert caught.value.fault is Fault.NO_DATA


# --- the fiscal memory


@with_memory
@pytest.mark.parametrize("by_date", [False, True], ids=["by Z", "by date"])
def test_the_fiscal_memory_holds_every_z(bench: Bench, by_date: bool) -> None:
    printer = busy(bench)
    zs = [one for one in kept(bench) if one.kind == "z"]
    span = DateSpan(zs[0].at.date(), zs[-1].at.date()) if by_date else ZSpan(1, DAYS)
    began_s = bench.clock.now_s
    detailed = [*printer.archive.fiscal_memory(span, detailed=True)]
    assert bench.clock.now_s == began_s, "it waited for what had come"
    records = [*memory_records(detailed)]
    assert [(one.z_number, one.total) for one in records] == [(z.z, z.total_bani) for z in zs]
    brief = [*printer.archive.fiscal_memory(span, detailed=False)]
    assert brief[0].strip().startswith(b"RAPORT MEMORIE FISCALA")
    assert len(brief) < len(detailed)


@with_memory
def test_where_there_is_no_z_there_is_no_line(bench: Bench) -> None:
    printer = busy(bench, 1)
    assert [*printer.archive.fiscal_memory(ZSpan(8, 9), detailed=True)] == []


@pytest.mark.parametrize("family", ["datecs_legacy", "datecs_legacy:printer"])
def test_a_fiscal_memory_that_only_goes_to_paper_is_not_read(bench: Bench) -> None:
    printer = busy(bench, 1)
    assert Told.FISCAL_MEMORY in printer.capabilities.untold
    with pytest.raises(Refused) as caught:
        printer.archive.fiscal_memory(ZSpan(1, 1), detailed=True)
    assert caught.value.fault is Fault.UNKNOWN_COMMAND


@pytest.mark.parametrize("family", ["daisy:ro"])
def test_a_je_that_no_command_reads_is_not_read(bench: Bench) -> None:
    printer = busy(bench, 1)
    assert Told.JE in printer.capabilities.untold
    for ask in (lambda: printer.archive.find(ZSpan(1, 1)), lambda: documents(printer, 1)):
        with pytest.raises(Refused) as caught:
            ask()
        assert caught.value.fault is Fault.UNKNOWN_COMMAND


@pytest.mark.parametrize("family", ALL)
def test_each_says_that_it_can_be_read_and_is_off_unless_switched_on(bench: Bench) -> None:
    assert Feature.ARCHIVE in bench.opened().capabilities.features
