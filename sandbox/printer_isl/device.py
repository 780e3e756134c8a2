"""The virtual legacy ISL device: a command number and its data go in, data and status come out.

    execute(command, data) -> Executed(data, status, printed_lines)

A command gets the device's memory and gives another one back; it is written to the store (one
transaction, with the documents it completed) before the answer exists.

Doubts of the reference, decided here in the stricter way:
* 48, 56 answer counts that are good for nothing: their widths and meanings differ.
* 113 counts a document from the moment it is opened; 110 ends with the number of the next fiscal
  receipt, which no other document moves (Daisy: of the next document).
* 76 tells the last receipt after it was closed, with 0 if it was cancelled; other documents do not
  change it. The number of the open receipt is told nowhere.
* A cancelled receipt stands in 125 and C3 as the kind of a sale: only its text says what it is.
* After 24 hours 48 is refused (1.1); most makes have no bit for it.
* Out of paper a command that prints is refused with 2.0 and 0.5, and nothing else.
* More than is due is taken in cash only; else 53 answers F and the status says nothing.
* A report of the fiscal memory is printed, unless 153 came within the 5 seconds before it.
"""

from __future__ import annotations

from sandbox.printer.asked import day_is_over
from sandbox.printer.closing import cancelled
from sandbox.printer.device import Body, Executed, printed_lines
from sandbox.printer.fields import Refusal
from sandbox.printer.memory import Memory
from sandbox.printer.paper import Settings
from sandbox.printer.store import Store
from sandbox.printer_isl.asked import (
    UNKNOWN,
    Asked,
    Done,
    No,
    Reading,
    worth_nothing,
)
from sandbox.printer_isl.commands import command_of, prints
from sandbox.printer_isl.makes import Make


class Device(Body):
    def __init__(
        self,
        memory: Memory,
        settings: Settings,
        store: Store,
        make: Make,
        *,
        cancels_on_power_up: bool = False,
    ) -> None:
        super().__init__(memory, settings, store, cancels_on_power_up=cancels_on_power_up)
        self.make = make
        self._reading = Reading()
        self._last_error = ""
        self._customer = ""
        self.rows: tuple[str, ...] = ()  # of the last command, for the line to send

    def execute(self, command: int, data: bytes) -> Executed:
        self.rows = ()
        asked = self._asked(data)
        function = command_of(command, self.make)
        if function is None:
            return self._refused(No(UNKNOWN))
        if self._stopped(command, asked.text):
            return Executed(b"", self._status(general=True), 0)
        try:
            done = function(asked)
        except No as no:
            return self._refused(no)
        except Refusal:  # of the core
            return self._refused(No())
        before = self.memory
        self._take(done)
        lines = printed_lines(before, self.memory, done.documents)
        return Executed(done.answer.encode(self.make.code_page, "replace"), self._status(), lines)

    def power_up(self) -> None:
        """The power comes back. Some devices cancel what they find open and not paid."""
        self._reading, self._last_error, self._customer = Reading(), "", ""
        receipt = self.memory.receipt
        if self._cancels_on_power_up and receipt and not receipt.payments:
            memory, document = cancelled(self.memory, self.settings, receipt, self.now)
            self._take(Done(memory=worth_nothing(memory), documents=(document,)))

    def needs_paper(self, command: int, data: bytes) -> bool:
        return self._stopped(command, data.decode(self.make.code_page, "replace"))

    def _asked(self, data: bytes) -> Asked:
        return Asked(
            text=data.decode(self.make.code_page, "replace"),
            memory=self.memory,
            settings=self.settings,
            make=self.make,
            now=self.now,
            reading=self._reading,
            last_error=self._last_error,
            customer=self._customer,
            documents=self._store.documents,
            records=self._store.records,
        )

    def _stopped(self, command: int, text: str) -> bool:
        covered = self.switches.cover_open and self.make.cover is not None
        return prints(command, text, self.make) and (self.switches.paper_out or covered)

    def _take(self, done: Done) -> None:
        if done.memory is not None:
            self._store.save(done.memory, done.documents)
            self.memory = done.memory
        if done.reading is not None:
            self._reading = done.reading
        if done.customer is not None:
            self._customer = done.customer
        self.rows = done.rows

    def _refused(self, no: No) -> Executed:
        number = self.make.errors.get(no.why.name, "")
        if number.startswith("-"):
            self._last_error, number = number, ""
        status = bytearray(self._status(general=True))
        byte, bit = no.bit
        status[byte] |= 1 << bit
        status[3] |= int(number or 0)
        return Executed(b"", bytes(status), 0)

    def _status(self, *, general: bool = False) -> bytes:
        """The six status bytes; bit n.m of the manual is bit m of byte n."""
        status, make, hands = bytearray.fromhex(self.make.idle), self.make, self.switches
        bits = {
            (0, 5): general or hands.paper_out,
            (2, 5): self.memory.text is not None,
            (2, 3): self.memory.receipt is not None,
            (2, 2): hands.je_full,
            (2, 0): hands.paper_out,
        }
        if make.cover:
            bits[make.cover] = hands.cover_open
        if make.day_over:
            bits[make.day_over] = day_is_over(self.memory, self.now)
        for (byte, bit), on in bits.items():
            status[byte] |= on << bit
        return bytes(status)
