"""The printer of a world: the sandbox's device on fake time, with power, paper and a keyboard.

    hear(bytes) -> bytes     whole frames are executed, broken ones get a NAK
    power_cut(...)           silent for a while; its memory of the last frame kept or forgotten
    key_receipt / key_x      a cashier at the keyboard, behind the agent's back
    swapped_until_ms         another printer hangs on the port

Its documents are kept in memory; whoever made one stands beside it: the wire or the keyboard. What
differs from wire to wire is in the subclasses in the files beside this one.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from typing import Any

from sandbox.printer import clock as wall
from sandbox.printer.asked import day_is_over
from sandbox.printer.device import Switches
from sandbox.printer.memory import EPOCH, Document, Memory, ZRecord
from sandbox.printer.options import DEFAULT_RATES, DEFAULT_SERIAL, rates_of
from sandbox.printer.wire import NAK, SYN, Broken, Codec, Frame, FrameReader

CASHIER_PRICES = ("9.00", "7.00", "4.50")
ANSWERS_KEPT_MAX = 12
CASHIER_CASH = ("33.33", "47.11")
OTHER_SERIAL = "SIM0000666"


class Deed(Enum):
    """What a request is for, as far as it must be watched."""

    OPEN_SLIP = auto()
    OPEN_RECEIPT = auto()
    PAYMENT = auto()
    CLOSE = auto()
    PAY_AND_CLOSE = auto()  # one request
    CANCEL = auto()
    SET_CLOCK = auto()
    REPORT = auto()
    CASH = auto()
    DUPLICATE = auto()
    LOOK = auto()  # says whether a receipt is open
    JE = auto()


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

    @contextmanager
    def on_the_wall(self) -> Iterator[None]:
        """The sandbox's one door to time shows this clock."""
        kept = wall.machine_wall
        wall.machine_wall = lambda: datetime.fromtimestamp(self.ms // 1000, UTC)
        try:
            yield
        finally:
            wall.machine_wall = kept


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

    def documents(self, first: int = 1, last: int | None = None) -> list[Document]:
        end = last or 1 + max((each.slip for each in self._documents), default=0)
        return [each for each in self._documents if first <= each.slip <= end]

    def span(
        self,
        kinds: tuple[str, ...],
        start: datetime | None,
        end: datetime | None,
        *,
        with_customer: bool,
    ) -> tuple[Document, Document] | None:
        found = [
            each
            for each in self._documents
            if each.kind in kinds
            and (start is None or start <= each.at)
            and (end is None or each.at <= end)
            and (not with_customer or each.more.get("customer_tax_id"))
        ]
        return (found[0], found[-1]) if found else None

    def last_document(self) -> Document | None:
        return self._documents[-1] if self._documents else None

    def records(self, first: int, last: int) -> list[ZRecord]:
        return [one for number, one in self._records.items() if first <= number <= last]

    def records_between(self, start: datetime, end: datetime) -> list[ZRecord]:
        return [one for one in self._records.values() if start <= one.at < end]

    def document(self, slip: int) -> Document | None:
        return next((each for each in self._documents if each.slip == slip), None)


Watch = Callable[[Deed | None, Memory], None]
Step = tuple[int, bytes]  # what a key of the keyboard makes the device do


class Printer(ABC):
    """`watch` is asked before each command that the wire brings is executed."""

    serial = DEFAULT_SERIAL
    rates = rates_of(DEFAULT_RATES)

    def __init__(
        self, clock: FakeClock, seen: Callable[[Printed], None], watch: Watch, serial: str = ""
    ) -> None:
        self.clock = clock
        self._seen = seen
        self._watch = watch
        self.papers = Papers(seen)
        self.device = self.made(Memory(serial or self.serial, self.rates, EPOCH))
        self.answers: list[bytes] = []
        self.dead_until_ms = self.paper_until_ms = self.cover_until_ms = 0
        self.swapped_until_ms = self.je_dead_until_ms = 0
        self.jumps = 0  # of its clock
        self.finishing = False
        self._other: Printer | None = None

    # what a wire says for itself

    @abstractmethod
    def made(self, memory: Memory) -> Any:
        """The sandbox's device, on our papers."""

    @abstractmethod
    def hear_all(self, data: bytes) -> bytes:
        """Take bytes from the wire and return what the device answers."""

    @abstractmethod
    def gap(self) -> bytes:
        """The host stopped inside a frame."""

    @abstractmethod
    def said(self, frame: bytes) -> Step:
        """What the host meant, for the story."""

    @abstractmethod
    def deed(self, command: int, data: bytes) -> Deed | None: ...

    def refusal(self, _frame: bytes) -> bytes | None:
        """What it says to a frame that it does not take; None: this is always taken."""
        return NAK

    def works(self, _until_ms: int) -> bytes:
        """What it sends while it works; b"": it answers, that it is busy."""
        return SYN

    @abstractmethod
    def lose_power(self, *, forget: bool) -> None:
        """Half a frame is lost, and perhaps what the line remembers."""

    @abstractmethod
    def je_failed(self) -> Any:
        """The answer of a device that cannot read its JE."""

    @abstractmethod
    def is_good(self, executed: Any) -> bool: ...

    @abstractmethod
    def receipt_steps(self, price: str) -> list[Step]: ...

    @abstractmethod
    def cash_steps(self, amount: str) -> list[Step]: ...

    @abstractmethod
    def slip_steps(self) -> list[Step]: ...

    @abstractmethod
    def report_steps(self, letter: str) -> list[Step]: ...

    # what is the same for all

    @property
    def memory(self) -> Memory:
        memory: Memory = self.device.memory
        return memory

    def hear(self, data: bytes) -> bytes:
        """Take bytes from the wire and return what the device answers, whichever hangs there."""
        if self.clock.ms < self.swapped_until_ms:
            if self._other is None:
                self._other = type(self)(self.clock, self._seen, self._watch, OTHER_SERIAL)
            return self._other.hear(data)
        if self.clock.ms < self.dead_until_ms:
            return b""
        return self.hear_all(data)

    def power_cut(self, until_ms: int, *, forget: bool, cancel: bool) -> None:
        self.dead_until_ms = until_ms
        self.lose_power(forget=forget)
        self.papers.by_wire = False
        self.device._cancels_on_power_up = cancel
        self.device.power_up()

    def obey(self, command: int, data: bytes) -> Any:
        """Execute what the wire brings."""
        deed = self.deed(command, data)
        self._watch(deed, self.memory)
        self.papers.by_wire = True
        if deed is Deed.JE and self.clock.ms < self.je_dead_until_ms:
            return self.je_failed()
        return self.execute(command, data)

    def execute(self, command: int, data: bytes) -> Any:
        now_ms = self.clock.ms
        self.device.switches = Switches(
            paper_out=now_ms < self.paper_until_ms, cover_open=now_ms < self.cover_until_ms
        )
        return self.device.execute(command, data)

    def kept(self, answer: bytes) -> bytes:
        """Remember an answer, for what goes wrong later."""
        self.answers = [*self.answers[-ANSWERS_KEPT_MAX:], answer]
        return answer

    # people

    def key_receipt(self, which: int) -> bool:
        return self._key(self.receipt_steps(CASHIER_PRICES[which % len(CASHIER_PRICES)]))

    def key_cash(self, which: int) -> bool:
        return self._key(self.cash_steps(CASHIER_CASH[which % len(CASHIER_CASH)]))

    def key_slip(self) -> bool:
        return self._key(self.slip_steps())

    def key_report(self, letter: str) -> bool:
        return self._key(self.report_steps(letter))

    def jump(self, seconds: int) -> None:
        self.jumps += 1
        offset_s = self.memory.clock_offset_s + seconds
        self.device.memory = replace(self.memory, clock_offset_s=offset_s)

    def mend(self) -> None:
        """All trouble is over: power, paper, cover, and a clock that is not in the past."""
        self.dead_until_ms = self.paper_until_ms = self.cover_until_ms = 0
        self.swapped_until_ms = self.je_dead_until_ms = 0
        if (late := self.memory.last_record_at - self.device.now) > timedelta(0):
            self.jump(int(late.total_seconds()) + 1)

    def mend_day(self) -> None:
        """The cashier makes the Z report that a jumping clock made due."""
        if day_is_over(self.memory, self.device.now):
            self.key_report("Z")

    def finish(self) -> None:
        """Somebody takes cash for what is left of a receipt that stands open, and closes it."""
        receipt = self.memory.receipt
        if receipt is None or not receipt.payments:
            return
        self.papers.by_wire, self.finishing = False, True
        left = max(0, receipt.total_bani - receipt.paid_bani)
        for command, data in self.ending_steps(left):
            self.execute(command, data)
        self.finishing = False

    def ending_steps(self, _left_bani: int) -> list[Step]:
        """Keys that end a receipt; where the device tells what is paid nobody should have to."""
        return []

    def tear_off(self) -> None:
        """Somebody takes the paper into his hand; on most devices nothing follows from it."""
        return

    def _key(self, steps: list[Step]) -> bool:
        """Type on the keyboard, if nothing is open and the device lets one; all or nothing."""
        if self.memory.receipt or self.memory.text or self.clock.ms < self.dead_until_ms:
            return False
        self.papers.by_wire = False
        return all(self.is_good(self.execute(command, data)) for command, data in steps)


class Framed(Printer):
    """One that speaks frames with a SEQ, and answers a repeated one from its memory."""

    codec: Codec

    def __init__(
        self, clock: FakeClock, seen: Callable[[Printed], None], watch: Watch, serial: str = ""
    ) -> None:
        super().__init__(clock, seen, watch, serial)
        self._reader = FrameReader(self.codec)
        self._last: tuple[int, bytes] | None = None

    def hear_all(self, data: bytes) -> bytes:
        return b"".join(self._answer(found) for found in self._reader.feed(data))

    def gap(self) -> bytes:
        return NAK if self._reader.gap() else b""

    def lose_power(self, *, forget: bool) -> None:
        self._reader.forget()
        if forget:
            self._last = None

    def _answer(self, found: Frame | Broken) -> bytes:
        if isinstance(found, Broken):
            return SYN + NAK if found.legacy else NAK
        if self._last and self._last[0] == found.seq:
            return self._last[1]
        answer = self.answered(found)
        self._last = (found.seq, answer)
        return self.kept(answer)

    def answered(self, frame: Frame) -> bytes:
        done = self.obey(frame.command, frame.data)
        return self.codec.answer(frame, done.data, done.status)
