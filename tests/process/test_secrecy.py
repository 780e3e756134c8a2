"""The key is nowhere: the real agent at DEBUG under a cloud that says the key back in every answer.

    amef run --log-level DEBUG  <--HTTP-->  a cloud that echoes the key, cuts, redirects, hangs

Everything the agent wrote and everything `amef` shows afterwards is searched: stdout, stderr with
every traceback and stack dump, status.json, the ledger's files byte for byte, the list of
processes, and the request lines the cloud got. Only the key's own file may hold it.
"""

import base64
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from agent.cli import app, main
from sandbox.stage import AMEF

TAIL = "5ec2e7f09b1d4a863c7e0f9a2b8d6154"
EBON, SBS, ELEBNE = f"ebon_live_org_demo_{TAIL}", f"sak_{TAIL}", f"sk_live_{TAIL}"
SHOWN_MIN = 12  # so much of the key is told of nobody
LOOK_S, LOOKS_MAX = 0.02, 1000
WAIT_S_MAX = 20.0
CRASH = (  # what a bug in the HTTP library would be: an exception that quotes the headers
    "import httpx, sys\n"
    "def broken(self, request, **more):\n"
    "    raise RuntimeError(f'{request.method} {dict(request.headers)}')\n"
    "httpx.Client.send = broken\n"
    "from agent.cli import main\n"
    "main()\n"
)


class EchoingCloud:
    """Says the same to everything, and the key with it; remembers the request lines."""

    def __init__(self, say: Callable[[str, str], tuple[int, bytes, dict[str, str]]]) -> None:
        self.request_lines: list[str] = []
        self.asked = threading.Event()
        self.over = threading.Event()
        cloud = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length", 0)))
                cloud.request_lines.append(self.requestline)
                cloud.asked.set()
                status, body, headers = say(self.command, self.path)
                if status == 0:  # not before it is over: the request is in flight
                    cloud.over.wait(WAIT_S_MAX)
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in ({"Content-Length": str(len(body))} | headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET  # noqa: N815 - the name is the library's

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(LOOK_S,))
        self._thread.start()

    def close(self) -> None:
        self.over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class Shop:
    """One agent under one such cloud."""

    def __init__(self, home: Path, cloud: EchoingCloud, profile: str, secret: str, scheme: str):
        self.home, self.cloud, self.secret = home, cloud, secret
        self.state_dir = home / "state"
        self.key, self.config = home / "api-key", home / "config.toml"
        home.mkdir()
        self.key.touch(mode=0o600)
        self.key.write_text(secret)
        self.config.write_text(
            f'[agent]\nid = "shop"\nstate_dir = "{self.state_dir}"\n'
            f'[cloud]\nprofile = "{profile}"\nbase_url = "{scheme}://127.0.0.1:{cloud.port}"\n'
            f'api_key_file = "{self.key}"\npoll_interval_s = 0.1\n'
            f'[[device]]\nid = "dev_1"\nfamily = "datecs_x"\naddress = "{home / "no-port"}"\n'
        )

    def start(self, *program: str, **environ: str) -> None:
        arguments = ("run", "--config", str(self.config), "--log-level", "DEBUG")
        with (self.home / "stdout").open("wb") as out, (self.home / "stderr").open("wb") as err:
            self.agent = subprocess.Popen(
                [*(program or (AMEF,)), *arguments],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                env={"PATH": os.environ["PATH"], "PYTHONFAULTHANDLER": "1", **environ},
            )

    def wait_until(self, so: Callable[[], object]) -> None:
        for _ in range(LOOKS_MAX):
            if so():
                return
            with suppress(subprocess.TimeoutExpired):
                self.agent.wait(LOOK_S)
        pytest.fail(f"it never came to that: {self.stderr()[-2000:]}")

    def stderr(self) -> str:
        return (self.home / "stderr").read_text("utf-8", "replace")

    def sentence(self) -> str:
        """What status.json says of the cloud; "" before there is a word."""
        try:
            said = json.loads((self.state_dir / "status.json").read_text())
        except (OSError, ValueError):
            return ""
        found = str(said["loops"].get("cloud", ""))
        return "" if found == "starting" else found

    def process(self) -> bytes:
        """What everybody sees of the process, and what its user does of a key in a file."""
        folder = Path(f"/proc/{self.agent.pid}")
        return b"".join((folder / name).read_bytes() for name in ("cmdline", "environ", "comm"))

    def shown(self) -> Iterator[tuple[str, bytes]]:
        """Everything that was written, and everything the command shows of it."""
        for path in self.home.rglob("*"):
            if path.is_file() and path != self.key:
                yield str(path), path.read_bytes()
        yield "request lines", "\n".join(self.cloud.request_lines).encode()
        for words in (("status", "--json"), ("ledger", "list"), ("ledger", "check")):
            yield "amef " + " ".join(words), self.amef(*words)
        yield "amef ledger show cmd_1", self.amef("ledger", "show", "cmd_1")

    def amef(self, *words: str) -> bytes:
        done = CliRunner().invoke(app, [*words, "--config", str(self.config)])
        return f"{done.output}{done.stderr}".encode()

    def stop(self) -> None:
        self.agent.terminate()
        try:
            self.agent.wait(WAIT_S_MAX)
        finally:
            self.agent.kill()
            self.agent.wait()


