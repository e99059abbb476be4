"""Products, SKUs and brands, which come out of the same answers."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar

from singer_sdk import StreamSchema

from tap_vtex import dates
from tap_vtex.access import how_to_grant
from tap_vtex.errors import AccessError, VtexError
from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.catalog.api import (
    BRAND_LIST,
    CATEGORY_TREE,
    PRODUCT,
    PRODUCT_IDS,
    SKU_CONTEXT,
    CatalogApi,
    first_sku,
)
from tap_vtex.streams.catalog.bookmark import CatalogBookmark
from tap_vtex.streams.catalog.reading import Assembler, ByProduct, BySku, Wants
from tap_vtex.streams.catalog.replication import CatalogReplication
from tap_vtex.streams.family import ChildStream, ParentStream

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from singer_sdk.helpers.types import Context

    from tap_vtex.check import Check
    from tap_vtex.streams.base import Document, VtexStream
    from tap_vtex.streams.catalog.bookmark import By
    from tap_vtex.streams.catalog.reading import Finding, Reader


class ProductsStream(ParentStream[CatalogBookmark]):
    """Products, inactive ones included."""

    name = "products"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="products")
    primary_keys = ("account_name", "Id")
    replication_key = "date_updated"

    @cached_property
    def _api(self) -> CatalogApi:
        return CatalogApi(self.tap.client, self.logger)

    @cached_property
    def _listed(self) -> tuple[By, Mapping[int, Collection[int]]]:
        """The products with the ids of their SKUs, or what the key may list instead of them."""
        try:
            return "product", self._api.product_ids()
        except AccessError:
            sku_ids = self._api.sku_ids()
        self.logger.warning(
            "The key may not list products, so products, SKUs and brands are read by way of the "
            "list of SKUs: all of them every %d days, in between those not seen before. To have "
            "every change in every run: %s",
            self.tap.settings.catalog_full_refresh.days,
            how_to_grant(PRODUCT_IDS),
        )
        return "sku", dict.fromkeys(sku_ids, ())

    @property
    def readers(self) -> list[VtexStream]:
        """Those who need the catalog read: not the brands where VTEX has a list of them."""
        return [
            reader
            for reader in super().readers
            if not isinstance(reader, BrandsStream) or reader.come_from_skus
        ]

    def check(self, check: Check) -> None:
        """Ask for the list of products, for a product, and for what leads to them without."""
        _ask_for_skus(check)
        window = {"_from": 1, "_to": 1}
        check.ask(PRODUCT_IDS, window, without="changes show with the full pass only")
        check.ask(f"{PRODUCT}/1", without="products have what their SKUs say")
        check.ask(CATEGORY_TREE, without="products have their categories as SKUs know them")

    def bookmark_of(self, reader: VtexStream, partition: Context) -> CatalogBookmark:
        """How far a stream has come; a beginning where there is no state."""
        by, _units = self._listed
        stored = reader.read_state(partition, CatalogBookmark.from_state)
        if stored is None or stored.by != by:
            return CatalogBookmark(by)
        if began := stored.under_way.began if stored.under_way else stored.full_pass_at:
            reader.check_clock(began)
        return stored

    def abreast(self, one: CatalogBookmark, other: CatalogBookmark) -> CatalogBookmark | None:
        """A bookmark for both, where they have come equally far."""
        return one.abreast_of(other)

    def read_for(
        self, readers: list[VtexStream], partition: Context, bookmark: CatalogBookmark
    ) -> Iterator[Document]:
        """Go through the catalog once, for readers that have come equally far."""

        def checkpoint(at: CatalogBookmark) -> None:
            for reader in readers:
                reader.remember(partition, at.as_state())
            self.write_state()

        replication = CatalogReplication(self._reader(readers), bookmark, checkpoint, self.logger)
        refresh = self.tap.settings.catalog_full_refresh
        for finding in replication.run(self.tap.client.now, refresh):
            for reader in readers:
                if isinstance(reader, SkusStream | BrandsStream):
                    reader.write_findings(finding)
            if self in readers:
                yield from finding.products

    def _reader(self, readers: list[VtexStream]) -> Reader:
        wants = Wants(
            products=self in readers,
            skus=any(isinstance(reader, SkusStream) for reader in readers),
            brands=any(isinstance(reader, BrandsStream) for reader in readers),
        )
        client, settings = self.tap.client, self.tap.settings
        assembler = Assembler(client, self._api, wants, settings.store_url, self.logger)
        by, units = self._listed
        return ByProduct(assembler, units) if by == "product" else BySku(assembler, units)


class SkusStream(ChildStream):
    """SKUs with all that VTEX says of them, and of their product, in one answer."""

    name = "skus"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="skus")
    primary_keys = ("account_name", "Id")
    replication_key = "date_updated"
    parent_stream_type = ProductsStream

    def check(self, check: Check) -> None:
        """Ask for a SKU."""
        _ask_for_skus(check)

    def write_findings(self, finding: Finding) -> None:
        """Write the SKUs that were found."""
        for sku in finding.skus:
            self.write_record(sku)


class BrandsStream(ChildStream):
    """Brands: VTEX's list, or where the key may not see that, those that SKUs name."""

    name = "brands"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="brands")
    primary_keys = ("account_name", "id")
    parent_stream_type = ProductsStream

    #: Whether the key may not list brands.
    come_from_skus = False

    def begin(self) -> None:
        """Write all brands of VTEX's list, or find out that there is none for this key."""
        super().begin()
        self._written: set[object] = set()
        try:
            brands = CatalogApi(self.tap.client, self.logger).brands()
        except AccessError:
            self.come_from_skus = True
            self.logger.info(
                "The key may not list brands, so they are those that SKUs name. To have all: %s",
                how_to_grant(BRAND_LIST),
            )
        except VtexError as error:
            self.end_early([self.name], error)
        else:
            at = {"synced_at": dates.text(self.tap.client.now())}
            for brand in brands:
                self.write_record({**brand, **at})

    def check(self, check: Check) -> None:
        """Ask for the list, and where there is none, for a SKU."""
        if check.ask(BRAND_LIST, without="brands are those that SKUs name") is None:
            _ask_for_skus(check)

    def write_findings(self, finding: Finding) -> None:
        """Write the brands that were found and that this run has not written yet."""
        for brand in finding.brands:
            if brand["id"] not in self._written:
                self._written.add(brand["id"])
                self.write_record(brand)


def _ask_for_skus(check: Check) -> None:
    check.ask(f"{SKU_CONTEXT}/{first_sku(check)}")
