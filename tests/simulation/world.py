"""One world: the real agent, a printer, a cable and a cloud, in one thread on fake time.

    world = World(script_of(7), folder)
    outcome = world.run()              outcome.wrongs == []

Real are the SQLite file, `Ledger`, `DeviceWorker`, `Session`, the family's driver, `Link` and the
wire code, `CloudSync` and `CloudClient`. A death throws everything away but the files; what is
started again is what `supervisor.py` starts. The two threads take turns, also while one waits.
"""

import shutil
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.cli.resolve import result_read
from agent.cloud.client import CloudClient
from agent.cloud.keys import ApiKey
from agent.cloud.sync import Around, CloudSync
from agent.cloud_time import CloudTime
from agent.devices import admission
from agent.entries import LedgerEntry
from agent.ledger import Ledger
from agent.payloads import reference_of
from agent.session import Session
from agent.states import State
from agent.worker import DeviceWorker
from config.settings import profiles
from drivers.model import Problem
from sandbox.printer.memory import Memory
from tests.simulation import checks
from tests.simulation.cable import Cable, Crash
from tests.simulation.cloud import Cloud, Network
from tests.simulation.families import DEVICE, FAMILIES, URL
from tests.simulation.ledger import SimulatedLedger, empty_ledger
from tests.simulation.mutants import NONE, Mutant
from tests.simulation.orders import Order, last_receipt, orders_of
from tests.simulation.plan import Fault, Listed, Place, Places, Plan, mix
from tests.simulation.printer import Deed, FakeClock, Printed

START_MS = 1_790_000_000_000
FAULTS_MS = 90_000  # how long things go wrong
QUIET_MS_MAX = 1_800_000
TURNS_MAX = 20_000
IDLE_MS, IDLE_MS_MAX = 500, 8_000
RESTART_MS = 300
TTL_MS = 180_000
ACTIVE = {State.QUEUED, State.ISSUING, State.IN_DOUBT}
KEY = ApiKey("ebon_live_org_demo_" + "0" * 32, "the simulator", "org_demo", live=True)


@dataclass(frozen=True, slots=True)
class Script:
    """A world before it begins. `faults` None: drawn from the seed."""

    seed: int
    orders: tuple[Order, ...]
    faults: Mapping[Place, Fault] | None = None
    last_too: bool = True
    keyboard: bool = True
    people: bool = True  # what is held is resolved at the end
    day_open: bool = True  # a receipt was typed before the agent came
    family: str = "datecs_x"

    def places(self) -> Places:
        if self.faults is None:
            return Plan(self.seed, keyboard=self.keyboard)
        return Listed(self.faults)


