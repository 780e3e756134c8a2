"""How many requests may be made now: below what all keys of the organization share, and fairly.

    what is left R, until the window ends in T      the cloud says both with every answer
    our pace = our fraction of (R - floor) / T      tokens come at it, a request takes one

Whatever the others do, R runs out only with T: who is too many goes slower, and none meets a 429.
The floor stays for what the others do before we hear of it. A poll waits until a token is left for
a result. What can wait a day waits until our part holds what polls and results will need before the
window ends, by what they needed lately, and half of that again. The fraction is configured, or
learned: what is ours of all that was spent. Pure.
"""

import math
from dataclasses import dataclass
from random import Random

from agent.cloud.answers import Limits

FLOOR = 0.1  # of the limit is never spent
FLOOR_MIN = 5
FLOOR_MAX = 0.25
BURST = 0.5  # of our part of what is left may be spent at once
BURST_MIN = 2.0
MEMORY_S = 600.0
FRACTION_MIN = 0.2  # one of five; it also lets the poor become as rich as the others
JITTER_S = 2.0
SAME_WINDOW_S = 5.0
NEED_RESULT, NEED_POLL, NEED_SPARE = 1.0, 2.0, 4.0
NEEDED_FIRST = 60.0  # requests in MEMORY_S, before we know how many polls and results need
NEEDED_MARGIN = 1.5


@dataclass(frozen=True, slots=True)
class Window:
    """What the cloud counts in: `remaining` of `limit` requests, until `ends_s`."""

    limit: int
    remaining: float
    ends_s: float
    told: bool = False  # by the cloud; else it is only our own counting


class Budget:
    """The governor of one agent. `share`: a fixed fraction, None to learn it."""

    def __init__(
        self, requests: int, window_s: float, share: float | None, random: Random, now_s: float
    ) -> None:
        self._window_s = window_s
        self._share = share
        self._random = random
        self._window = Window(requests, requests, now_s + window_s)
        self._ours = self._others = 0.0
        self._unheard = 0  # requests of ours since the cloud last said what is left
        self._heard_s = self._filled_s = now_s
        self._blocked_until_s = 0.0
        self._needed = NEEDED_FIRST  # by polls and results in MEMORY_S
        self._spent_s = now_s
        self._tokens = self._burst()

    def wait_s(self, now_s: float, *, urgent: bool) -> float:
        """How long until the next request may be made; 0: now. `urgent`: not a mere poll."""
        self._fill(now_s)
        if now_s < self._blocked_until_s:
            return self._blocked_until_s - now_s
        left_s = self._window.ends_s - now_s
        if self._left(urgent=urgent) < 1:
            return left_s
        need = NEED_RESULT if urgent else NEED_POLL
        if self._tokens >= need:
            return 0.0
        return min((need - self._tokens) / self._pace(now_s), left_s)

    def has_spare(self, now_s: float) -> bool:
        """May a request be made for what can wait a day?"""
        if self.wait_s(now_s, urgent=False) > 0 or self._tokens < NEED_SPARE:
            return False
        ahead_s = min(self._window.ends_s - now_s, MEMORY_S)
        needed = NEEDED_MARGIN * self._needed * ahead_s / MEMORY_S
        return self._fraction * self._left(urgent=False) >= needed + NEED_RESULT

    def spent_spare(self) -> None:
        """One of the requests that went out was for what can wait."""
        self._needed = max(0.0, self._needed - 1.0)

    def spent(self, now_s: float) -> None:
        """A request goes out."""
        self._fill(now_s)
        self._needed = self._needed * math.exp((self._spent_s - now_s) / MEMORY_S) + 1.0
        self._spent_s = now_s
        self._tokens -= 1.0
        self._unheard += 1
        window = self._window
        counted = 1.0 if window.told else 1.0 / self._fraction  # the others spend as we do
        self._window = Window(
            window.limit, max(0.0, window.remaining - counted), window.ends_s, window.told
        )

    def heard(self, limits: Limits | None, now_s: float) -> None:
        """An answer said what is left."""
        if limits is None or limits.remaining is None:
            return
        before = self._window
        reset_s = limits.reset_s if limits.reset_s is not None else before.ends_s - now_s
        ends_s = now_s + max(0.0, reset_s)
        same = before.told and abs(ends_s - before.ends_s) < SAME_WINDOW_S
        if same:  # ours are already taken off
            self._learn(max(0.0, before.remaining - limits.remaining), now_s)
            uncounted = max(0.0, limits.remaining - before.remaining)
            free = min(uncounted, self._unheard)  # it costs nothing there
            self._tokens += free
            self._needed = max(0.0, self._needed - free)
        self._unheard = 0
        self._heard_s = now_s
        limit = limits.limit or before.limit
        self._window = Window(limit, limits.remaining, ends_s, told=True)
        self._tokens = min(self._tokens, self._burst())

    def refused(self, retry_after_s: float, now_s: float) -> None:
        """A 429: not one request before then."""
        until_s = now_s + retry_after_s + self._random.uniform(0, JITTER_S)
        self._blocked_until_s = max(self._blocked_until_s, until_s)

    # the pieces

    @property
    def _fraction(self) -> float:
        """Our part of what is left."""
        if self._share is not None:
            return self._share
        ours, all_ = self._ours + FRACTION_MIN, self._ours + self._others + 1.0
        return max(FRACTION_MIN, ours / all_)

    def _learn(self, others: float, now_s: float) -> None:
        kept = math.exp((self._heard_s - now_s) / MEMORY_S)
        self._ours = self._ours * kept + self._unheard
        self._others = self._others * kept + others

    def _floor(self) -> float:
        limit = self._window.limit
        return min(max(FLOOR * limit, FLOOR_MIN), FLOOR_MAX * limit)

    def _left(self, *, urgent: bool) -> float:
        kept = self._floor() if urgent else self._floor() * (1 + self._fraction)
        return self._window.remaining - kept

    def _burst(self) -> float:
        ours = BURST * self._fraction * (self._window.remaining - self._floor())
        return max(ours, BURST_MIN)

    def _pace(self, now_s: float) -> float:
        """Tokens per second."""
        left_s = max(1.0, self._window.ends_s - now_s)
        return max(1e-6, self._fraction * (self._window.remaining - self._floor()) / left_s)

    def _fill(self, now_s: float) -> None:
        until_s = min(now_s, self._window.ends_s)
        if until_s > self._filled_s:
            grown = self._tokens + (until_s - self._filled_s) * self._pace(self._filled_s)
            self._tokens = max(self._tokens, min(grown, self._burst()))
        self._filled_s = max(self._filled_s, until_s)
        if now_s >= self._window.ends_s:
            jitter_s = self._random.uniform(0, JITTER_S) if self._left(urgent=False) < 1 else 0.0
            limit, told = self._window.limit, self._window.told
            self._window = Window(limit, limit, now_s + self._window_s, told)
            # All who waited for it see it at once: they do not all move at once.
            self._blocked_until_s = max(self._blocked_until_s, now_s + jitter_s)
            self._filled_s = now_s
