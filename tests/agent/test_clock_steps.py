"""Somebody sets this machine's clock: what waits gets neither older nor younger by it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from agent.cloud_time import CloudTime
from agent.entries import LOCAL
from agent.payloads import reference_of
from agent.states import State
from tests.agent.clocks import START_MS, FakeClock
from tests.agent.test_worker import SALE, references
from tests.agent.world import World, sale

HOUR_MS = timedelta(hours=1) // timedelta(milliseconds=1)
TTL_MS = 60_000

steps = pytest.mark.parametrize("by_ms", [-HOUR_MS, HOUR_MS], ids=["back", "on"])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.close()


def set_by(world: World, ms: int) -> None:
    world.clock.jump_to(world.clock.now_ms() + ms)


@steps
def test_a_command_expires_when_its_time_is_over_and_not_before(world: World, by_ms: int) -> None:
    world.cable.plugged = False
    world.queue("c1", sale(), expires_in_ms=TTL_MS)
    world.steps(1)
    set_by(world, by_ms)
    world.clock.move(TTL_MS / 1000 - 1)
    world.steps(1)
    assert world.entry("c1").state is State.QUEUED
    world.cable.plugged = True
    world.clock.move(11)
    world.settle()
    assert world.entry("c1").state is State.REJECTED
    assert world.cloud.history("c1")[-1].data["problems"][0]["code"] == "EXPIRED"


def test_after_a_start_what_the_cloud_asked_for_waits_until_its_time_is_known(world: World) -> None:
    world.cloud_time = CloudTime(world.clock)
    world.queue("c1", sale())
    world.queue(f"{LOCAL}x", "{}", "x_report")
    world.steps(20)
    assert world.entry("c1").state is State.QUEUED
    assert world.entry(f"{LOCAL}x").state is State.ISSUED
    world.cloud_time.heard(START_MS)
    world.settle()
    assert references(world) == [reference_of("c1")]


@steps
def test_a_printer_that_rests_is_looked_for_as_soon_as_ever(world: World, by_ms: int) -> None:
    world.cable.plugged = False
    world.queue("c1", sale())
    world.steps(200)
    set_by(world, by_ms)
    world.cable.plugged = True
    world.clock.move(10)
    world.settle()
    assert references(world) == [reference_of("c1")]


@steps
def test_what_is_to_be_tried_again_is_tried_within_a_minute(world: World, by_ms: int) -> None:
    world.printer.device.refusing = {SALE: -112006}
    world.queue("c1", sale())
    world.steps(20)
    world.printer.device.refusing = {}
    set_by(world, by_ms)
    world.clock.move(60)
    world.settle()
    assert references(world) == [reference_of("c1")]


def test_the_clouds_time_goes_on_evenly_from_its_last_answer() -> None:
    clock = FakeClock()
    cloud_time = CloudTime(clock)
    assert not cloud_time.is_known
    assert cloud_time.now_ms() == START_MS
    cloud_time.heard(START_MS + HOUR_MS)
    clock.move(5)
    clock.jump_to(START_MS - HOUR_MS)
    assert cloud_time.is_known
    assert cloud_time.now_ms() == START_MS + HOUR_MS + 5_000
    assert cloud_time.ahead_ms() == 2 * HOUR_MS + 5_000


def test_a_cloud_that_does_not_tell_the_time_has_ours() -> None:
    clock = FakeClock()
    cloud_time = CloudTime(clock)
    cloud_time.heard(None)
    assert cloud_time.is_known
    assert cloud_time.now_ms() == clock.now_ms()
