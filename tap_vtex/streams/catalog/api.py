"""VTEX's catalog over HTTP: lists of ids, single products and SKUs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeGuard
from urllib.parse import quote

from tap_vtex.access import how_to_grant
from tap_vtex.bodies import is_document_or_nothing, is_list_of_documents
from tap_vtex.errors import AccessError, NotFoundError

if TYPE_CHECKING:
    import logging
    import threading
    from collections.abc import Mapping

    from tap_vtex.check import Check
    from tap_vtex.client import VtexClient
    from tap_vtex.streams.base import Document

LEGACY: Final = "/api/catalog_system/pvt"
PRODUCT_IDS: Final = f"{LEGACY}/products/GetProductAndSkuIds"
SKU_IDS: Final = f"{LEGACY}/sku/stockkeepingunitids"
PRODUCT: Final = "/api/catalog/pvt/product"
SKU_ROWS: Final = f"{LEGACY}/sku/stockkeepingunitByProductId"
SKU_CONTEXT: Final = f"{LEGACY}/sku/stockkeepingunitbyid"
#: VTEX names no greatest depth; stores have been seen with four levels.
CATEGORY_TREE: Final = "/api/catalog_system/pub/category/tree/10"
CATEGORY: Final = "/api/catalog/pvt/category"
BRAND_LIST: Final = f"{LEGACY}/brand/list"
BRAND_PAGES: Final = f"{LEGACY}/brand/pagedlist"

#: The most that VTEX gives in one answer.
PRODUCTS_A_PAGE: Final = 250
SKUS_A_PAGE: Final = 1000
BRANDS_IN_THE_LIST: Final = 20_000
BRANDS_A_PAGE: Final = 1000
#: Pages without anything new, after which a list without a total is taken to be at its end.
PAGES_TO_BE_SURE: Final = 2
#: How often a thing is asked for of which VTEX sends nothing, until that is believed.
ASKED: Final = 3
#: How often a list is read that holds less than it announces.
MOST_LISTINGS: Final = 3


class CatalogApi:
    """Asks VTEX's catalog, and puts up with its oddities.

    Things that VTEX lists and then does not know (404), or of which it sends ``null`` or
    ``{}``, are None here.
    """

    def __init__(self, client: VtexClient, logger: logging.Logger) -> None:
        self._client = client
        self._logger = logger
        self._may_read_products = True

    # -- lists ---------------------------------------------------------------------------

    def product_ids(self) -> dict[int, list[int]]:
        """All products, inactive ones included, with the ids of their SKUs.

        Raises:
            AccessError: the key may not list products.
        """
        found: dict[int, list[int]] = {}
        for _listing in range(MOST_LISTINGS):
            total = self._list_products_into(found)
            if len(found) >= total:
                return found
        # What is missing today is there the next time, and is told by its id.
        self._logger.warning(
            "VTEX announces %d products and lists %d of them; the next run lists them again",
            total,
            len(found),
        )
        return found

    def _list_products_into(self, found: dict[int, list[int]]) -> int:
        """Walk the pages once; give the total that they announce."""
        total = first = 0
        seen: set[int] = set()
        while True:
            # Positions, which begin with 1, and not ids.
            window = {"_from": first + 1, "_to": first + PRODUCTS_A_PAGE}
            page = self._client.get(PRODUCT_IDS, _has_data, params=window).body
            ids = {int(key): _ints(skus) for key, skus in page["data"].items() if key.isdecimal()}
            total = max(total, _total(page))
            # A page beyond the last may be empty, or the last one again.
            if ids.keys() <= seen:
                return total
            seen |= ids.keys()
            found |= ids
            first += PRODUCTS_A_PAGE

    def sku_ids(self) -> list[int]:
        """The ids of all SKUs, in ascending order.

        Raises:
            AccessError: the key may not list SKUs.
        """
        seen: set[int] = set()
        page = idle = 0
        # The list says no total, so that it ends where it seems to is asked once more.
        while idle < PAGES_TO_BE_SURE:
            page += 1
            window = {"page": page, "pagesize": SKUS_A_PAGE}
            ids = set(_ints(self._client.get(SKU_IDS, _is_list, params=window).body))
            idle = 0 if ids - seen else idle + 1
            seen |= ids
        return sorted(seen)

    def brands(self) -> list[Document]:
        """All brands.

        Raises:
            AccessError: the key may not list brands.
        """
        brands = self._client.get(BRAND_LIST, is_list_of_documents).body
        if len(brands) < BRANDS_IN_THE_LIST:
            return brands
        by_id: dict[object, Document] = {}
        page = 0
        while True:
            page += 1
            window = {"page": page, "pageSize": BRANDS_A_PAGE}
            body = self._client.get(BRAND_PAGES, _has_items, params=window).body
            known = len(by_id)
            by_id |= {brand.get("id"): brand for brand in body["items"]}
            if len(by_id) == known:
                return list(by_id.values())

    def category_tree(self) -> list[Document]:
        """The departments, each with what is below it.

        Raises:
            AccessError: the key may not see the categories.
        """
        return self._client.get(CATEGORY_TREE, is_list_of_documents).body

    # -- single things -------------------------------------------------------------------

    def product(self, product_id: int, stop: threading.Event) -> Document | None:
        """A product; None also where the key may not read any.

        What a SKU says of its product has to do then.
        """
        if not self._may_read_products:
            return None
        try:
            return self._one(f"{PRODUCT}/{product_id}", stop)
        except AccessError:
            if self._may_read_products:
                self._may_read_products = False
                self._logger.info(
                    "The key may not read products, so their fields come from their SKUs, without "
                    "title, score and texts for search engines. To have them: %s",
                    how_to_grant(f"{PRODUCT}/1"),
                )
            return None

    def context(self, sku_id: int, stop: threading.Event) -> Document | None:
        """A SKU with what its product, brand and categories say."""
        return self._one(f"{SKU_CONTEXT}/{sku_id}", stop)

    def category(self, category_id: str, stop: threading.Event) -> Document | None:
        """A category with its place in the tree."""
        path = f"{CATEGORY}/{quote(category_id, safe='')}"
        return self._one(path, stop, {"includeTreePath": "true"})

    def rows(self, product_id: int, stop: threading.Event) -> list[Document] | None:
        """The rows of a product's SKUs, which alone carry ``DateUpdated``."""
        try:
            for _time in range(ASKED):
                body = self._client.get(f"{SKU_ROWS}/{product_id}", _are_rows, stop=stop).body
                if body is not None:
                    break
        except NotFoundError:
            return None
        return [row for row in body or () if isinstance(row.get("Id"), int)]

    def _one(
        self, path: str, stop: threading.Event, params: Mapping[str, str] | None = None
    ) -> Document | None:
        try:
            # An empty answer that was a hiccup of VTEX's is another one the next time.
            for _time in range(ASKED):
                answer = self._client.get(path, is_document_or_nothing, params=params, stop=stop)
                if answer.body:
                    return answer.body
        except NotFoundError:
            pass
        return None


def first_sku(check: Check) -> int:
    """Ask for the list of SKUs, and give one of them; 1 if that shows none."""
    listed = check.ask(SKU_IDS, {"page": 1, "pagesize": 1})
    return next(iter(_ints(listed)), 1)


def _ints(values: object) -> list[int]:
    """The ids in a list: whole numbers, or texts of such."""
    found = values if isinstance(values, list) else []
    return [int(value) for value in found if str(value).isdecimal()]


def _total(page: Document) -> int:
    bounds = page.get("range")
    total = bounds.get("total") if isinstance(bounds, dict) else None
    return total if isinstance(total, int) else 0


def _has_data(body: object) -> TypeGuard[Document]:
    data = body.get("data") if isinstance(body, dict) else None
    return isinstance(data, dict)


def _has_items(body: object) -> TypeGuard[Document]:
    return isinstance(body, dict) and is_list_of_documents(body.get("items"))


def _is_list(body: object) -> TypeGuard[list[Any]]:
    return isinstance(body, list)


def _are_rows(body: object) -> TypeGuard[list[Document] | None]:
    # Of a product without SKUs VTEX has been seen to send ``{}``.
    return body is None or body == {} or is_list_of_documents(body)
