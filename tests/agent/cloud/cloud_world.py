"""What the tests of the cloud's side share: a clock moved by hand, a server on a script, an agent.

    with scripted(answer(200, b"{}"), b"HTTP/1.1 garbage") as server:
        client_of(server.url).get("/api", {})          server.requests[0] is what it was sent
    with an_agent(home, world, device) as agent:
        agent.settle()                                 step until there is nothing more to do

Real HTTP on loopback, a real ledger file; only time is ours.
"""

import copy
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from agent.cloud.budget import Budget
from agent.cloud.client import Answer, CloudClient
from agent.cloud.keys import ApiKey
from agent.cloud.sync import Around, CloudSync
from agent.entries import LedgerEntry
from agent.ledger import Ledger
from config.settings import AgentSettings, CloudSettings, DeviceSettings, Settings, profiles
from drivers.model import Counters
from sandbox.cloud.world import World
from tests.agent.clocks import FakeClock

SECRET = "ebon_live_org_demo_shop_" + "0123456789abcdef" * 2
PROFILE = profiles()["ebon"]
POLL_INTERVAL_S = 10.0
NOW_MS = 1_775_120_400_000
STRANGE_MS = 7 * 86_400_000
STEPS_MAX = 1000
REQUEST_BYTES_MAX = 1 << 20
WAIT_S_MAX = 10.0
MISSING = object()
Lacks = tuple[str, ...]
BY_LIST: Lacks = ("sync", "receipt", "report")  # what these tests are not about
ITEM, PAYMENT = ("payload", "items", 0), ("payload", "payments", 0)
COUNTERS = Counters(fiscal_serial="SIM1", z_number=4, receipt_count=10, document_number=20)
RECEIPT_RESULT: dict[str, Any] = {
    "receipt_number": 11,
    "document_number": 21,
    "z_number": 5,
    "fiscal_serial": "SIM1",
    "issued_at": "2026-04-02T12:00:00",
    "total": 700,
}
REPORT_RESULT: dict[str, Any] = {
    "number": 5,
    "fiscal_serial": "SIM1",
    "issued_at": "2026-04-02T22:00:00",
    "groups": [{"letter": "A", "rate": 2100, "total": 1999}],
    "payments": [{"kind": "cash", "amount": 1999}],
    "registers": {
        "receipts": 2,
        "vat": {"A": 347},
        "discounts": {"count": 1, "total": 100},
        "surcharges": {"count": 0, "total": 0},
        "voids": {"count": 0, "total": 0},
        "cancelled": {"count": 0, "total": 0},
        "cash_in": {"count": 1, "total": 5000},
        "cash_out": {"count": 0, "total": 0},
    },
}


def key(secret: str = SECRET) -> ApiKey:
    return ApiKey(secret, "a test", "org_demo_shop", live=True)


class HandTimed(CloudClient):
    """The virtual cloud's `Date` is the machine's, its clock is the test's: no time but that."""

    def send(self, call: str, **content: Any) -> Answer:
        answer = super().send(call, **content)
        strange = abs((answer.server_ms or 0) - NOW_MS) > STRANGE_MS
        return replace(answer, server_ms=None) if strange else answer


def client_of(
    url: str, secret: str = SECRET, *, lacks: Lacks = (), limits: bool = True
) -> CloudClient:
    """A client of a cloud that lacks these calls. `limits`: it reads what is left of the budget."""
    calls = {name: call for name, call in PROFILE.calls.items() if name not in lacks}
    unread = PROFILE.limits.model_copy(update={"remaining": "X-Unread"})
    heard = PROFILE.limits if limits else unread
    profile = PROFILE.model_copy(update={"calls": calls, "limits": heard})
    return HandTimed(profile, url, key(secret), "magazin-1")


def no_limit() -> Around:
    """What a test needs that is not about the budget."""
    return Around(budget=Budget(10**6, 1e9, 1.0, Random(1), 0.0))


def answer(status: int, body: bytes, *headers: str) -> bytes:
    """An HTTP answer that ends its connection."""
    head = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", "Connection: close"]
    return "\r\n".join([*head, *headers, "", ""]).encode() + body


