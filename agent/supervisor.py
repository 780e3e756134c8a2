"""Starts everything, changes it when the configuration does, and stops it in good order.

    main ── signals, watchdog, status.json
     ├── schedule ...... what is done at a time of day
     ├── folder <path> . FolderLoop.step(), one thread per watched folder
     ├── archive ....... ArchiveLoop.step(): signed files in folders and on sticks,
     │                   retention, certificate
     ├── cloud ......... CloudSync.step()
     │    └── cloud poll   one request at which the cloud may wait (cloud/waiting.py)
     └── device <id> ... DeviceWorker.step(), one thread per printer

They share the ledger file and `Wake`, nothing else. SIGTERM: the receipt in hand is finished, no
more are taken, its result is told. SIGHUP: the configuration file is read again (reload.py);
printers and folders come, go and change, each by itself, and nobody waits for another. A loop that
breaks stops the program: at the next start the ledger knows what was in hand, and the road of every
doubt is taken. A ledger that fails stops the loops in the same way, and `program.py` starts them
again.
"""

import logging
import os
import signal
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from zoneinfo import ZoneInfo

from agent import disk
from agent.archive.index import ArchiveIndex
from agent.archive.keeping import ArchiveKeeping
from agent.archive.loop import archive_loop
from agent.archive.reader import ArchiveReader, Keeping
from agent.archive.store import ARCHIVE, Store
from agent.cloud.client import CloudClient
from agent.cloud.keys import KeyRing
from agent.cloud.sync import Around, CloudSync
from agent.cloud.waiting import Waiting
from agent.cloud_time import CloudTime
from agent.devices import admission, build_printer
from agent.english import counted
from agent.exits import Exit
from agent.folder.watch import FolderLoop
from agent.health import Health, Notifier
from agent.ledger import Ledger, LedgerError
from agent.ledger_file import LEDGER_FILE
from agent.loops import Crew, Loop, Running
from agent.reload import Reload, changes, check, refusal
from agent.schedule import Schedule
from agent.session import Session
from agent.whereabouts import Whereabouts, cable_of
from agent.worker import DeviceWorker
from config.folder import FolderSettings
from config.settings import ConfigError, DeviceSettings, Settings, is_loopback, profiles
from drivers.capabilities import Feature
from drivers.clock import Clock, SystemClock, awake_us
from drivers.model import VatRate

log = logging.getLogger(__name__)

TICK_S = 1.0
CONFIGURATION = "configuration"  # its line in `amef status`

Reread = Callable[[Settings], Reload]
"""Reads the configuration again, for who works by this one. Raises ConfigError."""


