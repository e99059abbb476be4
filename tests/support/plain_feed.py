"""A pipeline with the feed, without HTTP: many runs of the tap and its target in seconds."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, cast

from sandbox.clock import SECOND
from sandbox.oms.feed import Change, Feed
from sandbox.oms.plain import EPOCH, Life, PlainOrders
from sandbox.quirks import Quirks
from tap_vtex import dates
from tap_vtex.errors import NotFoundError, UnavailableError
from tap_vtex.http.request import Response
from tap_vtex.settings import Settings
from tap_vtex.streams.orders.bookmark import OrderBookmark
from tap_vtex.streams.orders.feed import FeedStreams, OrderFeed
from tap_vtex.streams.orders.feed_bookmark import FeedBookmark
from tap_vtex.streams.orders.feed_queue import FEED, FEED_COMMIT, FEED_CONFIG, FEED_SETUP, MARK
from tap_vtex.streams.orders.first_load import first_bookmark, wanted_from
from tap_vtex.streams.orders.order_list import OrderList
from tap_vtex.streams.orders.replication import OrderReplication
from tests.support.plain import PlainClient

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sandbox.oms.book import Order, OrderBook
    from tap_vtex.http.client import VtexClient

Json = dict[str, Any]

STREAMS: Final = ("orders", "order_items", "payments")
#: The key of the feed's bookmark among those of the streams.
FEED_STATE: Final = "feed"
CONFIG: Final = {"account_name": "ipe", "app_key": "k", "app_token": "t"}


class _NoBook:
    """A book without orders: a test puts the changes into the queue itself."""

    actions: Final[dict[Order, Any]] = {}

    def placed_between(self, _start: int, _end: int) -> list[Order]:
        return []


NO_BOOK: Final = cast("OrderBook", _NoBook())


@dataclass
class FeedStore:
    """A store whose orders change when a test says so."""

    orders: PlainOrders
    feed: Feed = field(default_factory=lambda: Feed(Quirks()))
    #: After so many requests to the feed, it is down; None for never.
    down_after: int | None = None

    @property
    def ticks(self) -> int:
        """The time in the sandbox's unit."""
        return self.orders.now * SECOND

    def change(self, number: int) -> None:
        """Change an order, now; the feed hears it, if there is one."""
        orders = self.orders
        after = orders.now - orders.created[number]
        changes = orders.lives[number].changes
        if after <= changes[-1]:
            return
        cast("list[Life]", orders.lives)[number] = Life((*changes, after))
        if self.feed.config:
            self.feed.put(Change(str(number), "handling", "invoiced", self.ticks, 0))

    def consumers(self) -> set[str]:
        """Whom the feed's configuration names."""
        named = self.feed.config["filter"]["status"] if self.feed.config else []
        return {one.removeprefix(MARK) for one in named if one.startswith(MARK)}

    def pass_time(self, hours: float) -> None:
        """Set the clock forward, by a second at least."""
        self.orders.now += max(1, int(hours * 3600))


class FeedClient(PlainClient):
    """Takes the place of the client, for a store with a feed."""

    def __init__(self, store: FeedStore) -> None:
        super().__init__(store.orders)
        self._all = store
        self._asked = 0

    def get(self, endpoint: object, *ids: str, params: Any = None, **_: object) -> Response[Any]:
        if endpoint in (FEED_CONFIG, FEED):
            feed = self._opened()
            if feed.config is None:
                raise NotFoundError("no feed", status=404)
            give = feed.read_back if endpoint is FEED_CONFIG else feed.read
            return Response(give(self._all.ticks), {})
        return super().get(endpoint, *ids, params=params)

    def order(self, order_id: str) -> Json:
        order = super().order(order_id)
        changed = EPOCH.fromtimestamp(order["lastChange"], EPOCH.tzinfo)
        return {**order, "lastChange": dates.text(changed)}

    def post(self, endpoint: object, body: Json, *, retry_for: float) -> None:
        feed = self._opened()
        if endpoint is FEED_SETUP:
            assert not retry_for
            feed.configure(json.loads(json.dumps(body)), NO_BOOK, self._all.ticks)
        elif endpoint is FEED_COMMIT:
            feed.commit(body["handles"])

    def wait(self, seconds: float, _stop: object = None) -> None:
        """Time stands still."""

    def _opened(self) -> Feed:
        self._asked += 1
        if self._all.down_after is not None and self._asked > self._all.down_after:
            raise UnavailableError("The feed is down.")
        self._all.feed.update(NO_BOOK, self._all.ticks)
        return self._all.feed


