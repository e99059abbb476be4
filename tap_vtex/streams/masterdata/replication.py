"""Which documents of an entity a run reads.

The first load goes through the documents by the date of their creation, window by window,
so that it can be resumed, and takes those without that date beside them. From then on, a
run reads what was made, updated or interacted with since the last one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from tap_vtex import dates
from tap_vtex.errors import IncompleteListError
from tap_vtex.progress import Progress
from tap_vtex.streams.masterdata import query
from tap_vtex.streams.masterdata.documents import Found, last_activity
from tap_vtex.streams.masterdata.entity import LostError
from tap_vtex.windows import Window, walk, whole_second

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tap_vtex.streams.masterdata.bookmark import EntityBookmark
    from tap_vtex.streams.masterdata.documents import Document
    from tap_vtex.streams.masterdata.reader import EntityReader

    #: The condition for the documents of a window.
    Where = Callable[[Window], str]

#: Documents of a window at most, which are read again when a page is lost. A search reaches
#: 10,000, and some may come meanwhile.
MOST_IN_A_WINDOW: Final = 9_000
#: Seconds of a window that is small enough where nobody knows how many documents it has.
SMALL: Final = 24 * 60 * 60
#: How late Master Data's index may show a document.
MARGIN: Final = timedelta(hours=1)


class Sized(NamedTuple):
    """That a window is small enough, and how many documents it has; None where unknown."""

    documents: int | None


class EntityReplication:
    """One run over an entity."""

    def __init__(
        self,
        reader: EntityReader,
        bookmark: EntityBookmark,
        checkpoint: Callable[[EntityBookmark], None],
        logger: logging.Logger,
    ) -> None:
        """Begin where ``bookmark`` stands; ``checkpoint`` is told where a run can resume."""
        self._reader = reader
        self._at = bookmark
        self._checkpoint = checkpoint
        self._progress = Progress(logger, f"documents of {reader.acronym}")

    def run(self, undated: int | None, now: Callable[[], datetime]) -> Iterator[Found]:
        """Yield the documents that the run has to read.

        ``undated`` is how many have no date of creation, as far as the entity tells;
        ``now`` is asked once the load has ended.

        Raises:
            IncompleteListError: a part can't be read to its end; the text names it.
        """
        yield from self._load_undated(undated)
        yield from self._load()
        yield from self._find_changes(whole_second(now()))

    # -- loading -------------------------------------------------------------------------

    def _load_undated(self, count: int | None) -> Iterator[Found]:
        """Read the documents that no date tells of, when there are more or fewer of them."""
        at = self._at
        if at.undated is None or count not in (at.undated, None):
            wanted = self._wanted()
            where = query.all_of(query.UNDATED, wanted)
            expected = None if wanted else count
            yield from self._read_whole(where, "without a date of creation", expected)
            at.undated = count or 0
            self._checkpoint(at)

    def _load(self) -> Iterator[Found]:
        """Go on with the first load, by date of creation, to the moment at which it began."""
        at = self._at
        if at.loaded_until is None:
            where = query.all_of(query.BEFORE_THE_BEGINNING, self._wanted())
            yield from self._read_whole(where, "of the last century")
            at.loaded_until = query.BEGINNING
            self._checkpoint(at)
        if at.is_loaded:
            return

        def created(part: Window) -> str:
            return query.all_of(query.within(query.CREATED, part), self._wanted())

        for part, count in self._parts(Window(at.loaded_until, at.load_began), created):
            yield from self._read_part(part, created, count)
            at.loaded_until = part.end
            self._checkpoint(at)

    def _wanted(self) -> str | None:
        """The condition that the start date sets, if there is one."""
        return query.active(Window(self._at.start, query.END)) if self._at.start else None

    # -- changes -------------------------------------------------------------------------

    def _find_changes(self, until: datetime) -> Iterator[Found]:
        """Read what any of its dates says has changed."""
        at = self._at
        since = max(at.changes_since - MARGIN, at.start or query.BEGINNING)
        if since >= until:
            return
        # What the load has read may come again, within the margin, and has not changed then.
        is_first = at.changes_since == at.load_began
        changed_since = dates.text(at.load_began if is_first else since)
        for part, count in self._parts(Window(since, until), query.active):
            read_before = dates.text(at.changes_since)
            for found in self._read_part(part, query.active, count):
                is_old = _created(found.document) < read_before
                is_change = (last_activity(found.document) or "") >= changed_since
                yield found._replace(has_changed=is_old and is_change)
            at.changes_since = max(at.changes_since, part.end)
            self._checkpoint(at)

    # -- both ----------------------------------------------------------------------------

    def _parts(self, window: Window, where: Where) -> Iterator[tuple[Window, int | None]]:
        """A window, in as many parts as it takes for each to be small enough, and counted."""

        def size(part: Window) -> Sized | None:
            count = self._reader.count(where(part))
            if part == window and count is not None:
                self._progress.expect_more(count)
            # The reading itself counts, too: no need to halve down to nothing.
            is_small = part.seconds <= SMALL if count is None else count <= MOST_IN_A_WINDOW
            return Sized(count) if is_small or not part.seconds else None

        for part, sized in walk(window, size):
            yield part, sized.documents

    def _read_part(self, part: Window, where: Where, count: int | None = None) -> Iterator[Found]:
        """Read a window; one that comes short again and again, in halves."""
        try:
            yield from self._read(where(part), count)
        except LostError as loss:
            if not part.seconds:
                raise self._incomplete(str(part), loss) from None
            for half in part.halves():
                yield from self._read_part(half, where)

    def _read_whole(self, where: str, which: str, count: int | None = None) -> Iterator[Found]:
        try:
            yield from self._read(where, count)
        except LostError as loss:
            raise self._incomplete(which, loss) from None

    def _read(self, where: str, count: int | None) -> Iterator[Found]:
        for document in self._reader.read(where, count):
            self._progress.advance()
            yield Found(document)

    def _incomplete(self, which: str, loss: LostError) -> IncompleteListError:
        return IncompleteListError(
            f"The documents of {self._reader.acronym} {which} can't be read to their end: {loss}."
        )


def _created(document: Document) -> str:
    """When a document was made; ahead of everything where it does not say."""
    moment = dates.parse(document.get(query.CREATED))
    return dates.text(moment) if moment else ""
