"""What comes down: every command is written down before anybody acts on it.

    entry of a list  --> accepted, still to be claimed        entry of a sync  --> accepted and ours

What is for no device of ours is left alone. The same id with another body is a conflict, noted and
never printed.
"""

import logging
from collections.abc import Callable
from typing import Any

from agent.cloud import schema
from agent.entries import Acceptance
from agent.ledger import Ledger
from config.settings import Settings, profiles
from drivers.clock import Clock

log = logging.getLogger(__name__)


class Inbox:
    """The way down. `arrived` wakes the worker of a device."""

    def __init__(
        self, ledger: Ledger, settings: Settings, clock: Clock, arrived: Callable[[str], None]
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._arrived = arrived
        self._profile = profiles()[settings.cloud.profile]
        self._device_ids: set[str] = set()
        self._ever: set[str] = set()
        self.take_devices(settings)
        self._ttl_ms = settings.agent.command_ttl_s * 1000

    def take_devices(self, settings: Settings) -> None:
        """These are the devices from now on."""
        self._device_ids = {device.id for device in settings.device}
        self._ever |= self._device_ids

    def take(self, commands: list[Any], server_ms: int | None, *, claimed: bool) -> int:
        """Write down what is for our devices; return how many are new.

        What was handed over as ours counts, though its device has left the configuration since.
        """
        devices = self._ever if claimed else self._device_ids
        ours = [c for c in commands if schema.device_of(c, self._profile) in devices]
        return sum(self._accept(raw, server_ms, claimed=claimed) for raw in ours)

    def _accept(self, raw: object, server_ms: int | None, *, claimed: bool) -> bool:
        now_ms = self._clock.now_ms()
        try:
            incoming = schema.to_incoming(
                raw, now_ms=now_ms, server_ms=server_ms, ttl_ms=self._ttl_ms, profile=self._profile
            )
        except schema.NotACommand as error:
            log.warning("cloud.not_a_command", extra={"raw": str(error)})
            return False
        accepted = self._ledger.accept(incoming, claimed=claimed)
        if accepted is Acceptance.CONFLICT:
            log.error("cloud.conflict", extra={"command_id": incoming.id})
        elif claimed and not incoming.problems:
            self._arrived(incoming.device_id)
        return accepted is Acceptance.ACCEPTED
