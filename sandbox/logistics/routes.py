"""The routes of VTEX's Logistics API."""

from __future__ import annotations

from aiohttp import web

from sandbox.catalog.routes import identifier
from sandbox.responses import STORE, json_response

OF_WAREHOUSES = ("Logistics full access", "Logistics viewer")
OF_STOCK = (*OF_WAREHOUSES, "Logistics inventory full access", "Logistics inventory read only")

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
