"""The driver behind FiscalNet: what it drops, what it reads, and what it says of bad folders.

What the contract suite asks of every family, as far as a device can do it that tells nothing. The
worker on top of it: tests/agent/folder/test_fiscalnet_worker.py; its ends: ..._crashes.py.
"""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.archive import ZSpan
from drivers.base import FiscalPrinter
from drivers.capabilities import TextPlace, Told
from drivers.errors import ContactLost, NotStarted, Refused
from drivers.faults import Fault
from drivers.fiscalnet.text import PAYMENTS
from drivers.model import (
    Adjustment,
    AdjustmentKind,
    Bani,
    Barcode,
    BarcodeKind,
    CashMovement,
    Payment,
    PaymentKind,
    Slip,
    VatRate,
)
from protocol.fiscalnet import NAME_MAX
from protocol.text import fold
from tests.agent.folder.fiscalnet_shop import BY_HAND, GROUPS, SERIAL, Shop
from tests.drivers.bench import asked_line, asked_payment
from tests.drivers.bench_paper import told_line, told_payment
from tests.drivers.receipts import BREAD, CHEESE, REFERENCE, TWO_LINES, receipts

NAME = "amef-7F3A91C2"
REAL = "DB4200012345"
RATES = frozenset(GROUPS.values())


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    made = Shop(tmp_path)
    made.start()
    yield made
    made.close()


@pytest.fixture
def printer(shop: Shop) -> FiscalPrinter:
    shop.printer.open(last_sequence=None)
    return shop.printer


def dropped(shop: Shop) -> list[str]:
    """The lines of what was dropped last, as FiscalNet would read them."""
    (path,) = (shop.base / "Bonuri").iterdir()
    return path.read_text("ascii").splitlines()


def left_lying(shop: Shop, action: Callable[[], Any]) -> list[str]:
    """What an action drops, where nobody takes it."""
    shop.bridge.is_gone = True
    with pytest.raises(ContactLost):
        action()
    return dropped(shop)


# --- who it is


def test_a_virtual_fiscalnet_tells_its_own_serial_whatever_is_configured(tmp_path: Path) -> None:
    shop = Shop(tmp_path, by_hand=replace(BY_HAND, fiscal_serial=REAL))
    shop.start()
    identity = shop.printer.open(last_sequence=None)
    assert (identity.model, identity.fiscal_serial) == ("FiscalNet", SERIAL)
    shop.close()


def opened_without_mark(tmp_path: Path, serial: str) -> str:
    shop = Shop(tmp_path, by_hand=replace(BY_HAND, fiscal_serial=serial))
    (shop.base / "SIMULATED").unlink()
    shop.start()
    try:
        return shop.printer.open(last_sequence=None).fiscal_serial
    finally:
        shop.close()


def test_a_real_fiscalnet_has_the_serial_that_is_configured(tmp_path: Path) -> None:
    assert opened_without_mark(tmp_path, REAL) == REAL


@pytest.mark.parametrize("serial", ["", "SIM0000001"])
def test_a_real_fiscalnet_without_a_serial_or_with_a_virtual_one_is_not_driven(
    tmp_path: Path, serial: str
) -> None:
    with pytest.raises(NotStarted) as caught:
        opened_without_mark(tmp_path, serial)
    assert caught.value.fault is Fault.OTHER_PRINTER


@pytest.mark.parametrize("mark", [b"", b"DB4200012345\n", b"\xff\x00"])
def test_a_mark_that_cannot_be_read_is_still_the_mark_of_a_virtual_one(
    shop: Shop, mark: bytes
) -> None:
    (shop.base / "SIMULATED").write_bytes(mark)
    assert shop.printer.open(last_sequence=None).fiscal_serial.startswith("SIM")


def test_a_mark_that_comes_while_a_session_lasts_is_seen_before_the_next_command(
    tmp_path: Path,
) -> None:
    shop = Shop(tmp_path, by_hand=replace(BY_HAND, fiscal_serial=REAL))
    (shop.base / "SIMULATED").unlink()
    shop.start()
    assert shop.printer.open(last_sequence=None).fiscal_serial == REAL
    (shop.base / "SIMULATED").write_text("SIM0000009\n")
    assert shop.printer.counters().fiscal_serial == "SIM0000009"
    shop.close()


# --- what is on paper is what was asked for


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_a_receipt_comes_out_as_it_was_asked_to_the_ban(data: st.DataObject) -> None:
    asked = data.draw(receipts(RATES, tuple(PAYMENTS), ("", "RO12345674"), NAME_MAX))
    with tempfile.TemporaryDirectory() as folder:
        shop = Shop(Path(folder))
        shop.start()
        shop.printer.open(last_sequence=None)
        assert shop.printer.check(asked) == []
        result = shop.printer.issue_receipt(asked)
        (paper,) = shop.paper("receipt")
        shop.close()
    lines = [replace(each, name=fold(each.name)) for each in asked.lines]
    assert [told_line(line) for line in paper["lines"]] == [asked_line(each) for each in lines]
    paid = [asked_payment(payment) for payment in asked.payments]
    assert [told_payment(payment) for payment in paper["payments"]] == paid
    assert paper["total_bani"] == asked.total == result.total
    assert (paper["reference"], paper["customer_tax_id"]) == (REFERENCE, asked.customer_tax_id)
    assert (result.receipt_number, result.fiscal_serial) == (paper["number"], SERIAL)


