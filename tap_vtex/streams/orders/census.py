"""Which orders the list has shown, kept in a kilobyte or two of state.

An order can enter VTEX's list hours or days late, under a creation date that was read
long ago and with a last change just as old. No date tells of it, but counting does: the
tap keeps, for each day of the look-back and each hour of the latest days, how many orders
the list held and a checksum of their ids. Where these differ the next time, orders have
come in late. One newcomer is told by the checksum; where there are more, all orders of
that stretch are taken for new.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from tap_vtex import dates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_vtex.streams.orders.listing import Row

DAY: Final = timedelta(days=1)
HOUR: Final = timedelta(hours=1)
#: A longer look-back gets longer stretches, so that the state stays small.
MOST_STRETCHES_OF_DAYS: Final = 60
CHECKSUM_BYTES: Final = 4


@dataclass
class Census:
    """Number and checksum of the orders of each stretch of creation time.

    The stretches begin at ``start``. Up to ``hourly_from`` each is ``days`` long, then
    an hour.
    """

    start: datetime
    hourly_from: datetime
    days: int
    counts: list[int] = field(default_factory=list)
    checksums: list[int] = field(default_factory=list)

    @classmethod
    def plan(cls, start: datetime, now: datetime) -> Census:
        """An empty census of the orders created since ``start`` or a little before."""
        start = start_of_day(start)
        hourly_from = max(start, start_of_day(now) - DAY)
        days = max(1, -(-(hourly_from - start).days // MOST_STRETCHES_OF_DAYS))
        return cls(start, hourly_from, days)

    def like(self) -> Census:
        """An empty census with the same stretches."""
        return Census(self.start, self.hourly_from, self.days)

    def stretch(self, created: datetime | None) -> int | None:
        """The number of the stretch that a creation date lies in; None if in none."""
        if created is None or created < self.start:
            return None
        if created < self.hourly_from:
            return (created - self.start) // (self.days * DAY)
        return self._of_days + (created - self.hourly_from) // HOUR

    def begins(self, stretch: int) -> datetime:
        """Where a stretch begins, which is where the one before it ends."""
        if stretch < self._of_days:
            return self.start + stretch * self.days * DAY
        return self.hourly_from + (stretch - self._of_days) * HOUR

    @property
    def _of_days(self) -> int:
        return -(-(self.hourly_from - self.start).days // self.days)

    def add(self, row: Row) -> None:
        """Count an order; each may be added once only."""
        stretch = self.stretch(row.created)
        if stretch is None:
            return
        self.reach(stretch)
        self.counts[stretch] += 1
        self.checksums[stretch] ^= checksum(row.order_id)

    def reach(self, stretch: int) -> None:
        """Have a place for a stretch, and for those before it."""
        missing = max(0, stretch + 1 - len(self.counts))
        self.counts.extend([0] * missing)
        self.checksums.extend([0] * missing)

    def of(self, stretch: int) -> tuple[int, int]:
        """Number and checksum of a stretch."""
        if stretch < len(self.counts):
            return self.counts[stretch], self.checksums[stretch]
        return 0, 0

    def counted_into(self, plan: Census) -> Census:
        """This census in the stretches of a later plan, which must not be finer."""
        for stretch, (count, mark) in enumerate(zip(self.counts, self.checksums, strict=True)):
            into = plan.stretch(self.begins(stretch))
            if into is not None and count:
                plan.reach(into)
                plan.counts[into] += count
                plan.checksums[into] ^= mark
        return plan

    def as_state(self) -> dict[str, Any]:
        """The census as JSON, with ``number:checksum`` for each stretch."""
        return {
            "start": dates.text(self.start),
            "hourly_from": dates.text(self.hourly_from),
            "days": self.days,
            "orders": " ".join(
                f"{count}:{checksum:x}" if count else "0"
                for count, checksum in zip(self.counts, self.checksums, strict=True)
            ),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Census:
        """The census that `as_state` wrote."""
        pairs = [entry.partition(":") for entry in state["orders"].split()]
        return cls(
            start=datetime.fromisoformat(state["start"]),
            hourly_from=datetime.fromisoformat(state["hourly_from"]),
            days=state["days"],
            counts=[int(count) for count, _, _ in pairs],
            checksums=[int(checksum or "0", 16) for _, _, checksum in pairs],
        )


class Latecomers:
    """Finds the orders of a list that an earlier census did not see.

    The list has to be read in the order of creation, from ``since`` up to where the
    earlier census ended.
    """

    def __init__(self, earlier: Census, since: datetime, *, some_leave: bool = False) -> None:
        """Compare with ``earlier``, from ``since`` on.

        ``some_leave`` says that orders leave the list, as completed ones leave that of the
        incomplete ones: a stretch with fewer than before is not taken to have gained any.
        """
        self._earlier = earlier
        self._since = since
        self._some_leave = some_leave
        self._present = earlier.like()
        self._unfinished: dict[int, list[tuple[Row, bool]]] = {}

    def see(self, row: Row, *, taken: bool) -> None:
        """Take note of an order, and whether it is fetched in any case."""
        stretch = self._earlier.stretch(row.created)
        if stretch is not None:
            self._present.add(row)
            self._unfinished.setdefault(stretch, []).append((row, taken))

    def found(self, until: datetime | None) -> list[Row]:
        """Newcomers, not taken yet, of the stretches that lie before ``until`` (None: all)."""
        finished = [
            stretch
            for stretch in self._unfinished
            if until is None or self._earlier.begins(stretch + 1) <= until
        ]
        return [row for stretch in finished for row in self._newcomers(stretch)]

    def _newcomers(self, stretch: int) -> list[Row]:
        rows = self._unfinished.pop(stretch)
        if self._earlier.begins(stretch) < self._since:
            return []
        before, now = self._earlier.of(stretch), self._present.of(stretch)
        if before == now or (self._some_leave and now[0] < before[0]):
            return []
        single = [entry for entry in rows if checksum(entry[0].order_id) == before[1] ^ now[1]]
        if now[0] - before[0] == 1 and single:
            rows = single
        return [row for row, taken in rows if not taken]


def checksum(order_id: str) -> int:
    """A number that stands for an order's id; those of a set are combined with XOR."""
    digest = hashlib.blake2b(order_id.encode(), digest_size=CHECKSUM_BYTES).digest()
    return int.from_bytes(digest, "big")


def start_of_day(moment: datetime) -> datetime:
    """Midnight UTC of a moment's day."""
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)
