"""The rows of the ledger as values: what came in, what is known of it, what happened."""

import hashlib
import json
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from agent.states import State
from drivers.model import Counters, Problem

GENESIS = "0" * 64  # before the first event there is no hash

LOCAL = "local:"
"""Ids of commands that this machine gave itself; no cloud has to hand them over."""


class Acceptance(StrEnum):
    """What became of a command that came in."""

    ACCEPTED = "accepted"
    ALREADY_KNOWN = "already_known"
    CONFLICT = "conflict"  # the id is known with another body: never a reprint


class Evidence(StrEnum):
    """Why we believe that a command was carried out."""

    REPLY = "reply"  # the device said so itself
    COUNTER = "counter"  # its counter went up by one
    REFERENCE = "reference"  # our own line stands in its electronic journal
    OPERATOR = "operator"  # a person read the paper


@dataclass(frozen=True, slots=True)
class Incoming:
    """A command as it is written down. `payload` is None when it could not be understood."""

    id: str
    device_id: str
    kind: str
    body: str
    payload: str | None
    expires_at_ms: int
    problems: tuple[Problem, ...] = ()

    @property
    def is_local(self) -> bool:
        return self.id.startswith(LOCAL)


@dataclass(frozen=True, slots=True)
class LedgerEntry:
    """One command and all that is known of it."""

    arrival: int
    id: str
    device_id: str
    kind: str
    body: str
    body_hash: str
    payload: str | None
    expires_at_ms: int
    claimed: int
    state: State
    attempts: int
    not_before_ms: int
    baseline: Counters | None
    fault: str | None
    reason: str | None
    evidence: Evidence | None
    result: dict[str, Any] | None

    @property
    def is_local(self) -> bool:
        return self.id.startswith(LOCAL)


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, as the cloud may be told."""

    id: int
    at_ms: int
    device_id: str
    command_id: str | None
    name: str
    data: dict[str, Any]


def body_hash(body: str) -> str:
    return hashlib.sha256(body.encode()).hexdigest()


def event_hash(previous: str, row: tuple[Any, ...]) -> str:
    """Chain a row to the one before: at_ms, device_id, command_id, name, data as they are kept."""
    return hashlib.sha256(json.dumps([previous, *row]).encode()).hexdigest()


def entry_of(row: dict[str, Any]) -> LedgerEntry:
    """Read a row of the table `command`.

    Raises:
        ValueError, TypeError: it is not as we wrote it.
    """
    return LedgerEntry(
        **row
        | {
            "state": State(row["state"]),
            "evidence": Evidence(row["evidence"]) if row["evidence"] else None,
            "baseline": Counters(**json.loads(row["baseline"])) if row["baseline"] else None,
            "result": json.loads(row["result"]) if row["result"] else None,
        }
    )


def event_of(row: dict[str, Any]) -> Event:
    """Read a row of the table `event`, without what only the file needs.

    Raises:
        ValueError, TypeError: it is not as we wrote it.
    """
    return Event(**row | {"data": json.loads(row["data"])})


def as_told(event: Event) -> Event:
    """Say again, in the usual words, what a damaged ledger may never have told."""
    if event.name != "salvaged":
        return event
    names = {State.ISSUED: "found", State.REJECTED: "drop", State.HELD: "undecidable"}
    return replace(event, name=names.get(event.data["state"], event.name))
