"""Progress lines for a person watching a run."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import logging

SECONDS_BETWEEN_LINES: Final = 5.0


class Progress:
    """Logs at intervals how far a stream has got, its rate, and the time left."""

    def __init__(self, logger: logging.Logger, what: str) -> None:
        """Start the clock; ``what`` names the things counted, such as 'orders'."""
        self._logger = logger
        self._what = what
        self._began = self._logged = time.monotonic()
        self._total: int | None = None
        self._done = 0

    def expect(self, total: int) -> None:
        """Set the total."""
        self._total = total

    def expect_more(self, count: int) -> None:
        """Set how many are left."""
        self._total = self._done + count

    def advance(self, count: int = 1) -> None:
        """Count what is done, and log a line if one is due."""
        self._done += count
        now = time.monotonic()
        if now - self._logged >= SECONDS_BETWEEN_LINES:
            self._logged = now
            self._logger.info("%s", self._line(now - self._began))

    def _line(self, seconds: float) -> str:
        rate = self._done / seconds
        if self._total is None:
            return f"{self._done:,} {self._what}, {rate:,.1f} a second"
        left = max(0, self._total - self._done)
        time_left = timedelta(seconds=round(left / rate)) if rate else "unknown time"
        return (
            f"{self._done:,} of {self._total:,} {self._what}, "
            f"{rate:,.1f} a second, about {time_left} left"
        )
