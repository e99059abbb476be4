"""The watermark: the newest date of change, and which dates are not final yet."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, Self, TypeVar

import msgspec

from tap_vtex.streams.bookmarks import Bookmark

#: The catalog's dates have no zone. No zone is further from UTC than this.
MAX_UTC_OFFSET: Final = timedelta(hours=15)
#: VTEX may show a change this long after its date.
MAX_LAG: Final = timedelta(minutes=10)
#: The catalog truncates its dates to this.
PRECISION: Final = timedelta(minutes=1)

AnyWatermark = TypeVar("AnyWatermark", bound="Watermark")


class Watermark(Bookmark, frozen=True, kw_only=True):
    """The newest date of change seen.

    A unit can change again within the minute of its date, or before VTEX's index shows the
    change. So a unit is read again if its date was as new as the newest known one when it was
    last looked at. Dates are only compared with each other, since they have no zone.
    """

    #: The newest date seen.
    highest: datetime | None = msgspec.field(name="replication_key_value", default=None)
    #: When, by VTEX's clock, the newest date was first seen.
    seen_at: datetime | None = None

    def unsettled_from(self, began: datetime) -> datetime:
        """The first date that is not final yet: units dated from then on may change unseen.

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
        if newest is None or newest > now:  # a date ahead of the clock would hide later ones
            return self
        if self.highest and newest <= self.highest:
            return self
        return msgspec.structs.replace(self, highest=newest, seen_at=now)


def merged(one: AnyWatermark, other: AnyWatermark) -> AnyWatermark:
    """A watermark that serves both: what is unsettled for one is unsettled for both."""
    return msgspec.structs.replace(
        one,
        highest=min(one.highest, other.highest) if one.highest and other.highest else None,
        seen_at=max(filter(None, (one.seen_at, other.seen_at)), default=None),
    )
