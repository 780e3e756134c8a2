"""The cloud thread against the virtual cloud: what is told once, taken once, and never lost."""

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.cloud.sync import KEY_REFUSED_S
from agent.entries import Evidence, Incoming
from agent.states import State
from sandbox.cloud.world import RECEIPT, World
from tests.agent.cloud.cloud_world import (
    BY_LIST,
    POLL_INTERVAL_S,
    RECEIPT_RESULT,
    Agent,
    Lacks,
    an_agent,
    fault,
    submit,
    told,
)
from tests.agent.outbox import unreported

COMMANDS = "/api/v1/commands"


@pytest.fixture
def device(world: World) -> str:
    return world.device()


@pytest.fixture
def agent(tmp_path: Path, world: World, device: str) -> Iterator[Agent]:
    with an_agent(
        tmp_path, world.running.url, world.running.agent_key, device, lacks=BY_LIST
    ) as agent:
        agent.settle()
        yield agent


def queued(world: World, agent: Agent, kind: str = "print_receipt") -> str:
    """A command that the agent has polled and claimed."""
    id_ = submit(world, agent.id, kind, RECEIPT if kind == "print_receipt" else None)
    agent.poll()
    assert agent.ledger.entry(id_).claimed
    return id_


def test_a_command_is_written_down_claimed_printed_and_told(world: World, agent: Agent) -> None:
    id_ = submit(world, agent.id, "print_receipt", RECEIPT)
    agent.poll()
    assert told(world, id_)["status"] == "sent"
    assert told(world, id_)["claimedBy"] == agent.id
    assert agent.arrived == [agent.id]
    taken = agent.ledger.next_queued(agent.id, agent.clock.now_ms())
    assert taken is not None
    assert taken.id == id_
    agent.print(id_)
    agent.settle()
    assert agent.names(id_) == ["accept", "begin", "finish"]
    assert told(world, id_)["status"] == "completed"
    assert told(world, id_)["result"]["total"] == 7.0
    assert unreported(agent.ledger, 10) == []


@pytest.mark.parametrize(
    ("kind", "payload", "code"),
    [
        ("print_receipt", None, "FIELD_INVALID"),
        ("print_receipt", {"items": [], "payments": []}, "FIELD_INVALID"),
        ("print_receipt", RECEIPT | {"payments": [{"type": "gold", "amount": 7}]}, None),
        ("brew_coffee", {"amount": 5}, "UNSUPPORTED"),
        (None, None, "UNSUPPORTED"),
        (7, [[[]]], "UNSUPPORTED"),
    ],
)
def test_what_cannot_be_done_is_answered_with_its_code_and_not_claimed(
    world: World, agent: Agent, kind: Any, payload: Any, code: str | None
) -> None:
    id_ = submit(world, agent.id, kind, payload)
    agent.poll()
    record = told(world, id_)
    assert (record["status"], record["errorCode"]) == ("failed", code or "PAYMENT_KIND_UNKNOWN")
    assert agent.ledger.entry(id_).state is State.REJECTED
    assert not agent.ledger.entry(id_).claimed
    assert agent.arrived == []


def test_a_result_whose_answer_is_lost_is_told_again_and_counts_once(
    world: World, agent: Agent
) -> None:
    id_ = queued(world, agent)
    agent.print(id_)
    fault(world, "drop-reply", f"{COMMANDS}/{id_}/result", "POST", times=3)
    agent.settle()
    first = told(world, id_)
    assert first["status"] == "completed"
    assert unreported(agent.ledger, 10)
    for _ in range(4):
        agent.poll()
    assert told(world, id_) == first
    assert "lateResult" not in first
    assert unreported(agent.ledger, 10) == []


def test_a_report_whose_second_half_is_refused_now_is_told_whole_later(
    world: World, agent: Agent
) -> None:
    id_ = queued(world, agent, "z_report")
    agent.print(id_)
    fault(world, "drop-reply", f"/api/v1/devices/{agent.id}/reports/z", "POST")
    agent.settle()
    agent.poll()
    found = world.shop.get("/api/v1/reports/z", params={"deviceId": agent.id}).json()["reports"]
    assert [report["commandId"] for report in found] == [id_]
    assert told(world, id_)["status"] == "completed"


