"""The receipt in full: everything that may stand on one comes out as it was asked, to the ban.

asked -> ledger -> worker -> driver -> the virtual printer's own arithmetic -> its paper. The sums
expected here are written down as numbers, not computed by the program under test.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.carry_out import receipt
from agent.cloud.answers import parse
from agent.cloud.payloads import understood
from agent.cloud.results import result_of
from agent.payloads import reference_of
from agent.states import State
from drivers.model import PaymentKind
from tests.agent.world import Printer, World
from tests.drivers.bench import BENCHES
from tests.drivers.receipts import TWO_LINES

KINDS = [kind for kind in PaymentKind if kind is not PaymentKind.FOREIGN]
ON_PAPER = {"card_cash_advance": "card_and_cash_advance"}  # the sandbox has its own word
BREAD: dict[str, Any] = {"name": "Paine", "unit_price": 333, "quantity": 1500, "vat_rate": 1100}
MILK: dict[str, Any] = {"name": "Lapte", "unit_price": 250, "quantity": 1000, "vat_rate": 2100}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def issued(world: World, total: int, *lines: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Issue a receipt paid with exactly this total; return its paper."""
    payload = {"lines": lines, "payments": [{"kind": "cash", "amount": total}]} | more
    world.queue("c1", json.dumps(payload))
    world.settle()
    entry = world.entry("c1")
    assert entry.state is State.ISSUED, world.cloud.history("c1")[-1]
    (paper,) = world.printer.documents()
    assert (paper["kind"], paper["reference"]) == ("receipt", reference_of("c1"))
    assert paper["total_bani"] == entry.result["total"] == total
    return paper


def sold(paper: dict[str, Any]) -> list[tuple[str, int]]:
    return [(line["name"], line["total_bani"]) for line in paper["lines"]]


# lines and sums


def test_a_hundred_lines_come_out_in_their_order(world: World) -> None:
    rates = (2100, 1100, 900, 0)
    lines = [
        {"name": f"Articol {n}", "unit_price": n, "quantity": 1000, "vat_rate": rates[n % 4]}
        for n in range(1, 101)
    ]
    paper = issued(world, 5050, *lines)
    assert sold(paper) == [(f"Articol {n}", n) for n in range(1, 101)]
    assert {line["vat_rate"] for line in paper["lines"]} == {"21.00", "11.00", "9.00", "0.00"}


def test_one_bani_comes_out(world: World) -> None:
    paper = issued(world, 1, MILK | {"unit_price": 1})
    assert sold(paper) == [("Lapte", 1)]


def test_the_largest_total_comes_out(world: World) -> None:
    """99,999,999.99 lei; a device takes 9,999,999.99 for one piece."""
    dear = MILK | {"unit_price": 999_999_999, "quantity": 10_000}
    paper = issued(world, 9_999_999_999, dear, MILK | {"unit_price": 9})
    assert sold(paper) == [("Lapte", 9_999_999_990), ("Lapte", 9)]


@pytest.mark.parametrize(
    ("price", "quantity", "total"),
    [
        (333, 1500, 500),  # 4.995: the half goes up
        (333, 1499, 499),
        (1, 500, 1),  # half a bani
        (5, 300, 2),
        (999, 1, 1),
        (1, 99_999_999, 100_000),
        (250, 1250, 313),
    ],
)
def test_a_quantity_in_thousandths_is_rounded_half_up(
    world: World, price: int, quantity: int, total: int
) -> None:
    paper = issued(world, total, BREAD | {"unit_price": price, "quantity": quantity})
    assert paper["lines"][0]["quantity_thousandths"] == quantity


ADJUSTMENTS = [  # of 5.00 lei
    ("discount_percent", 1000, 450),
    ("discount_percent", 333, 483),  # 0.1665: 0.17
    ("discount_percent", 9979, 1),  # 4.9895: 4.99
    ("discount_percent", 1, 500),  # 0.0005 is nothing
    ("surcharge_percent", 1000, 550),
    ("surcharge_percent", 9999, 1000),
    ("discount_amount", 499, 1),
    ("discount_amount", 1, 499),
    ("surcharge_amount", 1, 501),
    ("surcharge_amount", 100_000, 100_500),
]


