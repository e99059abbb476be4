"""The routes of VTEX's Logistics API."""

from __future__ import annotations

from aiohttp import web

from sandbox.catalog.routes import identifier, positive
from sandbox.responses import STORE, json_response

OF_WAREHOUSES = ("Logistics full access", "Logistics viewer")
OF_PICKUP_POINTS = (*OF_WAREHOUSES, "Logistics shipping full access")
OF_STOCK = (*OF_WAREHOUSES, "Logistics inventory full access", "Logistics inventory read only")

#: The list of pickup points without pages is cut off here.
MAX_PICKUP_POINTS = 1000
#: The most pages of the paged list, and the most rows on each.
MAX_PAGES = 100
MAX_ROWS = 100

routes = web.RouteTableDef()


@routes.get("/api/logistics/pvt/inventory/skus/{sku_id}")
async def get_inventory(request: web.Request) -> web.Response:
    """VTEX's List inventory by SKU."""
    store = request.app[STORE]
    if not store.may(*OF_STOCK):
        return json_response({"error": "Access denied"}, store.quirks.lacking_access)
    sku_id = identifier(request, "sku_id")
    inventory = None if sku_id is None else store.logistics.inventory(sku_id)
    if inventory is not None:
        return json_response(inventory)
    if store.quirks.stock_of_unknown == "empty":
        return json_response({"skuId": request.match_info["sku_id"], "balance": []})
    return json_response({"error": "Sku not found"}, 404)


@routes.get("/api/logistics/pvt/configuration/warehouses")
async def list_warehouses(request: web.Request) -> web.Response:
    """VTEX's List all warehouses."""
    store = request.app[STORE]
    if not store.may(*OF_WAREHOUSES):
        return json_response({"error": "Access denied"}, store.quirks.lacking_access)
    return json_response(store.logistics.warehouses())


@routes.get("/api/logistics/pvt/configuration/docks")
async def list_docks(request: web.Request) -> web.Response:
    """VTEX's List all docks."""
    store = request.app[STORE]
    if not store.may(*OF_WAREHOUSES):
        return json_response({"error": "Access denied"}, store.quirks.lacking_access)
    return json_response(store.logistics.docks())


@routes.get("/api/logistics/pvt/configuration/pickuppoints")
async def list_pickup_points(request: web.Request) -> web.Response:
    """VTEX's List pickup points."""
    store = request.app[STORE]
    if not store.may(*OF_PICKUP_POINTS):
        return json_response({"error": "Access denied"}, store.quirks.lacking_access)
    return json_response(store.logistics.some_pickup_points(0, MAX_PICKUP_POINTS))


@routes.get("/api/logistics/pvt/configuration/pickuppoints/_search")
async def search_pickup_points(request: web.Request) -> web.Response:
    """VTEX's List paged pickup points.

    Its response to a larger page, or to a page after the hundredth, is not documented.
    """
    store = request.app[STORE]
    if not store.may(*OF_PICKUP_POINTS):
        return json_response({"error": "Access denied"}, store.quirks.lacking_access)
    page, size = positive(request.query, "page", "1"), positive(request.query, "pageSize", "15")
    if page is None or size is None or page > MAX_PAGES or size > MAX_ROWS:
        return json_response({"error": "The page is not valid"}, 400)
    total = store.logistics.pickup_points
    paging = {
        "page": page,
        "perPage": size,
        "total": total,
        "pages": min(-(-total // size), MAX_PAGES),
    }
    rows = store.logistics.some_pickup_points((page - 1) * size, page * size)
    return json_response({"items": rows, "paging": paging})
