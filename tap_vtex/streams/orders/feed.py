"""One run over the feed: which orders it names, and which events to commit.

A commit removes an event for good, and no target tells the tap what it has stored. So a run
commits an event only if its state proves that the target has the order: an earlier run has
written the order, followed by a state with the event's fingerprint. Until then the event comes
again, and its order is fetched again.
"""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from tap_vtex import dates
from tap_vtex.counting import counted
from tap_vtex.errors import VtexError
from tap_vtex.naming import named
from tap_vtex.streams.orders.api import Row
from tap_vtex.streams.orders.feed_bookmark import MAX_HEARD, FeedBookmark, Owed
from tap_vtex.streams.orders.feed_queue import FEED_CONFIG, FeedConfig, FeedQueue, new_consumer
from tap_vtex.streams.orders.fetcher import CHUNK, fetch
from tap_vtex.windows import whole_second

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Collection, Iterable, Iterator
    from datetime import datetime

    from tap_vtex.http.client import VtexClient
    from tap_vtex.report.check import Check
    from tap_vtex.report.progress import Progress
    from tap_vtex.streams.orders.changes import FetchChunks
    from tap_vtex.streams.orders.feed_queue import Event
    from tap_vtex.streams.orders.fetcher import Chunk
    from tap_vtex.types import Document

#: The feed counts as empty after this many reads in a row without new events, or after one such
#: read if all events that VTEX announced have been seen.
MAX_IDLE_READS: Final = 3
MAX_READS: Final = MAX_HEARD
HANDLES_PER_COMMIT: Final = 50
#: While an event is this young, an order older than its event is fetched again in the next run.
MAX_ORDER_LAG: Final = timedelta(minutes=10)
#: Orders to keep for streams that are not selected, at most: 55 kB of state.
MAX_OWED: Final = 500
#: A change listed within this time needs no entry for a stream that is selected again: its search
#: for changes reaches a day further back than its last one.
LISTED_WITHIN: Final = timedelta(hours=24)
LIST_INSTEAD: Final = "The tap uses the order list instead"
FOREIGN_FEED: Final = (
    "The feed of this key belongs to another system, so the tap uses the order list instead. "
    "To use the feed, give the tap a key of its own."
)


class FeedStreams:
    """The streams made from orders."""

    def __init__(
        self, selected: Collection[str], others: Collection[str], loaded: Collection[str]
    ) -> None:
        """Group the streams, by their names.

        Args:
            selected: The selected streams.
            others: The streams that are not selected.
            loaded: The streams with a bookmark.
        """
        self.selected = frozenset(selected)
        self.others = frozenset(others)
        #: Loaded before, not selected now, perhaps selected again later.
        self.waiting = self.others & frozenset(loaded)


