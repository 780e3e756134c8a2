"""What is each key system's own: forms of keys, envelopes, scopes, limits, the life of a key."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.cloud.world import DEVICE, RECEIPT, World, opened, result, sent

ELEBNE, ESNAD = "/api/v1/dev/fiscal", "/v1/fiscal"
PENDING = {"status": "pending"}


def code_of(answer: httpx.Response) -> tuple[int, str]:
    """The status, and the code in whichever envelope it comes."""
    body = answer.json()
    error = body.get("error", body)
    return answer.status_code, error.get("code", error.get("error", ""))


def test_elebne_says_what_is_wrong_with_a_key(tmp_path: Path) -> None:
    with opened(tmp_path / "c.db", profile="elebne") as world:
        path = f"{world.running.url}{ELEBNE}/commands"
        bearer, once = "Authorization", {"X-Idempotency-Key": "1"}
        assert code_of(httpx.get(path)) == (401, "MISSING_CREDENTIALS")
        assert code_of(httpx.get(path, headers={bearer: "k"})) == (401, "INVALID_AUTH_HEADER")
        unknown = sent("elebne", "sk_live_" + "0" * 32)
        assert code_of(httpx.get(path, headers=unknown)) == (401, "INVALID_API_KEY")
        public = sent(
            "elebne", world.portal.key(kind="pk", scopes=["fiscal.commands:read"])["secret"]
        )
        assert httpx.get(path, headers=public).status_code == 200
        answer = httpx.post(path, headers=public | once, json={})
        assert code_of(answer) == (403, "SECRET_KEY_REQUIRED")
        reader = sent("elebne", world.portal.key(scopes=["fiscal.commands:read"])["secret"])
        answer = httpx.post(path, headers=reader | once, json={})
        assert code_of(answer) == (403, "SCOPE_REQUIRED")
        allowed = {"addresses": ["203.0.113.7"]}
        world.portal.http.put("allow-list", json=allowed).raise_for_status()
        assert code_of(world.agent.get(path)) == (403, "IP_NOT_ALLOWED")


def test_elebne_wants_an_idempotency_key_on_every_write_and_replays_it(tmp_path: Path) -> None:
    with opened(tmp_path / "c.db", profile="elebne") as world:
        body = {"deviceId": world.portal.device(), "type": "x_report"}

        def queue(key: str | None, **more: Any) -> httpx.Response:
            headers = {} if key is None else {"X-Idempotency-Key": key}
            return world.shop.post(f"{ELEBNE}/commands", json=body | more, headers=headers)

        refusal = queue(None)
        assert code_of(refusal) == (400, "IDEMPOTENCY_KEY_REQUIRED")
        assert set(refusal.json()["error"]) == {"code", "message", "statusCode"}
        invalid = queue("1", type="Not A Name")
        assert invalid.json()["error"].keys() >= {"message", "error"}, "its other shape"
        first = queue("1")
        assert first.status_code == 201, "what was refused did not use up the key"
        assert queue("1").json() == first.json()
        assert code_of(queue("1", type="z_report")) == (409, "CONFLICT")
        listed = world.agent.get(f"{ELEBNE}/commands", params=PENDING).json()["data"]
        assert [one["id"] for one in listed["items"]] == [first.json()["data"]["id"]]


def test_elebne_lists_page_by_page_and_keeps_test_and_live_apart(tmp_path: Path) -> None:
    with opened(tmp_path / "c.db", profile="elebne") as world:
        device_id, other = world.portal.device(), world.portal.device("test")
        made = [world.portal.queue(device_id, "x_report") for _ in range(3)]
        world.portal.queue(other, "x_report")

        def page(number: int) -> dict[str, Any]:
            query = PENDING | {"page": number, "limit": 2}
            found: dict[str, Any] = world.agent.get(f"{ELEBNE}/commands", params=query).json()
            return dict(found["data"])

        first, second = page(1), page(2)
        assert [one["id"] for one in first["items"] + second["items"]] == made
        assert (first["hasMore"], second["hasMore"], first["total"]) == (True, False, 3)
        seen = world.agent.get(f"{ELEBNE}/devices/{other}")
        assert code_of(seen) == (404, "NOT_FOUND")
        tester = sent("elebne", world.portal.key(environment="test")["secret"])
        listed = world.agent.get(f"{ELEBNE}/commands", headers=tester).json()["data"]
        assert listed["total"] == 1


def test_elebne_counts_by_the_minute_and_tells_the_time_of_the_reset(tmp_path: Path) -> None:
    with opened(tmp_path / "c.db", profile="elebne", rate_limits=True) as world:
        answers = [world.agent.get(f"{ELEBNE}/devices") for _ in range(61)]
        assert [answer.status_code for answer in answers] == [200] * 60 + [429]
        assert code_of(answers[60]) == (429, "RATE_LIMIT_EXCEEDED")
        reset = int(answers[60].headers["X-RateLimit-Reset"])
        assert reset == int(world.clock.now.timestamp()) + 60
        assert answers[60].headers["Retry-After"] == "60"
        world.clock.move(minutes=1)
        assert world.agent.get(f"{ELEBNE}/devices").status_code == 200


def test_esnad_shows_a_raw_key_once_and_masks_it_ever_after(tmp_path: Path) -> None:
    with opened(tmp_path / "c.db", profile="esnad") as world:
        body = {"label": "Production POS", "prefix": "zatca_live_"}
        made = world.shop.post("/v1/api-keys", json=body).json()
        listing = world.shop.get("/v1/api-keys")
        row = next(one for one in listing.json()["data"] if one["id"] == made["id"])
        assert made["raw_key"] not in listing.text
        assert row["key_prefix"].startswith("zatca_live_••••••••")
        path = f"/v1/api-keys/{made['id']}"
        assert world.shop.patch(path, json={"label": "Till"}).json()["label"] == "Till"
        mine = sent("esnad", made["raw_key"])
        assert world.shop.get(f"{ESNAD}/commands", headers=mine).status_code == 200
        assert world.shop.delete(path).json() == {"ok": True}
        assert world.shop.get(f"{ESNAD}/commands", headers=mine).status_code == 401
        again = world.shop.delete(path)
        assert (again.status_code, set(again.json())) == (404, {"message"})


def test_esnad_sends_a_command_without_a_unit_to_the_default_one(tmp_path: Path) -> None:
    with opened(tmp_path / "c.db", profile="esnad") as world:
        unit, other = world.portal.device(), world.portal.device("test")
        path = f"{ESNAD}/commands"
        without = world.shop.post(path, json={"type": "x_report"})
        assert code_of(without) == (400, "EGS_UNIT_REQUIRED")
        body = {"prefix": "zatca_live_", "default_egs_unit_id": unit}
        made = world.shop.post("/v1/api-keys", json=body).json()
        mine = sent("esnad", made["raw_key"])
        queued = world.shop.post(path, json={"type": "x_report"}, headers=mine).json()
        assert (queued["egs_unit_id"], "deviceId" in queued) == (unit, False)
        wrong = world.shop.post(path, json={"type": "x_report", "egs_unit_id": other})
        assert code_of(wrong) == (400, "ENVIRONMENT_KEY_MISMATCH")
        query = PENDING | {"egs_unit_id": other}
        listed = world.shop.get(path, params=query)
        assert code_of(listed) == (400, "ENVIRONMENT_KEY_MISMATCH")
        body = {"prefix": "zatca_live_", "default_egs_unit_id": other}
        refused = world.shop.post("/v1/api-keys", json=body)
        assert code_of(refused) == (400, "ENVIRONMENT_KEY_MISMATCH")


def asked(world: World, document: str, secret: str = "", **variables: Any) -> dict[str, Any]:
    """What SBS answers, and that it is a 200 whatever it says."""
    headers = {"x-api-key": secret} if secret else {}
    body = {"query": document, "variables": variables}
    answer = world.agent.post("/graphql", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def code(answer: dict[str, Any]) -> str:
    return str(answer["errors"][0]["extensions"]["code"])


CLAIM = 'mutation($id: ID!) { claimCommand(id: $id, input: {agentId: "a"}) { status } }'


def test_sbs_lets_a_key_do_the_operations_of_its_scope(tmp_path: Path) -> None:
    with opened(tmp_path / "c.db", profile="sbs") as world:
        command_id = world.portal.queue(world.portal.device(), "x_report")
        narrow = ["fiscal-commands-api:query:commands", "fiscal-commands-api:mutation:claimCommand"]
        secret = world.portal.key(scopes=narrow)["secret"]
        assert (
            asked(world, CLAIM, secret, id=command_id)["data"]["claimCommand"]["status"] == "sent"
        )
        assert code(asked(world, "{devices {items {id}}}", secret)) == "FORBIDDEN"
        for kind, document in (("alsak", CLAIM), ("aak", "{commands {nextToken}}")):
            other = world.portal.key(kind=kind, scopes=narrow)["secret"]
            variables = {"id": command_id} if document == CLAIM else {}
            assert code(asked(world, document, other, **variables)) == "FORBIDDEN"
        assert code(asked(world, "{nothing}", secret)) == "GRAPHQL_VALIDATION_FAILED"
        unknown = world.agent.post(
            "/graphql", json={"query": "{__typename}"}, headers={"x-api-key": "sak_0"}
        )
        assert (unknown.status_code, code(unknown.json())) == (401, "UNAUTHENTICATED")


def test_sbs_pages_with_a_token_and_takes_event_numbers_of_64_bits(tmp_path: Path) -> None:
    with opened(tmp_path / "c.db", profile="sbs") as world:
        device_id = world.portal.device()
        made = [world.portal.queue(device_id, "x_report") for _ in range(3)]
        document = """query($token: String) {
            commands(filter: {status: "pending"}, limit: 2, nextToken: $token) {
                items {id} nextToken } }"""
        first = asked(world, document)["data"]["commands"]
        second = asked(world, document, token=first["nextToken"])["data"]["commands"]
        assert [one["id"] for one in first["items"] + second["items"]] == made
        assert second["nextToken"] is None
        document = """mutation($id: ID!, $input: ResultInput!) {
            reportResult(id: $id, input: $input) { status } }"""
        said = result(1_791_790_000_000)
        told = asked(world, document, id=made[0], input=said)
        assert told["data"]["reportResult"]["status"] == "completed"


def test_sbs_makes_keys_by_its_account_api_with_an_account_key(tmp_path: Path) -> None:
    with opened(tmp_path / "c.db", profile="sbs") as world:
        headers = {"x-api-key": world.portal.key(kind="aak", scopes=[])["secret"]}

        def account(document: str) -> dict[str, Any]:
            answer = world.agent.post("/account/graphql", json={"query": document}, headers=headers)
            found: dict[str, Any] = answer.json()["data"]
            return found

        scope = "fiscal-commands-api:query:*"
        made = account(
            f'mutation {{createKey(label: "t", kind: "sak", scope: "{scope}") {{id key}}}}'
        )
        secret = made["createKey"]["key"]
        assert "errors" not in asked(world, "{commands {nextToken}}", secret)
        shown = account("{keys {id masked lastUsedAt}}")["keys"]
        row = next(one for one in shown if one["id"] == made["createKey"]["id"])
        assert (secret in row["masked"], row["lastUsedAt"] is None) == (False, False)
        account(f'mutation {{deleteKey(id: "{row["id"]}")}}')
        dead = world.agent.post("/graphql", json={"query": "{x}"}, headers={"x-api-key": secret})
        assert dead.status_code == 401


@pytest.mark.parametrize(("tier", "devices", "keys"), [("free", 2, 403), ("pro", 10, 201)])
def test_an_ebon_plan_limits_devices_and_keys(
    tmp_path: Path, tier: str, devices: int, keys: int
) -> None:
    with opened(tmp_path / "c.db", tier=tier) as world:
        made = [world.shop.post("/api/v1/devices", json=DEVICE) for _ in range(devices)]
        assert {answer.status_code for answer in made} == {201}
        over = world.shop.post("/api/v1/devices", json={"name": 7})
        assert code_of(over) == (403, "TIER_LIMIT_EXCEEDED"), "the plan comes before the body"
        body = {"label": "t", "scopes": ["commands"]}
        assert world.shop.post("/api/v1/org/api-keys", json=body).status_code == keys


def test_ebon_keys_of_one_organization_share_its_limits(tmp_path: Path) -> None:
    with opened(tmp_path / "c.db", rate_limits=True) as world:
        for _ in range(75):
            world.shop.get("/api/v1/devices")
            last = world.agent.get("/api/v1/devices")
        assert last.headers["RateLimit-Remaining"] == "0"
        assert world.agent.get("/api/v1/devices").status_code == 429
        another = sent("ebon", world.portal.key()["secret"])
        assert world.agent.get("/api/v1/devices", headers=another).status_code == 429


def test_without_limits_the_headers_say_that_nothing_is_used_up(tmp_path: Path) -> None:
    with opened(tmp_path / "c.db") as world:
        told = [world.agent.get("/api/v1/devices").headers for _ in range(3)]
        assert {headers["RateLimit-Remaining"] for headers in told} == {"150"}


@pytest.mark.parametrize("profile", ["ebon", "elebne", "esnad", "sbs"])
def test_the_portal_opens_only_with_its_own_key(tmp_path: Path, profile: str) -> None:
    with opened(tmp_path / "c.db", profile=profile) as world:
        path = f"{world.running.url}/sandbox/portal/keys"
        for secret in ("", world.running.api_key):
            assert httpx.get(path, headers={"X-Sandbox-Portal": secret}).status_code == 401
        command_id = world.portal.queue(world.portal.device(), "print_receipt", RECEIPT)
        assert world.portal.record(command_id)["payload"] == RECEIPT
        listed = world.portal.http.get("keys").text
        assert world.running.api_key not in listed
