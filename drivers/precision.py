"""How far a device's clock is off, as surely as what it shows can say.

21-11-2026 21:54       at 21:54:59 of ours: right; at 21:56:30: at least 91 s behind
21-11-2026 21:54:32    at 21:54:59 of ours: 27 s behind
"""

from datetime import datetime, timedelta

from drivers.model import DeviceTime


def step_of(shape: str) -> int:
    """How long a clock that writes like this shows the same, in seconds."""
    return 1 if "%S" in shape else 60 if "%M" in shape else 86_400


def ahead_s(shown: DeviceTime, now: datetime) -> int | None:
    """How far it is at least ahead of a moment, below 0: behind it; None where it is no date."""
    if shown.at is None:
        return None
    late_s = (now - shown.at) // timedelta(seconds=1)
    return -late_s if late_s < 0 else -max(0, late_s - shown.step_s + 1)
