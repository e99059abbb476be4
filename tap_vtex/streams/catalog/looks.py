"""Schedules the looks at products: each product periodically, spread evenly over the runs.

VTEX can't list what has changed in its catalog. A look at a product requests the rows of its
SKUs, with their dates of change. The state has no room for a date per product, so it keeps one
for each of 256 groups.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple, Self

from tap_vtex.streams.bookmarks import MAX_AHEAD
from tap_vtex.streams.id_census import BUCKETS
from tap_vtex.streams.packing import packed, unpacked

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

#: Up to this many products, every run looks at all of them.
MAX_IN_EVERY_RUN: Final = 500
#: Looks come early enough that none is late if the next run starts within this time.
MAX_RUN_INTERVAL: Final = timedelta(hours=1)

#: Two numbers per group, in seconds since 1970; 0 for none.
_FORMAT: Final = struct.Struct(f">{2 * BUCKETS}I")
_MAX: Final = 2**32 - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Look(NamedTuple):
    """The last look at a group."""

    #: When the run that looked began; None if no run has.
    at: datetime | None = None
    #: The next look reads SKUs dated from here on, or all of them if None.
    since: datetime | None = None


class Looks:
    """The last look at each group. A product's id determines its group."""

    def __init__(self, groups: Iterable[Look] = (Look(),) * BUCKETS) -> None:
        self._groups = tuple(groups)

    @classmethod
    def all_at(cls, look: Look) -> Self:
        """Looks that are the same for every group."""
        return cls([look] * BUCKETS)

    def of(self, product: int) -> Look:
        """The last look at a product's group."""
        return self._groups[group_of(product)]

    def after(self, look: Look, groups: Collection[int]) -> Looks:
        """The looks after a new look at some groups."""
        return Looks(look if n in groups else old for n, old in enumerate(self._groups))

    def merged(self, other: Looks) -> Looks:
        """Looks that serve both streams: for each group, the look that reads more."""
        return Looks(
            Look(_earlier(one.at, two.at), _earlier(one.since, two.since))
            for one, two in zip(self._groups, other._groups, strict=True)
        )

    def due(self, sizes: Sequence[int], within: timedelta, now: datetime) -> list[int]:
        """The groups to look at in a run, longest wait first.

        Takes the groups with the oldest looks until the ages of the others are spread evenly:
        if a share ``s`` of all products has waited longer than a group, the group itself may
        have waited for at most ``1 - s`` of the period. So each run takes its share, however
        often runs start: the time since the last run divided by the period, plus at most one
        group.

        Args:
            sizes: The number of products in each group.
            within: The period in which to look at each product once; 0 for every run.
            now: When the run began, by VTEX's clock.
        """
        order = sorted(range(BUCKETS), key=lambda group: self._age(group, now), reverse=True)
        total = sum(sizes)
        period = (within - MAX_RUN_INTERVAL) / timedelta(seconds=1)
        if total <= MAX_IN_EVERY_RUN or period <= 0:
            return order
        taken = taken_size = older = 0
        for place, group in enumerate(order):
            overdue = older - total * (1 - self._age(group, now) / period)
            while taken <= place and taken_size <= overdue:
                taken_size += sizes[order[taken]]
                taken += 1
            older += sizes[group]
        return order[:taken]

    def _age(self, group: int, now: datetime) -> float:
        """Seconds since the last look at a group; infinite if there is none, or in the future."""
        at = self._groups[group].at
        if at is None or at > now + MAX_AHEAD:
            return float("inf")
        return max((now - at).total_seconds(), 0.0)

    @classmethod
    def from_state(cls, state: str) -> Self:
        """Read looks from the state.

        Raises:
            TypeError, ValueError: The state holds something else.
        """
        try:
            numbers = _FORMAT.unpack(unpacked(state))
        except struct.error as error:
            raise ValueError("not the looks at 256 groups") from error
        moments = [_EPOCH + timedelta(seconds=number) if number else None for number in numbers]
        return cls(map(Look, moments[:BUCKETS], moments[BUCKETS:]))

    def to_state(self) -> str:
        """Write looks to the state."""
        moments = [*(look.at for look in self._groups), *(look.since for look in self._groups)]
        numbers = (_seconds_since_1970(moment) if moment else 0 for moment in moments)
        return packed(_FORMAT.pack(*numbers))

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same looks."""
        return isinstance(other, Looks) and self._groups == other._groups

    def __hash__(self) -> int:
        """Equal looks have equal hashes."""
        return hash(self._groups)


def _seconds_since_1970(moment: datetime) -> int:
    """The seconds from 1970 to a moment, clamped to what the state can hold."""
    return min(max(int((moment - _EPOCH).total_seconds()), 1), _MAX)


class GroupWalk:
    """Tracks which groups have had a look at every product."""

    def __init__(self, products: Iterable[int], groups: Collection[int]) -> None:
        """Begin with the products to look at, and the groups to track."""
        #: Groups that are done with every product.
        self.done = set(groups)
        self._open: dict[int, set[int]] = {}
        for product in products:
            if (group := group_of(product)) in groups:
                self._open.setdefault(group, set()).add(product)
                self.done.discard(group)

    def mark_done(self, products: Iterable[int]) -> None:
        """Record products whose records have all been emitted."""
        for product in products:
            group = group_of(product)
            if (left := self._open.get(group)) is not None:
                left.discard(product)
                if not left:
                    self.done.add(group)


def group_of(product: int) -> int:
    """The number of a product's group."""
    return product % BUCKETS


def group_sizes(products: Iterable[int]) -> list[int]:
    """The number of products in each group."""
    sizes = [0] * BUCKETS
    for product in products:
        sizes[group_of(product)] += 1
    return sizes


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else None
