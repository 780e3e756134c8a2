"""The cloud thread: results up, commands down. It meets the printers only in the ledger.

    tell     the oldest event the cloud has not heard of, until it says yes
    claim    what is queued and not yet ours: two agents on one queue, one of them prints
    poll     one list call for all devices; every command is written down before anything else

Results go before polls. A refusal of our key stops the taking of work and is tried again slowly.
"""

import contextlib
import logging
from collections.abc import Callable

from agent.cloud import schema
from agent.cloud.client import (
    CloudAnswerBroken,
    CloudClient,
    CloudError,
    CloudRefused,
    CloudUnreachable,
    fill,
)
from agent.entries import Acceptance, Event, LedgerEntry
from agent.ledger import Ledger
from config.settings import Settings, profiles
from drivers.clock import Clock
from drivers.model import Problem

log = logging.getLogger(__name__)

EVENTS_AT_ONCE_MAX = 50
LIST_LIMIT = 100
BACK_OFF_S, BACK_OFF_S_MAX = 1.0, 60.0
DOUBLINGS_MAX = 10
KEY_REFUSED_S = 60.0


class CloudSync:
    """The work of the cloud thread. `arrived` wakes the worker of a device."""

    def __init__(
        self,
        client: CloudClient,
        settings: Settings,
        ledger: Ledger,
        clock: Clock,
        arrived: Callable[[str], None],
    ) -> None:
        self._client = client
        self._profile = profiles()[settings.cloud.profile]
        self._ledger = ledger
        self._clock = clock
        self._agent_id = settings.agent.id
        self._device_ids = [device.id for device in settings.device]
        self._poll_interval_s = settings.cloud.poll_interval_s
        self._ttl_ms = settings.agent.command_ttl_s * 1000
        self._arrived = arrived
        self._poll_at_s = 0.0
        self._rest_until_s = 0.0
        self._failures = 0
        self.sentence = "starting"

    def step(self) -> bool:
        """Do one piece of work. True if there may be more."""
        now_s = self._clock.monotonic_s()
        if now_s < self._rest_until_s:
            return False
        try:
            if events := self._ledger.unreported(EVENTS_AT_ONCE_MAX):
                for event in events:
                    self._tell(event)
            elif waiting := self._unclaimed():
                for entry in waiting:
                    self._claim(entry)
            elif now_s >= self._poll_at_s:
                self._poll()
                self._poll_at_s = now_s + self._poll_interval_s
            else:
                return False
        except CloudError as error:
            self._rest(error)
            return False
        self._failures = 0
        self.sentence = "connected"
        return True

    def close(self) -> None:
        """Tell what the printers did last, if the cloud can be reached; then hang up."""
        if self._clock.monotonic_s() >= self._rest_until_s:
            with contextlib.suppress(CloudError):
                for event in self._ledger.unreported(EVENTS_AT_ONCE_MAX):
                    self._tell(event)
        self._client.close()

    def _tell(self, event: Event) -> None:
        entry = self._ledger.entry(event.command_id) if event.command_id else None
        for upload in schema.to_uploads(self._profile, event, entry, self._agent_id):
            try:
                self._client.post(upload.path, upload.body)
            except CloudRefused as error:
                if error.status == 401 or (error.status == 403 and upload.is_result):
                    raise
                # A clear no to this one: asking again would stop all that wait behind it.
                log.warning("cloud.upload_refused", extra={"path": upload.path, "why": str(error)})
                self._ledger.note_refused_upload(event, upload.path, str(error))
        self._ledger.reported(event.id)

    def _unclaimed(self) -> list[LedgerEntry]:
        """What a printer of ours waits for; one that left the configuration takes no more."""
        return [e for e in self._ledger.unclaimed() if e.device_id in self._device_ids]

    def _claim(self, entry: LedgerEntry) -> None:
        try:
            path = fill(self._profile.claim, command_id=entry.id)
            self._client.post(path, {"agentId": self._agent_id})
        except CloudRefused as error:
            if error.status in (401, 403):
                raise
            self._ledger.reject(entry, [Problem("", schema.CLAIM_LOST, str(error))])
            return
        self._ledger.claimed(entry.id)
        self._arrived(entry.device_id)

    def _poll(self) -> None:
        parameters = {"status": "pending", "limit": str(LIST_LIMIT)}
        if len(self._device_ids) == 1:
            parameters["deviceId"] = self._device_ids[0]
        answer = self._client.get(self._profile.pending, parameters)
        found = schema.read_list(answer.json)
        if found is None:
            raise CloudAnswerBroken("the list of commands is not a list")
        for raw in found:
            if schema.device_of(raw) in self._device_ids:
                self._accept(raw, answer.server_ms)

    def _accept(self, raw: object, server_ms: int | None) -> None:
        try:
            incoming = schema.to_incoming(
                raw, now_ms=self._clock.now_ms(), server_ms=server_ms, ttl_ms=self._ttl_ms
            )
        except schema.NotACommand as error:
            log.warning("cloud.not_a_command", extra={"raw": str(error)})
            return
        if self._ledger.accept(incoming) is Acceptance.CONFLICT:
            log.error("cloud.conflict", extra={"command_id": incoming.id})

    def _rest(self, error: CloudError) -> None:
        """Leave the cloud alone for a while; longer each time, and as long as it asks."""
        wait_s = min(BACK_OFF_S * 2**self._failures, BACK_OFF_S_MAX)
        self._failures = min(self._failures + 1, DOUBLINGS_MAX)
        if isinstance(error, CloudUnreachable) and error.retry_after_s is not None:
            wait_s = error.retry_after_s
        if isinstance(error, CloudRefused):
            wait_s = KEY_REFUSED_S
        self._rest_until_s = self._clock.monotonic_s() + wait_s
        self.sentence = str(error)
        log.warning("cloud.rest", extra={"reason": str(error), "wait_s": round(wait_s, 1)})
