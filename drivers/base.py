"""What every printer family does: the one interface between the work and the devices.

Every method may raise `ContactLost` (asked, not answered) and `Refused` (answered no); `open` may
raise `NotStarted`. Methods that take no receipt and return something change nothing on the device,
except `x_report` and `z_report`: two methods without a shared parameter, so that one can never
become the other.
"""

from dataclasses import dataclass
from typing import Protocol

from drivers.model import (
    Bani,
    Capabilities,
    Counters,
    Drawer,
    FiscalResult,
    Identity,
    Observation,
    Problem,
    Receipt,
    Report,
    VatRate,
)
from drivers.status import DeviceStatus


@dataclass(frozen=True, slots=True)
class Operator:
    """Who the device thinks is selling: number, password, till."""

    number: int = 1
    password: str = "0001"  # the factory setting, printed in the manual
    till: int = 1


class FiscalPrinter(Protocol):
    """One fiscal device. Not thread-safe: one thread owns it."""

    capabilities: Capabilities

    @property
    def sequence(self) -> int | None:
        """The SEQ of the last frame sent in this session."""
        ...

    def open(self, *, last_sequence: int | None) -> Identity:
        """Start a session: take the port, prove with harmless reads that a printer answers.

        Raises:
            NotStarted: no port, no answer, or another dialect.
            Refused: it answers, but will not say who it is; `status` can still be asked.
        """
        ...

    def close(self) -> None: ...

    def status(self) -> DeviceStatus: ...

    def counters(self) -> Counters: ...

    def vat_rates(self) -> dict[str, VatRate]:
        """The device's own table: group letter to rate, unused groups left out."""
        ...

    def clock(self) -> str:
        """The device's date and time, as it writes them."""
        ...

    def set_clock(self, text: str) -> None:
        """Set date and time, as the device writes them; forward only, no receipt open."""
        ...

    def day_totals(self) -> Report:
        """The open day's totals, read without printing; `number` is the Z that will close it."""
        ...

    def drawer(self) -> Drawer: ...

    def check(self, receipt: Receipt) -> list[Problem]:
        """Say what would keep this receipt from being issued; reads the VAT table, no more."""
        ...

    def issue_receipt(self, receipt: Receipt) -> FiscalResult:
        """Open, sell, compare totals, take payment, close. Leaves a receipt open if it fails."""
        ...

    def complete_receipt(self, receipt: Receipt, *, payments_done: int) -> FiscalResult:
        """Take the remaining payments of our own open receipt and close it."""
        ...

    def cancel_receipt(self) -> None:
        """Cancel the open receipt; only before any payment."""
        ...

    def observe(self, *, since: Counters, reference: str) -> Observation:
        """Read what happened after `since`: counters, an open receipt, our reference in the JE."""
        ...

    def last_receipt(self, total: Bani) -> FiscalResult:
        """Read the numbers of the receipt closed last; its total is not read but given."""
        ...

    def x_report(self) -> Report: ...

    def z_report(self) -> Report: ...

    def last_z_report(self) -> Report:
        """Read the last Z from the fiscal memory, without printing."""
        ...

    def print_slip(self, texts: tuple[str, ...]) -> None:
        """Print a non-fiscal slip."""
        ...
