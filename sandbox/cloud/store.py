"""The cloud's memory: one SQLite file. Nobody else here knows sqlite3.

    device        id, environment (live, test), record (JSON)
    command       seq, id, environment, device_id, type, status, claimed_by, created_at, record
    document      seq, id, kind (receipt, x, z, je, mf, p7b), device_id, at, record (JSON)
    idempotency   key, digest of route and body, the first answer, created_at
    agent_event   (kind, agent_id, event_id), digest of what was said, id of what came of it

Columns beside a record are what lists are filtered by. `keys` and `files` are tables of their own
(`store_keys.py`, `store_files.py`). All calls come from the server's one event-loop thread and none
of them waits, so a handler between two awaits is alone.
Methods commit by themselves unless they stand inside `with store.transaction():`.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sandbox.cloud import store_files, store_keys
from sandbox.cloud.store_files import FileTable
from sandbox.cloud.store_keys import KeyTable

VERSION = 4
Record = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS device (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, environment TEXT NOT NULL,
    record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS command (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, environment TEXT NOT NULL,
    device_id TEXT NOT NULL, type TEXT NOT NULL, status TEXT NOT NULL, claimed_by TEXT,
    created_at TEXT NOT NULL, record TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS command_by_status ON command (status, created_at);
CREATE TABLE IF NOT EXISTS document (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, kind TEXT NOT NULL,
    device_id TEXT NOT NULL, at TEXT NOT NULL, record TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS document_by_time ON document (kind, at);
CREATE TABLE IF NOT EXISTS idempotency (
    key TEXT PRIMARY KEY, digest TEXT NOT NULL, status INTEGER NOT NULL, answer TEXT NOT NULL,
    created_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS agent_event (
    kind TEXT NOT NULL, agent_id TEXT NOT NULL, event_id INTEGER NOT NULL, digest TEXT NOT NULL,
    answer TEXT NOT NULL, PRIMARY KEY (kind, agent_id, event_id));
"""

ASKED = (
    "environment = ?1 AND (?2 IS NULL OR device_id IN (SELECT value FROM json_each(?2)))"
    " AND (?3 IS NULL OR status = ?3) AND (?4 IS NULL OR type = ?4)"
    " AND (?5 IS NULL OR claimed_by = ?5)"
)


@dataclass(frozen=True, slots=True)
class Window:
    """Which documents of a kind a list wants; None is no limit on that side."""

    kind: str
    device_id: str | None = None
    at_from: str | None = None
    at_to: str | None = None
    before_seq: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """Which commands a list wants; None is every one."""

    environment: str
    device_ids: tuple[str, ...] | None = None
    status: str | None = None
    kind: str | None = None
    claimed_by: str | None = None
    limit: int = 50
    offset: int = 0


class OlderFile(Exception):
    """The file was made by another version of this sandbox."""


