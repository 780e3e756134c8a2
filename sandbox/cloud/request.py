"""What every route needs of its request: the cloud behind it, who is asking, what was sent.

    @router.post("/...", dependencies=[need("claim")])               401, then 403, then the route
    async def route(request: Request, cloud: CloudDep) -> JSONResponse:
        access = access_of(request)                                  whose key it is
        body = await read_object(request)                            400, 413 or 415 in the envelope
        said = parsed(Body, body)                                    400 with {path, message} rows

Routes are `async` and do not wait between reading the database and writing it (see `store.py`).
"""

import hashlib
import json
import math
import secrets
import zlib
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from sandbox.cloud.clock import Clock, iso
from sandbox.cloud.dialect import Dialect, Entry, Offers, Tier
from sandbox.cloud.errors import ApiError, invalid, path_of, problem
from sandbox.cloud.keys import ApiKey
from sandbox.cloud.keys import digest as key_digest
from sandbox.cloud.store import Record, Store
from sandbox.cloud.waiting import Bell

BODY_BYTES_MAX = 1024 * 1024
DRAINED_BYTES_MAX = 8 * 1024 * 1024
ALLOW_LIST = "allow_list"


@dataclass(frozen=True, slots=True)
class Access:
    """Who is asking."""

    key: ApiKey
    secret: str

    @property
    def environment(self) -> str:
        return self.key.environment


@dataclass(frozen=True, slots=True)
class Cloud:
    """What is behind the routes."""

    store: Store
    clock: Clock
    dialect: Dialect
    tier: Tier
    org_id: str
    timeout_s: int
    offers: Offers
    bell: Bell

    def now(self) -> str:
        return iso(self.clock())

    def device(self, access: Access, device_id: str) -> Record:
        record = self.store.device(device_id)
        if record is None:
            raise ApiError(404, "Device not found")
        if self.store.environment_of(device_id) != access.environment:
            raise self.dialect.elsewhere("Device")
        return record

    def admit(self, request: Request) -> Access:
        """Whose key this request carries; what it may do is looked at by operation."""
        secret = self.dialect.secret_of(request.headers)
        known = self.dialect.well_formed(secret)
        key = self.store.keys.by_digest(key_digest(secret)) if known else None
        if key is None or not key.active:
            raise self.dialect.stranger(request.headers)
        return Access(key, secret)

    def allow(self, request: Request, access: Access, operation: str) -> None:
        """Refuse what this key may not do; else it has been used."""
        client = request.client.host if request.client else ""
        listed = tuple(self.store.keys.setting(ALLOW_LIST) or ())
        self.dialect.admit(access.key, operation, Entry(client, listed))
        self.store.keys.touch(access.key.id, self.now())


async def _cloud_of(request: Request) -> Cloud:
    cloud = request.app.state.cloud
    assert isinstance(cloud, Cloud)
    return cloud


CloudDep = Annotated[Cloud, Depends(_cloud_of)]


class Body(BaseModel):
    """A body in camelCase: no number from a text, and fields we do not know are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", strict=True)


SomeBody = TypeVar("SomeBody", bound=BaseModel)


def need(operation: str) -> Any:
    """A dependency that lets in the keys that may do this."""

    async def check(request: Request, cloud: CloudDep) -> None:
        access = cloud.admit(request)
        cloud.allow(request, access, operation)
        request.state.access = access

    return Depends(check)


def access_of(request: Request) -> Access:
    access = request.state.access
    assert isinstance(access, Access)
    return access


async def read_bytes(request: Request, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """The request's body, unpacked, or a refusal."""
    raw = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= bytes_max:
            raw += chunk
        elif size > max(bytes_max, DRAINED_BYTES_MAX):
            break
    if size > bytes_max:
        raise ApiError(413, f"The body is larger than {bytes_max} bytes")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding == "gzip":
        return _unpacked(bytes(raw), bytes_max)
    if encoding != "identity":
        raise ApiError(415, "Content-Encoding must be gzip or identity")
    return bytes(raw)


def _unpacked(raw: bytes, bytes_max: int) -> bytes:
    unpacking = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        body = unpacking.decompress(raw, bytes_max + 1)
    except zlib.error as error:
        raise ApiError(400, "The body is not valid gzip") from error
    if len(body) > bytes_max:
        raise ApiError(413, f"The body is larger than {bytes_max} bytes")
    if not unpacking.eof:
        raise ApiError(400, "The body is not whole gzip")
    return body


async def read_object(request: Request, *, may_be_empty: bool = False) -> Record:
    """The request's JSON object, or a refusal."""
    raw = await read_bytes(request)
    if not raw and may_be_empty:
        return {}
    try:
        body = json.loads(raw, parse_float=_finite, parse_constant=_finite)
        json.dumps(body, ensure_ascii=False).encode()  # half a surrogate pair is no text
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "The body is not valid JSON") from error
    if not isinstance(body, dict):
        raise invalid([problem("", "The body must be a JSON object")])
    return body


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def parsed(form: type[SomeBody], body: Record) -> SomeBody:
    try:
        return form.model_validate(body)
    except ValidationError as error:
        rows = error.errors(include_url=False, include_context=False, include_input=False)
        raise invalid([problem(path_of(row["loc"]), row["msg"]) for row in rows]) from error


def fingerprint(*parts: Any) -> str:
    """The same for the same content, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


def told_before(cloud: Cloud, kind: str, said: tuple[str, int], digest: str) -> str | None:
    """What came of this agent's event if it was told before; 409 if it said something else then."""
    known = cloud.store.agent_event(kind, *said)
    if known is None:
        return None
    if known[0] != digest:
        message = f"Event {said[1]} of this agent was told before with other content"
        raise ApiError(409, message, details={"agentId": said[0], "eventId": said[1]})
    return known[1]
