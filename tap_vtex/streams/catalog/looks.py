"""When products are looked at: each once in a while, spread evenly over the runs.

VTEX can't say what has changed in its catalog. A look at a product is a request for the rows of
its SKUs, with their dates of change. The state can't keep a date for each product, but it can for
each of 256 groups of them.
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

#: Up to this many products are all looked at in every run.
MAX_IN_EVERY_RUN: Final = 500
#: A product is looked at early enough to stay in time if the next run comes this much later.
UNTIL_THE_NEXT_RUN: Final = timedelta(hours=1)

#: Two numbers a group: seconds since 1970; 0 for none.
_FORM: Final = struct.Struct(f">{2 * BUCKETS}I")
_MAX: Final = 2**32 - 1
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


class Look(NamedTuple):
    """The last look at a group."""

    #: When the run began that looked; None if no run has.
    at: datetime | None = None
    #: The next look reads SKUs dated from here on; all of them, if None.
    since: datetime | None = None


class Looks:
    """The last look at each group. A product's group is given by its id."""

    def __init__(self, groups: Iterable[Look] = (Look(),) * BUCKETS) -> None:
        self._groups = tuple(groups)

    @classmethod
    def all_at(cls, look: Look) -> Self:
        """The same look at every group."""
        return cls([look] * BUCKETS)

    def of(self, product: int) -> Look:
        """The last look at a product's group."""
        return self._groups[group_of(product)]

    def after(self, look: Look, groups: Collection[int]) -> Looks:
        """The looks after another one at some groups."""
        return Looks(look if n in groups else old for n, old in enumerate(self._groups))

    def merged(self, other: Looks) -> Looks:
        """Looks that hold for two readers: of each group, what reads more."""
        return Looks(
            Look(_earlier(one.at, two.at), _earlier(one.since, two.since))
            for one, two in zip(self._groups, other._groups, strict=True)
        )

    def due(self, sizes: Sequence[int], within: timedelta, now: datetime) -> list[int]:
        """The groups to look at in a run, those first that have waited longest.

        Take the groups with the oldest look, until those left are spread evenly: a group that
        a part of all products has waited longer than may itself have waited for the rest of
        the time only. Then each run takes its share, however often runs come: what is looked
        at in it is the time since the last run, as a part of all the time, and at most a
        group more.

        Args:
            sizes: How many products each group has.
            within: In which time each product is looked at once; 0 for in every run.
            now: When the run began, by VTEX's clock.
        """
        order = sorted(range(BUCKETS), key=lambda group: self._age(group, now), reverse=True)
        total = sum(sizes)
        period = (within - UNTIL_THE_NEXT_RUN) / timedelta(seconds=1)
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
        """For how many seconds a group has waited; forever, if the clock was wrong."""
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
            numbers = _FORM.unpack(unpacked(state))
        except struct.error as error:
            raise ValueError("not the looks at 256 groups") from error
        moments = [_EPOCH + timedelta(seconds=number) if number else None for number in numbers]
        return cls(map(Look, moments[:BUCKETS], moments[BUCKETS:]))

    def to_state(self) -> str:
        """Write the looks."""
        moments = [*(look.at for look in self._groups), *(look.since for look in self._groups)]
        numbers = (_seconds_to(moment) if moment else 0 for moment in moments)
        return packed(_FORM.pack(*numbers))

    def __eq__(self, other: object) -> bool:
        """Whether the other ones are the same."""
        return isinstance(other, Looks) and self._groups == other._groups

    def __hash__(self) -> int:
        """Equal looks have equal hashes."""
        return hash(self._groups)


def _seconds_to(moment: datetime) -> int:
    """The seconds from 1970 to a moment, as near as the state can hold them."""
    return min(max(int((moment - _EPOCH).total_seconds()), 1), _MAX)


class GroupWalk:
    """Keeps account of the looks at products, so that whole groups can be told."""

    def __init__(self, products: Iterable[int], groups: Collection[int]) -> None:
        """Begin with the products that all are to be looked at, and the groups to tell of."""
        #: Groups of which every product has been looked at.
        self.done = set(groups)
        self._open: dict[int, set[int]] = {}
        for product in products:
            if (group := group_of(product)) in groups:
                self._open.setdefault(group, set()).add(product)
                self.done.discard(group)

    def settle(self, products: Iterable[int]) -> None:
        """Take note of products about which everything has been emitted."""
        for product in products:
            group = group_of(product)
            if (left := self._open.get(group)) is not None:
                left.discard(product)
                if not left:
                    self.done.add(group)


def group_of(product: int) -> int:
    """The number of a product's group."""
    return product % BUCKETS


def sizes_of(products: Iterable[int]) -> list[int]:
    """How many of some products each group has."""
    sizes = [0] * BUCKETS
    for product in products:
        sizes[group_of(product)] += 1
    return sizes


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(one, other) if one and other else None
