"""Imports go one way, and every foreign library has one door.

agent  --->  drivers  --->  protocol        sandbox and tests may know all; nobody knows them
  +--> config <-+
"""

import ast
import sys
from collections.abc import Iterator

import pytest

from tests.tidy.tree import (
    SHIPPED,
    Module,
    called,
    imports,
    offences,
    report,
    snippet,
    under,
)

OURS = {*SHIPPED, "sandbox", "tests"}
MAY_IMPORT = {
    "agent": {"agent", "drivers", "config"},
    "drivers": {"drivers", "protocol", "config"},
    "protocol": {"protocol"},
    "config": {"config"},
    "sandbox": OURS - {"tests"},
}

# What cannot do I/O, know the time, start a thread or write a log.
PURE = {
    "__future__",
    "abc",
    "binascii",
    "collections",
    "contextlib",
    "dataclasses",
    "enum",
    "functools",
}
PURE |= {
    "itertools",
    "operator",
    "re",
    "string",
    "struct",
    "textwrap",
    "types",
    "typing",
    "unicodedata",
}
IMPURE_CALLS = {"open", "print", "input", "exec", "eval"}
CLOCK_CALLS = {"now", "today", "utcnow"}  # of datetime and date

BORDER = (  # strangers' data comes in
    "config/",
    "agent/payloads.py",
    "agent/payload_fields.py",
    "agent/archive/payloads.py",
    "agent/cloud/payloads.py",
    "agent/cloud/fields.py",
)
DOORS = {
    "serial": ("drivers/serial_transport.py",),
    "usb": ("drivers/usb_transport.py",),
    "socket": ("drivers/tcp_transport.py", "agent/health.py"),  # health tells systemd
    "httpx": ("agent/cloud/client.py",),
    "sqlite3": ("agent/ledger_file.py", "agent/ledger_check.py", "agent/ledger_salvage.py"),
    "apscheduler": ("agent/schedule.py",),
    "cryptography": ("agent/archive/signed/cms.py", "agent/archive/signed/chain.py"),
    "lxml": ("agent/archive/signed/schema.py",),
    "typer": ("agent/cli/",),
    "rich": ("agent/cli/output.py",),
    "time": ("drivers/clock.py",),
    "threading": ("agent/supervisor.py", "agent/loops.py", "agent/wake.py"),
    "pydantic": BORDER,
    "pydantic_core": BORDER,  # its errors
}


def wrong_way(module: Module) -> Iterator[str]:
    allowed = MAY_IMPORT[module.package]
    if module.path.startswith(
        ("sandbox/printer", "sandbox/fiscalnet")
    ):  # none may share our code for meaning
        allowed = {"sandbox"}
    for node, name in imports(module):
        target = name.split(".")[0]
        if target in OURS - allowed:
            yield module.at(
                node,
                f"imports {name}; {module.path} may know only {', '.join(sorted(allowed))}: "
                f"move the code to where it may, or hand the value in",
            )


def not_pure(module: Module) -> Iterator[str]:
    for node, name in imports(module):
        if name.split(".")[0] not in PURE | {"protocol"}:
            yield module.at(node, f"imports {name}; protocol/ is bytes only: let the caller do it")
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and called(node) in IMPURE_CALLS:
            yield module.at(node, f"calls {called(node)}(); protocol/ does no I/O: return a value")
        if isinstance(node, ast.AsyncFunctionDef | ast.Await):
            yield module.at(node, "is async; protocol/ waits for nothing: return an action")


def past_a_door(module: Module) -> Iterator[str]:
    for node, name in imports(module):
        library = name.split(".")[0]
        doors = DOORS.get(library)
        if doors and not under(module.path, *doors):
            yield module.at(
                node, f"imports {name}; its door is {', '.join(doors)}: ask there for what you need"
            )
        if not doors and library not in OURS | set(sys.stdlib_module_names):
            yield module.at(
                node, f"imports {name}, which has no door: name its one module in DOORS, or do not"
            )


