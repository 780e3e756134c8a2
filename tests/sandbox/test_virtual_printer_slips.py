"""Beside the plain receipt: duplicates, slips, cash, adjustments, codes, and the JE of them."""

import pytest
from virtual_printer_host import Desk

NOT_PERMITTED, RECEIPT_OPEN, TEXT_OPEN, NONE_OPEN = -112002, -111015, -111046, -111016
NO_PAPER, NOT_FOUND = -112006, -100004


@pytest.fixture
def desk(tmp_path):
    with Desk(tmp_path) as desk:
        yield desk


@pytest.fixture
def copier(tmp_path):
    with Desk(tmp_path, "--duplicates") as desk:
        yield desk


def lines_in_je(desk, slip, kind):
    """The text lines of a document, read as a host reads them."""
    heard = desk.ask(125, "0", slip, kind)
    assert heard.code == 0
    assert heard.values[5] == str(kind)
    lines = []
    while (heard := desk.ask(125, "1")).code == 0:
        lines.append(heard.values[1])
    assert heard.code == -100003
    return lines


# --- duplicates


def test_a_duplicate_copies_the_last_receipt_once_and_counts_as_none(copier):
    copier.receipt()
    asked = [(76, ()), (64, ()), (110, ("2",)), (123, ("3",)), (255, ("nFBon", "", ""))]
    before = [copier.ask(command, *values).data for command, values in asked]
    assert copier.ask(109).values == ["0"]
    assert [copier.ask(command, *values).data for command, values in asked] == before
    assert copier.ask(255, "nBon", "", "").values[1] == "2"
    receipt, copy = copier.paper
    assert (copy["kind"], copy["document"], copy["copy_of"]) == ("duplicate", 2, 1)
    assert (copy["total_bani"], copy["lines"], copy["reference"]) == (700, [], "")
    assert copy["text"][0].strip() == "DUPLICAT"
    assert copy["text"][1 : len(receipt["text"])] == receipt["text"][:-1]
    assert not any("*** BON FISCAL ***" in line for line in copy["text"])
    assert copier.ask(109).code == NOT_PERMITTED
    assert lines_in_je(copier, 2, 11) == copy["text"]
    assert copier.ask(124, "", "", "1").values[4:] == ["1", "1", "1"]
    assert copier.ask(124, "", "", "4").code == NOT_FOUND


def test_only_the_very_last_document_is_duplicated_and_only_a_receipt(copier):
    assert copier.ask(109).code == NOT_PERMITTED
    copier.receipt()
    copier.open()
    assert copier.ask(109).code == RECEIPT_OPEN
    copier.ask(60)
    assert copier.ask(109).code == NOT_PERMITTED
    copier.receipt()
    copier.ask(38)
    assert copier.ask(109).code == TEXT_OPEN
    copier.ask(39)
    assert copier.ask(109).code == NOT_PERMITTED
    copier.receipt()
    copier.ask(69, "Z")
    assert copier.ask(109).code == NOT_PERMITTED
    assert copier.ask(109, "1").code == -112001


@pytest.mark.parametrize(
    ("fault", "code"), [("paper-out@109", NO_PAPER), ("cover-open@109", -112007)]
)
def test_a_duplicate_needs_paper(tmp_path, fault, code):
    with Desk(tmp_path, "--duplicates", "--fault", fault) as desk:
        desk.receipt()
        assert desk.ask(109).code == code
        assert len(desk.paper) == 1


# --- slips


def test_the_reference_at_the_end_of_a_slip_is_found_in_the_je(desk):
    assert desk.ask(38).values == ["0", "1"]
    assert desk.ask(42, "Comanda 12", "0", "0", "0", "0", "0").values == ["0"]
    assert desk.ask(42, "REF:7F3A91").values == ["0"]
    assert desk.ask(76).values == ["0", "5", "1", "1", "0000000001", "0", "0.00", "0.00"]
    assert desk.ask(124, "", "", "4").code == NOT_FOUND
    assert desk.ask(39).values == ["0", "1"]
    lines = lines_in_je(desk, 1, 4)
    assert lines.index("Comanda 12") + 1 == lines.index("REF:7F3A91")
    [out] = desk.paper
    assert (out["kind"], out["reference"]) == ("nonfiscal", "7F3A91")
    assert (out["texts"], out["broken_off"]) == (["Comanda 12", "REF:7F3A91"], False)