@pytest.mark.parametrize(("kind", "value", "total"), ADJUSTMENTS)
def test_a_line_has_its_discount_or_surcharge(
    world: World, kind: str, value: int, total: int
) -> None:
    paper = issued(world, total, BREAD | {"adjustment": {"kind": kind, "value": value}})
    assert sold(paper) == [("Paine", total)]
    assert paper["lines"][0]["discount"] is not None


@pytest.mark.parametrize(
    ("kind", "value", "total"),
    [
        ("discount_percent", 1000, 675),
        ("discount_percent", 333, 725),  # of 7.50: 0.24975
        ("surcharge_percent", 1000, 825),
        ("discount_amount", 749, 1),
        ("surcharge_amount", 250, 1000),
    ],
)
def test_the_sum_has_its_discount_or_surcharge(
    world: World, kind: str, value: int, total: int
) -> None:
    adjustment = {"kind": kind, "value": value}
    paper = issued(world, total, BREAD, MILK, adjustment=adjustment)
    assert sold(paper) == [("Paine", 500), ("Lapte", 250)]
    assert [each["amount_bani"] for each in paper["discounts"]] == [total - 750]


def test_a_discount_on_a_line_and_one_on_the_sum_are_both_taken(world: World) -> None:
    off = {"kind": "discount_percent", "value": 1000}
    paper = issued(world, 630, BREAD | {"adjustment": off}, MILK, adjustment=off)
    assert (sold(paper), paper["total_bani"]) == ([("Paine", 450), ("Lapte", 250)], 630)


def test_a_line_is_taken_back_with_its_discount(world: World) -> None:
    off = BREAD | {"adjustment": {"kind": "discount_amount", "value": 100}}
    paper = issued(world, 250, off, MILK, off | {"void": True})
    assert sold(paper) == [("Paine", 400), ("Lapte", 250), ("Paine", -400)]


def test_of_two_equal_lines_one_is_taken_back_and_sold_again(world: World) -> None:
    void = MILK | {"void": True}
    paper = issued(world, 500, MILK, MILK, void, void, MILK, MILK)
    assert [total for _, total in sold(paper)] == [250, 250, -250, -250, 250, 250]


def test_a_deposit_stands_below_its_line_outside_vat_and_goes_back_with_it(world: World) -> None:
    water = MILK | {"name": "Apa", "quantity": 2000, "deposit": 50}
    paper = issued(world, 600, water, water, water | {"void": True})
    assert sold(paper) == [("Apa", 500), ("GARANTIE SGR", 100)] * 2 + [
        ("Apa", -500),
        ("GARANTIE SGR", -100),
    ]
    rates = {line["name"]: line["vat_rate"] for line in paper["lines"]}
    assert rates == {"Apa": "21.00", "GARANTIE SGR": "0.00"}


def test_a_tip_is_the_last_line_outside_vat(world: World) -> None:
    paper = issued(world, 850, BREAD, MILK, tip=100)
    assert sold(paper)[-1] == ("BACSIS", 100)
    assert paper["lines"][-1]["vat_rate"] == "0.00"


def test_department_and_unit_stand_on_the_line(world: World) -> None:
    paper = issued(world, 500, BREAD | {"department": 7, "unit": "KG"})
    assert (paper["lines"][0]["department"], paper["lines"][0]["unit"]) == (7, "KG")


# payments


@pytest.mark.parametrize("kind", KINDS)
def test_each_payment_kind_pays_and_is_what_the_paper_says(world: World, kind: str) -> None:
    paper = issued(world, 500, BREAD, payments=[{"kind": kind, "amount": 500}])
    told = [(each["kind"], each["amount_bani"]) for each in paper["payments"]]
    assert told == [(ON_PAPER.get(kind, kind), 500)]


