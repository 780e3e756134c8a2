"""What time it is at the cloud: what its commands grow old by.

    Date of an answer --heard--> goes on evenly, whatever is done to this machine's clock

The cloud thread hears it, the workers ask. Each start begins without it: the machine may have been
switched off, and its clock set, since a command came.
"""

from agent.entries import LedgerEntry
from drivers.clock import Clock


class CloudTime:
    """The cloud's clock, by its last answer and the time that went by since."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began_ms: float | None = None  # when `monotonic_s` was 0

    @property
    def is_known(self) -> bool:
        return self._began_ms is not None

    def heard(self, server_ms: int | None) -> None:
        """The cloud answered. None: it does not tell the time, and ours has to do."""
        now_ms = self._clock.now_ms() if server_ms is None else server_ms
        self._began_ms = now_ms - 1000 * self._clock.monotonic_s()

    def now_ms(self) -> int:
        """Milliseconds since 1970 UTC by the cloud; by our own clock while it is not known."""
        if self._began_ms is None:
            return self._clock.now_ms()
        return round(self._began_ms + 1000 * self._clock.monotonic_s())

    def of(self, entry: LedgerEntry) -> int:
        """What a command's time to live is measured with, in ms: our own are by our clock."""
        return self._clock.now_ms() if entry.is_local else self.now_ms()

    def ahead_ms(self) -> int:
        """How far the cloud's clock is before this machine's."""
        return self.now_ms() - self._clock.now_ms()
