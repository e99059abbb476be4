"""A census of the listed orders, in one or two kilobytes of state.

An order can enter VTEX's list hours or days late, with a creation date that was read long ago
and an equally old date of change. No date reveals it, but counting does. So the tap keeps the
number of orders and a checksum of their ids for each bucket: each day of the lookback window,
and each hour of the latest days. If a bucket differs in a later run, orders have arrived late.
The checksum identifies a single late order; if there are several, all orders of the bucket count
as new.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import reduce
from operator import xor
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

import msgspec

from tap_vtex import dates
from tap_vtex.streams.bookmarks import checksum
from tap_vtex.windows import DAY

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tap_vtex.streams.orders.api import Row

HOUR: Final = timedelta(hours=1)
#: A longer lookback window gets longer buckets, so that the state stays small.
MAX_DAY_BUCKETS: Final = 60
CHECKSUM_BYTES: Final = 4


class _State(msgspec.Struct):
    start: datetime
    hourly_from: datetime
    days: Annotated[int, msgspec.Meta(ge=1)]
    #: ``count:checksum`` for each bucket, the checksum in hexadecimal.
    orders: str


class Census:
    """The number of orders and a checksum of their ids, by bucket of creation time.

    The buckets begin at ``start``. Each is ``days`` days long until ``hourly_from``, then an hour.
    """

    # Not a dataclass, whose fields msgspec would write one by one.

    def __init__(self, start: datetime, hourly_from: datetime, days: int) -> None:
        self.start = start
        self.hourly_from = hourly_from
        self.days = days
        self.counts: list[int] = []
        self.checksums: list[int] = []

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Census) and vars(self) == vars(other)

    __hash__ = None  # type: ignore[assignment] # it grows

    @classmethod
    def plan(cls, start: datetime, now: datetime) -> Census:
        """An empty census of the orders created since ``start`` or a little before."""
        start = dates.start_of_day(start)
        hourly_from = max(start, dates.start_of_day(now) - DAY)
        days = max(1, -(-(hourly_from - start).days // MAX_DAY_BUCKETS))
        return cls(start, hourly_from, days)

    def moved(self, start: datetime, now: datetime) -> Census:
        """An empty census for the orders of this one that were created since ``start``.

        Each of its buckets consists of whole buckets of this census.
        """
        buckets = max(0, (dates.start_of_day(start) - self.start).days // self.days)
        start = self.start + buckets * self.days * DAY
        hourly_from = max(self.hourly_from, start, dates.start_of_day(now) - DAY)
        return Census(start, hourly_from, self.days)

    def like(self) -> Census:
        """An empty census with the same buckets."""
        return Census(self.start, self.hourly_from, self.days)

    def without(self, other: Census) -> Census:
        """This census minus the orders of another one with the same buckets."""
        rest = self.copy()
        for bucket, (count, mark) in enumerate(zip(other.counts, other.checksums, strict=True)):
            if bucket < len(rest.counts):
                rest.counts[bucket] -= count
                rest.checksums[bucket] ^= mark
        return rest

    def before(self, moment: datetime) -> Census:
        """This census without the orders created since a moment, at which a bucket begins."""
        kept = self.copy()
        end = kept.bucket(moment) or 0
        del kept.counts[end:], kept.checksums[end:]
        while kept.counts and not kept.counts[-1]:
            del kept.counts[-1], kept.checksums[-1]
        return kept

    def begun_before(self, moment: datetime) -> Census:
        """This census without the buckets that begin at a moment or later."""
        bucket = self.bucket(moment)
        if bucket is None:
            return self.like()
        begins = self.begins(bucket)
        return self.before(begins if begins == moment else self.begins(bucket + 1))

    def start_of_latest(self, number: int) -> datetime:
        """The earliest bucket start since which there are at most ``number`` orders."""
        reached = len(self.counts)
        while reached and self.counts[reached - 1] <= number:
            reached -= 1
            number -= self.counts[reached]
        return self.begins(reached)

    def copy(self) -> Census:
        """A census with the same buckets and orders."""
        return self.added_to(self.like())

    def bucket(self, created: datetime | None) -> int | None:
        """The index of the bucket of a creation date; None if it has none."""
        if created is None or created < self.start:
            return None
        if created < self.hourly_from:
            return (created - self.start) // (self.days * DAY)
        return self._day_buckets + (created - self.hourly_from) // HOUR

    def begins(self, bucket: int) -> datetime:
        """When a bucket begins and the one before it ends."""
        if bucket < self._day_buckets:
            return self.start + bucket * self.days * DAY
        return self.hourly_from + (bucket - self._day_buckets) * HOUR

    @property
    def _day_buckets(self) -> int:
        return -(-(self.hourly_from - self.start).days // self.days)

    def add(self, row: Row) -> None:
        """Count an order. Never add the same order twice."""
        bucket = self.bucket(row.created)
        if bucket is None:
            return
        self._grow_to(bucket)
        self.counts[bucket] += 1
        self.checksums[bucket] ^= _checksum(row.order_id)

    def with_rows(self, rows: Iterable[Row]) -> Census:
        """This census plus more orders."""
        census = self.copy()
        for row in rows:
            census.add(row)
        return census

    def _grow_to(self, bucket: int) -> None:
        """Make room for a bucket and those before it."""
        missing = max(0, bucket + 1 - len(self.counts))
        self.counts.extend([0] * missing)
        self.checksums.extend([0] * missing)

    def of(self, bucket: int) -> tuple[int, int]:
        """The count and checksum of a bucket."""
        if bucket < len(self.counts):
            return self.counts[bucket], self.checksums[bucket]
        return 0, 0

    def added_to(self, plan: Census) -> Census:
        """Add this census to an empty one, whose buckets must not be finer; return that one."""
        for bucket, (count, mark) in enumerate(zip(self.counts, self.checksums, strict=True)):
            into = plan.bucket(self.begins(bucket))
            if into is not None and count:
                plan._grow_to(into)
                plan.counts[into] += count
                plan.checksums[into] ^= mark
        return plan

    def to_state(self) -> dict[str, Any]:
        """Write the census as JSON."""
        orders = " ".join(
            f"{count}:{mark:x}" if count else "0"
            for count, mark in zip(self.counts, self.checksums, strict=True)
        )
        return {
            "start": self.start,
            "hourly_from": self.hourly_from,
            "days": self.days,
            "orders": orders,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Read what `to_state` wrote.

        Raises:
            ValueError: The state is not a census.
        """
        read = msgspec.convert(state, _State)
        pairs = [entry.partition(":") for entry in read.orders.split()]
        census = cls(read.start, read.hourly_from, read.days)
        census.counts = [int(count) for count, _, _ in pairs]
        census.checksums = [int(mark or "0", 16) for _, _, mark in pairs]
        if read.start > read.hourly_from or min([0, *census.counts, *census.checksums]) < 0:
            raise ValueError("no census can have these buckets")
        return census


