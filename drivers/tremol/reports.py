"""The reports of a Tremol device: X and Z (7C), the open day (6D, 6E 4), the last Z (73)."""

from drivers.day_reports import DayReports, Slots, VatTable
from drivers.model import Report
from drivers.tremol.dialects import Dialect
from drivers.tremol.fields import amounts, day_groups, last_number, paid_by
from drivers.tremol.talk import LONG, TremolTalk
from protocol.fields import integer

SERIAL, CLOCK, DAY_SUMS, REGISTERS = 0x60, 0x68, 0x6D, 0x6E
LAST_NUMBERS, LAST_Z, REPORT = 0x71, 0x73, 0x7C
RECEIVED = "4"


class TremolReports(DayReports):
    """Reads and prints reports."""

    def __init__(self, talk: TremolTalk, dialect: Dialect) -> None:
        super().__init__()
        self._talk = talk
        self._dialect = dialect

    def x_report(self, table: VatTable, slots: Slots) -> Report:
        return self._x_of(lambda: self.open_day(table, slots))

    def z_report(self, table: VatTable, slots: Slots, *, after: int | None) -> Report:
        return self._z_of(lambda: self.open_day(table, slots), after=after)

    def open_day(self, table: VatTable, slots: Slots) -> Report:
        number, _ = self._last_z()
        serial = self._serial()
        groups = self._talk.read(DAY_SUMS, read=lambda f: day_groups(f, table, self._dialect))
        received = self._talk.read(REGISTERS, RECEIVED, read=lambda f: amounts(f, RECEIVED))
        at = self._talk.read(CLOCK, read=lambda fields: fields[0].strip())
        return Report(number + 1, serial, groups, paid_by(received, dict(slots)), at)

    def last_z(self) -> Report:
        return self._made_of(self._serial, asked=LAST_Z)

    def _serial(self) -> str:
        return self._talk.read(SERIAL, read=lambda fields: fields[0].strip())

    def _receipts(self) -> int:
        return self._talk.read(LAST_NUMBERS, read=last_number)[1]

    def _last_z(self) -> tuple[int, str]:
        return self._talk.read(LAST_Z, read=lambda fields: (integer(fields[1]), fields[0].strip()))

    def _print_x(self) -> None:
        self._talk.do(REPORT, "X", budget=LONG)

    def _print_z(self) -> None:
        self._talk.do(REPORT, "Z", budget=LONG)
