"""The background reader over the other families: from their virtual printers to store and ledger.

What each wire offers is read and kept; what it does not offer is not asked for.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from agent.archive.certificate.certificate import certify
from agent.archive.certificate.holding import Known, gather
from agent.archive.index import ArchiveIndex, Wanted
from agent.archive.inspection import rebuild
from agent.archive.intake import Intake
from agent.archive.je_day import documents_of
from agent.archive.keeping import ArchiveKeeping
from agent.archive.patience import GaveWay, Patience
from agent.archive.reader import ArchiveReader, Keeping
from agent.archive.sorts import Filed, Sort, Source
from agent.archive.store import Store
from agent.commands import KINDS
from agent.entries import Incoming
from agent.ledger import Ledger
from agent.session import Session
from agent.states import State
from agent.worker import DeviceWorker
from drivers.archive import JeSpan
from drivers.base import FiscalPrinter
from drivers.model import Bani
from sandbox.printer.spoil import Spoil, hurt_state
from tests.agent.clocks import START_MS, FakeClock
from tests.agent.examples import words
from tests.agent.world import heard
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
        keeping = Keeping(self.index, self.store)
        self.reader = ArchiveReader("dev_1", keeping, self.clock, DAYS_BACK)
        self.printer = sold(bench)
        self.asked = 0
        self.waits_at: set[int] = set()
        self.gave_way = 0
        self.patience = self.printer.archive.patience = Patience(self.clock, self._waits)

    def _waits(self) -> bool:
        self.asked += 1
        return self.asked in self.waits_at

    @property
    def serial(self) -> str:
        return self.printer.identity().fiscal_serial

    def all(self) -> None:
        serial = self.serial
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
        (2, None, True)
    ] * ZS


@pytest.mark.parametrize("family", BY_DAY)
def test_a_whole_day_has_the_time_of_its_z_and_nothing_of_one_receipt(reading: Reading) -> None:
    reading.all()
    days = reading.filed(Sort.JE)
    month = f"{TODAY():%Y-%m}"
    assert [one.document.at[:7] for one in days] == [month] * ZS
    assert reading.index.documents(Wanted(sort=Sort.JE, month=month)) == days
    for one in days:
        (read,) = documents_of(reading.store.read(one.document.sha256).splitlines(keepends=True))
        assert (read.total, read.tax_id, read.reference) == (None, "", "")


@pytest.mark.parametrize("family", ["tremol"])
def test_a_receipt_that_a_whole_day_lacks_is_seen(bench: Bench, reading: Reading) -> None:
    hurt_state(bench._store._database, [Spoil("missing-receipt", 1, 2)])
    reading.all()
    serial = reading.printer.identity().fiscal_serial
    (holding,) = gather(reading.index, [Known("dev_1", serial)])
    owner = certify([holding], TODAY(), ZoneInfo("UTC")).owners[0]
    assert ("RECEIPTS_DIFFER", "Z 1") in [(each.code, each.place) for each in owner.remarks]
    assert ("RECEIPTS_DIFFER", "Z 2") not in [(each.code, each.place) for each in owner.remarks]


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


@pytest.mark.parametrize("family", BY_DOCUMENT)
def test_a_sale_goes_before_a_reading_that_is_still_being_looked_for(
    reading: Reading, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ledger = Ledger(tmp_path / "ledger.sqlite3", reading.clock)
    session = Session("dev_1", reading.printer, ledger, reading.clock, lambda _: None)
    cloud_time = heard(reading.clock)
    worker = DeviceWorker("dev_1", session, ledger, reading.clock, cloud_time, lambda: None)
    find = reading.printer.archive.find

    def accept(kind: str, payload: str) -> None:
        asked = Incoming(kind, "dev_1", kind, kind, payload, 2 * START_MS)
        ledger.accept(asked, claimed=True)

    def found(span: JeSpan) -> range:
        accept("x_report", "{}")
        return find(span)

    monkeypatch.setattr(reading.printer.archive, "find", found)
    accept("read_electronic_journal", words(z_from=1, z_to=1))
    for _ in range(STEPS_MAX):
        if not worker.step():
            break
    assert [entry.state for entry in ledger.entries(9)] == [State.ISSUED, State.ISSUED]
    ends = {id_: ledger.history(id_)[-1].id for id_ in ("x_report", "read_electronic_journal")}
    assert ends["x_report"] < ends["read_electronic_journal"]
    ledger.close()


@bench_of
def test_after_a_lost_ledger_whatever_was_read_is_indexed_anew(
    reading: Reading, tmp_path: Path
) -> None:
    """Where a day comes as one text, nobody counted its receipts."""
    reading.all()
    read = [one.document for one in reading.index.documents()]
    with closing(ArchiveKeeping(tmp_path / "another.sqlite3", reading.clock)) as fresh:
        found = rebuild(reading.store, fresh, Intake(reading.store, fresh, []), [])
        assert (found.unknown, found.damaged) == ((), ())
        assert {one.document.name for one in fresh.documents()} == {one.name for one in read}
        figures = [row.figures for row in fresh.z_rows(reading.serial, 1, ZS)]
        assert figures == [row.figures for row in reading.index.z_rows(reading.serial, 1, ZS)]
