"""The cloud on a loopback port: in the foreground for `main`, or in a thread for a test.

with running_cloud(tmp_path / "cloud.db", clock=clock) as cloud:
    httpx.get(cloud.url + "/api/v1/devices", headers={"x-api-key": cloud.api_key})
"""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from sandbox.cloud.app import build_app
from sandbox.cloud.clock import Clock, iso, utc_now
from sandbox.cloud.keys import ORG_ID
from sandbox.cloud.request import Cloud
from sandbox.cloud.routes_keys import create_key
from sandbox.cloud.store import Store

HOST = "127.0.0.1"
START_S_MAX = 20
STOP_S_MAX = 2
AGENT_SCOPES = ["devices", "commands"]


@dataclass(frozen=True, slots=True)
class Settings:
    db: Path
    port: int = 0
    timeout_s: int = 180
    rate_limits: bool = False
    faults: bool = False
    clock: Clock = utc_now


@dataclass(frozen=True, slots=True)
class Running:
    """Where the cloud is and the pair of keys this start has minted."""

    url: str
    api_key: str
    agent_key: str


class Server(uvicorn.Server):
    """uvicorn, telling when it accepts connections."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started:
            self._on_ready()


class CloudServer:
    """One server over one database file; `serve` blocks until `stop` or a signal."""

    def __init__(self, settings: Settings, on_ready: Callable[[Running], None]) -> None:
        self._socket = _bound_socket(settings.port)
        self._store = Store(str(settings.db))
        now = iso(settings.clock())
        _, api_key = create_key(self._store, "Sandbox start: everything", ["all"], now)
        _, agent_key = create_key(self._store, "Sandbox start: agent", AGENT_SCOPES, now)
        url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        running = Running(url, api_key, agent_key)
        cloud = Cloud(self._store, settings.clock, settings.timeout_s, ORG_ID)
        app = build_app(cloud, rate_limits=settings.rate_limits, faults=settings.faults)
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
        self._server = Server(config, lambda: on_ready(running))

    def serve(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._socket]))
        finally:
            self._socket.close()
            self._store.close()

    def stop(self) -> None:
        self._server.should_exit = True


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
def running_cloud(
    db: Path,
    *,
    clock: Clock = utc_now,
    timeout_s: int = 180,
    rate_limits: bool = False,
    faults: bool = False,
) -> Iterator[Running]:
    """A cloud in a thread of this process, over real HTTP, until the block ends."""
    settings = Settings(
        db, timeout_s=timeout_s, rate_limits=rate_limits, faults=faults, clock=clock
    )
    ready = threading.Event()
    found: list[Running] = []

    def on_ready(running: Running) -> None:
        found.append(running)
        ready.set()

    server = CloudServer(settings, on_ready)
    thread = threading.Thread(target=server.serve, name="virtual-cloud", daemon=True)
    thread.start()
    try:
        if not ready.wait(START_S_MAX):
            raise TimeoutError("the virtual cloud did not start")
        yield found[0]
    finally:
        server.stop()
        thread.join()
