"""e-bon: `ebon_live_<orgId>_<32 lowercase hex>`, nine scopes, shared limits.

    ebon_live_org_demo_shop_0123456789abcdef0123456789abcdef
    |        shown (20)  |        only its SHA-256 is stored

    {"error": {"code": "VALIDATION_ERROR", "message": "...", "details": [{"path", "message"}]}}
    {"code": "...", "message": "...", "status": 429}              the one flat body

    Global     150   by API key, else client address   every request
    Commands    50   the same                          POST commands, also beneath a device
    Auth        30   by client address                 POST /api/v1/auth/*

The organization's id may hold underscores, so a key is split from the right (api/authentication).
Its first 20 characters are what a list shows and what the limits count by; with our long
organization id they are the same for every key, as in production (reference, section 2).
"""

import re
import secrets
from datetime import timedelta
from typing import Any

from fastapi import APIRouter
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers

from sandbox.cloud.dialect import (
    UNLIMITED,
    Asking,
    Entry,
    Idempotency,
    Offers,
    Rule,
    Tier,
    Told,
)
from sandbox.cloud.dialects import ebon_routes
from sandbox.cloud.errors import ApiError
from sandbox.cloud.keys import ApiKey, KeyOrder
from sandbox.cloud.request import Access, Cloud
from sandbox.cloud.rest import Page, RestDialect, agent_router
from sandbox.cloud.store import Record

SHOWN = 20
KEY_FORM = re.compile(r"ebon_live_(.+)_([0-9a-f]{32})")
SCOPES = (
    "receipts",
    "receipts:read",
    "receipts:admin",
    "reports",
    "devices",
    "devices:read",
    "devices:write",
    "commands",
    "all",
)
IMPLIED = {
    "receipts": {"receipts:read"},
    "devices": {"devices:read", "devices:write"},
    "all": set(SCOPES),
}
COMMANDS, READ, WRITE = ("commands",), ("devices:read",), ("devices:write",)
NEEDED = {
    **dict.fromkeys(("submit", "list", "command", "cancel", "claim", "result", "sync"), COMMANDS),
    **dict.fromkeys(("devices", "device", "instances"), READ),
    **dict.fromkeys(("register", "change_device", "device_status", "upload"), WRITE),
    "report": ("reports", "devices:read"),
    "receipts": ("receipts",),
    "reports": ("reports",),
    "keys": ("all",),
}
IDEMPOTENCY = Idempotency("Idempotency-Key", re.compile(r"[a-zA-Z0-9_-]{1,128}"), required=False)
WINDOW = timedelta(minutes=10)
COMMAND_PATHS = re.compile(r"/api/v1/(devices/[^/]+/)?commands")

# Free: 2 devices and no keys (tier-limit); another page has 3 and keys.
TIERS = {
    "enterprise": UNLIMITED,
    "pro": Tier(10, may_create_keys=True),
    "free": Tier(2, may_create_keys=False),
}


class Ebon(RestDialect):
    name = "ebon"
    base = "/api/v1"
    scopes = SCOPES
    shop_scopes = ("all",)
    agent_scopes = ("devices", "commands")
    tiers = TIERS

    def mint(self, order: KeyOrder, org_id: str) -> str:
        return f"ebon_live_{org_id}_{secrets.token_hex(16)}"

    def shown(self, secret: str) -> str:
        return secret[:SHOWN]

    def secret_of(self, headers: Headers) -> str:
        """`x-api-key` is looked at first, then the bearer form."""
        api_key = headers.get("x-api-key")
        return super().secret_of(headers) if api_key is None else api_key.strip()

    def well_formed(self, secret: str) -> bool:
        return KEY_FORM.fullmatch(secret) is not None

    def admit(self, key: ApiKey, operation: str, entry: Entry) -> None:
        granted = set(key.scopes).union(*(IMPLIED.get(scope, set()) for scope in key.scopes))
        needed = NEEDED[operation]
        if granted.isdisjoint(needed):
            raise ApiError(403, f"This API key lacks the scope: {' or '.join(needed)}")

    def refusal(self, error: ApiError) -> JSONResponse:
        body: dict[str, Any] = {"code": error.code, "message": error.message}
        if error.details is not None:
            body["details"] = error.details
        return JSONResponse({"error": body}, status_code=error.status)

    def idempotency(self, operation: str) -> Idempotency | None:
        return IDEMPOTENCY if operation in ("submit", "receipts") else None

    def rules(self, asking: Asking) -> list[Rule]:
        client = f"ip {asking.client}"
        who = f"key {asking.secret[:SHOWN]}" if asking.secret else client
        rules = [Rule(f"global {who}", 150, WINDOW)]
        if asking.method == "POST" and COMMAND_PATHS.fullmatch(asking.path):
            rules.append(Rule(f"commands {who}", 50, WINDOW))
        if asking.method == "POST" and asking.path.startswith("/api/v1/auth/"):
            rules.append(Rule(f"auth {client}", 30, WINDOW))
        return rules

    def limit_headers(self, told: Told) -> dict[str, str]:
        return {
            "RateLimit-Limit": str(told.limit),
            "RateLimit-Remaining": str(told.remaining),
            "RateLimit-Reset": str(told.reset_s),
        }

    def over_limit(self, told: Told) -> JSONResponse:
        body = {"code": "TOO_MANY_REQUESTS", "message": "Too many requests", "status": 429}
        return JSONResponse(body, status_code=429)

    def commands(self, page: Page) -> Any:
        return {"commands": page.records}

    def devices(self, records: list[Record]) -> Any:
        return records

    def new_device(self, cloud: Cloud, access: Access, body: Record) -> Record:
        return ebon_routes.new_device(cloud, access, body)

    def routers(self, offers: Offers) -> list[APIRouter]:
        return [ebon_routes.router, agent_router(self, offers)]
