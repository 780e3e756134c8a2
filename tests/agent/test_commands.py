"""Every kind of command, in our own words: payloads, references, what contradicts itself."""

import itertools
import json
import re

import pytest
from pydantic import ValidationError

from agent.commands import (
    KINDS,
    NoPayload,
    ReceiptPayload,
    fold_tax_id,
    is_tax_id,
    receipt_conflicts,
    reference_of,
    to_receipt,
    understand,
)
from agent.verdict import Proof
from drivers.faults import Fault
from drivers.model import Adjustment, AdjustmentKind, Line, Payment, PaymentKind, Receipt
from tests.agent.world import sale

LINE = {"name": "Paine", "unit_price": 500, "quantity": 2000, "vat_rate": 1100}


def receipt(
    *payments: tuple[str, int], cui: str = "", lines: tuple[dict, ...] = (LINE,)
) -> Receipt:
    paid = [{"kind": kind, "amount": amount} for kind, amount in payments]
    payload = {"lines": lines, "payments": paid, "customer_tax_id": cui}
    return to_receipt(ReceiptPayload.model_validate_json(json.dumps(payload)), "c1")


def codes(*payments: tuple[str, int], cui: str = "") -> list[tuple[str, str]]:
    return [(p.path, p.code) for p in receipt_conflicts(receipt(*payments, cui=cui))]


# from a payload to a receipt


def test_a_payload_becomes_a_receipt_with_everything_in_it() -> None:
    full = LINE | {
        "adjustment": {"kind": "discount_percent", "value": 1000},
        "department": 7,
        "unit": "BUC",
    }
    made = receipt(("card", 1900), cui="12345674", lines=(LINE, full))
    discount = Adjustment(AdjustmentKind.DISCOUNT_PERCENT, 1000)
    assert made == Receipt(
        lines=(
            Line("Paine", 500, 2000, 1100),
            Line("Paine", 500, 2000, 1100, discount, department=7, unit="BUC"),
        ),
        payments=(Payment(PaymentKind.CARD, 1900),),
        reference=reference_of("c1"),
        customer_tax_id="12345674",
    )
    assert made.total == 1900


def test_a_payload_as_the_ledger_keeps_it_is_understood() -> None:
    work = understand(KINDS["print_receipt"], sale(), "c1")
    assert work is not None
    assert (work.total, work.reference) == (1150, reference_of("c1"))


@pytest.mark.parametrize("kind", ["x_report", "z_report"])
def test_a_report_needs_no_words(kind: str) -> None:
    assert understand(KINDS[kind], NoPayload().model_dump_json(), "c1") is None


@pytest.mark.parametrize("order", [*itertools.permutations(["cash", "card", "voucher"])], ids=str)
def test_cash_is_paid_last_and_the_rest_keeps_its_order(order: tuple[str, ...]) -> None:
    made = receipt(*((kind, 400) for kind in order))
    kinds = [payment.kind for payment in made.payments]
    assert kinds == [kind for kind in order if kind != "cash"] + ["cash"]


BAD_LINES = {
    "no name": LINE | {"name": ""},
    "price 0": LINE | {"unit_price": 0},
    "price below 0": LINE | {"unit_price": -1},
    "price with decimals": LINE | {"unit_price": 1.5},
    "price as text": LINE | {"unit_price": "500"},
    "quantity 0": LINE | {"quantity": 0},
    "rate below 0": LINE | {"vat_rate": -1},
    "department 100": LINE | {"department": 100},
    "unknown field": LINE | {"colour": "red"},
    "discount 0": LINE | {"adjustment": {"kind": "discount_amount", "value": 0}},
    "unknown discount": LINE | {"adjustment": {"kind": "gift", "value": 1}},
}


@pytest.mark.parametrize("line", BAD_LINES.values(), ids=BAD_LINES)
def test_a_line_that_is_not_whole_is_refused(line: dict) -> None:
    with pytest.raises(ValidationError):
        receipt(("cash", 1000), lines=(line,))


@pytest.mark.parametrize("payment", [("cash", 0), ("cash", -1), ("cash", True), ("gold", 1)])
def test_a_payment_that_is_none_is_refused(payment: tuple[str, int]) -> None:
    with pytest.raises(ValidationError):
        receipt(payment)


def test_a_receipt_without_lines_or_payments_is_refused() -> None:
    with pytest.raises(ValidationError):
        receipt(("cash", 1), lines=())
    with pytest.raises(ValidationError):
        receipt()