class OrderFeed:
    """The feed in one run, for all streams made from orders."""

    def __init__(
        self,
        client: VtexClient,
        bookmark: FeedBookmark | None,
        streams: FeedStreams,
        save: Callable[[FeedBookmark], None],
        logger: logging.Logger,
    ) -> None:
        """Begin with the bookmark of the last run; ``save`` puts a bookmark into the state."""
        self._client = client
        self._queue = FeedQueue(client)
        self._streams = streams
        self._set_bookmark = save
        self._logger = logger
        self._now = client.now()
        given = bookmark or FeedBookmark()
        self._consumer, self._succeeds = given.consumer, given.succeeds
        #: The events whose orders the target has for certain.
        self._proven = frozenset(given.heard)
        self._handled = given.unexpired(self._now)
        self._owed = dict(given.owed)
        #: The events whose orders are to be fetched, by order.
        self._events: dict[str, list[Event]] = {}
        #: The date of the last change of each order that this run has written.
        self._written: dict[str, datetime] = {}

    def save(self) -> None:
        """Put the current bookmark into the state."""
        if self._consumer:
            self._set_bookmark(
                FeedBookmark(
                    consumer=self._consumer,
                    succeeds=self._succeeds,
                    heard=dict([*self._handled.items()][-MAX_HEARD:]),
                    owed=dict(self._owed),
                )
            )

    def run(self, wanted_from: datetime, checkpoint: Callable[[], None]) -> Iterator[Document]:
        """Yield the orders that the feed names. Failures are only logged: the list covers them.

        Args:
            wanted_from: The creation date of the oldest orders to load.
            checkpoint: Writes the state.
        """
        try:
            if config := self._own_config():
                self._read(config)
        except VtexError as error:
            self._logger.warning("The feed of orders can't be read. %s. %s", LIST_INSTEAD, error)
        wanted = [*(key for key in self._owed if self._is_owed_now(key)), *self._events]
        rows = [Row(order_id) for order_id in dict.fromkeys(wanted)]
        retry_for = self._client.policy.retry_feed_for
        failed: list[str] = []
        try:
            for number, outcome in enumerate(fetch(self._client, rows, retry_for=retry_for), 1):
                order = outcome.result
                if order is None:
                    # Its events come again, until VTEX drops them after two weeks.
                    failed.append(outcome.item.order_id)
                elif _is_wanted(order, wanted_from):
                    yield order
                    self._note_written(outcome.item.order_id, order)
                else:
                    self._owed.pop(outcome.item.order_id, None)
                    self._note_handled(outcome.item.order_id)
                if not number % CHUNK:
                    checkpoint()
        except VtexError as error:
            self._logger.warning("The orders that the feed names can't be fetched. %s", error)
        if failed:
            self._logger.warning(
                "VTEX did not return %s that the feed names (%s). The next run retries",
                counted(len(failed), "orders"),
                named(failed),
            )
        self._forget_oldest_owed()
        if self._consumer:
            checkpoint()

    # -- for the list --------------------------------------------------------------------

    def not_written(self, rows: Iterable[Row]) -> list[Row]:
        """The rows whose orders this run has not written yet, or only in an older version."""
        return [row for row in rows if not self._has_written(row)]

    def _has_written(self, row: Row) -> bool:
        written = self._written.get(row.order_id)
        return bool(written and row.last_change and row.last_change <= written)

    def observing(self, fetch: FetchChunks) -> FetchChunks:
        """Wrap ``fetch`` so that the feed sees the rows of all chunks."""

        def fetch_and_note(
            chunks: Iterable[Chunk], done: Callable[[Chunk], None], progress: Progress
        ) -> Iterator[Document]:
            def noted() -> Iterator[Chunk]:
                for chunk in chunks:
                    self._note_listed(chunk.rows)
                    yield chunk

            yield from fetch(noted(), done, progress)

        return fetch_and_note

    def _note_listed(self, rows: Iterable[Row]) -> None:
        """Drop owed orders that a search lists: the other streams' searches will list them, too."""
        for row in rows:
            owed = self._owed.get(row.order_id)
            if owed is None or self._now - owed.at > LISTED_WITHIN:
                continue
            if row.last_change is None or row.last_change >= whole_second(owed.at):
                del self._owed[row.order_id]

    # -- configuration -------------------------------------------------------------------

    def _own_config(self) -> FeedConfig | None:
        """The configuration, if it belongs to this state. Creates it if there is none."""
        config = self._queue.config()
        if config is None:
            what = "had lost its configuration" if self._consumer else "was not configured"
            self._configure()
            self._logger.info(
                "The feed of orders %s. The tap has configured it; this run uses the order list",
                what,
            )
            return None
        if not config.consumer:
            self._logger.warning("%s", FOREIGN_FEED)
            return None
        if config.consumer in {self._consumer, self._succeeds}:
            if config.consumer != self._consumer or not config.is_complete:
                self._configure()
            return config
        if self._consumer:
            self._logger.warning(
                "The feed of this key belongs to another state of the tap, so this run uses the "
                "order list instead. Give each pipeline a key of its own"
            )
            return None
        # Either the state is lost, or this is a second pipeline. Take the feed over only once the
        # target has a state that says so: if this run fails, the old state stays valid.
        self._consumer, self._succeeds = new_consumer(), config.consumer
        self._logger.warning(
            "The feed of this key belongs to a state that this run was not given. %s. The next "
            "run takes the feed over; if another pipeline uses this key, give each one its own",
            LIST_INSTEAD,
        )
        return None

    def _configure(self) -> None:
        # Set the name first: without a response, the feed may be configured all the same.
        self._consumer = self._consumer or new_consumer()
        self._queue.configure(self._consumer)
        self._succeeds = ""

    # -- events --------------------------------------------------------------------------

    def _read(self, config: FeedConfig) -> None:
        """Read events until there are no more. Commit those whose orders the target has."""
        ends = time.monotonic() + self._client.policy.read_feed_for
        seen: set[bytes] = set()
        handles: dict[bytes, str] = {}
        committed = idle = 0
        for _ in range(MAX_READS):
            known = len(seen)
            for event in self._queue.read():
                if event.fingerprint in self._proven:
                    handles[event.fingerprint] = event.handle
                elif event.fingerprint not in seen:
                    self._events.setdefault(event.order_id, []).append(event)
                seen.add(event.fingerprint)
            if len(handles) >= HANDLES_PER_COMMIT:
                committed += self._commit(handles)
            idle = 0 if len(seen) > known else idle + 1
            is_all = config.quantity is not None and len(seen) >= config.quantity
            is_full = len(seen - self._proven) >= MAX_HEARD
            if idle >= (1 if is_all else MAX_IDLE_READS) or is_full or time.monotonic() > ends:
                break
        committed += self._commit(handles)
        if seen:
            orders = counted(len(self._events), "orders")
            self._logger.info("The feed names %s; events committed: %d", orders, committed)
        else:
            self._logger.info("The feed has no events")

    def _commit(self, handles: dict[bytes, str]) -> int:
        """Commit events and forget them; return their number."""
        committed = len(handles)
        if handles:
            self._queue.commit([*handles.values()])
        for event in handles:
            self._handled.pop(event, None)
        handles.clear()
        return committed

    def _note_handled(self, order_id: str, changed: datetime | None = None) -> None:
        """Record the events of a handled order; ``changed`` is the date of its last change."""
        day = dates.start_of_day(self._now)
        for event in self._events.pop(order_id, ()):
            is_young = event.at is not None and self._now - event.at < MAX_ORDER_LAG
            if is_young and changed and event.at and changed < whole_second(event.at):
                continue  # Get order lags behind the event; the next run fetches the order again
            self._handled[event.fingerprint] = day

    def _note_written(self, order_id: str, order: Document) -> None:
        changed = dates.parse(order.get("lastChange")) or self._now
        self._written[order_id] = changed
        owed = self._owed.pop(order_id, None)
        lacking = self._streams.others if order_id in self._events else frozenset()
        lacking |= frozenset(owed.streams if owed else ()) - self._streams.selected
        if lacking:
            self._owed[order_id] = Owed(at=changed, streams=sorted(lacking))
        self._note_handled(order_id, changed)

    # -- orders owed to streams not selected ---------------------------------------------

    def _is_owed_now(self, order_id: str) -> bool:
        return not self._streams.selected.isdisjoint(self._owed[order_id].streams)

    def _forget_oldest_owed(self) -> None:
        by_age = sorted(self._owed, key=lambda key: self._owed[key].at)
        lacking: set[str] = set()
        for order_id in by_age[: max(0, len(by_age) - MAX_OWED)]:
            lacking |= self._streams.waiting.intersection(self._owed.pop(order_id).streams)
        if lacking:
            self._logger.warning(
                "The feed showed more than %d changes while %s was not selected. If you select it "
                "again, load it whole",
                MAX_OWED,
                " and ".join(sorted(lacking)),
            )


def _is_wanted(order: Document, wanted_from: datetime) -> bool:
    """Whether the list would show an order, too: it is complete and not too old."""
    created = dates.parse(order.get("creationDate"))
    return order.get("isCompleted") is not False and (created is None or created >= wanted_from)


def check_feed(check: Check) -> None:
    """Request the feed's configuration, without reading events."""
    config = check.ask(FEED_CONFIG, fallback="sees changes in the list only")
    if isinstance(config, dict) and not FeedConfig.parse(config).consumer:
        check.note(FOREIGN_FEED)
