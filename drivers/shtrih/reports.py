"""The reports of a Shtrih-M device: printed X (40) and Z (41), the open day from its registers."""

from drivers.day_reports import DayReports, Slots, VatTable, group_totals
from drivers.model import Bani, Payment, Report
from drivers.shtrih.fields import FULL_SIZE, GROUPS, FullStatus, full_status
from drivers.shtrih.talk import LONG, ShtrihTalk, number

FULL_STATUS, CASH_REGISTER, COUNTER, X_REPORT, Z_REPORT = 0x11, 0x1A, 0x1B, 0x40, 0x41
SALES_EVER = 148
SOLD_BY_TAX = (209, 213, 217, 221)  # the day's sales of tax 1 to 4
PAID_BY_SLOT = (193, 197, 201, 205)  # the day's payments of sales: cash and three others


class ShtrihReports(DayReports):
    """Reads registers, reads and prints reports."""

    def __init__(self, talk: ShtrihTalk) -> None:
        super().__init__()
        self._talk = talk

    def full_status(self) -> FullStatus:
        return full_status(self._talk.ask(FULL_STATUS, self._talk.who, size=FULL_SIZE))

    def sum_of(self, register: int) -> Bani:
        return Bani(number(self._talk.read(CASH_REGISTER, bytes([register]), size=6)[:6]))

    def count_of(self, register: int) -> int:
        return number(self._talk.read(COUNTER, bytes([register]), size=2)[:2])

    def x_report(self, serial: str, table: VatTable, slots: Slots) -> Report:
        return self._x_of(lambda: self.open_day(serial, table, slots))

    def z_report(self, serial: str, table: VatTable, slots: Slots, *, after: int | None) -> Report:
        return self._z_of(lambda: self.open_day(serial, table, slots), after=after)

    def open_day(self, serial: str, table: VatTable, slots: Slots) -> Report:
        told = self.full_status()
        sold = [self.sum_of(register) for register in SOLD_BY_TAX]
        groups = group_totals(zip(GROUPS, sold, strict=True), table)
        sums = [self.sum_of(register) for register in PAID_BY_SLOT]
        payments = tuple(Payment(kind, sums[slot]) for kind, slot in slots.items() if sums[slot])
        return Report(told.z_number + 1, serial, groups, payments, told.at.text)

    def last_z(self, serial: str) -> Report:
        return self._made_of(lambda: serial, asked=FULL_STATUS)

    def _receipts(self) -> int:
        return self.count_of(SALES_EVER)

    def _last_z(self) -> tuple[int, str]:
        return self.full_status().z_number, ""

    def _print_x(self) -> None:
        self._talk.do(X_REPORT, budget=LONG)

    def _print_z(self) -> None:
        self._talk.do(Z_REPORT, budget=LONG)
