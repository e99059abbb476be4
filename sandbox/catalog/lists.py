"""The routes of VTEX's Catalog API for the lists other than products and SKUs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.catalog.routes import denied, identifier, positive
from sandbox.responses import STORE, json_response

OF_BRANDS = ("Brands", "View Brand")

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A limit that the list of collections states, without documentation of what it limits.
COLLECTIONS_LIMIT = 3000

routes = web.RouteTableDef()


@routes.get("/api/catalog_system/pub/category/tree/{levels}")
async def category_tree(request: web.Request) -> web.Response:
    """VTEX's Get category tree."""
    store = request.app[STORE]
    if not store.may("Category", "View Category"):
        return denied(store)
    levels = identifier(request, "levels")
    if levels is None:
        return json_response("The number of levels is not valid", 400)
    return json_response(store.catalog.tree(levels))


@routes.get("/api/catalog/pvt/category/{category_id}")
async def category(request: web.Request) -> web.Response:
    """VTEX's Get category by id."""
    store = request.app[STORE]
    if not store.may("Categories Management", "View Category"):
        return denied(store)
    category_id, categories = identifier(request, "category_id"), store.catalog.categories
    if category_id is None or category_id not in categories.by_id:
        return json_response({"Message": "Category not found"}, 404)
    with_path = request.query.get("includeTreePath", "").lower() == "true"
    return json_response(categories.document(category_id, with_path=with_path))


@routes.get("/api/catalog_system/pvt/brand/list")
async def brand_list(request: web.Request) -> web.Response:
    """VTEX's List all brands."""
    store = request.app[STORE]
    if not store.may(*OF_BRANDS):
        return denied(store)
    return json_response(store.catalog.brands())


@routes.get("/api/catalog_system/pvt/brand/pagedlist")
async def brand_pages(request: web.Request) -> web.Response:
    """VTEX's List brands by page."""
    store = request.app[STORE]
    if not store.may(*OF_BRANDS):
        return denied(store)
    return _paged(request.query, store.catalog.brands())


@routes.get("/api/catalog_system/pvt/collection/search")
async def collection_pages(request: web.Request) -> web.Response:
    """VTEX's Get all collections, removed from the documentation in 2025 but still in use."""
    store = request.app[STORE]
    if not store.may("Read Collections", "View Collection"):
        return denied(store)
    if request.query.get("orderByAsc") not in {"true", "false"}:
        return json_response("The parameter orderByAsc is required", 400)
    return _paged(request.query, store.catalog.collections(), limit=COLLECTIONS_LIMIT)


def _paged(query: Mapping[str, str], rows: list[dict[str, Any]], **more: int) -> web.Response:
    """A page of rows, with its number and the total."""
    page, size = positive(query, "page"), positive(query, "pageSize")
    if page is None or size is None:
        return json_response("The parameters page and pageSize are required", 400)
    paging = {
        "page": page,
        "perPage": size,
        "total": len(rows),
        "pages": -(-len(rows) // size),
        **more,
    }
    return json_response({"items": rows[(page - 1) * size : page * size], "paging": paging})


@routes.get("/api/catalog_system/pvt/saleschannel/list")
async def sales_channel_list(request: web.Request) -> web.Response:
    """VTEX's List sales channels."""
    store = request.app[STORE]
    if not store.may("View Product"):
        return denied(store)
    return json_response(store.catalog.sales_channels())


@routes.get("/api/catalog_system/pvt/seller/list")
async def seller_list(request: web.Request) -> web.Response:
    """VTEX's List sellers."""
    store = request.app[STORE]
    if not store.may("View Seller", "View Product"):
        return denied(store)
    return json_response(store.catalog.sellers())
