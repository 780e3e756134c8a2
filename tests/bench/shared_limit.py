"""Agents below one limit, on fake time: the real CloudSync, CloudClient and ledger files.

    site    = queue in a small cloud + agent + a printer that takes three seconds
    Limiter = one window of 150 requests in ten minutes for all sites; a request beyond is a 429

A long poll waits in fake time: its request is counted when it is made, and answered when there is
work or its time is over.
"""

import json
from collections.abc import Callable
from email.utils import formatdate
from pathlib import Path
from random import Random
from typing import Any

import httpx

from agent.cloud.answers import parse
from agent.cloud.client import CloudClient
from agent.cloud.keys import ApiKey
from agent.cloud.schema import to_incoming
from agent.cloud.sync import Around, CloudSync
from agent.cloud.waiting import Waiting
from agent.ledger import Ledger
from config.settings import AgentSettings, CloudSettings, DeviceSettings, Settings, profiles
from drivers.model import Problem
from sandbox.cloud.world import RECEIPT
from tests.agent.cloud.cloud_world import COUNTERS, RECEIPT_RESULT
from tests.simulation.cloud import Cloud, body_of, error
from tests.simulation.orders import Order
from tests.simulation.printer import FakeClock

TICK_MS = 500
PRINT_MS = 3000
STEPS_MAX = 200
LIMIT, WINDOW_MS = 150, 600_000
URL = "http://127.0.0.1:9"
KEY = ApiKey("ebon_live_org_demo_" + "0" * 32, "the bench", "org_demo", live=True)