class Store:
    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        made_by = self._db.execute("PRAGMA user_version").fetchone()[0]
        if made_by != VERSION and self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
            self._db.close()
            raise OlderFile(f"{path} is of version {made_by}, not {VERSION}: begin with a new one")
        self._db.executescript(SCHEMA + store_keys.SCHEMA + store_files.SCHEMA)
        self._db.execute(f"PRAGMA user_version = {VERSION}")
        self.keys = KeyTable(self._db)
        self.files = FileTable(self._db)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing of it; one inside another is part of it."""
        if self._db.in_transaction:
            yield
            return
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    # devices

    def add_device(self, record: Record, environment: str) -> None:
        self._db.execute(
            "INSERT INTO device (id, environment, record) VALUES (?, ?, ?)",
            (record["id"], environment, json.dumps(record)),
        )

    def put_device(self, record: Record) -> None:
        self._db.execute(
            "UPDATE device SET record = ? WHERE id = ?", (json.dumps(record), record["id"])
        )

    def device(self, device_id: str) -> Record | None:
        return self._one("SELECT record FROM device WHERE id = ?", device_id)

    def environment_of(self, device_id: str) -> str | None:
        query = "SELECT environment FROM device WHERE id = ?"
        row = self._db.execute(query, (device_id,)).fetchone()
        return row["environment"] if row else None

    def devices(self, environment: str) -> list[Record]:
        query = "SELECT record FROM device WHERE environment = ? ORDER BY seq"
        return self._many(query, environment)

    def delete_device(self, device_id: str) -> None:
        self._db.execute("DELETE FROM device WHERE id = ?", (device_id,))

    # commands

    def add_command(self, record: Record, environment: str) -> None:
        self._db.execute(
            "INSERT INTO command (id, environment, device_id, type, status, created_at, record)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                record["id"],
                environment,
                str(record["deviceId"]),
                str(record["type"]),
                record["status"],
                record["createdAt"],
                json.dumps(record),
            ),
        )

    def put_command(self, record: Record) -> None:
        self._db.execute(
            "UPDATE command SET status = ?, claimed_by = ?, record = ? WHERE id = ?",
            (record["status"], record.get("claimedBy"), json.dumps(record), record["id"]),
        )

    def command(self, environment: str, command_id: str) -> Record | None:
        query = "SELECT record FROM command WHERE environment = ? AND id = ?"
        return self._one(query, environment, command_id)

    def commands(self, asked: Asked) -> list[Record]:
        """The oldest first, as they were queued."""
        query = f"SELECT record FROM command WHERE {ASKED} ORDER BY seq LIMIT ?6 OFFSET ?7"
        return self._many(query, *_wanted(asked), asked.limit, asked.offset)

    def count(self, asked: Asked) -> int:
        query = f"SELECT count(*) FROM command WHERE {ASKED}"
        return int(self._db.execute(query, _wanted(asked)).fetchone()[0])

    def overdue_commands(self, created_before: str) -> list[Record]:
        return self._many(
            "SELECT record FROM command WHERE status IN ('pending', 'sent') AND created_at < ?",
            created_before,
        )

    # receipts and reports

    def add_document(self, kind: str, at: str, record: Record) -> None:
        self._db.execute(
            "INSERT INTO document (id, kind, device_id, at, record) VALUES (?, ?, ?, ?, ?)",
            (record["id"], kind, record["deviceId"], at, json.dumps(record)),
        )

    def document(self, kind: str, document_id: str) -> Record | None:
        return self._one("SELECT record FROM document WHERE kind = ? AND id = ?", kind, document_id)

    def newest_reports(self, window: Window, limit: int) -> list[Record]:
        """Newest first by the report's own date."""
        return [record for _, record in self._documents(window, "at DESC, seq DESC", limit)]

    def newest_receipts(self, window: Window, limit: int) -> list[tuple[int, Record]]:
        """Newest first by arrival, each with the number a cursor is made of."""
        return self._documents(window, "seq DESC", limit)

    def _documents(self, window: Window, order: str, limit: int) -> list[tuple[int, Record]]:
        rows = self._db.execute(
            "SELECT seq, record FROM document WHERE kind = ?1"
            " AND (?2 IS NULL OR device_id = ?2) AND (?3 IS NULL OR at >= ?3)"
            " AND (?4 IS NULL OR at <= ?4) AND (?5 IS NULL OR seq < ?5)"
            f" ORDER BY {order} LIMIT ?6",
            (
                window.kind,
                window.device_id,
                window.at_from,
                window.at_to,
                window.before_seq,
                limit,
            ),
        )
        return [(int(row["seq"]), json.loads(row["record"])) for row in rows]

    # what was already said

    def forget_answers(self, created_before: str) -> None:
        self._db.execute("DELETE FROM idempotency WHERE created_at < ?", (created_before,))

    def answer_of(self, key: str) -> tuple[str, int, Any] | None:
        """(digest, status, body) of the first answer under this Idempotency-Key."""
        row = self._db.execute("SELECT * FROM idempotency WHERE key = ?", (key,)).fetchone()
        return (row["digest"], int(row["status"]), json.loads(row["answer"])) if row else None

    def remember_answer(self, key: str, digest: str, status: int, body: Any, at: str) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO idempotency VALUES (?, ?, ?, ?, ?)",
            (key, digest, status, json.dumps(body), at),
        )

    def agent_event(self, kind: str, agent_id: str, event_id: int) -> tuple[str, str] | None:
        """(digest, id of what came of it) if this agent has told this event before."""
        row = self._db.execute(
            "SELECT digest, answer FROM agent_event"
            " WHERE kind = ? AND agent_id = ? AND event_id = ?",
            (kind, agent_id, event_id),
        ).fetchone()
        return (row["digest"], row["answer"]) if row else None

    def remember_agent_event(
        self, kind: str, agent_id: str, event_id: int, digest: str, answer: str
    ) -> None:
        self._db.execute(
            "INSERT INTO agent_event VALUES (?, ?, ?, ?, ?)",
            (kind, agent_id, event_id, digest, answer),
        )

    def _one(self, query: str, *values: Any) -> Record | None:
        row = self._db.execute(query, values).fetchone()
        return json.loads(row["record"]) if row else None

    def _many(self, query: str, *values: Any) -> list[Record]:
        return [json.loads(row["record"]) for row in self._db.execute(query, values)]


def _wanted(asked: Asked) -> tuple[str | None, ...]:
    devices = None if asked.device_ids is None else json.dumps(asked.device_ids)
    return (asked.environment, devices, asked.status, asked.kind, asked.claimed_by)
