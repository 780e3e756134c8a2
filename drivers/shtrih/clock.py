"""The clock of a Shtrih-M device: 21 sets the time; 22 a date, which waits until 23 repeats it.

    22 D M Y   -> mode 6: whatever else is asked, C0
    23 D M Y   -> set; 13 where it is before the last record, and mode 6 stays

So a date that is refused, or whose 23 was never sent, is followed by the one it has.
"""

from datetime import datetime

from drivers.errors import Refused
from drivers.shtrih.fields import CONFIRM_DATE
from drivers.shtrih.reports import ShtrihReports
from drivers.shtrih.talk import ShtrihTalk

SET_TIME, SET_DATE, CONFIRM = 0x21, 0x22, 0x23


class ShtrihClock:
    """Sets it, and ends the waiting for a date."""

    def __init__(self, talk: ShtrihTalk, reports: ShtrihReports) -> None:
        self._talk = talk
        self._reports = reports

    def set(self, moment: datetime) -> None:
        """The date only if it is another: until it is confirmed the device does nothing else."""
        self.stop_waiting()
        now = self._reports.full_status().at.at
        if now is None or now.date() != moment.date():
            self._set_date(moment)
        self._talk.do(SET_TIME, bytes([moment.hour, moment.minute, moment.second]))

    def stop_waiting(self) -> None:
        """Confirm the date that it has, if it waits for another."""
        told = self._reports.full_status()
        if told.mode & 0x0F == CONFIRM_DATE and told.at.at is not None:
            self._confirmed(told.at.at)

    def _set_date(self, moment: datetime) -> None:
        try:
            self._confirmed(moment)
        except Refused:
            self.stop_waiting()
            raise

    def _confirmed(self, moment: datetime) -> None:
        date = bytes([moment.day, moment.month, moment.year % 100])
        self._talk.do(SET_DATE, date)
        self._talk.do(CONFIRM, date)
