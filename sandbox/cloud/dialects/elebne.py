"""Elebne: `pk_`/`sk_` by `test_`/`live_`, an idempotency key on every write, an allow-list.

    pk_live_0123...    publishable: only reads         403 SECRET_KEY_REQUIRED on a write
    sk_test_0123...    secret: reads and writes        test and live never see each other

    {"success": true, "data": {...}}
    {"success": false, "error": {"code", "message", "statusCode"}}     its page Error Codes
    {"success": false, "error": {"message", "error"}}                  its page Common Patterns

Both shapes of an error are in use, as in its documents: what a body breaks comes in the second.
The fiscal routes and scopes are assumed. Keys are made in its mobile app, so here in the portal;
rotation is immediate. An address off the allow-list is refused for live keys.
"""

import re
import secrets
from datetime import timedelta
from typing import Any

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, QueryParams

from sandbox.cloud.commands import LIMIT_MAX
from sandbox.cloud.dialect import READING, Asking, Entry, Idempotency, Rule, Told
from sandbox.cloud.errors import ApiError
from sandbox.cloud.keys import LIVE, TEST, ApiKey, KeyOrder
from sandbox.cloud.request import Access, Cloud
from sandbox.cloud.rest import Page, RestDialect, number
from sandbox.cloud.store import Asked, Record

KEY_FORM = re.compile(r"(pk|sk)_(test|live)_[0-9a-f]{32}")
PAGE_DEFAULT = 20
COMMANDS, DEVICES = "fiscal.commands", "fiscal.devices"
SURFACE = {
    **dict.fromkeys(("submit", "list", "command", "cancel", "claim", "result", "sync"), COMMANDS),
    **dict.fromkeys(
        ("devices", "device", "register", "device_status", "upload", "report"), DEVICES
    ),
}
SCOPES = tuple(f"{surface}:{what}" for surface in (COMMANDS, DEVICES) for what in ("read", "write"))
IDEMPOTENCY = Idempotency("X-Idempotency-Key", re.compile(r"[\x21-\x7e]{1,255}"), required=True)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
READS_MAX, WRITES_MAX = (60, 2000), (30, 500)  # a minute and address, a day and business


class Elebne(RestDialect):
    name = "elebne"
    base = "/api/v1/dev/fiscal"
    key_kinds = ("sk", "pk")
    environments = (LIVE, TEST)
    rotates = True
    scopes = SCOPES
    shop_scopes = SCOPES
    agent_scopes = SCOPES

    def mint(self, order: KeyOrder, org_id: str) -> str:
        return f"{order.kind}_{order.environment}_{secrets.token_hex(16)}"

    def shown(self, secret: str) -> str:
        kind, environment, rest = secret.split("_")
        return f"{kind}_{environment}_…{rest[-4:]}"

    def well_formed(self, secret: str) -> bool:
        return KEY_FORM.fullmatch(secret) is not None

    def stranger(self, headers: Headers) -> ApiError:
        sent = headers.get("authorization")
        if sent is None:
            return ApiError(401, "No credentials were sent", code="MISSING_CREDENTIALS")
        if not self.secret_of(headers):
            text = "Authorization must be: Bearer <key>"
            return ApiError(401, text, code="INVALID_AUTH_HEADER")
        return ApiError(401, "The API key is not valid", code="INVALID_API_KEY")

    def admit(self, key: ApiKey, operation: str, entry: Entry) -> None:
        listed = entry.allow_list
        if key.environment == LIVE and listed and entry.client not in listed:
            text = f"{entry.client} is not on the allow-list"
            raise ApiError(403, text, code="IP_NOT_ALLOWED")
        reading = operation in READING
        if key.kind == "pk" and not reading:
            text = "A publishable key only reads: use a secret key"
            raise ApiError(403, text, code="SECRET_KEY_REQUIRED")
        scope = f"{SURFACE[operation]}:{'read' if reading else 'write'}"
        if scope not in key.scopes:
            raise ApiError(403, f"This key lacks the scope {scope}", code="SCOPE_REQUIRED")

    def order_problem(self, order: KeyOrder) -> str:
        if order.kind == "pk" and any(scope.endswith(":write") for scope in order.scopes):
            return "a publishable key has no write scope"
        return super().order_problem(order)

    def refusal(self, error: ApiError) -> JSONResponse:
        body: dict[str, Any] = {"code": error.code, "message": error.message}
        body["statusCode"] = error.status
        if error.code == "VALIDATION_ERROR":
            body = {"message": error.message, "error": error.code}
        if error.details is not None:
            body["details"] = error.details
        return JSONResponse({"success": False, "error": body}, status_code=error.status)

    def idempotency(self, operation: str) -> Idempotency | None:
        return None if operation in READING else IDEMPOTENCY

    def rules(self, asking: Asking) -> list[Rule]:
        reads = asking.method == "GET"
        what, (a_minute, a_day) = ("read", READS_MAX) if reads else ("write", WRITES_MAX)
        return [
            Rule(f"{what} ip {asking.client}", a_minute, MINUTE),
            Rule(f"{what} business", a_day, DAY),
        ]

    def limit_headers(self, told: Told) -> dict[str, str]:
        return {
            "X-RateLimit-Limit": str(told.limit),
            "X-RateLimit-Remaining": str(told.remaining),
            "X-RateLimit-Reset": str(int(told.now.timestamp()) + told.reset_s),
        }

    def over_limit(self, told: Told) -> JSONResponse:
        return self.refusal(ApiError(429, "Too many requests", code="RATE_LIMIT_EXCEEDED"))

    def asked(self, cloud: Cloud, access: Access, query: QueryParams) -> Asked:
        page = number(query, "page", 1)
        limit = min(number(query, "limit", PAGE_DEFAULT), LIMIT_MAX)
        found = super().asked(cloud, access, query)
        return Asked(
            found.environment,
            found.device_ids,
            found.status,
            found.kind,
            limit=limit,
            offset=(page - 1) * limit,
        )

    def answer(self, data: Any) -> Any:
        return {"success": True, "data": data}

    def commands(self, page: Page) -> Any:
        asked, total = page.asked, page.total()
        return self._page(page.records, asked.offset, asked.limit, total)

    def devices(self, records: list[Record]) -> Any:
        return self._page(records, 0, max(len(records), PAGE_DEFAULT), len(records))

    def _page(self, items: list[Record], offset: int, limit: int, total: int) -> Any:
        page, more = offset // limit + 1, offset + len(items) < total
        return self.answer(
            {
                "items": items,
                "page": page,
                "limit": limit,
                "total": total,
                "hasMore": more,
                "nextPage": page + 1 if more else None,
            }
        )
