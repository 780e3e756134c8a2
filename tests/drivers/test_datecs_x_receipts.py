"""Random receipts with everything that may stand on one: the sum on paper is the sum asked.

lines sold and taken back, discounts and surcharges on lines and on the sum, texts, codes, long
names, up to three payments and cash with change; on paper of 32 and of 48 columns
"""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers import families
from drivers.base import Operator
from drivers.capabilities import Feature
from drivers.families.datecs_x import NAME_LENGTH_MAX
from drivers.model import (
    Bani,
    Barcode,
    BarcodeKind,
    PaymentKind,
    Receipt,
    adjusted,
)
from protocol.text import fold, wrapped
from sandbox.printer.paper import Settings
from tests.drivers.bench import DatecsX
from tests.drivers.cables import Cable
from tests.drivers.receipts import adjustments, lines, receipts

NAME_ON_LINES_MAX = 3 * NAME_LENGTH_MAX
CUSTOMERS = ("", "12345674")
CAN = frozenset({Feature.BARCODE})
texts = st.lists(st.text("abcXYZ 0123456789.,%/-ăâîșțĂȘ", max_size=150), max_size=3).map(tuple)
barcodes = st.one_of(
    st.none(),
    st.builds(Barcode, st.just(BarcodeKind.QR), st.text("ABCxyz019:/", min_size=3, max_size=120)),
    st.builds(Barcode, st.just(BarcodeKind.CODE128), st.text("A9 -", min_size=3, max_size=31)),
    st.just(Barcode(BarcodeKind.EAN8, "12345670")),
)


@st.composite
def full(draw: st.DrawFn) -> Receipt:
    """A receipt as `receipts` makes it, with lines that are taken back, and all around it."""
    made = draw(receipts(DatecsX.rates, DatecsX.payment_kinds, CUSTOMERS, NAME_ON_LINES_MAX))
    gone = draw(st.lists(lines(DatecsX.rates, NAME_ON_LINES_MAX), max_size=2))
    place = draw(st.integers(0, len(made.lines)))
    sold = (*made.lines[:place], *gone, *made.lines[place:])
    taken_back = tuple(replace(line, is_void=True) for line in gone)
    change = draw(adjustments.filter(lambda one: adjusted(made.total, one) > 0))
    receipt = replace(
        made,
        lines=sold + taken_back,
        adjustment=change,
        texts_above=draw(texts),
        texts_below=draw(texts),
        barcode=draw(barcodes),
    )
    return replace(receipt, payments=paying(receipt))


def paying(receipt: Receipt) -> tuple:
    """The same payments, as far as they go for this total; the rest in cash, if any is left."""
    left, paid = int(receipt.total), []
    for payment in receipt.payments:
        if payment.kind is not PaymentKind.CASH and 0 < payment.amount <= left:
            paid.append(payment)
            left -= payment.amount
    cash = [payment for payment in receipt.payments if payment.kind is PaymentKind.CASH]
    if left:
        change = cash[0].amount if cash else 0
        paid.append(replace(receipt.payments[0], kind=PaymentKind.CASH, amount=Bani(left + change)))
    return tuple(paid)


@pytest.mark.parametrize("columns", [32, 48])
@given(receipt=full())
@settings(max_examples=60, deadline=None)
def test_the_sum_on_paper_is_the_sum_asked_to_the_ban(columns: int, receipt: Receipt) -> None:
    with DatecsX() as bench:
        bench._device.settings = Settings(columns)
        printer = families.printer("datecs_x", Cable(bench), bench.clock, Operator(), CAN)
        printer.open(last_sequence=None)
        assert printer.check(receipt) == []
        result = printer.issue_receipt(receipt)
        (paper,) = bench.papers()
        assert paper.total == receipt.total == result.total
        assert sum(line[-1] for line in paper.lines) == sum(line.total for line in receipt.lines)
        assert [line[-1] for line in paper.lines] == [line.total for line in receipt.lines]
        paid = [(payment.kind, payment.amount) for payment in receipt.payments]
        assert paper.payments == paid
        assert paper.change == sum(amount for _, amount in paid) - receipt.total
        assert printer.day_totals().total == receipt.total
        printed = "".join(paper.text.split())
        for text in (*receipt.texts_above, *receipt.texts_below):
            assert "".join(fold(text).split()) in printed
        for line, told in zip(receipt.lines, paper.lines, strict=True):
            first, *rest = wrapped(line.name, NAME_LENGTH_MAX)
            assert told[0].strip() == first.strip()
            assert all("".join(piece.split()) in printed for piece in rest)
        if receipt.barcode:
            assert "".join(receipt.barcode.data.split()) in printed
