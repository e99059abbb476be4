"""Clients by scroll, beside a plain loop that scrolls; and who else is read with them.

The store keeps what it has made once: each load is done twice, and the second one counts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.bare import SCROLL
from benchmarks.results import Figure, Result
from benchmarks.shop import LATENCY, shop

if TYPE_CHECKING:
    from collections.abc import Callable

    from benchmarks.shop import Load, Shop

#: Two sizes: the start of a process falls out of the difference.
FEW, MANY = 10_000, 100_000
#: All that are made of the documents of CL.
TOGETHER = ("clients", "carts", "newsletter")
MICROSECONDS = 35


def measure() -> Result:
    """Read all clients in two ways."""
    loads: dict[int, tuple[Load, Load]] = {}
    for clients in (FEW, MANY):
        with shop(100, clients=clients, keep_documents=True) as store:
            loads[clients] = _second(store, _scroll), _second(store, _tap)
            if clients == FEW:
                together = store.tap(*TOGETHER)
    bare, tap = loads[MANY]
    bare_cost, tap_cost = (
        (many.run.cpu - few.run.cpu) / (MANY - FEW) * 1e6
        for few, many in zip(loads[FEW], loads[MANY], strict=True)
    )
    least = MANY // SCROLL
    return Result(
        f"{MANY:,} clients by scroll, {LATENCY} ms an answer",
        [
            Figure(
                "requests",
                f"{tap.total:,}",
                f"pages of {SCROLL:,}: {least}",
                _ratio(tap.total, least),
            ),
            Figure(
                "time",
                f"{tap.run.seconds:.1f} s ({MANY / tap.run.seconds:,.0f} clients/s)",
                f"plain loop {bare.run.seconds:.1f} s",
                _ratio(tap.run.seconds, bare.run.seconds),
            ),
            Figure(
                "CPU for a client",
                f"{tap_cost:.0f} µs",
                f"plain loop {bare_cost:.0f} µs",
                _ratio(tap_cost, bare_cost),
                f"≤ {MICROSECONDS} µs",
                tap_cost <= MICROSECONDS,
            ),
            Figure(
                f"requests of {', '.join(TOGETHER)}, {FEW:,} clients",
                f"{together.total}",
                f"clients alone {loads[FEW][1].total}",
                _ratio(together.total, loads[FEW][1].total),
            ),
            Figure(
                "who uses the CPU",
                f"tap {tap.run.cpu / tap.run.wall:.2f} cores",
                f"store {tap.store_cpu / tap.run.wall:.2f} cores",
            ),
        ],
    )


def _second(store: Shop, load: Callable[[Shop], Load]) -> Load:
    load(store)
    return load(store)


def _scroll(store: Shop) -> Load:
    return store.watch("benchmarks.bare", {"config": store.config}, "clients")


def _tap(store: Shop) -> Load:
    return store.tap("clients")


def _ratio(measured: float, yardstick: float) -> str:
    return f"{measured / yardstick:.2f}"
