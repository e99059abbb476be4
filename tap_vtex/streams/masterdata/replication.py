"""Which documents of an entity a run reads.

The first load goes through the documents by creation date, window by window, so that it can be
resumed, and then through those without that date. After that, a run reads what was created,
updated or interacted with since the last one.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import msgspec

from tap_vtex import dates
from tap_vtex.errors import IncompleteListError
from tap_vtex.report.progress import Progress
from tap_vtex.streams.bookmarks import Bookmark
from tap_vtex.streams.masterdata import api
from tap_vtex.streams.masterdata.api import LostError, last_activity
from tap_vtex.windows import Window, walk, whole_second

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator

    from tap_vtex.streams.masterdata.reader import EntityReader
    from tap_vtex.types import Document

    #: Makes the condition for the documents of a window.
    Where = Callable[[Window], str]

#: Documents of a window, which are read again if a page is lost. A search reaches 10,000, and
#: some can be added meanwhile.
MAX_IN_A_WINDOW: Final = 9_000
#: A window of this many seconds is small enough if nobody knows how many documents it has.
SMALL_WINDOW: Final = 24 * 60 * 60
#: How late Master Data's index may show a document.
MARGIN: Final = timedelta(hours=1)


class EntityBookmark(Bookmark, frozen=True, kw_only=True):
    """How far an entity has come, in whole seconds by VTEX's clock."""

    #: Documents last active since then are wanted; all of them, if None.
    start: datetime | None
    #: The load goes by creation date, up to the moment at which it began ...
    load_began: datetime
    #: ... and has come to here; None if it has not begun.
    loaded_until: datetime | None
    #: Changes since then still have to be looked for.
    changes_since: datetime = msgspec.field(name="replication_key_value")
    #: How many documents have no creation date; None if they are not loaded yet.
    undated: Annotated[int, msgspec.Meta(ge=0)] | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether the load has reached the moment at which it began."""
        return self.loaded_until is not None and self.loaded_until >= self.load_began

    def wants_more(self, start: datetime | None) -> bool:
        """Whether a start date reaches further back than this bookmark's."""
        return self.start is not None and (start is None or start < self.start)


class FoundDocument(NamedTuple):
    """A document that was read."""

    document: Document
    #: Whether an earlier run has read it, and it has changed since. If not, it may be new.
    has_changed: bool = False


class _Sized(NamedTuple):
    """A window is small enough. The number of its documents is None if nobody knows it."""

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
        """Begin at a bookmark; ``checkpoint`` is told each one that a run can resume from."""
        self._reader = reader
        self._bookmark = bookmark
        self._checkpoint = checkpoint
        self._progress = Progress(logger, f"documents of {reader.acronym}")

    def run(self, undated: int | None, now: Callable[[], datetime]) -> Iterator[FoundDocument]:
        """Yield the documents that the run has to read.

        Args:
            undated: How many have no creation date, as far as the entity says.
            now: Is asked once the load has ended.

        Raises:
            IncompleteListError: A part can't be read to its end; the text names it.
        """
        yield from self._load_undated(undated)
        yield from self._load()
        yield from self._find_changes(whole_second(now()))

    def _advance(self, **changes: Any) -> None:  # noqa: ANN401 - fields of the bookmark
        self._bookmark = msgspec.structs.replace(self._bookmark, **changes)
        self._checkpoint(self._bookmark)

    # -- loading -------------------------------------------------------------------------

    def _load_undated(self, count: int | None) -> Iterator[FoundDocument]:
        """Read the documents that no date finds, if their number has changed."""
        known = self._bookmark.undated
        if known is None or count not in (known, None):
            wanted = self._wanted()
            where = api.all_of(api.UNDATED, wanted)
            expected = None if wanted else count
            yield from self._read_whole(where, "without a creation date", expected)
            self._advance(undated=count or 0)

    def _load(self) -> Iterator[FoundDocument]:
        """Go on with the first load, by creation date, to the moment at which it began."""
        if self._bookmark.loaded_until is None:
            where = api.all_of(api.BEFORE_THE_BEGINNING, self._wanted())
            yield from self._read_whole(where, f"created before {api.BEGINNING.year}")
            self._advance(loaded_until=api.BEGINNING)
        loaded_until = self._bookmark.loaded_until
        if loaded_until is None or self._bookmark.is_loaded:
            return

        def created(part: Window) -> str:
            return api.all_of(api.within(api.CREATED, part), self._wanted())

        for part, count in self._parts(Window(loaded_until, self._bookmark.load_began), created):
            yield from self._read_part(part, created, count)
            self._advance(loaded_until=part.end)

    def _wanted(self) -> str | None:
        """The condition that the start date sets, if there is one."""
        start = self._bookmark.start
        return api.active_in(Window(start, api.END)) if start else None

    # -- changes -------------------------------------------------------------------------

    def _find_changes(self, until: datetime) -> Iterator[FoundDocument]:
        """Read the documents that have changed, as any of their dates says."""
        at = self._bookmark
        since = max(at.changes_since - MARGIN, at.start or api.BEGINNING)
        if since >= until:
            return
        # What the load has read can come again, within the margin, without having changed.
        is_first = at.changes_since == at.load_began
        changed_since = dates.text(at.load_began if is_first else since)
        for part, count in self._parts(Window(since, until), api.active_in):
            read_before = dates.text(self._bookmark.changes_since)
            for found in self._read_part(part, api.active_in, count):
                is_old = _created(found.document) < read_before
                is_change = (last_activity(found.document) or "") >= changed_since
                yield found._replace(has_changed=is_old and is_change)
            self._advance(changes_since=max(self._bookmark.changes_since, part.end))

    # -- both ----------------------------------------------------------------------------

    def _parts(self, window: Window, where: Where) -> Iterator[tuple[Window, int | None]]:
        """Split a window into parts that are small enough; yield them with their counts."""

        def size(part: Window) -> _Sized | None:
            count = self._reader.count(where(part))
            if part == window and count is not None:
                self._progress.expect_more(count)
            # The reading counts as well: no need to halve down to nothing.
            is_small = part.seconds <= SMALL_WINDOW if count is None else count <= MAX_IN_A_WINDOW
            return _Sized(count) if is_small or not part.seconds else None

        for part, sized in walk(window, size):
            yield part, sized.documents

    def _read_part(
        self, part: Window, where: Where, count: int | None = None
    ) -> Iterator[FoundDocument]:
        """Read a window; in halves, if it comes short again and again."""
        try:
            yield from self._read(where(part), count)
        except LostError as loss:
            if not part.seconds:
                raise self._incomplete(str(part), loss) from None
            for half in part.halves():
                yield from self._read_part(half, where)

    def _read_whole(
        self, where: str, which: str, count: int | None = None
    ) -> Iterator[FoundDocument]:
        try:
            yield from self._read(where, count)
        except LostError as loss:
            raise self._incomplete(which, loss) from None

    def _read(self, where: str, count: int | None) -> Iterator[FoundDocument]:
        for document in self._reader.read(where, count):
            self._progress.advance()
            yield FoundDocument(document)

    def _incomplete(self, which: str, loss: LostError) -> IncompleteListError:
        return IncompleteListError(
            f"The documents of {self._reader.acronym} {which} can't be read to the end: {loss}."
        )


def _created(document: Document) -> str:
    """When a document was created; before everything else if it does not say."""
    moment = dates.parse(document.get(api.CREATED))
    return dates.text(moment) if moment else ""
