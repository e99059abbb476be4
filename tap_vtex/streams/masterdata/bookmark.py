"""How far an entity has come, as the state keeps it between runs."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from tap_vtex.streams.bookmarks import Bookmark

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self

#: How late Master Data's index may show a document: each run allows for this much ...
MARGIN: Final = timedelta(hours=1)
#: ... and one run a day, in a wide pass, for this much.
WIDE_MARGIN: Final = timedelta(days=1)
WIDE_EVERY: Final = timedelta(days=1)
#: When an answer that says less than one before counts, if it stays the same.
BELIEVED_AFTER: Final = timedelta(days=1)
#: After this time, a window that comes short in each run is not read again.
GIVEN_UP_AFTER: Final = timedelta(days=3)

Count = Annotated[int, msgspec.Meta(ge=0)]


class Sweep(Bookmark, frozen=True, kw_only=True):
    """A search for changes that has not come to its end."""

    #: Where it starts: changes before that were not looked for.
    start: datetime
    #: The moment at which it began, and to which it has to come.
    began: datetime
    #: How far it has come.
    done_until: datetime
    #: How many documents it found that were created since its start, as the index counts them.
    created: Count = 0


class Prefix(Bookmark, frozen=True, kw_only=True):
    """The first documents of a query that no date divides, all written by an earlier run."""

    #: The condition of the query, by its name.
    query: str
    documents: Count
    #: A checksum over their ids, in any order.
    checksum: Count


class EntityBookmark(Bookmark, frozen=True, kw_only=True):
    """How far an entity has come, in whole seconds by VTEX's clock."""

    #: The parameter by which the entity was read, as in ``_schema=v1``. Another one makes it
    #: another entity.
    query: str | None = None
    #: Documents last active since then are wanted; all of them, if None.
    start: datetime | None
    #: The load goes by creation date, up to the moment at which it began ...
    load_began: datetime
    #: ... and has come to here; None if it has not begun.
    loaded_until: datetime | None
    #: Changes since then still have to be looked for.
    changes_since: datetime = msgspec.field(name="replication_key_value")
    #: How many documents have no creation date; None if they are not loaded yet.
    undated: Count | None = None
    #: When the last wide pass began. States of version 1 and 2.0 have none.
    wide_pass_at: datetime | None = None
    #: A search for changes that has not come to its end.
    sweep: Sweep | None = None
    #: A query without dates that has not come to its end.
    prefix: Prefix | None = None
    #: How many documents the entity announced when that was last believed.
    total: Count | None = None
    #: Since when runs have met a contradiction: fewer than that, nothing at all, or less by
    #: date than altogether.
    doubted_since: datetime | None = None
    #: When all was loaded again because it announced more than had been seen.
    reloaded_at: datetime | None = None
    #: Windows that came short of their counts, with the dates at which that began.
    short: dict[str, datetime] = msgspec.field(default_factory=dict)

    @classmethod
    def new(cls, start: datetime | None, now: datetime, query: str | None = None) -> Self:
        """A bookmark for an entity that was never read."""
        return cls(
            query=query,
            start=start,
            load_began=now,
            loaded_until=None,
            changes_since=now,
            wide_pass_at=now,
        )

    def anew(self, start: datetime | None, now: datetime) -> Self:
        """The bookmark for another load, which goes on with the changes as before."""
        return msgspec.structs.replace(
            self, start=start, load_began=now, loaded_until=None, undated=None, prefix=None
        )

    @property
    def is_new(self) -> bool:
        """Whether no document was ever seen."""
        return self.loaded_until is None and self.undated is None and not self.total

    @property
    def is_loaded(self) -> bool:
        """Whether the load has reached the moment at which it began."""
        return self.loaded_until is not None and self.loaded_until >= self.load_began

    @property
    def is_first_load(self) -> bool:
        """Whether no changes were looked for yet."""
        return self.changes_since == self.load_began

    @property
    def is_settled(self) -> bool:
        """Whether everything is loaded, and changes were looked for since."""
        return self.is_loaded and not self.is_first_load

    def merged_with(self, other: Self) -> Self | None:
        """One bookmark that holds for both; None if each has to be read for by itself.

        Once both are loaded, the one that is behind decides. What the second source is compared
        with has to be the same for both.
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

    def with_unchanged_of(self, own: Self, merged: Self) -> Self:
        """What is to be kept for one of several streams that are read for together.

        Args:
            own: The bookmark with which the stream came.
            merged: That with which the reading began. What is as in there has not been reached
                yet, and stays as the stream had it.
        """
        names = self.__struct_fields__
        unchanged = [one for one in names if getattr(self, one) == getattr(merged, one)]
        return msgspec.structs.replace(self, **{one: getattr(own, one) for one in unchanged})

    def corrected(self, correct: Callable[[datetime], datetime]) -> Self:
        """The bookmark with each moment of this run corrected, if VTEX's clock was."""
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

    def wants_more(self, start: datetime | None) -> bool:
        """Whether a start date reaches further back than this bookmark's."""
        return self.start is not None and (start is None or start < self.start)

    def is_wide_pass_due(self, now: datetime) -> bool:
        """Whether a wide pass is due."""
        return self.wide_pass_at is None or now - self.wide_pass_at >= WIDE_EVERY

    def start_of_pass(self, *, wide: bool) -> datetime:
        """Where a search for changes has to start."""
        if not wide:
            return self.changes_since - MARGIN
        return min(self.wide_pass_at or self.changes_since, self.changes_since) - WIDE_MARGIN
