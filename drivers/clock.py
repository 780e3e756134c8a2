"""Time as a value that is handed in: the only door to `time`.

`now_ms` is the wall clock, for people and the cloud; it is set now and then, also back.
`monotonic_s` only grows, also while the machine is suspended: for deadlines.
"""

import time
from typing import Protocol


class Clock(Protocol):
    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC."""
        ...

    def monotonic_s(self) -> float:
        """Seconds since some fixed moment."""
        ...


def awake_us() -> int:
    """Microseconds as systemd counts them: CLOCK_MONOTONIC, without what was slept through."""
    return time.monotonic_ns() // 1000


class SystemClock:
    """The machine's own clocks."""

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000

    def monotonic_s(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)
