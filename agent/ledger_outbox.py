"""The ledger's way out: which events the cloud has not heard of, and what is sent for each.

    event --plan--> waiting --settle--> done    the cloud said yes
                       |      |-------> final   it knew an end already, and keeps that
                       |      |-------> aside   a clear no: shown, not asked again
                       |      '-------> moot    never sent, and what it would have told is over
                       '--pause--> paused       no route, or no scope: the body is made when resumed

A body is written down before it is first sent, and never changed. An event is reported when none of
its uploads waits. Nothing is deleted. What tells of the archive stands in a queue of its own, which
moves when nothing else waits.
"""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from agent.archive.index import ARCHIVED
from agent.entries import Event, body_hash
from agent.ledger_file import LedgerFile, understood

UPLOAD = "id, event_id, command_id, call, fate, parts, idempotency, body, reason"
# What belongs to no command and is no status: documents of the archive.
OF_ARCHIVE = "command_id IS NULL AND call IN ('upload', 'report')"
NEAR_EVENTS_MAX = 2000


class Fate(StrEnum):
    """What became of an upload."""

    WAITING = "waiting"
    PAUSED = "paused"
    DONE = "done"
    FINAL = "final"
    ASIDE = "aside"
    MOOT = "moot"


@dataclass(frozen=True, slots=True)
class Upload:
    """One thing to tell: which call, where to, and what."""

    call: str
    parts: dict[str, str]
    body: dict[str, Any]
    idempotency: str = ""


@dataclass(frozen=True, slots=True)
class UploadRow:
    """A row of the table `upload`. `body` is None until it is first sent."""

    id: int
    event_id: int
    command_id: str | None
    call: str
    fate: Fate
    parts: dict[str, str]
    idempotency: str
    body: str | None
    reason: str | None


@dataclass(frozen=True, slots=True)
class Untaken:
    """Commands whose result the cloud has not: how many, and the latest of them."""

    count: int
    last_id: str


