"""Every problem a receipt can have before the first byte: its code and its path."""

from dataclasses import replace

import pytest

from drivers.capabilities import Capabilities, Feature
from drivers.model import (
    Adjustment,
    AdjustmentKind,
    Bani,
    Barcode,
    BarcodeKind,
    Line,
    Payment,
    PaymentKind,
    Receipt,
    Slip,
    Thousandths,
    VatRate,
)
from drivers.receipt_check import (
    AMOUNT_MAX,
    PRICE_MAX,
    QUANTITY_MAX,
    folded,
    receipt_problems,
    text_problems,
)
from tests.drivers.receipts import BREAD, CHEESE, REFERENCE, TWO_LINES

DEVICE = Capabilities(
    name_length_max=10,
    name_lines_max=2,
    lines_max=3,
    payment_kinds=frozenset({PaymentKind.CASH, PaymentKind.CARD}),
)
RATES = frozenset({VatRate(21_00), VatRate(11_00)})


def found(receipt: Receipt) -> list[tuple[str, str]]:
    problems = receipt_problems(receipt, DEVICE, RATES)
    assert all(problem.sentence for problem in problems)
    return [(problem.path, problem.code) for problem in problems]


def with_second(line: Line) -> Receipt:
    return replace(TWO_LINES, lines=(BREAD, line))


def discounted(kind: AdjustmentKind, value: int) -> Line:
    return replace(BREAD, adjustment=Adjustment(kind, value))


def test_a_good_receipt_has_no_problem() -> None:
    assert found(TWO_LINES) == []


@pytest.mark.parametrize(
    ("line", "path", "code"),
    [
        (replace(CHEESE, name="Brânză 🧀"), "lines[1].name", "TEXT_NOT_PRINTABLE"),
        (replace(CHEESE, name="Branza\tde oaie"), "lines[1].name", "TEXT_NOT_PRINTABLE"),
        (replace(CHEESE, name="x" * 21), "lines[1].name", "TEXT_TOO_LONG"),
        (replace(CHEESE, unit="\n"), "lines[1].unit", "TEXT_NOT_PRINTABLE"),
        (replace(CHEESE, unit="BUCATI2"), "lines[1].unit", "TEXT_TOO_LONG"),
        (replace(CHEESE, vat_rate=VatRate(19_00)), "lines[1].vat_rate", "VAT_RATE_UNKNOWN"),
        (
            replace(CHEESE, unit_price=Bani(PRICE_MAX + 1)),
            "lines[1].unit_price",
            "AMOUNT_TOO_LARGE",
        ),
        (
            replace(CHEESE, quantity=Thousandths(QUANTITY_MAX + 1)),
            "lines[1].quantity",
            "AMOUNT_TOO_LARGE",
        ),
        (replace(CHEESE, name="\u0301"), "lines[1].name", "TEXT_EMPTY"),
        (replace(CHEESE, unit_price=Bani(0)), "lines[1]", "LINE_NOT_POSITIVE"),
        (replace(CHEESE, quantity=Thousandths(-1000)), "lines[1]", "LINE_NOT_POSITIVE"),
        (discounted(AdjustmentKind.DISCOUNT_AMOUNT, 7_00), "lines[1]", "LINE_NOT_POSITIVE"),
        (discounted(AdjustmentKind.DISCOUNT_PERCENT, 100_00), "lines[1]", "LINE_NOT_POSITIVE"),
    ],
)
def test_a_problem_of_a_line_is_told_with_the_lines_place(line: Line, path: str, code: str) -> None:
    assert (path, code) in found(with_second(line))
    assert all(place.startswith("lines[1]") for place, other in found(with_second(line)))


def test_one_problem_brings_no_other() -> None:
    assert found(with_second(replace(CHEESE, vat_rate=VatRate(19_00)))) == [
        ("lines[1].vat_rate", "VAT_RATE_UNKNOWN")
    ]


