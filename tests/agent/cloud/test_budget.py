"""The governor: five agents below one limit on a fake clock, and the rhythm of one agent."""

from collections.abc import Callable
from datetime import UTC, datetime, time
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.cloud.budget import JITTER_S, Budget
from agent.cloud.client import Limits
from agent.cloud.pace import CLOSED_S, IDLE_AFTER_S, Pace
from config.settings import AgentSettings, CloudSettings, DeviceSettings, Settings

LIMIT, WINDOW_S = 150, 600.0
FIRST_S = 1000.0


class Counting:
    """A cloud that counts in fixed windows, and refuses what is too much."""

    def __init__(self) -> None:
        self.ends_s = FIRST_S + WINDOW_S
        self.used = self.refused = 0
        self.used_by_window: list[int] = []

    def ask(self, now_s: float) -> Limits:
        if now_s >= self.ends_s:
            self.used_by_window.append(self.used)
            self.used, self.ends_s = 0, now_s + WINDOW_S
        if self.used >= LIMIT:
            self.refused += 1
        else:
            self.used += 1
        return Limits(LIMIT, LIMIT - self.used, self.ends_s - now_s)


def greedy(count: int, windows: float, share: float | None = None) -> tuple[Counting, list[int]]:
    """Agents that always have a result to tell: what they spend, in steps of half a second."""
    cloud = Counting()
    budgets = [Budget(LIMIT, WINDOW_S, share, Random(n), FIRST_S) for n in range(count)]
    spent = [0] * count
    now_s = FIRST_S
    while now_s < FIRST_S + windows * WINDOW_S:
        for number, budget in enumerate(budgets):
            if budget.wait_s(now_s, urgent=True) <= 0:
                budget.spent(now_s)
                budget.heard(cloud.ask(now_s), now_s)
                spent[number] += 1
        now_s += 0.5
    return cloud, spent


@pytest.mark.parametrize("count", [1, 2, 5, 8])
def test_agents_at_full_load_meet_no_429_and_share_fairly(count: int) -> None:
    cloud, spent = greedy(count, windows=4)
    assert cloud.refused == 0
    assert min(cloud.used_by_window[1:]) >= 0.7 * LIMIT  # and most of it is used
    assert max(spent) <= 2 * min(spent)


def test_a_configured_share_is_kept_to_by_each(tmp_path: Path) -> None:
    cloud, _ = greedy(5, windows=4, share=0.2)
    assert cloud.refused == 0


def test_a_single_agent_learns_that_all_of_it_is_its_own() -> None:
    assert greedy(1, windows=3)[0].used_by_window[-1] >= 0.8 * LIMIT


def test_a_newcomer_among_busy_agents_gets_its_part() -> None:
    cloud, now_s = Counting(), FIRST_S
    old = [Budget(LIMIT, WINDOW_S, None, Random(n), FIRST_S) for n in range(4)]
    spent = 0
    while now_s < FIRST_S + 3 * WINDOW_S:
        if now_s == FIRST_S + WINDOW_S:
            old.append(Budget(LIMIT, WINDOW_S, None, Random(9), now_s))
        for budget in old:
            if budget.wait_s(now_s, urgent=True) <= 0:
                budget.spent(now_s)
                budget.heard(cloud.ask(now_s), now_s)
                spent += budget is old[-1] and len(old) == 5
        now_s += 0.5
    assert cloud.refused == 0
    assert spent >= 20


def test_a_poll_waits_where_a_result_goes() -> None:
    budget = Budget(LIMIT, WINDOW_S, None, Random(1), FIRST_S)
    budget.heard(Limits(LIMIT, 15 + 2, 300.0), FIRST_S)
    assert budget.wait_s(FIRST_S, urgent=True) == 0.0
    assert budget.wait_s(FIRST_S, urgent=False) > 0.0
    budget.heard(Limits(LIMIT, 15, 300.0), FIRST_S)
    assert budget.wait_s(FIRST_S, urgent=True) == 300.0


def test_what_can_wait_leaves_what_polls_and_results_will_need() -> None:
    budget, now_s = Budget(LIMIT, WINDOW_S, 1.0, Random(1), FIRST_S), FIRST_S
    for _ in range(60):
        now_s += 10.0
        budget.spent(now_s)  # a poll every ten seconds, for a window
    budget.heard(Limits(LIMIT, LIMIT, WINDOW_S), now_s)
    now_s += 30.0  # a new window: the tokens come
    for _ in range(LIMIT):
        if not budget.has_spare(now_s):
            break
        budget.spent(now_s)
        budget.spent_spare()
    left = LIMIT - 15 * 2  # the floors of results and of polls
    spare = left - budget._window.remaining + 30
    assert not budget.has_spare(now_s)
    assert 0 < spare <= left - 1.5 * 37
    budget.heard(Limits(LIMIT, 100, 10.0), now_s + 560.0)
    assert budget.has_spare(now_s + 560.0)  # the end of the window is near: it would be lost


def test_what_can_wait_waits_where_the_others_left_little() -> None:
    budget = Budget(LIMIT, WINDOW_S, 0.2, Random(1), FIRST_S)
    budget.heard(Limits(LIMIT, 60, 300.0), FIRST_S)
    assert budget.wait_s(FIRST_S, urgent=False) == 0.0
    assert not budget.has_spare(FIRST_S)


