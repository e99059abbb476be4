"""The newest date of change, and what it says about things that are looked at now."""

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
    """The newest date of change seen.

    A thing can change again within the minute of its date, or before the index that VTEX
    answers from shows the change. So a thing is read once more if its date is as new as the
    newest one that was known when it was looked at. Dates are compared with dates only, since
    they name no zone.
    """

    #: The newest date seen.
    highest: datetime | None = msgspec.field(name="replication_key_value", default=None)
    #: When, by VTEX's clock, the newest date was first seen.
    seen_at: datetime | None = None

    def unsettled_from(self, began: datetime) -> datetime:
        """From which date on what a look shows may not be the last word.

        Args:
            began: When the run that looks began, by VTEX's clock.
        """
        if self.highest is None or self.seen_at is None:
            return (self.highest or began) - MAX_UTC_OFFSET
        if began > self.seen_at + MAX_LAG:
            return self.highest + PRECISION
        return self.highest - MAX_LAG

    def after(self, newest: datetime | None, now: datetime) -> Self:
        """The watermark after a look that showed ``newest``."""
        if newest is None or newest > now:  # a date ahead of the clock hides none of those to come
            return self
        if self.highest and newest <= self.highest:
            return self
        return msgspec.structs.replace(self, highest=newest, seen_at=now)


def merged(one: AnyWatermark, other: AnyWatermark) -> AnyWatermark:
    """A watermark that leaves unsettled what either of the two does."""
    return msgspec.structs.replace(
        one,
        highest=min(one.highest, other.highest) if one.highest and other.highest else None,
        seen_at=max(_dates((one.seen_at, other.seen_at)), default=None),
    )


def _dates(dates: Iterable[datetime | None]) -> Iterable[datetime]:
    return filter(None, dates)