def test_what_is_dropped_is_in_the_order_in_which_programs_were_seen_to_write_it(
    shop: Shop, printer: FiscalPrinter
) -> None:
    asked = replace(
        TWO_LINES,
        lines=(BREAD, replace(CHEESE, name="Brânză", unit="")),
        payments=(Payment(PaymentKind.CARD, Bani(1200)),),
        customer_tax_id="12345674",
        adjustment=Adjustment(AdjustmentKind.DISCOUNT_PERCENT, 4_00),
        texts_above=("Sus",),
        texts_below=("Jos",),
    )
    assert asked.total == 1200
    assert printer.check(asked) == []
    assert left_lying(shop, lambda: printer.issue_receipt(asked)) == [
        "CF^12345674",
        "S^Paine alba^350^2000^BUC^2^1",
        "DV^70",
        "S^Branza^2480^250^buc^1^3",
        "ST^",
        "DV^50",
        "TL^Sus",
        "TL^Jos",
        "TL^REF:7F3A91C2",
        "P^2^1200",
    ]


def test_a_discount_on_the_sum_comes_out(shop: Shop, printer: FiscalPrinter) -> None:
    change = Adjustment(AdjustmentKind.SURCHARGE_AMOUNT, 75)
    printer.issue_receipt(replace(TWO_LINES, adjustment=change))
    assert shop.paper("receipt")[0]["total_bani"] == TWO_LINES.total + 75


def test_slips_reports_and_the_drawer_each_have_a_file_of_their_own(
    shop: Shop, printer: FiscalPrinter
) -> None:
    printer.issue_receipt(TWO_LINES)
    printer.print_slip(Slip(("Curs valutar",), "REF1"))
    assert [printer.x_report().number, printer.z_report().number] == [1, 1]
    assert printer.last_z_report().number == 1
    printer.open_drawer()
    assert [len(shop.paper(kind)) for kind in ("receipt", "nonfiscal", "x", "z")] == [1, 1, 1, 1]
    assert "Curs valutar" in shop.paper("nonfiscal")[0]["text"]
    assert shop.device.memory.drawer_pulses == 1
    answers = sorted(path.name for path in (shop.base / "Raspuns").iterdir())
    assert len(answers) == 5
    assert {f"{NAME}.txt", "amef-REF1.txt"} < set(answers)


def test_an_open_receipt_on_the_printer_can_be_cancelled(
    shop: Shop, printer: FiscalPrinter
) -> None:
    assert left_lying(shop, printer.cancel_receipt) == ["VB^"]


def test_a_report_goes_under_the_number_of_the_baseline_and_never_twice_under_one(
    shop: Shop, printer: FiscalPrinter
) -> None:
    number = printer.counters().document_number
    printer.x_report()
    printer.x_report()
    names = sorted(path.stem for path in (shop.base / "Raspuns").iterdir())
    assert names[0] == f"amef-{number}"
    assert len(set(names)) == 2


def test_numbers_that_were_given_out_once_do_not_come_back_with_an_older_clock(
    shop: Shop, printer: FiscalPrinter
) -> None:
    printer.x_report()
    shop.stop()
    shop.clock.ms -= 1000
    shop.start()
    shop.printer.open(last_sequence=None)
    for _ in range(3):
        shop.printer.x_report()
    assert len(shop.paper("x")) == 4


# --- what it cannot do


