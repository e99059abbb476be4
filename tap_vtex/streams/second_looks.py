"""Decides which SKUs that are found empty need a second look."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

#: This many empty SKUs in a row suggest an outage.
OUTAGE_STREAK: Final = 250


class SecondLooks:
    """Tracks the empty SKUs of a pass.

    Many SKUs never have a price. The state remembers them, so each costs one request per pass. A
    SKU found empty for the first time gets a second look a while later. If it is still empty, it
    is doubtful, unless this is the first pass: most SKUs that are empty then always were.
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
        #: How many SKUs were found empty.
        self.empty = 0
        self._is_first = is_first
        #: Whether any SKU had anything.
        self.found_any = found_any
        self._without = set(without)
        self._doubtful = set(doubtful)
        #: SKUs found empty once, with the monotonic time of that look.
        self._pending: deque[tuple[int, float]] = deque()
        #: In a first pass: the SKUs found empty twice since the last one that was not.
        self._streak: list[int] = []

    def note(self, one: int, *, found: bool, is_second: bool) -> bool:
        """Record a look; return whether the SKU is done."""
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

    def pop_due(self) -> Iterator[int]:
        """Remove and yield the SKUs whose second look is due."""
        before = time.monotonic() - self.spacing
        while self._pending and self._pending[0][1] <= before:
            yield self._pending.popleft()[0]

    def pop_rest(self) -> list[int]:
        """Remove and return all SKUs that still need a second look."""
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
        """The SKUs that are empty for good, and the doubtful ones, for the state."""
        return set(self._without), self._doubtful | set(self._streak)

    def _end_streak(self) -> None:
        into = self._without if len(self._streak) < OUTAGE_STREAK else self._doubtful
        into.update(self._streak)
        self._streak.clear()
