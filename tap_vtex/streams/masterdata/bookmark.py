"""The bookmark of an entity, as the state keeps it between runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from tap_vtex.streams.bookmarks import Bookmark

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

#: How late Master Data's index may show a document: the overlap of every run.
MARGIN: Final = timedelta(hours=1)
#: The overlap of the wide pass, once a day.
WIDE_MARGIN: Final = timedelta(days=1)
WIDE_EVERY: Final = timedelta(days=1)
#: A window that stays short for this long is no longer reread.
GIVEN_UP_AFTER: Final = timedelta(days=3)

NonNegative = Annotated[int, msgspec.Meta(ge=0)]


class Sweep(Bookmark, frozen=True, kw_only=True):
    """A search for changes that is not finished."""

    #: Where it starts; it does not cover earlier changes.
    start: datetime
    #: When it began, which is also where it has to end.
    began: datetime
    #: Changes up to here have been read.
    done_until: datetime
    #: How many documents created since its start it has found, as the index counts them.
    created: NonNegative = 0


class Prefix(Bookmark, frozen=True, kw_only=True):
    """The first documents of a query that can't be split by date, written by an earlier run."""

    #: The name of the query's condition.
    query: str
    documents: NonNegative
    #: A checksum of their ids, independent of order.
    checksum: NonNegative

    @classmethod
    def empty(cls, query: str) -> Self:
        """A prefix without documents: nothing of the query has been written."""
        return cls(query=query, documents=0, checksum=0)


class EntityBookmark(Bookmark, frozen=True, kw_only=True):
    """How far an entity has been read, in whole seconds by VTEX's clock."""

    #: The query parameter for the schema, as in ``_schema=v1``. Another schema means another
    #: set of documents.
    query: str | None = None
    #: Read documents last active since then; None reads all.
    start: datetime | None
    #: When the load began. It goes by creation date, up to this moment.
    load_began: datetime
    #: Documents created up to here are loaded; None if the load has not begun.
    loaded_until: datetime | None
    #: Changes since then have not been read yet.
    changes_since: datetime = msgspec.field(name="replication_key_value")
    #: How many documents have no creation date; None until they are loaded.
    undated: NonNegative | None = None
    #: When the last wide pass began. States of version 1 and 2.0 have none.
    wide_pass_at: datetime | None = None
    #: An unfinished search for changes.
    sweep: Sweep | None = None
    #: An unfinished query that can't be split by date.
    prefix: Prefix | None = None
    #: The last total that the tap accepted.
    total: NonNegative | None = None
    #: Since when totals have been contradictory: lower than before, zero, or lower by date than
    #: overall.
    doubted_since: datetime | None = None
    #: When everything was last reloaded because VTEX announced more documents than runs had seen.
    reloaded_at: datetime | None = None
    #: Windows that returned fewer documents than counted, and since when.
    short: dict[str, datetime] = msgspec.field(default_factory=dict)

    @classmethod
    def new(cls, start: datetime | None, now: datetime, query: str | None = None) -> Self:
        """The bookmark of an entity that has never been read."""
        return cls(
            query=query,
            start=start,
            load_began=now,
            loaded_until=None,
            changes_since=now,
            wide_pass_at=now,
        )

    def for_reload(self, start: datetime | None, now: datetime) -> Self:
        """The bookmark for loading everything again; the search for changes resumes as before."""
        return msgspec.structs.replace(
            self, start=start, load_began=now, loaded_until=None, undated=None, prefix=None
        )

    @property
    def is_new(self) -> bool:
        """Whether no document has ever been seen."""
        return self.loaded_until is None and self.undated is None and not self.total

    @property
    def is_loaded(self) -> bool:
        """Whether the load is finished."""
        return self.loaded_until is not None and self.loaded_until >= self.load_began

    @property
    def is_first_load(self) -> bool:
        """Whether no search for changes has finished yet."""
        return self.changes_since == self.load_began

    @property
    def is_settled(self) -> bool:
        """Whether everything is loaded, and a search for changes has finished since."""
        return self.is_loaded and not self.is_first_load

    def merged_with(self, other: Self) -> Self | None:
        """One bookmark for both; None if each needs a read of its own.

        Once both are loaded, the earlier one wins. The values that totals are compared with
        must be the same in both.
        """
        if self == other:
            return self
        comparable = ("undated", "total", "doubted_since", "sweep", "prefix")
        is_comparable = all(getattr(self, name) == getattr(other, name) for name in comparable)
        if not (self.is_settled and other.is_settled and is_comparable):
            return None
        return msgspec.structs.replace(
            self,
            start=min(self.start, other.start) if self.start and other.start else None,
            load_began=min(self.load_began, other.load_began),
            loaded_until=min(filter(None, (self.loaded_until, other.loaded_until))),
            changes_since=min(self.changes_since, other.changes_since),
            wide_pass_at=(
                min(self.wide_pass_at, other.wide_pass_at)
                if self.wide_pass_at and other.wide_pass_at
                else None
            ),
            reloaded_at=max(filter(None, (self.reloaded_at, other.reloaded_at)), default=None),
            short={**self.short, **other.short},
        )

    def with_unchanged_from(self, own: Self, merged: Self) -> Self:
        """The bookmark to save for one of several streams that share a read.

        Args:
            own: The stream's own bookmark before the read.
            merged: The shared bookmark before the read. A field that still equals it has not been
                reached, so the stream keeps its own value.
        """
        names = self.__struct_fields__
        unchanged = [one for one in names if getattr(self, one) == getattr(merged, one)]
        return msgspec.structs.replace(self, **{one: getattr(own, one) for one in unchanged})

    def corrected(self, correct: Callable[[datetime], datetime]) -> Self:
        """The bookmark with its moments corrected, in case VTEX's clock was ahead."""
        sweep = self.sweep and msgspec.structs.replace(
            self.sweep, began=correct(self.sweep.began), done_until=correct(self.sweep.done_until)
        )
        return msgspec.structs.replace(
            self,
            load_began=correct(self.load_began),
            loaded_until=self.loaded_until and correct(self.loaded_until),
            changes_since=correct(self.changes_since),
            wide_pass_at=self.wide_pass_at and correct(self.wide_pass_at),
            doubted_since=self.doubted_since and correct(self.doubted_since),
            reloaded_at=self.reloaded_at and correct(self.reloaded_at),
            sweep=sweep,
        )

    def starts_after(self, start: datetime | None) -> bool:
        """Whether the bookmark's start date is later than another; None means no start date."""
        return self.start is not None and (start is None or start < self.start)

    def is_wide_pass_due(self, now: datetime) -> bool:
        """Whether a wide pass is due."""
        return self.wide_pass_at is None or now - self.wide_pass_at >= WIDE_EVERY

    def start_of_pass(self, *, wide: bool) -> datetime:
        """Where the search for changes must start."""
        if not wide:
            return self.changes_since - MARGIN
        return min(self.wide_pass_at or self.changes_since, self.changes_since) - WIDE_MARGIN
