"""The virtual cloud, over real HTTP on loopback; its clock is moved by hand."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from sandbox.cloud.validation import command_problems
from sandbox.cloud.world import DEVICE, RECEIPT, World, opened, refused, result

ROOT = Path(__file__).parents[2]
BREAD, PAID_7 = RECEIPT["items"][0], RECEIPT["payments"]
CONTRACT = yaml.safe_load((ROOT / "docs/cloud-api.yaml").read_text("utf-8"))


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("cloud") / "cloud.db", faults=True) as world:
        yield world


def test_a_queued_command_is_the_documented_bare_record(world: World) -> None:
    answer = world.submit("print_receipt", RECEIPT)
    record = answer.json()
    assert answer.status_code == 201
    assert set(record) == set(CONTRACT["components"]["schemas"]["Command"]["required"])
    assert (record["status"], record["payload"]) == ("pending", RECEIPT)
    assert (record["id"][:4], record["deviceOnline"]) == ("cmd_", False)
    assert world.agent.get(f"/api/v1/commands/{record['id']}").json() == record


def test_commands_are_listed_oldest_first_and_filtered(world: World) -> None:
    device = world.device()
    path = f"/api/v1/devices/{device}/commands"
    kinds = ["x_report", "z_report", "open_drawer"]
    made = [world.shop.post(path, json={"type": kind}).json() for kind in kinds]
    world.shop.delete(f"/api/v1/commands/{made[1]['id']}")

    def ids(**query: Any) -> list[str]:
        answer = world.agent.get("/api/v1/commands", params={"deviceId": device, **query})
        return [record["id"] for record in answer.json()["commands"]]

    first, second, third = (record["id"] for record in made)
    assert ids() == ids(limit=500) == [first, second, third]
    assert ids(status="pending") == [first, third]
    assert ids(type="z_report", status="cancelled") == [second]
    assert ids(limit=1) == [first]
    answer = world.agent.get("/api/v1/commands", params={"status": "lost"})
    assert refused(answer, 400, "VALIDATION_ERROR")[0]["path"] == "status"


BAD_COMMANDS = [
    ("items[0].vatRate", "print_receipt", {"items": [BREAD | {"vatRate": 19}], "payments": PAID_7}),
    ("items[0].price", "print_receipt", {"items": [BREAD | {"price": "3"}], "payments": PAID_7}),
    ("payments[0].type", "print_receipt", RECEIPT | {"payments": [{"method": "x", "amount": 7}]}),
    ("payments", "print_receipt", RECEIPT | {"payments": [{"type": "cash", "amount": 7.02}]}),
    ("items", "print_receipt", RECEIPT | {"items": []}),
    ("payload", "print_receipt", None),
    ("reason", "print_reversal_receipt", {"items": [BREAD], "reason": "whim"}),
    ("type", "Print-Receipt", RECEIPT),
    ("type", ["print_receipt"], RECEIPT),
]


def test_a_bad_command_is_not_queued_and_the_bad_field_is_named(world: World) -> None:
    for path, kind, payload in BAD_COMMANDS:
        details = refused(world.submit(kind, payload), 400, "VALIDATION_ERROR")
        assert [row["path"] for row in details] == [path]


def test_discounts_are_subtracted_in_the_balance() -> None:
    tenth, half = ({"type": "percent", "value": value} for value in (10, 50))
    one_leu = {"type": "amount", "value": 1}
    cases = [(None, None, 7.01), (1.5, None, 5.5), (tenth, None, 6.3), (one_leu, half, 3)]
    for line_discount, discount, paid in cases:
        items = [BREAD | {"discount": line_discount}]
        payments = [{"method": "card", "amount": paid}]
        payload = {"items": items, "payments": payments, "discount": discount}
        assert command_problems("print_receipt", payload) == []


def test_an_unknown_type_and_a_reversal_without_payments_are_queued(world: World) -> None:
    reversal = {"items": [BREAD], "reason": "refund"}
    assert world.submit("print_reversal_receipt", reversal).status_code == 201
    assert world.submit("get_vat_rates").status_code == 201


def test_the_skip_header_queues_anything(world: World) -> None:
    body = {"deviceId": "../nowhere", "type": 7, "payload": [None]}
    skip = {"X-Sandbox-Skip-Validation": "1"}
    answer = world.shop.post("/api/v1/commands", json=body, headers=skip)
    assert answer.json().items() >= body.items()


def test_an_idempotency_key_replays_the_first_answer_for_a_day(world: World) -> None:
    body = {"deviceId": world.device(), "type": "x_report"}

    def submit(said: dict[str, Any], key: str = "till-1_0007") -> httpx.Response:
        headers = {"Idempotency-Key": key}
        return world.shop.post("/api/v1/commands", json=said, headers=headers)

    first = submit(body)
    assert (submit(body).status_code, submit(body).json()) == (201, first.json())
    refused(submit({**body, "type": "z_report"}), 409, "CONFLICT")
    refused(submit(body, "no spaces"), 400, "VALIDATION_ERROR")
    world.clock.move(hours=25)
    assert submit(body).json()["id"] != first.json()["id"]


def test_a_claim_belongs_to_one_agent(world: World) -> None:
    command = world.command()
    first = world.agent.post(f"{command}/claim", json={"agentId": "shop-1"})
    again = world.agent.post(f"{command}/claim", json={"agentId": "shop-1"})
    other = world.agent.post(f"{command}/claim", json={"agentId": "shop-2"})
    assert (first.json()["status"], first.json()["claimedBy"]) == ("sent", "shop-1")
    assert again.json() == first.json()
    assert refused(other, 409, "CONFLICT") == {"status": "sent", "claimedBy": "shop-1"}


def test_only_a_pending_command_can_be_cancelled(world: World) -> None:
    command = world.command()
    assert world.shop.post(f"{command}/cancel").json()["status"] == "cancelled"
    refused(world.shop.delete(command), 409, "CONFLICT")
    answer = world.agent.post(f"{command}/claim", json={"agentId": "shop-1"})
    assert refused(answer, 409, "CONFLICT")["status"] == "cancelled"


def test_a_result_is_taken_once(world: World) -> None:
    command = world.command()
    said = result(101, result={"fiscalId": "17"}, executedAt="2026-04-02T09:00:00Z")
    first = world.agent.post(f"{command}/result", json=said)
    world.clock.move(seconds=1)
    assert first.json().items() >= {"status": "completed", "result": {"fiscalId": "17"}}.items()
    assert world.agent.post(f"{command}/result", json=said).json() == first.json()
    for path, other in [(command, said | {"status": "failed"}), (world.command(), said)]:
        refused(world.agent.post(f"{path}/result", json=other), 409, "CONFLICT")


def test_doubt_is_a_phase_until_a_final_result_comes(world: World) -> None:
    command = world.command()
    doubt = world.agent.post(f"{command}/result", json=result(111, "in_doubt")).json()
    held = world.agent.post(f"{command}/result", json=result(112, "held")).json()
    failure = result(113, "failed", errorCode="paper_out", errorMessage="Paper ran out")
    failed = world.agent.post(f"{command}/result", json=failure).json()
    phases = [(record["status"], record["phase"]) for record in (doubt, held)]
    assert phases == [("sent", "in_doubt"), ("sent", "held")]
    outcome = (failed["status"], failed["errorCode"], failed["error"], failed.get("phase"))
    assert outcome == ("failed", "paper_out", "Paper ran out", None)


def test_an_old_command_times_out_and_its_late_result_is_kept(world: World) -> None:
    command = world.command()
    world.clock.move(seconds=180)
    assert world.shop.get(command).json()["status"] == "pending"
    world.clock.move(seconds=1)
    record = world.shop.get(command).json()
    assert (record["status"], record["errorCode"]) == ("timeout", "E500")
    assert record["error"] == "Command timed out after 180s"
    late = world.agent.post(f"{command}/result", json=result(121, result={"n": 1})).json()
    assert (late["status"], late["errorCode"]) == ("timeout", "E500")
    assert late["lateResult"].items() >= {"status": "completed", "result": {"n": 1}}.items()


def test_a_strangers_result_stands_aside(world: World) -> None:
    command = world.command()
    world.agent.post(f"{command}/claim", json={"agentId": "shop-2"})
    record = world.agent.post(f"{command}/result", json=result(131)).json()
    assert (record["status"], record["lateResult"]["agentId"]) == ("sent", "shop-1")


def test_a_status_report_shows_in_every_list_of_devices(world: World) -> None:
    device = world.device()
    path = f"/api/v1/devices/{device}/status"
    said: dict[str, Any] = {"agentId": "shop-1", "eventId": 141, "status": "online"}
    said |= {"conditions": [{"code": "paper_low", "n": 1}], "identity": {"serial": "SIM1"}}
    record = world.agent.post(path, json=said).json()
    assert world.agent.get("/api/v1/devices", params={"status": "online"}).json() == [record]
    rows = world.agent.get("/api/v1/devices/statuses").json()["statuses"]
    assert ["online", said["conditions"]] in [[row["status"], row["conditions"]] for row in rows]
    older = said | {"eventId": 140, "status": "error"}
    assert world.agent.post(path, json=older).json() == record
    refused(world.agent.post(path, json=said | {"status": "error"}), 409, "CONFLICT")


def test_a_device_is_claimed_changed_and_deleted(world: World) -> None:
    path = f"/api/v1/devices/{world.device()}"
    assert world.agent.post(f"{path}/claim", json={"agentId": "a"}).json()["claimedBy"] == "a"
    refused(world.agent.post(f"{path}/claim", json={"controllerId": "b"}), 409, "CONFLICT")
    assert world.agent.post(f"{path}/release").json()["claimedBy"] is None
    assert world.agent.patch(path, json={"name": "Casa 2"}).json()["name"] == "Casa 2"
    assert world.agent.delete(path).status_code == 204
    refused(world.agent.get(path), 404, "NOT_FOUND")


def test_a_device_with_unknown_protocol_or_half_an_address_is_refused(world: World) -> None:
    body = {**DEVICE, "protocol": "abacus", "connectionParams": {"host": "h"}}
    details = refused(world.shop.post("/api/v1/devices", json=body), 400, "VALIDATION_ERROR")
    assert [row["path"] for row in details] == ["protocol", "connectionParams"]


@pytest.mark.parametrize("kind", ["x", "z"])
def test_an_uploaded_report_is_kept_once_and_listed(world: World, kind: str) -> None:
    device = world.device()
    path = f"/api/v1/devices/{device}/reports/{kind}"
    report = {"receiptCount": 3, "odd": [{"ț": 1.5}]}
    said = {"agentId": "shop-1", "eventId": 151, "commandId": "cmd_1", "report": report}
    first = world.agent.post(path, json=said)
    again = world.agent.post(path, json=said)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json()["id"] == first.json()["id"]
    listed = world.shop.get(f"/api/v1/reports/{kind}", params={"deviceId": device}).json()
    assert [(one["report"], one["receiptCount"]) for one in listed["reports"]] == [(report, 3)]
    assert world.agent.get(f"{path}/{first.json()['id']}").json() == listed["reports"][0]


def test_reports_are_listed_newest_first_within_a_window(world: World) -> None:
    device = world.device()
    for day in (3, 1, 2):
        body = {"deviceId": device, "archiveDate": f"2026-03-0{day}T20:00:00+02:00"}
        assert world.shop.post("/api/v1/reports/mf", json=body).status_code == 201
    query = {"deviceId": device, "from": "2026-03-02T18:00:00Z"}
    listed = world.shop.get("/api/v1/reports/mf", params=query).json()["reports"]
    assert [one["archiveDate"][8:10] for one in listed] == ["03", "02"]
    answer = world.shop.get("/api/v1/reports/mf", params={"limit": 101})
    assert refused(answer, 400, "VALIDATION_ERROR")[0]["path"] == "limit"


def test_receipts_are_stored_and_read_page_by_page(world: World) -> None:
    body = {"deviceId": world.device(), "type": "sale", "total": 7, "vatBreakdown": []}
    body |= {"items": [BREAD | {"department": 1}], "payments": [{"method": "cash", "amount": 7}]}
    wrong = world.shop.post("/api/v1/receipts", json=body | {"total": 8})
    assert refused(wrong, 400, "VALIDATION_ERROR")[0]["path"] == "total"
    made = [world.shop.post("/api/v1/receipts", json=body).json()["receipt"] for _ in range(3)]
    assert world.shop.get(f"/api/v1/receipts/{made[0]['id']}").json() == {"receipt": made[0]}
    query = {"deviceId": str(body["deviceId"]), "limit": "2"}
    page = world.shop.get("/api/v1/receipts", params=query).json()
    rest = world.shop.get("/api/v1/receipts", params=query | {"cursor": page["nextCursor"]}).json()
    assert [page["receipts"] + rest["receipts"], rest["nextCursor"]] == [made[::-1], None]


def test_both_headers_open_and_x_api_key_is_looked_at_first(world: World) -> None:
    good = world.running.api_key
    url = f"{world.running.url}/api/v1/devices"
    assert httpx.get(url, headers={"x-api-key": good}).status_code == 200
    assert httpx.get(url, headers={"Authorization": f"bearer {good}"}).status_code == 200
    both = httpx.get(url, headers={"x-api-key": "no", "Authorization": f"Bearer {good}"})
    refused(both, 401, "UNAUTHORIZED")
    refused(httpx.get(url), 401, "UNAUTHORIZED")


def test_a_key_opens_only_its_scopes(world: World) -> None:
    _, reader = world.key("devices:read", "receipts:read")
    assert world.shop.get("/api/v1/devices", headers=reader).status_code == 200
    refused(world.shop.post("/api/v1/devices", json=DEVICE, headers=reader), 403, "FORBIDDEN")
    for path, needed in [
        ("/api/v1/receipts", "receipts"),
        ("/api/v1/commands", "commands"),
        ("/api/v1/reports/z", "reports"),
        ("/api/v1/org/api-keys", "all"),
    ]:
        answer = world.shop.get(path, headers=reader)
        refused(answer, 403, "FORBIDDEN")
        assert answer.json()["error"]["message"].endswith(f": {needed}")


def test_a_key_is_masked_switched_off_and_gone_at_once(world: World) -> None:
    key_id, headers = world.key("devices")
    path = f"/api/v1/org/api-keys/{key_id}"

    def status() -> int:
        return world.shop.get("/api/v1/devices", headers=headers).status_code

    assert status() == 200
    listing = world.shop.get("/api/v1/org/api-keys")
    row = next(row for row in listing.json()["apiKeys"] if row["id"] == key_id)
    assert (row["prefix"], bool(row["lastUsedAt"])) == (headers["x-api-key"][:20], True)
    assert headers["x-api-key"] not in listing.text
    world.shop.patch(path, json={"active": False})
    assert status() == 401
    world.shop.patch(path, json={"active": True, "label": "till"})
    assert status() == 200
    assert world.shop.delete(path).status_code == 204
    assert status() == 401


REFUSALS = [
    (404, "NOT_FOUND", "GET", "/api/v1/nowhere", b""),
    (404, "NOT_FOUND", "GET", "/api/v1/commands/..%2F..%2Fetc%00", b""),
    (405, "METHOD_NOT_ALLOWED", "PUT", "/api/v1/commands", b""),
    (400, "BAD_REQUEST", "POST", "/api/v1/commands", b'{"deviceId":'),
    (400, "BAD_REQUEST", "POST", "/api/v1/commands", b'{"deviceId": NaN}'),
    (400, "BAD_REQUEST", "POST", "/api/v1/commands", b'{"deviceId": "\\ud800"}'),
    (400, "BAD_REQUEST", "POST", "/api/v1/commands", b"[" * 100_000),
    (400, "VALIDATION_ERROR", "POST", "/api/v1/commands", b"[]"),
    (413, "PAYLOAD_TOO_LARGE", "POST", "/api/v1/commands", b" " * (1024 * 1024 + 1)),
]


def test_every_refusal_is_in_the_envelope_and_dated(world: World) -> None:
    told = {"date", "ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"}
    for status, code, verb, path, content in REFUSALS:
        answer = world.shop.request(verb, path, content=content)
        refused(answer, status, code)
        assert told <= set(answer.headers)


def test_over_the_limit_is_429_with_a_flat_body_only_where_asked_for(tmp_path: Path) -> None:
    with opened(tmp_path / "strict.db", rate_limits=True) as strict:
        path = f"/api/v1/devices/{strict.device()}/commands"
        answers = [strict.shop.post(path, json={"type": "x_report"}) for _ in range(51)]
        assert [answer.status_code for answer in answers] == [201] * 50 + [429]
        assert set(answers[50].json()) == {"code", "message", "status"}
        assert answers[49].headers["ratelimit-remaining"] == "0"
        assert answers[50].headers["retry-after"] == "600"
        assert strict.agent.get("/api/v1/commands").headers["ratelimit-remaining"] == "98"
        strict.clock.move(minutes=10)
        assert strict.shop.post(path, json={"type": "x_report"}).status_code == 201


def test_ordered_faults_happen_and_are_used_up(world: World) -> None:
    command = world.command()

    def order(action: str) -> None:
        body = {"method": "POST", "path_prefix": command, "action": action, "times": 1}
        assert world.shop.post("/sandbox/faults", json=body).status_code == 201

    def claim() -> httpx.Response:
        return world.agent.post(f"{command}/claim", json={"agentId": "shop-1"})

    order("close")
    with pytest.raises(httpx.RemoteProtocolError):
        claim()
    assert world.shop.get(command).json()["status"] == "pending"
    order("drop-reply")
    with pytest.raises(httpx.RemoteProtocolError):
        claim()
    assert world.shop.get(command).json()["claimedBy"] == "shop-1"
    for action in ("status:503", "status:503", "html", "garbage", "delay:0.01"):
        order(action)
    assert [claim().status_code for _ in range(2)] == [503, 503]
    assert claim().headers["content-type"].startswith("text/html")
    with pytest.raises(ValueError, match="utf-8"):
        claim().json()
    assert claim().json()["status"] == "sent"
    order("close")
    world.shop.delete("/sandbox/faults")
    assert claim().status_code == 200


def test_the_program_keeps_its_data_and_old_keys_and_ends_with_zero(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "sandbox", "cloud", "--db", str(tmp_path / "kept.db")]
    found: list[dict[str, str]] = []
    for ending in (signal.SIGTERM, signal.SIGINT):
        with subprocess.Popen(line, stdout=subprocess.PIPE, text=True, cwd=ROOT) as program:
            try:
                assert program.stdout is not None
                found.append(json.loads(program.stdout.readline()))
                with httpx.Client(base_url=found[-1]["url"]) as client:
                    headers = {"x-api-key": found[0]["api_key"]}
                    made = client.post("/api/v1/devices", json=DEVICE, headers=headers)
                    assert made.status_code == 201
                    headers = {"x-api-key": found[-1]["agent_key"]}
                    listed = client.get("/api/v1/devices", headers=headers)
                    assert len(listed.json()) == len(found)
                    assert client.post("/sandbox/faults", json={}).status_code == 404
            finally:
                program.send_signal(ending)
            assert program.wait(10) == 0
    assert found[0]["api_key"] != found[1]["api_key"]
    assert all(found[0]["api_key"].encode() not in file.read_bytes() for file in tmp_path.iterdir())
