"""Which orders a run has to fetch.

VTEX's list has no filter on change and no order by change. So a run first looks for
changes: it lists the look-back again and fetches the orders whose row shows a change
since the last time; of older orders it asks for those paid or invoiced since. Then it
goes on forward, window by window, to where the list can be trusted to be complete.
"""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from tap_vtex.progress import Progress
from tap_vtex.streams.orders.bookmark import OrderBookmark
from tap_vtex.streams.orders.census import Census, Latecomers, start_of_day
from tap_vtex.streams.orders.fetching import OrderFetcher
from tap_vtex.streams.orders.listing import date_filter
from tap_vtex.windows import Window, whole_second

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from tap_vtex.settings import Settings
    from tap_vtex.streams.orders.listing import OrderList, Row

#: VTEX says that an order is in the list after four minutes; what is younger waits.
INDEX_DELAY: Final = timedelta(minutes=10)
#: How late the list may show a change that every run still finds ...
MARGIN: Final = timedelta(hours=1)
#: ... and that a wide pass finds, which is due once a day.
WIDE_MARGIN: Final = timedelta(hours=24)
WIDE_EVERY: Final = timedelta(days=1)
#: Orders whose row has no date of change are fetched by every run when this young, and
#: by a wide pass at any age.
UNDATED_AGE: Final = timedelta(days=2)


