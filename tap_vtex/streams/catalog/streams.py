"""Products, SKUs and brands, which come from the same responses."""

from __future__ import annotations

from functools import cached_property
from itertools import chain, repeat
from typing import TYPE_CHECKING, ClassVar

from singer_sdk import StreamSchema

from tap_vtex import dates
from tap_vtex.errors import AccessError, StateError, VtexError
from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.catalog.api import (
    BRAND_LIST,
    CATEGORY_TREE,
    PRODUCT,
    PRODUCT_LIST,
    SKU_CONTEXT,
    CatalogApi,
    IdList,
    first_sku,
    read_id_list,
)
from tap_vtex.streams.catalog.assembler import Assembler, Wanted
from tap_vtex.streams.catalog.bookmark import BrandListBookmark, CatalogBookmark
from tap_vtex.streams.catalog.learned import Learned
from tap_vtex.streams.catalog.probe import probe_catalog
from tap_vtex.streams.catalog.replication import CatalogReplication, Schedule
from tap_vtex.streams.catalog.walk import NAMES, ByProduct, BySku
from tap_vtex.streams.list_size import ListSize
from tap_vtex.streams.shared import ChildStream, ParentStream
from tap_vtex.windows import whole_second

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from singer_sdk.helpers.types import Context

    from tap_vtex.report.check import Check
    from tap_vtex.report.probe import Probe
    from tap_vtex.streams.base import VtexStream
    from tap_vtex.streams.catalog.assembler import Batch
    from tap_vtex.streams.catalog.walk import UnitKind, Walk
    from tap_vtex.types import Document


class ProductsStream(ParentStream[CatalogBookmark]):
    """Products, inactive ones included."""

    name = "products"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="products")
    primary_keys = ("account_name", "Id")
    replication_key = "date_updated"

    @cached_property
    def _api(self) -> CatalogApi:
        return CatalogApi(self.run.client, self.logger)

    @cached_property
    def _listed(self) -> tuple[UnitKind, IdList]:
        """The products with the ids of their SKUs, or the SKUs if the key may list only those."""
        try:
            return "product", self._product_ids()
        except AccessError:
            sku_ids = self._api.sku_ids()
        self.logger.info(
            "The key may not list products, so the tap finds them through their SKUs. Products "
            "without SKUs are missing. To get them: %s",
            PRODUCT_LIST.how_to_grant,
        )
        return "sku", sku_ids

    def _product_ids(self) -> IdList:
        """The products. A refusal is retried once if an earlier run could list them."""
        try:
            return self._api.product_ids()
        except AccessError:
            if not any(self._was_read_by_product(member) for member in super().members):
                raise
        self.run.client.wait(self.run.client.policy.list_waits[-1])
        return self._api.product_ids()

    def _was_read_by_product(self, member: VtexStream) -> bool:
        try:
            stored = member.load_bookmark(self.account, CatalogBookmark)
        except StateError:
            return False
        return stored is not None and stored.by == "product"

    def _read_list(self, by: UnitKind) -> IdList:
        return self._api.product_ids() if by == "product" else self._api.sku_ids()

    def _read_units(self, size: ListSize) -> tuple[Mapping[int, Collection[int]], ListSize]:
        """The listed units; the list is read again if it shows fewer than an earlier run saw."""
        by, first = self._listed
        readings = chain([first], map(self._read_list, repeat(by)))
        units, reading = read_id_list(self.run.client, size, lambda: next(readings))
        self._listed = by, IdList(units, reading.announced)
        size = size.after(reading.rows, self.run.client.now(), reading.announced)
        size.warn_if_doubtful(self.logger, NAMES[by])
        return units, size

    @property
    def members(self) -> list[VtexStream]:
        """The streams that need the catalog: not the brands, if VTEX lists them."""
        return [
            member
            for member in super().members
            if not isinstance(member, BrandsStream) or member.from_skus
        ]

    def check(self, check: Check) -> None:
        """Request the list of products, a product, and their fallbacks."""
        _check_skus(check)
        one = {"_from": 1, "_to": 1}
        check.ask(PRODUCT_LIST, params=one, fallback="changes appear only with the full pass")
        check.ask(PRODUCT, 1, fallback="product fields come from the SKUs")
        check.ask(CATEGORY_TREE, fallback="product categories come from the SKUs")

    def probe(self, probe: Probe) -> None:
        """Find out how the catalog behaves."""
        probe_catalog(probe)

    def bookmark_of(self, member: VtexStream, partition: Context) -> CatalogBookmark:
        """The bookmark of a member; a fresh one if the key lists another kind of id now."""
        by, _ = self._listed
        stored = member.load_bookmark(partition, CatalogBookmark)
        if stored is None or stored.by != by:
            return CatalogBookmark(by=by)
        if stored.began:
            member.check_clock(stored.began)
        return stored

    def merged(self, one: CatalogBookmark, other: CatalogBookmark) -> CatalogBookmark | None:
        """A bookmark that serves both, if they are compatible."""
        return one.merged_with(other)

    def read_for(
        self,
        members: list[VtexStream],
        bookmark: CatalogBookmark,
        checkpoint: Callable[[CatalogBookmark], None],
    ) -> Iterator[Document]:
        """Read the catalog once for members that share a bookmark."""
        units, size = self._read_units(bookmark.size)
        walk = self._walk(members, units, bookmark.learned)
        client, settings = self.run.client, self.run.settings
        schedule = Schedule(settings.catalog_full_refresh, settings.catalog_check)
        replication = CatalogReplication(
            walk, bookmark, size, checkpoint, client=client, logger=self.logger
        )
        for batch in replication.run(schedule, self._api.refuses_products):
            for member in members:
                if isinstance(member, SkusStream | BrandsStream):
                    member.write_batch(batch)
            if self in members:
                yield from batch.products

    def _walk(
        self,
        members: list[VtexStream],
        units: Mapping[int, Collection[int]],
        learned: Learned | None,
    ) -> Walk:
        wanted = Wanted(
            products=self in members,
            skus=any(isinstance(member, SkusStream) for member in members),
            brands=any(isinstance(member, BrandsStream) for member in members),
        )
        store_url = self.run.settings.store_url
        assembler = Assembler(self.run.client, self._api, wanted, store_url, self.logger)
        by, _ = self._listed
        if by == "product":
            return ByProduct(assembler, units)
        gap_at = whole_second(self.run.client.now())
        return BySku(assembler, units, learned or Learned(gap_at=gap_at))


