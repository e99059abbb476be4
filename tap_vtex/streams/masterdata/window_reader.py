"""Read the documents of one window, or of a query that can't be split by date.

Both write checkpoints every 500 records or every minute. A document can become several records.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from tap_vtex import dates
from tap_vtex.streams.bookmarks import checksum
from tap_vtex.streams.masterdata.api import ShortReadError, incomplete
from tap_vtex.streams.masterdata.batch import Batch
from tap_vtex.streams.masterdata.bookmark import Prefix
from tap_vtex.streams.pace import Pace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tap_vtex.report.progress import Progress
    from tap_vtex.streams.masterdata.conditions import Where
    from tap_vtex.streams.masterdata.reader import EntityReader
    from tap_vtex.streams.masterdata.rows import Row
    from tap_vtex.windows import Window

    #: Returns the date that a document is sorted by, in the tap's format.
    DateOf = Callable[[Row], str | None]

#: Length of a date in the tap's format, without fractions of a second.
TO_SECOND: Final = len("2026-11-23T08:30:00")
#: With more windows than this that stay short even in halves, Master Data is not working.
MAX_SHORT: Final = 3


class WindowReader:
    """Reads windows of an entity completely, and remembers those that stay short."""

    def __init__(
        self, reader: EntityReader, progress: Progress, written: Callable[[], int] | None = None
    ) -> None:
        """Read an entity; ``written`` returns the number of records written."""
        self._short: list[Window] = []
        self._reader = reader
        self._progress = progress
        self._pace = Pace(written)

    def read(
        self,
        window: Window,
        where: Where,
        count: int | None,
        date_of: DateOf,
        advance: Callable[[datetime], None],
        *,
        following: Window | None = None,
    ) -> Iterator[Row]:
        """Yield the documents of a window, sorted by a date.

        A window that stays short is read in halves. If that does not help, what was received is
        yielded, and `pop_short` returns the window.

        Args:
            window: The window.
            where: Returns the condition for a window.
            count: The number of its documents; None if unknown.
            date_of: The date to sort by.
            advance: Is called with the date up to which all documents have been yielded.
            following: The window to read next, which is started while this one is read.

        Raises:
            IncompleteListError: Too many windows stay short.
        """
        received = -self._reader.copies
        first, last = (dates.text(moment)[:TO_SECOND] for moment in (window.start, window.end))
        # A document's date to the second, moved to the nearest one in the window.
        batch = Batch(lambda row: min(max((date_of(row) or "")[:TO_SECOND], first), last))
        try:
            for row in self._reader.read(where(window), count):
                if following:
                    self._reader.begin_ahead(where(following))
                    following = None
                self._progress.advance()
                yield from batch.add(row)
        except ShortReadError as error:
            if window.seconds:
                for half in window.halves():
                    for row in self.read(half, where, None, date_of, advance):
                        received += 1
                        yield row
                received += self._reader.copies
                # Halves can look complete because their own counts are wrong.
                if count and not self._reader.explained_by_edits(where(window), count, received):
                    self._remember(window, error)
                return
            yield from (row for _, row in batch.in_order())
            self._remember(window, error)
            return
        yield from self._with_checkpoints(batch, advance)

    def _with_checkpoints(self, batch: Batch, advance: Callable[[datetime], None]) -> Iterator[Row]:
        last: str | None = None
        for second, row in batch.in_order():
            # Never within a second, since the next run resumes at a whole second.
            if last is not None and second > last and self._pace.is_due():
                advance(datetime.fromisoformat(f"{second}Z"))
            last = second
            self._pace.count()
            yield row

    def _remember(self, window: Window, error: ShortReadError) -> None:
        outside = [one for one in self._short if one.start < window.start or window.end < one.end]
        self._short = [*outside, window]
        if len(self._short) > MAX_SHORT:
            raise incomplete(self._reader.acronym, str(window), error)

    def pop_short(self) -> list[Window]:
        """Return and forget the windows that have stayed short since the last call."""
        short, self._short = self._short, []
        return short

    def read_whole(
        self,
        where: str,
        count: int | None,
        prefix: Prefix,
        advance: Callable[[Prefix | None], None],
    ) -> Iterator[Row]:
        """Yield the documents of a query that can't be split by date, in the order of the index.

        An earlier run may have written the first of them. If the same ones come first again, they
        are skipped; otherwise the query is read again from the beginning.

        Raises:
            IncompleteListError: The query stays short.
        """
        read, marks, as_before = 0, 0, True
        try:
            for row in self._reader.read(where, count):
                self._progress.advance()
                read += 1
                marks ^= checksum(row.id, 6)
                if read <= prefix.documents:
                    as_before = read < prefix.documents or marks == prefix.checksum
                    continue
                self._pace.count()
                yield row
                if as_before and self._pace.is_due():
                    advance(Prefix(query=prefix.query, documents=read, checksum=marks))
        except ShortReadError as error:
            raise incomplete(self._reader.acronym, prefix.query, error) from None
        if not as_before or read < prefix.documents:
            advance(None)
            yield from self.read_whole(where, count, Prefix.empty(prefix.query), advance)
