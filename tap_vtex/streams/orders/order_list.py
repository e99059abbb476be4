"""The order list, read to its end.

VTEX's list stops after 30 pages of 100 orders, lags some minutes behind, and changes while it
is read. Its rows only serve to find orders. What an order contains comes from Get order, since
rows round amounts and can be outdated.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final

from tap_vtex.errors import IncompleteListError, NotFoundError, RefusedError
from tap_vtex.streams.orders.api import (
    MAX_PAGES,
    ORDER_LIST,
    ROWS_PER_PAGE,
    Query,
    Row,
    date_filter,
    pages_of,
    total_of,
)
from tap_vtex.windows import Window, walk, whole_second

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Generator, Iterator, Mapping

    from tap_vtex.http.client import VtexClient
    from tap_vtex.types import Document

#: VTEX shows orders for this long.
RETENTION_YEARS: Final = 2
#: This close to the end of the retention, list and orders need not agree about it.
EDGE_MARGIN: Final = timedelta(days=2)
#: The smallest window that is tried there.
MIN_EDGE_WINDOW: Final = timedelta(minutes=1)

#: Stands for a window that VTEX no longer lists. Such a window counts as read only once a
#: newer one could be read, so that a list that refuses everything does not seem read.
OUTSIDE_RETENTION: Final[list[Row]] = []


class OrderList:
    """The orders of a store: the complete ones, or the incomplete ones."""

    def __init__(
        self, client: VtexClient, logger: logging.Logger, *, incomplete: bool = False
    ) -> None:
        self.client = client
        self.logger = logger
        self.incomplete = incomplete
        self._filters: Query = {"incompleteOrders": "true"} if incomplete else {}

    @cached_property
    def now(self) -> datetime:
        """The second, by VTEX's clock, at which this was first asked for.

        Raises:
            AccessError: The key may not list orders.
        """
        self.client.get(ORDER_LIST, params={**self._filters, "page": 1, "per_page": 1})
        return whole_second(self.client.now())

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
    ) -> Iterator[tuple[Window, list[Row]]]:
        """Read the orders created in a window, in as many parts as it takes.

        Neighbouring parts share a second; an order that both list comes with the first. Parts
        outside VTEX's retention are left out.

        Args:
            window: The creation dates.
            filters: Filters beside the creation date.
            newest_first: Read the newest part first.
            verify_splits: Compare a window that is split with its halves, which costs two
                requests. See `WindowReader.verify_split`.
            announce: Is told the total of the whole window before any part is read.

        Yields:
            Each part with its rows.

        Raises:
            IncompleteListError: A part can't be read to its end; the text names it.
        """
        reader = WindowReader(self, filters or {}, verify_splits=verify_splits)
        yield from reader.read(window, newest_first=newest_first, announce=announce)

    def windows_ahead(
        self,
        window: Window,
        *,
        newest_first: bool = False,
        announce: Callable[[int], None] | None = None,
    ) -> Generator[tuple[Window, list[Row]]]:
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


@dataclass
class _Reading:
    """What one reading of a window gave, over all its pages."""

    rows: dict[str, Row] = field(default_factory=dict)
    total: int = 0
    received: int = 0

    def add(self, page: Document) -> None:
        self.total = max(self.total, total_of(page))
        self.received += len(page["list"])
        for row in map(Row.parse, page["list"]):
            self.rows[row.order_id] = row


class WindowReader:
    """Reads windows of the list, and splits those that hold too many orders."""

    def __init__(
        self, orders: OrderList, filters: Mapping[str, str], *, verify_splits: bool
    ) -> None:
        #: Set once nobody waits for the list any more.
        self.stop = threading.Event()
        #: Whether the pages of a window are requested side by side.
        self.in_parallel = True
        self._orders = orders
        self._client = orders.client
        self._logger = orders.logger
        self._query = orders.query(filters)
        self._verify_splits = verify_splits
        #: How many orders a part must have, at least.
        self._expected: dict[Window, int] = {}

    def read(
        self,
        window: Window,
        *,
        newest_first: bool,
        announce: Callable[[int], None] | None,
    ) -> Iterator[tuple[Window, list[Row]]]:
        """Read a window; see `OrderList.windows`."""

        def read(part: Window) -> list[Row] | None:
            query = self._narrowed(part)
            first = self._first_page(part, query)
            if first is None:
                return self._at_retention_edge(part)
            if announce and part == window:
                announce(total_of(first))
            if pages_of(first) <= MAX_PAGES:
                return self._read_part(part, query, first)
            if not part.seconds:
                raise _too_many(part, first)
            if self._verify_splits:
                self._expected |= self.verify_split(part, total_of(first))
            return None

        before: set[str] = set()
        for part, rows in walk(window, read, newest_first=newest_first):
            if rows is OUTSIDE_RETENTION:
                continue
            yield part, [row for row in rows if row.order_id not in before]
            before = {row.order_id for row in rows}

    def verify_split(self, window: Window, total: int) -> dict[Window, int]:
        """How many orders each half of a window has, once they add up to the total.

        The index can know nothing of a stretch of time for a moment, and an empty half would
        then be taken for read.

        Raises:
            IncompleteListError: They never add up.
        """
        halves = window.halves()
        for wait in self._client.policy.list_waits:
            self._client.wait(wait, self.stop)
            parts = [self._total(half) for half in halves]
            if sum(parts) >= total:
                return dict(zip(halves, parts, strict=True))
            total = self._total(window)
        raise IncompleteListError(
            f"VTEX announced {total:,} orders created {window}, but only {sum(parts):,} for the "
            "two halves of that time. Run again later."
        )

    # -- one window ----------------------------------------------------------------------

    def _narrowed(self, window: Window, **parameters: int) -> Query:
        created = date_filter("creationDate", window)
        return {**self._query, "f_creationDate": created, **parameters}

    def _first_page(self, window: Window, query: Query) -> Document | None:
        """The first page; None if VTEX refuses a window as too old."""
        try:
            return self._page({**query, "page": 1})
        except (RefusedError, NotFoundError):
            if self._orders.is_at_retention_edge(window.start):
                return None
            raise

    def _at_retention_edge(self, window: Window) -> list[Row] | None:
        """What to make of a refused window where the retention ends: split it, or skip it."""
        if window.end - window.start > MIN_EDGE_WINDOW:
            return None
        self._logger.info("VTEX no longer lists orders created %s", window)
        return OUTSIDE_RETENTION

    def _read_part(self, window: Window, query: Query, first: Document) -> list[Row]:
        """All rows of a window, beginning with its first page.

        A list that is shorter than its own total, or than what it must have at least, is read
        again until two readings agree.
        """
        least = self._expected.pop(window, 0)
        waits = self._client.policy.list_waits
        before: _Reading | None = None
        for wait in waits:
            self._client.wait(wait, self.stop)
            reading = self._gather(query, first if before is None else None)
            agreed = before is not None and reading.rows.keys() == before.rows.keys()
            # An index that holds an order twice counts it twice, in every reading.
            whole = len(reading.rows) >= reading.total or (
                agreed and reading.received >= reading.total
            )
            if whole and (agreed or reading.total >= least):
                return list(reading.rows.values())
            self._logger.warning(
                "VTEX announced %d orders created %s and listed %d; reading the list again",
                max(reading.total, least),
                window,
                len(reading.rows),
            )
            before = reading
        raise IncompleteListError(
            f"VTEX announced {max(reading.total, least):,} orders created {window} but listed only "
            f"{len(reading.rows):,}, {len(waits)} times in a row. Run again later. If it stays so, "
            "ask VTEX's support to index the orders again."
        )

    def _gather(self, query: Query, first: Document | None) -> _Reading:
        """The rows of all pages; the first one is requested unless it is at hand."""
        first = first or self._page({**query, "page": 1})
        reading = _Reading()
        reading.add(first)
        for page in self._pages(query, range(2, pages_of(first) + 1)):
            reading.add(page)
        return reading

    def _pages(self, query: Query, numbers: range) -> Iterator[Document]:
        if not self.in_parallel:
            yield from (self._page({**query, "page": number}) for number in numbers)
            return

        def fetch(number: int, stop: threading.Event) -> Document:
            return self._page({**query, "page": number}, stop)

        for _, page in self._client.workers.each(fetch, numbers):
            yield page

    def _total(self, window: Window) -> int:
        page = self._first_page(window, self._narrowed(window, per_page=1))
        return 0 if page is None else total_of(page)

    def _page(self, query: Query, stop: threading.Event | None = None) -> Document:
        return self._client.get(ORDER_LIST, params=query, stop=stop or self.stop).body


def _too_many(window: Window, page: Document) -> IncompleteListError:
    most = MAX_PAGES * page["paging"]["perPage"]
    return IncompleteListError(
        f"VTEX has {total_of(page):,} orders created in the second "
        f"{window.start:%Y-%m-%d %H:%M:%S} UTC, and lists at most {most:,}. They can't be told "
        "apart by time."
    )
