"""API keys: listed masked, shown in full once, gone at once.

The documented routes take the Portal's JWT only. The sandbox has no Portal, so a key with the
scope `all` opens them here; that is ours. There is no rotation: create, switch, delete.
"""

from typing import Annotated, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import Field

from sandbox.cloud import keys
from sandbox.cloud.errors import ApiError
from sandbox.cloud.keys import ApiKey
from sandbox.cloud.request import Body, CloudDep, need, new_id, parsed, read_object
from sandbox.cloud.store import Record, Store

router = APIRouter()
scoped = [need("all")]

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


def create_key(store: Store, label: str, scopes: list[str], now: str) -> tuple[ApiKey, str]:
    """The row and, this once, the secret."""
    secret = keys.mint()
    key = ApiKey(
        id=new_id("key"),
        label=label,
        prefix=secret[: keys.PREFIX_LENGTH],
        scopes=tuple(dict.fromkeys(scopes)),
        active=True,
        created_at=now,
    )
    store.add_key(key, keys.digest(secret))
    return key, secret


@router.get("/api/v1/org/api-keys", dependencies=scoped)
async def list_keys(cloud: CloudDep) -> JSONResponse:
    return JSONResponse({"apiKeys": [_shown(key) for key in cloud.store.all_keys()]})


@router.post("/api/v1/org/api-keys", dependencies=scoped)
async def add_key(request: Request, cloud: CloudDep) -> JSONResponse:
    said = parsed(KeyBody, await read_object(request))
    key, secret = create_key(cloud.store, said.label, list(said.scopes), cloud.now())
    return JSONResponse(_shown(key) | {"key": secret}, status_code=201)


@router.patch("/api/v1/org/api-keys/{key_id}", dependencies=scoped)
async def change_key(request: Request, cloud: CloudDep, key_id: str) -> JSONResponse:
    said = parsed(KeyPatch, await read_object(request))
    key = _key(cloud.store, key_id)
    cloud.store.update_key(
        key_id,
        label=key.label if said.label is None else said.label,
        active=key.active if said.active is None else said.active,
    )
    return JSONResponse(_shown(_key(cloud.store, key_id)))


@router.delete("/api/v1/org/api-keys/{key_id}", dependencies=scoped)
async def delete_key(cloud: CloudDep, key_id: str) -> Response:
    _key(cloud.store, key_id)
    cloud.store.delete_key(key_id)
    return Response(status_code=204)


def _key(store: Store, key_id: str) -> ApiKey:
    key = store.key(key_id)
    if key is None:
        raise ApiError(404, "API key not found")
    return key


def _shown(key: ApiKey) -> Record:
    return {
        "id": key.id,
        "label": key.label,
        "prefix": key.prefix,
        "scopes": list(key.scopes),
        "active": key.active,
        "createdAt": key.created_at,
        "lastUsedAt": key.last_used_at,
    }