def test_a_claim_whose_answer_is_lost_is_asked_again(world: World, agent: Agent) -> None:
    id_ = submit(world, agent.id, "x_report")
    fault(world, "drop-reply", f"{COMMANDS}/{id_}/claim", "POST")
    agent.poll()
    assert (told(world, id_)["status"], agent.arrived) == ("sent", [])
    assert agent.ledger.next_queued(agent.id, agent.clock.now_ms()) is None
    agent.poll()
    assert agent.arrived == [agent.id]
    assert agent.names(id_) == ["accept"]


def test_a_list_whose_answer_is_lost_is_asked_for_again(world: World, agent: Agent) -> None:
    id_ = submit(world, agent.id, "x_report")
    fault(world, "drop-reply", COMMANDS, "GET")
    agent.poll()
    assert agent.ledger.entries(10) == []
    agent.poll()
    assert [entry.id for entry in agent.ledger.entries(10)] == [id_]


def test_a_command_of_another_agent_is_neither_printed_nor_answered(
    world: World, agent: Agent
) -> None:
    id_ = submit(world, agent.id, "x_report")
    fault(world, "status:503", f"{COMMANDS}/{id_}/claim", "POST")
    agent.poll()
    world.agent.post(f"{COMMANDS}/{id_}/claim", json={"agentId": "another"}).raise_for_status()
    before = told(world, id_)
    agent.poll()
    assert agent.ledger.entry(id_).state is State.REJECTED
    assert told(world, id_) == before
    assert agent.arrived == []


def test_a_command_cancelled_before_it_is_claimed_is_not_printed(
    world: World, agent: Agent
) -> None:
    id_ = submit(world, agent.id, "x_report")
    fault(world, "status:500", f"{COMMANDS}/{id_}/claim", "POST")
    agent.poll()
    world.shop.post(f"{COMMANDS}/{id_}/cancel").raise_for_status()
    before = told(world, id_)
    agent.poll()
    assert agent.ledger.entry(id_).state is State.REJECTED
    assert told(world, id_) == before


def test_a_command_of_a_device_we_do_not_have_is_left_alone(tmp_path: Path, world: World) -> None:
    ours, also_ours, stranger = world.device(), world.device(), world.device()
    url, secret = world.running.url, world.running.agent_key
    with an_agent(tmp_path, url, secret, ours, also_ours, lacks=BY_LIST) as agent:
        ids = [submit(world, device, "x_report") for device in (stranger, ours, also_ours)]
        agent.poll()
        assert {entry.id for entry in agent.ledger.entries(10)} == set(ids[1:])
        assert sorted(agent.arrived) == sorted([ours, also_ours])
    assert told(world, ids[0])["status"] == "pending"
    world.shop.delete(f"{COMMANDS}/{ids[0]}").raise_for_status()


def test_a_device_that_left_the_configuration_takes_no_more(world: World, agent: Agent) -> None:
    agent.ledger.accept(Incoming("old_1", "dev_gone", "x_report", "{}", "{}", 2**60))
    id_ = submit(world, agent.id, "x_report")
    agent.poll()
    assert agent.arrived == [agent.id]
    assert agent.ledger.entry(id_).claimed
    assert agent.ledger.entry("old_1").state is State.QUEUED
    assert not agent.ledger.entry("old_1").claimed


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_that_is_refused_at_the_claim_loses_no_command(
    world: World, agent: Agent, status: int
) -> None:
    id_ = submit(world, agent.id, "x_report")
    fault(world, f"status:{status}", f"{COMMANDS}/{id_}/claim", "POST")
    agent.poll()
    assert agent.ledger.entry(id_).state is State.QUEUED
    assert agent.arrived == []
    assert status == 401 or any("no commands are taken" in note for note in agent.sync.notes)
    agent.poll()
    assert agent.arrived == [agent.id]
    assert not any("no commands are taken" in note for note in agent.sync.notes)


def test_what_was_done_is_told_before_more_is_asked_for(world: World, agent: Agent) -> None:
    id_ = queued(world, agent)
    agent.print(id_)
    agent.clock.move(2 * POLL_INTERVAL_S)
    later = submit(world, agent.id, "x_report")
    assert agent.sync.step()
    assert told(world, id_)["status"] == "completed"
    assert later not in [entry.id for entry in agent.ledger.entries(10)]
    agent.settle()
    assert later in [entry.id for entry in agent.ledger.entries(10)]


@pytest.mark.parametrize("status", [400, 413])
def test_an_upload_that_is_clearly_refused_is_set_aside_and_the_rest_goes_on(
    world: World, agent: Agent, status: int
) -> None:
    first, second = queued(world, agent), queued(world, agent)
    agent.print(first)
    agent.print(second)
    fault(world, f"status:{status}", f"{COMMANDS}/{first}/result", "POST")
    agent.settle()
    assert told(world, second)["status"] == "completed"
    assert agent.names(first)[-1] == "upload_refused"
    assert str(status) in agent.ledger.history(first)[-1].data["reason"]
    assert unreported(agent.ledger, 10) == []


