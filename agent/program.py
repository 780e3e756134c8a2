"""The program: the agent for as long as its ledger can be used, a standstill while it cannot.

    lock --> prepare --> Supervisor --ledger fails--> standstill, a rest, and again from there
      \\--------\\--> set aside, disk full, read-only --> standstill

In a standstill nothing is printed and nothing taken; every device says why, and systemd hears that
we live: to be started again would cure nothing. The way out is the way in: what was in hand is in
doubt, as after any restart.
"""

import logging
import os
import signal
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import IO

from agent import disk
from agent.cloud.keys import load_keys
from agent.exits import Exit
from agent.health import Health, Notifier
from agent.ledger import LedgerError
from agent.ledger_file import LEDGER_FILE
from agent.ledger_repair import LedgerAside, prepare
from agent.lock import take_lock
from agent.reload import refusal, reread
from agent.supervisor import TICK_S, Supervisor
from agent.wake import Wake
from config.settings import ConfigError, load
from drivers.clock import Clock, SystemClock

log = logging.getLogger(__name__)

REST_S, REST_S_MAX = 5.0, 60.0
CALM_S = 300.0  # who worked this long without trouble starts with the short rest again


class Program:
    """One agent on one state directory, from start to signal."""

    def __init__(self, path: Path) -> None:
        """Read the configuration and take the state directory.

        Raises:
            ConfigError: a bad file, no key, or another agent runs on this state directory.
        """
        settings = load(path)
        self._path = path.absolute()
        self._settings = settings
        self._clock: Clock = SystemClock()
        self._reload_asked = False
        self._poll_keys = load_keys(settings, dict(os.environ))
        self._keys = load_keys(settings, os.environ)
        self._state_dir: Path = settings.agent.state_dir
        self._notifier = Notifier(os.environ)
        self._stopped = False
        self._wake = Wake()
        self._rest_s = REST_S
        self._lock: IO[str] | None = None
        with suppress(LedgerError):  # `run` says it, and tries again
            self._take()

    def run(self) -> int:
        """Work until a signal or a broken loop ends it; return the exit status."""
        reread_ = partial(reread, self._path, clock=self._clock)
        signal.signal(signal.SIGHUP, self._ask_reload)
        while True:
            since_s = self._clock.monotonic_s()
            try:
                self._take()
                prepare(self._state_dir / LEDGER_FILE, self._clock)
                supervisor = Supervisor(self._settings, self._keys, self._poll_keys, reread_)
                status = supervisor.run()
                self._settings = supervisor.settings
                if not supervisor.ledger_failure:
                    return status
                why, is_aside = supervisor.ledger_failure, False
            except LedgerAside as error:
                why, is_aside = str(error), True
            except LedgerError as error:
                why, is_aside = f"the ledger cannot be used: {error}", False
            if self._clock.monotonic_s() - since_s > CALM_S:
                self._rest_s = REST_S
            self._stand_still(why, is_aside=is_aside)
            if self._stopped:
                return Exit.OK
            if self._reload_asked:
                self._reload()

    def _take(self) -> None:
        """Be the only agent on this state directory.

        Raises:
            ConfigError: another one is, or it is no directory of ours.
            LedgerError: the disk does not let us.
        """
        if self._lock is not None:
            return
        try:
            self._state_dir.mkdir(parents=True, exist_ok=True)
            self._lock = take_lock(self._state_dir)
        except OSError as error:
            if error.errno in disk.UNUSABLE:
                raise LedgerError(str(error)) from error
            raise ConfigError(f"agent.state_dir: {error}") from error

    def _stand_still(self, why: str, *, is_aside: bool) -> None:
        """Say why, and rest: longer each time; set aside, until `recover` made one."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        signal.signal(signal.SIGHUP, self._ask_reload)
        rest_s = 0.0 if is_aside else self._rest_s
        log.critical("agent.standstill", extra={"reason": why, "rest_s": rest_s})
        health = Health(self._clock)
        for name in [*(f"device {device.id}" for device in self._settings.device), "cloud"]:
            health.beat(health.add(name), f"stands still: {why}")
        self._notifier.tell("READY=1", f"STATUS={why}")
        until_s = self._clock.monotonic_s() + rest_s
        waits = is_aside
        while not self._stopped and (waits or self._clock.monotonic_s() < until_s):
            health.write(self._state_dir)
            self._notifier.tell("WATCHDOG=1")
            self._wake.wait(TICK_S)
            waits = is_aside and not (self._state_dir / LEDGER_FILE).exists()
        if not is_aside:
            self._rest_s = min(self._rest_s * 2, REST_S_MAX)
        if self._stopped:
            health.forget(self._state_dir)
            self._notifier.tell("STOPPING=1")

    def _ask_reload(self, *_: object) -> None:
        self._reload_asked = True

    def _reload(self) -> None:
        """Asked for while nobody worked: the next ones begin with what the file says now."""
        self._reload_asked = False
        try:
            self._settings = reread(self._path, self._settings, self._clock).settings
        except ConfigError as error:
            log.critical("reload.refused", extra={"reason": refusal(error)})

    def _stop(self, *_: object) -> None:
        self._stopped = True
        self._wake.set()
