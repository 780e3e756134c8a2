"""What a till is told of a sale that was refused: which line of its file, and why, in Romanian."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.folder.draft import Asked
from agent.payloads import NoPayload
from tests.agent.folder.test_to_paper import Shop
from tests.agent.till import Till, quick_folder

HEAD = "CF^RO12345674\r\n\r\nTL^sus\r\n"
GOOD = "S^Paine^350^2000^buc^1^1\r\n"


@pytest.fixture
def quick_path(tmp_path: Path) -> Iterator[Path]:
    with quick_folder(tmp_path) as folder:
        yield folder


def told(shop: Shop, text: str) -> list[str]:
    shop.till.drop("bon.txt", text)
    shop.settle()
    assert shop.world.printer.documents() == []
    return (shop.till.answer("bon.txt") or "").split("\r\n")


@pytest.mark.parametrize(
    ("text", "line", "code", "begins"),
    [
        (
            HEAD + GOOD + "S^A\x07^100^1000^buc^1^1\r\nP^1^800",
            5,
            "TEXT_NOT_PRINTABLE",
            "Textul are",
        ),
        (HEAD + GOOD + "S^A^100^1000^bucati2^1^1\r\nP^1^800", 5, "TEXT_TOO_LONG", "Textul este"),
        (HEAD + GOOD + "DP^10000\r\nP^1^800", 5, "PERCENT_TOO_LARGE", "Procentul trebuie"),
        (HEAD + GOOD + "ST^\r\nMP^10000\r\nP^1^1400", 6, "PERCENT_TOO_LARGE", "Procentul trebuie"),
        (HEAD + GOOD + "DV^700\r\nP^1^800", 4, "LINE_NOT_POSITIVE", "Valoarea liniei"),
        (HEAD + GOOD + "P^1^10000000000", 5, "AMOUNT_TOO_LARGE", "Suma sau"),
        (HEAD + GOOD + "P^1^300\r\nP^2^399", 6, "PAYMENTS_SHORT", "Platile sunt"),
        (HEAD + GOOD + "TL^a\r\nTL^b\x07\r\nP^1^700", 6, "TEXT_NOT_PRINTABLE", "Textul are"),
        ("TL^a\r\n\r\nTL^b\x07", 3, "TEXT_NOT_PRINTABLE", "Textul are"),
        ("CF^RO12345675\r\n" + GOOD + "P^1^700", 1, "CUSTOMER_TAX_ID_BAD", "Codul fiscal"),
        ("\r\nO^5000", 2, "NOT_ENOUGH_CASH", "Nu sunt destui bani"),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isupper() else "",
)
def test_what_the_printer_cannot_do_is_told_with_the_line_of_the_file(
    quick_path: Path, text: str, line: int, code: str, begins: str
) -> None:
    shop = Shop(quick_path)
    bad, error, info, _ = told(shop, text)
    assert (bad, error) == ("BONOK=0", f"ERRCODE={code}")
    assert info.startswith(f"ERRINFO={begins}")
    assert f"(line {line}: " in info
    shop.close()


def test_a_payment_is_told_at_its_own_line_though_cash_is_taken_last(quick_path: Path) -> None:
    shop = Shop(quick_path)
    shop.till.close()
    payments = {"1": "cash", "2": "foreign"}
    shop.till = Till(quick_path, shop.world.clock, quick_path / "ledger.sqlite3", payments=payments)
    info = told(shop, GOOD + "P^1^300\r\nP^2^400")[2]
    assert "(line 3: " in info
    shop.close()


FPRINT = "S,1,______,_,__;A{};1.00;1.000;1;1;1;0;0;\r\nT,1,______,_,__;0;{};\r\n"


@pytest.mark.parametrize(
    ("name", "paid", "marked"), [("\x07", "1.00", 0), ("", "0.99", 1)], ids=["sale", "payment"]
)
def test_fprint_s_answer_marks_the_line_at_fault(
    quick_path: Path, name: str, paid: str, marked: int
) -> None:
    shop = Shop(quick_path)
    shop.till.close()
    ledger = quick_path / "ledger.sqlite3"
    shop.till = Till(quick_path, shop.world.clock, ledger, format="fprint")
    shop.till.drop("bon.inp", FPRINT.format(name, paid))
    shop.settle()
    lines = (shop.till.answer("bon.err") or "").split("\r\n")
    assert [",-1;" in line for line in lines[:2]] == [marked == 0, marked == 1]
    shop.close()


def test_what_is_wrong_with_the_whole_file_is_marked_at_its_first_line(quick_path: Path) -> None:
    shop = Shop(quick_path)
    shop.till.close()
    ledger = quick_path / "ledger.sqlite3"
    shop.till = Till(quick_path, shop.world.clock, ledger, format="fprint")
    shop.world.cable.plugged = False
    shop.till.drop("bon.inp", FPRINT.format("", "1.00"))
    shop.settle()
    lines = (shop.till.answer("bon.err") or "").split("\r\n")
    assert [",-1;" in line for line in lines[:2]] == [True, False]
    assert lines[2] == "ERRCODE=EXPIRED"
    shop.close()


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("lines[0].adjustment.value", "line 2"),
        ("lines[0].name", "line 1"),
        ("lines[0]", "line 1"),
        ("lines[7].name", "line 9"),
        ("payments", ""),
        ("", ""),
    ],
)
def test_what_has_no_line_of_its_own_stands_where_that_stands_which_holds_it(
    path: str, line: str
) -> None:
    places = {"lines[0]": "line 1", "lines[0].adjustment": "line 2", "lines": "line 9"}
    assert Asked("print_receipt", NoPayload(), places).at(path) == line
