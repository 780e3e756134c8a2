"""Receipts already printed, and the reports X, Z, JE and MF.

    POST /api/v1/receipts                      write-once; never prints          rcp_...
    POST /api/v1/reports/{x,z,je,mf}           inferred; kept as sent            xrep_... zrep_...
    POST /api/v1/devices/{id}/reports/{x,z}    ours; once per (agentId, eventId)

A report keeps what was sent under `report`; the documented fields (`totals`, `vatBreakdown`,
`receiptCount` and its date) stand beside it where the sender named them so. Lists go by the
report's own date: `timestamp` for X and JE, `reportDate` for Z, `archiveDate` for MF.
"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse
from pydantic import Field

from sandbox.cloud.clock import iso, parse_iso
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
from sandbox.cloud.routes_commands import AgentId, EventId
from sandbox.cloud.store import Record, Window
from sandbox.cloud.validation import bani, lei, sum_lei

DATE_FIELDS = {"x": "timestamp", "z": "reportDate", "je": "timestamp", "mf": "archiveDate"}
LIFTED = ("totals", "vatBreakdown", "receiptCount", "status", "error")
RECEIPT_FIELDS = (
    "deviceId",
    "type",
    "items",
    "payments",
    "total",
    "vatBreakdown",
    "fiscalId",
    "fiscalDate",
    "fiscalSeries",
    "customerCif",
    "qrCode",
    "operatorId",
)

router = APIRouter()
receipts = [need("receipts")]
reports = [need("reports")]

Money = Annotated[float, Field(gt=-1e9, lt=1e9)]
Limit = Annotated[int, Query(ge=1, le=100)]
DeviceFilter = Annotated[str | None, Query(alias="deviceId")]


async def _period(
    from_text: Annotated[str | None, Query(alias="from")] = None,
    to_text: Annotated[str | None, Query(alias="to")] = None,
) -> tuple[str | None, str | None]:
    return _instant("from", from_text), _instant("to", to_text)


Period = Annotated[tuple[str | None, str | None], Depends(_period)]


class ReceiptItem(Body):
    name: str
    quantity: Money
    price: Money
    vat_rate: Money
    department: int


class ReceiptPayment(Body):
    method: Literal["cash", "card", "voucher", "credit", "other"]
    amount: Money


class ReceiptBody(Body):
    device_id: str
    type: Literal["sale", "refund", "storno"]
    items: list[ReceiptItem] = Field(min_length=1)
    payments: list[ReceiptPayment] = Field(min_length=1)
    total: Money
    vat_breakdown: list[dict[str, Any]]


class ReportBody(Body):
    device_id: str


class AgentReportBody(Body):
    agent_id: AgentId
    event_id: EventId
    command_id: str | None = None
    report: dict[str, Any]


@router.post("/api/v1/receipts", dependencies=receipts)
async def store_receipt(request: Request, cloud: CloudDep) -> JSONResponse:
    body = await read_object(request)

    def create() -> Record:
        said = parsed(ReceiptBody, body)
        paid = bani(sum_lei([payment.amount for payment in said.payments]))
        if abs(paid - bani(lei(said.total))) > 1:
            raise invalid([problem("total", "total must be the sum of payments")])
        cloud.device(said.device_id)
        record = {name: body[name] for name in RECEIPT_FIELDS if name in body}
        now = cloud.now()
        record |= {"id": new_id("rcp"), "source": "API", "orgId": cloud.org_id, "createdAt": now}
        cloud.store.add_document("receipt", now, record)
        return {"receipt": record}

    return idempotently(request, cloud, body, create)


@router.get("/api/v1/receipts", dependencies=receipts)
async def list_receipts(
    cloud: CloudDep,
    period: Period,
    device_id: DeviceFilter = None,
    limit: Limit = 50,
    cursor: Annotated[int | None, Query(ge=1, lt=2**63)] = None,
) -> JSONResponse:
    window = Window("receipt", device_id, *period, cursor)
    rows = cloud.store.newest_receipts(window, limit + 1)
    more = str(rows[limit - 1][0]) if len(rows) > limit else None
    found = [record for _, record in rows[:limit]]
    return JSONResponse({"receipts": found, "nextCursor": more})


@router.get("/api/v1/receipts/{receipt_id}", dependencies=receipts)
async def get_receipt(cloud: CloudDep, receipt_id: str) -> JSONResponse:
    return JSONResponse({"receipt": _document(cloud, "receipt", receipt_id)})


def _add_report_routes(kind: str) -> None:
    """The two routes every kind of report has."""

    async def store_report(request: Request, cloud: CloudDep) -> JSONResponse:
        body = await read_object(request)
        device_id = parsed(ReportBody, body).device_id
        cloud.device(device_id)
        return JSONResponse(_add_report(cloud, kind, device_id, body, {}), status_code=201)

    async def list_reports(
        cloud: CloudDep,
        period: Period,
        device_id: DeviceFilter = None,
        limit: Limit = 50,
    ) -> JSONResponse:
        window = Window(kind, device_id, *period)
        return JSONResponse({"reports": cloud.store.newest_reports(window, limit)})

    _add("POST", f"/api/v1/reports/{kind}", store_report, reports)
    _add("GET", f"/api/v1/reports/{kind}", list_reports, reports)


def _add_upload_route(kind: str) -> None:
    """An agent's upload beneath its device: ours, because it is told at least once."""

    async def upload(request: Request, cloud: CloudDep, device_id: str) -> JSONResponse:
        body = await read_object(request)
        said = parsed(AgentReportBody, body)
        cloud.device(device_id)
        event = (said.agent_id, said.event_id)
        digest = fingerprint(device_id, said.model_dump())
        report_id = told_before(cloud, f"report {kind}", event, digest)
        if report_id is not None:
            return JSONResponse({"id": report_id})
        origin = {
            "agentId": said.agent_id,
            "eventId": said.event_id,
            "commandId": said.command_id,
        }
        with cloud.store.transaction():
            record = _add_report(cloud, kind, device_id, said.report, origin)
            cloud.store.remember_agent_event(f"report {kind}", *event, digest, record["id"])
        return JSONResponse({"id": record["id"]}, status_code=201)

    _add("POST", f"/api/v1/devices/{{device_id}}/reports/{kind}", upload, [need("devices:write")])


