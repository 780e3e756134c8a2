"""A key changed under the running agent: nothing is restarted, nothing lost, and it is said."""

import subprocess
from contextlib import suppress
from typing import Any

import pytest

from sandbox.stage import AMEF, Stage

RECEIPT: dict[str, Any] = {
    "items": [{"name": "Paine", "quantity": 1, "price": 4.5, "vatRate": 11}],
    "payments": [{"type": "cash", "amount": 4.5}],
}
KEYS = "/api/v1/org/api-keys"
LOOK_S, LOOKS_MAX = 0.05, 400


def amef(stage: Stage, *words: str, typed: str = "") -> "subprocess.CompletedProcess[str]":
    command = [AMEF, *words, "--config", str(stage.config)]
    return subprocess.run(command, input=typed, capture_output=True, text=True, check=False)


def rows(stage: Stage) -> dict[str, dict[str, Any]]:
    found = stage.shop.get(KEYS).raise_for_status().json()["apiKeys"]
    return {row["id"]: row for row in found}


def sells(stage: Stage) -> None:
    (record,) = stage.results([stage.queue("print_receipt", RECEIPT)])
    assert record["status"] == "completed", record


def wait_for_status(stage: Stage, agent: "subprocess.Popen[Any]", said: str) -> None:
    """Look at `status.json` until the agent says so; the agent's own life is the clock."""
    for _ in range(LOOKS_MAX):
        with suppress(OSError):
            if said in (stage.state_dir / "status.json").read_text():
                return
        with suppress(subprocess.TimeoutExpired):
            agent.wait(LOOK_S)
    pytest.fail(f"it never said {said!r}")


def test_a_rotated_key_is_used_at_once_and_the_old_one_can_be_deleted(stage: Stage) -> None:
    agent = stage.start_agent()
    sells(stage)
    before = [id_ for id_, row in rows(stage).items() if "all" not in row["scopes"]]
    scopes = rows(stage)[before[0]]["scopes"]
    made = stage.shop.post(KEYS, json={"label": "new", "scopes": scopes}).raise_for_status().json()
    done = amef(stage, "key", "rotate", typed=made["key"])
    assert done.returncode == 0, done.stderr
    sells(stage)
    previous = stage.home / "api-key.previous"
    for _ in range(LOOKS_MAX):  # the agent itself removes the old key, once the new one has worked
        if not previous.exists():
            break
        with suppress(subprocess.TimeoutExpired):
            agent.wait(LOOK_S)
    assert not previous.exists()
    for id_ in before:
        stage.shop.delete(f"{KEYS}/{id_}").raise_for_status()
    sells(stage)
    assert agent.poll() is None
    assert len(stage.documents("receipt")) == 3


def test_under_a_wrong_new_key_the_old_one_goes_on_working_and_it_is_said(stage: Stage) -> None:
    agent = stage.start_agent()
    sells(stage)
    wrong = stage.cloud["agent_key"][:-32] + "0" * 32
    assert amef(stage, "key", "rotate", typed=wrong).returncode == 1
    assert amef(stage, "key", "set", typed=wrong).returncode == 0
    wait_for_status(stage, agent, "the new key is refused (401)")
    sells(stage)
    assert amef(stage, "key", "check").returncode == 1
    assert (stage.home / "api-key.previous").read_text().strip() == stage.cloud["agent_key"]


def test_a_key_file_open_to_others_keeps_the_agent_from_starting(stage: Stage) -> None:
    (stage.home / "api-key").chmod(0o640)
    done = amef(stage, "run")
    assert done.returncode == 78
    assert f"chmod 600 {(stage.home / 'api-key').resolve()}" in done.stderr
