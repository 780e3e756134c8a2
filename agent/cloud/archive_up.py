"""Documents of the archive go up in the background: the bytes of the store, checked by their hash.

    nothing else waits, and the budget has spare  -->  one request a step

    question   Content-Range: bytes */5242880           after a cut or a restart
    part       Content-Range: bytes 0-262143/5242880    a small one goes whole, without a range
    the end    {"id", "bytes", "sha256"}   ours: done
                                           others, or a no to what came: once more, then aside
                                           no hash: asked for; then done, and the row says so
    X and Z    are no bytes: a report in the cloud's model, which says yes or no as to a command's

The ledger holds labels and SHA-256, the store the bytes: what is sent is read part by part. Trouble
here is no trouble of the cloud thread: polls and results go on, and this rests.
"""

import json
import logging
from collections.abc import Iterator
from typing import Any

from agent.archive.store import ArchiveDamaged, Store
from agent.cloud.archived import LABELS, REPORT, store_of
from agent.cloud.budget import Budget
from agent.cloud.calls import Extra
from agent.cloud.client import (
    Answer,
    CloudAnswerBroken,
    CloudRefused,
    CloudUnreachable,
)
from agent.cloud.outbox import Asked, Outbox
from agent.cloud.parts import BYTES, received_of
from agent.ledger import Ledger
from agent.ledger_outbox import Fate, UploadRow
from config.settings import Settings, profiles
from drivers.clock import Clock

log = logging.getLogger(__name__)

STARVED_S = 300.0  # who waited as long for spare takes one request of those for results
BACK_OFF_S, BACK_OFF_S_MAX = 5.0, 600.0
DOUBLINGS_MAX = 10
TRIES_MAX = 3  # by document: how often the cloud may break on it before the next one goes
LATER_S = 3600.0
EXTRA_REQUESTS_MAX = 20  # of a document, beyond one for each part
TOO_MANY = 429
NOT_AS_SENT = (400, 409, 422)  # what came is not what we say it is, or not what it goes on with
UNVERIFIED = "UNVERIFIED: the cloud does not say which bytes it has"


class ArchiveUp:
    """The slow way up. Belongs to the cloud thread."""

    def __init__(
        self,
        outbox: Outbox,
        ask: Asked,
        budget: Budget,
        ledger: Ledger,
        settings: Settings,
        clock: Clock,
    ) -> None:
        self._outbox = outbox
        self._ask = ask
        self._budget = budget
        self._ledger = ledger
        self._clock = clock
        self._store = store_of(settings)
        call = profiles()[settings.cloud.profile].call("upload")
        self._part_bytes = call.part_bytes if call else 0
        self._going: _Going | None = None
        self._asked_s = clock.monotonic_s()
        self._rest_until_s = 0.0
        self._failures = 0
        self._broken: dict[int, tuple[int, float]] = {}  # by upload: tries, and when once more
        self._why = ""

    @property
    def notes(self) -> list[str]:
        """What `amef status` says of it."""
        return [f"the archive's uploads rest: {self._why}"] if self._why else []

    def step(self) -> bool:
        """Make one request. True if it was answered, and there may be more.

        Raises:
            CloudError: it is not about documents alone: the key, or a limit.
        """
        now_s = self._clock.monotonic_s()
        if not self._may(now_s) or (row := self._first(now_s)) is None:
            return False
        self._asked_s = now_s
        try:
            self._send(row)
        except (CloudUnreachable, CloudAnswerBroken) as error:
            self._broke(row, error, now_s)
            return False
        self._failures, self._why = 0, ""
        return True

    def _may(self, now_s: float) -> bool:
        if now_s < self._rest_until_s:
            return False
        starved = now_s - self._asked_s >= STARVED_S
        return self._budget.has_spare(now_s) or (
            starved and self._budget.wait_s(now_s, urgent=True) <= 0
        )

    def _first(self, now_s: float) -> UploadRow | None:
        """The oldest that waits, but for what the cloud broke on lately."""
        self._broken = {
            id_: (tries, until_s)
            for id_, (tries, until_s) in self._broken.items()
            if tries < TRIES_MAX or now_s < until_s
        }
        later = {id_ for id_, (tries, _) in self._broken.items() if tries >= TRIES_MAX}
        waiting = self._ledger.archive_waiting(len(later) + 1)
        return next((row for row in waiting if row.id not in later), None)

    def _send(self, row: UploadRow) -> None:
        said = json.loads(self._outbox.frozen(row) or "{}")
        if not said:
            self._ledger.settle([row], Fate.MOOT)
            return
        if row.call != "upload" or REPORT in said:
            self._outbox.send(row)
            self._budget.spent_spare()
            return
        if self._going is None or self._going.id != row.id:
            self._going = _Going(row.id, said, self._store, self._part_bytes)
        going = self._going
        try:
            asks, answer = going.asks, self._request(row, going)
        except ArchiveDamaged as error:
            self._lost(row, going, error)
        except CloudRefused as error:
            if error.status in NOT_AS_SENT and not going.again:
                going.begin_again()
                return
            self._going = None
            self._outbox.refused(row, error)
        else:
            self._answered(row, going, answer, was_asked=asks)

    def _request(self, row: UploadRow, going: "_Going") -> Answer:
        place, content = going.next()
        headers = {"Content-Type": BYTES, "X-Content-SHA256": going.sha256}
        headers |= {"Content-Range": place} if place else {}
        whole = not place and not going.again  # under its name an answer is only said again
        self._budget.spent_spare()
        return self._ask(
            row.call,
            parts=row.parts,
            frozen=content,
            idempotency=row.idempotency if whole else "",
            extra=Extra(headers, going.labels),
        )

    def _answered(
        self, row: UploadRow, going: "_Going", answer: Answer, *, was_asked: bool
    ) -> None:
        received = received_of(answer, going.size)
        if answer.status not in (200, 201):
            going.received = received
            return
        said = answer.data if isinstance(answer.data, dict) else {}
        sha256, size = str(said.get("sha256") or "").lower(), said.get("bytes", going.size)
        if (sha256, size) == (going.sha256, going.size):
            self._done(row)
        elif sha256 and not going.again:
            going.begin_again(from_start=True)
        elif sha256:
            self._aside(row, f"OTHER_BYTES: the cloud has {size} bytes with SHA-256 {sha256[:64]}")
        elif self._part_bytes and not was_asked:
            going.received = None
        else:
            self._done(row, UNVERIFIED)

    def _done(self, row: UploadRow, reason: str = "") -> None:
        self._going = None
        self._broken.pop(row.id, None)
        about = {"event_id": row.event_id, "kind": row.parts["kind"], "unverified": bool(reason)}
        log.info("archive.uploaded", extra=about)
        self._outbox.done(row, reason)

    def _aside(self, row: UploadRow, reason: str) -> None:
        self._going = None
        log.warning("archive.aside", extra={"event_id": row.event_id, "why": reason})
        self._ledger.settle([row], Fate.ASIDE, reason)

    def _lost(self, row: UploadRow, going: "_Going", error: ArchiveDamaged) -> None:
        if self._ledger.is_gone(going.document):
            self._going = None
            self._ledger.settle([row], Fate.MOOT, "retention took its bytes")
        else:
            self._aside(row, f"ARCHIVE_DAMAGED: {error}")

    def _broke(
        self, row: UploadRow, error: CloudUnreachable | CloudAnswerBroken, now_s: float
    ) -> None:
        """Rest; what the cloud breaks on again and again is left for later.

        Raises:
            CloudUnreachable: a limit, and so about everything.
        """
        status = error.status if isinstance(error, CloudUnreachable) else 0
        if self._going is not None:
            self._going.cut()
        if status == TOO_MANY or getattr(error, "retry_after_s", None) is not None:
            raise error
        if status is not None:  # it answered, and broke
            tries = self._broken.get(row.id, (0, 0.0))[0] + 1
            self._broken[row.id] = (tries, now_s + LATER_S)
        wait_s = min(BACK_OFF_S * 2**self._failures, BACK_OFF_S_MAX)
        self._failures = min(self._failures + 1, DOUBLINGS_MAX)
        self._rest_until_s, self._why = now_s + wait_s, str(error)
        log.warning("archive.rest", extra={"reason": str(error), "wait_s": round(wait_s, 1)})


