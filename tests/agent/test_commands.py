"""Every kind of command, in our own words: payloads, references, what contradicts itself."""

import itertools
import json
import re
from datetime import UTC, datetime

import pytest
from pydantic import ValidationError

from agent.archive.payloads import JePayload, MemoryPayload
from agent.checks import is_tax_id, receipt_conflicts
from agent.commands import KINDS
from agent.payloads import (
    BadPayload,
    CashInPayload,
    CashOutPayload,
    ClockPayload,
    Closing,
    FooterPayload,
    HeaderPayload,
    LogoPayload,
    NoPayload,
    OperatorNumberPayload,
    OperatorPayload,
    PreflightPayload,
    ReceiptPayload,
    SlipPayload,
    VatPayload,
    ZReportPayload,
    fold_tax_id,
    reference_of,
    to_receipt,
)
from agent.verdict import Proof
from drivers.capabilities import Feature
from drivers.faults import Fault
from drivers.model import Adjustment, AdjustmentKind, Line, Payment, PaymentKind, Receipt
from tests.agent.world import sale

LINE = {"name": "Paine", "unit_price": 500, "quantity": 2000, "vat_rate": 1100}

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


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
    work = KINDS["print_receipt"].understand(sale(), "c1", NOW)
    assert work is not None
    assert (work.total, work.reference) == (1150, reference_of("c1"))


def test_a_report_needs_no_words() -> None:
    assert KINDS["x_report"].understand(NoPayload().model_dump_json(), "c1", NOW) is None
    assert KINDS["z_report"].understand("{}", "c1", NOW) == Closing(only_if_open=False)


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
    "text",
    [
        *("1", "12345678901", "123456789012", "12345674x", "RO12345674", "١٢٣٤٥٦٧٤", "1234.674"),
        *("00", "0000000000", "0012345674", "012345674", "1" * 13, "0960523123457", "RO", ""),
    ],
)
def test_what_is_no_tax_id_is_refused(text: str) -> None:
    assert not is_tax_id(text)


def test_a_person_s_thirteen_digits_pass() -> None:
    assert is_tax_id("1960523123457")
    assert not any(is_tax_id(f"196052312345{digit}") for digit in "012345689")


def test_two_contradictions_are_both_told() -> None:
    assert codes(("cash", 1), cui="1") == [*SHORT, ("customer_tax_id", "CUSTOMER_TAX_ID_BAD")]


# the table


OVER = frozenset({Fault.Z_REPORT_DUE})
ANY = frozenset(Fault)
TABLE = {  # payload, what proves it, what must be switched on, what it tolerates
    "print_receipt": (ReceiptPayload, Proof.RECEIPT, None, frozenset()),
    "x_report": (NoPayload, Proof.NONE, None, OVER),
    "z_report": (ZReportPayload, Proof.Z_NUMBER, None, OVER),
    "cash_in": (CashInPayload, Proof.CASH, None, frozenset()),
    "cash_out": (CashOutPayload, Proof.CASH, None, frozenset()),
    "non_fiscal_receipt": (SlipPayload, Proof.SLIP, None, OVER),
    "print_duplicate": (NoPayload, Proof.DUPLICATE, Feature.DUPLICATE, OVER),
    "void_open_receipt": (NoPayload, Proof.NONE, None, OVER | {Fault.RECEIPT_OPEN}),
    "void_receipt": (NoPayload, Proof.NONE, Feature.REVERSAL, frozenset()),
    "print_reversal_receipt": (NoPayload, Proof.NONE, Feature.REVERSAL, frozenset()),
    "open_drawer": (NoPayload, Proof.NONE, Feature.DRAWER, ANY),
    "set_datetime": (ClockPayload, Proof.NONE, None, frozenset({Fault.CLOCK_NOT_SET})),
    "set_vat_rates": (VatPayload, Proof.NONE, Feature.VAT_TABLE, frozenset()),
    "set_header": (HeaderPayload, Proof.NONE, Feature.TEXTS, frozenset()),
    "set_footer": (FooterPayload, Proof.NONE, Feature.TEXTS, frozenset()),
    "set_operator": (OperatorPayload, Proof.NONE, Feature.OPERATORS, frozenset()),
    "set_logo": (LogoPayload, Proof.NONE, Feature.LOGO, frozenset()),
    "get_operator": (OperatorNumberPayload, Proof.NONE, Feature.OPERATORS, ANY),
    "get_cash_amount": (NoPayload, Proof.NONE, None, ANY),
    "get_datetime": (NoPayload, Proof.NONE, None, ANY),
    "get_vat_rates": (NoPayload, Proof.NONE, None, ANY),
    "get_header": (NoPayload, Proof.NONE, None, ANY),
    "get_footer": (NoPayload, Proof.NONE, None, ANY),
    "get_device_info": (NoPayload, Proof.NONE, None, ANY),
    "get_device_status": (NoPayload, Proof.NONE, None, ANY),
    "get_last_receipt": (NoPayload, Proof.NONE, None, ANY),
    "preflight": (PreflightPayload, Proof.NONE, None, ANY),
    "read_fiscal_memory": (MemoryPayload, Proof.NONE, Feature.ARCHIVE, ANY),
    "read_electronic_journal": (JePayload, Proof.NONE, Feature.ARCHIVE, ANY),
    "read_p7b": (NoPayload, Proof.NONE, Feature.P7B, frozenset()),
}


@pytest.mark.parametrize("name", TABLE)
def test_a_kind_says_what_it_takes_what_proves_it_and_what_it_tolerates(name: str) -> None:
    kind = KINDS[name]
    assert (kind.name, kind.payload, kind.proof, kind.needs, kind.tolerates) == (name, *TABLE[name])


def test_there_are_no_other_kinds() -> None:
    assert {*KINDS} == {*TABLE}


