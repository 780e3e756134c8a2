"""The cloud on a loopback port: in the foreground for `main`, or in a thread for a test.

with running_cloud(tmp_path / "cloud.db", clock=clock) as cloud:
    httpx.get(cloud.url + "/api/v1/devices", headers={"x-api-key": cloud.api_key})
"""

import asyncio
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from sandbox.cloud import key_desk
from sandbox.cloud.app import build_app
from sandbox.cloud.clock import Clock, utc_now
from sandbox.cloud.dialect import Offers
from sandbox.cloud.dialects import DIALECTS
from sandbox.cloud.keys import LIVE, ORG_ID, KeyOrder
from sandbox.cloud.request import Cloud
from sandbox.cloud.store import Store
from sandbox.cloud.waiting import Bell

HOST = "127.0.0.1"
START_S_MAX = 20
STOP_S_MAX = 2


@dataclass(frozen=True, slots=True)
class Settings:
    db: Path
    port: int = 0
    profile: str = "ebon"
    environment: str = LIVE
    tier: str = "enterprise"
    timeout_s: int = 180
    rate_limits: bool = False
    faults: bool = False
    offers: Offers = Offers()  # noqa: RUF009 - a frozen value
    clock: Clock = utc_now


@dataclass(frozen=True, slots=True)
class Running:
    """Where the cloud is and the keys this start has minted."""

    url: str
    api_key: str
    agent_key: str
    portal_key: str


class Server(uvicorn.Server):
    """uvicorn, telling when it accepts connections, and when it is about to end."""

    def __init__(
        self, config: uvicorn.Config, on_ready: Callable[[], None], on_end: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._on_ready = on_ready
        self._on_end = on_end

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_end()  # uvicorn lets requests finish first: whoever waits must stop waiting
        await super().shutdown(sockets=sockets)


class CloudServer:
    """One server over one database file; `serve` blocks until `stop` or a signal."""

    def __init__(self, settings: Settings, on_ready: Callable[[Running], None]) -> None:
        self._socket = _bound_socket(settings.port)
        with ExitStack() as stack:
            stack.callback(self._socket.close)
            self._store = Store(str(settings.db))
            stack.pop_all()
        cloud = _cloud(settings, self._store)
        url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        running = _running(cloud, url, settings.environment)
        app = build_app(
            cloud,
            portal_key=running.portal_key,
            rate_limits=settings.rate_limits,
            faults=settings.faults,
        )
        config = uvicorn.Config(
            app,
            http="h11",
            ws="none",
            loop="asyncio",
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            timeout_graceful_shutdown=STOP_S_MAX,
        )
        self._server = Server(config, lambda: on_ready(running), cloud.bell.close)

    def serve(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        finally:
            self._socket.close()
            self._store.close()

    def stop(self) -> None:
        self._server.should_exit = True


def _cloud(settings: Settings, store: Store) -> Cloud:
    dialect = DIALECTS[settings.profile]
    return Cloud(
        store=store,
        clock=settings.clock,
        dialect=dialect,
        tier=dialect.tiers[settings.tier],
        org_id=ORG_ID,
        timeout_s=settings.timeout_s,
        offers=settings.offers,
        bell=Bell(),
    )


def _running(cloud: Cloud, url: str, environment: str) -> Running:
    dialect = cloud.dialect
    _, api_key = key_desk.issue(
        cloud,
        KeyOrder("Sandbox start: shop", dialect.key_kinds[0], environment, dialect.shop_scopes),
    )
    _, agent_key = key_desk.issue(
        cloud,
        KeyOrder("Sandbox start: agent", dialect.key_kinds[0], environment, dialect.agent_scopes),
    )
    return Running(url, api_key, agent_key, f"portal_{secrets.token_hex(16)}")


def _bound_socket(port: int) -> socket.socket:
    """Bound, not yet listening. Named TCP, because else asyncio leaves Nagle's 40 ms on."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((HOST, port))
    except OSError:
        bound.close()
        raise
    return bound


@contextmanager
def running_cloud(db: Path, **settings: Any) -> Iterator[Running]:
    """A cloud in a thread of this process, over real HTTP, until the block ends."""
    ready = threading.Event()
    found: list[Running] = []

    def on_ready(running: Running) -> None:
        found.append(running)
        ready.set()

    server = CloudServer(Settings(db, **settings), on_ready)
    thread = threading.Thread(target=server.serve, name="virtual-cloud", daemon=True)
    thread.start()
    try:
        if not ready.wait(START_S_MAX):
            raise TimeoutError("the virtual cloud did not start")
        yield found[0]
    finally:
        server.stop()
        thread.join()