def test_a_429_is_obeyed_to_the_second_and_a_little_more() -> None:
    budget = Budget(LIMIT, WINDOW_S, None, Random(1), FIRST_S)
    budget.refused(17.0, FIRST_S)
    assert budget.wait_s(FIRST_S + 16.9, urgent=True) > 0.0
    assert budget.wait_s(FIRST_S + 17.0 + JITTER_S, urgent=True) == 0.0


def test_a_cloud_that_says_nothing_is_counted_for() -> None:
    budget = Budget(LIMIT, WINDOW_S, None, Random(1), FIRST_S)
    spent, now_s = 0, FIRST_S
    while now_s < FIRST_S + WINDOW_S:
        if budget.wait_s(now_s, urgent=True) <= 0:
            budget.spent(now_s)
            budget.heard(Limits(None, None, None), now_s)
            spent += 1
        now_s += 0.5
    assert 15 <= spent <= LIMIT / 5  # a fifth of it, as nobody says how many share


def test_what_a_cloud_does_not_count_costs_nothing() -> None:
    budget = Budget(LIMIT, WINDOW_S, None, Random(1), FIRST_S)
    for _ in range(1000):
        assert budget.wait_s(FIRST_S, urgent=False) == 0.0
        budget.spent(FIRST_S)
        budget.heard(Limits(LIMIT, LIMIT, WINDOW_S), FIRST_S)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(0, 1000),
            st.none() | st.integers(-5, 2000),
            st.none() | st.integers(1, 2000),
            st.none() | st.floats(-10, 10_000),
        ),
        max_size=30,
    )
)
def test_whatever_a_cloud_says_the_wait_has_an_end(
    said: list[tuple[float, int | None, int | None, float | None]],
) -> None:
    budget, now_s = Budget(LIMIT, WINDOW_S, None, Random(1), FIRST_S), FIRST_S
    for later_s, remaining, limit, reset_s in said:
        now_s += later_s
        budget.spent(now_s)
        budget.heard(Limits(limit, remaining, reset_s), now_s)
        wait_s = budget.wait_s(now_s, urgent=False)
        assert 0.0 <= wait_s <= 10_000 + WINDOW_S


# the rhythm


def pace(**cloud: object) -> Pace:
    made = Settings(
        agent=AgentSettings(id="a", state_dir=Path("/nowhere")),
        cloud=CloudSettings.model_validate(cloud),
        device=[DeviceSettings(id="d", family="datecs_x", address="/dev/d")],
    )
    return Pace(made, Random(1), FIRST_S)


def at_ms(hour: int, minute: int = 0) -> int:
    """A moment of a summer day; Bucharest is three hours ahead of UTC."""
    return int(datetime(2026, 7, 1, hour, minute, tzinfo=UTC).timestamp() * 1000)


def polls(rhythm: Pace, seconds: float, next_s: Callable[[float], float]) -> int:
    now_s, count = FIRST_S, 0
    while now_s < FIRST_S + seconds:
        now_s += next_s(now_s)
        count += 1
    return count


def test_it_is_quick_after_work_and_slow_when_idle() -> None:
    rhythm = pace()
    assert 9.0 <= rhythm.next_s(FIRST_S, at_ms(9), waited=False) <= 11.0
    idle_s = FIRST_S + IDLE_AFTER_S
    assert 16.2 <= rhythm.next_s(idle_s, at_ms(9), waited=False) <= 19.8
    rhythm.worked(idle_s)
    assert rhythm.next_s(idle_s, at_ms(9), waited=False) <= 11.0


def test_an_idle_site_asks_seldom() -> None:
    rhythm = pace()
    plain = polls(rhythm, 600, lambda s: rhythm.next_s(s + 999, at_ms(9), waited=False))
    held = polls(rhythm, 600, lambda s: rhythm.wait_s(30) + rhythm.next_s(s, at_ms(9), waited=True))
    assert plain <= 40
    assert held <= 24


@pytest.mark.parametrize(
    ("hours", "utc", "closed"),
    [
        ({}, 1, False),
        ({"open_from": "08:00"}, 1, False),
        ({"open_from": "08:00", "open_until": "20:00"}, 4, True),
        ({"open_from": "08:00", "open_until": "20:00"}, 5, False),
        ({"open_from": "08:00", "open_until": "20:00"}, 17, True),
        ({"open_from": "18:00", "open_until": "02:00"}, 22, False),
        ({"open_from": "18:00", "open_until": "02:00"}, 23, True),
        ({"open_from": "18:00", "open_until": "02:00"}, 14, True),
    ],
)
def test_outside_of_the_opening_hours_it_hardly_asks(
    hours: dict[str, str], utc: int, closed: bool
) -> None:
    rhythm = pace(**hours)
    assert rhythm.is_closed(at_ms(utc)) is closed
    wait_s = rhythm.next_s(FIRST_S, at_ms(utc), waited=True)
    assert (wait_s >= 0.9 * CLOSED_S) is closed


def test_hours_are_read_as_local_time() -> None:
    assert CloudSettings.model_validate({"open_from": "08:30"}).open_from == time(8, 30)
