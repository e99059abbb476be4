"""Where a first load of orders begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_vtex.streams.orders.bookmark import OrderBookmark
from tap_vtex.streams.orders.changes import empty_census
from tap_vtex.streams.orders.ladder import Rung
from tap_vtex.windows import whole_second

if TYPE_CHECKING:
    from datetime import datetime

    from tap_vtex.settings import Settings
    from tap_vtex.streams.orders.order_list import OrderList


def first_bookmark(orders: OrderList, settings: Settings) -> OrderBookmark:
    """The bookmark of a stream that has loaded nothing yet."""
    start = wanted_from(orders, settings)
    return OrderBookmark(
        loaded_from=start,
        loaded_until=start,
        changes_since=orders.now,
        wide_pass_at=orders.now,
        rungs=[Rung(at=orders.now, back_to=start, wide=True)],
        census=empty_census(orders, settings),
    )


def wanted_from(orders: OrderList, settings: Settings) -> datetime:
    """The start date, or the oldest creation date that VTEX lists if that is later."""
    if settings.start_date is None:
        return orders.oldest
    return max(whole_second(settings.start_date), orders.oldest)
