"""Windows of the order list that can't be believed: counted again, and read again.

A window is loaded once, and long before the lookback nothing would find its orders later. So
each load is held against a second source: the totals of its windows, asked for again once it
has ended, and the total of the whole store, which VTEX gives without a date. A window that is
contradicted stays open in the state, and every run looks at it until the same answer has come
for a day.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from tap_vtex.counting import counted
from tap_vtex.errors import NotFoundError, RefusedError, UnavailableError
from tap_vtex.streams.orders.bookmark import OpenWindow
from tap_vtex.streams.orders.census import checksum_of
from tap_vtex.streams.orders.window_reader import MAX_WINDOW
from tap_vtex.windows import SECOND, Window, whole_second

if TYPE_CHECKING:
    import logging

    from tap_vtex.streams.orders.order_list import OrderList
    from tap_vtex.streams.orders.window_reader import Listed

#: The same answer counts after this long.
BELIEVED_AFTER: Final = timedelta(days=1)
#: At most this many windows are kept apart; more become one.
MAX_OPEN: Final = 50


class Loaded(NamedTuple):
    """A window that this run has loaded, and how many orders it had."""

    window: Window
    rows: int


def open_window(listed: Listed, since: datetime) -> OpenWindow:
    """What the state keeps of a window that was read and can't be believed."""
    return OpenWindow(
        start=listed.window.start,
        end=listed.window.end,
        count=len(listed.rows),
        checksum=checksum_of(listed.rows),
        since=since,
    )


def parts_of(loaded: list[Loaded], since: datetime) -> list[OpenWindow]:
    """What the state keeps of a load that can't be believed: long windows, only counted."""
    return [
        OpenWindow(
            start=part.start,
            end=part.end,
            count=sum(n for window, n in loaded if part.start <= window.start < part.end),
            since=since,
        )
        for part in _span(loaded).parts(MAX_WINDOW)
    ]


def contradicted(orders: OrderList, loaded: list[Loaded]) -> list[Window]:
    """The windows that VTEX now announces more orders for than were loaded."""
    if not loaded:
        return []
    if _total(orders, _span(loaded)) <= sum(one.rows for one in loaded):
        return []
    return [one.window for one in loaded if _total(orders, one.window) > one.rows]


def lacks_orders(orders: OrderList, loaded: list[Loaded], logger: logging.Logger) -> str:
    """Hold a load against the total of the whole store.

    Returns:
        Why orders must be lacking; empty if nothing says so.
    """
    for wait in orders.client.policy.list_waits:
        orders.client.wait(wait)
        total = orders.store_total(again=bool(wait))
        known = _elsewhere(orders, loaded) + sum(one.rows for one in loaded)
        if total <= known:
            return ""
        logger.warning(
            "VTEX announces %s in all, and %d when it is asked by date; asking again",
            counted(total, "orders"),
            known,
        )
    return f"VTEX announces {counted(total, 'orders')} in all, and shows {known:,} of them by date"


def merged(windows: list[OpenWindow]) -> list[OpenWindow]:
    """At most `MAX_OPEN` windows, neighbours made into one where there are more."""
    while len(windows) > MAX_OPEN:
        windows = sorted(windows, key=lambda one: one.start)
        first, second, *rest = windows
        both = OpenWindow(
            start=first.start,
            end=max(first.end, second.end),
            count=first.count + second.count,
            since=max(first.since, second.since),
        )
        windows = [both, *rest]
    return windows


def _span(loaded: list[Loaded]) -> Window:
    return Window(min(one.window.start for one in loaded), max(one.window.end for one in loaded))


def _elsewhere(orders: OrderList, loaded: list[Loaded]) -> int:
    """How many orders VTEX announces before and after what was loaded."""
    span = _span(loaded)
    total = 0
    if span.start > orders.oldest:
        total += _total(orders, Window(orders.oldest, span.start - SECOND))
    now = whole_second(orders.client.now())
    if span.end < now:
        total += _total(orders, Window(span.end + SECOND, now))
    return total


def _total(orders: OrderList, window: Window) -> int:
    """A total; 0 where it can't be had, since it is there to contradict and not to agree."""
    try:
        return orders.total(window)
    except (NotFoundError, RefusedError, UnavailableError):
        return 0
