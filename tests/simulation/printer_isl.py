"""The virtual legacy ISL devices of a world: Datecs before X, Daisy, Eltrade, Incotex.

Their frames have one byte of LEN and of CMD; a repeated SEQ is answered from memory. Daisy sends
its JE row by row, and waits for 11 after each.
"""

from typing import Any

from sandbox.printer.device import Executed
from sandbox.printer.memory import Memory
from sandbox.printer.paper import Settings
from sandbox.printer.wire import Codec, Frame
from sandbox.printer_isl.asked import No
from sandbox.printer_isl.device import Device
from sandbox.printer_isl.makes import MAKES, Make
from sandbox.printer_isl.station import ROW, ROW_END, TAKEN
from sandbox.printer_isl.wire import LEGACY
from tests.simulation.printer import Deed, Framed, Step

DEEDS = {
    38: Deed.OPEN_SLIP,
    48: Deed.OPEN_RECEIPT,
    53: Deed.PAYMENT,
    56: Deed.CLOSE,
    60: Deed.CANCEL,
    61: Deed.SET_CLOCK,
    69: Deed.REPORT,
    109: Deed.DUPLICATE,
    119: Deed.JE,
    125: Deed.JE,
    130: Deed.CANCEL,
    144: Deed.OPEN_RECEIPT,
    195: Deed.JE,
}


class Isl(Framed):
    """One make."""

    codec: Codec = LEGACY
    make: Make

    def __init_subclass__(cls) -> None:
        cls.serial = cls.make.serial

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._rows: list[bytes] = []  # of an answer, that the host has not yet taken

    def made(self, memory: Memory) -> Device:
        return Device(memory, Settings(), self.papers, self.make)  # type: ignore[arg-type]

    def said(self, frame: bytes) -> Step:
        """CMD of a request, behind 01, LEN and SEQ; a row is taken with one byte."""
        return (frame[3], frame[4:-6]) if len(frame) > 3 else (sum(frame), b"")

    def deed(self, command: int, data: bytes) -> Deed | None:
        if command == 70 and any(digit in data.partition(b",")[0] for digit in b"123456789"):
            return Deed.CASH
        return DEEDS.get(command)

    def hear_all(self, data: bytes) -> bytes:
        row = b""
        if self._rows and data[:1] == bytes([TAKEN]):
            row, data = self._rows.pop(0), data[1:]
        return row + super().hear_all(data)

    def refusal(self, frame: bytes) -> bytes | None:
        return super().refusal(frame) if len(frame) > 1 else None

    def lose_power(self, *, forget: bool) -> None:
        super().lose_power(forget=forget)
        self._rows.clear()

    def answered(self, frame: Frame) -> bytes:
        answer = super().answered(frame)
        rows = [ROW + row.encode(self.make.code_page, "replace") for row in self.device.rows]
        if not rows:
            self._rows = []
            return answer
        self._rows = [row + ROW_END for row in rows]
        self._rows[-1] += answer
        return self._rows.pop(0)

    def je_failed(self) -> Executed:
        failed: Executed = self.device._refused(No())
        self.device.rows = ()
        return failed

    def is_good(self, executed: Executed) -> bool:
        said_no = executed.status[0] & 0x23 or executed.status[1] & 0x03
        return not said_no and not executed.data.startswith(b"F")

    def receipt_steps(self, price: str) -> list[Step]:
        make, password = self.make, self.device.settings.password
        sold = f"Cafea\t{make.letters[0]}{price}*1.000"
        opened = make.sample_opening.format(password=password)
        return self.written((make.opens, opened), (49, sold), (53, "\t"), (56, ""))

    def cash_steps(self, amount: str) -> list[Step]:
        return self.written((70, amount))

    def slip_steps(self) -> list[Step]:
        return self.written((38, ""), (42, "Curs valutar"), (39, ""))

    def report_steps(self, letter: str) -> list[Step]:
        return self.written((69, {"X": "2", "Z": "0"}[letter]))

    def written(self, *steps: tuple[int, str]) -> list[Step]:
        return [(command, text.encode(self.make.code_page)) for command, text in steps]


def isl(name: str) -> type[Isl]:
    """The printers of one make."""
    made = type(name, (Isl,), {"make": MAKES[name]})
    assert issubclass(made, Isl)
    return made
