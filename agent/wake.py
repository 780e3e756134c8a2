"""One thread wakes another: "look again now". Nothing is handed over."""

import threading


class Wake:
    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def wait(self, timeout_s: float) -> None:
        """Wait to be woken, at most this long, and forget it."""
        self._event.wait(timeout_s)
        self._event.clear()
