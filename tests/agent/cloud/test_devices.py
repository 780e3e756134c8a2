"""The cloud thread learns other devices between two steps."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from agent.cloud.waiting import Waiting
from sandbox.cloud.world import World, opened
from tests.agent.cloud.cloud_world import (
    BY_LIST,
    Agent,
    Lacks,
    an_agent,
    client_of,
    no_limit,
    settings_of,
    submit,
    told,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    with opened(tmp_path_factory.mktemp("cloud") / "cloud.db", faults=True) as world:
        yield world


@pytest.mark.parametrize("lacks", [BY_LIST, ()])
def test_commands_of_a_new_device_are_taken_and_of_one_that_left_no_more(
    tmp_path: Path, world: World, lacks: Lacks
) -> None:
    left, new = world.device(), world.device()
    url, key = world.running.url, world.running.agent_key
    with an_agent(tmp_path, url, key, left, lacks=lacks) as agent:
        before = submit(world, left, "x_report", None)
        agent.poll()
        agent.sync.take_devices(settings_of(tmp_path, url, new, agent_id=left))
        ids = [submit(world, device, "x_report", None) for device in (left, new)]
        agent.poll()
        taken = {entry.id for entry in agent.ledger.entries(9)}
        assert taken == {before, ids[1]}
        assert agent.ledger.entry(ids[1]).claimed
        agent.print(before)  # what it had in hand is told, though it has left
        agent.settle()
        assert told(world, before)["status"] == "completed"


def test_what_was_handed_over_for_a_device_that_left_is_written_down_and_not_printed(
    tmp_path: Path, world: World
) -> None:
    left, new = world.device(), world.device()
    url, key = world.running.url, world.running.agent_key
    settings = settings_of(tmp_path, url, left, agent_id=left)
    polls: list[Callable[[], None]] = []
    client = client_of(url, key, limits=False)
    around = replace(no_limit(), waiting=Waiting(client, polls.append, lambda: None))
    agent = Agent(tmp_path / "ledger.sqlite3", settings, client, around)
    waiting = submit(world, left, "x_report", None)
    agent.settle()  # the poll is under way, for the old device
    agent.sync.take_devices(settings_of(tmp_path, url, new, agent_id=left))
    polls.pop()()
    agent.settle()
    assert agent.ledger.entry(waiting).state == "queued"
    assert agent.ledger.note_configured([new]) == {left: 1}
    agent.close()
