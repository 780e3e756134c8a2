"""The printer's clock, as the cloud is told it: local time, with what the shop's zone makes of it.

"22-11-26 11:10:45"      -->  2026-11-22T11:10:45+02:00
"25-10-26 03:30:00 DST"  -->  2026-10-25T03:30:00+03:00    the first of the two such hours
"22.11.26 11:10:45"      -->  2026-11-22T11:10:45+02:00    Daisy
"221126"                 -->  2026-11-22                   a Z that was found, on most ISL devices
"2026-11-22T11:10:45"    -->  2026-11-22T11:10:45+02:00    as it stands in the archive
"""

from contextlib import suppress
from datetime import datetime, tzinfo

SHAPES = ("%d-%m-%y %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%d-%m-%Y %H:%M", "%d-%m-%y %H:%M")
DAY = "%d%m%y"
SUMMER = " DST"


def local_time(text: str, zone: tzinfo) -> datetime | None:
    """Read what a device, or the archive, wrote as its time; None where it is no time."""
    plain, fold = text.strip(), 1
    if plain.endswith(SUMMER):
        plain, fold = plain.removesuffix(SUMMER), 0
    with suppress(ValueError):
        return datetime.fromisoformat(plain).replace(tzinfo=zone, fold=fold)
    for shape in SHAPES:
        with suppress(ValueError):
            return datetime.strptime(plain.replace(".", "-"), shape).replace(tzinfo=zone, fold=fold)
    return None


def fiscal_date(text: str | None, zone: tzinfo) -> str | None:
    """ISO 8601 with the offset, the day alone if no more is told; None: it is no time."""
    try:
        if moment := local_time(text or "", zone):
            return moment.isoformat()
        return datetime.strptime(text or "", DAY).replace(tzinfo=zone).date().isoformat()
    except (ValueError, OverflowError):  # overflow: the offset of a zone at the end of time
        return None
