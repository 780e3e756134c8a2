"""Starts everything, and stops it in good order.

    main ── signals, watchdog, status.json
     ├── schedule ...... what is done at a time of day
     ├── folder <path> . FolderLoop.step(), one thread per watched folder
     ├── cloud ......... CloudSync.step()
     │    └── cloud poll   one request at which the cloud may wait (cloud/waiting.py)
     └── device <id> ... DeviceWorker.step(), one thread per printer

They share the ledger file and `Wake`, nothing else. SIGTERM: the receipt in hand is finished, no
more are taken, its result is told. A loop that breaks stops the program: at the next start the
ledger knows what was in hand, and the road of every doubt is taken. A ledger that fails stops the
loops in the same way, and `program.py` starts them again.
"""

import fcntl
import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import IO, Protocol
from zoneinfo import ZoneInfo

from agent.cloud.client import CloudClient
from agent.cloud.keys import KeyRing
from agent.cloud.sync import Around, CloudSync, disk_used
from agent.cloud.waiting import Waiting
from agent.devices import admission, build_printer
from agent.folder.watch import FolderLoop
from agent.health import Health, Notifier, Pulse
from agent.ledger import Ledger, LedgerError
from agent.ledger_file import LEDGER_FILE
from agent.schedule import Schedule
from agent.session import Session
from agent.wake import Wake
from agent.worker import DeviceWorker
from config.folder import FolderSettings
from config.settings import ConfigError, DeviceSettings, Settings, is_loopback, profiles
from drivers.clock import Clock, SystemClock
from drivers.model import VatRate

log = logging.getLogger(__name__)

LOCK_FILE = "agent.lock"
IDLE_S = 0.5  # how often a loop looks again without being woken
TICK_S = 1.0

EXIT_OK, EXIT_BROKEN = 0, 70


class Loop(Protocol):
    """Something that works in steps, in a thread of its own."""

    @property
    def sentence(self) -> str:
        """How it is going, for `amef status`."""
        ...

    def step(self) -> bool: ...

    def close(self) -> None: ...