class SkusStream(ChildStream):
    """SKUs, with all that VTEX has on them and their product."""

    name = "skus"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="skus")
    primary_keys = ("account_name", "Id")
    replication_key = "date_updated"
    parent_stream_type = ProductsStream

    def check(self, check: Check) -> None:
        """Request a SKU."""
        _check_skus(check)

    def write_batch(self, batch: Batch) -> None:
        """Write the SKUs of a batch."""
        for sku in batch.skus:
            self.write_record(sku)


class BrandsStream(ChildStream):
    """Brands, from VTEX's list or, if the key may not read it, from the SKUs."""

    name = "brands"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="brands")
    primary_keys = ("account_name", "id")
    parent_stream_type = ProductsStream

    #: True if the key may not list brands.
    from_skus = False

    def begin(self) -> None:
        """Write all brands in VTEX's list, if the key may read it."""
        super().begin()
        self._written: set[str] = set()
        known = ListSize()
        try:
            if stored := self.load_bookmark(self.account, BrandListBookmark):
                known = stored.listed
            brands = CatalogApi(self.run.client, self.logger).brands(known)
        except AccessError:
            self.from_skus = True
            if known != ListSize():  # a bookmark of the list does not apply to the SKUs
                self.set_bookmark(self.account, CatalogBookmark(by="product"))
            self.logger.info(
                "The key may not list brands, so they come from the SKUs. To get all of them: %s",
                BRAND_LIST.how_to_grant,
            )
        except VtexError as error:
            self.fail([self.name], error)
        else:
            size = known.after_whole(len(brands), self.run.client.now())
            size.warn_if_doubtful(self.logger, self.name)
            if size != known:
                self.checkpoint(self.account, BrandListBookmark(listed=size))
            synced_at = dates.text(self.run.client.now())
            for brand in brands:
                row = brand if isinstance(brand, dict) else {}
                self.write_record({**row, "synced_at": synced_at})

    def check(self, check: Check) -> None:
        """Request the list, and a SKU if the list is refused."""
        if check.ask(BRAND_LIST, fallback="brands come from the SKUs") is None:
            _check_skus(check)

    def write_batch(self, batch: Batch) -> None:
        """Write the brands in a batch that this run has not written yet."""
        for brand in batch.brands:
            if str(brand["id"]) not in self._written:
                self._written.add(str(brand["id"]))
                self.write_record(brand)


def _check_skus(check: Check) -> None:
    check.ask(SKU_CONTEXT, first_sku(check))
