"""The stream of VTEX's pricing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from singer_sdk import StreamSchema

from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.per_sku import PerSkuStream

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import timedelta

    from tap_vtex.streams.base import Document


class PricesStream(PerSkuStream):
    """Base, list and cost price of each SKU, and its fixed prices.

    A SKU without a price has no row; VTEX answers 404 for it.
    """

    name = "prices"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="prices")
    primary_keys = ("account_name", "itemId")

    @property
    def refresh(self) -> timedelta:
        """The setting ``prices_refresh_hours``."""
        return self.tap.settings.prices_refresh

    def path(self, sku_id: int) -> str:
        """Where VTEX has the prices of a SKU: on another host than all else."""
        return f"/{self.tap.settings.account_name}/pricing/prices/{sku_id}"

    def records(self, sku_id: int, body: Document) -> Iterator[Document]:
        """One row."""
        yield {**body, "itemId": sku_id}
