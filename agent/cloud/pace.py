"""When to look for commands again: quickly after work, slowly when idle, hardly at night.

    a cloud that waits with its answer  at once: that is the pause
    work within the last two minutes    poll_interval_s
    idle                                1.8 times that
    outside of the opening hours        ninety seconds: within the life of a command

Every interval has jitter, so that many agents do not come at the same moment. Pure.
"""

from datetime import datetime, time
from random import Random
from zoneinfo import ZoneInfo

from config.settings import Settings

IDLE_AFTER_S = 120.0
IDLE_FACTOR = 1.8
CLOSED_S = 90.0
JITTER = 0.1
WAIT_JITTER_S = 5


class Pace:
    """The rhythm of one agent's polls."""

    def __init__(self, settings: Settings, random: Random, now_s: float) -> None:
        self._interval_s = settings.cloud.poll_interval_s
        self._opens = settings.cloud.open_from
        self._closes = settings.cloud.open_until
        self._zone = ZoneInfo(settings.agent.timezone)
        self._random = random
        self._worked_s = now_s

    def worked(self, now_s: float) -> None:
        """Something was done; more may come."""
        self._worked_s = now_s

    def next_s(self, now_s: float, now_ms: int, *, waited: bool) -> float:
        """How long to wait before the next poll. `waited`: the cloud honours our waiting."""
        if self.is_closed(now_ms):
            return self._about(max(CLOSED_S, self._interval_s))
        if waited:
            return 0.0
        busy = now_s - self._worked_s < IDLE_AFTER_S
        return self._about(self._interval_s * (1.0 if busy else IDLE_FACTOR))

    def wait_s(self, longest_s: int) -> int:
        """How long the cloud is asked to wait with its answer."""
        return max(1, longest_s - self._random.randint(0, WAIT_JITTER_S)) if longest_s else 0

    def is_closed(self, now_ms: int) -> bool:
        """Hours may pass midnight: 18:00 to 02:00."""
        if self._opens is None or self._closes is None:
            return False
        local: time = datetime.fromtimestamp(now_ms / 1000, tz=self._zone).time()
        if self._opens <= self._closes:
            return not self._opens <= local < self._closes
        return self._closes <= local < self._opens

    def _about(self, seconds: float) -> float:
        return seconds * self._random.uniform(1 - JITTER, 1 + JITTER)
