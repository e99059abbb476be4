"""The documents of a Master Data entity, read to the end and counted.

VTEX offers scroll for many documents and search for few. Neither is reliable by itself: pages
get lost, and on bad days all of them come empty. So the tap compares what came with what was
announced, and reads again if it is less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_vtex.errors import RefusedError
from tap_vtex.streams.masterdata import search
from tap_vtex.streams.masterdata.api import (
    DATED,
    TIMED_OUT,
    Entity,
    LostError,
    Received,
    TooManyError,
    compare,
)
from tap_vtex.streams.masterdata.scroll import PAGE_SIZES, Scroller, ScrollRefusedError
from tap_vtex.streams.masterdata.search import UNKNOWN, Count

if TYPE_CHECKING:
    import logging
    import threading
    from collections.abc import Collection, Generator, Iterator, Sequence

    from tap_vtex.http.client import VtexClient
    from tap_vtex.streams.masterdata.rows import Row

#: How often a query is read before coming short is an error: once for each page size, in case
#: all of them time out halfway.
MAX_READINGS: Final = len(PAGE_SIZES)
#: Large entities can't be counted: the search times out. After this many time-outs, a run
#: counts no more.
MAX_TIMEOUTS: Final = 2
#: On a bad day of Master Data, there can be hundreds.
MAX_LOSSES_NAMED: Final = 20


class EntityReader:
    """Reads one entity, with some fields of its documents."""

    def __init__(
        self,
        client: VtexClient,
        logger: logging.Logger,
        acronym: str,
        fields: str,
        schema: str | None = None,
    ) -> None:
        """Prepare for an entity; the arguments are those of `Entity`."""
        self.acronym = acronym
        self.client = client
        #: Rows of the index that were further copies of a document.
        self.copies = 0
        #: How many documents the entity had when the run began, and how many of them without a
        #: date of creation; None if nobody knows.
        self.total: int | None = None
        self.undated: int | None = None
        self._logger = logger
        self._entity = Entity(client, acronym, fields, schema)
        self._scroller = Scroller(self._entity)
        #: By the latest reading that was complete.
        self._received = Received(0, 0, 0)
        self._losses = 0
        self._timeouts = 0
        #: Whether the run still counts by search.
        self._counts = True

    @property
    def left_out(self) -> int:
        """How many rows had no readable id."""
        return self._entity.left_out

    @property
    def refuses_interaction(self) -> bool:
        """Whether the entity has refused to be filtered by ``lastInteractionIn``."""
        return self._entity.refuses_interaction

    def count(self, where: str | None, no_retry: Collection[int] = ()) -> int | None:
        """How many documents a query has, by search; None if search does not say.

        Raises:
            AccessError: The key may not read the entity, or one of the fields.
            RefusedError: The entity refuses the query.
        """
        return self._count(where, no_retry).total

    def stop_counting(self) -> None:
        """Count no more in this run, because the counts contradict each other."""
        if self._counts:
            self._logger.warning(
                "%s: Master Data's counts contradict each other, so this run stops counting",
                self.acronym,
            )
        self._counts = False

    def counts(self, wheres: Sequence[str]) -> list[Count]:
        """Count the documents of several queries, side by side."""
        found: dict[str, Count] = {}

        def count(where: str, stop: threading.Event) -> Count:
            return self._count(where, stop=stop)

        found.update(self.client.workers.each(count, wheres))
        return [found[where] for where in wheres]

    def _count(
        self,
        where: str | None,
        no_retry: Collection[int] = (),
        stop: threading.Event | None = None,
    ) -> Count:
        if not self._counts:
            return UNKNOWN
        try:
            return search.count(self._entity, where, no_retry, stop)
        except RefusedError as refusal:
            if refusal.status != TIMED_OUT:
                raise
            self._timeouts += 1
            if self._timeouts >= MAX_TIMEOUTS:
                self._counts = False
            return UNKNOWN

    def read(self, where: str | None, expected: int | None = None) -> Iterator[Row]:
        """Yield the documents of a query: by scroll if one is free, otherwise by search.

        A document can come more than once, if the index holds a stale copy of it. A later
        copy is never older.

        Args:
            where: The condition; None for all documents.
            expected: What `count` said about the query, if it was asked before.

        Raises:
            LostError: The query comes short of its total, however often it is read.
        """
        if expected is None:
            expected = self.count(where)
        #: By hashes of ids, which take less memory than ids.
        newest: dict[int, str] = {}
        is_checked = False
        for reading in range(1, MAX_READINGS + 1):
            self._entity.leaves_out_unreadable = reading == MAX_READINGS
            try:
                for row in self._whole(where, expected):
                    key, version = hash(row.id), row.last_activity or ""
                    if key not in newest or version > newest[key]:
                        newest[key] = version
                        yield row
            except LostError as loss:
                if reading == MAX_READINGS or isinstance(loss, TooManyError):
                    raise
                self._losses += 1
                if self._losses <= MAX_LOSSES_NAMED:
                    self._logger.warning("%s: %s; reading that part again", self.acronym, loss)
            else:
                # The index holds some documents twice. But a row that comes twice can also stand
                # in place of another one.
                if is_checked or not self._received.repeats:
                    break
                is_checked = True
        self.copies += self._received.copies

    def begin_ahead(self, where: str | None) -> None:
        """Begin to read a query while another one is read. It has to be the next one then."""
        self._scroller.begin(where)

    def _whole(self, where: str | None, expected: int | None) -> Generator[Row, None, None]:
        received = yield from self._documents(where, expected)
        if expected is not None and not self.have_left(where, expected, received.rows):
            compare(received.rows, expected)
        self._received = received

    def have_left(self, where: str | None, before: int, now: int) -> bool:
        """Whether a query has fewer documents than before because some of them were edited.

        Edited documents leave a window of time while it is read. The query then has fewer
        by now, and the rest of the entity is still there.
        """
        if now >= before:
            return True
        again = self.count(where)
        return again is not None and again <= now and self.is_alive()

    def is_alive(self) -> bool:
        """Whether search still finds about as much as when the run began.

        Master Data has answered with nothing at all for a while (VTEX's known issue 669048).
        """
        if self.total is None:
            return True
        now = self.count(None)
        return (now is None or 2 * now >= self.total) and self.finds_by_date()

    def finds_by_date(self) -> bool:
        """Whether search finds about as much by a date as when the run began."""
        if self.total is None:
            return True
        now = self.count(DATED)
        return now is None or 2 * now >= self.total - (self.undated or 0)

    def _documents(self, where: str | None, expected: int | None) -> Generator[Row, None, Received]:
        waits = iter(self.client.policy.scroll_waits)
        while True:
            try:
                return (yield from self._scroller.read(where, expected))
            except ScrollRefusedError:
                self._logger.info("No scroll is free; searching %s instead", self.acronym)
            try:
                return (yield from search.read(self._entity, where))
            except TooManyError as error:
                self._wait_for_a_scroll(next(waits, None), error)

    def _wait_for_a_scroll(self, seconds: float | None, error: TooManyError) -> None:
        if seconds is None:
            raise TooManyError(
                f"{error}, and other systems use all scrolls of the account. Run again when they "
                "are done"
            )
        self._logger.warning(
            "%s: %s; waiting %s seconds for a free scroll", self.acronym, error, seconds
        )
        self.client.wait(seconds)
