"""The virtual Shtrih-M: a code and its data go in, a result and what is told come out.

    execute(code, data) -> Executed(said, printed_lines)

Its memory, paper and store are those of `sandbox.printer`; what a code means is its own, written
from the reference. Its serial is a number; that it is no real one, its model name says (SIM-...).
Doubts, decided in the stricter way:

* 148 counts closed sales for ever and stands on the receipt, 152 every document from the moment it
  begins, slips and cancelled receipts too, 157 cancelled receipts of the day.
* Without paper nothing is printed (6B); paper that runs out while printing (submode 2) is felt
  after the command: when it is back (submode 3) everything is refused with 58 until B0.
* 41 and 40 want operator 29 or 30, tables, clock and the JE 30; 4F else.
* The 24 hours run from the first issued receipt of the day; mode 3 then, 4E for a receipt.
* With a full JE nothing can be begun (A7). What is set with 22 must be confirmed (mode 6, C0).
"""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.printer.asked import day_is_over
from sandbox.printer.closing import cancelled
from sandbox.printer.device import Body, printed_lines
from sandbox.printer.memory import Memory
from sandbox.printer.paper import Settings
from sandbox.printer.store import Store
from sandbox.printer.texts import ended
from sandbox.printer_shtrih import electronic, reads, sales, slips
from sandbox.printer_shtrih.asked import (
    CONFIRM_DATE,
    FRAME_LENGTH,
    JE_NO_DATA,
    JE_OVERFLOW,
    NO_PAPER,
    NOT_SUPPORTED,
    SYSTEM,
    WAITS_FOR_B0,
    WRONG_MODE,
    Asked,
    Command,
    Done,
    No,
    le,
    number,
    operator_of,
)

SHORT, FULL, DATE, CONFIRM, GIVE_OUT, BREAK_OFF, GO_ON, WHO = (
    0x10,
    0x11,
    0x22,
    0x23,
    0xB3,
    0xAC,
    0xB0,
    0xFC,
)
OPEN, SALE = 0x8D, 0x80
COMMANDS: dict[int, Command] = {
    0x17: slips.print_line,
    0x1A: reads.cash_register,
    0x1B: reads.counter,
    0x1E: reads.write_table,
    0x1F: reads.read_table,
    0x21: reads.set_time,
    0x25: slips.cut,
    0x28: slips.drawer,
    0x2E: reads.field_shape,
    0x40: slips.x_report,
    0x41: slips.z_report,
    0x50: slips.cash_in,
    0x51: slips.cash_out,
    SALE: sales.sell,
    0x84: sales.void,
    0x85: sales.close,
    0x86: sales.discount,
    0x87: sales.surcharge,
    0x88: sales.cancel,
    0x89: sales.subtotal,
    0x8A: sales.surcharge,
    0x8B: sales.discount,
    0x8C: slips.copy,
    OPEN: sales.open_receipt,
    0xB4: electronic.of_day,
    0xB8: electronic.by_dates,
    0xB9: electronic.by_numbers,
}
BEGINNING = frozenset({0x40, 0x41, 0x50, 0x51, 0x8C, OPEN})  # a document
PRINTING = BEGINNING | {0x17, 0x25, SALE, 0x84, 0x85, 0x86, 0x87, 0x88, 0x8A, 0x8B}
PAPER_IN, PAPER_OUT, RAN_OUT, PAPER_BACK = 0, 1, 2, 3  # submodes
GOOD = b"\0"


@dataclass(frozen=True, slots=True)
class Executed:
    """`said`: the result, and behind a good one what is told."""

    said: bytes
    printed_lines: int = 0


