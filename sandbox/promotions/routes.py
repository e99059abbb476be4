"""The routes of VTEX's Promotions and Taxes API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.responses import STORE, json_response

if TYPE_CHECKING:
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
    rows = store.promotions.promotions()
    active = sum(row["isActive"] for row in rows)
    return json_response(
        {
            "limitConfigurationMaxPrice": {"activesCount": 0, "limit": 10},
            "limitConfiguration": {"activesCount": active, "limit": MAX_ACTIVE},
            "items": rows,
            "disabledItems": [],
            "archivedItems": [],
        }
    )


@routes.get("/api/rnb/pvt/archive/benefits/calculatorConfiguration")
async def list_archived_promotions(request: web.Request) -> web.Response:
    """VTEX's List archived promotions."""
    store = request.app[STORE]
    if not store.may(RESOURCE):
        return _denied(store)
    if not store.quirks.has_promotion_archive:
        return web.Response(status=404, text="Not found")
    return json_response({"items": store.promotions.archived_promotions()})


@routes.get("/api/rnb/pvt/calculatorconfiguration/{promotion_id}")
async def get_promotion(request: web.Request) -> web.Response:
    """VTEX's Get promotion or tax by id."""
    store = request.app[STORE]
    if not store.may(RESOURCE):
        return _denied(store)
    document = store.promotions.promotion(request.match_info["promotion_id"])
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
