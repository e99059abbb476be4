"""Which orders a run fetches, and in which order.

New orders come first, window by window, up to where the list can be trusted to be complete;
then the orders that have changed, then those that an earlier start date adds. What could not
be believed or had in earlier runs is asked for last.
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
from tap_vtex.streams.ledger import RetryLedger, retry_missing
from tap_vtex.streams.orders import changes, open_windows
from tap_vtex.streams.orders.api import ORDER
from tap_vtex.streams.orders.changes import ChangeSearch
from tap_vtex.streams.orders.fetcher import chunks_of, fetch_chunks
from tap_vtex.streams.orders.first_load import wanted_from
from tap_vtex.streams.orders.ladder import Rung, deepened, with_rung
from tap_vtex.streams.orders.open_windows import BELIEVED_AFTER, Loaded, open_window
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

#: VTEX says that an order is listed after four minutes. Younger orders wait for the next run.
INDEX_DELAY: Final = timedelta(minutes=10)
#: What a shorter load lacks, the census of the next run shows.
MAX_UNCONFIRMED: Final = timedelta(days=1)


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
        """Begin at a bookmark; ``checkpoint`` is told each one that a run can resume from."""
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
        #: Orders of chunks that were closed without them; they may still come.
        self._pending: set[str] = set()
        #: The orders that this run has loaded after those that were there before.
        self._newer = bookmark.census.like()
        #: What this run has loaded, to be counted again.
        self._loaded: list[Loaded] = []
        self._doubts: list[str] = []

    def run(self) -> Iterator[Document]:
        """Yield every order that the run has to fetch.

        Raises:
            UnavailableError: At the end, if VTEX failed to give some orders.
            IncompleteListError: At the end, if some windows can't be believed.
        """
        before = self._bookmark.loaded_until
        is_first = before <= self._bookmark.loaded_from
        if is_first and not self._orders.store_total() and not self._orders.total(self._whole()):
            self._logger.warning(
                "VTEX lists no orders at all. If the store has any, check the key's role; the "
                "next run asks again"
            )
            return
        try:
            yield from self._load_forward()
            is_long = self._bookmark.loaded_until - before > MAX_UNCONFIRMED
            yield from self._confirm(against_store=is_long or bool(self._end))
            yield from self._find_changes(before)
            yield from self._load_gap()
            yield from self._confirm(against_store=True)
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

    def _take(self, outcomes: Iterable[OrderOutcome], progress: Progress) -> Iterator[Document]:
        """Yield the orders that came; keep account of those that did not."""
        for outcome in outcomes:
            self._pending.discard(outcome.item.order_id)
            if outcome.result is None:
                self._miss(outcome)
            else:
                self._ledger.discard([outcome.item.order_id])
                progress.advance()
                yield outcome.result

    def _fetch(
        self, chunks: Iterable[Chunk], done: Callable[[Chunk], None], progress: Progress
    ) -> Iterator[Document]:
        """Fetch the wanted orders of chunks, but those that earlier runs failed to get.

        What the feed has shown just now is not fetched again.
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

        yield from self._take(fetch_chunks(self._client, without_missing(), close), progress)

    def _miss(self, outcome: OrderOutcome) -> None:
        row = outcome.item
        if outcome.is_unknown and self._orders.is_at_retention_edge(row.created):
            return  # list and orders need not agree on where the retention ends
        self._ledger.add(row.order_id, self._started, is_unknown=outcome.is_unknown)
        error = outcome.error
        reason = f"status {error.status}" if error and error.status else str(error).rstrip(".")
        self._logger.warning(
            "VTEX lists the order %s and %s (%s). The next run asks for it again",
            shown(row.order_id),
            "does not know it" if outcome.is_unknown else "fails to give it",
            reason,
        )
        if self._ledger.is_full:
            raise UnavailableError(
                f"VTEX lists {len(self._ledger)} orders that it does not give. {outcome.error}"
            )

    def _retry_missing(self) -> Iterator[Document]:
        """Ask again for the orders that earlier runs did not get."""
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
                "VTEX has not given %s for days, and the tap no longer asks: %s",
                counted(len(expired), "orders"),
                named(expired),
            )
        if self._ledger.missing != self._bookmark.missing:
            self._advance()

    # -- loading -------------------------------------------------------------------------

    def _load_forward(self) -> Iterator[Document]:
        """Load the windows after what is loaded, up to where the list is complete."""
        until = self._started - INDEX_DELAY
        if self._end:
            until = min(until, self._end)
            # Only a search for changes takes the census anew; without one, it grows.
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
            # The census already has those of the second that this window shares with what
            # was loaded before.
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

    def _load_gap(self) -> Iterator[Document]:
        """Load what an earlier start date has added, backwards from what is loaded."""
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
                rungs=deepened(bookmark.rungs, bookmark.loaded_from, chunk.window.start),
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
        """Checkpoint after a chunk, and keep its window open if it can't be believed."""
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
        """Fetch the orders loaded before this run that changed since the last pass."""
        at = self._bookmark
        is_due = until > at.loaded_from and at.changes_since < self._started
        if self._end or not (at.change_pass or is_due):
            return
        if at.change_pass:
            yield from self._search(at.change_pass)
            # It may have begun long ago, or with a shorter look-back.
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
        """Close over a pass, unless the list contradicts what earlier passes saw."""
        since = self._bookmark.doubtful_since
        if search.doubt and (since is None or self._started - since < BELIEVED_AFTER):
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

    # -- what can't be believed ----------------------------------------------------------

    def _confirm(self, *, against_store: bool) -> Iterator[Document]:
        """Hold what was loaded against the totals that VTEX announces now."""
        loaded = {one.window: one for one in self._loaded}
        self._loaded = []
        for window in open_windows.contradicted(self._orders, list(loaded.values())):
            read = self._list_again(window)
            loaded[window] = Loaded(window, sum(listed.total for listed in read))
            yield from self._fetch_all(read)
        if not loaded or not against_store:
            return
        counted = list(loaded.values())
        if doubt := open_windows.lacks_orders(self._orders, counted, self._logger):
            self._keep_open(open_windows.parts_of(counted, self._started), doubt)
            self._advance()

    def _read_open_windows(self) -> Iterator[Document]:
        """Look again at the windows that earlier runs could not believe."""
        for known in self._bookmark.open:
            if known.since >= self._started:
                continue  # of this run
            is_believed = self._started - known.since >= BELIEVED_AFTER
            if known.is_counted_only and self._orders.total(known.window) <= known.count:
                is_same, read = True, []
            else:
                read = self._list_again(known.window)
                is_same = known.shows_the_same(read)
            if is_same and not is_believed:
                self._logger.warning("VTEX still lists no other orders created %s", known.window)
                continue
            if not is_same:
                yield from self._fetch_all(read)
            rest = [one for one in self._bookmark.open if one is not known]
            self._advance(open=rest)
            for listed in read:
                if listed.doubt and not is_same:
                    self._keep_open([open_window(listed, self._started)], listed.doubt)
        self._advance()

    def _list_again(self, window: Window) -> list[Listed]:
        return list(self._orders.windows(window, verify_splits=True))

    def _fetch_all(self, read: list[Listed]) -> Iterator[Document]:
        """Fetch all orders of windows that were read before."""
        progress = Progress(self._logger, "orders of windows that were read again")
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
