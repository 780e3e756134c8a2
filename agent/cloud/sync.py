"""The cloud thread: results up, commands down. It meets the printers only in the ledger.

    take     what came while the cloud was asked to wait (waiting.py); it is written down (inbox.py)
             before anything else
    claim    what is queued and not yet ours: two agents on one queue, one of them prints
    tell     what the cloud has not said yes to (outbox.py), oldest first; the archive last of all
    poll     one request for all devices, at which the cloud may wait; it waits in another thread

`sync` does the last three in one request, where the cloud has it; else `list`, `claim`, `result`.
Every request is counted (budget.py): when it is the bottleneck, what waits longer is the polls. A
refusal of our key stops the taking of work and is tried again slowly.
"""

import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from random import Random
from typing import Any

from agent import disk
from agent.cloud import schema
from agent.cloud.abilities import Abilities
from agent.cloud.archive_up import ArchiveUp
from agent.cloud.budget import JITTER_S, Budget
from agent.cloud.client import (
    Answer,
    CloudAnswerBroken,
    CloudClient,
    CloudError,
    CloudRefused,
    CloudUnreachable,
    Why,
)
from agent.cloud.inbox import Inbox
from agent.cloud.keys import KeyRing
from agent.cloud.outbox import Outbox
from agent.cloud.pace import Pace
from agent.cloud.trouble import SyncTrouble
from agent.cloud.waiting import Waiting, at_once
from agent.cloud_time import CloudTime
from agent.entries import LedgerEntry
from agent.ledger import Ledger
from agent.ledger_outbox import UploadRow
from config.settings import Settings, profiles
from drivers.clock import Clock
from drivers.model import Problem

log = logging.getLogger(__name__)

LIST_LIMIT, SYNC_LIMIT, KNOWN_LIMIT = 100, 20, 100
PAGES_MAX = 20
CLAIMED_AHEAD_MAX = 2  # a claim costs a request: no more than the printer soon needs
BACK_OFF_S, BACK_OFF_S_MAX = 1.0, 60.0
DOUBLINGS_MAX = 10
KEY_REFUSED_S = 60.0
STARVED_S = 30.0  # a poll that was held back as long goes before what there is to tell
CLOSING_UPLOADS_MAX = 50
TOO_MANY = 429
CLOCK_OFF_MS = 60_000
HALT = (Why.KEY, Why.ADDRESS)


@dataclass(frozen=True, slots=True)
class Around:
    """What a running agent has around the cloud thread; tests and the simulator do without."""

    waiting: Waiting | None = None  # without a thread of its own nothing else is done meanwhile
    random: Random | None = None
    budget: Budget | None = None
    disk: Callable[[], int] = int
    keys: KeyRing | None = None
    cloud_time: CloudTime | None = None


