"""The ledger: one SQLite file, the only meeting place of threads, and the memory of the program.

    cloud --accept--> [queued ... issued | rejected | held] --events--> cloud
                           ^ worker: begin, finish, lose, found, absent, drop, undecidable

One method is one transaction, named after its trigger. What a method returned from is on disk
(WAL, synchronous=FULL). Every change of state goes through `_apply` and leaves an event row; the
database itself refuses to issue without a baseline, and two unresolved commands on one device.
One `Ledger` object belongs to one thread.
"""

import hashlib
import json
import logging
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from importlib import resources
from pathlib import Path
from typing import Any

from agent.entries import Acceptance, Event, Evidence, Incoming, LedgerEntry, body_hash
from agent.states import State, Trigger, after
from drivers.clock import Clock
from drivers.model import Counters, Problem

log = logging.getLogger(__name__)

SCHEMA_VERSION = 1
BUSY_TIMEOUT_S = 10.0
REASON_LENGTH_MAX = 500
GENESIS = "0" * 64


class LedgerError(Exception):
    """The ledger cannot be opened or written: nothing may be issued."""


class Ledger:
    """A connection to the ledger file, for one thread."""

    def __init__(self, path: Path, clock: Clock) -> None:
        """Open the ledger, making it if it is not there.

        Raises:
            LedgerError: not a ledger, written by a newer program, or not writable.
        """
        self._clock = clock
        try:
            # Autocommit: every transaction is written out. The thread that uses it is not the one
            # that opened it.
            self._db = sqlite3.connect(
                path, timeout=BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
            )
            self._db.row_factory = sqlite3.Row
            self._db.execute("PRAGMA journal_mode = WAL")
            self._db.execute("PRAGMA synchronous = FULL")
            self._db.execute("PRAGMA foreign_keys = ON")
            self._prepare()
        except sqlite3.Error as error:
            raise LedgerError(f"{path}: {error}") from error

    def close(self) -> None:
        self._db.close()

    # what comes in

    def accept(self, incoming: Incoming) -> Acceptance:
        """Write a command down before anybody acts on it; what has problems is rejected at once."""
        digest = body_hash(incoming.body)
        with self._transaction():
            row = self._db.execute(
                "SELECT body_hash FROM command WHERE id = ?", (incoming.id,)
            ).fetchone()
            if row is not None:
                if row["body_hash"] == digest:
                    return Acceptance.ALREADY_KNOWN
                self._note_conflict(incoming, digest)
                return Acceptance.CONFLICT
            self._db.execute(
                "INSERT INTO command"
                " (id, device_id, kind, body, body_hash, payload, expires_at_ms, claimed)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    incoming.id,
                    incoming.device_id,
                    incoming.kind,
                    incoming.body,
                    digest,
                    incoming.payload,
                    incoming.expires_at_ms,
                    incoming.is_local,
                ),
            )
            self._event(incoming.device_id, incoming.id, "accept", {"kind": incoming.kind})
            if incoming.problems:
                self._apply(incoming.id, Trigger.REJECT, {"problems": _problems(incoming.problems)})
        return Acceptance.ACCEPTED

    def unclaimed(self) -> list[LedgerEntry]:
        """Return what is queued and the cloud has not yet said is ours, oldest first."""
        return self._entries("state = 'queued' AND claimed = 0 ORDER BY arrival")

    def claimed(self, command_id: str) -> None:
        """Note that the cloud gave the command to us: from now on it may be taken."""
        with self._transaction():
            self._db.execute("UPDATE command SET claimed = 1 WHERE id = ?", (command_id,))

    # the worker's road

    def next_queued(self, device_id: str, now_ms: int) -> LedgerEntry | None:
        """Return the oldest command that may be taken now; one that must wait holds the others."""
        found = self._entries(
            "device_id = ? AND state = 'queued' AND claimed = 1 ORDER BY arrival LIMIT 1", device_id
        )
        return found[0] if found and found[0].not_before_ms <= now_ms else None

    def in_doubt(self, device_id: str) -> LedgerEntry | None:
        found = self._entries("device_id = ? AND state = 'in_doubt'", device_id)
        return found[0] if found else None

    def begin(self, entry: LedgerEntry, baseline: Counters, sequence: int | None) -> LedgerEntry:
        """The point of no return: on disk before the first byte that can become fiscal."""
        with self._transaction():
            self._db.execute(
                "UPDATE command SET baseline = ?, attempts = attempts + 1, fault = NULL,"
                " reason = NULL WHERE id = ?",
                (json.dumps(asdict(baseline)), entry.id),
            )
            self._remember_sequence(entry.device_id, sequence)
            self._apply(entry.id, Trigger.BEGIN, {"baseline": asdict(baseline)})
        return self.entry(entry.id)

    def finish(self, entry: LedgerEntry, result: dict[str, Any], sequence: int | None) -> None:
        with self._transaction():
            self._remember_sequence(entry.device_id, sequence)
            self._issued(entry.id, Trigger.FINISH, Evidence.REPLY, result)

    def reject(self, entry: LedgerEntry, problems: Sequence[Problem]) -> None:
        with self._transaction():
            self._apply(entry.id, Trigger.REJECT, {"problems": _problems(problems)})

    def postpone(self, entry: LedgerEntry, until_ms: int) -> None:
        """Leave it where it is and do not look at it before then."""
        with self._transaction():
            self._db.execute(
                "UPDATE command SET not_before_ms = ? WHERE id = ?", (until_ms, entry.id)
            )

    def lose(self, entry: LedgerEntry, *, fault: str | None, reason: str) -> None:
        """A refusal, a silence or a crash after `begin`: what is on paper is not known."""
        with self._transaction():
            self._lose(entry.id, fault, reason)

    def lose_unfinished(self) -> int:
        """At start-up: whatever was being issued when the program ended is in doubt."""
        unfinished = self._entries("state = 'issuing'")
        with self._transaction():
            for entry in unfinished:
                self._lose(entry.id, None, "the agent was restarted")
        return len(unfinished)

    def found(self, entry: LedgerEntry, result: dict[str, Any], evidence: Evidence) -> None:
        with self._transaction():
            self._issued(entry.id, Trigger.FOUND, evidence, result)

    def absent(self, entry: LedgerEntry, until_ms: int) -> None:
        """Nothing came of it, and it may be tried again."""
        with self._transaction():
            self._db.execute(
                "UPDATE command SET not_before_ms = ? WHERE id = ?", (until_ms, entry.id)
            )
            self._apply(entry.id, Trigger.ABSENT, {"reason": entry.reason})

    def drop(self, entry: LedgerEntry, problem: Problem) -> None:
        """Nothing came of it, and trying again would not help."""
        with self._transaction():
            self._apply(entry.id, Trigger.DROP, {"problems": _problems([problem])})

    def undecidable(self, entry: LedgerEntry, reason: str, seen: dict[str, Any]) -> None:
        """Only a person can say; the device goes on with the rest."""
        with self._transaction():
            self._db.execute("UPDATE command SET reason = ? WHERE id = ?", (reason, entry.id))
            data = {"reason": reason, "baseline": entry.baseline and asdict(entry.baseline)}
            self._apply(entry.id, Trigger.UNDECIDABLE, data | {"seen": seen})

    # devices

    def last_sequence(self, device_id: str) -> int | None:
        row = self._db.execute(
            "SELECT last_sequence FROM device WHERE id = ?", (device_id,)
        ).fetchone()
        return row["last_sequence"] if row else None

    def note_device(self, device_id: str, health: dict[str, Any]) -> bool:
        """Write an event if the device's health is not what was noted last."""
        text = json.dumps(health, sort_keys=True)
        with self._transaction():
            self._db.execute("INSERT OR IGNORE INTO device (id) VALUES (?)", (device_id,))
            changed = self._db.execute(
                "UPDATE device SET health = ? WHERE id = ? AND health <> ?", (text, device_id, text)
            )
            if changed.rowcount:
                self._event(device_id, None, "device", health)
        return bool(changed.rowcount)

    def devices(self) -> dict[str, dict[str, Any]]:
        rows = self._db.execute("SELECT id, health FROM device ORDER BY id")
        return {row["id"]: json.loads(row["health"]) for row in rows}

    # what goes out

    def unreported(self, limit: int) -> list[Event]:
        rows = self._db.execute(
            "SELECT id, at_ms, device_id, command_id, name, data FROM event"
            " WHERE reported_at_ms IS NULL ORDER BY id LIMIT ?",
            (limit,),
        )
        return [Event(**{**dict(row), "data": json.loads(row["data"])}) for row in rows]

    def reported(self, event_id: int) -> None:
        with self._transaction():
            self._db.execute(
                "UPDATE event SET reported_at_ms = ? WHERE id = ?",
                (self._clock.now_ms(), event_id),
            )

    def note_refused_upload(self, event: Event, path: str, reason: str) -> None:
        """The cloud said a clear no to an upload: it is set aside and shown, not lost."""
        with self._transaction():
            data = {"event_id": event.id, "path": path, "reason": reason}
            self._event(event.device_id, event.command_id, "upload_refused", data)

    # reading

    def entry(self, command_id: str) -> LedgerEntry:
        """Return one command.

        Raises:
            LookupError: no such command.
        """
        found = self._entries("id = ?", command_id)
        if not found:
            raise LookupError(command_id)
        return found[0]

    def entries(self, limit: int) -> list[LedgerEntry]:
        return self._entries("TRUE ORDER BY arrival DESC LIMIT ?", limit)

    def history(self, command_id: str) -> list[Event]:
        rows = self._db.execute(
            "SELECT id, at_ms, device_id, command_id, name, data FROM event"
            " WHERE command_id = ? ORDER BY id",
            (command_id,),
        )
        return [Event(**{**dict(row), "data": json.loads(row["data"])}) for row in rows]

    def counts(self) -> dict[str, int]:
        """How many commands are in each state, and how many events wait for the cloud."""
        rows = self._db.execute("SELECT state, count(*) AS n FROM command GROUP BY state")
        waiting = self._db.execute("SELECT count(*) FROM event WHERE reported_at_ms IS NULL")
        return {row["state"]: row["n"] for row in rows} | {"unreported": waiting.fetchone()[0]}

    # the pieces

    def _prepare(self) -> None:
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise LedgerError(
                f"the ledger is of version {version}, this program knows {SCHEMA_VERSION}"
            )
        if version == 0:
            schema = resources.files("agent").joinpath("schema.sql").read_text(encoding="utf-8")
            # Event numbers start at the time of making, so that a ledger that was lost and made
            # anew never tells the cloud another event under an old number.
            first = f"INSERT INTO sqlite_sequence VALUES ('event', {self._clock.now_ms()});"
            self._db.executescript(
                f"BEGIN IMMEDIATE; {schema} {first} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
            )

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        try:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._db.execute("COMMIT")
            finally:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise LedgerError(str(error)) from error

    def _note_conflict(self, incoming: Incoming, digest: str) -> None:
        """Once per body: the cloud brings it with every list."""
        data = {"body_hash": digest}
        known = self._db.execute(
            "SELECT 1 FROM event WHERE command_id = ? AND name = 'conflict' AND data = ?",
            (incoming.id, json.dumps(data)),
        ).fetchone()
        if known is None:
            self._event(incoming.device_id, incoming.id, "conflict", data)

    def _apply(self, command_id: str, trigger: Trigger, data: dict[str, Any]) -> None:
        """The only place where a state changes."""
        entry = self.entry(command_id)
        self._db.execute(
            "UPDATE command SET state = ? WHERE id = ?", (after(entry.state, trigger), command_id)
        )
        self._event(entry.device_id, command_id, trigger, data)

    def _issued(
        self, command_id: str, trigger: Trigger, evidence: Evidence, result: dict[str, Any]
    ) -> None:
        self._db.execute(
            "UPDATE command SET evidence = ?, result = ? WHERE id = ?",
            (evidence, json.dumps(result), command_id),
        )
        self._apply(command_id, trigger, {"evidence": evidence, "result": result})

    def _lose(self, command_id: str, fault: str | None, reason: str) -> None:
        reason = reason[:REASON_LENGTH_MAX]
        self._db.execute(
            "UPDATE command SET fault = ?, reason = ? WHERE id = ?", (fault, reason, command_id)
        )
        self._apply(command_id, Trigger.LOSE, {"fault": fault, "reason": reason})

    def _remember_sequence(self, device_id: str, sequence: int | None) -> None:
        self._db.execute(
            "INSERT INTO device (id, last_sequence) VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET last_sequence = excluded.last_sequence",
            (device_id, sequence),
        )

    def _event(
        self, device_id: str, command_id: str | None, name: str, data: dict[str, Any]
    ) -> None:
        last = self._db.execute("SELECT hash FROM event ORDER BY id DESC LIMIT 1").fetchone()
        previous = last["hash"] if last else GENESIS
        log.info("ledger.%s", name, extra={"device_id": device_id, "command_id": command_id})
        row = (self._clock.now_ms(), device_id, command_id, name, json.dumps(data))
        digest = hashlib.sha256(json.dumps([previous, *row]).encode()).hexdigest()
        self._db.execute(
            "INSERT INTO event (at_ms, device_id, command_id, name, data, previous_hash, hash)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*row, previous, digest),
        )

    def _entries(self, where: str, *values: object) -> list[LedgerEntry]:
        rows = self._db.execute(f"SELECT * FROM command WHERE {where}", values)
        return [_entry(dict(row)) for row in rows]


def _entry(row: dict[str, Any]) -> LedgerEntry:
    return LedgerEntry(
        **row
        | {
            "state": State(row["state"]),
            "evidence": Evidence(row["evidence"]) if row["evidence"] else None,
            "baseline": Counters(**json.loads(row["baseline"])) if row["baseline"] else None,
            "result": json.loads(row["result"]) if row["result"] else None,
        }
    )


def _problems(problems: Sequence[Problem]) -> list[dict[str, str]]:
    return [asdict(problem) for problem in problems]
