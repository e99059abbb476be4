"""VTEX's catalog over HTTP: lists of ids, and single products, SKUs and categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeGuard

from tap_vtex.errors import AccessError, NotFoundError
from tap_vtex.http.bodies import is_document_or_nothing, is_list_of_documents
from tap_vtex.http.endpoint import Endpoint, Resource

if TYPE_CHECKING:
    import logging
    import threading
    from collections.abc import Mapping

    from tap_vtex.http.client import VtexClient
    from tap_vtex.report.check import Check
    from tap_vtex.types import Document

# -- endpoints ---------------------------------------------------------------------------


def _has_data(body: object) -> TypeGuard[Document]:
    return isinstance(body, dict) and isinstance(body.get("data"), dict)


def _has_items(body: object) -> TypeGuard[Document]:
    return isinstance(body, dict) and is_list_of_documents(body.get("items"))


def _is_list(body: object) -> TypeGuard[list[Any]]:
    return isinstance(body, list)


def _are_rows(body: object) -> TypeGuard[list[Document] | None]:
    # VTEX has been seen to send ``{}`` for a product without SKUs.
    return body is None or body == {} or is_list_of_documents(body)


def _legacy(name: str) -> Resource:
    """A resource of the older of the catalog's two sets.

    Since 2025, what was called Catalog is called Catalog Legacy in many stores, and what was
    called Catalog API is called Catalog there.
    """
    return Resource("Catalog or Catalog Legacy", "Content", name)


def _current(name: str) -> Resource:
    return Resource("Catalog or Catalog API", "General", name)


VIEW_PRODUCT: Final = _current("View Product")
_SKUS: Final = (_legacy("SKUs"), VIEW_PRODUCT)
_BRANDS: Final = (_legacy("Brands"), _current("View Brand"))

PRODUCT_LIST: Final = Endpoint(
    "/api/catalog_system/pvt/products/GetProductAndSkuIds",
    _has_data,
    (_legacy("Product management"), VIEW_PRODUCT),
)
PRODUCT: Final = Endpoint(
    "/api/catalog/pvt/product/{}",
    is_document_or_nothing,
    (_legacy("Product and SKU Management"), VIEW_PRODUCT),
)
SKU_LIST: Final = Endpoint("/api/catalog_system/pvt/sku/stockkeepingunitids", _is_list, _SKUS)
SKU_ROWS: Final = Endpoint(
    "/api/catalog_system/pvt/sku/stockkeepingunitByProductId/{}", _are_rows, _SKUS
)
SKU_CONTEXT: Final = Endpoint(
    "/api/catalog_system/pvt/sku/stockkeepingunitbyid/{}", is_document_or_nothing, _SKUS
)
#: VTEX documents no maximum depth. Stores have been seen with four levels.
CATEGORY_TREE: Final = Endpoint(
    "/api/catalog_system/pub/category/tree/10",
    is_list_of_documents,
    (_legacy("Category"), _current("View Category")),
)
CATEGORY: Final = Endpoint(
    "/api/catalog/pvt/category/{}",
    is_document_or_nothing,
    (_legacy("Categories Management"), _current("View Category")),
)
BRAND_LIST: Final = Endpoint("/api/catalog_system/pvt/brand/list", is_list_of_documents, _BRANDS)
BRAND_PAGES: Final = Endpoint("/api/catalog_system/pvt/brand/pagedlist", _has_items, _BRANDS)

#: The largest pages that VTEX gives.
PRODUCTS_PER_PAGE: Final = 250
SKUS_PER_PAGE: Final = 1000
BRANDS_PER_PAGE: Final = 1000
#: The list of brands ends after this many.
MAX_BRANDS_IN_LIST: Final = 20_000
#: A list without a total ends after this many pages without a new id.
PAGES_TO_BE_SURE: Final = 2


class CatalogApi:
    """Requests VTEX's catalog, and copes with its oddities.

    A thing that VTEX lists but does not know (404), or for which it sends ``null`` or ``{}``,
    is None here.
    """

    def __init__(self, client: VtexClient, logger: logging.Logger) -> None:
        self._client = client
        self._logger = logger
        self._may_read_products = True

    # -- lists ---------------------------------------------------------------------------

    def product_ids(self) -> dict[int, list[int]]:
        """The ids of all products, inactive ones included, with the ids of their SKUs.

        Raises:
            AccessError: The key may not list products.
        """
        products: dict[int, list[int]] = {}
        for _ in range(self._client.policy.product_listings):
            total = self._list_products_into(products)
            if len(products) >= total:
                return products
        # What is missing today is there the next time, and is recognised by its id.
        self._logger.warning(
            "VTEX announces %d products and lists %d of them; the next run lists them again",
            total,
            len(products),
        )
        return products

    def _list_products_into(self, products: dict[int, list[int]]) -> int:
        """Walk through the pages once; return the total that they announce."""
        total = first = 0
        seen: set[int] = set()
        while True:
            # These are positions, which begin with 1, and not ids.
            params = {"_from": first + 1, "_to": first + PRODUCTS_PER_PAGE}
            page = self._client.get(PRODUCT_LIST, params=params).body
            ids = {int(key): _ints(skus) for key, skus in page["data"].items() if key.isdecimal()}
            total = max(total, _total(page))
            # A page beyond the last one can be empty, or be the last one again.
            if ids.keys() <= seen:
                return total
            seen |= ids.keys()
            products |= ids
            first += PRODUCTS_PER_PAGE

    def sku_ids(self) -> list[int]:
        """The ids of all SKUs, in ascending order.

        Raises:
            AccessError: The key may not list SKUs.
        """
        seen: set[int] = set()
        page = idle = 0
        # The list has no total, so one more page is requested where it seems to end.
        while idle < PAGES_TO_BE_SURE:
            page += 1
            params = {"page": page, "pagesize": SKUS_PER_PAGE}
            ids = set(_ints(self._client.get(SKU_LIST, params=params).body))
            idle = 0 if ids - seen else idle + 1
            seen |= ids
        return sorted(seen)

    def brands(self) -> list[Document]:
        """All brands.

        Raises:
            AccessError: The key may not list brands.
        """
        brands = self._client.get(BRAND_LIST).body
        if len(brands) < MAX_BRANDS_IN_LIST:
            return brands
        by_id: dict[object, Document] = {}
        page = 0
        while True:
            page += 1
            params = {"page": page, "pageSize": BRANDS_PER_PAGE}
            known = len(by_id)
            items = self._client.get(BRAND_PAGES, params=params).body["items"]
            by_id |= {brand.get("id"): brand for brand in items}
            if len(by_id) == known:
                return list(by_id.values())

    def category_tree(self) -> list[Document]:
        """The departments, each with the categories below it.

        Raises:
            AccessError: The key may not read the categories.
        """
        return self._client.get(CATEGORY_TREE).body

    # -- single things -------------------------------------------------------------------

    def product(self, product_id: int, stop: threading.Event) -> Document | None:
        """A product; None also if the key may not read any.

        What its SKUs say of the product then has to be enough.
        """
        if not self._may_read_products:
            return None
        try:
            return self._one(PRODUCT, product_id, stop)
        except AccessError:
            if self._may_read_products:
                self._may_read_products = False
                self._logger.info(
                    "The key may not read products, so their fields come from their SKUs, without "
                    "title, score and texts for search engines. To get them: %s",
                    PRODUCT.how_to_grant,
                )
            return None

    def context(self, sku_id: int, stop: threading.Event) -> Document | None:
        """A SKU, with what it says of its product, brand and categories."""
        return self._one(SKU_CONTEXT, sku_id, stop)

    def category(self, category_id: str, stop: threading.Event) -> Document | None:
        """A category, with its place in the tree."""
        return self._one(CATEGORY, category_id, stop, {"includeTreePath": "true"})

    def rows(self, product_id: int, stop: threading.Event) -> list[Document] | None:
        """The rows of a product's SKUs, the only place with ``DateUpdated``."""
        try:
            for _ in range(self._client.policy.empty_answers):
                rows = self._client.get(SKU_ROWS, product_id, stop=stop).body
                if rows is not None:
                    break
        except NotFoundError:
            return None
        return [row for row in rows or () if isinstance(row.get("Id"), int)]

    def _one(
        self,
        endpoint: Endpoint[Document | None],
        thing: object,
        stop: threading.Event,
        params: Mapping[str, str] | None = None,
    ) -> Document | None:
        try:
            # An empty response that was a hiccup of VTEX's is another one the next time.
            for _ in range(self._client.policy.empty_answers):
                response = self._client.get(endpoint, thing, params=params, stop=stop)
                if response.body:
                    return response.body
        except NotFoundError:
            pass
        return None


def first_sku(check: Check) -> int:
    """Request the list of SKUs; return the first one, or 1 if there is none."""
    listed = check.ask(SKU_LIST, params={"page": 1, "pagesize": 1})
    return next(iter(_ints(listed)), 1)


def _ints(values: object) -> list[int]:
    """The ids in a list: whole numbers, or text with one."""
    listed = values if isinstance(values, list) else []
    return [int(value) for value in listed if str(value).isdecimal()]


def _total(page: Document) -> int:
    bounds = page.get("range")
    total = bounds.get("total") if isinstance(bounds, dict) else None
    return total if isinstance(total, int) else 0
