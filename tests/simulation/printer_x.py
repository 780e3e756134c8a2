"""The virtual Datecs X of a world: frames of four digits each, answered again from memory."""

from sandbox.printer.device import Device, Executed
from sandbox.printer.memory import Memory
from sandbox.printer.paper import Settings
from sandbox.printer.wire import Codec, X
from tests.simulation.printer import Deed, Framed, Step

JE_FAILED = b"-105003\t"
DEEDS = {
    38: Deed.OPEN_SLIP,
    48: Deed.OPEN_RECEIPT,
    53: Deed.PAYMENT,
    56: Deed.CLOSE,
    60: Deed.CANCEL,
    61: Deed.SET_CLOCK,
    69: Deed.REPORT,
    109: Deed.DUPLICATE,
    124: Deed.JE,
    125: Deed.JE,
}


class DatecsX(Framed):
    """The virtual Datecs X."""

    codec: Codec = X

    def made(self, memory: Memory) -> Device:
        return Device(memory, Settings(duplicates=True), self.papers)  # type: ignore[arg-type]

    def said(self, frame: bytes) -> Step:
        """CMD of a request: four digits 30..3F after 01, LEN and SEQ."""
        command = 0
        for byte in frame[6:10]:
            command = command << 4 | (byte - 0x30 & 0xF)
        return command, frame[10:-6]

    def deed(self, command: int, _data: bytes) -> Deed | None:
        return DEEDS.get(command)

    def je_failed(self) -> Executed:
        return Executed(JE_FAILED, self.execute(74, b"").status, 0)

    def is_good(self, executed: Executed) -> bool:
        return executed.data.startswith(b"0\t")

    def receipt_steps(self, price: str) -> list[Step]:
        sold = fields("Cafea", 1, price, "1.000", "", "", 1, "")
        opened = fields(1, "0001", 1, "", "")
        return [(48, opened), (49, sold), (53, fields(0, "")), (56, b"")]

    def cash_steps(self, amount: str) -> list[Step]:
        return [(70, fields(0, amount))]

    def slip_steps(self) -> list[Step]:
        return [(38, b""), (42, fields("Curs valutar", 0, 0, 0, 0, 0)), (39, b"")]

    def report_steps(self, letter: str) -> list[Step]:
        return [(69, fields(letter))]


def fields(*values: object) -> bytes:
    return "".join(f"{value}\t" for value in values).encode()
