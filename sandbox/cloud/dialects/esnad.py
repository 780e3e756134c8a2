"""Esnad: `zatca_test_`/`zatca_live_`, no scopes, a default unit of a key, keys over the API.

    GET    /v1/api-keys          {"data": [{"id", "key_prefix": "zatca_live_••••••••", ...}]}
    POST   /v1/api-keys          {"id", "raw_key", ...}       the raw key this once
    PATCH  /v1/api-keys/{id}     label, default_egs_unit_id   DELETE {"ok": true}

A device is a unit, `egs_unit_id`. A command without one goes to the key's default unit; without
that it is 400 EGS_UNIT_REQUIRED, and a unit of the other environment is 400
ENVIRONMENT_KEY_MISMATCH. The fiscal routes are assumed, as is the envelope {"code", "message"}:
of errors the documents show only {"message"}, on the key routes.
"""

import re
import secrets
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.datastructures import QueryParams

from sandbox.cloud import key_desk
from sandbox.cloud.dialect import READING, Idempotency, Offers
from sandbox.cloud.errors import ApiError
from sandbox.cloud.keys import LIVE, TEST, ApiKey, KeyOrder
from sandbox.cloud.request import (
    Access,
    Cloud,
    CloudDep,
    access_of,
    need,
    parsed,
    read_object,
)
from sandbox.cloud.rest import Page, RestDialect, agent_router
from sandbox.cloud.store import Asked, Record

KEY_FORM = re.compile(r"zatca_(test|live)_[A-Za-z0-9]{32,64}")
PATH = "/v1/api-keys"
UNIT = "egs_unit_id"
SPELLED = {"deviceId": UNIT, "createdAt": "created_at", "updatedAt": "updated_at"}
KEY_NOT_FOUND = "KEY_NOT_FOUND"  # told without a code, as the documents show it
IDEMPOTENCY = Idempotency("Idempotency-Key", re.compile(r"[\x21-\x7e]{1,255}"), required=False)

keys_router = APIRouter()
scoped = [need("keys")]


class Esnad(RestDialect):
    name = "esnad"
    base = "/v1/fiscal"
    device_word = UNIT
    also_at = (("/devices", "/v1/egs"),)
    environments = (LIVE, TEST)

    def mint(self, order: KeyOrder, org_id: str) -> str:
        return f"zatca_{order.environment}_{secrets.token_hex(16)}"

    def shown(self, secret: str) -> str:
        environment, rest = secret.split("_")[1:]
        return f"zatca_{environment}_••••••••{rest[-4:]}"

    def well_formed(self, secret: str) -> bool:
        return KEY_FORM.fullmatch(secret) is not None

    def refusal(self, error: ApiError) -> JSONResponse:
        body: dict[str, Any] = {"code": error.code, "message": error.message}
        if error.code == KEY_NOT_FOUND:
            del body["code"]
        if error.details is not None:
            body["details"] = error.details
        return JSONResponse(body, status_code=error.status)

    def elsewhere(self, what: str) -> ApiError:
        text = "The unit and the key are of two environments"
        return ApiError(400, text, code="ENVIRONMENT_KEY_MISMATCH")

    def idempotency(self, operation: str) -> Idempotency | None:
        # Not on the key routes: an answer that is kept to be said again would keep the raw key.
        return None if operation in READING else IDEMPOTENCY

    def asked(self, cloud: Cloud, access: Access, query: QueryParams) -> Asked:
        found = super().asked(cloud, access, query)
        for unit in found.device_ids or ():
            if cloud.store.environment_of(unit) not in (None, access.environment):
                raise self.elsewhere("Unit")
        return found

    def read(self, body: Record, access: Access) -> Record:
        unit = body.get(UNIT, body.get("deviceId", access.key.default_device))
        if unit is None:
            text = "egs_unit_id is required: the key has no default unit"
            raise ApiError(400, text, code="EGS_UNIT_REQUIRED")
        return body | {"deviceId": unit}

    def command(self, record: Record) -> Record:
        return {SPELLED.get(name, name): value for name, value in record.items()}

    def device(self, record: Record) -> Record:
        unit = {SPELLED.get(name, name): value for name, value in record.items() if name != "id"}
        return {UNIT: record["id"], "unit_name": record.get("name"), **unit}

    def commands(self, page: Page) -> Any:
        return {"data": [self.command(record) for record in page.records]}

    def devices(self, records: list[Record]) -> Any:
        return {"data": records}

    def new_device(self, cloud: Cloud, access: Access, body: Record) -> Record:
        said = body | {"name": body.get("unit_name", body.get("name"))}
        return super().new_device(cloud, access, said)

    def routers(self, offers: Offers) -> list[APIRouter]:
        return [keys_router, agent_router(self, offers)]


