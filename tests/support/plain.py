"""The replication of orders without HTTP: many runs over days in seconds."""

from __future__ import annotations

import json
import logging
from contextlib import closing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

from sandbox.oms.plain import EPOCH, INDEX_DELAY, PlainOrders
from tap_vtex.http.request import Response
from tap_vtex.http.workers import Workers
from tap_vtex.settings import Settings
from tap_vtex.streams.orders.api import ORDER_LIST
from tap_vtex.streams.orders.bookmark import OrderBookmark
from tap_vtex.streams.orders.first_load import first_bookmark
from tap_vtex.streams.orders.order_list import OrderList
from tap_vtex.streams.orders.replication import OrderReplication
from tests.support.fake import FakeClient, order_response

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from tap_vtex.http.client import VtexClient

HOUR = 3600


class OneByOne(Workers):
    """Workers that do the work when its result is asked for."""

    def each(self, work: Any, items: Iterable[Any]) -> Generator[Any, None, None]:
        yield from ((item, work(item, None)) for item in items)


class PlainClient(FakeClient):
    """Takes the place of the client: a store without HTTP."""

    workers = OneByOne(1)

    def __init__(self, store: PlainOrders) -> None:
        self._store = store

    def get(self, endpoint: object, *ids: str, params: Any = None, **_: object) -> Response[Any]:
        if endpoint is ORDER_LIST:
            return Response(self._store.page(params), {})
        return order_response(self.order(*ids))

    def order(self, order_id: str) -> dict[str, Any]:
        """An order, as the store has it."""
        return self._store.order(int(order_id))

    def now(self) -> datetime:
        return EPOCH + timedelta(seconds=self._store.now)

    def not_ahead(self, moment: datetime) -> datetime:
        return moment


@dataclass
class Warehouse:
    """What the runs have brought, and the state between them."""

    store: PlainOrders
    state: dict[str, Any] | None = None
    #: The last change of each order, as it was when it was fetched.
    orders: dict[int, int] = field(default_factory=dict)

    def run(self, *, kill_after: int | None = None, **settings: int | str) -> None:
        """Run once; a run that is killed ends after so many orders."""
        config = {"account_name": "ipe", "app_key": "k", "app_token": "t", **settings}
        chosen = Settings.read(config)
        logger = logging.getLogger("plain")
        orders = OrderList(cast("VtexClient", PlainClient(self.store)), logger)
        if self.state is None:
            bookmark = first_bookmark(orders, chosen)
        else:
            bookmark = OrderBookmark.from_state(json.loads(json.dumps(self.state)))

        def keep(reached: OrderBookmark) -> None:
            self.state = reached.to_state()

        replication = OrderReplication(orders, chosen, bookmark, keep, logger)
        with closing(cast("Any", replication.run())) as documents:
            for count, document in enumerate(documents):
                if count == kill_after:
                    return
                self.orders[int(document["orderId"])] = document["lastChange"]

    def stale(self, *, hours: int = 0) -> dict[int, datetime]:
        """The orders that lack a change that the list showed, and when they were placed.

        Those of the latest ``hours``, or of orders placed in the last one, may be lacking.
        """
        store, indexed = self.store, self.store.now - INDEX_DELAY - hours * HOUR
        return {
            number: EPOCH + timedelta(seconds=store.created[number])
            for number in range(store.count)
            if store.created[number] < min(store.now - HOUR, indexed)
            and self.orders.get(number, 0) < store.last_change(number, indexed)
        }
