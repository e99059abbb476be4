"""Walks the catalog by product, or by SKU if the key may not list products."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol

from tap_vtex.http.fetching import Outcome, fetch_each
from tap_vtex.http.single import RetryBudget
from tap_vtex.streams.catalog.api import SKU_CONTEXT, SKU_ROWS
from tap_vtex.streams.catalog.assembler import Batch, changed_at
from tap_vtex.streams.catalog.learned import Learned
from tap_vtex.streams.id_census import IdCounts
from tap_vtex.streams.ledger import retry_missing

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from datetime import datetime

    from tap_vtex.http.client import VtexClient
    from tap_vtex.http.endpoint import Endpoint
    from tap_vtex.streams.catalog.assembler import Assembler
    from tap_vtex.types import Document

#: The kind of id that a walk goes by, or that a batch covers.
UnitKind = Literal["product", "sku"]

#: The kinds in words, in the plural.
NAMES: Final[Mapping[UnitKind, str]] = {"product": "products", "sku": "SKUs"}
_ENDPOINTS: Final[Mapping[UnitKind, Endpoint[Any]]] = {"product": SKU_ROWS, "sku": SKU_CONTEXT}


class Walk(Protocol):
    """A walk through the catalog, unit by unit."""

    by: UnitKind

    def units(self) -> Mapping[int, Collection[int]]:
        """The ids of all listed units, with the ids of their SKUs."""

    def products(self) -> Collection[int]:
        """The products that can be looked at."""

    def read(self, units: Iterable[int]) -> Iterator[Batch]:
        """Read units in full."""

    def look(
        self, products: Iterable[int], since: Callable[[int], datetime | None]
    ) -> Iterator[Batch]:
        """Look at products, and read those of their SKUs that have changed.

        Args:
            products: The products.
            since: For a product, the date from which on to read its SKUs; all of them if None.
        """

    def retry(self, by: UnitKind, ids: Iterable[int], /) -> Iterator[Batch]:
        """Read in full what earlier runs did not get, with a small budget."""


def still_answers(client: VtexClient, by: UnitKind) -> bool:
    """Whether VTEX still returns the unit that it returned last."""
    return client.still_answers(_ENDPOINTS[by])


class ByProduct:
    """Walks the products, each with its SKUs."""

    by: UnitKind = "product"

    def __init__(self, assembler: Assembler, products: Mapping[int, Collection[int]]) -> None:
        self._assembler = assembler
        self._products = products

    def units(self) -> Mapping[int, Collection[int]]:
        """The products, with the ids of their SKUs."""
        return self._products

    def products(self) -> Collection[int]:
        """All products."""
        return self._products

    def read(self, units: Iterable[int]) -> Iterator[Batch]:
        """Read products in full."""

        def read(product_id: int, stop: threading.Event) -> Batch:
            return self._read(product_id, RetryBudget(stop))

        for outcome in fetch_each(self._assembler.client, SKU_ROWS, read, units):
            yield _batch(outcome, [outcome.item])

    def look(
        self, products: Iterable[int], since: Callable[[int], datetime | None]
    ) -> Iterator[Batch]:
        """Look at products, and read the SKUs that have changed."""
        return _looks(self._assembler.client, self._look, products, since)

    def retry(self, _by: UnitKind, ids: Iterable[int], /) -> Iterator[Batch]:
        """Read products in full, with a small budget."""

        def read(key: str, retry_for: float, stop: threading.Event) -> Batch:
            return self._read(int(key), RetryBudget(stop, retry_for))

        for outcome in retry_missing(self._assembler.client, [*map(str, ids)], read):
            yield _batch(outcome, [int(outcome.item)])

    def _read(self, product_id: int, budget: RetryBudget) -> Batch:
        """Read a product in full, even if only some routes know it."""
        listed = self._products[product_id]
        rows = self._assembler.api.rows(product_id, budget, has_skus=bool(listed))
        picked = _dated_from(rows, None) | set(listed)
        return self._assembler.assemble(product_id, rows, picked, {}, budget)

    def _look(self, product_id: int, since: datetime | None, budget: RetryBudget) -> Batch:
        listed = self._products[product_id]
        rows = self._assembler.api.rows(product_id, budget, has_skus=bool(listed))
        picked = _dated_from(rows, since)
        if since is None and rows is not None:
            picked |= set(listed)
        elif not picked:
            batch = self._assembler.summarize(product_id, rows)
            # VTEX may not know products without SKUs.
            batch.known = rows is not None or not listed
            batch.is_incomplete = rows == [] and bool(listed)
            return batch
        return self._assembler.assemble(product_id, rows, picked, {}, budget)


class BySku:
    """Walks the SKUs, learns which products they belong to, and looks at those."""

    by: UnitKind = "sku"
    #: The number of SKUs whose contexts are in memory at once.
    chunk = 400

    def __init__(
        self, assembler: Assembler, skus: Mapping[int, Collection[int]], learned: Learned
    ) -> None:
        self._assembler = assembler
        self._skus = skus
        #: After a full pass that began at this time or later, every SKU's product is known.
        self.gap_at = learned.gap_at
        #: How many SKUs each product has.
        self._counts = dict(learned.skus.counts)
        self._shown: set[int] = set()
        #: SKUs that this run has read.
        self._just_read: set[int] = set()

    def learned(self, missing: dict[str, datetime]) -> Learned:
        """The products known by now, for the state.

        Args:
            missing: Products whose requests failed, with the day of the first failure.
        """
        skus = IdCounts(self._counts)
        if not skus.is_whole:
            self.gap_at = self._assembler.client.now()
        return Learned(skus=skus, missing=missing, gap_at=self.gap_at)

    def units(self) -> Mapping[int, Collection[int]]:
        """The SKUs."""
        return self._skus

    def products(self) -> Collection[int]:
        """The products that SKUs have named."""
        return list(self._counts)

    def read(self, units: Iterable[int]) -> Iterator[Batch]:
        """Read SKUs, and the products they belong to."""
        waiting = iter(units)
        while chunk := list(islice(waiting, self.chunk)):
            yield from self._read(chunk)

    def look(
        self, products: Iterable[int], since: Callable[[int], datetime | None]
    ) -> Iterator[Batch]:
        """Look at products, and read the SKUs that have changed."""
        return map(self._learn_from, _looks(self._assembler.client, self._look, products, since))

    def retry(self, by: UnitKind, ids: Iterable[int], /) -> Iterator[Batch]:
        """Read SKUs or products in full, with a small budget."""

        def read(key: str, retry_for: float, stop: threading.Event) -> Batch:
            budget = RetryBudget(stop, retry_for)
            if by == "product":
                return self._look(int(key), None, budget)
            context = self._assembler.api.context(int(key), budget) or {}
            product_id = context.get("ProductId")
            if not isinstance(product_id, int):
                return Batch(known=False, gone=[int(key)])
            return self._complete(product_id, {int(key): context}, budget)

        for outcome in retry_missing(self._assembler.client, [*map(str, ids)], read):
            yield self._learn_from(_batch(outcome, [int(outcome.item)]))

    @property
    def placed_count(self) -> int:
        """How many SKUs the known products have."""
        return sum(self._counts.values())

    def unplaced(self) -> set[int]:
        """The SKUs that no product has shown in this run."""
        return self._skus.keys() - self._shown

    def _read(self, sku_ids: Iterable[int]) -> Iterator[Batch]:
        assembler = self._assembler

        def fetch(sku_id: int, stop: threading.Event) -> Document:
            return assembler.api.context(sku_id, RetryBudget(stop)) or {}

        by_product: dict[int, dict[int, Document]] = {}
        for outcome in fetch_each(assembler.client, SKU_CONTEXT, fetch, sku_ids):
            sku_id, context = outcome.item, outcome.result
            if context is None:
                yield Batch(units=[sku_id], failed=[sku_id])
            elif isinstance(product_id := context.get("ProductId"), int):
                by_product.setdefault(product_id, {})[sku_id] = context
            else:
                yield Batch(units=[sku_id], known=False, gone=[sku_id])

        def complete(product_id: int, stop: threading.Event) -> Batch:
            return self._complete(product_id, by_product[product_id], RetryBudget(stop))

        for done in fetch_each(assembler.client, SKU_ROWS, complete, by_product):
            if done.result:
                self._just_read.update(by_product[done.item])
            yield self._learn_from(_batch(done, sorted(by_product[done.item])))

    def _complete(
        self, product_id: int, known: Mapping[int, Document], budget: RetryBudget
    ) -> Batch:
        rows = self._assembler.api.rows(product_id, budget, has_skus=True)
        return self._assembler.assemble(product_id, rows, known.keys(), known, budget)

    def _look(self, product_id: int, since: datetime | None, budget: RetryBudget) -> Batch:
        expected = self._counts.get(product_id, 0)
        rows = self._assembler.api.rows(product_id, budget, has_skus=bool(expected))
        # If the number of SKUs has changed, some were moved, maybe without a new date.
        is_as_before = len({row["Id"] for row in rows or ()}) == expected
        picked = _dated_from(rows, since if is_as_before else None) - self._just_read
        if not picked:
            batch = self._assembler.summarize(product_id, rows)
            batch.known = rows is not None or not expected
            return batch
        return self._assembler.assemble(product_id, rows, picked, {}, budget)

    def _learn_from(self, batch: Batch) -> Batch:
        """Remember how many SKUs a product has.

        A product that shows none twice is forgotten. If it still has SKUs, they become strays.
        """
        if batch.product is not None:
            self._shown |= batch.shown
            # VTEX may know a SKU before it shows the rows of its product.
            if batch.shown or batch.brands or self._counts.get(batch.product):
                self._counts[batch.product] = len(batch.shown)
            else:
                self._counts.pop(batch.product, None)
        return batch


def _looks(
    client: VtexClient,
    look: Callable[[int, datetime | None, RetryBudget], Batch],
    products: Iterable[int],
    since: Callable[[int], datetime | None],
) -> Iterator[Batch]:
    def look_at(product_id: int, stop: threading.Event) -> Batch:
        return look(product_id, since(product_id), RetryBudget(stop))

    for outcome in fetch_each(client, SKU_ROWS, look_at, products):
        yield _batch(outcome, [outcome.item])


def _dated_from(rows: Iterable[Document] | None, since: datetime | None) -> set[int]:
    """The SKUs dated ``since`` or later; all of them if it is None."""
    dated = ((row["Id"], changed_at(row)) for row in rows or ())
    return {sku_id for sku_id, date in dated if since is None or (date and date >= since)}


def _batch(outcome: Outcome[Any, Batch], units: list[int]) -> Batch:
    """The batch of some units; all of them failed if the outcome is an error."""
    batch = outcome.result or Batch(failed=units)
    batch.units = units
    return batch