def common_beginning(moment: datetime, *censuses: Census) -> datetime:
    """The latest moment, not after ``moment``, at which a bucket of each census begins."""
    while True:
        begins = [
            census.begins(bucket)
            for census in censuses
            if (bucket := census.bucket(moment)) is not None
        ]
        earliest = min([moment, *begins])
        if earliest == moment:
            return moment
        moment = earliest


class LateArrivals:
    """Finds the listed orders that an earlier census did not see.

    Read the list by creation date, from ``since`` to the end of the earlier census.
    """

    def __init__(self, earlier: Census, since: datetime, *, some_leave: bool = False) -> None:
        """Compare with an earlier census.

        Args:
            earlier: The earlier census.
            since: Compare from this creation date on.
            some_leave: Whether orders may leave the list, as completed orders leave the list of
                incomplete ones. A bucket with fewer orders than before then has gained none.
        """
        self._earlier = earlier
        self._since = since
        self._some_leave = some_leave
        self._present = earlier.like()
        self._unfinished: dict[int, list[tuple[Row, bool]]] = {}

    def see(self, row: Row, *, taken: bool) -> None:
        """Add a listed order; ``taken`` says that it is fetched anyway."""
        bucket = self._earlier.bucket(row.created)
        if bucket is not None:
            self._present.add(row)
            self._unfinished.setdefault(bucket, []).append((row, taken))

    def found(self, until: datetime | None) -> list[Row]:
        """Late orders, not taken yet, in the buckets that end by ``until`` (None: in all)."""
        finished = [
            bucket
            for bucket in self._unfinished
            if until is None or self._earlier.begins(bucket + 1) <= until
        ]
        return [row for bucket in finished for row in self._late(bucket)]

    def lost(self) -> int:
        """How many orders of the earlier census are no longer listed.

        Counts only buckets that were read to their end.
        """
        return sum(
            max(0, self._earlier.of(bucket)[0] - self._present.of(bucket)[0])
            for bucket in range(len(self._earlier.counts))
            if self._earlier.begins(bucket) >= self._since
        )

    def _late(self, bucket: int) -> list[Row]:
        rows = self._unfinished.pop(bucket)
        if self._earlier.begins(bucket) < self._since:
            return []
        before, now = self._earlier.of(bucket), self._present.of(bucket)
        if before == now or (self._some_leave and now[0] < before[0]):
            return []
        single = [entry for entry in rows if _checksum(entry[0].order_id) == before[1] ^ now[1]]
        if now[0] - before[0] == 1 and single:
            rows = single
        return [row for row, taken in rows if not taken]


def _checksum(order_id: str) -> int:
    """An order's checksum, to be combined with others by XOR."""
    return checksum(order_id, CHECKSUM_BYTES)


def checksum_of(rows: Iterable[Row]) -> int:
    """One checksum for many orders, whatever their sequence."""
    return reduce(xor, (_checksum(row.order_id) for row in rows), 0)
