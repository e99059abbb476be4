"""Windows of orders, one listed while the orders of another are fetched."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from tap_vtex.errors import AbandonedError, IncompleteListError
from tap_vtex.http.client import Response
from tap_vtex.http.workers import Workers
from tap_vtex.streams.orders import order_list
from tap_vtex.streams.orders.api import Row
from tap_vtex.streams.orders.fetcher import fetch_windows
from tap_vtex.streams.orders.order_list import OrderList
from tap_vtex.windows import Window
from tests.support.fake import FakeClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_vtex.http.client import VtexClient

DAY = timedelta(days=1)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
WINDOWS = [Window(BEGIN + day * DAY, BEGIN + (day + 1) * DAY) for day in range(4)]
LOG = logging.getLogger("tests")


class Vtex(FakeClient):
    """Takes the place of the client; ``hold`` is what waits until it is let go."""

    workers = Workers(2)

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.hold: dict[str, threading.Event] = {}

    def get(
        self, _endpoint: object, *ids: object, stop: threading.Event, **options: Any
    ) -> Response[dict[str, Any]]:
        query = options.get("params")
        name = f"page {query['page']} {query['f_creationDate'][14:24]}" if query else str(*ids)
        self.asked.append(name)
        while name in self.hold and not self.hold[name].wait(0.01):
            if stop.is_set():
                self.asked.append(f"{name} given up")
                raise AbandonedError
        if not query:
            return Response({"orderId": name}, {})
        rows = [{"orderId": f"{name[-2:]}{n}"} for n in range(3)]
        return Response({"list": rows, "paging": {"total": 3, "perPage": 100}}, {})


@pytest.fixture
def vtex() -> Vtex:
    return Vtex()


def client_of(vtex: Vtex) -> VtexClient:
    return cast("VtexClient", vtex)


def rows_of(window: int) -> list[Row]:
    return [Row(f"{window}{n}") for n in range(3)]


def test_a_slow_order_holds_up_neither_the_next_window_nor_the_state_of_its_own(
    vtex: Vtex,
) -> None:
    vtex.hold["01"] = threading.Event()
    done: list[int] = []
    windows = [(window, rows_of(n)) for n, window in enumerate(WINDOWS)]
    came = []
    for outcome in fetch_windows(
        client_of(vtex), windows, lambda w, _rows: done.append(WINDOWS.index(w))
    ):
        came.append(outcome.item.order_id)
        if len(came) == 11:
            assert done == []
            vtex.hold["01"].set()

    assert came[-1] == "01"
    assert len(set(came)) == 12
    assert done == [0, 1, 2, 3]


def test_windows_without_orders_are_done_too(vtex: Vtex) -> None:
    done = []
    windows: list[tuple[Window, list[Row]]] = [(window, []) for window in WINDOWS]
    windows[1] = (WINDOWS[1], rows_of(1))

    assert len(list(fetch_windows(client_of(vtex), windows, lambda w, _rows: done.append(w)))) == 3
    assert done == WINDOWS


def test_a_list_that_fails_fails_after_what_was_listed_before(vtex: Vtex) -> None:
    done: list[Window] = []
    came: list[Any] = []

    def windows() -> Iterator[tuple[Window, list[Row]]]:
        yield WINDOWS[0], rows_of(0)
        yield WINDOWS[1], rows_of(1)
        raise IncompleteListError("short")

    with pytest.raises(IncompleteListError, match="short"):
        came.extend(fetch_windows(client_of(vtex), windows(), lambda w, _rows: done.append(w)))
    assert len(came) == 6
    assert done == WINDOWS[:2]


@pytest.fixture
def days(vtex: Vtex, monkeypatch: pytest.MonkeyPatch) -> OrderList:
    """The list, always read in days."""

    def walk(_window: Window, read: Any, **_: Any) -> Iterator[tuple[Window, list[Row]]]:
        return ((window, read(window)) for window in WINDOWS)

    monkeypatch.setattr(order_list, "walk", walk)
    return OrderList(client_of(vtex), LOG)


def test_the_next_window_is_listed_meanwhile(vtex: Vtex, days: OrderList) -> None:
    asked: list[int] = []
    found = []
    for part in days.windows_ahead(WINDOWS[0]):
        wait_for(lambda: len(vtex.asked) > min(len(asked) + 1, 3))
        asked.append(len(vtex.asked))
        found.append(part)

    assert asked == [2, 3, 4, 4]
    assert found == list(days.windows(WINDOWS[0]))


def test_who_stops_reading_stops_the_listing_ahead(vtex: Vtex, days: OrderList) -> None:
    """A list that VTEX does not answer keeps no run from its end."""
    vtex.hold["page 1 2026-01-02"] = threading.Event()
    listed = days.windows_ahead(WINDOWS[0])
    next(listed)
    listed.close()
    wait_for(lambda: "page 1 2026-01-02 given up" in vtex.asked)


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.005)
