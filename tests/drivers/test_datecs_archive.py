"""The archive of a Datecs X device, byte for byte, and over its virtual printer on bad cables.

As in test_datecs_x.py each method has its transcripts. A line whose answer was lost is gone from
the device's own count: so what is silent here is begun again, and never asked for twice.
"""

from collections.abc import Iterator
from datetime import date

import pytest

from drivers.archive import (
    ArchivedDocument,
    DateSpan,
    DocumentSpan,
    JeSpan,
    MemorySpan,
    ZSpan,
)
from drivers.base import FiscalPrinter
from drivers.capabilities import Feature
from drivers.datecs_x import archive as datecs_archive
from drivers.errors import ContactLost, Refused
from drivers.families.datecs_x import DatecsX
from drivers.faults import Fault
from drivers.je import Trace
from tests.drivers.bench import BENCHES, FAMILIES, Bench
from tests.drivers.cables import Cable
from tests.drivers.receipts import TWO_LINES
from tests.drivers.test_datecs_x import playing

SPAN = ZSpan(3, 7)
WITH_ARCHIVE = {
    *("datecs_x", "shtrih", "shtrih:by_sale", "shtrih:numbered", "tremol", "tremol:bg"),
    *("datecs_legacy", "datecs_legacy:printer", "daisy", "daisy:ro"),
}
MEMORY = (
    b"RAPORT MEMORIE FISCALA",
    b"RAPORT Z NR: 0003   21-11-2026 22:00:00",
    b"TOTAL GENERAL LEI 9,00",
)
DAY = date(2026, 11, 20)
RECEIPT = ArchivedDocument(
    "receipt",
    "1",
    Trace(17, 678, 13, "21-11-26 21:54:30"),
    (b"MAGAZIN DEMO", b"Br\xe2nz\xe3 \x81", b""),
)


def memory(printer: DatecsX, span: MemorySpan = SPAN, *, detailed: bool = False) -> list[bytes]:
    return list(printer.archive.fiscal_memory(span, detailed=detailed))


def documents(printer: FiscalPrinter, *numbers: int) -> list[ArchivedDocument]:
    return list(printer.archive.documents(numbers))


# --- the fiscal memory


def test_a_report_of_the_fiscal_memory_is_read_line_by_line_until_its_end() -> None:
    with playing("fiscal_memory") as printer:
        assert memory(printer) == [*MEMORY]


def test_by_date_and_in_detail_and_whatever_bytes_it_has() -> None:
    with playing("fiscal_memory_by_date") as printer:
        span = DateSpan(date(2026, 11, 1), date(2026, 11, 30))
        assert memory(printer, span, detailed=True) == [b"Br\xe2nz\xe3 \x81\x98", b""]


def test_where_there_is_no_report_there_is_no_line() -> None:
    with playing("fiscal_memory_none") as printer:
        assert memory(printer, ZSpan(8, 9)) == []


def test_a_refusal_of_the_report_is_told() -> None:
    with playing("fiscal_memory_refused") as printer, pytest.raises(Refused) as caught:
        memory(printer)
    assert caught.value.device_code == "-112001"


def test_after_silence_the_report_begins_again_and_each_line_is_told_once() -> None:
    with playing("fiscal_memory_silence") as printer:
        assert memory(printer) == [*MEMORY]


def test_a_report_that_is_another_when_it_begins_again_is_not_joined_to_the_first() -> None:
    with playing("fiscal_memory_other") as printer:
        lines = printer.archive.fiscal_memory(ZSpan(3, 7), detailed=False)
        assert next(lines) == MEMORY[0]
        with pytest.raises(ContactLost, match="ends after line 0"):
            next(lines)


# --- the documents of the JE


@pytest.mark.parametrize(
    ("name", "span", "found"),
    [
        ("find_by_date", DateSpan(DAY, date(2026, 11, 21)), range(670, 680)),
        ("find_bulgarian", DateSpan(DAY, DAY), range(670, 672)),
        ("find_none", DateSpan(DAY, DAY), range(0)),
        ("find_by_document", DocumentSpan(7, 500), range(7, 10)),
        ("find_by_z", ZSpan(2, 2), range(3, 6)),
    ],
)
def test_documents_are_found_by_date_number_and_z(name: str, span: JeSpan, found: range) -> None:
    with playing(name) as printer:
        assert printer.archive.find(span) == found


def test_a_document_comes_with_its_header_and_its_bytes_and_a_missing_one_is_left_out() -> None:
    with playing("documents") as printer:
        receipt, other = documents(printer, 678, 679, 680)
    assert receipt == RECEIPT
    assert (other.kind, other.type_code, other.lines) == ("other", "11", (b"ALTCEVA",))


def test_the_storno_of_an_invoice_is_a_storno() -> None:
    with playing("documents_storno") as printer:
        (found,) = documents(printer, 680)
    assert (found.kind, found.type_code, found.lines) == ("storno", "7", (b"STORNO",))


def test_after_silence_the_document_begins_again_and_no_line_is_guessed() -> None:
    with playing("documents_silence") as printer:
        assert documents(printer, 678) == [RECEIPT]


def test_what_stays_silent_is_given_up() -> None:
    with playing("documents_silence_for_ever") as printer, pytest.raises(ContactLost):
        documents(printer, 678)


def test_a_je_that_is_numbered_otherwise_is_not_read() -> None:
    with playing("documents_other_number") as printer, pytest.raises(Refused, match="is 677"):
        documents(printer, 678)


