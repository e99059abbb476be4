"""The streams of VTEX's order management (OMS)."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, ClassVar

from singer_sdk import StreamSchema

from tap_vtex.errors import StateError
from tap_vtex.http.bodies import documents_in
from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.orders.api import ORDER, ORDER_LIST
from tap_vtex.streams.orders.bookmark import OrderBookmark
from tap_vtex.streams.orders.cards import remove_cards
from tap_vtex.streams.orders.feed import LIST_INSTEAD, FeedStreams, OrderFeed, check_feed
from tap_vtex.streams.orders.feed_bookmark import FeedBookmark
from tap_vtex.streams.orders.first_load import first_bookmark, wanted_from
from tap_vtex.streams.orders.items import items_of
from tap_vtex.streams.orders.modifications import OrderWithLines, value_difference
from tap_vtex.streams.orders.order_list import OrderList
from tap_vtex.streams.orders.packages import packages_of
from tap_vtex.streams.orders.payments import payments_of
from tap_vtex.streams.orders.probe import probe_orders
from tap_vtex.streams.orders.replication import OrderReplication
from tap_vtex.streams.shared import ChildStream, ParentStream

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from singer_sdk.helpers.types import Context

    from tap_vtex.report.check import Check
    from tap_vtex.report.probe import Probe
    from tap_vtex.streams.base import VtexStream
    from tap_vtex.types import Document


class OrdersStream(ParentStream[OrderBookmark]):
    """Complete orders, each as Get order returns it."""

    name = "orders"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="orders")
    primary_keys = ("account_name", "orderId")
    replication_key = "lastChange"

    #: Whether to list the orders that were never completed.
    incomplete = False
    _feed: OrderFeed | None = None

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield the orders to fetch, and write the parts of each with it."""
        self._orders.now  # noqa: B018 - an error that affects all members is raised here, once
        yield from super().extract(partition)

    def read_groups(self, partition: Context) -> Iterator[Document]:
        """Yield what the feed names, for all members; then read the list for each group."""
        feed = self._feed = self._feed_for(partition)
        if feed:

            def checkpoint() -> None:
                feed.save()
                self.write_state()

            wanted = wanted_from(self._orders, self.run.settings)
            for order in feed.run(wanted, checkpoint):
                yield from self._emit(order, self.members)
        yield from super().read_groups(partition)

    def _feed_for(self, partition: Context) -> OrderFeed | None:
        """The feed, if it is to be read."""
        settings = self.run.settings
        is_test = self.ABORT_AT_RECORD_COUNT is not None
        if not settings.orders_feed or self.incomplete or settings.end_date or is_test:
            return None
        own = {**partition, "reader": "feed"}
        try:
            bookmark = self.load_bookmark(own, FeedBookmark, even_full_table=True)
        except StateError as error:
            self.logger.warning("The feed of orders is not read. %s. %s", LIST_INSTEAD, error)
            return None
        parts = [self, *(one for one in self.child_streams if isinstance(one, ChildStream))]
        selected = {one.name for one in self.members}
        loaded = {one.name for one in parts if one.has_bookmark(self.part_of(one, partition))}
        streams = FeedStreams(selected, {one.name for one in parts} - selected, loaded)
        return OrderFeed(
            self.run.client, bookmark, streams, partial(self.set_bookmark, own), self.logger
        )

    def _checkpoint_of(
        self, members: list[VtexStream], partition: Context
    ) -> Callable[[OrderBookmark], None]:
        checkpoint = super()._checkpoint_of(members, partition)
        feed = self._feed
        if feed is None:
            return checkpoint

        def with_feed(bookmark: OrderBookmark) -> None:
            feed.save()
            checkpoint(bookmark)

        return with_feed

    @cached_property
    def _orders(self) -> OrderList:
        return OrderList(self.run.client, self.logger, incomplete=self.incomplete)

    def check(self, check: Check) -> None:
        """Request the list, and an order of it."""
        _check_orders(check, incomplete=self.incomplete)
        if self.run.settings.orders_feed and not self.incomplete:
            check_feed(check)

    def probe(self, probe: Probe) -> None:
        """Find out how the list behaves."""
        if not self.incomplete:
            probe_orders(probe)

    def bookmark_of(self, member: VtexStream, partition: Context) -> OrderBookmark:
        """The bookmark of a member; the first one if it has loaded nothing yet."""
        stored = member.load_bookmark(partition, OrderBookmark)
        if stored is None:
            return first_bookmark(self._orders, self.run.settings)
        member.check_clock(max(stored.loaded_until, stored.changes_since))
        return stored

    def merged(self, one: OrderBookmark, other: OrderBookmark) -> OrderBookmark | None:
        """A bookmark for both if they are compatible, else None."""
        return one.merged_with(other, wanted_from(self._orders, self.run.settings))

    def read_for(
        self,
        members: list[VtexStream],
        bookmark: OrderBookmark,
        checkpoint: Callable[[OrderBookmark], None],
    ) -> Iterator[Document]:
        """Read the orders once, for members that share a bookmark."""
        replication = OrderReplication(
            self._orders, self.run.settings, bookmark, checkpoint, self.logger, feed=self._feed
        )
        for order in replication.run():
            yield from self._emit(order, members)

    def _emit(self, order: Document, members: list[VtexStream]) -> Iterator[Document]:
        """Write an order's parts; yield the order if this stream is among the members."""
        remove_cards(order)
        with_lines = OrderWithLines(order)
        for member in members:
            if isinstance(member, OrderPartsStream):
                member.write_parts_of(with_lines)
        if self in members:
            yield {**order, "value_difference": value_difference(order, with_lines.lines)}


