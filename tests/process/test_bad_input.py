"""Whatever is wrong gets a stable code; nothing is lost, nothing printed, the rest goes on."""

import copy
import os
import subprocess
from typing import Any

import pytest
import serial

from sandbox.stage import AMEF, Stage, stop

GOOD: dict[str, Any] = {
    "items": [{"name": "Paine", "quantity": 2, "price": 4.5, "vatRate": 11}],
    "payments": [{"type": "cash", "amount": 9.0}],
}


def changed(**item: object) -> dict[str, Any]:
    payload = copy.deepcopy(GOOD)
    payload["items"][0].update(item)
    return payload


def codes(device: dict[str, Any]) -> list[str]:
    """What the cloud was told is wrong; each with its sentences."""
    assert all(one["message"] and one["messageRo"] for one in device["conditions"])
    return [one["code"] for one in device["conditions"]]


BAD: dict[str, tuple[str, Any, str, str]] = {
    "no payload": ("print_receipt", None, "FIELD_INVALID", ""),
    "no items": ("print_receipt", GOOD | {"items": []}, "FIELD_INVALID", "items"),
    "no name": ("print_receipt", changed(name=""), "FIELD_INVALID", "items[0].name"),
    "unknown rate": ("print_receipt", changed(vatRate=19), "VAT_RATE_UNKNOWN", "items[0].vatRate"),
    "three decimals": (
        "print_receipt",
        changed(price=4.555),
        "AMOUNT_DECIMALS",
        "items[0].price",
    ),
    "too little paid": (
        "print_receipt",
        GOOD | {"payments": [{"type": "cash", "amount": 8.99}]},
        "PAYMENTS_SHORT",
        "payments",
    ),
    "emoji": ("print_receipt", changed(name="Pizza 🍕"), "TEXT_NOT_PRINTABLE", "items[0].name"),
    "control signs": ("print_receipt", changed(name="A\tB"), "TEXT_NOT_PRINTABLE", "items[0].name"),
    "300 letters": ("print_receipt", changed(name="x" * 300), "TEXT_TOO_LONG", "items[0].name"),
    "bad CUI": ("print_receipt", GOOD | {"customerCif": "RO123"}, "CUSTOMER_TAX_ID_BAD", ""),
    "unknown kind": ("print_poem", None, "UNSUPPORTED", "type"),
    "no such drawer": ("open_drawer", None, "UNSUPPORTED", ""),
}


@pytest.mark.parametrize("case", list(BAD))
def test_bad_input_is_answered_with_its_code_and_nothing_is_printed(
    shared_stage: Stage, case: str
) -> None:
    kind, payload, code, path = BAD[case]
    before = len(shared_stage.documents())
    (record,) = shared_stage.results([shared_stage.queue(kind, payload, unchecked=True)])
    assert (record["status"], record["errorCode"]) == ("failed", code)
    assert path in record["result"]["problems"][0]["path"]
    assert record["errorMessage"]
    assert len(shared_stage.documents()) == before


def test_romanian_letters_are_printed_as_plain_ones(shared_stage: Stage) -> None:
    payload = changed(name="Brânză țărănească și Şuncă")
    (record,) = shared_stage.results([shared_stage.queue("print_receipt", payload)])
    assert record["status"] == "completed"
    name = shared_stage.documents("receipt")[-1]["lines"][0]["name"]
    assert name == "Branza taraneasca si Sunca"


def test_a_good_receipt_behind_bad_ones_is_printed(shared_stage: Stage) -> None:
    bad = shared_stage.queue("print_receipt", changed(name="🍕"), unchecked=True)
    good = shared_stage.queue("print_receipt", GOOD)
    records = shared_stage.results([bad, good])
    assert [record["status"] for record in records] == ["failed", "completed"]


def test_a_port_that_is_held_is_waited_for_and_then_used(stage: Stage) -> None:
    holder = serial.Serial(str(stage.port.resolve()), exclusive=True)
    agent = stage.start_agent()
    id_ = stage.queue("print_receipt", GOOD)
    device = stage.wait_device(lambda device: device["conditions"])
    assert (device["status"], codes(device)) == ("offline", ["port_busy"])
    assert stage.record(id_)["status"] == "sent"
    holder.close()
    (record,) = stage.results([id_])
    assert record["status"] == "completed"
    assert agent.poll() is None


def test_a_port_that_is_not_there_is_waited_for_and_then_used(stage: Stage) -> None:
    away = stage.port.with_name("away")
    stage.port.rename(away)
    stage.start_agent()
    id_ = stage.queue("print_receipt", GOOD)
    device = stage.wait_device(lambda device: device["conditions"])
    assert (device["status"], codes(device)) == ("offline", ["port_missing"])
    away.rename(stage.port)
    (record,) = stage.results([id_])
    assert record["status"] == "completed"


def test_a_printer_of_another_dialect_is_named_as_such(stage: Stage) -> None:
    ours, theirs = os.openpty()
    stage.configure(address=os.ttyname(theirs))
    agent = stage.start_agent()
    while b"\x03" not in (heard := os.read(ours, 1000)):
        assert heard
    os.write(ours, b"\x15" * 4)
    device = stage.wait_device(lambda device: device["conditions"])
    assert codes(device) == ["other_dialect"]
    stop(agent)
    os.close(ours)
    os.close(theirs)


def test_a_second_agent_on_the_same_ledger_is_refused(stage: Stage) -> None:
    stage.start_agent()
    stage.results([stage.queue("print_receipt", GOOD)])
    second = subprocess.run(
        [AMEF, "run", "--config", str(stage.config)], capture_output=True, text=True, check=False
    )
    assert second.returncode == 78
    assert "another agent" in second.stderr
    assert "Traceback" not in second.stderr
