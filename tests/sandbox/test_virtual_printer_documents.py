"""What the virtual Datecs X printer prints and refuses: receipts, reports, cash, reads."""

import pytest
from virtual_printer_host import Desk, encode

from sandbox.printer import paper
from sandbox.printer.fields import half_up, money, vat_inside
from sandbox.printer.sales import shared

IDLE = bytes.fromhex("80 80 80 80 86 9A 80 80")


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path) as desk:
        yield desk


# --- a receipt


def test_a_receipt_comes_out_as_it_was_asked_for(desk):
    desk.open("I", "RO12345674")
    assert desk.sell(discount=("2", "10.00")).values == ["0", "1", "1", "0000000001"]
    desk.sell("Cafea", "89.99", "", "1")
    desk.sell("Gresit", "1.00", "1", "1")
    desk.sell("Gresit", "-1.00", "1", "1")
    subtotal = desk.ask(51, "1", "0", "", "")
    assert subtotal.values == ["0", "1", "96.29", "89.99", "6.30", *["0.00"] * 5]
    desk.ask(54, "REF: 7F3A91", "0", "0", "0", "0", "1")
    assert desk.ask(53, "1", "50.00").values == ["0", "D", "46.29"]
    assert desk.ask(53, "0", "50.00").values == ["0", "R", "3.71"]
    assert desk.ask(76).values == ["0", "1", "1", "1", "0000000001", "4", "96.29", "100.00"]
    assert desk.paper == []
    assert desk.ask(56).values == ["0", "1", "1", "0000000001"]

    [out] = desk.paper
    assert (out["kind"], out["number"], out["z"], out["document"]) == ("receipt", 1, 1, 1)
    assert (out["total_bani"], out["change_bani"]) == (9629, 371)
    assert (out["reference"], out["customer_tax_id"]) == ("7F3A91", "RO12345674")
    assert out["payments"] == [
        {"mode": 1, "kind": "card", "amount_bani": 5000},
        {"mode": 0, "kind": "cash", "amount_bani": 5000},
    ]
    bread = out["lines"][0]
    assert (bread["name"], bread["vat"], bread["vat_rate"]) == ("Paine", "B", "11.00")
    assert (bread["quantity_thousandths"], bread["price_bani"]) == (2000, 350)
    assert (bread["total_bani"], bread["discount"]["amount_bani"]) == (630, -70)
    assert [line["total_bani"] for line in out["lines"]] == [630, 8999, 100, -100]
    assert [line["void"] for line in out["lines"]] == [False, False, False, True]


def test_the_paper_looks_like_a_romanian_receipt(tmp_path):
    with Desk(tmp_path, "--columns", "42", "--serial", "SIM0000042") as desk:
        desk.open("I", "RO12345674")
        desk.sell()
        desk.ask(53, "0", "10.00")
        desk.ask(56)
        text = desk.paper[0]["text"]
    assert max(map(len, text)) == 42
    whole = "\n".join(text)
    for piece in (
        "CIF: RO12345674",
        "CIF CLIENT: RO12345674",
        "2,000 BUC x 3,50",
        "TOTAL LEI",
        "NUMERAR LEI",
        "REST LEI",
        "TVA B 11,00%",
        "BON FISCAL NR: 0001",
        "Z: 0001",
        "S/N: SIM0000042",
    ):
        assert piece in whole


def test_a_discount_on_the_subtotal_is_shared_out_to_the_ban(desk):
    desk.open()
    desk.sell(price="1.00", quantity="1", group="1")
    desk.sell(price="2.00", quantity="1", group="2")
    assert desk.ask(51, "0", "0", "4", "0.50").values[2:5] == ["2.50", "0.83", "1.67"]
    desk.ask(53, "0", "")
    desk.ask(56)
    assert desk.paper[0]["total_bani"] == 250


