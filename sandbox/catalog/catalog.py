"""The products and SKUs that exist, and their state at any moment.

No documents are stored: each one is computed from its id. Edits are stored separately,
with their times.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import TYPE_CHECKING, Any

from sandbox import goods
from sandbox.catalog import tables
from sandbox.catalog.categories import Categories
from sandbox.catalog.documents import (
    CLUSTERS,
    alternate_ids,
    context_document,
    in_minutes,
    product_document,
    row_document,
)
from sandbox.clock import DAY, SECOND
from sandbox.goods import SKUS_PER_PRODUCT, Sku

if TYPE_CHECKING:
    from sandbox.quirks import Quirks

Json = dict[str, Any]

TWO_YEARS = 730 * DAY
#: No SKU was edited this long before the store started.
QUIET = 3 * DAY
#: The names of a SKU's measures in its row and in its context.
MEASURES = {
    "CubicWeight": "cubicweight",
    "Height": "height",
    "Length": "length",
    "WeightKg": "weight",
    "Width": "width",
}
#: Listed ids that belong to nothing. One phantom product lists a phantom SKU.
PHANTOM_PRODUCTS = (9000001, 9000002)
PHANTOM_SKUS = (9000001, 9000003)


@dataclass
class Catalog:
    """The store's products, SKUs, categories, brands, channels and sellers."""

    seed: int
    #: Orders refer to SKUs 1 to this number. Their products are 1 and up.
    skus: int
    #: When the store started, in ticks.
    start: int
    account: str
    quirks: Quirks
    #: The number of collections without products.
    further_collections: int = 4
    #: Listed ids for which every other route returns 404.
    phantom_products: set[int] = field(default_factory=lambda: set(PHANTOM_PRODUCTS))
    phantom_skus: set[int] = field(default_factory=lambda: set(PHANTOM_SKUS))
    #: Products without SKUs, even if they had some before.
    empty_products: set[int] = field(default_factory=set)
    #: SKUs whose context is ``null``, and products whose document is ``{}``.
    null_contexts: set[int] = field(default_factory=set)
    blank_products: set[int] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.categories = Categories(self.account)
        self._initial_products = -(-self.skus // SKUS_PER_PRODUCT)
        bare = self._initial_products + 1
        self.empty_products.add(bare)
        #: Products and SKUs added later, with their times. The bare one was always there.
        self._added_products: dict[int, int] = {bare: 0}
        self._added_skus: dict[int, int] = {}
        self._products_of_added: dict[int, int] = {}
        self._places: dict[int, list[int]] = {}
        self._next_product = bare + 1
        self._next_sku = self.skus + 1
        self._deleted_products: set[int] = set()
        self._deleted_skus: set[int] = set()
        self._product_edits: dict[int, list[tuple[int, Json]]] = {}
        self._sku_edits: dict[int, list[tuple[int, Json]]] = {}

    # -- what exists ---------------------------------------------------------------------

    def product_ids(self) -> list[int]:
        """The ids of all products, in ascending order."""
        first = 0 if self.quirks.has_product_zero else 1
        ids = {*range(first, self._initial_products + 1), *self._added_products}
        return sorted(ids - self._deleted_products)

    def sku_ids(self) -> list[int]:
        """The ids of all SKUs, in ascending order."""
        first = 0 if self.quirks.has_product_zero else 1
        gone = set(self._deleted_skus)
        for product_id in self._deleted_products | self.empty_products:
            gone |= set(self._all_skus_of(product_id))
        ids = [*range(first, self.skus + 1), *sorted(self._added_skus)]
        return [sku_id for sku_id in ids if sku_id not in gone]

    def skus_of(self, product_id: int) -> list[int]:
        """The ids of a product's SKUs."""
        if not self.has_product(product_id) or product_id in self.empty_products:
            return []
        return [one for one in self._all_skus_of(product_id) if one not in self._deleted_skus]

    def product_of(self, sku_id: int) -> int | None:
        """The id of a SKU's product; None if the SKU does not exist."""
        product_id = self._products_of_added.get(sku_id)
        if product_id is None and 0 <= sku_id <= self.skus:
            product_id = (sku_id - 1) // SKUS_PER_PRODUCT + 1
        if product_id is None or not self.has_product(product_id):
            return None
        gone = sku_id in self._deleted_skus or product_id in self.empty_products
        return None if gone else product_id

    def has_product(self, product_id: int) -> bool:
        """Whether a product exists."""
        if product_id in self._deleted_products:
            return False
        if product_id in self._added_products:
            return True
        first = 0 if self.quirks.has_product_zero else 1
        return first <= product_id <= self._initial_products

    def _all_skus_of(self, product_id: int) -> list[int]:
        """All SKUs of a product, deleted ones included."""
        ids = [*self._first_skus_of(product_id), *self._places.get(product_id, [])]
        here = (one for one in ids if self._products_of_added.get(one, product_id) == product_id)
        return list(dict.fromkeys(here))

    def _first_skus_of(self, product_id: int) -> range:
        """The SKUs that a product had when the store started."""
        if product_id == 0:
            return range(1)
        last = min(product_id * SKUS_PER_PRODUCT, self.skus)
        return range((product_id - 1) * SKUS_PER_PRODUCT + 1, last + 1)

    # -- edits ---------------------------------------------------------------------------

    def edit_product(self, product_id: int, at: int, **fields: Any) -> None:  # noqa: ANN401
        """Change fields of a product. The dates of its SKUs stay as they are."""
        document = self.product(product_id, at)
        if document is None or fields.keys() - document.keys():
            raise ValueError(f"There is no product {product_id} with {sorted(fields)}")
        self._product_edits.setdefault(product_id, []).append((at, fields))

    def edit_sku(
        self,
        sku_id: int,
        at: int,
        *,
        dated: int | None = None,
        **fields: Any,  # noqa: ANN401
    ) -> None:
        """Change fields of a SKU's row or context, and its ``DateUpdated``.

        ``DateUpdated`` becomes ``dated`` if given, even if that is ahead of the clock. A field
        that both views have changes in both: ``SkuName`` and ``Name``, ``Dimension`` and the
        row's measures, ``AlternateIds`` and the row's ``RefId``. ``Ean`` is also accepted.
        """
        fields = _named_as_in_row(fields)
        known = {"Ean", *self._row(sku_id, at), *self._context(sku_id, at)}
        if unknown := fields.keys() - known:
            raise ValueError(f"A SKU has no {sorted(unknown)}")
        updated = in_minutes(at if dated is None else dated)
        self._sku_edits.setdefault(sku_id, []).append((at, {"DateUpdated": updated, **fields}))

    def add_product(self, at: int, skus: int = 2, product_id: int | None = None) -> int:
        """Add a product with SKUs; returns its id."""
        if product_id is None:
            product_id = next(n for n in count(self._next_product) if not self.has_product(n))
            self._next_product = product_id + 1
        self._added_products[product_id] = at
        self._deleted_products.discard(product_id)
        self.phantom_products.discard(product_id)
        for _ in range(skus):
            self.add_sku(product_id, at)
        return product_id

    def add_sku(self, product_id: int, at: int) -> int:
        """Add a SKU to a product; returns its id."""
        sku_id = self._next_sku
        self._next_sku += 1
        self.empty_products.discard(product_id)
        self._added_skus[sku_id] = at
        self._products_of_added[sku_id] = product_id
        self._places.setdefault(product_id, []).append(sku_id)
        return sku_id

    def move_sku(self, sku_id: int, product_id: int, at: int, *, quietly: bool = False) -> None:
        """Move a SKU to another product; ``quietly`` leaves its ``DateUpdated`` as it is."""
        if not quietly:
            self.edit_sku(sku_id, at)
        self.empty_products.discard(product_id)
        self._products_of_added[sku_id] = product_id
        self._places.setdefault(product_id, []).append(sku_id)

    def delete_product(self, product_id: int) -> None:
        """Delete a product and its SKUs."""
        self._deleted_skus.update(self._all_skus_of(product_id))
        self._deleted_products.add(product_id)

    def delete_sku(self, sku_id: int) -> None:
        """Delete a SKU."""
        self._deleted_skus.add(sku_id)

    def add_category(self, parent_id: int | None, name: str) -> int:
        """Add a category; returns its id."""
        return self.categories.add(parent_id, name)

    def edit_category(self, category_id: int, **fields: Any) -> None:  # noqa: ANN401
        """Change fields of a category's document."""
        self.categories.edit(category_id, **fields)

    # -- products and SKUs at a given time -----------------------------------------------

    def product(self, product_id: int, now: int) -> Json | None:
        """A product's document; None if the product does not exist at that time."""
        if not self.has_product(product_id) or self._added_products.get(product_id, 0) > now:
            return None
        of = goods.product(self.seed, product_id)
        department = self.categories.path(of.category_id)[0].category_id
        document = product_document(of, department, self.start - TWO_YEARS)
        for at, fields in self._product_edits.get(product_id, ()):
            if at <= now:
                document |= fields
        return document

    def row(self, sku_id: int, now: int) -> Json | None:
        """A SKU's row in the list of its product's SKUs."""
        return self._row(sku_id, now) if self._exists(sku_id, now) else None

    def context(self, sku_id: int, now: int, lag: float | None = None) -> Json | None:
        """A SKU with its context, read from an index that lags by ``lag`` seconds."""
        lag = self.quirks.context_lag if lag is None else lag
        now -= int(lag * SECOND)
        return self._context(sku_id, now) if self._exists(sku_id, now) else None

    def _exists(self, sku_id: int, now: int) -> bool:
        product_id = self.product_of(sku_id)
        made = max(self._added_skus.get(sku_id, 0), self._added_products.get(product_id or 0, 0))
        return product_id is not None and made <= now

    def _row(self, sku_id: int, now: int) -> Json:
        edits = [(at, fields) for at, fields in self._sku_edits.get(sku_id, ()) if at <= now]
        row = row_document(self._sku(sku_id), self._made(sku_id))
        for _, fields in edits:
            row |= {name: value for name, value in fields.items() if name in row}
        return row

    def _context(self, sku_id: int, now: int) -> Json:
        of = self._sku(sku_id)
        row, product = self._row(sku_id, now), self.product(of.product_id, now)
        if product is None:
            raise ValueError(f"There is no product {of.product_id}")
        edited: Json = {}
        for at, fields in self._sku_edits.get(sku_id, ()):
            if at <= now:
                edited |= fields
        path = self.categories.path(product["CategoryId"])
        brand = self._brands[product["BrandId"]]
        context = context_document(of, row, product, brand, path)
        context |= {name: value for name, value in edited.items() if name in context}
        return context | alternate_ids(edited.get("Ean", of.ean), row["RefId"])

    def _sku(self, sku_id: int) -> Sku:
        """The article with a SKU id."""
        product_id = self.product_of(sku_id)
        if product_id is None:
            raise ValueError(f"There is no SKU {sku_id}")
        first = self._first_skus_of(product_id)
        later = self._places.get(product_id, [])
        place = len(first) + later.index(sku_id) if sku_id in later else first.index(sku_id)
        return goods.variant_of(self.seed, product_id, sku_id, place)

    def _made(self, sku_id: int) -> int:
        """When a SKU was added, or last edited before the store started."""
        chance = (sku_id * 0x9E3779B97F4A7C15 + self.seed * 0x85EBCA6B) & 0xFFFFFFFFFFFFFFFF
        return self._added_skus.get(sku_id, self.start - QUIET - chance % (TWO_YEARS - QUIET))

    # -- categories and short lists ------------------------------------------------------

    def category(self, category_id: int) -> Json | None:
        """A category's form with its path; None if the category does not exist."""
        known = category_id in self.categories.by_id
        return self.categories.document(category_id) if known else None

    def tree(self, levels: int = 9) -> list[Json]:
        """The category tree."""
        with_inactive = self.quirks.tree_has_inactive
        return self.categories.tree(levels, with_inactive=with_inactive)

    def brands(self) -> list[Json]:
        """Rows of the list of brands."""
        return tables.brands()

    def collections(self) -> list[Json]:
        """Rows of the list of collections."""
        return tables.collections(CLUSTERS, self.further_collections)

    def sales_channels(self) -> list[Json]:
        """Rows of the list of sales channels."""
        return tables.sales_channels()

    def sellers(self) -> list[Json]:
        """Rows of the list of sellers."""
        return tables.sellers(self.account)

    @cached_property
    def _brands(self) -> dict[int, Json]:
        return {row["id"]: row for row in self.brands()}


def _named_as_in_row(fields: Json) -> Json:
    """The fields under the names that the row uses."""
    fields = dict(fields)
    if "SkuName" in fields:
        fields["Name"] = fields.pop("SkuName")
    for name, key in MEASURES.items():
        if "Dimension" in fields and key in fields["Dimension"]:
            fields[name] = fields["Dimension"][key]
    fields.pop("Dimension", None)
    if "AlternateIds" in fields:
        known = fields.pop("AlternateIds")
        fields |= {"Ean": known.get("Ean"), "RefId": known.get("RefId")}
    return fields
