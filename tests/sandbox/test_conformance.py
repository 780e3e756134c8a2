"""`python -m sandbox conformance` against the virtual cloud, whole and with parts switched off."""

import json
from pathlib import Path

import pytest

from sandbox import conformance
from sandbox.cloud.dialect import Offers
from sandbox.cloud.world import World, opened

CLAIM = {"claim", "a claim is repeatable", "a claim is exclusive"}
RESULT = {"result", "a result is taken once", "a late result is taken"}


def run(world: World, capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, str]]:
    """The exit code, and what was said of each row."""
    line = ["--url", world.running.url, "--key", world.running.api_key, "--json", *more]
    status = conformance.main(line)
    return status, {row["what"]: row["outcome"] for row in json.loads(capsys.readouterr().out)}


def named(rows: dict[str, str], outcome: str) -> set[str]:
    return {what for what, found in rows.items() if found == outcome}


def test_a_whole_cloud_has_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(tmp_path / "c.db") as world:
        status, rows = run(world, capsys, "--device", world.device(), "--may-queue")
        assert (status, set(rows.values())) == (0, {"yes"})
        left = world.shop.get("/api/v1/commands", params={"status": "pending"}).json()
        assert left == {"commands": []}, "it leaves nothing behind that somebody would print"


def test_what_it_may_not_queue_it_does_not_claim_to_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(tmp_path / "c.db") as world:
        world.device()
        status, rows = run(world, capsys)
        assert (status, named(rows, "no")) == (1, set())
        assert named(rows, "not looked at") >= CLAIM | RESULT
        assert world.shop.get("/api/v1/commands").json() == {"commands": []}


def test_it_never_takes_a_command_that_is_not_its_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(tmp_path / "c.db") as world:
        device_id = world.device()
        waiting = world.portal.queue(device_id, "x_report")
        status, rows = run(world, capsys, "--device", device_id, "--may-queue")
        record = world.portal.record(waiting)
    assert (record["status"], record.get("claimedBy")) == ("pending", None)
    assert (status, named(rows, "not looked at")) == (0, {"sync brings a command, claimed"})


def test_what_a_documented_cloud_lacks_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(tmp_path / "c.db", offers=Offers(assumed=False)) as world:
        status, rows = run(world, capsys, "--device", world.device(), "--may-queue")
        left = world.shop.get("/api/v1/commands", params={"status": "pending"}).json()
    assert left == {"commands": []}
    ours = {"long poll", "ETag and 304", "packed bodies", "sync", "device status"}
    ours |= {"uploads of a device", "sync brings a command, claimed"}
    assert (status, named(rows, "no")) == (1, ours | CLAIM | RESULT)


def test_parts_an_agent_can_do_without_do_not_fail_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(tmp_path / "c.db", offers=Offers(long_poll=False, sync=False)) as world:
        status, rows = run(world, capsys, "--device", world.device(), "--may-queue")
    assert status == 0
    assert named(rows, "no") == {"long poll", "sync", "sync brings a command, claimed"}


def test_a_refused_key_and_a_cloud_that_is_not_there_end_with_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with opened(tmp_path / "c.db") as world:
        url = world.running.url
        wrong = f"ebon_live_org_{'0' * 32}"
        assert conformance.main(["--url", url, "--key", wrong]) == 2
    assert conformance.main(["--url", url, "--key", wrong]) == 2
    told = capsys.readouterr()
    assert ("UNAUTHORIZED" in told.err, "ConnectError" in told.err) == (True, True)
    assert wrong not in told.err + told.out


def test_people_get_a_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with opened(tmp_path / "c.db") as world:
        line = ["--url", world.running.url, "--key", world.running.agent_key]
        assert conformance.main(line) == 1
    told = capsys.readouterr().out
    assert "FORBIDDEN" in told, "the receipts are there, but not for this key"
    assert "not looked at, though an agent needs it: a queued command is listed" in told
