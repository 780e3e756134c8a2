"""How far off a clock is that shows seconds, minutes or days."""

from datetime import UTC, datetime, timedelta

import pytest

from drivers.model import DeviceTime
from drivers.precision import ahead_s, step_of

SHOWN = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("shape", "late_s", "ahead"),
    [
        ("%H:%M:%S", 0.9, 0),
        ("%H:%M:%S", 1, -1),
        ("%H:%M:%S", 25.5, -25),
        ("%H:%M:%S", -3, 3),
        ("%H:%M", 0, 0),
        ("%H:%M", 59.9, 0),
        ("%H:%M", 60, -1),
        ("%H:%M", 3659, -3600),
        ("%H:%M", -120, 120),
        ("%d-%m-%Y", 86_399, 0),
    ],
)
def test_a_clock_is_only_as_far_off_as_what_it_shows_can_prove(
    shape: str, late_s: float, ahead: int
) -> None:
    shown = DeviceTime("", SHOWN, step_of(shape))
    assert ahead_s(shown, SHOWN + timedelta(seconds=late_s)) == ahead


def test_what_is_no_date_is_neither_ahead_nor_behind() -> None:
    assert ahead_s(DeviceTime("00-00-00", None), SHOWN) is None