REFUSED: dict[str, Callable[[FiscalPrinter], Any]] = {
    "drawer": lambda printer: printer.drawer(),
    "totals": lambda printer: printer.day_totals(),
    "last receipt": lambda printer: printer.last_receipt(None),
    "cash": lambda printer: printer.move_cash(CashMovement(paid_in=Bani(100))),
    "copy": lambda printer: printer.print_duplicate(),
    "complete": lambda printer: printer.complete_receipt(TWO_LINES, payments_done=1),
    "close slip": lambda printer: printer.close_slip(),
    "clock": lambda printer: printer.set_clock(datetime(2026, 1, 1, tzinfo=UTC), summer=False),
    "texts": lambda printer: printer.service.texts(TextPlace.HEADER),
    "archive": lambda printer: printer.archive.find(ZSpan(1, 2)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_fiscalnet_does_not_know_is_refused_and_nothing_is_dropped(
    shop: Shop, printer: FiscalPrinter, what: str
) -> None:
    with pytest.raises(Refused) as caught:
        REFUSED[what](printer)
    assert caught.value.fault is Fault.UNKNOWN_COMMAND
    assert shop.dropped() == []


def test_what_it_does_not_tell_is_declared(printer: FiscalPrinter) -> None:
    assert printer.capabilities.untold == set(Told)
    assert printer.capabilities.features == set()
    assert (printer.clock().text, printer.clock().at) == ("", None)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"lines": (BREAD, BREAD, replace(BREAD, is_void=True))}, "UNSUPPORTED"),
        ({"lines": (replace(BREAD, name="a^b"),)}, "TEXT_NOT_PRINTABLE"),
        ({"lines": (replace(BREAD, unit="b^c"),)}, "TEXT_NOT_PRINTABLE"),
        ({"lines": (replace(BREAD, name="x" * 37),)}, "TEXT_TOO_LONG"),
        ({"lines": (replace(BREAD, name="日本"),)}, "TEXT_NOT_PRINTABLE"),
        ({"lines": (replace(BREAD, vat_rate=VatRate(19_00)),)}, "VAT_RATE_UNKNOWN"),
        ({"texts_below": ("2^3",)}, "TEXT_NOT_PRINTABLE"),
        ({"customer_tax_id": "1^2"}, "TEXT_NOT_PRINTABLE"),
        ({"barcode": Barcode(BarcodeKind.QR, "abc")}, "UNSUPPORTED"),
        ({"payments": (Payment(PaymentKind.OTHER, Bani(5000)),)}, "PAYMENT_KIND_UNKNOWN"),
    ],
)
def test_what_a_file_cannot_say_is_told_before(
    shop: Shop, printer: FiscalPrinter, change: dict[str, Any], code: str
) -> None:
    assert code in [problem.code for problem in printer.check(replace(TWO_LINES, **change))]
    assert shop.dropped() == []


def test_a_slip_that_cannot_be_written_is_refused_and_nothing_is_dropped(
    shop: Shop, printer: FiscalPrinter
) -> None:
    with pytest.raises(Refused) as caught:
        printer.print_slip(Slip(("2^3",)))
    assert caught.value.fault is Fault.BAD_REQUEST
    assert shop.dropped() == []


def test_contested_ways_to_pay_go_by_the_configuration_alone(tmp_path: Path) -> None:
    by_hand = replace(
        BY_HAND, payments={"8": PaymentKind.CARD_CASH_ADVANCE, "7": PaymentKind.OTHER}
    )
    shop = Shop(tmp_path, by_hand=by_hand)
    shop.start()
    printer = shop.printer
    printer.open(last_sequence=None)
    kinds = printer.capabilities.payment_kinds
    assert PaymentKind.OTHER in kinds
    assert PaymentKind.MODERN not in kinds  # its number means something else here
    paid = (Payment(PaymentKind.OTHER, TWO_LINES.total),)
    assert left_lying(shop, lambda: printer.issue_receipt(replace(TWO_LINES, payments=paid)))[
        -1
    ] == (f"P^7^{TWO_LINES.total}")
    shop.close()


# --- a name is dropped once


def test_an_answer_that_is_there_already_is_the_answer_and_nothing_is_dropped(
    shop: Shop, printer: FiscalPrinter
) -> None:
    first = printer.issue_receipt(TWO_LINES)
    again = printer.issue_receipt(TWO_LINES)
    assert again == first
    assert len(shop.paper("receipt")) == 1


def test_a_refusal_that_is_there_already_is_not_asked_again(
    shop: Shop, printer: FiscalPrinter
) -> None:
    (shop.base / "Raspuns" / f"{NAME}.txt").write_bytes(b"BONOK=0\r\nERRCODE=7\r\n")
    with pytest.raises(Refused) as caught:
        printer.issue_receipt(TWO_LINES)
    assert caught.value.device_code == "7"
    assert shop.paper("receipt") == []


def test_an_answer_from_before_that_cannot_be_read_keeps_the_file_back(
    shop: Shop, printer: FiscalPrinter
) -> None:
    (shop.base / "Raspuns" / f"{NAME}.txt").write_bytes(b"BON")
    with pytest.raises(ContactLost):
        printer.issue_receipt(TWO_LINES)
    assert (shop.dropped(), shop.paper("receipt")) == ([], [])


def test_a_file_that_lies_there_from_before_is_replaced_and_printed_once(
    shop: Shop, printer: FiscalPrinter
) -> None:
    left_lying(shop, lambda: printer.issue_receipt(TWO_LINES))
    shop.start_fiscalnet()
    printer.issue_receipt(TWO_LINES)
    assert len(shop.paper("receipt")) == 1


def test_observing_names_the_number_that_was_answered(shop: Shop, printer: FiscalPrinter) -> None:
    before = printer.counters()
    printer.issue_receipt(TWO_LINES)
    seen = printer.observe(since=before, reference=REFERENCE)
    assert (seen.counts, seen.reference_found) == (False, True)
    assert seen.trace is not None
    assert seen.trace.receipt_number == 1
