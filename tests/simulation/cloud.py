"""The cloud of a world: a small one, in memory, and the network before it.

    pending --claim--> sent --result--> completed | failed
       |                 |
       +--cancel         +--180 s since creation--> timeout; what comes later is `lateResult`

Every other world's cloud has `sync`: results up and claimed commands down in one request; what was
lost on the way down is handed over again. `Network` is the httpx transport that the real client is
given; what goes wrong happens there.
"""

import gzip
import json
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

import httpx

from tests.simulation.cable import Crash
from tests.simulation.orders import Order
from tests.simulation.plan import HTTP, Fault, Places, Tell
from tests.simulation.printer import FakeClock

TIMEOUT_MS = 180_000
OPEN = ("pending", "sent")
REQUEST_MS = 30
READ_TIMEOUT_MS = 30_000
HTML = b"<html><body>Please log in to the shop's Wi-Fi</body></html>"


class Cloud:
    """Commands by id, results made one by (agentId, eventId)."""

    def __init__(self, clock: FakeClock, skew_ms: int) -> None:
        self._clock = clock
        self._skew_ms = skew_ms  # its clock is not the agent's
        self._has_sync = skew_ms % 2 == 0
        self.commands: dict[str, dict[str, Any]] = {}
        self.reports: list[dict[str, Any]] = []
        self.contradictions: list[str] = []
        self._told: dict[tuple[str, str, int], str] = {}

    @property
    def now_ms(self) -> int:
        return self._clock.ms + self._skew_ms

    def submit(self, order: Order, device_id: str) -> None:
        self.commands[order.id] = {
            "id": order.id,
            "deviceId": device_id,
            "type": order.kind,
            "payload": order.payload,
            "status": "pending",
            "createdAt": formatted(self.now_ms),
            "created_ms": self.now_ms,
        }

    def cancel(self, id_: str) -> None:
        if self.commands[id_]["status"] == "pending":
            self.commands[id_]["status"] = "cancelled"

    def sweep(self) -> None:
        for record in self.commands.values():
            if record["status"] in OPEN and self.now_ms - record["created_ms"] >= TIMEOUT_MS:
                record["status"] = "timeout"

    def ask(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Answer one request: status and JSON."""
        self.sweep()
        parts = path.split("/")[3:]  # after /api/v1/
        if method == "GET":
            return self._get(parts)
        if parts[0] in ("receipts", "reports"):
            return 403, error("FORBIDDEN")
        if parts[0] == "agents":
            return self._sync(parts[1], body) if self._has_sync else (404, error("NOT_FOUND"))
        if parts[0] == "commands":
            if parts[1] not in self.commands:
                return 404, error("NOT_FOUND")
            record = self.commands[parts[1]]
            return self._claim(record) if parts[2] == "claim" else self._result(record, body)
        if parts[2] == "reports" and self._is_new("report", parts[1], body):
            self.reports.append(body | {"kind": parts[3]})
        return 200, {}

    def _get(self, parts: list[str]) -> tuple[int, Any]:
        if len(parts) > 1:
            known = self.commands.get(parts[1])
            return (200, known) if known else (404, error("NOT_FOUND"))
        found = [one for one in self.commands.values() if one["status"] == "pending"]
        return 200, {"commands": found}

    def _sync(self, agent_id: str, body: dict[str, Any]) -> tuple[int, Any]:
        """Take what was done, and hand over what is to do: also again, if it was not received."""
        said = []
        for told in body["results"]:
            result = {name: value for name, value in told.items() if name != "commandId"}
            self._result(self.commands[told["commandId"]], result)
            said.append(told["eventId"])
        said += [told["eventId"] for told in body["statuses"]]
        given = []
        for record in self.commands.values():
            ours = record["status"] == "sent" and "said" not in record
            if record["status"] == "pending" or (ours and record["id"] not in body["received"]):
                record["status"] = "sent"
                given.append(record | {"claimedBy": agent_id})
        return 200, {"acknowledged": said, "refused": [], "commands": given[: body["limit"]]}

    def _claim(self, record: dict[str, Any]) -> tuple[int, Any]:
        if record["status"] not in OPEN:
            return 409, error("CONFLICT")
        record["status"] = "sent"
        return 200, record

    def _result(self, record: dict[str, Any], body: dict[str, Any]) -> tuple[int, Any]:
        if not self._is_new("result", record["id"], body):
            return 200, record
        if record["status"] not in OPEN:
            record["lateResult"] = body
            return 200, record
        record["said"] = body
        record["status"] = "sent"
        if body["status"] in ("completed", "failed"):
            record["status"] = body["status"]
        return 200, record

    def _is_new(self, what: str, about: str, body: dict[str, Any]) -> bool:
        key = (what, body["agentId"], body["eventId"])
        said = json.dumps([about, body], sort_keys=True)
        known = self._told.setdefault(key, said)
        if known != said:
            self.contradictions.append(f"event {body['eventId']} was told as two things")
        return known is said


class Network(httpx.BaseTransport):
    """The way to the cloud, and what goes wrong on it."""

    def __init__(
        self,
        cloud: Cloud,
        clock: FakeClock,
        places: Places,
        tell: Tell,
        meanwhile: Callable[[], None],
    ) -> None:
        self._cloud = cloud
        self._clock = clock
        self._places = places
        self._tell = tell
        self._meanwhile = meanwhile

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        self._clock.ms += REQUEST_MS
        self._meanwhile()
        fault = self._places.draw(HTTP)
        number = self._places.numbers[HTTP] - 1
        told = f"  ## {fault}" if fault else ""
        self._tell("http %s: %s %s %s%s", number, request.method, request.url.path, "", told)
        return FAULTS[fault.kind](self, request, fault) if fault else self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = body_of(request)
        status, answer = self._cloud.ask(request.method, request.url.path, body)
        self._tell("        cloud: %s %s", status, body.get("status", ""))
        return self._response(status, json.dumps(answer).encode())

    def _response(self, status: int, body: bytes, **headers: str) -> httpx.Response:
        date = formatdate(self._cloud.now_ms / 1000, usegmt=True)
        return httpx.Response(status, headers={"Date": date, **headers}, content=body)

    def _wait(self, wait_ms: int) -> None:
        self._clock.ms += wait_ms
        self._meanwhile()

    # what goes wrong

    def lost(self, request: httpx.Request, _fault: Fault) -> httpx.Response:
        raise httpx.ConnectError("no route to host", request=request)

    def answer_lost(self, request: httpx.Request, _fault: Fault) -> httpx.Response:
        self._answer(request)
        self._wait(READ_TIMEOUT_MS)
        raise httpx.ReadTimeout("no answer", request=request)

    def error_500(self, request: httpx.Request, fault: Fault) -> httpx.Response:
        if fault.at & 1:
            self._answer(request)
        return self._response(500, b'{"error": {"code": "INTERNAL", "message": ""}}')

    def error_503(self, _request: httpx.Request, _fault: Fault) -> httpx.Response:
        return self._response(503, HTML)

    def retry_429(self, _request: httpx.Request, fault: Fault) -> httpx.Response:
        seconds = str(1 + fault.wait_ms // 1000)
        return self._response(429, b"", **{"Retry-After": seconds})

    def html(self, request: httpx.Request, fault: Fault) -> httpx.Response:
        if fault.at & 1:
            self._answer(request)
        return self._response(200, HTML)

    def cut_json(self, request: httpx.Request, fault: Fault) -> httpx.Response:
        whole = self._answer(request)
        return self._response(whole.status_code, whole.content[: fault.at % len(whole.content)])

    def slow(self, request: httpx.Request, fault: Fault) -> httpx.Response:
        if fault.wait_ms > READ_TIMEOUT_MS:
            self._wait(READ_TIMEOUT_MS)
            raise httpx.ReadTimeout("no answer", request=request)
        self._wait(fault.wait_ms // 2)
        answer = self._answer(request)
        self._wait(fault.wait_ms // 2)
        return answer

    def death_before(self, _request: httpx.Request, _fault: Fault) -> httpx.Response:
        raise Crash

    def death_after(self, request: httpx.Request, _fault: Fault) -> httpx.Response:
        self._answer(request)
        raise Crash


FAULTS: dict[str, Callable[[Network, httpx.Request, Fault], httpx.Response]] = {
    name: value for name, value in vars(Network).items() if callable(value)
}


def body_of(request: httpx.Request) -> dict[str, Any]:
    """Return what was sent; a large body comes zipped."""
    content = request.content
    if request.headers.get("Content-Encoding") == "gzip":
        content = gzip.decompress(content)
    body: dict[str, Any] = json.loads(content) if content else {}
    return body


def error(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": ""}}


def formatted(ms: int) -> str:
    """ISO 8601 in UTC, to the millisecond."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
