"""What only e-bon has: its devices and keys, receipts, and the reports X, Z, JE and MF.

    POST /api/v1/devices                       name, protocol, transport, connectionParams
    POST /api/v1/receipts                      write-once; never prints          rcp_...
    POST /api/v1/reports/{x,z,je,mf}           inferred; kept as sent            xrep_... zrep_...

The routes an agent works by are in `rest.py`, e-bon's keys in `ebon_keys.py`.
"""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field, model_validator

from sandbox.cloud import commands, devices, documents
from sandbox.cloud.clock import iso, parse_iso
from sandbox.cloud.dialects import ebon_keys
from sandbox.cloud.errors import invalid, problem
from sandbox.cloud.replay import Outcome, once
from sandbox.cloud.request import (
    Access,
    Body,
    Cloud,
    CloudDep,
    access_of,
    need,
    new_id,
    parsed,
    read_object,
)
from sandbox.cloud.store import Record, Window
from sandbox.cloud.validation import bani, lei, sum_lei

SKIP_HEADER = "x-sandbox-skip-validation"
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
router.include_router(ebon_keys.router)
reading = [need("devices")]
writing = [need("change_device")]
receipts = [need("receipts")]
reports = [need("reports")]

Money = Annotated[float, Field(gt=-1e9, lt=1e9)]
Limit = Annotated[int, Query(ge=1, le=100)]
DeviceFilter = Annotated[str | None, Query(alias="deviceId")]


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


def new_device(cloud: Cloud, access: Access, body: Record) -> Record:
    said = parsed(DeviceBody, body)
    facts = said.model_dump(by_alias=True, exclude={"connection_params"})
    facts["connectionParams"] = said.connection_params.model_dump(exclude_none=True)
    return devices.register(cloud, access.environment, facts)


@router.get("/api/v1/devices/statuses", dependencies=reading)
async def list_statuses(request: Request, cloud: CloudDep) -> JSONResponse:
    shown = ("status", "lastSeenAt", "claimedBy", "conditions")
    rows = [
        {"deviceId": device["id"]} | {name: device[name] for name in shown}
        for device in cloud.store.devices(access_of(request).environment)
    ]
    return JSONResponse({"statuses": rows})


@router.patch("/api/v1/devices/{device_id}", dependencies=writing)
async def change_device(request: Request, cloud: CloudDep, device_id: str) -> JSONResponse:
    said = parsed(DevicePatch, await read_object(request))
    record = cloud.device(access_of(request), device_id)
    record |= said.model_dump(by_alias=True, exclude_none=True)
    record["updatedAt"] = cloud.now()
    cloud.store.put_device(record)
    return JSONResponse(record)


@router.delete("/api/v1/devices/{device_id}", dependencies=writing)
async def delete_device(request: Request, cloud: CloudDep, device_id: str) -> Response:
    cloud.device(access_of(request), device_id)
    cloud.store.delete_device(device_id)
    return Response(status_code=204)


@router.post("/api/v1/devices/{device_id}/claim", dependencies=writing)
async def claim_device(request: Request, cloud: CloudDep, device_id: str) -> JSONResponse:
    body = await read_object(request)
    return JSONResponse(devices.claim(cloud, access_of(request), device_id, body))


@router.post("/api/v1/devices/{device_id}/release", dependencies=writing)
async def release_device(request: Request, cloud: CloudDep, device_id: str) -> JSONResponse:
    body = await read_object(request, may_be_empty=True)
    return JSONResponse(devices.release(cloud, access_of(request), device_id, body))


@router.post("/api/v1/devices/{device_id}/commands", dependencies=[need("submit")])
async def submit_to_device(request: Request, cloud: CloudDep, device_id: str) -> JSONResponse:
    """No replay: the idempotency page does not list this route."""
    body = await read_object(request) | {"deviceId": device_id}
    unchecked = request.headers.get(SKIP_HEADER) == "1"
    record = commands.submit(cloud, access_of(request), body, unchecked=unchecked)
    return JSONResponse(record, status_code=201)


@router.get("/api/v1/app-instances", dependencies=reading)
async def list_app_instances() -> JSONResponse:
    """Who is on the private device socket: nobody, we have none and agents speak REST."""
    return JSONResponse({"instances": []})


@router.post("/api/v1/receipts", dependencies=receipts)
async def store_receipt(request: Request, cloud: CloudDep) -> JSONResponse:
    body = await read_object(request)
    access = access_of(request)

    def create() -> Outcome:
        said = parsed(ReceiptBody, body)
        paid = bani(sum_lei([payment.amount for payment in said.payments]))
        if abs(paid - bani(lei(said.total))) > 1:
            raise invalid([problem("total", "total must be the sum of payments")])
        cloud.device(access, said.device_id)
        record = {name: body[name] for name in RECEIPT_FIELDS if name in body}
        now = cloud.now()
        record |= {"id": new_id("rcp"), "source": "API", "orgId": cloud.org_id, "createdAt": now}
        cloud.store.add_document("receipt", now, record)
        return Outcome({"receipt": record}, 201)

    return once(request, cloud, "receipts", body, create)


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
    return JSONResponse({"receipt": documents.document(cloud, "receipt", receipt_id)})


ReportKind = Literal["x", "z", "je", "mf"]


@router.post("/api/v1/reports/{kind}", dependencies=reports)
async def store_report(request: Request, cloud: CloudDep, kind: ReportKind) -> JSONResponse:
    body = await read_object(request)
    device_id = parsed(ReportBody, body).device_id
    cloud.device(access_of(request), device_id)
    record = documents.add_report(cloud, kind, device_id, body, {})
    return JSONResponse(record, status_code=201)


@router.get("/api/v1/reports/{kind}", dependencies=reports)
async def list_reports(
    cloud: CloudDep,
    period: Period,
    kind: ReportKind,
    device_id: DeviceFilter = None,
    limit: Limit = 50,
) -> JSONResponse:
    window = Window(kind, device_id, *period)
    return JSONResponse({"reports": cloud.store.newest_reports(window, limit)})


def _instant(name: str, text: str | None) -> str | None:
    if text is None:
        return None
    instant = parse_iso(text)
    if instant is None:
        raise invalid([problem(name, f"{name} must be an ISO 8601 instant")])
    return iso(instant)
