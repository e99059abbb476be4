"""The second source: how many documents the whole entity has, without any condition.

One answer is never believed alone. On bad days Master Data finds less than there is, or nothing
at all, with status 200 (VTEX's known issue 669048). So each run asks for the entity's total, and
compares it with the total that an earlier run has believed, and with the counts of the windows
that a load reads. Answers that contradict each other are asked for again, spaced out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tap_vtex.streams.masterdata import api, rows
from tap_vtex.streams.masterdata.bookmark import BELIEVED_AFTER
from tap_vtex.windows import Window

if TYPE_CHECKING:
    from datetime import datetime

    from tap_vtex.streams.masterdata.bookmark import EntityBookmark
    from tap_vtex.streams.masterdata.reader import EntityReader


class LoadCounts(NamedTuple):
    """How many documents a load has to read; None if nobody knows."""

    #: Created before the load goes on.
    before: int | None
    rest: int | None
    #: Whether these and the undated ones are all that there is.
    adds_up: bool


class Totals:
    """What a run makes of an entity's total."""

    def __init__(
        self,
        reader: EntityReader,
        bookmark: EntityBookmark,
        undated: int | None,
        now: datetime,
    ) -> None:
        """Ask for the total; ``undated`` is how many documents have no creation date."""
        self._reader = reader
        self._waits = reader.client.policy.list_waits[1:]
        self._undated = undated
        self._undated_before = bookmark.undated
        #: The total that an earlier run believed; None if none did.
        self.before = bookmark.total
        #: Since when runs have met a contradiction; None if there is none.
        self.doubted_since = bookmark.doubted_since
        #: Whether a contradiction is old enough to be true.
        self.is_old = self.doubted_since is not None and now - self.doubted_since >= BELIEVED_AFTER
        self.now = now
        #: The total; None if nobody knows it.
        self.total = self._not_fewer()
        reader.total, reader.undated = self.total, undated

    def _not_fewer(self) -> int | None:
        """The total, which was asked for again if it was less than before."""
        total = self._reader.total
        if total is None:  # None has been read for in this run.
            total = self._reader.count(None)
        # If an earlier run was told the same, once is enough.
        for wait in () if self.doubted_since else self._waits:
            if total is None or total >= (self.before or 0):
                break
            self._reader.client.wait(wait)
            total = self._reader.count(None)
        return total

    # -- fewer than before ---------------------------------------------------------------

    @property
    def are_fewer(self) -> bool:
        """Whether there are fewer documents than before, which is not believed yet."""
        return (
            not self.is_old
            and self.total is not None
            and self.before is not None
            and self.total < self.before
        )

    @property
    def is_collapsed(self) -> bool:
        """Whether less than half is left. Nobody deletes as much in a day."""
        return self.are_fewer and 2 * (self.total or 0) < (self.before or 0)

    def doubt(self) -> datetime:
        """Since when there is a contradiction; from now on, if there was none."""
        return self.doubted_since or self.now

    # -- less than announced -------------------------------------------------------------

    def weigh_load(self, loaded_until: datetime, wanted: str | None) -> LoadCounts:
        """Count what a load has to read, and compare it with all that there is.

        Args:
            loaded_until: Where the load goes on.
            wanted: The condition that the start date sets.
        """
        conditions = (
            api.UNDATED,
            api.before(loaded_until),
            api.within(rows.CREATED, Window(loaded_until, api.END)),
        )
        most = 0
        for wait in (0.0, *self._waits):
            if wait:
                self._reader.client.wait(wait)
            total = self._reader.count(wanted) if wanted or wait else self.total
            undated, before, rest = (
                self._reader.count(api.all_of(one, wanted)) for one in conditions
            )
            if total is None or undated is None or before is None or rest is None:
                return LoadCounts(before, rest, adds_up=True)
            # What was there once is not gone on the word of a later answer.
            most = max(most, total)
            if undated + before + rest >= most:
                return LoadCounts(before, rest, adds_up=True)
        return LoadCounts(before, rest, adds_up=self.is_old)

    # -- more than before ----------------------------------------------------------------

    def is_explained(self, created: int) -> bool:
        """Whether all documents were seen that the entity has by now.

        Args:
            created: How many the run has seen that were created since the last one, or
                within the margin before.
        """
        if self.total is None or self.before is None:
            return True
        undated = max(0, (self._undated or 0) - (self._undated_before or 0))
        return self.total <= self.before + undated + created

    def is_explained_after_all(self, created: int) -> bool:
        """The same, with the total asked for again, spaced out."""
        for wait in self._waits:
            self._reader.client.wait(wait)
            self.total = self._reader.total = self._reader.count(None)
            if self.is_explained(created):
                return True
        return False
