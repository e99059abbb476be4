"""The routes of VTEX's Pricing API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.catalog.routes import identifier
from sandbox.responses import STORE, json_response

if TYPE_CHECKING:
    from sandbox.pricing.prices import Pricing

RATE_LIMITS = {"Ratelimit-Limit": "2000", "Ratelimit-Remaining": "1999", "Ratelimit-Reset": "60"}
#: Possible bodies where a SKU has no price; VTEX does not document them.
NO_PRICE = ("Price not found", '"Price not found"', '{"error":{"code":"404"}}', "")

routes = web.RouteTableDef()


@routes.get("/{account}/pricing/prices/{sku_id}")
async def get_price(request: web.Request) -> web.Response:
    """VTEX's Get price."""
    store = request.app[STORE]
    if not store.may("Read prices"):
        response = json_response({"message": "Access denied"}, store.quirks.lacking_access)
    elif request.match_info["account"] != store.account:
        response = json_response({"message": "Account not found"}, 404)
    else:
        response = _price(store.pricing, identifier(request, "sku_id"))
    response.headers.update(RATE_LIMITS)
    return response


def _price(pricing: Pricing, sku_id: int | None) -> web.Response:
    price = None if sku_id is None else pricing.price(sku_id)
    if price is not None:
        return json_response(price)
    return web.Response(status=404, text=NO_PRICE[(sku_id or 0) % len(NO_PRICE)])
