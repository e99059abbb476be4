"""Reads windows of the order list until they are complete and consistent.

No single page is trusted: an announced total can show that rows are missing, but never when to stop
reading; a page that repeats another one, or lists orders from another time, does not count; and a
window that contradicts itself is read again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from tap_vtex.counting import counted
from tap_vtex.errors import NotFoundError, RefusedError, UnavailableError, VtexError
from tap_vtex.streams.orders.api import (
    MAX_PAGES,
    ORDER_LIST,
    Query,
    Row,
    date_filter,
    pages_of,
    size_of,
    total_of,
)
from tap_vtex.windows import DAY, SECOND, Window, walk

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator, Mapping
    from datetime import datetime

    from tap_vtex.http.client import VtexClient
    from tap_vtex.types import Document

#: An archived page of VTEX's says that more than 180 days do not work. This is one day less,
#: because a window includes its last second, and VTEX may count days in another time zone.
MAX_WINDOW: Final = timedelta(days=179)
#: Fail after this many unreadable days in a row if no window could be read before them.
MAX_UNREADABLE: Final = 3
#: The smallest window to try at the retention edge.
MIN_EDGE_WINDOW: Final = timedelta(minutes=1)


class Listed(NamedTuple):
    """A window and the rows that VTEX lists in it."""

    window: Window
    rows: list[Row]
    #: The number of ``rows``, plus the copies of orders that VTEX's index holds twice.
    total: int = 0
    #: Why rows may be missing; empty if the window seems complete.
    doubt: str = ""


#: Marks a window that VTEX no longer lists. It is skipped, and so counts as read only once a newer
#: window has been read: a list that refuses everything does not seem read.
_OUTSIDE_RETENTION: Final = Listed(Window.never(), [])


class Orders(Protocol):
    """What a reader needs of the order list."""

    client: VtexClient
    logger: logging.Logger

    def query(self, filters: Mapping[str, str]) -> Query:
        """The parameters of a list request, without page and creation date."""

    def is_at_retention_edge(self, moment: datetime | None) -> bool:
        """Whether VTEX may have stopped listing orders created at a moment."""


@dataclass
class _Reading:
    """The result of reading all pages of a window once."""

    window: Window
    rows: dict[str, Row] = field(default_factory=dict)
    total: int = 0
    #: All rows, including duplicates.
    received: int = 0
    #: Rows without an id.
    unreadable: int = 0
    #: Rows created outside the window.
    foreign: int = 0
    #: The ids of each page.
    pages: list[set[str]] = field(default_factory=list)
    #: Whether a page repeated another one.
    repeats: bool = False
    #: Whether the last page was full.
    is_full: bool = False

    def add(self, page: Document) -> None:
        self.total = max(self.total, total_of(page))
        self.is_full = len(page["list"]) >= size_of(page)
        rows = [Row.parse(row) for row in page["list"]]
        ids = {row.order_id for row in rows if row}
        self.repeats |= bool(ids) and ids in self.pages
        self.pages.append(ids)
        self.received += len(rows)
        for row in rows:
            if row is None:
                self.unreadable += 1
            elif self._is_foreign(row):
                self.foreign += 1
            else:
                self.rows[row.order_id] = row

    def _is_foreign(self, row: Row) -> bool:
        """Whether an order was created outside the window and the seconds next to it."""
        window = self.window
        return row.created is not None and not (
            window.start - SECOND <= row.created <= window.end + SECOND
        )

    @property
    def is_all_foreign(self) -> bool:
        """Whether VTEX lists only orders from outside the window, because it has none."""
        return bool(self.foreign) and not self.rows

    def is_complete(self, before: _Reading | None) -> bool:
        """Whether all orders came, judging by this reading and the one before it."""
        agrees = before is not None and before.rows.keys() == self.rows.keys()
        if self.is_all_foreign:
            return agrees
        if self.repeats or self.foreign:
            return False
        # If VTEX's index holds an order twice, every total counts it twice.
        return len(self.rows) + self.unreadable >= self.total or (
            agrees and self.received >= self.total
        )

    def listed(self, doubt: str = "") -> Listed:
        """The window and its rows."""
        total = self.received - self.foreign
        return Listed(self.window, list(self.rows.values()), total, doubt)

    def describe(self, expected: int) -> str:
        """What is wrong with the reading, as a predicate for the subject VTEX."""
        if self.repeats:
            return f"repeated a page of the orders created {self.window}"
        if self.foreign:
            return f"listed orders from another time among those created {self.window}"
        return (
            f"announced {counted(max(self.total, expected), 'orders')} created {self.window} but "
            f"listed {len(self.rows):,}"
        )


class WindowReader:
    """Reads windows of the list, and splits those with too many orders."""

    def __init__(self, orders: Orders, filters: Mapping[str, str], *, verify_splits: bool) -> None:
        #: Set to stop reading.
        self.stop = threading.Event()
        #: Whether to request the pages of a window in parallel.
        self.in_parallel = True
        self._orders = orders
        self._client = orders.client
        self._logger = orders.logger
        self._query = orders.query(filters)
        self._verify_splits = verify_splits
        #: The least number of orders that a part must have.
        self._expected: dict[Window, int] = {}
        #: Halves of windows that could not be read. They get fewer retries.
        self._suspect: set[Window] = set()
        #: The last error of an unreadable window.
        self._refusal: VtexError | None = None
        #: Parts that VTEX no longer lists, because it does not list newer ones either.
        self._outside: set[Window] = set()
        #: Whether any window could be read.
        self._has_read = False

    def read(
        self,
        window: Window,
        *,
        newest_first: bool,
        announce: Callable[[int], None] | None,
    ) -> Iterator[Listed]:
        """Read a window; see `OrderList.windows`."""
        parts = list(window.parts(MAX_WINDOW))
        announced = 0
        before: set[str] = set()
        held: list[Listed] = []
        for whole in reversed(parts) if newest_first else parts:

            def read(part: Window, whole: Window = whole) -> Listed | None:
                nonlocal announced
                listed, total = self._read_or_split(part)
                if announce and part == whole:
                    announced += total
                    announce(announced)
                return listed

            for _, listed in walk(whole, read, newest_first=newest_first):
                if listed is _OUTSIDE_RETENTION:
                    continue
                if not self._has_read:
                    # Don't skip an unreadable window until another one could be read: the list
                    # may not work at all.
                    held.append(listed)
                    if len(held) >= MAX_UNREADABLE and self._refusal:
                        raise self._refusal
                    continue
                for one in (*held, listed):
                    yield one._replace(rows=[r for r in one.rows if r.order_id not in before])
                    before = {row.order_id for row in one.rows}
                held.clear()
        if held and self._refusal:
            raise self._refusal

    def _read_or_split(self, part: Window) -> tuple[Listed | None, int]:
        """Read a part, and return it (None: read its halves) with the total it announces."""
        if part in self._outside:
            return _OUTSIDE_RETENTION, 0
        query = self._narrowed(part)
        retry_for = self._client.policy.retry_probe_for if part in self._suspect else None
        try:
            first = self._page({**query, "page": 1}, retry_for=retry_for)
        except (RefusedError, NotFoundError, UnavailableError) as error:
            return self._handle_refusal(part, error), 0
        self._has_read = True
        total = total_of(first)
        if pages_of(first) <= MAX_PAGES or not _has_own_rows(part, first):
            try:
                if listed := self._read_part(part, query, first):
                    return listed, total
            except (RefusedError, UnavailableError) as error:
                # Late pages of a long list have failed where those of a shorter one worked.
                return self._handle_failure(part, error), total
        elif self._verify_splits and part.seconds:
            self._verify_split(part, total)
        if part.seconds:
            return None, total
        doubt = (
            f"VTEX has {total:,} orders created in the second {part.start:%Y-%m-%d %H:%M:%S} UTC, "
            f"but lists at most {MAX_PAGES * size_of(first):,}. A second can't be split further"
        )
        return self._gather(part, query, first).listed(doubt), total

    def _verify_split(self, window: Window, total: int) -> None:
        """Request the totals of a window's halves until they add up to the window's total.

        VTEX's index can lose a period for a moment. Without this check, its empty half would count
        as read.
        """
        halves = window.halves()
        for wait in self._client.policy.list_waits:
            self._client.wait(wait, self.stop)
            parts = [self._total(half) for half in halves]
            if sum(parts) >= total:
                self._expected |= dict(zip(halves, parts, strict=True))
                return
            total = self._total(window)
        # Trust neither half: each must have at least what the other lacks of the total.
        earlier, later = parts
        self._expected |= {halves[0]: total - later, halves[1]: total - earlier}

    # -- one window ----------------------------------------------------------------------

    def _narrowed(self, window: Window, **parameters: int) -> Query:
        created = date_filter("creationDate", window)
        return {**self._query, "f_creationDate": created, **parameters}

    def _handle_refusal(self, window: Window, error: VtexError) -> Listed | None:
        """Decide what to do with a window whose first page failed; None: read its halves."""
        if isinstance(error, UnavailableError) or not self._orders.is_at_retention_edge(
            window.start
        ):
            return self._handle_failure(window, error)
        if window.end - window.start > MIN_EDGE_WINDOW:
            # The retention ends at one moment: if the later half is refused, skip the earlier one.
            earlier, later = window.halves()
            if self._orders.is_at_retention_edge(later.start) and self._is_refused(later):
                self._outside.add(earlier)
            return None
        self._logger.info(
            "VTEX no longer lists orders created before %s UTC", f"{window.end:%F %T}"
        )
        return _OUTSIDE_RETENTION

    def _is_refused(self, window: Window) -> bool:
        try:
            self._page(self._narrowed(window, page=1))
        except UnavailableError:
            return False
        except (RefusedError, NotFoundError):
            return True
        return False

    def _handle_failure(self, window: Window, error: VtexError) -> Listed | None:
        """Split a failed window, down to a day, as long as the list works for others.

        Raises:
            VtexError: The list does not work at all.
        """
        if not self._client.still_answers(ORDER_LIST):
            raise error
        self._refusal = error
        if window.end - window.start <= DAY:
            return Listed(window, [], doubt=str(error).rstrip("."))
        self._suspect.update(window.halves())
        return None

    def _read_part(self, window: Window, query: Query, first: Document) -> Listed | None:
        """Read all rows of a window, given its first page; None if it has to be split.

        A window that contradicts itself, or has fewer orders than expected, is read again after
        increasing waits.
        """
        expected = self._expected.pop(window, 0)
        before: _Reading | None = None
        for wait in self._client.policy.list_waits:
            self._client.wait(wait, self.stop)
            reading = self._gather(window, query, first if before is None else None)
            if reading.is_full and window.seconds and reading.rows:
                return None  # the last possible page is full, so there may be more
            has_expected = reading.total >= expected or (
                before is not None and before.rows.keys() == reading.rows.keys()
            )
            if reading.is_complete(before) and has_expected:
                if reading.unreadable:
                    return reading.listed(
                        f"VTEX lists {counted(reading.unreadable, 'orders')} created {window} "
                        "without an id"
                    )
                return reading.listed()
            self._logger.warning("VTEX %s; reading the list again", reading.describe(expected))
            before = reading
        return reading.listed(f"VTEX {reading.describe(expected)}")

    def _gather(self, window: Window, query: Query, first: Document | None) -> _Reading:
        """Read all pages; ``first`` is the first one, if it has been requested already."""
        first = first or self._page({**query, "page": 1})
        reading = _Reading(window)
        reading.add(first)
        announced = min(pages_of(first), MAX_PAGES)
        for page in self._pages(query, range(2, announced + 1)):
            reading.add(page)
        # The total can be too low, so read on until a page is not full.
        number = announced
        while reading.is_full and number < MAX_PAGES and not reading.repeats:
            number += 1
            reading.add(self._page({**query, "page": number}))
        if number < MAX_PAGES:
            reading.is_full = False
        return reading

    def _pages(self, query: Query, numbers: range) -> Iterator[Document]:
        """Pages in sequence, requested in parallel or one at a time."""
        if not self.in_parallel:
            yield from (self._page({**query, "page": number}) for number in numbers)
            return

        def fetch(number: int, stop: threading.Event) -> Document:
            return self._page({**query, "page": number}, stop)

        pages = dict(self._client.workers.each(fetch, numbers))
        yield from (pages[number] for number in numbers)

    def _total(self, window: Window) -> int:
        try:
            return total_of(self._page(self._narrowed(window, per_page=1, page=1)))
        except (RefusedError, NotFoundError):
            if self._orders.is_at_retention_edge(window.start):
                return 0
            raise

    def _page(
        self,
        query: Query,
        stop: threading.Event | None = None,
        *,
        retry_for: float | None = None,
    ) -> Document:
        return self._client.get(
            ORDER_LIST, params=query, retry_for=retry_for, stop=stop or self.stop
        ).body


def _has_own_rows(window: Window, page: Document) -> bool:
    """Whether a page has any orders of its window.

    If it has none, its total is no reason to split the window: the halves may announce the same
    total, down to the second.
    """
    reading = _Reading(window)
    reading.add(page)
    return bool(reading.rows)
