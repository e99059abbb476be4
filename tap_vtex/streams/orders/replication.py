"""Which orders a run fetches.

VTEX's list can neither filter nor sort by change. So a run first looks for changes: it lists
the lookback window again and fetches the orders whose rows show a change since the last time;
of older orders, it asks for those that were paid or invoiced since. Then it loads new orders,
window by window, up to where the list can be trusted to be complete.
"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tap_vtex.errors import UnavailableError
from tap_vtex.report.progress import Progress
from tap_vtex.streams.bookmarks import Bookmark
from tap_vtex.streams.ledger import RetryLedger, missing_from_list, start_of_day
from tap_vtex.streams.orders.api import Row, date_filter
from tap_vtex.streams.orders.census import Census, LateArrivals
from tap_vtex.streams.orders.fetcher import fetch, fetch_windows
from tap_vtex.windows import Window, whole_second

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Iterator

    from tap_vtex.settings import Settings
    from tap_vtex.streams.orders.fetcher import OrderOutcome
    from tap_vtex.streams.orders.order_list import OrderList
    from tap_vtex.types import Document

#: VTEX says that an order is listed after four minutes. Younger orders wait for the next run.
INDEX_DELAY: Final = timedelta(minutes=10)
#: Every run finds a change that the list shows this late ...
MARGIN: Final = timedelta(hours=1)
#: ... and a wide pass, once a day, one that it shows this late.
WIDE_MARGIN: Final = timedelta(hours=24)
WIDE_EVERY: Final = timedelta(days=1)
#: Orders whose rows have no date of change are fetched by every run while they are this
#: young, and by a wide pass at any age.
UNDATED_AGE: Final = timedelta(days=2)
#: An order that VTEX lists but does not give is retried for this long.
RETRY_FOR: Final = timedelta(days=30)
#: After this many of them have failed again, the rest wait for the next run.
MAX_RETRY_FAILURES: Final = 2


class OrderBookmark(Bookmark, frozen=True, kw_only=True):
    """How far the orders have come, in whole seconds by VTEX's clock."""

    #: Orders created from here ...
    loaded_from: datetime
    #: ... to here are loaded.
    loaded_until: datetime
    #: Changes since then still have to be looked for.
    changes_since: datetime = msgspec.field(name="replication_key_value")
    #: When the last wide pass began.
    wide_pass_at: datetime
    #: The orders of the lookback window that the list showed.
    census: Census
    #: Orders that the list showed and VTEX did not give, with the date of the first failure.
    missing: dict[str, datetime] = msgspec.field(default_factory=dict)

    @classmethod
    def upgrade(cls, state: dict[str, Any]) -> dict[str, Any]:
        """Read the states of version 1, too."""
        return missing_from_list(state, None)

    def merged_with(self, other: OrderBookmark, wanted_from: datetime) -> OrderBookmark | None:
        """One bookmark that holds for both; None if one has to catch up first.

        ``wanted_from`` is the creation date of the oldest orders that the run is to have.
        """
        same_beginning = self.loaded_from == other.loaded_from or (
            max(self.loaded_from, other.loaded_from) <= wanted_from
        )
        same_end = (self.loaded_until, self.changes_since, self.census) == (
            other.loaded_until,
            other.changes_since,
            other.census,
        )
        if not (same_beginning and same_end):
            return None
        return msgspec.structs.replace(
            self,
            loaded_from=max(self.loaded_from, other.loaded_from),
            wide_pass_at=min(self.wide_pass_at, other.wide_pass_at),
            missing={**self.missing, **other.missing},
        )


