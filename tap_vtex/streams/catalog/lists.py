"""Categories, collections, sales channels and sellers."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, Final
from urllib.parse import urlsplit

import msgspec
from singer_sdk import StreamSchema

from tap_vtex import dates
from tap_vtex.errors import AccessError, VtexError
from tap_vtex.http.bodies import documents_in, has_items, is_list
from tap_vtex.http.endpoint import Endpoint, Resource
from tap_vtex.http.fetching import Outcome, fetch_each
from tap_vtex.http.single import RetryBudget
from tap_vtex.streams.base import SCHEMAS, VtexStream
from tap_vtex.streams.bookmarks import Bookmark, is_due
from tap_vtex.streams.catalog.api import (
    CATEGORY,
    CATEGORY_TREE,
    VIEW_COLLECTION,
    VIEW_PRODUCT,
    CatalogApi,
    parse_id,
)
from tap_vtex.streams.catalog.documents import categories_in
from tap_vtex.streams.id_census import IdSet
from tap_vtex.streams.ledger import RetryLedger, retry_missing
from tap_vtex.streams.list_size import ListSize
from tap_vtex.streams.lists import ListStream, PagedListStream
from tap_vtex.streams.pace import Pace

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from singer_sdk.helpers.types import Context

    from tap_vtex.report.check import Check
    from tap_vtex.streams.catalog.documents import Category
    from tap_vtex.types import Document

#: VTEX's reference dropped it in June 2025 and names no replacement. Still in use.
COLLECTIONS: Final = Endpoint(
    "/api/catalog_system/pvt/collection/search",
    has_items,
    (
        Resource("Catalog or Catalog Legacy", "Collection", "Read Collections"),
        VIEW_COLLECTION,
    ),
)
SALES_CHANNELS: Final = Endpoint(
    "/api/catalog_system/pvt/saleschannel/list", is_list, (VIEW_PRODUCT,)
)
SELLERS: Final = Endpoint(
    "/api/catalog_system/pvt/seller/list",
    is_list,
    (Resource("Seller Register", "Seller Administration", "View Seller"), VIEW_PRODUCT),
)


class CategoriesBookmark(Bookmark, frozen=True, kw_only=True):
    """What the categories looked like when they were last read."""

    #: A checksum of the tree; empty if no run has seen a category yet.
    tree: str = ""
    full_pass_at: datetime
    #: Categories whose own data could not be read, with the day of the first failure.
    missing: dict[str, datetime] = msgspec.field(default_factory=dict)
    #: Categories that an interrupted pass still has to read.
    left: IdSet = msgspec.field(default_factory=IdSet)
    #: Since when the tree has been empty, if it is.
    size: ListSize = msgspec.field(default_factory=ListSize)


class CategoriesStream(VtexStream):
    """Categories, with their place in the tree.

    The tree takes one request, and so does each category. The categories are read again if the
    tree has changed, and otherwise as often as the whole catalog.
    """

    name = "categories"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="categories")
    primary_keys = ("account_name", "Id")

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield all categories if any may have changed."""
        api = CatalogApi(self.run.client, self.logger)
        known = self.load_bookmark(partition, CategoriesBookmark)
        categories, checksum = self._tree(api, known.size if known else None)
        now = self.run.client.now()
        refresh = self.run.settings.catalog_full_refresh
        if not categories:
            self._note_no_categories(partition, known or CategoriesBookmark(full_pass_at=now))
            return
        ledger = RetryLedger(known.missing if known else {})
        left = set(categories)
        if known and known.tree == checksum and not is_due(known.full_pass_at, refresh, now):
            now = known.full_pass_at
            left.intersection_update(map(str, known.left.ids))
        left -= ledger.earlier
        pace = Pace()

        def checkpoint() -> None:
            bookmark = CategoriesBookmark(
                tree=checksum,
                full_pass_at=now,
                missing=dict(ledger.missing),
                left=IdSet(filter(None, map(parse_id, left))),
            )
            if bookmark != known:
                self.checkpoint(partition, bookmark)

        try:
            for document in self._documents(api, categories, ledger, sorted(left)):
                yield document
                left.discard(document["Id"])
                pace.count()
                if pace.is_due():
                    checkpoint()
        except VtexError:
            if self.run.client.has_answered_since(CATEGORY, 0):
                checkpoint()
            raise
        yield from self._retry_missing(api, categories, ledger)
        ledger.drop_expired(self.run.client.now())
        checkpoint()
        if error := ledger.failure("category records", may_be_gone=True):
            raise error

    def check(self, check: Check) -> None:
        """Request the tree, and one category."""
        tree = check.ask(CATEGORY_TREE)
        categories = list(categories_in(documents_in(tree)))
        one = categories[0].ids[-1] if categories else "1"
        check.ask(CATEGORY, one, fallback="categories have only the fields of the tree")

    def _note_no_categories(self, partition: Context, known: CategoriesBookmark) -> None:
        """Remember since when there have been none; warn about it for a day."""
        size = known.size.after_whole(0, self.run.client.now())
        size.warn_if_doubtful(self.logger, self.name)
        if size != known.size:
            self.checkpoint(partition, msgspec.structs.replace(known, size=size))

    def _tree(self, api: CatalogApi, size: ListSize | None) -> tuple[dict[str, Category], str]:
        """The categories by id, and a checksum of the tree."""
        tree = api.category_tree(size)
        found = list(categories_in(tree))
        categories = {category.ids[-1]: category for category in found}
        for _ in range(_count_nodes(tree) - len(found)):
            self.has_key({})
        return categories, hashlib.blake2b(msgspec.json.encode(tree), digest_size=8).hexdigest()

    def _documents(
        self,
        api: CatalogApi,
        categories: Mapping[str, Category],
        ledger: RetryLedger,
        wanted: Collection[str],
    ) -> Iterator[Document]:
        """The wanted categories, or all of them from the tree if the key may read no others."""

        def fetch(category_id: str, stop: threading.Event) -> Document:
            return api.category(category_id, RetryBudget(stop)) or {}

        try:
            for outcome in fetch_each(self.run.client, CATEGORY, fetch, wanted):
                yield self._handle(outcome, categories, ledger)
        except AccessError:
            self.logger.info(
                "The key may not read single categories, so they have only the fields of the "
                "category tree. To get all fields: %s",
                CATEGORY.how_to_grant,
            )
            for category in categories.values():
                yield self._document(category, {})

    def _retry_missing(
        self, api: CatalogApi, categories: Mapping[str, Category], ledger: RetryLedger
    ) -> Iterator[Document]:
        """The categories whose own data earlier runs did not get."""

        def fetch(category_id: str, retry_for: float, stop: threading.Event) -> Document:
            return api.category(category_id, RetryBudget(stop, retry_for)) or {}

        earlier = [category_id for category_id in categories if category_id in ledger.earlier]
        ledger.discard(ledger.earlier - set(earlier))
        for outcome in retry_missing(self.run.client, earlier, fetch):
            yield self._handle(outcome, categories, ledger)

    def _handle(
        self,
        outcome: Outcome[str, Document],
        categories: Mapping[str, Category],
        ledger: RetryLedger,
    ) -> Document:
        """The row of a category: from the tree alone if its own data could not be read."""
        if outcome.result:
            ledger.discard([outcome.item])
        else:
            now = self.run.client.now()
            ledger.add(outcome.item, now, is_unknown=outcome.error is None)
        return self._document(categories[outcome.item], outcome.result or {})

    def _document(self, category: Category, details: Document) -> Document:
        node = category.node
        return {
            "Name": node.get("name"),
            "FatherCategoryId": category.ids[-2] if len(category.ids) > 1 else None,
            "Title": node.get("Title"),
            "HasChildren": node.get("hasChildren"),
            **details,
            "Id": category.ids[-1],
            # Without the host, which VTEX says is that of whichever shop asked first.
            "url": urlsplit(str(node.get("url") or "")).path or None,
            "level": len(category.ids),
            "path_ids": list(category.ids),
            "path_names": list(category.names),
            "synced_at": dates.text(self.run.client.now()),
        }


