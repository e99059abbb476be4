"""The stream of VTEX's Pricing API."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from singer_sdk import StreamSchema

from tap_vtex.http.bodies import is_document_or_null
from tap_vtex.http.endpoint import Endpoint, Host, Resource
from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.per_sku import PerSkuStream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from tap_vtex.types import Document

PRICE: Final = Endpoint(
    "/pricing/prices/{}",
    is_document_or_null,
    (Resource("Pricing", "Price List", "Read prices"),),
    host=Host.PRICING,
    identity=lambda body: body.get("itemId") if body else None,
)


class PricesStream(PerSkuStream):
    """The base, list and cost price of each SKU, and its fixed prices.

    A SKU without a price has no row; VTEX returns 404 for it.
    """

    name = "prices"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="prices")
    primary_keys = ("account_name", "itemId")
    endpoint = PRICE

    @property
    def refresh(self) -> timedelta:
        """The setting ``prices_refresh_hours``."""
        return self.run.settings.prices_refresh

    def records(self, sku_id: int, body: Document) -> Iterator[Document]:
        """One row; none if the price is empty."""
        if body:
            yield {**body, "itemId": sku_id}
