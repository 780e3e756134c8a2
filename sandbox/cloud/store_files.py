"""Bytes of an uploaded report: whole under its document's id, or its parts until it is whole.

file          document id, bytes
upload        (kind, agent_id, event_id): total, sha256, received
upload_part   the same key, first byte, bytes
"""

import sqlite3
from dataclasses import dataclass

SCHEMA = """
CREATE TABLE IF NOT EXISTS file (id TEXT PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS upload (
    name TEXT PRIMARY KEY, total INTEGER NOT NULL, sha256 TEXT NOT NULL,
    received INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS upload_part (
    name TEXT NOT NULL, first INTEGER NOT NULL, bytes BLOB NOT NULL, PRIMARY KEY (name, first));
"""


@dataclass(frozen=True, slots=True)
class Begun:
    total: int
    sha256: str
    received: int


class FileTable:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def put(self, document_id: str, content: bytes) -> None:
        self._db.execute("INSERT INTO file VALUES (?, ?)", (document_id, content))

    def get(self, document_id: str) -> bytes | None:
        row = self._db.execute("SELECT bytes FROM file WHERE id = ?", (document_id,)).fetchone()
        return bytes(row["bytes"]) if row else None

    def begun(self, name: str) -> Begun | None:
        query = "SELECT total, sha256, received FROM upload WHERE name = ?"
        row = self._db.execute(query, (name,)).fetchone()
        return Begun(**dict(row)) if row else None

    def add_part(self, name: str, total: int, sha256: str, first: int, content: bytes) -> None:
        received = first + len(content)
        self._db.execute(
            "INSERT OR REPLACE INTO upload VALUES (?, ?, ?, ?)", (name, total, sha256, received)
        )
        self._db.execute("INSERT INTO upload_part VALUES (?, ?, ?)", (name, first, content))

    def joined(self, name: str) -> bytes:
        query = "SELECT bytes FROM upload_part WHERE name = ? ORDER BY first"
        return b"".join(bytes(row["bytes"]) for row in self._db.execute(query, (name,)))

    def forget(self, name: str) -> None:
        self._db.execute("DELETE FROM upload WHERE name = ?", (name,))
        self._db.execute("DELETE FROM upload_part WHERE name = ?", (name,))
