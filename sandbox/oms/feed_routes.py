"""The routes of VTEX's Feed v3."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from aiohttp import web

from sandbox.oms.feed import MAX_LOT, MAX_RETENTION, MIN_RETENTION
from sandbox.responses import STORE, json_response, oms_error

if TYPE_CHECKING:
    from sandbox.oms.feed import Feed
    from sandbox.store import Store

CONFIG, QUEUE = "/api/orders/feed/config", "/api/orders/feed"

routes = web.RouteTableDef()


@routes.get(CONFIG)
async def get_config(request: web.Request) -> web.Response:
    """VTEX's Get feed configuration."""
    store = request.app[STORE]
    feed = _configured(store)
    if isinstance(feed, web.Response):
        return feed
    return json_response(feed.read_back(store.clock.now()))


@routes.post(CONFIG)
async def set_config(request: web.Request) -> web.Response:
    """VTEX's Create or update feed configuration."""
    store = request.app[STORE]
    feed = _allowed(store)
    if isinstance(feed, web.Response):
        return feed
    config = msgspec.json.decode(await request.read())
    if status := _complaint(config):
        return oms_error(status, f"OMS{status}", "The configuration is not valid")
    feed.configure(config, store.book, store.clock.now())
    return web.Response(status=200)


@routes.delete(CONFIG)
async def delete_config(request: web.Request) -> web.Response:
    """VTEX's Delete feed configuration."""
    feed = _configured(request.app[STORE])
    if isinstance(feed, web.Response):
        return feed
    feed.delete()
    return web.Response(status=200)


@routes.get(QUEUE)
async def read(request: web.Request) -> web.Response:
    """VTEX's Retrieve feed items."""
    store = request.app[STORE]
    feed = _configured(store)
    if isinstance(feed, web.Response):
        return feed
    limit = request.query.get("maxlot", "")
    if not limit.isdigit() or not 0 < int(limit) <= MAX_LOT:
        return oms_error(400, "OMS400", f"maxlot must be from 1 to {MAX_LOT}")
    return json_response(feed.read(store.clock.now(), int(limit)))


@routes.post(QUEUE)
async def commit(request: web.Request) -> web.Response:
    """VTEX's Commit feed items."""
    feed = _configured(request.app[STORE])
    if isinstance(feed, web.Response):
        return feed
    feed.commit(msgspec.json.decode(await request.read())["handles"])
    return web.Response(status=200)


def _allowed(store: Store) -> Feed | web.Response:
    """The updated feed; an error response if the key may not use it."""
    if not store.may("Feed v3 and Hook admin", "Feed v3 and Hook view only"):
        return oms_error(store.quirks.lacking_access, "1", "Unauthorized access")
    store.feed.update(store.book, store.clock.now())
    return store.feed


def _configured(store: Store) -> Feed | web.Response:
    """The updated feed; an error response also if it has no configuration."""
    feed = _allowed(store)
    if isinstance(feed, web.Response) or feed.config is not None:
        return feed
    return oms_error(404, "OMS404", "Value not found.")


def _complaint(config: dict[str, Any]) -> int | None:
    """The status that refuses a configuration; None if it is valid."""
    try:
        chosen, queue = config["filter"], config["queue"]
        retention = queue["MessageRetentionPeriodInSeconds"]
        if not queue["visibilityTimeoutInSeconds"] > 0:
            return 400
    except (KeyError, TypeError):
        return 400
    if not MIN_RETENTION <= retention <= MAX_RETENTION:
        return 400
    by_status = chosen.get("type", "FromWorkflow") == "FromWorkflow"
    is_mixed = "expression" in chosen if by_status else "status" in chosen
    return 409 if is_mixed else None
