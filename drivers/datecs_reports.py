"""The reports of a Datecs X device: printed X and Z (69), the open day (65), the last Z (64).

X and Z are two functions; the letter stands in each, so that one can never become the other. All
that a report needs is read before it prints.
"""

from collections.abc import Mapping

from drivers.datecs_fields import bani, device_time, payments
from drivers.datecs_talk import LONG, DatecsTalk
from drivers.errors import need_same_z
from drivers.model import GroupTotal, Payment, Report, VatRate
from protocol.fields import integer

READ_CLOCK, LAST_Z, DAY_TOTALS, REPORT, DAY_INFO, DEVICE_INFO = 62, 64, 65, 69, 110, 123

VatTable = Mapping[str, VatRate | None]


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
    sums = zip(table.items(), (bani(text) for text in fields[1:]), strict=False)
    groups = tuple(
        GroupTotal(letter, rate, total)
        for (letter, rate), total in sums
        if total or rate is not None
    )
    return Report(integer(fields[0]), serial, groups, paid, at)