class Device(Body):
    """One machine. `opens_by_sale`: an older one without 8D."""

    def __init__(
        self,
        memory: Memory,
        settings: Settings,
        store: Store,
        *,
        cancels_on_power_up: bool = False,
        opens_by_sale: bool = False,
    ) -> None:
        super().__init__(memory, settings, store, cancels_on_power_up=cancels_on_power_up)
        self.submode = PAPER_IN
        self.opens_by_sale = opens_by_sale
        self._date: bytes | None = None  # set, and not yet confirmed
        self._lines: list[str] = []  # of the JE, to be given out

    def execute(self, code: int, data: bytes) -> Executed:
        before = self.memory
        try:
            done, operator = self._done(code, data)
        except No as no:
            return Executed(bytes([no.code]))
        if done.memory is not None:
            self._store.save(done.memory, done.documents)
            self.memory = done.memory
        if code != GIVE_OUT:
            self._lines = list(done.lines or ())
        told = done.told if done.bare else bytes([operator]) + done.told
        return Executed(GOOD + told, printed_lines(before, self.memory, done.documents))

    def power_up(self) -> None:
        """The power comes back. Some devices end what they find open."""
        self._lines, self._date = [], None
        receipt, text = self.memory.receipt, self.memory.text
        if not self._cancels_on_power_up:
            return
        if receipt:
            memory, document = cancelled(self.memory, self.settings, receipt, self.now)
        elif text:
            memory, document = ended(self.memory, self.settings, text, self.now, broken=True)
        else:
            return
        self._store.save(memory, (document,))
        self.memory = memory

    def spoil_paper(self, *, cover: bool, printing: bool = False) -> None:
        """The paper runs out, between two commands or while one prints; or the cover is opened."""
        super().spoil_paper(cover=cover)
        if not cover:
            self.submode = RAN_OUT if printing else PAPER_OUT

    def cured(self) -> None:
        """The operator puts paper in and closes the cover."""
        super().cured()
        self.submode = PAPER_BACK if self.submode in (RAN_OUT, PAPER_BACK) else PAPER_IN

    def _done(self, code: int, data: bytes) -> tuple[Done, int]:
        if code == WHO:
            return reads.who(self._asked(data, 0)), 0
        if len(data) < 4:
            raise No(FRAME_LENGTH)
        operator = operator_of(self.memory, self.settings, number(data[:4]))
        asked = self._asked(data[4:], operator)
        if code in (SHORT, FULL):
            asked.parts()
            return self._told(code, operator), operator
        if self._date is not None or code in (DATE, CONFIRM):
            return self._dated(code, asked), operator
        self._need_paper(code)
        if code in (GIVE_OUT, BREAK_OFF):
            return self._given_out(code, operator), operator
        if code == GO_ON:
            return self._gone_on(), operator
        function = COMMANDS.get(code)
        if function is None or (code == OPEN and self.opens_by_sale):
            raise No(NOT_SUPPORTED)
        begins = code in BEGINNING or (code == SALE and not self.memory.receipt)
        if begins and self.switches.je_full:
            raise No(JE_OVERFLOW)
        return function(asked), operator

    def _asked(self, data: bytes, operator: int) -> Asked:
        return Asked(
            data,
            operator,
            self.memory,
            self.settings,
            self.now,
            self._store.documents,
            self.opens_by_sale,
        )

    def _need_paper(self, code: int) -> None:
        if self.submode == PAPER_BACK and code != GO_ON and code in PRINTING:
            raise No(WAITS_FOR_B0)
        if code in PRINTING and (self.switches.paper_out or self.switches.cover_open):
            raise No(NO_PAPER)

    def _gone_on(self) -> Done:
        """B0"""
        if self.submode != PAPER_BACK:
            raise No(WRONG_MODE)
        self.submode = PAPER_IN
        return Done()

    def _dated(self, code: int, asked: Asked) -> Done:
        """22, then 23 with the same."""
        if code == DATE:
            self._date = reads.date_of(asked)
            return Done(bare=True)
        if code != CONFIRM:
            raise No(CONFIRM_DATE)
        if self._date is None:
            raise No(WRONG_MODE)
        done = reads.confirm_date(asked, self._date)
        self._date = None
        return done

    def _given_out(self, code: int, operator: int) -> Done:
        """B3: the next line; AC: no more of them."""
        if operator != SYSTEM:
            raise No(WRONG_MODE)
        if code == BREAK_OFF:
            return Done(bare=True)
        if not self._lines:
            raise No(JE_NO_DATA)
        return Done(self._lines.pop(0).encode("cp1251", "replace"), bare=True)

    def _told(self, code: int, operator: int) -> Done:
        """10 and 11."""
        memory, flags = self.memory, le(self._flags(), 2)
        mode = bytes([self._mode(), self.submode])
        if code == SHORT:
            lines = len(memory.receipt.lines) if memory.receipt else 0
            rest = bytes([lines & 0xFF, 0x9F, 0xE5, 0, 0, lines >> 8, 0, 0, 0])
            return Done(bytes([operator]) + flags + mode + rest, bare=True)
        now = self.now
        date = bytes([now.day, now.month, now.year % 100])
        time = bytes([now.hour, now.minute, now.second])
        serial = number_in(memory.serial)
        left = max(0, self.settings.z_max - memory.z_made)
        owner = number_in(self.settings.tax_number)
        told = b"C1" + le(0xD3CB, 2) + bytes([25, 4, 18, 1]) + le(memory.slip & 0xFFFF, 2)
        told += flags + mode + bytes([0]) + b"NA" + le(0, 2) + bytes([1, 1, 16]) + date + time
        told += bytes([0]) + le(serial, 4) + le(memory.z_made, 2) + le(left, 2)
        return Done(bytes([operator]) + told + bytes([1, 15]) + le(owner, 6), bare=True)

    def _flags(self) -> int:
        """Bit 1 paper is not near its end, 4 point, 7 paper, 9 lever down, 10 lid, 14 JE."""
        switches = self.switches
        bits = {
            1: not switches.paper_low,
            4: True,
            7: not switches.paper_out,
            9: True,
            10: switches.cover_open,
            14: switches.je_full,
        }
        return sum(on << bit for bit, on in bits.items())

    def _mode(self) -> int:
        if self._date is not None:
            return 6
        if self.memory.receipt:
            return 8
        if day_is_over(self.memory, self.now):
            return 3
        return 2 if self.memory.day.receipts else 4


def number_in(text: str) -> int:
    """The digits of a text as a number."""
    return int("".join(sign for sign in text if sign.isdigit()) or "0")
