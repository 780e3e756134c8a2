"""What is looked at now and then on a device, beside its status bytes: will it go on working?

Times are the device's own: local, marked UTC so that nothing shifts them.
"""

from dataclasses import dataclass
from datetime import datetime

from drivers.model import DeviceTime, VatRate


@dataclass(frozen=True, slots=True)
class Upkeep:
    """None is "the device does not say"."""

    clock: DeviceTime
    rates: frozenset[VatRate]
    day_is_open: bool
    day_opened_at: datetime | None = None  # the first receipt since the last Z
    z_reports_left: int | None = None  # in the fiscal memory
    service_at: datetime | None = None  # a technician has to come by then
    tax_office_until: datetime | None = None  # it sells no more after that, unless it is heard
