"""The loops a configuration names: who is wanted works, who is not finishes first."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agent.health import Health
from agent.ledger import Ledger, LedgerError
from agent.loops import Crew, Running
from drivers.clock import SystemClock

WAIT_S = 10.0


class Job:
    """A loop whose step lasts until it is let go."""

    def __init__(self, name: str, *, held: bool = False) -> None:
        self.sentence = name
        self.notes = (f"{name} is new",)
        self.left = False
        self.steps: list[str] = []
        self.began, self.go, self.closed = (threading.Event() for _ in range(3))
        self.fails: Exception | None = None
        if not held:
            self.go.set()

    def step(self) -> bool:
        if self.fails:
            raise self.fails
        self.began.set()
        self.go.wait(WAIT_S)
        self.steps.append(threading.current_thread().name)
        return False

    def leave(self) -> None:
        self.left = True

    def close(self) -> None:
        self.closed.set()


class Listening(Running):
    """One that says when it is woken by name."""

    def __init__(self, woken: list[str], *made_of: Any) -> None:
        super().__init__(*made_of)
        self._woken = woken

    def wake(self) -> None:
        self._woken.append(self.name)
        super().wake()


class Yard:
    """A crew, and what became of it."""

    def __init__(self, home: Path) -> None:
        self.path = home / "ledger.sqlite3"
        self.health = Health(SystemClock())
        self.jobs: list[Job] = []
        self.broke: list[str] = []
        self.woken: list[str] = []
        self.held = False
        self.broken = threading.Event()
        self.crew: Crew[str] = Crew(self.build)

    def build(self, name: str, wanted: str) -> Running:
        self.jobs.append(Job(f"{name} {wanted}", held=self.held))
        ledger = Ledger(self.path, SystemClock())
        return Listening(self.woken, name, self.jobs[-1], ledger, self.health, self.on_break)

    def on_break(self, ledger_failure: str) -> None:
        self.broke.append(ledger_failure)
        self.broken.set()

    def names(self) -> list[str]:
        return sorted(pulse.name for pulse in self.health.pulses)

    def settle_until(self, wanted: Callable[[], bool]) -> None:
        pause = threading.Event()
        for _ in range(1000):
            self.crew.settle()
            if wanted():
                return
            pause.wait(0.01)
        pytest.fail("it never came to that")


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    yard = Yard(tmp_path)
    yield yard
    for job in yard.jobs:
        job.go.set()
    yard.crew.stop()
    yard.crew.end()


def test_who_is_wanted_begins_and_who_is_not_goes(yard: Yard) -> None:
    yard.crew.want({"a": "1", "b": "1"})
    assert yard.crew.settle()
    assert not yard.crew.settle()
    yard.crew.want({"b": "1", "c": "1"})
    yard.settle_until(lambda: yard.names() == ["b", "c"])
    a, b, _ = yard.jobs
    assert a.closed.is_set()
    assert not b.closed.is_set()


def test_who_is_wanted_otherwise_begins_anew_only_when_his_step_has_ended(yard: Yard) -> None:
    yard.held = True
    yard.crew.want({"a": "1", "b": "1"})
    yard.crew.settle()
    assert all(job.began.wait(WAIT_S) for job in yard.jobs)
    yard.crew.want({"a": "2", "b": "1"})
    assert not yard.crew.settle()
    assert [job.sentence for job in yard.jobs] == ["a 1", "b 1"]
    yard.jobs[0].go.set()
    yard.settle_until(lambda: len(yard.jobs) == 3)
    assert yard.jobs[0].closed.is_set()
    assert yard.jobs[2].sentence == "a 2"


def test_one_that_hangs_keeps_nobody_from_coming_and_going(yard: Yard) -> None:
    yard.held = True
    yard.crew.want({"hangs": "1"})
    yard.crew.settle()
    assert yard.jobs[0].began.wait(WAIT_S)
    yard.held = False
    yard.crew.want({"other": "1"})
    yard.crew.settle()
    assert yard.names() == ["hangs", "other"]
    assert yard.jobs[1].began.wait(WAIT_S)
    yard.crew.want({})
    yard.settle_until(lambda: yard.names() == ["hangs"])


def test_one_that_comes_back_before_he_went_is_built_anew_once(yard: Yard) -> None:
    yard.held = True
    yard.crew.want({"a": "1"})
    yard.crew.settle()
    assert yard.jobs[0].began.wait(WAIT_S)
    yard.crew.want({})
    yard.crew.want({"a": "1"})
    yard.crew.settle()
    assert len(yard.jobs) == 1
    yard.jobs[0].go.set()
    yard.settle_until(lambda: len(yard.jobs) == 2)
    assert yard.names() == ["a"]


def test_a_change_is_made_between_two_steps_in_the_loop_s_own_thread(yard: Yard) -> None:
    running = yard.build("cloud", "")
    seen: list[str] = []
    done = threading.Event()

    def change() -> None:
        seen.append(threading.current_thread().name)
        done.set()

    running.start()
    running.change(change)
    assert done.wait(WAIT_S)
    assert seen == ["cloud"]
    running.stop()
    running.dismiss()


def test_a_wake_for_somebody_who_is_not_there_is_nothing(yard: Yard) -> None:
    yard.crew.want({"device dev_1": "1"})
    yard.crew.settle()
    yard.crew.wake("device dev_9")
    assert yard.woken == []
    yard.crew.wake("device dev_1")
    assert yard.woken == ["device dev_1"]


def test_what_a_loop_notes_is_told_and_it_hears_that_its_end_is_wanted(yard: Yard) -> None:
    yard.crew.want({"a": "1"})
    yard.settle_until(lambda: bool(yard.jobs and yard.jobs[0].steps))
    yard.settle_until(lambda: bool(yard.health.pulses[0].notes))
    assert yard.health.pulses[0].notes == ("a 1 is new",)
    assert not yard.jobs[0].left
    yard.crew.stop()
    assert yard.jobs[0].left


def test_one_that_breaks_is_told_though_he_was_to_go(yard: Yard) -> None:
    yard.held = True
    yard.crew.want({"a": "1"})
    yard.crew.settle()
    assert yard.jobs[0].began.wait(WAIT_S)
    yard.jobs[0].fails = LookupError("no such thing")
    yard.jobs[0].go.set()
    assert yard.broken.wait(WAIT_S)
    assert yard.broke == [""]
    assert yard.health.failure == "the loop 'a' broke"


def test_a_ledger_that_fails_is_told_with_its_reason_and_the_port_is_given_back(yard: Yard) -> None:
    yard.held = True
    yard.crew.want({"a": "1"})
    yard.crew.settle()
    assert yard.jobs[0].began.wait(WAIT_S)
    yard.jobs[0].fails = LedgerError("disk full")
    yard.jobs[0].go.set()
    assert yard.broken.wait(WAIT_S)
    assert yard.broke == ["the ledger cannot be used: disk full"]
    assert yard.jobs[0].closed.is_set()
