"""Verifies loaded windows of the order list, and keeps those that may be incomplete.

A window is loaded once, and no search for changes covers orders older than the lookback window.
So the tap compares each load with a second source: the totals of its windows, requested again
after the load, and the total of the whole store, requested without dates. A window that may be
incomplete stays open in the state. Every run reads it again, until the result has stayed the same
for a day.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from tap_vtex.counting import counted
from tap_vtex.errors import NotFoundError, RefusedError, UnavailableError
from tap_vtex.streams.orders.bookmark import OpenWindow
from tap_vtex.streams.orders.census import checksum_of
from tap_vtex.streams.orders.window_reader import MAX_WINDOW
from tap_vtex.windows import SECOND, Window, whole_second

if TYPE_CHECKING:
    import logging
    from datetime import datetime

    from tap_vtex.streams.orders.order_list import OrderList
    from tap_vtex.streams.orders.window_reader import Listed

#: Open windows in the state, at most. Beyond it, neighbors are merged.
MAX_OPEN: Final = 50


class Loaded(NamedTuple):
    """A window that this run has loaded, and the number of its orders."""

    window: Window
    rows: int


def open_window(listed: Listed, since: datetime) -> OpenWindow:
    """The state's entry for a window that was read but may be incomplete."""
    return OpenWindow(
        start=listed.window.start,
        end=listed.window.end,
        count=len(listed.rows),
        checksum=checksum_of(listed.rows),
        since=since,
    )


def parts_of(loaded: list[Loaded], since: datetime) -> list[OpenWindow]:
    """The state's entries for a load that may be incomplete: long windows with counts only."""
    return [
        OpenWindow(
            start=part.start,
            end=part.end,
            count=sum(n for window, n in loaded if part.start <= window.start < part.end),
            since=since,
        )
        for part in _span(loaded).parts(MAX_WINDOW)
    ]


def undercounted(orders: OrderList, loaded: list[Loaded]) -> list[Window]:
    """The windows for which VTEX now announces more orders than were loaded."""
    if not loaded:
        return []
    if _total(orders, _span(loaded)) <= sum(one.rows for one in loaded):
        return []
    return [one.window for one in loaded if _total(orders, one.window) > one.rows]


def shortfall(orders: OrderList, loaded: list[Loaded], logger: logging.Logger) -> str:
    """Compare a load with the total of the whole store.

    Returns:
        Why orders must be missing; empty if the load seems complete.
    """
    for wait in orders.client.policy.list_waits:
        orders.client.wait(wait)
        total = orders.store_total(again=bool(wait))
        known = _total_outside(orders, loaded) + sum(one.rows for one in loaded)
        if total <= known:
            return ""
        logger.warning(
            "VTEX announces %s in all, but %d by date; requesting the totals again",
            counted(total, "orders"),
            known,
        )
    return f"VTEX announces {counted(total, 'orders')} in all, but only {known:,} by date"


def merged(windows: list[OpenWindow]) -> list[OpenWindow]:
    """Merge neighbors until there are at most `MAX_OPEN` windows."""
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


def _total_outside(orders: OrderList, loaded: list[Loaded]) -> int:
    """The total that VTEX announces before and after the load."""
    span = _span(loaded)
    total = 0
    if span.start > orders.oldest:
        total += _total(orders, Window(orders.oldest, span.start - SECOND))
    now = whole_second(orders.client.now())
    if span.end < now:
        total += _total(orders, Window(span.end + SECOND, now))
    return total


def _total(orders: OrderList, window: Window) -> int:
    """The total of a window; 0 on failure, since a total only serves to show missing orders."""
    try:
        return orders.total(window)
    except (NotFoundError, RefusedError, UnavailableError):
        return 0