# the reference


def test_a_reference_is_the_same_in_every_version_of_this_program() -> None:
    assert reference_of("c1") == "2D3DDSQ53O"  # on paper somewhere: it must never change


def test_references_are_short_printable_and_differ() -> None:
    made = [reference_of(f"cmd_{n}") for n in range(5000)]
    assert len(set(made)) == 5000
    assert all(re.fullmatch(r"[A-Z2-7]{10}", reference) for reference in made)


@pytest.mark.parametrize("id_", ["", "x" * 200, "comandă țigară", "\t\n"])
def test_any_id_has_a_reference(id_: str) -> None:
    assert re.fullmatch(r"[A-Z2-7]{10}", reference_of(id_))


# what contradicts itself: the total is 10.00

SHORT = [("payments", "PAYMENTS_SHORT")]
EXCEED = [("payments", "PAYMENTS_EXCEED_TOTAL")]


@pytest.mark.parametrize(
    ("payments", "expected"),
    [
        ([("cash", 1000)], []),
        ([("cash", 5000)], []),
        ([("card", 1000)], []),
        ([("card", 400), ("cash", 600)], []),
        ([("card", 400), ("voucher", 100), ("cash", 5000)], []),
        ([("cash", 400), ("cash", 700)], []),
        ([("cash", 999)], SHORT),
        ([("card", 400), ("cash", 599)], SHORT),
        ([("card", 1001)], EXCEED),
        ([("card", 600), ("voucher", 500)], EXCEED),
        ([("card", 1001), ("cash", 1)], EXCEED),
        ([("card", 1000), ("cash", 1)], EXCEED),
        ([("card", 600), ("voucher", 400), ("cash", 50)], EXCEED),
        ([("cash", 1000), ("cash", 1)], EXCEED),
        ([("cash", 1200), ("cash", 1)], EXCEED),
        ([("card", 1000), ("cash", 200), ("cash", 300)], EXCEED),
    ],
    ids=str,
)
def test_payments_pay_the_total_and_only_the_last_gives_change(
    payments: list[tuple[str, int]], expected: list[tuple[str, str]]
) -> None:
    assert codes(*payments) == expected


@pytest.mark.parametrize(
    "cui", ["12345674", "RO12345674", "ro 1234 5674", " 12345674\t", "R O12345674", "18189442"]
)
def test_a_good_tax_id_is_folded_and_passes(cui: str) -> None:
    folded = fold_tax_id(cui)
    assert folded in ("12345674", "18189442")
    assert is_tax_id(folded)
    assert codes(("cash", 1000), cui=folded) == []


@pytest.mark.parametrize("digit", [digit for digit in "0123456789" if digit != "4"])
def test_any_other_check_digit_is_seen(digit: str) -> None:
    assert codes(("cash", 1000), cui=f"1234567{digit}") == [
        ("customer_tax_id", "CUSTOMER_TAX_ID_BAD")
    ]


@pytest.mark.parametrize(
    "text", ["1", "12345678901", "123456789012", "12345674x", "RO12345674", "١٢٣٤٥٦٧٤", "1234.674"]
)
def test_what_is_no_tax_id_is_refused(text: str) -> None:
    assert not is_tax_id(text)


def test_a_person_s_thirteen_digits_pass() -> None:
    assert is_tax_id("1" * 13)


def test_two_contradictions_are_both_told() -> None:
    assert codes(("cash", 1), cui="1") == [*SHORT, ("customer_tax_id", "CUSTOMER_TAX_ID_BAD")]


# the table


def test_every_kind_says_what_it_takes_what_proves_it_and_what_it_tolerates() -> None:
    told = {
        name: (kind.name, kind.payload, kind.proof, kind.tolerates) for name, kind in KINDS.items()
    }
    over = frozenset({Fault.Z_REPORT_DUE})
    assert told == {
        "print_receipt": ("print_receipt", ReceiptPayload, Proof.RECEIPT, frozenset()),
        "x_report": ("x_report", NoPayload, Proof.NONE, over),
        "z_report": ("z_report", NoPayload, Proof.Z_NUMBER, over),
    }


def test_only_what_proves_nothing_has_nothing_to_recall() -> None:
    for kind in KINDS.values():
        assert (kind.recall is None) == (kind.proof is Proof.NONE), kind.name