class OrderPartsStream(ChildStream):
    """Rows made from a part of each order. Written with the order, but with its own bookmark."""

    replication_key = "lastChange"
    parent_stream_type = OrdersStream

    def rows_of(self, order: OrderWithLines) -> Iterator[Document]:
        """Yield the rows of an order."""
        raise NotImplementedError

    def check(self, check: Check) -> None:
        """Request the list, and an order of it."""
        _check_orders(check)

    def write_parts_of(self, order: OrderWithLines) -> None:
        """Write the rows of an order."""
        for row in self.rows_of(order):
            self.write_record(row)


class OrderItemsStream(OrderPartsStream):
    """The items of each order, flat."""

    name = "order_items"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="order_items")
    primary_keys = ("account_name", "orderId", "item_index")

    def rows_of(self, order: OrderWithLines) -> Iterator[Document]:
        """Yield the items bought, and those added later."""
        return items_of(order.document, order.lines)


class PaymentsStream(OrderPartsStream):
    """The payments of each order, with their transactions."""

    name = "payments"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="payments")
    primary_keys = ("account_name", "orderId", "transaction_id", "payment_id")

    def rows_of(self, order: OrderWithLines) -> Iterator[Document]:
        """Yield the payments of all transactions."""
        return payments_of(order.document)


class PackagesStream(OrderPartsStream):
    """The packages of each order, sent and returned, with their invoices."""

    name = "packages"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="packages")
    primary_keys = ("account_name", "orderId", "package_index")

    def rows_of(self, order: OrderWithLines) -> Iterator[Document]:
        """Yield the packages."""
        return packages_of(order.document)


class IncompleteOrdersStream(OrdersStream):
    """Orders that never got past payment: a refused card, a buyer who gave up.

    An order that is completed later appears in `OrdersStream`, with the same id.
    """

    name = "incomplete_orders"
    incomplete = True


def _check_orders(check: Check, *, incomplete: bool = False) -> None:
    params: dict[str, str | int] = {"page": 1, "per_page": 1}
    if incomplete:
        params["incompleteOrders"] = "true"
    page = check.ask(ORDER_LIST, params=params)
    rows = documents_in(page.get("list") if isinstance(page, dict) else None)
    check.ask(ORDER, rows[0].get("orderId") if rows else "none")
    if rows and not incomplete:
        check.note(
            "The order list has lastChange, so the tap can see which orders changed."
            if rows[0].get("lastChange")
            else "The order list has no lastChange: every run fetches the orders of the last two "
            "days, and one run a day those of the whole lookback window."
        )
