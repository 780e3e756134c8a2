"""The virtual Shtrih-M of a world, on its first wire and on the numbered one.

    05     -> 15 idle; 06 and the answer again, if the host has not yet confirmed it
    frame  -> 06 and its answer, executed at once, whatever it was before
    06     -> the answer is confirmed and forgotten

It holds one answer, and 05 fetches it before the next frame goes: an old one cannot come in place
of a new one, from which nothing would tell it. Late answers are as late as on any wire.

While it prints, what would print is answered 50, and its submode says so; paper that ran out in the
middle of printing wants B0 when it is back. Free lines of a slip are no document to it: they end
with a cut, with the next document, or when somebody tears the paper off.
"""

from typing import Any

from sandbox.printer.memory import Memory
from sandbox.printer.paper import Settings
from sandbox.printer.texts import ended
from sandbox.printer_shtrih.asked import JE_NO_DATA, STILL_PRINTING, SYSTEM, le, written_text
from sandbox.printer_shtrih.device import (
    PAPER_BACK,
    PAPER_IN,
    PRINTING,
    SALE,
    SHORT,
    Device,
    Executed,
)
from sandbox.printer_shtrih.station import NUMBERS
from sandbox.printer_shtrih.wire import (
    ACK,
    ENQ,
    NAK,
    Broken,
    Call,
    Found,
    NumberedReader,
    Reader,
    Single,
    answer,
    numbered,
)
from tests.simulation.printer import Deed, Printer, Step

TEXT, CUT, CLOSE, CANCEL, OPEN = 0x17, 0x25, 0x85, 0x88, 0x8D
CASH_IN, X_REPORT, Z_REPORT = 0x50, 0x40, 0x41
PRINTS_NOW = 5  # a submode
GAP_MS = 100  # between two bytes of a frame, at most
DEEDS = {
    SHORT: Deed.LOOK,
    0x21: Deed.SET_CLOCK,
    0x22: Deed.SET_CLOCK,
    X_REPORT: Deed.REPORT,
    Z_REPORT: Deed.REPORT,
    CASH_IN: Deed.CASH,
    0x51: Deed.CASH,
    CLOSE: Deed.PAY_AND_CLOSE,
    CANCEL: Deed.CANCEL,
    0x8C: Deed.DUPLICATE,
    OPEN: Deed.OPEN_RECEIPT,
}


