"""Commands: queued by a shop's program, claimed and answered by an agent.

    pending --claim (ours)--> sent --result completed--> completed
       |                       |  \\--result failed-----> failed
       |                       |  \\--result in_doubt, held: still sent, with `phase`
       |--cancel--> cancelled  |
       \\--180 s since creation-+-> timeout, E500

Final states never change again; what is said after one is kept in `lateResult`. Claim and result
are assumed: no page names a way to acknowledge a command over REST (reference, 16.2). Records are
in the sandbox's own words, which are e-bon's; a dialect spells them otherwise where it does.
"""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from sandbox.cloud.clock import iso
from sandbox.cloud.errors import ApiError, invalid, problem
from sandbox.cloud.request import (
    Access,
    Body,
    Cloud,
    fingerprint,
    new_id,
    parsed,
    told_before,
)
from sandbox.cloud.store import Asked, Record
from sandbox.cloud.validation import command_problems

STATUSES = ("pending", "sent", "completed", "failed", "timeout", "cancelled")
OPEN = ("pending", "sent")
LIMIT_DEFAULT = 50
LIMIT_MAX = 100
SWEEP_EVERY_S = 30

AgentId = Annotated[str, Field(min_length=1, max_length=200)]
EventId = Annotated[int, Field(ge=1, lt=2**63)]


class ClaimBody(Body):
    agent_id: AgentId


class ResultBody(Body):
    agent_id: AgentId
    event_id: EventId
    status: Literal["completed", "failed", "in_doubt", "held"]
    result: dict[str, Any] | None = None
    error_code: str | None = None
    error_message: str | None = None
    executed_at: str | None = None


def submit(cloud: Cloud, access: Access, body: Record, *, unchecked: bool = False) -> Record:
    """Queue a command; whoever waits for one hears of it."""
    kind, payload = body.get("type"), body.get("payload")
    device_id = body.get("deviceId")
    if not unchecked:
        problems = command_problems(kind, payload)
        if not isinstance(device_id, str) or not device_id:
            problems.insert(0, problem("deviceId", "deviceId must be a non-empty string"))
        if problems:
            raise invalid(problems)
        cloud.device(access, str(device_id))
    device = cloud.store.device(str(device_id)) or {}
    now = cloud.now()
    record = {
        "id": new_id("cmd"),
        "deviceId": device_id,
        "type": kind,
        "payload": payload,
        "status": "pending",
        "result": None,
        "error": None,
        "errorCode": None,
        "errorMessage": None,
        "createdAt": now,
        "updatedAt": now,
        "orgId": cloud.org_id,
        "deviceOnline": device.get("status") == "online",
    }
    cloud.store.add_command(record, access.environment)
    cloud.bell.ring()
    return record


def known_status(status: str | None) -> str | None:
    if status is not None and status not in STATUSES:
        raise invalid([problem("status", f"status must be one of: {', '.join(STATUSES)}")])
    return status


def listed(cloud: Cloud, asked: Asked) -> list[Record]:
    sweep(cloud)
    return cloud.store.commands(asked)


def command(cloud: Cloud, access: Access, command_id: str) -> Record:
    sweep(cloud)
    record = cloud.store.command(access.environment, command_id)
    if record is None:
        raise ApiError(404, "Command not found")
    return record


def cancel(cloud: Cloud, access: Access, command_id: str) -> Record:
    record = command(cloud, access, command_id)
    if record["status"] != "pending":
        raise _conflict("Only a pending command can be cancelled", record)
    record |= {"status": "cancelled", "updatedAt": cloud.now()}
    _put(cloud, record)
    return record


def claim(cloud: Cloud, access: Access, command_id: str, body: Record) -> Record:
    said = parsed(ClaimBody, body)
    record = command(cloud, access, command_id)
    if record["status"] not in OPEN:
        raise _conflict("The command is already final", record)
    owner = record.get("claimedBy")
    if owner not in (None, said.agent_id):
        raise _conflict("The command is claimed by another agent", record)
    if owner is None:
        mark_sent(cloud, record, said.agent_id)
    return record


def report(cloud: Cloud, access: Access, command_id: str, body: Record) -> Record:
    """Take what an agent says about a command, once per event."""
    said = parsed(ResultBody, body)
    record = command(cloud, access, command_id)
    digest = fingerprint(command_id, said.model_dump())
    if told_before(cloud, "result", (said.agent_id, said.event_id), digest) is not None:
        return record
    _apply(cloud, record, said)
    with cloud.store.transaction():
        _put(cloud, record)
        cloud.store.remember_agent_event("result", said.agent_id, said.event_id, digest, command_id)
    return record


def mark_sent(cloud: Cloud, record: Record, agent_id: str) -> None:
    now = cloud.now()
    record |= {"status": "sent", "claimedBy": agent_id, "claimedAt": now, "updatedAt": now}
    _put(cloud, record)


def _apply(cloud: Cloud, record: Record, said: ResultBody) -> None:
    """Put a result into the record; one that comes too late or from a stranger stands aside."""
    stranger = record.get("claimedBy") not in (None, said.agent_id)
    now = cloud.now()
    outcome = {
        "result": said.result,
        "errorCode": said.error_code,
        "errorMessage": said.error_message,
    }
    if record["status"] not in OPEN or stranger:
        record["updatedAt"] = now
        record["lateResult"] = {
            "status": said.status,
            **outcome,
            "executedAt": said.executed_at,
            "agentId": said.agent_id,
            "receivedAt": now,
        }
        return
    if record.get("claimedBy") is None:
        mark_sent(cloud, record, said.agent_id)
    record |= {**outcome, "error": said.error_message, "executedAt": said.executed_at}
    record["updatedAt"] = now
    if said.status in ("in_doubt", "held"):
        record["phase"] = said.status
    else:
        record.pop("phase", None)
        record["status"] = said.status


def _put(cloud: Cloud, record: Record) -> None:
    cloud.store.put_command(record)
    cloud.bell.ring()


def _conflict(message: str, record: Record) -> ApiError:
    details = {"status": record["status"], "claimedBy": record.get("claimedBy")}
    return ApiError(409, message, details=details)


def sweep(cloud: Cloud) -> None:
    """Time out what has waited too long; final states never change again."""
    before = iso(cloud.clock() - timedelta(seconds=cloud.timeout_s))
    overdue = cloud.store.overdue_commands(before)
    if not overdue:
        return
    message = f"Command timed out after {cloud.timeout_s}s"
    with cloud.store.transaction():
        for record in overdue:
            record |= {
                "status": "timeout",
                "error": message,
                "errorCode": "E500",
                "errorMessage": message,
                "updatedAt": cloud.now(),
            }
            cloud.store.put_command(record)


@dataclass(frozen=True, slots=True)
class Sweeper:
    """The cloud's own round, for commands nobody asks about."""

    cloud: Cloud

    async def run(self) -> None:
        while True:
            await asyncio.sleep(SWEEP_EVERY_S)
            sweep(self.cloud)
            self.cloud.bell.ring()
