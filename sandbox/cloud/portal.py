"""The sandbox's portal: what a person does on a cloud's pages or in its mobile app. Ours.

    POST  /sandbox/portal/devices {"name", "environment"?}          GET .../devices/{id}
    POST  /sandbox/portal/commands {"deviceId", "type", "payload"}  GET .../commands/{id}
    GET   /sandbox/portal/keys                                      masked
    POST  /sandbox/portal/keys {"label", "kind"?, "environment"?, "scopes"?, "defaultDevice"?}
    PATCH /sandbox/portal/keys/{id} {"label"?, "active"?}           DELETE, and POST .../rotate
    PUT   /sandbox/portal/allow-list {"addresses": [...]}           [] lets everybody in
    GET   /sandbox/portal/reports/{kind}/{id}                       one report; its file: .../file
    GET   /sandbox/portal/devices/{id}/reports/{kind}               those of a device, oldest first

The same for every profile and in the sandbox's own words, so that a test or a demo can play the
shop without speaking each key system. It opens with `portal_key`, sent as `X-Sandbox-Portal`.
"""

import secrets
from dataclasses import asdict, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from sandbox.cloud import commands, devices, documents, key_desk, uploads
from sandbox.cloud.errors import ApiError
from sandbox.cloud.keys import LIVE, ApiKey, KeyOrder
from sandbox.cloud.request import ALLOW_LIST, Access, Body, Cloud, CloudDep, parsed, read_object
from sandbox.cloud.rest import SKIP_HEADER
from sandbox.cloud.store import Window

REPORTS_MAX = 10_000
Text = Annotated[str, Field(min_length=1, max_length=255)]


class DeviceBody(Body):
    name: Text
    environment: str = LIVE


class KeyBody(Body):
    label: Text
    kind: str | None = None
    environment: str = LIVE
    scopes: list[str] | None = None
    default_device: str | None = None


class KeyPatch(Body):
    label: Text | None = None
    active: bool | None = None


class AllowList(Body):
    addresses: list[str]


def portal_router(portal_key: str) -> APIRouter:
    async def check(request: Request) -> None:
        sent = request.headers.get("x-sandbox-portal", "")
        if not secrets.compare_digest(sent.encode(), portal_key.encode()):
            raise ApiError(401, "X-Sandbox-Portal must be the portal key of this start")

    guarded = APIRouter(prefix="/sandbox/portal", dependencies=[Depends(check)])
    guarded.include_router(router)
    return guarded


router = APIRouter()


@router.post("/devices")
async def add_device(request: Request, cloud: CloudDep) -> JSONResponse:
    said = parsed(DeviceBody, await read_object(request))
    record = devices.register(cloud, said.environment, {"name": said.name})
    return JSONResponse(record, status_code=201)


@router.get("/devices/{device_id}")
async def get_device(cloud: CloudDep, device_id: str) -> JSONResponse:
    return JSONResponse(cloud.device(_anybody(cloud, device_id), device_id))


@router.post("/commands")
async def add_command(request: Request, cloud: CloudDep) -> JSONResponse:
    body = await read_object(request)
    access = _anybody(cloud, str(body.get("deviceId")))
    unchecked = request.headers.get(SKIP_HEADER) == "1"
    record = commands.submit(cloud, access, body, unchecked=unchecked)
    return JSONResponse(record, status_code=201)


@router.get("/commands/{command_id}")
async def get_command(cloud: CloudDep, command_id: str) -> JSONResponse:
    commands.sweep(cloud)
    for environment in cloud.dialect.environments:
        if record := cloud.store.command(environment, command_id):
            return JSONResponse(record)
    raise ApiError(404, "Command not found")


@router.get("/reports/{kind}/{report_id}")
async def get_report(cloud: CloudDep, kind: str, report_id: str) -> JSONResponse:
    return JSONResponse(documents.document(cloud, kind, report_id))


@router.get("/reports/{kind}/{report_id}/file")
async def get_file(cloud: CloudDep, kind: str, report_id: str) -> Response:
    documents.document(cloud, kind, report_id)
    return Response(cloud.store.files.get(report_id), media_type=uploads.BYTES)


@router.get("/devices/{device_id}/reports/{kind}")
async def list_reports(cloud: CloudDep, device_id: str, kind: str) -> JSONResponse:
    window = Window(documents.known_kind(kind), device_id)
    return JSONResponse({"reports": cloud.store.newest_reports(window, REPORTS_MAX)[::-1]})


@router.get("/keys")
async def list_keys(cloud: CloudDep) -> JSONResponse:
    return JSONResponse({"keys": [asdict(key) for key in cloud.store.keys.all()]})


@router.post("/keys")
async def add_key(request: Request, cloud: CloudDep) -> JSONResponse:
    said = parsed(KeyBody, await read_object(request))
    dialect = cloud.dialect
    order = KeyOrder(
        said.label,
        dialect.key_kinds[0] if said.kind is None else said.kind,
        said.environment,
        tuple(dialect.agent_scopes if said.scopes is None else said.scopes),
        said.default_device,
    )
    key, secret = key_desk.issue(cloud, order)
    return JSONResponse(asdict(key) | {"secret": secret}, status_code=201)


@router.patch("/keys/{key_id}")
async def change_key(request: Request, cloud: CloudDep, key_id: str) -> JSONResponse:
    said = parsed(KeyPatch, await read_object(request))
    key = replace(key_desk.found(cloud, key_id), **said.model_dump(exclude_none=True))
    cloud.store.keys.change(key)
    return JSONResponse(asdict(key))


@router.post("/keys/{key_id}/rotate")
async def rotate_key(cloud: CloudDep, key_id: str) -> JSONResponse:
    key, secret = key_desk.rotate(cloud, key_desk.found(cloud, key_id))
    return JSONResponse(asdict(key) | {"secret": secret})


@router.delete("/keys/{key_id}")
async def delete_key(cloud: CloudDep, key_id: str) -> Response:
    cloud.store.keys.delete(key_desk.found(cloud, key_id).id)
    return Response(status_code=204)


@router.put("/allow-list")
async def allow(request: Request, cloud: CloudDep) -> JSONResponse:
    said = parsed(AllowList, await read_object(request))
    cloud.store.keys.put_setting(ALLOW_LIST, said.addresses)
    return JSONResponse(said.model_dump())


def _anybody(cloud: Cloud, device_id: str) -> Access:
    """The portal's own access, to the world this device is in."""
    environment = cloud.store.environment_of(device_id) or LIVE
    nobody: dict[str, Any] = {"shown": "", "kind": "", "scopes": (), "default_device": None}
    key = ApiKey("portal", "portal", environment=environment, active=True, created_at="", **nobody)
    return Access(key, "")
