"""The table of API keys, and what the organization has set for itself.

api_key    id, sha256 of the secret, and the columns of `keys.ApiKey`
setting    name, value (JSON): the allow-list of addresses
"""

import json
import sqlite3
from typing import Any

from sandbox.cloud.keys import ApiKey

SCHEMA = """
CREATE TABLE IF NOT EXISTS api_key (
    id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, label TEXT NOT NULL, shown TEXT NOT NULL,
    kind TEXT NOT NULL, environment TEXT NOT NULL, scopes TEXT NOT NULL, default_device TEXT,
    active INTEGER NOT NULL, created_at TEXT NOT NULL, last_used_at TEXT);
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
COLUMNS = (
    "id, label, shown, kind, environment, scopes, default_device, active, created_at, last_used_at"
)


class KeyTable:
    def __init__(self, db: sqlite3.Connection) -> None:
        self._db = db

    def add(self, key: ApiKey, digest: str) -> None:
        self._db.execute(
            f"INSERT INTO api_key (hash, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                digest,
                key.id,
                key.label,
                key.shown,
                key.kind,
                key.environment,
                json.dumps(key.scopes),
                key.default_device,
                key.active,
                key.created_at,
                key.last_used_at,
            ),
        )

    def by_digest(self, digest: str) -> ApiKey | None:
        return self._one("hash = ?", digest)

    def get(self, key_id: str) -> ApiKey | None:
        return self._one("id = ?", key_id)

    def all(self) -> list[ApiKey]:
        rows = self._db.execute(f"SELECT {COLUMNS} FROM api_key ORDER BY created_at, rowid")
        return [_key(row) for row in rows]

    def touch(self, key_id: str, at: str) -> None:
        self._db.execute("UPDATE api_key SET last_used_at = ? WHERE id = ?", (at, key_id))

    def change(self, key: ApiKey) -> None:
        self._db.execute(
            "UPDATE api_key SET label = ?, active = ?, default_device = ? WHERE id = ?",
            (key.label, key.active, key.default_device, key.id),
        )

    def rotate(self, key: ApiKey, digest: str) -> None:
        self._db.execute(
            "UPDATE api_key SET hash = ?, shown = ?, last_used_at = ? WHERE id = ?",
            (digest, key.shown, key.last_used_at, key.id),
        )

    def delete(self, key_id: str) -> None:
        self._db.execute("DELETE FROM api_key WHERE id = ?", (key_id,))

    def setting(self, name: str) -> Any:
        row = self._db.execute("SELECT value FROM setting WHERE name = ?", (name,)).fetchone()
        return json.loads(row["value"]) if row else None

    def put_setting(self, name: str, value: Any) -> None:
        self._db.execute("INSERT OR REPLACE INTO setting VALUES (?, ?)", (name, json.dumps(value)))

    def _one(self, where: str, value: str) -> ApiKey | None:
        query = f"SELECT {COLUMNS} FROM api_key WHERE {where}"
        row = self._db.execute(query, (value,)).fetchone()
        return _key(row) if row else None


def _key(row: sqlite3.Row) -> ApiKey:
    found = dict(row)
    found |= {"scopes": tuple(json.loads(found["scopes"])), "active": bool(found["active"])}
    return ApiKey(**found)
