"""The cloud thread against a cloud on a script: trouble of every kind, and the way back."""

import json
import logging
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.cloud.budget import JITTER_S
from agent.cloud.sync import BACK_OFF_S_MAX
from agent.states import State
from tests.agent.cloud.cloud_world import (
    BY_LIST,
    POLL_INTERVAL_S,
    SECRET,
    Scripted,
    an_agent,
    answer,
    raw_command,
    scripted,
)

OK = answer(200, b"{}")


def listing(*commands: dict[str, Any]) -> bytes:
    return answer(200, json.dumps({"commands": commands}).encode())


def bodies(server: Scripted, method: bytes) -> list[bytes]:
    return [r.partition(b"\r\n\r\n")[2] for r in server.requests if r.startswith(method)]


def test_what_is_told_again_is_told_in_the_same_words(tmp_path: Path) -> None:
    says = (listing(raw_command()), OK, b"", answer(500, b""), OK, listing())
    with (
        scripted(*says) as server,
        an_agent(tmp_path, server.url, SECRET, "dev_1", lacks=BY_LIST) as agent,
    ):
        agent.settle()
        agent.print("cmd_1")
        for _ in range(3):
            agent.settle()
            agent.clock.move(5.0)
        results = bodies(server, b"POST /api/v1/commands/cmd_1/result")
        assert len(results) == 3
        assert len(set(results)) == 1
        assert json.loads(results[0])["status"] == "completed"


def test_the_same_id_with_another_body_is_a_conflict_and_not_a_second_print(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = raw_command(type="z_report", payload=None)
    says = (listing(raw_command()), OK, listing(other), OK, listing(raw_command()), listing())
    with (
        scripted(*says) as server,
        an_agent(tmp_path, server.url, SECRET, "dev_1", lacks=BY_LIST) as agent,
    ):
        agent.settle()
        first = agent.ledger.entry("cmd_1")
        agent.poll()
        assert agent.names("cmd_1") == ["accept", "conflict"]
        assert "cloud.conflict" in caplog.messages
        agent.print("cmd_1")
        agent.poll()
        agent.poll()
        assert agent.names("cmd_1") == ["accept", "conflict", "begin", "finish"]
        assert agent.ledger.entry("cmd_1").body == first.body
        assert agent.arrived == ["dev_1"]


def said_at(ms: int) -> str:
    return f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def test_an_old_command_has_run_out_though_our_clock_is_years_behind(tmp_path: Path) -> None:
    entries = [
        raw_command(id="fresh", createdAt="2026-04-02T08:59:00.000Z"),
        raw_command(id="old", createdAt="2026-04-02T08:56:00.000Z"),
    ]
    date = "Date: Thu, 02 Apr 2026 09:00:00 GMT"
    first = answer(200, json.dumps(entries).encode(), date)
    with (
        scripted(first, *[OK] * 9) as server,
        an_agent(tmp_path, server.url, SECRET, "dev_1", lacks=BY_LIST) as agent,
    ):
        agent.clock.jump_to(946_684_800_000)  # the year 2000
        agent.settle()
        ends = {e.id: said_at(e.expires_at_ms) for e in agent.ledger.entries(9)}
        assert ends == {"fresh": "2026-04-02 09:02:00", "old": "2026-04-02 08:59:00"}


@pytest.mark.parametrize(
    ("devices", "asked"), [(["dev_1"], b"&deviceId=dev_1"), (["dev_1", "dev_2"], b"")]
)
def test_one_list_is_asked_for_all_devices(
    tmp_path: Path, devices: list[str], asked: bytes
) -> None:
    with (
        scripted(listing()) as server,
        an_agent(tmp_path, server.url, SECRET, *devices, lacks=BY_LIST) as agent,
    ):
        agent.settle()
        (request,) = server.requests
    assert request.split(b" ")[1] == b"/api/v1/commands?status=pending&limit=100" + asked


def test_a_command_seen_again_after_it_was_printed_is_known(tmp_path: Path) -> None:
    again = listing(raw_command(status="sent", updatedAt="later"))
    with (
        scripted(listing(raw_command()), OK, OK, again, again) as server,
        an_agent(tmp_path, server.url, SECRET, "dev_1", lacks=BY_LIST) as agent,
    ):
        agent.settle()
        agent.print("cmd_1")
        agent.poll()
        agent.poll()
        assert agent.names("cmd_1") == ["accept", "begin", "finish"]
        assert agent.arrived == ["dev_1"]


def test_a_429_is_obeyed_to_the_second(tmp_path: Path) -> None:
    flat = b'{"code": "TOO_MANY_REQUESTS", "message": "later", "status": 429}'
    says = (answer(429, flat, "Retry-After: 417"), answer(200, b'{"commands": []}'))
    with (
        scripted(*says) as server,
        an_agent(tmp_path, server.url, SECRET, "dev_1", lacks=BY_LIST) as agent,
    ):
        agent.settle()
        agent.clock.move(416.9)
        agent.settle()
        assert len(server.requests) == 1
        agent.clock.move(0.1 + JITTER_S)
        agent.settle()
        assert len(server.requests) == 2
        assert agent.sync.sentence == "connected"


TROUBLE = {
    "5xx": answer(502, b"<h1>Bad gateway</h1>"),
    "a web page": answer(200, b"<h1>Please log in</h1>"),
    "cut JSON": answer(200, b'{"commands": [{"id": "cmd_'),
    "no list": answer(200, b'{"commands": 7}'),
    "hanging up": b"",
}


@pytest.mark.parametrize("trouble", TROUBLE.values(), ids=TROUBLE)
def test_trouble_is_left_alone_twice_as_long_each_time_and_got_over(
    tmp_path: Path, trouble: bytes
) -> None:
    good = answer(200, b'{"commands": []}')
    says = (*[trouble] * 8, good, trouble, good)
    with (
        scripted(*says) as server,
        an_agent(tmp_path, server.url, SECRET, "dev_1", lacks=BY_LIST) as agent,
    ):
        waits = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, BACK_OFF_S_MAX, BACK_OFF_S_MAX]
        for asked, wait_s in enumerate(waits, start=1):
            agent.settle()
            assert len(server.requests) == asked
            agent.clock.move(wait_s - 0.01)
            agent.settle()
            assert len(server.requests) == asked
            agent.clock.move(0.02)
        agent.settle()
        assert agent.sync.sentence == "connected"
        agent.clock.move(2 * POLL_INTERVAL_S)
        agent.settle()
        assert agent.sync.sentence != "connected"
        agent.clock.move(1.01)
        agent.settle()
        assert agent.sync.sentence == "connected"


