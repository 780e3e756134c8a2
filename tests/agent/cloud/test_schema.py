"""The cloud's words turned into ours: what is taken, and what is answered with which code."""

import json
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cloud import schema
from agent.cloud.answers import parse
from agent.cloud.schema import ID_MAX, NotACommand, to_incoming
from agent.commands import KINDS
from agent.entries import LOCAL, Incoming, body_hash
from drivers.capabilities import Capabilities
from drivers.model import PaymentKind, Receipt, VatRate
from drivers.receipt_check import receipt_problems
from tests.agent.cloud.cloud_world import ITEM, MISSING, PAYMENT, changed, raw_command

NOW_MS = 1_775_120_400_000  # 2026-04-02T09:00:00Z
TTL_MS = 180_000
YEAR_MS = 365 * 86_400_000
PRICE, QUANTITY, RATE = (*ITEM, "price"), (*ITEM, "quantity"), (*ITEM, "vatRate")
AMOUNT, KIND, NAME = (*PAYMENT, "amount"), (*PAYMENT, "type"), (*ITEM, "name")
DISCOUNT = (*ITEM, "discount")

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def incoming(raw: Any, **time: Any) -> Incoming:
    """Take it in as the client would hand it over: numbers as Decimal."""
    return taken(json.dumps(raw).encode(), **time)


def taken(text: bytes, *, now_ms: int = NOW_MS, server_ms: int | None = NOW_MS) -> Incoming:
    read = parse(text)
    return to_incoming(read, now_ms=now_ms, server_ms=server_ms, ttl_ms=TTL_MS)


def problems(raw: Any) -> set[tuple[str, str]]:
    found = incoming(raw)
    assert (found.payload is None) == bool(found.problems)
    return {(problem.path, problem.code) for problem in found.problems}


def receipt(raw: Any) -> Receipt:
    found = incoming(raw)
    assert not found.problems, found.problems
    work = KINDS[found.kind].understand(found.payload or "", found.id, NOW)
    assert isinstance(work, Receipt)
    return work


def test_a_good_receipt_becomes_bani_and_thousandths() -> None:
    work = receipt(raw_command())
    assert [(x.name, x.unit_price, x.quantity, x.vat_rate) for x in work.lines] == [
        ("Pâine", 300, 2000, 1100)
    ]
    assert [(p.kind, p.amount) for p in work.payments] == [(PaymentKind.CASH, 600)]
    assert work.total == 600


@pytest.mark.parametrize(
    ("where", "path"),
    [
        (("payload", "items"), "items"),
        (("payload", "payments"), "payments"),
        (NAME, "items[0].name"),
        (QUANTITY, "items[0].quantity"),
        (PRICE, "items[0].price"),
        (RATE, "items[0].vatRate"),
        (KIND, "payments[0].type"),
        (AMOUNT, "payments[0].amount"),
    ],
)
def test_a_missing_field_is_named(where: tuple[str | int, ...], path: str) -> None:
    assert problems(changed(where, MISSING)) == {(path, "FIELD_MISSING")}


@pytest.mark.parametrize("where", [PRICE, QUANTITY, RATE, AMOUNT])
@pytest.mark.parametrize("bad", [None, True, False, "3", "3.50", "", [], {}, [3]])
def test_only_a_json_number_is_a_number(where: tuple[str | int, ...], bad: Any) -> None:
    path = f"{where[1]}[0].{where[-1]}"
    assert problems(changed(where, bad)) == {(path, "NOT_A_NUMBER")}


