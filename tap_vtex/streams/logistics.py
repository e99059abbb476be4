"""The streams of VTEX's logistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from singer_sdk import StreamSchema

from tap_vtex.bodies import documents_in
from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.lists import ListStream
from tap_vtex.streams.per_sku import PerSkuStream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from tap_vtex.streams.base import Document

LOGISTICS: Final = "/api/logistics/pvt"


class WarehousesStream(ListStream):
    """Warehouses."""

    name = "warehouses"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="warehouses")
    primary_keys = ("account_name", "id")
    list_path = f"{LOGISTICS}/configuration/warehouses"


class InventoryStream(PerSkuStream):
    """The stock of each SKU, a row for each warehouse."""

    name = "inventory"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="inventory")
    primary_keys = ("account_name", "skuId", "warehouseId")

    @property
    def refresh(self) -> timedelta:
        """The setting ``inventory_refresh_hours``."""
        return self.tap.settings.inventory_refresh

    def path(self, sku_id: int) -> str:
        """Where VTEX has the stock of a SKU."""
        return f"{LOGISTICS}/inventory/skus/{sku_id}"

    def records(self, sku_id: int, body: Document) -> Iterator[Document]:
        """A row for each warehouse; none where VTEX knows of no warehouse."""
        for row in documents_in(body.get("balance")):
            if row.get("warehouseId") is not None:
                yield {**row, "skuId": sku_id}
