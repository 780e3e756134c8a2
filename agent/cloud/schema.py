"""Commands as the cloud lists them, and what it is told: the envelopes around payload and result.

Whatever cannot be understood is written down too, as a command with problems: it is answered, never
dropped.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from agent.cloud.client import fill
from agent.cloud.payloads import shown, understood
from agent.cloud.results import CLAIM_LOST, result_of
from agent.entries import LOCAL, Event, Incoming, LedgerEntry, as_told
from config.settings import CloudProfile

__all__ = [
    "CLAIM_LOST",
    "NotACommand",
    "Upload",
    "device_of",
    "read_list",
    "to_incoming",
    "to_uploads",
]

ID_MAX = 200


class NotACommand(Exception):
    """An entry of the list that cannot even be written down, as it has no id."""


# commands in


def read_list(answer: Any) -> list[Any] | None:
    """Return the entries of a command list, bare or in an envelope; None: it is no list."""
    found = answer.get("commands") if isinstance(answer, dict) else answer
    return found if isinstance(found, list) else None


def device_of(raw: Any) -> str:
    return _text(raw, "deviceId")


def _text(raw: Any, name: str) -> str:
    """Return a text of an entry, or "" where none stands that can be written down."""
    found = raw.get(name) if isinstance(raw, dict) else None
    try:
        return found if isinstance(found, str) and found.encode() else ""
    except UnicodeEncodeError:  # half a surrogate pair
        return ""


def to_incoming(raw: Any, *, now_ms: int, server_ms: int | None, ttl_ms: int) -> Incoming:
    """Translate one entry of the list.

    Its age is measured by the cloud's own clock, so that a wrong clock here does no harm.

    Raises:
        NotACommand: it has no usable id, or is nested too deeply to be written down.
    """
    id_ = _text(raw, "id")
    if not 0 < len(id_) <= ID_MAX or id_ in (".", "..") or id_.startswith(LOCAL):
        raise NotACommand(f"its id is {shown(id_) if id_ else 'no text'}")
    kind = _text(raw, "type")
    body = {"deviceId": raw.get("deviceId"), "type": raw.get("type"), "payload": raw.get("payload")}
    try:
        text = json.dumps(body, default=str, sort_keys=True)
    except RecursionError as error:
        raise NotACommand(f"{shown(id_)} is nested too deeply") from error
    payload, problems = understood(kind, raw.get("payload"))
    created_ms = _time_ms(_text(raw, "createdAt"))
    age_ms = max(0, server_ms - created_ms) if server_ms and created_ms else 0
    return Incoming(
        id=id_,
        device_id=device_of(raw),
        kind=kind,
        body=text,
        payload=payload,
        expires_at_ms=now_ms + ttl_ms - age_ms,
        problems=tuple(problems),
    )


def _time_ms(text: str) -> int | None:
    """Read an instant; one without a zone is UTC, as the cloud's contract has it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return int(zoned.timestamp() * 1000)


# what goes out


@dataclass(frozen=True, slots=True)
class Upload:
    """One thing to tell: where, and what."""

    path: str
    body: dict[str, Any]
    is_result: bool = False  # what became of a command is never set aside for want of a scope


def to_uploads(
    profile: CloudProfile, event: Event, entry: LedgerEntry | None, agent_id: str
) -> list[Upload]:
    """Say what the cloud is told of an event. Often nothing."""
    who = {"agentId": agent_id, "eventId": event.id}
    if event.name == "device":
        body = who | {
            "status": event.data["status"],
            "conditions": [{"code": fault} for fault in event.data["faults"]],
            "identity": event.data.get("identity", {}),
            "at": _iso(event.at_ms),
        }
        return [Upload(fill(profile.device_status, device_id=event.device_id), body)]
    if entry is None:
        return []
    event = as_told(event)
    result = result_of(event, entry)
    if result is None:
        return []
    uploads = []
    if not entry.is_local:  # the cloud did not ask; it only gets the report
        body = who | result | {"executedAt": _iso(event.at_ms)}
        uploads.append(Upload(fill(profile.result, command_id=entry.id), body, is_result=True))
    if entry.kind in ("x_report", "z_report") and event.name in ("finish", "found"):
        route = fill(profile.report, device_id=event.device_id, kind=entry.kind[0])
        command_id = None if entry.is_local else entry.id
        report = who | {"commandId": command_id, "report": result["result"]}
        uploads.append(Upload(route, report))
    return uploads


def _iso(at_ms: int) -> str:
    seconds = datetime.fromtimestamp(at_ms / 1000, tz=UTC)
    return seconds.isoformat(timespec="milliseconds").replace("+00:00", "Z")
