"""The state of a Datecs X device's day, memory and papers: 62, 68, 86, 123-3, 124, 125, 255.

Unverified on hardware: that ServiceDate is when service is due, and Profile_endDate when the device
stops selling without the tax office.
"""

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar

from drivers.datecs_x.codes import DEVICE_INFO, JE_FIND, JE_READ, READ_CLOCK
from drivers.datecs_x.fields import asked_time, device_time, je_header, last_of_two
from drivers.datecs_x.talk import DatecsTalk
from drivers.errors import Refused
from drivers.model import DeviceTime, VatRate
from drivers.upkeep import Upkeep
from protocol.fields import integer

Z_LEFT, LAST_RECORD = 68, 86
RECEIPTS = 1  # DocType of 124

Value = TypeVar("Value")


class DatecsUpkeep:
    """Reads only."""

    def __init__(self, talk: DatecsTalk) -> None:
        self._talk = talk

    def read(self, rates: frozenset[VatRate]) -> Upkeep:
        is_open = self.day_is_open()
        return Upkeep(
            clock=self._talk.read(READ_CLOCK, read=lambda fields: device_time(fields[0])),
            rates=rates,
            day_is_open=is_open,
            day_opened_at=_if_told(self._day_opened_at) if is_open else None,
            z_reports_left=_if_told(
                lambda: self._talk.read(Z_LEFT, read=lambda fields: integer(fields[0]))
            ),
            service_at=self._date("ServiceDate"),
            tax_office_until=self._date("Profile_endDate"),
        )

    def day_is_open(self) -> bool:
        return self._talk.variable("DFR_needed", read=integer) > 0

    def last_record_at(self) -> DeviceTime:
        """The later of the last receipt or Z (123) and the last record of any kind (86)."""
        printed = self._talk.read(DEVICE_INFO, 3, read=last_of_two)
        record = _if_told(
            lambda: self._talk.read(LAST_RECORD, read=lambda fields: device_time(fields[0]))
        )
        if record is None or record.at is None:
            return printed
        return record if printed.at is None or record.at > printed.at else printed

    def _day_opened_at(self) -> datetime | None:
        """The first receipt after the last Z, by its JE document."""
        z_report_at = self._talk.read(DEVICE_INFO, 3, read=lambda f: asked_time(f[3]))
        first = self._talk.read(
            JE_FIND, z_report_at, "", RECEIPTS, read=lambda fields: integer(fields[-3])
        )
        trace = self._talk.read(JE_READ, 0, first, RECEIPTS, read=lambda f: je_header(f)[1])
        return device_time(trace.issued_at).at

    def _date(self, name: str) -> datetime | None:
        return _if_told(lambda: self._talk.variable(name, read=device_time).at)


def _if_told(ask: Callable[[], Value]) -> Value | None:
    """Ask for what not every firmware has."""
    try:
        return ask()
    except Refused:
        return None
