"""Features of a device: what is off is refused with a code and a way out; receipts with them on."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.checks import LACKING, NOBODY_HAS, lacking, receipt_conflicts
from agent.commands import KINDS
from agent.payloads import BadPayload, ReceiptPayload, to_receipt
from drivers.capabilities import Feature
from drivers.families.datecs_x import DatecsX
from tests.agent.examples import (
    words,
)
from tests.agent.test_checks import refused
from tests.agent.world import World, sale


@pytest.mark.parametrize("feature", Feature)
def test_a_feature_that_is_off_has_a_code_and_a_sentence_with_a_way_out(feature: Feature) -> None:
    problem = lacking(feature, DatecsX.capabilities)
    assert problem.code == LACKING.get(feature, ("UNSUPPORTED", ""))[0]
    assert len(problem.sentence) > 30


@pytest.mark.parametrize("feature", sorted({*Feature} - NOBODY_HAS))
def test_what_a_family_does_not_have_is_not_called_switched_off(feature: Feature) -> None:
    can = replace(DatecsX.capabilities, features=frozenset(), lacks=frozenset({feature}))
    problem = lacking(feature, can)
    assert problem.code == "UNSUPPORTED"
    assert problem.sentence.startswith("this family has no ")
    assert "switched on" not in problem.sentence


def test_no_datecs_reverses_a_receipt() -> None:
    assert Feature.REVERSAL not in DatecsX.capabilities.features
    needing = {name for name, kind in KINDS.items() if kind.needs is Feature.REVERSAL}
    assert needing == {"void_receipt", "print_reversal_receipt"}


def test_a_tip_needs_its_feature(tmp_path: Path) -> None:
    tipped = json.loads(sale(("cash", 1400))) | {"tip": 200}
    (tmp_path / "with").mkdir()
    with_tips, without = World(tmp_path / "with"), World(tmp_path, without=Feature.TIPS)
    assert refused(without, "print_receipt", json.dumps(tipped)) == [("tip", "TIP_NOT_ALLOWED")]
    with_tips.queue("c1", json.dumps(tipped))
    with_tips.settle()
    (paper,) = with_tips.paper("receipt")
    assert paper["lines"][-1]["name"] == "BACSIS"
    assert paper["lines"][-1]["vat_rate"] == "0.00"
    with_tips.close()
    without.close()


def test_an_advance_is_taken_off_only_where_the_accountant_says_so(tmp_path: Path) -> None:
    asked = {
        "lines": [{"name": "Mobila", "unit_price": 100000, "quantity": 1000, "vat_rate": 2100}],
        "payments": [{"kind": "card", "amount": 70000}],
        "advance": 30000,
    }
    (tmp_path / "with").mkdir()
    with_it, without = World(tmp_path / "with"), World(tmp_path, without=Feature.ADVANCES)
    found = refused(without, "print_receipt", json.dumps(asked))
    assert found == [("advance", "ADVANCE_NOT_ALLOWED")]
    with_it.queue("c1", json.dumps(asked))
    with_it.settle()
    (paper,) = with_it.paper("receipt")
    assert (paper["total_bani"], paper["payments"][0]["amount_bani"]) == (70000, 70000)
    assert any("AVANS INCASAT 300,00 LEI" in line for line in paper["text"])
    with_it.close()
    without.close()


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"adjustment": {"kind": "discount_amount", "value": 1}}, "ADVANCE_BESIDE_ADJUSTMENT"),
        ({"rate": 1100}, "ADVANCE_NEEDS_ONE_RATE"),
        ({"advance": 0}, "FIELD_INVALID"),
    ],
)
def test_an_advance_that_says_too_little_is_refused(more: dict[str, Any], code: str) -> None:
    line = {"name": "Mobila", "unit_price": 100000, "quantity": 1000, "vat_rate": 2100}
    lines = [line, line | {"vat_rate": more.pop("rate", 2100)}]
    asked = {"lines": lines, "payments": [{"kind": "cash", "amount": 1}], "advance": 500} | more
    with pytest.raises(BadPayload) as caught:
        ReceiptPayload.read(json.dumps(asked))
    assert [(each.path, each.code) for each in caught.value.problems] == [("advance", code)]


@pytest.mark.parametrize("name", ["BACSIS", "Bacsis", " bac\u0219i\u0219 ", "BAC\u015eI\u015e"])
def test_a_tip_in_the_guise_of_a_line_needs_it_too(tmp_path: Path, name: str) -> None:
    world = World(tmp_path, without=Feature.TIPS)
    line = {"name": name, "unit_price": 200, "quantity": 1000, "vat_rate": 0}
    payload = words(lines=[line], payments=[{"kind": "cash", "amount": 200}])
    assert refused(world, "print_receipt", payload) == [("lines[0].name", "TIP_NOT_ALLOWED")]
    world.close()


def test_a_barcode_needs_its_feature(tmp_path: Path) -> None:
    world = World(tmp_path, without=Feature.BARCODE)
    payload = json.loads(sale()) | {"barcode": {"kind": "qr", "data": "ABC"}}
    assert refused(world, "print_receipt", json.dumps(payload)) == [("barcode", "UNSUPPORTED")]
    world.close()


def test_an_advance_beside_a_deposit_is_told_as_what_it_is() -> None:
    sold = {"name": "Apa", "unit_price": 1000, "quantity": 1000, "vat_rate": 0, "deposit": 50}
    payload = {"lines": [sold], "payments": [{"kind": "cash", "amount": 950}], "advance": 100}
    asked = to_receipt(ReceiptPayload.model_validate(payload), "c1")
    (problem,) = receipt_conflicts(asked)
    assert (problem.path, problem.code) == ("advance", "ADJUSTMENT_NOT_ALLOWED")


@pytest.mark.parametrize("line", [{"deposit": 50}, {}], ids=["deposit", "tip"])
def test_a_discount_on_the_sum_is_not_given_on_deposits_and_tips(line: dict[str, int]) -> None:
    sold = {"name": "Apa", "unit_price": 1000, "quantity": 1000, "vat_rate": 1100} | line
    payload = {
        "lines": [sold],
        "payments": [{"kind": "cash", "amount": 5000}],
        "adjustment": {"kind": "discount_percent", "value": 1000},
    } | ({} if line else {"tip": 500})
    asked = to_receipt(ReceiptPayload.model_validate(payload), "c1")
    codes = [(problem.path, problem.code) for problem in receipt_conflicts(asked)]
    assert codes == [("adjustment", "ADJUSTMENT_NOT_ALLOWED")]


def test_the_ro_prefix_of_a_buyer_is_folded_wherever_it_comes_from() -> None:
    sold = {"name": "Apa", "unit_price": 1000, "quantity": 1000, "vat_rate": 1100}
    paid = [{"kind": "cash", "amount": 1000}]
    payload = {"lines": [sold], "payments": paid, "customer_tax_id": "RO 14399840"}
    asked = to_receipt(ReceiptPayload.model_validate(payload), "c1")
    assert (asked.customer_tax_id, receipt_conflicts(asked)) == ("14399840", [])
