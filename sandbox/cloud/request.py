"""What every route needs of its request: the cloud behind it, who is asking, what was sent.

    @router.post("/api/v1/...", dependencies=[need("commands")])     401, then 403, then the route
    async def route(request: Request, cloud: CloudDep) -> JSONResponse:
        body = await read_object(request)                            400 or 413 in the envelope
        said = parsed(Body, body)                                    400 with {path, message} rows

Routes are `async` and do not wait between reading the database and writing it (see `store.py`).
"""

import hashlib
import json
import math
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic.alias_generators import to_camel

from sandbox.cloud.clock import Clock, iso
from sandbox.cloud.errors import ApiError, invalid, path_of, problem
from sandbox.cloud.keys import digest as key_digest
from sandbox.cloud.keys import well_formed
from sandbox.cloud.store import Record, Store

BODY_BYTES_MAX = 1024 * 1024
DRAINED_BYTES_MAX = 8 * 1024 * 1024
IDEMPOTENCY_KEY = re.compile(r"[a-zA-Z0-9_-]{1,128}")
IDEMPOTENCY_HOURS = 24


@dataclass(frozen=True, slots=True)
class Cloud:
    """What is behind the routes."""

    store: Store
    clock: Clock
    timeout_s: int
    org_id: str

    def now(self) -> str:
        return iso(self.clock())

    def device(self, device_id: str) -> Record:
        record = self.store.device(device_id)
        if record is None:
            raise ApiError(404, "Device not found")
        return record


async def _cloud_of(request: Request) -> Cloud:
    cloud = request.app.state.cloud
    assert isinstance(cloud, Cloud)
    return cloud


CloudDep = Annotated[Cloud, Depends(_cloud_of)]


class Body(BaseModel):
    """A body in camelCase: no number from a text, and fields we do not know are ignored."""

    model_config = ConfigDict(alias_generator=to_camel, extra="ignore", strict=True)


SomeBody = TypeVar("SomeBody", bound=BaseModel)


def need(*scopes: str) -> Any:
    """A dependency that lets in keys with any one of these scopes."""

    async def check(request: Request, cloud: CloudDep) -> None:
        secret = credential(request.headers.get("x-api-key"), request.headers.get("authorization"))
        known = well_formed(secret)
        key = cloud.store.key_by_digest(key_digest(secret)) if known else None
        if key is None or not key.active:
            raise ApiError(401, "API key missing, malformed, unknown or disabled")
        if not key.opens(*scopes):
            raise ApiError(403, f"This API key lacks the scope: {' or '.join(scopes)}")
        cloud.store.touch_key(key.id, cloud.now())

    return Depends(check)


def credential(api_key: str | None, authorization: str | None) -> str:
    """The key as sent: `x-api-key` is looked at first, then the bearer form."""
    if api_key is not None:
        return api_key.strip()
    kind, _, value = (authorization or "").partition(" ")
    return value.strip() if kind.lower() == "bearer" else ""


async def read_object(request: Request, *, may_be_empty: bool = False) -> Record:
    """The request's JSON object, or a refusal."""
    raw = bytearray()
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= BODY_BYTES_MAX:
            raw += chunk
        elif size > DRAINED_BYTES_MAX:
            break
    if size > BODY_BYTES_MAX:
        raise ApiError(413, f"The body is larger than {BODY_BYTES_MAX} bytes")
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


def idempotently(
    request: Request, cloud: Cloud, body: Record, create: Callable[[], Record]
) -> JSONResponse:
    """Answer 201 with what `create` made, or the first answer under the same Idempotency-Key.

    Only a success is remembered: what was refused did nothing and may be mended and sent again.
    """
    key = request.headers.get("idempotency-key")
    if key is None:
        return JSONResponse(create(), status_code=201)
    if not IDEMPOTENCY_KEY.fullmatch(key):
        message = "must be 1 to 128 characters of a-z, A-Z, 0-9, _ and -"
        raise invalid([problem("Idempotency-Key", message)])
    said = fingerprint(request.url.path, body)
    with cloud.store.transaction():
        cloud.store.forget_answers(iso(cloud.clock() - timedelta(hours=IDEMPOTENCY_HOURS)))
        first = cloud.store.answer_of(key)
        if first is None:
            record = create()
            cloud.store.remember_answer(key, said, 201, record, cloud.now())
            return JSONResponse(record, status_code=201)
    digest, status, answer = first
    if digest != said:
        raise ApiError(409, "This Idempotency-Key was used with another request")
    return JSONResponse(answer, status_code=status)


def told_before(cloud: Cloud, kind: str, said: tuple[str, int], digest: str) -> str | None:
    """What came of this agent's event if it was told before; 409 if it said something else then."""
    known = cloud.store.agent_event(kind, *said)
    if known is None:
        return None
    if known[0] != digest:
        message = f"Event {said[1]} of this agent was told before with other content"
        raise ApiError(409, message, details={"agentId": said[0], "eventId": said[1]})
    return known[1]
