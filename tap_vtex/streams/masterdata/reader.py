"""Read the documents of a Master Data entity completely, and verify their number.

VTEX offers scroll for many documents and search for few. Neither is reliable: pages get lost,
and at times all of them are empty. So the tap compares the rows received with the total announced,
and reads again if any are missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_vtex.errors import RefusedError
from tap_vtex.streams.masterdata import search
from tap_vtex.streams.masterdata.api import (
    DATED,
    TIMED_OUT,
    Entity,
    Received,
    ShortReadError,
    TooManyError,
    check_total,
)
from tap_vtex.streams.masterdata.scroll import PAGE_SIZES, Scroller, ScrollRefusedError
from tap_vtex.streams.masterdata.search import UNKNOWN, Count

if TYPE_CHECKING:
    import logging
    import threading
    from collections.abc import Collection, Generator, Iterator, Sequence

    from tap_vtex.http.client import VtexClient
    from tap_vtex.streams.masterdata.rows import Row

#: How often to read an incomplete query before it is an error: once for each page size, in case
#: each of them times out halfway.
MAX_READINGS: Final = len(PAGE_SIZES)
#: Counting a large entity times out. After this many time-outs, a run stops counting.
MAX_TIMEOUTS: Final = 2
#: Incomplete reads to log; there can be hundreds.
MAX_SHORT_READS_LOGGED: Final = 20


class EntityReader:
    """Reads documents of one entity, limited to certain fields."""

    def __init__(
        self,
        client: VtexClient,
        logger: logging.Logger,
        acronym: str,
        fields: str,
        schema: str | None = None,
    ) -> None:
        """Prepare for an entity. The arguments are those of `Entity`."""
        self.acronym = acronym
        self.client = client
        #: Rows that were copies of other documents in the index.
        self.copies = 0
        #: How many documents the entity had when the run began; None if unknown.
        self.total: int | None = None
        #: How many of them had no creation date; None if unknown.
        self.undated: int | None = None
        self._logger = logger
        self._entity = Entity(client, acronym, fields, schema)
        self._scroller = Scroller(self._entity)
        #: What the last complete read returned.
        self._received = Received(0, 0, 0)
        self._short_reads = 0
        self._timeouts = 0
        #: Whether the run still uses search for counting.
        self._counts = True

    @property
    def skipped(self) -> int:
        """How many rows were skipped because they had no readable id."""
        return self._entity.skipped

    @property
    def refuses_interaction(self) -> bool:
        """Whether the entity has refused to be filtered by ``lastInteractionIn``."""
        return self._entity.refuses_interaction

    def count(self, where: str | None, no_retry: Collection[int] = ()) -> int | None:
        """Count a query's documents by search; None if search returns no total.

        Raises:
            AccessError: The key may not read the entity, or one of the fields.
            RefusedError: The entity refuses the query.
        """
        return self._count(where, no_retry).total

    def stop_counting(self) -> None:
        """Stop counting in this run, because the counts contradict each other."""
        if self._counts:
            self._logger.warning(
                "%s: Master Data's counts contradict each other, so this run stops counting",
                self.acronym,
            )
        self._counts = False

    def counts(self, wheres: Sequence[str]) -> list[Count]:
        """Count the documents of several queries concurrently."""

        def count(where: str, stop: threading.Event) -> Count:
            return self._count(where, stop=stop)

        found = dict(self.client.workers.each(count, wheres))
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

        A document can come more than once if the index holds a stale copy of it. Later copies
        are never older.

        Args:
            where: The condition; None for all documents.
            expected: The result of `count` for the query, if it is known.

        Raises:
            ShortReadError: Documents are still missing after all attempts.
        """
        if expected is None:
            expected = self.count(where)
        # Hashes of ids take less memory than ids.
        newest: dict[int, str] = {}
        is_checked = False
        for reading in range(1, MAX_READINGS + 1):
            self._entity.skips_unreadable = reading == MAX_READINGS
            try:
                for row in self._whole(where, expected):
                    key, version = hash(row.id), row.last_activity or ""
                    if key not in newest or version > newest[key]:
                        newest[key] = version
                        yield row
            except ShortReadError as error:
                if reading == MAX_READINGS or isinstance(error, TooManyError):
                    raise
                self._short_reads += 1
                if self._short_reads <= MAX_SHORT_READS_LOGGED:
                    self._logger.warning("%s: %s; reading that part again", self.acronym, error)
            else:
                # The index holds some documents twice. But a repeated row can also mean that
                # another one was missed.
                if is_checked or not self._received.repeats:
                    break
                is_checked = True
        self.copies += self._received.copies

    def begin_ahead(self, where: str | None) -> None:
        """Start a query while another one is being read. It must be the next to be read."""
        self._scroller.begin(where)

    def _whole(self, where: str | None, expected: int | None) -> Generator[Row, None, None]:
        received = yield from self._documents(where, expected)
        if expected is not None and not self.explained_by_edits(where, expected, received.rows):
            check_total(received.rows, expected)
        self._received = received

    def explained_by_edits(self, where: str | None, before: int, now: int) -> bool:
        """Whether a query has fewer documents than before only because some were edited.

        Edited documents move out of a window while it is read. In that case a recount is lower,
        too, and the rest of the entity is still there.
        """
        if now >= before:
            return True
        again = self.count(where)
        return again is not None and again <= now and self.is_alive()

    def is_alive(self) -> bool:
        """Whether search still finds about as many documents as when the run began.

        Master Data can return nothing at all for a while (VTEX's known issue 669048).
        """
        if self.total is None:
            return True
        now = self.count(None)
        return (now is None or 2 * now >= self.total) and self.finds_by_date()

    def finds_by_date(self) -> bool:
        """Whether search by date finds about as many documents as the run began with."""
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
                f"{error}, and other systems are using all scrolls of the account. Run again when "
                "they are done"
            )
        self._logger.warning(
            "%s: %s; waiting %s seconds for a free scroll", self.acronym, error, seconds
        )
        self.client.wait(seconds)
