"""Sync and the long poll: one request up and down, and nobody waits for a cloud that waits."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from agent.cloud.abilities import LACKING_S
from agent.cloud.budget import Budget
from agent.cloud.client import CloudUnreachable
from agent.cloud.sync import Around, CloudSync
from agent.cloud.trouble import RESULT_BREAKS_MAX, TAKEN_BACK_S, SyncTrouble
from agent.cloud.waiting import Waiting, at_once
from agent.ledger_outbox import Fate
from agent.states import State
from sandbox.cloud.world import RECEIPT, World
from tests.agent.clocks import FakeClock
from tests.agent.cloud.cloud_world import (
    BY_LIST,
    SECRET,
    Agent,
    an_agent,
    answer,
    client_of,
    fault,
    no_limit,
    raw_command,
    scripted,
    settings_of,
    submit,
    told,
)
from tests.agent.outbox import unreported

SYNC = "/api/v1/agents"
OK = answer(200, b"{}")
HEALTH = {"status": "error", "faults": ["paper_out"], "identity": {"model": "DP-25X"}}


@pytest.fixture
def agent(tmp_path: Path, world: World) -> Iterator[Agent]:
    with an_agent(tmp_path, world.running.url, world.running.agent_key, world.device()) as agent:
        agent.settle()
        yield agent


# sync


def test_one_request_brings_what_is_to_do_and_one_takes_away_what_was_done(
    world: World, agent: Agent
) -> None:
    asked: list[str] = []
    send = agent.sync._client.send

    def counted(call: str, **content: Any) -> Any:
        asked.append(call)
        return send(call, **content)

    agent.sync._client.send = agent.sync._waiting._client.send = counted  # type: ignore[method-assign]
    id_ = submit(world, agent.id, "x_report")
    agent.poll()
    assert agent.ledger.entry(id_).claimed
    assert agent.arrived == [agent.id]
    agent.print(id_)
    later = submit(world, agent.id, "x_report")
    agent.settle()
    assert told(world, id_)["status"] == "completed"
    assert agent.ledger.entry(later).claimed
    assert asked.count("sync") == 2
    assert set(asked) <= {"sync", "upload", "report"}


def test_commands_in_an_answer_that_was_lost_come_again(world: World, agent: Agent) -> None:
    ids = [submit(world, agent.id, "x_report") for _ in range(3)]
    fault(world, "drop-reply", SYNC, "POST")
    agent.poll()
    assert [told(world, id_)["status"] for id_ in ids] == ["pending"] * 3 or agent.arrived == []
    agent.poll()
    assert {entry.id for entry in agent.ledger.entries(9)} == set(ids)
    assert all(entry.claimed for entry in agent.ledger.entries(9))


def test_results_in_a_request_whose_answer_was_lost_count_once(world: World, agent: Agent) -> None:
    id_ = submit(world, agent.id, "print_receipt", RECEIPT)
    agent.poll()
    agent.print(id_)
    fault(world, "drop-reply", SYNC, "POST")
    agent.settle()
    first = told(world, id_)
    assert first["status"] == "completed"
    assert agent.ledger.waiting(9)
    agent.poll()
    assert agent.ledger.waiting(9) == []
    assert told(world, id_) == first


def test_a_cloud_without_sync_is_worked_with_by_list_and_looked_at_again_in_a_day(
    world: World, agent: Agent
) -> None:
    fault(world, "status:404", SYNC, "POST", times=99)
    id_ = submit(world, agent.id, "x_report")
    agent.poll()
    assert agent.ledger.entry(id_).claimed
    assert any("lacks sync" in note for note in agent.sync.notes)
    world.shop.delete("/sandbox/faults")
    agent.poll()
    assert any("lacks sync" in note for note in agent.sync.notes)
    agent.clock.move(LACKING_S)
    agent.settle()
    assert not any("lacks sync" in note for note in agent.sync.notes)


def test_a_sync_that_breaks_again_and_again_is_done_without(world: World, agent: Agent) -> None:
    id_ = submit(world, agent.id, "x_report")
    agent.poll()
    agent.print(id_)
    fault(world, "status:500", SYNC, "POST", times=99)
    for _ in range(RESULT_BREAKS_MAX + 3):
        agent.poll()
    assert told(world, id_)["status"] == "completed"


def test_polls_stay_with_sync_as_long_as_it_may_bring_again_what_was_lost() -> None:
    clock = FakeClock()
    trouble = SyncTrouble(clock)
    broken, no_answer = CloudUnreachable("500", status=500), CloudUnreachable("cut")
    assert not trouble.poll_broke(broken)
    clock.ms += int((TAKEN_BACK_S - 1) * 1000)
    assert not trouble.poll_broke(broken)
    clock.ms += 2000
    assert not trouble.poll_broke(no_answer)
    assert trouble.poll_broke(broken)
    trouble.healed()
    assert not trouble.poll_broke(broken)


SAID = {
    "acknowledged": ({"acknowledged": [2]}, Fate.DONE),
    "final": ({"refused": [{"eventId": 2, "code": "CONFLICT", "message": "done"}]}, Fate.FINAL),
    "no scope": ({"refused": [{"eventId": 2, "code": "FORBIDDEN"}]}, Fate.PAUSED),
    "poison": ({"refused": [{"eventId": 2, "code": "VALIDATION_ERROR"}]}, Fate.ASIDE),
    "nothing": ({}, Fate.WAITING),
    "rubbish": ({"acknowledged": 7, "refused": [None, 3], "commands": None}, Fate.WAITING),
    "both": ({"acknowledged": [2], "refused": [{"eventId": 2, "code": "CONFLICT"}]}, Fate.DONE),
}


@pytest.mark.parametrize("case", SAID)
def test_what_the_cloud_says_to_each_event_is_written_down(tmp_path: Path, case: str) -> None:
    said, fate = SAID[case]
    first = answer(200, json.dumps({"commands": [raw_command(type="cash_in")]}).encode())
    with scripted(first) as server, an_agent(tmp_path, server.url, SECRET, "dev_1") as agent:
        agent.sync.step()
        rejected = unreported(agent.ledger, 9)[-1].id
        text = json.dumps(said).replace("2", str(rejected)).encode()
        server._answers.append(answer(200, text))
        agent.settle()
        (kept,) = agent.ledger.uploads_of("cmd_1")
        assert kept.fate is fate


def test_a_scope_that_a_row_of_sync_lacks_pauses_its_call_and_a_new_key_resumes_it(
    tmp_path: Path, world: World
) -> None:
    device_id = world.device()
    for scopes, fate in ((("commands", "devices:read"), "paused"), (("commands", "devices"), "")):
        _, header = world.key(*scopes)
        url, secret = world.running.url, header["x-api-key"]
        with an_agent(tmp_path, url, secret, device_id, agent_id="shop-scope") as agent:
            if fate:
                agent.ledger.note_device(device_id, HEALTH)
            agent.settle()
            agent.poll()
            assert agent.ledger.outbox() == ({fate: 1} if fate else {})
            assert any("device status" in note for note in agent.sync.notes) is bool(fate)


def test_a_sync_without_answer_brings_every_command_for_our_devices_and_no_other(
    tmp_path: Path,
) -> None:
    commands = [raw_command(id="ours"), raw_command(id="theirs", deviceId="dev_9"), None, 7]
    first = answer(200, json.dumps({"commands": commands}).encode())
    with scripted(first) as server, an_agent(tmp_path, server.url, SECRET, "dev_1") as agent:
        agent.sync.step()
        assert [entry.id for entry in agent.ledger.entries(9)] == ["ours"]
        asked = json.loads(server.requests[0].partition(b"\r\n\r\n")[2])
    assert (asked["agentId"], asked["devices"]) == ("dev_1", ["dev_1"])
    assert (asked["results"], asked["statuses"], asked["received"]) == ([], [], [])


# a cloud that waits


class Held:
    """A launch whose work the test lets go."""

    def __init__(self) -> None:
        self.works: list[Callable[[], None]] = []

    def __call__(self, work: Callable[[], None]) -> None:
        self.works.append(work)

    def let_go(self) -> None:
        self.works.pop(0)()


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def patient(tmp_path: Path, world: World, held: Held) -> Iterator[Agent]:
    """An agent whose long polls end when the test says so."""
    url, secret, device = world.running.url, world.running.agent_key, world.device()
    wakes: list[None] = []
    waiting = Waiting(client_of(url, secret, limits=False), held, lambda: wakes.append(None))
    settings = settings_of(tmp_path, url, device, agent_id=device)
    around = Around(waiting=waiting, budget=no_limit().budget)
    agent = Agent(tmp_path / "l.sqlite3", settings, client_of(url, secret, limits=False), around)
    yield agent
    agent.close()
    waiting._client.close()


def test_a_result_is_told_while_the_cloud_still_waits(
    world: World, patient: Agent, held: Held
) -> None:
    id_ = submit(world, patient.id, "x_report")
    patient.settle()
    held.let_go()
    patient.settle()
    assert patient.ledger.entry(id_).claimed
    patient.clock.move(60)
    patient.settle()
    assert len(held.works) == 1  # the next poll waits
    patient.print(id_)
    patient.settle()
    assert told(world, id_)["status"] == "completed"
    assert len(held.works) == 1


def test_there_is_one_poll_at_a_time(world: World, patient: Agent, held: Held) -> None:
    for _ in range(5):
        patient.poll()
    assert len(held.works) == 1


def test_what_came_while_the_outbox_rests_is_taken(
    world: World, patient: Agent, held: Held
) -> None:
    id_ = submit(world, patient.id, "x_report")
    patient.settle()
    patient.ledger.note_device(patient.id, {"status": "error", "faults": []})
    fault(world, "status:503", "/api/v1", "POST", times=1)
    patient.settle()
    assert "503" in patient.sync.sentence
    held.let_go()
    assert patient.sync.step()
    assert patient.ledger.entry(id_).state is State.QUEUED


def test_a_real_cloud_that_waits_answers_as_soon_as_there_is_work(
    tmp_path: Path, world: World
) -> None:
    url, secret, device = world.running.url, world.running.agent_key, world.device()
    woken = threading.Event()
    client = client_of(url, secret, limits=False)
    threads: list[threading.Thread] = []

    def launch(work: Callable[[], None]) -> None:
        threads.append(threading.Thread(target=work))
        threads[-1].start()

    settings = settings_of(tmp_path, url, device, agent_id=device)
    cloud = settings.cloud.model_copy(update={"long_poll_s": 30})
    settings = settings.model_copy(update={"cloud": cloud})
    around = Around(waiting=Waiting(client, launch, woken.set), budget=no_limit().budget)
    agent = Agent(tmp_path / "l.sqlite3", settings, client_of(url, secret, limits=False), around)
    agent.settle()
    id_ = submit(world, device, "x_report")
    assert woken.wait(10.0)
    agent.sync.step()
    assert agent.ledger.entry(id_).claimed
    threads[0].join()
    submit(world, device, "x_report")  # let the next one go too
    for thread in threads:
        thread.join(10.0)
    agent.close()
    client.close()


def test_a_broken_request_of_the_other_thread_is_met_in_ours(tmp_path: Path) -> None:
    with scripted() as server:
        url = server.url
    client = client_of(url)
    waiting = Waiting(client, at_once, lambda: None)
    waiting.start("list")
    with pytest.raises(CloudUnreachable):
        waiting.take()
    assert waiting.take() is None
    client.close()


def test_the_cloud_is_asked_to_wait_where_that_is_configured(tmp_path: Path) -> None:
    for long_poll_s, asked in ((30, True), (0, False)):
        with scripted(answer(200, b'{"commands": []}')) as server:
            settings = settings_of(tmp_path, server.url, "dev_1", agent_id="a")
            cloud = settings.cloud.model_copy(update={"long_poll_s": long_poll_s})
            made = settings.model_copy(update={"cloud": cloud})
            client = client_of(server.url, lacks=BY_LIST, limits=False)
            agent = Agent(tmp_path / f"{long_poll_s}.sqlite3", made, client)
            agent.settle()
            agent.close()
            assert (b"Prefer: wait=" in server.requests[0]) is asked


def test_a_list_that_did_not_change_is_not_read_again(tmp_path: Path) -> None:
    listed = json.dumps({"commands": [raw_command()]}).encode()
    nothing = b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n"
    says = (answer(200, listed, 'ETag: "v1"'), OK, nothing, nothing)
    with (
        scripted(*says) as server,
        an_agent(tmp_path, server.url, SECRET, "dev_1", lacks=BY_LIST) as agent,
    ):
        agent.settle()
        for _ in range(2):
            agent.poll()
        assert agent.sync.sentence == "connected"
        assert b'If-None-Match: "v1"' in server.requests[2]
        assert b'If-None-Match: "v1"' in server.requests[3]
        assert b"If-None-Match" not in server.requests[0]


# keys and clocks


def test_a_refused_key_takes_back_what_is_not_begun(tmp_path: Path, world: World) -> None:
    device = world.device()
    key_id, header = world.key("commands", "devices")
    with an_agent(tmp_path, world.running.url, header["x-api-key"], device) as agent:
        agent.settle()
        id_ = submit(world, device, "x_report")
        agent.poll()
        assert agent.ledger.next_queued(device, agent.clock.now_ms()) is not None
        path = f"/api/v1/org/api-keys/{key_id}"
        world.shop.patch(path, json={"active": False}).raise_for_status()
        agent.poll()
        assert agent.ledger.next_queued(device, agent.clock.now_ms()) is None
        world.shop.patch(path, json={"active": True}).raise_for_status()
        agent.poll()
        assert agent.ledger.next_queued(device, agent.clock.now_ms()) is not None
        assert agent.names(id_) == ["accept"]


def test_a_clock_that_is_off_is_said(tmp_path: Path) -> None:
    date = "Date: Thu, 02 Apr 2026 09:00:00 GMT"
    with (
        scripted(answer(200, b'{"commands": []}', date)) as server,
        an_agent(tmp_path, server.url, SECRET, "dev_1") as agent,
    ):
        agent.clock.ms += 75_000
        agent.settle()
        assert agent.sync.notes == ["the clock of this machine is 75 s ahead of the cloud's"]


def test_an_agent_whose_budget_is_used_up_says_when_it_looks_again(tmp_path: Path) -> None:
    limits = ("RateLimit-Limit: 150", "RateLimit-Remaining: 3", "RateLimit-Reset: 250")
    with scripted(answer(200, b'{"commands": []}', *limits)) as server:
        client = client_of(server.url)
        settings = settings_of(tmp_path, server.url, "dev_1", agent_id="a")
        budget = Budget(150, 600.0, None, Random(1), 1000.0)
        agent = Agent(tmp_path / "l.sqlite3", settings, client, Around(budget=budget))
        agent.settle()
        assert isinstance(agent.sync, CloudSync)
        assert any("next poll in 250 s" in note for note in agent.sync.notes)
        agent.clock.move(200)
        agent.settle()
        assert len(server.requests) == 1
        agent.close()
