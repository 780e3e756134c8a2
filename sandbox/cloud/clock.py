"""The cloud's only door to time: a function that says now, and the ISO form of an instant.

A `Clock` is called with nothing and answers an aware UTC instant; tests pass one they can move.

    iso(instant)           2026-04-02T09:15:00.123Z     of one length: text order is time order
    parse_iso("...+03:00") the same instant in UTC, or None where the text is no instant
"""

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(tz=UTC)


def iso(instant: datetime) -> str:
    text = instant.astimezone(UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")


def parse_iso(text: str) -> datetime | None:
    """Read an ISO instant; one without a zone is taken as UTC."""
    try:
        instant = datetime.fromisoformat(text)
        zoned = instant if instant.tzinfo else instant.replace(tzinfo=UTC)
        return zoned.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
