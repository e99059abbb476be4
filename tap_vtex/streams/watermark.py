"""Dates of change, as the only trace that a change leaves in a list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tap_vtex import dates

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The catalog's dates name no zone; none is farther from UTC than this.
ZONES: Final = timedelta(hours=15)
#: What VTEX shows of a change may lag behind its date for so long.
LAG: Final = timedelta(minutes=10)
#: The catalog's dates are cut to it.
PRECISION: Final = timedelta(minutes=1)


@dataclass(frozen=True)
class Watermark:
    """Up to which date of change things have been looked at, twice.

    A thing can change once more in the minute of its date, while others are read, or just
    before the index from which VTEX answers knows of it. So everything whose date is not
    older than the latest one known when the last pass *began* is looked at again. Once
    nothing newer has turned up for a while, nothing is left to look at.
    """

    #: The latest date seen.
    highest: datetime | None = None
    #: Things changed from here on are to be looked at; all, where that is None.
    since: datetime | None = None
    #: When, by VTEX's clock, the latest date had been seen first.
    seen_at: datetime | None = None

    def picks(self, changed: datetime | None) -> bool:
        """Whether a thing with this date of change is to be looked at."""
        return self.since is None or (changed is not None and changed >= self.since)

    def after_pass(self, began: datetime, ended: datetime, latest: datetime | None) -> Watermark:
        """The watermark after a pass that began and ended then, and saw dates up to ``latest``."""
        if latest and latest > ended + ZONES:
            latest = None  # a date that can't be must not hide those to come
        # Of the first pass it is not known what the latest date was as it began.
        known = self.highest or began - ZONES
        since = max(self.since or known, known)
        highest = max((date for date in (self.highest, latest) if date), default=None)
        if highest != self.highest:
            return Watermark(highest, since, ended)
        if highest and self.seen_at and began > self.seen_at + LAG:
            since = max(since, highest + PRECISION)
        return Watermark(highest, since, self.seen_at)

    def merged(self, other: Watermark) -> Watermark:
        """One that leaves out nothing that either of two would look at."""
        return Watermark(
            _least(self.highest, other.highest),
            _least(self.since, other.since),
            max(filter(None, (self.seen_at, other.seen_at)), default=None),
        )

    def as_state(self) -> dict[str, Any]:
        """The watermark as JSON."""
        return {
            "replication_key_value": self.highest and dates.text(self.highest),
            "since": self.since and dates.text(self.since),
            "seen_at": self.seen_at and dates.text(self.seen_at),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Watermark:
        """Read what `as_state` wrote.

        Raises:
            KeyError, TypeError, ValueError: it is something else.
        """
        return cls(
            read_date(state["replication_key_value"]),
            read_date(state["since"]),
            read_date(state["seen_at"]),
        )


def _least(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else None


def read_date(text: str | None) -> datetime | None:
    """A date in the state, or none."""
    return datetime.fromisoformat(text) if text else None
