"""The printer of a world: the sandbox's device on fake time, with power, paper and a keyboard.

    hear(bytes) -> bytes     whole frames are executed, broken ones get a NAK
    power_cut(...)           silent for a while; its memory of the last frame kept or forgotten
    key_receipt / key_x      a cashier at the keyboard, behind the agent's back
    swapped_until_ms         another printer hangs on the port

Its documents are kept in memory; whoever made one stands beside it: the wire or the keyboard.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from sandbox.printer import DEFAULT_RATES, DEFAULT_SERIAL, rates_of
from sandbox.printer.asked import day_is_over
from sandbox.printer.device import Device, Executed, Switches
from sandbox.printer.memory import EPOCH, Document, Memory, ZRecord
from sandbox.printer.paper import Settings
from sandbox.printer.wire import NAK, SYN, Broken, Frame, FrameReader, answer_frame

CASHIER_PRICES = ("9.00", "7.00", "4.50")
ANSWERS_KEPT_MAX = 12
PAYMENT, CLOSE, CANCEL = 53, 56, 60
CASHIER_CASH = ("33.33", "47.11")
OTHER_SERIAL = "SIM0000666"
JE_COMMANDS, JE_FAILED = (124, 125), b"-105003\t"


@dataclass(frozen=True, slots=True)
class Printed:
    """A document and who made it."""

    document: Document
    by_wire: bool


class FakeClock:
    """Both clocks in one; they move only when something waits."""

    def __init__(self, start_ms: int) -> None:
        self.ms = start_ms

    def now_ms(self) -> int:
        return self.ms

    def monotonic_s(self) -> float:
        return self.ms / 1000


class Papers:
    """The device's store, in memory: it survives a power cut."""

    def __init__(self, seen: Callable[[Printed], None]) -> None:
        self.printed: list[Printed] = []
        self.by_wire = False
        self._documents: list[Document] = []
        self._records: dict[int, ZRecord] = {}
        self._seen = seen

    def save(self, memory: Memory, documents: tuple[Document, ...] = ()) -> None:
        if memory.last_z:
            self._records[memory.last_z.number] = memory.last_z
        for document in documents:
            printed = Printed(document, self.by_wire)
            self._documents.append(document)
            self.printed.append(printed)
            self._seen(printed)

    def documents(self) -> list[Document]:
        return self._documents

    def records(self) -> list[ZRecord]:
        return list(self._records.values())

    def document(self, slip: int) -> Document | None:
        return next((each for each in self._documents if each.slip == slip), None)


class Machine(Device):
    """The sandbox's device with a clock that is handed in."""

    clock: FakeClock
    je_dead_until_ms = 0

    def execute(self, command: int, data: bytes) -> Executed:
        if command in JE_COMMANDS and self.clock.ms < self.je_dead_until_ms:
            return Executed(JE_FAILED, super().execute(74, b"").status, 0)
        return super().execute(command, data)

    @property
    def now(self) -> datetime:
        seconds = self.clock.ms // 1000 + self.memory.clock_offset_s
        return datetime.fromtimestamp(seconds, UTC)

    def power_up_and(self, *, cancel: bool) -> None:
        self._cancels_on_power_up = cancel
        self.power_up()


class Printer:
    """`watch` is asked before each command that the wire brings is executed."""

    def __init__(
        self,
        clock: FakeClock,
        seen: Callable[[Printed], None],
        watch: Callable[[int, Memory], None],
        serial: str = DEFAULT_SERIAL,
    ) -> None:
        self._clock = clock
        self._watch = watch
        self.papers = Papers(seen)
        memory = Memory(serial, rates_of(DEFAULT_RATES), EPOCH)
        self.device = Machine(memory, Settings(duplicates=True), self.papers)
        self.device.clock = clock
        self._reader = FrameReader()
        self._last: tuple[int, bytes] | None = None
        self.answers: list[bytes] = []
        self.dead_until_ms = self.paper_until_ms = self.cover_until_ms = 0
        self.swapped_until_ms = 0
        self._other: Printer | None = None
        self._seen = seen

    @property
    def memory(self) -> Memory:
        return self.device.memory

    def hear(self, data: bytes) -> bytes:
        """Take bytes from the wire and return what the device answers."""
        if self._clock.ms < self.swapped_until_ms:
            if self._other is None:
                self._other = Printer(self._clock, self._seen, self._watch, OTHER_SERIAL)
            return self._other.hear(data)
        if self._clock.ms < self.dead_until_ms:
            return b""
        return b"".join(self._answer(found) for found in self._reader.feed(data))

    def gap(self) -> bytes:
        """The host stopped inside a frame."""
        return NAK if self._reader.gap() else b""

    def power_cut(self, until_ms: int, *, forget: bool, cancel: bool) -> None:
        self.dead_until_ms = until_ms
        self._reader.forget()
        if forget:
            self._last = None
        self.papers.by_wire = False
        self.device.power_up_and(cancel=cancel)

    def _answer(self, found: Frame | Broken) -> bytes:
        if isinstance(found, Broken):
            return SYN + NAK if found.legacy else NAK
        if self._last and self._last[0] == found.seq:
            return self._last[1]
        self._watch(found.command, self.memory)
        self.papers.by_wire = True
        done = self._execute(found.command, found.data)
        answer = answer_frame(found, done.data, done.status)
        self._last = (found.seq, answer)
        self.answers = [*self.answers[-ANSWERS_KEPT_MAX:], answer]
        return answer

    def _execute(self, command: int, data: bytes) -> Executed:
        now_ms = self._clock.ms
        self.device.switches = Switches(
            paper_out=now_ms < self.paper_until_ms, cover_open=now_ms < self.cover_until_ms
        )
        return self.device.execute(command, data)

    # people

    def key_receipt(self, which: int) -> bool:
        price = CASHIER_PRICES[which % len(CASHIER_PRICES)]
        steps = ((48, 1, "0001", 1, "", ""), (49, "Cafea", 1, price, "1.000", "", "", 1, ""))
        return self._key(*steps, (53, 0, ""), (56,))

    def key_cash(self, which: int) -> bool:
        return self._key((70, 0, CASHIER_CASH[which % len(CASHIER_CASH)]))

    def key_slip(self) -> bool:
        return self._key((38,), (42, "Curs valutar", 0, 0, 0, 0, 0), (39,))

    def key_report(self, letter: str) -> bool:
        return self._key((69, letter))

    def jump(self, seconds: int) -> None:
        offset_s = self.memory.clock_offset_s + seconds
        self.device.memory = replace(self.memory, clock_offset_s=offset_s)

    def mend(self) -> None:
        """All trouble is over: power, paper, cover, and a clock that is not in the past."""
        self.dead_until_ms = self.paper_until_ms = self.cover_until_ms = 0
        self.swapped_until_ms = self.device.je_dead_until_ms = 0
        if (late := self.memory.last_record_at - self.device.now) > timedelta(0):
            self.jump(int(late.total_seconds()) + 1)

    def mend_day(self) -> None:
        """The cashier makes the Z report that a jumping clock made due."""
        if day_is_over(self.memory, self.device.now):
            self._key((69, "Z"))

    def _key(self, *steps: tuple[object, ...]) -> bool:
        """Type on the keyboard, if nothing is open and the device lets one; all or nothing."""
        if self.memory.receipt or self.memory.text or self._clock.ms < self.dead_until_ms:
            return False
        self.papers.by_wire = False
        for command, *values in steps:
            assert isinstance(command, int)
            done = self._execute(command, "".join(f"{value}\t" for value in values).encode())
            if not done.data.startswith(b"0\t"):
                return False
        return True
