"""Bad input of every sort: refused before anything is printed, with the path of the field.

Each case twice: as the cloud sends it, from the bytes of its JSON to what it hears back, and as a
payload of our own, as the schedule or a folder makes it.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.cloud.answers import parse
from agent.cloud.payloads import understood
from agent.cloud.results import result_of
from agent.entries import Incoming
from agent.states import State
from tests.agent.bad_receipts import ITEM, RECEIPTS, Told, at
from tests.agent.examples import bmp, day_begun, day_closed
from tests.agent.world import DEVICE, FOREVER_MS, World

READS = {50, 51, 62, 64, 68, 70, 74, 76, 86, 90, 110, 123, 124, 125, 255}


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def heard(world: World, kind: str, payload: Any) -> Told:
    """Send it as the cloud does; say what the cloud hears: its own paths, and our codes."""
    text = json.dumps(payload)
    ours, problems = understood(kind, parse(text.encode()), world.clock.ms)
    command = Incoming("c1", DEVICE, kind, text, ours, FOREVER_MS, tuple(problems))
    world.cloud.accept(command)
    if not problems:
        world.cloud.claimed("c1")
        world.settle()
    untouched(world)
    told = result_of(world.cloud.history("c1")[-1], world.entry("c1"))
    assert told is not None
    assert told["status"] == "failed"
    assert told["errorCode"] == told["result"]["problems"][0]["code"]
    return [(problem["path"], problem["code"]) for problem in told["result"]["problems"]]


def written(world: World, kind: str, payload: Any) -> Told:
    """Put it in the ledger in our own words; say why it is rejected."""
    world.queue("c1", json.dumps(payload), kind)
    world.settle()
    untouched(world)
    problems = world.cloud.history("c1")[-1].data["problems"]
    return [(problem["path"], problem["code"]) for problem in problems]


def untouched(world: World) -> None:
    assert (world.entry("c1").state, world.entry("c1").attempts) == (State.REJECTED, 0)
    assert set(world.cable.commands) <= READS
    assert not [paper for paper in world.printer.documents() if paper["kind"] != "z"][1:]


@pytest.mark.parametrize("case", RECEIPTS)
def test_a_bad_receipt_from_the_cloud_is_refused_with_the_cloud_s_own_path(
    world: World, case: str
) -> None:
    payload, told, _, _ = RECEIPTS[case]
    assert heard(world, "print_receipt", payload) == told


@pytest.mark.parametrize("case", RECEIPTS)
def test_a_bad_receipt_of_our_own_words_is_refused_with_our_path(world: World, case: str) -> None:
    _, _, payload, told = RECEIPTS[case]
    assert written(world, "print_receipt", payload) == told


NO_PICTURE = base64.b64encode(b"GIF89a").decode()
OTHERS: dict[str, tuple[str, Any, Told, Any, Told]] = {
    "a logo that is no picture": (
        "set_logo",
        {"image": NO_PICTURE},
        at("image IMAGE_BAD"),
        {"image": NO_PICTURE},
        at("image IMAGE_BAD"),
    ),
    "a logo that is no base64": (
        "set_logo",
        {"data": "abc"},
        at("image FIELD_INVALID"),
        {"image": "abc"},
        at("image FIELD_INVALID"),
    ),
    "a logo that is too large": (
        "set_logo",
        {"image": base64.b64encode(bmp(400, 40)).decode()},
        at("image IMAGE_TOO_LARGE"),
        {"image": base64.b64encode(bmp(400, 40)).decode()},
        at("image IMAGE_TOO_LARGE"),
    ),
    "a reversal": (
        "print_reversal_receipt",
        {"receiptNumber": 1, "items": [ITEM]},
        at(" REVERSAL_NOT_ALLOWED"),
        {},
        at(" REVERSAL_NOT_ALLOWED"),
    ),
    "a closed receipt that should be void": (
        "void_receipt",
        {"receiptNumber": 1},
        at(" REVERSAL_NOT_ALLOWED"),
        {},
        at(" REVERSAL_NOT_ALLOWED"),
    ),
    "other rates on an open day": (
        "set_vat_rates",
        {"rates": {"A": 19, "B": 9}},
        at(" DAY_OPEN"),
        {"rates": {"A": 1900, "B": 900}},
        at(" DAY_OPEN"),
    ),
    "a header on an open day": (
        "set_header",
        {"lines": ["ALT MAGAZIN"]},
        at(" DAY_OPEN"),
        {"lines": ["ALT MAGAZIN"]},
        at(" DAY_OPEN"),
    ),
    "a clock before the last record": (
        "set_datetime",
        {"datetime": "2020-01-01T10:00:00+02:00"},
        at("datetime CLOCK_BEFORE_LAST_RECORD"),
        {"at_ms": 1_577_865_600_000},
        at("at CLOCK_BEFORE_LAST_RECORD"),
    ),
    "a clock of long ago": (
        "set_datetime",
        {"datetime": "1969-12-31T10:00:00Z"},
        at("datetime FIELD_INVALID"),
        {"at_ms": -1},
        at("at_ms FIELD_INVALID"),
    ),
    "a clock at the end of time": (
        "set_datetime",
        {"datetime": "9999-12-31T23:59:59Z"},
        at("datetime FIELD_INVALID"),
        {"at_ms": 253_402_300_799_000},
        at("at_ms FIELD_INVALID"),
    ),
    "a moment without a zone": (
        "set_datetime",
        {"datetime": "2026-11-22T10:00:00"},
        at("datetime FIELD_INVALID"),
        {"at_ms": "now"},
        at("at_ms FIELD_INVALID"),
    ),
    "cash that is not there": (
        "cash_out",
        {"amount": 9.01},
        at("amount NOT_ENOUGH_CASH"),
        {"amount": 901},
        at("amount NOT_ENOUGH_CASH"),
    ),
    "negative cash": (
        "cash_in",
        {"amount": -1},
        at("amount FIELD_INVALID"),
        {"amount": -100},
        at("amount FIELD_INVALID"),
    ),
    "cash of half a ban": (
        "cash_in",
        {"amount": 0.005},
        at("amount AMOUNT_DECIMALS"),
        {"amount": 0.5},
        at("amount FIELD_INVALID"),
    ),
    "a slip of nothing": (
        "non_fiscal_receipt",
        {"lines": []},
        at("lines FIELD_INVALID"),
        {"texts": []},
        at("texts FIELD_INVALID"),
    ),
    "a slip in a language it does not have": (
        "non_fiscal_receipt",
        {"text": "bun\n\u05e9\u05dc"},
        at("lines[1] TEXT_NOT_PRINTABLE"),
        {"texts": ["bun", "\u05e9\u05dc"]},
        at("texts[1] TEXT_NOT_PRINTABLE"),
    ),
    "an operator without a name or a password": (
        "set_operator",
        {"number": 3},
        at(" FIELD_INVALID"),
        {"number": 3},
        at(" FIELD_INVALID"),
    ),
    "a password of letters": (
        "set_operator",
        {"number": 3, "oldPassword": "x", "password": "1"},
        at("oldPassword FIELD_INVALID"),
        {"number": 3, "old_password": "x", "password": "1"},
        at("old_password FIELD_INVALID"),
    ),
}


@pytest.mark.parametrize("case", OTHERS)
def test_bad_input_of_other_kinds_from_the_cloud_is_refused(world: World, case: str) -> None:
    kind, payload, told, _, _ = OTHERS[case]
    prepare(world, kind)
    assert heard(world, kind, payload) == told


@pytest.mark.parametrize("case", OTHERS)
def test_bad_input_of_other_kinds_of_our_own_words_is_refused(world: World, case: str) -> None:
    kind, _, _, payload, told = OTHERS[case]
    prepare(world, kind)
    assert written(world, kind, payload) == told


def prepare(world: World, kind: str) -> None:
    if kind == "set_datetime":
        day_closed(world)
    else:
        day_begun(world)
