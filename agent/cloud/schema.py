"""Commands as the cloud lists them, and what it is told: the envelopes around payload and result.

    {"id", "deviceId", "type", "payload", "createdAt"}  -->  Incoming
    event + entry  -->  Upload("result" | "device_status" | "upload" | "receipt" | "report")

Whatever cannot be understood is written down too, as a command with problems: it is answered, never
dropped.
"""

import json
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, tzinfo
from hashlib import sha256
from typing import Any

from agent.cloud.fields import shown
from agent.cloud.payloads import understood
from agent.cloud.receipts import receipt_of
from agent.cloud.results import CLAIM_LOST, archived, result_of
from agent.entries import LOCAL, Event, Incoming, LedgerEntry, as_told
from agent.ledger_outbox import Upload
from config.profiles import CloudProfile, profiles
from drivers.faults import Fault, words

__all__ = [
    "CLAIM_LOST",
    "NotACommand",
    "Upload",
    "device_of",
    "idempotency",
    "to_incoming",
    "to_uploads",
]

ID_MAX = 200
IDEMPOTENCY_LENGTH = 40
EBON = profiles()["ebon"]
REPORTS = {  # kind of command -> kind of report in the cloud's paths
    "x_report": "x",
    "z_report": "z",
    "read_fiscal_memory": "mf",
    "read_electronic_journal": "je",
}
DONE = ("finish", "found")


class NotACommand(Exception):
    """An entry of the list that cannot even be written down, as it has no id."""


# commands in


def device_of(raw: Any, profile: CloudProfile = EBON) -> str:
    return _text(raw, profile.fields.device)


def _text(raw: Any, name: str) -> str:
    """Return a text of an entry, or "" where none stands that can be written down."""
    found = raw.get(name) if isinstance(raw, dict) else None
    try:
        return found if isinstance(found, str) and found.encode() else ""
    except UnicodeEncodeError:  # half a surrogate pair
        return ""


def to_incoming(
    raw: Any, *, now_ms: int, server_ms: int | None, ttl_ms: int, profile: CloudProfile = EBON
) -> Incoming:
    """Translate one entry of the list.

    Its age is measured by the cloud's own clock, and so is the moment when it expires: a clock that
    is wrong here, or is set meanwhile, does no harm.

    Raises:
        NotACommand: it has no usable id, or is nested too deeply to be written down.
    """
    fields = profile.fields
    id_ = _text(raw, fields.id)
    if not 0 < len(id_) <= ID_MAX or id_ in (".", "..") or id_.startswith(LOCAL):
        raise NotACommand(f"its id is {shown(id_) if id_ else 'no text'}")
    kind = _text(raw, fields.type)
    kind = profile.command_types.get(kind, kind)
    payload_in = raw.get(fields.payload)
    body = {"deviceId": raw.get(fields.device), "type": raw.get(fields.type), "payload": payload_in}
    try:
        text = json.dumps(body, default=str, sort_keys=True)
    except RecursionError as error:
        raise NotACommand(f"{shown(id_)} is nested too deeply") from error
    created_ms = _time_ms(_text(raw, fields.created))
    age_ms = max(0, server_ms - created_ms) if server_ms and created_ms else 0
    payload, problems = understood(kind, payload_in, max(0, now_ms - age_ms))
    return Incoming(
        id=id_,
        device_id=device_of(raw, profile),
        kind=kind,
        body=text,
        payload=payload,
        expires_at_ms=(server_ms or now_ms) + ttl_ms - age_ms,
        problems=tuple(problems),
    )


def _time_ms(text: str) -> int | None:
    """Read an instant; one without a zone is UTC, as the cloud's contract has it."""
    try:
        moment = datetime.fromisoformat(text)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return int(zoned.timestamp() * 1000)
    except (ValueError, OverflowError):
        return None


# what goes out


def to_uploads(
    event: Event,
    entry: LedgerEntry | None,
    agent_id: str,
    operator: str = "",
    zone: tzinfo = UTC,
) -> list[Upload]:
    """Say what the cloud is told of an event. Often nothing. `zone`: the shop's."""
    who = {"agentId": agent_id, "eventId": event.id}
    if event.name == "device":
        body = who | {
            "status": event.data["status"],
            "conditions": [_condition(code) for code in event.data["faults"]],
            "identity": event.data.get("identity", {}),
            "at": _iso(event.at_ms),
        }
        key = idempotency("device_status", agent_id, event.id)
        return [Upload("device_status", {"device_id": event.device_id}, body, key)]
    if entry is None:
        return []
    event = as_told(event)
    result = result_of(event, entry, zone)
    if result is None:
        return []
    uploads = []
    if not entry.is_local:  # the cloud did not ask; it only gets the report
        body = who | result | {"executedAt": _iso(event.at_ms)}
        key = idempotency("result", agent_id, event.id)
        uploads.append(Upload("result", {"command_id": entry.id}, body, key))
    return [*uploads, *_documents(event, entry, result, who, operator, zone)]


def _documents(
    event: Event,
    entry: LedgerEntry,
    result: dict[str, Any],
    who: dict[str, Any],
    operator: str,
    zone: tzinfo,
) -> Iterator[Upload]:
    """What came out on paper, for the cloud's own lists of it."""
    if event.name not in DONE:
        return
    command_id = None if entry.is_local else entry.id
    if entry.kind in REPORTS:
        report = result["result"] | archived(event.data["result"], zone)
        body = who | {"commandId": command_id, "report": report}
        parts = {"device_id": event.device_id, "kind": REPORTS[entry.kind]}
        yield Upload("upload", parts, body, idempotency("upload", who["agentId"], event.id))
        told = body | {"deviceId": event.device_id}
        key = idempotency("report", who["agentId"], event.id)
        yield Upload("report", {"kind": REPORTS[entry.kind]}, told, key)
    if entry.kind == "print_receipt":
        with suppress(ValueError):  # of a ledger that was damaged: its payload is lost
            told = receipt_of(entry, event.data["result"], operator, zone)
            yield Upload("receipt", {}, told, idempotency("receipt", entry.id))


def _condition(code: str) -> dict[str, str]:
    """A code with its sentences; one that an older program wrote may have none any more."""
    if code not in set(Fault):
        return {"code": code}
    said = words()[Fault(code)]
    return {"code": code, "message": said.en, "messageRo": said.ro}


def idempotency(*of: object) -> str:
    """Name a write, so that made twice it counts once: the same name for the same thing."""
    return f"{of[0]}-{sha256(repr(of).encode()).hexdigest()[:IDEMPOTENCY_LENGTH]}"


def _iso(at_ms: int) -> str:
    seconds = datetime.fromtimestamp(at_ms / 1000, tz=UTC)
    return seconds.isoformat(timespec="milliseconds").replace("+00:00", "Z")
