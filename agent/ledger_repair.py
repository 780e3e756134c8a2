"""What becomes of a damaged ledger: set aside at start, salvaged when a person asks for it.

    ledger.sqlite3  --damaged-->  ledger.sqlite3.corrupt-20260402T121530 (and its -wal, -shm)
                                       |  read row by row, on a copy; `amef ledger recover`
                                       v
                                  ledger.sqlite3, new: what is sound, and all doubts `held`

While a set-aside file stands there and no ledger, nothing may be printed. What had been begun is
never put back into the queue: a person looks at the paper.
"""

import json
import logging
import os
from contextlib import closing
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

from agent.entries import body_hash
from agent.ledger import Ledger
from agent.ledger_check import RECOVERED, SALVAGED, Life, Wrong, check_at_start, compare, seal
from agent.ledger_file import LedgerDamaged, LedgerError
from agent.ledger_salvage import PARTS, Row, Salvage
from agent.states import State
from drivers.clock import Clock
from drivers.model import Counters, Problem

log = logging.getLogger(__name__)

LOST = "the ledger was damaged; whether this is on paper is not known: look before anything else"
NO_COUNTERS = Counters("", 0, 0, 0)  # where they were lost
LOST_PROBLEM = Problem("", "LEDGER_DAMAGED", LOST)


class LedgerAside(LedgerError):
    """The ledger was damaged and is set aside: a person has to say `recover`."""


# at start


def prepare(path: Path, clock: Clock) -> None:
    """See that a sound ledger is there: make the first one, set a damaged one aside.

    Raises:
        LedgerAside: it is or was set aside.
        LedgerError: the disk does not let us.
    """
    try:
        if (aside := find_aside(path)) is not None:
            _move(path, aside)  # what a crash left of the last time
            raise LedgerAside(aside_sentence(aside))
        if not path.exists() and not path.with_name(f"{path.name}-wal").exists():
            _make(path, clock)
            return
        try:
            if not path.exists():
                raise LedgerDamaged(f"{path} is gone, its write-ahead log is there")
            check_at_start(path)
        except LedgerDamaged as error:
            aside = set_aside(path, clock)
            log.critical("ledger.set_aside", extra={"reason": str(error), "file": aside.name})
            raise LedgerAside(aside_sentence(aside)) from error
    except OSError as error:
        raise LedgerError(f"{path}: {error}") from error


def find_aside(path: Path) -> Path | None:
    """Return the file that waits for `recover`, if one does.

    Raises:
        LedgerError: we may not look.
    """
    try:
        if path.exists():
            return None
        found = sorted(path.parent.glob(f"{path.name}.corrupt-*"))
    except OSError as error:
        raise LedgerError(str(error)) from error
    return next((file for file in reversed(found) if not file.name.endswith(PARTS[1:])), None)


def set_aside(path: Path, clock: Clock) -> Path:
    at = datetime.fromtimestamp(clock.now_ms() / 1000).astimezone().strftime("%Y%m%dT%H%M%S")
    aside = path.with_name(f"{path.name}.corrupt-{at}")
    if not path.exists():
        aside.touch(mode=0o600)
    _move(path, aside)
    return aside


def _move(path: Path, aside: Path) -> None:
    """The file itself goes first: without its log it would look whole, and be older."""
    for part in PARTS:
        source = path.with_name(path.name + part)
        if source.exists():
            source.replace(aside.with_name(aside.name + part))
    _sync(path.parent)


def aside_sentence(aside: Path) -> str:
    return (
        f"the ledger was damaged and is set aside as {aside.name}; nothing is printed and no"
        " command taken until this has been run: amef ledger recover --config FILE"
    )