def holding(places: Iterator[tuple[str, bytes]], secret: str) -> list[str]:
    """Name the places that hold the key, a good part of it, or another spelling of it."""
    parts = [TAIL[at : at + SHOWN_MIN] for at in range(0, len(TAIL) - SHOWN_MIN, 4)]
    spelled = [base64.b64encode(secret.encode())[:20].decode(), secret.encode().hex()[:40]]
    return [
        f"{place}: ...{text[max(0, text.find(part.encode()) - 80) :][:160]!r}"
        for place, text in places
        for part in (*parts, *spelled)
        if part.encode() in text
    ]


Say = Callable[[str, str], tuple[int, bytes, dict[str, str]]]


def always(status: int, body: bytes, **headers: str) -> Say:
    return lambda *_: (status, body, {name.replace("_", "-"): v for name, v in headers.items()})


def error(code: str, secret: str = EBON) -> bytes:
    sentence = f"not for {secret}, nor for Bearer {secret}"
    return json.dumps({"error": {"code": code, "message": sentence}, "key": secret}).encode()


def claims_are_lost(method: str, path: str) -> tuple[int, bytes, dict[str, str]]:
    """A command for our device, and every word about it refused with the key in the refusal."""
    if method == "POST":
        return 409, error("CONFLICT"), {}
    entry: dict[str, Any] = {"id": "cmd_1", "deviceId": "dev_1", "type": "x_report"}
    now = datetime.now(UTC).isoformat(timespec="milliseconds")  # else it ran out before we ask
    entry |= {"payload": None, "createdAt": now.replace("+00:00", "Z"), "status": "pending"}
    return 200, json.dumps({"commands": [entry]}).encode(), {}


# What the cloud says; under which profile and key.
ANSWERS: dict[str, tuple[Say, str, str]] = {
    "401": (always(401, error("UNAUTHORIZED")), "ebon", EBON),
    "403": (always(403, error("FORBIDDEN")), "ebon", EBON),
    "429": (
        always(429, f'{{"code": "RATE", "message": "{EBON}"}}'.encode(), Retry_After="1"),
        "ebon",
        EBON,
    ),
    "500": (always(500, EBON.encode()), "ebon", EBON),
    "garbage": (always(200, b"\x00\xff" + EBON.encode() + b"\xfe"), "ebon", EBON),
    "web page": (always(200, f"<html><title>{EBON}</title>".encode()), "ebon", EBON),
    "redirect": (
        always(302, b"", Location=f"http://127.0.0.1:1/?key={EBON}", Set_Cookie=f"key={EBON}"),
        "ebon",
        EBON,
    ),
    "cut": (
        always(200, b'{"commands": [', Content_Length="1000", Connection="close"),
        "ebon",
        EBON,
    ),
    "lost claims": (claims_are_lost, "ebon", EBON),
    "other header": (
        always(200, f'{{"errors": [{{"message": "{SBS}"}}], "data": null}}'.encode()),
        "sbs",
        SBS,
    ),
    "other envelope": (
        always(403, error("IP_NOT_ALLOWED", ELEBNE)),
        "elebne",
        ELEBNE,
    ),
}