class OrderReplication:
    """One run over the orders of a store, for streams that share a bookmark."""

    def __init__(
        self,
        orders: OrderList,
        settings: Settings,
        bookmark: OrderBookmark,
        checkpoint: Callable[[OrderBookmark], None],
        logger: logging.Logger,
    ) -> None:
        """Begin at a bookmark; ``checkpoint`` is told each one that a run can resume from."""
        self._orders = orders
        self._client = orders.client
        self._settings = settings
        self._bookmark = bookmark
        self._ledger = RetryLedger(bookmark.missing)
        self._checkpoint = checkpoint
        self._logger = logger
        self._started = orders.now
        self._wanted_from = wanted_from(orders, settings)
        # Rows have whole seconds only. The next backfill begins where this one ends.
        self._end = settings.end_date and whole_second(settings.end_date)

    def run(self) -> Iterator[Document]:
        """Yield every order that the run has to fetch.

        Raises:
            UnavailableError: At the end, if VTEX failed to give some orders.
        """
        yield from self._retry_missing()
        yield from self._load_gap()
        if self._end:
            # Only a search for changes takes the census anew; without one, it grows.
            census = self._bookmark.census.counted_into(_empty_census(self._orders, self._settings))
            self._bookmark = msgspec.structs.replace(self._bookmark, census=census)
        else:
            yield from self._find_changes()
        yield from self._load_forward()
        if error := self._ledger.error("orders"):
            raise error

    def _advance(self, **changes: Any) -> None:  # noqa: ANN401 - fields of the bookmark
        self._bookmark = msgspec.structs.replace(
            self._bookmark, missing=dict(self._ledger.missing), **changes
        )
        self._checkpoint(self._bookmark)

    # -- single orders -------------------------------------------------------------------

    def _take(self, outcomes: Iterable[OrderOutcome], progress: Progress) -> Iterator[Document]:
        """Yield the orders that came; keep account of those that did not."""
        for outcome in outcomes:
            if outcome.result is None:
                self._miss(outcome)
            else:
                self._ledger.discard([outcome.item.order_id])
                progress.advance()
                yield outcome.result

    def _fetch(self, rows: Iterable[Row], progress: Progress) -> Iterator[Document]:
        return self._take(fetch(self._client, rows), progress)

    def _miss(self, outcome: OrderOutcome) -> None:
        row = outcome.item
        if outcome.is_unknown and self._orders.is_at_retention_edge(row.created):
            return  # list and orders need not agree on where the retention ends
        self._ledger.add(row.order_id, self._started, is_unknown=outcome.is_unknown)
        self._logger.warning(
            "VTEX lists the order %s and %s. The next run asks for it again",
            row.order_id,
            "does not know it (status 404)" if outcome.is_unknown else "fails to give it",
        )
        if self._ledger.is_full:
            raise UnavailableError(
                f"VTEX lists {len(self._ledger)} orders that it does not give. {outcome.error}"
            )

    def _retry_missing(self) -> Iterator[Document]:
        """Ask again for the orders that earlier runs did not get."""
        for order_id, first_failure in list(self._ledger.missing.items()):
            retry_for = self._client.policy.retry_missing_for
            (outcome,) = fetch(self._client, [Row(order_id)], retry_for=retry_for)
            if outcome.result is not None:
                self._ledger.discard([order_id])
                yield outcome.result
            elif first_failure < self._started - RETRY_FOR:
                self._logger.warning(
                    "VTEX has not given the order %s since %s. The tap stops asking for it",
                    order_id,
                    f"{first_failure:%Y-%m-%d}",
                )
                self._ledger.discard([order_id])
            elif not outcome.is_unknown:
                self._ledger.add(order_id, self._started)
                if len(self._ledger.failed) >= MAX_RETRY_FAILURES:
                    return

    # -- loading -------------------------------------------------------------------------

    def _load_gap(self) -> Iterator[Document]:
        """Load what an earlier start date has added, backwards from what is loaded."""
        loaded_from = self._bookmark.loaded_from
        if self._wanted_from >= loaded_from:
            return
        progress = Progress(self._logger, "earlier orders")

        def done(window: Window, rows: list[Row]) -> None:
            bookmark = self._bookmark
            earlier = [row for row in rows if not row.is_since(bookmark.loaded_from)]
            self._advance(loaded_from=window.start, census=bookmark.census.with_rows(earlier))

        listed = self._orders.windows_ahead(
            Window(self._wanted_from, loaded_from), newest_first=True, announce=progress.expect
        )
        with closing(listed):
            yield from self._take(fetch_windows(self._client, listed, done), progress)

    def _load_forward(self) -> Iterator[Document]:
        """Load the windows after what is loaded, up to where the list is complete."""
        until = self._started - INDEX_DELAY
        if self._end:
            until = min(until, self._end)
        if until <= self._bookmark.loaded_until:
            return
        progress = Progress(self._logger, "orders")

        def done(window: Window, rows: list[Row]) -> None:
            bookmark = self._bookmark
            # The census already has those of the second that this window shares with what
            # was loaded before.
            is_first = bookmark.loaded_until == bookmark.loaded_from
            new = [row for row in rows if is_first or not row.is_until(bookmark.loaded_until)]
            self._advance(loaded_until=window.end, census=bookmark.census.with_rows(new))

        listed = self._orders.windows_ahead(
            Window(self._bookmark.loaded_until, until), announce=progress.expect
        )
        with closing(listed):
            wanted = (
                (window, [row for row in rows if not self._is_past_end(row)])
                for window, rows in listed
            )
            yield from self._take(fetch_windows(self._client, wanted, done), progress)

    def _is_past_end(self, row: Row) -> bool:
        return bool(self._end and row.created and row.created >= self._end)

    # -- changes -------------------------------------------------------------------------

    def _find_changes(self) -> Iterator[Document]:
        """Fetch the orders that changed since the last pass, however old they are."""
        at = self._bookmark
        if at.loaded_until <= at.loaded_from or at.changes_since >= self._started:
            return
        wide = self._started - at.wide_pass_at >= WIDE_EVERY
        # A wide pass reaches back to the one before it. So it finds what the list showed too
        # late for all the passes in between.
        since = at.wide_pass_at - WIDE_MARGIN if wide else at.changes_since - MARGIN
        undated = at.loaded_from if wide else self._started - UNDATED_AGE
        loaded_from = max(at.loaded_from, self._orders.oldest)
        recent = max(loaded_from, self._lookback_from())
        census = _empty_census(self._orders, self._settings)
        yield from self._recent_changes(recent, since, undated, census)
        yield from self._older_changes(Window(loaded_from, recent), since)
        self._advance(
            changes_since=self._started,
            wide_pass_at=self._started if wide else at.wide_pass_at,
            census=census,
        )

    def _lookback_from(self) -> datetime:
        """Where the lookback window begins, which is where a bucket of the census begins."""
        at = self._bookmark
        start = start_of_day(at.changes_since - self._settings.lookback)
        bucket = at.census.bucket(start)
        if bucket is not None:
            start = at.census.begins(bucket)
        return min(start, at.loaded_until)

    def _recent_changes(
        self, recent: datetime, since: datetime, undated: datetime, census: Census
    ) -> Iterator[Document]:
        """Go through the rows of the lookback window; fetch what changed or arrived late."""
        at = self._bookmark
        # If the lookback window begins with the first order loaded, the bucket of that moment
        # was counted from there as well, and can be compared.
        comparable = at.census.start if recent == at.loaded_from else recent
        late = LateArrivals(at.census, comparable, some_leave=self._orders.incomplete)
        progress = Progress(self._logger, "orders checked for changes")
        for window, rows in self._orders.windows(
            Window(recent, at.loaded_until), announce=progress.expect
        ):
            changed = []
            for row in rows:
                taken = row.last_change >= since if row.last_change else row.is_since(undated)
                late.see(row, taken=taken)
                census.add(row)
                if taken:
                    changed.append(row)
            progress.advance(len(rows) - len(changed))
            yield from self._fetch(changed, progress)
            yield from self._fetch(late.found(window.end), progress)
        yield from self._fetch(late.found(None), progress)

    def _older_changes(self, older: Window, since: datetime) -> Iterator[Document]:
        """Fetch the orders from before the lookback window that were paid or invoiced since."""
        if older.end <= older.start:
            return
        progress = Progress(self._logger, "older orders with changes")
        fetched: set[str] = set()
        for name in ("authorizedDate", "invoicedDate"):
            lately = {f"f_{name}": date_filter(name, Window(since, self._started))}
            for _, rows in self._orders.windows(older, lately):
                changed = [
                    row
                    for row in rows
                    if row.order_id not in fetched
                    and not row.is_since(older.end)  # these are part of the lookback window
                    and (row.last_change is None or row.last_change >= since)
                ]
                yield from self._fetch(changed, progress)
                fetched.update(row.order_id for row in changed)


def first_bookmark(orders: OrderList, settings: Settings) -> OrderBookmark:
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


def _empty_census(orders: OrderList, settings: Settings) -> Census:
    return Census.plan(orders.now - settings.lookback, orders.now)