class Shtrih(Printer):
    """On the first wire."""

    opens_by_sale = False

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._reader = self.reader()
        self._kept = b""  # an answer that the host has not confirmed
        self._heard_ms = self._heard_size = 0
        self._prints_until_ms = 0

    @staticmethod
    def reader() -> Reader:
        return Reader()

    def made(self, memory: Memory) -> Device:
        return Device(
            memory,
            Settings(columns=42),
            self.papers,  # type: ignore[arg-type]
            opens_by_sale=self.opens_by_sale,
        )

    def said(self, frame: bytes) -> Step:
        """The code, and what follows the password; of a sign the sign."""
        for found in self.reader().feed(frame):
            if isinstance(found, Call):
                return found.code, found.data[4:]
        return sum(frame[:1]), b""

    def deed(self, command: int, _data: bytes) -> Deed | None:
        if command == TEXT and not (self.memory.receipt or self.memory.text):
            return Deed.OPEN_SLIP
        if command == SALE and self.opens_by_sale and not self.memory.receipt:
            return Deed.OPEN_RECEIPT
        return DEEDS.get(command)

    def refusal(self, frame: bytes) -> bytes | None:
        """15 to a 05 would say that it is idle, which it may not be."""
        return bytes([NAK]) if len(frame) > 1 else None

    def works(self, until_ms: int) -> bytes:
        self._prints_until_ms = until_ms
        return b""

    def hear_all(self, data: bytes) -> bytes:
        if self.clock.ms - self._heard_ms > GAP_MS:
            self._reader.gap()
        self._heard_ms, self._heard_size = self.clock.ms, len(data)
        return b"".join(self.answered(found) for found in self._reader.feed(data))

    def gap(self) -> bytes:
        """After a sign the host goes on at once: what follows belongs to what it was taken for."""
        if self._heard_size < 2:
            return b""
        return bytes([NAK]) if self._reader.gap() else b""

    def lose_power(self, *, forget: bool) -> None:
        self._reader.forget()
        self._prints_until_ms = 0
        if forget:
            self._kept = b""

    def answered(self, found: Found) -> bytes:
        if isinstance(found, Single):
            if found.byte == ENQ:
                return bytes([ACK]) + self._kept if self._kept else bytes([NAK])
            if found.byte == ACK:
                self._kept = b""
            return b""
        if isinstance(found, Broken):
            return bytes([NAK])
        assert isinstance(found, Call)
        self._kept = answer(found, self.obey(found.code, found.data).said)
        return bytes([ACK]) + self._kept

    def execute(self, command: int, data: bytes) -> Executed:
        prints_now = self.clock.ms < self._prints_until_ms
        if prints_now and command in PRINTING:
            return Executed(bytes([STILL_PRINTING]))
        self._feel_paper()
        if not prints_now:
            done: Executed = super().execute(command, data)
            return done
        kept, self.device.submode = self.device.submode, PRINTS_NOW
        done = super().execute(command, data)
        self.device.submode = kept
        return done

    def je_failed(self) -> Executed:
        return Executed(bytes([JE_NO_DATA]))

    def is_good(self, executed: Executed) -> bool:
        return executed.said[0] == 0

    def mend(self) -> None:
        super().mend()
        self._prints_until_ms = 0
        self._feel_paper()

    def tear_off(self) -> None:
        device = self.device
        if text := self.memory.text:
            self.papers.by_wire = False
            memory, document = ended(self.memory, device.settings, text, device.now)
            self.papers.save(memory, (document,))
            device.memory = memory

    def receipt_steps(self, price: str) -> list[Step]:
        bani = int(price.replace(".", ""))
        line = le(1000, 5) + le(bani, 5) + bytes([1, 1, 0, 0, 0]) + written_text("Cafea")
        paid = le(bani, 5) + bytes(21) + written_text("")
        opened = [] if self.opens_by_sale else [(OPEN, b"\0")]
        return self.typed(*opened, (SALE, line), (CLOSE, paid))

    def cash_steps(self, amount: str) -> list[Step]:
        return self.typed((CASH_IN, le(int(amount.replace(".", "")), 5)))

    def slip_steps(self) -> list[Step]:
        return self.typed((TEXT, b"\2" + written_text("Curs valutar")), (CUT, b"\0"))

    def report_steps(self, letter: str) -> list[Step]:
        return self.typed(({"X": X_REPORT, "Z": Z_REPORT}[letter], b""))

    def typed(self, *steps: Step) -> list[Step]:
        return [(command, le(SYSTEM, 4) + data) for command, data in steps]

    def _key(self, steps: list[Step]) -> bool:
        """Lines that nobody cut off are in nobody's way."""
        if self.device.submode == PAPER_BACK:
            self.device.submode = PAPER_IN
        self.tear_off()
        return super()._key(steps)

    def _feel_paper(self) -> None:
        """It runs out between two commands, or in the middle of one."""
        is_out, device = self.clock.ms < self.paper_until_ms, self.device
        if is_out and device.submode == PAPER_IN:
            device.spoil_paper(cover=False, printing=bool(self.paper_until_ms & 1))
        elif not is_out and device.submode not in (PAPER_IN, PAPER_BACK):
            device.cured()


class ShtrihBySale(Shtrih):
    """An older one: its first sale opens a receipt."""

    opens_by_sale = True


class ShtrihNumbered(Shtrih):
    """On the numbered wire: it counts frames since the power came, and confirms nothing."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._number = 0

    @staticmethod
    def reader() -> Reader:
        return NumberedReader()

    def refusal(self, _frame: bytes) -> bytes | None:
        return b""

    def gap(self) -> bytes:
        self._reader.gap()
        return b""

    def lose_power(self, *, forget: bool) -> None:
        super().lose_power(forget=forget)
        if forget:
            self._number = 0

    def answered(self, found: Found) -> bytes:
        if isinstance(found, Broken | Single):
            return b""
        if not isinstance(found, Call) or found.number != (self._number + 1) % NUMBERS:
            return numbered(self._number)
        self._number = found.number
        return self.kept(answer(found, self.obey(found.code, found.data).said))
