"""Long polls: a request waits until there is something to say, or its time is over.

    Prefer: wait=25                   asked [RFC 7240 4.3]; more than WAIT_S_MAX is taken as that
    Preference-Applied: wait=25       said by a cloud that honours it

A bell is rung whenever a command is queued or changes; whoever waits looks again. At the end of
the server it is rung a last time, and from then on nobody waits.
"""

import asyncio
import re
from collections.abc import Callable
from typing import TypeVar

from starlette.datastructures import Headers

WAIT_S_MAX = 30
WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*\"?([0-9]{1,6})\"?(?=$|[,;\s])", re.IGNORECASE)

Found = TypeVar("Found")


def wait_asked(headers: Headers) -> int | None:
    """Seconds that this request is willing to wait; None if it says nothing of it."""
    found = WAIT.search(", ".join(headers.getlist("prefer")))
    return min(int(found[1]), WAIT_S_MAX) if found else None


class Bell:
    """Rung from the server's one event-loop thread, where all who wait are too."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()
        self._closed = False

    def ring(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    def close(self) -> None:
        self._closed = True
        self.ring()

    async def look(self, wait_s: float, look: Callable[[], Found | None]) -> Found | None:
        """What `look` finds, at once or after a ring; None once the time is over."""
        loop = asyncio.get_running_loop()
        deadline_s = loop.time() + wait_s
        found = look()
        while found is None and not self._closed and (left_s := deadline_s - loop.time()) > 0:
            future: asyncio.Future[None] = loop.create_future()
            self._waiting.add(future)
            try:
                await asyncio.wait([future], timeout=left_s)
            finally:
                self._waiting.discard(future)
            found = look()
        return found
