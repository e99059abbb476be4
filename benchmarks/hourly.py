"""Requests per hour and day, by size of store: simulated days, without HTTP."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from benchmarks.results import Figure, Result
from sandbox.clock import SECOND
from sandbox.oms.lifecycle import life
from sandbox.oms.plain import Life, PlainOrders
from tests.support.plain import Warehouse

if TYPE_CHECKING:
    from sandbox.oms.lifecycle import State

#: Orders a day, and the maximum list requests of an hourly run.
SIZES = {100: 80, 1000: 80, 10_000: 500}
NOW, DAY, HOUR = 1_795_435_200, 86_400, 3600
LOOKBACK_DAYS = 60
HOURS = 48
#: Number of different orders. More would not change the mean.
LIVES = 997


def measure() -> Result:
    """Run every hour for two days after a first load, and count the second day."""
    figures = [figure for size, most in SIZES.items() for figure in _figures(size, most)]
    return Result("Hourly runs of orders, look-back 60 days, orders that live as usual", figures)


def _figures(size: int, most: int) -> list[Figure]:
    placed = (LOOKBACK_DAYS + 2) * size
    created = [NOW + number * DAY // size for number in range(-placed, 2 * size)]
    store = PlainOrders(NOW, created, [_life(number) for number in range(LIVES)])
    warehouse = Warehouse(store)
    warehouse.run(lookback_days=LOOKBACK_DAYS)
    counts = []
    for _ in range(HOURS):
        store.now += HOUR
        counts.append(_count(warehouse))
    stale = warehouse.stale(hours=25)
    counts = counts[-24:]
    lists, gets = (round(median(count)) for count in zip(*counts, strict=True))
    store.now += HOUR
    whole, _ = _count(warehouse, recent_days=LOOKBACK_DAYS + 1)
    of_day, changed = (sum(count) for count in zip(*counts, strict=True))
    return [
        Figure(
            f"{size:,} orders a day: an hour",
            f"{lists} list, {gets} orders",
            f"the whole look-back {whole} list",
            f"{lists / whole:.2f}",
            f"≤ {most} list",
            lists <= most,
        ),
        Figure(
            f"{size:,} orders a day: a day",
            f"{of_day:,} list, {changed:,} orders",
            f"the whole look-back each hour {24 * whole:,} list",
            f"{of_day / (24 * whole):.2f}",
            "no change later than a day",
            not stale,
        ),
    ]


def _count(warehouse: Warehouse, **settings: int) -> tuple[int, int]:
    """Run, and count the requests to the list and for orders."""
    store = warehouse.store
    store.lists = store.gets = 0
    warehouse.run(lookback_days=LOOKBACK_DAYS, **settings)
    return store.lists, store.gets


def _life(number: int) -> Life:
    states: list[State] = life(1, number, 0)
    last = states[-1]

    def seconds(ticks: int | None) -> int | None:
        return None if ticks is None else ticks // SECOND

    changes = tuple(state.last_change // SECOND for state in states)
    return Life(changes, seconds(last.authorized), seconds(last.invoiced))