def test_a_cancelled_receipt_counts_as_a_document_and_not_as_a_receipt(desk):
    desk.open()
    desk.sell()
    assert desk.ask(60).values == ["0"]
    assert desk.paper[0]["kind"] == "cancelled"
    assert desk.ask(255, "nBon", "", "").values[1] == "1"
    assert desk.ask(255, "nFBon", "", "").values[1] == "0"
    assert desk.ask(110, "4").values == ["0", "0", "0.00", "1", "7.00"]


def test_a_void_line_must_match_one_that_is_there(desk):
    desk.open()
    desk.sell()
    assert desk.sell(price="-3.00").code == -111023
    assert desk.sell(price="-3.50").code == 0
    assert desk.sell(price="-3.50").code == -111023
    assert desk.ask(53, "0", "").code == -111065
    assert desk.ask(60).code == 0


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (("1", "9999", "1", "", ""), -102002),
        (("31", "0001", "1", "", ""), -112201),
        (("1", "0001", "1", "X", ""), -112204),
        (("1", "0001", "1", "I", ""), -111049),
        (("1", "0001", "1", "I", "12X"), -111074),
        (("1", "0001", "DT123456-0001-0000001", "1", ""), -112001),
        (("1", "1", "24", "I"), -112001),
    ],
)
def test_opening_wrongly_is_refused(desk, values, code):
    refused = desk.ask(48, *values)
    assert refused.data == f"{code}\t".encode()
    assert refused.status == IDLE


def test_both_passwords_and_the_short_form_open(desk):
    assert desk.ask(48, "7", "7", "1").code == 0
    assert desk.open().code == -111015


def test_a_bad_line_is_refused_by_the_number_of_its_parameter(desk):
    desk.open()
    good = ["Paine", "2", "3.50", "2.000", "2", "10.00", "1", "BUC"]
    for position, bad, code in (
        (1, "", -112101),
        (1, "n" * 73, -112201),
        (2, "x", -112102),
        (2, "8", -112202),
        (2, "5", -112202),
        (3, "3.505", -112103),
        (3, "0.00", -112203),
        (4, "2,0", -112104),
        (4, "0.000", -112204),
        (5, "5", -112205),
        (6, "100.00", -112206),
        (7, "100", -112207),
        (8, "BUCATI.", -112208),
    ):
        values = [*good[: position - 1], bad, *good[position:]]
        assert desk.ask(49, *values).code == code, (position, bad)
    assert desk.ask(49, "Paine", "2").code == -112001
    assert desk.sell(price="0.01", quantity="0.001").code == -111030
    assert desk.ask(76).values[5] == "0"


def test_the_states_of_a_receipt_allow_only_what_belongs_there(desk):
    for command in (56, 60, 39):
        assert desk.ask(command).code == -111016
    assert desk.sell().code == -111016
    desk.open()
    assert desk.ask(53, "0", "").code == -111020
    assert desk.ask(69, "Z").code == -111015
    assert desk.ask(38).code == -111015
    desk.sell()
    assert desk.ask(56).code == -111050
    assert desk.ask(53, "1", "8.00").code == -111063
    assert desk.ask(53, "9", "1.00").code == -111057
    assert desk.ask(53, "10", "1.00").code == -112201
    desk.ask(53, "0", "1.00")
    assert desk.ask(56).code == -111064
    for refused in (desk.ask(60), desk.sell(), desk.ask(51, "0", "0")):
        assert refused.code == -111018
    desk.ask(53, "1", "")
    assert desk.ask(53, "0", "1.00").code == -112002
    assert desk.ask(56).code == 0


# --- reports, cash, reads


def test_x_changes_nothing_and_z_begins_a_new_day(desk):
    desk.receipt()
    sums = ["0", "1", "0.00", "7.00", *["0.00"] * 5, "0.00", "0.00"]
    assert desk.ask(69, "X").values == sums
    assert desk.ask(69, "Z").values == sums
    assert [out["kind"] for out in desk.paper] == ["receipt", "x", "z"]
    assert [out["number"] for out in desk.paper] == [1, 1, 1]
    assert desk.paper[2]["total_bani"] == 700
    assert desk.ask(255, "nZreport", "", "").values[1] == "1"
    assert desk.ask(64, "0").values[1:4] == ["1", "0.00", "7.00"]
    assert desk.receipt().values[1:3] == ["4", "2"]
    out = desk.paper[-1]
    assert (out["number"], out["z"], out["document"]) == (1, 2, 4)
    assert desk.ask(123, "3").values[1] == "1"
    assert desk.ask(255, "nFBon", "", "").values[1] == "2"