def test_all_kinds_together_pay_with_cash_last_and_only_cash_gives_change(world: World) -> None:
    payments = [{"kind": kind, "amount": 50} for kind in KINDS]  # cash is the first of them
    payments[0] = {"kind": "cash", "amount": 1000}
    paper = issued(world, 500, BREAD, payments=payments)
    told = [each["kind"] for each in paper["payments"]]
    assert told == [ON_PAPER.get(kind, kind) for kind in KINDS[1:]] + ["cash"]
    assert paper["change_bani"] == 8 * 50 + 1000 - 500


# texts, names, codes


LONG = "Va multumim ca ati ales magazinul nostru si va mai asteptam cu drag oricand doriti"


@pytest.mark.parametrize(
    ("columns", "pieces"),
    [
        (
            48,
            [
                "Va multumim ca ati ales magazinul nostru si va",
                "mai asteptam cu drag oricand doriti",
            ],
        ),
        (
            32,
            [
                "Va multumim ca ati ales",
                "magazinul nostru si va mai",
                "asteptam cu drag oricand",
                "doriti",
            ],
        ),
    ],
)
def test_texts_above_and_below_are_broken_to_the_columns_between_words(
    tmp_path: Path, columns: int, pieces: list[str]
) -> None:
    world = World(tmp_path, Printer(columns=columns))
    paper = issued(world, 500, BREAD, texts_above=[LONG, ""], texts_below=["Scurt"])
    assert paper["texts"] == [*pieces, "", "Scurt", f"REF:{reference_of('c1')}"]
    lines = [text.strip() for text in paper["text"]]
    assert lines.index(pieces[0]) < lines.index("Paine") < lines.index("Scurt")
    assert lines.index("Scurt") < lines.index(f"REF:{reference_of('c1')}")
    world.close()


def test_a_long_name_goes_on_below_its_line(world: World) -> None:
    name = " ".join(f"cuvant{n:02}" for n in range(24))  # 215 letters
    paper = issued(world, 500, BREAD | {"name": name})
    first, rest = paper["lines"][0]["name"], paper["texts"][:-1]
    assert len(first) <= 72
    assert " ".join([first, *rest]) == name
    assert all(len(text) <= 46 for text in rest)


def test_a_long_name_can_be_taken_back(world: World) -> None:
    line = BREAD | {"name": "Covrigi " * 20}
    paper = issued(world, 250, line, MILK, line | {"void": True})
    assert [total for _, total in sold(paper)] == [500, 250, -500]


def test_a_word_longer_than_a_line_is_broken_and_nothing_is_lost(world: World) -> None:
    paper = issued(world, 500, BREAD | {"name": "x" * 216}, texts_below=["y" * 200])
    texts = paper["texts"][:-1]
    assert paper["lines"][0]["name"] + "".join(texts).rstrip("y") == "x" * 216
    assert "".join(texts).count("y") == 200


@pytest.mark.parametrize(
    ("kind", "data", "printed"),
    [
        ("ean8", "12345670", "[EAN8 12345670]"),
        ("ean13", "5941234567899", "[EAN13 5941234567899]"),
        ("code128", "ABC-123 x", "[CODE128 ABC-123 x]"),
        ("qr", "https://exemplu.ro/b?c=1", "[QR https://exemplu.ro/b?c=1]"),
    ],
)
def test_a_code_is_printed_with_what_it_holds(
    world: World, kind: str, data: str, printed: str
) -> None:
    paper = issued(world, 500, BREAD, barcode={"kind": kind, "data": data})
    assert printed in paper["text"]