class Scripted:
    """A server that says one thing per connection, whatever it is asked; then nothing at all."""

    def __init__(self, answers: tuple[bytes, ...], *, silent: bool) -> None:
        self.requests: list[bytes] = []
        self._answers = list(answers)
        self._silent = silent
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self.run)
        self._thread.start()

    def run(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            with connection:
                if self._over.is_set():
                    return
                self.requests.append(_request(connection))
                if self._answers:
                    with suppress(OSError):  # it has heard enough
                        connection.sendall(self._answers.pop(0))
                if self._silent:
                    self._over.wait(WAIT_S_MAX)

    def close(self) -> None:
        self._over.set()
        socket.create_connection(self._listener.getsockname()).close()
        self._thread.join()
        self._listener.close()


def _request(connection: socket.socket) -> bytes:
    connection.settimeout(WAIT_S_MAX)
    got = b""
    for _ in range(REQUEST_BYTES_MAX):
        head, end, body = got.partition(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].split(b"\r\n")[0].strip()
        if end and len(body) >= int(length or 0):
            break
        if not (more := connection.recv(65536)):
            break
        got += more
    return got


@contextmanager
def scripted(*answers: bytes, silent: bool = False) -> Iterator[Scripted]:
    server = Scripted(answers, silent=silent)
    try:
        yield server
    finally:
        server.close()


def settings_of(home: Path, url: str, *device_ids: str, agent_id: str) -> Settings:
    return Settings(
        agent=AgentSettings(id=agent_id, state_dir=home),
        cloud=CloudSettings(base_url=url, poll_interval_s=POLL_INTERVAL_S, long_poll_s=0),
        device=[
            DeviceSettings(id=id_, family="datecs_x", address=f"/dev/{id_}") for id_ in device_ids
        ],
    )


class Agent:
    """The cloud's side of an agent; the test plays the printers through the ledger."""

    def __init__(
        self,
        ledger_path: Path,
        settings: Settings,
        client: CloudClient,
        around: Around | None = None,
    ) -> None:
        self.clock = FakeClock(NOW_MS)
        self.id = settings.agent.id
        self.ledger = Ledger(ledger_path, self.clock)
        self.arrived: list[str] = []
        self.sync = CloudSync(
            client, settings, self.ledger, self.clock, self.arrived.append, around or no_limit()
        )

    def settle(self) -> None:
        for _ in range(STEPS_MAX):
            if not self.sync.step():
                return
        raise AssertionError("it never rests")

    def poll(self) -> None:
        """Look again, after the interval and every back-off."""
        self.clock.move(61.0)
        self.settle()

    def begun(self, entry: LedgerEntry) -> LedgerEntry:
        return self.ledger.begin(entry, COUNTERS, 33)

    def print(self, command_id: str) -> None:
        entry = self.begun(self.ledger.entry(command_id))
        result = RECEIPT_RESULT if entry.kind == "print_receipt" else REPORT_RESULT
        self.ledger.finish(entry, result, 40)

    def names(self, command_id: str) -> list[str]:
        return [event.name for event in self.ledger.history(command_id)]

    def close(self) -> None:
        self.sync.close()
        self.ledger.close()


@contextmanager
def an_agent(
    home: Path, url: str, secret: str, *device_ids: str, agent_id: str = "", lacks: Lacks = ()
) -> Iterator[Agent]:
    """An agent; by default its id is its first device's, so that events of tests do not meet."""
    name = agent_id or device_ids[0]
    settings = settings_of(home, url, *device_ids, agent_id=name)
    client = client_of(url, secret, lacks=lacks, limits=False)
    agent = Agent(home / f"{name}.sqlite3", settings, client)
    try:
        yield agent
    finally:
        agent.close()


def submit(world: World, device_id: str, kind: Any, payload: Any = None) -> str:
    """Queue whatever it is, past the cloud's own checks; return its id."""
    body = {"deviceId": device_id, "type": kind, "payload": payload}
    skip = {"X-Sandbox-Skip-Validation": "1"}
    made = world.shop.post("/api/v1/commands", json=body, headers=skip)
    assert made.status_code == 201, made.text
    return str(made.json()["id"])


def told(world: World, command_id: str) -> dict[str, Any]:
    """What the cloud knows of a command."""
    record: dict[str, Any] = world.shop.get(f"/api/v1/commands/{command_id}").json()
    return record


def fault(world: World, action: str, path_prefix: str, method: str, times: int = 1) -> None:
    order = {"action": action, "path_prefix": path_prefix, "method": method, "times": times}
    made = world.shop.post("/sandbox/faults", json=order)
    assert made.status_code == 201, made.text


def raw_command(**changes: Any) -> dict[str, Any]:
    """An entry of the cloud's list as it comes out of the client."""
    return {
        "id": "cmd_1",
        "deviceId": "dev_1",
        "type": "print_receipt",
        "payload": {
            "items": [{"name": "Pâine", "quantity": 2, "price": 3, "vatRate": 11}],
            "payments": [{"type": "cash", "amount": 6}],
        },
        "createdAt": "2026-04-02T09:00:00.000Z",
    } | changes


def changed(where: tuple[str | int, ...], value: Any, raw: Any = None) -> Any:
    """A good command with one thing changed or, if MISSING, taken away.

    Raises:
        KeyError, IndexError, TypeError: there is no such place.
    """
    raw = copy.deepcopy(raw or raw_command())
    place: Any = raw
    for part in where[:-1]:
        place = place[part]
    if not isinstance(place, list if isinstance(where[-1], int) else dict):
        raise TypeError(place)
    if value is MISSING:
        del place[where[-1]]
    else:
        place[where[-1]] = value
    return raw


def shown_by(error: BaseException) -> str:
    """Everything an exception and its causes show of themselves."""
    chain: list[BaseException] = []
    seen: BaseException | None = error
    while seen is not None:
        chain.append(seen)
        seen = seen.__cause__ or seen.__context__
    return " ".join(f"{link!s} {link!r} {link.args!r}" for link in chain)
