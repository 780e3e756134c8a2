"""Devices: registered by a shop, claimed by a controller, told about by an agent.

    dev_...  name, protocol, transport, locationId, connectionParams      from the shop
             status (online, offline, error), lastSeenAt, conditions, identity   from the agent
             claimedBy                                                    from claim and release

A device is `offline` until an agent says otherwise. An event older than the last one of the same
agent is taken note of and changes nothing: late news is no news.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import ConfigDict, Field, model_validator

from sandbox.cloud.errors import ApiError, invalid, problem
from sandbox.cloud.request import (
    Body,
    CloudDep,
    fingerprint,
    need,
    new_id,
    parsed,
    read_object,
    told_before,
)
from sandbox.cloud.routes_commands import AgentId, EventId
from sandbox.cloud.store import Record

Status = Literal["online", "offline", "error"]
Protocol = Literal[
    "datecs_compact",
    "datecs_professional",
    "datecs_extended",
    "daisy",
    "daisy_ro",
    "eltrade",
    "incotex",
    "tremol",
    "tremol_v2",
    "custom",
    "mfje",
]
Name = Annotated[str, Field(min_length=1, max_length=255)]

router = APIRouter()
reading = [need("devices:read")]
writing = [need("devices:write")]


class ConnectionParams(Body):
    """`{host, port}` for TCP, `{address}` for everything else."""

    host: str | None = Field(default=None, min_length=1)
    port: int | None = Field(default=None, ge=1, le=65535)
    address: str | None = Field(default=None, min_length=1)

    @model_validator(mode="after")
    def whole(self) -> "ConnectionParams":
        if self.address is None and (self.host is None or self.port is None):
            raise ValueError("must be {host, port} or {address}")
        return self


class DeviceBody(Body):
    name: Name
    protocol: Protocol
    transport: Literal["tcp", "bluetooth", "serial", "usb"]
    location_id: str | None = None
    connection_params: ConnectionParams


class DevicePatch(Body):
    name: Name | None = None
    location_id: str | None = None
    connection_params: ConnectionParams | None = None


class ClaimBody(Body):
    """What identifies a controller was not readable; both names are taken."""

    agent_id: AgentId | None = None
    controller_id: AgentId | None = None

    @property
    def who(self) -> str | None:
        return self.agent_id or self.controller_id


class Condition(Body):
    model_config = ConfigDict(extra="allow")

    code: str


class StatusBody(Body):
    agent_id: AgentId
    event_id: EventId
    status: Status
    conditions: list[Condition] = Field(default_factory=list)
    identity: dict[str, Any] = Field(default_factory=dict)
    at: str | None = None


@router.post("/api/v1/devices", dependencies=writing)
async def register(request: Request, cloud: CloudDep) -> JSONResponse:
    said = parsed(DeviceBody, await read_object(request))
    now = cloud.now()
    record = {
        "id": new_id("dev"),
        **said.model_dump(by_alias=True, exclude={"connection_params"}),
        "connectionParams": said.connection_params.model_dump(exclude_none=True),
        "status": "offline",
        "claimedBy": None,
        "lastSeenAt": None,
        "conditions": [],
        "identity": {},
        "orgId": cloud.org_id,
        "createdAt": now,
        "updatedAt": now,
    }
    cloud.store.put_device(record)
    return JSONResponse(record, status_code=201)


@router.get("/api/v1/devices", dependencies=reading)
async def list_devices(
    cloud: CloudDep,
    status: Status | None = None,
    location_id: Annotated[str | None, Query(alias="locationId")] = None,
) -> JSONResponse:
    found = [
        device
        for device in cloud.store.devices()
        if status in (None, device["status"]) and location_id in (None, device["locationId"])
    ]
    return JSONResponse(found)


@router.get("/api/v1/devices/statuses", dependencies=reading)
async def list_statuses(cloud: CloudDep) -> JSONResponse:
    shown = ("status", "lastSeenAt", "claimedBy", "conditions")
    rows = [
        {"deviceId": device["id"]} | {name: device[name] for name in shown}
        for device in cloud.store.devices()
    ]
    return JSONResponse({"statuses": rows})


@router.get("/api/v1/devices/{device_id}", dependencies=reading)
async def get_device(cloud: CloudDep, device_id: str) -> JSONResponse:
    return JSONResponse(cloud.device(device_id))


@router.patch("/api/v1/devices/{device_id}", dependencies=writing)
async def change_device(request: Request, cloud: CloudDep, device_id: str) -> JSONResponse:
    said = parsed(DevicePatch, await read_object(request))
    record = cloud.device(device_id)
    record |= said.model_dump(by_alias=True, exclude_none=True)
    record["updatedAt"] = cloud.now()
    cloud.store.put_device(record)
    return JSONResponse(record)


@router.delete("/api/v1/devices/{device_id}", dependencies=writing)
async def delete_device(cloud: CloudDep, device_id: str) -> Response:
    cloud.device(device_id)
    cloud.store.delete_device(device_id)
    return Response(status_code=204)


@router.post("/api/v1/devices/{device_id}/claim", dependencies=writing)
async def claim_device(request: Request, cloud: CloudDep, device_id: str) -> JSONResponse:
    said = parsed(ClaimBody, await read_object(request))
    if said.who is None:
        raise invalid([problem("agentId", "agentId must say who claims the device")])
    record = cloud.device(device_id)
    _refuse_stranger(record, said.who)
    record |= {"claimedBy": said.who, "updatedAt": cloud.now()}
    cloud.store.put_device(record)
    return JSONResponse(record)


@router.post("/api/v1/devices/{device_id}/release", dependencies=writing)
async def release_device(request: Request, cloud: CloudDep, device_id: str) -> JSONResponse:
    """Without a name in the body anybody may release, as the Portal may."""
    said = parsed(ClaimBody, await read_object(request, may_be_empty=True))
    record = cloud.device(device_id)
    if said.who is not None:
        _refuse_stranger(record, said.who)
    record |= {"claimedBy": None, "updatedAt": cloud.now()}
    cloud.store.put_device(record)
    return JSONResponse(record)


def _refuse_stranger(record: Record, who: str) -> None:
    if record["claimedBy"] not in (None, who):
        message = "The device is claimed by another controller"
        raise ApiError(409, message, details={"claimedBy": record["claimedBy"]})


@router.post("/api/v1/devices/{device_id}/status", dependencies=writing)
async def report_status(request: Request, cloud: CloudDep, device_id: str) -> JSONResponse:
    said = parsed(StatusBody, await read_object(request))
    record = cloud.device(device_id)
    news = said.model_dump(by_alias=True)
    digest = fingerprint(device_id, news)
    if told_before(cloud, "status", (said.agent_id, said.event_id), digest) is not None:
        return JSONResponse(record)
    last = record.get("statusEvent", {})
    if last.get("agentId") != said.agent_id or last["eventId"] < said.event_id:
        now = cloud.now()
        record |= {
            "status": said.status,
            "conditions": news["conditions"],
            "identity": said.identity or record["identity"],
            "statusEvent": {"agentId": said.agent_id, "eventId": said.event_id, "at": said.at},
            "lastSeenAt": now,
            "updatedAt": now,
        }
    with cloud.store.transaction():
        cloud.store.put_device(record)
        cloud.store.remember_agent_event("status", said.agent_id, said.event_id, digest, device_id)
    return JSONResponse(record)


@router.get("/api/v1/app-instances", dependencies=reading)
async def list_app_instances() -> JSONResponse:
    """Who is on the private device socket: nobody, we have none and agents speak REST."""
    return JSONResponse({"instances": []})