def test_an_unknown_vat_rate_is_told_with_the_rates_there_are() -> None:
    receipt = with_second(replace(CHEESE, vat_rate=VatRate(19_00)))
    (problem,) = receipt_problems(receipt, DEVICE, RATES)
    assert problem.sentence == "the device has no VAT rate 19.00 %; it has 21.00 %, 11.00 %"


def test_more_lines_than_the_device_takes_are_too_many() -> None:
    lines = (CHEESE,) * DEVICE.lines_max
    assert found(replace(TWO_LINES, lines=lines)) == []
    assert found(replace(TWO_LINES, lines=(*lines, CHEESE))) == [("lines", "TOO_MANY_LINES")]


def test_a_payment_kind_that_the_device_lacks_is_told_with_its_place() -> None:
    payments = (Payment(PaymentKind.CARD, Bani(1)), Payment(PaymentKind.VOUCHER, Bani(1)))
    receipt = replace(TWO_LINES, payments=payments)
    assert found(receipt) == [("payments[1].kind", "PAYMENT_KIND_UNKNOWN")]


def test_a_payment_above_the_limit_is_told_before_the_receipt_is_opened() -> None:
    payments = (Payment(PaymentKind.CASH, AMOUNT_MAX),)
    assert found(replace(TWO_LINES, payments=payments)) == []
    payments = (*payments, Payment(PaymentKind.CASH, Bani(AMOUNT_MAX + 1)))
    assert found(replace(TWO_LINES, payments=payments)) == [
        ("payments[1].amount", "AMOUNT_TOO_LARGE")
    ]


def test_a_total_above_the_limit_is_too_large() -> None:
    dear = replace(CHEESE, unit_price=PRICE_MAX, quantity=Thousandths(10_000))
    rest = replace(CHEESE, unit_price=Bani(9), quantity=Thousandths(1000))
    assert dear.total + rest.total == AMOUNT_MAX
    assert found(replace(TWO_LINES, lines=(dear, rest))) == []
    assert found(replace(TWO_LINES, lines=(dear, rest, rest))) == [("lines", "TOTAL_TOO_LARGE")]


def test_a_sum_above_the_limit_is_too_large_also_if_it_is_taken_back_again() -> None:
    dear = replace(CHEESE, unit_price=PRICE_MAX, quantity=Thousandths(10_000))
    lines = (dear, dear, replace(dear, is_void=True))
    assert found(replace(TWO_LINES, lines=lines)) == [("lines", "TOTAL_TOO_LARGE")]


def test_a_line_that_came_of_another_is_told_by_the_place_where_it_was_asked() -> None:
    deposit = replace(CHEESE, vat_rate=VatRate(0), path="lines[0].deposit")
    third = replace(CHEESE, name="x" * 21, path="lines[1]")
    assert found(replace(TWO_LINES, lines=(BREAD, deposit, third))) == [
        ("lines[0].deposit.vat_rate", "VAT_RATE_UNKNOWN"),
        ("lines[1].name", "TEXT_TOO_LONG"),
    ]


def test_the_place_makes_no_line_another() -> None:
    """A line taken back is equal to the one that was sold, wherever either was asked."""
    sold = replace(CHEESE, path="lines[0]")
    void = replace(CHEESE, path="lines[1]", is_void=True)
    assert found(replace(TWO_LINES, lines=(BREAD, sold, void))) == []


# a code says what stands in it


