"""Walks through the catalog: by product, or by SKU if the key may not list products."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from tap_vtex import dates
from tap_vtex.errors import AccessError
from tap_vtex.http.fetching import fetch_each
from tap_vtex.streams.catalog.api import CATEGORY_TREE, SKU_CONTEXT, SKU_ROWS
from tap_vtex.streams.catalog.documents import categories_in, product_document, sku_document

if TYPE_CHECKING:
    import logging
    import threading
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from tap_vtex.http.client import VtexClient
    from tap_vtex.streams.catalog.api import CatalogApi
    from tap_vtex.streams.catalog.documents import Category
    from tap_vtex.types import Document

#: What the catalog is walked by.
By = Literal["product", "sku"]


class Wanted(NamedTuple):
    """The streams that the catalog is read for."""

    products: bool
    skus: bool
    brands: bool


@dataclass
class Choice:
    """What to read of the catalog: whole units, and SKUs that have changed."""

    everything_of: Callable[[int], bool]
    changed: Callable[[datetime | None], bool]


@dataclass
class Batch:
    """What came of a part of the catalog."""

    products: list[Document] = field(default_factory=list)
    skus: list[Document] = field(default_factory=list)
    brands: list[Document] = field(default_factory=list)
    #: The newest date of change of all SKUs that were looked at.
    newest: datetime | None = None
    #: Whether VTEX knew the unit, as it should if it lists it.
    known: bool = True
    #: Chosen units that VTEX lists but has nothing about.
    gone: list[int] = field(default_factory=list)
    #: Units that VTEX failed to give.
    failed: list[int] = field(default_factory=list)
    #: SKUs of a product that VTEX lists but has nothing about.
    blank_skus: list[int] = field(default_factory=list)


class Walk(Protocol):
    """A way through the catalog, unit by unit."""

    by: By
    #: Units between two checkpoints.
    chunk: int

    def units(self) -> Mapping[int, Collection[int]]:
        """The ids of all units, with the ids of their SKUs."""

    def read(self, units: Sequence[int], choice: Choice) -> Iterator[Batch]:
        """Look at units, and read what was chosen of them."""


class Assembler:
    """Puts products together, with their categories and brands."""

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
        # Read now, before the workers start, so that it is read only once.
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
        return {category.ids[-1]: category for category in categories_in(tree)}

    def _read_brands(self) -> dict[str, Any]:
        try:
            return {str(brand.get("id")): brand.get("name") for brand in self.api.brands()}
        except AccessError:
            return {}  # SKUs name their brand

    def put_together(
        self,
        product_id: int,
        rows: list[Document] | None,
        picked: Collection[int],
        known: Mapping[int, Document],
        stop: threading.Event,
    ) -> Batch:
        """Read some SKUs of a product, and the product.

        Args:
            product_id: The product.
            rows: The rows of all its SKUs; None if VTEX does not know the product.
            picked: The SKUs to read.
            known: The contexts of SKUs that are at hand.
            stop: Set when nobody waits any more.
        """
        dates_of = {row["Id"]: changed_at(row) for row in rows or ()}
        batch = Batch(newest=_newest(rows))
        skus = set(picked) if self.wanted.skus else set()
        main = _main_sku(rows or ()) if self.wanted.products or self.wanted.brands else set()
        contexts = dict(known)
        for sku_id in sorted((skus | main) - known.keys()):
            if context := self.api.context(sku_id, stop):
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
            product = self._product(product_id, shown, dates_of or known, stop)
            if product:
                batch.products.append({**product, "date_updated": _text(batch.newest), **at})
            else:
                batch.gone.append(product_id)
        batch.known = rows is not None or bool(shown or batch.products)
        return batch

    def _product(
        self, product_id: int, context: Document, sku_ids: Iterable[int], stop: threading.Event
    ) -> Document | None:
        form = self.api.product(product_id, stop)
        if not (form or context):
            return None
        category = self._categories.get(_category_of(form, context))
        product = product_document(form, context, sku_ids, category, self._store_url)
        name = product["brand_name"] or self._brands.get(str(product.get("BrandId")))
        return {**product, "brand_name": name}


class ByProduct:
    """Walks through the products, each with its SKUs."""

    by: By = "product"
    chunk = 500

    def __init__(self, assembler: Assembler, products: Mapping[int, Collection[int]]) -> None:
        self._assembler = assembler
        self._products = products

    def units(self) -> Mapping[int, Collection[int]]:
        """The products, with the ids of their SKUs."""
        return self._products

    def read(self, units: Sequence[int], choice: Choice) -> Iterator[Batch]:
        """Look at the dates of the SKUs of products, and read what was chosen."""
        assembler = self._assembler

        def look(product_id: int, stop: threading.Event) -> Batch:
            rows = assembler.api.rows(product_id, stop)
            picked = {row["Id"] for row in rows or () if choice.changed(changed_at(row))}
            if choice.everything_of(product_id):
                picked = {row["Id"] for row in rows or ()} | set(self._products[product_id])
            elif not picked:
                # VTEX may not know products without SKUs, either.
                known = rows is not None or not self._products[product_id]
                return Batch(newest=_newest(rows), known=known)
            return assembler.put_together(product_id, rows, picked, {}, stop)

        for outcome in fetch_each(assembler.client, SKU_ROWS, look, units):
            yield outcome.result or Batch(failed=[outcome.item])


class BySku:
    """Walks through the SKUs, and takes their products from them."""

    by: By = "sku"
    #: The contexts of all of them are in memory at once.
    chunk = 500

    def __init__(self, assembler: Assembler, skus: Mapping[int, Collection[int]]) -> None:
        self._assembler = assembler
        self._skus = skus

    def units(self) -> Mapping[int, Collection[int]]:
        """The SKUs."""
        return self._skus

    def read(self, units: Sequence[int], choice: Choice) -> Iterator[Batch]:
        """Read the chosen SKUs, and the products they belong to."""
        assembler = self._assembler

        def look(sku_id: int, stop: threading.Event) -> Document:
            return assembler.api.context(sku_id, stop) or {}

        by_product: dict[int, dict[int, Document]] = {}
        chosen = [sku_id for sku_id in units if choice.everything_of(sku_id)]
        for outcome in fetch_each(assembler.client, SKU_CONTEXT, look, chosen):
            sku_id, context = outcome.item, outcome.result
            if context is None:
                yield Batch(failed=[sku_id])
            elif isinstance(product_id := context.get("ProductId"), int):
                by_product.setdefault(product_id, {})[sku_id] = context
            else:
                yield Batch(known=False, gone=[sku_id])

        def complete(product_id: int, stop: threading.Event) -> Batch:
            known = by_product[product_id]
            rows = assembler.api.rows(product_id, stop)
            return assembler.put_together(product_id, rows, known.keys(), known, stop)

        for done in fetch_each(assembler.client, SKU_ROWS, complete, by_product):
            yield done.result or Batch(failed=sorted(by_product[done.item]))


def changed_at(row: Document) -> datetime | None:
    """When a SKU was last changed, by VTEX's local time and as if that were UTC."""
    return dates.parse(row.get("DateUpdated"))


def _newest(rows: Iterable[Document] | None) -> datetime | None:
    return max(filter(None, map(changed_at, rows or ())), default=None)


def _text(moment: datetime | None) -> str | None:
    return dates.text(moment) if moment else None


def _main_sku(rows: Iterable[Document]) -> set[int]:
    """The SKU that has the product's image and specifications: the first active one."""
    order = sorted((not row.get("IsActive"), row["Id"]) for row in rows)
    return {sku_id for _inactive, sku_id in order[:1]}


def _category_of(form: Document | None, context: Document) -> str:
    if form:
        return str(form.get("CategoryId"))
    path = str(context.get("ProductCategoryIds") or "")
    return path.strip("/").rpartition("/")[2]


def _brand(context: Document) -> Document:
    return {
        "id": context.get("BrandId"),
        "name": context.get("BrandName"),
        "isActive": context.get("IsBrandActive"),
    }