@pytest.mark.parametrize(
    ("where", "text", "code"),
    [
        (PRICE, "0", "FIELD_INVALID"),
        (PRICE, "-0", "FIELD_INVALID"),
        (PRICE, "0.00", "FIELD_INVALID"),
        (PRICE, "-1", "FIELD_INVALID"),
        (PRICE, "1.005", "AMOUNT_DECIMALS"),
        (PRICE, "1e-3", "AMOUNT_DECIMALS"),
        (PRICE, "1e-999999", "AMOUNT_DECIMALS"),
        (PRICE, "12.50000000000000000000000000000001", "AMOUNT_DECIMALS"),
        (PRICE, "1e999999", "NUMBER_TOO_LARGE"),
        (PRICE, "1e5000", "NUMBER_TOO_LARGE"),
        (PRICE, "10000000000000", "NUMBER_TOO_LARGE"),
        (PRICE, "-1e5000", "NUMBER_TOO_LARGE"),
        (PRICE, "9" * 4000, "NUMBER_TOO_LARGE"),
        (AMOUNT, "0.001", "AMOUNT_DECIMALS"),
        (AMOUNT, "0", "FIELD_INVALID"),
        (QUANTITY, "0", "FIELD_INVALID"),
        (QUANTITY, "-1", "FIELD_INVALID"),
        (QUANTITY, "1.0005", "QUANTITY_DECIMALS"),
        (QUANTITY, "1e999999", "NUMBER_TOO_LARGE"),
        (RATE, "-1", "FIELD_INVALID"),
        (RATE, "21.001", "AMOUNT_DECIMALS"),
        (RATE, "1e999999", "NUMBER_TOO_LARGE"),
        (DISCOUNT, "-1", "FIELD_INVALID"),
        (DISCOUNT, "true", "NOT_A_NUMBER"),
        (DISCOUNT, "0.001", "AMOUNT_DECIMALS"),
        ((*ITEM, "department"), "100", "FIELD_INVALID"),
        ((*ITEM, "department"), "1e999999", "FIELD_INVALID"),
        ((*ITEM, "department"), "1.5", "FIELD_INVALID"),
    ],
)
def test_a_number_that_cannot_be_is_refused(
    where: tuple[str | int, ...], text: str, code: str
) -> None:
    body = json.dumps(changed(where, "HERE")).replace('"HERE"', text)
    assert [problem.code for problem in taken(body.encode()).problems] == [code]


@pytest.mark.parametrize(
    ("where", "text", "expected"),
    [
        (PRICE, "0.01", 1),
        (PRICE, "3.5", 350),
        (PRICE, "3.500000", 350),
        (PRICE, "35e-1", 350),
        (PRICE, "1e3", 100_000),
        (PRICE, "0.1", 10),
        (PRICE, "0.29", 29),
        (PRICE, "9999999999999.99", 999_999_999_999_999),
        (QUANTITY, "0.001", 1),
        (QUANTITY, "1.234", 1234),
        (RATE, "0", 0),
        (RATE, "11", 1100),
        (RATE, "5.5", 550),
    ],
)
def test_a_number_is_taken_exactly(where: tuple[str | int, ...], text: str, expected: int) -> None:
    body = json.dumps(changed(where, "HERE")).replace('"HERE"', text)
    found = taken(body.encode())
    assert not found.problems
    line = json.loads(found.payload or "")["lines"][0]
    ours = {"price": "unit_price", "quantity": "quantity", "vatRate": "vat_rate"}
    assert line[ours[str(where[-1])]] == expected


@settings(deadline=None)
@given(st.integers(1, 10**14))
def test_every_amount_in_lei_is_the_same_in_bani(bani: int) -> None:
    text = f"{bani // 100}.{bani % 100:02}"
    body = json.dumps(changed(PRICE, "HERE")).replace('"HERE"', text)
    assert json.loads(taken(body.encode()).payload or "")["lines"][0]["unit_price"] == bani


@pytest.mark.parametrize("word", ["type", "method"])
@pytest.mark.parametrize("kind", ["cash", "card", "voucher", "credit", "other"])
def test_both_spellings_of_a_payment_are_read(word: str, kind: str) -> None:
    raw = changed(PAYMENT, {word: kind, "amount": 6})
    assert receipt(raw).payments[0].kind is PaymentKind(kind)


@pytest.mark.parametrize("bad", [None, True, 1, "CASH", "bitcoin", "", [], {}, "x" * 10_000])
def test_an_unknown_way_to_pay_has_its_code_and_a_short_sentence(bad: Any) -> None:
    raw = changed(KIND, bad)
    assert problems(raw) == {("payments[0].type", "PAYMENT_KIND_UNKNOWN")}
    assert len(incoming(raw).problems[0].sentence) < 100