def test_an_outage_of_days_does_not_break_the_loop(tmp_path: Path) -> None:
    with scripted() as server:
        url = server.url
    with an_agent(tmp_path, url, SECRET, "dev_1", lacks=BY_LIST) as agent:
        for _ in range(1100):
            agent.clock.move(BACK_OFF_S_MAX)
            assert not agent.sync.step()
        assert "refuses the connection" in agent.sync.sentence


def test_a_list_of_rubbish_leaves_the_good_command_in_it(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    rubbish = b"""[null, 7, [], {}, {"deviceId": "dev_1"}, {"id": "", "deviceId": "dev_1"},
        {"deviceId": "dev_1", "payload": {"items": [{"name": "Secretul"}]}},
        {"id": "a", "deviceId": "dev_1", "type": "print_receipt", "payload": {"x": "\\ud800"}},
        {"id": "b", "deviceId": "dev_1", "type": "\\udfff", "payload": 1e999999},
        {"id": "\\u0000", "deviceId": "dev_1", "type": "x_report", "createdAt": []},
        {"id": "good", "deviceId": "dev_1", "type": "x_report"}]"""
    with (
        scripted(answer(200, rubbish), *[answer(200, b"{}")] * 9) as server,
        an_agent(tmp_path, server.url, SECRET, "dev_1", lacks=BY_LIST) as agent,
    ):
        agent.settle()
        states = {entry.id: entry.state for entry in agent.ledger.entries(10)}
        queued_, rejected = State.QUEUED, State.REJECTED
        assert states == {"a": rejected, "b": rejected, "\x00": queued_, "good": queued_}
        assert agent.ledger.entry("good").claimed
    assert "Secretul" not in caplog.text
