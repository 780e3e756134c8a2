"""SBS: one GraphQL endpoint, `x-api-key`, three kinds of key, scopes by operation.

    sak_<40 hex>      service access key, of one tenant and app: does everything below
    alsak_<40 hex>    app-level: reads, but executes for no tenant
    aak_<40 hex>      account: only the Account API, POST /account/graphql

    fiscal-commands-api:query:*  fiscal-commands-api:mutation:claimCommand       space-separated

That keys have kinds and scopes is documented; their form, this service and its schema
(`sbs.graphql`) are assumed. A no is an `errors` array in a 200, but for a bad key: 401.
Executed by graphql-core: writing GraphQL's validation and coercion anew would be a worse copy.
"""

import re
import secrets
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse
from graphql import ExecutionResult, graphql
from starlette.datastructures import Headers

from sandbox.cloud.dialect import Dialect, Entry, Offers
from sandbox.cloud.dialects import sbs_schema
from sandbox.cloud.errors import ApiError
from sandbox.cloud.keys import ApiKey, KeyOrder
from sandbox.cloud.request import CloudDep, read_object
from sandbox.cloud.waiting import wait_asked

SERVICE = "fiscal-commands-api"
ACCOUNT = "account-api"
KEY_FORM = re.compile(r"(sak|alsak|aak)_[0-9a-f]{40}")
SCOPE = re.compile(r"[a-z-]+:(query|mutation):(\*|[A-Za-z]+)")
# Our words of operations, that the other key systems have routes for, in this one's.
FIELDS = {"result": "mutation:reportResult", "device_status": "mutation:reportDeviceStatus"}
CODES = {401: "UNAUTHENTICATED", 400: "BAD_USER_INPUT"}


class Sbs(Dialect):
    name = "sbs"
    key_kinds = ("sak", "alsak", "aak")
    shop_scopes = (f"{SERVICE}:query:*", f"{SERVICE}:mutation:*")
    agent_scopes = (
        f"{SERVICE}:query:*",
        *(
            f"{SERVICE}:mutation:{name}"
            for name in (
                "claimCommand",
                "reportResult",
                "reportDeviceStatus",
                "uploadReport",
                "syncAgent",
            )
        ),
    )

    def mint(self, order: KeyOrder, org_id: str) -> str:
        return f"{order.kind}_{secrets.token_hex(20)}"

    def shown(self, secret: str) -> str:
        kind, rest = secret.split("_")
        return f"{kind}_…{rest[-4:]}"

    def secret_of(self, headers: Headers) -> str:
        return headers.get("x-api-key", "").strip()

    def well_formed(self, secret: str) -> bool:
        return KEY_FORM.fullmatch(secret) is not None

    def knows_scope(self, scope: str) -> bool:
        return SCOPE.fullmatch(scope) is not None

    def admit(self, key: ApiKey, operation: str, entry: Entry) -> None:
        """An operation is `query:NAME` or `mutation:NAME`, of the service or of the account."""
        named = FIELDS.get(operation, operation)
        service = ACCOUNT if named.startswith("account ") else SERVICE
        what, _, name = named.removeprefix("account ").partition(":")
        if (key.kind == "aak") != (service == ACCOUNT):
            text = f"A key of the kind {key.kind.upper()} does not open {service}"
            raise ApiError(403, text, code="FORBIDDEN")
        if key.kind == "alsak" and what == "mutation":
            text = "An app-level key executes for no tenant: use a service access key"
            raise ApiError(403, text, code="FORBIDDEN")
        if service == SERVICE and not {f"{service}:{what}:*", f"{service}:{what}:{name}"} & set(
            key.scopes
        ):
            raise ApiError(403, f"This key lacks the scope {service}:{what}:{name}")

    def refusal(self, error: ApiError) -> JSONResponse:
        extensions: dict[str, Any] = {"code": CODES.get(error.status, error.code)}
        if error.details is not None:
            extensions["details"] = error.details
        told = {"message": error.message, "path": None, "extensions": extensions}
        # What the HTTP layer refuses has its status; what a field refuses comes from `_run`.
        return JSONResponse({"data": None, "errors": [told]}, status_code=error.status)

    def routers(self, offers: Offers) -> list[APIRouter]:
        router = APIRouter()
        for path, account in (("/graphql", False), ("/account/graphql", True)):
            router.add_api_route(path, _Endpoint(offers, account=account).run, methods=["POST"])
        return [router]


class _Endpoint:
    def __init__(self, offers: Offers, *, account: bool) -> None:
        self._schema = sbs_schema.account() if account else sbs_schema.service(offers)

    async def run(self, request: Request, cloud: CloudDep) -> JSONResponse:
        access = cloud.admit(request)
        body = await read_object(request)
        document, variables = body.get("query"), body.get("variables")
        if not isinstance(document, str) or not isinstance(variables, dict | None):
            raise ApiError(400, "query must be a string, variables an object")
        wait_s = wait_asked(request.headers) if cloud.offers.long_poll else None
        done = await graphql(
            self._schema,
            document,
            context_value=sbs_schema.Context(request, cloud, access, wait_s or 0),
            variable_values=variables,
            operation_name=body.get("operationName"),
        )
        answer = JSONResponse(_told(done), status_code=200)
        if wait_s is not None:
            answer.headers["Preference-Applied"] = f"wait={wait_s}"
        return answer


def _told(done: ExecutionResult) -> dict[str, Any]:
    told: dict[str, Any] = {"data": done.data}
    if done.errors:
        told["errors"] = [_error(error) for error in done.errors]
    return told


def _error(error: Any) -> dict[str, Any]:
    row: dict[str, Any] = dict(error.formatted)
    cause = error.original_error
    if isinstance(cause, ApiError):
        row["extensions"] = {"code": CODES.get(cause.status, cause.code)}
        if cause.details is not None:
            row["extensions"]["details"] = cause.details
    elif cause is not None:
        row |= {"message": "Internal error", "extensions": {"code": "INTERNAL_SERVER_ERROR"}}
    else:  # graphql-core's own: the document or the variables do not fit the schema
        row["extensions"] = {"code": "GRAPHQL_VALIDATION_FAILED"}
    return row
