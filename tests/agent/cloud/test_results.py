"""What the cloud is told of what happened: one event, one answer, in the cloud's own words."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cloud.results import CLAIM_LOST, PROBLEMS_TOLD_MAX
from agent.cloud.schema import Upload, to_uploads
from agent.entries import LOCAL, Event, LedgerEntry
from agent.states import State, Trigger
from drivers.faults import Fault, words
from tests.agent.cloud.cloud_world import RECEIPT_RESULT, REPORT_RESULT

AT_MS = 1_775_120_400_123
ENTRY = LedgerEntry(
    arrival=1,
    id="cmd_1",
    device_id="dev_1",
    kind="print_receipt",
    body="{}",
    body_hash="",
    payload="{}",
    expires_at_ms=0,
    claimed=1,
    state=State.ISSUED,
    attempts=1,
    not_before_ms=0,
    baseline=None,
    fault=None,
    reason=None,
    evidence=None,
    result=None,
)
DONE = {"evidence": "reply", "result": RECEIPT_RESULT}
LOST = {"fault": "paper_out", "reason": "it said no"}


def event(name: str, data: dict[str, Any], command_id: str | None = "cmd_1") -> Event:
    return Event(7, AT_MS, "dev_1", command_id, name, data)


def uploads(name: str, data: dict[str, Any], **entry: Any) -> list[Upload]:
    return to_uploads(event(name, data), replace(ENTRY, **entry), "magazin-1")


def refused(*problems: tuple[str, str, str]) -> dict[str, Any]:
    names = ("path", "code", "sentence")
    return {"problems": [dict(zip(names, problem, strict=True)) for problem in problems]}


def body_of(found: list[Upload]) -> dict[str, Any]:
    assert [(one.call, one.parts) for one in found] == [("result", {"command_id": "cmd_1"})]
    return found[0].body


@pytest.mark.parametrize("name", ["finish", "found", "operator_found"])
def test_an_issued_receipt_is_completed_with_its_fiscal_numbers(name: str) -> None:
    assert body_of(uploads(name, DONE)) == {
        "agentId": "magazin-1",
        "eventId": 7,
        "status": "completed",
        "result": {
            "fiscalSeries": "SIM1",
            "fiscalDate": "2026-04-02T12:00:00+00:00",
            "fiscalId": "11",
            "receiptNumber": 11,
            "documentNumber": 21,
            "zNumber": 5,
            "total": 7.0,
            "evidence": "reply",
            "paper": "unknown",
        },
        "errorCode": None,
        "errorMessage": None,
        "executedAt": "2026-04-02T09:00:00.123Z",
    }


@pytest.mark.parametrize("name", ["reject", "drop", "operator_drop"])
def test_a_rejected_command_has_failed_in_the_clouds_paths(name: str) -> None:
    problems = refused(
        ("lines[0].vat_rate", "VAT_RATE_UNKNOWN", "no such rate"),
        ("lines[12].unit_price", "X", "x"),
        ("lines[0].adjustment.value", "X", "x"),
        ("lines", "X", "x"),
        ("payments[0].kind", "X", "x"),
        ("customer_tax_id", "X", "x"),
        ("items[0].price", "X", "x"),
        ("", "X", "x"),
    )
    body = body_of(uploads(name, problems, state=State.REJECTED))
    assert (body["status"], body["errorCode"]) == ("failed", "VAT_RATE_UNKNOWN")
    assert body["errorMessage"].startswith("items[0].vatRate: no such rate; ")
    assert [problem["path"] for problem in body["result"]["problems"]] == [
        "items[0].vatRate",
        "items[12].price",
        "items[0].discount.value",
        "items",
        "payments[0].type",
        "customerCif",
        "items[0].price",
        "",
    ]


def test_of_many_problems_the_first_are_told() -> None:
    problems = refused(*[(f"lines[{i}].name", "TEXT_TOO_LONG", "long") for i in range(1000)])
    body = body_of(uploads("reject", problems, state=State.REJECTED))
    assert len(body["result"]["problems"]) == PROBLEMS_TOLD_MAX
    assert len(body["errorMessage"]) < 1000


def test_a_lost_claim_tells_nothing() -> None:
    assert uploads("reject", refused(("", CLAIM_LOST, "409")), state=State.REJECTED) == []


def test_a_doubt_is_told_while_it_is_one() -> None:
    body = body_of(uploads("lose", LOST, state=State.IN_DOUBT))
    assert (body["status"], body["errorCode"]) == ("in_doubt", "PAPER_OUT")
    restarted = body_of(uploads("lose", LOST | {"fault": None}, state=State.IN_DOUBT))
    assert restarted["errorCode"] == "RESTARTED"
    for state in set(State) - {State.IN_DOUBT}:
        assert uploads("lose", LOST, state=state) == []


def test_a_held_command_is_told_while_it_is_held() -> None:
    body = body_of(uploads("undecidable", {"reason": "Z changed"}, state=State.HELD))
    assert (body["status"], body["errorCode"]) == ("held", "HELD")
    assert body["errorMessage"] == "Z changed"
    for state in set(State) - {State.HELD}:
        assert uploads("undecidable", {"reason": "Z changed"}, state=state) == []


@pytest.mark.parametrize(
    "name", ["accept", "begin", "absent", "conflict", "upload_refused", "operator_requeue", "other"]
)
def test_of_these_events_the_cloud_hears_nothing(name: str) -> None:
    assert uploads(name, {"baseline": {}, "reason": "x"}) == []
    assert to_uploads(event(name, {}, None), None, "magazin-1") == []


def test_every_trigger_is_told_or_left_out_on_purpose() -> None:
    silent = {
        Trigger.BEGIN,
        Trigger.PAY,
        Trigger.ABSENT,
        Trigger.OPERATOR_REQUEUE,
        Trigger.GIVE_WAY,
    }
    data = DONE | LOST | refused(("", "X", "x"))
    for trigger in set(Trigger) - silent:
        states = [State.IN_DOUBT, State.HELD]
        assert any(uploads(trigger, data, state=state) for state in states), trigger


@pytest.mark.parametrize(("kind", "letter"), [("x_report", "x"), ("z_report", "z")])
def test_a_report_is_told_as_a_result_and_as_a_report(kind: str, letter: str) -> None:
    data = {"evidence": "reply", "result": REPORT_RESULT}
    result, report, listed = uploads("finish", data, kind=kind)
    assert (report.call, report.parts) == ("upload", {"device_id": "dev_1", "kind": letter})
    assert (listed.call, listed.parts) == ("report", {"kind": letter})
    assert listed.body == report.body | {"deviceId": "dev_1"}
    assert report.body["commandId"] == "cmd_1"
    assert report.body["report"] == result.body["result"]
    assert report.body["report"]["totals"] == {"sales": 19.99}
    assert report.body["report"]["vatBreakdown"] == [
        {"group": "A", "rate": 21.0, "gross": 19.99, "base": 16.52, "amount": 3.47}
    ]
    assert report.body["report"]["receiptCount"] == 2
    assert report.body["report"]["registers"]["cashIn"] == {"count": 1, "amount": 50.0}
    assert report.body["report"]["payments"] == [{"type": "cash", "amount": 19.99}]


def test_a_report_this_machine_made_itself_is_told_only_as_a_report() -> None:
    data = {"evidence": "reply", "result": REPORT_RESULT}
    found = uploads("finish", data, kind="z_report", id=f"{LOCAL}z")
    told = [(one.call, one.parts["kind"], one.body["commandId"]) for one in found]
    assert told == [("upload", "z", None), ("report", "z", None)]
    assert uploads("reject", refused(("", "X", "x")), id=f"{LOCAL}z") == []


def test_a_group_whose_rate_is_not_known_says_so() -> None:
    group = {"letter": "C", "rate": None, "total": 5}
    data = {"evidence": "counter", "result": REPORT_RESULT | {"groups": [group]}}
    found = uploads("found", data, kind="z_report")[0].body["result"]["vatBreakdown"]
    assert found == [{"group": "C", "rate": None, "gross": 0.05, "base": None, "amount": None}]


@settings(deadline=None)
@given(st.integers(0, 10**13))
def test_lei_are_exact_to_the_last_bani(bani: int) -> None:
    data = DONE | {"result": RECEIPT_RESULT | {"total": bani}}
    told = body_of(uploads("finish", data))["result"]["total"]
    assert Decimal(repr(told)) * 100 == bani


def test_a_devices_health_is_told_with_its_conditions() -> None:
    health = {"status": "error", "faults": ["paper_out"], "identity": {"model": "DP-25X"}}
    (upload,) = to_uploads(event("device", health, None), None, "magazin-1")
    assert (upload.call, upload.parts) == ("device_status", {"device_id": "dev_1"})
    assert upload.body == {
        "agentId": "magazin-1",
        "eventId": 7,
        "status": "error",
        "conditions": [
            {
                "code": "paper_out",
                "message": words()[Fault.PAPER_OUT].en,
                "messageRo": words()[Fault.PAPER_OUT].ro,
            }
        ],
        "identity": {"model": "DP-25X"},
        "at": "2026-04-02T09:00:00.123Z",
    }


def test_an_id_with_path_characters_is_a_part_and_not_a_path() -> None:
    (upload,) = uploads("finish", DONE, id="a/../b?c")
    assert upload.parts == {"command_id": "a/../b?c"}
