"""Faults on order, for tests of what stands before this cloud. Only with `--faults`; ours.

    POST /sandbox/faults {"method": "POST", "path_prefix": "/api/v1/commands", "times": 1,
                          "action": "drop-reply"}
    DELETE /sandbox/faults                              forget them all

    status:503      that status, in the envelope        html         200 and a web page
    garbage         200 and JSON cut in mid-word        delay:1.5    seconds, then as usual
    close           the connection ends, nothing done   drop-reply   done, then the connection ends
    flip-byte       the body comes with one byte wrong  other-sha256, no-sha256   of what was taken

The oldest fault that fits a request is used up first. Without `method` every method fits.
"""

import asyncio
import re
from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.cloud.errors import CODES, ApiError, Refusal
from sandbox.cloud.request import parsed, read_object

ACTION = (
    r"^(status:[1-5][0-9][0-9]|html|garbage|close|drop-reply|flip-byte|other-sha256|no-sha256"
    r"|delay:[0-9]{1,3}(\.[0-9]+)?)$"
)
SHA256 = re.compile(rb'"sha256":"([0-9a-f]{64})"')
OTHER = b"5" * 64
MESSAGES_MAX = 10_000


class Fault(BaseModel):
    method: str | None = None
    path_prefix: str = "/"
    times: Annotated[int, Field(ge=1)] = 1
    action: Annotated[str, Field(pattern=ACTION)]

    def fits(self, scope: Scope) -> bool:
        return self.method in (None, "*", scope["method"]) and str(scope["path"]).startswith(
            self.path_prefix
        )


@dataclass(slots=True)
class Faults:
    """The faults still to come."""

    waiting: list[Fault] = field(default_factory=list)

    def take(self, scope: Scope) -> str | None:
        for fault in self.waiting:
            if fault.fits(scope):
                fault.times -= 1
                if fault.times == 0:
                    self.waiting.remove(fault)
                return fault.action
        return None

    def router(self) -> APIRouter:
        router = APIRouter()

        @router.post("/sandbox/faults")
        async def order(request: Request) -> JSONResponse:
            fault = parsed(Fault, await read_object(request))
            self.waiting.append(fault)
            return JSONResponse(fault.model_dump(), status_code=201)

        @router.delete("/sandbox/faults")
        async def clear() -> Response:
            self.waiting.clear()
            return Response(status_code=204)

        return router


class FaultLayer:
    """An ASGI layer around everything else."""

    def __init__(self, app: ASGIApp, faults: Faults, refusal: Refusal) -> None:
        self._app = app
        self._faults = faults
        self._refusal = refusal

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] != "http" or str(scope["path"]).startswith("/sandbox/")
        action = None if ours else self._faults.take(scope)
        match (action or "").split(":"):
            case ["status", code]:
                status = int(code)
                word = CODES.get(status, "SANDBOX_FAULT")
                error = ApiError(status, "Ordered fault", code=word)
                await self._refusal(error)(scope, receive, send)
            case ["html"]:
                page = "<!doctype html><title>Welcome</title><h1>Please log in to the network</h1>"
                await Response(page, media_type="text/html")(scope, receive, send)
            case ["garbage"]:
                cut = b'{"id": "cmd_\xff\xfe'
                await Response(cut, media_type="application/json")(scope, receive, send)
            case ["close"]:
                await _hang_up(receive, send)
            case ["drop-reply"]:
                await self._app(scope, receive, _swallow)
                await _hang_up(receive, send)
            case ["flip-byte"]:
                await self._app(scope, _flipped(receive), send)
            case ["other-sha256"]:
                await self._app(scope, receive, _saying(send, b"sha256", OTHER))
            case ["no-sha256"]:
                await self._app(scope, receive, _saying(send, b"unsaid", b""))
            case ["delay", seconds]:
                await asyncio.sleep(float(seconds))
                await self._app(scope, receive, send)
            case _:
                await self._app(scope, receive, send)


async def _swallow(_message: Message) -> None:
    return None


def _flipped(receive: Receive) -> Receive:
    """The line changes a byte."""

    async def hear() -> Message:
        message = await receive()
        if body := message.get("body"):
            message["body"] = body[:-1] + bytes((body[-1] ^ 1,))
        return message

    return hear


def _saying(send: Send, name: bytes, digest: bytes) -> Send:
    """Tell another digest, or the same under a name that nobody knows; as long as before."""

    async def say(message: Message) -> None:
        if body := message.get("body"):
            found = b'"%s":"%s"' % (name, digest or rb"\1")
            message["body"] = SHA256.sub(found, body)
        await send(message)

    return say


async def _hang_up(receive: Receive, send: Send) -> None:
    """Cut the connection. ASGI has no word for it, so we reach through uvicorn's bound `send`."""
    cycle: Any = send.__self__  # type: ignore[attr-defined]
    cycle.transport.abort()
    for _ in range(MESSAGES_MAX):
        if (await receive())["type"] == "http.disconnect":
            return
