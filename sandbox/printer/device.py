"""The virtual AMEF: a command number and its data go in, data and status bytes come out.

    execute(command, data) -> Executed(data, status, printed_lines)

A command gets the device's memory and gives another one back; it is written to the store (one
transaction, with the documents it completed) before the answer exists.

Doubts of the reference, decided here in the stricter way:
* Receipt numbers (BonFiscal of 123-3, paper) restart at 1 after each Z; `slip` and `nBon` count
  every document for ever, from the moment it is opened; `nFBon` counts issued receipts for ever.
  After a Z, 123-3 still tells the last receipt of the day before.
* nZreport in slip-bearing answers and FMNumberRep of 76 are the Z number that will close the
  present day (as printed on the receipt); 255 nZreport and Znumber of 123-3 are the last Z made.
* nFMnumber and FMNumber are the ten digits of the fiscal memory, here made from the serial.
* 76 when closed tells the last document of any kind; of a cancelled receipt its items, with
  amount and paid 0. Items counts void lines too, not discounts on the subtotal.
* A filled ClientTAXN with an empty Invoice is refused (-112205); Invoice I without it: -111049.
* A void line must be identical to a line not yet voided, its quantity and discount included.
* Cash may be overpaid; another way of payment above what is due: -111063. Mode 9 (foreign):
  -111057. A receipt whose lines are all voided can only be cancelled (-111065).
* The 24 hours run from the first issued receipt of the day, whose time is that of its close.
* Z leaves the cash in the drawer register; cash in and cash out (70, 110-5) begin at zero after
  it. 110-0 tells modes 0..6 and 9; modes 7 and 8 have no register.
* nRBonDailyCount is always 0 (no return receipts in Romania).
* 74 and 90 without TAB answer raw bytes; array indices of 255 begin at 0, of OperName at 1. What
  255, 83, 101 and 202 let a host write is said in `variables` and `programming`.
* 109 is unknown unless `--duplicates`. It copies the last document if that is a receipt, so not
  twice (-112002), not with anything open, and not after a Z; it takes a slip number (nBon), stands
  in the JE as type 11 (invented), and 76, nFBon and the registers know nothing of it.
* 106 takes 1..65535 ms: a pulse of 0 (manual) would open nothing and say it had. Not in a document.
* 84 with nothing open is refused (-111016), and so is data that its code cannot hold (-112202).
* An error answer leaves the status bits clean (real answer x19); only an unknown command sets 0.1.
* Out of paper and an open cover are refused at once; some real devices send SYN for ever instead.
* Whatever is remembered anew ends a reading of the JE (125) and of the MF (94, 95): -112002.
* With a full electronic journal nothing can be begun that would have to stand in it, a Z included
  (-105001); what is open can be ended.
* A document that is open when the power comes back stays open. `--on-power-up cancel` cancels a
  receipt without payments; one with payments stays, as no device may undo a payment by itself. A
  non-fiscal document then ends where it stood and says so: nothing is open, its number is used, the
  JE has it as type 4 without the lines that never came. For the host that is the stricter of the
  two; kept open it is only in the way (76 IsOpen 5), until somebody says 39.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sandbox.printer import clock
from sandbox.printer.anaf_xml import BREAKDOWNS_MAX
from sandbox.printer.asked import Asked, Done, Loading, Reading, day_is_over
from sandbox.printer.closing import cancelled
from sandbox.printer.commands import command_of, prints
from sandbox.printer.fields import Refusal, join, parse
from sandbox.printer.memory import Document, Memory
from sandbox.printer.paper import Settings
from sandbox.printer.reads import identity_comma
from sandbox.printer.store import Store
from sandbox.printer.texts import ended

NO_PAPER, COVER_OPEN, JE_FULL = -112006, -112007, -105001
BEGINNING = frozenset({38, 48, 69, 70, 71, 94, 95, 109, 125})  # a document
IDLE = bytes.fromhex("80 80 80 80 86 9A 80 80")


@dataclass(frozen=True, slots=True)
class Switches:
    """What hands can do to the machine."""

    paper_out: bool = False
    paper_low: bool = False
    cover_open: bool = False
    je_full: bool = False


@dataclass(frozen=True, slots=True)
class Executed:
    data: bytes
    status: bytes
    printed_lines: int


class Body:
    """What every virtual device is, whatever it speaks: a memory, a clock, and paper in it."""

    def __init__(
        self,
        memory: Memory,
        settings: Settings,
        store: Store,
        *,
        cancels_on_power_up: bool = False,
    ) -> None:
        self.memory = memory
        self.settings = settings
        self.switches = Switches()
        self._store = store
        self._cancels_on_power_up = cancels_on_power_up

    @property
    def now(self) -> datetime:
        return clock.wall(self.memory.clock_offset_s)

    def become(self, memory: Memory) -> None:
        """Remember this from now on."""
        self._store.save(memory)
        self.memory = memory

    def spoil_paper(self, *, cover: bool) -> None:
        """The paper runs out, or somebody opens the cover."""
        change = {"cover_open": True} if cover else {"paper_out": True}
        self.switches = replace(self.switches, **change)

    def cured(self) -> None:
        """The operator puts paper in and closes the cover."""
        self.switches = replace(self.switches, paper_out=False, cover_open=False)


class Device(Body):
    def __init__(
        self,
        memory: Memory,
        settings: Settings,
        store: Store,
        *,
        cancels_on_power_up: bool = False,
    ) -> None:
        super().__init__(memory, settings, store, cancels_on_power_up=cancels_on_power_up)
        self._reading: Reading | None = None
        self._report: Reading | None = None
        self._loading = Loading()

    def execute(self, command: int, data: bytes) -> Executed:
        function = command_of(command, self.settings)
        if function is None:
            return Executed(
                b"", status_bytes(self.memory, self.switches, self.now, unknown=True), 0
            )
        try:
            if command == 90 and not data.endswith(b"\t"):
                done = Done(raw=identity_comma(self.memory.serial))
            else:
                asked = self._asked(data)
                self._need_paper(command, asked)
                done = function(asked)
        except Refusal as refusal:
            return self._executed(join((refusal.code,)), printed_lines=0)
        before = self.memory
        self._take(done)
        answer = join((0, *done.values)) if done.raw is None else done.raw
        return self._executed(answer, printed_lines(before, self.memory, done.documents))

    def power_up(self) -> None:
        """The power comes back. Some devices end what they find open and not paid."""
        self._reading, self._report, self._loading = None, None, Loading()
        day = self.memory.day
        if day.receipts and len(day.breakdowns) < BREAKDOWNS_MAX:
            day = replace(day, breakdowns=(*day.breakdowns, self.now))
            self.become(replace(self.memory, day=day))
        if self._cancels_on_power_up:
            self.cancel_unpaid()

    def cancel_unpaid(self) -> None:
        receipt = self.memory.receipt
        if receipt and not receipt.payments:
            memory, document = cancelled(self.memory, self.settings, receipt, self.now)
            self._take(Done(memory=memory, documents=(document,)))
        elif text := self.memory.text:
            memory, document = ended(self.memory, self.settings, text, self.now, broken=True)
            self._take(Done(memory=memory, documents=(document,)))

    def become(self, memory: Memory) -> None:
        self._take(Done(memory=memory))

    def needs_paper(self, command: int, data: bytes) -> bool:
        """Would it be refused as things stand? Then it may as well wait."""
        try:
            self._need_paper(command, self._asked(data))
        except Refusal as refusal:
            return refusal.code in (NO_PAPER, COVER_OPEN)
        return False

    def _asked(self, data: bytes) -> Asked:
        return Asked(
            fields=parse(data),
            memory=self.memory,
            settings=self.settings,
            now=self.now,
            status=status_bytes(self.memory, self.switches, self.now),
            reading=self._reading,
            report=self._report,
            archive=self._store,
            loading=self._loading,
        )

    def _need_paper(self, command: int, asked: Asked) -> None:
        if not prints(command, asked.fields):
            return
        if self.switches.je_full and command in BEGINNING:
            raise Refusal(JE_FULL)
        if self.switches.cover_open:
            raise Refusal(COVER_OPEN)
        if self.switches.paper_out:
            raise Refusal(NO_PAPER)

    def _take(self, done: Done) -> None:
        if done.memory is not None:
            self._store.save(done.memory, done.documents)
            self.memory = done.memory
            self._reading = self._report = None
        if done.reading is not None:
            self._reading = done.reading
        if done.report is not None:
            self._report = done.report
        if done.loading is not None:
            self._loading = done.loading

    def _executed(self, data: bytes, printed_lines: int) -> Executed:
        return Executed(data, status_bytes(self.memory, self.switches, self.now), printed_lines)


def status_bytes(
    memory: Memory, switches: Switches, now: datetime, *, unknown: bool = False
) -> bytes:
    """The eight status bytes; bit n.m of the manual is bit m of byte n."""
    status = bytearray(IDLE)
    bits = {
        (0, 6): switches.cover_open,
        (0, 5): unknown or switches.paper_out,
        (0, 1): unknown,
        (1, 2): day_is_over(memory, now),
        (2, 5): memory.text is not None,
        (2, 3): memory.receipt is not None,
        (2, 2): switches.je_full,
        (2, 1): switches.paper_low,
        (2, 0): switches.paper_out,
    }
    for (byte, bit), on in bits.items():
        status[byte] |= on << bit
    return bytes(status)


def printed_lines(before: Memory, after: Memory, documents: tuple[Document, ...]) -> int:
    """How many lines the mechanism moved for one command."""
    lines = sum(len(document.text) for document in documents) or paper_lines(after)
    return max(0, lines - paper_lines(before))


def paper_lines(memory: Memory) -> int:
    document = memory.receipt or memory.text
    return len(document.paper) if document else 0
