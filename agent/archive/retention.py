"""Old documents let go: ten years and more, said a month before, never what nobody was told of.

    older than retention_years, by its own date and by ours; not kept; told to the cloud
        --announce--> in GRACE_DAYS it goes        event "archive_retention"
        --gone-----> written down: event "archive_gone"
        --forget---> its bytes are removed, if no other document is the same bytes

The month is for people (`amef archive keep`), and for a clock that jumped ahead: it would take all
there is on one day. The row of the index stays, with its hash: that it was there, and what it was.
"""

import logging
from datetime import UTC, datetime, timedelta

from agent.archive.keeping import ArchiveKeeping
from agent.archive.store import Store
from agent.english import counted
from drivers.clock import Clock

log = logging.getLogger(__name__)

GRACE_DAYS = 30
DAY_S = 86_400
DAYS_OF_A_YEAR = 366


class Retention:
    """Looks once a day. Belongs to the thread of its index."""

    def __init__(self, store: Store, index: ArchiveKeeping, clock: Clock, years: int) -> None:
        self._store = store
        self._index = index
        self._clock = clock
        self._kept = timedelta(days=years * DAYS_OF_A_YEAR)
        self._next_s = clock.monotonic_s()
        self.note = ""

    def step(self) -> None:
        """Look, if a day has passed since the last time.

        Raises:
            OSError: bytes cannot be removed; they are on the next day.
            LedgerError: it cannot be written down: nothing is removed.
        """
        if self._clock.monotonic_s() < self._next_s:
            return
        self._next_s = self._clock.monotonic_s() + DAY_S
        self.look()
        self._store.sweep(self._clock.now_ms() / 1000 - DAY_S)

    def look(self) -> tuple[int, int]:
        """Say what will go and let go what was said; returns how many of each."""
        now_ms = self._clock.now_ms()
        cutoff = datetime.fromtimestamp(now_ms / 1000, tz=UTC) - self._kept
        limits = (int(cutoff.timestamp() * 1000), f"{cutoff:%Y-%m-%d}")
        fresh = self._index.due(limits, said_by_ms=None)
        if fresh:
            self._index.announce([each.id for each in fresh], limits[1])
        old = self._index.due(limits, said_by_ms=now_ms - GRACE_DAYS * DAY_S * 1000)
        for each in old:
            self._index.gone(each.id)
        for sha256 in self._index.gone_hashes():  # those too that a cut left behind
            if self._store.has(sha256):
                self._index.forget(sha256, self._store.remove)
        waiting = self._index.due_count(limits)
        documents = counted(waiting, "document goes", "documents go")
        self.note = f"{documents} within {GRACE_DAYS} days" if waiting else ""
        if fresh or old:
            log.warning("archive.retention", extra={"due": len(fresh), "gone": len(old)})
        return len(fresh), len(old)