def script_of(seed: int, family: str = "datecs_x") -> Script:
    orders = orders_of(seed, FAMILIES[family].shop)
    return Script(seed, orders, day_open=bool(seed & 1), family=family)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a world."""

    seed: int
    wrongs: list[str]
    faults: dict[Place, Fault]
    states: Counter[str]
    held: list[str]
    rejected: Counter[str]
    counted: Counter[str]
    story: list[str] = field(default_factory=list)


class World:
    """`run` is its whole life. `told`: keep the story."""

    def __init__(
        self,
        script: Script,
        folder: Path,
        *,
        mutant: Mutant = NONE,
        told: bool = False,
    ) -> None:
        self.script = script
        self.start_ms = START_MS
        self.clock = FakeClock(START_MS)
        self.places = script.places()
        self.wrongs: list[str] = []
        self.orders = {order.id: order for order in script.orders}
        self.family = FAMILIES[script.family]
        self.last = last_receipt(script.seed, 0, self.family.cashless)
        self.made: dict[str, list[Any]] = {}
        self.held: list[str] = []
        self.rejected: Counter[str] = Counter()
        self.counted: Counter[str] = Counter(worlds=1)
        self.z_of_a_cashier: set[str] = set()
        self.cloud = Cloud(self.clock, skew_ms=mix(script.seed, 5) % 7_200_000 - 3_600_000)
        self.printer = self.family.printer(self.clock, self._printed, self._executing)
        self.cable = Cable(self.printer, self.clock, self.places, self.tell, self._meanwhile)
        self.cable.wrote = self._wrote
        self.cable.told_to_stop_now = self._told_to_stop
        self._network = Network(self.cloud, self.clock, self.places, self.tell, self._meanwhile)
        self._mutant = mutant
        self._story: list[str] | None = [] if told else None
        self._path = folder / "ledger.sqlite3"
        self._waiting = sorted(script.orders, key=lambda order: order.at_ms)
        self._cancels: list[tuple[int, str]] = []
        self._busy: set[str] = set()
        self._ledgers: list[Ledger] = []
        self._turns = 0
        self._close_sent = False
        self._stopping = False

    def run(self) -> Outcome:
        """Live: faults, then calm until quiet, then one receipt more; and hold it to account."""
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        shutil.copyfile(empty_ledger(), self._path)
        self.eye = Ledger(self._path, self.clock)
        with self._mutant.in_place(), self.clock.on_the_wall():
            try:
                self._live()
            except Exception as error:  # noqa: BLE001  # whatever it is, it is wrong
                self.wrong(f"the program broke: {type(error).__name__}: {error}")
            if not self.wrongs:
                for wrong in checks.ended(self):
                    self.wrong(wrong)
        outcome = self._outcome()
        self._stop()
        self.eye.close()
        return outcome

    def tell(self, text: str, *values: object) -> None:
        if self._story is not None:
            self._story.append(f"{(self.clock.ms - START_MS) / 1000:9.3f} {text % values}")

    def wrong(self, sentence: str) -> None:
        self.tell("WRONG: %s", sentence)
        self.wrongs.append(sentence)

    def unresolved(self) -> LedgerEntry | None:
        """What the ledger file says is being issued, or in doubt."""
        found = [e for e in self.eye.entries(100) if e.state in (State.ISSUING, State.IN_DOUBT)]
        return found[0] if found else None

    def believed(self, entry: LedgerEntry, result: dict[str, Any]) -> None:
        if wrong := checks.issued(self, entry.id, entry.kind, result):
            self.wrong(wrong)

    # its life

    def _live(self) -> None:
        if self.script.day_open:
            self.printer.key_receipt(0)
        until_ms = START_MS + FAULTS_MS
        for _ in range(TURNS_MAX):
            if self.clock.ms >= until_ms or self.wrongs or self._all_done():
                break
            self._turn()
        self.tell("---- the faults stop")
        self.places.calm = True
        self.cable.mend()
        self.printer.mend()
        self._settle()
        self.printer.mend_day()
        if self.script.people:
            self.printer.tear_off()
            self._people_decide()
            self._settle()
        if self.script.last_too and not self.wrongs:
            self.printer.mend()
            self.orders[self.last.id] = self.last
            self.cloud.submit(self.last, DEVICE)
            self._settle()

    def _all_done(self) -> bool:
        return not self._waiting and self._quiet()

    def _settle(self) -> None:
        """Go on until nothing is queued, in doubt or untold."""
        until_ms = self.clock.ms + QUIET_MS_MAX
        for _ in range(TURNS_MAX):
            if self.wrongs or (not self._waiting and self._quiet()):
                return
            if self.clock.ms > until_ms:
                break
            self._turn()
        self.wrong(f"never quiet: {self.eye.counts()} {self.unresolved()}")

    def _quiet(self) -> bool:
        if self._idle_ms == IDLE_MS or not self._ledgers:
            return False
        self.cloud.sweep()
        counts = self.eye.counts()
        pending = any(one["status"] == "pending" for one in self.cloud.commands.values())
        return not pending and not counts["unreported"] and not ACTIVE & set(counts)

    _idle_ms = IDLE_MS

    def _turn(self) -> None:
        """One step of each thread, and the time between them."""
        self._orders_due()
        try:
            if not self._ledgers:
                self._start()
            more = self._step("cloud")
            more = self._step("device") or more
            if self._stopping:
                self._end_well()
        except Crash:
            self.counted["restarts"] += 1
            self.tell("**** the program dies")
            self._stop()
            self.clock.ms += RESTART_MS
            more = True
        if more:
            self._idle_ms = IDLE_MS
        else:
            self.clock.ms += self._idle_ms
            self._idle_ms = min(2 * self._idle_ms, IDLE_MS_MAX)

    def _told_to_stop(self) -> None:
        self._stopping = True

    def _end_well(self) -> None:
        """SIGTERM, as `Supervisor` does: what was in hand is done; tell of it; hang up."""
        self.counted["stops"] += 1
        self.tell("**** the program ends")
        self._worker.close()
        self._sync.close()
        self._stop()
        self.clock.ms += RESTART_MS

    def _people_decide(self) -> None:
        """`amef resolve`: for each held command, a person looks at the paper and says."""
        held = self.eye.held()
        receipt = self.printer.memory.receipt
        if receipt and receipt.reference in {reference_of(entry.id) for entry in held}:
            self.printer.finish()
            self.printer.mend_day()
        for entry in held:
            made = self.made.get(entry.id)
            said = {"who": "the cashier", "reason": "simulated"}
            way = mix(self.script.seed, 13, entry.arrival) & 1
            self.held.append(f"{entry.id}: {entry.reason}")
            self.tell("a person says of %s: %s", entry.id, "it is there" if made else way)
            if made:
                result = result_read(entry, made[0].number)
                self.eye.operator_found(entry, result, said)
            elif way:
                self.eye.operator_requeue(entry, self._cloud_time.now_ms() + TTL_MS, said)
            else:
                problem = Problem("", "DROPPED_BY_OPERATOR", "simulated")
                self.eye.operator_drop(entry, problem, said)

    def _orders_due(self) -> None:
        now_ms = self.clock.ms - START_MS
        while self._waiting and self._waiting[0].at_ms <= now_ms:
            order = self._waiting.pop(0)
            self.tell("the shop asks: %s", order)
            self.cloud.submit(order, DEVICE)
            if order.cancel_after_ms:
                self._cancels.append((order.at_ms + order.cancel_after_ms, order.id))
        for due_ms, id_ in list(self._cancels):
            if due_ms <= now_ms:
                self._cancels.remove((due_ms, id_))
                self.cloud.cancel(id_)
                self.tell("the shop cancels %s: %s", id_, self.cloud.commands[id_]["status"])

    def _step(self, thread: str) -> bool:
        self._busy.add(thread)
        try:
            return self._worker.step() if thread == "device" else self._sync.step()
        finally:
            self._busy.discard(thread)

    def _meanwhile(self) -> None:
        """One thread waits: now and then the other one works."""
        self._turns += 1
        if mix(self.script.seed, 7, self._turns) & 3:
            return
        self._orders_due()
        for thread in ("cloud", "device"):
            if thread not in self._busy:
                self._step(thread)

    def _start(self) -> None:
        """As `Supervisor` does."""
        mutant = self._mutant
        ledgers = [mutant.of(SimulatedLedger, Ledger) for _ in range(2)]
        for make in ledgers:
            ledger = make(self._path, self.clock)
            ledger.world = self
            self._ledgers.append(ledger)
        ours, theirs = self._ledgers
        ours.lose_unfinished()
        family = self.family
        kind = mutant.of(family.driver, family.driver)
        driver = family.made(self.cable, self.clock, kind)
        admit = admission(
            family.device,
            KEY,
            cloud_is_loopback=True,
            driven_last=lambda: ours.last_identity(DEVICE).get("fiscal_serial", ""),
        )
        session = Session(DEVICE, driver, ours, self.clock, admit)
        worker = mutant.of(DeviceWorker, DeviceWorker)
        self._cloud_time = cloud_time = CloudTime(self.clock)
        self._worker = worker(DEVICE, session, ours, self.clock, cloud_time, lambda: None)
        profile = profiles()["ebon"]
        client = CloudClient(profile, URL, KEY, "shop-1", self.clock, self._network)
        around = Around(cloud_time=cloud_time)
        self._sync = CloudSync(client, family.settings, theirs, self.clock, lambda _: None, around)

    def _stop(self) -> None:
        for ledger in self._ledgers:
            ledger.close()
        self._ledgers.clear()
        self._busy.clear()
        self._stopping = False

    # what is seen

    def _printed(self, paper: Printed) -> None:
        document = paper.document
        who = "our wire" if paper.by_wire else "the keyboard"
        reference = document.more.get("reference", "")
        self.tell(
            "    PAPER: %s %s of %s bani %s, by %s",
            document.kind,
            document.number,
            document.total_bani,
            reference,
            who,
        )
        self.counted[f"paper.{document.kind}" if paper.by_wire else f"keyed.{document.kind}"] += 1
        if wrong := checks.printed(self, paper):
            self.wrong(wrong)

    def _executing(self, deed: Deed | None, memory: Memory) -> None:
        if wrong := checks.executing(self, deed, memory):
            self.wrong(wrong)
        if deed is Deed.LOOK and memory.receipt:
            self._close_sent = False  # it was refused, or lost: the receipt stands open

    def _wrote(self, deed: Deed | None) -> None:
        """A cancel after the close was sent could undo a receipt that is fiscal."""
        if deed is Deed.OPEN_RECEIPT:
            self._close_sent = False
        elif deed in (Deed.CLOSE, Deed.PAY_AND_CLOSE):
            self._close_sent = True
        elif deed is Deed.CANCEL and self._close_sent:
            self.wrong("a cancel was sent after the close")

    def _outcome(self) -> Outcome:
        entries = self.eye.entries(100)
        states = Counter(str(entry.state) for entry in entries)
        self.counted["commands"] = len(entries)
        self.counted["z_of_a_cashier"] = len(self.z_of_a_cashier)
        self.counted["frames"] = self.places.numbers["frame"]
        held = self.held + [f"{e.id}: {e.reason}" for e in entries if e.state is State.HELD]
        return Outcome(
            self.script.seed,
            self.wrongs,
            self.places.injected,
            states,
            held,
            self.rejected,
            self.counted,
            self._story or [],
        )
