"""The store's time, which can run, stand still, and be set forward.

Moments are counted in ticks of 100 nanoseconds since 1970, as VTEX's seven-digit
fractions are.
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
    """The store's time: ``speed`` seconds to each of the machine's, 0 for none at all."""

    def __init__(self, now: datetime, speed: float = 1.0) -> None:
        self._base = ticks(now)
        self._speed = speed
        self._since = time.monotonic()

    def now(self) -> int:
        """The store's time, in ticks."""
        return self._base + int((time.monotonic() - self._since) * self._speed * SECOND)

    def advance(self, seconds: float) -> None:
        """Set the time forward."""
        self._base += int(seconds * SECOND)


def ticks(moment: datetime) -> int:
    """A moment in ticks."""
    return (moment - EPOCH) // timedelta(microseconds=1) * 10


def moment(at: int) -> datetime:
    """Ticks as a datetime, without the seventh digit of the fraction."""
    return EPOCH + timedelta(microseconds=at // 10)


def seven_digits(at: int) -> str:
    """A moment as orders have it: ``2024-02-04T20:09:43.8999580+00:00``."""
    return f"{moment(at).isoformat()[:19]}.{at % SECOND:07d}+00:00"


def whole_seconds(at: int) -> str:
    """A moment as rows of the order list have it: ``2019-02-04T10:29:11+00:00``."""
    return f"{moment(at).isoformat()[:19]}+00:00"
