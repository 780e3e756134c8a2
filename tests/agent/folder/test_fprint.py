"""FPrint's `.inp` lines become our commands, or are refused with the line; and their answers."""

from typing import Any

import pytest

from agent.commands import KINDS
from agent.folder.fprint import answer, answer_names, read
from agent.folder.words import Ending, NotUnderstood
from config.folder import FolderSettings
from drivers.model import Problem

# The sale that Fisco's manual shows [romania.md 6.1, S50], and its payment.
SALE = "S,1,______,_,__;Ceai cu miere         ;3.50;1.000;1;1;2;0;0;buc\r\n"
PAID = "T,1,______,_,__;0;3.50;;;;\r\n"


def folder(**fields: Any) -> FolderSettings:
    table = {
        "device": "dev_1",
        "format": "fprint",
        "path": "/srv/till",
        "vat_rates": {"1": 21, "2": 11, "5": 0},
    }
    return FolderSettings.model_validate(table | fields)


def asked(text: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    found = read(text.encode(), folder(**fields))
    assert isinstance(found.payload, KINDS[found.kind].payload)
    return found.kind, found.payload.model_dump(mode="json", exclude_defaults=True)


def refused(text: str, **fields: Any) -> tuple[str, str]:
    with pytest.raises(NotUnderstood) as caught:
        read(text.encode(), folder(**fields))
    return caught.value.problem.path, caught.value.problem.code


def row(word: str, *fields: str) -> str:
    return f"{word},1,______,_,__;" + "".join(f"{field};" for field in fields) + "\r\n"


def sale(price: str = "1.00", quantity: str = "1.000", vat: str = "1", *rest: str) -> str:
    return row("S", "A", price, quantity, "1", "1", vat, *rest)


def test_the_sale_of_the_manual_is_a_receipt() -> None:
    kind, payload = asked(SALE + PAID)
    line = {"name": "Ceai cu miere", "unit_price": 350, "quantity": 1000}
    line |= {"vat_rate": 1100, "unit": "buc"}
    assert kind == "print_receipt"
    assert payload == {"lines": [line], "payments": [{"kind": "cash", "amount": 350}]}


@pytest.mark.parametrize(
    "end",
    ["T,1,______,_,__;", "T,1,______,_,__", row("T", "0", "", "", "", "", ""), row("T", "0", "0")],
)
def test_a_payment_without_an_amount_is_all_that_is_left(end: str) -> None:
    assert asked(SALE + end)[1]["payments"] == [{"kind": "cash", "amount": 350}]
    _, payload = asked(SALE + row("T", "1", "1.5") + end)
    assert payload["payments"] == [{"kind": "card", "amount": 150}, {"kind": "cash", "amount": 200}]


def test_what_is_left_is_counted_to_the_ban_with_its_discounts() -> None:
    text = sale("0.99", "1.333") + row("C", "1", "10.00") + sale("5") + row("T", "4")
    text += row("C", "3", "0.07") + row("T", "1")
    _, payload = asked(text)
    left = (132 - 13) + 500 - 7  # 1.31967 lei and 10 % of it, each rounded as the device does
    assert payload["payments"] == [{"kind": "card", "amount": left}]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("0", "surcharge_percent"),
        ("1", "discount_percent"),
        ("2", "surcharge_amount"),
        ("3", "discount_amount"),
    ],
)
@pytest.mark.parametrize("subtotal", ["", row("T", "4", "", ""), row("L")])
def test_a_discount_is_of_the_sale_or_of_the_subtotal(
    number: str, kind: str, subtotal: str
) -> None:
    _, payload = asked(sale() + subtotal + row("C", number, "0.5", "", "", "") + row("T"))
    holder = payload if subtotal else payload["lines"][0]
    assert holder["adjustment"] == {"kind": kind, "value": 50}


def test_a_payment_is_only_known_by_its_number_if_the_configuration_says_so() -> None:
    assert refused(SALE + row("T", "3", "3.50")) == ("line 2", "PAYMENT_KIND_UNKNOWN")
    _, payload = asked(SALE + row("T", "3", "3.50"), payments={"3": "meal_ticket"})
    assert payload["payments"][0]["kind"] == "meal_ticket"
    _, payload = asked(SALE + row("T", "4", "3.50"), payments={"4": "value_ticket"})
    assert payload["payments"][0]["kind"] == "value_ticket"
    assert refused(SALE + row("T", "4", "3.50")) == ("line 2", "PAYMENT_KIND_UNKNOWN")


