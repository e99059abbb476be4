"""The streams of VTEX's order management (OMS)."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, ClassVar
from urllib.parse import quote

from singer_sdk import StreamSchema

from tap_vtex.bodies import documents_in
from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.family import ChildStream, ParentStream
from tap_vtex.streams.orders.bookmark import OrderBookmark
from tap_vtex.streams.orders.items import items_of
from tap_vtex.streams.orders.listing import LIST_PATH, OrderList
from tap_vtex.streams.orders.replication import OrderReplication, beginning, wanted_from

if TYPE_CHECKING:
    from collections.abc import Iterator

    from singer_sdk.helpers.types import Context

    from tap_vtex.check import Check
    from tap_vtex.streams.base import Document, VtexStream


class OrdersStream(ParentStream[OrderBookmark]):
    """Complete orders, each as Get order returns it."""

    name = "orders"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="orders")
    primary_keys = ("account_name", "orderId")
    replication_key = "lastChange"

    #: Whether VTEX's list is asked for the orders that were never completed.
    incomplete = False

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield the orders to fetch, and write the items of each beside it."""
        self._orders.now  # noqa: B018 - what is wrong for all readers shows here, and only once
        yield from super().extract(partition)

    @cached_property
    def _orders(self) -> OrderList:
        return OrderList(self.tap.client, self.logger, incomplete=self.incomplete)

    def check(self, check: Check) -> None:
        """Ask for the list, and for an order of it."""
        _ask_for_orders(check, incomplete=self.incomplete)

    def bookmark_of(self, reader: VtexStream, partition: Context) -> OrderBookmark:
        """How far orders or items have come; a beginning where there is no state."""
        stored = reader.read_state(partition, OrderBookmark.from_state)
        if stored is None:
            return beginning(self._orders, self.tap.settings)
        reader.check_clock(max(stored.loaded_until, stored.changes_since))
        return stored

    def abreast(self, one: OrderBookmark, other: OrderBookmark) -> OrderBookmark | None:
        """A bookmark for both, where they have come equally far."""
        return one.abreast_of(other, wanted_from(self._orders, self.tap.settings))

    def read_for(
        self, readers: list[VtexStream], partition: Context, bookmark: OrderBookmark
    ) -> Iterator[Document]:
        """Go through the orders once, for readers that have come equally far."""

        def checkpoint(at: OrderBookmark) -> None:
            for reader in readers:
                reader.remember(partition, at.as_state())
            self.write_state()

        settings, logger = self.tap.settings, self.logger
        replication = OrderReplication(self._orders, settings, bookmark, checkpoint, logger)
        for order in replication.run():
            for reader in readers:
                if isinstance(reader, OrderItemsStream):
                    reader.write_items_of(order)
            if self in readers:
                yield order


class OrderItemsStream(ChildStream):
    """The items of each order, flat; written beside the order, with a bookmark of its own."""

    name = "order_items"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="order_items")
    primary_keys = ("account_name", "orderId", "item_index")
    replication_key = "lastChange"
    parent_stream_type = OrdersStream

    def check(self, check: Check) -> None:
        """Ask for the list, and for an order of it."""
        _ask_for_orders(check)

    def write_items_of(self, order: Document) -> None:
        """Write the items of an order."""
        for item in items_of(order):
            self.write_record(item)


class IncompleteOrdersStream(OrdersStream):
    """Orders that never got past the payment: a card refused, a buyer who gave up.

    One of them may be completed later and is in `OrdersStream` then, with the same id.
    """

    name = "incomplete_orders"
    incomplete = True


def _ask_for_orders(check: Check, *, incomplete: bool = False) -> None:
    query: dict[str, str | int] = {"page": 1, "per_page": 1}
    if incomplete:
        query["incompleteOrders"] = "true"
    page = check.ask(LIST_PATH, query)
    rows = documents_in(page.get("list") if isinstance(page, dict) else None)
    order_id = str(rows[0].get("orderId")) if rows else "none"
    check.ask(f"{LIST_PATH}/{quote(order_id, safe='')}")
    if rows and not incomplete:
        check.note(
            "The order list carries lastChange: changed orders are told by it."
            if rows[0].get("lastChange")
            else "The order list carries no lastChange: the orders of the last two days are "
            "fetched in every run, those of the whole look-back once a day."
        )
