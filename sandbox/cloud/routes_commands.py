"""Commands: queued by a shop's program, claimed and answered by an agent.

    pending --claim (ours)--> sent --result completed--> completed
       |                       |  \\--result failed-----> failed
       |                       |  \\--result in_doubt, held: still sent, with `phase`
       |--cancel--> cancelled  |
       \\--180 s since creation-+-> timeout, E500

Final states never change again; what is said after one is kept in `lateResult`. Claim and result
are assumed: the documented API has no way to acknowledge a command over REST (reference, 16.2).
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from sandbox.cloud.clock import iso
from sandbox.cloud.errors import ApiError, invalid, problem
from sandbox.cloud.request import (
    Body,
    Cloud,
    CloudDep,
    fingerprint,
    idempotently,
    need,
    new_id,
    parsed,
    read_object,
    told_before,
)
from sandbox.cloud.store import Record
from sandbox.cloud.validation import command_problems

STATUSES = ("pending", "sent", "completed", "failed", "timeout", "cancelled")
OPEN = ("pending", "sent")
LIMIT_DEFAULT = 50
LIMIT_MAX = 100
SWEEP_EVERY_S = 30
SKIP_HEADER = "x-sandbox-skip-validation"

router = APIRouter()
scoped = [need("commands")]

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


@router.post("/api/v1/commands", dependencies=scoped)
async def submit(request: Request, cloud: CloudDep) -> JSONResponse:
    body = await read_object(request)
    return idempotently(request, cloud, body, _queueing(request, cloud, body))


@router.post("/api/v1/devices/{device_id}/commands", dependencies=scoped)
async def submit_to_device(request: Request, cloud: CloudDep, device_id: str) -> JSONResponse:
    body = await read_object(request) | {"deviceId": device_id}
    return JSONResponse(_queueing(request, cloud, body)(), status_code=201)


@router.get("/api/v1/commands", dependencies=scoped)
async def list_commands(
    cloud: CloudDep,
    device_id: Annotated[str | None, Query(alias="deviceId")] = None,
    status: str | None = None,
    kind: Annotated[str | None, Query(alias="type")] = None,
    limit: Annotated[int, Query(ge=1)] = LIMIT_DEFAULT,
) -> JSONResponse:
    if status is not None and status not in STATUSES:
        raise invalid([problem("status", f"status must be one of: {', '.join(STATUSES)}")])
    sweep(cloud)
    records = cloud.store.commands(device_id, status, kind, min(limit, LIMIT_MAX))
    return JSONResponse({"commands": records})


@router.get("/api/v1/commands/{command_id}", dependencies=scoped)
async def get_command(cloud: CloudDep, command_id: str) -> JSONResponse:
    return JSONResponse(_command(cloud, command_id))


@router.delete("/api/v1/commands/{command_id}", dependencies=scoped)
@router.post("/api/v1/commands/{command_id}/cancel", dependencies=scoped)
async def cancel(cloud: CloudDep, command_id: str) -> JSONResponse:
    record = _command(cloud, command_id)
    if record["status"] != "pending":
        raise _conflict("Only a pending command can be cancelled", record)
    record |= {"status": "cancelled", "updatedAt": cloud.now()}
    cloud.store.put_command(record)
    return JSONResponse(record)


@router.post("/api/v1/commands/{command_id}/claim", dependencies=scoped)
async def claim(request: Request, cloud: CloudDep, command_id: str) -> JSONResponse:
    said = parsed(ClaimBody, await read_object(request))
    record = _command(cloud, command_id)
    if record["status"] not in OPEN:
        raise _conflict("The command is already final", record)
    owner = record.get("claimedBy")
    if owner not in (None, said.agent_id):
        raise _conflict("The command is claimed by another agent", record)
    if owner is None:
        _mark_sent(record, said.agent_id, cloud.now())
        cloud.store.put_command(record)
    return JSONResponse(record)


@router.post("/api/v1/commands/{command_id}/result", dependencies=scoped)
async def report_result(request: Request, cloud: CloudDep, command_id: str) -> JSONResponse:
    said = parsed(ResultBody, await read_object(request))
    record = _command(cloud, command_id)
    digest = fingerprint(command_id, said.model_dump())
    if told_before(cloud, "result", (said.agent_id, said.event_id), digest) is not None:
        return JSONResponse(record)
    _apply(record, said, cloud.now())
    with cloud.store.transaction():
        cloud.store.put_command(record)
        cloud.store.remember_agent_event("result", said.agent_id, said.event_id, digest, command_id)
    return JSONResponse(record)


def _apply(record: Record, said: ResultBody, now: str) -> None:
    """Put a result into the record; one that comes too late or from a stranger stands aside."""
    stranger = record.get("claimedBy") not in (None, said.agent_id)
    record["updatedAt"] = now
    outcome = {
        "result": said.result,
        "errorCode": said.error_code,
        "errorMessage": said.error_message,
    }
    if record["status"] not in OPEN or stranger:
        record["lateResult"] = {
            "status": said.status,
            **outcome,
            "executedAt": said.executed_at,
            "agentId": said.agent_id,
            "receivedAt": now,
        }
        return
    if record.get("claimedBy") is None:
        _mark_sent(record, said.agent_id, now)
    record |= {**outcome, "error": said.error_message, "executedAt": said.executed_at}
    if said.status in ("in_doubt", "held"):
        record["phase"] = said.status
    else:
        record.pop("phase", None)
        record["status"] = said.status


def _mark_sent(record: Record, agent_id: str, now: str) -> None:
    record |= {"status": "sent", "claimedBy": agent_id, "claimedAt": now, "updatedAt": now}


def _queueing(request: Request, cloud: Cloud, body: Record) -> Callable[[], Record]:
    """What puts this command into the queue, once nothing speaks against it."""

    def queue() -> Record:
        kind, payload = body.get("type"), body.get("payload")
        device_id = body.get("deviceId")
        if request.headers.get(SKIP_HEADER) != "1":
            problems = command_problems(kind, payload)
            if not isinstance(device_id, str) or not device_id:
                problems.insert(0, problem("deviceId", "deviceId must be a non-empty string"))
            if problems:
                raise invalid(problems)
            cloud.device(str(device_id))
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
        cloud.store.add_command(record)
        return record

    return queue


def _command(cloud: Cloud, command_id: str) -> Record:
    sweep(cloud)
    record = cloud.store.command(command_id)
    if record is None:
        raise ApiError(404, "Command not found")
    return record


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
