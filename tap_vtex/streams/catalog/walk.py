"""Walks through the catalog: by product, or by SKU if the key may not list products."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

from tap_vtex import dates
from tap_vtex.errors import AccessError
from tap_vtex.http.bodies import documents_in
from tap_vtex.http.fetching import Outcome, fetch_each
from tap_vtex.http.single import Patience
from tap_vtex.streams.catalog.api import CATEGORY_TREE, SKU_CONTEXT, SKU_ROWS
from tap_vtex.streams.catalog.documents import categories_in, product_document, sku_document
from tap_vtex.streams.ledger import retry_missing

if TYPE_CHECKING:
    import logging
    import threading
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
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
    #: The units that this is all about.
    units: list[int] = field(default_factory=list)
    #: The newest date of change of all SKUs that were looked at, but none ahead of the clock.
    newest: datetime | None = None
    #: Whether VTEX knew the unit, as it should if it lists it.
    known: bool = True
    #: Chosen units that VTEX lists but has nothing about.
    gone: list[int] = field(default_factory=list)
    #: Units that VTEX failed to give.
    failed: list[int] = field(default_factory=list)
    #: Whether something lacks that another answer says is there.
    lacks_something: bool = False
    #: Whether the key could not read the product. It may be the role, or this product only.
    refused: bool = False
    #: SKUs of a product that VTEX lists but has nothing about.
    blank_skus: list[int] = field(default_factory=list)


class Walk(Protocol):
    """A way through the catalog, unit by unit."""

    by: By
    #: What the units are called.
    what: str

    def units(self) -> Mapping[int, Collection[int]]:
        """The ids of all units, with the ids of their SKUs."""

    def read(self, units: Iterable[int], choice: Choice) -> Iterator[Batch]:
        """Look at units, and read what was chosen of them."""

    def read_again(self, units: Iterable[int]) -> Iterator[Batch]:
        """Read all of units that earlier runs did not get, with little patience."""

    def still_answers(self) -> bool:
        """Whether VTEX still gives what it gave last."""


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
            return {
                str(brand.get("id")): brand.get("name") for brand in documents_in(self.api.brands())
            }
        except AccessError:
            return {}  # SKUs name their brand

    def put_together(
        self,
        product_id: int,
        rows: list[Document] | None,
        picked: Collection[int],
        known: Mapping[int, Document],
        patience: Patience,
    ) -> Batch:
        """Read some SKUs of a product, and the product.

        Args:
            product_id: The product.
            rows: The rows of all its SKUs; None if VTEX does not know the product.
            picked: The SKUs to read.
            known: The contexts of SKUs that are at hand.
            patience: How long to ask for each thing.
        """
        dates_of = {row["Id"]: changed_at(row) for row in rows or ()}
        batch = Batch(newest=self.newest(rows))
        skus = set(picked) if self.wanted.skus else set()
        main = _main_sku(rows or ()) if self.wanted.products or self.wanted.brands else set()
        contexts = dict(known)
        for sku_id in sorted((skus | main) - known.keys()):
            if context := self.api.context(sku_id, patience):
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
            form = self._form(product_id, batch, patience)
            batch.lacks_something &= bool(shown or rows)
            if form or shown:
                product = self._product(form, shown, dates_of or known)
                updated = _text(max(filter(None, dates_of.values()), default=None))
                batch.products.append({**product, "date_updated": updated, **at})
            else:
                batch.gone.append(product_id)
        batch.known = rows is not None or bool(shown or batch.products)
        # Two answers that contradict each other: what SKUs there are, and of which VTEX knows.
        blank = dates_of.keys() & set(batch.blank_skus)
        if blank or (batch.known and set(picked) - dates_of.keys()):
            batch.lacks_something = True
        return batch

    def newest(self, rows: Iterable[Document] | None) -> datetime | None:
        """The newest date of change of some rows that is not ahead of the clock."""
        now = self._now()
        past = (date for row in rows or () if (date := changed_at(row)) and date <= now)
        return max(past, default=None)

    def _form(self, product_id: int, batch: Batch, patience: Patience) -> Document | None:
        try:
            form = self.api.product(product_id, patience)
        except AccessError:
            if self.api.has_read_products:
                raise
            batch.refused = True
            return None
        batch.lacks_something = form is None and self.api.may_read_products
        return form

    def _product(
        self, form: Document | None, context: Document, sku_ids: Iterable[int]
    ) -> Document:
        category = self._categories.get(_category_of(form, context))
        product = product_document(form, context, sku_ids, category, self._store_url)
        name = product["brand_name"] or self._brands.get(str(product.get("BrandId")))
        return {**product, "brand_name": name}


class ByProduct:
    """Walks through the products, each with its SKUs."""

    by: By = "product"
    what = "products"

    def __init__(self, assembler: Assembler, products: Mapping[int, Collection[int]]) -> None:
        self._assembler = assembler
        self._products = products

    def units(self) -> Mapping[int, Collection[int]]:
        """The products, with the ids of their SKUs."""
        return self._products

    def read(self, units: Iterable[int], choice: Choice) -> Iterator[Batch]:
        """Look at the dates of the SKUs of products, and read what was chosen."""

        def look(product_id: int, stop: threading.Event) -> Batch:
            return self._look(product_id, choice, Patience(stop))

        for outcome in fetch_each(self._assembler.client, SKU_ROWS, look, units):
            yield _batch(outcome, [outcome.item])

    def read_again(self, units: Iterable[int]) -> Iterator[Batch]:
        """Read all of some products, with little patience."""
        everything = Choice(lambda _unit: True, lambda _date: True)

        def look(key: str, retry_for: float, stop: threading.Event) -> Batch:
            return self._look(int(key), everything, Patience(stop, retry_for))

        for outcome in retry_missing(self._assembler.client, [*map(str, units)], look):
            yield _batch(outcome, [int(outcome.item)])

    def still_answers(self) -> bool:
        """Whether VTEX still gives the SKUs of the product that it gave last."""
        return self._assembler.client.still_answers(SKU_ROWS)

    def _look(self, product_id: int, choice: Choice, patience: Patience) -> Batch:
        listed = self._products[product_id]
        rows = self._assembler.api.rows(product_id, patience, has_skus=bool(listed))
        picked = {row["Id"] for row in rows or () if choice.changed(changed_at(row))}
        if choice.everything_of(product_id):
            picked = {row["Id"] for row in rows or ()} | set(listed)
        elif not picked:
            return Batch(
                newest=self._assembler.newest(rows),
                # VTEX may not know products without SKUs, either.
                known=rows is not None or not listed,
                lacks_something=rows == [] and bool(listed),
            )
        return self._assembler.put_together(product_id, rows, picked, {}, patience)


class BySku:
    """Walks through the SKUs, and takes their products from them."""

    by: By = "sku"
    what = "SKUs"
    #: The contexts of so many are in memory at once.
    chunk = 400

    def __init__(self, assembler: Assembler, skus: Mapping[int, Collection[int]]) -> None:
        self._assembler = assembler
        self._skus = skus

    def units(self) -> Mapping[int, Collection[int]]:
        """The SKUs."""
        return self._skus

    def read(self, units: Iterable[int], choice: Choice) -> Iterator[Batch]:
        """Read the chosen SKUs, and the products they belong to."""
        waiting = iter(units)
        while chunk := list(islice(waiting, self.chunk)):
            chosen = [sku_id for sku_id in chunk if choice.everything_of(sku_id)]
            yield Batch(units=sorted(set(chunk) - set(chosen)))
            yield from self._read(chosen)

    def read_again(self, units: Iterable[int]) -> Iterator[Batch]:
        """Read some SKUs and their products, with little patience."""

        def look(key: str, retry_for: float, stop: threading.Event) -> Batch:
            patience = Patience(stop, retry_for)
            context = self._assembler.api.context(int(key), patience) or {}
            product_id = context.get("ProductId")
            if not isinstance(product_id, int):
                return Batch(known=False, gone=[int(key)])
            return self._complete(product_id, {int(key): context}, patience)

        for outcome in retry_missing(self._assembler.client, [*map(str, units)], look):
            yield _batch(outcome, [int(outcome.item)])

    def still_answers(self) -> bool:
        """Whether VTEX still gives the SKU that it gave last."""
        return self._assembler.client.still_answers(SKU_CONTEXT)

    def _read(self, sku_ids: Iterable[int]) -> Iterator[Batch]:
        assembler = self._assembler

        def look(sku_id: int, stop: threading.Event) -> Document:
            return assembler.api.context(sku_id, Patience(stop)) or {}

        by_product: dict[int, dict[int, Document]] = {}
        for outcome in fetch_each(assembler.client, SKU_CONTEXT, look, sku_ids):
            sku_id, context = outcome.item, outcome.result
            if context is None:
                yield Batch(units=[sku_id], failed=[sku_id])
            elif isinstance(product_id := context.get("ProductId"), int):
                by_product.setdefault(product_id, {})[sku_id] = context
            else:
                yield Batch(units=[sku_id], known=False, gone=[sku_id])

        def complete(product_id: int, stop: threading.Event) -> Batch:
            return self._complete(product_id, by_product[product_id], Patience(stop))

        for done in fetch_each(assembler.client, SKU_ROWS, complete, by_product):
            yield _batch(done, sorted(by_product[done.item]))

    def _complete(
        self, product_id: int, known: Mapping[int, Document], patience: Patience
    ) -> Batch:
        rows = self._assembler.api.rows(product_id, patience, has_skus=True)
        return self._assembler.put_together(product_id, rows, known.keys(), known, patience)


def _batch(outcome: Outcome[Any, Batch], units: list[int]) -> Batch:
    """What came of some units; they are missing if it was an error."""
    batch = outcome.result or Batch(failed=units)
    batch.units = units
    return batch


def changed_at(row: Document) -> datetime | None:
    """When a SKU was last changed, by VTEX's local time and as if that were UTC."""
    return dates.parse(row.get("DateUpdated"))


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
