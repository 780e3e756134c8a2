"""Shtrih-M beside its receipts: cash, copies, operators, clock, archive, passwords, detection."""

from datetime import UTC, datetime

import pytest

from agent.verdict import Proof, Verdict, decide
from drivers.archive import DateSpan, DocumentSpan, ZSpan
from drivers.base import Operator
from drivers.errors import NotStarted, Refused
from drivers.families.shtrih import Shtrih
from drivers.faults import Fault
from drivers.model import (
    Bani,
    CashMovement,
    Line,
    Payment,
    PaymentKind,
    Receipt,
    Thousandths,
    VatRate,
)
from drivers.recognise import Make, stranger
from tests.drivers.bench import BENCHES
from tests.drivers.cables import Cable, FakeClock
from tests.drivers.receipts import CARD, REFERENCE, TWO_LINES
from tests.drivers.shtrih_device import opened


def test_cash_goes_in_and_out_and_proves_itself() -> None:
    with BENCHES["shtrih"]() as bench:
        printer = opened(bench)
        baseline = printer.counters(with_cash=True)
        movement = CashMovement(paid_in=Bani(500_00))
        assert printer.move_cash(movement).cash == 500_00
        seen = printer.observe(since=baseline, reference="")
        assert decide(Proof.CASH, baseline, seen, movement).verdict is Verdict.ISSUED
        drawer = printer.move_cash(CashMovement(paid_out=Bani(120_00)))
        assert (drawer.cash, drawer.paid_in, drawer.paid_out) == (380_00, 500_00, 120_00)
        with pytest.raises(Refused) as refused:
            printer.move_cash(CashMovement(paid_out=Bani(999_00)))
        assert refused.value.fault is Fault.AMOUNT_REFUSED
        assert [paper.kind for paper in bench.papers()] == ["cash_in", "cash_out"]


def test_a_copy_and_the_drawer() -> None:
    with BENCHES["shtrih"]() as bench:
        printer = opened(bench)
        with pytest.raises(Refused) as refused:
            printer.print_duplicate()
        assert refused.value.fault is Fault.NO_DATA
        printer.issue_receipt(TWO_LINES)
        printer.print_duplicate()
        printer.open_drawer()
        assert [paper.kind for paper in bench.papers()] == ["receipt", "duplicate"]
        assert bench._device.memory.drawer_pulses == 1


def test_operators_are_read_and_written_with_the_right_password() -> None:
    with BENCHES["shtrih"]() as bench:
        service = opened(bench).service
        assert service.operator_name(3) == "Operator 3"
        service.set_operator(3, name="Ana", old_password="3", password="1234")
        service.set_operator(3, name="", old_password="01234", password="77")
        assert service.operator_name(3) == "Ana"
        for old, new in (("1234", "5"), ("77", "x"), ("77", "99999999999")):
            with pytest.raises(Refused) as refused:
                service.set_operator(3, name="Eva", old_password=old, password=new)
            assert refused.value.fault is Fault.OPERATOR_REFUSED
        assert service.operator_name(3) == "Ana"


def test_a_clock_on_another_date_is_confirmed_and_one_that_waits_too() -> None:
    with BENCHES["shtrih"]() as bench:
        printer = opened(bench)
        moment = datetime(2031, 2, 3, 4, 5, 6, tzinfo=UTC)
        printer.set_clock(moment, summer=False)
        assert printer.clock().text.startswith("03-02-2031 04:05:0")
        bench._device.execute(0x22, bytes.fromhex("1E000000 04021F"))
        assert printer.status().blocking == (Fault.CLOCK_NOT_SET,)
        with pytest.raises(Refused) as refused:
            printer.issue_receipt(TWO_LINES)
        assert refused.value.fault is Fault.CLOCK_NOT_SET
        printer.set_clock(datetime(2031, 2, 4, 4, 5, 6, tzinfo=UTC), summer=False)
        assert printer.status().blocking == ()


