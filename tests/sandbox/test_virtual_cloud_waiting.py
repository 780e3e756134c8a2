"""The virtual cloud's assumed parts: long poll, ETag, sync, uploads; and each switched off."""

import gzip
import hashlib
import json
import socket
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest

from sandbox.cloud.dialect import Offers
from sandbox.cloud.world import World, opened, refused, result

PENDING = {"status": "pending"}
WAIT = {"Prefer": "wait=20"}
DOCUMENT = bytes(range(256)) * 8
DIGEST = hashlib.sha256(DOCUMENT).hexdigest()
BYTES = "application/octet-stream"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("cloud") / "cloud.db", faults=True) as world:
        yield world


def poll(world: World, device_id: str, **headers: str) -> httpx.Response:
    query = PENDING | {"deviceId": device_id}
    return world.agent.get("/api/v1/commands", params=query, headers=headers)


def sync(world: World, agent: str, device_id: str, prefer: str = "", **more: Any) -> Any:
    body = {"agentId": agent, "devices": [device_id], "limit": 10, **more}
    headers = {"Prefer": prefer} if prefer else {}
    answer = world.agent.post(f"/api/v1/agents/{agent}/sync", json=body, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


def ids(answer: Any) -> list[str]:
    return [one["id"] for one in answer["commands"]]


def test_a_long_poll_is_answered_when_a_command_is_queued(world: World) -> None:
    device_id, other = world.device(), world.device()
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(poll, world, device_id, **WAIT)
        world.portal.queue(other, "x_report")
        command_id = world.portal.queue(device_id, "x_report")
        answer = waiting.result(15)
    assert answer.headers["Preference-Applied"] == "wait=20"
    assert ids(answer.json()) == [command_id]
    assert ids(poll(world, device_id, **WAIT).json()) == [command_id], "at once: it is there"


def test_a_long_poll_ends_empty_when_its_time_is_over_and_is_capped(world: World) -> None:
    device_id = world.device()
    answer = poll(world, device_id, Prefer="respond-async, wait=0")
    assert (answer.headers["Preference-Applied"], ids(answer.json())) == ("wait=0", [])
    assert "Preference-Applied" not in poll(world, device_id).headers
    world.portal.queue(device_id, "x_report")
    assert poll(world, device_id, Prefer="wait=999").headers["Preference-Applied"] == "wait=30"


def test_an_unchanged_list_is_304_and_a_wait_on_it_ends_with_the_change(world: World) -> None:
    device_id = world.device()
    world.portal.queue(device_id, "x_report")
    first = poll(world, device_id)
    known = {"If-None-Match": first.headers["ETag"]}
    again = poll(world, device_id, **known)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["ETag"] == first.headers["ETag"]
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(poll, world, device_id, **known, **WAIT)
        command_id = world.portal.queue(device_id, "z_report")
        assert command_id in ids(waiting.result(15).json())


def test_the_cloud_ends_while_polls_are_waiting(tmp_path: Path) -> None:
    with ExitStack() as until_the_end:
        with opened(tmp_path / "c.db") as world:
            device_id = world.device()
            connection = until_the_end.enter_context(begun(world, "GET", "/api/v1/commands"))
            for _ in range(2):  # what was sent before these has been read by now
                sync(world, "shop-1", device_id)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert answer.endswith(b'{"commands":[]}')


def begun(world: World, method: str, path: str, body: bytes = b"") -> socket.socket:
    """A connection on which a request that may wait has been sent, and nothing been read."""
    url = httpx.URL(world.running.url)
    head = [
        f"{method} {path} HTTP/1.1",
        f"Host: {url.host}",
        f"x-api-key: {world.running.agent_key}",
        "Prefer: wait=20",
        f"Content-Length: {len(body)}",
    ]
    connection = socket.create_connection((url.host, url.port or 0), 20)
    connection.sendall("\r\n".join([*head, "", ""]).encode() + body)
    return connection


def test_sync_carries_results_up_and_claimed_commands_down(world: World) -> None:
    device_id = world.device()
    first, second = (world.portal.queue(device_id, "x_report") for _ in range(2))
    brought = sync(world, "shop-1", device_id, limit=1)
    assert [(one["id"], one["claimedBy"]) for one in brought["commands"]] == [(first, "shop-1")]
    said = result(201) | {"commandId": first}
    unknown = result(202) | {"commandId": "cmd_none"}
    online = {"agentId": "shop-1", "eventId": 203, "status": "online", "deviceId": device_id}
    told = sync(world, "shop-1", device_id, results=[said, unknown], statuses=[online], received=[])
    assert told["acknowledged"] == [201, 203]
    assert [(row["eventId"], row["code"]) for row in told["refused"]] == [(202, "NOT_FOUND")]
    assert ids(told) == [second]
    assert world.portal.record(first)["status"] == "completed"
    again = sync(world, "shop-1", device_id, results=[said], received=[second])
    assert (again["acknowledged"], ids(again)) == ([201], [])


def test_sync_brings_again_what_was_lost_and_only_to_the_agent_that_has_it(world: World) -> None:
    device_id = world.device()
    command_id = world.portal.queue(device_id, "x_report")
    fault = {"path_prefix": "/api/v1/agents/shop-1", "action": "drop-reply", "times": 1}
    world.shop.post("/sandbox/faults", json=fault).raise_for_status()
    with pytest.raises(httpx.RemoteProtocolError):
        sync(world, "shop-1", device_id)
    assert world.portal.record(command_id)["claimedBy"] == "shop-1"
    assert ids(sync(world, "shop-2", device_id, "wait=0")) == []
    assert ids(sync(world, "shop-1", device_id, "wait=20", received=[])) == [command_id]
    assert ids(sync(world, "shop-1", device_id, "wait=0")) == [command_id], "it rides along"
    assert ids(sync(world, "shop-1", device_id, "wait=0", received=[command_id])) == []


def test_who_waits_with_a_key_that_is_deleted_meanwhile_gets_nothing(world: World) -> None:
    device_id = world.device()
    key_id, header = world.key("commands")
    body = {"agentId": "shop-1", "devices": [device_id], "received": []}
    path, sent = "/api/v1/agents/shop-1/sync", header | WAIT
    with ThreadPoolExecutor() as threads, httpx.Client(base_url=world.running.url) as http:
        waiting = threads.submit(http.post, path, json=body, headers=sent, timeout=30)
        assert not wait([waiting], timeout=0.5).done
        world.portal.http.delete(f"keys/{key_id}").raise_for_status()
        command_id = world.portal.queue(device_id, "x_report")
        refused(waiting.result(15), 401, "UNAUTHORIZED")
    assert world.portal.record(command_id)["status"] == "pending"


def test_sync_on_a_connection_that_is_gone_claims_nothing(world: World) -> None:
    device_id = world.device()
    body = json.dumps({"agentId": "gone", "devices": [device_id]}).encode()
    with begun(world, "POST", "/api/v1/agents/gone/sync", body):
        sync(world, "shop-1", device_id)  # by now the cloud has begun to wait
    sync(world, "shop-1", device_id)  # and by now it knows that nobody is there
    with ThreadPoolExecutor() as threads:
        waiting = threads.submit(sync, world, "shop-1", device_id, "wait=20")
        command_id = world.portal.queue(device_id, "x_report")
        assert ids(waiting.result(15)) == [command_id]


def test_of_two_agents_that_sync_exactly_one_gets_a_command(world: World) -> None:
    device_id = world.device()
    with ThreadPoolExecutor() as threads:
        waiting = [threads.submit(sync, world, agent, device_id, "wait=20") for agent in "ab"]
        first = world.portal.queue(device_id, "x_report")
        quicker, slower = wait(waiting, 15, FIRST_COMPLETED)
        assert [ids(one.result()) for one in quicker] == [[first]]
        second = world.portal.queue(device_id, "z_report")
        assert [ids(one.result(15)) for one in slower] == [[second]]


def upload(world: World, device_id: str, event: int, content: bytes, **headers: str) -> Any:
    query = {"agentId": "shop-1", "eventId": event, "name": "MF_2026.p7b"}
    headers = {"Content-Type": BYTES, "X-Content-SHA256": DIGEST} | headers
    path = f"/api/v1/devices/{device_id}/reports/mf"
    return world.agent.post(path, params=query, content=content, headers=headers)


def part(first: int, last: int) -> dict[str, str]:
    return {"Content-Range": f"bytes {first}-{last}/{len(DOCUMENT)}"}


def test_bytes_of_a_report_are_kept_once_and_can_be_read(world: World) -> None:
    device_id = world.device()
    first = upload(world, device_id, 301, DOCUMENT)
    again = upload(world, device_id, 301, gzip.compress(DOCUMENT), **{"Content-Encoding": "gzip"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.json() == first.json()
    path = f"/api/v1/devices/{device_id}/reports/mf/{first.json()['id']}"
    assert world.agent.get(path, headers={"Accept": BYTES}).content == DOCUMENT
    record = world.agent.get(path).json()
    assert (record["bytes"], record["sha256"], record["name"]) == (2048, DIGEST, "MF_2026.p7b")
    wrong = upload(world, device_id, 302, DOCUMENT[:-1])
    assert refused(wrong, 400, "VALIDATION_ERROR")[0]["path"] == "X-Content-SHA256"


def test_a_report_comes_in_parts_and_goes_on_where_the_line_broke(world: World) -> None:
    device_id, ask = world.device(), {"Content-Range": f"bytes */{len(DOCUMENT)}"}
    assert upload(world, device_id, 311, DOCUMENT[:1000], **part(0, 999)).status_code == 202
    gap = upload(world, device_id, 311, DOCUMENT[1500:], **part(1500, 2047))
    assert refused(gap, 409, "CONFLICT") == {"received": 1000}
    known = upload(world, device_id, 311, DOCUMENT[:1000], **part(0, 999))
    assert (known.status_code, known.json()) == (202, {"received": 1000})
    assert upload(world, device_id, 311, b"", **ask).json() == {"received": 1000}
    whole = upload(world, device_id, 311, DOCUMENT[1000:], **part(1000, 2047))
    assert (whole.status_code, whole.json()["sha256"]) == (201, DIGEST)
    assert upload(world, device_id, 311, b"", **ask).json() == whole.json()


def test_parts_of_a_wrong_document_are_forgotten(world: World) -> None:
    device_id = world.device()
    upload(world, device_id, 321, bytes(1000), **part(0, 999))
    wrong = upload(world, device_id, 321, DOCUMENT[1000:], **part(1000, 2047))
    refused(wrong, 400, "VALIDATION_ERROR")
    again = upload(world, device_id, 321, DOCUMENT, **part(0, 2047))
    assert again.status_code == 201


def test_a_packed_body_is_read_and_one_that_unpacks_to_too_much_is_not(world: World) -> None:
    path = f"/api/v1/devices/{world.device()}/reports/p7b"
    said = {"agentId": "shop-1", "eventId": 331, "report": {"n": 1}}
    headers = {"Content-Encoding": "gzip", "Content-Type": "application/json"}

    def send(content: bytes) -> httpx.Response:
        return world.agent.post(path, content=content, headers=headers)

    kept = send(gzip.compress(json.dumps(said).encode()))
    assert (kept.status_code, kept.headers["Accept-Encoding"]) == (201, "gzip")
    refused(send(gzip.compress(bytes(2_000_000))), 413, "PAYLOAD_TOO_LARGE")
    refused(send(b"not packed"), 400, "BAD_REQUEST")
    refused(send(gzip.compress(b"{}")[:-4]), 400, "BAD_REQUEST")


def test_a_documented_cloud_has_nothing_of_ours(tmp_path: Path) -> None:
    with opened(tmp_path / "c.db", offers=Offers(assumed=False)) as world:
        command, device = world.command(), f"/api/v1/devices/{world.device()}"
        for path in (f"{command}/claim", f"{command}/result", f"{device}/status"):
            assert world.agent.post(path, json={}).status_code in (404, 405)
        for path in (f"{device}/reports/x", "/api/v1/agents/a/sync"):
            assert world.agent.post(path, json={}).status_code in (404, 405)
        answer = world.agent.get("/api/v1/commands", headers=WAIT)
        ours = {"etag", "preference-applied", "accept-encoding"}
        assert (answer.status_code, ours & set(answer.headers)) == (200, set())


def test_long_poll_and_sync_can_be_switched_off_alone(tmp_path: Path) -> None:
    with opened(tmp_path / "c.db", offers=Offers(long_poll=False, sync=False)) as world:
        answer = world.agent.get("/api/v1/commands", headers=WAIT)
        assert "preference-applied" not in answer.headers
        assert world.agent.post("/api/v1/agents/a/sync", json={}).status_code == 404
        claim = world.agent.post(f"{world.command()}/claim", json={"agentId": "a"})
        assert claim.status_code == 200
