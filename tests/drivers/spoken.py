"""A Tremol device that says what a test tells it to, and keeps what it was asked.

    device = Spoken(x71=b"0007;0000042", x39=b"!42")     71 with these fields, 39 refused with 4 2
    printer = driver(device)
    device.did(0x35)                                    what was sent with 35, in order

The frames are taken apart and made by the sandbox's codec, which is not the driver's.
"""

from drivers.base import Operator
from drivers.families.tremol import Tremol
from sandbox.printer_zfp.wire import Packet, acknowledgement, data_packet, read_packet
from tests.drivers.cables import FakeClock

IDLE = bytes.fromhex("80 80 80 F0 80 80 80")
SERIAL = "ZK12345678 "
BULGARIAN = b"1;823;19-04-2019 08:00;TREMOL S25; Ver.1.01 TRA25 C.S.D26C;"  # 21, published
NAMES = "NUMERAR   ;CARD      ;          ;TICHETE MA;BONURI VAL;VOUCHER   ;CREDIT    ;PLATA MODE"
NAMES += ";ALTE      ;VALUTA    ;5.0000"
OPEN_NOTHING_PAID = "1;002;6.30;6.20;0.00;0.00;0.00;0;0;0;1;1;0;0;0.00;0;0.00"
CLOSED = "0;000;0.00;0.00;0.00;0.00;0.00;0;0;0;1;1;0;0;0.00;0;0.00"
TOLD = {
    0x20: IDLE,
    0x21: b"TREMOL M20 Ver. 2.03 C.S. 1A2B",
    0x60: SERIAL.encode(),
    0x61: b"RO12345674     ;4512345678;1",
    0x62: b" 21.00%; 11.00%;  9.00%;  0.00%;100.00%;  0.00%",
    0x64: NAMES.encode(),
    0x68: b"21-11-2026 21:54",
    0x6D: b"6.20;6.30;0.00;0.00;0.00;0.00",
    0x71: b"0007;0000042",
    0x72: OPEN_NOTHING_PAID.encode(),
    0x73: b"20-11-2026;0011;0000",
    0x74: b"1989;",
}
REGISTERS = {
    b"0": b"0;100.00;5.00" + b";0.00" * 8,
    b"2": b"2;20.00" + b";0.00" * 9 + b";1",
    b"3": b"3;10.00" + b";0.00" * 9 + b";2",
    b"4": b"4;7.50;5.00" + b";0.00" * 8,
}


class Spoken:
    """A device that says what it is told to; of a list it says one after the other."""

    name = "spoken"

    def __init__(self, **told: bytes | list[bytes]) -> None:
        self.clock = FakeClock()
        self._told: dict[int, bytes | list[bytes]] = dict(TOLD)
        self._told |= {int(name.removeprefix("x"), 16): what for name, what in told.items()}
        self._came = b""
        self.asked: list[tuple[int, bytes]] = []
        self.raw: list[bytes] = []

    def open(self) -> None:
        """It is open."""

    def close(self) -> None:
        """It stays as it is."""

    def discard(self) -> None:
        self._came = b""

    def write(self, data: bytes) -> None:
        self.raw.append(data)
        packet = read_packet(data)
        if not isinstance(packet, Packet):
            return
        self.asked.append((packet.command, packet.data))
        told = self._told.get(packet.command)
        if isinstance(told, list):
            told = told.pop(0)
        if packet.command == 0x6E:
            told = REGISTERS[packet.data]
        if told is None:
            self._came += acknowledgement(packet.number, b"00")
        elif told[:1] == b"!":
            self._came += acknowledgement(packet.number, told[1:])
        else:
            self._came += data_packet(packet.number, packet.command, told)

    def read(self, timeout_s: float) -> bytes:
        came, self._came = self._came, b""
        if not came:
            self.clock.let_pass(timeout_s)
        return came

    def did(self, *commands: int) -> list[str]:
        """What was sent with those commands, in order."""
        return [data.decode("cp1250") for command, data in self.asked if command in commands]


def driver(device: Spoken, **how: str) -> Tremol:
    made = Tremol(device, device.clock, Operator(1, "0000"), **how)
    made.open(last_sequence=None)
    device.asked.clear()
    return made