class CloudSync:
    """The work of the cloud thread. `arrived` wakes the worker of a device."""

    def __init__(
        self,
        client: CloudClient,
        settings: Settings,
        ledger: Ledger,
        clock: Clock,
        arrived: Callable[[str], None],
        around: Around | None = None,
    ) -> None:
        around = around or Around()
        cloud, now_s = settings.cloud, clock.monotonic_s()
        self._client = client
        self._profile = profiles()[cloud.profile]
        self._ledger = ledger
        self._clock = clock
        self._cloud_time = around.cloud_time or CloudTime(clock)
        self._arrived = arrived
        self._random = around.random or Random(settings.agent.id)
        self._disk = around.disk
        self._keys = around.keys
        self._key = around.keys.current if around.keys else None
        self._waiting = around.waiting or Waiting(client, at_once, lambda: None)
        limits = self._profile.limits
        self.budget = around.budget or Budget(
            limits.requests, limits.window_s, cloud.budget_share, self._random, now_s
        )
        self._pace = Pace(settings, self._random, now_s)
        self._abilities = Abilities(client, clock)
        self._outbox = Outbox(client, self._ask, self._abilities, ledger, settings, clock)
        self._archive = ArchiveUp(self._outbox, self._ask, self.budget, ledger, settings, clock)
        self._inbox = Inbox(ledger, settings, clock, arrived)
        self._agent_id = settings.agent.id
        self.take_devices(settings)
        self._long_poll_s = cloud.long_poll_s
        self._numbers = count()
        self._poll_at_s = self._polled_s = self._rest_until_s = 0.0
        self._failures = 0
        self._trouble = SyncTrouble(clock)
        self._held_back_s: float | None = None  # since when a due poll waits
        self._disk_used = 0
        self.sentence = "starting"

    def take_devices(self, settings: Settings) -> None:
        """These are the devices from now on; between two steps."""
        self._device_ids = [device.id for device in settings.device]
        self._etag = ""  # the list may be for others than before
        self._inbox.take_devices(settings)
        self._outbox.take_devices(settings)

    def step(self) -> bool:
        """Do one piece of work. True if there may be more."""
        try:
            if not self._take() and (self._is_resting() or not self._work()):
                return False
        except CloudError as error:
            self._rest(error)
            return False
        self._failures = 0
        self.sentence = "connected"
        return True

    def leave(self) -> None:
        """One request is short; the one that waits has a thread of its own."""

    def close(self) -> None:
        """Tell what the printers did last, if the cloud can be reached; then hang up."""
        if not self._is_resting():
            with contextlib.suppress(CloudError):
                for row in self._outbox.next()[:CLOSING_UPLOADS_MAX]:
                    self._outbox.send(row)
        self._client.close()

    @property
    def notes(self) -> list[str]:
        """What `amef status` says beside the sentence."""
        found = [*self._abilities.sentences, *self._archive.notes]
        off_ms = self._cloud_time.ahead_ms()
        if abs(off_ms) > CLOCK_OFF_MS:
            way = "behind" if off_ms > 0 else "ahead of"
            off_s = abs(off_ms) // 1000
            found.append(f"the clock of this machine is {off_s} s {way} the cloud's")
        if self._disk_used >= disk.FULL:
            found.append(f"the disk is {self._disk_used} % full: no new commands are taken")
        elif self._disk_used >= disk.WARN:
            found.append(f"the disk is {self._disk_used} % full")
        wait_s = self.budget.wait_s(self._clock.monotonic_s(), urgent=False)
        if wait_s > STARVED_S and not self._failures:  # who is not reached has more to say
            found.append(f"the organization's requests are used up: next poll in {wait_s:.0f} s")
        said = [self._client.warning, self._keys.sentence if self._keys else ""]
        return found + [sentence for sentence in said if sentence and sentence != self.sentence]

    # one piece of work

    def _work(self) -> bool:
        now_s = self._clock.monotonic_s()
        starves = self._starves(now_s)
        if self._may(now_s, urgent=True):
            if (entry := self._unclaimed()) is not None:
                self._claim(entry)
                return True
            if not starves and (uploads := self._outbox.next()):
                self._tell(uploads)
                return True
        if self._poll_is_due(now_s) and self._may(now_s, urgent=False) and self._has_room():
            self._poll(now_s)
            return True
        return not starves and self._archive.step()

    def _may(self, now_s: float, *, urgent: bool) -> bool:
        return self.budget.wait_s(now_s, urgent=urgent) <= 0

    def _poll_is_due(self, now_s: float) -> bool:
        return not self._waiting.in_flight and now_s >= self._poll_at_s

    def _starves(self, now_s: float) -> bool:
        """Has there been so much to tell, or a cloud that breaks on it, that nobody looked?"""
        if not self._poll_is_due(now_s):
            self._held_back_s = None
            return False
        if self._held_back_s is None:
            self._held_back_s = now_s
        return now_s - self._held_back_s >= STARVED_S

    def _has_room(self) -> bool:
        """A command that cannot be written down is better not taken."""
        self._disk_used = self._disk()
        return self._disk_used < disk.FULL

    def _ask(self, call: str, **content: Any) -> Answer:
        """Make a request, counted."""
        self.budget.spent(self._clock.monotonic_s())
        try:
            answer = self._client.send(call, **content)
        except CloudError as error:
            self.budget.heard(error.limits, self._clock.monotonic_s())
            raise
        self._heard(answer)
        return answer

    def _heard(self, answer: Answer) -> None:
        self.budget.heard(answer.limits, self._clock.monotonic_s())
        self._cloud_time.heard(answer.server_ms)

    # up

    def _unclaimed(self) -> LedgerEntry | None:
        """What a printer of ours will soon need; one that left the configuration takes no more."""
        if self._abilities.is_forbidden("claim"):
            return None
        ahead = self._ledger.claimed_ahead()
        for entry in self._ledger.unclaimed():
            ours = entry.device_id in self._device_ids
            if ours and ahead.get(entry.device_id, 0) < CLAIMED_AHEAD_MAX:
                return entry
        return None

    def _claim(self, entry: LedgerEntry) -> None:
        time = self._cloud_time
        if time.is_known and entry.expires_at_ms <= time.now_ms():  # the cloud gave it up as well
            self._ledger.reject(entry, [Problem("", schema.CLAIM_LOST, "it ran out unclaimed")])
            return
        if self._abilities.can("claim"):
            key = schema.idempotency("claim", self._agent_id, entry.id)
            parts, body = {"command_id": entry.id}, {"agentId": self._agent_id}
            try:
                self._ask("claim", parts=parts, body=body, idempotency=key)
                self._abilities.works("claim")
            except CloudRefused as error:
                if error.why in HALT:
                    raise
                if error.why is Why.SCOPE:
                    self._abilities.forbid("claim", error)
                    return
                if error.why is not Why.ROUTE or not self._outbox.is_command(entry.id):
                    self._ledger.reject(entry, [Problem("", schema.CLAIM_LOST, str(error))])
                    return
                self._abilities.lost("claim", error)  # the cloud cannot give it to us: we take it
        self._ledger.claimed(entry.id)
        self._arrived(entry.device_id)

    def _tell(self, uploads: list[UploadRow]) -> None:
        self._pace.worked(self._clock.monotonic_s())
        by_sync = self._outbox.by_sync(uploads)
        alone = self._trouble.results_go_alone
        if alone or not by_sync or not self._abilities.can("sync") or self._disk_used >= disk.FULL:
            self._outbox.send(uploads[0])
            return
        try:
            answer = self._ask("sync", **self._sync_content(by_sync))
        except CloudRefused as error:
            self._no_sync(error)
        except CloudUnreachable as error:
            self._trouble.results_broke(error)
            raise
        else:
            self._synced(answer)
            self._outbox.sync_answered(by_sync, answer.data)

    def _sync_content(self, by_sync: list[UploadRow]) -> dict[str, Any]:
        body = {
            "agentId": self._agent_id,
            "devices": self._device_ids,
            "limit": SYNC_LIMIT,
            "received": self._ledger.known(KNOWN_LIMIT),  # the others may be handed over again
        }
        body |= self._outbox.sync_body(by_sync)
        once = schema.idempotency("sync", self._agent_id, self._clock.now_ms(), next(self._numbers))
        return {"parts": {"agent_id": self._agent_id}, "body": body, "idempotency": once}

    def _no_sync(self, error: CloudRefused) -> None:
        """Whatever it has against it: there is another way for everything."""
        if error.why in HALT:
            raise error
        log.warning("cloud.no_sync", extra={"reason": str(error)})
        self._abilities.lost("sync", error)

    # down

    def _poll(self, now_s: float) -> None:
        self.budget.spent(now_s)
        self._polled_s = now_s
        closed = self._pace.is_closed(self._clock.now_ms())
        wait_s = 0 if closed else self._pace.wait_s(self._long_poll_s)
        if self._abilities.can("sync"):
            self._waiting.start("sync", wait_s=wait_s, **self._sync_content([]))
        else:
            self._waiting.start("list", wait_s=wait_s, etag=self._etag, parts=self._list_parts())
        self._take()

    def _list_parts(self, page: str = "") -> dict[str, str]:
        device_id = self._device_ids[0] if len(self._device_ids) == 1 else ""
        return {"limit": str(LIST_LIMIT), "device_id": device_id, "page": page}

    def _take(self) -> bool:
        """Take the answer to the last poll, if it has come."""
        call = self._waiting.in_flight
        if not call:
            return False
        try:
            answer = self._waiting.take()
        except CloudRefused as error:
            self.budget.heard(error.limits, self._clock.monotonic_s())
            if call != "sync":
                raise
            self._no_sync(error)
            return True
        except CloudError as error:
            self.budget.heard(error.limits, self._clock.monotonic_s())
            if call == "sync" and self._trouble.poll_broke(error):
                self._no_sync(CloudRefused(0, "", str(error), Why.ROUTE))
            raise
        if answer is None:
            return False
        self._heard(answer)
        found = self._synced(answer) if call == "sync" else self._listed(answer)
        now_s = self._clock.monotonic_s()
        # Who says that he waits and does not would be asked without a pause.
        waited = answer.waited and (found or now_s - self._polled_s >= BACK_OFF_S)
        wait_s = self._pace.next_s(now_s, self._clock.now_ms(), waited=bool(waited))
        self._poll_at_s = now_s + wait_s
        return True

    def _synced(self, answer: Answer) -> int:
        """Write down what a `sync` brought: commands that the cloud has made ours."""
        self._trouble.healed()
        self._abilities.works("sync")
        return self._accepted(answer, claimed=True)

    def _listed(self, answer: Answer) -> int:
        """Write down what a list brought, to the last page."""
        if answer.not_modified:
            return 0
        found, pages = 0, 0
        self._etag = ""  # were this to fail, the same list has to come again
        etag = answer.etag if not answer.next else ""
        while pages < PAGES_MAX:
            if answer.items is None:
                raise CloudAnswerBroken("the list of commands is not a list")
            found += self._accepted(answer, claimed=False)
            if not answer.next:
                break
            answer = self._ask("list", parts=self._list_parts(answer.next))
            pages += 1
        self._etag = etag
        return found

    def _accepted(self, answer: Answer, *, claimed: bool) -> int:
        new = self._inbox.take(answer.items or [], answer.server_ms, claimed=claimed)
        if new:
            self._pace.worked(self._clock.monotonic_s())
        return new

    # when it does not go

    def _is_resting(self) -> bool:
        """A new key ends the rest that the old one brought."""
        if self._keys is not None and self._keys.current is not self._key:
            self._key = self._keys.current
            self._abilities.key_changed()
            self._rest_until_s = 0.0
        return self._clock.monotonic_s() < self._rest_until_s

    def _rest(self, error: CloudError) -> None:
        """Leave the cloud alone for a while; longer each time, and as long as it asks."""
        now_s = self._clock.monotonic_s()
        wait_s = min(BACK_OFF_S * 2**self._failures, BACK_OFF_S_MAX)
        self._failures = min(self._failures + 1, DOUBLINGS_MAX)
        if isinstance(error, CloudUnreachable) and error.retry_after_s is not None:
            wait_s = error.retry_after_s + self._random.uniform(0, JITTER_S)
            if error.status == TOO_MANY:
                self.budget.refused(error.retry_after_s, now_s)
        if isinstance(error, CloudRefused):
            wait_s = KEY_REFUSED_S
            if error.why is Why.KEY:
                self._ledger.unclaim()
        self._rest_until_s = now_s + wait_s
        self.sentence = str(error)
        log.warning("cloud.rest", extra={"reason": str(error), "wait_s": round(wait_s, 1)})
