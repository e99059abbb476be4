"""The tap's peak memory, by number of orders, and by workers and size of order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.results import Bars, Figure, Result
from benchmarks.shop import KILOBYTES, WORKERS, ready_shop

if TYPE_CHECKING:
    from benchmarks.shop import Shop

#: Numbers of orders, of the usual size.
FEW, SOME, MANY = 1_000, 10_000, 60_000
ORDERS = (FEW, SOME, MANY)
#: Kilobytes of an order. What VTEX calls a large one has hundreds of items.
SIZES = (20, 100, 500)
#: Enough that each worker fetches several.
ORDERS_PER_SIZE = 400
WORKER_COUNTS = (16, 64)
#: Milliseconds: short, so that many orders don't take long.
LATENCY = 5
LATENCY_OF_SIZES = 100
GROWTH = 1.1
MEGABYTES = 120


def measure() -> Result:
    """Load stores of several sizes."""
    by_number = {}
    for orders in ORDERS:
        with ready_shop(orders, latency=LATENCY) as store:
            by_number[orders] = _peak(store)
    by_size = {}
    for kilobytes in SIZES:
        with ready_shop(ORDERS_PER_SIZE, latency=LATENCY_OF_SIZES, kilobytes=kilobytes) as store:
            for workers in WORKER_COUNTS:
                by_size[kilobytes, workers] = _peak(store, workers)
    few, some, many = by_number.values()
    return Result(
        "Peak memory",
        [
            Figure(f"{_label(FEW)}, {WORKERS} workers", f"{few:.0f} MB"),
            Figure(_label(SOME), f"{some:.0f} MB", f"{FEW:,}: {few:.0f} MB", f"{some / few:.2f}"),
            Figure(
                _label(MANY),
                f"{many:.0f} MB",
                f"{SOME:,}: {some:.0f} MB",
                f"{many / some:.2f}",
                f"≤ {GROWTH}, < {MEGABYTES} MB",
                many <= GROWTH * some and many < MEGABYTES,
            ),
            *(
                Figure(
                    f"orders of {kilobytes} KB, {workers} workers",
                    f"{peak:.0f} MB",
                    f"responses in flight {_in_flight(kilobytes, workers):.0f} MB",
                )
                for (kilobytes, workers), peak in by_size.items()
            ),
        ],
        Bars(
            "Peak megabytes",
            [
                *((_label(orders), peak) for orders, peak in by_number.items()),
                *(
                    (f"{kilobytes} KB, {workers} workers", peak)
                    for (kilobytes, workers), peak in by_size.items()
                ),
            ],
        ),
        {"many": many, "most_orders": MANY},
    )


def _peak(store: Shop, workers: int = WORKERS) -> float:
    return store.tap("orders", workers=workers).run.megabytes


def _label(orders: int) -> str:
    return f"{orders:,} orders of {KILOBYTES} KB"


def _in_flight(kilobytes: int, workers: int) -> float:
    """Megabytes in flight with one body for each worker."""
    return kilobytes * workers / 1000
