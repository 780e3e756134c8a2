"""Every kind in the cloud's spelling, turned into our words; and its result back into the cloud's.

What only the receipt has is in test_cloud_schema.py, what is refused in test_bad_input.py.
"""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.cloud.answers import parse
from agent.cloud.payloads import SPELLINGS, understood
from agent.cloud.results import result_of
from agent.commands import KINDS
from agent.payloads import Logo, NoPayload, PreflightPayload, ZReportPayload
from tests.agent.examples import EXAMPLES, bmp, day_closed
from tests.agent.world import START_MS, World

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
IMAGE = base64.b64encode(bmp()).decode()
ASKED_MS = 1_775_120_300_000

NO_SPAN = {f"{of}_{end}": None for of in ("document", "z", "date") for end in ("from", "to")}

SPELT: list[tuple[str, Any, dict[str, Any]]] = [
    ("cash_in", {"amount": 50}, {"amount": 5000}),
    ("cash_in", {"amount": 0.01, "reason": "schimb"}, {"amount": 1}),
    ("cash_out", {"amount": 12.5}, {"amount": 1250}),
    ("non_fiscal_receipt", {"lines": ["a", "b"]}, {"texts": ["a", "b"]}),
    ("non_fiscal_receipt", {"text": "a\nb\n\nc"}, {"texts": ["a", "b", "", "c"]}),
    ("set_datetime", None, {"at_ms": None, "only_if_off_s": 0, "asked_at_ms": None}),
    ("set_datetime", [], {"at_ms": None, "only_if_off_s": 0, "asked_at_ms": None}),
    (
        "set_datetime",
        {"datetime": "2026-04-02T09:00:00Z"},
        {"at_ms": 1_775_120_400_000, "only_if_off_s": 0, "asked_at_ms": ASKED_MS},
    ),
    (
        "set_datetime",
        {"datetime": "2026-04-02T12:00:00+03:00"},
        {"at_ms": 1_775_120_400_000, "only_if_off_s": 0, "asked_at_ms": ASKED_MS},
    ),
    ("set_vat_rates", {"rates": {"A": 21, "C": 5.5}}, {"rates": {"A": 2100, "C": 550}}),
    ("set_header", {"lines": ["ALFA SRL", ""]}, {"lines": ["ALFA SRL", ""]}),
    ("set_footer", {"lines": []}, {"lines": []}),
    (
        "set_operator",
        {"number": 2, "name": "Ana", "oldPassword": "1", "password": "2"},
        {"number": 2, "name": "Ana", "old_password": "1", "password": "2"},
    ),
    ("get_operator", None, {"number": 1}),
    ("get_operator", {"number": 7}, {"number": 7}),
    (
        "read_fiscal_memory",
        {"zFrom": 3, "zTo": 7, "detailed": True},
        {"z_from": 3, "z_to": 7, "date_from": None, "date_to": None, "detailed": True},
    ),
    (
        "read_electronic_journal",
        {"from": "2026-11-01", "to": "2026-11-02"},
        NO_SPAN | {"date_from": "2026-11-01", "date_to": "2026-11-02"},
    ),
    (
        "read_electronic_journal",
        {"documentFrom": 40, "documentTo": 41},
        NO_SPAN | {"document_from": 40, "document_to": 41},
    ),
    ("read_p7b", {"from": "2026-11-01"}, {}),
    ("void_receipt", {"receiptNumber": 7}, {}),
    ("print_duplicate", {"whatever": 1}, {}),
]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def translated(kind: str, payload: Any) -> Any:
    ours, problems = understood(kind, parse(json.dumps(payload).encode()), ASKED_MS)
    assert problems == []
    return json.loads(ours or "")


@pytest.mark.parametrize(("kind", "payload", "ours"), SPELT, ids=str)
def test_a_payload_of_the_cloud_is_ours_in_other_words(
    kind: str, payload: Any, ours: dict[str, Any]
) -> None:
    assert translated(kind, payload) == ours


@pytest.mark.parametrize("field", ["image", "data"])
def test_a_logo_comes_as_base64_under_both_names(field: str) -> None:
    payload = json.dumps(translated("set_logo", {field: IMAGE}))
    assert KINDS["set_logo"].understand(payload, "c1", NOW) == Logo(bmp())


def test_every_kind_with_a_payload_has_a_spelling() -> None:
    without = {NoPayload, PreflightPayload, ZReportPayload}
    wanted = {kind.payload for kind in KINDS.values()} - without
    assert {*SPELLINGS} == wanted


# results


def told(world: World, kind: str) -> dict[str, Any]:
    EXAMPLES[kind].before(world)
    world.queue("c1", EXAMPLES[kind].payload, kind)
    world.settle()
    found = result_of(world.cloud.history("c1")[-1], world.entry("c1"))
    assert found is not None
    result: dict[str, Any] = found["result"]
    return result


AT = "21-09-26 14:13:20"
ABOUT = {"fiscalSeries": "SIM0000001", "zNumber": 1, "fiscalDate": AT}
AFTER_Z = ABOUT | {"zNumber": 2}
DONE = {"evidence": "reply", "paper": "unknown"}
RESULTS: dict[str, dict[str, Any]] = {
    "cash_in": ABOUT
    | {
        "moved": {"cashIn": 50.0, "cashOut": 0.0},
        "drawer": {"cashAmount": 59.0, "cashIn": 50.0, "cashOut": 0.0},
    },
    "cash_out": ABOUT
    | {
        "moved": {"cashIn": 0.0, "cashOut": 2.5},
        "drawer": {"cashAmount": 6.5, "cashIn": 0.0, "cashOut": 2.5},
    },
    "get_cash_amount": ABOUT | {"drawer": {"cashAmount": 9.0, "cashIn": 0.0, "cashOut": 0.0}},
    "non_fiscal_receipt": ABOUT | {"documentNumber": 2, "folded": ["lines[0]"]},
    "print_duplicate": ABOUT | {"ofReceipt": 1},
    "void_open_receipt": ABOUT | {"cancelled": "receipt", "documentNumber": 2, "total": 4.0},
    "open_drawer": ABOUT,
    "set_vat_rates": AFTER_Z | {"rates": {"A": 21.0, "B": 11.0, "D": 0.0}},
    "set_operator": AFTER_Z | {"number": 3, "name": "Maria"},
    "get_vat_rates": ABOUT | {"rates": {"A": 21.0, "B": 11.0, "C": 9.0, "D": 0.0}},
    "get_last_receipt": ABOUT
    | {"receiptNumber": 1, "documentNumber": None, "total": None, "fiscalId": "1"},
}


@pytest.mark.parametrize("kind", RESULTS)
def test_a_result_is_told_in_the_cloud_s_words_and_in_lei(world: World, kind: str) -> None:
    assert told(world, kind) == RESULTS[kind] | DONE


def test_nobody_is_told_a_password(world: World) -> None:
    day_closed(world)
    payload = json.dumps({"number": 3, "old_password": "99887766", "password": "55443322"})
    world.queue("c1", payload, "set_operator")
    world.settle()  # refused: the old one is wrong
    history = json.dumps([event.data for event in world.cloud.history("c1")])
    assert "OPERATOR_REFUSED" in history
    assert "55443322" not in history
    assert "99887766" not in history


def test_a_fiscal_date_is_told_as_the_device_writes_it() -> None:
    assert START_MS == 1_790_000_000_000  # AT, in UTC
