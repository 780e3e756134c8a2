"""What every printer family does: the one interface between the work and the devices.

Every method may raise `ContactLost` (asked, not answered) and `Refused` (answered no); `open` may
raise `NotStarted`. X and Z reports are two methods without a shared parameter, so that one can
never become the other.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from drivers.archive import Archive
from drivers.capabilities import Capabilities, TextPlace
from drivers.je import DocumentKind
from drivers.model import (
    Bani,
    CashMovement,
    Counters,
    DayRegisters,
    DeviceTime,
    Drawer,
    FiscalResult,
    Identity,
    Observation,
    Problem,
    Receipt,
    Report,
    Slip,
    VatRate,
)
from drivers.status import DeviceStatus
from drivers.upkeep import Upkeep


@dataclass(frozen=True, slots=True)
class Operator:
    """Who the device thinks is selling: number, password, till."""

    number: int = 1
    password: str = "0001"  # the factory setting, printed in the manual
    till: int = 1


class Service(Protocol):
    """What a technician sets. Each can be set again without harm: it is read and compared."""

    def texts(self, place: TextPlace) -> tuple[str, ...]:
        """The header or footer lines, as many as the device has; unused ones are empty."""
        ...

    def set_texts(self, place: TextPlace, lines: tuple[str, ...]) -> None:
        """Write those lines that differ; what was not given stays."""
        ...

    def set_vat_rates(self, rates: dict[str, VatRate]) -> None:
        """Write the whole table; with the day closed, and a limited number of times."""
        ...

    def operator_name(self, number: int) -> str: ...

    def set_operator(self, number: int, *, name: str, old_password: str, password: str) -> None:
        """Give an operator a name and a password; an empty one stays as it is."""
        ...

    def load_logo(self, image: bytes) -> None:
        """Load a monochrome BMP."""
        ...


def unheeded() -> None:
    """`paying`, where nobody wants to know."""


class FiscalPrinter(Protocol):
    """One fiscal device. Not thread-safe: one thread owns it."""

    capabilities: Capabilities
    dialect_is_sure: bool
    """A person says so: what it tells of its dialect itself is not held against it."""
    paying: Callable[[], None]
    """Called in `issue_receipt` before the first payment goes: what fails earlier is unpaid."""

    @property
    def operator(self) -> Operator:
        """Who sells: a password of his that the agent does not know stops every receipt."""
        ...

    @property
    def service(self) -> Service: ...

    @property
    def archive(self) -> Archive: ...

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

    # what changes nothing

    def identity(self) -> Identity: ...

    def status(self) -> DeviceStatus: ...

    def counters(self, *, with_cash: bool = False) -> Counters: ...

    def vat_rates(self) -> dict[str, VatRate]:
        """The device's own table: group letter to rate, unused groups left out."""
        ...

    def columns(self) -> int:
        """How many characters a line of its paper has."""
        ...

    def clock(self) -> DeviceTime: ...

    def last_record_at(self) -> DeviceTime:
        """The time of the last receipt or Z report: no record may be made before it."""
        ...

    def day_is_open(self) -> bool:
        """There are receipts since the last Z report."""
        ...

    def day_totals(self) -> Report:
        """The open day's totals, read without printing; `number` is the Z that will close it."""
        ...

    def day_registers(self) -> DayRegisters | None:
        """The open day's counts: discounts, voids, cash; None: the device does not tell them."""
        ...

    def drawer(self) -> Drawer: ...

    def upkeep(self) -> Upkeep:
        """What is looked at now and then: clock, VAT table, how long it will go on."""
        ...

    def last_z_report(self) -> Report:
        """Read the last Z from the fiscal memory, without printing."""
        ...

    def last_receipt(self, total: Bani | None) -> FiscalResult:
        """Read the numbers of the receipt closed last; its total is not read but given."""
        ...

    def check(self, receipt: Receipt) -> list[Problem]:
        """Say what would keep this receipt from being issued; reads the VAT table, no more."""
        ...

    def observe(
        self, *, since: Counters, reference: str, of: DocumentKind = DocumentKind.RECEIPT
    ) -> Observation:
        """Read what happened after `since`.

        Args:
            since: the counters of before; with its cash, the cash is read too.
            reference: what to look for in the JE; "" for nothing.
            of: what carries it; copies carry none, they are counted.
        """
        ...

    # what prints

    def issue_receipt(self, receipt: Receipt) -> FiscalResult:
        """Open, sell, compare totals, take payment, close. Leaves a receipt open if it fails."""
        ...

    def complete_receipt(self, receipt: Receipt, *, payments_done: int) -> FiscalResult:
        """Take the remaining payments of our own open receipt and close it."""
        ...

    def cancel_receipt(self) -> None:
        """Cancel the open receipt; only before any payment."""
        ...

    def x_report(self) -> Report: ...

    def z_report(self) -> Report:
        """Close the day; refused where the last Z is not the one that `counters` read before."""
        ...

    def move_cash(self, movement: CashMovement) -> Drawer: ...

    def print_slip(self, slip: Slip) -> int | None:
        """Print a non-fiscal document; its number, if the device says it."""
        ...

    def close_slip(self) -> None:
        """Close a non-fiscal document that stands open."""
        ...

    def print_duplicate(self) -> None:
        """Print the last receipt again, marked as a copy."""
        ...

    # what leaves no paper

    def open_drawer(self) -> None: ...

    def set_clock(self, moment: datetime, *, summer: bool) -> None:
        """Set date and time: local, forward of the last record, no receipt open."""
        ...
