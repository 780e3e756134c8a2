"""The reports of a Datecs X device: printed X and Z (69), the open day (65), the last Z (64).

X and Z are two functions; the letter stands in each, so that one can never become the other. All
that a report needs is read before it prints.
"""

from drivers.datecs_x.codes import DEVICE_INFO, READ_CLOCK
from drivers.datecs_x.fields import bani, device_time, payments
from drivers.datecs_x.talk import DatecsTalk
from drivers.day_reports import VatTable, group_totals
from drivers.errors import Refused, need_same_z
from drivers.model import Bani, DayRegisters, Payment, Report, Tally
from protocol.fields import integer
from protocol.isl_exchange import LONG

VAT = 1  # Type of 65
RECEIPTS, DISCOUNTS, VOIDS, CASH = 2, 3, 4, 5  # of 110
LAST_Z, DAY_TOTALS, REPORT, DAY_INFO = 64, 65, 69, 110


class DatecsReports:
    """Reads and prints reports; `table` is the device's VAT table, group by group."""

    def __init__(self, talk: DatecsTalk) -> None:
        self._talk = talk

    def x_report(self, table: VatTable) -> Report:
        paid, serial, at = self._paid(), self._serial(), self._clock()
        return self._talk.do(
            REPORT, "X", budget=LONG, read=lambda f: report(f, table, serial, paid, at)
        )

    def z_report(self, table: VatTable, *, after: int | None) -> Report:
        """Close the day. `after`: the last Z there may be; None, if nobody has looked."""
        paid, serial, at = self._paid(), self._serial(), self._clock()
        if after is not None:
            need_same_z(self._talk.variable("nZreport", read=integer), after)
        return self._talk.do(
            REPORT, "Z", budget=LONG, read=lambda f: report(f, table, serial, paid, at)
        )

    def open_day(self, table: VatTable) -> Report:
        paid, serial, at = self._paid(), self._serial(), self._clock()
        return self._talk.read(DAY_TOTALS, 0, read=lambda f: report(f, table, serial, paid, at))

    def last_z(self, table: VatTable) -> Report:
        """64 ends with its own date; what was paid by which means is not in it."""
        serial = self._serial()
        return self._talk.read(LAST_Z, 0, read=lambda f: report(f, table, serial, (), f[-1]))

    def registers(self, table: VatTable) -> DayRegisters | None:
        """110 and 65; None where the device does not know one of them."""
        try:
            vat = self._talk.read(DAY_TOTALS, VAT, read=lambda f: [bani(text) for text in f[1:]])
            ((receipts, _),) = self._tallies(RECEIPTS, 1)
            more, less, more_sum, less_sum = self._tallies(DISCOUNTS, 4)
            voids, cancelled = self._tallies(VOIDS, 2)
            cash_in, cash_out = self._tallies(CASH, 2)
        except Refused:
            return None
        return DayRegisters(
            receipts,
            dict(zip(table, vat, strict=False)),
            discounts=_sum(less, less_sum),
            surcharges=_sum(more, more_sum),
            voids=Tally(*voids),
            cancelled=Tally(*cancelled),
            cash_in=Tally(*cash_in),
            cash_out=Tally(*cash_out),
        )

    def _tallies(self, of: int, wanted: int) -> list[tuple[int, Bani]]:
        """Pairs of a count and a sum."""

        def pairs(fields: list[str]) -> list[tuple[int, Bani]]:
            texts = zip(fields[: 2 * wanted : 2], fields[1 : 2 * wanted : 2], strict=True)
            found = [(integer(count), bani(total)) for count, total in texts]
            if len(found) < wanted:
                raise IndexError(wanted)
            return found

        return self._talk.read(DAY_INFO, of, read=pairs)

    def _paid(self) -> tuple[Payment, ...]:
        return self._talk.read(DAY_INFO, 0, read=payments)

    def _serial(self) -> str:
        return self._talk.read(DEVICE_INFO, 1, read=lambda fields: fields[0])

    def _clock(self) -> str:
        return self._talk.read(READ_CLOCK, read=lambda fields: device_time(fields[0]).text)


def report(
    fields: list[str], table: VatTable, serial: str, paid: tuple[Payment, ...], at: str
) -> Report:
    """64, 65, 69: nRep, then a sum for each VAT group; unused groups without a sum are left out."""
    groups = group_totals(zip(table, map(bani, fields[1:]), strict=False), table)
    return Report(integer(fields[0]), serial, groups, paid, at)


def _sum(one: tuple[int, Bani], other: tuple[int, Bani]) -> Tally:
    return Tally(one[0] + other[0], Bani(one[1] + other[1]))
