"""The search for changes: orders that changed after they were loaded, or arrived late.

VTEX's list can neither filter nor sort by change. So a pass lists orders again, the latest ones
or the whole look-back, and fetches those whose rows show a change since they were last searched.
For older orders, it lists those paid or invoiced since, and once a day those returned. The pass
compares what it sees with the last census: additional orders arrived late, and missing ones mean
that the list is incomplete.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import msgspec

from tap_vtex import dates
from tap_vtex.counting import counted
from tap_vtex.report.progress import Progress
from tap_vtex.streams.orders import ladder
from tap_vtex.streams.orders.api import ROWS_PER_PAGE, date_filter
from tap_vtex.streams.orders.bookmark import ChangePass
from tap_vtex.streams.orders.census import Census, LateArrivals, common_beginning
from tap_vtex.streams.orders.fetcher import Chunk, chunks_of
from tap_vtex.windows import Window

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from tap_vtex.settings import Settings
    from tap_vtex.streams.orders.api import Row
    from tap_vtex.streams.orders.bookmark import OrderBookmark
    from tap_vtex.streams.orders.order_list import OrderList
    from tap_vtex.streams.orders.window_reader import Listed
    from tap_vtex.types import Document

    #: Fetches the wanted orders of chunks, and calls back when each chunk is done.
    FetchChunks = Callable[[Iterable[Chunk], Callable[[Chunk], None], Progress], Iterator[Document]]

#: Every pass finds changes that the list shows up to this late.
MARGIN: Final = timedelta(hours=1)
#: A wide pass, once a day, finds changes that the list shows up to this late.
WIDE_MARGIN: Final = timedelta(hours=24)
#: A pass over the latest orders goes back further as long as it needs no more pages than this.
CHEAP_PAGES: Final = 40
#: The list can filter orders that have a return invoice, but not by its date.
RETURNED: Final = {"f_hasInputInvoice": "true"}
#: Every run fetches orders without a date of change while they are this young; a wide pass
#: fetches them at any age.
UNDATED_AGE: Final = timedelta(days=2)


class Scope(NamedTuple):
    """Which orders a pass has to search."""

    #: Where the look-back begins.
    lookback_from: datetime
    #: Where the pass begins.
    recent: datetime
    #: Whether to search the whole look-back: once a day, or if no pass has searched it yet.
    whole: bool
    #: Whether to allow for changes listed a day late, instead of an hour.
    wide: bool


def scope_of(bookmark: OrderBookmark, orders: OrderList, settings: Settings) -> Scope:
    """The scope of a pass that begins now."""
    last_run = bookmark.changes_since
    loaded_from = max(bookmark.loaded_from, orders.oldest)
    last_whole = ladder.last_whole_search(
        bookmark.known_rungs(orders.now), settings.lookback, loaded_from, last_run
    )
    lookback_from = dates.start_of_day(min(last_whole, last_run) - settings.lookback)
    bucket = bookmark.census.bucket(lookback_from)
    if bucket is not None:
        lookback_from = bookmark.census.begins(bucket)
    wide = ladder.is_wide_due(last_whole, last_run, orders.now)
    is_longer = bookmark.census.start - ladder.LONGER_BY > max(lookback_from, loaded_from)
    whole = wide or is_longer or not bookmark.rungs
    recent = lookback_from
    if not whole:
        youngest = dates.start_of_day(last_run - settings.recent)
        cheap = bookmark.census.start_of_latest(CHEAP_PAGES * ROWS_PER_PAGE)
        recent = max(lookback_from, min(youngest, cheap))
    return Scope(lookback_from, recent, whole, wide)


def begin(
    bookmark: OrderBookmark, until: datetime, newer: Census, orders: OrderList, settings: Settings
) -> ChangePass:
    """A new pass over the orders that were loaded before this run.

    Args:
        bookmark: The current bookmark.
        until: The ``loaded_until`` of the bookmark before this run.
        newer: The orders that this run has loaded.
        orders: The order list.
        settings: The settings.
    """
    started = orders.now
    lookback_from, recent, whole, wide = scope_of(bookmark, orders, settings)
    recent = min(max(bookmark.loaded_from, orders.oldest, recent), until)
    # Orders that the pass does not see keep their buckets.
    if ladder.had_longer_lookback(
        bookmark.known_rungs(started), settings.lookback, bookmark.census.start, started
    ):
        census = bookmark.census.moved(bookmark.census.start, started)
    elif whole:
        census = empty_census(orders, settings)
    else:
        kept_from = min(lookback_from, started - settings.lookback)
        census = bookmark.census.moved(kept_from, started)
    return ChangePass(
        began=started,
        # A wide pass searches for changes since the wide pass before it. So it finds those that
        # the list showed too late for the passes in between.
        since=bookmark.wide_pass_at - WIDE_MARGIN if wide else bookmark.changes_since - MARGIN,
        undated_since=bookmark.loaded_from if wide else started - UNDATED_AGE,
        wide=wide,
        recent=recent,
        until=until,
        done_until=recent,
        census=census,
        newer=newer,
    )


class ChangeSearch:
    """One pass, new or resumed where an earlier run left it."""

    def __init__(
        self,
        orders: OrderList,
        bookmark: OrderBookmark,
        change_pass: ChangePass,
        logger: logging.Logger,
    ) -> None:
        """Begin or resume a pass over the orders of a bookmark."""
        self._orders = orders
        self._logger = logger
        self._loaded_from = bookmark.loaded_from
        self._last_searches = ladder.LastSearches(
            bookmark.known_rungs(change_pass.began), wide=change_pass.wide
        )
        self._resumed_at = change_pass.done_until
        # The orders that were seen or loaded before this pass.
        earlier = bookmark.census.without(change_pass.newer)
        start = change_pass.recent
        if change_pass.done_until > start:
            start = max(
                start, common_beginning(change_pass.done_until, earlier, change_pass.census)
            )
        self._start = start
        # If the lookback window begins with the first order loaded, earlier runs also counted the
        # bucket of that moment from there, so the counts are comparable.
        self._counted_from = start
        if start == bookmark.loaded_from:
            self._counted_from = min(earlier.start, change_pass.census.start)
        self._late = LateArrivals(earlier, self._counted_from, some_leave=orders.incomplete)
        if start > change_pass.recent:
            census = change_pass.census.before(start)
        else:
            kept = earlier.added_to(change_pass.census.like())
            census = kept.begun_before(self._counted_from)
        self.change_pass = msgspec.structs.replace(change_pass, census=census)
        #: Why the list may be incomplete; empty if it seems complete.
        self.doubt = ""

    @property
    def result(self) -> Census:
        """The census of all orders after the pass."""
        return self.change_pass.newer.added_to(self.change_pass.census.copy())

    def run(self, fetch: FetchChunks, advance: Callable[[ChangePass], None]) -> Iterator[Document]:
        """Yield the changed orders; call ``advance`` with the pass after each chunk."""

        def done(chunk: Chunk) -> None:
            census = self.change_pass.census
            counted = [row for row in chunk.rows if self._is_counted(row, census)]
            self.change_pass = msgspec.structs.replace(
                self.change_pass, done_until=chunk.window.end, census=census.with_rows(counted)
            )
            advance(self.change_pass)

        progress = Progress(self._logger, "orders checked for changes")
        yield from fetch(self._recent(progress), done, progress)
        if not self._orders.incomplete and (lost := self._late.lost()):
            self.doubt = self.doubt or (
                f"VTEX lists {counted(lost, 'orders')} fewer than before in the period searched"
            )
        yield from self._older(fetch)

    def _recent(self, progress: Progress) -> Iterator[Chunk]:
        """The orders of the lookback window. Wanted are those that changed or arrived late."""
        at = self.change_pass
        window = Window(self._start, at.until)
        if window.end <= window.start:
            return
        for listed in self._orders.windows(window, announce=progress.expect):
            self.doubt = self.doubt or listed.doubt
            for row in listed.rows:
                self._late.see(row, taken=self._has_changed(row))
            late = self._late.found(None if listed.window.end >= at.until else listed.window.end)
            *chunks, last = chunks_of(listed, self._is_wanted)
            last.wanted.extend(late)
            for chunk in (*chunks, last):
                progress.advance(len(chunk.rows) - len(chunk.wanted))
                yield chunk

    def _is_counted(self, row: Row, census: Census) -> bool:
        """Whether the pass sees the whole bucket of an order."""
        bucket = census.bucket(row.created)
        return bucket is not None and census.begins(bucket) >= self._counted_from

    def _has_changed(self, row: Row) -> bool:
        at = self.change_pass
        if row.last_change is None:
            return row.is_since(at.undated_since)
        margin = WIDE_MARGIN if at.wide else MARGIN
        return row.last_change >= self._last_searches.of(row.created) - margin

    def _is_wanted(self, row: Row) -> bool:
        """Whether to fetch an order. Those before the point of resumption are fetched already."""
        was_done = self._resumed_at > self.change_pass.recent and row.is_until(self._resumed_at)
        return self._has_changed(row) and not was_done

    def _older(self, fetch: FetchChunks) -> Iterator[Document]:
        """Yield the orders older than the lookback window that were paid or invoiced since.

        A wide pass also lists all returned orders, since the list has no date of return.
        """
        at = self.change_pass
        older = Window(max(self._loaded_from, self._orders.oldest), at.recent)
        if older.end <= older.start:
            return
        progress = Progress(self._logger, "older orders with changes")
        fetched: set[str] = set()

        def chunks(listing: Iterator[Listed], *, undated: bool) -> Iterator[Chunk]:
            def is_wanted(row: Row) -> bool:
                is_changed = row.last_change >= at.since if row.last_change else undated
                # `_recent` covers those created later.
                is_older = row.is_since(older.start) and not row.is_since(older.end)
                return is_changed and is_older and row.order_id not in fetched

            for listed in listing:
                self.doubt = self.doubt or listed.doubt
                for chunk in chunks_of(listed, is_wanted):
                    fetched.update(row.order_id for row in chunk.wanted)
                    yield chunk

        since = Window(at.since, at.began)
        dated = [
            {f"f_{name}": date_filter(name, since)} for name in ("authorizedDate", "invoicedDate")
        ]
        are_returns_due = at.wide and not self._orders.incomplete
        for filters in [*dated, RETURNED] if are_returns_due else dated:
            few = self._orders.single_page(older, filters)
            if not few and filters is RETURNED and not self._orders.supports(RETURNED):
                self._logger.info(
                    "VTEX does not tell which orders were returned, so the tap sees a return only "
                    "while its order is in the lookback window"
                )
                continue
            listing = iter([few]) if few else self._orders.windows(older, filters)
            found = chunks(listing, undated=filters is not RETURNED)
            yield from fetch(found, lambda _chunk: None, progress)


def empty_census(orders: OrderList, settings: Settings) -> Census:
    """An empty census of the lookback window."""
    return Census.plan(orders.now - settings.lookback, orders.now)
