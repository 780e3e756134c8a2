"""Habits: loops end, errors are caught by name, state is set in one place, tests do not wait."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.tidy.tree import (
    EVERYWHERE,
    ROOT,
    SHIPPED,
    Module,
    imports,
    modules,
    offences,
    report,
    snippet,
    texts,
    with_function,
)

LOOPS = ("run", "main")
SET_STATE = re.compile(r"\bSET\b((?!\bWHERE\b)[^;])*?\bstate\s*=", re.IGNORECASE)
LEDGER = "agent/ledger.py"
MOCKS = ("unittest.mock", "mock", "pytest_mock", "mocker")


def endless_loop(module: Module) -> Iterator[str]:
    for node, function in with_function(module.tree):
        endless = isinstance(node, ast.While) and isinstance(node.test, ast.Constant)
        if endless and function not in LOOPS:
            yield module.at(node, "has no end; loop over a range with a name ending in _MAX")


def broad_except(module: Module) -> Iterator[str]:
    for node, function in with_function(module.tree):
        if isinstance(node, ast.ExceptHandler) and function != "run":
            caught = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
            for error in caught:
                name = ast.unparse(error) if error else "everything"
                if name.split(".")[-1] in ("everything", "Exception", "BaseException"):
                    yield module.at(node, f"catches {name}; name what you can handle")


def sets_state(module: Module) -> Iterator[str]:
    for node, text in texts(module):
        for _ in SET_STATE.finditer(text):
            yield module.at(node, f"SET state; only {LEDGER} does that, once: go through its table")


def mocks(module: Module) -> Iterator[str]:
    parameters = (node for node in ast.walk(module.tree) if isinstance(node, ast.arg))
    for node, name in [*imports(module), *((node, node.arg) for node in parameters)]:
        if any(f"{name}.".startswith(f"{mock}.") for mock in MOCKS):
            yield module.at(node, f"uses {name}; write a fake that is a class of its own")


def sleeps(module: Module) -> Iterator[str]:
    clocks = {
        alias.asname or alias.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Import)
        for alias in node.names
        if alias.name in ("time", "asyncio")
    }
    for node in ast.walk(module.tree):
        is_sleep = isinstance(node, ast.Attribute) and node.attr == "sleep"
        if is_sleep and ast.unparse(node.value) in clocks:
            yield module.at(node, "sleeps; use a fake clock, or wait for the event itself")
    for node, name in imports(module):
        if name in ("time.sleep", "asyncio.sleep"):
            yield module.at(node, "sleeps; use a fake clock, or wait for the event itself")


def test_only_run_and_main_loop_without_end() -> None:
    found = offences(endless_loop, *EVERYWHERE)
    assert not found, report(found)


def test_only_run_catches_everything() -> None:
    found = offences(broad_except, *EVERYWHERE)
    assert not found, report(found)


def test_state_is_set_in_one_place_of_the_ledger() -> None:
    found = offences(sets_state, *SHIPPED)
    found += [
        f"{path.relative_to(ROOT)}:1: SET state; only {LEDGER} does that"
        for package in SHIPPED
        for path in sorted((ROOT / package).rglob("*.sql"))
        if SET_STATE.search(path.read_text("utf-8"))
    ]
    places = [place.split(":")[0] for place in found]
    written = [module.path for module in modules("agent") if module.path == LEDGER]
    assert places == written, f"once in {LEDGER} and nowhere else: {report(found)}"


def test_no_test_mocks() -> None:
    found = offences(mocks, "tests")
    assert not found, report(found)


def test_no_test_sleeps() -> None:
    found = offences(sleeps, "tests")
    assert not found, report(found)


@pytest.mark.parametrize("endless", ["while True: ...", "while 1: ...", "while 'yes': ..."])
def test_an_endless_loop_is_caught_outside_of_run_and_main(endless: str) -> None:
    for name in ("step", "runner"):
        assert list(endless_loop(snippet("agent/a.py", f"def {name}():\n    {endless}")))
    assert list(endless_loop(snippet("agent/a.py", endless)))
    inner = f"def run():\n    def step():\n        {endless}"
    assert list(endless_loop(snippet("agent/a.py", inner)))
    for name in LOOPS:
        assert not list(endless_loop(snippet("agent/a.py", f"def {name}():\n    {endless}")))


BROAD = ("", " Exception", " BaseException as e", " (OSError, Exception)", " builtins.Exception")


@pytest.mark.parametrize("caught", BROAD)
def test_a_broad_except_is_caught_outside_of_run(caught: str) -> None:
    bad = "def {}():\n    try: ...\n    except{}: ..."
    assert list(broad_except(snippet("agent/a.py", bad.format("step", caught))))
    assert list(broad_except(snippet("agent/a.py", bad.format("main", caught))))
    assert not list(broad_except(snippet("agent/a.py", bad.format("run", caught))))
    assert not list(broad_except(snippet("agent/a.py", bad.format("step", " OSError"))))


@pytest.mark.parametrize(
    "bad",
    [
        "sql = 'UPDATE command SET state = ? WHERE id = ?'",
        "sql = f'update {table} set  state = 1'",
        "sql = 'UPDATE command SET attempts = 1, state = 2'",
        "db.execute('''UPDATE command\n   SET\n   state = 2''')",
    ],
)
def test_a_state_set_is_caught(bad: str) -> None:
    assert list(sets_state(snippet("agent/worker.py", bad)))


@pytest.mark.parametrize(
    "good",
    ["'UPDATE command SET attempts = 1 WHERE state = 2'", "'SELECT state'", '"""SET state = x"""'],
)
def test_a_state_that_is_only_asked_for_passes(good: str) -> None:
    assert not list(sets_state(snippet("agent/worker.py", good)))


@pytest.mark.parametrize(
    "bad",
    [
        "import unittest.mock",
        "from unittest.mock import patch",
        "from unittest import mock",
        "import mock",
        "def test_x(mocker): ...",
    ],
)
def test_a_mock_is_caught(bad: str) -> None:
    assert list(mocks(snippet("tests/agent/test_a.py", bad)))


@pytest.mark.parametrize(
    "bad",
    [
        "import time\ntime.sleep(1)",
        "import time as t\nt.sleep(1)",
        "from time import sleep",
        "import time\nwait = time.sleep",
        "import asyncio\nasyncio.sleep(1)",
    ],
)
def test_a_sleep_is_caught(bad: str) -> None:
    assert list(sleeps(snippet("tests/agent/test_a.py", bad)))
