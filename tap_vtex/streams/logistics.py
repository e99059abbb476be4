"""The streams of VTEX's logistics."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from singer_sdk import StreamSchema

from tap_vtex.http.bodies import documents_in, is_document_or_nothing, is_list
from tap_vtex.http.endpoint import Endpoint, Resource
from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.lists import ListStream
from tap_vtex.streams.per_sku import PerSkuStream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from tap_vtex.types import Document


def _logistics(name: str) -> Resource:
    return Resource("Logistics", "Logistics access", name)


WAREHOUSES: Final = Endpoint(
    "/api/logistics/pvt/configuration/warehouses",
    is_list,
    (_logistics("Logistics viewer"), _logistics("Logistics full access")),
)
INVENTORY: Final = Endpoint(
    "/api/logistics/pvt/inventory/skus/{}",
    is_document_or_nothing,
    (
        _logistics("Logistics inventory read only"),
        _logistics("Logistics viewer"),
        _logistics("Logistics inventory full access"),
        _logistics("Logistics full access"),
    ),
    identity=lambda body: body.get("skuId") if body else None,
)


class WarehousesStream(ListStream):
    """Warehouses."""

    name = "warehouses"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="warehouses")
    primary_keys = ("account_name", "id")
    endpoint = WAREHOUSES
    selected_by_default = False


class InventoryStream(PerSkuStream):
    """The stock of each SKU, one row for each warehouse."""

    name = "inventory"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="inventory")
    primary_keys = ("account_name", "skuId", "warehouseId")
    endpoint = INVENTORY
    selected_by_default = False

    @property
    def refresh(self) -> timedelta:
        """The setting ``inventory_refresh_hours``."""
        return self.run.settings.inventory_refresh

    def records(self, sku_id: int, body: Document) -> Iterator[Document]:
        """One row for each warehouse; none if the SKU is in no warehouse."""
        for row in documents_in(body.get("balance")):
            yield {**row, "skuId": sku_id}
