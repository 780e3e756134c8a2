"""One thread looks after one watched folder: files in, commands out; results in, answers out.

    dropped, unchanged for a while --accept--> ledger      then it is moved to `taken`
    taken, and its command has ended --------> answer      then it is moved to `done` or `bad`

The id of the command is made of the file's name and content, so that a crash anywhere in between
changes nothing: the same file is the same command. What cannot be understood is written down as a
rejected command, and answered by the same road. `held` waits for a person: until then nobody knows
what to answer.
"""

import errno
import hashlib
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from types import ModuleType

from agent.asked_at import in_asked_order
from agent.english import counted
from agent.entries import LOCAL, Acceptance, Incoming, LedgerEntry
from agent.folder import fiscalnet, fprint
from agent.folder.stages import (
    BAD,
    DONE,
    HASH_LENGTH,
    NAME_BYTES_MAX,
    REFUSED,
    TAKEN,
    Busy,
    Found,
    Print,
    Stages,
    label_of,
    parts_of,
)
from agent.folder.words import Ending, NotUnderstood
from agent.ledger import Ledger
from agent.states import State
from config.folder import FolderSettings
from drivers.clock import Clock
from drivers.model import Problem

log = logging.getLogger(__name__)

SETTLE_S = 0.5  # nobody wrote for so long: it is whole
UNFINISHED_S_MAX = 60.0  # an empty file, or one with holes, may still be filled
BATCH_MAX = 50
NOT_UNDERSTOOD = "file"  # the kind of a command that nobody understood
FORMATS: dict[str, ModuleType] = {"fiscalnet": fiscalnet, "fprint": fprint}
IN_USE = Problem("", "NAME_IN_USE", "a file of this name is in work")
HELD = Problem("", "HELD", "nobody knows whether it is on paper: a person decides")
UNKNOWN = Problem("", "NOT_IN_LEDGER", "the ledger does not know this file")


@dataclass(frozen=True, slots=True)
class _Sight:
    """A file as it was last seen, and since when it has not changed."""

    seen: Print
    since_s: float
    was_there: bool  # before we looked: it may have lain there for days


