"""Decide which documents of an entity a run reads.

The first load reads documents by creation date, window by window, and separately those without
one. Later runs read what was created, updated or interacted with since the last run.

Completeness is verified twice: the rows of each window against its count (`EntityReader.read`),
and the windows against the total of the entity (`Totals`).
"""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from tap_vtex import dates
from tap_vtex.counting import counted
from tap_vtex.errors import IncompleteListError
from tap_vtex.report.progress import Progress
from tap_vtex.streams.masterdata import api
from tap_vtex.streams.masterdata.api import incomplete
from tap_vtex.streams.masterdata.bookmark import WIDE_EVERY, Prefix, Sweep
from tap_vtex.streams.masterdata.conditions import (
    ACTIVE,
    CREATED,
    OLDEST,
    UNDATED,
    wanted,
    where_of,
    whole,
)
from tap_vtex.streams.masterdata.ending import Ending
from tap_vtex.streams.masterdata.parts import parts_of, with_following
from tap_vtex.streams.masterdata.short_windows import ShortWindows
from tap_vtex.streams.masterdata.standing import Standing
from tap_vtex.streams.masterdata.totals import Totals
from tap_vtex.streams.masterdata.window_reader import WindowReader
from tap_vtex.windows import Window, whole_second

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tap_vtex.streams.masterdata.bookmark import EntityBookmark
    from tap_vtex.streams.masterdata.reader import EntityReader
    from tap_vtex.streams.masterdata.rows import Row
    from tap_vtex.types import Document


class FoundDocument(NamedTuple):
    """A document that a run has read."""

    document: Document
    #: The latest of its dates, in the tap's format.
    last_activity: str | None
    #: Whether an earlier run read it and it has changed since. If not, it may be new.
    has_changed: bool = False


