"""The ledger: one SQLite file, the only meeting place of threads, and the memory of the program.

    cloud --accept--> [queued ... issued | rejected | held] --events--> cloud
                           ^ worker: begin, finish, lose, found, absent, drop, undecidable

One method is one transaction, named after its trigger. What a method returned from is on disk
(WAL, synchronous=FULL). Every change of state goes through `_apply` and leaves an event row; the
database itself refuses to issue without a baseline, and two unresolved commands on one device.
One `Ledger` object belongs to one thread. What leaves it is in `ledger_outbox.py`, what it knows of
the printers in `ledger_devices.py`; what a damaged file is, and what becomes of it, is in
`ledger_check.py` and `ledger_repair.py`.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from agent.entries import LOCAL, Acceptance, Evidence, Incoming, LedgerEntry, body_hash
from agent.ledger_devices import LedgerDevices
from agent.ledger_file import LedgerDamaged, LedgerError
from agent.ledger_outbox import LedgerOutbox
from agent.states import Trigger, after
from drivers.model import Counters, Problem

__all__ = ["Ledger", "LedgerError"]

REASON_LENGTH_MAX = 500
WAIT_MS_MAX = 60_000  # of `not_before_ms`; what is further off was written before the clock was set


class Ledger(LedgerOutbox, LedgerDevices):
    """A connection to the ledger file, for one thread."""

    # what comes in

    def accept(self, incoming: Incoming, *, claimed: bool = False) -> Acceptance:
        """Write a command down before anybody acts on it; what has problems is rejected at once.

        `claimed`: the cloud handed it over as ours.

        Raises:
            LedgerDamaged: events tell of it, and it is gone: it may be on paper.
        """
        digest = body_hash(incoming.body)
        with self._transaction():
            row = self._db.execute(
                "SELECT body_hash FROM command WHERE id = ?", (incoming.id,)
            ).fetchone()
            if row is not None:
                if row["body_hash"] == digest:
                    if claimed:
                        self._claim(incoming.id)
                    return Acceptance.ALREADY_KNOWN
                self._note_conflict(incoming, digest)
                return Acceptance.CONFLICT
            told = "SELECT 1 FROM event WHERE command_id = ?"
            if self._db.execute(told, (incoming.id,)).fetchone():
                raise LedgerDamaged(f"events tell of the command {incoming.id}, and it is gone")
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
                    claimed or incoming.is_local,
                ),
            )
            data: dict[str, Any] = {"kind": incoming.kind, "body_hash": digest}
            data["payload_hash"] = body_hash(incoming.payload or "")
            data["expires_at_ms"] = incoming.expires_at_ms
            self._event(incoming.device_id, incoming.id, "accept", data)
            if incoming.problems:
                self._apply(incoming.id, Trigger.REJECT, {"problems": _problems(incoming.problems)})
        return Acceptance.ACCEPTED

    def unclaimed(self) -> list[LedgerEntry]:
        """Return what is queued and the cloud has not yet said is ours, oldest first."""
        return self._entries("state = 'queued' AND claimed = 0 ORDER BY arrival")

    def claimed_ahead(self) -> dict[str, int]:
        """How many claimed commands wait for each device."""
        queued = "SELECT device_id, count(*) AS n FROM command WHERE state = 'queued'"
        rows = self._rows(f"{queued} AND claimed = 1 GROUP BY device_id")
        return {row["device_id"]: row["n"] for row in rows}

    def claimed(self, command_id: str) -> None:
        """Note that the cloud gave the command to us: from now on it may be taken."""
        with self._transaction():
            self._claim(command_id)

    def unclaim(self) -> None:
        """Our key is refused: what was not begun is not ours, until it is claimed again."""
        ours = "state = 'queued' AND claimed = 1 AND substr(id, 1, ?) <> ?"
        values = (len(LOCAL), LOCAL)
        if self._rows(f"SELECT 1 FROM command WHERE {ours} LIMIT 1", *values):
            with self._transaction():
                self._db.execute(f"UPDATE command SET claimed = 0 WHERE {ours}", values)

    def known(self, limit: int) -> list[str]:
        """Return the ids of the commands that came last."""
        rows = self._rows("SELECT id FROM command ORDER BY arrival DESC LIMIT ?", limit)
        return [row["id"] for row in rows]

    # the worker's road

    def next_queued(
        self,
        device_id: str,
        now_ms: int,
        last: Sequence[str] = (),
        *,
        local_only: bool = False,
    ) -> LedgerEntry | None:
        """Return the oldest command that may be taken now; one that must wait holds the others.

        `last`: the kinds that let every other go first, however old they are. `local_only`: what
        came from the cloud is passed over.
        """
        marks = ", ".join("?" for _ in last)
        found = self._entries(
            f"{_takeable(local_only=local_only)} ORDER BY kind IN ({marks}), arrival LIMIT 1",
            device_id,
            *last,
        )
        return found[0] if found and _is_due(found[0], now_ms) else None

    def queued(
        self, device_id: str, kinds: Sequence[str], now_ms: int, *, local_only: bool = False
    ) -> LedgerEntry | None:
        """Return the oldest command of these kinds that may be taken now, whatever is before it."""
        marks = ", ".join("?" for _ in kinds)
        found = self._entries(
            f"{_takeable(local_only=local_only)} AND kind IN ({marks}) ORDER BY arrival",
            device_id,
            *kinds,
        )
        return next((entry for entry in found if _is_due(entry, now_ms)), None)

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

    def pay(self, entry: LedgerEntry) -> None:
        """Our first payment is about to go: from now on the receipt may be closed by us."""
        with self._transaction():
            self._apply(entry.id, Trigger.PAY, {})

    def lose(self, entry: LedgerEntry, *, fault: str | None, reason: str) -> None:
        """A refusal, a silence or a crash after `begin`: what is on paper is not known."""
        with self._transaction():
            self._lose(entry.id, fault, reason)

    def unpaid(self, entry: LedgerEntry) -> bool:
        """Is it sure that no payment of ours went, since it was begun the last time?"""
        where = "command_id = ? AND name IN (?, ?) ORDER BY id DESC LIMIT 1"
        last = self._events(where, entry.id, Trigger.BEGIN, Trigger.PAY)
        return [event.name for event in last] == [Trigger.BEGIN]

    def give_way(self, entry: LedgerEntry, expires_at_ms: int) -> None:
        """What only reads is left for what has to be printed; that it waits is not its fault."""
        with self._transaction():
            self._db.execute(
                "UPDATE command SET expires_at_ms = ? WHERE id = ?", (expires_at_ms, entry.id)
            )
            self._apply(entry.id, Trigger.GIVE_WAY, {"expires_at_ms": expires_at_ms})

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

    # a person's word; `said` is who says it, and why

    def operator_found(
        self, entry: LedgerEntry, result: dict[str, Any], said: dict[str, str]
    ) -> None:
        """It is on paper."""
        with self._transaction():
            self._issued(entry.id, Trigger.OPERATOR_FOUND, Evidence.OPERATOR, result, said)

    def operator_requeue(
        self, entry: LedgerEntry, expires_at_ms: int, said: dict[str, str]
    ) -> None:
        """It is not on paper, and is to be done after all; it would have expired long ago."""
        with self._transaction():
            self._db.execute(
                "UPDATE command SET expires_at_ms = ?, not_before_ms = 0 WHERE id = ?",
                (expires_at_ms, entry.id),
            )
            data = {"expires_at_ms": expires_at_ms, **said}
            self._apply(entry.id, Trigger.OPERATOR_REQUEUE, data)

    def operator_drop(self, entry: LedgerEntry, problem: Problem, said: dict[str, str]) -> None:
        """It is settled by other means."""
        with self._transaction():
            data = {"problems": _problems([problem]), **said}
            self._apply(entry.id, Trigger.OPERATOR_DROP, data)

    # the program itself

    def note_start(self, in_doubt: int) -> None:
        """At start-up: also the proof that the ledger can be written."""
        with self._transaction():
            self._event("", None, "start", {"in_doubt": in_doubt})

    # the pieces

    def _claim(self, command_id: str) -> None:
        self._db.execute("UPDATE command SET claimed = 1 WHERE id = ?", (command_id,))

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
        self,
        command_id: str,
        trigger: Trigger,
        evidence: Evidence,
        result: dict[str, Any],
        said: dict[str, str] | None = None,
    ) -> None:
        self._db.execute(
            "UPDATE command SET evidence = ?, result = ? WHERE id = ?",
            (evidence, json.dumps(result), command_id),
        )
        data = {"evidence": evidence, "result": result, **(said or {})}
        self._apply(command_id, trigger, data)

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


def _takeable(*, local_only: bool) -> str:
    """The part of a question: of one device, queued, and ours to take."""
    ours = f" AND substr(id, 1, {len(LOCAL)}) = '{LOCAL}'" if local_only else ""
    return f"device_id = ? AND state = 'queued' AND claimed = 1{ours}"


def _is_due(entry: LedgerEntry, now_ms: int) -> bool:
    return not now_ms < entry.not_before_ms <= now_ms + WAIT_MS_MAX


def _problems(problems: Sequence[Problem]) -> list[dict[str, str]]:
    return [asdict(problem) for problem in problems]
