"""Receipts already printed, and the reports X, Z, JE, MF and P7B, as they are kept.

    document    rcp_... xrep_... zrep_... jerep_... mfrep_... p7brep_...

A report keeps what was sent under `report`; the documented fields (`totals`, `vatBreakdown`,
`receiptCount` and its date) stand beside it where the sender named them so. Lists go by the
report's own date: `timestamp` for X, JE and P7B, `reportDate` for Z, `archiveDate` for MF.
An agent's upload beneath its device is kept once per (agentId, eventId); bytes are `uploads.py`.
"""

from typing import Any

from sandbox.cloud.clock import iso, parse_iso
from sandbox.cloud.commands import AgentId, EventId
from sandbox.cloud.errors import ApiError
from sandbox.cloud.replay import Outcome
from sandbox.cloud.request import (
    Access,
    Body,
    Cloud,
    fingerprint,
    new_id,
    parsed,
    told_before,
)
from sandbox.cloud.store import Record

DATE_FIELDS = {
    "x": "timestamp",
    "z": "reportDate",
    "je": "timestamp",
    "mf": "archiveDate",
    "p7b": "timestamp",
}
KINDS = tuple(DATE_FIELDS)
LIFTED = ("totals", "vatBreakdown", "receiptCount", "status", "error")


class AgentReportBody(Body):
    agent_id: AgentId
    event_id: EventId
    command_id: str | None = None
    report: dict[str, Any]


def known_kind(kind: str) -> str:
    if kind not in KINDS:
        raise ApiError(404, f"There are no reports of the kind {kind[:20]!r}")
    return kind


def add_report(cloud: Cloud, kind: str, device_id: str, report: Record, origin: Record) -> Record:
    now = cloud.now()
    date_field = DATE_FIELDS[kind]
    said = report.get(date_field)
    instant = parse_iso(said) if isinstance(said, str) else None
    record = {
        "id": new_id(f"{kind}rep"),
        "deviceId": device_id,
        **{name: report[name] for name in LIFTED if name in report},
        date_field: said if instant else now,
        "report": report,
        **origin,
        "orgId": cloud.org_id,
        "createdAt": now,
    }
    cloud.store.add_document(kind, iso(instant) if instant else now, record)
    return record


def upload(cloud: Cloud, access: Access, device_id: str, kind: str, body: Record) -> Outcome:
    """An agent's report in JSON: 201 the first time, 200 and the same id afterwards."""
    said = parsed(AgentReportBody, body)
    cloud.device(access, device_id)
    event = (said.agent_id, said.event_id)
    digest = fingerprint(device_id, said.model_dump())
    report_id = told_before(cloud, f"report {kind}", event, digest)
    if report_id is not None:
        return Outcome({"id": report_id})
    origin = {"agentId": said.agent_id, "eventId": said.event_id, "commandId": said.command_id}
    with cloud.store.transaction():
        record = add_report(cloud, kind, device_id, said.report, origin)
        cloud.store.remember_agent_event(f"report {kind}", *event, digest, record["id"])
    return Outcome({"id": record["id"]}, 201)


def document(cloud: Cloud, kind: str, document_id: str) -> Record:
    record = cloud.store.document(kind, document_id)
    if record is None:
        raise ApiError(404, "Not found")
    return record


def report_of(cloud: Cloud, access: Access, device_id: str, kind: str, report_id: str) -> Record:
    cloud.device(access, device_id)
    record = document(cloud, known_kind(kind), report_id)
    if record["deviceId"] != device_id:
        raise ApiError(404, "Not found")
    return record
