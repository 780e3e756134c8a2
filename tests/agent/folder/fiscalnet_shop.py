"""A shop behind FiscalNet: the real worker, ledger, driver and disk; the sandbox's FiscalNet.

    shop = Shop(tmp_path, "late=30")
    shop.queue("c1", sale())
    shop.crash_at = 7                 the program ends at the seventh point: before and after each
    shop.settle()                     thing that the driver does on disk, and each commit
    shop.paper("receipt")

Only time is not real: it passes while somebody waits, and then FiscalNet has its turn. With `eager`
it has one after every single thing that the driver does on disk, too.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.entries import Acceptance, Incoming, LedgerEntry
from agent.ledger import Ledger
from agent.session import Session
from agent.states import State
from agent.worker import DeviceWorker
from drivers import families
from drivers.base import Operator
from drivers.capabilities import Feature
from drivers.errors import NotStarted
from drivers.faults import Fault
from drivers.fiscalnet.folder import FiscalNetFolder
from drivers.fiscalnet.text import ByHand
from drivers.model import Identity, VatRate
from sandbox.fiscalnet.bridge import Bridge
from sandbox.fiscalnet.faults import fault
from sandbox.printer.device import Device
from sandbox.printer.memory import EPOCH, Memory
from sandbox.printer.paper import Settings
from sandbox.printer.store import Store
from tests.agent.clocks import FakeClock
from tests.agent.world import DEVICE, TICK_MS, Crash, CrashingLedger, heard
from tests.drivers.bench_paper import RATES

SERIAL = "SIM0000001"
GROUPS = {"1": VatRate(21_00), "2": VatRate(11_00), "3": VatRate(9_00), "4": VatRate(0)}
BY_HAND = ByHand(SERIAL, GROUPS)
STEPS_MAX = 3000
TTL_MS = 600_000
ACTIVE = {State.QUEUED, State.ISSUING, State.IN_DOUBT}


class ShopFolder(FiscalNetFolder):
    """The driver's folder, in a program that can end before and after each thing it does there."""

    shop: "Shop"

    def _do(self, operation: Callable[..., Any], *arguments: Any) -> None:
        self.shop.point()
        super()._do(operation, *arguments)
        self.shop.point()
        if self.shop.eager:
            self.shop.bridge.step()

    def wait(self, timeout_s: float) -> None:
        self.shop.pass_ms(round(timeout_s * 1000))


class Shop:
    """One agent, one FiscalNet, one printer behind it."""

    def __init__(
        self,
        folder: Path,
        *faults: str,
        by_hand: ByHand = BY_HAND,
        features: frozenset[Feature] = frozenset(),
        **options: bool,
    ) -> None:
        self.clock = FakeClock()
        self.base = folder / "fiscalnet"
        self.base.mkdir()
        self._by_hand, self._features, self._options = by_hand, features, options
        self._store = Store(None, None)
        self.device = Device(Memory(SERIAL, RATES, EPOCH), Settings(), self._store)
        self.start_fiscalnet(*faults)
        self._path = folder / "ledger.sqlite3"
        self.cloud = Ledger(self._path, self.clock)
        self._ledger: CrashingLedger | None = None
        self.eager = False
        self.points = 0
        self.crash_at = -1
        self.crashes = 0
        self.on_crash: Callable[[], None] = lambda: None
        self.back_after_ms: int | None = None  # when somebody starts a FiscalNet that ended

    def start_fiscalnet(self, *faults: str) -> None:
        self.bridge = Bridge(
            self.base,
            self.device,
            [fault(text) for text in faults],
            now_s=self.clock.monotonic_s,
            **self._options,
        )
        self.bridge.prepare()
        self._gone_ms = 0

    def start(self) -> None:
        self.folder = ShopFolder(self.base)
        self.folder.shop = self
        self._ledger = CrashingLedger(self._path, self.clock)
        self._ledger.point = self.point
        self._ledger.lose_unfinished()
        self.printer = families.printer(
            "custom", self.folder, self.clock, Operator(), self._features, by_hand=self._by_hand
        )
        session = Session(DEVICE, self.printer, self._ledger, self.clock, self._admit)
        self.worker = DeviceWorker(
            DEVICE, session, self._ledger, self.clock, heard(self.clock), lambda: None
        )

    def point(self) -> None:
        self.points += 1
        if self.points == self.crash_at:
            raise Crash

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
            self.folder.close()

    def settle(self) -> None:
        """Until nothing is queued and nothing unresolved."""
        for _ in range(STEPS_MAX):
            if self.step():
                continue
            if not ACTIVE & set(self.cloud.counts()):
                return
            self.pass_ms(TICK_MS)
        raise AssertionError(f"never quiet: {self.cloud.entries(10)}")

    def steps(self, count: int) -> None:
        """Some steps, and the time between them."""
        for _ in range(count):
            if not self.step():
                self.pass_ms(TICK_MS)

    def pass_ms(self, duration_ms: int) -> None:
        self.clock.ms += duration_ms
        if self.bridge.is_gone and self.back_after_ms is not None:
            self._gone_ms += duration_ms
            if self._gone_ms >= self.back_after_ms:
                self.start_fiscalnet()
        self.bridge.step()

    def queue(
        self,
        id_: str,
        payload: str = "{}",
        kind: str = "print_receipt",
        *,
        expires_in_ms: int = TTL_MS,
    ) -> None:
        expires_at_ms = self.clock.ms + expires_in_ms
        command = Incoming(id_, DEVICE, kind, f"{kind} {payload}", payload, expires_at_ms)
        assert self.cloud.accept(command) is Acceptance.ACCEPTED
        self.cloud.claimed(id_)

    def entry(self, id_: str) -> LedgerEntry:
        return self.cloud.entry(id_)

    def paper(self, kind: str) -> list[dict[str, Any]]:
        found = [json.loads(document.as_paper()) for document in self._store.documents()]
        return [document for document in found if document["kind"] == kind]

    def dropped(self) -> list[str]:
        return sorted(path.name for path in (self.base / "Bonuri").iterdir())

    def hands(self, *, paper_out: bool) -> None:
        self.device.switches = replace(self.device.switches, paper_out=paper_out)

    def close(self) -> None:
        self.stop()
        self.cloud.close()
        self._store.close()

    def _admit(self, identity: Identity) -> None:
        if identity.fiscal_serial != SERIAL:
            raise NotStarted("another printer", fault=Fault.OTHER_PRINTER)
