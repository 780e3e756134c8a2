"""Time that stands still until a test moves it."""

from datetime import datetime

START_MS = 1_790_000_000_000


class FakeClock:
    """Both clocks: `ms` moves them together, `jump_to` is the wall's alone."""

    def __init__(self, ms: int = START_MS) -> None:
        self.ms = ms
        self._jumped_ms = 0

    def now_ms(self) -> int:
        return self.ms + self._jumped_ms

    def monotonic_s(self) -> float:
        return self.ms / 1000

    def move(self, seconds: float) -> None:
        self.ms += round(seconds * 1000)

    def show(self, moment: datetime) -> None:
        """Move on, or back, to this moment (an aware one)."""
        self.ms = int(moment.timestamp() * 1000)

    def jump_to(self, ms: int) -> None:
        """Somebody sets the wall's clock; no time passes."""
        self._jumped_ms = ms - self.ms
