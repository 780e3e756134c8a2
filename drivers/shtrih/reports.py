"""The reports of a Shtrih-M device: printed X (40) and Z (41), the open day from its registers.

X and Z are two functions with a code each, so that one can never become the other. The device tells
no totals of a Z that is made: they are read before it prints, and kept by its number.
"""

from collections.abc import Mapping
from dataclasses import replace

from drivers.errors import ContactLost, Refused, need_same_z
from drivers.faults import Fault
from drivers.model import Bani, Payment, PaymentKind, Report, VatRate
from drivers.shtrih.fields import FULL_SIZE, FullStatus, full_status, group_totals
from drivers.shtrih.talk import LONG, ShtrihTalk, number

FULL_STATUS, CASH_REGISTER, COUNTER, X_REPORT, Z_REPORT = 0x11, 0x1A, 0x1B, 0x40, 0x41
SALES_EVER = 148
SOLD_BY_TAX = (209, 213, 217, 221)  # the day's sales of tax 1 to 4
PAID_BY_SLOT = (193, 197, 201, 205)  # the day's payments of sales: cash and three others

VatTable = Mapping[str, VatRate | None]
Slots = Mapping[PaymentKind, int]


class ShtrihReports:
    """Reads and prints; `model` begins with SIM on a virtual device."""

    def __init__(self, talk: ShtrihTalk) -> None:
        self._talk = talk
        self._made: Report | None = None  # the last Z of this session
        self._made_after: int | None = None  # sales before it; None: none came in between

    def full_status(self) -> FullStatus:
        return full_status(self._talk.ask(FULL_STATUS, self._talk.who, size=FULL_SIZE))

    def sum_of(self, register: int) -> Bani:
        return Bani(number(self._talk.read(CASH_REGISTER, bytes([register]), size=6)[:6]))

    def count_of(self, register: int) -> int:
        return number(self._talk.read(COUNTER, bytes([register]), size=2)[:2])

    def x_report(self, serial: str, table: VatTable, slots: Slots) -> Report:
        before, report = self.count_of(SALES_EVER), self.open_day(serial, table, slots)
        self._talk.do(X_REPORT, budget=LONG)
        if (self.count_of(SALES_EVER), self.full_status().z_number) != (before, report.number - 1):
            raise ContactLost("somebody printed while the X report was made")
        return report

    def z_report(self, serial: str, table: VatTable, slots: Slots, *, after: int | None) -> Report:
        """A receipt between the sums that were read and the report is in the report alone."""
        before, report = self.count_of(SALES_EVER), self.open_day(serial, table, slots)
        need_same_z(report.number - 1, after)
        self._made, self._made_after = report, before
        self._talk.do(Z_REPORT, budget=LONG)
        sales, made = self.count_of(SALES_EVER), self.full_status().z_number
        if made != report.number:
            raise ContactLost(f"Z report {made} is the last, ours should be {report.number}")
        if sales != before:
            return replace(report, groups=(), payments=())
        self._made_after = None
        return report

    def open_day(self, serial: str, table: VatTable, slots: Slots) -> Report:
        told = self.full_status()
        groups = group_totals([self.sum_of(register) for register in SOLD_BY_TAX], table)
        sums = [self.sum_of(register) for register in PAID_BY_SLOT]
        payments = tuple(Payment(kind, sums[slot]) for kind, slot in slots.items() if sums[slot])
        return Report(told.z_number + 1, serial, groups, payments, told.at.text)

    def last_z(self, serial: str) -> Report:
        """Its number; its totals only if this session made it."""
        made, after, z_number = self._made, self._made_after, self.full_status().z_number
        if z_number == 0:
            raise Refused(Fault.NO_DATA, device_code="0", doing=f"{FULL_STATUS:02X}")
        is_ours = made is not None and (made.number, made.fiscal_serial) == (z_number, serial)
        if made is not None and is_ours and after in (None, self.count_of(SALES_EVER)):
            self._made_after = None
            return made
        return Report(z_number, serial, (), (), "")
