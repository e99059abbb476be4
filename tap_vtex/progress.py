"""Progress that a person can follow."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import logging

SECONDS_BETWEEN_LINES: Final = 5.0


class Progress:
    """Tells now and then how far a stream is, how fast it goes and how long it will take."""

    def __init__(self, logger: logging.Logger, what: str) -> None:
        """Begin to tell; ``what`` names the things that are counted, 'orders'."""
        self._logger = logger
        self._what = what
        self._began = self._told = time.monotonic()
        self._total: int | None = None
        self._done = 0

    def expect(self, total: int) -> None:
        """Take note of how many there will be."""
        self._total = total

    def expect_more(self, count: int) -> None:
        """Take note of how many there will be beside those that are done."""
        self._total = self._done + count

    def advance(self, count: int = 1) -> None:
        """Count what is done, and tell if it is time to."""
        self._done += count
        now = time.monotonic()
        if now - self._told >= SECONDS_BETWEEN_LINES:
            self._told = now
            self._logger.info("%s", self._line(now - self._began))

    def _line(self, seconds: float) -> str:
        pace = self._done / seconds
        if self._total is None:
            return f"{self._done:,} {self._what}, {pace:,.1f} a second"
        left = max(0, self._total - self._done)
        time_left = timedelta(seconds=round(left / pace)) if pace else "unknown time"
        return (
            f"{self._done:,} of {self._total:,} {self._what}, "
            f"{pace:,.1f} a second, about {time_left} left"
        )
