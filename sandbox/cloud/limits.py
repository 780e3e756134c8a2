"""Rate limits: buckets that fill within a window and are emptied at its end.

Which buckets a request counts in, and how that is told in headers, the dialect says; the headers
speak of the bucket with the least left. Refusing (429, `Retry-After`) happens only where the cloud
was started with `--rate-limits`; else nothing is used up, and that is what the headers say. A
refused request is not counted.
"""

import math
from dataclasses import dataclass
from datetime import datetime

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.cloud.clock import Clock
from sandbox.cloud.dialect import Asking, Dialect, Rule, Told

BUCKETS_MAX = 1000


@dataclass(slots=True)
class Bucket:
    limit: int
    ends: datetime
    used: int = 0

    def remaining(self) -> int:
        return max(0, self.limit - self.used)


class RateLimits:
    """An ASGI layer around the cloud."""

    def __init__(self, app: ASGIApp, dialect: Dialect, clock: Clock, *, enforced: bool) -> None:
        self._app = app
        self._dialect = dialect
        self._clock = clock
        self._enforced = enforced
        self._buckets: dict[str, Bucket] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        ours = scope["type"] != "http" or str(scope["path"]).startswith("/sandbox/")
        buckets = [] if ours else [self._bucket(rule) for rule in self._rules(scope)]
        if not buckets:
            await self._app(scope, receive, send)
            return
        refused = any(bucket.used >= bucket.limit for bucket in buckets)
        if self._enforced and not refused:
            for bucket in buckets:
                bucket.used += 1
        shown = min(buckets, key=Bucket.remaining)

        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(self._dialect.limit_headers(self._told(shown)))
            await send(message)

        if refused:
            told = self._told(shown)
            answer = self._dialect.over_limit(told)
            answer.headers["Retry-After"] = str(told.reset_s)
            await answer(scope, receive, tell)
        else:
            await self._app(scope, receive, tell)

    def _told(self, bucket: Bucket) -> Told:
        now = self._clock()
        reset_s = max(1, math.ceil((bucket.ends - now).total_seconds()))
        return Told(bucket.limit, bucket.remaining(), reset_s, now)

    def _rules(self, scope: Scope) -> list[Rule]:
        secret = self._dialect.secret_of(Headers(scope=scope))
        client = str(scope["client"][0]) if scope.get("client") else "unknown"
        return self._dialect.rules(Asking(scope["method"], scope["path"], secret, client))

    def _bucket(self, rule: Rule) -> Bucket:
        now = self._clock()
        if len(self._buckets) > BUCKETS_MAX:
            self._buckets = {k: v for k, v in self._buckets.items() if v.ends > now}
        bucket = self._buckets.get(rule.bucket)
        if bucket is None or bucket.ends <= now:
            bucket = self._buckets[rule.bucket] = Bucket(rule.requests_max, now + rule.window)
        return bucket
