"""The order list of a store: its totals, and its orders window by window.

VTEX's list stops after 30 pages of 100 orders, lags some minutes behind, and changes while it is
read. The tap uses its rows only to find orders. The orders themselves come from Get order, since
rows round amounts and can be outdated.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

from tap_vtex.errors import NotFoundError, RefusedError, UnavailableError
from tap_vtex.streams.orders.api import (
    ORDER_LIST,
    ROWS_PER_PAGE,
    Query,
    Row,
    date_filter,
    size_of,
    total_of,
)
from tap_vtex.streams.orders.window_reader import MAX_WINDOW, Listed, WindowReader
from tap_vtex.windows import Window, whole_second

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Generator, Iterator, Mapping

    from tap_vtex.http.client import VtexClient

#: VTEX shows orders for this long.
RETENTION_YEARS: Final = 2
#: This close to the retention edge, the list and Get order may disagree on what is retained.
EDGE_MARGIN: Final = timedelta(days=2)


class OrderList:
    """The orders of a store: the complete ones, or the incomplete ones."""

    def __init__(
        self, client: VtexClient, logger: logging.Logger, *, incomplete: bool = False
    ) -> None:
        self.client = client
        self.logger = logger
        self.incomplete = incomplete
        self._filters: Query = {"incompleteOrders": "true"} if incomplete else {}
        self._total: int | None = None

    @cached_property
    def now(self) -> datetime:
        """The second of the first request for the list, by VTEX's clock.

        Raises:
            AccessError: The key may not list orders.
        """
        self._total = self._request_total({})
        return whole_second(self.client.now())

    def store_total(self, *, again: bool = False) -> int:
        """The unfiltered total, as of `now`; ``again`` requests it anew."""
        if again or self._total is None:
            self._total = self._request_total({})
        return self._total

    def total(self, window: Window) -> int:
        """The total that VTEX announces for a window of creation; 0 outside its retention."""
        total = 0
        for part in window.parts(MAX_WINDOW):
            try:
                total += self._request_total({"f_creationDate": date_filter("creationDate", part)})
            except (RefusedError, NotFoundError):
                if not self.is_at_retention_edge(part.start):
                    raise
        return total

    def supports(self, filters: Mapping[str, str]) -> bool:
        """Whether VTEX applies filters: it accepts them and lists fewer orders with them."""
        try:
            return self._request_total(filters) < self.store_total()
        except (RefusedError, NotFoundError):
            return False

    def _request_total(self, filters: Mapping[str, str]) -> int:
        params = {**self._filters, **filters, "page": 1, "per_page": 1}
        return total_of(self.client.get(ORDER_LIST, params=params).body)

    @cached_property
    def oldest(self) -> datetime:
        """The creation date of the oldest orders that VTEX shows."""
        year = self.now.year - RETENTION_YEARS
        try:
            return self.now.replace(year=year)
        except ValueError:  # 29 February
            return self.now.replace(year=year, day=28)

    def is_at_retention_edge(self, moment: datetime | None) -> bool:
        """Whether VTEX may have stopped listing orders created at a moment."""
        return moment is not None and moment < self.oldest + EDGE_MARGIN

    def windows(
        self,
        window: Window,
        filters: Mapping[str, str] | None = None,
        *,
        newest_first: bool = False,
        verify_splits: bool = False,
        announce: Callable[[int], None] | None = None,
    ) -> Iterator[Listed]:
        """Read the orders created in a window, split into parts where necessary.

        Neighboring parts share a second; an order listed in both is in the first one only. Parts
        outside VTEX's retention are left out. A part that can't be read completely, or whose rows
        contradict its total, has the rows that could be read, and a `doubt`.

        Args:
            window: The creation dates.
            filters: Filters besides the creation date.
            newest_first: Read the newest part first.
            verify_splits: Compare the total of a split window with those of its halves, for two
                more requests.
            announce: Called with the number of orders expected so far.

        Yields:
            Each part with its rows.
        """
        reader = WindowReader(self, filters or {}, verify_splits=verify_splits)
        yield from reader.read(window, newest_first=newest_first, announce=announce)

    def single_page(self, window: Window, filters: Mapping[str, str]) -> Listed | None:
        """Read the orders that match filters with one request, whatever their creation date.

        This saves a request per half year. VTEX documents that these filters work on their own.

        Args:
            window: The creation dates that the caller wants. The rows may include others.
            filters: Filters other than the creation date.

        Returns:
            All rows; None if they fill a page or more, or if the page contradicts itself.
        """
        try:
            page = self.client.get(ORDER_LIST, params={**self.query(filters), "page": 1}).body
        except (RefusedError, NotFoundError, UnavailableError):
            return None
        rows = [row for row in map(Row.parse, page["list"]) if row]
        is_all = len(rows) == len({row.order_id for row in rows}) == total_of(page) < size_of(page)
        return Listed(window, rows, len(rows)) if is_all else None

    def windows_ahead(
        self,
        window: Window,
        *,
        newest_first: bool = False,
        announce: Callable[[int], None] | None = None,
    ) -> Generator[Listed]:
        """Read windows with verified splits, one ahead of the caller.

        After the first window, pages are requested one at a time, because the workers are busy
        fetching the caller's orders.
        """
        reader = WindowReader(self, {}, verify_splits=True)
        parts = reader.read(window, newest_first=newest_first, announce=announce)
        pool = ThreadPoolExecutor(1, thread_name_prefix="vtex-list")
        try:
            part = next(parts, None)
            reader.in_parallel = False
            while part is not None:
                coming = pool.submit(lambda: next(parts, None))
                yield part
                part = coming.result()
        finally:
            reader.stop.set()
            pool.shutdown(wait=False, cancel_futures=True)

    def query(self, filters: Mapping[str, str]) -> Query:
        """The parameters of a list request, without page and creation date."""
        return {
            **self._filters,
            **filters,
            "orderBy": "creationDate,asc",
            "per_page": ROWS_PER_PAGE,
        }
