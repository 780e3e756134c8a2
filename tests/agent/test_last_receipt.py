"""What every family tells of its last receipt, before and after Z reports."""

import pytest

from agent.carry_out import get_last_receipt
from agent.checks import a_receipt
from drivers.base import FiscalPrinter
from drivers.model import Bani, CashMovement
from tests.drivers.bench import BENCHES, FAMILIES
from tests.drivers.receipts import TWO_LINES

FIVE_LEI = CashMovement(paid_in=Bani(500))


def close_the_day(printer: FiscalPrinter) -> None:
    printer.counters()
    printer.z_report()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_last_receipt_is_of_the_day_that_is_open_and_after_a_z_of_one_that_nobody_tells(
    family: str,
) -> None:
    with BENCHES[family]() as bench:
        printer = bench.opened()
        printer.issue_receipt(TWO_LINES)
        close_the_day(printer)
        assert get_last_receipt(printer, None)["z_number"] is None
        close_the_day(printer)  # of a day without a receipt
        assert get_last_receipt(printer, None)["z_number"] is None
        printer.issue_receipt(TWO_LINES)
        assert get_last_receipt(printer, None)["z_number"] == 3


@pytest.mark.parametrize("family", FAMILIES)
def test_cash_that_is_put_in_makes_the_last_receipt_none_of_this_day(family: str) -> None:
    with BENCHES[family]() as bench:
        printer = bench.opened()
        printer.issue_receipt(TWO_LINES)
        close_the_day(printer)
        printer.move_cash(FIVE_LEI)
        assert get_last_receipt(printer, None)["z_number"] is None


@pytest.mark.parametrize("family", FAMILIES)
def test_a_device_without_a_receipt_says_since_when(family: str) -> None:
    with BENCHES[family]() as bench:
        printer = bench.opened()
        (problem,) = a_receipt(printer, None)
        assert (problem.code, problem.sentence[-27:]) == ("NO_DATA", "It tells of no receipt yet.")
        printer.issue_receipt(TWO_LINES)
        assert a_receipt(printer, None) == []
        close_the_day(printer)
        said = [problem.sentence for problem in a_receipt(printer, None)]
        assert len(said) == bench.counts_by_day
        assert all(one.endswith("no receipt since the last Z report.") for one in said)
