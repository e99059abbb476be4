"""CPU time per order, compared with alternatives.

Each program loads a small and a large store; the difference is the cost of orders, without the
process's start. The programs take turns for several rounds, so that other load on the machine
affects all of them, and the median counts.

The stream ``orders`` is compared with dlt's extraction: both write one row per order. dlt splits
items, payments and packages from the orders when it normalizes them, so the tap with those three
streams is compared with extraction and normalization together. Both write the same number of rows
but different columns: dlt also turns nested objects into columns and all other lists into tables,
where the tap writes JSON.
"""

from __future__ import annotations

from contextlib import ExitStack
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.contenders import AIOHTTP, DLT, DLT_NORMALIZED, REQUESTS, SDK
from benchmarks.results import Bars, Figure, Result
from benchmarks.shop import KILOBYTES, WORKERS, cpu_per_thousand, ready_shop

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.shop import Load, Shop

#: The larger one is close to the maximum for a plain loop: VTEX's list ends after 3,000.
SIZES = (500, 2900)
ROUNDS = 3
SECONDS = 0.85
PART_OF_DLT = 0.25
#: A field in a list: deselecting it copies every item.
DESELECTED = "items.imageUrl"

TAP = f"tap, {WORKERS} workers"
PART = f"tap, {DESELECTED} left out"
ITEMS = "tap with order_items"
CHILDREN = "tap with order_items, payments, packages"
TLS_TAP, TLS_AIOHTTP = f"{TAP}, TLS and gzip", f"{AIOHTTP.name}, TLS and gzip"

OTHERS = (AIOHTTP, REQUESTS, SDK, DLT, DLT_NORMALIZED)

#: Loads from a store without TLS.
PLAIN: dict[str, Callable[[Shop], Load]] = {
    **{one.name: one.load for one in OTHERS},
    TAP: lambda store: store.tap("orders"),
    PART: lambda store: store.tap("orders", without=DESELECTED),
    ITEMS: lambda store: store.tap("orders", "order_items"),
    CHILDREN: lambda store: store.tap("orders", "order_items", "payments", "packages"),
}
#: Loads from a store with TLS and gzip.
ENCRYPTED: dict[str, Callable[[Shop], Load]] = {
    TLS_AIOHTTP: AIOHTTP.load,
    TLS_TAP: PLAIN[TAP],
}


def measure() -> Result:
    """Load the same orders in several ways."""
    rounds: dict[str, list[float]] = {name: [] for name in (*PLAIN, *ENCRYPTED)}
    with ExitStack() as stack:
        plain, encrypted = (
            [stack.enter_context(ready_shop(size, latency=0, tls=tls)) for size in SIZES]
            for tls in (False, True)
        )
        for _ in range(ROUNDS):
            for loadings, stores in ((PLAIN, plain), (ENCRYPTED, encrypted)):
                for name, load in loadings.items():
                    few, many = (load(store) for store in stores)
                    if many.orders < SIZES[-1]:
                        raise RuntimeError(f"{name} read {many.orders} of {SIZES[-1]} orders.")
                    rounds[name].append(cpu_per_thousand(few, many))
    return _result({name: median(costs) for name, costs in rounds.items()})


def _result(cost: dict[str, float]) -> Result:
    """The figures. ``cost`` is in seconds per 1,000 orders."""
    tap, dlt = cost[TAP], cost[DLT.name]
    children, normalized = cost[CHILDREN], cost[DLT_NORMALIZED.name]
    return Result(
        f"CPU for 1,000 orders of {KILOBYTES} KB, median of {ROUNDS} rounds",
        [
            *(_compared(one.name, cost, TAP) for one in OTHERS),
            Figure(
                TAP,
                f"{tap:.2f} s",
                f"dlt {dlt:.2f} s",
                f"{tap / dlt:.2f}",
                f"≤ {SECONDS} s, ≤ {PART_OF_DLT}",
                tap <= SECONDS and tap <= PART_OF_DLT * dlt,
            ),
            _compared(PART, cost, TAP),
            _compared(ITEMS, cost, TAP),
            Figure(
                CHILDREN,
                f"{children:.2f} s",
                f"dlt with normalization {normalized:.2f} s",
                f"{children / normalized:.2f}",
                f"≤ {PART_OF_DLT}",
                children <= PART_OF_DLT * normalized,
            ),
            _compared(TLS_AIOHTTP, cost, AIOHTTP.name),
            _compared(TLS_TAP, cost, TAP),
        ],
        Bars(
            "CPU seconds for 1,000 orders",
            list(cost.items()),
            yardsticks=(*(one.name for one in OTHERS), TLS_AIOHTTP),
        ),
        {"tap": tap, "dlt": dlt},
    )


def _compared(name: str, cost: dict[str, float], yardstick: str) -> Figure:
    return Figure(
        name,
        f"{cost[name]:.2f} s",
        f"{yardstick} {cost[yardstick]:.2f} s",
        f"{cost[name] / cost[yardstick]:.2f}",
    )
