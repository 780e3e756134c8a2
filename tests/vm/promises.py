"""What the agent promised, and whether the disk kept it.

A promise is what a COMMIT returned for: the event rows by number and hash, and the numbers that
only grow (commands claimed, attempts begun, events reported). It counts when the host has heard it
before the cut; what was still on its way was promised to nobody.
"""

import json
import socket
import threading
from typing import Any

GROWING = ("claimed", "attempts", "reported")


class Promises:
    """All that was promised since the first start, over every cut."""

    def __init__(self) -> None:
        self.events: dict[str, str] = {}
        self.growing = dict.fromkeys(GROWING, 0)
        self.made = 0  # every event row ever promised, also the ones that were lost

    def hear(self, told: dict[str, Any]) -> int:
        """Write it down; return how many of the event rows are new."""
        new = len(told["events"].keys() - self.events.keys())
        self.made += new
        self.events |= told["events"]
        for name in GROWING:
            self.growing[name] = max(self.growing[name], told[name])
        return new

    def broken(self, found: dict[str, Any]) -> dict[str, int]:
        """Count what is not there, and from now on expect only what is."""
        events = found.get("events", {})
        lost = [id_ for id_, digest in self.events.items() if events.get(id_) != digest]
        missing = {
            name: self.growing[name] - found.get(name, 0)
            for name in GROWING
            if found.get(name, 0) < self.growing[name]
        }
        if lost:
            missing["events"] = len(lost)
        self.events = {id_: self.events[id_] for id_ in self.events if id_ not in lost}
        self.growing = {name: found.get(name, 0) for name in GROWING}
        return missing


class Listener:
    """Hears one machine's promises in a thread, until its power is gone."""

    def __init__(self, connection: socket.socket, promises: Promises) -> None:
        self._heard = threading.Semaphore(0)  # once for every event row
        self._connection, self._promises = connection, promises
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def wait(self, events: int, first_s_max: float, next_s_max: float) -> int:
        """Wait for so many event rows, but for each not longer than that; return how many came."""
        for heard in range(events):
            if not self._heard.acquire(timeout=next_s_max if heard else first_s_max):
                return heard
        return events

    def join(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive(), "the machine still talks"

    def _listen(self) -> None:
        with self._connection.makefile("rb") as lines:
            for line in lines:
                if line.endswith(b"\n"):  # half a line was promised to nobody
                    for _ in range(self._promises.hear(json.loads(line))):
                        self._heard.release()