class LedgerOutbox(LedgerFile):
    """What the cloud thread asks and writes down of its telling."""

    def unplanned(self, limit: int) -> list[Event]:
        """Return the oldest events of which nobody has said yet what is sent for them.

        The archive's come last.
        """
        without = "NOT EXISTS (SELECT 1 FROM upload WHERE event_id = event.id)"
        order = f"ORDER BY name = '{ARCHIVED}', id LIMIT ?"
        return self._events(f"reported_at_ms IS NULL AND {without} {order}", limit)

    def event(self, event_id: int) -> Event:
        return self._events("id = ?", event_id)[0]

    def reported(self, *event_ids: int) -> None:
        with self._transaction():
            for event_id in event_ids:
                self._report(event_id)

    def plan(
        self, planned: Iterable[tuple[Event, Sequence[Upload]]], paused: Collection[str] = ()
    ) -> None:
        """Write down what will be sent for these events; for some it is nothing.

        `paused`: the calls that cannot be made now.
        """
        with self._transaction():
            for event, uploads in planned:
                for upload in uploads:
                    self._insert_upload(event, upload, waits=upload.call not in paused)
                if all(upload.call in paused for upload in uploads):
                    self._report(event.id)

    def waiting(self, limit: int) -> list[UploadRow]:
        """Return the oldest that wait, but for the archive's."""
        where = f"fate = 'waiting' AND NOT ({OF_ARCHIVE})"
        return self._uploads(f"{where} ORDER BY event_id, id LIMIT ?", limit)

    def archive_waiting(self, limit: int) -> list[UploadRow]:
        """Return the oldest of the archive that wait."""
        where = f"fate = 'waiting' AND {OF_ARCHIVE}"
        return self._uploads(f"{where} ORDER BY event_id, id LIMIT ?", limit)

    def archive_left(self) -> tuple[int, int]:
        """How many documents of the archive the cloud has not got, and their bytes."""
        left = f"fate IN ('waiting', 'paused') AND {OF_ARCHIVE} AND call = 'upload'"
        rows = self._rows(
            "SELECT count(*) AS n, sum(json_extract(data, '$.bytes')) AS bytes FROM event"
            f" WHERE id IN (SELECT event_id FROM upload WHERE {left})"
        )
        return rows[0]["n"], rows[0]["bytes"] or 0

    def document_facts(self, document: int) -> dict[str, Any]:
        """What is known of a document of the archive."""
        rows = self._rows("SELECT facts FROM document WHERE id = ?", document)
        with understood():
            return dict(json.loads(rows[0]["facts"])) if rows else {}

    def is_gone(self, document: int) -> bool:
        """Has retention taken the bytes of a document of the archive?"""
        gone = "SELECT 1 FROM document WHERE id = ? AND gone_at_ms IS NOT NULL"
        return bool(self._rows(gone, document))

    def is_z_of_command(self, event: Event) -> bool:
        """Did a command of ours make the Z that the event of a document tells of?

        Looked for near the event only: the ledger is long.
        """
        near = "SELECT 1 FROM event WHERE id BETWEEN ? AND ? AND name IN ('finish', 'found')"
        same = "device_id = ? AND json_extract(data, '$.result.fiscal_serial') = ?"
        number = "json_extract(data, '$.result.number') = ?"
        kind = "(SELECT kind FROM command WHERE id = command_id) = 'z_report'"
        return bool(
            self._rows(
                f"{near} AND {same} AND {number} AND {kind} LIMIT 1",
                event.id - NEAR_EVENTS_MAX,
                event.id + NEAR_EVENTS_MAX,
                event.device_id,
                event.data["owner"],
                event.data["z_last"],
            )
        )

    def paused_calls(self) -> list[str]:
        rows = self._rows("SELECT DISTINCT call FROM upload WHERE fate = 'paused' ORDER BY call")
        return [row["call"] for row in rows]

    def aside(self, limit: int) -> list[UploadRow]:
        """Return what the cloud would not take, newest first."""
        return self._uploads("fate = 'aside' ORDER BY event_id DESC, id LIMIT ?", limit)

    def uploads_of(self, command_id: str) -> list[UploadRow]:
        """Return all that was or is to be sent of a command."""
        events = "SELECT id FROM event WHERE command_id = ?"
        return self._uploads(f"event_id IN ({events}) ORDER BY event_id, id", command_id)

    def outbox(self) -> dict[str, int]:
        """How many uploads are in each fate that is not an end."""
        open_ = "fate IN ('waiting', 'paused', 'aside')"
        rows = self._rows(f"SELECT fate, count(*) AS n FROM upload WHERE {open_} GROUP BY fate")
        return {row["fate"]: row["n"] for row in rows}

    def untaken(self, since_ms: int) -> dict[Fate, Untaken]:
        """Return of how many commands the cloud has another end, or none, than we would tell.

        What it has ended itself is an old story after a while: only since a moment.
        """
        rows = self._rows(
            "SELECT fate, count(DISTINCT upload.command_id) AS n, upload.command_id AS last,"
            " max(event_id) FROM upload JOIN event ON event.id = event_id WHERE call = 'result'"
            " AND (fate IN ('paused', 'aside') OR fate = 'final' AND at_ms >= ?) GROUP BY fate",
            since_ms,
        )
        return {Fate(row["fate"]): Untaken(row["n"], row["last"]) for row in rows}

    def freeze(self, row: UploadRow, body: dict[str, Any]) -> UploadRow:
        """Keep the body of what was paused before it was ever sent."""
        text = json.dumps(body)
        with self._transaction():
            self._db.execute(
                "UPDATE upload SET body = ?, body_hash = ? WHERE id = ?",
                (text, body_hash(text), row.id),
            )
        return replace(row, body=text)

    def settle(self, uploads: Iterable[UploadRow], fate: Fate, reason: str = "") -> None:
        """Write down the cloud's answer to these."""
        with self._transaction():
            for upload in uploads:
                self._end(upload, fate, reason)

    def pause(self, call: str, reason: str) -> None:
        """Let nothing wait for a call that cannot be made now."""
        with self._transaction():
            for upload in self._uploads("fate = 'waiting' AND call = ?", call):
                self._end(upload, Fate.PAUSED, reason)

    def resume(self, call: str, limit: int = -1) -> None:
        """The call may work again: what was paused goes on, oldest first; all, or so many."""
        paused = (
            "SELECT id FROM upload WHERE fate = 'paused' AND call = ? ORDER BY event_id LIMIT ?"
        )
        if self._rows(paused, call, 1):
            with self._transaction():
                sql = f"UPDATE upload SET fate = 'waiting', reason = NULL WHERE id IN ({paused})"
                self._db.execute(sql, (call, limit))

    def _insert_upload(self, event: Event, upload: Upload, *, waits: bool) -> None:
        body = json.dumps(upload.body) if waits else None
        self._db.execute(
            "INSERT INTO upload"
            " (event_id, command_id, call, fate, parts, idempotency, body, body_hash)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                event.id,
                event.command_id,
                upload.call,
                Fate.WAITING if waits else Fate.PAUSED,
                json.dumps(upload.parts),
                upload.idempotency,
                body,
                body_hash(body) if body else None,
            ),
        )

    def _end(self, upload: UploadRow, fate: Fate, reason: str) -> None:
        self._db.execute(
            "UPDATE upload SET fate = ?, reason = ? WHERE id = ?",
            (fate, reason or None, upload.id),
        )
        names = {Fate.ASIDE: "upload_refused", Fate.FINAL: "cloud_final"}
        if name := names.get(fate):
            about = self.event(upload.event_id)
            data = {"event_id": about.id, "call": upload.call, "reason": reason}
            self._event(about.device_id, about.command_id, name, data)
        left = "SELECT 1 FROM upload WHERE event_id = ? AND fate = 'waiting'"
        if not self._db.execute(left, (upload.event_id,)).fetchone():
            self._report(upload.event_id)

    def _report(self, event_id: int) -> None:
        self._db.execute(
            "UPDATE event SET reported_at_ms = ? WHERE id = ? AND reported_at_ms IS NULL",
            (self._clock.now_ms(), event_id),
        )

    def _uploads(self, where: str, *values: object) -> list[UploadRow]:
        rows = self._rows(f"SELECT {UPLOAD} FROM upload WHERE {where}", *values)
        with understood():
            return [
                UploadRow(
                    **dict(row) | {"fate": Fate(row["fate"]), "parts": json.loads(row["parts"])}
                )
                for row in rows
            ]
