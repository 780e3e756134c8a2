"""What every printer family does, over its virtual printer and a good cable.

The families are found, not listed: a new file in `drivers/families/` runs through all of this.
How each bears bad cables is in `test_family_cables.py`.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from agent.cloud.moments import fiscal_date
from drivers.base import FiscalPrinter
from drivers.errors import Refused
from drivers.faults import Fault
from drivers.model import Bani, Counters, Payment, PaymentKind, Slip
from protocol.text import fold
from tests.drivers.bench import (
    BENCHES,
    FAMILIES,
    MODULES,
    Bench,
    asked_line,
    leave_open,
    perform,
)
from tests.drivers.cables import Cable
from tests.drivers.receipts import TWO_LINES, receipts

every_family = pytest.mark.parametrize("family", FAMILIES)


@pytest.fixture(params=FAMILIES)
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with BENCHES[request.param]() as bench:
        yield bench


@pytest.fixture
def printer(bench: Bench) -> FiscalPrinter:
    return bench.opened()


@pytest.mark.parametrize("module", MODULES)
def test_every_family_has_a_virtual_printer(module: str) -> None:
    assert module in {name.split(":")[0] for name in BENCHES}


def said(bench: Bench, fault: Fault) -> tuple[Fault, ...]:
    """What its status says of a condition: nothing, if it has no bit for it."""
    return () if fault in bench.unsaid else (fault,)


# --- who it is and how it is


def test_it_opens_and_says_who_it_is(bench: Bench) -> None:
    identity = bench.printer(Cable(bench)).open(last_sequence=None)
    assert identity.fiscal_serial == bench.serial
    assert identity.model
    assert identity.firmware
    assert bool(identity.fiscal_memory_number) is bench.tells_memory_number
    assert identity.tax_id


def test_it_opens_again_after_it_was_closed(bench: Bench, printer: FiscalPrinter) -> None:
    printer.issue_receipt(TWO_LINES)
    last = printer.sequence
    printer.close()
    assert printer.sequence is None
    printer.open(last_sequence=last)
    assert printer.counters().receipt_count == len(bench.papers("receipt")) == 1


def test_it_tells_its_own_vat_rates(bench: Bench, printer: FiscalPrinter) -> None:
    assert set(printer.vat_rates().values()) == bench.rates


def test_idle_it_has_no_fault(printer: FiscalPrinter) -> None:
    status = printer.status()
    assert (status.receipt_open, status.fiscalised, status.conditions) == (False, True, ())


def test_with_an_open_receipt_its_status_says_so(bench: Bench, printer: FiscalPrinter) -> None:
    leave_open(bench, TWO_LINES)
    assert printer.status().receipt_open
    assert Fault.RECEIPT_OPEN in printer.status().blocking


def test_with_an_open_cover_and_no_paper_its_status_says_so(
    bench: Bench, printer: FiscalPrinter
) -> None:
    bench.hands(paper_out=True)
    assert printer.status().blocking == said(bench, Fault.PAPER_OUT)
    bench.hands(cover_open=True)
    assert printer.status().blocking == said(bench, Fault.COVER_OPEN)
    bench.hands()
    assert printer.status().blocking == ()


def test_24_hours_after_the_first_receipt_a_z_report_is_due(
    bench: Bench, printer: FiscalPrinter
) -> None:
    printer.issue_receipt(TWO_LINES)
    assert printer.status().conditions == ()
    bench.let_hours_pass(25)
    assert printer.status().blocking == said(bench, Fault.Z_REPORT_DUE)
    printer.z_report()
    assert printer.status().conditions == ()


def test_its_clock_can_be_set_forward(bench: Bench, printer: FiscalPrinter) -> None:
    bench.let_hours_pass(3)
    shown = printer.clock()
    bench.let_hours_pass(-2)
    assert printer.clock() != shown
    assert shown.at is not None
    printer.set_clock(shown.at, summer=False)
    assert 0 <= bench.seconds_between(shown.text, printer.clock().text) < 60


# --- the counters prove what happened


def moved(before: Counters, after: Counters) -> tuple[int, int, int]:
    assert before.fiscal_serial == after.fiscal_serial
    return (
        after.receipt_count - before.receipt_count,
        after.z_number - before.z_number,
        after.document_number - before.document_number,
    )


def test_a_receipt_moves_the_receipt_counter_by_one(printer: FiscalPrinter) -> None:
    before = printer.counters()
    printer.issue_receipt(TWO_LINES)
    assert moved(before, printer.counters()) == (1, 0, 1)


def test_a_z_report_moves_the_z_number_by_one(bench: Bench, printer: FiscalPrinter) -> None:
    printer.issue_receipt(TWO_LINES)
    before = printer.counters()
    printer.z_report()
    receipts = -before.receipt_count if bench.counts_by_day else 0
    assert moved(before, printer.counters()) == (receipts, 1, int(bench.counts_documents))


def test_an_x_report_moves_neither_receipts_nor_z(bench: Bench, printer: FiscalPrinter) -> None:
    printer.issue_receipt(TWO_LINES)
    before = printer.counters()
    printer.x_report()
    assert moved(before, printer.counters())[:2] == (0, 0)
    assert [paper.kind for paper in bench.papers()] == ["receipt", "x"]


def test_a_cancelled_receipt_moves_neither_receipts_nor_z(
    bench: Bench, printer: FiscalPrinter
) -> None:
    before = printer.counters()
    leave_open(bench, TWO_LINES)
    printer.cancel_receipt()
    assert moved(before, printer.counters())[:2] == (0, 0)
    assert [paper.kind for paper in bench.papers()] == ["cancelled"]


def test_a_slip_moves_neither_receipts_nor_z(bench: Bench, printer: FiscalPrinter) -> None:
    before = printer.counters()
    printer.print_slip(Slip(("Curs valutar", "1 EUR = 5,09 LEI")))
    assert moved(before, printer.counters())[:2] == (0, 0)
    (slip,) = bench.papers()
    assert slip.kind == "nonfiscal"
    assert "Curs valutar\n1 EUR = 5,09 LEI" in slip.text


def test_reads_move_nothing(bench: Bench, printer: FiscalPrinter) -> None:
    printer.issue_receipt(TWO_LINES)
    printer.z_report()
    before = printer.counters()
    for read in (printer.status, printer.clock, printer.vat_rates, printer.day_totals):
        read()
    with suppress(Refused):  # some keep no Z report that can be read
        printer.last_z_report()
    printer.last_receipt(TWO_LINES.total)
    printer.observe(since=before, reference="x")
    assert moved(before, printer.counters()) == (0, 0, 0)
    assert len(bench.papers()) == 2


# --- what is on paper is what was asked for


@every_family
@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_receipt_comes_out_as_it_was_asked_to_the_ban(family: str, data: st.DataObject) -> None:
    with BENCHES[family]() as bench:
        printer = bench.opened()
        receipt = data.draw(
            receipts(bench.rates, bench.payment_kinds, bench.customers, bench.name_length_max)
        )
        assume(all(payment.amount <= bench.payment_max for payment in receipt.payments))
        assert printer.check(receipt) == []
        result = printer.issue_receipt(receipt)
        (paper,) = bench.papers()
        folded = [replace(line, name=fold(line.name)) for line in receipt.lines]
        assert paper.lines == [asked_line(line) for line in folded]
        assert paper.payments == bench.asked_payments(receipt.payments)
        assert paper.total == receipt.total == result.total
        assert paper.change == sum(paid.amount for paid in receipt.payments) - receipt.total
        assert (paper.reference, paper.customer_tax_id) == (
            receipt.reference,
            receipt.customer_tax_id,
        )
        assert printer.day_totals().total == receipt.total


def test_the_result_of_a_receipt_agrees_with_its_paper(
    bench: Bench, printer: FiscalPrinter
) -> None:
    for _ in range(2):
        result = printer.issue_receipt(TWO_LINES)
    paper = bench.papers("receipt")[-1]
    told = (result.receipt_number, result.document_number, result.z_number)
    assert told == (paper.number, paper.document, paper.z)
    assert (result.fiscal_serial, result.total) == (bench.serial, paper.total)
    read = printer.last_receipt(TWO_LINES.total)
    if not bench.last_receipt_has_document:
        assert read.document_number is None
        read = replace(read, document_number=result.document_number)
    assert replace(read, issued_at=result.issued_at) == result
    late_s = bench.seconds_between(paper.at, result.issued_at)
    assert 0 <= late_s <= bench.result_late_s
    assert fiscal_date(result.issued_at, UTC)  # the cloud can be told it
    if bench.last_receipt_has_time:
        assert bench.seconds_between(paper.at, read.issued_at) == 0
    else:
        assert read.issued_at == ""


def test_the_first_receipt_after_a_z_report_belongs_to_the_next_day(
    bench: Bench, printer: FiscalPrinter
) -> None:
    first = printer.issue_receipt(TWO_LINES)
    printer.z_report()
    second = printer.issue_receipt(TWO_LINES)
    assert [first.z_number, second.z_number] == [1, 2]
    assert [paper.z for paper in bench.papers("receipt")] == [1, 2]


def test_the_totals_of_the_day_agree_with_the_receipts_on_paper(
    bench: Bench, printer: FiscalPrinter
) -> None:
    for _ in range(3):
        printer.issue_receipt(TWO_LINES)
    report = printer.day_totals()
    assert report.total == sum(paper.total for paper in bench.papers("receipt"))
    sums = {group.rate: group.total for group in report.groups}
    bread, cheese = TWO_LINES.lines
    assert {rate: sum_ for rate, sum_ in sums.items() if sum_} == {
        bread.vat_rate: 3 * bread.total,
        cheese.vat_rate: 3 * cheese.total,
    }
    # cash is counted without its change
    cash, card = 3 * (TWO_LINES.total - 500), 3 * 500
    assert report.payments == (
        Payment(PaymentKind.CASH, Bani(cash)),
        Payment(PaymentKind.CARD, Bani(card)),
    )


def test_x_and_z_reports_say_what_the_day_says(bench: Bench, printer: FiscalPrinter) -> None:
    printer.issue_receipt(TWO_LINES)
    day = printer.day_totals()
    for report in (printer.x_report(), printer.z_report()):
        assert (report.groups, report.payments) == (day.groups, day.payments)
        assert report.fiscal_serial == bench.serial
    assert printer.day_totals().total == 0


def test_the_last_z_report_agrees_with_its_paper(bench: Bench, printer: FiscalPrinter) -> None:
    for _ in range(2):
        printer.issue_receipt(TWO_LINES)
        made = printer.z_report()
    paper = bench.papers("z")[-1]
    assert made.number == paper.number == printer.counters().z_number == 2
    assert made.total == paper.total
    if not bench.last_z_is_kept:  # only who made it knows it
        with pytest.raises(Refused):
            bench.opened().last_z_report()
    read = printer.last_z_report()
    assert read.number == made.number == paper.number == printer.counters().z_number == 2
    assert (read.groups, read.total) == (made.groups, paper.total)
    bench.let_hours_pass(5)
    assert fiscal_date(printer.last_z_report().issued_at, UTC)
    if bench.last_z_is_kept and bench.last_z_has_time:
        assert bench.seconds_between(paper.at, printer.last_z_report().issued_at) == 0


@every_family
def test_an_x_report_and_a_z_report_differ_in_one_frame_sent_once(family: str) -> None:
    sent = []
    for name in ("x_report", "z_report"):
        with BENCHES[family]() as bench:
            cable = Cable(bench)
            printer = bench.opened(cable)
            cable.cut(None)
            getattr(printer, name)()
            sent.append(cable.writes)
    ((x, z),) = [pair for pair in zip(*sent, strict=True) if pair[0] != pair[1]]
    assert [sent[0].count(x), sent[0].count(z)] == [1, 0]
    assert [sent[1].count(x), sent[1].count(z)] == [0, 1]


# --- what it refuses


def no_paper(bench: Bench) -> None:
    bench.hands(paper_out=True)


def cover_open(bench: Bench) -> None:
    bench.hands(cover_open=True)


def next_day(bench: Bench) -> None:
    bench.let_hours_pass(25)


def paid_once(bench: Bench) -> None:
    leave_open(bench, TWO_LINES, paid=1)


def nothing_paid(bench: Bench) -> None:
    leave_open(bench, TWO_LINES)


def idle(_: Bench) -> None:
    """Leave it as it is."""


@pytest.mark.parametrize(
    ("prepare", "action", "fault"),
    [
        (no_paper, "issue_receipt", Fault.PAPER_OUT),
        (no_paper, "z_report", Fault.PAPER_OUT),
        (cover_open, "issue_receipt", Fault.COVER_OPEN),
        (next_day, "issue_receipt", Fault.Z_REPORT_DUE),
        (idle, "cancel_receipt", Fault.NO_RECEIPT_OPEN),
        (idle, "complete_receipt", Fault.NO_RECEIPT_OPEN),
        (nothing_paid, "issue_receipt", Fault.RECEIPT_OPEN),
        (nothing_paid, "x_report", Fault.RECEIPT_OPEN),
        (nothing_paid, "z_report", Fault.RECEIPT_OPEN),
        (paid_once, "cancel_receipt", Fault.PAYMENT_STARTED),
    ],
)
def test_a_refusal_names_its_fault_and_the_makers_code_and_moves_nothing(
    bench: Bench,
    printer: FiscalPrinter,
    prepare: Callable[[Bench], None],
    action: str,
    fault: Fault,
) -> None:
    if prepare is cover_open and Fault.COVER_OPEN in bench.unsaid:
        pytest.skip("it does not know whether its cover is open")
    if prepare is paid_once and bench.pays_at_once:
        pytest.skip("there is no receipt that is paid and not closed")
    if prepare is next_day and not bench.names_the_z_that_is_due:
        fault = Fault.WRONG_STATE
    printer.issue_receipt(TWO_LINES)
    prepare(bench)
    printer = bench.opened()
    before, papers, open_ = printer.counters(), bench.papers(), bench.open_receipt()
    with pytest.raises(Refused) as caught:
        perform(printer, action)
    assert caught.value.fault is fault
    assert caught.value.device_code
    assert printer.counters() == before
    assert (bench.papers(), bench.open_receipt()) == (papers, open_)


def test_a_printer_without_a_z_report_refuses_to_tell_its_last(printer: FiscalPrinter) -> None:
    with pytest.raises(Refused) as caught:
        printer.last_z_report()
    assert caught.value.fault in (Fault.NO_DATA, Fault.UNKNOWN_COMMAND)


def test_a_day_that_somebody_else_closed_is_not_closed_again(
    bench: Bench, printer: FiscalPrinter
) -> None:
    printer.issue_receipt(TWO_LINES)
    before = printer.counters()
    bench.opened().z_report()
    with pytest.raises(Refused) as caught:
        printer.z_report()
    assert caught.value.fault is Fault.DAY_OPEN
    assert printer.counters().z_number == before.z_number + 1
