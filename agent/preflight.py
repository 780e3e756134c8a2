"""Is the device ready, and will it stay so? Pure: what it says of itself, against what is wanted.

The table of all conditions, with what a person is told, is docs/fault-table.md. What blocks keeps a
command from being done; a warning is told to the cloud and on the spot, and keeps nothing back.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from drivers.faults import Fault, words
from drivers.model import VatRate
from drivers.precision import ahead_s
from drivers.status import DeviceStatus
from drivers.upkeep import Upkeep

CLOCK_DRIFT_MAX = timedelta(minutes=20)  # as other programs have it [romania.md 2.3]
DAY_WARNED_AFTER = timedelta(hours=20)  # of the 24 that a fiscal day may last
Z_REPORTS_LEFT_MIN = 60
SERVICE_WARNED_BEFORE = timedelta(days=14)
TAX_OFFICE_WARNED_BEFORE = timedelta(days=3)
VANISHES = "P7B_VANISHES_SOON"


def obstacles(tolerated: frozenset[Fault], status: DeviceStatus) -> list[Fault]:
    """Return the conditions that keep a command from being done now, worst last."""
    found = [fault for fault in status.blocking if fault not in tolerated]
    return sorted(found, key=lambda fault: not words()[fault].waits)


def warnings(seen: Upkeep, now: datetime, rates: frozenset[VatRate]) -> Iterator[Fault]:
    """Say what will soon be wrong.

    Args:
        seen: what the device says.
        now: our own local time, marked UTC as the device's is.
        rates: the VAT rates the shop expects; empty: it does not say.
    """
    clock = seen.clock.at
    if clock is None:
        if seen.clock.text:  # else it does not tell its time
            yield Fault.CLOCK_NOT_SET
    elif timedelta(seconds=abs(ahead_s(seen.clock, now) or 0)) > CLOCK_DRIFT_MAX:
        yield Fault.CLOCK_DRIFT
    if seen.day_opened_at and (clock or now) - seen.day_opened_at >= DAY_WARNED_AFTER:
        yield Fault.DAY_ENDS_SOON
    if rates and seen.rates != rates:
        yield Fault.VAT_TABLE_DIFFERS
    if seen.z_reports_left is not None and seen.z_reports_left < Z_REPORTS_LEFT_MIN:
        yield Fault.FISCAL_MEMORY_NEARLY_FULL
    terms = (
        (Fault.SERVICE_DUE, seen.service_at, SERVICE_WARNED_BEFORE),
        (Fault.TAX_OFFICE_TERM, seen.tax_office_until, TAX_OFFICE_WARNED_BEFORE),
    )
    for fault, at, before in terms:
        if at is not None and at - now <= before:
            yield fault


def archive_warnings(codes: frozenset[str]) -> Iterator[Fault]:
    """Say what the archive's certificate asks somebody to do; its codes: docs/certificate.md."""
    if VANISHES in codes:
        yield Fault.SIGNED_FILES_VANISH
    if codes - {VANISHES}:
        yield Fault.ARCHIVE_INCOMPLETE