def test_a_slip_can_be_without_header_and_hold_every_kind_of_line(desk):
    desk.ask(38, "1")
    desk.ask(42, "sus", "1", "1", "2", "1", "2")
    for command, value in ((44, "2"), (92, "3")):
        assert desk.ask(command, value).code == 0
    assert desk.ask(84, "4", "https://exemplu.ro/bon", "5").code == 0
    desk.ask(39)
    text = desk.paper[0]["text"]
    assert text[:4] == ["sus".rjust(48), "", "", "=" * 48]
    assert text[4] == "[QR https://exemplu.ro/bon]"
    assert desk.ask(42, "n" * 47).code == -112201


def test_a_slip_that_the_power_cut_stays_open(tmp_path):
    state = ("--state", str(tmp_path / "printer.db"))
    with Desk(tmp_path, *state) as desk:
        desk.ask(38)
        desk.ask(42, "Comanda 12")
        desk.kill()
    with Desk(tmp_path, *state) as desk:
        assert desk.ask(76).values[1:3] == ["5", "1"]
        assert desk.open().code == TEXT_OPEN
        assert desk.ask(69, "Z").code == TEXT_OPEN
        assert desk.ask(42, "REF:7F3A91").code == 0
        assert desk.ask(39).values == ["0", "1"]
        assert desk.paper[0]["reference"] == "7F3A91"


def test_a_device_may_end_the_slip_it_finds_open(tmp_path):
    state = ("--state", str(tmp_path / "printer.db"))
    with Desk(tmp_path, *state) as desk:
        desk.ask(38)
        desk.ask(42, "Comanda 12")
        desk.kill()
    with Desk(tmp_path, *state, "--on-power-up", "cancel") as desk:
        assert desk.ask(76).values[1:3] == ["0", "1"]
        [out] = desk.paper
        assert (out["kind"], out["document"], out["reference"]) == ("nonfiscal", 1, "")
        assert out["broken_off"]
        assert "** DOCUMENT INTRERUPT **" in "\n".join(lines_in_je(desk, 1, 4))


def test_a_printer_can_start_with_a_slip_open(tmp_path):
    with Desk(tmp_path, "--open-slip") as desk:
        assert desk.ask(76).values[1] == "5"
        assert desk.open().code == TEXT_OPEN
        assert desk.ask(39).code == 0


# --- cash


def test_cash_stands_in_the_je_and_a_z_begins_its_sums_but_leaves_the_drawer(desk):
    desk.ask(70, "0", "100.00")
    desk.ask(70, "1", "30.00")
    desk.receipt()
    cash = ["0", "1", "100.00", "1", "30.00", "0", "0.00", "0", "0.00"]
    assert desk.ask(110, "5").values == cash
    assert desk.ask(124, "", "", "5").values[3:] == ["1", "1", "1", "2"]
    assert any("SUMA DE SERVICIU INTRARE" in line for line in lines_in_je(desk, 1, 5))
    assert any("SUMA DE SERVICIU IESIRE" in line for line in lines_in_je(desk, 2, 5))
    desk.ask(69, "Z")
    assert desk.ask(70, "0", "0").values == ["0", "77.00", "0.00", "0.00"]
    assert desk.ask(110, "5").values == ["0", *["0", "0.00"] * 4]
    assert desk.ask(70, "1", "77.00").values == ["0", "0.00", "0.00", "77.00"]


# --- within a receipt


def test_texts_and_codes_stand_where_they_were_sent(desk):
    desk.open()
    assert desk.ask(54, "Masa 4").code == 0
    assert desk.ask(84, "3", "ABC-1").code == 0
    desk.sell()
    desk.ask(54, "REF:7F3A91")
    desk.ask(53, "0", "")
    assert desk.ask(54, "Va multumim").code == 0
    assert desk.ask(84, "2", "5941234567899").code == 0
    desk.ask(56)
    lines = lines_in_je(desk, 1, 1)
    wanted = ["Masa 4", "[CODE128 ABC-1]", "Paine", "REF:7F3A91"]
    wanted += ["Va multumim", "[EAN13 5941234567899]"]
    assert [line for line in lines if line in wanted] == wanted
    total = next(n for n, line in enumerate(lines) if line.startswith("TOTAL LEI"))
    assert lines.index("REF:7F3A91") < total < lines.index("Va multumim")
    assert desk.paper[0]["reference"] == "7F3A91"