@pytest.mark.parametrize(
    ("where", "bad"),
    [(("payload",), bad) for bad in (None, True, 0, "x", [], {})]
    + [(("payload", "items"), bad) for bad in (None, {}, [], "x", [None], [[]], [1])]
    + [(("payload", "payments"), bad) for bad in (None, {}, [], "x", [None], [7])]
    + [(NAME, bad) for bad in (None, 1, True, "", [], {})]
    + [(DISCOUNT, bad) for bad in ("x", [], {}, {"type": "gift", "value": 1}, {"type": "amount"})],
)
def test_a_wrong_shape_is_answered_with_a_code(where: tuple[str | int, ...], bad: Any) -> None:
    found = problems(changed(where, bad))
    assert found
    assert {code for _, code in found} <= {"FIELD_INVALID", "FIELD_MISSING"}


def test_a_discount_is_read_as_lei_or_as_percent() -> None:
    bare = receipt(changed(DISCOUNT, 0.5))
    amount = receipt(changed(DISCOUNT, {"type": "amount", "value": 0.5}))
    percent = receipt(changed(DISCOUNT, {"type": "percent", "value": 10}))
    assert (bare.total, amount.total, percent.total) == (550, 550, 540)
    assert receipt(changed(DISCOUNT, 0)).total == receipt(changed(DISCOUNT, None)).total == 600


@pytest.mark.parametrize("kind", ["fiscal_receipt", "X_REPORT", "", " x_report", "print_receipt\n"])
def test_an_unknown_kind_is_unsupported(kind: str) -> None:
    assert problems(raw_command(type=kind)) == {("type", "UNSUPPORTED")}


@pytest.mark.parametrize("kind", [None, 1, True, [], {}, ["x_report"]])
def test_a_kind_that_is_no_text_is_unsupported(kind: Any) -> None:
    assert problems(raw_command(type=kind)) == {("type", "UNSUPPORTED")}


def test_a_very_long_kind_is_shown_short() -> None:
    assert len(incoming(raw_command(type="x" * 100_000)).problems[0].sentence) < 100


@pytest.mark.parametrize("payload", [None, {}, [], 7, {"anything": True}])
def test_a_report_needs_no_payload_and_reads_none(payload: Any) -> None:
    found = incoming(raw_command(type="x_report", payload=payload))
    assert (found.payload, found.problems) == ("{}", ())
    found = incoming(raw_command(type="z_report", payload=payload))
    assert (found.payload, found.problems) == ('{"only_if_open":false}', ())


def test_fields_we_do_not_know_change_nothing() -> None:
    raw = raw_command(priority=9, orgId="o", deviceOnline=True)
    raw["payload"] |= {"loyalty": {"points": 3}, "operatorId": "op"}
    raw["payload"]["items"][0] |= {"sku": "123", "id": None}
    assert receipt(raw) == receipt(raw_command())


def test_the_customers_cif_is_folded() -> None:
    assert receipt(changed(("payload", "customerCif"), "ro 123 ")).customer_tax_id == "123"
    assert receipt(changed(("payload", "customerCif"), None)).customer_tax_id == ""


@pytest.mark.parametrize("name", ["Cafea ☕", "😀", "a\nb", "\x00", "\x1b[2J", "x" * 300])
def test_a_name_no_printer_can_print_passes_here_and_fails_the_printers_check(name: str) -> None:
    work = receipt(changed(NAME, name))
    assert work.lines[0].name == name
    able = Capabilities(72, 1, 100, frozenset(PaymentKind))
    found = receipt_problems(work, able, frozenset({VatRate(1100)}))
    assert {problem.code for problem in found} <= {"TEXT_NOT_PRINTABLE", "TEXT_TOO_LONG"}
    assert {problem.path for problem in found} == {"lines[0].name"}


@pytest.mark.parametrize("where", [NAME, KIND, ("payload", "customerCif"), (*ITEM, "sku")])
def test_half_a_surrogate_pair_can_be_written_down(where: tuple[str | int, ...]) -> None:
    found = incoming(changed(where, "\ud800"))
    assert len(body_hash(found.body)) == 64
    assert bool(found.problems) == (where[-1] != "sku")
    assert all(problem.sentence.encode() for problem in found.problems)


