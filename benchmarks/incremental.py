"""Later runs of orders, compared with a full load: an hour later, after changes, a day later."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.results import Figure, Result
from benchmarks.shop import LIST, shop

if TYPE_CHECKING:
    from benchmarks.shop import Load

ORDERS, CHANGED, DAYS = 10_000, 100, 59
LATENCY = 50
HOUR = 3600


def measure() -> Result:
    """Load, change one order in a hundred, and load the changes."""
    with shop(ORDERS, days=DAYS, latency=LATENCY, closed=True) as store:
        # A run reads the changes of the hour before the last run again, because the list may
        # have shown them late. Get past that hour, so that only the changes below count.
        store.ask("clock", {"advance": 2 * HOUR})
        full = store.tap("orders")
        store.ask("clock", {"advance": HOUR})
        unchanged = store.tap("orders", state=full.run.state)
        store.ask("orders", {"action": "touch", "count": CHANGED, "days": DAYS + 1})
        store.ask("clock", {"advance": HOUR})
        changed = store.tap("orders", state=unchanged.run.state)
        store.ask("clock", {"advance": 24 * HOUR})
        next_day = store.tap("orders", state=changed.run.state)
    fetched = changed.orders + next_day.orders
    return Result(
        f"Incremental runs: {full.orders:,} orders of the last 60 days, {LATENCY} ms",
        [
            Figure("full load", _requests(full), f"{full.run.wall:.1f} s", "", "", None),
            _compared("an hour later, nothing changed", unchanged, full),
            _compared("another hour later, 1 % changed", changed, full),
            _compared("a day later, nothing else changed", next_day, full),
            Figure(
                "changes fetched within the day",
                f"{min(fetched, CHANGED)} of {CHANGED}",
                wanted="all",
                reached=fetched >= CHANGED,
            ),
        ],
    )


def _compared(what: str, run: Load, full: Load) -> Figure:
    return Figure(
        what,
        f"{_requests(run)}, {run.run.wall:.1f} s",
        f"full load {full.total:,}",
        f"{run.total / full.total:.3f}",
    )


def _requests(run: Load) -> str:
    return f"{run.total:,} requests ({run.requests.get(LIST, 0):,} list, {run.orders:,} orders)"
