"""FiscalNet's files become our commands to the ban, or are refused with the line; its answers."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.commands import KINDS
from agent.folder.fiscalnet import answer, read
from agent.folder.words import Ending, NotUnderstood
from config.folder import FolderSettings
from drivers.model import Problem
from protocol.errors import FrameError
from protocol.fiscalnet import lines_of

# The sample of a public POS project [romania.md 6.1, S42].
SAMPLE = """CF^RO12345674
S^Paine Feliata^350^2000^buc^1^1
S^Cola Zero 0.5L^600^1000^buc^1^1
S^GARANTIE SGR PLASTIC^50^1000^buc^3^1
P^1^1350
"""


def folder(**fields: Any) -> FolderSettings:
    table = {
        "device": "dev_1",
        "format": "fiscalnet",
        "path": "/srv/till/Bonuri",
        "answers": "/srv/till/Raspuns",
        "vat_rates": {"1": 21, "2": 11, "3": 0, "4": 5.5},
    }
    return FolderSettings.model_validate(table | fields)


def asked(text: str | bytes, **fields: Any) -> tuple[str, dict[str, Any]]:
    """The kind, and what is said of it without what is as always."""
    raw = text if isinstance(text, bytes) else text.encode()
    found = read(raw, folder(**fields))
    assert isinstance(found.payload, KINDS[found.kind].payload)
    return found.kind, found.payload.model_dump(mode="json", exclude_defaults=True)


def refused(text: str | bytes, **fields: Any) -> tuple[str, str]:
    with pytest.raises(NotUnderstood) as caught:
        read(text if isinstance(text, bytes) else text.encode(), folder(**fields))
    return caught.value.problem.path, caught.value.problem.code


ALL_NUMBERS = [*map(str, range(100)), *(f"{number:02}" for number in range(10))]
SETTINGS = {
    "vat_rates": dict.fromkeys([*ALL_NUMBERS, *"ABCDEFGH"], 21),
    "payments": dict.fromkeys(ALL_NUMBERS, "cash"),
}
LINE_TROUBLE = {"UNSUPPORTED_LINE", "LINE_UNREADABLE", "NUMBER_UNREADABLE", "NOT_POSITIVE"}
LINE_TROUBLE |= {"VAT_GROUP_NOT_MAPPED", "PAYMENT_KIND_UNKNOWN"}  # all that may be are mapped
WORDS = ["S", "VS", "DV", "MV", "DP", "MP", "ST", "P", "TL", "CF", "X", "Z", "VB", "DS", "I", "O"]
FIELDS = ["", "a", " a ", "0", "00", "1", " 1 ", "007", "99", "100", "-1", "1.5", "A", "I", "1 2"]
FIELDS += ["350", "1" * 12, "1" * 13, "\x0b", "\t", "\x1a"]


@given(
    word=st.sampled_from([*WORDS, *map(str.lower, WORDS), " Z ", "1", "ZZ", "CB", "MD", "POS"]),
    fields=st.lists(st.sampled_from(FIELDS), max_size=8),
    good=st.booleans(),
)
@settings(max_examples=600, deadline=None)
def test_a_line_that_a_technician_can_read_is_one_that_a_till_may_write(
    word: str, fields: list[str], good: bool
) -> None:
    """Two readers of one grammar, `amef wire` and the folder; RF alone is read and not done."""
    fields = (
        ["a", "350", "1000", "buc", "1", *fields[:2]] if good and word in ("S", "VS") else fields
    )
    row = "^".join([word, *fields])
    try:
        lines_of(row.encode())
        is_line = True
    except FrameError:
        is_line = False
    try:
        read(row.encode(), folder(**SETTINGS))
        trouble = ""
    except NotUnderstood as error:
        trouble = error.problem.code
    assert is_line is (trouble not in LINE_TROUBLE), (row, trouble)


def test_the_published_sample_is_a_receipt() -> None:
    kind, payload = asked(SAMPLE)
    assert kind == "print_receipt"
    sold = [(line["name"], line["unit_price"], line["quantity"]) for line in payload["lines"]]
    assert sold == [
        ("Paine Feliata", 350, 2000),
        ("Cola Zero 0.5L", 600, 1000),
        ("GARANTIE SGR PLASTIC", 50, 1000),
    ]
    assert [line["vat_rate"] for line in payload["lines"]] == [2100, 2100, 0]
    assert payload["payments"] == [{"kind": "cash", "amount": 1350}]
    assert payload["customer_tax_id"] == "12345674"


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_one(end: str) -> None:
    assert asked(SAMPLE.replace("\n", end)) == asked(SAMPLE)


def test_a_last_line_without_end_and_blank_lines_change_nothing() -> None:
    assert asked("\n\n" + SAMPLE.strip() + "\n\x1a") == asked(SAMPLE)


def test_every_payment_number_is_one_kind() -> None:
    rows = "S^A^900^1000^buc^1^1\n" + "".join(f"P^{n}^100\n" for n in range(1, 10))
    kinds = [payment["kind"] for payment in asked(rows)[1]["payments"]]
    assert kinds == [
        "cash",
        "card",
        "credit",
        "meal_ticket",
        "value_ticket",
        "voucher",
        "modern",
        "other",
        "other",
    ]


def test_a_shop_can_say_that_a_payment_number_is_another() -> None:
    _, payload = asked("S^A^100^1000^buc^1\nP^8^100", payments={"8": "foreign"})
    assert payload["payments"][0]["kind"] == "foreign"


@pytest.mark.parametrize(
    ("rows", "amounts"), [("P^1^0", [1000]), ("P^2^0\n", [1000]), ("P^2^300\nP^1^00", [300, 700])]
)
def test_a_payment_of_zero_pays_all_that_is_left(rows: str, amounts: list[int]) -> None:
    _, payload = asked(f"S^A^1000^1000^buc^1^1\n{rows}")
    assert [payment["amount"] for payment in payload["payments"]] == amounts


def test_the_group_is_sold_at_the_rate_of_the_configuration() -> None:
    _, payload = asked("S^A^100^1000^kg^4^7\nP^1^100")
    (line,) = payload["lines"]
    assert (line["vat_rate"], line["department"], line["unit"]) == (550, 7, "kg")


@pytest.mark.parametrize(
    ("row", "kind", "value"),
    [
        ("DV^150", "discount_amount", 150),
        ("MV^150", "surcharge_amount", 150),
        ("DP^1550", "discount_percent", 1550),
        ("MP^1000", "surcharge_percent", 1000),
    ],
)
def test_a_discount_is_of_the_sale_above_or_of_the_subtotal_above(
    row: str, kind: str, value: int
) -> None:
    sale, paid = "S^A^1000^1000^buc^1^1\n", "P^1^1000"
    adjustment = {"kind": kind, "value": value}
    assert asked(f"{sale}{row}\n{paid}")[1]["lines"][0]["adjustment"] == adjustment
    for subtotal in ("ST^", "ST^0"):
        _, payload = asked(f"{sale}{subtotal}\n{row}\n{paid}")
        assert payload["adjustment"] == adjustment
        assert "adjustment" not in payload["lines"][0]


def test_a_line_is_taken_back_by_an_equal_one() -> None:
    _, payload = asked("S^A^100^1000^buc^1\nS^B^1^1000^buc^1\nVS^A^100^1000^buc^1\nP^1^1")
    assert [line.get("void", False) for line in payload["lines"]] == [False, False, True]


def test_texts_stand_above_and_below_the_sales_and_keep_their_blanks() -> None:
    _, payload = asked("TL^  sus\nS^A^100^1000^buc^1\nTL^jos^cu semn\nP^1^100\nTL^\n")
    assert (payload["texts_above"], payload["texts_below"]) == (["  sus"], ["jos^cu semn", ""])


def test_texts_alone_are_a_slip() -> None:
    found = asked("TL^Nota de comanda\nTL^2 x Supa")
    assert found == ("non_fiscal_receipt", {"texts": ["Nota de comanda", "2 x Supa"]})


@pytest.mark.parametrize(
    ("text", "kind", "payload"),
    [
        ("X^", "x_report", {}),
        ("Z^\r\n", "z_report", {}),
        ("z^", "z_report", {}),
        ("VB^", "void_open_receipt", {}),
        ("DS^", "open_drawer", {}),
        ("I^5000", "cash_in", {"amount": 5000}),
        ("O^1", "cash_out", {"amount": 1}),
    ],
)
def test_every_other_line_is_a_command_of_its_own(
    text: str, kind: str, payload: dict[str, int]
) -> None:
    assert asked(text) == (kind, payload)


SALE = "S^A^100^1000^buc^1^1\n"


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ("", "", "FILE_EMPTY"),
        ("RF^01/01/2026 00:00:00^31/01/2026 23:59:59^C:\\x", "line 1", "UNSUPPORTED_LINE"),
        (SALE + "CB^594^1\nP^1^100", "line 2", "UNSUPPORTED_LINE"),
        ("buna ziua", "line 1", "UNSUPPORTED_LINE"),
        ("Z", "line 1", "UNSUPPORTED_LINE"),
        ("Z^1", "line 1", "LINE_UNREADABLE"),
        ("VB^bon_1^BON FISCAL RETUR\n" + SALE, "line 1", "LINE_UNREADABLE"),
        ("Z^\nZ^", "line 2", "MORE_THAN_ONE_COMMAND"),
        (SALE + "P^1^100\nZ^", "line 3", "MORE_THAN_ONE_COMMAND"),
        ("Z^\n" + SALE + "P^1^100", "line 2", "MORE_THAN_ONE_COMMAND"),
        ("TL^x\nI^100", "line 2", "TEXT_WITH_CASH"),
        ("P^1^100", "line 1", "NOTHING_SOLD"),
        ("CF^1", "line 1", "NOTHING_SOLD"),
        (SALE, "line 1", "PAYMENT_MISSING"),
        ("S^A^100^1000^buc^9^1\nP^1^100", "line 1", "VAT_GROUP_NOT_MAPPED"),
        ("S^A^100^1000^buc^^1\nP^1^100", "line 1", "VAT_GROUP_NOT_MAPPED"),
        ("S^A^1.00^1000^buc^1^1", "line 1", "NUMBER_UNREADABLE"),
        ("S^A^-100^1000^buc^1^1", "line 1", "NUMBER_UNREADABLE"),
        ("S^A^1_0^1000^buc^1^1", "line 1", "NUMBER_UNREADABLE"),
        ("S^A^\N{ARABIC-INDIC DIGIT ONE}00^1000^buc^1^1", "line 1", "NUMBER_UNREADABLE"),
        ("S^A^9999999999999^1000^buc^1^1", "line 1", "NUMBER_UNREADABLE"),
        ("S^A^0^1000^buc^1^1", "line 1", "NOT_POSITIVE"),
        ("S^A^100^0^buc^1^1", "line 1", "NOT_POSITIVE"),
        ("S^A^100^1000", "line 1", "LINE_UNREADABLE"),
        ("S^^100^1000^buc^1^1", "line 1", "LINE_UNREADABLE"),
        ("S^A^100^1000^buc^1^1^2", "line 1", "LINE_UNREADABLE"),
        ("S^A^100^1000^buc^1^100", "line 1", "LINE_UNREADABLE"),
        ("DV^1\n" + SALE, "line 1", "LINE_OUT_OF_PLACE"),
        (SALE + "DP^1000\nDV^10\nP^1^90", "line 3", "TWO_ADJUSTMENTS"),
        (SALE + "ST^\nDV^1\n" + SALE, "line 4", "LINE_OUT_OF_PLACE"),
        (SALE + "P^1^100\n" + SALE, "line 3", "LINE_OUT_OF_PLACE"),
        (SALE + "P^1^100\nDV^1", "line 3", "LINE_OUT_OF_PLACE"),
        ("CF^1\nCF^2\n" + SALE, "line 2", "LINE_OUT_OF_PLACE"),
        (SALE + "P^0^100", "line 2", "PAYMENT_KIND_UNKNOWN"),
        (SALE + "P^1^", "line 2", "LINE_UNREADABLE"),
        (SALE + "P^1^-0", "line 2", "NUMBER_UNREADABLE"),
        (SALE + "P^1^0\nP^2^50", "line 3", "PAYMENTS_EXCEED_TOTAL"),
        (SALE + "P^2^100\nP^1^0", "line 3", "PAYMENTS_EXCEED_TOTAL"),
        (SALE * 1001, "line 1001", "TOO_MANY_LINES"),
        ("TL^x\n" * 101, "line 101", "TOO_MANY_LINES"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_line(text: str, path: str, code: str) -> None:
    assert refused(text) == (path, code)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1250", "iso8859-2"])
def test_romanian_letters_are_read_however_a_till_writes_them(encoding: str) -> None:
    text = "S^Pâine țărănească și brânză^100^1000^buc^1^1\nP^1^100"
    if encoding in ("cp1250", "iso8859-2"):  # they have the cedilla alone
        text = text.replace("ț", "ţ").replace("ș", "ş")
    _, payload = asked(text.encode(encoding))
    name = payload["lines"][0]["name"]
    assert name.replace("ţ", "ț").replace("ş", "ș") == "Pâine țărănească și brânză"


def test_an_old_dos_till_is_read_if_the_configuration_says_so() -> None:
    raw = "S^Pâine^100^1000^buc^1^1\nP^1^100".encode("cp852")
    assert refused(raw) == ("", "NOT_TEXT")
    assert asked(raw, encoding="cp852")[1]["lines"][0]["name"] == "Pâine"


@pytest.mark.parametrize("raw", [b"\xff\xfeZ\0^\0", b"Z^\0\0\0", b"\x81\x83\x90"])
def test_what_is_no_text_is_refused(raw: bytes) -> None:
    assert refused(raw) == ("", "NOT_TEXT")


def test_half_a_file_is_never_a_smaller_sale() -> None:
    """Cut anywhere before its last amount is whole, the published sample pays too little."""
    for length in range(len(SAMPLE.strip())):
        try:
            kind, payload = asked(SAMPLE[:length])
        except NotUnderstood:
            continue
        assert kind == "print_receipt", length
        paid = sum(payment["amount"] for payment in payload["payments"])
        assert paid < 1350, f"{length}: the worker would not refuse it as PAYMENTS_SHORT"


# answers


def told(result: dict[str, Any] | None, problem: Problem | None = None) -> tuple[str, str]:
    name, raw = answer(Ending("bon 1.txt", b"", result, problem))
    return name, raw.decode("ascii")


def test_a_receipt_is_answered_with_its_number_under_the_same_name() -> None:
    assert told({"receipt_number": 17}) == ("bon 1.txt", "BONOK=1\r\nNRBON=17\r\n")


def test_a_report_is_answered_with_its_number_and_the_rest_with_zero() -> None:
    assert told({"number": 5})[1] == "BONOK=1\r\nNRBON=5\r\n"
    assert told({"document_number": None})[1] == "BONOK=1\r\nNRBON=0\r\n"


def test_an_error_is_one_line_of_plain_letters_romanian_first() -> None:
    problem = Problem("line 2", "VAT_GROUP_NOT_MAPPED", "the VAT group '9'\nis not in vat_rates")
    lines = told(None, problem)[1].split("\r\n")
    assert lines == [
        "BONOK=0",
        "ERRCODE=VAT_GROUP_NOT_MAPPED",
        'ERRINFO=Grupa de TVA nu este in configuratie; vedeti "vat_rates".'
        " (line 2: the VAT group '9' is not in vat_rates)",
        "",
    ]


def test_a_fault_of_the_printer_is_said_in_romanian_without_its_marks() -> None:
    sentence = told(None, Problem("", "PORT_MISSING", "The port is missing."))[1]
    assert "ERRINFO=Portul casei de marcat lipseste." in sentence


# the configuration


@pytest.mark.parametrize(
    "bad",
    [
        {"answers": None},
        {"answers": "/srv/till/Bonuri"},
        {"path": "Bonuri"},
        {"vat_rates": {}},
        {"vat_rates": {"1": 21.001}},
        {"vat_rates": {"1": 100}},
        {"vat_rates": {"1": -1}},
        {"vat_rates": {"1": True}},
        {"vat_rates": {"Q": 21}},
        {"payments": {"1": "gold"}},
        {"encoding": "ebcdic"},
        {"suffix": "txt"},
        {"ttl_s": 0},
        {"surprise": 1},
    ],
)
def test_a_folder_that_cannot_be_meant_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        folder(**bad)


def test_what_the_payload_says_is_what_the_ledger_keeps() -> None:
    payload = read(SAMPLE.encode(), folder()).payload
    text = payload.model_dump_json()
    assert KINDS["print_receipt"].payload.model_validate_json(text) == payload
    assert json.loads(text)["customer_tax_id"] == "12345674"
    assert folder().path == Path("/srv/till/Bonuri")
