"""The bookmark of the order streams."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from tap_vtex.streams.bookmarks import Bookmark
from tap_vtex.streams.ledger import missing_from_list
from tap_vtex.streams.orders.census import Census, checksum_of
from tap_vtex.streams.orders.ladder import Rung, merged_rungs, usable
from tap_vtex.windows import Window

if TYPE_CHECKING:
    from tap_vtex.streams.orders.window_reader import Listed


class OpenWindow(Bookmark, frozen=True, kw_only=True):
    """A window that was read but may be incomplete. Later runs read it again."""

    start: datetime
    end: datetime
    #: Number and checksum of the orders read.
    count: Annotated[int, msgspec.Meta(ge=0)]
    checksum: int = 0
    #: When this result was first read. It is accepted once it has stayed the same for a day.
    since: datetime

    @property
    def window(self) -> Window:
        """The creation dates it spans."""
        return Window(self.start, self.end)

    @property
    def is_counted_only(self) -> bool:
        """Whether the state has the number of its orders, but no checksum."""
        return not self.checksum

    def shows_the_same(self, read: list[Listed]) -> bool:
        """Whether VTEX lists the same orders as when the window was left open."""
        rows = [row for listed in read for row in listed.rows]
        return len(rows) == self.count and checksum_of(rows) == self.checksum


class ChangePass(Bookmark, frozen=True, kw_only=True):
    """A search for changes in progress, by creation date."""

    began: datetime
    #: Fetch orders of any age that were paid or invoiced since then.
    since: datetime
    #: Fetch orders without a date of change if they were created since then.
    undated_since: datetime
    #: Whether it covers all changes since the last wide pass.
    wide: bool
    #: Start of the creation dates to search.
    recent: datetime
    #: End of the creation dates to search.
    until: datetime
    #: End of the creation dates searched so far.
    done_until: datetime
    #: The orders that the pass has seen.
    census: Census
    #: The orders loaded since the pass began.
    newer: Census


class OrderBookmark(Bookmark, frozen=True, kw_only=True):
    """What has been loaded and searched, in whole seconds by VTEX's clock."""

    #: Start of the creation dates that are loaded.
    loaded_from: datetime
    #: End of the creation dates that are loaded.
    loaded_until: datetime
    #: Changes since then are still to be searched for, in orders of any age.
    changes_since: datetime = msgspec.field(name="replication_key_value")
    #: When the last wide pass began.
    wide_pass_at: datetime
    #: How far back the searches for changes have reached. Without rungs, the next pass searches
    #: the whole look-back.
    rungs: list[Rung] = msgspec.field(default_factory=list)
    #: The listed orders of the lookback window.
    census: Census
    #: Listed orders that could not be fetched, with the day of the first failure.
    missing: dict[str, datetime] = msgspec.field(default_factory=dict)
    open: list[OpenWindow] = msgspec.field(default_factory=list)
    change_pass: ChangePass | None = None
    #: Since when searches for changes have contradicted earlier ones.
    doubtful_since: datetime | None = None

    @classmethod
    def upgrade(cls, state: dict[str, Any]) -> dict[str, Any]:
        """Also read states of version 1."""
        return missing_from_list(state, None)

    def not_ahead_of(self, now: datetime) -> OrderBookmark:
        """Move the bookmark back if it is ahead of VTEX's clock, because the clock was set back.

        `loaded_until` then moves to the start of a census bucket, so that no order is counted
        twice.
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
        """The usable rungs; the first one reaches back to the first order."""
        loaded = [
            Rung(at=self.wide_pass_at, back_to=self.loaded_from, wide=True),
            Rung(at=self.changes_since, back_to=self.loaded_from),
        ]
        return usable(self.rungs, loaded, now)

    def merged_with(self, other: OrderBookmark, wanted_from: datetime) -> OrderBookmark | None:
        """One bookmark that is true for both; None if one has to catch up first.

        ``wanted_from`` is the creation date of the oldest orders to load.
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
