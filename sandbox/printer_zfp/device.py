"""The virtual Tremol: a command and its data go in; an acknowledgement, data or a stream comes out.

    execute(command, data) -> Executed(ste | data | lines, printed_lines)

Its memory, paper and store are those of `sandbox.printer`; what a command means is its own, written
from the reference. Doubts, decided in the stricter way:

* 71 counts closed fiscal receipts, the printed number begins at 1 after each Z. 73 tells the last Z
  made. Reports, slips, cash and cancelled receipts move none of them.
* A refusal tells the device's state first: 1 no paper (an open cover too: no bit tells it apart), 3
  clock, 4 receipt open, 5 partly paid, 6 non-fiscal open, 7 paid and not closed, 9 password, ;
  24 hours, > journal full. A command that is carried out is always 00.
* After a power cut in a receipt the next command is refused once with = (3D), unless the status is
  read before, which tells it too.
* The 24 hours run from the first issued receipt of the day.
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
from sandbox.printer_zfp import fiscal_memory, reads, sales, slips
from sandbox.printer_zfp.asked import (
    JE_FULL,
    NOT_LEGAL,
    SYNTAX,
    UNKNOWN,
    Asked,
    Command,
    Done,
    No,
)
from sandbox.printer_zfp.profiles import RO, Profile

STATUS, SET_CLOCK, REPORT = 0x20, 0x48, 0x7C
COMMANDS: dict[int, Command] = {
    0x21: reads.version,
    0x2A: slips.drawer,
    0x2E: slips.open_slip,
    0x2F: slips.close_slip,
    0x30: sales.open_receipt,
    0x31: sales.sell,
    0x35: sales.pay,
    0x37: sales.print_text,
    0x38: sales.close,
    0x39: sales.cancel,
    0x3A: slips.copy,
    0x3B: slips.cash,
    0x3C: sales.storno,
    0x3E: sales.adjust,
    SET_CLOCK: reads.set_clock,
    0x49: reads.set_text,
    0x4A: reads.set_operator,
    0x51: sales.barcode,
    0x5A: fiscal_memory.z_of_date,
    0x60: reads.numbers,
    0x61: reads.registration,
    0x62: reads.rates,
    0x64: reads.payment_names,
    0x68: reads.read_clock,
    0x69: reads.read_text,
    0x6A: reads.read_operator,
    0x6D: reads.day_sums,
    0x6E: reads.registers,
    0x71: reads.last_numbers,
    0x72: reads.in_progress,
    0x73: reads.last_z,
    0x74: reads.z_left,
    0x78: fiscal_memory.detailed_by_z,
    0x79: fiscal_memory.brief_by_z,
    0x7A: fiscal_memory.detailed_by_date,
    0x7B: fiscal_memory.brief_by_date,
    REPORT: slips.report,
}
PRINTING = frozenset({0x2E, 0x2F, 0x30, 0x31, 0x35, 0x37, 0x38, 0x39, 0x3A, 0x3B, 0x3C, 0x3E, 0x51})
BEGINNING = frozenset({0x2E, 0x30, 0x3A, 0x3B, REPORT})  # a document
NO_PAPER, POWER_FAILED = "1", "="


@dataclass(frozen=True, slots=True)
class Executed:
    ste: bytes = b"00"
    data: bytes | None = None
    lines: tuple[bytes, ...] | None = None
    printed_lines: int = 0


class Device(Body):
    """One machine. `profile`: the country it was made for."""

    def __init__(
        self,
        memory: Memory,
        settings: Settings,
        store: Store,
        *,
        cancels_on_power_up: bool = False,
        profile: Profile = RO,
    ) -> None:
        super().__init__(memory, settings, store, cancels_on_power_up=cancels_on_power_up)
        self.profile = profile
        self._power_failed = False  # in a receipt, and nobody was told yet

    @property
    def has_no_paper(self) -> bool:
        return self.switches.paper_out or self.switches.cover_open

    def execute(self, command: int, data: bytes) -> Executed:
        if command == STATUS and not data:
            status = self._status()
            self._power_failed = False
            return Executed(data=status)
        try:
            done = self._done(command, data)
        except No as no:
            first = no.first or self._state()
            return Executed(ste=(first + no.second).encode("ascii"))
        before = self.memory
        self._take(done)
        encoded = self.profile.code_page
        lines = None
        if done.lines is not None:
            lines = tuple(line.encode(encoded, "replace") for line in done.lines)
        told = None if done.data is None else done.data.encode(encoded, "replace")
        printed = printed_lines(before, self.memory, done.documents)
        return Executed(data=told, lines=lines, printed_lines=printed)

    def power_up(self) -> None:
        """The power comes back. Some devices end what they find open and not paid."""
        self._power_failed = self.memory.receipt is not None
        receipt, text = self.memory.receipt, self.memory.text
        if not self._cancels_on_power_up:
            return
        if receipt and not receipt.payments:
            memory, document = cancelled(self.memory, self.settings, receipt, self.now)
            self._take(Done(memory=memory, documents=(document,)))
        elif text:
            memory, document = ended(self.memory, self.settings, text, self.now, broken=True)
            self._take(Done(memory=memory, documents=(document,)))

    def _done(self, command: int, data: bytes) -> Done:
        if self._power_failed:
            self._power_failed = False
            raise No(NOT_LEGAL, first=POWER_FAILED)
        function = COMMANDS.get(command)
        if function is None:
            raise No(UNKNOWN)
        prints = command in PRINTING or (command == REPORT and data in (b"X", b"Z"))
        if prints and self.has_no_paper:
            raise No(NOT_LEGAL, first=NO_PAPER)
        if prints and self.switches.je_full and command in BEGINNING:
            raise No(NOT_LEGAL, first=JE_FULL)
        try:
            text = data.decode(self.profile.code_page)
        except UnicodeDecodeError as error:
            raise No(SYNTAX) from error
        return function(self._asked(text))

    def _asked(self, text: str) -> Asked:
        return Asked(
            text,
            self.memory,
            self.settings,
            self.profile,
            self.now,
            self._store.documents,
            self._store.records,
        )

    def _take(self, done: Done) -> None:
        if done.memory is not None:
            self._store.save(done.memory, done.documents)
            self.memory = done.memory

    def _state(self) -> str:
        """The first digit of a refusal."""
        receipt = self.memory.receipt
        if receipt is None:
            return "6" if self.memory.text else "0"
        if not receipt.payments:
            return "4"
        return "5" if receipt.paid_bani < receipt.total_bani else "7"

    def _status(self) -> bytes:
        """20: seven bytes; bit n.m of the manual is bit m of byte n."""
        memory, switches = self.memory, self.switches
        bits = {
            (0, 1): self._power_failed,
            (1, 0): self.has_no_paper,
            (1, 3): memory.day.receipts > 0,
            (2, 0): memory.text is not None,
            (2, 1): memory.receipt is not None,
            (2, 6): switches.je_full,
            (3, 4): True,
            (3, 5): True,
            (3, 6): True,
            (6, 4): switches.paper_low,
        }
        if self.profile is RO:
            bits[1, 2] = day_is_over(memory, self.now)
        status = bytearray(b"\x80" * 7)
        for (byte, bit), on in bits.items():
            status[byte] |= on << bit
        return bytes(status)
