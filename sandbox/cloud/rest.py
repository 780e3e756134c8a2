"""The routes every key system over REST has, spelled by its dialect.

    {base}/commands            POST submit   GET list
    {base}/commands/{id}       GET command   DELETE cancel    {..}/claim   {..}/result   {..}/cancel
    {base}/devices             GET devices   POST register    {base}/devices/{id}
    {base}/devices/{id}/status                                device_status
    {base}/devices/{id}/reports/{kind}[/{report_id}]          upload, report
    {base}/agents/{id}/sync                                   sync

A dialect gives the base, the name of a device, the shape of a record, of a list and of an answer.
"""

import hashlib
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from starlette.datastructures import QueryParams

from sandbox.cloud import commands, devices, documents, uploads
from sandbox.cloud.dialect import Dialect, Offers
from sandbox.cloud.errors import ApiError, invalid, problem
from sandbox.cloud.replay import Outcome, once, once_waiting
from sandbox.cloud.request import (
    Access,
    Cloud,
    CloudDep,
    access_of,
    need,
    read_bytes,
    read_object,
)
from sandbox.cloud.store import Asked, Record
from sandbox.cloud.sync import sync
from sandbox.cloud.waiting import wait_asked

SKIP_HEADER = "x-sandbox-skip-validation"
NUMBER_MAX = 10**9


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, before it is spelled."""

    records: list[Record]
    asked: Asked
    total: Callable[[], int]


class RestDialect(Dialect):
    """What the routes below ask of a dialect; the defaults are the sandbox's own words."""

    base: ClassVar[str]
    device_word: ClassVar[str] = "deviceId"
    also_at: ClassVar[tuple[tuple[str, str], ...]] = ()  # a path below base, and its other name

    def asked(self, cloud: Cloud, access: Access, query: QueryParams) -> Asked:
        device_id = query.get(self.device_word)
        return Asked(
            access.environment,
            None if device_id is None else (device_id,),
            commands.known_status(query.get("status")),
            query.get("type"),
            limit=min(number(query, "limit", commands.LIMIT_DEFAULT), commands.LIMIT_MAX),
        )

    def read(self, body: Record, access: Access) -> Record:
        """A body in our words."""
        return body

    def command(self, record: Record) -> Record:
        return record

    def device(self, record: Record) -> Record:
        return record

    def answer(self, data: Any) -> Any:
        return data

    @abstractmethod
    def commands(self, page: Page) -> Any: ...

    @abstractmethod
    def devices(self, records: list[Record]) -> Any: ...

    def new_device(self, cloud: Cloud, access: Access, body: Record) -> Record:
        name = body.get("name")
        if not isinstance(name, str) or not name:
            raise invalid([problem("name", "name must be a non-empty string")])
        return devices.register(cloud, access.environment, {"name": name})

    def routers(self, offers: Offers) -> list[APIRouter]:
        return [agent_router(self, offers)]


def number(query: QueryParams, name: str, default: int) -> int:
    text = query.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:12]) <= NUMBER_MAX):
        raise invalid([problem(name, f"{name} must be a positive integer")])
    return int(text)


def agent_router(dialect: RestDialect, offers: Offers) -> APIRouter:
    router = APIRouter()
    routes = _Routes(dialect)
    rows: list[tuple[str, str, Callable[..., Any], str]] = [
        ("POST", "/commands", routes.submit, "submit"),
        ("GET", "/commands", routes.list_commands, "list"),
        ("GET", "/commands/{command_id}", routes.command, "command"),
        ("DELETE", "/commands/{command_id}", routes.cancel, "cancel"),
        ("POST", "/commands/{command_id}/cancel", routes.cancel, "cancel"),
        ("GET", "/devices", routes.devices, "devices"),
        ("POST", "/devices", routes.register, "register"),
        ("GET", "/devices/{device_id}", routes.device, "device"),
        ("GET", "/devices/{device_id}/reports/{kind}/{report_id}", routes.report, "report"),
    ]
    if offers.assumed:
        rows += [
            ("POST", "/commands/{command_id}/claim", routes.claim, "claim"),
            ("POST", "/commands/{command_id}/result", routes.result, "result"),
            ("POST", "/devices/{device_id}/status", routes.status, "device_status"),
            ("POST", "/devices/{device_id}/reports/{kind}", routes.upload, "upload"),
        ]
    if offers.assumed and offers.sync:
        rows.append(("POST", "/agents/{agent_id}/sync", routes.sync, "sync"))
    for method, path, route, operation in rows:
        other = [named for ours, named in dialect.also_at if ours == path]
        for full in (dialect.base + path, *other):
            router.add_api_route(full, route, methods=[method], dependencies=[need(operation)])
    return router


