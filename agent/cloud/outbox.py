"""What goes up: planned in the ledger, sent in order, until the cloud says yes or a clear no.

    next     the oldest uploads that wait; plans what the latest events need
    send     one of them by its own route
    sync_body, sync_answered     many results and statuses in one `sync` request
    frozen, done, refused        for what is sent elsewhere: the archive's bytes (archive_up.py)

What a refusal means:  401, 403 by address   everything rests          (raised)
                       403 by scope          this call pauses
                       404, 405, 501         the thing is unknown: aside; it is known: no such route
                       409, 422 on a result  the cloud's own end is final: acknowledged
                       any other 4xx         aside: a poison upload blocks nobody
"""

import json
import logging
from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from agent.archive.index import ARCHIVED
from agent.cloud import schema
from agent.cloud.abilities import Abilities
from agent.cloud.answers import shown
from agent.cloud.archived import Archived
from agent.cloud.calls import Extra
from agent.cloud.client import (
    Answer,
    CloudAnswerBroken,
    CloudClient,
    CloudRefused,
    CloudUnreachable,
    Why,
)
from agent.cloud.parts import document_of, send_in_parts
from agent.entries import Event
from agent.ledger import Ledger
from agent.ledger_outbox import Fate, Upload, UploadRow
from config.settings import Settings, catalogue, profiles
from drivers.clock import Clock

log = logging.getLogger(__name__)

EVENTS_AT_ONCE_MAX = 50
BY_SYNC = {"result": "results", "device_status": "statuses"}
FORBIDDEN_STATUS, FINAL_STATUS = 403, 422
PAGES_MAX = 20
TRIES_MAX = 5
LATER_S = 600.0

Asked = Callable[..., Answer]
"""How a request is made: `CloudClient.send`, counted."""


