"""The background reader over the other families: from their virtual printers to store and ledger.

What each wire offers is read and kept; what it does not offer is not asked for.
"""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from agent.archive.index import ArchiveIndex, Wanted
from agent.archive.je_day import documents_of
from agent.archive.patience import GaveWay, Patience
from agent.archive.reader import ArchiveReader, Kept
from agent.archive.sorts import Filed, Sort, Source
from agent.archive.store import Store
from agent.commands import KINDS
from agent.ledger import Ledger
from drivers.base import FiscalPrinter
from drivers.model import Bani
from tests.agent.world import FakeClock
from tests.drivers.bench import BENCHES, Bench
from tests.drivers.receipts import TWO_LINES

BY_DOCUMENT = ("datecs_legacy", "daisy")
BY_DAY = ("datecs_legacy:printer", "tremol")
STEPS_MAX = 100
DAYS_BACK = 60
TODAY = date.today  # of the virtual printers, whose clock is the machine's
ZS = 2

bench_of = pytest.mark.parametrize("family", [*BY_DOCUMENT, *BY_DAY, "daisy:ro"])


@pytest.fixture
def bench(family: str) -> Iterator[Bench]:
    with BENCHES[family]() as bench:
        yield bench


class Reading:
    """A reader of one device. `waits_at`: the lines before which a sale comes."""

    def __init__(self, bench: Bench, folder: Path) -> None:
        self.clock = FakeClock()
        Ledger(folder / "ledger.sqlite3", self.clock).close()
        self.index = ArchiveIndex(folder / "ledger.sqlite3", self.clock)
        self.store = Store(folder / "archive")
        kept = Kept(self.index, self.store)
        self.reader = ArchiveReader("dev_1", kept, self.clock, DAYS_BACK)
        self.printer = sold(bench)
        self.asked = 0
        self.waits_at: set[int] = set()
        self.gave_way = 0
        self.patience = self.printer.archive.patience = Patience(self.clock, self._waits)

    def _waits(self) -> bool:
        self.asked += 1
        return self.asked in self.waits_at

    def all(self) -> None:
        serial = self.printer.identity().fiscal_serial
        for _ in range(STEPS_MAX):
            self.patience.begin()
            try:
                if not self.reader.step(self.printer, serial, TODAY()):
                    return
            except GaveWay:
                self.gave_way += 1
        raise AssertionError(f"still reading: {self.reader.sentence}")

    def filed(self, sort: Sort) -> list[Filed]:
        return self.index.documents(Wanted(sort=sort))


def sold(bench: Bench) -> FiscalPrinter:
    """Two days of two receipts."""
    printer = bench.opened()
    for _ in range(ZS):
        printer.issue_receipt(TWO_LINES)
        printer.issue_receipt(TWO_LINES)
        printer.counters()
        printer.z_report()
    return printer


@pytest.fixture
def reading(bench: Bench, tmp_path: Path) -> Iterator[Reading]:
    made = Reading(bench, tmp_path)
    yield made
    made.reader.close()


def texts(reading: Reading) -> dict[int, bytes]:
    """The sealed days of the JE, as the store has them."""
    return {
        one.document.z_first or 0: b"".join(
            read.text
            for read in documents_of(
                reading.store.read(one.document.sha256).splitlines(keepends=True)
            )
        )
        for one in reading.filed(Sort.JE)
    }


def papers(bench: Bench) -> dict[int, bytes]:
    blank = " " if "tremol" in bench.family else ""
    days: dict[int, bytes] = {}
    for one in bench._store.documents():
        text = "".join(f"{line or blank}\n" for line in one.text).encode("cp1250")
        days[one.z] = days.get(one.z, b"") + text
    return days


@pytest.mark.parametrize("family", [*BY_DOCUMENT, *BY_DAY])
@pytest.mark.parametrize("interrupted", [False, True], ids=["in peace", "between sales"])
def test_closed_days_become_documents_byte_for_byte(
    bench: Bench,
    reading: Reading,
    interrupted: bool,
) -> None:
    reading.waits_at = {3, 40, 75} if interrupted else set()
    reading.all()
    assert texts(reading) == papers(bench)
    assert reading.gave_way == len(reading.waits_at)


@bench_of
def test_no_two_sources_contradict_each_other(reading: Reading) -> None:
    reading.all()
    rows = reading.index.z_rows(reading.printer.identity().fiscal_serial)
    assert {row.figures.z_number for row in rows} == {1, 2}
    assert {row.figures.total for row in rows} <= {None, Bani(2 * TWO_LINES.total)}


@pytest.mark.parametrize("family", BY_DOCUMENT)
def test_what_can_be_read_document_by_document_is_counted(reading: Reading) -> None:
    reading.all()
    facts = [one.document.facts for one in reading.filed(Sort.JE)]
    assert [(told["receipts"], told["total"]) for told in facts] == [(2, 2500), (2, 2500)]
    assert [told["missing"] for told in facts] == [[], []]


@pytest.mark.parametrize("family", BY_DAY)
def test_a_whole_day_is_not_counted_as_a_day_without_receipts(reading: Reading) -> None:
    reading.all()
    facts = [one.document.facts for one in reading.filed(Sort.JE)]
    assert [(told["receipts"], told["total"], told["whole"]) for told in facts] == [
        (None, None, True)
    ] * ZS


@pytest.mark.parametrize("family", ["daisy", "daisy:ro", "tremol"])
def test_the_fiscal_memory_is_kept_and_told_row_by_row(reading: Reading) -> None:
    reading.all()
    (filed,) = reading.filed(Sort.MF)
    assert (filed.document.facts["zs"], filed.document.facts["lacking"]) == (ZS, [])
    rows = reading.index.z_rows(reading.printer.identity().fiscal_serial)
    of_memory = [row for row in rows if row.source is Source.MF]
    assert [row.figures.total for row in of_memory] == [2 * TWO_LINES.total] * ZS


@pytest.mark.parametrize(
    ("family", "kind", "sort"),
    [
        ("datecs_legacy", "read_fiscal_memory", Sort.MF),
        ("datecs_legacy:printer", "read_fiscal_memory", Sort.MF),
        ("daisy:ro", "read_electronic_journal", Sort.JE),
        ("eltrade", "read_fiscal_memory", Sort.MF),
        ("incotex", "read_electronic_journal", Sort.JE),
    ],
)
def test_what_the_wire_does_not_offer_is_unsupported_and_never_asked_for(
    reading: Reading, kind: str, sort: Sort
) -> None:
    reading.all()
    assert reading.filed(sort) == []
    assert reading.reader.sentence == ""
    (problem,) = KINDS[kind].lacking(reading.printer.capabilities)
    assert problem.code == "UNSUPPORTED"
