"""What an order costs in CPU, beside the bare cost of asking, parsing and encoding."""

from __future__ import annotations

from benchmarks.results import Bars, Figure, Result
from benchmarks.shop import KILOBYTES, LATENCY, WORKERS, shop

#: About as many as a plain loop can read: VTEX's list ends after 3,000.
ORDERS = 2900
SECONDS = 2.5
TIMES_BARE = 2.0
#: A field in a list: every item is copied to leave it out.
LEFT_OUT = "items.imageUrl"
TIMES_ALL = 1.5


def measure() -> Result:
    """Load the same orders in several ways."""
    with shop(ORDERS, latency=0, order_kilobytes=KILOBYTES) as store:
        bare = store.watch("benchmarks.bare", {"config": store.config}, "orders").cpu
        serial = store.watch("benchmarks.serial_tap", {"config": store.config}).cpu
        store.ask("settings", {"latency": LATENCY / 1000})
        tap = store.tap("orders").cpu
        part = store.tap("orders", without=LEFT_OUT).cpu
        both = store.tap("orders", "order_items").cpu
    return Result(
        f"CPU for 1,000 orders of {KILOBYTES} KB, whole process",
        [
            Figure("requests + parse + encode in a plain loop", f"{bare:.2f} s"),
            Figure(
                "plain serial SDK tap",
                f"{serial:.2f} s",
                f"bare {bare:.2f} s",
                _times(serial, bare),
            ),
            Figure(
                f"tap, {WORKERS} workers",
                f"{tap:.2f} s",
                f"bare {bare:.2f} s",
                _times(tap, bare),
                f"≤ {SECONDS} s, ≤ {TIMES_BARE:.0f}",
                tap <= SECONDS and tap <= TIMES_BARE * bare,
            ),
            Figure(
                f"tap, {LEFT_OUT} left out",
                f"{part:.2f} s",
                f"all fields {tap:.2f} s",
                _times(part, tap),
                f"≤ {TIMES_ALL}",
                part <= TIMES_ALL * tap,
            ),
            Figure(
                "tap with order_items", f"{both:.2f} s", f"bare {bare:.2f} s", _times(both, bare)
            ),
        ],
        Bars(
            "CPU seconds for 1,000 orders",
            [("plain loop", bare), ("tap", tap), ("serial SDK tap", serial)],
            yardsticks=("plain loop", "serial SDK tap"),
        ),
    )


def _times(cost: float, bare: float) -> str:
    return f"{cost / bare:.2f}"
