"""VTEX's catalog API: lists of ids, and single products, SKUs and categories."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard

from tap_vtex.errors import AccessError, NotFoundError
from tap_vtex.http.bodies import (
    documents_in,
    has_items,
    is_document_or_null,
    is_list,
)
from tap_vtex.http.endpoint import Endpoint, Resource
from tap_vtex.http.single import RetryBudget, get_by_id
from tap_vtex.streams.list_size import ListSize, Reading, page_numbers, read_list

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Mapping

    from tap_vtex.http.client import VtexClient
    from tap_vtex.report.check import Check
    from tap_vtex.types import Document

#: Longest id: more digits don't fit into 64 bits, and Python refuses to parse thousands of them.
MAX_DIGITS: Final = 18

# -- endpoints ---------------------------------------------------------------------------


def _has_data(body: object) -> TypeGuard[Document]:
    return isinstance(body, dict) and isinstance(body.get("data"), dict)


def _are_rows(body: object) -> TypeGuard[list[object] | None]:
    # VTEX has been seen to send ``{}`` for a product without SKUs.
    return body is None or body == {} or is_list(body)


def _id_of(body: Document | None) -> object:
    """The id in a body; "" if a body lacks one, so that it matches no request."""
    if not body:
        return None
    return "" if body.get("Id") is None else body["Id"]


def _product_of(rows: list[object] | None) -> object:
    """The product that the rows name; None if they name none, a set if they disagree."""
    named = [row["ProductId"] for row in documents_in(rows) if row.get("ProductId") is not None]
    ids = set(map(str, named))
    return next(iter(ids)) if len(ids) == 1 else ids or None


def _legacy(name: str) -> Resource:
    """A resource of the older of the catalog's two sets.

    In 2025, many stores saw Catalog renamed to Catalog Legacy, and Catalog API to Catalog.
    """
    return Resource("Catalog or Catalog Legacy", "Content", name)


def _current(name: str) -> Resource:
    return Resource("Catalog or Catalog API", "General", name)


VIEW_PRODUCT: Final = _current("View Product")
VIEW_COLLECTION: Final = _current("View Collection")
_SKUS: Final = (_legacy("SKUs"), VIEW_PRODUCT)
_BRANDS: Final = (_legacy("Brands"), _current("View Brand"))

PRODUCT_LIST: Final = Endpoint(
    "/api/catalog_system/pvt/products/GetProductAndSkuIds",
    _has_data,
    (_legacy("Product management"), VIEW_PRODUCT),
)
PRODUCT: Final = Endpoint(
    "/api/catalog/pvt/product/{}",
    is_document_or_null,
    (_legacy("Product and SKU Management"), VIEW_PRODUCT),
    identity=_id_of,
)
SKU_LIST: Final = Endpoint("/api/catalog_system/pvt/sku/stockkeepingunitids", is_list, _SKUS)
SKU_ROWS: Final = Endpoint(
    "/api/catalog_system/pvt/sku/stockkeepingunitByProductId/{}",
    _are_rows,
    _SKUS,
    identity=_product_of,
)
SKU_CONTEXT: Final = Endpoint(
    "/api/catalog_system/pvt/sku/stockkeepingunitbyid/{}",
    is_document_or_null,
    _SKUS,
    identity=_id_of,
)
#: VTEX documents no maximum depth. Stores have been seen with four levels.
CATEGORY_TREE: Final = Endpoint(
    "/api/catalog_system/pub/category/tree/10",
    is_list,
    (_legacy("Category"), _current("View Category")),
)
CATEGORY: Final = Endpoint(
    "/api/catalog/pvt/category/{}",
    is_document_or_null,
    (_legacy("Categories Management"), _current("View Category")),
    identity=_id_of,
)
BRAND_LIST: Final = Endpoint("/api/catalog_system/pvt/brand/list", is_list, _BRANDS)
BRAND_PAGES: Final = Endpoint("/api/catalog_system/pvt/brand/pagedlist", has_items, _BRANDS)

#: The largest pages that VTEX allows.
PRODUCTS_PER_PAGE: Final = 250
SKUS_PER_PAGE: Final = 1000
BRANDS_PER_PAGE: Final = 1000
#: The list without pages is cut off here.
MAX_BRANDS_IN_LIST: Final = 20_000
#: A list without a total ends after this many pages without a new id.
MAX_IDLE_PAGES: Final = 2
#: After this many refusals and no success, the role rather than the product is to blame.
MAX_REFUSED: Final = 5


class IdList(NamedTuple):
    """The ids of a list."""

    #: Each id with the ids of its SKUs, which only the list of products has.
    units: Mapping[int, Collection[int]]
    #: The minimum number of ids, according to the list itself.
    announced: int


def read_id_list(
    client: VtexClient, size: ListSize, read: Callable[[], IdList]
) -> tuple[dict[int, Collection[int]], Reading]:
    """Read a list of ids, again while it looks too short; return the union of all readings."""
    units: dict[int, Collection[int]] = {}

    def count() -> Reading:
        listed = read()
        units.update(listed.units)
        return Reading(len(units), listed.announced)

    reading = read_list(client, size, count)
    return units, reading


class CatalogApi:
    """Requests VTEX's catalog, and handles its quirks.

    Anything that VTEX lists but does not know (404), or sends as ``null`` or ``{}``, is None.
    """

    def __init__(self, client: VtexClient, logger: logging.Logger) -> None:
        self._client = client
        self._logger = logger
        self._refused_products = 0
        self._lock = threading.Lock()

    # -- lists ---------------------------------------------------------------------------

    def product_ids(self) -> IdList:
        """The ids of all products, inactive ones included, with the ids of their SKUs.

        Raises:
            AccessError: The key may not list products.
            IncompleteListError: The list does not end.
        """
        total = 0
        products: dict[int, list[int]] = {}
        for number in page_numbers(self._client, "products"):
            first = (number - 1) * PRODUCTS_PER_PAGE
            # Positions from 1, not ids.
            params = {"_from": first + 1, "_to": first + PRODUCTS_PER_PAGE}
            page = self._client.get(PRODUCT_LIST, params=params).body
            ids = {
                whole: _parse_ids(skus)
                for key, skus in page["data"].items()
                if (whole := parse_id(key)) is not None
            }
            total = max(total, _total(page))
            # Beyond the last page, VTEX returns an empty page or the last one again.
            if ids.keys() <= products.keys():
                break
            products |= ids
        return IdList(products, total)

    def sku_ids(self) -> IdList:
        """The ids of all SKUs.

        Raises:
            AccessError: The key may not list SKUs.
            IncompleteListError: The list does not end.
        """
        seen: set[int] = set()
        announced = idle = 0
        for page in page_numbers(self._client, "SKUs"):
            params = {"page": page, "pagesize": SKUS_PER_PAGE}
            ids = set(_parse_ids(self._client.get(SKU_LIST, params=params).body))
            idle = 0 if ids - seen else idle + 1
            if idle and len(ids) >= SKUS_PER_PAGE:
                announced = len(seen) + 1  # a repeated full page is not the end
            seen |= ids
            # The list has no total, so one page without new ids does not prove its end.
            if idle == MAX_IDLE_PAGES:
                break
        return IdList(dict.fromkeys(seen, ()), announced)

    def brands(self, known: ListSize | None = None) -> list[Any]:
        """All brands, unvalidated; ``known`` is the size that earlier runs saw.

        Raises:
            AccessError: The key may not list brands.
            IncompleteListError: The list does not end.
        """
        brands: list[Any] = []

        def read() -> Reading:
            brands[:] = self._client.get(BRAND_LIST).body
            return Reading(len(brands))

        read_list(self._client, known or ListSize(), read)
        if len(brands) < MAX_BRANDS_IN_LIST:
            return brands
        by_id: dict[str, Document] = {}
        for page in page_numbers(self._client, "brands"):
            params = {"page": page, "pageSize": BRANDS_PER_PAGE}
            before = len(by_id)
            items = documents_in(self._client.get(BRAND_PAGES, params=params).body["items"])
            by_id |= {str(brand.get("id")): brand for brand in items}
            if len(by_id) == before:
                break
        return list(by_id.values())

    def category_tree(self, known: ListSize | None = None) -> list[Document]:
        """The departments, each with the categories below it; ``known`` as for `brands`.

        Raises:
            AccessError: The key may not read the categories.
        """
        tree: list[Document] = []

        def read() -> Reading:
            tree[:] = documents_in(self._client.get(CATEGORY_TREE).body)
            return Reading(len(tree))

        read_list(self._client, known or ListSize(), read)
        return tree

    # -- single things -------------------------------------------------------------------

    @property
    def may_read_products(self) -> bool:
        """Whether the key may read products; True until enough refusals."""
        return self.has_read_products or self._refused_products < MAX_REFUSED

    def product(self, product_id: int, budget: RetryBudget) -> Document | None:
        """A product; also None if the key may not read any, so its SKUs must do.

        Raises:
            AccessError: The key may not read this product, or any: unclear until it reads one.
        """
        if not self.may_read_products:
            return None
        try:
            return get_by_id(self._client, PRODUCT, product_id, budget)
        except AccessError:
            with self._lock:
                self._refused_products += 1
            raise

    @property
    def has_read_products(self) -> bool:
        """Whether the key has read a product."""
        return self._client.has_answered_since(PRODUCT, 0)

    def refuses_products(self) -> bool:
        """Whether the key could read none of the products requested; logs it if so."""
        if not self._refused_products or self.has_read_products:
            return False
        self._logger.info(
            "The key may not read products, so their fields come from their SKUs, without title, "
            "score and texts for search engines. To get them: %s",
            PRODUCT.how_to_grant,
        )
        return True

    def context(self, sku_id: int, budget: RetryBudget) -> Document | None:
        """A SKU, with data on its product, brand and categories."""
        return get_by_id(self._client, SKU_CONTEXT, sku_id, budget)

    def category(self, category_id: str, budget: RetryBudget) -> Document | None:
        """A category, with its place in the tree."""
        params = {"includeTreePath": "true"}
        return get_by_id(self._client, CATEGORY, category_id, budget, params)

    def rows(
        self, product_id: int, budget: RetryBudget, *, has_skus: bool
    ) -> list[Document] | None:
        """The rows of a product's SKUs, the only place with ``DateUpdated``.

        Args:
            product_id: The product.
            budget: How long to retry.
            has_skus: Whether another list shows SKUs, so an empty response is retried.

        Returns:
            The rows; None if VTEX does not know the product.
        """
        rows: list[Document] = []
        try:
            for _ in range(self._client.policy.max_empty_responses):
                body = self._client.get(SKU_ROWS, product_id, **budget._asdict()).body
                # Skip rows without an id: another list has their SKUs, too.
                rows = [
                    {**row, "Id": whole}
                    for row in documents_in(body)
                    if (whole := parse_id(row.get("Id"))) is not None
                ]
                if rows or (body is not None and not has_skus):
                    break
        except NotFoundError:
            return None
        return rows


def first_sku(check: Check) -> int:
    """Request the list of SKUs; return the first one, or 1 if there is none."""
    listed = check.ask(SKU_LIST, params={"page": 1, "pagesize": 1})
    return next(iter(_parse_ids(listed)), 1)


def _parse_ids(values: object) -> list[int]:
    """The ids in a list, without values that are none."""
    listed = values if isinstance(values, list) else []
    return [whole for value in listed if (whole := parse_id(value)) is not None]


def parse_id(value: object) -> int | None:
    """An id from a whole number of up to 18 digits, or from text; None if it is neither."""
    text = str(value)
    return int(text) if text.isdecimal() and len(text) <= MAX_DIGITS else None


def _total(page: Document) -> int:
    bounds = page.get("range")
    total = bounds.get("total") if isinstance(bounds, dict) else None
    return total if isinstance(total, int) else 0