class Outbox:
    """The way up. Belongs to the cloud thread."""

    def __init__(
        self,
        client: CloudClient,
        ask: Asked,
        abilities: Abilities,
        ledger: Ledger,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._client = client
        self._ask = ask
        self._abilities = abilities
        self._ledger = ledger
        self._clock = clock
        self._profile = profiles()[settings.cloud.profile]
        self._agent_id = settings.agent.id
        self._zone = ZoneInfo(settings.agent.timezone)
        self._archived = Archived(ledger, settings)
        self._operators: dict[str, str] = {}
        self.take_devices(settings)
        # By upload: how often the cloud broke on it (5xx), and when it is tried once more.
        self._broken: dict[int, tuple[int, float]] = {}

        for call in ledger.paused_calls():
            abilities.doubt(call)

    def take_devices(self, settings: Settings) -> None:
        """These are the devices from now on; of those that left there may still be much to tell."""
        self._operators |= {
            device.id: str(device.operator or catalogue()[device.family].operator)
            for device in settings.device
        }

    def next(self) -> list[UploadRow]:
        """Return what waits, oldest first; write down what the latest events need.

        What the cloud broke on again and again is left for later, with all that belongs behind it:
        it may be poison that the cloud cannot name.
        """
        for call in self._abilities.due():
            self._ledger.resume(call, 1)
        self._plan()
        now_s = self._clock.monotonic_s()
        later = {
            id_ for id_, (tries, s) in self._broken.items() if tries >= TRIES_MAX and now_s < s
        }
        waiting = self._ledger.waiting(EVENTS_AT_ONCE_MAX + len(later))
        blocked = {row.command_id for row in waiting if row.id in later} - {None}
        return [k for k in waiting if k.id not in later and k.command_id not in blocked]

    def send(self, row: UploadRow) -> None:
        """Send one upload by its own route.

        Raises:
            CloudError: not now, or not with this key.
        """
        body = self._body(row)
        if body is None:
            self._ledger.settle([row], Fate.MOOT)
            return
        try:
            self._send(row, body)
        except CloudRefused as error:
            self.refused(row, error)
        except CloudUnreachable as error:
            if error.status is not None:  # it answered, and broke
                tries = self._broken.get(row.id, (0, 0.0))[0] + 1
                self._broken[row.id] = (tries, self._clock.monotonic_s() + LATER_S)
            raise
        else:
            self._broken.pop(row.id, None)
            self.done(row)

    def done(self, row: UploadRow, reason: str = "") -> None:
        self._works(row.call)
        self._ledger.settle([row], Fate.DONE, reason)

    def _send(self, row: UploadRow, body: dict[str, Any]) -> None:
        """Send it whole; what is large goes up in parts, each a request of its own."""
        call, frozen = self._profile.call(row.call), body.get("frozen", b"")
        if call is None or not 0 < call.part_bytes < len(frozen):
            self._ask(row.call, parts=row.parts, idempotency=row.idempotency, **body)
            return

        def ask(extra: Extra, content: bytes) -> Answer:
            return self._ask(row.call, parts=row.parts, frozen=content, extra=extra)

        send_in_parts(document_of(frozen), call.part_bytes, ask)

    def sync_body(self, waiting: list[UploadRow]) -> dict[str, list[dict[str, Any]]]:
        """Return what of this fits into a `sync` request."""
        told: dict[str, list[dict[str, Any]]] = {"results": [], "statuses": []}
        for row in self.by_sync(waiting):
            assert row.body is not None
            about = {
                "result": {"commandId": row.command_id},
                "device_status": {"deviceId": row.parts.get("device_id")},
            }
            told[BY_SYNC[row.call]].append(json.loads(row.body) | about[row.call])
        return told

    def by_sync(self, waiting: list[UploadRow]) -> list[UploadRow]:
        return [row for row in waiting if row.call in BY_SYNC and row.body is not None]

    def sync_answered(self, sent: list[UploadRow], data: Any) -> None:
        """Write down what the cloud said to each.

        Raises:
            CloudAnswerBroken: it said nothing of some: they go again.
        """
        data = data if isinstance(data, dict) else {}
        said = data.get("acknowledged")
        good = {number for number in said if isinstance(number, int)} if _is_list(said) else set()
        refused = data.get("refused")
        bad = {r.get("eventId"): r for r in refused if _is_dict(r)} if _is_list(refused) else {}
        taken = [row for row in sent if row.event_id in good]
        self._ledger.settle(taken, Fate.DONE)
        for call in {row.call for row in taken}:
            self._works(call)
        for row in sent:
            if row.event_id in bad and row.event_id not in good:
                code, sentence = (str(bad[row.event_id].get(n, "")) for n in ("code", "message"))
                self._refused_in_sync(row, code, shown(sentence))
        if unsaid := [row for row in sent if row.event_id not in good | bad.keys()]:
            raise CloudAnswerBroken(f"sync says nothing of {len(unsaid)} of {len(sent)} events")

    # the pieces

    def _plan(self) -> None:
        if not (events := self._ledger.unplanned(EVENTS_AT_ONCE_MAX)):
            return
        planned = []
        for event in events:
            uploads = self._uploads(event)
            planned.append((event, [one for one in uploads if self._client.has(one.call)]))
        self._ledger.plan(planned, self._abilities.unusable())

    def _uploads(self, event: Event) -> list[Upload]:
        if event.name == ARCHIVED:
            return self._archived.uploads(event)
        entry = self._ledger.entry(event.command_id) if event.command_id else None
        operator = self._operators.get(event.device_id, "")
        return schema.to_uploads(event, entry, self._agent_id, operator, self._zone)

    def frozen(self, row: UploadRow) -> str | None:
        """Return the words to say it in: the same each time. None: nothing is left to say."""
        if row.body is not None:
            return row.body
        uploads = self._uploads(self._ledger.event(row.event_id))
        body = next((one.body for one in uploads if one.call == row.call), None)
        return None if body is None else self._ledger.freeze(row, body).body

    def _body(self, row: UploadRow) -> dict[str, Any] | None:
        if (frozen := self.frozen(row)) is None:
            return None
        call = self._profile.call(row.call)
        if call is not None and call.document:
            return {"body": json.loads(frozen)}
        return {"frozen": frozen.encode()}

    def _works(self, call: str) -> None:
        if self._abilities.works(call):
            self._ledger.resume(call)

    def refused(self, row: UploadRow, error: CloudRefused) -> None:
        """Write down what a no means.

        Raises:
            CloudRefused: it is the key's, and about everything.
        """
        if error.why in (Why.KEY, Why.ADDRESS):
            raise error
        if error.why is Why.SCOPE or (error.why is Why.ROUTE and self._is_known(row)):
            log.warning("cloud.paused", extra={"call": row.call, "reason": str(error)})
            self._abilities.lost(row.call, error)
            self._ledger.pause(row.call, str(error))
            return
        final = error.why is Why.CONFLICT or error.status == FINAL_STATUS
        self._say_no(row, str(error), final=final)

    def _refused_in_sync(self, row: UploadRow, code: str, sentence: str) -> None:
        """A row of a request that was taken; where a scope is lacking, its own call pauses."""
        if code in self._profile.errors.missing_scope:
            self.refused(row, CloudRefused(FORBIDDEN_STATUS, code, sentence, Why.SCOPE))
        else:
            self._say_no(row, f"{code}: {sentence}", final=_is_final(code))

    def _say_no(self, row: UploadRow, reason: str, *, final: bool) -> None:
        final = final and row.call == "result"
        log.warning(
            "cloud.final" if final else "cloud.upload_refused",
            extra={"call": row.call, "event_id": row.event_id, "why": reason},
        )
        self._ledger.settle([row], Fate.FINAL if final else Fate.ASIDE, reason)

    def _is_known(self, row: UploadRow) -> bool:
        """Is what it is about known to the cloud, so that only the route can be missing?"""
        if row.call == "result":
            return self.is_command(row.command_id or "")
        device_id = row.parts.get("device_id")
        return device_id is None or self._is_device(device_id)

    def is_command(self, command_id: str) -> bool:
        """Ask for the command itself; a cloud that has no such call is believed to know it."""
        if not self._client.has("command"):
            return True
        try:
            self._ask("command", parts={"command_id": command_id})
        except CloudRefused as error:
            if error.why in (Why.KEY, Why.ADDRESS):
                raise
            return False
        return True

    def _is_device(self, device_id: str) -> bool:
        parts = {"page": ""}
        for _ in range(PAGES_MAX):
            try:
                answer = self._ask("devices", parts=parts)
            except CloudRefused as error:
                if error.why in (Why.KEY, Why.ADDRESS):
                    raise
                return False
            found = answer.items or []
            if any(_is_dict(one) and one.get("id") == device_id for one in found):
                return True
            if not answer.next:
                break
            parts = {"page": answer.next}
        return False


def _is_final(code: str) -> bool:
    return "CONFLICT" in code or "FINAL" in code or code == "UNPROCESSABLE_ENTITY"


def _is_list(found: Any) -> bool:
    return isinstance(found, list)


def _is_dict(found: Any) -> bool:
    return isinstance(found, dict)
