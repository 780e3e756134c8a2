"""Devices: registered by a shop, claimed by a controller, told about by an agent.

    dev_...  what the shop said of it
             status (online, offline, error), lastSeenAt, conditions, identity   from the agent
             claimedBy                                                    from claim and release

A device is `offline` until an agent says otherwise. An event older than the last one of the same
agent is taken note of and changes nothing: late news is no news.
"""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from sandbox.cloud.commands import AgentId, EventId
from sandbox.cloud.errors import ApiError, invalid, problem
from sandbox.cloud.request import Access, Body, Cloud, fingerprint, new_id, parsed, told_before
from sandbox.cloud.store import Record

Status = Literal["online", "offline", "error"]


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


def room_for_one(cloud: Cloud, environment: str) -> None:
    """Refuse one device more than the plan allows."""
    most = cloud.tier.devices_max
    if most is not None and len(cloud.store.devices(environment)) >= most:
        message = f"This plan allows {most} devices"
        raise ApiError(403, message, code="TIER_LIMIT_EXCEEDED")


def register(cloud: Cloud, environment: str, said: Record) -> Record:
    room_for_one(cloud, environment)
    now = cloud.now()
    record = {
        "id": new_id("dev"),
        "locationId": None,
        **said,
        "status": "offline",
        "claimedBy": None,
        "lastSeenAt": None,
        "conditions": [],
        "identity": {},
        "orgId": cloud.org_id,
        "createdAt": now,
        "updatedAt": now,
    }
    cloud.store.add_device(record, environment)
    return record


def claim(cloud: Cloud, access: Access, device_id: str, body: Record) -> Record:
    said = parsed(ClaimBody, body)
    if said.who is None:
        raise invalid([problem("agentId", "agentId must say who claims the device")])
    record = cloud.device(access, device_id)
    _refuse_stranger(record, said.who)
    record |= {"claimedBy": said.who, "updatedAt": cloud.now()}
    cloud.store.put_device(record)
    return record


def release(cloud: Cloud, access: Access, device_id: str, body: Record) -> Record:
    """Without a name in the body anybody may release, as the Portal may."""
    said = parsed(ClaimBody, body)
    record = cloud.device(access, device_id)
    if said.who is not None:
        _refuse_stranger(record, said.who)
    record |= {"claimedBy": None, "updatedAt": cloud.now()}
    cloud.store.put_device(record)
    return record


def _refuse_stranger(record: Record, who: str) -> None:
    if record["claimedBy"] not in (None, who):
        message = "The device is claimed by another controller"
        raise ApiError(409, message, details={"claimedBy": record["claimedBy"]})


def report_status(cloud: Cloud, access: Access, device_id: str, body: Record) -> Record:
    """Take what an agent says about a device, once per event."""
    said = parsed(StatusBody, body)
    record = cloud.device(access, device_id)
    news = said.model_dump(by_alias=True)
    digest = fingerprint(device_id, news)
    if told_before(cloud, "status", (said.agent_id, said.event_id), digest) is not None:
        return record
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
    return record
