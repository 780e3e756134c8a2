"""What the reports of several families share: the sums of a day by VAT group, and how X and Z are
made where the device tells no totals of a Z that is made. They are read before it prints.

    X       receipts, the open day, print, receipts and last Z    as before, else ContactLost
    Z       receipts, the open day, print, receipts and last Z    one more, else ContactLost
    last Z  its number; what this session read of its day, if no receipt came in between

X and Z are two functions, and a family prints them with two, so that one can never become the
other.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from drivers.errors import ContactLost, Refused, need_same_z
from drivers.faults import Fault
from drivers.model import Bani, GroupTotal, PaymentKind, Report, VatRate

VatTable = Mapping[str, VatRate | None]
Slots = Mapping[PaymentKind, int]  # where which payment is
OpenDay = Callable[[], Report]


def group_totals(sums: Iterable[tuple[str, Bani]], rates: VatTable) -> tuple[GroupTotal, ...]:
    """Put sums to their groups; an unused group (no rate) without a sum is left out."""
    return tuple(
        GroupTotal(letter, rates.get(letter), total)
        for letter, total in sums
        if total or rates.get(letter) is not None
    )


class DayReports(ABC):
    """Prints and keeps X and Z; a family says how it is asked."""

    def __init__(self) -> None:
        self._made: Report | None = None  # the last Z of this session
        self._made_after: int | None = None  # receipts before it; None: none came in between

    @abstractmethod
    def _receipts(self) -> int:
        """How many receipts there were for ever."""
        ...

    @abstractmethod
    def _last_z(self) -> tuple[int, str]:
        """The last Z's number, 0 if there is none, and its date where the device tells it."""
        ...

    @abstractmethod
    def _print_x(self) -> None: ...

    @abstractmethod
    def _print_z(self) -> None: ...

    def _x_of(self, open_day: OpenDay) -> Report:
        before, report = self._receipts(), open_day()
        self._print_x()
        if (self._receipts(), self._last_z()[0]) != (before, report.number - 1):
            raise ContactLost("somebody printed while the X report was made")
        return report

    def _z_of(self, open_day: OpenDay, *, after: int | None) -> Report:
        """A receipt between the sums that were read and the report is in the report alone."""
        before, report = self._receipts(), open_day()
        need_same_z(report.number - 1, after)
        self._made, self._made_after = report, before
        self._print_z()
        receipts, number = self._receipts(), self._last_z()[0]
        if number != report.number:
            raise ContactLost(f"Z report {number} is the last, ours should be {report.number}")
        if receipts != before:
            return replace(report, groups=(), payments=())
        self._made_after = None
        return report

    def _made_of(self, serial: Callable[[], str], *, asked: int) -> Report:
        """The last Z; its totals only if this session made it. `asked`: the command that tells."""
        number, date = self._last_z()
        if number == 0:
            raise Refused(Fault.NO_DATA, device_code="0", doing=f"{asked:02X}")
        who, made, after = serial(), self._made, self._made_after
        is_ours = made is not None and (made.number, made.fiscal_serial) == (number, who)
        if made is not None and is_ours and after in (None, self._receipts()):
            self._made_after = None
            return made
        return Report(number, who, (), (), date)
