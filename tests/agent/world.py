"""A shop in memory: a clock that moves only when told, a virtual printer, a cable that can break.

    world = World(tmp_path)
    world.queue("c1", sale())                      a command, written down and claimed
    world.cable.mishaps[7] = Mishap(crash=True)    what happens at the eighth frame
    world.settle()                                 step until nothing is left to do
    world.paper("receipt")                         what came out, as the device's JE has it

Everything is real but the wire and the time: the SQLite file, the ledger, the worker, the DatecsX
driver, and the sandbox's device, which knows nothing of our code.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, tzinfo
from pathlib import Path
from typing import Any

from agent.archive.index import ArchiveIndex
from agent.archive.reader import ArchiveReader, Keeping
from agent.archive.store import Store as ArchiveStore
from agent.cloud_time import CloudTime
from agent.entries import Acceptance, Incoming, LedgerEntry
from agent.ledger import Ledger
from agent.session import Session
from agent.states import State
from agent.worker import DeviceWorker
from drivers.base import Operator
from drivers.capabilities import Feature
from drivers.errors import ContactLost, NotStarted
from drivers.families.datecs_x import DatecsX
from drivers.faults import Fault
from drivers.model import Counters, Identity, VatRate
from sandbox.printer.clock import machine_wall
from sandbox.printer.device import Device, Executed
from sandbox.printer.memory import EPOCH, Memory, ZRecord, record_to_json
from sandbox.printer.options import DEFAULT_RATES, DEFAULT_SERIAL, rates_of
from sandbox.printer.paper import Settings
from sandbox.printer.station import Station
from sandbox.printer.store import Store
from sandbox.printer.wire import SYN, Frame, read_frame
from tests.agent.clocks import START_MS, FakeClock
from tests.agent.outbox import unreported

DEVICE = "dev_1"
FOREVER_MS = START_MS + 10**12
TICK_MS = 500
STEPS_MAX = 400
Z_MAX = 9_999
DAYS_BACK = 60  # of the JE that are read of a printer that is new to us
SET_CLOCK = 61
STRANGERS = (b"\x03\x04", b"\x05", b"\x8f\x00\x00\x0f\x1d")  # the pings of wires that are not ours
ACTIVE = {State.QUEUED, State.ISSUING, State.IN_DOUBT}


class Crash(BaseException):
    """The program is gone, between one instruction and the next."""


def heard(clock: FakeClock) -> CloudTime:
    """A cloud that has the time we have."""
    cloud_time = CloudTime(clock)
    cloud_time.heard(None)
    return cloud_time


class Machine(Device):
    """The sandbox's device on fake time, with commands that can be made to fail."""

    time: FakeClock
    refusing: dict[int | tuple[int, bytes], int]  # by command, or by what its data begin with

    @property
    def now(self) -> datetime:
        return self._ours() + timedelta(seconds=self.memory.clock_offset_s)

    def execute(self, command: int, data: bytes) -> Executed:
        for refused, code in self.refusing.items():
            number, begin = (refused, b"") if isinstance(refused, int) else refused
            if command == number and data.startswith(begin):
                return Executed(f"{code}\t".encode(), super().execute(74, b"").status, 0)
        done = super().execute(command, data)
        if command == SET_CLOCK and done.data == b"0\t":  # it was set by the machine's time
            shown = self.memory.clock_offset_s + round(
                (machine_wall() - self._ours()).total_seconds()
            )
            self.become(replace(self.memory, clock_offset_s=shown))
        return done

    def _ours(self) -> datetime:
        return datetime.fromtimestamp(self.time.ms // 1000, tz=UTC)


class Printer:
    """A virtual printer without a port. `power_up`: what it does with an open receipt it finds."""

    def __init__(
        self, serial: str = DEFAULT_SERIAL, *, power_up: str = "keep", columns: int = 48
    ) -> None:
        self._power_up = power_up
        self.settings = Settings(columns, duplicates=True)
        self.time = FakeClock()
        self._store = Store(None, None)
        self._store.save(Memory(serial, rates_of(DEFAULT_RATES), EPOCH))
        self.start()

    def start(self) -> None:
        """Power on: the memory is as it was, the last frame is forgotten."""
        memory = self._store.load()
        assert memory is not None
        self.device = Machine(memory, self.settings, self._store)
        self.device.refusing, self.device.time = {}, self.time
        self.station = Station(self.device)
        if self._power_up == "cancel":
            self.device.cancel_unpaid()

    def change(self, **fields: Any) -> None:
        """Reach into the memory, as a technician or the passing of time does."""
        self.device.memory = replace(self.device.memory, **fields)

    def key(self, command: int, *values: object) -> None:
        """Do something on the keyboard, behind the agent's back."""
        done = self.device.execute(command, "".join(f"{v}\t" for v in values).encode())
        assert done.data.startswith(b"0\t"), f"{command} {values}: {done.data!r}"

    def key_receipt(self, price: str = "9.00") -> None:
        self.key(48, 1, "0001", 1, "", "")
        self.key(49, "Cafea", 1, price, "1.000", "", "", 1, "")
        self.key(53, 0, "")
        self.key(56)

    def documents(self) -> list[dict[str, Any]]:
        return [json.loads(document.as_paper()) for document in self._store.documents()]

    def records(self) -> list[ZRecord]:
        """What its fiscal memory holds."""
        return self._store.records(1, Z_MAX)

    def lose_document(self, number: int) -> None:
        """Its JE has a hole from now on."""
        self._store._database.execute("DELETE FROM document WHERE slip = ?", (number,))

    def rewrite(self, record: ZRecord) -> None:
        """Its fiscal memory tells another Z than before."""
        row = (record_to_json(record), record.number)
        self._store._database.execute("UPDATE z_record SET record = ? WHERE number = ?", row)

    def close(self) -> None:
        self._store.close()


@dataclass(frozen=True, slots=True)
class Mishap:
    """What goes wrong at one frame. `printer`: does the printer's power blink too?"""

    crash: bool = False  # the program ends
    cut: bool = False  # the cable breaks; with neither, there is only silence
    delivered: bool = False  # the printer got the frame, its answer is lost
    printer: bool = False


class Cable:
    """A Transport to the virtual printer; `mishaps` by the number of the frame."""

    name = "virtual cable"

    def __init__(self, printer: Printer, clock: FakeClock) -> None:
        self.printer = printer
        self._clock = clock
        self._incoming = b""
        self.plugged = True
        self.commands: list[int] = []  # of the frames written
        self.mishaps: dict[int, Mishap] = {}
        self.before: Callable[[int], object] = lambda _command: None  # as each frame arrives

    def open(self) -> None:
        if not self.plugged:
            raise NotStarted(f"{self.name} is not there", fault=Fault.PORT_MISSING)

    def write(self, data: bytes) -> None:
        self._need_plug()
        frame = read_frame(data)
        if not isinstance(frame, Frame):  # a silent cable is asked in other families' words
            assert data in STRANGERS or frame.legacy, f"the driver wrote {data!r}: {frame}"
            return
        mishap = self.mishaps.pop(len(self.commands), None)
        self.commands.append(frame.command)
        if mishap is None or mishap.delivered:
            self.before(frame.command)
            answer = self.printer.station.exchange(frame)
            self._incoming = SYN + answer.bytes
        if mishap is not None:
            self._strike(mishap)

    def read(self, timeout_s: float) -> bytes:
        self._need_plug()
        if not self._incoming:
            self._clock.ms += int(timeout_s * 1000)
        data, self._incoming = self._incoming, b""
        return data

    def discard(self) -> None:
        self._need_plug()
        self._incoming = b""

    def close(self) -> None:
        self._incoming = b""

    def _need_plug(self) -> None:
        if not self.plugged:
            raise ContactLost(f"{self.name} was pulled")

    def _strike(self, mishap: Mishap) -> None:
        self._incoming = b""
        if mishap.printer:
            self.printer.start()
        if mishap.crash:
            raise Crash
        if mishap.cut:
            raise ContactLost(f"{self.name} broke")


class CrashingLedger(Ledger):
    """A ledger whose program can end just before and just after each commit."""

    point: Callable[[], None]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with super()._transaction():
            yield
            self.point()
        self.point()


class CrashingIndex(ArchiveIndex):
    """The archive's index, the same."""

    point: Callable[[], None]

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with super()._transaction():
            yield
            self.point()
        self.point()


class World:
    """One agent with one printer. `cloud` is the connection of the cloud's thread."""

    def __init__(
        self,
        folder: Path,
        printer: Printer | None = None,
        *,
        serial: str = "",
        without: Feature | None = None,
        zone: tzinfo = UTC,
        reads_on: bool = False,
    ) -> None:
        self.clock = FakeClock()
        self.cloud_time = heard(self.clock)
        self._reads_on = reads_on  # is the archive read between commands?
        self.store = ArchiveStore(folder / "archive")
        self._without = without  # a feature that is not switched on
        self._zone = zone
        self.printer = printer or Printer()
        self.printer.time = self.printer.device.time = self.clock
        self.cable = Cable(self.printer, self.clock)
        self._path = folder / "ledger.sqlite3"
        self._serial = serial  # as configured: which printer may be driven
        self.cloud = Ledger(self._path, self.clock)
        self.commits = 0
        self.crash_at_commit = -1
        self.crashes = 0
        self.on_crash: Callable[[], None] = lambda: None
        self._ledger: Ledger | None = None
        self.done = 0
        self.rates: frozenset[VatRate] = frozenset()  # as configured, like the next
        self.code_page = "ascii"

    def start(self) -> None:
        """Start the program, as the supervisor does."""
        self._ledger = CrashingLedger(self._path, self.clock)
        self._ledger.point = self._point
        self._ledger.lose_unfinished()
        driver = DatecsX(self.cable, self.clock, Operator())
        can = driver.capabilities
        features, page = can.features - {self._without}, self.code_page
        driver.capabilities = replace(can, features=features, code_page=page)
        session = Session(DEVICE, driver, self._ledger, self.clock, self._admit, self.rates)
        reader = None
        if self._reads_on:
            index = CrashingIndex(self._path, self.clock)
            index.point = self._point
            reader = ArchiveReader(DEVICE, Keeping(index, self.store), self.clock, DAYS_BACK)
        self.worker = DeviceWorker(
            DEVICE,
            session,
            self._ledger,
            self.clock,
            self.cloud_time,
            self._done,
            self._zone,
            reader,
        )

    def step(self) -> bool:
        """Let the worker do one thing; a crash throws everything away but the files."""
        try:
            if self._ledger is None:
                self.start()
            return self.worker.step()
        except Crash:
            self.crashes += 1
            self.stop()
            self.on_crash()
            return True

    def stop(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None
            self.cable.close()

    def settle(self) -> None:
        """Step until nothing is queued and nothing unresolved."""
        for _ in range(STEPS_MAX):
            if self.step():
                continue
            if not ACTIVE & set(self.cloud.counts()):
                return
            self.clock.ms += TICK_MS
        raise AssertionError(f"never quiet: {self.cloud.entries(10)}")

    def steps(self, count: int) -> None:
        """Some steps and the time between them, where it is not meant to become quiet."""
        for _ in range(count):
            if not self.step():
                self.clock.ms += TICK_MS

    def queue(
        self, id_: str, payload: str = "{}", kind: str = "print_receipt", *, expires_in_ms: int = 0
    ) -> None:
        expires_at_ms = self.clock.ms + expires_in_ms if expires_in_ms else FOREVER_MS
        command = Incoming(id_, DEVICE, kind, f"{kind} {payload}", payload, expires_at_ms)
        assert self.cloud.accept(command) is Acceptance.ACCEPTED
        self.cloud.claimed(id_)

    def entry(self, id_: str) -> LedgerEntry:
        return self.cloud.entry(id_)

    def events(self, id_: str | None = None) -> list[str]:
        """The names of what happened to a command; without one, to the device."""
        if id_ is not None:
            return [event.name for event in self.cloud.history(id_)]
        told = unreported(self.cloud, 10_000)
        return [event.data["status"] for event in told if event.name == "device"]

    def paper(self, kind: str) -> list[dict[str, Any]]:
        return [document for document in self.printer.documents() if document["kind"] == kind]

    def close(self) -> None:
        self.stop()
        self.cloud.close()
        self.printer.close()

    def _admit(self, identity: Identity) -> None:
        if self._serial and identity.fiscal_serial != self._serial:
            raise NotStarted("another printer", fault=Fault.OTHER_PRINTER)

    def _point(self) -> None:
        self.commits += 1
        if self.commits == self.crash_at_commit:
            raise Crash

    def _done(self) -> None:
        self.done += 1


def sale(*payments: tuple[str, int], price: int = 350, rate: int = 1100, cui: str = "") -> str:
    """A receipt of two lines: two breads and a coffee of 4.50, 11.50 lei unless told otherwise."""
    lines = [
        {"name": "Paine", "unit_price": price, "quantity": 2000, "vat_rate": rate},
        {"name": "Cafea", "unit_price": 450, "quantity": 1000, "vat_rate": 2100},
    ]
    paid = [{"kind": kind, "amount": amount} for kind, amount in payments]
    total = 2 * price + 450
    payload = {"lines": lines, "payments": paid or [{"kind": "cash", "amount": total}]}
    return json.dumps(payload | {"customer_tax_id": cui})


def counters(z: int = 3, receipts: int = 40, documents: int = 90, serial: str = "SIM1") -> Counters:
    return Counters(serial, z, receipts, documents)
