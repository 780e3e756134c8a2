"""Every kind in the cloud's spelling, turned into our words; and its result back into the cloud's.

What only the receipt has is in test_schema.py, what is refused in test_bad_input.py.
"""

import base64
import json
import re
from collections.abc import Iterator
from dataclasses import asdict, fields
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.cloud.answers import parse
from agent.cloud.payloads import NOTHING_READ, SPELLINGS, understood
from agent.cloud.results import result_of
from agent.commands import KINDS
from agent.entries import Event, LedgerEntry
from agent.field_problems import LETTER
from agent.payloads import CashInPayload, Logo
from agent.problem_words import romanian
from agent.states import State
from drivers.model import Problem, VatRate
from tests.agent.examples import EXAMPLES, bmp, day_closed
from tests.agent.world import START_MS, World

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
IMAGE = base64.b64encode(bmp()).decode()
ASKED_MS = 1_775_120_300_000

ITEM: dict[str, Any] = {"name": "Paine", "quantity": 1, "price": 1, "vatRate": 11}
RECEIPT: dict[str, Any] = {"items": [ITEM], "payments": [{"type": "cash", "amount": 1}]}
RATE, NAME = "must be a rate in percent, 0 to 99.99", "at most 32 characters"
MOMENT = "must be a moment with its zone, like 2026-11-30T18:00:00+02:00"
CENTURY, PASSWORD = "must be a moment from 1970 to 2099", "must be digits, 8 at most"
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
    wanted = {kind.payload for kind in KINDS.values()}
    assert {*SPELLINGS} | {*NOTHING_READ} == wanted
    assert not {*SPELLINGS} & {*NOTHING_READ}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "payload", [None, {}, [], "x", 7, True, [[]], {"rates": None}, {"lines": [None]}], ids=repr
)
def test_no_payload_of_any_kind_is_more_than_a_problem(kind: str, payload: Any) -> None:
    ours, problems = understood(kind, payload, ASKED_MS)
    assert (ours is None) == bool(problems)
    for problem in problems:
        own_words(problem)


def test_what_finds_a_hole_in_the_translation_is_a_problem_and_stops_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(SPELLINGS, CashInPayload)
    ours, (problem,) = understood("cash_in", {"amount": 1}, ASKED_MS)
    assert (ours, problem.path, problem.code) == (None, "payload", "PAYLOAD_STRANGE")
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert understood("cash_in", deep, ASKED_MS)[1][0].code == "PAYLOAD_STRANGE"


@pytest.mark.parametrize("number", ["1E+99999999", "-1E+999999999", "1E-99999999", "9" * 5000])
@pytest.mark.parametrize(
    ("kind", "payload", "field"),
    [
        ("get_operator", "{%}", "number"),
        ("set_operator", '{%, "name": "Ana"}', "number"),
        ("cash_in", "{%}", "amount"),
        ("read_fiscal_memory", '{%, "zTo": 3}', "zFrom"),
        ("read_electronic_journal", '{%, "documentTo": 3}', "documentFrom"),
        ("read_fiscal_memory", '{"zFrom": 1, "zTo": 2, %}', "detailed"),
        ("set_datetime", "{%}", "datetime"),
        ("set_vat_rates", '{"rates": {%}}', "A"),
        ("non_fiscal_receipt", "{%}", "lines"),
        ("set_logo", "{%}", "image"),
    ],
)
def test_a_number_that_nobody_means_is_refused_at_once(
    kind: str, payload: str, field: str, number: str
) -> None:
    sent = parse(payload.replace("%", f'"{field}": {number}').encode())
    ours, problems = understood(kind, sent, ASKED_MS)
    assert ours is None
    assert field in result_paths(kind, problems[0])
    own_words(problems[0])


def own_words(problem: Problem) -> None:
    """Nothing of the library that looked, and nothing in a unit that nobody sent."""
    assert re.fullmatch(r"[A-Z][A-Z0-9_]+", problem.code)
    strange = ("Input", "valid", "instance", "pydantic", "Vendor", "Payload", "codec", "[key]")
    assert not [word for word in strange if word in problem.sentence + problem.path]
    assert not [code for code in (problem.code,) if not romanian(code)]