class Supervisor:
    """One running agent."""

    def __init__(
        self, settings: Settings, keys: KeyRing, poll_keys: KeyRing, reread: Reread
    ) -> None:
        """Check everything and open the ledger, but no port and no connection.

        Two key rings, as each belongs to one thread: they look at the same file.

        Raises:
            ConfigError: a bad address.
            LedgerError: the ledger cannot be used.
        """
        self.settings = settings  # what is in force
        self._reread = reread
        self._clock: Clock = SystemClock()
        check(settings, self._clock)
        self._health = Health(self._clock)
        self._cloud_time = CloudTime(self._clock)
        self._notifier = Notifier(os.environ)
        self._stop = threading.Event()
        self._reload_asked = False
        self._keys = keys
        self._poll_keys = poll_keys
        self.ledger_failure = ""
        with closing(self._new_ledger()) as ledger:
            lost = ledger.lose_unfinished()
            ledger.note_start(lost)
            ledger.note_configured([device.id for device in settings.device])
        log.info("agent.start", extra={"agent_id": settings.agent.id, "in_doubt": lost})
        self._devices = Crew(self._device)
        self._folders = Crew(self._folder)
        self._archive = Crew(self._archive_loop)
        self._cloud, self._sync = self._new_cloud()
        self._schedule = self._new_schedule()
        self._configuration = self._health.add(CONFIGURATION)
        self._said: tuple[str, tuple[str, ...]] = (
            counted(len(settings.device), "device", "devices"),
            (),
        )
        self._left: tuple[str, ...] = ()

    def run(self) -> int:
        """Work until a signal or a broken loop ends it; return the exit status."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self._stop.set())
        signal.signal(signal.SIGHUP, self._ask_reload)
        self._want()
        self._settle()
        self._cloud.start()
        self._schedule.start()
        self._notifier.tell("READY=1")
        while not self._stop.wait(TICK_S):
            if self._reload_asked:
                self._reload()
            self._settle()
            self._health.write(self.settings.agent.state_dir, self._cloud_time.ahead_ms())
            if self._health.alive:
                self._notifier.tell("WATCHDOG=1")
        if not self.ledger_failure:
            self._notifier.tell("STOPPING=1")
        self._end()
        self._health.forget(self.settings.agent.state_dir)
        log.info("agent.stop", extra={"failure": self._health.failure})
        return Exit.BROKEN if self._health.failure else Exit.OK

    def _end(self) -> None:
        """Printers first, each with what it has in hand; then the cloud, which tells of it."""
        self._schedule.stop()
        self._devices.stop()
        self._folders.stop()
        self._archive.stop()
        self._devices.end()
        self._folders.end()
        self._cloud.stop()
        self._cloud.dismiss()
        self._archive.end()  # last: a stick that does not answer holds nobody else

    # the configuration

    def _ask_reload(self, *_: object) -> None:
        self._reload_asked = True  # seen with the next tick; a signal may come at any instruction

    def _reload(self) -> None:
        """Take what can be taken of the new file; a bad one changes nothing."""
        self._reload_asked = False
        self._notifier.tell("RELOADING=1", f"MONOTONIC_USEC={awake_us()}")
        try:
            found = self._reread(self.settings)
        except ConfigError as error:
            sentence = f"refused, nothing is changed: {refusal(error)}"
            self._said = (sentence, self._said[1])
            log.critical("reload.refused", extra={"reason": refusal(error)})
        else:
            sentence = changes(self.settings, found.settings)
            self._said = (sentence, found.notes)
            log.warning("reload.done", extra={"now": sentence, "waiting": found.notes})
            self.settings = found.settings
            self._schedule.stop()
            self._schedule = self._new_schedule()
            self._schedule.start()
            self._cloud.change(partial(self._sync.take_devices, found.settings))
            self._want()
        self._notifier.tell("READY=1", f"STATUS=configuration: {sentence}")

    def _want(self) -> None:
        settings = self.settings
        self._devices.want({f"device {device.id}": device for device in settings.device})
        self._folders.want({f"folder {folder.path}": folder for folder in settings.folder})
        self._archive.want({"archive": (settings.archive, settings.device)})

    def _settle(self) -> None:
        """See off who has finished, start who is new, and say what waits for nobody."""
        try:
            if self._devices.settle():
                with closing(self._new_ledger()) as ledger:
                    left = ledger.note_configured([device.id for device in self.settings.device])
                self._left = tuple(
                    f"{counted(count, 'command waits', 'commands wait')} for {device_id},"
                    " which is not configured"
                    for device_id, count in left.items()
                )
            self._folders.settle()
            self._archive.settle()
        except LedgerError as error:
            self._broke(f"the ledger cannot be used: {error}")
        sentence, notes = self._said
        self._health.beat(self._configuration, sentence, (*notes, *self._left))

    # the loops

    def _device(self, name: str, device: DeviceSettings) -> Running:
        ledger = self._new_ledger()
        settings = self.settings
        loopback = is_loopback(settings.base_url)
        cable = where = None
        if device.transport == "serial":
            cable = cable_of(device)
            where = Whereabouts(device, cable, ledger, self._clock, lambda: self.settings)
        printer = build_printer(device, self._clock, cable)
        session = Session(
            device.id,
            printer,
            ledger,
            self._clock,
            admission(
                device,
                self._keys.current,
                cloud_is_loopback=loopback,
                driven_last=lambda: ledger.last_identity(device.id).get("fiscal_serial", ""),
                driven_as=partial(ledger.take_printer, device.id),
            ),
            frozenset(VatRate(100 * rate) for rate in device.vat_rates),
            where,
        )
        zone = ZoneInfo(settings.agent.timezone)
        keeps = Feature.ARCHIVE in printer.capabilities.features
        reader = self._reader(device.id) if keeps else None
        worker = DeviceWorker(
            device.id,
            session,
            ledger,
            self._clock,
            self._cloud_time,
            self._wake_cloud,
            zone,
            reader,
        )
        return self._running(name, worker, ledger)

    def _reader(self, device_id: str) -> ArchiveReader:
        state_dir = self.settings.agent.state_dir
        index = ArchiveIndex(state_dir / LEDGER_FILE, self._clock)
        keeping = Keeping(index, Store(state_dir / ARCHIVE), partial(disk.used, state_dir))
        return ArchiveReader(device_id, keeping, self._clock, self.settings.archive.je_days_back)

    def _folder(self, name: str, folder: FolderSettings) -> Running:
        ledger = self._new_ledger()
        loop = FolderLoop(folder, ledger, self._clock, self._wake_device)
        return self._running(name, loop, ledger)

    def _archive_loop(self, name: str, _: object) -> Running:
        settings = self.settings
        index = ArchiveKeeping(settings.agent.state_dir / LEDGER_FILE, self._clock)
        used = partial(disk.used, settings.agent.state_dir)
        loop = archive_loop(settings, index, self._clock, used)
        return Running(name, loop, index, self._health, self._broke, vital=False)

    def _new_cloud(self) -> tuple[Running, CloudSync]:
        settings, ledger = self.settings, self._new_ledger()
        around = Around(
            waiting=Waiting(self._client(self._poll_keys), _launch, self._wake_cloud),
            disk=lambda: disk.used(settings.agent.state_dir),
            keys=self._keys,
            cloud_time=self._cloud_time,
        )
        client = self._client(self._keys)
        sync = CloudSync(client, settings, ledger, self._clock, self._wake_device, around)
        return self._running("cloud", sync, ledger), sync

    def _new_schedule(self) -> Schedule:
        return Schedule(self.settings, self._clock, self._new_ledger, self._wake_device)

    def _client(self, keys: KeyRing) -> CloudClient:
        settings = self.settings
        profile = profiles()[settings.cloud.profile]
        return CloudClient(
            profile, settings.base_url, keys, settings.agent.id, network=settings.cloud
        )

    def _new_ledger(self) -> Ledger:
        return Ledger(self.settings.agent.state_dir / LEDGER_FILE, self._clock)

    def _running(self, name: str, loop: Loop, ledger: Ledger) -> Running:
        return Running(name, loop, ledger, self._health, self._broke)

    def _broke(self, ledger_failure: str) -> None:
        """A loop ended by itself: the others have to stop too."""
        if ledger_failure:
            self.ledger_failure = ledger_failure
        self._stop.set()

    def _wake_cloud(self) -> None:
        self._cloud.wake()

    def _wake_device(self, device_id: str) -> None:
        self._devices.wake(f"device {device_id}")


def _launch(work: Callable[[], None]) -> None:
    """Let a request wait; the end of the program does not wait for it."""
    threading.Thread(target=work, name="cloud poll", daemon=True).start()
