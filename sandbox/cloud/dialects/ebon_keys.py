"""e-bon's keys over its API: listed masked, shown in full once, gone at once.

The documented routes take the Portal's JWT only. The sandbox has no such login, so a key with the
scope `all` opens them here; that is ours. There is no rotation: create, switch, delete.
"""

from dataclasses import replace
from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from sandbox.cloud import key_desk
from sandbox.cloud.keys import ApiKey, KeyOrder
from sandbox.cloud.request import Body, CloudDep, need, parsed, read_object
from sandbox.cloud.store import Record

router = APIRouter()
scoped = [need("keys")]
PATH = "/api/v1/org/api-keys"

Label = Annotated[str, Field(min_length=1, max_length=255)]
Scope = Literal[
    "receipts",
    "receipts:read",
    "receipts:admin",
    "reports",
    "devices",
    "devices:read",
    "devices:write",
    "commands",
    "all",
]


class KeyBody(Body):
    label: Label
    scopes: list[Scope] = Field(min_length=1)


class KeyPatch(Body):
    label: Label | None = None
    active: bool | None = None


@router.get(PATH, dependencies=scoped)
async def list_keys(cloud: CloudDep) -> JSONResponse:
    return JSONResponse({"apiKeys": [_shown(key) for key in cloud.store.keys.all()]})


@router.post(PATH, dependencies=scoped)
async def add_key(request: Request, cloud: CloudDep) -> JSONResponse:
    key_desk.may_create(cloud)
    said = parsed(KeyBody, await read_object(request))
    key, secret = key_desk.issue(cloud, KeyOrder(said.label, scopes=tuple(said.scopes)))
    return JSONResponse(_shown(key) | {"key": secret}, status_code=201)


@router.patch(PATH + "/{key_id}", dependencies=scoped)
async def change_key(request: Request, cloud: CloudDep, key_id: str) -> JSONResponse:
    said = parsed(KeyPatch, await read_object(request))
    changed = replace(key_desk.found(cloud, key_id), **said.model_dump(exclude_none=True))
    cloud.store.keys.change(changed)
    return JSONResponse(_shown(changed))


@router.delete(PATH + "/{key_id}", dependencies=scoped)
async def delete_key(cloud: CloudDep, key_id: str) -> Response:
    key_desk.found(cloud, key_id)
    cloud.store.keys.delete(key_id)
    return Response(status_code=204)


def _shown(key: ApiKey) -> Record:
    return {
        "id": key.id,
        "label": key.label,
        "prefix": key.shown,
        "scopes": list(key.scopes),
        "active": key.active,
        "createdAt": key.created_at,
        "lastUsedAt": key.last_used_at,
    }
