"""Which documents of an entity a run reads.

The first load goes through the documents by creation date, window by window, and through those
without that date. After that, a run reads what was created, updated or interacted with since
the last one.

Rows are counted twice: against the count of each window (`EntityReader.read`), and the windows
against the total of the entity (`Totals`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from tap_vtex import dates
from tap_vtex.errors import IncompleteListError
from tap_vtex.report.progress import Progress
from tap_vtex.streams.masterdata import api
from tap_vtex.streams.masterdata.api import LostError, last_activity
from tap_vtex.streams.masterdata.bookmark import GIVEN_UP_AFTER, WIDE_EVERY, Prefix, Sweep
from tap_vtex.streams.masterdata.parts import parts_of
from tap_vtex.streams.masterdata.totals import Totals
from tap_vtex.streams.masterdata.window_reader import WindowReader
from tap_vtex.windows import Window, whole_second

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from tap_vtex.streams.masterdata.bookmark import EntityBookmark
    from tap_vtex.streams.masterdata.parts import Where
    from tap_vtex.streams.masterdata.reader import EntityReader
    from tap_vtex.types import Document

#: The kinds of windows.
CREATED: Final = "created"
ACTIVE: Final = "active"
#: Queries that no date divides, by what the state and the log call them.
UNDATED: Final = "without a creation date"
OLDEST: Final = f"created before {api.BEGINNING.year}"
WHOLE: Final = {UNDATED: api.UNDATED, OLDEST: api.BEFORE_THE_BEGINNING}


class FoundDocument(NamedTuple):
    """A document that was read."""

    document: Document
    #: Whether an earlier run has read it, and it has changed since. If not, it may be new.
    has_changed: bool = False


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
        self._bookmark = self._kept = bookmark
        self._checkpoint = checkpoint
        self._logger = logger
        self._progress = Progress(logger, f"documents of {reader.acronym}")
        self._windows = WindowReader(reader, self._progress)
        self._failures: list[IncompleteListError] = []
        #: Whether the bookmark stays where it was kept, since there may be more to read.
        self._is_withheld = False
        self._found = self._created = self._left_out = 0
        self._is_explained = True

    def run(self, undated: int | None, now: Callable[[], datetime]) -> Iterator[FoundDocument]:
        """Yield the documents that the run has to read.

        Args:
            undated: How many have no creation date, as far as the entity says.
            now: The time by VTEX's clock.

        Raises:
            IncompleteListError: A part can't be read to its end; the text names it.
        """
        at, began = self._bookmark, whole_second(now())
        self._totals = Totals(self._reader, at, undated, began)
        # As long as nothing was ever seen, nothing counts as loaded.
        self._is_withheld = at.is_new
        if at.is_first_load:
            yield from self._load(undated)
            yield from self._find_changes(whole_second(now()))
        else:
            yield from self._find_changes(began)
            yield from self._load(undated)
        yield from self._read_short_again(at.short, began)
        if not self._failures and not self._is_withheld and not self._totals.are_fewer:
            yield from self._find_what_was_missed(undated, began)
        self._end()

    def _see(self, document: Document, *, has_changed: bool = False) -> FoundDocument:
        """Hand on a document. The first one ever shows that the entity is there."""
        self._found += 1
        if self._kept.is_new and not self._failures:
            self._is_withheld = False
        return FoundDocument(document, has_changed)

    def _advance(self, **changes: Any) -> None:  # noqa: ANN401 - fields of the bookmark
        self._bookmark = msgspec.structs.replace(self._bookmark, **changes)
        if not self._is_withheld:
            self._checkpoint(self._bookmark)

    def _withhold(self, failure: IncompleteListError) -> None:
        """Read on, and let the next run do so again."""
        self._failures.append(failure)
        if not self._is_withheld:
            self._is_withheld, self._kept = True, self._bookmark

    # -- loading -------------------------------------------------------------------------

    def _load(self, undated: int | None) -> Iterator[FoundDocument]:
        """Go on with a load, by creation date, to the moment at which it began."""
        at = self._bookmark
        if self._totals.is_collapsed:
            return
        is_known = at.undated is not None and undated in (at.undated, None)
        if not is_known:
            expected = None if at.start else undated
            yield from self._read_whole(UNDATED, expected, undated=undated or 0)
        if at.is_loaded:
            return
        loaded_until = at.loaded_until or api.BEGINNING
        counts = self._totals.weigh_load(loaded_until, self._wanted())
        if not counts.adds_up:
            self._withhold(self._incomplete("all documents", "fewer are found by date"))
        if at.loaded_until is None:
            yield from self._read_whole(OLDEST, counts.before, loaded_until=api.BEGINNING)
        if self._bookmark.loaded_until is not None:
            yield from self._load_windows(Window(loaded_until, at.load_began), counts.rest)

    def _load_windows(self, window: Window, count: int | None) -> Iterator[FoundDocument]:
        created = self._where(CREATED)

        def advance(until: datetime) -> None:
            self._advance(loaded_until=until)

        if count is not None:
            self._progress.expect_more(count)
        for part, documents in parts_of(self._reader, window, created, count):
            for document in self._windows.read(part, created, documents, _created, advance):
                yield self._see(document)
            self._note_short(CREATED, part)
            advance(part.end)

    def _read_whole(
        self,
        query: str,
        count: int | None,
        **done: Any,  # noqa: ANN401
    ) -> Iterator[FoundDocument]:
        """Read a query that no date divides; ``done`` is what the bookmark then says."""
        prefix = self._bookmark.prefix
        if prefix is None or prefix.query != query:
            prefix = Prefix(query=query, documents=0, checksum=0)

        def advance(prefix: Prefix | None) -> None:
            self._advance(prefix=prefix)

        where = api.all_of(WHOLE[query], self._wanted())
        try:
            for document in self._windows.read_whole(where, count, prefix, advance):
                yield self._see(document)
        except IncompleteListError as error:
            self._failures.append(error)
            return
        if self._reader.left_out > self._left_out:
            self._remember([query])
        self._advance(**done, prefix=None)

    def _wanted(self) -> str | None:
        """The condition that the start date sets, if there is one."""
        start = self._bookmark.start
        return api.active_in(Window(start, api.END)) if start else None

    # -- changes -------------------------------------------------------------------------

    def _find_changes(self, now: datetime, *, wide: bool = False) -> Iterator[FoundDocument]:
        """Read the documents that have changed, as any of their dates says."""
        at = self._bookmark
        wide = wide or at.is_wide_pass_due(now)
        start = max(at.start_of_pass(wide=wide), at.start or api.BEGINNING)
        sweep = at.sweep
        if sweep is None or sweep.start > start:
            sweep = Sweep(start=start, began=now, done_until=start)
        if sweep.done_until < now:
            yield from self._sweep(sweep, now)
        if not self._totals.are_fewer:
            self._advance(
                changes_since=max(at.changes_since, sweep.began),
                wide_pass_at=sweep.began if wide else at.wide_pass_at,
                sweep=None,
            )

    def _sweep(self, sweep: Sweep, until: datetime) -> Iterator[FoundDocument]:
        at, found = self._bookmark, self._found
        # What the load has read can come again, within the margin, without having changed.
        changed_since = dates.text(at.load_began if at.is_first_load else sweep.start)
        read_before, start = dates.text(at.changes_since), dates.text(sweep.start)
        created = sweep.created - self._reader.copies

        def advance(done_until: datetime) -> None:
            self._created = created + self._reader.copies
            # Finding nothing at all is not believed before the end.
            if not self._totals.are_fewer and self._found > found:
                so_far = {"done_until": done_until, "created": self._created}
                self._advance(sweep=msgspec.structs.replace(sweep, **so_far))

        window = Window(sweep.done_until, until)
        total = self._reader.count(api.active_in(window))
        if total is not None:
            self._progress.expect_more(total)
        for part, count in parts_of(self._reader, window, api.active_in, total):
            documents = self._windows.read(part, api.active_in, count, last_activity, advance)
            for document in documents:
                date = _created(document)
                created += date >= start
                has_changed = (
                    date < read_before and (last_activity(document) or "") >= changed_since
                )
                yield self._see(document, has_changed=has_changed)
            self._note_short(ACTIVE, part)
            advance(part.end)
        if self._found == found and not self._reader.finds_by_date():
            self._withhold(self._incomplete("by date", "search finds nothing any more"))

    # -- both ----------------------------------------------------------------------------

    def _where(self, kind: str) -> Where:
        """The condition for a window of creation, or of activity."""
        if kind == ACTIVE:
            return api.active_in

        def created(part: Window) -> str:
            return api.all_of(api.within(api.CREATED, part), self._wanted())

        return created

    def _note_short(self, kind: str, part: Window | None = None) -> None:
        """Remember windows that came short, for the next runs to read again.

        So is a part with rows that have no id: they may have one the next time.
        """
        windows = list(self._windows.short)
        self._windows.short.clear()
        for window in windows:
            self._failures.append(self._incomplete(str(window), "fewer came than announced"))
        if part and self._reader.left_out > self._left_out:
            windows.append(part)
        self._remember(f"{kind} {dates.text(one.start)} {dates.text(one.end)}" for one in windows)

    def _remember(self, keys: Iterable[str]) -> None:
        self._left_out = self._reader.left_out
        short = {**dict.fromkeys(keys, self._totals.now), **self._bookmark.short}
        self._bookmark = msgspec.structs.replace(self._bookmark, short=short)

    def _read_short_again(
        self, short: dict[str, datetime], now: datetime
    ) -> Iterator[FoundDocument]:
        """Read the windows again that came short in earlier runs."""
        for key, since in () if self._totals.are_fewer else short.items():
            for document in self._short_window(key):
                yield self._see(document, has_changed=True)
            lost, self._windows.short = self._windows.short, []
            is_short = bool(lost) or self._reader.left_out > self._left_out
            self._left_out = self._reader.left_out
            if is_short and now - since < GIVEN_UP_AFTER:
                self._failures += [self._incomplete(key, "fewer came than announced") for _ in lost]
                continue
            if is_short:
                self._logger.warning(
                    "%s: %s has come short for days; what came of it counts now",
                    self._reader.acronym,
                    key,
                )
            left = {one: at for one, at in self._bookmark.short.items() if one != key}
            self._advance(short=left)

    def _short_window(self, key: str) -> Iterator[Document]:
        """The documents of what came short, by its name in the state."""
        if key in WHOLE:
            nothing = Prefix(query=key, documents=0, checksum=0)
            where = api.all_of(WHOLE[key], self._wanted())
            yield from self._windows.read_whole(where, None, nothing, _ignore)
            return
        kind, start, end = _window_in(key)
        if start is not None and end is not None:
            window, where_of = Window(start, end), self._where(kind)
            yield from self._windows.read(window, where_of, None, last_activity, _ignore)

    def _find_what_was_missed(self, undated: int | None, now: datetime) -> Iterator[FoundDocument]:
        """Look for documents that the entity has by now and no run has seen."""
        totals = self._totals
        if totals.is_explained(self._created):
            return
        reloaded_at = self._bookmark.reloaded_at
        if reloaded_at is not None and now - reloaded_at < WIDE_EVERY:
            self._is_explained = False
            return
        if totals.is_explained_after_all(self._created):
            return
        yield from self._find_changes(now, wide=True)
        if totals.is_explained(self._created):
            return
        self._logger.warning(
            "The Master Data entity %s has %s documents by now. Earlier runs have seen %s and this "
            "one %s new ones, so all of them are loaded again",
            self._reader.acronym,
            f"{totals.total:,}",
            f"{totals.before:,}",
            f"{self._created:,}",
        )
        anew = self._bookmark.anew(self._bookmark.start, now)
        self._bookmark = msgspec.structs.replace(anew, reloaded_at=now)
        yield from self._load(undated)

    def _end(self) -> None:
        """Write the last bookmark, and say what is missing."""
        totals = self._totals
        if self._reader.left_out:
            self._logger.warning(
                "Skipped %s rows of %s that have no id",
                f"{self._reader.left_out:,}",
                self._reader.acronym,
            )
        if self._is_withheld and not self._failures:
            self._end_without_documents()
        if self._failures or totals.are_fewer:
            self._end_in_doubt()
        elif not self._is_withheld:
            is_known = totals.total is not None and self._is_explained
            total = totals.total if is_known else self._bookmark.total
            self._advance(total=total, doubted_since=None)

    def _end_without_documents(self) -> None:
        """Nothing was ever seen of the entity. That counts after a day."""
        totals = self._totals
        if totals.total:
            # A start date has left out all that there is.
            if not self._reader.finds_by_date():
                self._withhold(self._incomplete("by date", "search finds nothing"))
                return
        elif not totals.is_old:
            if totals.doubted_since is None:
                self._logger.warning(
                    "Master Data has no documents of %s, as far as it says. The next runs look "
                    "again from the beginning; after a day, that counts",
                    self._reader.acronym,
                )
            self._checkpoint(
                msgspec.structs.replace(self._kept, total=0, doubted_since=totals.doubt())
            )
            return
        self._is_withheld = False

    def _end_in_doubt(self) -> None:
        """Leave what was not read to the end to the next run."""
        totals = self._totals
        at = self._kept if self._is_withheld else self._bookmark
        if self._is_withheld or totals.are_fewer:
            at = msgspec.structs.replace(at, doubted_since=totals.doubt())
        self._checkpoint(at)
        if totals.is_collapsed:
            self._failures.append(
                self._incomplete(
                    "since the last run",
                    f"Master Data announces {totals.total:,} documents, and announced "
                    f"{totals.before:,} before",
                )
            )
        elif totals.are_fewer and totals.doubted_since is None:
            self._logger.warning(
                "Master Data announces %s documents of %s, and announced %s before. Until that has "
                "stayed so for a day, each run reads again what has changed since %s",
                f"{totals.total:,}",
                self._reader.acronym,
                f"{totals.before:,}",
                f"{self._bookmark.changes_since:%Y-%m-%d %H:%M} UTC",
            )
        if self._failures:
            raise self._failures[0]

    def _incomplete(self, which: str, reason: str) -> IncompleteListError:
        return self._windows.incomplete(which, LostError(reason))


def _created(document: Document) -> str:
    """When a document was created; before everything else if it does not say."""
    moment = dates.parse(document.get(api.CREATED))
    return dates.text(moment) if moment else ""


def _window_in(key: str) -> tuple[str, datetime | None, datetime | None]:
    """The kind of a window in the state, its start and its end."""
    kind, _, texts = key.partition(" ")
    start, _, end = texts.partition(" ")
    return kind, dates.parse(start), dates.parse(end)


def _ignore(_done: object) -> None:
    """What is read once more needs no checkpoints."""
