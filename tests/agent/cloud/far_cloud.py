"""A server on loopback that does what its script says, once per request, down to the single byte.

    with far_cloud(said(200, b"{}"), reset_after(b"HTTP/1.1 2")) as cloud:
        client_of(cloud).send("list")              cloud.heard[0] is what it was asked

A step is the bytes to answer with, or a function that does as it likes with the connection, which
then ends. After the script it hangs up. With `tls` it speaks TLS; with `tunnel` it is a proxy that
lets a CONNECT through, and is itself the cloud at the other end.
"""

import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme

from agent.cloud.answers import CloudError
from agent.cloud.client import CloudClient
from agent.cloud.keys import ApiKey, KeyRing
from config.settings import NetworkSettings, profiles

SECRET = "ebon_live_org_demo_shop_" + "0123456789abcdef" * 2
OTHER_SECRET = "ebon_live_org_demo_shop_" + "fedcba9876543210" * 2
WAIT_S_MAX = 10.0
REQUEST_BYTES_MAX = 1 << 24
DRIP_S = 0.02
LATE_S = 0.4

Act = Callable[["FarCloud", socket.socket], None]
Step = bytes | Act


@dataclass(frozen=True)
class Heard:
    """One request, as it came."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


def said(status: int, body: bytes = b"", *headers: str) -> bytes:
    """An HTTP answer; the connection stays open."""
    head = [f"HTTP/1.1 {status} Said", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(head).encode() + body


def cut_after(some: bytes, *, reset: bool = False) -> Act:
    """Say this much, and end the connection, in good order or not."""

    def act(_cloud: "FarCloud", connection: socket.socket) -> None:
        connection.sendall(some)
        if reset:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    return act


def silent_after(some: bytes) -> Act:
    """Say this much, and hold the connection without another word."""

    def act(cloud: "FarCloud", connection: socket.socket) -> None:
        connection.sendall(some)
        cloud.over.wait(WAIT_S_MAX)

    return act


def late(answer: bytes) -> Act:
    """Answer after a while."""

    def act(cloud: "FarCloud", connection: socket.socket) -> None:
        cloud.over.wait(LATE_S)
        connection.sendall(answer)

    return act


def dripping(first: bytes, drop: bytes) -> Act:
    """Say `first`, then a drop every now and then, as long as anybody listens."""

    def act(cloud: "FarCloud", connection: socket.socket) -> None:
        connection.sendall(first)
        while not cloud.over.wait(DRIP_S):
            connection.sendall(drop)

    return act


class FarCloud:
    """The server; `heard` is what it was asked, in order."""

    def __init__(
        self,
        script: tuple[Step, ...],
        host: str,
        tls: ssl.SSLContext | None,
        tunnel: ssl.SSLContext | None,
    ) -> None:
        self.heard: list[Heard] = []
        self.over = threading.Event()
        self._script = list(script)
        self._tls, self._tunnel = tls, tunnel
        is_v6 = ":" in host
        self._listener = socket.create_server(
            (host, 0), family=socket.AF_INET6 if is_v6 else socket.AF_INET
        )
        self.port: int = self._listener.getsockname()[1]
        self.host = f"[{host}]" if is_v6 else host
        self.url = f"{'https' if tls else 'http'}://{self.host}:{self.port}"
        self._threads = [threading.Thread(target=self.run)]
        self._threads[0].start()

    def run(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            if self.over.is_set():
                connection.close()
                return
            self._threads.append(threading.Thread(target=self._serve, args=(connection,)))
            self._threads[-1].start()

    def _serve(self, connection: socket.socket) -> None:
        connection.settimeout(WAIT_S_MAX)
        with suppress(OSError):  # whoever asked has heard enough
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            while (heard := _request(connection)) is not None:
                self.heard.append(heard)
                if heard.method == "CONNECT" and self._tunnel:
                    connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
                    connection = self._tunnel.wrap_socket(connection, server_side=True)
                    continue
                step = self._script.pop(0) if self._script else cut_after(b"")
                if not isinstance(step, bytes):
                    step(self, connection)
                    break
                connection.sendall(step)
        connection.close()

    def close(self) -> None:
        self.over.set()
        socket.create_connection(self._listener.getsockname()[:2]).close()
        for thread in self._threads:
            thread.join(WAIT_S_MAX)
        self._listener.close()


def _request(connection: socket.socket) -> Heard | None:
    got = b""
    for _ in range(REQUEST_BYTES_MAX):
        head, end, body = got.partition(b"\r\n\r\n")
        if end:
            first, *lines = head.decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value for name, _, value in (li.partition(": ") for li in lines)
            }
            if len(body) >= int(headers.get("content-length", 0)):
                method, target, _ = first.split(" ")
                return Heard(method, target, headers, body)
        if not (more := connection.recv(65536)):
            return None
        got += more
    return None


@contextmanager
def far_cloud(
    *script: Step,
    host: str = "127.0.0.1",
    tls: ssl.SSLContext | None = None,
    tunnel: ssl.SSLContext | None = None,
) -> Iterator[FarCloud]:
    cloud = FarCloud(script, host, tls, tunnel)
    try:
        yield cloud
    finally:
        cloud.close()


def client_of(
    cloud: FarCloud | str, profile: str = "ebon", *secrets: str, **network: Any
) -> CloudClient:
    """A client; the second secret is the key to fall back on."""
    keys = [ApiKey(text, "a test", "org_demo_shop", live=True) for text in secrets or (SECRET,)]
    ring = KeyRing(keys[0], fall_back=keys[1] if len(keys) > 1 else None)
    url = cloud if isinstance(cloud, str) else cloud.url
    return CloudClient(
        profiles()[profile], url, ring, "magazin-1", network=NetworkSettings(**network)
    )


class Authority:
    """A throw-away CA, its file, and servers' certificates from it."""

    def __init__(self, folder: Path) -> None:
        self._ca = trustme.CA()
        self.file = folder / "ca.pem"
        self._ca.cert_pem.write_to_path(self.file)

    def server(self, *names: str, **validity: Any) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._ca.issue_cert(*(names or ("127.0.0.1",)), **validity).configure_cert(context)
        return context


PARTS = {"command_id": "cmd_1", "device_id": "dev_1", "agent_id": "a", "kind": "z", "limit": "9"}


def error_of(client: CloudClient, call: str = "list") -> CloudError:
    """What a call ends with; the key must not be in it."""
    with pytest.raises(CloudError) as caught:
        client.send(call, parts=PARTS)
    client.close()
    assert SECRET not in shown_by(caught.value)
    return caught.value


def error_from(*script: Step, profile: str = "ebon", call: str = "list") -> CloudError:
    """What the client makes of a bad answer."""
    with far_cloud(*script) as cloud:
        return error_of(client_of(cloud, profile), call)


def refusal(code: object, message: object = "no") -> bytes:
    return json.dumps({"error": {"code": code, "message": message}}).encode()


def shown_by(error: BaseException) -> str:
    """Everything an exception and its causes show of themselves."""
    chain: list[BaseException] = []
    seen: BaseException | None = error
    while seen is not None:
        chain.append(seen)
        seen = seen.__cause__ or seen.__context__
    return " ".join(f"{link!s} {link!r} {link.args!r}" for link in chain)
