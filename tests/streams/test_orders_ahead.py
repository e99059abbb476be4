"""Windows of orders, one listed while the orders of another are fetched."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from tap_vtex.client import Answer
from tap_vtex.errors import AbandonedError, IncompleteListError
from tap_vtex.streams.orders.fetching import OrderFetcher
from tap_vtex.streams.orders.listing import OrderList, Row, date_filter
from tap_vtex.windows import Window
from tap_vtex.workers import Workers

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_vtex.client import VtexClient

DAY = timedelta(days=1)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
WINDOWS = [Window(BEGIN + day * DAY, BEGIN + (day + 1) * DAY) for day in range(4)]
LOG = logging.getLogger("tests")


class Vtex:
    """Takes the place of the client; ``hold`` is what waits until it is let go."""

    workers = Workers(2)

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.hold: dict[str, threading.Event] = {}

    def get(
        self, path: str, _usable: object, *, stop: threading.Event, **options: Any
    ) -> Answer[dict[str, Any]]:
        query = options.get("params")
        name = f"page {query['page']} {query['f_creationDate'][14:24]}" if query else path[-3:]
        self.asked.append(name)
        while name in self.hold and not self.hold[name].wait(0.01):
            if stop.is_set():
                self.asked.append(f"{name} given up")
                raise AbandonedError
        if not query:
            return Answer({"orderId": name}, {})
        return Answer({"list": [{"orderId": f"{name[-2:]}{n}"} for n in range(3)]}, {})


@pytest.fixture
def vtex() -> Vtex:
    return Vtex()


def fetcher(vtex: Vtex) -> OrderFetcher:
    client = cast("VtexClient", vtex)
    return OrderFetcher(client, OrderList(client, LOG), {}, LOG)


def rows_of(window: int) -> list[Row]:
    return [Row(f"{window}{n}") for n in range(3)]


def test_a_slow_order_holds_up_neither_the_next_window_nor_the_state_of_its_own(
    vtex: Vtex,
) -> None:
    orders = fetcher(vtex)
    vtex.hold["/01"] = threading.Event()
    done: list[int] = []
    windows = [(window, rows_of(n)) for n, window in enumerate(WINDOWS)]
    came = []
    for order in orders.fetch_windows(windows, lambda w, _rows: done.append(WINDOWS.index(w))):
        came.append(order["orderId"])
        if len(came) == 11:
            assert done == []
            vtex.hold["/01"].set()

    assert came[-1] == "/01"
    assert len(set(came)) == 12
    assert done == [0, 1, 2, 3]


def test_windows_without_orders_are_done_too(vtex: Vtex) -> None:
    orders = fetcher(vtex)
    done = []
    windows: list[tuple[Window, list[Row]]] = [(window, []) for window in WINDOWS]
    windows[1] = (WINDOWS[1], rows_of(1))

    assert len(list(orders.fetch_windows(windows, lambda w, _rows: done.append(w)))) == 3
    assert done == WINDOWS


def test_a_list_that_fails_fails_after_what_was_listed_before(vtex: Vtex) -> None:
    orders = fetcher(vtex)
    done: list[Window] = []
    came: list[Any] = []

    def windows() -> Iterator[tuple[Window, list[Row]]]:
        yield WINDOWS[0], rows_of(0)
        yield WINDOWS[1], rows_of(1)
        raise IncompleteListError("short")

    with pytest.raises(IncompleteListError, match="short"):
        came.extend(orders.fetch_windows(windows(), lambda w, _rows: done.append(w)))
    assert len(came) == 6
    assert done == WINDOWS[:2]


class Days(OrderList):
    """The list, always cut into days."""

    def windows(self, *_: Any, **_options: Any) -> Iterator[tuple[Window, list[Row]]]:
        for window in WINDOWS:
            page = self._page({"page": 1, "f_creationDate": date_filter("creationDate", window)})
            yield window, [Row(row["orderId"]) for row in page["list"]]


def test_the_next_window_is_listed_meanwhile(vtex: Vtex) -> None:
    days = Days(cast("VtexClient", vtex), LOG)
    asked: list[int] = []
    found = []
    for part in days.windows_ahead(WINDOWS[0]):
        wait_for(lambda: len(vtex.asked) > min(len(asked) + 1, 3))
        asked.append(len(vtex.asked))
        found.append(part)

    assert asked == [2, 3, 4, 4]
    assert found == list(days.windows())


def test_who_stops_reading_stops_the_listing_ahead(vtex: Vtex) -> None:
    """A list that VTEX does not answer keeps no run from its end."""
    days = Days(cast("VtexClient", vtex), LOG)
    vtex.hold["page 1 2026-01-02"] = threading.Event()
    listed = days.windows_ahead(WINDOWS[0])
    next(listed)
    listed.close()
    wait_for(lambda: "page 1 2026-01-02 given up" in vtex.asked)

    assert not days.stop.is_set()  # the list can be read on


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)
