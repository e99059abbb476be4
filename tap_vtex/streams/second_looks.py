"""Things that are found empty: which of them to look at a second time."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

#: So many things in a row that have nothing are an outage rather than a trait of each.
OUTAGE: Final = 250


class SecondLooks:
    """What a pass over ids knows of those that have nothing.

    Many SKUs have no price, and stay so. They are remembered, and cost one request a pass. One
    that is found empty for the first time is looked at twice, spaced out. It then counts as
    doubtful, unless this is the first pass, where most of what is empty has always been so.
    """

    def __init__(
        self,
        without: Collection[int],
        doubtful: Collection[int],
        *,
        is_first: bool,
        found_any: bool,
        spacing: float,
    ) -> None:
        self.spacing = spacing
        #: How many were found empty.
        self.empty = 0
        self._is_first = is_first
        #: Whether anything was found anywhere.
        self.found_any = found_any
        self._without = set(without)
        self._doubtful = set(doubtful)
        #: Found empty once, with the moment of that.
        self._pending: deque[tuple[int, float]] = deque()
        #: Of a first pass: found empty twice since the last one that had something.
        self._streak: list[int] = []

    def note(self, one: int, *, found: bool, is_second: bool) -> bool:
        """Take note of a look; return whether nothing is left to do about the thing."""
        if found:
            self.found_any = True
            self._end_streak()
            self._without.discard(one)
            self._doubtful.discard(one)
            return True
        if not is_second and one not in self._without:
            self._pending.append((one, time.monotonic()))
            return False
        self.empty += 1
        if one in self._doubtful and not self._is_first:
            self._doubtful.discard(one)
            self._without.add(one)
        elif self._is_first:
            self._streak.append(one)
        elif one not in self._without:
            self._doubtful.add(one)
        return True

    def due(self) -> Iterator[int]:
        """Take out what was found empty a while ago."""
        before = time.monotonic() - self.spacing
        while self._pending and self._pending[0][1] <= before:
            yield self._pending.popleft()[0]

    def rest(self) -> list[int]:
        """Take out everything that has still to be looked at twice."""
        rest = [one for one, _ in self._pending]
        self._pending.clear()
        return rest

    def finish(self) -> None:
        """End a pass."""
        if self.found_any:
            self._end_streak()
        else:
            self._doubtful.update(self._streak)
            self._streak.clear()
        self._is_first = False

    def state(self) -> tuple[set[int], set[int]]:
        """What is empty for good, and what is doubtful, for the state."""
        return set(self._without), self._doubtful | set(self._streak)

    def _end_streak(self) -> None:
        into = self._without if len(self._streak) < OUTAGE else self._doubtful
        into.update(self._streak)
        self._streak.clear()