def test_a_till_may_write_the_rate_instead_of_the_group() -> None:
    assert asked(sale(vat="21%") + row("T"))[1]["lines"][0]["vat_rate"] == 2100
    assert refused(sale(vat="19%") + row("T")) == ("line 1", "VAT_GROUP_NOT_MAPPED")


@pytest.mark.parametrize(("price", "quantity"), [("1.00", "-2"), ("-1,00", "2.000")])
def test_a_negative_sale_takes_an_equal_one_back(price: str, quantity: str) -> None:
    _, payload = asked(sale("1.00", "2") + sale("9") + sale(price, quantity) + row("T"))
    assert payload["lines"][2] == payload["lines"][0] | {"void": True}
    assert payload["payments"][0]["amount"] == 900


def test_the_buyer_stands_before_or_after_the_header() -> None:
    buyer, header, end = row("K", "RO12345674"), row("H"), row("F")
    for text in (buyer + header + SALE + PAID + end, header + buyer + SALE + PAID):
        assert asked(text)[1]["customer_tax_id"] == "12345674"
    assert "customer_tax_id" not in asked(row("K") + SALE + PAID)[1]


def test_opening_says_nothing_that_we_do_not_say_ourselves() -> None:
    opened = row("48", "1", "0000", "12", "0")
    assert asked(opened + SALE + PAID + row("56")) == asked(SALE + PAID)
    assert refused(row("48", "1", "0000", "12", "1") + SALE + PAID)[1] == "UNSUPPORTED_LINE"


def test_texts_alone_or_opened_as_a_slip_are_a_slip() -> None:
    texts = row("P", "  unu", "doi") + row("P", "trei")
    expected = ("non_fiscal_receipt", {"texts": ["  unu", "doi", "trei"]})
    assert asked(texts) == expected
    assert asked(row("Y") + texts + row("T")) == expected


def test_texts_of_a_receipt_stand_above_and_below() -> None:
    _, payload = asked(row("P", "sus") + SALE + row("P", "jos") + PAID + row("P", ""))
    assert (payload["texts_above"], payload["texts_below"]) == (["sus"], ["jos", ""])


@pytest.mark.parametrize(
    ("text", "kind", "payload"),
    [
        (row("Z", "0"), "x_report", {}),
        (row("Z", "1"), "z_report", {}),
        (row("Z", "1", "", ""), "z_report", {}),
        ("Z,1,______,_,__;;;;;;;", "z_report", {}),
        (row("A", "", "", "Z", "", ""), "z_report", {}),
        (row("A", "", "", "X", "", ""), "x_report", {}),
        (row("X"), "void_open_receipt", {}),
        (row("I", "0", "1.5", "", "", ""), "cash_in", {"amount": 150}),
        (row("I", "1", "80"), "cash_out", {"amount": 8000}),
        (row("H") + row("I", "1", "80") + row("T", "0", ""), "cash_out", {"amount": 8000}),
        (row("D"), "print_duplicate", {}),
        (row("O"), "open_drawer", {}),
    ],
)
def test_every_other_line_is_a_command_of_its_own(
    text: str, kind: str, payload: dict[str, int]
) -> None:
    assert asked(text) == (kind, payload)


def test_the_letter_x_is_what_the_shop_says_it_is() -> None:
    assert asked(row("X"), x_line="report") == ("x_report", {})