def test_the_archive_is_read_as_streams_that_survive_a_lost_line() -> None:
    with BENCHES["shtrih"]() as bench:
        printer = opened(bench, "drop-reply@179#2", "reboot=keep@179#9999")
        for _ in range(2):
            printer.issue_receipt(TWO_LINES)
            printer.z_report()
        archive = printer.archive
        brief = list(archive.fiscal_memory(ZSpan(1, 2), detailed=False))
        assert [line[:18] for line in brief] == [b"RAPORT Z NR: 0001 ", b"RAPORT Z NR: 0002 "]
        today = bench._device.now.date()
        assert list(archive.fiscal_memory(DateSpan(today, today), detailed=False)) == brief
        whole = list(archive.fiscal_memory(ZSpan(2, 2), detailed=True))
        assert len(whole) > 5
        assert list(archive.find(DocumentSpan(1, 9))) == [1, 2]
        days = list(archive.documents(archive.find(ZSpan(1, 2))))
        assert [day.trace.document_number for day in days] == [1, 2]
        assert any(b"TOTAL LEI" in line for line in days[0].lines)
        assert list(archive.documents([7])) == []
        assert list(archive.fiscal_memory(ZSpan(8, 9), detailed=False)) == []
        with pytest.raises(Refused):
            archive.find(DateSpan(today, today))


def test_a_stream_that_is_left_is_broken_off() -> None:
    with BENCHES["shtrih"]() as bench:
        cable = Cable(bench)
        printer = opened(bench, cable=cable)
        printer.issue_receipt(TWO_LINES)
        printer.z_report()
        cable.cut(None)
        lines = printer.archive.fiscal_memory(ZSpan(1, 1), detailed=True)
        next(lines)
        lines.close()
        assert [frame[2] for frame in cable.writes] == [0xB9, 0xB3, 0xAC]


def test_a_password_that_is_no_number_or_nobodys_is_refused() -> None:
    with BENCHES["shtrih"]() as bench:
        for password, code in (("abc", ""), ("99999999999", ""), ("4242", "4F")):
            printer = Shtrih(Cable(bench), FakeClock(), Operator(1, password))
            with pytest.raises(Refused) as refused:
                printer.open(last_sequence=None)
            assert (refused.value.fault, refused.value.device_code) == (
                Fault.OPERATOR_REFUSED,
                code,
            )


def test_an_operator_who_may_not_read_tables_is_told_who_the_device_is_and_no_more() -> None:
    with BENCHES["shtrih"]() as bench:
        printer = Shtrih(Cable(bench), FakeClock(), Operator(2, "2"))
        assert printer.open(last_sequence=None).fiscal_serial == bench.serial
        assert printer.capabilities.payment_kinds == {PaymentKind.CASH}
        with pytest.raises(Refused) as refused:
            printer.check(TWO_LINES)
        assert refused.value.fault is Fault.OPERATOR_REFUSED


def test_the_two_wires_are_told_apart() -> None:
    for family, dialect in (("shtrih", ""), ("shtrih:numbered", "numbered")):
        with BENCHES[family]() as bench:
            made = stranger("tremol", Cable(bench), bench.clock)
            assert made == Make("shtrih", dialect)
    with BENCHES["shtrih:numbered"]() as bench, pytest.raises(NotStarted):
        Shtrih(Cable(bench), bench.clock, Operator(30, "30")).open(last_sequence=None)


def test_cards_above_the_total_are_refused_by_the_device_and_nothing_comes_out() -> None:
    over = Receipt(
        (Line("Apa", Bani(100), Thousandths(1000), VatRate(11_00)),),
        (Payment(CARD, Bani(200)),),
        REFERENCE,
    )
    with BENCHES["shtrih"]() as bench:
        with pytest.raises(Refused) as refused:
            opened(bench).issue_receipt(over)
        assert (refused.value.fault, refused.value.device_code) == (Fault.AMOUNT_REFUSED, "4D")
        assert bench.papers() == []