@pytest.mark.parametrize("id_", ["a/b", "../x", "a b", "ă😀", "a\x00b", "'; --", "x" * ID_MAX])
def test_an_odd_id_is_an_id(id_: str) -> None:
    assert incoming(raw_command(id=id_)).id == id_


@pytest.mark.parametrize(
    "id_",
    ["", "x" * (ID_MAX + 1), None, 7, True, [], {}, "\ud800", ".", "..", f"{LOCAL}z", MISSING],
)
def test_an_entry_without_a_usable_id_is_not_a_command(id_: Any) -> None:
    with pytest.raises(NotACommand) as caught:
        incoming(changed(("id",), id_))
    assert "Pâine" not in str(caught.value)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("raw", [None, 1, True, "x", [], [[]], {}, {"id": {}}])
def test_what_is_no_object_with_an_id_is_not_a_command(raw: Any) -> None:
    with pytest.raises(NotACommand):
        incoming(raw)


def test_an_entry_nested_too_deeply_is_not_a_command() -> None:
    deep: list[Any] = []
    for _ in range(10_000):
        deep = [deep]
    for raw in (raw_command(payload=deep), raw_command(id=deep), raw_command(deviceId=deep)):
        with pytest.raises(NotACommand):
            to_incoming(raw, now_ms=0, server_ms=None, ttl_ms=1)
    assert schema.device_of({"deviceId": deep}) == ""


@pytest.mark.parametrize(
    ("created", "age_ms"),
    [
        ("2026-04-02T09:00:00.000Z", 0),
        ("2026-04-02T08:59:00Z", 60_000),
        ("2026-04-02T11:59:00+03:00", 60_000),
        ("2026-04-02T08:59:00", 60_000),
        ("2026-04-02T09:05:00Z", 0),
        ("9999-12-31T23:59:59-23:59", 0),
        ("2025-04-02T09:00:00Z", YEAR_MS),
        ("yesterday", 0),
        ("", 0),
        (None, 0),
        (1_775_120_400_000, 0),
        (20260402, 0),
        (True, 0),
        ({"seconds": 1}, 0),
        (MISSING, 0),
    ],
)
@pytest.mark.parametrize("now_ms", [NOW_MS, NOW_MS - 36 * YEAR_MS, NOW_MS + 50 * YEAR_MS, 0])
def test_a_commands_age_is_measured_by_the_clouds_clock(
    created: Any, age_ms: int, now_ms: int
) -> None:
    found = incoming(changed(("createdAt",), created), now_ms=now_ms)
    assert found.expires_at_ms == NOW_MS + TTL_MS - age_ms


def test_a_moment_asked_for_is_written_down_with_the_time_it_was_asked_at() -> None:
    asked = {"type": "set_datetime", "payload": {"datetime": "2026-04-02T09:00:30Z"}}
    found = incoming(raw_command(**asked, createdAt="2026-04-02T08:59:00Z"))
    assert json.loads(found.payload or "")["asked_at_ms"] == NOW_MS - 60_000


def test_an_instant_without_a_zone_is_utc_wherever_the_shop_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TZ", "Europe/Bucharest")
    time.tzset()
    found = incoming(raw_command(createdAt="2026-04-02T08:59:00"))
    monkeypatch.undo()
    time.tzset()
    assert found.expires_at_ms == NOW_MS + TTL_MS - 60_000


def test_without_the_clouds_time_a_command_lives_from_its_arrival() -> None:
    found = incoming(raw_command(createdAt="1999-01-01T00:00:00Z"), server_ms=None)
    assert found.expires_at_ms == NOW_MS + TTL_MS


def test_the_body_is_the_same_whatever_the_order_and_whatever_the_cloud_adds_later() -> None:
    raw = raw_command()
    turned = dict(reversed(raw.items())) | {"status": "sent", "updatedAt": "later"}
    turned["payload"] = dict(reversed(raw["payload"].items()))
    assert incoming(raw).body == incoming(turned).body
    assert incoming(raw).body != incoming(changed(PRICE, 4)).body
