"""Products and SKUs, read by products or, for a key that may not list these, by SKUs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from tap_vtex import dates
from tap_vtex.access import how_to_grant
from tap_vtex.errors import AccessError
from tap_vtex.streams.catalog.api import CATEGORY_TREE
from tap_vtex.streams.catalog.documents import categories_in, product_document, sku_document
from tap_vtex.streams.fetching import fetch_each

if TYPE_CHECKING:
    import logging
    import threading
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from tap_vtex.client import VtexClient
    from tap_vtex.streams.base import Document
    from tap_vtex.streams.catalog.api import CatalogApi
    from tap_vtex.streams.catalog.bookmark import By
    from tap_vtex.streams.catalog.documents import Category


class Wants(NamedTuple):
    """Which streams the catalog is read for."""

    products: bool
    skus: bool
    brands: bool


@dataclass
class Choice:
    """What of the catalog is to be read: whole units, and SKUs that have changed."""

    everything_of: Callable[[int], bool]
    changed: Callable[[datetime | None], bool]


@dataclass
class Finding:
    """What came of looking at a part of the catalog."""

    products: list[Document] = field(default_factory=list)
    skus: list[Document] = field(default_factory=list)
    brands: list[Document] = field(default_factory=list)
    #: The latest date of change that was seen, of all SKUs looked at.
    latest: datetime | None = None
    #: Whether VTEX knew what was looked at, as it should of what it lists.
    known: bool = True
    #: Units that were to be read and of which VTEX gives nothing, though it lists them.
    gone: list[int] = field(default_factory=list)
    #: Units that VTEX failed to give.
    failed: list[int] = field(default_factory=list)
    #: SKUs of a product of which VTEX gives nothing, though it lists them.
    blank_skus: list[int] = field(default_factory=list)


class Reader(Protocol):
    """A way to read the catalog, unit by unit."""

    by: By
    #: How many units go between two checkpoints.
    chunk: int

    def units(self) -> Mapping[int, Collection[int]]:
        """What there is, by id."""

    def read(self, units: list[int], choice: Choice) -> Iterator[Finding]:
        """Look at units, and read of them what was chosen."""


class Assembler:
    """Puts products together, with what is known of categories and brands."""

    def __init__(
        self, client: VtexClient, api: CatalogApi, wants: Wants, store_url: str, log: logging.Logger
    ) -> None:
        self.workers = client.workers
        self.api = api
        self.wants = wants
        self._now = client.now
        self._store_url = store_url
        self._logger = log
        # Read before the workers begin, so that it is read once.
        self._categories = self._read_categories() if wants.products else {}
        self._brands = self._read_brands() if wants.products else {}

    def _read_categories(self) -> dict[str, Category]:
        try:
            tree = self.api.category_tree()
        except AccessError:
            self._logger.info(
                "The key may not read the category tree, so products have their categories as SKUs "
                "know them. To have them as they are: %s",
                how_to_grant(CATEGORY_TREE),
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
    ) -> Finding:
        """Read some SKUs of a product, and the product.

        ``rows`` are those of all its SKUs, None where VTEX does not know the product;
        ``known`` is what of the SKUs is at hand.
        """
        dates_of = {row["Id"]: changed_at(row) for row in rows or ()}
        finding = Finding(latest=_latest(rows))
        skus = set(picked) if self.wants.skus else set()
        main = _main_sku(rows or ()) if self.wants.products or self.wants.brands else set()
        contexts = dict(known)
        for sku_id in sorted((skus | main) - known.keys()):
            if context := self.api.context(sku_id, stop):
                contexts[sku_id] = context
            else:
                finding.blank_skus.append(sku_id)
        at = {"synced_at": dates.text(self._now())}
        for sku_id in sorted(skus & contexts.keys()):
            changed = {"date_updated": _text(dates_of.get(sku_id))}
            finding.skus.append({**sku_document(contexts[sku_id]), **changed, **at})
        shown = next((contexts[sku_id] for sku_id in (*main, *contexts) if sku_id in contexts), {})
        if shown:
            finding.brands.append(_brand(shown) | at)
        if self.wants.products:
            product = self._product(product_id, shown, dates_of or known, stop)
            if product:
                finding.products.append({**product, "date_updated": _text(finding.latest), **at})
            else:
                finding.gone.append(product_id)
        finding.known = rows is not None or bool(shown or finding.products)
        return finding

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
    """Goes through the products, each with its SKUs."""

    by: By = "product"
    chunk = 500

    def __init__(self, assembler: Assembler, products: Mapping[int, Collection[int]]) -> None:
        self._assembler = assembler
        self._products = products

    def units(self) -> Mapping[int, Collection[int]]:
        """The products, with the ids of their SKUs."""
        return self._products

    def read(self, units: list[int], choice: Choice) -> Iterator[Finding]:
        """Look at the dates of the SKUs of products; read what was chosen."""
        assembler = self._assembler

        def look(product_id: int, stop: threading.Event) -> Finding:
            rows = assembler.api.rows(product_id, stop)
            picked = {row["Id"] for row in rows or () if choice.changed(changed_at(row))}
            if choice.everything_of(product_id):
                picked = {row["Id"] for row in rows or ()} | set(self._products[product_id])
            elif not picked:
                # Of products without SKUs, too, VTEX may say that it does not know them.
                known = rows is not None or not self._products[product_id]
                return Finding(latest=_latest(rows), known=known)
            return assembler.put_together(product_id, rows, picked, {}, stop)

        for fetched in fetch_each(assembler.workers, look, units):
            yield fetched.found or Finding(failed=[fetched.item])


class BySku:
    """Goes through the SKUs, and takes their products from them."""

    by: By = "sku"
    #: All of their contexts are held at once.
    chunk = 500

    def __init__(self, assembler: Assembler, skus: Mapping[int, Collection[int]]) -> None:
        self._assembler = assembler
        self._skus = skus

    def units(self) -> Mapping[int, Collection[int]]:
        """The SKUs."""
        return self._skus

    def read(self, units: list[int], choice: Choice) -> Iterator[Finding]:
        """Read the chosen SKUs, and the products that they are of."""
        assembler = self._assembler

        def look(sku_id: int, stop: threading.Event) -> Document:
            return assembler.api.context(sku_id, stop) or {}

        by_product: dict[int, dict[int, Document]] = {}
        chosen = [sku_id for sku_id in units if choice.everything_of(sku_id)]
        for fetched in fetch_each(assembler.workers, look, chosen):
            sku_id, context = fetched.item, fetched.found
            if context is None:
                yield Finding(failed=[sku_id])
            elif isinstance(product_id := context.get("ProductId"), int):
                by_product.setdefault(product_id, {})[sku_id] = context
            else:
                yield Finding(known=False, gone=[sku_id])

        def complete(product_id: int, stop: threading.Event) -> Finding:
            known = by_product[product_id]
            rows = assembler.api.rows(product_id, stop)
            return assembler.put_together(product_id, rows, known.keys(), known, stop)

        for done in fetch_each(assembler.workers, complete, by_product):
            yield done.found or Finding(failed=sorted(by_product[done.item]))


def changed_at(row: Document) -> datetime | None:
    """When a SKU was changed last, by VTEX's own clock and as if that were UTC."""
    return dates.parse(row.get("DateUpdated"))


def _latest(rows: Iterable[Document] | None) -> datetime | None:
    return max(filter(None, map(changed_at, rows or ())), default=None)


def _text(moment: datetime | None) -> str | None:
    return dates.text(moment) if moment else None


def _main_sku(rows: Iterable[Document]) -> set[int]:
    """The SKU that shows a product's picture and specifications: the first active one."""
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
