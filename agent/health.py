"""Is the program alive? One beat per loop, told to systemd and to `status.json`.

systemd hears READY=1 once, WATCHDOG=1 as long as every loop beats, RELOADING=1 and READY=1 around a
change of the configuration, STOPPING=1 at the end: a loop that hangs is a program that is started
again (`sd_notify(3)`).
"""

import contextlib
import json
import logging
import os
import socket
from collections.abc import Mapping, Sequence
from pathlib import Path

from drivers.clock import Clock

log = logging.getLogger(__name__)

# The longest step is an archive that is read (below this: `WHOLE_S_MAX` of archive/patience.py), or
# a receipt on a bad line; each of their requests has its own limit.
SILENCE_S_MAX = 900.0
STATUS_FILE = "status.json"
WRITE_INTERVAL_S = 5.0


class Pulse:
    """One loop's sign of life. Written by its thread, read by the main one."""

    def __init__(self, name: str, beat_s: float, *, vital: bool) -> None:
        self.name = name
        self.beat_s = beat_s
        self.vital = vital
        self.sentence = "starting"
        self.notes: tuple[str, ...] = ()  # what else a person should know
        self.failure = ""


class Health:
    """All loops of the program."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.pulses: list[Pulse] = []
        self._written: tuple[dict[str, str], dict[str, tuple[str, ...]]] = ({}, {})
        self._written_s = 0.0

    def add(self, name: str, *, vital: bool = True) -> Pulse:
        """`vital`: the program is started again if this one hangs."""
        pulse = Pulse(name, self._clock.monotonic_s(), vital=vital)
        self.pulses.append(pulse)
        return pulse

    def remove(self, pulse: Pulse) -> None:
        """Its loop is gone; one that broke is still told."""
        if not pulse.failure:
            self.pulses.remove(pulse)

    def beat(self, pulse: Pulse, sentence: str, notes: Sequence[str] = ()) -> None:
        pulse.beat_s = self._clock.monotonic_s()
        pulse.sentence = sentence
        pulse.notes = tuple(notes)

    @property
    def failure(self) -> str:
        return next((pulse.failure for pulse in self.pulses if pulse.failure), "")

    @property
    def alive(self) -> bool:
        now_s = self._clock.monotonic_s()
        return not self.failure and all(
            now_s - pulse.beat_s < SILENCE_S_MAX for pulse in self.pulses if pulse.vital
        )

    def write(self, state_dir: Path, cloud_ahead_ms: int = 0) -> None:
        """Put the sentences of all loops where `amef status` finds them; replaced whole."""
        loops = {pulse.name: pulse.sentence for pulse in self.pulses}
        notes = {pulse.name: pulse.notes for pulse in self.pulses if pulse.notes}
        now_s = self._clock.monotonic_s()
        if (loops, notes) == self._written and now_s - self._written_s < WRITE_INTERVAL_S:
            return  # a shop's flash disk wears out
        self._written, self._written_s = (loops, notes), now_s
        said: dict[str, object] = {"pid": os.getpid(), "at_ms": self._clock.now_ms()}
        said["cloud_ahead_ms"] = cloud_ahead_ms
        text = json.dumps(said | {"loops": loops} | ({"notes": notes} if notes else {}))
        draft = state_dir / f"{STATUS_FILE}.new"
        try:
            draft.write_text(text, encoding="utf-8")
            draft.replace(state_dir / STATUS_FILE)
        except OSError as error:  # a page to look at; the work does not hang on it
            log.warning("health.not_written", extra={"reason": str(error)})

    def forget(self, state_dir: Path) -> None:
        """At the end: nothing runs here any more."""
        with contextlib.suppress(OSError):
            (state_dir / STATUS_FILE).unlink(missing_ok=True)


class Notifier:
    """The line to systemd; without systemd it says nothing."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._address = environ.get("NOTIFY_SOCKET", "")

    def tell(self, *words: str) -> None:
        if not self._address:
            return
        address = self._address
        if address.startswith("@"):  # an abstract socket
            address = "\0" + address[1:]
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as line:
                line.connect(address)
                line.sendall("\n".join(words).encode())
        except OSError as error:  # systemd will miss us soon enough
            log.warning("health.not_told", extra={"reason": str(error)})