SAID: list[tuple[str, Any, str, str, str]] = [
    ("print_receipt", "x", "", "FIELD_INVALID", "must be an object, {...}"),
    ("set_vat_rates", {"rates": {"A": 100}}, "rates.A", "FIELD_INVALID", RATE),
    ("set_vat_rates", {"rates": {"A": -1}}, "rates.A", "FIELD_INVALID", RATE),
    ("set_vat_rates", {"rates": {"H": 9}}, "rates.H", "FIELD_INVALID", LETTER),
    ("set_vat_rates", {"rates": {}}, "rates", "FIELD_INVALID", "must not be empty"),
    ("set_datetime", {"datetime": "2150-01-01T00:00:00Z"}, "datetime", "FIELD_INVALID", CENTURY),
    ("set_datetime", {"datetime": 1_792_900_000}, "datetime", "FIELD_INVALID", MOMENT),
    ("set_datetime", {"datetime": "20261101"}, "datetime", "FIELD_INVALID", MOMENT),
    ("set_datetime", {"datetime": "1792900000"}, "datetime", "FIELD_INVALID", MOMENT),
    ("cash_in", {}, "amount", "FIELD_MISSING", "is missing"),
    ("cash_in", {"amount": 0}, "amount", "FIELD_INVALID", "must be above 0"),
    ("set_operator", {"number": 31, "name": "x"}, "number", "FIELD_INVALID", "must be at most 30"),
    ("set_operator", {"number": 1, "name": "x" * 33}, "name", "TEXT_TOO_LONG", NAME),
    ("set_operator", {"number": 1, "password": "a"}, "password", "FIELD_INVALID", PASSWORD),
    ("set_header", {"lines": ["x"] * 101}, "lines", "TOO_MANY_LINES", "101, 100 at most"),
    ("set_header", {"lines": ["\ud800"]}, "lines[0]", "FIELD_INVALID", "holds half a letter"),
    ("non_fiscal_receipt", {"lines": 5}, "lines", "FIELD_INVALID", "must be a list, [...]"),
]


@pytest.mark.parametrize(("kind", "payload", "path", "code", "sentence"), SAID, ids=str)
def test_what_is_wrong_is_said_in_our_own_words(
    kind: str, payload: Any, path: str, code: str, sentence: str
) -> None:
    ours, (problem,) = understood(kind, payload, ASKED_MS)
    told = result_paths(kind, problem)
    assert (ours, told, problem.code, problem.sentence) == (None, path, code, sentence)


def result_paths(kind: str, problem: Problem) -> str:
    """The path as the cloud hears it."""
    entry = LedgerEntry(
        **{field.name: None for field in fields(LedgerEntry)}  # type: ignore[arg-type]
        | {"kind": kind, "id": "c1", "state": State.REJECTED}
    )
    rejected = Event(1, 0, "dev_1", "c1", "reject", {"problems": [asdict(problem)]})
    found = result_of(rejected, entry)
    assert found is not None
    (told,) = found["result"]["problems"]
    assert told["messageRo"] == romanian(problem.code)
    return str(told["path"])


@pytest.mark.parametrize(
    ("kind", "payload", "same"),
    [
        (
            "set_operator",
            {"number": 1, "name": None, "password": "1"},
            {"number": 1, "password": "1"},
        ),
        ("non_fiscal_receipt", {"lines": None, "text": "a"}, {"text": "a"}),
        ("set_logo", {"image": None, "data": IMAGE}, {"data": IMAGE}),
        ("set_datetime", {"datetime": None}, {}),
        ("read_fiscal_memory", {"zFrom": 1, "zTo": 2, "detailed": None}, {"zFrom": 1, "zTo": 2}),
        ("get_operator", {"number": None}, {}),
        (
            "print_receipt",
            RECEIPT | {name: None for name in ("textsAbove", "textsBelow", "tip", "barcode")},
            RECEIPT,
        ),
        ("print_receipt", RECEIPT | {"items": [ITEM | {"void": None, "unit": None}]}, RECEIPT),
        (
            "print_receipt",
            RECEIPT | {"payments": [{"type": None, "method": "card", "amount": 1}]},
            RECEIPT | {"payments": [{"method": "card", "amount": 1}]},
        ),
    ],
    ids=str,
)
def test_null_in_a_field_that_may_be_left_out_leaves_it_out(
    kind: str, payload: Any, same: Any
) -> None:
    assert translated(kind, payload) == translated(kind, same)


@pytest.mark.parametrize(("rates", "warned"), [((), []), ((1900,), ["vat_table_differs"])])
def test_a_look_the_cloud_asks_for_is_held_against_the_configured_rates(
    world: World, rates: tuple[int, ...], warned: list[str]
) -> None:
    world.rates = frozenset(map(VatRate, rates))
    world.queue("c1", json.dumps(translated("preflight", {"anything": 1})), "preflight")
    world.settle()
    assert world.entry("c1").result["warnings"] == warned


def test_the_name_of_an_operator_that_is_stored_otherwise_says_so(world: World) -> None:
    world.queue("c1", json.dumps({"number": 3, "name": "Ștefan"}), "set_operator")
    world.settle()
    result = world.entry("c1").result
    assert (result["name"], result["folded"]) == ("Stefan", ["name"])


def test_texts_are_read_back_in_the_code_page_they_were_written_in(world: World) -> None:
    world.code_page = "cp852"
    world.queue("c1", json.dumps({"lines": ["Făină țărănească"]}), "set_header")
    world.settle()
    assert world.entry("c1").result["lines"][0] == "Făină ţărănească"


# results


def told(world: World, kind: str) -> dict[str, Any]:
    EXAMPLES[kind].before(world)
    world.queue("c1", EXAMPLES[kind].payload, kind)
    world.settle()
    found = result_of(world.cloud.history("c1")[-1], world.entry("c1"))
    assert found is not None
    result: dict[str, Any] = found["result"]
    return result


AT = "2026-09-21T14:13:20+00:00"
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
    "set_operator": AFTER_Z | {"number": 3, "name": "Maria", "folded": []},
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