def _add_get_route(kind: str) -> None:
    """One report beneath its device."""

    async def get_report(cloud: CloudDep, device_id: str, report_id: str) -> JSONResponse:
        record = _document(cloud, kind, report_id)
        if record["deviceId"] != device_id:
            raise ApiError(404, "Not found")
        return JSONResponse(record)

    path = f"/api/v1/devices/{{device_id}}/reports/{kind}/{{report_id}}"
    _add("GET", path, get_report, [need("reports", "devices:read")])


def _add(
    method: str, path: str, route: Callable[..., Awaitable[JSONResponse]], dependencies: list[Any]
) -> None:
    router.add_api_route(path, route, methods=[method], dependencies=dependencies)


def _add_report(cloud: Cloud, kind: str, device_id: str, report: Record, origin: Record) -> Record:
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


def _document(cloud: Cloud, kind: str, document_id: str) -> Record:
    record = cloud.store.document(kind, document_id)
    if record is None:
        raise ApiError(404, "Not found")
    return record


def _instant(name: str, text: str | None) -> str | None:
    if text is None:
        return None
    instant = parse_iso(text)
    if instant is None:
        raise invalid([problem(name, f"{name} must be an ISO 8601 instant")])
    return iso(instant)


for _kind in ("x", "z", "je", "mf"):
    _add_report_routes(_kind)
for _kind in ("x", "z"):
    _add_upload_route(_kind)
for _kind in ("x", "z", "mf", "je", "p7b"):
    _add_get_route(_kind)