def _make(path: Path, clock: Clock, salvage: Salvage | None = None) -> None:
    """Whole or not at all: an empty file at this name is a damaged ledger."""
    draft = path.with_name(f"{path.name}.new")
    for part in PARTS:
        draft.with_name(draft.name + part).unlink(missing_ok=True)
    with closing(_Rebuilt(draft, clock)) as ledger:
        if salvage is not None:
            ledger.take(salvage)
    if salvage is not None:  # as `recover` may be run by root
        owner = salvage.file.stat()
        os.chown(draft, owner.st_uid, owner.st_gid)
        draft.chmod(owner.st_mode & 0o777)
    draft.replace(path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# the new ledger


def recover(path: Path, salvaged: Salvage, clock: Clock) -> None:
    """Put a new ledger in the place of the set-aside one.

    Raises:
        LedgerError: the disk does not let us; all is as before.
    """
    try:
        _make(path, clock, salvaged)
    except OSError as error:
        raise LedgerError(f"{path}: {error}") from error


def decided(row: Row, life: Life | None, *, log_is_whole: bool) -> Row:
    """Say what a command is in the new ledger. What was begun is never queued again."""
    if body_hash(row["body"]) != row["body_hash"]:
        row = row | {"body": ""}
    try:
        compare(row, life)
        sound = True
    except (Wrong, ValueError, TypeError):
        sound = False
    if life is not None and life.device_id is not None:  # the events are chained, the row is not
        row = row | {"device_id": life.device_id}
    state = State(row["state"])
    if state is State.REJECTED:
        return row
    if state in (State.ISSUED, State.HELD):
        return row | {"claimed": 1}
    if row["baseline"] is not None and row["payload"] is not None:
        return row | {"state": State.HELD, "claimed": 1, "reason": LOST}
    if sound and log_is_whole:
        return row
    return row | {"state": State.REJECTED, "reason": LOST}


def _from_events(id_: str, device_id: str, life: Life | None) -> Row:
    """Make a row for a command of which only events are left; without its payload."""
    life = life or Life()
    text = json.dumps
    issued = life.result is not None
    state = State.ISSUED if issued else State.HELD if life.baseline else State.REJECTED
    return {
        "id": id_,
        "device_id": device_id,
        "kind": life.kind or "?",
        "body": "",
        "body_hash": life.body_hash or "",
        "payload": "{}",
        "expires_at_ms": 0,
        "claimed": 1,
        "state": state,
        "attempts": 0,
        "not_before_ms": 0,
        "baseline": text(life.baseline) if life.baseline else text(asdict(NO_COUNTERS)),
        "fault": None,
        "reason": LOST,
        "evidence": life.evidence,
        "result": text(life.result) if issued else None,
    }


class _Rebuilt(Ledger):
    """A new ledger that takes in what was salvaged, in one transaction."""

    def take(self, salvaged: Salvage) -> None:
        lives = salvaged.lives()
        devices = {e["command_id"]: e["device_id"] for e in salvaged.events}
        rows = {
            id_: decided(row, lives.get(id_), log_is_whole=salvaged.log_is_whole)
            for id_, row in salvaged.commands.items()
        }
        for id_, life in lives.items():
            if id_ not in rows:
                rows[id_] = _from_events(id_, devices[id_], life)
        with self._transaction():
            for row in rows.values():
                self._insert("command", row)
            for row in (*salvaged.events, *salvaged.devices):
                self._insert("event" if "hash" in row else "device", row)
            events = {row["id"] for row in salvaged.events}
            for row in salvaged.uploads:
                if row["event_id"] in events:  # what was sent is sent again in the same words
                    self._insert("upload", row)
            for table, found in salvaged.archive.items():
                for row in found:
                    self._insert(table, row)
            self._event("", None, RECOVERED, _told(salvaged))
            for id_, row in rows.items():
                self._decree(id_, row, lives.get(id_), salvaged.commands.get(id_))

    def _insert(self, table: str, row: Row) -> None:
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        self._db.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(row.values()))

    def _decree(self, id_: str, row: Row, life: Life | None, was: Row | None) -> None:
        """Write down what the events do not say by themselves."""
        try:
            compare(row | {"arrival": 0}, life)
        except (Wrong, ValueError, TypeError) as error:
            why = str(error)
        else:
            return
        result = json.loads(row["result"]) if row["result"] else None
        data = {
            "state": row["state"],
            "was": was["state"] if was else None,
            "why": why,
            "reason": row["reason"],
            "kind": row["kind"],
            "payload_hash": body_hash(row["payload"] or ""),
            "expires_at_ms": row["expires_at_ms"],
            "baseline": json.loads(row["baseline"]) if row["baseline"] else None,
            "seen": None,
            "evidence": row["evidence"],
            "result": result,
            "problems": [asdict(LOST_PROBLEM)],
        }
        self._event(row["device_id"], id_, SALVAGED, data)


def _told(salvaged: Salvage) -> dict[str, Any]:
    return {
        "file": salvaged.file.name,
        "sha256": salvaged.sha256,
        "commands": len(salvaged.commands),
        "events": len(salvaged.events),
        "unread": list(salvaged.unread),
        "salvaged_hash": seal([row["hash"] for row in salvaged.events]),
    }
