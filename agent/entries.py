"""The rows of the ledger as values: what came in, what is known of it, what happened."""

import hashlib
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from agent.states import State
from drivers.model import Counters, Problem

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
