"""The Shtrih-M driver: what it prints, and what it refuses before the first byte."""

from dataclasses import replace

import pytest

from drivers.errors import ContactLost, Refused
from drivers.faults import Fault
from drivers.model import (
    Adjustment,
    AdjustmentKind,
    Bani,
    Barcode,
    BarcodeKind,
    Payment,
    PaymentKind,
    Thousandths,
)
from sandbox.printer_shtrih import reads
from tests.drivers.bench import BENCHES
from tests.drivers.cables import Cable, Cut
from tests.drivers.receipts import BREAD, CHEESE, REFERENCE, TWO_LINES
from tests.drivers.shtrih_device import both_wires, opened, receipt_of


@both_wires
def test_discounts_surcharges_and_voids_come_out_to_the_ban(family: str) -> None:
    off = replace(BREAD, adjustment=Adjustment(AdjustmentKind.DISCOUNT_AMOUNT, 55))
    more = replace(CHEESE, adjustment=Adjustment(AdjustmentKind.SURCHARGE_PERCENT, 5_00))
    void = replace(off, is_void=True)
    whole = Adjustment(AdjustmentKind.DISCOUNT_PERCENT, 3_33)
    receipt = receipt_of(off, more, void, BREAD, paid=20_00, adjustment=whole)
    with BENCHES[family]() as bench:
        printer = opened(bench)
        assert printer.check(receipt) == []
        result = printer.issue_receipt(receipt)
        (paper,) = bench.papers()
        assert paper.total == result.total == receipt.total
        assert paper.change == 20_00 - receipt.total
        assert printer.day_totals().total == receipt.total
        assert f"SUBTOTAL {sum(line.total for line in receipt.lines) / 100:.2f}" in paper.text


@pytest.mark.parametrize(("other", "beside"), [(9_00, "Branza"), (50, "Vin")])
def test_a_discount_that_a_void_undoes_stands_beside_its_own_article_where_the_sum_allows_it(
    other: int, beside: str
) -> None:
    off = replace(CHEESE, adjustment=Adjustment(AdjustmentKind.DISCOUNT_AMOUNT, 55))
    wine = replace(CHEESE, name="Vin", unit_price=Bani(other), quantity=Thousandths(1000))
    receipt = receipt_of(off, wine, replace(off, is_void=True), paid=10_00)
    with BENCHES["shtrih"]() as bench:
        opened(bench).issue_receipt(receipt)
        (paper,) = bench.papers()
        names = [line for line in paper.text.splitlines() if line in ("Branza", "Vin")]
        assert names == ["Branza", "Vin", "Branza"]
        before, after = paper.text.split("MAJORARE")
        assert before.rindex(beside) == max(before.rindex(name) for name in ("Branza", "Vin"))
        assert after.count("Branza") == (beside == "Vin")
        assert paper.total == other


def test_a_long_name_goes_on_in_the_next_line() -> None:
    line = replace(CHEESE, name="Branza de burduf afumata de la Bran, felii, 250 g")
    with BENCHES["shtrih"]() as bench:
        opened(bench).issue_receipt(receipt_of(line, paid=10_00))
        (paper,) = bench.papers()
        assert paper.lines[0][0] == "Branza de burduf afumata de la Bran,"
        assert "\nfelii, 250 g\n" in paper.text


def test_texts_stand_around_and_the_reference_at_the_end() -> None:
    receipt = replace(TWO_LINES, texts_above=("Masa 4", ""), texts_below=("Va multumim",))
    with BENCHES["shtrih"]() as bench:
        opened(bench).issue_receipt(receipt)
        text = bench.papers()[0].text
        assert text.index("Masa 4") < text.index("Paine") < text.index("Va multumim")
        assert text.index("Va multumim") < text.index(f"REF:{REFERENCE}")


def test_only_the_payments_that_the_device_names_are_offered() -> None:
    with BENCHES["shtrih"]() as bench:
        printer = opened(bench)
        assert printer.capabilities.payment_kinds == set(bench.payment_kinds)
        voucher = replace(TWO_LINES, payments=(Payment(PaymentKind.VOUCHER, TWO_LINES.total),))
        assert [one.code for one in printer.check(voucher)] == ["PAYMENT_KIND_UNKNOWN"]
        with pytest.raises(Refused):
            printer.issue_receipt(voucher)
        assert bench.open_receipt() is None


def test_a_place_for_foreign_money_is_not_offered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "PAYMENT_NAMES", ("NUMERAR", "VALUTĂ", "Card cu avans", "CARD"))
    with BENCHES["shtrih"]() as bench:
        offered = opened(bench).capabilities.payment_kinds
    assert offered == {PaymentKind.CASH, PaymentKind.CARD_CASH_ADVANCE, PaymentKind.CARD}


def test_what_no_command_prints_is_told_before_the_first_byte() -> None:
    code = Barcode(BarcodeKind.EAN13, "5941234567899")
    with BENCHES["shtrih"]() as bench:
        cable = Cable(bench)
        printer = opened(bench, cable=cable)
        for receipt in (
            replace(TWO_LINES, barcode=code),
            replace(TWO_LINES, customer_tax_id="RO12345674"),
        ):
            assert [one.code for one in printer.check(receipt)] == ["UNSUPPORTED"]
            cable.cut(None)
            with pytest.raises(Refused) as refused:
                printer.issue_receipt(receipt)
            assert refused.value.fault is Fault.UNKNOWN_COMMAND
            assert cable.writes == []


def test_a_line_that_the_device_rounds_otherwise_is_never_paid() -> None:
    """Somebody types a line in between: the subtotal is another."""
    with BENCHES["shtrih"]() as bench:
        printer = opened(bench)
        memory = bench._device.memory
        printer._selling.sell = lambda *_: bench._device.execute(  # type: ignore[method-assign]
            0x80, bytes.fromhex("1E000000 E803000000 6400000000 01 01000000") + b"x".ljust(40)
        )
        with pytest.raises(Refused) as refused:
            printer.issue_receipt(TWO_LINES)
        assert refused.value.fault is Fault.TOTAL_MISMATCH
        assert refused.value.device_code == "1.00 instead of 12.50"
        assert bench._device.memory.receipts_ever == memory.receipts_ever == 0


def test_an_older_device_with_an_open_receipt_is_sold_nothing() -> None:
    with BENCHES["shtrih:by_sale"]() as bench:
        printer = bench.opened()
        cable = Cable(bench)
        other = bench.opened(cable)
        cable.cut(4, Cut.PULLED_AFTER)
        with pytest.raises(ContactLost):
            other.issue_receipt(TWO_LINES)
        before = bench.open_receipt()
        with pytest.raises(Refused) as refused:
            printer.issue_receipt(TWO_LINES)
        assert refused.value.fault is Fault.RECEIPT_OPEN
        assert before is not None
        assert bench.open_receipt() == before