class KeyBody(BaseModel):
    model_config = ConfigDict(strict=True)

    label: Annotated[str, Field(max_length=255)] = ""
    prefix: Literal["zatca_test_", "zatca_live_"] = "zatca_test_"
    default_egs_unit_id: str | None = None


class KeyPatch(BaseModel):
    model_config = ConfigDict(strict=True)

    label: Annotated[str, Field(max_length=255)] | None = None
    default_egs_unit_id: str | None = None


@keys_router.get(PATH, dependencies=scoped)
async def list_keys(cloud: CloudDep) -> JSONResponse:
    return JSONResponse({"data": [_shown(key) for key in cloud.store.keys.all()]})


@keys_router.post(PATH, dependencies=scoped)
async def create_key(request: Request, cloud: CloudDep) -> JSONResponse:
    said = parsed(KeyBody, await read_object(request))
    environment = said.prefix.split("_")[1]
    _same_environment(cloud, access_of(request), environment, said.default_egs_unit_id)
    order = KeyOrder(said.label, environment=environment, default_device=said.default_egs_unit_id)
    key, secret = key_desk.issue(cloud, order)
    shown = _shown(key)
    return JSONResponse({"id": key.id, "raw_key": secret, **shown})


@keys_router.patch(PATH + "/{key_id}", dependencies=scoped)
async def change_key(request: Request, cloud: CloudDep, key_id: str) -> JSONResponse:
    body = await read_object(request)
    said = parsed(KeyPatch, body)
    key = _key(cloud, key_id, "Key not found")
    _same_environment(cloud, access_of(request), key.environment, said.default_egs_unit_id)
    if "label" in body and said.label is not None:
        key = replace(key, label=said.label)
    if "default_egs_unit_id" in body:
        key = replace(key, default_device=said.default_egs_unit_id)
    cloud.store.keys.change(key)
    shown = _shown(key)
    return JSONResponse({name: shown[name] for name in ("id", "label", "default_egs_unit_id")})


@keys_router.delete(PATH + "/{key_id}", dependencies=scoped)
async def revoke_key(cloud: CloudDep, key_id: str) -> JSONResponse:
    _key(cloud, key_id, "Key not found or already revoked")
    cloud.store.keys.delete(key_id)
    return JSONResponse({"ok": True})


def _key(cloud: Cloud, key_id: str, no: str) -> ApiKey:
    key = cloud.store.keys.get(key_id)
    if key is None:
        raise ApiError(404, no, code=KEY_NOT_FOUND)
    return key


def _same_environment(cloud: Cloud, access: Access, environment: str, unit: str | None) -> None:
    if unit is not None:
        asking = replace(access, key=replace(access.key, environment=environment))
        cloud.device(asking, unit)


def _shown(key: ApiKey) -> Record:
    return {
        "id": key.id,
        "label": key.label,
        "key_prefix": key.shown,
        "default_egs_unit_id": key.default_device,
        "created_at": key.created_at,
        "last_used_at": key.last_used_at,
    }