class _Going:
    """A document on its way. It can be begun anew at any time: the cloud knows how far it came."""

    def __init__(self, id_: int, said: dict[str, Any], store: Store, part_bytes: int) -> None:
        self.id = id_
        self.document: int = said["document"]
        self.sha256: str = said["sha256"]
        self.size: int = said["bytes"]
        names = ("agentId", "eventId", *LABELS.values())
        self.labels = {name: str(said[name]) for name in names if name in said}
        self.again = False  # it is sent for the second time
        self._part_bytes = part_bytes
        # How much the cloud has; None: it is asked. What goes whole is sent at once.
        self.received: int | None = None if 0 < part_bytes < self.size else 0
        self._content = Content(store, self.sha256, self.size)
        parts = -(-self.size // part_bytes) if part_bytes else 1
        self._requests_left = parts + EXTRA_REQUESTS_MAX

    @property
    def asks(self) -> bool:
        return self.received is None

    def next(self) -> tuple[str, bytes]:
        """What the next request says and carries.

        Raises:
            ArchiveDamaged: its bytes are not there, or others.
            CloudAnswerBroken: the cloud asks for more and more.
        """
        self._requests_left -= 1
        if self._requests_left < 0:
            raise CloudAnswerBroken("the cloud does not go on with a document")
        if self.received is None:
            return f"bytes */{self.size}", b""
        length = min(self._part_bytes or self.size, self.size - self.received)
        content = self._content.part(self.received, length)
        if length == self.size:
            return "", content
        return f"bytes {self.received}-{self.received + length - 1}/{self.size}", content

    def begin_again(self, *, from_start: bool = False) -> None:
        """Once more; from the start if the cloud believes that it has it."""
        self.again = True
        self.received = 0 if from_start or not self._part_bytes else None

    def cut(self) -> None:
        """No answer came: what the cloud has is asked."""
        if self._part_bytes:
            self.received = None


class Content:
    """The bytes of a document, a part at a time; forward they are read once, and checked."""

    def __init__(self, store: Store, sha256: str, size: int) -> None:
        self._store = store
        self._sha256 = sha256
        self._size = size
        self._open()

    def part(self, first: int, length: int) -> bytes:
        """Return these bytes; the last ones only when all before them were what they should be.

        Raises:
            ArchiveDamaged: they are not there, or others.
        """
        if first < self._from:
            self._open()
        while self._from + len(self._held) < first + length:
            chunk = next(self._chunks, b"")
            if not chunk:
                raise ArchiveDamaged(f"{self._sha256[:12]}: shorter than {self._size} bytes")
            self._held += chunk
            self._drop(first)
        self._drop(first)
        if first + length == self._size and next(self._chunks, b""):
            raise ArchiveDamaged(f"{self._sha256[:12]}: longer than {self._size} bytes")
        return bytes(self._held[:length])

    def _open(self) -> None:
        self._chunks: Iterator[bytes] = self._store.chunks(self._sha256)
        self._held, self._from = bytearray(), 0

    def _drop(self, first: int) -> None:
        """Forget what lies before."""
        cut = min(max(0, first - self._from), len(self._held))
        del self._held[:cut]
        self._from += cut