def test_a_refused_key_stops_the_work_and_nothing_is_lost(tmp_path: Path, world: World) -> None:
    device = world.device()
    key_id, header = world.key("commands", "devices")
    with an_agent(tmp_path, world.running.url, header["x-api-key"], device, lacks=BY_LIST) as agent:
        agent.settle()
        id_ = queued(world, agent)
        agent.print(id_)
        path = f"/api/v1/org/api-keys/{key_id}"
        world.shop.patch(path, json={"active": False}).raise_for_status()
        agent.settle()
        assert "401 UNAUTHORIZED" in agent.sync.sentence
        waiting = [event.id for event in unreported(agent.ledger, 10)]
        world.shop.patch(path, json={"active": True}).raise_for_status()
        agent.clock.move(KEY_REFUSED_S - 0.1)
        assert not agent.sync.step()
        assert [event.id for event in unreported(agent.ledger, 10)] == waiting
        agent.clock.move(0.2)
        agent.settle()
        assert told(world, id_)["status"] == "completed"
        assert agent.sync.sentence == "connected"


def test_a_doubt_and_its_end_are_told_in_their_order(world: World, agent: Agent) -> None:
    id_ = queued(world, agent)
    entry = agent.begun(agent.ledger.entry(id_))
    agent.ledger.lose(entry, fault="no_answer", reason="silence")
    agent.settle()
    assert (told(world, id_)["status"], told(world, id_)["phase"]) == ("sent", "in_doubt")
    assert told(world, id_)["errorCode"] == "NO_ANSWER"
    agent.ledger.found(agent.ledger.entry(id_), RECEIPT_RESULT, Evidence.REFERENCE)
    agent.settle()
    assert told(world, id_)["status"] == "completed"
    assert "phase" not in told(world, id_)
    assert agent.names(id_) == ["accept", "begin", "lose", "found"]


def test_a_result_after_the_clouds_timeout_is_still_told(world: World, agent: Agent) -> None:
    id_ = queued(world, agent)
    world.clock.move(seconds=200)
    assert told(world, id_)["status"] == "timeout"
    agent.print(id_)
    agent.settle()
    assert told(world, id_)["status"] == "timeout"
    assert told(world, id_)["lateResult"]["status"] == "completed"


def test_the_health_of_a_printer_is_told_once_per_change(world: World, agent: Agent) -> None:
    sick = {"status": "error", "faults": ["paper_out"], "identity": {"model": "DP-25X"}}
    assert agent.ledger.note_device(agent.id, sick)
    assert not agent.ledger.note_device(agent.id, sick)
    agent.settle()
    found = world.shop.get(f"/api/v1/devices/{agent.id}").json()
    (condition,) = found["conditions"]
    assert (found["status"], condition["code"]) == ("error", "paper_out")


@pytest.mark.parametrize("lacks", [BY_LIST, ()], ids=["by claim", "by sync"])
def test_of_two_agents_on_one_queue_exactly_one_takes_each_command(
    tmp_path: Path, world: World, lacks: Lacks
) -> None:
    device = world.device()
    ids = [submit(world, device, "x_report") for _ in range(50)]
    url, secret = world.running.url, world.running.agent_key
    names = [f"{device}-{n}" for n in (1, 2)]
    with (
        an_agent(tmp_path, url, secret, device, agent_id=names[0], lacks=lacks) as one,
        an_agent(tmp_path, url, secret, device, agent_id=names[1], lacks=lacks) as two,
    ):
        start = threading.Barrier(2)

        def work(agent: Agent) -> None:
            start.wait()
            for _ in range(60):
                agent.clock.move(1.0)
                agent.settle()
                while entry := agent.ledger.next_queued(device, agent.clock.now_ms()):
                    agent.print(entry.id)

        threads = [threading.Thread(target=work, args=(agent,)) for agent in (one, two)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        claimed = [
            {e.id for e in agent.ledger.entries(100) if e.state is State.ISSUED}
            for agent in (one, two)
        ]
        assert not claimed[0] & claimed[1]
        assert claimed[0] | claimed[1] == set(ids)
        for name, mine in zip(names, claimed, strict=True):
            assert all(told(world, id_)["claimedBy"] == name for id_ in mine)
