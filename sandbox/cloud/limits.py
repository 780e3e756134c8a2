"""Rate limits: three buckets of ten minutes, told on every response (api/rate-limits).

    Global     150   by API key, else client address   every request
    Commands    50   the same                          POST commands, also beneath a device
    Auth        30   by client address                 POST /api/v1/auth/*

`RateLimit-Limit`, `-Remaining` and `-Reset` (seconds) speak of the bucket with the least left.
Counting is always on; refusing (429, flat body, `Retry-After`) only where the cloud was started
with `--rate-limits`. A refused request is not counted.
"""

import math
import re
from dataclasses import dataclass
from datetime import datetime, timedelta

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.cloud.clock import Clock
from sandbox.cloud.keys import PREFIX_LENGTH
from sandbox.cloud.request import credential

WINDOW = timedelta(minutes=10)
GLOBAL_MAX = 150
COMMANDS_MAX = 50
AUTH_MAX = 30
BUCKETS_MAX = 1000
COMMAND_PATHS = re.compile(r"/api/v1/(devices/[^/]+/)?commands")


@dataclass(slots=True)
class Bucket:
    limit: int
    ends: datetime
    used: int = 0

    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class RateLimits:
    """An ASGI layer around the cloud."""

    def __init__(self, app: ASGIApp, clock: Clock, *, enforced: bool) -> None:
        self._app = app
        self._clock = clock
        self._enforced = enforced
        self._buckets: dict[str, Bucket] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        buckets = self._buckets_of(scope)
        full = any(bucket.used >= bucket.limit for bucket in buckets)
        refused = full and self._enforced
        if not refused:
            for bucket in buckets:
                bucket.used += 1
        shown = min(buckets, key=Bucket.remaining)
        reset_s = max(1, math.ceil((shown.ends - self._clock()).total_seconds()))

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["RateLimit-Limit"] = str(shown.limit)
                headers["RateLimit-Remaining"] = str(shown.remaining())
                headers["RateLimit-Reset"] = str(reset_s)
            await send(message)

        if refused:
            text = "Too many requests"
            body = {"code": "TOO_MANY_REQUESTS", "message": text, "status": 429}
            answer = JSONResponse(body, status_code=429, headers={"Retry-After": str(reset_s)})
            await answer(scope, receive, tell)
        else:
            await self._app(scope, receive, tell)

    def _buckets_of(self, scope: Scope) -> list[Bucket]:
        headers = Headers(scope=scope)
        client = f"ip {scope['client'][0]}" if scope.get("client") else "ip unknown"
        secret = credential(headers.get("x-api-key"), headers.get("authorization"))
        who = f"key {secret[:PREFIX_LENGTH]}" if secret else client
        buckets = [self._bucket(f"global {who}", GLOBAL_MAX)]
        if scope["method"] == "POST" and COMMAND_PATHS.fullmatch(scope["path"]):
            buckets.append(self._bucket(f"commands {who}", COMMANDS_MAX))
        if scope["method"] == "POST" and scope["path"].startswith("/api/v1/auth/"):
            buckets.append(self._bucket(f"auth {client}", AUTH_MAX))
        return buckets

    def _bucket(self, name: str, limit: int) -> Bucket:
        now = self._clock()
        if len(self._buckets) > BUCKETS_MAX:
            self._buckets = {k: v for k, v in self._buckets.items() if v.ends > now}
        bucket = self._buckets.get(name)
        if bucket is None or bucket.ends <= now:
            bucket = self._buckets[name] = Bucket(limit, now + WINDOW)
        return bucket