@dataclass
class Outcome:
    """How a run ends."""

    #: It is killed after so many rows; None for a run that ends by itself.
    kill_after: int | None = None
    #: What the target keeps: all rows and states; no more than what the last state before the
    #: end proves; only rows, and none of the states; nothing.
    keeps: str = "all"


@dataclass
class Pipeline:
    """What the runs have brought, and the states between them."""

    store: FeedStore
    states: list[Json] = field(default_factory=lambda: [{}])
    #: By stream, the last change of each order as it was when it was written.
    tables: dict[str, dict[int, int]] = field(default_factory=lambda: {one: {} for one in STREAMS})

    def run(self, selected: Collection[str], outcome: Outcome | None = None) -> None:
        """Run the tap into the target."""
        outcome = outcome or Outcome()
        given = self.states[-1]
        target = _Target(json.loads(json.dumps(given)))
        with closing(cast("Any", self._rows(target, selected))) as rows:
            for count, row in enumerate(rows):
                if count == outcome.kill_after:
                    break
                target.rows.append(row)
        kept = len(target.rows)
        if outcome.keeps == "proven":
            kept = target.proven
        elif outcome.keeps == "nothing":
            kept = 0
        for streams, number, changed in target.rows[:kept]:
            for stream in streams:
                self.tables[stream][number] = changed
        self.states.append(target.state if outcome.keeps in {"all", "proven"} else given)

    def _rows(
        self, target: _Target, selected: Collection[str]
    ) -> Iterator[tuple[Collection[str], int, int]]:
        settings = Settings.read({**CONFIG, "orders_feed": True})
        logger = logging.getLogger("plain feed")
        logger.setLevel(logging.CRITICAL)
        client = cast("VtexClient", FeedClient(self.store))
        orders = OrderList(client, logger)
        orders.now  # noqa: B018 - as the stream begins
        state = target.coming
        known = FeedBookmark.from_state(state[FEED_STATE]) if FEED_STATE in state else None
        streams = FeedStreams(selected, {*STREAMS} - {*selected}, state.keys())

        def save(bookmark: FeedBookmark) -> None:
            state[FEED_STATE] = json.loads(json.dumps(bookmark.to_state()))

        feed = OrderFeed(client, known, streams, save, logger)

        def checkpoint() -> None:
            feed.save()
            target.take_state()

        for order in feed.run(wanted_from(orders, settings), checkpoint):
            yield selected, int(order["orderId"]), _seconds(order)
        for stream in sorted(selected):
            bookmark = (
                OrderBookmark.from_state(state[stream])
                if stream in state
                else first_bookmark(orders, settings)
            )

            def keep(reached: OrderBookmark, stream: str = stream) -> None:
                state[stream] = json.loads(json.dumps(reached.to_state()))
                checkpoint()

            replication = OrderReplication(orders, settings, bookmark, keep, logger, feed=feed)
            for order in replication.run():
                yield [stream], int(order["orderId"]), _seconds(order)


class _Target:
    """Rows and states as they come."""

    def __init__(self, state: Json) -> None:
        #: The state that the tap is about to write, and the one that it wrote last.
        self.coming = state
        self.state = json.loads(json.dumps(state))
        self.rows: list[tuple[Collection[str], int, int]] = []
        #: How many rows came before the last state.
        self.proven = 0

    def take_state(self) -> None:
        self.state = json.loads(json.dumps(self.coming))
        self.proven = len(self.rows)


def _seconds(order: Json) -> int:
    changed = dates.parse(order["lastChange"])
    assert changed
    return int((changed - EPOCH).total_seconds())