def _count_nodes(tree: Iterable[object]) -> int:
    """The number of nodes in a tree, valid or not."""
    below = (node.get("children") if isinstance(node, dict) else None for node in tree)
    return sum(1 + _count_nodes(nodes if isinstance(nodes, list) else ()) for nodes in below)


class CollectionsStream(PagedListStream):
    """Collections of products, each with its number of products."""

    name = "collections"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="collections")
    primary_keys = ("account_name", "id")
    endpoint: ClassVar[Endpoint[Any]] = COLLECTIONS
    params: ClassVar[Mapping[str, str]] = {"orderByAsc": "true"}
    selected_by_default = False


class SalesChannelsStream(ListStream):
    """Sales channels, which VTEX also calls trade policies."""

    name = "sales_channels"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="sales_channels")
    primary_keys = ("account_name", "Id")
    endpoint: ClassVar[Endpoint[Any]] = SALES_CHANNELS
    selected_by_default = False


class SellersStream(ListStream):
    """Sellers of the marketplace, including the store itself."""

    name = "sellers"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="sellers")
    primary_keys = ("account_name", "SellerId")
    endpoint: ClassVar[Endpoint[Any]] = SELLERS
    selected_by_default = False

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield the sellers, without the password that VTEX lists for each."""
        for seller in super().extract(partition):
            yield {name: value for name, value in seller.items() if "password" not in name.lower()}
