"""The order list as plain calls: no HTTP, and orders that have only dates.

Many runs over days of a large store then take seconds. Only the server has the list's quirks.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MAX_PAGE = 30
MAX_ROWS = 100
INDEX_DELAY = 240
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

Json = dict[str, Any]


class Life(NamedTuple):
    """What happens to an order, in seconds after it was placed."""

    #: Its changes in ascending order; the first one is 0.
    changes: tuple[int, ...] = (0,)
    authorized: int | None = None
    invoiced: int | None = None


@dataclass
class PlainOrders:
    """The orders of a store, and its clock in seconds since 1970."""

    now: int
    #: When the orders were placed, in ascending order. An order's id is its index here.
    created: Sequence[int]
    #: Order n has the life at index n modulo the number of lives.
    lives: Sequence[Life]
    #: Orders that arrive late in the list, with the time from which it shows them.
    late: dict[int, int] = field(default_factory=dict)
    #: Orders whose list rows stay as they were at a time.
    frozen: dict[int, int] = field(default_factory=dict)
    #: The number of requests for the list.
    lists: int = 0
    #: The number of requests for an order.
    gets: int = 0

    def page(self, params: Mapping[str, str | int]) -> Json:
        """A page of List orders, the oldest first."""
        self.lists += 1
        number, size = int(params["page"]), min(int(params["per_page"]), MAX_ROWS)
        if number > MAX_PAGE:
            raise ValueError(f"Max page exceed ( {MAX_PAGE} )")
        found = self._found(params)
        rows = [self._row(order) for order in found[(number - 1) * size : number * size]]
        return {"list": rows, "paging": {"total": len(found), "perPage": size}}

    def order(self, number: int) -> Json:
        """An order as Get order returns it, with its date in seconds."""
        self.gets += 1
        return {"orderId": str(number), "lastChange": self.last_change(number)}

    def last_change(self, number: int, at: int | None = None) -> int:
        """When an order changed last."""
        created = self.created[number]
        changes = self._life(number).changes
        seen = max(0, (self.now if at is None else at) - created)
        return created + changes[bisect_right(changes, seen) - 1]

    @property
    def count(self) -> int:
        """The number of orders placed so far."""
        return bisect_right(self.created, self.now)

    def _life(self, number: int) -> Life:
        return self.lives[number % len(self.lives)]

    def _found(self, params: Mapping[str, str | int]) -> Sequence[int]:
        indexed = self.now - INDEX_DELAY
        start, end = _window(params.get("f_creationDate")) or (0, indexed)
        numbers: Sequence[int] = range(
            bisect_left(self.created, start), bisect_right(self.created, min(end, indexed))
        )
        for name in ("authorized", "invoiced"):
            if dates := _window(params.get(f"f_{name}Date")):
                passing = self._passing(name, dates[0], min(dates[1], indexed))
                numbers = [one for one in passing if one in numbers]
        return [one for one in numbers if self._is_shown(one)] if self.late else numbers

    def _is_shown(self, number: int) -> bool:
        return self.late.get(number, 0) <= self.now

    def _passing(self, name: str, start: int, end: int) -> list[int]:
        """The orders paid or invoiced in a window, sorted by creation."""
        found: list[int] = []
        every = len(self.lives)
        for number, life in enumerate(self.lives):
            after = getattr(life, name)
            if after is not None:
                first = bisect_left(self.created, start - after)
                last = bisect_right(self.created, end - after)
                found += range(first + (number - first) % every, last, every)
        return sorted(found)

    def _row(self, number: int) -> Json:
        seen = min(self.now - INDEX_DELAY, self.frozen.get(number, self.now))
        return {
            "orderId": str(number),
            "creationDate": _text(self.created[number]),
            "lastChange": _text(self.last_change(number, seen)),
        }


def _text(seconds: int) -> str:
    return (EPOCH + timedelta(seconds=seconds)).isoformat()


def _window(text: object) -> tuple[int, int] | None:
    """The whole seconds of a filter such as ``creationDate:[... TO ...]``."""
    if text is None:
        return None
    start, end = (datetime.fromisoformat(one) for one in re.findall(r"[\dT:.-]+Z", str(text)))
    return (start - EPOCH) // timedelta(seconds=1), (end - EPOCH) // timedelta(seconds=1)
