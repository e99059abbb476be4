"""Windows of orders, one listed while the orders of another are fetched."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any, cast
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_vtex.errors import AbandonedError, IncompleteListError
from tap_vtex.http.request import Response
from tap_vtex.http.workers import Workers
from tap_vtex.streams.orders import fetcher, window_reader
from tap_vtex.streams.orders.api import Row
from tap_vtex.streams.orders.fetcher import Chunk, chunks_of, fetch_chunks
from tap_vtex.streams.orders.order_list import OrderList
from tap_vtex.streams.orders.window_reader import Listed
from tap_vtex.windows import Window
from tests.support.fake import FakeClient, order_response

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
    ) -> Response[Any]:
        query = options.get("params")
        name = f"page {query['page']} {query['f_creationDate'][14:24]}" if query else str(*ids)
        self.asked.append(name)
        while name in self.hold and not self.hold[name].wait(0.01):
            if stop.is_set():
                self.asked.append(f"{name} given up")
                raise AbandonedError
        if not query:
            return order_response({"orderId": name})
        rows = [{"orderId": f"{name[-2:]}{n}"} for n in range(3)]
        return Response({"list": rows, "paging": {"total": 3, "perPage": 100}}, {})


@pytest.fixture
def vtex() -> Vtex:
    return Vtex()


def client_of(vtex: Vtex) -> VtexClient:
    return cast("VtexClient", vtex)


def rows_of(window: int) -> list[Row]:
    return [Row(f"{window}{n}") for n in range(3)]


def chunk(window: int, rows: list[Row]) -> Chunk:
    listed = Listed(WINDOWS[window], rows)
    return Chunk(listed.window, rows, rows, listed, is_last=True)


def test_a_slow_order_holds_up_neither_the_next_window_nor_the_state_of_its_own(
    vtex: Vtex,
) -> None:
    vtex.hold["01"] = threading.Event()
    done: list[int] = []
    chunks = [chunk(n, rows_of(n)) for n in range(4)]
    came = []
    for outcome in fetch_chunks(
        client_of(vtex), chunks, lambda one: done.append(WINDOWS.index(one.window))
    ):
        came.append(outcome.item.order_id)
        if len(came) == 11:
            assert done == []
            vtex.hold["01"].set()

    assert came[-1] == "01"
    assert len(set(came)) == 12
    assert done == [0, 1, 2, 3]


def test_a_very_slow_order_holds_up_no_checkpoint(
    vtex: Vtex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetcher, "MAX_ORDERS_AHEAD", 2)
    monkeypatch.setattr(fetcher, "CHUNK", 3)
    vtex.hold["01"] = threading.Event()
    pending: list[set[str]] = []
    for n, _ in enumerate(
        fetch_chunks(
            client_of(vtex),
            [chunk(n, rows_of(n)) for n in range(4)],
            lambda one: pending.append(set(one.pending)),
        ),
        start=1,
    ):
        if n == 11:
            assert pending[0] == {"01"}
            vtex.hold["01"].set()

    assert pending == [{"01"}, set(), set(), set()]


def test_windows_without_orders_are_done_too(vtex: Vtex) -> None:
    done: list[Window] = []
    chunks = [chunk(n, rows_of(n) if n == 1 else []) for n in range(4)]

    came = list(fetch_chunks(client_of(vtex), chunks, lambda one: done.append(one.window)))

    assert len(came) == 3
    assert done == WINDOWS


def test_a_list_that_fails_fails_after_what_was_listed_before(vtex: Vtex) -> None:
    done: list[Window] = []
    came: list[Any] = []

    def chunks() -> Iterator[Chunk]:
        yield chunk(0, rows_of(0))
        yield chunk(1, rows_of(1))
        raise IncompleteListError("short")

    with pytest.raises(IncompleteListError, match="short"):
        came.extend(fetch_chunks(client_of(vtex), chunks(), lambda one: done.append(one.window)))
    assert len(came) == 6
    assert done == WINDOWS[:2]


@pytest.mark.parametrize("newest_first", [False, True])
@given(
    seconds=st.lists(st.none() | st.integers(0, 40), max_size=60),
    unwanted=st.sets(st.integers(0, 60)),
)
def test_a_window_is_cut_where_seconds_meet(
    seconds: list[int | None], unwanted: set[int], newest_first: bool
) -> None:
    rows = [
        Row(str(n), None if at is None else BEGIN + timedelta(seconds=at))
        for n, at in enumerate(seconds)
    ]
    window = Window(BEGIN, BEGIN + timedelta(seconds=40))

    with patch.object(fetcher, "CHUNK", 5):
        chunks = list(
            chunks_of(
                Listed(window, rows),
                lambda row: int(row.order_id) not in unwanted,
                newest_first=newest_first,
            )
        )

    listed = [row.order_id for one in chunks for row in one.rows]
    assert sorted(listed, key=int) == [row.order_id for row in rows]
    assert [one.is_last for one in chunks] == [False] * (len(chunks) - 1) + [True]
    in_time = chunks[::-1] if newest_first else chunks
    assert (in_time[0].window.start, in_time[-1].window.end) == (window.start, window.end)
    for one, following in pairwise(in_time):
        assert one.window.end == following.window.start
    for one, following in pairwise(chunks):
        dates, later = (
            {row.created for row in each.rows if row.created} for each in (one, following)
        )
        assert dates.isdisjoint(later)
        reached = one.window.start if newest_first else one.window.end
        # What is loaded up to there is loaded: nothing of the rest is on this side of it, but
        # for the second that neighboring windows share.
        edge = window.end if newest_first else window.start
        assert all(
            date == reached == edge or (date < reached if newest_first else date > reached)
            for date in later
        )


@pytest.fixture
def days(vtex: Vtex, monkeypatch: pytest.MonkeyPatch) -> OrderList:
    """The list, always read in days."""

    def walk(_window: Window, read: Any, **_: Any) -> Iterator[tuple[Window, Listed]]:
        return ((window, read(window)) for window in WINDOWS)

    monkeypatch.setattr(window_reader, "walk", walk)
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