@pytest.mark.parametrize("text", ["ăâîșțĂÂÎȘȚ", "ãâîşţÃÂÎŞŢ"], ids=["comma", "cedilla"])
def test_letters_of_both_forms_are_folded_and_it_is_reported(world: World, text: str) -> None:
    line = BREAD | {"name": f"Brânză {text}", "unit": "bucăți"[:6]}
    paper = issued(world, 750, line, MILK, texts_above=["bun", text], texts_below=[text])
    assert paper["lines"][0]["name"] == "Branza aaistAAIST"
    assert paper["lines"][0]["unit"] == "bucati"
    assert (paper["texts"][1], paper["texts"][2]) == ("aaistAAIST", "aaistAAIST")
    assert world.entry("c1").result["folded"] == [
        "lines[0].name",
        "lines[0].unit",
        "texts_above[1]",
        "texts_below[0]",
    ]


def test_signs_that_a_tremol_keeps_for_itself_are_printed_as_others_and_it_is_reported() -> None:
    bread, cheese = TWO_LINES.lines
    asked = replace(
        TWO_LINES,
        lines=(replace(bread, name="Paine; alba"), cheese),
        texts_below=("a; b", "a, b"),
    )
    with BENCHES["tremol"]() as bench:
        told = receipt(bench.opened(), asked)
        assert told["folded"] == ["lines[0].name", "texts_below[0]"]
        (paper,) = bench.papers()
        assert paper.lines[0][0] == "Paine, alba"
        assert paper.text.count("a, b") == 2


# as the cloud sends it


CLOUD: dict[str, Any] = {
    "items": [
        {
            "name": "Brânză de burduf",
            "quantity": 0.25,
            "price": 59.99,
            "vatRate": 11,
            "discount": {"type": "percent", "value": 10},
            "unit": "KG",
        },
        {"name": "Apă plată", "quantity": 2, "price": 3.5, "vatRate": 21, "deposit": 0.5},
    ],
    "payments": [{"method": "cash", "amount": 50}, {"type": "card", "amount": 10}],
    "tip": 2,
    "textsAbove": ["Masa 5"],
    "barcode": {"type": "qr", "data": "cmd_1"},
}


def from_cloud(world: World, payload: dict[str, Any]) -> dict[str, Any]:
    ours, problems = understood("print_receipt", parse(json.dumps(payload).encode()), 0)
    assert problems == []
    world.queue("c1", ours or "")
    world.settle()
    assert world.entry("c1").state is State.ISSUED, world.cloud.history("c1")[-1]
    (paper,) = world.printer.documents()
    return paper


def test_everything_that_the_cloud_can_ask_stands_on_the_paper(world: World) -> None:
    paper = from_cloud(world, CLOUD)
    assert sold(paper) == [
        ("Branza de burduf", 1350),  # 14.9975 is 15.00, less 1.50
        ("Apa plata", 700),
        ("GARANTIE SGR", 100),
        ("BACSIS", 200),
    ]
    assert paper["total_bani"] == 2350
    paid = [(each["kind"], each["amount_bani"]) for each in paper["payments"]]
    assert (paid, paper["change_bani"]) == ([("card", 1000), ("cash", 5000)], 3650)
    told = result_of(world.cloud.history("c1")[-1], world.entry("c1"))
    assert told is not None
    assert told["result"]["folded"] == ["items[0].name", "items[1].name"]
    assert (told["result"]["total"], told["result"]["fiscalId"]) == (23.5, "1")


@pytest.mark.parametrize("cif", ["12345674", "RO12345674", "ro 1234 5674", " RO12345674 "])
def test_the_buyer_s_cui_is_printed_without_its_prefix(world: World, cif: str) -> None:
    paper = from_cloud(world, CLOUD | {"customerCif": cif})
    assert paper["customer_tax_id"] == "12345674"
    assert "CIF CLIENT: 12345674" in paper["text"]


@pytest.mark.parametrize("cif", [None, ""])
def test_without_a_cui_there_is_none(world: World, cif: str | None) -> None:
    assert from_cloud(world, CLOUD | {"customerCif": cif})["customer_tax_id"] == ""
