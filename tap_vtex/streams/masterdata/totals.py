"""The total of an entity, without any condition, as a second source.

No response is trusted alone. At times Master Data finds too few documents, or none, with status
200 (VTEX's known issue 669048). So each run requests the entity's total, and compares it with the
last total that a run accepted, and with the counts of the windows that a load reads. Contradictory
counts are requested again after a wait.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tap_vtex.streams.bookmarks import ACCEPTED_AFTER
from tap_vtex.streams.masterdata import api, rows
from tap_vtex.windows import Window

if TYPE_CHECKING:
    from datetime import datetime

    from tap_vtex.streams.masterdata.bookmark import EntityBookmark
    from tap_vtex.streams.masterdata.reader import EntityReader


class LoadCounts(NamedTuple):
    """How many documents a load has to read; None if unknown."""

    #: Created before the point where the load resumes.
    before: int | None
    #: Created after it.
    rest: int | None
    #: Whether these and the undated ones add up to the total.
    adds_up: bool


class Totals:
    """Compares an entity's total with earlier totals and with other counts."""

    def __init__(
        self,
        reader: EntityReader,
        bookmark: EntityBookmark,
        undated: int | None,
        now: datetime,
    ) -> None:
        """Request the total; ``undated`` is the number of documents without a creation date."""
        self._reader = reader
        self._waits = reader.client.policy.list_waits[1:]
        self._undated = undated
        self._previous_undated = bookmark.undated
        #: The last total that a run accepted; None if there is none.
        self.previous = bookmark.total
        #: Since when totals have been contradictory; None if they are not.
        self.doubted_since = bookmark.doubted_since
        #: Whether the contradiction has lasted long enough to be accepted.
        self.is_confirmed = (
            self.doubted_since is not None and now - self.doubted_since >= ACCEPTED_AFTER
        )
        self.now = now
        #: The total; None if unknown.
        self.total = self._read_total()
        reader.total, reader.undated = self.total, undated

    def _read_total(self) -> int | None:
        """Request the total, and again if it is lower than before."""
        total = self._reader.total
        if total is None:  # not yet requested in this run
            total = self._reader.count(None)
        # If an earlier run met a contradiction already, one request is enough.
        for wait in () if self.doubted_since else self._waits:
            if total is None or total >= (self.previous or 0):
                break
            self._reader.client.wait(wait)
            total = self._reader.count(None)
        return total

    # -- fewer than before ---------------------------------------------------------------

    @property
    def has_shrunk(self) -> bool:
        """Whether there are fewer documents than before, which is not accepted yet."""
        return (
            not self.is_confirmed
            and self.total is not None
            and self.previous is not None
            and self.total < self.previous
        )

    @property
    def has_collapsed(self) -> bool:
        """Whether less than half is left: too much to have been deleted in a day."""
        return self.has_shrunk and 2 * (self.total or 0) < (self.previous or 0)

    @property
    def doubt_began(self) -> datetime:
        """Since when totals have been contradictory: an earlier run, or this one."""
        return self.doubted_since or self.now

    # -- less than announced -------------------------------------------------------------

    def count_load(self, loaded_until: datetime, wanted: str | None) -> LoadCounts:
        """Count what a load has to read, and compare it with the total.

        Args:
            loaded_until: Where the load resumes.
            wanted: The condition for the start date.
        """
        conditions = (
            api.UNDATED,
            api.before(loaded_until),
            api.within(rows.CREATED_IN, Window(loaded_until, api.END)),
        )
        highest = 0
        for wait in (0.0, *self._waits):
            if wait:
                self._reader.client.wait(wait)
            total = self._reader.count(wanted) if wanted or wait else self.total
            undated, before, rest = (
                self._reader.count(api.all_of(one, wanted)) for one in conditions
            )
            if total is None or undated is None or before is None or rest is None:
                return LoadCounts(before, rest, adds_up=True)
            # A lower total in a later response does not undo a higher one.
            highest = max(highest, total)
            if undated + before + rest >= highest:
                return LoadCounts(before, rest, adds_up=True)
        return LoadCounts(before, rest, adds_up=self.is_confirmed)

    # -- more than before ----------------------------------------------------------------

    def all_seen(self, created: int) -> bool:
        """Whether runs have seen all documents that the entity has now.

        Args:
            created: How many documents this run has seen that were created since the last run,
                or within the margin before that.
        """
        if self.total is None or self.previous is None:
            return True
        undated = max(0, (self._undated or 0) - (self._previous_undated or 0))
        return self.total <= self.previous + undated + created

    def all_seen_after_recount(self, created: int) -> bool:
        """The same, with the total requested again after each wait."""
        for wait in self._waits:
            self._reader.client.wait(wait)
            self.total = self._reader.total = self._reader.count(None)
            if self.all_seen(created):
                return True
        return False
