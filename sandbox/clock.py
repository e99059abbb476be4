"""The store's clock, which can run, stop or be set forward.

Times are ticks of 100 nanoseconds since 1970, the unit of VTEX's seven-digit fractions.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

SECOND = 10_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Clock:
    """The store's clock. It advances ``speed`` seconds per real second; 0 stops it."""

    def __init__(self, now: datetime, speed: float = 1.0) -> None:
        self._base = ticks(now)
        self._speed = speed
        self._since = time.monotonic()

    def now(self) -> int:
        """The current time, in ticks."""
        return self._base + int((time.monotonic() - self._since) * self._speed * SECOND)

    def advance(self, seconds: float) -> None:
        """Set the clock forward."""
        self._base += int(seconds * SECOND)


def ticks(moment: datetime) -> int:
    """A datetime as ticks."""
    return (moment - EPOCH) // timedelta(microseconds=1) * 10


def moment(at: int) -> datetime:
    """Ticks as a datetime, without the seventh digit of the fraction."""
    return EPOCH + timedelta(microseconds=at // 10)


def seven_digits(at: int) -> str:
    """A time as in an order: ``2024-02-04T20:09:43.8999580+00:00``."""
    return f"{moment(at).isoformat()[:19]}.{at % SECOND:07d}+00:00"


def whole_seconds(at: int) -> str:
    """A time as in a row of the order list: ``2019-02-04T10:29:11+00:00``."""
    return f"{moment(at).isoformat()[:19]}+00:00"
