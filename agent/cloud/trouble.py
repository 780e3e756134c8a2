"""When `sync` breaks on the cloud's side (5xx): what goes another way, and for how long.

    a result breaks it some times in a row    results go by their own route for a while: there the
                                              poison shows; polls go on by sync
    polls break it for as long as the cloud   everything goes by the documented routes
    keeps what it handed over

What a lost answer gave us only sync brings again, until the cloud takes it back: so it is not left
for the first trouble.
"""

from agent.cloud.client import CloudError, CloudUnreachable
from drivers.clock import Clock

RESULT_BREAKS_MAX = 3
ALONE_S = 600.0
TAKEN_BACK_S = 180.0  # a command that nobody answers is a timeout then [cloud_ebon.md 9]
TOO_MANY = 429


class SyncTrouble:
    """Remembers how sync fared, until it works again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._alone_until_s = 0.0
        self.healed()

    def healed(self) -> None:
        self._result_breaks = 0
        self._broken_since_s: float | None = None

    @property
    def results_go_alone(self) -> bool:
        return self._clock.monotonic_s() < self._alone_until_s

    def results_broke(self, error: CloudUnreachable) -> None:
        self._result_breaks += _is_breakage(error)
        if self._result_breaks >= RESULT_BREAKS_MAX:
            self._alone_until_s = self._clock.monotonic_s() + ALONE_S

    def poll_broke(self, error: CloudError) -> bool:
        """True: it has lasted long enough to do without sync."""
        now_s = self._clock.monotonic_s()
        if not _is_breakage(error):
            return False
        if self._broken_since_s is None:
            self._broken_since_s = now_s
        return now_s - self._broken_since_s >= TAKEN_BACK_S


def _is_breakage(error: CloudError) -> bool:
    return isinstance(error, CloudUnreachable) and error.status not in (None, TOO_MANY)
