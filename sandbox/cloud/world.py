"""A cloud to test against: its clock moved by hand, a shop's client and an agent's client.

    with opened(tmp_path / "cloud.db", faults=True) as world:
        command = world.command()                                  /api/v1/commands/cmd_...
        world.agent.post(f"{command}/claim", json={"agentId": "shop-1"})
        world.clock.move(seconds=181)                              now it has timed out

    with opened(tmp_path / "cloud.db", profile="elebne") as world:
        device = world.portal.device()                             the same in every key system
        world.portal.queue(device, "x_report")

Real HTTP on loopback, in a thread of this process, until the block ends.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from sandbox.cloud.server import Running, running_cloud

DEVICE = {
    "name": "Casa 1",
    "protocol": "datecs_compact",
    "transport": "tcp",
    "connectionParams": {"host": "127.0.0.1", "port": 9100},
}
RECEIPT: dict[str, Any] = {
    "items": [{"name": "Pâine", "quantity": 2, "price": 3.5, "vatRate": 11}],
    "payments": [{"type": "cash", "amount": 7}],
}


@dataclass(slots=True)
class HandClock:
    now: datetime = field(default_factory=lambda: datetime(2026, 4, 2, 9, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> None:
        self.now += timedelta(**by)


@dataclass(frozen=True, slots=True)
class Portal:
    """What a person does on the cloud's pages, the same for every profile."""

    http: httpx.Client

    def device(self, environment: str = "live") -> str:
        return str(self._post("devices", {"name": "Casa 1", "environment": environment})["id"])

    def queue(self, device_id: str, kind: str, payload: Any = None) -> str:
        body = {"deviceId": device_id, "type": kind, "payload": payload}
        return str(self._post("commands", body)["id"])

    def record(self, command_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.http.get(f"commands/{command_id}").raise_for_status().json()
        return found

    def reports(self, device_id: str, kind: str) -> list[dict[str, Any]]:
        """What stands in a device's tree, the oldest first."""
        found = self.http.get(f"devices/{device_id}/reports/{kind}").raise_for_status()
        rows: list[dict[str, Any]] = found.json()["reports"]
        return rows

    def file(self, kind: str, report_id: str) -> bytes:
        return self.http.get(f"reports/{kind}/{report_id}/file").raise_for_status().content

    def key(self, **order: Any) -> dict[str, Any]:
        """A new key: its row, and its `secret` this once."""
        return self._post("keys", {"label": "made in a test", **order})

    def rotate(self, key_id: str) -> str:
        return str(self._post(f"keys/{key_id}/rotate", {})["secret"])

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = self.http.post(path, json=body).raise_for_status().json()
        return found


@dataclass(frozen=True, slots=True)
class World:
    clock: HandClock
    running: Running
    shop: httpx.Client
    agent: httpx.Client
    portal: Portal

    def device(self) -> str:
        """A new device's id."""
        return str(self.shop.post("/api/v1/devices", json=DEVICE).json()["id"])

    def submit(self, kind: Any, payload: Any = None) -> httpx.Response:
        """The answer to a command for a new device."""
        body = {"deviceId": self.device(), "type": kind, "payload": payload}
        return self.shop.post("/api/v1/commands", json=body)

    def command(self) -> str:
        """A new command's path."""
        return "/api/v1/commands/" + str(self.submit("x_report").json()["id"])

    def key(self, *scopes: str) -> tuple[str, dict[str, str]]:
        """A new key's id, and the header that uses it."""
        body = {"label": "made in a test", "scopes": scopes}
        made = self.shop.post("/api/v1/org/api-keys", json=body).json()
        return made["id"], {"x-api-key": made["key"]}


@contextmanager
def opened(db: Path, **switches: Any) -> Iterator[World]:
    clock = HandClock()
    profile = switches.get("profile", "ebon")
    with running_cloud(db, clock=clock, **switches) as running:
        other = {"x-api-key": running.api_key}  # e-bon takes a key in either header
        shop_key = other if profile == "ebon" else sent(profile, running.api_key)
        portal_key = {"X-Sandbox-Portal": running.portal_key}
        with (
            httpx.Client(base_url=running.url, headers=shop_key) as shop,
            httpx.Client(base_url=running.url, headers=sent(profile, running.agent_key)) as agent,
            httpx.Client(base_url=f"{running.url}/sandbox/portal", headers=portal_key) as portal,
        ):
            yield World(clock, running, shop, agent, Portal(portal))


def sent(profile: str, secret: str) -> dict[str, str]:
    """The header a key is sent in."""
    bearer = {"Authorization": f"Bearer {secret}"}
    return {"x-api-key": secret} if profile == "sbs" else bearer


def refused(answer: httpx.Response, status: int, code: str) -> Any:
    """The details of a refusal, which must have this status and code."""
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    return answer.json()["error"].get("details")


def result(event_id: int, status: str = "completed", **more: Any) -> dict[str, Any]:
    """What the agent `shop-1` says about a command."""
    return {"agentId": "shop-1", "eventId": event_id, "status": status, **more}