class OrderReplication:
    """One run over the orders of a store, for streams that have come equally far."""

    def __init__(
        self,
        orders: OrderList,
        settings: Settings,
        bookmark: OrderBookmark,
        checkpoint: Callable[[OrderBookmark], None],
        logger: logging.Logger,
    ) -> None:
        """Begin where ``bookmark`` stands; ``checkpoint`` is told where a run can resume."""
        self._orders = orders
        self._fetcher = OrderFetcher(orders.client, orders, bookmark.owed, logger)
        self._settings = settings
        self._at = bookmark
        self._checkpoint = checkpoint
        self._logger = logger
        self._started = orders.now
        self._wanted = wanted_from(orders, settings)
        # Rows know whole seconds only; where one slice ends, the next one begins.
        self._end = settings.end_date and whole_second(settings.end_date)

    def run(self) -> Iterator[dict[str, Any]]:
        """Yield the document of every order that the run has to fetch.

        Raises:
            UnavailableError: at the end, if single orders could not be had.
        """
        yield from self._fetcher.settle()
        yield from self._load_gap()
        if self._end:
            # Only a search for changes takes the census anew; without one, it grows.
            at = self._at
            at.census = at.census.counted_into(_empty_census(self._orders, self._settings))
        else:
            yield from self._find_changes()
        yield from self._load_forward()
        self._fetcher.close()

    # -- loading -------------------------------------------------------------------------

    def _load_gap(self) -> Iterator[dict[str, Any]]:
        """Load what an earlier start date has added, backwards from what is loaded."""
        at = self._at
        if self._wanted >= at.loaded_from:
            return
        progress = Progress(self._logger, "earlier orders")
        gap = Window(self._wanted, at.loaded_from)

        def done(window: Window, rows: list[Row]) -> None:
            for row in rows:
                if row.created and row.created < at.loaded_from:
                    at.census.add(row)
            at.loaded_from = window.start
            self._checkpoint(at)

        listed = self._orders.windows_ahead(
            gap, newest_first=True, weighed=True, announce=progress.expect
        )
        with closing(listed):
            for order in self._fetcher.fetch_windows(listed, done):
                progress.advance()
                yield order

    def _load_forward(self) -> Iterator[dict[str, Any]]:
        """Load the windows after what is loaded, up to where the list is complete."""
        at = self._at
        until = self._started - INDEX_DELAY
        if self._end:
            until = min(until, self._end)
        if until <= at.loaded_until:
            return
        progress = Progress(self._logger, "orders")

        def done(window: Window, rows: list[Row]) -> None:
            for row in rows:
                # Those of the second that this window shares with what was loaded before
                # are in the census already.
                if at.loaded_until == at.loaded_from or not _is_by(row, at.loaded_until):
                    at.census.add(row)
            at.loaded_until = window.end
            self._checkpoint(at)

        listed = self._orders.windows_ahead(
            Window(at.loaded_until, until), weighed=True, announce=progress.expect
        )
        with closing(listed):
            wanted = (
                (window, [row for row in rows if not self._is_past_end(row)])
                for window, rows in listed
            )
            for order in self._fetcher.fetch_windows(wanted, done):
                progress.advance()
                yield order

    def _is_past_end(self, row: Row) -> bool:
        return bool(self._end and row.created and row.created >= self._end)

    # -- changes -------------------------------------------------------------------------

    def _find_changes(self) -> Iterator[dict[str, Any]]:
        """Fetch the orders that changed since the last pass, however old they are."""
        at = self._at
        if at.loaded_until <= at.loaded_from or at.changes_since >= self._started:
            return
        wide = self._started - at.wide_pass_at >= WIDE_EVERY
        # A wide pass reaches back to the one before it: so it finds what the list showed
        # too late for all the passes in between.
        since = at.wide_pass_at - WIDE_MARGIN if wide else at.changes_since - MARGIN
        undated = at.loaded_from if wide else self._started - UNDATED_AGE
        loaded_from = max(at.loaded_from, self._orders.oldest)
        recent = max(loaded_from, self._look_back_from())
        census = _empty_census(self._orders, self._settings)
        yield from self._recent_changes(recent, since, undated, census)
        yield from self._older_changes(Window(loaded_from, recent), since)
        at.changes_since = self._started
        at.wide_pass_at = self._started if wide else at.wide_pass_at
        at.census = census
        self._checkpoint(at)

    def _look_back_from(self) -> datetime:
        """Where the look-back begins: with a whole stretch of the census."""
        at = self._at
        start = start_of_day(at.changes_since - _lookback(self._settings))
        stretch = at.census.stretch(start)
        if stretch is not None:
            start = at.census.begins(stretch)
        return min(start, at.loaded_until)

    def _recent_changes(
        self, recent: datetime, since: datetime, undated: datetime, census: Census
    ) -> Iterator[dict[str, Any]]:
        """Go through the rows of the look-back; fetch what changed or came in late."""
        at = self._at
        # Where the look-back begins with the first order loaded, the stretch that holds
        # that moment was counted from there, too, and can be compared.
        comparable = at.census.start if recent == at.loaded_from else recent
        latecomers = Latecomers(at.census, comparable, some_leave=self._orders.incomplete)
        progress = Progress(self._logger, "orders checked for changes")
        for window, rows in self._orders.windows(
            Window(recent, at.loaded_until), announce=progress.expect
        ):
            changed = []
            for row in rows:
                taken = row.last_change >= since if row.last_change else _is_since(row, undated)
                latecomers.see(row, taken=taken)
                census.add(row)
                if taken:
                    changed.append(row)
            progress.advance(len(rows) - len(changed))
            yield from self._fetch(changed, progress)
            yield from self._fetch(latecomers.found(window.end), progress)
        yield from self._fetch(latecomers.found(None), progress)

    def _older_changes(self, older: Window, since: datetime) -> Iterator[dict[str, Any]]:
        """Fetch the orders from before the look-back that were paid or invoiced since."""
        if older.end <= older.start:
            return
        progress = Progress(self._logger, "older orders with changes")
        fetched: set[str] = set()
        for name in ("authorizedDate", "invoicedDate"):
            lately = {f"f_{name}": date_filter(name, Window(since, self._started))}
            for _window, rows in self._orders.windows(older, lately):
                changed = [
                    row
                    for row in rows
                    if row.order_id not in fetched
                    and not _is_since(row, older.end)  # these are part of the look-back
                    and (row.last_change is None or row.last_change >= since)
                ]
                yield from self._fetch(changed, progress)
                fetched.update(row.order_id for row in changed)

    # -- both ----------------------------------------------------------------------------

    def _fetch(self, rows: Iterable[Row], progress: Progress) -> Iterator[dict[str, Any]]:
        for order in self._fetcher.fetch(rows):
            progress.advance()
            yield order


def beginning(orders: OrderList, settings: Settings) -> OrderBookmark:
    """The bookmark of a stream that has loaded nothing yet."""
    start = wanted_from(orders, settings)
    return OrderBookmark(
        loaded_from=start,
        loaded_until=start,
        changes_since=orders.now,
        wide_pass_at=orders.now,
        census=_empty_census(orders, settings),
    )


def wanted_from(orders: OrderList, settings: Settings) -> datetime:
    """The creation date of the oldest orders that the user wants and VTEX shows."""
    if settings.start_date is None:
        return orders.oldest
    return max(whole_second(settings.start_date), orders.oldest)


def _lookback(settings: Settings) -> timedelta:
    return timedelta(days=settings.lookback_days)


def _empty_census(orders: OrderList, settings: Settings) -> Census:
    return Census.plan(orders.now - _lookback(settings), orders.now)


def _is_by(row: Row, moment: datetime) -> bool:
    return row.created is not None and row.created <= moment


def _is_since(row: Row, moment: datetime) -> bool:
    return row.created is None or row.created >= moment
