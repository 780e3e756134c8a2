"""Receipts to be issued: two plain ones, and a strategy that makes up the rest."""

from hypothesis import strategies as st

from drivers.model import (
    Adjustment,
    AdjustmentKind,
    Bani,
    Line,
    Payment,
    PaymentKind,
    Receipt,
    Thousandths,
    VatRate,
    half_up,
)

REFERENCE = "7F3A91C2"
BREAD = Line(
    "Paine alba",
    Bani(350),
    Thousandths(2000),
    VatRate(11_00),
    Adjustment(AdjustmentKind.DISCOUNT_PERCENT, 10_00),
    department=1,
    unit="BUC",
)
CHEESE = Line("Branza", Bani(2480), Thousandths(250), VatRate(21_00), department=3, unit="KG")
CARD, MEAL, CASH = PaymentKind.CARD, PaymentKind.MEAL_TICKET, PaymentKind.CASH

TWO_LINES = Receipt(
    (BREAD, CHEESE), (Payment(CARD, Bani(500)), Payment(CASH, Bani(1000))), REFERENCE
)
THREE_PAYMENTS = Receipt(
    (BREAD, CHEESE),
    (Payment(MEAL, Bani(300)), Payment(CARD, Bani(400)), Payment(CASH, Bani(600))),
    REFERENCE,
)


def names(length_max: int) -> st.SearchStrategy[str]:
    letters = "abcXYZ 0123456789.,%/-ăâîșțĂȘ"
    return st.text(letters, min_size=1, max_size=length_max).filter(str.strip)


adjustments = st.one_of(
    st.none(),
    st.builds(
        Adjustment,
        st.sampled_from([AdjustmentKind.DISCOUNT_PERCENT, AdjustmentKind.SURCHARGE_PERCENT]),
        st.integers(1, 99_99),
    ),
    st.builds(
        Adjustment,
        st.sampled_from([AdjustmentKind.DISCOUNT_AMOUNT, AdjustmentKind.SURCHARGE_AMOUNT]),
        st.integers(1, 20_00),
    ),
)


def lines(rates: frozenset[VatRate], name_length_max: int) -> st.SearchStrategy[Line]:
    """Lines that a device can sell: above zero before and after the adjustment."""
    made = st.builds(
        Line,
        names(name_length_max),
        st.integers(1, 1_000_000),
        st.integers(1, 100_000),
        st.sampled_from(sorted(rates)),
        adjustments,
        st.integers(1, 99),
        st.sampled_from(["", "BUC", "KG", "ORE"]),
    )
    return made.filter(
        lambda line: line.total > 0 and half_up(line.unit_price * line.quantity, 1000)
    )


@st.composite
def receipts(
    draw: st.DrawFn,
    rates: frozenset[VatRate],
    kinds: tuple[PaymentKind, ...],
    customers: tuple[str, ...],
    name_length_max: int,
) -> Receipt:
    """Up to five lines, up to three payments without change, and cash that may give change."""
    sold = tuple(draw(st.lists(lines(rates, name_length_max), min_size=1, max_size=5)))
    left = sum(line.total for line in sold)
    cashless = [kind for kind in kinds if kind is not CASH]
    payments = []
    for kind in draw(st.lists(st.sampled_from(cashless), max_size=3)):
        amount = draw(st.integers(1, left)) if left else 0
        if amount:
            payments.append(Payment(kind, Bani(amount)))
        left -= amount
    if left:
        payments.append(Payment(CASH, Bani(left + draw(st.integers(0, 100_00)))))
    customer = draw(st.sampled_from(customers))
    return Receipt(sold, tuple(payments), REFERENCE, customer)
