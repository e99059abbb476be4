"""The tap's peak memory for ever more orders."""

from __future__ import annotations

from benchmarks.results import Bars, Figure, Result
from benchmarks.shop import KILOBYTES, WORKERS, shop

ORDERS = (1_000, 10_000, 100_000)
LATENCY = 5
GROWTH = 1.1
MEGABYTES = 120


def measure() -> Result:
    """Load stores of three sizes."""
    peaks = {}
    for orders in ORDERS:
        with shop(orders, latency=LATENCY, order_kilobytes=KILOBYTES) as store:
            peaks[orders] = store.tap("orders").run.megabytes
    few, some, many = (peaks[orders] for orders in ORDERS)
    return Result(
        f"Peak memory, orders of {KILOBYTES} KB, {WORKERS} workers",
        [
            Figure("1,000 orders", f"{few:.0f} MB"),
            Figure("10,000 orders", f"{some:.0f} MB", f"1,000: {few:.0f} MB", f"{some / few:.2f}"),
            Figure(
                "100,000 orders",
                f"{many:.0f} MB",
                f"10,000: {some:.0f} MB",
                f"{many / some:.2f}",
                f"≤ {GROWTH}, < {MEGABYTES} MB",
                many <= GROWTH * some and many < MEGABYTES,
            ),
        ],
        Bars("Peak megabytes", [(f"{orders:,} orders", peak) for orders, peak in peaks.items()]),
    )
