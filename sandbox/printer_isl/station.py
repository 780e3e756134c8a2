"""The line of a legacy device: as the Datecs X one, and with Daisy rows before some answers.

host    01 .. C3 R1,12,13,A .. 03
device  1A D TAB .. 0D 0A                 host  11
device  1A T TAB .. 0D 0A                 host  11
device  1A 45 0D 0A  01 .. C3 .. 03       the closing answer follows at once
"""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.printer.faults import FaultyStation
from sandbox.printer.station import Answer
from sandbox.printer.wire import Frame
from sandbox.printer_isl.device import Device

ROW, ROW_END, TAKEN = b"\x1a", b"\r\n", 0x11


class IslStation(FaultyStation):
    """A station that sends the rows of an answer one by one, each when the last was taken."""

    _rows: list[bytes]
    _closing: Answer | None = None

    def receive(self, data: bytes) -> Iterator[Answer]:
        if self._closing is not None and data[:1] == bytes([TAKEN]):
            yield self._next_row()
            data = data[1:]
        if data:
            yield from super().receive(data)

    def exchange(self, frame: Frame) -> Answer:
        answer = super().exchange(frame)
        device = self._device
        if not isinstance(device, Device) or not device.rows:
            self._closing = None
            return answer
        self._rows = [ROW + row.encode("cp1250", "replace") + ROW_END for row in device.rows]
        self._closing = answer
        return self._next_row()

    def _next_row(self) -> Answer:
        row = self._rows.pop(0)
        if self._rows or self._closing is None:
            return Answer(row)
        closing, self._closing = self._closing, None
        return Answer(row + closing.bytes)
