"""A daily run beside the least number of requests, and beside loading all again."""

from __future__ import annotations

from benchmarks.results import Figure, Result
from benchmarks.shop import LIST, shop

ORDERS, CHANGED, DAYS = 20_000, 200, 59
ROWS_PER_PAGE = 100
LATENCY = 50
HOUR = 3600
MORE_THAN_LEAST = 1.05


def measure() -> Result:
    """Load, change one order in a hundred, and load the changes."""
    with shop(ORDERS, days=DAYS, latency=LATENCY, closed=True) as store:
        # A day's change before a run is asked for again by the next one, since the list
        # may have shown it too late. Here nothing changes but what is changed below.
        store.ask("clock", {"advance": 25 * HOUR})
        full = store.tap("orders")
        store.ask("clock", {"advance": HOUR})
        store.ask("orders", {"action": "touch", "count": CHANGED, "days": DAYS + 1})
        store.ask("clock", {"advance": 23 * HOUR})
        run = store.tap("orders", state=full.run.state)
    pages = -(-full.orders // ROWS_PER_PAGE)
    least = pages + CHANGED
    more = run.total / least
    return Result(
        f"Daily run: {full.orders:,} orders of the last 60 days, 1 % changed, {LATENCY} ms",
        [
            Figure(
                "requests",
                f"{run.total:,} ({run.requests[LIST]} list, {run.orders} orders)",
                f"least {least} ({pages} list, {CHANGED} orders)",
                f"{more:.3f}",
                f"≤ {MORE_THAN_LEAST}",
                more <= MORE_THAN_LEAST and run.orders >= CHANGED,
            ),
            Figure(
                "time",
                f"{run.run.wall:.1f} s",
                f"loading all again {full.run.wall:.1f} s",
                f"{run.run.wall / full.run.wall:.3f}",
            ),
        ],
    )
