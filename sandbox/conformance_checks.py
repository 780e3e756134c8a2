"""The checks of `conformance.py`, in e-bon's routes; each says what was seen.

What would change something is asked with an empty body, where the answer alone tells: 400 means the
route is there and reads bodies, 404 and 405 that it is not, as the device and the command exist.
"""

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from typing import Any

import httpx

API = "/api/v1"
HARMLESS = "get_cash_amount"  # documented, and nothing comes out on paper
ABSENT = (404, 405, 501)


class Outcome(Enum):
    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


class Unusable(Exception):
    """The key is refused, or this is no such cloud."""


@dataclass(frozen=True, slots=True)
class Row:
    """One thing an agent can or cannot do there."""

    what: str
    outcome: Outcome
    seen: str
    assumed: bool = False
    needed: bool = False


def looked_at(cloud: httpx.Client, device_id: str, *, may_queue: bool) -> list[Row]:
    """Everything that can be seen, row by row.

    Raises:
        Unusable: the key is refused
        httpx.HTTPError: the cloud cannot be reached
    """
    devices = cloud.get(f"{API}/devices")
    if devices.status_code == 401:
        raise Unusable(f"the key is refused: {_code(devices) or devices.status_code}")
    known = [row.get("id") for row in _rows(_json(devices), "devices")]
    device_id = device_id or next((str(one) for one in known if one), "")
    return [
        _row("list of devices", _seen(devices), there=devices.status_code == 200),
        *_reading(cloud),
        *_routes(cloud, device_id),
        *_life(cloud, device_id, may_queue=may_queue),
    ]


def _reading(cloud: httpx.Client) -> Iterator[Row]:
    path = f"{API}/commands?status=pending&limit=1"
    listed = cloud.get(path)
    body = _json(listed)
    found = isinstance(body, list) or isinstance(_field(body, "commands"), list)
    good = listed.status_code == 200 and found
    yield _row("list of commands", _seen(listed), there=good, needed=True)
    unknown = cloud.get(f"{API}/commands/cmd_conformance_{secrets.token_hex(4)}")
    envelope = unknown.status_code == 404 and bool(_code(unknown))
    yield _row("errors in the envelope", f"{unknown.status_code} {_code(unknown)}", there=envelope)
    stranger = cloud.get(path, headers={"x-api-key": "ebon_live_nobody"})
    refused = stranger.status_code == 401 and bool(_code(stranger))
    yield _row("a wrong key is 401", f"{_seen(stranger)} {_code(stranger)}", there=refused)
    told = [
        name for name in ("Limit", "Remaining", "Reset") if f"RateLimit-{name}" in listed.headers
    ]
    yield _row("rate limits in headers", ", ".join(told) or "none", there=len(told) == 3)
    date = listed.headers.get("date", "")
    yield _row("the cloud's time", date or "no Date", there=bool(date))
    waited = cloud.get(path, headers={"Prefer": "wait=1"})
    applied = waited.headers.get("preference-applied", "")
    yield _row("long poll", applied or "Prefer is ignored", there="wait=" in applied, assumed=True)
    etag = listed.headers.get("etag", "")
    again = cloud.get(path, headers={"If-None-Match": etag}) if etag else listed
    seen = _seen(again) if etag else "no ETag"
    yield _row("ETag and 304", seen, there=again.status_code == 304, assumed=True)
    packed = "gzip" in listed.headers.get("accept-encoding", "")
    seen = "Accept-Encoding: gzip" if packed else "not said"
    yield _row("packed bodies", seen, there=packed, assumed=True)


def _routes(cloud: httpx.Client, device_id: str) -> Iterator[Row]:
    """Routes that must not be used to be seen."""
    for what, path, assumed in (
        ("receipts", "/receipts", False),
        ("reports", "/reports/x", False),
        ("sync", "/agents/conformance-a/sync", True),
        ("device status", f"/devices/{device_id}/status", True),
        ("uploads of a device", f"/devices/{device_id}/reports/mf", True),
    ):
        if "//" in path:
            yield Row(what, Outcome.UNKNOWN, "there is no device", assumed)
            continue
        asked = cloud.post(API + path, json={})
        there = asked.status_code in (200, 400, 422)
        seen = f"{_seen(asked)} to an empty body"
        if asked.status_code == 403:
            seen = f"the route is there, but this key may not: {_code(asked)}"
        yield _row(what, seen, there=there, assumed=assumed)


LIFE = (
    ("a queued command is listed", False, True),
    ("idempotent queueing", False, False),
    ("one command by its id", False, True),
    ("claim", True, True),
    ("a claim is repeatable", True, True),
    ("a claim is exclusive", True, True),
    ("result", True, True),
    ("a result is taken once", True, True),
    ("a late result is taken", True, True),
    ("sync brings a command, claimed", True, False),
)


def _life(cloud: httpx.Client, device_id: str, *, may_queue: bool) -> Iterator[Row]:
    if not may_queue or not device_id:
        why = "needs --may-queue" if not may_queue else "there is no device"
        for what, assumed, needed in LIFE:
            yield Row(what, Outcome.UNKNOWN, why, assumed, needed)
        return
    seen = [*_queue(cloud, device_id)]
    for (what, assumed, needed), (good, how) in zip(LIFE, seen, strict=True):
        if good is None:
            yield Row(what, Outcome.UNKNOWN, how, assumed, needed)
        else:
            yield _row(what, how, there=good, assumed=assumed, needed=needed)


