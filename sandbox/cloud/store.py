"""The cloud's memory: one SQLite file. Nobody else here knows sqlite3.

    api_key       id, sha256 of the secret, label, prefix, scopes, active, created_at, last_used_at
    device        id, record (JSON)
    command       seq, id, device_id, type, status, created_at, record (JSON)
    document      seq, id, kind (receipt, x, z, je, mf), device_id, at, record (JSON)
    idempotency   key, digest of route and body, the first answer, created_at
    agent_event   (kind, agent_id, event_id), digest of what was said, id of what came of it

Columns beside a record are what lists are filtered by. All calls come from the server's one
event-loop thread and none of them waits, so a handler between two awaits is alone.
Methods commit by themselves unless they stand inside `with store.transaction():`.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sandbox.cloud.keys import ApiKey

Record = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS api_key (
    id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, label TEXT NOT NULL, prefix TEXT NOT NULL,
    scopes TEXT NOT NULL, active INTEGER NOT NULL, created_at TEXT NOT NULL, last_used_at TEXT);
CREATE TABLE IF NOT EXISTS device (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, record TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS command (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, device_id TEXT NOT NULL,
    type TEXT NOT NULL, status TEXT NOT NULL, created_at TEXT NOT NULL, record TEXT NOT NULL);
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


@dataclass(frozen=True, slots=True)
class Window:
    """Which documents of a kind a list wants; None is no limit on that side."""

    kind: str
    device_id: str | None = None
    at_from: str | None = None
    at_to: str | None = None
    before_seq: int | None = None


class Store:
    def __init__(self, path: str) -> None:
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._db.row_factory = sqlite3.Row
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.executescript(SCHEMA)

    def close(self) -> None:
        self._db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside happens, or nothing of it."""
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._db.execute("COMMIT")
        finally:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")

    # API keys

    def add_key(self, key: ApiKey, digest: str) -> None:
        self._db.execute(
            "INSERT INTO api_key VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                key.id,
                digest,
                key.label,
                key.prefix,
                json.dumps(key.scopes),
                key.active,
                key.created_at,
                key.last_used_at,
            ),
        )

    def key_by_digest(self, digest: str) -> ApiKey | None:
        row = self._db.execute("SELECT * FROM api_key WHERE hash = ?", (digest,)).fetchone()
        return _key(row) if row else None

    def key(self, key_id: str) -> ApiKey | None:
        row = self._db.execute("SELECT * FROM api_key WHERE id = ?", (key_id,)).fetchone()
        return _key(row) if row else None

    def all_keys(self) -> list[ApiKey]:
        rows = self._db.execute("SELECT * FROM api_key ORDER BY created_at, rowid")
        return [_key(row) for row in rows]

    def touch_key(self, key_id: str, at: str) -> None:
        self._db.execute("UPDATE api_key SET last_used_at = ? WHERE id = ?", (at, key_id))

    def update_key(self, key_id: str, *, label: str, active: bool) -> None:
        self._db.execute(
            "UPDATE api_key SET label = ?, active = ? WHERE id = ?", (label, active, key_id)
        )

    def delete_key(self, key_id: str) -> None:
        self._db.execute("DELETE FROM api_key WHERE id = ?", (key_id,))

    # devices

    def put_device(self, record: Record) -> None:
        self._db.execute(
            "INSERT INTO device (id, record) VALUES (?, ?)"
            " ON CONFLICT (id) DO UPDATE SET record = excluded.record",
            (record["id"], json.dumps(record)),
        )

    def device(self, device_id: str) -> Record | None:
        return self._one("SELECT record FROM device WHERE id = ?", device_id)

    def devices(self) -> list[Record]:
        return self._many("SELECT record FROM device ORDER BY seq")

    def delete_device(self, device_id: str) -> None:
        self._db.execute("DELETE FROM device WHERE id = ?", (device_id,))

    # commands

    def add_command(self, record: Record) -> None:
        self._db.execute(
            "INSERT INTO command (id, device_id, type, status, created_at, record)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                record["id"],
                str(record["deviceId"]),
                str(record["type"]),
                record["status"],
                record["createdAt"],
                json.dumps(record),
            ),
        )

    def put_command(self, record: Record) -> None:
        self._db.execute(
            "UPDATE command SET status = ?, record = ? WHERE id = ?",
            (record["status"], json.dumps(record), record["id"]),
        )

    def command(self, command_id: str) -> Record | None:
        return self._one("SELECT record FROM command WHERE id = ?", command_id)

    def commands(
        self, device_id: str | None, status: str | None, kind: str | None, limit: int
    ) -> list[Record]:
        """The oldest first, as they were queued."""
        return self._many(
            "SELECT record FROM command WHERE (?1 IS NULL OR device_id = ?1)"
            " AND (?2 IS NULL OR status = ?2) AND (?3 IS NULL OR type = ?3)"
            " ORDER BY seq LIMIT ?4",
            device_id,
            status,
            kind,
            limit,
        )

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
            "INSERT INTO idempotency VALUES (?, ?, ?, ?, ?)",
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


def _key(row: sqlite3.Row) -> ApiKey:
    return ApiKey(
        id=row["id"],
        label=row["label"],
        prefix=row["prefix"],
        scopes=tuple(json.loads(row["scopes"])),
        active=bool(row["active"]),
        created_at=row["created_at"],
        last_used_at=row["last_used_at"],
    )