class _Routes:
    def __init__(self, dialect: RestDialect) -> None:
        self._dialect = dialect

    async def submit(self, request: Request, cloud: CloudDep) -> JSONResponse:
        access = access_of(request)
        body = await read_object(request)
        unchecked = request.headers.get(SKIP_HEADER) == "1"
        said = self._dialect.read(body, access)

        def do() -> Outcome:
            record = commands.submit(cloud, access, said, unchecked=unchecked)
            return Outcome(self._dialect.answer(self._dialect.command(record)), 201)

        return once(request, cloud, "submit", body, do)

    async def list_commands(self, request: Request, cloud: CloudDep) -> Response:
        asked = self._dialect.asked(cloud, access_of(request), request.query_params)
        offers = cloud.offers
        wait_s = wait_asked(request.headers) if offers.assumed and offers.long_poll else None
        known = request.headers.get("if-none-match") if offers.assumed else None

        def look(*, whatever: bool = False) -> tuple[JSONResponse, str] | None:
            records = commands.listed(cloud, asked)
            page = Page(records, asked, lambda: cloud.store.count(asked))
            answer = JSONResponse(self._dialect.commands(page))
            etag = f'"{hashlib.sha256(bytes(answer.body)).hexdigest()[:32]}"'
            news = bool(records) if known is None else etag != known
            return (answer, etag) if news or whatever else None

        found = await cloud.bell.look(wait_s or 0, look)
        cloud.admit(request)  # the key may have been deleted meanwhile
        answer: Response
        answer, etag = found or look(whatever=True) or (Response(), "")
        if known == etag:
            answer = Response(status_code=304)
        if offers.assumed:
            answer.headers["ETag"] = etag
        if wait_s is not None:
            answer.headers["Preference-Applied"] = f"wait={wait_s}"
        return answer

    async def command(self, request: Request, cloud: CloudDep, command_id: str) -> JSONResponse:
        record = commands.command(cloud, access_of(request), command_id)
        return JSONResponse(self._dialect.answer(self._dialect.command(record)))

    async def cancel(self, request: Request, cloud: CloudDep, command_id: str) -> JSONResponse:
        access = access_of(request)
        return self._command_done(
            request, cloud, "cancel", {}, lambda: commands.cancel(cloud, access, command_id)
        )

    async def claim(self, request: Request, cloud: CloudDep, command_id: str) -> JSONResponse:
        access, body = access_of(request), await read_object(request)
        return self._command_done(
            request, cloud, "claim", body, lambda: commands.claim(cloud, access, command_id, body)
        )

    async def result(self, request: Request, cloud: CloudDep, command_id: str) -> JSONResponse:
        access, body = access_of(request), await read_object(request)
        return self._command_done(
            request, cloud, "result", body, lambda: commands.report(cloud, access, command_id, body)
        )

    def _command_done(
        self,
        request: Request,
        cloud: Cloud,
        operation: str,
        body: Record,
        do: Callable[[], Record],
    ) -> JSONResponse:
        def done() -> Outcome:
            return Outcome(self._dialect.answer(self._dialect.command(do())))

        return once(request, cloud, operation, body, done)

    async def sync(self, request: Request, cloud: CloudDep, agent_id: str) -> JSONResponse:
        access, body = access_of(request), await read_object(request)
        wait_s = wait_asked(request.headers) if cloud.offers.long_poll else None
        for row in body.get("statuses") or () if isinstance(body.get("statuses"), list) else ():
            if isinstance(row, dict):  # as it is called in this dialect
                row.setdefault("deviceId", row.get(self._dialect.device_word))

        async def do() -> Outcome:
            told = await sync(request, cloud, access, agent_id, body, wait_s or 0)
            spelled = [self._dialect.command(record) for record in told["commands"]]
            return Outcome(self._dialect.answer(told | {"commands": spelled}))

        answer = await once_waiting(request, cloud, "sync", body, do)
        if wait_s is not None:
            answer.headers["Preference-Applied"] = f"wait={wait_s}"
        return answer

    async def devices(self, request: Request, cloud: CloudDep) -> JSONResponse:
        status, place = (request.query_params.get(name) for name in ("status", "locationId"))
        if status not in (None, "online", "offline", "error"):
            raise invalid([problem("status", "status must be one of: online, offline, error")])
        found = [
            self._dialect.device(one)
            for one in cloud.store.devices(access_of(request).environment)
            if status in (None, one["status"]) and place in (None, one["locationId"])
        ]
        return JSONResponse(self._dialect.devices(found))

    async def device(self, request: Request, cloud: CloudDep, device_id: str) -> JSONResponse:
        record = cloud.device(access_of(request), device_id)
        return JSONResponse(self._dialect.answer(self._dialect.device(record)))

    async def register(self, request: Request, cloud: CloudDep) -> JSONResponse:
        access = access_of(request)
        devices.room_for_one(cloud, access.environment)  # the plan, before the body
        body = await read_object(request)

        def do() -> Outcome:
            record = self._dialect.new_device(cloud, access, body)
            return Outcome(self._dialect.answer(self._dialect.device(record)), 201)

        return once(request, cloud, "register", body, do)

    async def status(self, request: Request, cloud: CloudDep, device_id: str) -> JSONResponse:
        access, body = access_of(request), await read_object(request)

        def do() -> Outcome:
            record = devices.report_status(cloud, access, device_id, body)
            return Outcome(self._dialect.answer(self._dialect.device(record)))

        return once(request, cloud, "device_status", body, do)

    async def upload(
        self, request: Request, cloud: CloudDep, device_id: str, kind: str
    ) -> JSONResponse:
        access = access_of(request)
        documents.known_kind(kind)
        content: Any
        if uploads.is_bytes(request):
            content = await read_bytes(request, uploads.WHOLE_BYTES_MAX)
            said: Any = hashlib.sha256(content).hexdigest()
        else:
            content = said = await read_object(request)

        def do() -> Outcome:
            if isinstance(content, bytes):
                args = (request, cloud, access, device_id, kind, content)
                outcome = uploads.upload_bytes(*args)
            else:
                outcome = documents.upload(cloud, access, device_id, kind, content)
            return Outcome(self._dialect.answer(outcome.body), outcome.status)

        return once(request, cloud, "upload", said, do)

    async def report(
        self, request: Request, cloud: CloudDep, device_id: str, kind: str, report_id: str
    ) -> Response:
        record = documents.report_of(cloud, access_of(request), device_id, kind, report_id)
        if uploads.BYTES in request.headers.get("accept", ""):
            content = cloud.store.files.get(report_id)
            if content is None:
                raise ApiError(404, "This report has no file")
            return Response(content, media_type=uploads.BYTES)
        return JSONResponse(self._dialect.answer(record))