def test_a_hole_in_the_je_ends_the_search_and_does_not_hold_up_the_shop() -> None:
    with playing("find_by_z_gap") as printer, pytest.raises(Refused) as caught:
        printer.archive.find(ZSpan(2, 2))
    assert caught.value.fault is Fault.NO_DATA


def test_a_refusal_in_mid_document_is_told() -> None:
    with playing("documents_refused") as printer, pytest.raises(Refused) as caught:
        documents(printer, 678)
    assert caught.value.device_code == "-105001"


# --- over the virtual printer


@pytest.fixture
def bench() -> Iterator[Bench]:
    with BENCHES["datecs_x"]() as bench:
        yield bench


def busy(bench: Bench, days: int) -> FiscalPrinter:
    """Sell two receipts a day and close it, and one more."""
    printer = bench.opened()
    for _ in range(days):
        printer.issue_receipt(TWO_LINES)
        printer.issue_receipt(TWO_LINES)
        printer.z_report()
    printer.issue_receipt(TWO_LINES)
    return printer


@pytest.mark.parametrize("z", range(1, 8))
def test_each_z_has_its_documents_as_they_came_out(bench: Bench, z: int) -> None:
    printer = busy(bench, 6)
    found = documents(printer, *printer.archive.find(ZSpan(z, z)))
    papers = [paper for paper in bench.papers() if paper.z == z]
    assert [one.trace.document_number for one in found] == [paper.document for paper in papers]
    assert [b"\n".join(one.lines).decode("cp1250") for one in found] == [p.text for p in papers]
    assert {one.trace.z_number for one in found} == {z}


def test_z_spans_meet_without_gap_or_overlap_and_beyond_the_last_there_is_nothing(
    bench: Bench,
) -> None:
    archive = busy(bench, 6).archive
    ends = [archive.find(ZSpan(z, z)) for z in range(1, 9)]
    assert [number for one in ends for number in one] == [*archive.find(ZSpan(1, 9999))]
    assert ends[-1] == range(20, 20)


def test_the_fiscal_memory_holds_every_z(bench: Bench) -> None:
    printer = busy(bench, 6)
    lines = [line.decode() for line in printer.archive.fiscal_memory(ZSpan(2, 5), detailed=True)]
    numbers = [line.split()[3] for line in lines if line.startswith("RAPORT Z NR")]
    assert numbers == ["0002", "0003", "0004", "0005"]


def test_each_line_that_is_lost_begins_its_document_again(bench: Bench) -> None:
    printer = busy(bench, 1)
    whole = documents(printer, 1, 2)
    printer.close()
    for lost in range(8, 8 + 2 * len(whole[0].lines), 5):
        cable = DroppingCable(bench, lost)
        again = bench.opened(cable)
        assert documents(again, 1, 2) == whole, f"frame {lost}"
        assert cable.dropped
        again.close()


class DroppingCable(Cable):
    """Lets the answer to one frame vanish."""

    def __init__(self, bench: Bench, frame: int) -> None:
        super().__init__(bench)
        self._frame = frame
        self.dropped = False

    def read(self, timeout_s: float) -> bytes:
        data = super().read(timeout_s)
        if data and len(self.writes) == self._frame:
            self.dropped = True
            return b""
        return data


class Hurried:
    """Loses patience at the so-many-th line; afterwards it has all the time in the world."""

    def __init__(self, lines: int) -> None:
        self._lines_left = lines

    def document(self) -> None:
        return

    def line(self) -> None:
        self._lines_left -= 1
        if self._lines_left == 0:
            raise Hurry


class Hurry(Exception):
    """Something goes first."""


def test_a_reading_ends_before_the_line_at_which_patience_ends(bench: Bench) -> None:
    printer = busy(bench, 1)
    for read in (
        lambda: printer.archive.documents([1]),
        lambda: printer.archive.fiscal_memory(ZSpan(1, 1), detailed=False),
    ):
        printer.archive.patience = Hurried(1)
        with pytest.raises(Hurry):
            list(read())


def test_what_was_read_before_is_not_read_again(bench: Bench) -> None:
    printer = busy(bench, 2)
    whole = documents(printer, 1, 2)
    printer.archive.patience = Hurried(len(whole[0].lines) + 5)
    with pytest.raises(Hurry):
        documents(printer, 1, 2)
    printer.archive.patience = Counting()
    assert documents(printer, 1, 2) == whole
    assert printer.archive.patience.lines == len(whole[1].lines) + 1


class Counting:
    def __init__(self) -> None:
        self.lines = 0

    def document(self) -> None:
        return

    def line(self) -> None:
        self.lines += 1


def test_a_text_without_end_is_not_read_for_ever(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    printer = busy(bench, 1)
    monkeypatch.setattr(datecs_archive, "DOCUMENT_LINES_MAX", 5)
    with pytest.raises(Refused) as caught:
        documents(printer, 1)
    assert caught.value.fault is Fault.RESULT_TOO_LARGE


# --- the other families


@pytest.mark.parametrize("family", [name for name in FAMILIES if name not in WITH_ARCHIVE])
def test_a_family_without_an_archive_has_no_feature_and_refuses(family: str) -> None:
    with BENCHES[family]() as bench:
        printer = bench.opened()
        assert Feature.ARCHIVE not in printer.capabilities.features
        archive = printer.archive
        for ask in (
            lambda: archive.find(ZSpan(1, 1)),
            lambda: archive.documents([1]),
            lambda: archive.fiscal_memory(ZSpan(1, 1), detailed=False),
        ):
            with pytest.raises(Refused) as caught:
                ask()
            assert caught.value.fault is Fault.UNKNOWN_COMMAND
