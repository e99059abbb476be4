"""VTEX's clock, from the ``Date`` headers of its responses."""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import logging

#: Difference from this machine's clock that is worth a warning.
MAX_CLOCK_SKEW: Final = timedelta(hours=1)
#: A ``Date`` further off than this is ignored.
MAX_PLAUSIBLE_SKEW: Final = timedelta(days=3650)
#: Seconds. Smaller corrections don't matter, because every margin is wider.
MIN_CORRECTION: Final = 60.0
#: Number of latest dates to take the median of.
SAMPLES: Final = 5


class VtexClock:
    """The time by VTEX's clock, or by this machine's until VTEX has responded.

    Elapsed time comes from the monotonic clock, so setting this machine's clock during a run
    changes nothing. Each ``Date`` is a sample, and two correct ones outvote a wrong one. With
    only two samples, the earlier time counts: a bookmark ahead of the time would skip changes.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._began = datetime.now(UTC)
        self._began_at = time.monotonic()
        #: Seconds by which VTEX's clock is ahead of this machine's.
        self._samples: deque[float] = deque(maxlen=SAMPLES)
        self._offset = 0.0
        self._first_offset: float | None = None
        self._has_warned = False

    def now(self) -> datetime:
        """The time in UTC."""
        return self._local_now() + timedelta(seconds=self._offset)

    def not_ahead(self, moment: datetime) -> datetime:
        """An earlier result of `now`, moved back as far as later responses set the clock back."""
        ahead = (self._first_offset or 0.0) - self._offset
        return moment - timedelta(seconds=ahead) if ahead > MIN_CORRECTION else moment

    def read(self, date: str | None) -> None:
        """Take the ``Date`` header of a response into account."""
        try:
            offset = (parsedate_to_datetime(date or "") - self._local_now()).total_seconds()
        except (OverflowError, TypeError, ValueError):
            return
        if abs(offset) > MAX_PLAUSIBLE_SKEW.total_seconds():
            return
        samples = self._samples
        samples.append(offset)
        self._offset = median(samples) if len(samples) > 2 else min(samples)  # noqa: PLR2004
        if self._first_offset is None:
            self._first_offset = self._offset
        skew = timedelta(seconds=abs(self._offset))
        if skew > MAX_CLOCK_SKEW and not self._has_warned:
            self._has_warned = True
            self._logger.warning(
                "VTEX's clock and this machine's differ by %s; the tap uses VTEX's", skew
            )

    def _local_now(self) -> datetime:
        return self._began + timedelta(seconds=time.monotonic() - self._began_at)
