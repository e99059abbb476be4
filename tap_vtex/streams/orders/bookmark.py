"""How far the orders have come, as the state keeps it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from tap_vtex.streams.bookmarks import Bookmark
from tap_vtex.streams.ledger import missing_from_list
from tap_vtex.streams.orders.census import Census, checksum_of
from tap_vtex.streams.orders.ladder import Rung, believed, merged_rungs
from tap_vtex.windows import Window

if TYPE_CHECKING:
    from tap_vtex.streams.orders.window_reader import Listed


class OpenWindow(Bookmark, frozen=True, kw_only=True):
    """A window that was read, but can't be believed to be complete. Later runs read it again."""

    start: datetime
    end: datetime
    #: Number and checksum of the orders that were read.
    count: Annotated[int, msgspec.Meta(ge=0)]
    checksum: int = 0
    #: When it was first read so. After the same answer for a day it counts.
    since: datetime

    @property
    def window(self) -> Window:
        """The window."""
        return Window(self.start, self.end)

    @property
    def is_counted_only(self) -> bool:
        """Whether only the number of its orders is known, and not which they are."""
        return not self.checksum

    def shows_the_same(self, read: list[Listed]) -> bool:
        """Whether VTEX lists the same orders as when the window was left open."""
        rows = [row for listed in read for row in listed.rows]
        return len(rows) == self.count and checksum_of(rows) == self.checksum


class ChangePass(Bookmark, frozen=True, kw_only=True):
    """A search for changes that is under way, by creation date."""

    began: datetime
    #: Orders of any age that were paid or invoiced since then are fetched; those whose rows say
    #: nothing of changes, if they were created since the second moment.
    since: datetime
    undated_since: datetime
    #: Whether it looks for all that changed since the last wide pass.
    wide: bool
    #: The orders created from here ...
    recent: datetime
    #: ... to here are looked at ...
    until: datetime
    #: ... and those to here were.
    done_until: datetime
    #: The orders that it has seen, and those that were loaded since it began.
    census: Census
    newer: Census


class OrderBookmark(Bookmark, frozen=True, kw_only=True):
    """How far the orders have come, in whole seconds by VTEX's clock."""

    #: Orders created from here ...
    loaded_from: datetime
    #: ... to here are loaded.
    loaded_until: datetime
    #: Changes since then still have to be looked for, among orders of any age.
    changes_since: datetime = msgspec.field(name="replication_key_value")
    #: When the last wide pass began.
    wide_pass_at: datetime
    #: How far back the searches for changes have reached. Without any, the whole look-back
    #: is searched.
    rungs: list[Rung] = msgspec.field(default_factory=list)
    #: The orders of the lookback window that the list showed.
    census: Census
    #: Orders that the list showed and VTEX did not give, with the day of the first failure.
    missing: dict[str, datetime] = msgspec.field(default_factory=dict)
    open: list[OpenWindow] = msgspec.field(default_factory=list)
    change_pass: ChangePass | None = None
    #: Since when the searches for changes contradict what earlier ones saw.
    doubtful_since: datetime | None = None

    @classmethod
    def upgrade(cls, state: dict[str, Any]) -> dict[str, Any]:
        """Read the states of version 1, too."""
        return missing_from_list(state, None)

    def not_ahead_of(self, now: datetime) -> OrderBookmark:
        """The bookmark as it has to be if VTEX's clock has turned out to be set back.

        What is loaded then ends where a bucket of the census begins, so that no order is
        counted twice.
        """
        if max(self.loaded_until, self.changes_since, self.wide_pass_at) <= now:
            return self
        end = min(self.loaded_until, now)
        bucket = self.census.bucket(end)
        if bucket is not None and end < self.loaded_until:
            end = self.census.begins(bucket)
        return msgspec.structs.replace(
            self,
            loaded_until=max(end, self.loaded_from),
            changes_since=min(self.changes_since, now),
            wide_pass_at=min(self.wide_pass_at, now),
            rungs=[rung for rung in self.rungs if rung.at <= now],
            census=self.census.before(end) if end < self.loaded_until else self.census,
            change_pass=None,
        )

    def known_rungs(self, now: datetime) -> list[Rung]:
        """The rungs that can be believed; the first one reaches back to all orders."""
        loaded = [
            Rung(at=self.wide_pass_at, back_to=self.loaded_from, wide=True),
            Rung(at=self.changes_since, back_to=self.loaded_from),
        ]
        return believed(self.rungs, loaded, now)

    def merged_with(self, other: OrderBookmark, wanted_from: datetime) -> OrderBookmark | None:
        """One bookmark that holds for both; None if one has to catch up first.

        ``wanted_from`` is the creation date of the oldest orders that the run is to have.
        """
        same_beginning = self.loaded_from == other.loaded_from or (
            max(self.loaded_from, other.loaded_from) <= wanted_from
        )
        same_end = (
            self.loaded_until == other.loaded_until
            and self.changes_since == other.changes_since
            and self.census == other.census
            and self.change_pass == other.change_pass
        )
        if not (same_beginning and same_end):
            return None
        return msgspec.structs.replace(
            self,
            loaded_from=max(self.loaded_from, other.loaded_from),
            wide_pass_at=min(self.wide_pass_at, other.wide_pass_at),
            rungs=merged_rungs(self.rungs, other.rungs),
            missing={**self.missing, **other.missing},
            open=[*self.open, *(one for one in other.open if one not in self.open)],
            doubtful_since=self.doubtful_since or other.doubtful_since,
        )
