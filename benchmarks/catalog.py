"""The catalog: a full load, and a run without changes."""

from __future__ import annotations

from benchmarks.results import Figure, Result
from benchmarks.shop import shop

SKUS = 12_000
PRODUCTS = 2_000
LATENCY = 50
#: Seconds: an hour and a half, because changes shortly before a run are read twice.
LATER = 5400


def measure() -> Result:
    """Read the catalog, then again with nothing changed."""
    with shop(100, skus=SKUS, latency=LATENCY) as store:
        full = store.tap("products", "skus")
        store.ask("clock", {"advance": LATER})
        again = store.tap("products", "skus", state=full.run.state)
    things = PRODUCTS + SKUS
    return Result(
        f"Catalog: {PRODUCTS:,} products, {SKUS:,} SKUs, {LATENCY} ms a response",
        [
            Figure(
                "requests, everything",
                f"{full.total:,}",
                f"one per product and SKU {things:,}",
                f"{full.total / things:.2f}",
            ),
            Figure(
                "requests, nothing changed",
                f"{again.total:,}",
                f"everything {full.total:,}",
                f"{again.total / full.total:.3f}",
            ),
            Figure(
                "time, nothing changed",
                f"{again.run.wall:.1f} s",
                f"everything {full.run.wall:.1f} s",
                f"{again.run.wall / full.run.wall:.3f}",
            ),
        ],
    )
