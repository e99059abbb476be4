"""The paths of VTEX's Catalog API for products and SKUs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.answers import STORE, json_answer

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.store import Store

Json = dict[str, Any]

MOST_PRODUCT_IDS = 250
MOST_SKU_IDS = 1000
OF_SKUS = ("SKUs", "View Product")

routes = web.RouteTableDef()


def denied(store: Store) -> web.Response:
    """The answer to a key whose role lacks the resource."""
    return json_answer("Access denied", store.manners.lacking_access)


def missing_sku() -> web.Response:
    """The answer where a SKU is not found."""
    return json_answer("Sku not found", 404)


def missing_product() -> web.Response:
    """The answer where a product is not found; other than for a SKU, it is not JSON."""
    return web.Response(status=404, text="Product not found")


def identifier(request: web.Request, name: str) -> int | None:
    """An id out of the path; None if it is no number."""
    text = request.match_info[name]
    return int(text) if text.isascii() and text.isdigit() else None


def positive(query: Mapping[str, str], name: str, default: str = "") -> int | None:
    """A number from 1 up out of the query; None if it is not."""
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
        return json_answer("The range is not valid", 400)
    asked = last
    if last - first >= MOST_PRODUCT_IDS:
        if store.manners.large_id_pages == "error":
            return json_answer(f"The range is limited to {MOST_PRODUCT_IDS}", 400)
        last = first + MOST_PRODUCT_IDS - 1
    catalog = store.catalog
    ids = sorted([*catalog.product_ids(), *catalog.phantom_products], key=_scattered)
    data = {
        str(product_id): [product_id]
        if product_id in catalog.phantom_products & catalog.phantom_skus
        else catalog.skus_of(product_id)
        for product_id in ids[first - 1 : last]
    }
    return json_answer({"data": data, "range": {"total": len(ids), "from": first, "to": asked}})


def _scattered(product_id: int) -> int:
    """Where a product stands in the list, which is not in the order of ids.

    So a new product turns up anywhere, and moves those behind it.
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
    return json_answer({} if product_id in store.catalog.blank_products else document)


@routes.get("/api/catalog_system/pvt/sku/stockkeepingunitids")
async def sku_ids(request: web.Request) -> web.Response:
    """VTEX's List all SKU ids."""
    store = request.app[STORE]
    if not store.may(*OF_SKUS):
        return denied(store)
    page, size = positive(request.query, "page"), positive(request.query, "pagesize")
    if page is None or size is None:
        return json_answer("The parameters page and pagesize are required", 400)
    if size > MOST_SKU_IDS:
        if store.manners.large_id_pages == "error":
            return json_answer(f"pagesize is limited to {MOST_SKU_IDS}", 400)
        size = MOST_SKU_IDS
    ids = [*store.catalog.sku_ids(), *sorted(store.catalog.phantom_skus)]
    return json_answer(ids[(page - 1) * size : page * size])


@routes.get("/api/catalog_system/pvt/sku/stockkeepingunitByProductId/{product_id}")
async def skus_of_product(request: web.Request) -> web.Response:
    """VTEX's Get SKUs by product id."""
    store = request.app[STORE]
    if not store.may(*OF_SKUS):
        return denied(store)
    product_id, now, catalog = identifier(request, "product_id"), store.clock.now(), store.catalog
    if product_id is None or not catalog.has_product(product_id):
        return missing_product()
    rows = [catalog.row(sku_id, now) for sku_id in catalog.skus_of(product_id)]
    rows = [row for row in rows if row is not None]
    if not rows and store.manners.no_skus == "object":
        return json_answer({})
    return json_answer(rows)


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
    return json_answer(None if sku_id in store.catalog.null_contexts else context)
