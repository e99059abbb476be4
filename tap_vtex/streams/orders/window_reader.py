"""One window of the order list, read until it can be believed.

Nothing is believed on the word of one page: an announced total says how much is missing and
never how much to read, a page that repeats another one or shows orders of another time is no
answer, and what contradicts itself is read again.
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

#: An archived page of VTEX's says that more than 180 days do not work. One day less, because a
#: window reaches to the end of its last second, and VTEX may count days in another zone.
MAX_WINDOW: Final = timedelta(days=179)
#: This many days in a row that can't be read, before any window could be, are the list's fault.
MAX_UNREADABLE: Final = 3
#: The smallest window that is tried where the retention ends.
MIN_EDGE_WINDOW: Final = timedelta(minutes=1)


class Listed(NamedTuple):
    """A window with the rows that VTEX lists in it."""

    window: Window
    rows: list[Row]
    #: How many the list vouches for: all of ``rows``, and those that its index holds twice.
    total: int = 0
    #: Why this may not be all there is; empty if nothing says so.
    doubt: str = ""


#: Stands for a window that VTEX no longer lists. Such a window counts as read only once a
#: newer one could be read, so that a list that refuses everything does not seem read.
_OUTSIDE_RETENTION: Final = Listed(Window.never(), [])


class Orders(Protocol):
    """What a reader needs to know of the order list."""

    client: VtexClient
    logger: logging.Logger

    def query(self, filters: Mapping[str, str]) -> Query:
        """The parameters of a request, without page and creation date."""

    def is_at_retention_edge(self, moment: datetime | None) -> bool:
        """Whether VTEX may just have stopped showing orders created then."""


@dataclass
class _Reading:
    """What one reading of a window gave, over all its pages."""

    window: Window
    rows: dict[str, Row] = field(default_factory=dict)
    total: int = 0
    #: Rows of this window, those that came twice included.
    received: int = 0
    #: Rows without an id.
    unreadable: int = 0
    #: Rows created at another time than was asked for.
    foreign: int = 0
    #: The ids of each page.
    pages: list[set[str]] = field(default_factory=list)
    #: Whether a page was the same as another one.
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
        """Whether an order was created outside the window, or the seconds next to it."""
        window = self.window
        return row.created is not None and not (
            window.start - SECOND <= row.created <= window.end + SECOND
        )

    @property
    def is_of_another_time(self) -> bool:
        """Whether VTEX lists other orders because this window has none."""
        return bool(self.foreign) and not self.rows

    def says_all(self, before: _Reading | None) -> bool:
        """Whether it is complete by what it says itself, and the reading before it said."""
        agrees = before is not None and before.rows.keys() == self.rows.keys()
        if self.is_of_another_time:
            return agrees
        if self.repeats or self.foreign:
            return False
        # An index that holds an order twice counts it twice, in every reading.
        return len(self.rows) + self.unreadable >= self.total or (
            agrees and self.received >= self.total
        )

    def listed(self, doubt: str = "") -> Listed:
        """The window with its rows."""
        total = self.received - self.foreign
        return Listed(self.window, list(self.rows.values()), total, doubt)

    def describe(self, expected: int) -> str:
        """What is wrong with it, as half a sentence about VTEX."""
        if self.repeats:
            return f"repeated a page of the orders created {self.window}"
        if self.foreign:
            return f"listed orders of another time among those created {self.window}"
        return (
            f"announced {counted(max(self.total, expected), 'orders')} created {self.window} and "
            f"listed {len(self.rows):,}"
        )


class WindowReader:
    """Reads windows of the list, and splits those that hold too many orders."""

    def __init__(self, orders: Orders, filters: Mapping[str, str], *, verify_splits: bool) -> None:
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
        #: Parts of a window that could not be read, and why.
        self._suspect: set[Window] = set()
        self._refusal: VtexError | None = None
        #: Parts that VTEX no longer lists, since it does not list what comes after them either.
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
                    # Nothing is passed over on the word of a list that gives no window at all.
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
        """Read a part, or None where its halves have to be read; and the total it announces."""
        if part in self._outside:
            return _OUTSIDE_RETENTION, 0
        query = self._narrowed(part)
        retry_for = self._client.policy.retry_probe_for if part in self._suspect else None
        try:
            first = self._page({**query, "page": 1}, retry_for=retry_for)
        except (RefusedError, NotFoundError, UnavailableError) as error:
            return self._refused(part, error), 0
        self._has_read = True
        total = total_of(first)
        if pages_of(first) <= MAX_PAGES or not _has_own_rows(part, first):
            try:
                if listed := self._read_part(part, query, first):
                    return listed, total
            except (RefusedError, UnavailableError) as error:
                # Pages far down a list have failed where those of a shorter one did not.
                return self._unreadable(part, error), total
        elif self._verify_splits and part.seconds:
            self._verify_split(part, total)
        if part.seconds:
            return None, total
        doubt = (
            f"VTEX has {total:,} orders created in the second {part.start:%Y-%m-%d %H:%M:%S} UTC, "
            f"and lists at most {MAX_PAGES * size_of(first):,}. They can't be told apart by time"
        )
        return self._gather(part, query, first).listed(doubt), total

    def _verify_split(self, window: Window, total: int) -> None:
        """Find out how many orders each half of a window has, once they add up to the total.

        The index can know nothing of a stretch of time for a moment, and an empty half would
        then be taken for read.
        """
        halves = window.halves()
        for wait in self._client.policy.list_waits:
            self._client.wait(wait, self.stop)
            parts = [self._total(half) for half in halves]
            if sum(parts) >= total:
                self._expected |= dict(zip(halves, parts, strict=True))
                return
            total = self._total(window)
        # So neither half can be believed: each has to have what is left of the other.
        earlier, later = parts
        self._expected |= {halves[0]: total - later, halves[1]: total - earlier}

    # -- one window ----------------------------------------------------------------------

    def _narrowed(self, window: Window, **parameters: int) -> Query:
        created = date_filter("creationDate", window)
        return {**self._query, "f_creationDate": created, **parameters}

    def _refused(self, window: Window, error: VtexError) -> Listed | None:
        """What to make of a window whose first page does not come."""
        if isinstance(error, UnavailableError) or not self._orders.is_at_retention_edge(
            window.start
        ):
            return self._unreadable(window, error)
        if window.end - window.start > MIN_EDGE_WINDOW:
            # The retention ends at one moment: if it does not reach the later half, the
            # earlier one need not be asked for.
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

    def _unreadable(self, window: Window, error: VtexError) -> Listed | None:
        """Split a window that fails, down to a day, as long as the list works otherwise.

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
        """All rows of a window, beginning with its first page; None if it has to be split.

        A list that contradicts itself, or has fewer orders than it must have at least, is read
        again, spaced out.
        """
        least = self._expected.pop(window, 0)
        before: _Reading | None = None
        for wait in self._client.policy.list_waits:
            self._client.wait(wait, self.stop)
            reading = self._gather(window, query, first if before is None else None)
            if reading.is_full and window.seconds and reading.rows:
                return None  # it ends where the list ends, so there may be more
            has_least = reading.total >= least or (
                before is not None and before.rows.keys() == reading.rows.keys()
            )
            if reading.says_all(before) and has_least:
                if reading.unreadable:
                    return reading.listed(
                        f"VTEX lists {counted(reading.unreadable, 'orders')} created {window} "
                        "without an id"
                    )
                return reading.listed()
            self._logger.warning("VTEX %s; reading the list again", reading.describe(least))
            before = reading
        return reading.listed(f"VTEX {reading.describe(least)}")

    def _gather(self, window: Window, query: Query, first: Document | None) -> _Reading:
        """The rows of all pages; the first one is requested unless it is at hand."""
        first = first or self._page({**query, "page": 1})
        reading = _Reading(window)
        reading.add(first)
        announced = min(pages_of(first), MAX_PAGES)
        for page in self._pages(query, range(2, announced + 1)):
            reading.add(page)
        # The total can be too low: read on until a page is not full.
        number = announced
        while reading.is_full and number < MAX_PAGES and not reading.repeats:
            number += 1
            reading.add(self._page({**query, "page": number}))
        if number < MAX_PAGES:
            reading.is_full = False
        return reading

    def _pages(self, query: Query, numbers: range) -> Iterator[Document]:
        """Pages in their order, requested side by side or one after another."""
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

    If it has none, but announces many, its halves may announce just as many, down to the second.
    """
    reading = _Reading(window)
    reading.add(page)
    return bool(reading.rows)
