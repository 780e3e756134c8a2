"""The cloud put together: routes, errors, limits, faults, and the round that times commands out.

FaultLayer( RateLimits( FastAPI( routes ) ) )        only with --faults: the outermost
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from fastapi import FastAPI
from starlette.types import ASGIApp

from sandbox.cloud import errors, routes_commands, routes_devices, routes_keys, routes_reports
from sandbox.cloud.faults import FaultLayer, Faults
from sandbox.cloud.limits import RateLimits
from sandbox.cloud.request import Cloud


def build_api(cloud: Cloud) -> FastAPI:
    """The routes alone, as docs/cloud-api.yaml has them."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        sweeping = asyncio.create_task(routes_commands.Sweeper(cloud).run())
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
    errors.install(api)
    for routes in (routes_commands, routes_devices, routes_reports, routes_keys):
        api.include_router(routes.router)
    return api


def build_app(cloud: Cloud, *, rate_limits: bool = False, faults: bool = False) -> ASGIApp:
    api = build_api(cloud)
    if not faults:
        return RateLimits(api, cloud.clock, enforced=rate_limits)
    ordered = Faults()
    api.include_router(ordered.router())
    return FaultLayer(RateLimits(api, cloud.clock, enforced=rate_limits), ordered)