def another_clock(module: Module) -> Iterator[str]:
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = ast.unparse(node.func.value).split(".")[-1]
            if owner in ("datetime", "date") and node.func.attr in CLOCK_CALLS:
                yield module.at(node, "reads the machine's clock; ask the Clock that is handed in")


def test_imports_go_one_way() -> None:
    found = offences(wrong_way, *SHIPPED, "sandbox")
    assert not found, report(found)


def test_the_virtual_printer_is_looked_at_though_it_is_no_package_of_its_own() -> None:
    assert offences(lambda module: iter([module.path]), "sandbox/printer")


def test_protocol_is_pure() -> None:
    found = offences(not_pure, "protocol")
    assert not found, report(found)


def test_every_library_has_one_door() -> None:
    found = offences(past_a_door, *SHIPPED)
    assert not found, report(found)


def test_time_comes_in_through_the_clock() -> None:
    found = offences(another_clock, *SHIPPED)
    assert not found, report(found)


@pytest.mark.parametrize(
    ("path", "bad"),
    [
        ("agent/worker.py", "from protocol.isl import encode_request"),
        ("agent/worker.py", "def later():\n    import protocol"),
        ("agent/worker.py", "from importlib import import_module\nimport_module('protocol.isl')"),
        ("drivers/link.py", "from agent.ledger import Ledger"),
        ("drivers/link.py", "import_module(f'agent.{name}')"),
        ("protocol/isl.py", "import drivers.link"),
        ("config/models.py", "from drivers.model import Bani"),
        ("config/models.py", "import agent"),
        ("agent/cli/demo.py", "import sandbox.cloud"),
        ("drivers/base.py", "from tests.protocol import play"),
        ("sandbox/cloud/app.py", "from tests.data import x"),
        ("sandbox/printer/wire.py", "from protocol.checksum import nibbles"),
        ("sandbox/printer/wire.py", "from drivers.model import Bani"),
        ("sandbox/printer_isl/wire.py", "from protocol.isl import decode"),
    ],
)
def test_an_import_against_the_way_is_caught(path: str, bad: str) -> None:
    assert list(wrong_way(snippet(path, bad)))


@pytest.mark.parametrize(
    ("path", "good"),
    [
        ("agent/worker.py", "from drivers.base import FiscalPrinter\nfrom config.models import X"),
        ("drivers/families/acme.py", "from protocol.exchange import Request"),
        ("drivers/link.py", "from . import clock\nfrom .families import acme"),
        ("sandbox/world.py", "from agent.worker import Worker\nimport protocol.isl"),
    ],
)
def test_an_import_along_the_way_passes(path: str, good: str) -> None:
    assert not list(wrong_way(snippet(path, good)))


@pytest.mark.parametrize(
    "bad",
    [
        "import time",
        "import os.path",
        "from threading import Lock",
        "import logging",
        "import random",
        "from drivers.clock import Clock",
        "import httpx",
        "data = open('x').read()",
        "async def receive(self): ...",
    ],
)
def test_impure_protocol_code_is_caught(bad: str) -> None:
    assert list(not_pure(snippet("protocol/isl.py", bad)))


@pytest.mark.parametrize("library", sorted(DOORS))
def test_a_library_past_its_door_is_caught(library: str) -> None:
    for bad in (f"import {library}.part", f"from {library} import part"):
        assert list(past_a_door(snippet("agent/verdict.py", bad)))
    for door in DOORS[library]:
        inside = f"{door}any.py" if door.endswith("/") else door
        assert not list(past_a_door(snippet(inside, f"import {library}")))


def test_a_library_without_a_door_is_caught() -> None:
    assert list(past_a_door(snippet("agent/worker.py", "import requests")))
    assert not list(past_a_door(snippet("agent/worker.py", "import json\nimport drivers.link")))


@pytest.mark.parametrize(
    "bad", ["datetime.now(UTC)", "datetime.datetime.utcnow()", "date.today()", "dt.datetime.now()"]
)
def test_a_second_clock_is_caught(bad: str) -> None:
    assert list(another_clock(snippet("agent/worker.py", bad)))
