"""The reports of a Tremol device: printed X and Z (7C), the open day (6D, 6E 4), the last Z (73).

X and Z are two functions; the letter stands in each, so that one can never become the other. The
device tells no totals of a Z that is made: they are read before it prints, and kept by its number.
"""

from collections.abc import Mapping
from dataclasses import replace

from drivers.errors import ContactLost, Refused, need_same_z
from drivers.faults import Fault
from drivers.model import PaymentKind, Report, VatRate
from drivers.tremol.dialects import Dialect
from drivers.tremol.fields import amounts, group_totals, last_number, paid_by
from drivers.tremol.talk import LONG, TremolTalk
from protocol.fields import integer

SERIAL, CLOCK, DAY_SUMS, REGISTERS = 0x60, 0x68, 0x6D, 0x6E
LAST_NUMBERS, LAST_Z, REPORT = 0x71, 0x73, 0x7C
RECEIVED = "4"

VatTable = Mapping[str, VatRate | None]
Slots = Mapping[PaymentKind, int]


class TremolReports:
    """Reads and prints reports; `table` is the VAT table, `slots` where which payment is."""

    def __init__(self, talk: TremolTalk, dialect: Dialect) -> None:
        self._talk = talk
        self._dialect = dialect
        self._made: Report | None = None  # the last Z of this session
        self._made_after: int | None = None  # receipts before it; None: none came in between

    def x_report(self, table: VatTable, slots: Slots) -> Report:
        before, report = self._receipts(), self.open_day(table, slots)
        self._talk.do(REPORT, "X", budget=LONG)
        if (self._receipts(), self._last_z()[0]) != (before, report.number - 1):
            raise ContactLost("somebody printed while the X report was made")
        return report

    def z_report(self, table: VatTable, slots: Slots, *, after: int | None) -> Report:
        """A receipt between the sums that were read and the report is in the report alone."""
        before, report = self._receipts(), self.open_day(table, slots)
        need_same_z(report.number - 1, after)
        self._made, self._made_after = report, before
        self._talk.do(REPORT, "Z", budget=LONG)
        receipts, number = self._receipts(), self._last_z()[0]
        if number != report.number:
            raise ContactLost(f"Z report {number} is the last, ours should be {report.number}")
        if receipts != before:
            return replace(report, groups=(), payments=())
        self._made_after = None
        return report

    def open_day(self, table: VatTable, slots: Slots) -> Report:
        number, _ = self._last_z()
        serial = self._talk.read(SERIAL, read=lambda fields: fields[0].strip())
        groups = self._talk.read(DAY_SUMS, read=lambda f: group_totals(f, table, self._dialect))
        received = self._talk.read(REGISTERS, RECEIVED, read=lambda f: amounts(f, RECEIVED))
        at = self._talk.read(CLOCK, read=lambda fields: fields[0].strip())
        return Report(number + 1, serial, groups, paid_by(received, dict(slots)), at)

    def last_z(self) -> Report:
        """Its number and date; its totals only if this session made it."""
        number, date = self._last_z()
        if number == 0:
            raise Refused(Fault.NO_DATA, device_code="0", doing=f"{LAST_Z:02X}")
        serial = self._talk.read(SERIAL, read=lambda fields: fields[0].strip())
        made, after = self._made, self._made_after
        is_ours = made is not None and (made.number, made.fiscal_serial) == (number, serial)
        if made is not None and is_ours and after in (None, self._receipts()):
            self._made_after = None
            return made
        return Report(number, serial, (), (), date)

    def _receipts(self) -> int:
        return self._talk.read(LAST_NUMBERS, read=last_number)[1]

    def _last_z(self) -> tuple[int, str]:
        return self._talk.read(LAST_Z, read=lambda fields: (integer(fields[1]), fields[0].strip()))