class FolderLoop:
    """The work of one watched folder. `arrived` wakes the printer's worker."""

    notes = ()  # its sentence says it all

    def __init__(
        self,
        settings: FolderSettings,
        ledger: Ledger,
        clock: Clock,
        arrived: Callable[[str], None],
        stages: Stages | None = None,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._clock = clock
        self._arrived = arrived
        self._stages = stages or Stages(settings.path, settings.answer_folder, settings.file_suffix)
        self._format = FORMATS[settings.format]
        self._sights: dict[str, _Sight] = {}
        self._in_work: set[str] | None = None  # labels; None: not looked yet
        self._watching = False  # have we looked before?
        self._held: set[str] = set()
        self._unreadable: set[str] = set()
        self._trouble = ""

    @property
    def sentence(self) -> str:
        if self._trouble:
            return f"{self._settings.path} cannot be used: {self._trouble}"
        notes = [f"{counted(len(self._in_work or ()), 'file', 'files')} in work"]
        if held := self._held & (self._in_work or set()):
            notes.append(f"{len(held)} held for a person")
        if self._unreadable:
            notes.append(f"{len(self._unreadable)} cannot be read, as {min(self._unreadable)!a}")
        return f"{self._settings.path}: {', '.join(notes)}"

    def step(self) -> bool:
        """Look once. True if there is more to do at once."""
        trouble = ""
        more = False
        try:
            self._stages.prepare()
            if self._in_work is None:
                self._in_work = set(self._stages.waiting(TAKEN))
            self._answer_refused()
            self._answer_taken(self._in_work)  # first: an ended one gives its name free
            taken = self._look()
            self._answer_taken(taken)  # what was refused at once
            more = len(taken) == BATCH_MAX
        except OSError as error:
            trouble = f"{error.strerror or error}: {error.filename or ''}".rstrip(": ")
            self._sights, self._in_work, self._watching = {}, None, False
        if trouble != self._trouble:
            log.warning("folder.trouble", extra={"reason": trouble or "over"})
            self._trouble = trouble
        return more

    def leave(self) -> None:
        """A step is short: there is nothing to cut."""

    def close(self) -> None:
        """Nothing is open between two steps."""

    # what was dropped

    def _look(self) -> set[str]:
        """Take what is whole, in the order it was written; not too much at once."""
        now_s = self._clock.monotonic_s()
        sights = {}
        for name, seen in self._stages.dropped().items():
            before = self._sights.get(name)
            same = before is not None and before.seen == seen
            sights[name] = before if before and same else _Sight(seen, now_s, not self._watching)
        self._sights, self._watching = sights, True
        self._unreadable &= set(sights)
        whole = [name for name, sight in sights.items() if now_s - sight.since_s >= SETTLE_S]
        whole.sort(key=lambda name: (sights[name].seen.modified_ns, name))
        taken: set[str] = set()
        for name in whole:
            if len(taken) < BATCH_MAX and (label := self._take(name, sights[name], now_s)):
                taken.add(label)
        return taken

    def _take(self, name: str, sight: _Sight, now_s: float) -> str:
        """Write a file down as a command, then move it; its label then, "" if not yet."""
        found = self._read(name)
        if found is None or found.seen != sight.seen:
            return ""
        unfinished = not found.raw.strip() or b"\0" in found.raw
        if unfinished and now_s - sight.since_s < UNFINISHED_S_MAX:
            return ""
        digest = self._digest(found)
        label = label_of(name, digest)
        if self._in_use(name, label):
            self._refuse(name, label)
            return ""
        incoming = self._incoming(found, digest, sight)
        acceptance = self._ledger.accept(incoming)
        for answer_name in self._format.answer_names(name):
            self._stages.forget_answer(answer_name)
        self._stages.take(name, label)
        assert self._in_work is not None, "they are read before"
        self._in_work.add(label)
        log.info("folder.taken", extra={"command_id": incoming.id, "acceptance": acceptance})
        if acceptance is Acceptance.ACCEPTED:
            self._arrived(incoming.device_id)
        return label

    def _read(self, name: str) -> Found | None:
        try:
            if len(os.fsencode(name)) > NAME_BYTES_MAX:
                raise OSError(errno.ENAMETOOLONG, "the name is too long", name)
            found = self._stages.read(name)
        except (Busy, FileNotFoundError):
            return None
        except OSError:  # this one alone; a folder that is gone is seen at the next look
            self._unreadable.add(name)
            return None
        self._unreadable.discard(name)
        return found

    def _in_use(self, name: str, label: str) -> bool:
        assert self._in_work is not None, "they are read before"
        return label not in self._in_work and any(parts_of(one)[1] == name for one in self._in_work)

    def _refuse(self, name: str, label: str) -> None:
        """Another file came under the name of one that is in work."""
        if self._settings.names == "unique":  # else it is the till's habit: it waits for its turn
            self._stages.refuse(name, label)
            self._answer_refused()

    def _incoming(self, found: Found, digest: str, sight: _Sight) -> Incoming:
        kind, payload = NOT_UNDERSTOOD, None
        problems: tuple[Problem, ...] = ()
        now_ms = self._clock.now_ms()
        try:
            self._check(found, sight, now_ms)
            asked = self._format.read(found.raw, self._settings)
            kind, payload = asked.kind, asked.payload.model_dump_json()
        except NotUnderstood as error:
            problems = (error.problem,)
        return Incoming(
            id=self._id(found.name, digest),
            device_id=self._settings.device,
            kind=kind,
            body=_body(found),
            payload=payload,
            expires_at_ms=now_ms + self._settings.ttl_s * 1000,
            problems=problems,
        )

    def _check(self, found: Found, sight: _Sight, now_ms: int) -> None:
        """A file that lay there while nobody looked must not be printed days later by surprise."""
        if found.too_large:
            raise NotUnderstood("", "FILE_TOO_LARGE", f"{found.seen.size} bytes")
        age_ms = now_ms - found.seen.modified_ns // 1_000_000
        if sight.was_there and age_ms > self._settings.ttl_s * 1000:
            raise NotUnderstood("", "EXPIRED", f"it was dropped {age_ms // 1000} s ago")

    def _id(self, name: str, digest: str) -> str:
        return f"{LOCAL}folder:{self._settings.device}:{_told(name)}:{digest}"

    def _digest(self, found: Found) -> str:
        """The folder counts too, as two tills count alike; the time only where names come back."""
        moment = found.seen.modified_ns if self._settings.names == "reused" else 0
        about = f"{self._settings.path}\n{found.seen.size}\n{moment}\n"
        digest = hashlib.sha256(about.encode("utf-8", "surrogateescape") + found.raw)
        return digest.hexdigest()[:HASH_LENGTH]

    # what is answered

    def _answer_taken(self, labels: set[str]) -> None:
        assert self._in_work is not None, "they are read before"
        for label in sorted(labels):
            ending = self._ending(label)
            if ending is not None:
                self._answer(ending, TAKEN, label)
                self._in_work.discard(label)

    def _answer_refused(self) -> None:
        for label in self._stages.waiting(REFUSED):
            self._answer(_not_done(parts_of(label)[1], IN_USE), REFUSED, label)

    def _ending(self, label: str) -> Ending | None:
        """Say how a command ended; None: it has not."""
        digest, name = parts_of(label)
        try:
            entry = self._ledger.entry(self._id(name, digest))
        except LookupError:  # a ledger that was lost and made anew: never print it again
            return _not_done(name, UNKNOWN)
        if entry.state is State.ISSUED:
            return Ending(name, _raw(entry), entry.result, None)
        if entry.state is State.REJECTED:
            return Ending(name, _raw(entry), None, self._placed(self._why(entry), entry))
        if entry.state is State.HELD and self._settings.names == "reused":
            return _not_done(name, HELD)  # else the next sale would wait, and get its answer
        if entry.state is State.HELD:
            self._held.add(label)
        else:  # a person may have queued it again
            self._held.discard(label)
        return None

    def _why(self, entry: LedgerEntry) -> Problem:
        for event in reversed(self._ledger.history(entry.id)):
            for problem in event.data.get("problems", ()):
                return Problem(**problem)
        return Problem("", "REJECTED", entry.reason or "it was not printed")

    def _placed(self, problem: Problem, entry: LedgerEntry) -> Problem:
        """Name the line of the file, not our own field; a file not understood has it already."""
        if entry.payload is None:
            return problem
        try:
            asked = self._format.read(_raw(entry), self._settings)
        except NotUnderstood:  # by now: the configuration is another
            return problem
        path = asked.at(in_asked_order(problem.path, entry.payload))
        return replace(problem, path=path)

    def _answer(self, ending: Ending, stage: str, label: str) -> None:
        """Answer, then file away: a crash in between answers again, and says the same."""
        self._stages.answer(*self._format.answer(ending))
        done = ending.problem is None
        self._stages.file_away(stage, label, DONE if done else BAD)
        log.info("folder.answered", extra={"device_id": self._settings.device, "done": done})


def _body(found: Found) -> str:
    """Write down what came, to the byte, whatever the configuration says of its letters."""
    raw = b"" if found.too_large else found.raw
    try:
        encoding, text = "utf-8", raw.decode()
    except UnicodeDecodeError:
        encoding, text = "latin-1", raw.decode("latin-1")
    return json.dumps({"file": _told(found.name), "encoding": encoding, "text": text})


def _raw(entry: LedgerEntry) -> bytes:
    """Return the file as it came; a ledger that was damaged may have lost it."""
    try:
        body = json.loads(entry.body)
        return bytes(body["text"].encode(body["encoding"]))
    except (ValueError, TypeError, KeyError, LookupError):
        return b""


def _told(name: str) -> str:
    """A name may hold bytes that are no letters: they are written down as numbers."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _not_done(name: str, problem: Problem) -> Ending:
    return Ending(name, b"", None, problem)
