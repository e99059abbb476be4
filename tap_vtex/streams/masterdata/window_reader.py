"""The documents of one window, and those of a query that no date divides.

Both make checkpoints every 500 records, or every minute. A document can become several records.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from tap_vtex import dates
from tap_vtex.streams.bookmarks import checksum
from tap_vtex.streams.masterdata.api import LostError, incomplete
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

    #: The date of a document that puts it into a window, in the tap's form.
    DateOf = Callable[[Row], str | None]

#: Where the fractions of a second begin in a date of the tap's form.
SECOND: Final = len("2026-11-23T08:30:00")
#: After this many windows that come short even in halves, Master Data is out of order.
MAX_SHORT: Final = 3


class WindowReader:
    """Reads windows of an entity to their ends, and remembers those that come short."""

    def __init__(
        self, reader: EntityReader, progress: Progress, written: Callable[[], int] | None = None
    ) -> None:
        """Read an entity; ``written`` tells how many records have come of its documents."""
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
        """Yield the documents of a window in the order of a date.

        A window that comes short again and again is read in halves. One that still comes short
        then comes as far as it can be had, and `take_short` names it.

        Args:
            window: The window.
            where: Makes the condition for a window.
            count: How many documents it has, as far as is known.
            date_of: The date to put them in order by.
            advance: Is told up to where all documents have come.
            following: The window that is read next. It is begun while this one is read.

        Raises:
            IncompleteListError: Too many windows come short.
        """
        received = -self._reader.copies
        first, last = (dates.text(moment)[:SECOND] for moment in (window.start, window.end))
        # The second of a document's date, or the closest one that lies in the window.
        batch = Batch(lambda row: min(max((date_of(row) or "")[:SECOND], first), last))
        try:
            for row in self._reader.read(where(window), count):
                if following:
                    self._reader.begin_ahead(where(following))
                    following = None
                self._progress.advance()
                yield from batch.add(row)
        except LostError as loss:
            if window.seconds:
                for half in window.halves():
                    for row in self.read(half, where, None, date_of, advance):
                        received += 1
                        yield row
                received += self._reader.copies
                # Halves can be complete by counts of their own that are wrong.
                if count and not self._reader.have_left(where(window), count, received):
                    self._remember(window, loss)
                return
            yield from (row for _, row in batch.in_order())
            self._remember(window, loss)
            return
        yield from self._with_checkpoints(batch, advance)

    def _with_checkpoints(self, batch: Batch, advance: Callable[[datetime], None]) -> Iterator[Row]:
        last: str | None = None
        for second, row in batch.in_order():
            # Not within a second: the next run begins at the beginning of one.
            if last is not None and second > last and self._pace.is_due():
                advance(datetime.fromisoformat(f"{second}Z"))
            last = second
            self._pace.count()
            yield row

    def _remember(self, window: Window, loss: LostError) -> None:
        is_part = (window.start <= one.start and one.end <= window.end for one in self._short)
        self._short = [one for one, inside in zip(self._short, is_part, strict=True) if not inside]
        self._short.append(window)
        if len(self._short) > MAX_SHORT:
            raise incomplete(self._reader.acronym, str(window), loss)

    def take_short(self) -> list[Window]:
        """The windows that came short since this was last asked."""
        short, self._short = self._short, []
        return short

    def read_whole(
        self,
        where: str,
        count: int | None,
        prefix: Prefix,
        advance: Callable[[Prefix | None], None],
    ) -> Iterator[Row]:
        """Yield the documents of a query that no date divides, in the order of the index.

        An earlier run may have written the first of them. If the same ones come first again,
        they are left out; if others do, the query is read from its beginning.

        Raises:
            IncompleteListError: The query comes short.
        """
        skipped = prefix
        read, marks, as_before = 0, 0, True
        try:
            for row in self._reader.read(where, count):
                self._progress.advance()
                read += 1
                marks ^= checksum(row.id, 6)
                if read <= skipped.documents:
                    as_before = read < skipped.documents or marks == skipped.checksum
                    continue
                self._pace.count()
                yield row
                if as_before and self._pace.is_due():
                    advance(Prefix(query=prefix.query, documents=read, checksum=marks))
        except LostError as loss:
            raise incomplete(self._reader.acronym, prefix.query, loss) from None
        if not as_before or read < skipped.documents:
            advance(None)
            nothing = Prefix(query=prefix.query, documents=0, checksum=0)
            yield from self.read_whole(where, count, nothing, advance)