def test_cash_goes_in_and_out_and_asking_prints_nothing(desk):
    assert desk.ask(70, "0", "100.00").values == ["0", "100.00", "100.00", "0.00"]
    assert desk.ask(70, "1", "30.00").values == ["0", "70.00", "100.00", "30.00"]
    assert desk.ask(70, "1", "70.01").code == -111017
    assert desk.ask(70, "0", "0").values == ["0", "70.00", "100.00", "30.00"]
    kinds = [(out["kind"], out["total_bani"]) for out in desk.paper]
    assert kinds == [("cash_in", 10000), ("cash_out", 3000)]


def test_the_virtual_printer_says_who_it_is(tmp_path):
    with Desk(tmp_path, "--serial", "SIM0000042", "--vat", "A=19,B=5") as desk:
        assert desk.ask(123, "1").values[1:3] == ["SIM0000042", "0000000042"]
        assert desk.ask(90, "1").values[7] == "SIM0000042"
        comma = desk.exchange(encode(0x7E, 90, b"1"))
        assert comma.data.endswith(b",SIM0000042")
        assert desk.ask(50).values[2:5] == ["19.00", "5.00", "100.00"]
        assert desk.ask(255, "valVat", "1", "").values == ["0", "5.00"]
        assert desk.ask(255, "PrintColumns", "", "").values == ["0", "48"]
        assert desk.ask(255, "NoSuchName", "", "").code == -112201


def test_the_electronic_journal_gives_back_the_lines_of_the_paper(desk):
    desk.receipt()
    desk.ask(69, "Z")
    assert desk.ask(125, "1").code == -112002
    assert desk.ask(124, "", "", "1").values[3:] == ["1", "1", "1", "1"]
    assert desk.ask(124, "", "", "5").code == -100004
    assert desk.ask(125, "0", "1", "1").values[1:4] == ["1", "1", "1"]
    lines = []
    while (heard := desk.ask(125, "1")).code == 0:
        lines.append(heard.values[1])
    assert heard.code == -100003
    assert lines == desk.paper[0]["text"]


def test_the_clock_can_be_set_only_with_the_day_closed_and_never_back(tmp_path):
    with Desk(tmp_path, "--clock", "2026-11-21T08:00:00") as desk:
        assert desk.ask(62).values[1].startswith("21-11-26 08:00:0")
        desk.receipt()
        assert desk.ask(61, "21-11-26 09:00:00").code == -104000
        desk.ask(69, "Z")
        assert desk.ask(61, "21-11-26 07:00:00").code == -111077
        assert desk.ask(61, "31-02-26 09:00:00").code == -112004
        assert desk.ask(61, "21-11-2026").code == -112101
        assert desk.ask(61, "21-11-26 09:00:00 DST").code == 0
        assert desk.ask(62).values[1].startswith("21-11-26 09:00:0")


# --- the arithmetic


def test_money_rounds_halves_away_from_zero():
    assert [half_up(5, 10), half_up(4, 10), half_up(-5, 10)] == [1, 0, -1]
    assert (money(-5), money(123456), money(2000, decimals=3)) == ("-0.05", "1234.56", "2.000")
    assert vat_inside(12100, 2100) == 2100


def test_shared_parts_make_the_sum():
    assert shared(-100, (1, 1, 1, 0, 0, 0, 0)) == (-33, -34, -33, 0, 0, 0, 0)


def test_a_long_left_side_gives_way_to_the_amount():
    assert paper.pair("x" * 50, "12,00", 20) == "x" * 14 + " 12,00"
