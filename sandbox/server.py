"""The store over HTTP."""

from __future__ import annotations

import asyncio
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox import control
from sandbox.catalog.lists import routes as catalog_list_routes
from sandbox.catalog.routes import routes as catalog_routes
from sandbox.clock import moment
from sandbox.logistics.routes import routes as logistics_routes
from sandbox.masterdata.routes import routes as masterdata_routes
from sandbox.oms.feed_routes import routes as feed_routes
from sandbox.oms.routes import routes as oms_routes
from sandbox.pricing.routes import routes as pricing_routes
from sandbox.promotions.routes import routes as promotion_routes
from sandbox.responses import DATE, STORE, oms_error
from sandbox.store import APP_KEY, APP_TOKEN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sandbox.interception import Handler, Interceptor
    from sandbox.store import Store


def make_app(store: Store) -> web.Application:
    """Create the store's web application, with the sandbox's own routes under /_sandbox."""
    app = web.Application(middlewares=[_vtex])
    app[STORE] = store
    app.add_routes(control.routes)
    app.add_routes(oms_routes)
    app.add_routes(feed_routes)
    app.add_routes(masterdata_routes)
    app.add_routes(catalog_routes)
    app.add_routes(catalog_list_routes)
    app.add_routes(logistics_routes)
    app.add_routes(promotion_routes)
    # Last, because this path starts with a parameter.
    app.add_routes(pricing_routes)
    app.on_response_prepare.append(_set_date)
    return app


async def _set_date(request: web.Request, response: web.StreamResponse) -> None:
    """Set the Date header to the store's time, which can differ from the machine's."""
    now = moment(request.app[STORE].clock.now()).replace(microsecond=0)
    response.headers["Date"] = response.get(DATE) or format_datetime(now, usegmt=True)


@web.middleware
async def _vtex(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Pass every request to VTEX through latency, faults, authentication and rate limit."""
    if request.path.startswith(control.PREFIX):
        return await handler(request)
    store = request.app[STORE]
    store.requests[_route(request)] += 1
    store.queries.append(request.query_string)
    if store.latency:
        number = store.requests.total()
        slow = store.slow_one_in and number % store.slow_one_in == 0
        await asyncio.sleep(store.latency * (10 if slow else 1))
    return await _apply_faults(request, tuple(store.faults), handler)


async def _apply_faults(
    request: web.Request, faults: Sequence[Interceptor], handler: Handler
) -> web.StreamResponse:
    """The response of the first fault that strikes, which may call the later ones."""
    for place, fault in enumerate(faults, 1):
        if fault.strikes(request):
            rest = partial(_apply_faults, faults=faults[place:], handler=handler)
            return await fault.respond(request, rest, moment(request.app[STORE].clock.now()))
    return await _admit(request, handler)


async def _admit(request: web.Request, handler: Handler) -> web.StreamResponse:
    """The store's response, if the key is valid and the rate within the limit."""
    store, headers = request.app[STORE], request.headers
    if headers.get("X-VTEX-API-AppKey") != APP_KEY or (
        headers.get("X-VTEX-API-AppToken") != APP_TOKEN
    ):
        return oms_error(401, "1", "Unauthorized access")
    if "json" not in headers.get("Accept", "") or "json" not in headers.get("Content-Type", ""):
        return oms_error(400, "OMS400", "The headers Accept and Content-Type are required")
    if wait := store.pace.take():
        return web.Response(
            status=429, text="Too many requests", headers={"Retry-After": f"{wait + 1:.0f}"}
        )
    return await handler(request)


def _route(request: web.Request) -> str:
    """A request's route, for counting: the path with placeholders for its parameters."""
    resource = request.match_info.route.resource
    return resource.canonical if resource else "unknown"
