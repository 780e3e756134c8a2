"""The virtual Tremol of a world: packets with NBL, which it does not remember, and two questions.

    host   04            -> 04
    host   09            -> 40, and 41 while it is busy
    host   02 .. NBL ..  -> executed, whatever its NBL was before; 0E while it is busy

Busy, it takes nothing, until what it does (or prints for somebody else) is done.
"""

from typing import Any, ClassVar

from sandbox.printer.asked import passwords
from sandbox.printer.memory import Memory
from sandbox.printer.paper import Settings
from sandbox.printer_zfp.device import Device, Executed
from sandbox.printer_zfp.profiles import PROFILES, Profile
from sandbox.printer_zfp.station import in_packets
from sandbox.printer_zfp.wire import NAK, PING, RETRY, Broken, Found, PacketReader, Single
from tests.simulation.printer import Deed, Printer, Step

REPORT = 0x7C
DEEDS = {
    0x2E: Deed.OPEN_SLIP,
    0x30: Deed.OPEN_RECEIPT,
    0x35: Deed.PAYMENT,
    0x38: Deed.CLOSE,
    0x39: Deed.CANCEL,
    0x3A: Deed.DUPLICATE,
    0x3B: Deed.CASH,
    0x48: Deed.SET_CLOCK,
}


class Zfp(Printer):
    """One country's Tremol."""

    profile: ClassVar[Profile] = PROFILES["ro"]

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._reader = PacketReader()
        self._busy_until_ms = 0

    def made(self, memory: Memory) -> Device:
        settings = Settings(columns=32)
        return Device(memory, settings, self.papers, profile=self.profile)  # type: ignore[arg-type]

    def said(self, frame: bytes) -> Step:
        return (frame[3], frame[4:-3]) if len(frame) > 3 else (sum(frame), b"")

    def deed(self, command: int, data: bytes) -> Deed | None:
        if command == REPORT:
            return Deed.REPORT if data in (b"X", b"Z") else Deed.JE
        return DEEDS.get(command)

    def refusal(self, frame: bytes) -> bytes | None:
        return NAK if len(frame) > 1 else None

    def works(self, until_ms: int) -> bytes:
        self._busy_until_ms = until_ms
        return b""

    def mend(self) -> None:
        super().mend()
        self._busy_until_ms = 0

    def hear_all(self, data: bytes) -> bytes:
        return b"".join(self._answer(found) for found in self._reader.feed(data))

    def gap(self) -> bytes:
        return NAK if self._reader.gap() else b""

    def lose_power(self, *, forget: bool) -> None:
        """It remembers nothing that could be forgotten."""
        self._reader.forget()
        self._busy_until_ms = 0

    def _answer(self, found: Found) -> bytes:
        is_busy = self.clock.ms < self._busy_until_ms
        if isinstance(found, Single):
            state = 0x40 | is_busy | self.device.has_no_paper << 1
            return bytes([PING if found.byte == PING else state])
        if isinstance(found, Broken):
            return NAK
        if is_busy:
            return RETRY
        return self.kept(in_packets(found, self.obey(found.command, found.data)))

    def je_failed(self) -> Executed:
        return Executed(ste=b"=2")  # power or memory trouble

    def is_good(self, executed: Executed) -> bool:
        return executed.ste == b"00"

    def receipt_steps(self, price: str) -> list[Step]:
        sold = f"{'Cafea'.ljust(36)};{self.profile.letters[0]};{price}*1.000"
        paid = '0;0;"' + (";1" if self.profile.name == "ro" else "")
        return self.written((0x30, f"{self._who};0;0;0"), (0x31, sold), (0x35, paid), (0x38, ""))

    def ending_steps(self, left_bani: int) -> list[Step]:
        """In Romania 72 says that a payment has begun, not how much is paid: a person has to."""
        tail = ";1" if self.profile.name == "ro" else ""
        paid = [(0x35, f'0;0;"{tail}')] if left_bani else []
        return self.written((0x20, ""), *paid, (0x38, ""))  # 20: a failure of power is seen

    def cash_steps(self, amount: str) -> list[Step]:
        return self.written((0x3B, f"{self._who};0;{amount}"))

    def slip_steps(self) -> list[Step]:
        return self.written((0x2E, f"{self._who};0;0"), (0x37, "Curs valutar"), (0x2F, ""))

    def report_steps(self, letter: str) -> list[Step]:
        return self.written((REPORT, letter))

    def written(self, *steps: tuple[int, str]) -> list[Step]:
        return [(command, text.encode(self.profile.code_page)) for command, text in steps]

    @property
    def _who(self) -> str:
        password = passwords(self.memory, self.device.settings, 1)[0]
        return f"1;{password.ljust(self.profile.password_width)}"


class ZfpBg(Zfp):
    """The Bulgarian one."""

    profile = PROFILES["bg"]
