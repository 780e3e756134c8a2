"""What this cloud can do for us and what our key may: learned by asking, said in words.

404, 405, 501 although the thing is there     the cloud lacks the route: asked again in a day
403 for want of a scope                       our key lacks it: asked again in a while, and at
                                              once when the key has changed
"""

from agent.cloud.client import CloudClient, CloudRefused, Why
from drivers.clock import Clock

LACKING_S = 86_400.0
PAUSED_S, RESULT_PAUSED_S = 6 * 3600.0, 60.0

COSTS = {
    "claim": "commands cannot be claimed: two agents on one queue could print one command twice",
    "result": "it takes no results: it will show a timeout for what was done",
    "device_status": "it takes no device status: it does not see a printer without paper",
    "upload": "reports cannot be uploaded to the device's own tree",
    "sync": "every command costs three requests instead of one",
    "receipt": "receipts do not stand in its list of receipts",
    "report": "reports do not stand in its list of reports",
}


class Abilities:
    """The calls of the profile that work, as far as we know."""

    def __init__(self, client: CloudClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._again_s: dict[str, float] = {}  # by call: when it is looked at again
        self._forbidden_s: dict[str, float] = {}
        self._why: dict[str, str] = {}

    def can(self, call: str) -> bool:
        if not self._client.has(call):
            return False
        return self._clock.monotonic_s() >= self._again_s.get(call, 0.0)

    def unusable(self) -> frozenset[str]:
        """The calls of the profile that it makes no sense to try now."""
        return frozenset(call for call in self._again_s if not self.can(call))

    def due(self) -> list[str]:
        """The calls that did not work and may be tried again."""
        return [call for call in self._again_s if self.can(call)]

    def doubt(self, call: str) -> None:
        """It did not work when the program ran last: try it with one."""
        self._again_s.setdefault(call, 0.0)

    def lost(self, call: str, error: CloudRefused) -> None:
        """The cloud has no such route, or our key may not."""
        wait_s = RESULT_PAUSED_S if call == "result" else PAUSED_S
        if error.why is not Why.SCOPE:
            wait_s = LACKING_S
        self._again_s[call] = self._clock.monotonic_s() + wait_s
        self._why[call] = str(error) if error.why is Why.SCOPE else ""

    def forbid(self, call: str, error: CloudRefused) -> None:
        """There is such a route, and our key may not: nothing takes its place."""
        self._forbidden_s[call] = self._clock.monotonic_s() + RESULT_PAUSED_S
        self._why[call] = str(error)

    def is_forbidden(self, call: str) -> bool:
        return self._clock.monotonic_s() < self._forbidden_s.get(call, 0.0)

    def works(self, call: str) -> bool:
        """It was answered. True if that is news."""
        self._why.pop(call, None)
        return self._again_s.pop(call, None) is not None

    def key_changed(self) -> None:
        """What the old key could not, the new one may."""
        self._forbidden_s.clear()
        for call, why in self._why.items():
            if why:
                self._again_s[call] = 0.0

    @property
    def sentences(self) -> list[str]:
        """What is missing, and what that costs."""
        found = []
        for call, cost in COSTS.items():
            if call in self._forbidden_s and (why := self._why.get(call)):
                found.append(f"the key may not ({why}): no commands are taken")
            elif why := self._why.get(call):
                found.append(f"the key may not ({why}): {cost}")
            elif call in self._why or (
                not self._client.has(call) and call not in ("receipt", "report", "sync")
            ):
                found.append(f"the cloud lacks {call}: {cost}")
        return found
