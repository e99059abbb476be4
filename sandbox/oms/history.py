"""When orders were placed, or documents created.

A history computes the time of a number, and the number of a time. So a store with a million orders
takes no memory, and any window of its list is found at once.
"""

from __future__ import annotations

import random
from bisect import bisect_right
from functools import cache, cached_property, lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING

from sandbox.clock import DAY, HOUR, moment

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Each hour's weight in a day's orders (in UTC; the store's time zone is UTC-3).
HOURS = (9, 8, 6, 4, 2, 1, 1, 1, 1, 2, 3, 5, 8, 10, 11, 11, 11, 11, 10, 10, 11, 12, 12, 11)
WEEKDAYS = (1.1, 1.05, 1.0, 1.0, 1.05, 0.85, 0.8)
#: Days for which the store keeps selling after "now", for clocks that are set forward.
DAYS_AHEAD = 120


class History:
    """The creation times of numbered orders or documents, in ascending order."""

    def __init__(
        self,
        first: int,
        now: int,
        count: int,
        seed: str,
        peaks: Mapping[int, int] | None = None,
    ) -> None:
        """Spread ``count`` orders over the time from ``first`` to ``now``, and continue after it.

        ``peaks`` sets the number of orders in single hours, by the tick at which the hour
        begins. The other hours share the rest the way a shop's hours do.
        """
        self._first = first - first % HOUR
        self._made_of = (self._first, now, count, seed, tuple((peaks or {}).items()))
        self._offset = random.Random(f"history {seed}").getrandbits(32)

    @cached_property
    def _starts(self) -> list[int]:
        """The number of the first order in each hour, and the total.

        Computed on first use: most stores have more entities than a test reads.
        """
        return _starts(*self._made_of)

    @property
    def total(self) -> int:
        """The number of orders, including future ones."""
        return self._starts[-1]

    def created(self, number: int) -> int:
        """When an order was placed, in ticks."""
        hour = bisect_right(self._starts, number) - 1
        place = number - self._starts[hour]
        # A random-looking part of the order's slot; the slots keep the orders sorted.
        jitter = (((number + self._offset) * 0x9E3779B97F4A7C15 >> 16) & 0xFFFFFF) / 0x1000000
        count = self._starts[hour + 1] - self._starts[hour]
        return self._first + hour * HOUR + int((place + jitter) / count * HOUR)

    def since(self, at: int) -> int:
        """The number of the first order placed at a time or later."""
        hour = (at - self._first) // HOUR
        if hour < 0:
            return 0
        if hour >= len(self._starts) - 1:
            return self._starts[-1]
        count = self._starts[hour + 1] - self._starts[hour]
        if not count:
            return self._starts[hour]
        within = (at - self._first) % HOUR
        number = self._starts[hour] + within * count // HOUR
        return number if self.created(number) >= at else number + 1

    def between(self, start: int, end: int) -> range:
        """The numbers of the orders placed in a window, inclusive at both ends."""
        return range(self.since(start), self.since(end + 1))


@lru_cache(maxsize=32)  # a megabyte each; tests open the same few stores again and again
def _starts(
    first: int, now: int, count: int, seed: str, by_peak: tuple[tuple[int, int], ...]
) -> list[int]:
    dice = random.Random(f"history {seed}")
    dice.getrandbits(32)  # the offset
    hours = range(first, now + DAYS_AHEAD * DAY, HOUR)
    past = -(-(now - first) // HOUR)
    peaks = dict(by_peak)
    weights = [0.0 if hour in peaks else _weight(hour) * dice.uniform(0.8, 1.2) for hour in hours]
    extra = sum(number for hour, number in peaks.items() if first <= hour < now)
    spread = max(0, count - extra) / (sum(weights[:past]) or 1.0)
    starts = [0, *(round(spread * part) for part in accumulate(weights))]
    counts = (
        peaks.get(hour, starts[number + 1] - starts[number]) for number, hour in enumerate(hours)
    )
    return [0, *accumulate(counts)]


@cache
def _weight(hour: int) -> float:
    at = moment(hour)
    growth = 1 + (at.year - 2024) * 0.2 + at.month * 0.02
    season = 1.6 if at.month == 11 and at.day >= 20 else 1.0  # Black Friday and around
    return HOURS[at.hour] * WEEKDAYS[at.weekday()] * growth * season
