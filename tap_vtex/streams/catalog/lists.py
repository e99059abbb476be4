"""Categories, sales channels and sellers."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

import msgspec
from singer_sdk import StreamSchema

from tap_vtex import dates
from tap_vtex.access import how_to_grant
from tap_vtex.bodies import documents_in
from tap_vtex.errors import AccessError, UnavailableError
from tap_vtex.streams.base import SCHEMAS, VtexStream, is_due
from tap_vtex.streams.catalog.api import CATEGORY, CATEGORY_TREE, LEGACY, CatalogApi
from tap_vtex.streams.catalog.documents import categories_in
from tap_vtex.streams.fetching import fetch_each
from tap_vtex.streams.lists import ListStream

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator, Mapping

    from singer_sdk.helpers.types import Context

    from tap_vtex.check import Check
    from tap_vtex.streams.base import Document
    from tap_vtex.streams.catalog.documents import Category


class CategoriesStream(VtexStream):
    """Categories with their place in the tree.

    The tree is one request, and each category's form another: these are asked for when
    the tree has changed, and else as often as the catalog is read in full.
    """

    name = "categories"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="categories")
    primary_keys = ("account_name", "Id")

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield all categories, if there can be anything new about them."""
        api = CatalogApi(self.tap.client, self.logger)
        tree = api.category_tree()
        checksum = hashlib.blake2b(msgspec.json.encode(tree), digest_size=8).hexdigest()
        now = self.tap.client.now()
        known, read_at = self.read_state(partition, _read_state) or (None, None)
        refresh = self.tap.settings.catalog_full_refresh
        if known == checksum and not is_due(read_at, refresh, now):
            return
        yield from self._documents(api, list(categories_in(tree)))
        self.remember(partition, {"tree": checksum, "full_pass_at": dates.text(now)})
        self.write_state()

    def check(self, check: Check) -> None:
        """Ask for the tree, and for a category of it."""
        tree = check.ask(CATEGORY_TREE)
        categories = list(categories_in(documents_in(tree)))
        one = categories[0].ids[-1] if categories else "1"
        check.ask(f"{CATEGORY}/{one}", without="categories have what the tree says")

    def _documents(self, api: CatalogApi, categories: list[Category]) -> Iterator[Document]:
        def ask(category: Category, stop: threading.Event) -> Document:
            return api.category(category.ids[-1], stop) or {}

        try:
            for fetched in fetch_each(self.tap.client.workers, ask, categories):
                if fetched.found is None:
                    raise UnavailableError(str(fetched.trouble))
                yield self._document(fetched.item, fetched.found)
        except AccessError:
            self.logger.info(
                "The key may not read single categories, so they have what the tree says. To have "
                "all: %s",
                how_to_grant(f"{CATEGORY}/1"),
            )
            for category in categories:
                yield self._document(category, {})

    def _document(self, category: Category, form: Document) -> Document:
        node = category.node
        return {
            "Id": category.ids[-1],
            "Name": node.get("name"),
            "FatherCategoryId": category.ids[-2] if len(category.ids) > 1 else None,
            "Title": node.get("Title"),
            "HasChildren": node.get("hasChildren"),
            **form,
            # The host is that of whichever shop asked first, says VTEX.
            "url": urlsplit(str(node.get("url") or "")).path or None,
            "level": len(category.ids),
            "path_ids": list(category.ids),
            "path_names": list(category.names),
            "synced_at": dates.text(self.tap.client.now()),
        }


def _read_state(state: Mapping[str, Any]) -> tuple[str, datetime]:
    return str(state["tree"]), datetime.fromisoformat(state["full_pass_at"])


class SalesChannelsStream(ListStream):
    """Sales channels, which VTEX also calls trade policies."""

    name = "sales_channels"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="sales_channels")
    primary_keys = ("account_name", "Id")
    list_path = f"{LEGACY}/saleschannel/list"


class SellersStream(ListStream):
    """Sellers of the marketplace, the store itself included."""

    name = "sellers"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="sellers")
    primary_keys = ("account_name", "SellerId")
    list_path = f"{LEGACY}/seller/list"

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield the sellers without the password that VTEX lists for each."""
        for seller in super().extract(partition):
            yield {name: value for name, value in seller.items() if "password" not in name.lower()}
