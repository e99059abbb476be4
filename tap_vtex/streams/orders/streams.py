"""The streams of VTEX's order management (OMS)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from singer_sdk import StreamSchema

from tap_vtex.errors import StateError, VtexError
from tap_vtex.streams.base import SCHEMAS, VtexStream
from tap_vtex.streams.orders.bookmark import OrderBookmark
from tap_vtex.streams.orders.items import items_of
from tap_vtex.streams.orders.listing import OrderList
from tap_vtex.streams.orders.replication import OrderReplication, beginning, wanted_from

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.helpers.types import Context, Record


class OrdersStream(VtexStream):
    """Complete orders, each as Get order returns it."""

    name = "orders"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="orders")
    primary_keys = ("account_name", "orderId")
    replication_key = "lastChange"

    #: Whether VTEX's list is asked for the orders that were never completed.
    incomplete = False

    def extract(self, partition: Context) -> Iterator[dict[str, Any]]:
        """Yield the orders to fetch, and write the items of each beside it.

        Orders and items have a bookmark each. As long as both have come equally far they
        share every order; if one lags behind, since it was selected later, each goes
        alone in this run, and they have come equally far at its end.
        """
        orders = OrderList(self.tap.client, self.logger, incomplete=self.incomplete)
        orders.now  # noqa: B018 - what is wrong for all readers shows here, and only once
        for child in self._children:
            child.begin()
        for readers, bookmark in self._groups(partition, orders):
            try:
                yield from self._read_for(readers, partition, orders, bookmark)
            except VtexError as error:
                self.end_early([reader.name for reader in readers], error)

    def _read_for(
        self,
        readers: list[VtexStream],
        partition: Context,
        orders: OrderList,
        bookmark: OrderBookmark,
    ) -> Iterator[dict[str, Any]]:
        """Go through the orders once, for readers that have come equally far."""

        def checkpoint(at: OrderBookmark) -> None:
            for reader in readers:
                reader.remember(partition, at.as_state())
            self.write_state()

        replication = OrderReplication(orders, self.tap.settings, bookmark, checkpoint, self.logger)
        for order in replication.run():
            for reader in readers:
                if isinstance(reader, OrderItemsStream):
                    reader.write_items_of(order)
            if self in readers:
                yield order

    @property
    def _children(self) -> list[OrderItemsStream]:
        return [
            child
            for child in self.child_streams
            if isinstance(child, OrderItemsStream) and child.selected
        ]

    @property
    def _readers(self) -> list[VtexStream]:
        return [self, *self._children] if self.selected else [*self._children]

    def _groups(
        self, partition: Context, orders: OrderList
    ) -> list[tuple[list[VtexStream], OrderBookmark]]:
        """The readers, together where they have come equally far, and how far that is."""
        settings = self.tap.settings
        groups: list[tuple[list[VtexStream], OrderBookmark]] = []
        for reader in self._readers:
            try:
                stored = reader.read_state(partition, OrderBookmark.from_state)
            except StateError as error:
                self.end_early([reader.name], error)
                continue
            own = stored or beginning(orders, settings)
            for number, (readers, bookmark) in enumerate(groups):
                if shared := bookmark.abreast_of(own, wanted_from(orders, settings)):
                    groups[number] = ([*readers, reader], shared)
                    break
            else:
                groups.append(([reader], own))
        return groups

    def ends_with(self, partition: Context) -> list[str]:  # noqa: ARG002
        """The items end as well: they come out of these orders."""
        return [reader.name for reader in self._readers]

    def generate_child_contexts(
        self,
        record: Record,  # noqa: ARG002
        context: Context | None,  # noqa: ARG002
    ) -> Iterable[Context | None]:
        """Keep the SDK from syncing the items once for each order.

        That would cost a SCHEMA message and several log lines an order; they are written
        in `extract` instead, beside the order.
        """
        return ()


class OrderItemsStream(VtexStream):
    """The items of each order, flat; written beside the order, with a bookmark of its own."""

    name = "order_items"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="order_items")
    primary_keys = ("account_name", "orderId", "item_index")
    replication_key = "lastChange"
    parent_stream_type = OrdersStream

    def begin(self) -> None:
        """Announce the stream to the target, which the SDK does for parents only."""
        self._write_schema_message()

    def write_items_of(self, order: dict[str, Any]) -> None:
        """Write the items of an order."""
        for item in items_of(order):
            self.write_record(item)


class IncompleteOrdersStream(OrdersStream):
    """Orders that never got past the payment: a card refused, a buyer who gave up.

    One of them may be completed later and is in `OrdersStream` then, with the same id.
    """

    name = "incomplete_orders"
    incomplete = True
