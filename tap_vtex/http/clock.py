"""VTEX's clock, as far as its responses tell."""

from __future__ import annotations

import time
from collections import deque
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from statistics import median
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import logging

#: A difference from this machine's clock that is worth a warning.
MAX_CLOCK_SKEW: Final = timedelta(hours=1)
#: A ``Date`` further from this machine's clock than this is no date.
MAX_PLAUSIBLE: Final = timedelta(days=3650)
#: A clock that was ahead by fewer seconds is no matter: every margin is wider.
MIN_CORRECTION: Final = 60.0
#: As many of the latest dates have a say.
SAMPLES: Final = 5


class VtexClock:
    """The time by VTEX's responses; this machine's until there is one.

    Time goes on by the monotonic clock, so that a step of this machine's clock during a run
    changes nothing. Each ``Date`` is a sample. One that is wrong is outvoted by the next two;
    as long as there are only two, the earlier one counts, since a bookmark that is ahead of
    the time would skip changes.
    """

    def __init__(self, logger: logging.Logger) -> None:
        self._logger = logger
        self._began = datetime.now(UTC)
        self._began_at = time.monotonic()
        #: What VTEX's clock is ahead of this machine's, in seconds.
        self._samples: deque[float] = deque(maxlen=SAMPLES)
        self._offset = 0.0
        self._first_offset: float | None = None
        self._has_warned = False

    def now(self) -> datetime:
        """The time in UTC."""
        return self._here() + timedelta(seconds=self._offset)

    def not_ahead(self, moment: datetime) -> datetime:
        """A moment that was taken from this clock earlier, as far as it still holds.

        If later responses have set the clock back, the moment goes back as far.
        """
        ahead = (self._first_offset or 0.0) - self._offset
        return moment - timedelta(seconds=ahead) if ahead > MIN_CORRECTION else moment

    def read(self, date: str | None) -> None:
        """Take the ``Date`` header of a response into account."""
        try:
            offset = (parsedate_to_datetime(date or "") - self._here()).total_seconds()
        except (OverflowError, TypeError, ValueError):
            return
        if abs(offset) > MAX_PLAUSIBLE.total_seconds():
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

    def _here(self) -> datetime:
        return self._began + timedelta(seconds=time.monotonic() - self._began_at)