class EntityReplication:
    """Replicates one entity in one run."""

    def __init__(
        self,
        reader: EntityReader,
        bookmark: EntityBookmark,
        checkpoint: Callable[[EntityBookmark], None],
        logger: logging.Logger,
        read_before: datetime | None = None,
        *,
        written: Callable[[], int] | None = None,
    ) -> None:
        """Begin at a bookmark.

        Args:
            reader: The entity.
            bookmark: Where to begin.
            checkpoint: Saves a bookmark that a run can resume from.
            logger: The logger.
            read_before: Documents created before that count as read by an earlier run, if it is
                later than the bookmark.
            written: Returns the number of records written.
        """
        self._reader = reader
        self._standing = Standing(bookmark, checkpoint)
        self._logger = logger
        self._read_before = max(read_before or bookmark.changes_since, bookmark.changes_since)
        self._progress = Progress(logger, f"documents of {reader.acronym}")
        self._windows = WindowReader(reader, self._progress, written)
        self._created = 0
        self._all_seen = True

    @property
    def _at(self) -> EntityBookmark:
        return self._standing.bookmark

    def run(self, undated: int | None, now: Callable[[], datetime]) -> Iterator[FoundDocument]:
        """Yield the documents that the run has to read.

        Args:
            undated: How many have no creation date; None if unknown.
            now: Returns the time by VTEX's clock.

        Raises:
            IncompleteListError: A part can't be read completely; the message names it.
        """
        standing, began = self._standing, whole_second(now())
        self._totals = totals = Totals(self._reader, self._at, undated, began)
        self._short = ShortWindows(self._reader, self._windows, standing, self._logger, began)
        ending = Ending(self._reader, standing, totals, self._logger)
        if self._at.is_first_load:
            yield from self._load(undated)
            yield from self._find_changes(whole_second(now()))
        else:
            yield from self._find_changes(began)
            yield from self._load(undated)
        if not totals.has_shrunk:
            for row in self._short.read_again():
                yield self._emit(row, has_changed=True)
        if not standing.failures and not standing.is_withheld and not totals.has_shrunk:
            yield from self._find_missed(undated, began)
        ending.end(all_seen=self._all_seen)

    def _emit(self, row: Row, *, has_changed: bool = False) -> FoundDocument:
        self._standing.count_document()
        return FoundDocument(row.document(), row.last_activity, has_changed)

    # -- loading -------------------------------------------------------------------------

    def _load(self, undated: int | None) -> Iterator[FoundDocument]:
        """Resume a load by creation date, up to the moment at which it began."""
        at = self._at
        if self._totals.has_collapsed:
            return
        is_known = at.undated is not None and undated in (at.undated, None)
        if not is_known:
            expected = None if at.start else undated
            yield from self._read_whole(UNDATED, expected, undated=undated or 0)
        if at.is_loaded:
            return
        loaded_until = at.loaded_until or api.BEGINNING
        counts = self._totals.count_load(loaded_until, wanted(at.start))
        if not counts.adds_up:
            self._withhold("all documents", "search by date finds fewer")
        if at.loaded_until is None:
            yield from self._read_whole(OLDEST, counts.before, loaded_until=api.BEGINNING)
        if self._at.loaded_until is not None:
            yield from self._load_windows(Window(loaded_until, at.load_began), counts.rest)

    def _load_windows(self, window: Window, count: int | None) -> Iterator[FoundDocument]:
        where = where_of(CREATED, self._at.start)

        def advance(until: datetime) -> None:
            self._standing.advance(loaded_until=until)

        if count is not None:
            self._progress.expect_more(count)
        parts = parts_of(self._reader, window, where, count)
        for part, documents, following in with_following(parts):
            found = self._windows.read(
                part, where, documents, attrgetter("created"), advance, following=following
            )
            for row in found:
                yield self._emit(row)
            self._short.note(CREATED, part)
            advance(part.end)

    def _read_whole(
        self,
        query: str,
        count: int | None,
        **done: Any,  # noqa: ANN401
    ) -> Iterator[FoundDocument]:
        """Read a query that can't be split by date, and then set the bookmark fields ``done``."""
        prefix = self._at.prefix
        if prefix is None or prefix.query != query:
            prefix = Prefix.empty(query)

        def advance(prefix: Prefix | None) -> None:
            self._standing.advance(prefix=prefix)

        where = whole(query, self._at.start)
        try:
            for row in self._windows.read_whole(where, count, prefix, advance):
                yield self._emit(row)
        except IncompleteListError as error:
            self._standing.failures.append(error)
            return
        self._short.note_whole(query)
        self._standing.advance(**done, prefix=None)

    # -- changes -------------------------------------------------------------------------

    def _find_changes(self, now: datetime, *, wide: bool = False) -> Iterator[FoundDocument]:
        """Read the documents that have changed, according to any of their dates."""
        at = self._at
        wide = wide or at.is_wide_pass_due(now)
        start = max(at.start_of_pass(wide=wide), at.start or api.BEGINNING)
        sweep = at.sweep
        if sweep is None or sweep.start > start:
            sweep = Sweep(start=start, began=now, done_until=start)
        if sweep.done_until < now:
            yield from self._sweep(sweep, now)
        if not self._totals.has_shrunk:
            self._standing.advance(
                changes_since=max(at.changes_since, sweep.began),
                wide_pass_at=sweep.began if wide else at.wide_pass_at,
                sweep=None,
            )

    def _sweep(self, sweep: Sweep, until: datetime) -> Iterator[FoundDocument]:
        at, emitted = self._at, self._standing.emitted
        # Within the margin, documents of the load come again without having changed.
        changed_since = dates.text(at.load_began if at.is_first_load else sweep.start)
        read_before = dates.text(max(at.changes_since, self._read_before))
        start = dates.text(sweep.start)
        created = sweep.created - self._reader.copies

        def advance(done_until: datetime) -> None:
            self._created = created + self._reader.copies
            # Finding nothing at all does not count until it has been verified at the end.
            if not self._totals.has_shrunk and self._standing.emitted > emitted:
                so_far = {"done_until": done_until, "created": self._created}
                self._standing.advance(sweep=msgspec.structs.replace(sweep, **so_far))

        window = Window(sweep.done_until, until)
        total = self._reader.count(api.active_in(window))
        if total is not None:
            self._progress.expect_more(total)
        where = api.active_in
        parts = parts_of(self._reader, window, where, total)
        for part, count, following in with_following(parts):
            found = self._windows.read(
                part, where, count, attrgetter("last_activity"), advance, following=following
            )
            for row in found:
                date = row.created
                created += date >= start
                is_active = (row.last_activity or "") >= changed_since
                yield self._emit(row, has_changed=date < read_before and is_active)
            self._short.note(ACTIVE, part)
            advance(part.end)
        if self._standing.emitted == emitted and not self._reader.finds_by_date():
            self._withhold("by date", "search no longer finds any")

    # -- what was missed -----------------------------------------------------------------

    def _find_missed(self, undated: int | None, now: datetime) -> Iterator[FoundDocument]:
        """Look for documents that the entity has now and no run has seen."""
        totals = self._totals
        if totals.all_seen(self._created):
            return
        reloaded_at = self._at.reloaded_at
        if reloaded_at is not None and now - reloaded_at < WIDE_EVERY:
            self._all_seen = False
            return
        if totals.all_seen_after_recount(self._created):
            return
        yield from self._find_changes(now, wide=True)
        if totals.all_seen(self._created):
            return
        self._logger.warning(
            "The Master Data entity %s now has %s. Earlier runs saw %s and this run %s new "
            "ones, so all of them are loaded again",
            self._reader.acronym,
            counted(totals.total or 0, "documents"),
            f"{totals.previous:,}",
            f"{self._created:,}",
        )
        self._standing.bookmark = self._at.for_reload(self._at.start, now)
        self._standing.change(reloaded_at=now)
        yield from self._load(undated)

    def _withhold(self, which: str, reason: str) -> None:
        self._standing.withhold(incomplete(self._reader.acronym, which, reason))