def test_a_long_code_is_whole_on_the_paper(desk):
    data = "https://exemplu.ro/" + "x" * 180
    desk.open()
    assert desk.ask(84, "4", data).code == 0
    desk.sell()
    desk.ask(53, "0", "")
    desk.ask(56)
    assert f"[QR {data}]" in "".join(desk.paper[0]["text"])


@pytest.mark.parametrize(
    ("values", "code"),
    [
        (("0", "12345670"), -112201),
        (("8", "12345670"), -112201),
        (("1", "12345671"), -112202),
        (("1", "1234567"), -112202),
        (("2", "594123456789"), -112202),
        (("3", "AB"), -112202),
        (("5", "12A4"), -112202),
        (("4", "x" * 20, "2"), -112203),
        (("3", "ABC", "4"), -112203),
        (("4",), -112001),
    ],
)
def test_a_code_that_cannot_be_drawn_is_refused(desk, values, code):
    assert desk.ask(84, "1", "12345670").code == NONE_OPEN
    desk.ask(38)
    assert desk.ask(84, *values).code == code
    assert desk.ask(84, "1", "12345670").code == 0


@pytest.mark.parametrize(
    ("kind", "value", "total", "by_group", "told"),
    [
        ("1", "10.00", "3.30", ["1.10", "2.20"], -1),
        ("2", "10.00", "2.70", ["0.90", "1.80"], 1),
        ("3", "0.50", "3.50", ["1.17", "2.33"], -1),
        ("4", "0.50", "2.50", ["0.83", "1.67"], 1),
    ],
)
def test_the_subtotal_takes_surcharges_and_discounts(desk, kind, value, total, by_group, told):
    desk.open()
    desk.sell(price="1.00", quantity="1", group="1")
    desk.sell(price="2.00", quantity="1", group="2")
    assert desk.ask(51, "1", "0", kind, value).values[2:5] == [total, *by_group]
    assert desk.ask(51, "0", "0", "", "").values[2] == total
    assert desk.ask(76).values[5:7] == ["2", total]
    desk.ask(53, "1", "")
    desk.ask(56)
    [discount] = desk.paper[0]["discounts"]
    assert (discount["type"], discount["value"]) == (int(kind), value)
    place = {"1": 0, "2": 1, "3": 2, "4": 3}[kind]
    sums = ["0", "0.00"] * 4
    sums[2 * place : 2 * place + 2] = ["1", f"0.{abs(discount['amount_bani'])}"]
    assert desk.ask(110, "3").values == ["0", *sums]
    assert (discount["amount_bani"] < 0) == (told > 0)


def test_a_subtotal_cannot_be_lowered_below_nothing(desk):
    desk.open()
    assert desk.ask(51, "0", "0", "4", "1.00").code == -111020
    desk.sell(price="1.00", quantity="1")
    assert desk.ask(51, "0", "0", "4", "1.01").code == -112204
    assert desk.ask(51, "0", "0", "", "1.00").code == -112204
    assert desk.ask(51, "0", "0", "5", "1.00").code == -112203


def test_the_registers_of_the_day_tell_voids_payments_and_receipts(desk):
    desk.open()
    desk.sell()
    desk.sell()
    desk.sell(price="-3.50")
    desk.ask(53, "1", "3.00")
    desk.ask(53, "0", "10.00")
    desk.ask(56)
    assert desk.ask(110, "0").values == ["0", "4.00", "3.00", *["0.00"] * 6]
    assert desk.ask(110, "1").code == -112201
    assert desk.ask(110, "2").values == ["0", "1", "7.00"]
    assert desk.ask(110, "4").values == ["0", "1", "7.00", "0", "0.00"]


def test_a_copy_from_the_je_needs_paper_and_is_a_slip(tmp_path):
    with Desk(tmp_path, "--fault", "paper-out@125#2") as desk:
        desk.receipt()
        desk.ask(125, "0", "1", "1")
        assert desk.ask(125, "3").code == NO_PAPER
        assert desk.ask(125, "1").code == 0
        assert len(desk.paper) == 1
