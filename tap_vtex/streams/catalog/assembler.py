"""Assembles the records of a product and its SKUs from several responses."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from tap_vtex import dates
from tap_vtex.errors import AccessError, VtexError
from tap_vtex.http.bodies import documents_in
from tap_vtex.streams.catalog.api import CATEGORY_TREE
from tap_vtex.streams.catalog.documents import categories_in, product_document, sku_document

if TYPE_CHECKING:
    import logging
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from tap_vtex.http.client import VtexClient
    from tap_vtex.http.single import RetryBudget
    from tap_vtex.streams.catalog.api import CatalogApi
    from tap_vtex.streams.catalog.documents import Category
    from tap_vtex.types import Document


class Wanted(NamedTuple):
    """Which streams to read the catalog for."""

    products: bool
    skus: bool
    brands: bool


@dataclass
class Batch:
    """The records of one part of the catalog, and what reading it revealed."""

    products: list[Document] = field(default_factory=list)
    skus: list[Document] = field(default_factory=list)
    brands: list[Document] = field(default_factory=list)
    #: The units it covers.
    units: list[int] = field(default_factory=list)
    #: Its product; None if unknown.
    product: int | None = None
    #: The SKUs that VTEX shows for the product.
    shown: frozenset[int] = frozenset()
    #: Their newest date of change, and the newest one that is not ahead of the clock.
    latest: datetime | None = None
    newest: datetime | None = None
    #: Whether VTEX knew the unit, as it should if it lists it.
    known: bool = True
    #: Units that VTEX lists but has no data on.
    gone: list[int] = field(default_factory=list)
    #: Units whose requests failed.
    failed: list[int] = field(default_factory=list)
    #: Whether something is missing that another response shows.
    is_incomplete: bool = False
    #: Whether the key could not read the product. The role may be to blame, or this product.
    refused: bool = False
    #: SKUs of the product that VTEX lists but has no data on.
    blank_skus: list[int] = field(default_factory=list)


class Assembler:
    """Assembles products, with their categories and brands."""

    def __init__(
        self,
        client: VtexClient,
        api: CatalogApi,
        wanted: Wanted,
        store_url: str,
        log: logging.Logger,
    ) -> None:
        self.client = client
        self.api = api
        self.wanted = wanted
        self._now = client.now
        self._store_url = store_url
        self._logger = log
        # Before the workers start, so that each list is read only once.
        self._categories = self._read_categories() if wanted.products else {}
        self._brands = self._read_brands() if wanted.products else {}

    def _read_categories(self) -> dict[str, Category]:
        try:
            tree = self.api.category_tree()
        except AccessError:
            self._logger.info(
                "The key may not read the category tree, so the categories of products come from "
                "their SKUs. To get them from the tree: %s",
                CATEGORY_TREE.how_to_grant,
            )
            return {}
        except VtexError as error:
            self._logger.warning(
                "The category tree can't be read, so the categories of products come from their "
                "SKUs in this run. %s",
                error,
            )
            return {}
        return {category.ids[-1]: category for category in categories_in(tree)}

    def _read_brands(self) -> dict[str, Any]:
        try:
            return {
                str(brand.get("id")): brand.get("name") for brand in documents_in(self.api.brands())
            }
        except AccessError:
            return {}  # SKUs name their brand
        except VtexError as error:
            self._logger.warning(
                "The list of brands can't be read, so the brands of products come from their SKUs "
                "in this run. %s",
                error,
            )
            return {}

    def assemble(
        self,
        product_id: int,
        rows: list[Document] | None,
        picked: Collection[int],
        known: Mapping[int, Document],
        budget: RetryBudget,
    ) -> Batch:
        """Read some SKUs of a product, and the product.

        Args:
            product_id: The product.
            rows: The rows of all its SKUs; None if VTEX does not know the product.
            picked: The SKUs to read.
            known: SKU contexts already fetched.
            budget: How long to retry each request.
        """
        dates_of = {row["Id"]: changed_at(row) for row in rows or ()}
        batch = self.summarize(product_id, rows)
        skus = set(picked) if self.wanted.skus else set()
        main = _main_sku(rows or ()) if self.wanted.products or self.wanted.brands else set()
        contexts = dict(known)
        for sku_id in sorted((skus | main) - known.keys()):
            if context := self.api.context(sku_id, budget):
                contexts[sku_id] = context
            else:
                batch.blank_skus.append(sku_id)
        at = {"synced_at": dates.text(self._now())}
        for sku_id in sorted(skus & contexts.keys()):
            changed = {"date_updated": _text(dates_of.get(sku_id))}
            batch.skus.append({**sku_document(contexts[sku_id]), **changed, **at})
        shown = next((contexts[sku_id] for sku_id in (*main, *contexts) if sku_id in contexts), {})
        if shown:
            batch.brands.append(_brand(shown) | at)
        if self.wanted.products:
            details = self._details(product_id, batch, budget)
            batch.is_incomplete &= bool(shown or rows)
            if details or shown:
                product = self._product(details, shown, dates_of or known)
                updated = _text(max(filter(None, dates_of.values()), default=None))
                batch.products.append({**product, "date_updated": updated, **at})
            else:
                batch.gone.append(product_id)
        batch.known = rows is not None or bool(shown or batch.products)
        # Responses that contradict each other about which SKUs exist.
        blank = dates_of.keys() & set(batch.blank_skus)
        if blank or (batch.known and set(picked) - dates_of.keys()):
            batch.is_incomplete = True
        return batch

    def summarize(self, product_id: int, rows: list[Document] | None) -> Batch:
        """A batch without records: what the rows alone show of a product."""
        now = self._now()
        changed = [date for row in rows or () if (date := changed_at(row))]
        return Batch(
            product=product_id,
            shown=frozenset(row["Id"] for row in rows or ()),
            latest=max(changed, default=None),
            newest=max((date for date in changed if date <= now), default=None),
        )

    def _details(self, product_id: int, batch: Batch, budget: RetryBudget) -> Document | None:
        try:
            details = self.api.product(product_id, budget)
        except AccessError:
            if self.api.has_read_products:
                raise
            batch.refused = True
            return None
        batch.is_incomplete = details is None and self.api.may_read_products
        return details

    def _product(
        self, details: Document | None, context: Document, sku_ids: Iterable[int]
    ) -> Document:
        category = self._categories.get(_category_of(details, context))
        product = product_document(details, context, sku_ids, category, self._store_url)
        name = product["brand_name"] or self._brands.get(str(product.get("BrandId")))
        return {**product, "brand_name": name}


def changed_at(row: Document) -> datetime | None:
    """When a SKU was last changed: VTEX's local time, taken as UTC."""
    return dates.parse(row.get("DateUpdated"))


def _text(moment: datetime | None) -> str | None:
    return dates.text(moment) if moment else None


def _main_sku(rows: Iterable[Document]) -> set[int]:
    """The SKU that supplies the product's image and specifications: the first active one."""
    order = sorted((not row.get("IsActive"), row["Id"]) for row in rows)
    return {sku_id for _inactive, sku_id in order[:1]}


def _category_of(details: Document | None, context: Document) -> str:
    if details:
        return str(details.get("CategoryId"))
    path = str(context.get("ProductCategoryIds") or "")
    return path.strip("/").rpartition("/")[2]


def _brand(context: Document) -> Document:
    return {
        "id": context.get("BrandId"),
        "name": context.get("BrandName"),
        "isActive": context.get("IsBrandActive"),
    }
