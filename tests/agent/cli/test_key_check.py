"""`amef key check`: what a key is and may do, found out by calls that change nothing."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.cloud.client import CloudClient
from agent.cloud.keys import KeyRing, parse
from agent.cloud.trial import try_key
from config.profiles import Call, profiles
from sandbox.cloud.world import World, opened
from tests.agent.amef import AMEF, ENGLISH
from tests.agent.cli.test_key import LISTED, NEW, OLD, Shop, assert_hidden, error, made, shop_with
from tests.agent.cloud.cloud_world import scripted
from tests.agent.cloud.test_keys import HEX


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("cloud") / "cloud.db") as world:
        yield world


def checked(shop: Shop, *, status: int) -> dict[str, Any]:
    done = shop.amef("check", "--json")
    assert done.exit_code == status, done.output
    assert_hidden(done, shop.key.read_text().strip())
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def verdicts(found: dict[str, Any]) -> dict[str, str]:
    return {row["call"]: row["verdict"] for row in found["calls"]}


def test_check_proves_what_it_can_and_says_what_it_cannot(world: World, tmp_path: Path) -> None:
    shop = Shop(tmp_path, world.running.url)
    shop.amef("set", stdin=made(world, "commands", "devices"))
    found = checked(shop, status=0)
    assert (found["environment"], found["organization"]) == ("live", "org_demo_shop")
    assert (found["refused"], found["all_scope"]) == ("", "")
    assert verdicts(found) == {
        **dict.fromkeys(("devices", "list", "claim", "result", "sync"), "proven"),
        **dict.fromkeys(("device_status", "upload"), "unproven"),
        **dict.fromkeys(("receipt", "report"), "lacking"),
    }
    said = shop.amef("check").stderr
    assert "amef: lacking scope receipts: receipts in the cloud's list (optional)\n" in said


def test_check_says_what_is_missing_for_what(world: World, tmp_path: Path) -> None:
    shop = Shop(tmp_path, world.running.url)
    shop.amef("set", stdin=made(world, "receipts", "devices:read"))
    found = checked(shop, status=1)
    missing = {call for call, verdict in verdicts(found).items() if verdict == "lacking"}
    assert missing == {"list", "claim", "result", "sync", "report"}
    assert verdicts(found)["receipt"] == "proven", "by reading them"
    done = shop.amef("check")
    assert "amef: lacking scope commands: claiming a command\n" in done.stderr
    assert "amef:" not in done.stdout, "what is told can be piped on"
    assert "commands from the cloud\tcommands\tNO\n" in done.stdout
    assert "the device's status\tdevices:write\tcannot be proven without writing\n" in done.stdout
    assert "comenzile de la cloud\tcommands\tNU\n" in shop.amef("check", "--lang", "ro").stdout


@pytest.mark.parametrize("profile", ["elebne", "esnad", "sbs"])
def test_check_asks_every_system_in_its_own_words(tmp_path: Path, profile: str) -> None:
    with opened(tmp_path / "cloud.db", profile=profile) as world:
        shop = Shop(tmp_path, world.running.url, profile)
        assert shop.amef("set", stdin=world.running.agent_key).exit_code == 0
        found = checked(shop, status=0)
    assert {verdicts(found)[call] for call in ("devices", "list")} == {"proven"}
    assert {verdicts(found)[call] for call in ("receipt", "report")} == {"absent"}


@pytest.mark.parametrize(
    ("said", "everything"),
    [(LISTED, "all"), (error(403, "FORBIDDEN"), ""), (error(401, "UNAUTHORIZED"), "")],
)
def test_a_key_that_may_list_keys_may_do_everything(
    tmp_path: Path, said: bytes, everything: str
) -> None:
    ebon = profiles()["ebon"]
    call = Call(method="GET", path="/api/v1/org/api-keys", scopes=["all"], parameters={})
    profile = ebon.model_copy(update={"calls": {**ebon.calls, "keys": call}})
    with scripted(LISTED, LISTED, said, LISTED, LISTED) as server:
        client = CloudClient(profile, server.url, KeyRing(parse(NEW, "a test", "ebon")), "shop")
        trial = try_key(client, profile)
        client.close()
    assert (trial.refused, trial.everything) == ("", everything)
    assert trial.least == ("commands", "devices")
    assert {row.call for row in trial.rows} >= {"devices", "list", "receipt"}
    assert all(row.call != "keys" for row in trial.rows)


def test_check_changes_nothing_in_the_cloud(tmp_path: Path) -> None:
    with shop_with(tmp_path, *[LISTED] * 5) as (shop, server):
        shop.amef("set", stdin=NEW)
        checked(shop, status=0)
    assert server.requests
    assert all(request.startswith(b"GET ") for request in server.requests)


def test_check_leaves_the_key_to_fall_back_on_to_the_agent(tmp_path: Path) -> None:
    with shop_with(tmp_path, *[LISTED] * 5) as (shop, _):
        for secret in (OLD, NEW):
            shop.amef("set", stdin=secret)
        checked(shop, status=0)
    assert "api-key.previous" in shop.files()


def test_check_says_that_the_key_is_refused(tmp_path: Path) -> None:
    with shop_with(tmp_path, *[error(401, "UNAUTHORIZED", f"what is {NEW}?")] * 2) as (shop, _):
        shop.amef("set", stdin=NEW)
        done = shop.amef("check")
        assert done.exit_code == 1
        assert "the key is refused: 401 UNAUTHORIZED" in done.stderr
        assert_hidden(done)
        assert checked(shop, status=1)["calls"] == []


def test_check_tells_a_forbidden_address_from_a_missing_scope(tmp_path: Path) -> None:
    said = error(403, "IP_NOT_ALLOWED", "this address is not on the list")
    with shop_with(tmp_path, said, profile="elebne") as (shop, _):
        shop.amef("set", stdin=f"sk_test_{HEX}")
        found = checked(shop, status=1)
    assert "IP_NOT_ALLOWED" in found["refused"]
    assert found["environment"] == "test"


def test_check_takes_the_variable_before_the_file(tmp_path: Path) -> None:
    with shop_with(tmp_path, *[LISTED] * 5) as (shop, server):
        shop.amef("set", stdin=OLD)
        done = shop.amef("check", AMEF_API_KEY=NEW)
    assert done.stdout.startswith("key: AMEF_API_KEY\n")
    assert all(NEW.encode() in request for request in server.requests)
    assert_hidden(done)


def test_check_names_a_file_open_to_others_before_it_asks_anybody(shop: Shop) -> None:
    shop.amef("set", stdin=NEW)
    shop.key.chmod(0o644)
    command = [str(AMEF), "key", "check", "--config", str(shop.config)]
    done = subprocess.run(command, capture_output=True, text=True, env=ENGLISH, check=False)
    assert done.returncode == 78
    assert done.stderr == (
        f"amef: cloud.api_key_file: {shop.key} is open to others (mode 0644);"
        f" mend it with: chmod 600 {shop.key}\n"
    )
