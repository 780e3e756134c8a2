"""One request that carries results up and claimed commands down. Ours; no page names it.

    {"agentId", "devices": [...], "limit": 10,
     "results": [{"commandId", ...as a result}], "statuses": [{"deviceId", ...as a status}],
     "received": [...]}                                  commands in hand, that need not come again
    {"acknowledged": [eventId...], "refused": [{"eventId", "code", "message"}], "commands": [...]}

It answers at once when a command is there or something was told; else it waits as a list does.
What this agent has claimed, told nothing of yet and does not name in `received` comes again, as the
answer it came in may be lost; where there is no `received`, it rides along but is no reason to
answer. On a connection that is gone nothing is claimed. Each row is taken or refused on its own.
"""

import asyncio
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Request
from pydantic import Field

from sandbox.cloud import commands, devices
from sandbox.cloud.commands import AgentId
from sandbox.cloud.errors import ApiError, invalid, problem
from sandbox.cloud.request import Access, Body, Cloud, parsed
from sandbox.cloud.store import Asked, Record

ROWS_MAX = 100
IN_HAND_MAX = 1000
WAKES_MAX = 10_000

Rows = Annotated[list[dict[str, Any]], Field(max_length=ROWS_MAX)]


class SyncBody(Body):
    agent_id: AgentId
    devices: Annotated[list[str], Field(max_length=ROWS_MAX)] = Field(default_factory=list)
    limit: Annotated[int, Field(ge=0, le=ROWS_MAX)] = 20
    results: Rows = Field(default_factory=list)
    statuses: Rows = Field(default_factory=list)
    received: Annotated[list[str], Field(max_length=ROWS_MAX)] | None = None


async def sync(
    request: Request, cloud: Cloud, access: Access, agent_id: str, body: Record, wait_s: int
) -> Record:
    said = parsed(SyncBody, body)
    if said.agent_id != agent_id:
        raise invalid([problem("agentId", "agentId must be the one of the path")])
    acknowledged: list[Any] = []
    refused: list[Record] = []
    for operation, rows, take in (
        ("result", said.results, _take_result),
        ("device_status", said.statuses, _take_status),
    ):
        for row in rows:
            _take(request, cloud, access, operation, row, take, acknowledged, refused)
    told = bool(said.results or said.statuses)

    def look() -> list[Record] | None:
        lost = [] if said.received is None else _in_hand(cloud, access, said)
        return lost or _new(cloud, access, said) or None

    loop = asyncio.get_running_loop()
    deadline_s = loop.time() + (0 if told else wait_s)
    taken: list[Record] = []
    for _ in range(WAKES_MAX):
        found = await cloud.bell.look(deadline_s - loop.time(), look)
        # Waiting took time: who asked may be gone, his key too, and another may have been quicker.
        cloud.admit(request)
        gone = await request.is_disconnected()
        taken = [] if gone else _claimed(cloud, access, said)
        if gone or taken or found is None:
            break
    return {"acknowledged": acknowledged, "refused": refused, "commands": taken}


def _new(cloud: Cloud, access: Access, said: SyncBody) -> list[Record]:
    asked = Asked(access.environment, tuple(said.devices), "pending", limit=said.limit)
    return commands.listed(cloud, asked)


def _in_hand(cloud: Cloud, access: Access, said: SyncBody) -> list[Record]:
    asked = Asked(
        access.environment,
        tuple(said.devices),
        "sent",
        claimed_by=said.agent_id,
        limit=IN_HAND_MAX,
    )
    known = set(said.received or ())
    claimed = commands.listed(cloud, asked)
    return [one for one in claimed if "phase" not in one and one["id"] not in known]


def _claimed(cloud: Cloud, access: Access, said: SyncBody) -> list[Record]:
    in_hand = _in_hand(cloud, access, said)[: said.limit]
    new = _new(cloud, access, said)[: said.limit - len(in_hand)]
    for record in new:
        commands.mark_sent(cloud, record, said.agent_id)
    return in_hand + new


Take = Callable[[Cloud, Access, Record], None]


def _take_result(cloud: Cloud, access: Access, row: Record) -> None:
    commands.report(cloud, access, str(row.get("commandId")), row)


def _take_status(cloud: Cloud, access: Access, row: Record) -> None:
    devices.report_status(cloud, access, str(row.get("deviceId")), row)


def _take(
    request: Request,
    cloud: Cloud,
    access: Access,
    operation: str,
    row: Record,
    take: Take,
    acknowledged: list[Any],
    refused: list[Record],
) -> None:
    try:
        cloud.allow(request, access, operation)
        take(cloud, access, row)
    except ApiError as error:
        event_id = row.get("eventId")
        refused.append({"eventId": event_id, "code": error.code, "message": error.message})
    else:
        acknowledged.append(row["eventId"])