def test_only_what_proves_nothing_has_nothing_to_recall() -> None:
    for kind in KINDS.values():
        assert (kind.recall is None) == (kind.proof is Proof.NONE), kind.name


def test_what_is_paper_in_the_day_is_never_done_without_proof() -> None:
    """An X report, a drawer or a setting can be done again; what counts money or paper cannot."""
    again = {name for name, kind in KINDS.items() if kind.proof is Proof.NONE}
    assert not again & {"print_receipt", "z_report", "cash_in", "cash_out", "print_duplicate"}


# payloads that are none


BAD_PAYLOADS = [
    ("cash_in", {"amount": 0}, "amount"),
    ("cash_in", {"amount": -1}, "amount"),
    ("cash_in", {"amount": 1.5}, "amount"),
    ("cash_out", {}, "amount"),
    ("non_fiscal_receipt", {"texts": []}, "texts"),
    ("non_fiscal_receipt", {"texts": ["x"] * 101}, "texts"),
    ("set_datetime", {"at_ms": -1}, "at_ms"),
    ("set_datetime", {"at_ms": 253_402_300_799_000}, "at_ms"),  # the year 9999: no date in a zone
    ("set_datetime", {"at_ms": 10**30}, "at_ms"),
    ("set_vat_rates", {"rates": {}}, "rates"),
    ("set_vat_rates", {"rates": {"H": 500}}, "rates.H"),
    ("set_vat_rates", {"rates": {"A": 10_000}}, "rates.A"),
    ("set_vat_rates", {"rates": {"A": -1}}, "rates.A"),
    ("set_header", {"lines": ["x"] * 101}, "lines"),
    ("set_operator", {"number": 0, "name": "Ana"}, "number"),
    ("set_operator", {"number": 31, "name": "Ana"}, "number"),
    ("set_operator", {"number": 1}, ""),
    ("set_operator", {"number": 1, "password": "12a4"}, "password"),
    ("set_operator", {"number": 1, "password": "123456789"}, "password"),
    ("set_logo", {"image": "not base64!"}, "image"),
    ("get_operator", {"number": 99}, "number"),
    ("x_report", {"surprise": 1}, "surprise"),
    ("read_fiscal_memory", {}, ""),
    ("read_fiscal_memory", {"z_from": 1}, ""),
    ("read_fiscal_memory", {"z_from": 3, "z_to": 2}, ""),
    ("read_fiscal_memory", {"z_from": 0, "z_to": 2}, "z_from"),
    ("read_fiscal_memory", {"z_from": 1, "z_to": 10_000}, "z_to"),
    ("read_fiscal_memory", {"z_from": 1, "z_to": 2, "date_from": "2026-11-01"}, ""),
    ("read_fiscal_memory", {"date_from": "2026-11-31", "date_to": "2026-12-01"}, "date_from"),
    ("read_fiscal_memory", {"date_from": "1999-12-31", "date_to": "2026-12-01"}, "date_from"),
    ("read_fiscal_memory", {"document_from": 1}, "document_from"),
    ("read_electronic_journal", {"document_from": 2, "document_to": 1}, ""),
    ("read_electronic_journal", {"document_from": 1, "document_to": 10**7}, "document_to"),
    ("print_receipt", [], ""),
]


@pytest.mark.parametrize(("kind", "payload", "path"), BAD_PAYLOADS, ids=str)
def test_what_is_no_payload_of_its_kind_is_told_with_its_path(
    kind: str, payload: object, path: str
) -> None:
    with pytest.raises(BadPayload) as caught:
        KINDS[kind].understand(json.dumps(payload), "c1", NOW)
    codes = {"FIELD_INVALID", "FIELD_MISSING", "TOO_MANY_LINES"}
    assert {problem.path for problem in caught.value.problems} == {path}
    assert {problem.code for problem in caught.value.problems} <= codes


@pytest.mark.parametrize(
    ("payload", "sentence"),
    [
        ({}, "one span is needed, with its first and its last"),
        ({"z_from": 3, "z_to": 2}, "its last is before its first"),
    ],
)
def test_a_bad_span_is_told_in_our_own_words_alone(payload: object, sentence: str) -> None:
    with pytest.raises(BadPayload) as caught:
        KINDS["read_fiscal_memory"].understand(json.dumps(payload), "c1", NOW)
    assert [problem.sentence for problem in caught.value.problems] == [sentence]


@pytest.mark.parametrize("text", ["", "{", "null", "7", '"x"'])
def test_a_payload_that_is_no_object_is_none(text: str) -> None:
    for kind in KINDS.values():
        with pytest.raises(BadPayload):
            kind.understand(text, "c1", NOW)


# lines that come of a line


def test_a_deposit_and_a_tip_are_lines_of_their_own_outside_vat_with_their_own_paths() -> None:
    payload = {
        "lines": [LINE | {"deposit": 50}, LINE | {"name": "Apa"}],
        "payments": [{"kind": "card", "amount": 2600}],
        "tip": 500,
    }
    made = to_receipt(ReceiptPayload.model_validate_json(json.dumps(payload)), "c1")
    told = [(line.path, line.name, line.total, line.vat_rate) for line in made.lines]
    assert told == [
        ("lines[0]", "Paine", 1000, 1100),
        ("lines[0].deposit", "GARANTIE SGR", 100, 0),
        ("lines[1]", "Apa", 1000, 1100),
        ("tip", "BACSIS", 500, 0),
    ]


def test_a_void_line_takes_its_deposit_back_too() -> None:
    sold = LINE | {"deposit": 50}
    made = receipt(("cash", 1100), lines=(sold, sold, sold | {"void": True}))
    assert [line.total for line in made.lines] == [1000, 100, 1000, 100, -1000, -100]
    assert made.total == 1100
