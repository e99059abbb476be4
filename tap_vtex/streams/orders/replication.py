"""Which orders a run fetches, and in what sequence.

New orders come first, window by window, up to where the list is complete; then changed orders;
then those that an earlier start date adds. Last come windows that may have been incomplete and
orders that could not be fetched in earlier runs.
"""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import msgspec

from tap_vtex.counting import counted
from tap_vtex.errors import IncompleteListError, UnavailableError, VtexError
from tap_vtex.naming import named, shown
from tap_vtex.report.progress import Progress
from tap_vtex.streams.bookmarks import ACCEPTED_AFTER
from tap_vtex.streams.ledger import RetryLedger, retry_missing
from tap_vtex.streams.orders import changes, open_windows
from tap_vtex.streams.orders.api import ORDER
from tap_vtex.streams.orders.changes import ChangeSearch
from tap_vtex.streams.orders.fetcher import chunks_of, fetch_chunks
from tap_vtex.streams.orders.first_load import wanted_from
from tap_vtex.streams.orders.ladder import Rung, extended_back, with_rung
from tap_vtex.streams.orders.open_windows import Loaded, open_window
from tap_vtex.windows import Window, whole_second

if TYPE_CHECKING:
    import logging
    import threading
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from tap_vtex.settings import Settings
    from tap_vtex.streams.orders.api import Row
    from tap_vtex.streams.orders.bookmark import ChangePass, OpenWindow, OrderBookmark
    from tap_vtex.streams.orders.feed import OrderFeed
    from tap_vtex.streams.orders.fetcher import Chunk, OrderOutcome
    from tap_vtex.streams.orders.order_list import OrderList
    from tap_vtex.streams.orders.window_reader import Listed
    from tap_vtex.types import Document

#: VTEX says that it takes four minutes to list an order. Younger orders wait for the next run.
INDEX_DELAY: Final = timedelta(minutes=10)
#: Loads up to this long are not compared with the store's total: the next run's census shows
#: missing orders.
MAX_UNVERIFIED: Final = timedelta(days=1)


