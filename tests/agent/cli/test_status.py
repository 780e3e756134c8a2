"""`amef status`: what runs, and what the cloud has not heard."""

import json
from pathlib import Path

import pytest

from agent.health import STATUS_FILE
from agent.ledger import Ledger
from agent.ledger_outbox import Fate, Upload
from agent.lock import LOCK_FILE, is_locked, take_lock
from config.settings import ConfigError
from drivers.clock import SystemClock
from tests.agent.amef import Amef
from tests.agent.clocks import FakeClock
from tests.agent.ledger.rows import RESULT, issuing

DAY_MS = 86_400_000


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(SystemClock().now_ms())  # the command looks at the real one


# who runs


def test_an_agent_that_can_write_no_word_is_seen_by_its_lock(state_dir: Path, amef: Amef) -> None:
    (state_dir / STATUS_FILE).write_text(json.dumps({"at_ms": 1, "loops": {"cloud": "connected"}}))
    assert "agent shop: not running" in amef("status").stdout
    with take_lock(state_dir):
        shown = amef("status").stdout
        said = json.loads(amef("status", "--json").stdout)["agent"]
    assert "agent shop: starting, or cannot write how it goes" in shown
    assert "cloud: connected" not in shown  # that was said long ago
    assert (said["running"], said["silent"], said["cannot_write"]) == (True, True, False)
    assert "agent shop: not running" in amef("status").stdout


def test_a_look_at_the_lock_keeps_no_agent_from_starting(state_dir: Path) -> None:
    assert not is_locked(state_dir)
    with take_lock(state_dir):
        assert is_locked(state_dir)
        assert is_locked(state_dir)  # nobody who looks keeps it
        with pytest.raises(ConfigError, match="another agent works"):
            take_lock(state_dir)
    take_lock(state_dir).close()


def test_a_lock_that_cannot_be_made_is_no_other_agent(state_dir: Path) -> None:
    (state_dir / LOCK_FILE).mkdir()
    with pytest.raises(OSError, match="Is a directory"):
        take_lock(state_dir)
    assert not is_locked(state_dir)


# what the cloud has not heard


def told(ledger: Ledger, id_: str, fate: Fate) -> None:
    """A result, and what the cloud said to it."""
    ledger.finish(issuing(ledger, id_), RESULT, 1)
    event = ledger.history(id_)[-1]
    ledger.plan([(event, [Upload("result", {"command_id": id_}, {})])])
    rows = ledger.uploads_of(id_)
    if fate is Fate.PAUSED:
        ledger.pause("result", "404 NOT_FOUND: no")
    else:
        ledger.settle(rows, fate, "409 CONFLICT: no")


@pytest.mark.parametrize(
    ("fate", "english", "romanian"),
    [
        (Fate.FINAL, "it says that the command has ended already", "s-a încheiat deja comanda"),
        (Fate.PAUSED, "they go again when it can", "le trimite din nou când cloud-ul poate"),
        (Fate.ASIDE, "refused: ask the cloud's people", "refuzate: întrebați la cloud"),
    ],
)
def test_results_that_the_cloud_does_not_take_are_counted_with_what_to_do(
    ledger: Ledger, amef: Amef, fate: Fate, english: str, romanian: str
) -> None:
    for number in range(3):
        told(ledger, f"c{number}", fate)
    shown = amef("status", "--lang", "en").stdout
    assert f"3 results that the cloud does not take; {english}" in shown
    assert ("amef ledger show c2" in shown) == (fate is not Fate.PAUSED)
    shown = amef("status", "--lang", "ro").stdout
    assert "3 rezultate neprimite de cloud; " in shown
    assert romanian in shown
    kept = json.loads(amef("status", "--json").stdout)["outbox"]["untaken"]
    assert kept == {fate: {"count": 3, "last_id": "c2"}}


def test_what_the_cloud_took_is_not_counted_nor_what_it_ended_long_ago(
    ledger: Ledger, clock: FakeClock
) -> None:
    told(ledger, "c1", Fate.DONE)
    told(ledger, "c2", Fate.FINAL)
    assert ledger.untaken(clock.now_ms() + 7 * DAY_MS) == {}
    assert [kept.count for kept in ledger.untaken(clock.now_ms()).values()] == [1]
