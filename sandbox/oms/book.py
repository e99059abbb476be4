"""The store's orders, and how the order list shows them."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, field
from functools import cached_property
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from sandbox.clock import DAY, SECOND
from sandbox.oms.history import History
from sandbox.oms.lifecycle import (
    MAX_LIFE,
    Action,
    State,
    after,
    completed_later,
    life,
    life_of_incomplete,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

YEARS_SHOWN = 2 * 365 * DAY
#: Complete orders per incomplete one.
COMPLETE_PER_INCOMPLETE = 25


class Order(NamedTuple):
    """An order, by its number among the complete or the incomplete ones."""

    number: int
    left_incomplete: bool = False

    @property
    def order_id(self) -> str:
        """The order's id. Its format depends on the seller."""
        if self.left_incomplete:
            return f"17{self.number:011d}-01"
        if self.number % 29 == 0:  # sold on a marketplace, delivered by this store
            return f"MLB-20000{self.number:08d}"
        if self.number % 23 == 0:  # sold by another seller in this store
            return f"v{5000000 + self.number}ipe-02"
        return f"{1200000000000 + self.number * 7}-01"

    @classmethod
    def of_id(cls, order_id: str) -> Order | None:
        """The order with an id; None if this store has no such id."""
        for pattern, make in (
            (r"17(\d{11})-01", lambda digits: cls(digits, left_incomplete=True)),
            (r"MLB-20000(\d{8})", cls),
            (r"v(\d+)ipe-02", lambda digits: cls(digits - 5000000)),
            (r"(\d{13})-01", lambda digits: cls((digits - 1200000000000) // 7)),
        ):
            if (match := re.fullmatch(pattern, order_id)) is not None:
                order = make(int(match[1]))
                return order if order.order_id == order_id and order.number >= 0 else None
        return None


class Window(NamedTuple):
    """A range of ticks, inclusive at both ends."""

    start: int
    end: int

    def holds(self, at: int | None) -> bool:
        """Whether a time lies in the window."""
        return at is not None and self.start <= at <= self.end


class Selection(NamedTuple):
    """The result of a list query: the total, and the orders by creation time."""

    total: int
    orders: Iterable[Order]

    def page(self, number: int, size: int, *, descending: bool) -> list[Order]:
        """One page of the result; the first page is 1."""
        start, stop = (number - 1) * size, min(number * size, self.total)
        if start >= stop:
            return []
        if descending:
            return list(islice(self.orders, self.total - stop, self.total - start))[::-1]
        return list(islice(self.orders, start, stop))


@dataclass
class OrderBook:
    """All orders of the store. Most of them exist only as numbers."""

    seed: int
    first: int
    now: int
    count: int
    index_delay: int = 4 * 60 * SECOND
    peaks: Mapping[int, int] | None = None
    #: From this time on, the store sells nothing, and orders change only by actions.
    closed: int = 2**62
    #: Actions on orders, with their times.
    actions: dict[Order, list[tuple[int, Action]]] = field(default_factory=dict)
    #: Orders that arrive late in the list, with the time from which it shows them.
    late: dict[Order, int] = field(default_factory=dict)
    #: Orders whose list rows stay as they were at a time.
    stale: dict[Order, int] = field(default_factory=dict)
    #: Listed orders for which Get order returns 404.
    phantoms: set[Order] = field(default_factory=set)
    #: Listed orders for which Get order always returns another error, with its status. An
    #: integrator has reported such orders in a real store.
    broken: dict[Order, int] = field(default_factory=dict)

    @cached_property
    def _complete(self) -> History:
        return History(self.first, self.now, self.count, f"complete {self.seed}", self.peaks)

    @cached_property
    def _incomplete(self) -> History:
        count = self.count // COMPLETE_PER_INCOMPLETE
        return History(self.first, self.now, count, f"incomplete {self.seed}")

    # -- orders --------------------------------------------------------------------------

    def created(self, order: Order) -> int:
        """When an order was placed."""
        history = self._incomplete if order.left_incomplete else self._complete
        return history.created(order.number)

    def exists(self, order: Order, at: int) -> bool:
        """Whether Get order returns an order."""
        history = self._incomplete if order.left_incomplete else self._complete
        if order in self.phantoms or order.number >= history.since(min(at, self.closed) + 1):
            return False
        return self.created(order) >= at - YEARS_SHOWN

    def state(self, order: Order, at: int) -> State:
        """An order's state at a time after its creation."""
        return self.states(order, at)[-1][1]

    def states(self, order: Order, at: int) -> list[tuple[int, State]]:
        """The successive states of an order until a time, each with its start."""
        begin = life_of_incomplete if order.left_incomplete else life
        states = begin(self.seed, order.number, self.created(order))
        actions = self.actions.get(order, [])
        # After the first action, an order only changes by actions.
        until = min(at, self.closed, *(moment for moment, _ in actions[:1]))
        found = [(one.last_change, one) for one in states if one.last_change <= until]
        for moment, action in actions:
            if moment <= at:
                found.append((moment, after(found[-1][1], action, moment)))
        return found

    def placed_between(self, start: int, end: int) -> list[Order]:
        """The orders placed between two times, complete or not."""
        end = min(end, self.closed)
        return [
            *map(Order, self._complete.between(start, end)),
            *(Order(n, left_incomplete=True) for n in self._incomplete.between(start, end)),
        ]

    def everything(self, at: int, *, incomplete: bool = False) -> Iterable[Order]:
        """All orders that exist at a time, sorted by creation time."""
        window = Window(at - YEARS_SHOWN, min(at, self.closed))
        return self._present(window, at, set(), incomplete=incomplete).orders

    # -- the list ------------------------------------------------------------------------

    def listed_state(self, order: Order, at: int) -> State:
        """The state in which the list shows an order."""
        seen = max(self.created(order), at - self.index_delay)
        return self.state(order, min(seen, self.stale.get(order, seen)))

    def select(
        self, created: Window, filters: Mapping[str, Window], at: int, *, incomplete: bool
    ) -> Selection:
        """The orders that the list finds at a time.

        The keys of ``filters`` may be ``authorized``, ``invoiced`` and ``returned``.
        """
        indexed = at - self.index_delay
        window = Window(
            max(created.start, at - YEARS_SHOWN), min(created.end, indexed, self.closed)
        )
        hidden = {order for order, until in self.late.items() if at < until}
        if not filters:
            return self._present(window, indexed, hidden, incomplete=incomplete)
        near = Window(
            max(window.start, *(f.start - MAX_LIFE for f in filters.values())),
            min(window.end, *(f.end for f in filters.values())),
        )
        candidates = set(self._present(near, indexed, hidden, incomplete=incomplete).orders)
        candidates |= {
            order
            for order in self.actions.keys() - hidden
            if window.holds(self.created(order)) and self._is_listed(order, indexed, incomplete)
        }
        found = [order for order in candidates if self._passes(order, filters, at)]
        return Selection(len(found), sorted(found, key=self.created))

    def _passes(self, order: Order, filters: Mapping[str, Window], at: int) -> bool:
        state = self.listed_state(order, at)
        return all(window.holds(getattr(state, name)) for name, window in filters.items())

    def _is_listed(self, order: Order, indexed: int, incomplete: bool) -> bool:  # noqa: FBT001
        still_incomplete = order.left_incomplete and not (
            order.number in self._completions
            and self._completions[order.number] <= min(indexed, self.closed)
        )
        return still_incomplete is incomplete

    def _present(
        self, window: Window, indexed: int, hidden: set[Order], *, incomplete: bool
    ) -> Selection:
        """The orders placed in a window that are complete (or ``incomplete``) at a time."""
        numbers = self._incomplete.between(*window)
        completed = {
            number
            for number in self._numbers_completed(numbers)
            if self._completions[number] <= min(indexed, self.closed)
        }
        if incomplete:
            gone = completed | {
                order.number
                for order in hidden
                if order.left_incomplete and order.number in numbers
            }
            left = (Order(n, left_incomplete=True) for n in numbers if n not in gone)
            return Selection(len(numbers) - len(gone), left)
        own = self._complete.between(*window)
        missing = {o.number for o in hidden if not o.left_incomplete and o.number in own}
        joined = sorted({Order(n, left_incomplete=True) for n in completed} - hidden)
        orders: Iterable[Order] = (Order(number) for number in own if number not in missing)
        if joined:
            orders = merge(orders, joined, key=self.created)
        return Selection(len(own) - len(missing) + len(joined), orders)

    @cached_property
    def _completions(self) -> dict[int, int]:
        """When incomplete orders are completed later, by number."""
        history = self._incomplete
        completions = {}
        for number in range(history.total):
            at = completed_later(self.seed, number, history.created(number))
            if at is not None:
                completions[number] = at
        return completions

    @cached_property
    def _completed_numbers(self) -> list[int]:
        return list(self._completions)

    def _numbers_completed(self, numbers: range) -> list[int]:
        known = self._completed_numbers
        return known[bisect_left(known, numbers.start) : bisect_left(known, numbers.stop)]
