"""A shop on one machine: virtual cloud, virtual AMEF and the real agent, as separate processes.

    virtual cloud  <--HTTP-->  amef run  <--pseudo-terminal-->  virtual AMEF
         ^                                                         |
    Stage.queue()                             Stage.documents() <--'  paper.jsonl

The demo plays on it for people, the process tests for themselves. Nothing in between is faked.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

LOOK_S = 0.05
STOP_S_MAX = 10.0
FINAL = ("completed", "failed", "timeout", "cancelled")
AMEF = str(Path(sys.executable).with_name("amef"))


class Stage:
    """Use it as a context manager; everything it started ends with it."""

    def __init__(
        self,
        home: Path,
        *,
        cloud: tuple[str, ...] = (),
        printer: tuple[str, ...] = (),
        poll_interval_s: float = 0.2,
    ) -> None:
        self.home = home
        self.paper = home / "paper.jsonl"
        self.printer_state = home / "printer.state"
        self.config = home / "config.toml"
        self.state_dir = home / "state"
        self.port = home / "port"  # like a by-id name: it stays when the pseudo-terminal changes
        self._cloud_options = cloud
        self._printer_options = printer
        self._poll_interval_s = poll_interval_s
        self._stack = ExitStack()
        self._agents = ExitStack()

    def __enter__(self) -> Self:
        self.home.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            database = str(self.home / "cloud.sqlite3")
            _, self.cloud = self._sandbox(
                stack, "cloud", "--port", "0", "--db", database, *self._cloud_options
            )
            self.printer_process = self.start_printer(stack)
            headers = {"x-api-key": self.cloud["api_key"]}
            client = httpx.Client(base_url=self.cloud["url"], headers=headers, trust_env=False)
            self.shop = stack.enter_context(client)
            self.device_id = self._register()
            self.configure()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._stack:
            self._agents.close()  # first: nobody is at work when the printers go

    # the parts

    def start_printer(
        self, stack: ExitStack | None = None, *, options: tuple[str, ...] | None = None
    ) -> "subprocess.Popen[Any]":
        """Start the virtual AMEF; its memory is in the state file. `options`: others this time."""
        process, ready = self._sandbox(
            stack or self._stack,
            *("printer", "--family", "datecs_x", "--paper", str(self.paper)),
            *("--state", str(self.printer_state)),
            *(self._printer_options if options is None else options),
        )
        self.port.unlink(missing_ok=True)
        self.port.symlink_to(ready["address"])
        return process

    def start_agent(self, *options: str) -> "subprocess.Popen[Any]":
        """Start `amef run`; it writes to agent.log."""
        with (self.home / "agent.log").open("a") as log:
            agent = subprocess.Popen(
                [AMEF, "run", "--config", str(self.config), *options], stderr=log
            )
        self._agents.callback(stop, agent)
        return agent

    def configure(self, **device: object) -> None:
        """Write the key and the configuration as an installer would; `device` adds keys."""
        key = self.home / "api-key"
        key.touch(mode=0o600)
        key.write_text(self.cloud["agent_key"])
        table = {
            "id": self.device_id,
            "family": "datecs_x",
            "transport": "serial",
            "address": str(self.port.absolute()),
            "baud": 115200,
        } | device
        rows = "\n".join(f"{name} = {json.dumps(value)}" for name, value in table.items())
        self.config.write_text(
            f"""[agent]
id = "demo"
state_dir = "{self.state_dir.resolve()}"
timezone = "{machine_timezone()}"

[cloud]
profile = "ebon"
base_url = "{self.cloud["url"]}"
api_key_file = "{key.resolve()}"
poll_interval_s = {self._poll_interval_s}

[[device]]
{rows}
"""
        )

    # the shop's side

    def queue(self, kind: str, payload: Any = None, *, unchecked: bool = False) -> str:
        """Queue a command; `unchecked` passes by the cloud's own checks."""
        body = {"deviceId": self.device_id, "type": kind, "payload": payload}
        headers = {"X-Sandbox-Skip-Validation": "1"} if unchecked else {}
        answer = self.shop.post("/api/v1/commands", json=body, headers=headers)
        return str(answer.raise_for_status().json()["id"])

    def record(self, command_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.shop.get(f"/api/v1/commands/{command_id}").json()
        return found

    def results(self, ids: list[str], wait_s_max: float = 20.0) -> list[dict[str, Any]]:
        """Wait until the cloud knows the end of every command, or the time is over."""
        deadline_s = time.monotonic() + wait_s_max
        records = [self.record(id_) for id_ in ids]
        while time.monotonic() < deadline_s and any(r["status"] not in FINAL for r in records):
            time.sleep(LOOK_S)
            records = [self.record(id_) for id_ in ids]
        return records

    def wait_device(
        self, wanted: Callable[[dict[str, Any]], object], wait_s_max: float = 20.0
    ) -> dict[str, Any]:
        """Wait until the cloud's view of the device is as wanted, or the time is over."""
        deadline_s = time.monotonic() + wait_s_max
        path = f"/api/v1/devices/{self.device_id}"
        device: dict[str, Any] = self.shop.get(path).json()
        while not wanted(device) and time.monotonic() < deadline_s:
            time.sleep(LOOK_S)
            device = self.shop.get(path).json()
        return device

    def documents(self, kind: str = "") -> list[dict[str, Any]]:
        """Return what came out on paper, oldest first."""
        lines = self.paper.read_text().splitlines() if self.paper.exists() else []
        documents = [json.loads(line) for line in lines]
        return [document for document in documents if kind in ("", document["kind"])]

    # the pieces

    def _register(self) -> str:
        body = {
            "name": "Casa 1",
            "protocol": "datecs_extended",
            "transport": "serial",
            "connectionParams": {"address": str(self.port.absolute())},
        }
        answer = self.shop.post("/api/v1/devices", json=body).raise_for_status()
        return str(answer.json()["id"])

    def _sandbox(
        self, stack: ExitStack, *arguments: str
    ) -> "tuple[subprocess.Popen[Any], dict[str, str]]":
        """Start a part of the sandbox and read the line it prints when it is ready."""
        command = [sys.executable, "-m", "sandbox", *arguments]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        stack.callback(stop, process)
        assert process.stdout is not None
        stack.callback(process.stdout.close)
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(arguments)}: did not start")
        ready: dict[str, str] = json.loads(line)
        if (address := ready.get("address", "")).startswith("/dev/"):
            # An open end keeps the number of a pseudo-terminal: were the printer to die and
            # another test to get it, our agent would look again and drive a stranger's printer.
            stack.callback(os.close, os.open(address, os.O_RDWR | os.O_NOCTTY))
        return process, ready


def machine_timezone() -> str:
    """The zone this machine is set to: the virtual printer shows its local time."""
    if zone := os.environ.get("TZ"):
        return zone
    _, found, zone = str(Path("/etc/localtime").resolve()).partition("zoneinfo/")
    return zone if found else "UTC"


def stop(process: "subprocess.Popen[Any]") -> None:
    """End a process gracefully, then not."""
    process.terminate()
    try:
        process.wait(STOP_S_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
