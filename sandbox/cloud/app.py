"""The cloud put together: routes, errors, limits, faults, and the round that times commands out.

FaultLayer( RateLimits( TakesGzip( FastAPI( the dialect's routes, the portal ) ) ) )

The faults are there only with --faults.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from sandbox.cloud import commands, errors
from sandbox.cloud.faults import FaultLayer, Faults
from sandbox.cloud.limits import RateLimits
from sandbox.cloud.portal import portal_router
from sandbox.cloud.request import Cloud


class TakesGzip:
    """Says in every answer that a request may be packed [RFC 7694]; ours, no page names it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def tell(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["Accept-Encoding"] = "gzip"
            await send(message)

        await self._app(scope, receive, tell if scope["type"] == "http" else send)


def build_api(cloud: Cloud) -> FastAPI:
    """The dialect's routes alone, as docs/cloud-api.yaml has them for e-bon."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(commands.Sweeper(cloud).run())
        yield
        sweeping.cancel()
        with suppress(asyncio.CancelledError):
            await sweeping

    api = FastAPI(
        title="amef-agent virtual cloud",
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    api.state.cloud = cloud
    errors.install(api, cloud.dialect.refusal)
    for router in cloud.dialect.routers(cloud.offers):
        api.include_router(router)
    return api


def build_app(
    cloud: Cloud, *, portal_key: str, rate_limits: bool = False, faults: bool = False
) -> ASGIApp:
    api = build_api(cloud)
    api.include_router(portal_router(portal_key))
    ordered = Faults()
    if faults:
        api.include_router(ordered.router())
    app = TakesGzip(api) if cloud.offers.assumed else api
    limited = RateLimits(app, cloud.dialect, cloud.clock, enforced=rate_limits)
    return FaultLayer(limited, ordered, cloud.dialect.refusal) if faults else limited
