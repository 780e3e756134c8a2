"""A legacy ISL device that answers from a table, for each family; it keeps what it was told.

What is not in the table is answered with nothing and good status bits; of a list, one by one.
"""

from collections.abc import Iterator

import pytest

from drivers.base import Operator
from drivers.families.daisy import Daisy
from drivers.families.datecs_legacy import DatecsLegacy
from drivers.families.eltrade import Eltrade
from drivers.families.incotex import Incotex
from drivers.isl.printer import IslPrinter
from protocol.isl import Frame, decode
from protocol.isl_exchange import ISL_LEGACY
from sandbox.printer.station import Answer
from tests.drivers.cables import Cable, FakeClock
from tests.protocol.play import reply_frame

IDLE, OPEN = "80 80 80 80 86 9A", "80 80 88 80 86 9A"
RATES = b"0,2,LEI ,11110000,21.00,11.00,09.00,00.00,00.00,00.00,00.00,00.00"
PLAIN_RATES = b"21.00,11.00,09.00,00.00,00.00"
WHO = {
    "datecs_legacy": b"DP-25 2.04BG 26Jan18 1025,FFFF,00000000,36000001,DT000001",
    "datecs_legacy:printer": b"FP-800,1.00BG 26Jan18 1025,FFFF,00000000,DT000001,02000001",
    "eltrade": b"A1,A1,EJ 1.17 260118 1025,FFFF,00,ED000001,44000001",
    "incotex": b"2.11 Jan 22 2019 14:00,DB44EEAD,0000,06,IN015013,54015013,284013911622147",
    "daisy": b"CompactM ONL01-4.01BG 29-10-2018 11:34,FFFF,00,6,DY408097,36543869",
}
DRIVERS: dict[str, tuple[type[IslPrinter], str]] = {
    "datecs_legacy": (DatecsLegacy, ""),
    "datecs_legacy:printer": (DatecsLegacy, "printer"),
    "eltrade": (Eltrade, ""),
    "incotex": (Incotex, ""),
    "daisy": (Daisy, ""),
}
every_family = pytest.mark.parametrize("family", DRIVERS)

Said = tuple[bytes, str]  # data, status


class Device:
    """What is at the other end of a cable: it answers from a table and keeps what it was told."""

    in_frame = False

    def __init__(self, family: str, seed: int = 0) -> None:
        self.station = self
        self.clock = FakeClock(seed)
        self.status = IDLE
        self.told: list[tuple[int, bytes]] = []
        self.raw: bytes | None = None  # to be sent instead of the next answer
        driver, dialect = DRIVERS[family]
        self.answers: dict[int | tuple[int, bytes], bytes | Said | list[bytes]] = {
            83: RATES,
            97: PLAIN_RATES,
            90: WHO[family],
            99: b"SERIE1,RO12345674" if family == "incotex" else b"RO12345674,CIF",
            64: b"F",
            67: b"0.00,0.00,0.00,0.00,5,9",
            112: b"5,0,0.00,OP",
            110: b"0.00,0.00,0.00,0.00,0.00,0.00,0003,0006"
            + (b",0001" if family == "daisy" else b""),
            173: b"0.00,0.00,0.00,0.00,0.00,0.00,0003,0006",
            113: b"0000012",
            70: b"P,100.00,10.00,-5.00",
            76: b"0,0002,+000001250,+000001250",
            62: b"22-11-26 10:00:00",
            65: b"0.00,0.00,0.00,0.00,0.00,0.00,0.00,0.00",
        }
        self.printer = driver(Cable(self), self.clock, Operator(1, "0001"), dialect=dialect)
        self.printer.open(last_sequence=None)
        self.told.clear()

    def receive(self, data: bytes) -> Iterator[Answer]:
        frame: Frame = decode(ISL_LEGACY.layout, data, reply=False)
        self.told.append((frame.command, frame.data))
        raw, self.raw = self.raw, None
        if raw is None:
            said = self.answers.get((frame.command, frame.data), self.answers.get(frame.command))
            said = said.pop(0) if isinstance(said, list) else said
            text, status = said if isinstance(said, tuple) else (said or b"", self.status)
            status_bytes = bytes.fromhex(status)
            raw = reply_frame(ISL_LEGACY, frame.sequence, frame.command, text, status_bytes)
        yield Answer(raw)

    def restart(self) -> None:
        """It forgets nothing."""

    def data_of(self, command: int) -> list[bytes]:
        return [data for code, data in self.told if code == command]


def selling(device: Device, total: bytes = b"12.50") -> Device:
    """Let it sell: open after 48, closed after 56."""
    opening = 0x90 if isinstance(device.printer, Eltrade) else 48
    device.answers |= {
        opening: (b"000013,000005", OPEN),
        51: total + b",0.00",
        53: (b"D0.00", OPEN),
        56: (b"000013,000006", IDLE),
    }
    return device
