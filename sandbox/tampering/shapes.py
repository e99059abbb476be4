"""Where each of VTEX's routes keeps its rows, totals and ids.

All faults that change rows, totals, pages or ids use this table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sandbox.catalog.routes import MAX_SKU_IDS
from sandbox.logistics.routes import MAX_ROWS
from sandbox.tampering.paging import PageNumbers, Positions, RangeHeader, ScrollToken

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from aiohttp import web

    from sandbox.store import Store
    from sandbox.tampering.paging import Paging


@dataclass(frozen=True)
class Shape:
    """The structure of a route's responses."""

    #: The field with the rows; "" if the body itself is the list; None if there are no rows.
    rows: str | None = None
    #: The id field of a row, or of the single object; None if rows are ids or keys of an object.
    key: str | None = None
    #: Where the total is: ``field.field`` of the body, or a header; None if nowhere.
    total: str | None = None
    paging: Paging | None = None
    #: The path parameter with the id of the single object that the response describes.
    id_parameter: str | None = None
    #: The ids for which the route has an object.
    ids: Callable[[Store], Iterable[object]] = lambda _: ()
    #: The body that stands for no data; None for the list without rows.
    blank: Callable[[Store], Any] | None = None
    #: Whether the response comes from an index that can lag.
    indexed: bool = False

    @property
    def has_header_total(self) -> bool:
        """Whether the total is in a header."""
        return self.total is not None and "." not in self.total


def _orders(store: Store) -> Iterable[object]:
    now = store.clock.now()
    return (order.order_id for order in store.book.everything(now))


def _products_with_skus(store: Store) -> Iterable[object]:
    return (one for one in store.catalog.product_ids() if store.catalog.skus_of(one))


def _skus_with_price(store: Store) -> Iterable[object]:
    return (one for one in store.catalog.sku_ids() if store.pricing.price(one))


def _object(_store: Store) -> dict[str, Any]:
    return {}


MASTER_DATA = "/api/dataentities/{acronym}"
CATALOG = "/api/catalog_system/pvt"
RATES = "/api/rnb/pvt"
PROMOTION = "idCalculatorConfiguration"

#: The shapes by path, with the same placeholders as the routes.
SHAPES: dict[str, Shape] = {
    "/api/oms/pvt/orders": Shape(
        rows="list",
        key="orderId",
        total="paging.total",
        paging=PageNumbers("page", "per_page", 15, lambda store: store.quirks.max_rows),
        indexed=True,
    ),
    "/api/oms/pvt/orders/{order_id}": Shape(
        key="orderId", id_parameter="order_id", ids=_orders, blank=_object
    ),
    "/api/dataentities": Shape(rows="", key="acronym"),
    MASTER_DATA: Shape(rows="fields", key="name"),
    f"{MASTER_DATA}/schemas": Shape(rows="", key="name"),
    f"{MASTER_DATA}/schemas/{{schema}}": Shape(),
    f"{MASTER_DATA}/search": Shape(
        rows="", key="id", total="REST-Content-Range", paging=RangeHeader(), indexed=True
    ),
    f"{MASTER_DATA}/scroll": Shape(
        rows="", key="id", total="REST-Content-Total", paging=ScrollToken(), indexed=True
    ),
    f"{CATALOG}/products/GetProductAndSkuIds": Shape(
        rows="data", total="range.total", paging=Positions("_from", "_to")
    ),
    f"{CATALOG}/sku/stockkeepingunitids": Shape(
        rows="", paging=PageNumbers("page", "pagesize", MAX_SKU_IDS, lambda _: MAX_SKU_IDS)
    ),
    f"{CATALOG}/sku/stockkeepingunitByProductId/{{product_id}}": Shape(
        rows="",
        key="Id",
        id_parameter="product_id",
        ids=_products_with_skus,
        blank=lambda store: {} if store.quirks.no_skus == "object" else [],
    ),
    f"{CATALOG}/sku/stockkeepingunitbyid/{{sku_id}}": Shape(
        key="Id",
        id_parameter="sku_id",
        ids=lambda store: store.catalog.sku_ids(),
        blank=lambda _: None,
    ),
    "/api/catalog/pvt/product/{product_id}": Shape(
        key="Id",
        id_parameter="product_id",
        ids=lambda store: store.catalog.product_ids(),
        blank=_object,
    ),
    "/api/catalog_system/pub/category/tree/{levels}": Shape(rows="", key="id"),
    "/api/catalog/pvt/category/{category_id}": Shape(
        key="Id",
        id_parameter="category_id",
        ids=lambda store: store.catalog.categories.by_id,
        blank=_object,
    ),
    f"{CATALOG}/brand/list": Shape(rows="", key="id"),
    f"{CATALOG}/brand/pagedlist": Shape(
        rows="items",
        key="id",
        total="paging.total",
        paging=PageNumbers("page", "pageSize", 50, lambda _: 2**31),
    ),
    f"{CATALOG}/collection/search": Shape(
        rows="items",
        key="id",
        total="paging.total",
        paging=PageNumbers("page", "pageSize", 50, lambda _: 2**31),
    ),
    f"{CATALOG}/saleschannel/list": Shape(rows="", key="Id"),
    f"{CATALOG}/seller/list": Shape(rows="", key="SellerId"),
    "/{account}/pricing/prices/{sku_id}": Shape(
        key="itemId", id_parameter="sku_id", ids=_skus_with_price, blank=_object
    ),
    "/api/logistics/pvt/inventory/skus/{sku_id}": Shape(
        rows="balance",
        key="warehouseId",
        id_parameter="sku_id",
        ids=lambda store: store.catalog.sku_ids(),
    ),
    "/api/logistics/pvt/configuration/warehouses": Shape(rows="", key="id"),
    "/api/logistics/pvt/configuration/docks": Shape(rows="", key="id"),
    "/api/logistics/pvt/configuration/pickuppoints": Shape(rows="", key="id"),
    "/api/logistics/pvt/configuration/pickuppoints/_search": Shape(
        rows="items",
        key="id",
        total="paging.total",
        paging=PageNumbers("page", "pageSize", 15, lambda _: MAX_ROWS),
    ),
    f"{RATES}/benefits/calculatorconfiguration": Shape(rows="items", key=PROMOTION),
    f"{RATES}/archive/benefits/calculatorConfiguration": Shape(rows="items", key=PROMOTION),
    f"{RATES}/taxes/calculatorconfiguration": Shape(rows="items", key=PROMOTION),
    f"{RATES}/archive/taxes/calculatorConfiguration": Shape(rows="items", key=PROMOTION),
    f"{RATES}/calculatorconfiguration/{{promotion_id}}": Shape(
        key=PROMOTION,
        id_parameter="promotion_id",
        ids=lambda store: [*store.promotions.ids(), *store.taxes.ids()],
        blank=_object,
    ),
    f"{RATES}/coupon": Shape(rows="", key="couponCode"),
}


def shape_of(request: web.Request) -> Shape | None:
    """The shape of a request's response; None for an unknown path."""
    resource = request.match_info.route.resource
    return SHAPES.get(resource.canonical) if resource else None
