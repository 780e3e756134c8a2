"""The only door to time in the virtual printer: the device's wall clock, and waiting.

A device clock has no time zone: it shows what somebody set. Such a time is carried here as a
datetime marked UTC ("wall time"), so that adding and comparing are exact and nothing ever shifts.
Without another order the clock shows the local time of the machine it runs on.

    on the wire   21-11-26 21:54:32        (X series, `DD-MM-YY hh:mm:ss`, optional ` DST`)
    on paper      21-11-2026 21:54:32
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

ON_WIRE = "%d-%m-%y %H:%M:%S"
ON_PAPER = "%d-%m-%Y %H:%M:%S"
_WIRE_SHAPE = re.compile(r"(\d\d-\d\d-\d\d \d\d:\d\d:\d\d)( DST)?", re.ASCII)


def machine_wall() -> datetime:
    """What a clock on the wall of this machine shows, to the second."""
    local = datetime.now(UTC).astimezone()
    return local.replace(tzinfo=UTC, microsecond=0)


def wall(offset_s: int) -> datetime:
    return machine_wall() + timedelta(seconds=offset_s)


def offset_for(shown: datetime) -> int:
    """The offset that makes the device show this time now."""
    return round((shown.replace(tzinfo=UTC) - machine_wall()).total_seconds())


def looks_like_wire(text: str) -> bool:
    return _WIRE_SHAPE.fullmatch(text) is not None


def from_wire(text: str) -> datetime:
    """Raises ValueError for what is no date of the calendar."""
    return datetime.strptime(text.removesuffix(" DST"), ON_WIRE).replace(tzinfo=UTC)


def from_iso(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def monotonic() -> float:
    return time.monotonic()
