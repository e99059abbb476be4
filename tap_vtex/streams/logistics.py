"""The streams of VTEX's Logistics API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from singer_sdk import StreamSchema

from tap_vtex.errors import NotFoundError, RefusedError, UnavailableError
from tap_vtex.http.bodies import documents_in, has_items, is_document_or_null, is_list
from tap_vtex.http.endpoint import Endpoint, Resource
from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.lists import ListStream, PagedListStream
from tap_vtex.streams.per_sku import PerSkuStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import timedelta

    from singer_sdk.helpers.types import Context

    from tap_vtex.types import Document


def _logistics(name: str) -> Resource:
    return Resource("Logistics", "Logistics access", name)


_VIEWER: Final = (_logistics("Logistics viewer"), _logistics("Logistics full access"))
_SHIPPING: Final = (*_VIEWER, _logistics("Logistics shipping full access"))
WAREHOUSES: Final = Endpoint("/api/logistics/pvt/configuration/warehouses", is_list, _VIEWER)
DOCKS: Final = Endpoint("/api/logistics/pvt/configuration/docks", is_list, _VIEWER)
PICKUP_POINTS: Final = Endpoint(
    "/api/logistics/pvt/configuration/pickuppoints/_search", has_items, _SHIPPING
)
#: The same list without pages.
PICKUP_POINT_LIST: Final = Endpoint(
    "/api/logistics/pvt/configuration/pickuppoints", is_list, _SHIPPING
)
#: The list without pages is cut off here.
MAX_IN_LIST: Final = 1000
INVENTORY: Final = Endpoint(
    "/api/logistics/pvt/inventory/skus/{}",
    is_document_or_null,
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


class DocksStream(ListStream):
    """Loading docks, which orders leave from."""

    name = "docks"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="docks")
    primary_keys = ("account_name", "id")
    endpoint = DOCKS
    selected_by_default = False


class PickupPointsStream(PagedListStream):
    """Places where clients collect what they bought."""

    name = "pickup_points"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="pickup_points")
    primary_keys = ("account_name", "id")
    endpoint = PICKUP_POINTS
    selected_by_default = False

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield the pickup points, without the sort number of VTEX's index."""
        for point in super().extract(partition):
            point.pop("_sort", None)
            yield point

    def rows(self) -> Iterable[Any]:
        """The rows of all pages, or of the list without pages if VTEX returns none."""
        try:
            return super().rows()
        except (NotFoundError, RefusedError, UnavailableError):
            if self.run.client.has_answered_since(PICKUP_POINTS, 0):
                raise  # some pages did arrive
            rows = self.run.client.get(PICKUP_POINT_LIST).body
        if len(rows) >= MAX_IN_LIST:
            self._warn_truncated(len(rows), None)
        return rows


class InventoryStream(PerSkuStream):
    """The stock of each SKU, one row per warehouse."""

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
        """One row per warehouse; none if no warehouse has the SKU."""
        for row in documents_in(body.get("balance")):
            yield {**row, "skuId": sku_id}