class Limiter:
    """What all keys of an organization share."""

    def __init__(self, clock: FakeClock, limit: int = LIMIT) -> None:
        self._clock = clock
        self._limit = limit
        self._ends_ms = clock.ms + WINDOW_MS
        self._used = 0
        self.asked = self.refused = 0

    def take(self) -> bool:
        if self._clock.ms >= self._ends_ms:
            self._used, self._ends_ms = 0, self._clock.ms + WINDOW_MS
        self.asked += 1
        if self._used >= self._limit:
            self.refused += 1
            return False
        self._used += 1
        return True

    def headers(self) -> dict[str, str]:
        left_s = -(-(self._ends_ms - self._clock.ms) // 1000)
        return {
            "RateLimit-Limit": str(self._limit),
            "RateLimit-Remaining": str(self._limit - self._used),
            "RateLimit-Reset": str(left_s),
        }


class DocumentedCloud(Cloud):
    """Only what e-bon's pages name: lists, and receipts that are stored."""

    def ask(self, method: str, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if method == "POST" and path.endswith("/receipts"):
            self.reports.append(body)
            return 201, {}
        if method == "POST":
            return 404, error("NOT_FOUND")
        return super().ask(method, path, body)


class Network(httpx.BaseTransport):
    def __init__(
        self, cloud: Cloud, limiter: Limiter, clock: FakeClock, *, long_poll: bool
    ) -> None:
        self._cloud = cloud
        self._limiter = limiter
        self._clock = clock
        self._long_poll = long_poll
        self.is_counted = False  # a long poll was, when it was made
        self.online = True

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if not self.online:
            raise httpx.ConnectError("no route to host", request=request)
        headers = {"Date": formatdate(self._clock.ms / 1000, usegmt=True)}
        if self.is_counted or self._limiter.take():
            body = body_of(request)
            status, answer = self._cloud.ask(request.method, request.url.path, body)
        else:
            status, answer = 429, {"code": "TOO_MANY", "message": "later", "status": 429}
            headers["Retry-After"] = self._limiter.headers()["RateLimit-Reset"]
        if self._long_poll and "Prefer" in request.headers:
            headers["Preference-Applied"] = request.headers["Prefer"]
        headers |= self._limiter.headers()
        return httpx.Response(status, headers=headers, content=json.dumps(answer).encode())


class TimedWaiting(Waiting):
    """The request is made now and answered later, in fake time."""

    def __init__(self, client: CloudClient, site: "Site") -> None:
        super().__init__(client, self._keep, lambda: None)
        self._site = site
        self._work: Callable[[], None] | None = None
        self._until_ms = 0

    def start(self, call: str, **content: Any) -> None:
        wait_s = content.get("wait_s", 0) if self._site.long_poll else 0
        self._until_ms = self._site.clock.ms + 1000 * wait_s
        super().start(call, **content)
        self.look()

    def _keep(self, work: Callable[[], None]) -> None:
        self._work = work
        self._counted = not self._site.network.online or self._site.limiter.take()

    def look(self) -> None:
        """Answer if there is something to say, or the time is over."""
        site, work = self._site, self._work
        if work is None:
            return
        if self._counted and site.clock.ms < self._until_ms and not site.pending:
            return
        self._work = None
        site.network.is_counted = self._counted
        work()
        site.network.is_counted = False


class Site:
    """One shop. `kind` of cloud: sync, list (waits), plain (does not), documented (no claim)."""

    def __init__(self, number: int, folder: Path, clock: FakeClock, limiter: Limiter, kind: str):
        self.clock = clock
        self.limiter = limiter
        self.long_poll = kind in ("sync", "list")
        made: dict[str, Callable[[], Cloud]] = {
            "sync": lambda: Cloud(clock, 0),
            "list": lambda: Cloud(clock, 1),
            "plain": lambda: Cloud(clock, 1),
            "documented": lambda: DocumentedCloud(clock, 1),
        }
        self.cloud = made[kind]()
        self.network = Network(self.cloud, limiter, clock, long_poll=self.long_poll)
        name = f"agent-{number}"
        settings = Settings(
            agent=AgentSettings(id=name, state_dir=folder),
            cloud=CloudSettings(base_url=URL),
            device=[DeviceSettings(id="dev_1", family="datecs_x", address="/dev/none")],
        )
        self.ledger = Ledger(folder / f"{name}.sqlite3", clock)
        client = CloudClient(profiles()["ebon"], URL, KEY, name, clock, self.network)
        self._waiting = TimedWaiting(client, self)
        around = Around(waiting=self._waiting, random=Random(number))
        self.sync = CloudSync(client, settings, self.ledger, clock, lambda _: None, around)
        self.printed: list[str] = []
        self._free_ms = 0
        self.ordered = self.expired = 0

    @property
    def pending(self) -> bool:
        return any(one["status"] == "pending" for one in self.cloud.commands.values())

    def order(self) -> str:
        self.ordered += 1
        id_ = f"cmd_{self.ordered:06d}"
        self.cloud.submit(Order(id_, "print_receipt", 0, RECEIPT), "dev_1")
        return id_

    def printed_offline(self) -> str:
        """A receipt that was printed while the cloud could not be reached and gave it up."""
        id_ = self.order()
        record = self.cloud.commands[id_]
        record["status"] = "timeout"
        raw = parse(json.dumps(record).encode())
        incoming = to_incoming(raw, now_ms=self.clock.ms, server_ms=None, ttl_ms=60_000)
        self.ledger.accept(incoming, claimed=True)
        self.issue(id_)
        return id_

    def tick(self) -> None:
        self._waiting.look()
        for _ in range(STEPS_MAX):
            if not self.sync.step():
                break
        if self.clock.ms < self._free_ms:
            return
        if entry := self.ledger.next_queued("dev_1", self.clock.ms):
            if entry.expires_at_ms <= self.clock.ms:
                self.expired += 1
                self.ledger.reject(entry, [Problem("", "EXPIRED", "too late")])
                return
            self.issue(entry.id)
            self._free_ms = self.clock.ms + PRINT_MS

    def issue(self, id_: str) -> None:
        entry = self.ledger.begin(self.ledger.entry(id_), COUNTERS, 1)
        self.ledger.finish(entry, RECEIPT_RESULT, 2)
        self.printed.append(id_)