@pytest.mark.parametrize(
    ("kind", "data", "codes"),
    [
        (BarcodeKind.EAN8, "12345670", []),
        (BarcodeKind.EAN8, "12345671", ["BARCODE_BAD"]),
        (BarcodeKind.EAN8, "1234567", ["BARCODE_BAD"]),
        (BarcodeKind.EAN8, "123456700", ["TEXT_TOO_LONG", "BARCODE_BAD"]),
        (BarcodeKind.EAN13, "5941234567899", []),
        (BarcodeKind.EAN13, "٥٩٤١٢٣٤٥٦٧٨٩٩", ["TEXT_NOT_PRINTABLE", "BARCODE_BAD"]),
        (BarcodeKind.EAN13, "594123456789x", ["BARCODE_BAD"]),
        (BarcodeKind.CODE128, "AB", ["BARCODE_BAD"]),
        (BarcodeKind.CODE128, "ABC", []),
        (BarcodeKind.CODE128, "x" * 32, ["TEXT_TOO_LONG"]),
        (BarcodeKind.QR, "x" * 120, []),
        (BarcodeKind.QR, "x" * 121, ["TEXT_TOO_LONG"]),
        (BarcodeKind.QR, "a\tb", ["TEXT_NOT_PRINTABLE"]),
        (BarcodeKind.QR, "șase", ["BARCODE_BAD"]),
    ],
)
def test_a_code_is_held_to_its_kind(kind: BarcodeKind, data: str, codes: list[str]) -> None:
    able = replace(DEVICE, features=frozenset({Feature.BARCODE}))
    receipt = replace(TWO_LINES, barcode=Barcode(kind, data))
    problems = receipt_problems(receipt, able, RATES)
    assert [problem.code for problem in problems] == codes
    assert {problem.path for problem in problems} <= {"barcode.data"}


def test_what_is_folded_is_named_by_the_place_where_it_was_asked() -> None:
    lines = (replace(BREAD, name="Pâine", path="lines[0]"), replace(CHEESE, unit="șir"))
    receipt = replace(TWO_LINES, lines=lines, texts_below=("bun", "țară"))
    assert folded(receipt) == ["lines[0].name", "lines[1].unit", "texts_below[1]"]
    assert folded(Slip(("bun", "țară"), "REF")) == ["texts[1]"]
    assert folded(("ă", "b")) == ["lines[0]"]


def test_a_sign_that_the_wire_keeps_for_itself_is_named_too() -> None:
    line = replace(BREAD, name="Paine; alba", unit="b|c")
    receipt = replace(TWO_LINES, lines=(line,), texts_below=("a; b", "a, b"))
    assert folded(receipt) == []
    named = ["lines[0].name", "lines[0].unit", "texts_below[0]"]
    assert folded(receipt, replaced=";|`") == named


def test_all_problems_are_told_at_once() -> None:
    bad = Line("x" * 21, Bani(0), Thousandths(1000), VatRate(19_00), unit="🧀")
    payments = (Payment(PaymentKind.FOREIGN, Bani(1)),)
    assert found(Receipt((bad,), payments, REFERENCE)) == [
        ("lines[0].name", "TEXT_TOO_LONG"),
        ("lines[0].unit", "TEXT_NOT_PRINTABLE"),
        ("lines[0].vat_rate", "VAT_RATE_UNKNOWN"),
        ("lines[0]", "LINE_NOT_POSITIVE"),
        ("payments[0].kind", "PAYMENT_KIND_UNKNOWN"),
    ]


@pytest.mark.parametrize(
    ("text", "length_max", "codes"),
    [
        ("Brânză", 6, []),
        ("Bra\u0302nza\u0306", 6, []),  # accents written apart are folded away
        ("5 €", 5, []),
        ("5 €", 4, ["TEXT_TOO_LONG"]),  # printed as 5 EUR
        ("…" * 72, 72, ["TEXT_TOO_LONG"]),
        ("", 0, []),
        ("🧀🧀🧀", 2, ["TEXT_NOT_PRINTABLE", "TEXT_TOO_LONG"]),
    ],
)
def test_a_text_is_as_long_as_it_is_printed(text: str, length_max: int, codes: list[str]) -> None:
    problems = text_problems("name", text, length_max=length_max)
    assert [problem.code for problem in problems] == codes
    assert {problem.path for problem in problems} <= {"name"}


def test_a_letter_that_cannot_be_printed_is_named_once() -> None:
    (problem,) = text_problems("name", "🧀 si 🧀 si \x07", length_max=72)
    assert problem.sentence == "the device cannot print U+1F9C0 U+0007"