class Supervisor:
    """One running agent."""

    def __init__(self, settings: Settings, keys: KeyRing, poll_keys: KeyRing) -> None:
        """Build every loop; opens the ledger, but no port and no connection.

        Two key rings, as each belongs to one thread: they look at the same file.

        Raises:
            ConfigError: a bad address.
            LedgerError: the ledger cannot be used.
        """
        self._settings = settings
        self._clock: Clock = SystemClock()
        self._health = Health(self._clock)
        self._stop = threading.Event()
        self._printed = threading.Event()  # every printer is done: the cloud may end too
        self._cloud_wake = Wake()
        self._device_wakes = {device.id: Wake() for device in settings.device}
        self._keys = keys
        self._poll_keys = poll_keys
        self._ledgers: list[Ledger] = []
        self.ledger_failure = ""
        with closing(self._new_ledger()) as ledger:
            lost = ledger.lose_unfinished()
            ledger.note_start(lost)
        log.info("agent.start", extra={"agent_id": settings.agent.id, "in_doubt": lost})
        self._devices = [
            self._thread(
                f"device {device.id}",
                self._worker(device),
                self._device_wakes[device.id],
                self._stop,
            )
            for device in settings.device
        ]
        self._folders = [
            self._thread(f"folder {folder.path}", self._folder(folder), Wake(), self._stop)
            for folder in settings.folder
        ]
        self._cloud = self._thread("cloud", self._sync(), self._cloud_wake, self._printed)
        self._schedule = Schedule(settings, self._clock, self._new_ledger, self._wake_device)

    def run(self) -> int:
        """Work until a signal or a broken loop ends it; return the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        notifier = Notifier(os.environ)
        for thread in (*self._devices, *self._folders, self._cloud):
            thread.start()
        self._schedule.start()
        notifier.tell("READY=1")
        while not self._stop.wait(TICK_S):
            self._health.write(self._settings.agent.state_dir)
            if self._health.alive:
                notifier.tell("WATCHDOG=1")
        if not self.ledger_failure:
            notifier.tell("STOPPING=1")
        self._end()
        self._health.forget(self._settings.agent.state_dir)
        log.info("agent.stop", extra={"failure": self._health.failure})
        return EXIT_BROKEN if self._health.failure else EXIT_OK

    def _end(self) -> None:
        """Printers first, each with what it has in hand; then the cloud, which tells of it."""
        self._schedule.stop()
        for wake in self._device_wakes.values():
            wake.set()
        for thread in (*self._folders, *self._devices):
            thread.join()
        self._printed.set()
        self._cloud_wake.set()
        self._cloud.join()
        for ledger in self._ledgers:
            ledger.close()

    def _ledger(self) -> Ledger:
        """Open the ledger for a loop; closed at the end."""
        self._ledgers.append(self._new_ledger())
        return self._ledgers[-1]

    def _new_ledger(self) -> Ledger:
        return Ledger(self._settings.agent.state_dir / LEDGER_FILE, self._clock)

    def _worker(self, device: DeviceSettings) -> DeviceWorker:
        ledger = self._ledger()
        loopback = is_loopback(self._settings.base_url)
        session = Session(
            device.id,
            build_printer(device, self._clock),
            ledger,
            self._clock,
            admission(device, self._keys.current, cloud_is_loopback=loopback),
            frozenset(VatRate(100 * rate) for rate in device.vat_rates),
        )
        zone = ZoneInfo(self._settings.agent.timezone)
        return DeviceWorker(device.id, session, ledger, self._clock, self._cloud_wake.set, zone)

    def _folder(self, folder: FolderSettings) -> FolderLoop:
        return FolderLoop(folder, self._ledger(), self._clock, self._wake_device)

    def _sync(self) -> CloudSync:
        settings, ledger = self._settings, self._ledger()
        around = Around(
            waiting=Waiting(self._client(self._poll_keys), _launch, self._cloud_wake.set),
            disk=lambda: disk_used(settings.agent.state_dir),
            keys=self._keys,
        )
        client = self._client(self._keys)
        return CloudSync(client, settings, ledger, self._clock, self._wake_device, around)

    def _client(self, keys: KeyRing) -> CloudClient:
        settings = self._settings
        profile = profiles()[settings.cloud.profile]
        return CloudClient(
            profile, settings.base_url, keys, settings.agent.id, network=settings.cloud
        )

    def _wake_device(self, device_id: str) -> None:
        self._device_wakes[device_id].set()

    def _thread(self, name: str, loop: Loop, wake: Wake, stop: threading.Event) -> threading.Thread:
        pulse = self._health.add(name)
        return threading.Thread(target=self._loop, args=(loop, wake, stop, pulse), name=name)

    def _loop(self, loop: Loop, wake: Wake, stop: threading.Event, pulse: Pulse) -> None:
        try:
            notes = loop if isinstance(loop, CloudSync) else None
            run(
                loop,
                wake,
                stop,
                lambda: self._health.beat(pulse, loop.sentence, notes.notes if notes else ()),
            )
            loop.close()
        except LedgerError as error:
            log.critical("ledger.failed", extra={"loop": pulse.name, "reason": str(error)})
            self.ledger_failure = f"the ledger cannot be used: {error}"
            with suppress(LedgerError):
                loop.close()  # give the port back
        finally:
            if not stop.is_set():
                pulse.failure = f"the loop {pulse.name!r} broke"
                self._stop.set()


def _launch(work: Callable[[], None]) -> None:
    """Let a request wait; the end of the program does not wait for it."""
    threading.Thread(target=work, name="cloud poll", daemon=True).start()


def run(loop: Loop, wake: Wake, stop: threading.Event, beat: Callable[[], None]) -> None:
    """Step until told to stop; a step that breaks ends the loop, and with it the program.

    Raises:
        LedgerError: the ledger cannot be used: the others have to stop too.
    """
    while not stop.is_set():
        try:
            more = loop.step()
        except LedgerError:
            raise
        except Exception:
            log.exception("loop.broke")
            return
        beat()
        if not more:
            wake.wait(IDLE_S)


def take_lock(state_dir: Path) -> IO[str]:
    """Be the only agent on this state directory, as long as the file stays open.

    Raises:
        ConfigError: another agent is.
    """
    file = (state_dir / LOCK_FILE).open("a+")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        file.close()
        raise ConfigError(f"agent.state_dir: another agent works on {state_dir}") from error
    return file
