"""The routes of VTEX's Promotions and Taxes API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.responses import STORE, json_response

if TYPE_CHECKING:
    from sandbox.promotions.benefits import Promotions
    from sandbox.store import Store

MAX_ACTIVE = 100
RESOURCE = "Manage benefits and rates"

routes = web.RouteTableDef()


def _denied(store: Store) -> web.Response:
    return web.Response(status=store.quirks.lacking_access, text="Access is denied")


@routes.get("/api/rnb/pvt/benefits/calculatorconfiguration")
async def list_promotions(request: web.Request) -> web.Response:
    """VTEX's Get all promotions."""
    store = request.app[STORE]
    if not store.may(RESOURCE):
        return _denied(store)
    max_price = {"limitConfigurationMaxPrice": {"activesCount": 0, "limit": 10}}
    return json_response(max_price | _listed(store.promotions.promotions()))


@routes.get("/api/rnb/pvt/taxes/calculatorconfiguration")
async def list_taxes(request: web.Request) -> web.Response:
    """VTEX's Get all taxes."""
    store = request.app[STORE]
    if not store.may(RESOURCE):
        return _denied(store)
    return json_response(_listed(store.taxes.promotions()))


def _listed(rows: list[dict[str, Any]]) -> dict[str, Any]:
    active = sum(row["isActive"] for row in rows)
    return {
        "limitConfiguration": {"activesCount": active, "limit": MAX_ACTIVE},
        "items": rows,
        "disabledItems": [],
        "archivedItems": [],
    }


@routes.get("/api/rnb/pvt/archive/benefits/calculatorConfiguration")
async def list_archived_promotions(request: web.Request) -> web.Response:
    """VTEX's List archived promotions."""
    store = request.app[STORE]
    return _archive(store, store.promotions)


@routes.get("/api/rnb/pvt/archive/taxes/calculatorConfiguration")
async def list_archived_taxes(request: web.Request) -> web.Response:
    """VTEX's List archived taxes."""
    store = request.app[STORE]
    return _archive(store, store.taxes)


def _archive(store: Store, things: Promotions) -> web.Response:
    if not store.may(RESOURCE):
        return _denied(store)
    if not store.quirks.has_promotion_archive:
        return web.Response(status=404, text="Not found")
    return json_response({"items": things.archived_promotions()})


@routes.get("/api/rnb/pvt/calculatorconfiguration/{promotion_id}")
async def get_promotion(request: web.Request) -> web.Response:
    """VTEX's Get promotion or tax by id."""
    store = request.app[STORE]
    if not store.may(RESOURCE):
        return _denied(store)
    key = request.match_info["promotion_id"]
    document = store.promotions.promotion(key) or store.taxes.promotion(key)
    if document is None:
        return web.Response(status=404, text="Calculator configuration not found")
    return json_response(document)


@routes.get("/api/rnb/pvt/coupon")
async def list_coupons(request: web.Request) -> web.Response:
    """VTEX's Get all coupons."""
    store = request.app[STORE]
    if not store.may(RESOURCE):
        return _denied(store)
    return json_response(store.coupons.coupons())
