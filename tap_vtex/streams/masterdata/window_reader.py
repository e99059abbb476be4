"""The documents of one window, and those of a query that no date divides.

Both make checkpoints every 500 documents, or every minute.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from tap_vtex import dates
from tap_vtex.errors import IncompleteListError
from tap_vtex.streams.bookmarks import checksum
from tap_vtex.streams.masterdata.api import LostError
from tap_vtex.streams.masterdata.batch import Batch
from tap_vtex.streams.masterdata.bookmark import Prefix
from tap_vtex.windows import whole_second

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tap_vtex.report.progress import Progress
    from tap_vtex.streams.masterdata.parts import Where
    from tap_vtex.streams.masterdata.reader import EntityReader
    from tap_vtex.types import Document
    from tap_vtex.windows import Window

    #: The date of a document that puts it into a window, in the tap's form.
    DateOf = Callable[[Document], str | None]

#: A checkpoint comes after this many documents, or this many seconds.
CHECKPOINT_DOCUMENTS: Final = 500
CHECKPOINT_SECONDS: Final = 60.0
#: After this many windows that come short even in halves, Master Data is out of order.
MAX_SHORT: Final = 3


class WindowReader:
    """Reads windows of an entity to their ends, and remembers those that come short."""

    def __init__(self, reader: EntityReader, progress: Progress) -> None:
        self.short: list[Window] = []
        self._reader = reader
        self._progress = progress
        self._since = _SinceCheckpoint()

    def read(
        self,
        window: Window,
        where: Where,
        count: int | None,
        date_of: DateOf,
        advance: Callable[[datetime], None],
    ) -> Iterator[Document]:
        """Yield the documents of a window in the order of a date.

        A window that comes short again and again is read in halves. One that still comes short
        then comes as far as it can be had, and is remembered as `short`.

        Args:
            window: The window.
            where: Makes the condition for a window.
            count: How many documents it has, as far as is known.
            date_of: The date to put them in order by.
            advance: Is told up to where all documents have come.

        Raises:
            IncompleteListError: Too many windows come short.
        """
        received = -self._reader.copies
        batch = Batch(lambda document: _within(window, date_of(document)))
        try:
            for document in self._reader.read(where(window), count):
                self._progress.advance()
                yield from batch.add(document)
        except LostError as loss:
            if window.seconds:
                for half in window.halves():
                    for document in self.read(half, where, None, date_of, advance):
                        received += 1
                        yield document
                received += self._reader.copies
                # Halves can be complete by counts of their own that are wrong.
                if count and not self._reader.have_left(where(window), count, received):
                    self._remember(window, loss)
                return
            yield from (document for _, document in batch.in_order())
            self._remember(window, loss)
            return
        yield from self._with_checkpoints(batch, advance)

    def _with_checkpoints(
        self, batch: Batch, advance: Callable[[datetime], None]
    ) -> Iterator[Document]:
        last: datetime | None = None
        for moment, document in batch.in_order():
            # Not within a second: the next run begins at the beginning of one.
            if last is not None and moment > last and self._since.is_long_ago():
                advance(moment)
                self._since.reset()
            last = moment
            self._since.count()
            yield document

    def _remember(self, window: Window, loss: LostError) -> None:
        is_part = (window.start <= one.start and one.end <= window.end for one in self.short)
        self.short = [one for one, inside in zip(self.short, is_part, strict=True) if not inside]
        self.short.append(window)
        if len(self.short) > MAX_SHORT:
            raise self.incomplete(str(window), loss)

    def read_whole(
        self,
        where: str,
        count: int | None,
        prefix: Prefix,
        advance: Callable[[Prefix | None], None],
    ) -> Iterator[Document]:
        """Yield the documents of a query that no date divides, in the order of the index.

        An earlier run may have written the first of them. If the same ones come first again,
        they are left out; if others do, the query is read from its beginning.

        Raises:
            IncompleteListError: The query comes short.
        """
        skipped = prefix
        read, marks, as_before = 0, 0, True
        try:
            for document in self._reader.read(where, count):
                self._progress.advance()
                read += 1
                marks ^= checksum(document["id"], 6)
                if read <= skipped.documents:
                    as_before = read < skipped.documents or marks == skipped.checksum
                    continue
                self._since.count()
                yield document
                if as_before and self._since.is_long_ago():
                    advance(Prefix(query=prefix.query, documents=read, checksum=marks))
                    self._since.reset()
        except LostError as loss:
            raise self.incomplete(prefix.query, loss) from None
        if not as_before or read < skipped.documents:
            advance(None)
            nothing = Prefix(query=prefix.query, documents=0, checksum=0)
            yield from self.read_whole(where, count, nothing, advance)

    def incomplete(self, which: str, loss: LostError) -> IncompleteListError:
        """The error about a part that comes short."""
        return IncompleteListError(
            f"The documents of {self._reader.acronym} {which} can't be read to the end: {loss}. "
            "The next run reads them again."
        )


class _SinceCheckpoint:
    """What has come since the last checkpoint."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        self._documents = 0
        self._at = time.monotonic()

    def count(self) -> None:
        self._documents += 1

    def is_long_ago(self) -> bool:
        seconds = time.monotonic() - self._at
        return self._documents >= CHECKPOINT_DOCUMENTS or seconds >= CHECKPOINT_SECONDS


def _within(window: Window, date: str | None) -> datetime:
    """The second of a date, or the closest one that lies in a window."""
    moment = dates.parse(date)
    return min(max(whole_second(moment), window.start), window.end) if moment else window.start
