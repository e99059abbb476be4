"""100,000 clients by scroll, beside a plain loop that scrolls."""

from __future__ import annotations

from benchmarks.bare import SCROLL
from benchmarks.results import Figure, Result
from benchmarks.shop import LATENCY, shop

CLIENTS = 100_000


def measure() -> Result:
    """Read all clients in two ways."""
    with shop(100, clients=CLIENTS) as store:
        # The store renders each page anew, which takes longer than the tap needs for it.
        bare = store.watch("benchmarks.bare", {"config": store.config}, "clients")
        tap = store.tap("clients")
    least = CLIENTS // SCROLL
    return Result(
        f"{CLIENTS:,} clients by scroll, {LATENCY} ms an answer",
        [
            Figure("requests", f"{tap.total}", f"least {least}", f"{tap.total / least:.2f}"),
            Figure(
                "time",
                f"{tap.run.seconds:.0f} s ({CLIENTS / tap.run.seconds:,.0f} clients/s)",
                f"plain loop {bare.run.seconds:.0f} s",
                f"{tap.run.seconds / bare.run.seconds:.2f}",
            ),
            Figure(
                "CPU",
                f"{tap.run.cpu:.1f} s",
                f"plain loop {bare.run.cpu:.1f} s, sandbox {tap.store_cpu:.0f} s",
                f"{tap.run.cpu / bare.run.cpu:.2f}",
            ),
        ],
    )