@pytest.mark.parametrize(
    ("text", "path", "code"),
    [
        ("", "", "FILE_EMPTY"),
        (row("H"), "", "FILE_EMPTY"),
        ("salut", "line 1", "LINE_UNREADABLE"),
        ("S;1;2;3", "line 1", "LINE_UNREADABLE"),
        ("S,1,112233,1,0 ;A;1.00;1.000;1;1;1;0;0;\n", "line 1", "ALREADY_EXECUTED"),
        (row("Q", "1", "text"), "line 1", "UNSUPPORTED_LINE"),
        (row("Z", "2", "11", "04"), "line 1", "UNSUPPORTED_LINE"),
        (row("A", "2", "594000000000"), "line 1", "UNSUPPORTED_LINE"),
        (row("L", "3", "0", "salut"), "line 1", "UNSUPPORTED_LINE"),
        (row("107", "2", "1"), "line 1", "UNSUPPORTED_LINE"),
        (SALE + PAID + row("D"), "line 3", "MORE_THAN_ONE_COMMAND"),
        (row("Z", "1") + SALE, "line 2", "MORE_THAN_ONE_COMMAND"),
        (row("P", "motiv") + row("I", "1", "5"), "line 2", "TEXT_WITH_CASH"),
        (row("I", "2", "5"), "line 1", "LINE_UNREADABLE"),
        (row("I", "0", "0"), "line 1", "NOT_POSITIVE"),
        (SALE, "line 1", "PAYMENT_MISSING"),
        (row("T", "0", "1"), "line 1", "NOTHING_SOLD"),
        (sale("1.001"), "line 1", "NUMBER_UNREADABLE"),
        (sale("1.00", "0.0001"), "line 1", "NUMBER_UNREADABLE"),
        (sale("1e2"), "line 1", "NUMBER_UNREADABLE"),
        (sale("1.000,00"), "line 1", "NUMBER_UNREADABLE"),
        (sale("0.00"), "line 1", "NOT_POSITIVE"),
        (sale("-1", "-1"), "line 1", "NOT_POSITIVE"),
        (sale("1", "1", "7"), "line 1", "VAT_GROUP_NOT_MAPPED"),
        (sale("1", "1", "1", "1"), "line 1", "LINE_UNREADABLE"),
        (row("S", "A", "1.00"), "line 1", "LINE_UNREADABLE"),
        (row("S", "", "1", "1", "1", "1", "1"), "line 1", "LINE_UNREADABLE"),
        (sale() + row("C", "0", "0", "-1.00") + row("T"), "line 2", "LINE_UNREADABLE"),
        (sale() + row("C", "3", "-1.00") + row("T"), "line 2", "NOT_POSITIVE"),
        (sale() + row("T") + row("T"), "line 3", "PAYMENTS_EXCEED_TOTAL"),
        (sale() + row("T", "0", "1", "2"), "line 2", "LINE_UNREADABLE"),
        (sale() + row("T", "0", "-1"), "line 2", "NOT_POSITIVE"),
        (row("K", "", "1", "0000") + SALE + PAID, "line 1", "LINE_UNREADABLE"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_line(text: str, path: str, code: str) -> None:
    assert refused(text) == (path, code)


# answers


RESULT = {"receipt_number": 17, "z_number": 4, "fiscal_serial": "SIM0000001"}


def told(text: str, result: dict[str, Any] | None, problem: Problem | None) -> tuple[str, str]:
    name, raw = answer(Ending("bon 1.inp", text.encode("cp1250"), result, problem))
    return name, raw.decode("cp1250")


def test_what_was_printed_is_told_line_by_line_and_with_its_number() -> None:
    assert told("S,1,______,_,__;Brânză;3.50;1\r\nT,1,______,_,__", RESULT, None) == (
        "bon 1.out",
        "S,1,000001,1,0 ;Brânză;3.50;1\r\nT,1,000001,2,0 ;\r\nN,1,000001,3,0 ;17;4;\r\n",
    )


def test_what_was_refused_is_told_at_its_line() -> None:
    problem = Problem("line 2", "PAYMENT_KIND_UNKNOWN", "payment '3' is not known")
    name, text = told(SALE + row("T", "3"), None, problem)
    lines = text.split("\r\n")
    assert (name, lines[0]) == ("bon 1.err", SALE.strip())
    assert lines[1] == "T,1,______,_,-1;3;"
    assert lines[2] == "ERRCODE=PAYMENT_KIND_UNKNOWN"
    assert lines[3].startswith("ERRINFO=Felul de plata nu este cunoscut")


def test_a_file_that_is_no_such_file_is_answered_too() -> None:
    problem = Problem("line 1", "LINE_UNREADABLE", "no line")
    assert told("salut", None, problem)[1].startswith("salut\r\nERRCODE=LINE_UNREADABLE\r\n")


def test_the_digit_counts_to_nine_and_again() -> None:
    text = told(row("P", "x") * 11, RESULT, None)[1]
    assert [line.split(",")[3] for line in text.splitlines()] == list("123456789012")


def test_the_answer_has_the_name_s_own_case() -> None:
    assert answer_names("BON.INP") == ["BON.OUT", "BON.ERR"]
    assert answer_names("bon.1.inp") == ["bon.1.out", "bon.1.err"]
