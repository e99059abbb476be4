"""The routes of VTEX's Catalog API for products and SKUs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.responses import STORE, json_response

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.store import Store

Json = dict[str, Any]

MAX_PRODUCT_IDS = 250
MAX_SKU_IDS = 1000
OF_SKUS = ("SKUs", "View Product")

routes = web.RouteTableDef()


def denied(store: Store) -> web.Response:
    """The response to a key whose role lacks the resource."""
    return json_response("Access denied", store.quirks.lacking_access)


def missing_sku() -> web.Response:
    """The response for an unknown SKU."""
    return json_response("Sku not found", 404)


def missing_product() -> web.Response:
    """The response for an unknown product. Unlike a SKU's, it is not JSON."""
    return web.Response(status=404, text="Product not found")


def identifier(request: web.Request, name: str) -> int | None:
    """An id from the path; None if it is not a number."""
    text = request.match_info[name]
    return int(text) if text.isascii() and text.isdigit() else None


def positive(query: Mapping[str, str], name: str, default: str = "") -> int | None:
    """A number of at least 1 from the query; None if it is not one."""
    text = query.get(name, default)
    return int(text) if text.isascii() and text.isdigit() and int(text) > 0 else None


@routes.get("/api/catalog_system/pvt/products/GetProductAndSkuIds")
async def product_and_sku_ids(request: web.Request) -> web.Response:
    """VTEX's Get product and SKU ids."""
    store = request.app[STORE]
    if not store.may("Product management", "View Product"):
        return denied(store)
    first = positive(request.query, "_from", "1")
    last = positive(request.query, "_to", str((first or 1) + 49))
    if first is None or last is None:
        return json_response("The range is not valid", 400)
    requested = last
    if last - first >= MAX_PRODUCT_IDS:
        if store.quirks.large_id_pages == "error":
            return json_response(f"The range is limited to {MAX_PRODUCT_IDS}", 400)
        last = first + MAX_PRODUCT_IDS - 1
    catalog = store.catalog
    ids = sorted([*catalog.product_ids(), *catalog.phantom_products], key=_scattered)
    data = {
        str(product_id): [product_id]
        if product_id in catalog.phantom_products & catalog.phantom_skus
        else catalog.skus_of(product_id)
        for product_id in ids[first - 1 : last]
    }
    return json_response(
        {"data": data, "range": {"total": len(ids), "from": first, "to": requested}}
    )


def _scattered(product_id: int) -> int:
    """The sort key of a product in the list, which does not follow the ids.

    A new product can appear anywhere and shift the later ones.
    """
    return (product_id + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFF


@routes.get("/api/catalog/pvt/product/{product_id}")
async def product(request: web.Request) -> web.Response:
    """VTEX's Get product by id."""
    store = request.app[STORE]
    if not store.may("Product and SKU Management", "View Product"):
        return denied(store)
    product_id = identifier(request, "product_id")
    if product_id is None:
        return missing_product()
    document = store.catalog.product(product_id, store.clock.now())
    if document is None:
        return missing_product()
    return json_response({} if product_id in store.catalog.blank_products else document)


@routes.get("/api/catalog_system/pvt/sku/stockkeepingunitids")
async def sku_ids(request: web.Request) -> web.Response:
    """VTEX's List all SKU ids."""
    store = request.app[STORE]
    if not store.may(*OF_SKUS):
        return denied(store)
    page, size = positive(request.query, "page"), positive(request.query, "pagesize")
    if page is None or size is None:
        return json_response("The parameters page and pagesize are required", 400)
    if size > MAX_SKU_IDS:
        if store.quirks.large_id_pages == "error":
            return json_response(f"pagesize is limited to {MAX_SKU_IDS}", 400)
        size = MAX_SKU_IDS
    ids = [*store.catalog.sku_ids(), *sorted(store.catalog.phantom_skus)]
    return json_response(ids[(page - 1) * size : page * size])


@routes.get("/api/catalog_system/pvt/sku/stockkeepingunitByProductId/{product_id}")
async def skus_of_product(request: web.Request) -> web.Response:
    """VTEX's Get SKUs by product id."""
    store = request.app[STORE]
    if not store.may(*OF_SKUS):
        return denied(store)
    product_id, now, catalog = identifier(request, "product_id"), store.clock.now(), store.catalog
    if product_id is None or not catalog.has_product(product_id):
        return missing_product()
    found = [catalog.row(sku_id, now) for sku_id in catalog.skus_of(product_id)]
    rows = [row for row in found if row is not None]
    if store.quirks.text_ids_in_rows:
        rows = [{**row, "Id": str(row["Id"])} for row in rows]
    if not rows and store.quirks.no_skus == "object":
        return json_response({})
    return json_response(rows)


@routes.get("/api/catalog_system/pvt/sku/stockkeepingunitbyid/{sku_id}")
async def sku_and_context(request: web.Request) -> web.Response:
    """VTEX's Get SKU and context."""
    store = request.app[STORE]
    if not store.may(*OF_SKUS):
        return denied(store)
    sku_id = identifier(request, "sku_id")
    if sku_id is None:
        return missing_sku()
    context = store.catalog.context(sku_id, store.clock.now())
    if context is None:
        return missing_sku()
    return json_response(None if sku_id in store.catalog.null_contexts else context)
