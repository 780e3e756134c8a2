"""The request that the cloud may answer late (`Prefer: wait=30`), in a thread of its own.

    cloud thread   start ----.                     .--> take: the answer, or what went wrong
    "cloud poll"             '-> send ... answer --'    (and a wake, so that it is taken at once)

So the cloud thread never waits: what a printer has done is told while the cloud still waits for
commands. The other thread does one request and decides nothing; it has a client of its own and
shares only the answer. At the end of the program it is left behind.
"""

from collections.abc import Callable
from queue import Empty, SimpleQueue
from typing import Any

from agent.cloud.client import Answer, CloudClient, CloudError

Launch = Callable[[Callable[[], None]], None]
"""Runs a function in a thread of its own; in tests and in the simulator: now."""


def at_once(work: Callable[[], None]) -> None:
    work()


class Waiting:
    """At most one request in flight."""

    def __init__(self, client: CloudClient, launch: Launch, wake: Callable[[], None]) -> None:
        self._client = client
        self._launch = launch
        self._wake = wake
        self._ended: SimpleQueue[Answer | BaseException] = SimpleQueue()
        self.in_flight = ""  # the call

    def start(self, call: str, **content: Any) -> None:
        assert not self.in_flight, "one at a time"
        self.in_flight = call

        def run() -> None:
            try:
                ended: Answer | BaseException = self._client.send(call, **content)
            except CloudError as error:
                ended = error
            except BaseException as error:
                self._ended.put(error)
                raise
            self._ended.put(ended)
            self._wake()

        self._launch(run)

    def take(self) -> Answer | None:
        """Return the answer, once; None while there is none.

        Raises:
            CloudError: and whatever else the request ended with.
        """
        try:
            ended = self._ended.get_nowait()
        except Empty:
            return None
        self.in_flight = ""
        if isinstance(ended, BaseException):
            raise ended
        return ended