Seen = tuple[bool | None, str]  # None: it was not looked at


def _queue(cloud: httpx.Client, device_id: str) -> Iterator[Seen]:
    """One command through its whole life, and another one by sync."""
    body = {"deviceId": device_id, "type": HARMLESS, "payload": None}
    once = {"Idempotency-Key": f"conformance_{secrets.token_hex(8)}"}
    made, again = (cloud.post(f"{API}/commands", json=body, headers=once) for _ in range(2))
    command_id = str(_field(_json(made), "id") or "")
    if made.status_code not in (200, 201, 202) or not command_id:
        yield from [(False, f"it could not be queued: {_seen(made)} {_code(made)}")] * len(LIFE)
        return
    path = f"{API}/commands"
    listed = cloud.get(path, params={"status": "pending", "deviceId": device_id})
    ids = [row.get("id") for row in _rows(_json(listed), "commands")]
    yield command_id in ids, f"{_seen(listed)}, {len(ids)} pending"
    yield _field(_json(again), "id") == command_id, f"the same key again: {_seen(again)}"
    one = cloud.get(f"{path}/{command_id}")
    yield one.status_code == 200, _seen(one)
    claims = [_claim(cloud, command_id, who) for who in ("a", "a", "b")]
    yield claims[0].status_code == 200, _seen(claims[0])
    yield claims[1].status_code == 200, f"the same agent again: {_seen(claims[1])}"
    exclusive = claims[0].status_code == 200 and claims[2].status_code == 409
    yield exclusive, f"another agent: {_seen(claims[2])}"
    yield from _results(cloud, f"{path}/{command_id}")
    for left in {command_id, str(_field(_json(again), "id"))}:
        cloud.delete(f"{path}/{left}")  # where it could not be ended: nobody else may do it
    yield _synced(cloud, device_id)


def _results(cloud: httpx.Client, path: str) -> Iterator[Seen]:
    run = secrets.randbelow(10**9) * 10  # events of another run of this check are other events
    said = {"agentId": "conformance-a", "eventId": run + 1, "status": "completed", "result": {}}
    first, same = (cloud.post(f"{path}/result", json=said) for _ in range(2))
    status = _field(_json(cloud.get(path)), "status")
    yield first.status_code == 200 and status == "completed", f"{_seen(first)}, then {status}"
    yield same.status_code == 200, f"the same again: {_seen(same)}"
    late = said | {"eventId": run + 2, "status": "failed", "errorCode": "CONFORMANCE"}
    after = cloud.post(f"{path}/result", json=late)
    final = _field(_json(cloud.get(path)), "status")
    yield (
        after.status_code == 200 and final == status,
        f"after the end: {_seen(after)}, still {final}",
    )


def _synced(cloud: httpx.Client, device_id: str) -> Seen:
    body = {"deviceId": device_id, "type": HARMLESS, "payload": None}
    command_id = _field(_json(cloud.post(f"{API}/commands", json=body)), "id")
    query = {"status": "pending", "deviceId": device_id}
    pending = _rows(_json(cloud.get(f"{API}/commands", params=query)), "commands")
    if [row.get("id") for row in pending] != [command_id]:
        # A sync would claim somebody's command, and nobody would ever print it.
        cloud.delete(f"{API}/commands/{command_id}")
        return None, f"{len(pending)} commands wait for this device, and not only ours"
    agent = "conformance-a"
    path = f"{API}/agents/{agent}/sync"
    asked = {"agentId": agent, "devices": [device_id], "limit": 1, "received": []}
    answer = cloud.post(path, json=asked)
    brought = [row.get("id") for row in _rows(_json(answer), "commands")]
    if command_id not in brought:
        cloud.delete(f"{API}/commands/{command_id}")
        return False, f"{_seen(answer)}, {len(brought)} commands"
    event = secrets.randbelow(10**9) * 10
    result = {"agentId": agent, "eventId": event, "status": "completed", "result": {}}
    told = cloud.post(path, json=asked | {"results": [result | {"commandId": command_id}]})
    acknowledged = _field(_json(told), "acknowledged")
    return acknowledged == [event], f"{_seen(answer)}, its result: {_seen(told)}"


def _claim(cloud: httpx.Client, command_id: str, who: str) -> httpx.Response:
    body = {"agentId": f"conformance-{who}"}
    return cloud.post(f"{API}/commands/{command_id}/claim", json=body)


def _row(what: str, seen: str, *, there: bool, assumed: bool = False, needed: bool = False) -> Row:
    return Row(what, Outcome.YES if there else Outcome.NO, seen, assumed, needed)


def _seen(answer: httpx.Response) -> str:
    if answer.status_code in ABSENT:
        return f"{answer.status_code}: not there"
    return str(answer.status_code)


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def _field(body: Any, name: str) -> Any:
    return body.get(name) if isinstance(body, dict) else None


def _rows(body: Any, name: str) -> list[dict[str, Any]]:
    found = body if isinstance(body, list) else _field(body, name)
    return [row for row in found if isinstance(row, dict)] if isinstance(found, list) else []


def _code(answer: httpx.Response) -> str:
    error = _field(_json(answer), "error")
    code = _field(error, "code") or _field(_json(answer), "code")
    return code if isinstance(code, str) else ""
