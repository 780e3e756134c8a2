"""The moment a clock is to show: in the shop's zone, and later by as long as the command waited."""

import json
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from agent.commands import KINDS
from agent.payloads import ClockSetting

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "shown", "summer"),
    [
        ("2026-11-22T10:00:00+00:00", "2026-11-22 12:00:00", False),
        ("2026-07-01T10:00:00+00:00", "2026-07-01 13:00:00", True),
        ("2026-10-25T00:30:00+00:00", "2026-10-25 03:30:00", True),  # this half hour comes twice
        ("2026-10-25T01:30:00+00:00", "2026-10-25 03:30:00", False),
        ("2026-03-29T01:00:00+00:00", "2026-03-29 04:00:00", True),  # from 3 to 4 there is none
    ],
)
def test_a_moment_is_what_the_shop_s_clock_shows_then(at: str, shown: str, summer: bool) -> None:
    here = datetime.fromisoformat(at)
    asked = json.dumps({"at_ms": int(here.timestamp() * 1000)})
    now = NOW.astimezone(ZoneInfo("Europe/Bucharest"))
    work = KINDS["set_datetime"].understand(asked, "c1", now)
    assert isinstance(work, ClockSetting)
    assert (f"{work.at:%Y-%m-%d %H:%M:%S}", work.summer) == (shown, summer)


@pytest.mark.parametrize(
    ("waited_s", "shown"), [(0, "10:00:30"), (170, "10:03:20"), (-5, "10:00:30")]
)
def test_a_moment_that_waited_is_later_by_as_much(waited_s: int, shown: str) -> None:
    now_ms = int(NOW.timestamp() * 1000)
    asked = json.dumps({"at_ms": now_ms + 30_000, "asked_at_ms": now_ms - waited_s * 1000})
    work = KINDS["set_datetime"].understand(asked, "c1", NOW)
    assert isinstance(work, ClockSetting)
    assert f"{work.at:%H:%M:%S}" == shown


def test_a_moment_that_waited_for_ever_is_still_a_moment() -> None:
    asked = json.dumps({"at_ms": 4_102_444_799_999, "asked_at_ms": 0})
    work = KINDS["set_datetime"].understand(asked, "c1", NOW)
    assert isinstance(work, ClockSetting)
    assert work.at.year == 2100


def test_without_a_moment_it_is_our_own_of_the_time_when_it_is_done() -> None:
    work = KINDS["set_datetime"].understand("{}", "c1", NOW.replace(microsecond=999_999))
    assert work == ClockSetting(NOW, summer=False)
