"""The order list of a store: its totals, and its orders window by window.

VTEX's list stops after 30 pages of 100 orders, lags some minutes behind, and changes while it
is read. Its rows only serve to find orders. What an order contains comes from Get order, since
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
#: This close to the end of the retention, list and orders need not agree about it.
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
        """The second, by VTEX's clock, at which this was first asked for.

        Raises:
            AccessError: The key may not list orders.
        """
        self._total = self._ask_total({})
        return whole_second(self.client.now())

    def store_total(self, *, again: bool = False) -> int:
        """How many orders VTEX lists in all, without a filter: as of `now`, or ``again``."""
        if again or self._total is None:
            self._total = self._ask_total({})
        return self._total

    def total(self, window: Window) -> int:
        """How many orders created in a window VTEX announces; 0 outside of its retention."""
        total = 0
        for part in window.parts(MAX_WINDOW):
            try:
                total += self._ask_total({"f_creationDate": date_filter("creationDate", part)})
            except (RefusedError, NotFoundError):
                if not self.is_at_retention_edge(part.start):
                    raise
        return total

    def heeds(self, filters: Mapping[str, str]) -> bool:
        """Whether VTEX knows a filter: it does not refuse it, and finds fewer orders with it."""
        try:
            return self._ask_total(filters) < self.store_total()
        except (RefusedError, NotFoundError):
            return False

    def _ask_total(self, filters: Mapping[str, str]) -> int:
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
        """Whether VTEX may just have stopped showing orders created then."""
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
        """Read the orders created in a window, in as many parts as it takes.

        Neighbouring parts share a second; an order that both list comes with the first. Parts
        outside VTEX's retention are left out. A part that can't be read to its end, or is
        contradicted by its own total, comes with what could be read, and says so.

        Args:
            window: The creation dates.
            filters: Filters beside the creation date.
            newest_first: Read the newest part first.
            verify_splits: Compare a window that is split with its halves, which costs two
                requests. See `WindowReader.verify_split`.
            announce: Is told how many orders are expected, as far as it is known.

        Yields:
            Each part with its rows.
        """
        reader = WindowReader(self, filters or {}, verify_splits=verify_splits)
        yield from reader.read(window, newest_first=newest_first, announce=announce)

    def single_page(self, window: Window, filters: Mapping[str, str]) -> Listed | None:
        """Read the orders that pass filters, whenever they were created, with one request.

        It saves one request for each half year. VTEX documents the filters by themselves.

        Args:
            window: What the caller wants of them; there may be others among the rows.
            filters: Filters other than the creation date.

        Returns:
            All rows; None if there are more than a page has, or the page contradicts itself.
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

        After the first window, pages are requested one at a time, because the workers are
        busy with the caller's orders.
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
        """The parameters of a request for the list, without page and creation date."""
        return {
            **self._filters,
            **filters,
            "orderBy": "creationDate,asc",
            "per_page": ROWS_PER_PAGE,
        }
