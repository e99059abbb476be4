"""High-water marks over dates of change, where a list has nothing better."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Self, TypeVar

import msgspec

from tap_vtex.streams.bookmarks import Bookmark

if TYPE_CHECKING:
    from collections.abc import Iterable

#: The catalog's dates name no zone. No zone is further from UTC than this.
MAX_UTC_OFFSET: Final = timedelta(hours=15)
#: VTEX may show a change this long after its date.
MAX_LAG: Final = timedelta(minutes=10)
#: The catalog cuts its dates to this.
PRECISION: Final = timedelta(minutes=1)

AnyWatermark = TypeVar("AnyWatermark", bound="Watermark")


class Watermark(Bookmark, frozen=True, kw_only=True):
    """The newest date of change seen, and from which date on to look again.

    A thing can change again within the minute of its date, or before the index that VTEX
    answers from shows the change. So everything dated from the newest date known when the
    last pass *began* is read once more. If nothing newer turns up for a while, nothing is
    left to read.
    """

    #: The newest date seen.
    highest: datetime | None = msgspec.field(name="replication_key_value", default=None)
    #: Read what changed from here on; everything, if None.
    since: datetime | None = None
    #: When, by VTEX's clock, the newest date was first seen.
    seen_at: datetime | None = None

    def picks(self, changed: datetime | None) -> bool:
        """Whether to read a thing with this date of change."""
        return self.since is None or (changed is not None and changed >= self.since)

    def after_pass(self, began: datetime, ended: datetime, newest: datetime | None) -> Self:
        """The watermark after a pass.

        Args:
            began: When the pass began, by VTEX's clock.
            ended: When it ended.
            newest: The newest date of change it saw.
        """
        if newest and newest > ended:
            newest = None  # a date ahead of the clock must not hide those to come
        # What the newest date was when the very first pass began is not known.
        known = self.highest or began - MAX_UTC_OFFSET
        since = max(self.since or known, known)
        highest = max(_dates((self.highest, newest)), default=None)
        if highest != self.highest:
            return msgspec.structs.replace(self, highest=highest, since=since, seen_at=ended)
        if highest and self.seen_at and began > self.seen_at + MAX_LAG:
            since = max(since, highest + PRECISION)
        return msgspec.structs.replace(self, since=since)


def merged(one: AnyWatermark, other: AnyWatermark) -> AnyWatermark:
    """A watermark that picks everything that either of the two picks."""
    return msgspec.structs.replace(
        one,
        highest=_earlier(one.highest, other.highest),
        since=_earlier(one.since, other.since),
        seen_at=max(_dates((one.seen_at, other.seen_at)), default=None),
    )


def _dates(dates: Iterable[datetime | None]) -> Iterable[datetime]:
    return filter(None, dates)


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else None