class OrderReplication:
    """One run over the orders of a store, for streams that share a bookmark."""

    def __init__(
        self,
        orders: OrderList,
        settings: Settings,
        bookmark: OrderBookmark,
        checkpoint: Callable[[OrderBookmark], None],
        logger: logging.Logger,
        *,
        feed: OrderFeed | None = None,
    ) -> None:
        """Begin at a bookmark; ``checkpoint`` gets each bookmark that a run can resume from."""
        self._feed = feed
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
        #: Pending orders of closed chunks; they may still come.
        self._pending: set[str] = set()
        #: The new orders that this run has loaded.
        self._newer = bookmark.census.like()
        #: The windows that this run has loaded, still to be verified.
        self._loaded: list[Loaded] = []
        self._doubts: list[str] = []

    def run(self) -> Iterator[Document]:
        """Yield every order that the run has to fetch.

        Raises:
            UnavailableError: At the end, if some orders could not be fetched.
            IncompleteListError: At the end, if some windows may be incomplete.
        """
        before = self._bookmark.loaded_until
        is_first = before <= self._bookmark.loaded_from
        if is_first and not self._orders.store_total() and not self._orders.total(self._whole()):
            self._logger.warning(
                "VTEX lists no orders at all. If the store has any, check the key's role; the "
                "next run tries again"
            )
            return
        try:
            yield from self._load_forward()
            is_long = self._bookmark.loaded_until - before > MAX_UNVERIFIED
            yield from self._verify_loaded(against_store=is_long or bool(self._end))
            yield from self._find_changes(before)
            yield from self._load_earlier()
            yield from self._verify_loaded(against_store=True)
            if self._bookmark.open:
                yield from self._read_open_windows()
        except VtexError:
            if self._ledger.missing != self._bookmark.missing:
                self._advance()
            raise
        yield from self._retry_missing()
        if error := self._ledger.failure("orders"):
            raise error
        if self._doubts:
            raise IncompleteListError(f"{'. '.join(self._doubts)}. The next run looks again.")

    def _whole(self) -> Window:
        return Window(self._wanted_from, max(self._started, self._wanted_from))

    def _advance(self, **fields: Any) -> None:  # noqa: ANN401 - fields of the bookmark
        pending = dict.fromkeys(self._pending, self._started)
        bookmark = msgspec.structs.replace(
            self._bookmark, missing={**pending, **self._ledger.missing}, **fields
        )
        self._bookmark = bookmark
        self._checkpoint(bookmark.not_ahead_of(self._client.not_ahead(self._started)))

    # -- single orders -------------------------------------------------------------------

    def _collect(self, outcomes: Iterable[OrderOutcome], progress: Progress) -> Iterator[Document]:
        """Yield the orders that came; record those that did not."""
        for outcome in outcomes:
            self._pending.discard(outcome.item.order_id)
            if outcome.result is None:
                self._note_failure(outcome)
            else:
                self._ledger.discard([outcome.item.order_id])
                progress.advance()
                yield outcome.result

    def _fetch(
        self, chunks: Iterable[Chunk], done: Callable[[Chunk], None], progress: Progress
    ) -> Iterator[Document]:
        """Fetch the wanted orders of chunks.

        Leaves out those that the ledger will retry, and those that the feed has just delivered.
        """

        def without_missing() -> Iterator[Chunk]:
            for chunk in chunks:
                chunk.wanted = [row for row in chunk.wanted if row.order_id not in self._ledger]
                if self._feed:
                    chunk.wanted = self._feed.not_written(chunk.wanted)
                yield chunk

        def close(chunk: Chunk) -> None:
            self._pending |= chunk.pending
            done(chunk)

        yield from self._collect(fetch_chunks(self._client, without_missing(), close), progress)

    def _note_failure(self, outcome: OrderOutcome) -> None:
        row = outcome.item
        if outcome.is_unknown and self._orders.is_at_retention_edge(row.created):
            return  # the list and Get order may disagree on what is retained
        self._ledger.add(row.order_id, self._started, is_unknown=outcome.is_unknown)
        error = outcome.error
        reason = f"status {error.status}" if error and error.status else str(error).rstrip(".")
        self._logger.warning(
            "VTEX lists the order %s but %s (%s). The next run retries",
            shown(row.order_id),
            "does not know it" if outcome.is_unknown else "failed to return it",
            reason,
        )
        if self._ledger.is_full:
            raise UnavailableError(
                f"VTEX lists {len(self._ledger)} orders that it does not return. {outcome.error}"
            )

    def _retry_missing(self) -> Iterator[Document]:
        """Retry the orders that earlier runs could not fetch."""
        earlier = [key for key in self._ledger.missing if key in self._ledger.earlier]

        def fetch(order_id: str, retry_for: float, stop: threading.Event) -> Document:
            return self._client.get(ORDER, order_id, retry_for=retry_for, stop=stop).body.decode()

        for outcome in retry_missing(self._client, earlier, fetch):
            if outcome.result is not None:
                self._ledger.discard([outcome.item])
                yield outcome.result
            else:
                self._ledger.add(outcome.item, self._started, is_unknown=outcome.is_unknown)
        if expired := self._ledger.drop_expired(self._started):
            self._logger.warning(
                "VTEX has not returned %s for days, so the tap gives up on: %s",
                counted(len(expired), "orders"),
                named(expired),
            )
        if self._ledger.missing != self._bookmark.missing:
            self._advance()

    # -- loading -------------------------------------------------------------------------

    def _load_forward(self) -> Iterator[Document]:
        """Load the windows after `loaded_until`, up to where the list is complete."""
        until = self._started - INDEX_DELAY
        if self._end:
            until = min(until, self._end)
            # Only a search for changes starts a new census. A backfill has none, so the old one
            # would grow.
            now = self._started
            plan = self._bookmark.census.moved(now - self._settings.lookback, now)
            census = self._bookmark.census.added_to(plan)
            self._bookmark = msgspec.structs.replace(self._bookmark, census=census)
            self._newer = census.like()
        if until <= self._bookmark.loaded_until:
            return
        progress = Progress(self._logger, "orders")

        def done(chunk: Chunk) -> None:
            bookmark = self._bookmark
            # The census already has the orders of the second that this window shares with the one
            # before it.
            is_first = bookmark.loaded_until == bookmark.loaded_from
            new = [row for row in chunk.rows if is_first or not row.is_until(bookmark.loaded_until)]
            self._newer = self._newer.with_rows(new)
            fields: dict[str, Any] = {}
            if under_way := bookmark.change_pass:
                newer = under_way.newer.with_rows(new)
                fields["change_pass"] = msgspec.structs.replace(under_way, newer=newer)
            census = bookmark.census.with_rows(new)
            self._note_loaded(chunk, loaded_until=chunk.window.end, census=census, **fields)

        window = Window(self._bookmark.loaded_until, until)
        listed = self._orders.windows_ahead(window, announce=progress.expect)
        with closing(listed):
            chunks = (
                chunk
                for part in listed
                for chunk in chunks_of(part, lambda row: not self._is_past_end(row))
            )
            yield from self._fetch(chunks, done, progress)

    def _load_earlier(self) -> Iterator[Document]:
        """Load what an earlier start date adds, backwards from `loaded_from`."""
        loaded_from = self._bookmark.loaded_from
        if self._wanted_from >= loaded_from:
            return
        progress = Progress(self._logger, "earlier orders")

        def done(chunk: Chunk) -> None:
            bookmark = self._bookmark
            earlier = [row for row in chunk.rows if not row.is_since(bookmark.loaded_from)]
            self._note_loaded(
                chunk,
                loaded_from=chunk.window.start,
                rungs=extended_back(bookmark.rungs, bookmark.loaded_from, chunk.window.start),
                census=bookmark.census.with_rows(earlier),
            )

        window = Window(self._wanted_from, loaded_from)
        listed = self._orders.windows_ahead(window, newest_first=True, announce=progress.expect)
        with closing(listed):
            chunks = (
                chunk
                for part in listed
                for chunk in chunks_of(part, lambda _row: True, newest_first=True)
            )
            yield from self._fetch(chunks, done, progress)

    def _note_loaded(self, chunk: Chunk, **fields: Any) -> None:  # noqa: ANN401 - of the bookmark
        """Checkpoint after a chunk; keep its window open if it may be incomplete."""
        listed = chunk.listed
        if chunk.is_last:
            self._loaded.append(Loaded(listed.window, listed.total))
            if listed.doubt:
                self._keep_open([open_window(listed, self._started)], listed.doubt)
        self._advance(**fields)

    def _is_past_end(self, row: Row) -> bool:
        return bool(self._end and row.created and row.created >= self._end)

    # -- changes -------------------------------------------------------------------------

    def _find_changes(self, until: datetime) -> Iterator[Document]:
        """Fetch the orders that were loaded before this run and changed since the last pass."""
        at = self._bookmark
        is_due = until > at.loaded_from and at.changes_since < self._started
        if self._end or not (at.change_pass or is_due):
            return
        if at.change_pass:
            yield from self._search(at.change_pass)
            # That pass may have begun long ago, or with a shorter look-back.
            ended = self._bookmark.changes_since > at.changes_since
            if (
                not ended
                or not changes.scope_of(self._bookmark, self._orders, self._settings).whole
            ):
                return
        newer = self._newer.added_to(self._bookmark.census.like())
        yield from self._search(
            changes.begin(self._bookmark, until, newer, self._orders, self._settings)
        )

    def _search(self, change_pass: ChangePass) -> Iterator[Document]:
        search = ChangeSearch(self._orders, self._bookmark, change_pass, self._logger)

        def advance(under_way: ChangePass) -> None:
            self._advance(change_pass=under_way)

        fetch = self._feed.observing(self._fetch) if self._feed else self._fetch
        yield from search.run(fetch, advance)
        self._finish_changes(search)

    def _finish_changes(self, search: ChangeSearch) -> None:
        """Finish a pass, unless the list contradicts earlier passes."""
        since = self._bookmark.doubtful_since
        if search.doubt and (since is None or self._started - since < ACCEPTED_AFTER):
            self._logger.warning(
                "%s. The next run searches for changes since %s again",
                search.doubt,
                f"{self._bookmark.changes_since:%F %T}",
            )
            self._advance(change_pass=None, doubtful_since=since or self._started)
            return
        done = search.change_pass
        rung = Rung(at=done.began, back_to=done.recent, wide=done.wide)
        self._advance(
            change_pass=None,
            changes_since=done.began,
            wide_pass_at=done.began if done.wide else self._bookmark.wide_pass_at,
            rungs=with_rung(self._bookmark.known_rungs(done.began), rung),
            census=search.result,
            doubtful_since=since if search.doubt else None,
        )

    # -- incomplete windows --------------------------------------------------------------

    def _verify_loaded(self, *, against_store: bool) -> Iterator[Document]:
        """Compare what was loaded with the totals that VTEX announces now."""
        loaded = {one.window: one for one in self._loaded}
        self._loaded = []
        for window in open_windows.undercounted(self._orders, list(loaded.values())):
            read = self._reread(window)
            loaded[window] = Loaded(window, sum(listed.total for listed in read))
            yield from self._fetch_all(read)
        if not loaded or not against_store:
            return
        verified = list(loaded.values())
        if doubt := open_windows.shortfall(self._orders, verified, self._logger):
            self._keep_open(open_windows.parts_of(verified, self._started), doubt)
            self._advance()

    def _read_open_windows(self) -> Iterator[Document]:
        """Read again the windows that may have been incomplete in earlier runs."""
        for known in self._bookmark.open:
            if known.since >= self._started:
                continue  # opened by this run
            is_accepted = self._started - known.since >= ACCEPTED_AFTER
            if known.is_counted_only and self._orders.total(known.window) <= known.count:
                is_same, read = True, []
            else:
                read = self._reread(known.window)
                is_same = known.shows_the_same(read)
            if is_same and not is_accepted:
                self._logger.warning("VTEX still lists the same orders created %s", known.window)
                continue
            if not is_same:
                yield from self._fetch_all(read)
            rest = [one for one in self._bookmark.open if one is not known]
            self._advance(open=rest)
            for listed in read:
                if listed.doubt and not is_same:
                    self._keep_open([open_window(listed, self._started)], listed.doubt)
        self._advance()

    def _reread(self, window: Window) -> list[Listed]:
        return list(self._orders.windows(window, verify_splits=True))

    def _fetch_all(self, read: list[Listed]) -> Iterator[Document]:
        """Fetch all orders of windows that were read again."""
        progress = Progress(self._logger, "orders of windows read again")
        chunks = (chunk for listed in read for chunk in chunks_of(listed, lambda _row: True))
        yield from self._fetch(chunks, lambda _chunk: None, progress)

    def _keep_open(self, windows: list[OpenWindow], doubt: str) -> None:
        self._logger.warning("%s. The next run looks again", doubt)
        self._doubts.append(doubt)
        known = {one.window for one in windows}
        others = [one for one in self._bookmark.open if one.window not in known]
        self._bookmark = msgspec.structs.replace(
            self._bookmark, open=open_windows.merged([*others, *windows])
        )