@pytest.fixture(scope="module")
def shops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Shop]]:
    """All agents side by side, each running already."""
    home = tmp_path_factory.mktemp("shops")
    with ExitStack() as stack:
        found = {}
        for number, (name, (say, profile, secret)) in enumerate(ANSWERS.items()):
            cloud = EchoingCloud(say)
            stack.callback(cloud.close)
            found[name] = shop = Shop(home / str(number), cloud, profile, secret, "http")
            shop.start()
            stack.callback(shop.stop)
        yield found
        for shop in found.values():  # all at once
            shop.agent.terminate()


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[EchoingCloud]:
    """A cloud that takes a request and says nothing: the request is in flight."""
    cloud = EchoingCloud(lambda *_: (0, b"", {}))
    yield cloud
    cloud.close()


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_whatever_the_cloud_says_the_key_is_written_nowhere(
    shops: dict[str, Shop], name: str
) -> None:
    shop = shops[name]
    shop.wait_until(lambda: shop.cloud.asked.is_set() and shop.sentence())
    assert TAIL.encode() not in shop.process()
    assert not holding(shop.shown(), shop.secret)
    assert " DEBUG " in shop.stderr()
    assert (shop.state_dir / "ledger.sqlite3").exists()


def test_what_was_refused_with_the_key_in_it_is_in_the_ledger_without_it(
    shops: dict[str, Shop],
) -> None:
    shop = shops["lost claims"]
    shop.wait_until(lambda: any("claim" in line for line in shop.cloud.request_lines))
    shop.wait_until(lambda: b"rejected" in shop.amef("ledger", "show", "cmd_1"))
    assert not holding(shop.shown(), shop.secret)


def test_a_failed_handshake_shows_no_key(tmp_path: Path) -> None:
    cloud = EchoingCloud(always(200, b""))
    try:
        shop = Shop(tmp_path / "shop", cloud, "ebon", EBON, "https")
        shop.start()
        shop.wait_until(shop.sentence)
        assert not holding(shop.shown(), EBON)
        shop.stop()
    finally:
        cloud.close()


def test_an_abort_with_a_request_in_flight_dumps_stacks_and_no_key(
    tmp_path: Path, silent: EchoingCloud
) -> None:
    shop = Shop(tmp_path / "shop", silent, "ebon", EBON, "http")
    shop.start()
    shop.wait_until(silent.asked.is_set)
    shop.agent.send_signal(signal.SIGABRT)
    # Threads go on while their stacks are written: now and then the writing itself ends in SEGV.
    assert shop.agent.wait(WAIT_S_MAX) in (-signal.SIGABRT, -signal.SIGSEGV)
    assert "Fatal Python error: Aborted" in shop.stderr()
    assert not holding(shop.shown(), EBON)


@pytest.mark.parametrize(("profile", "secret"), [("ebon", EBON), ("sbs", SBS), ("elebne", ELEBNE)])
def test_a_crash_that_quotes_the_headers_is_logged_without_the_key(
    tmp_path: Path, silent: EchoingCloud, profile: str, secret: str
) -> None:
    shop = Shop(tmp_path / "shop", silent, profile, secret, "http")
    shop.start(sys.executable, "-c", CRASH)
    assert shop.agent.wait(WAIT_S_MAX) not in (0, 78)
    assert "RuntimeError: " in shop.stderr()
    assert "***" in shop.stderr()
    assert not holding(shop.shown(), secret)


def test_a_key_from_the_environment_is_in_no_output_either(
    tmp_path: Path, silent: EchoingCloud
) -> None:
    shop = Shop(tmp_path / "shop", silent, "ebon", EBON, "http")
    shop.key.unlink()
    shop.start(AMEF_API_KEY=EBON)
    shop.wait_until(silent.asked.is_set)
    assert EBON.encode() not in Path(f"/proc/{shop.agent.pid}/cmdline").read_bytes()
    silent.over.set()
    shop.stop()
    assert not holding(shop.shown(), EBON)


@pytest.mark.parametrize(
    "line",
    [
        f'api_key = "{EBON}"',
        f'api_key_file = "{EBON}"',
        f'api_key_file = "/etc/{EBON}"',
        f'api_key_file = ["{EBON}"]',
        f'api_key_file = "{EBON}',
        f'profile = "{EBON}"',
        f"{EBON} = 1",
    ],
)
@pytest.mark.parametrize("words", [("key", "check"), ("key", "rotate")])
def test_a_key_in_the_configuration_is_not_shown_by_the_error(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    line: str,
    words: tuple[str, str],
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(
        f'[agent]\nid = "shop"\nstate_dir = "{tmp_path / "state"}"\n[cloud]\n{line}\n'
        '[[device]]\nid = "dev_1"\nfamily = "datecs_x"\naddress = "/dev/ttyUSB0"\n'
    )
    monkeypatch.setattr(sys, "argv", ["amef", *words, "--config", str(config)])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 78
    said = "".join(capsys.readouterr()).encode()
    assert not holding(iter([("what it said", said)]), EBON)
