"""First load of orders by number of workers, compared with the theoretical limit and alternatives.

A second load has some slow responses, to see whether they hold up the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from benchmarks.contenders import AIOHTTP, DLT, SDK
from benchmarks.results import Bars, Figure, Result
from benchmarks.shop import KILOBYTES, LATENCY, WORKERS, ready_shop

if TYPE_CHECKING:
    from benchmarks.shop import Load

TITLE = f"First load of orders, {KILOBYTES} KB each, {LATENCY} ms a response"
#: For serial loads, where each order takes its 100 ms; rates stay comparable.
FEW_ORDERS = 200
#: Close to the maximum for a plain loop: VTEX's list ends after 3,000.
ORDERS = 2900
MAX_WORKERS = 64
CONCURRENT = (WORKERS, MAX_WORKERS)
#: By workers: enough that the serial requests at the start and the end hardly count.
MANY_ORDERS = {WORKERS: 4000, MAX_WORKERS: 12_000}
SLOW_ONE_IN = 20
#: Milliseconds, if one response in twenty takes ten times as long.
MEAN_LATENCY = LATENCY * (1 + 9 / SLOW_ONE_IN)

PART_OF_LIMIT = {WORKERS: 0.9, MAX_WORKERS: 0.9}
PART_OF_IDEAL = 0.85


class Long(NamedTuple):
    """The same orders twice, with the tap."""

    steady: Load
    #: With some slow responses.
    slow: Load


def measure() -> Result:
    """Load with 1 to 64 workers."""
    with ready_shop(FEW_ORDERS) as store:
        serial = SDK.load(store)
        alone = store.tap("orders", workers=1)
    loads: dict[str, Load] = {}
    with ready_shop(ORDERS) as store:
        for workers in CONCURRENT:
            loads[_label("tap", workers)] = store.tap("orders", workers=workers)
            for one in (AIOHTTP, DLT):
                loads[_label(one.name, workers)] = one.load(store, workers)
    long = {workers: _load_many(workers) for workers in MANY_ORDERS}
    most = long[MAX_WORKERS].steady
    return Result(
        TITLE,
        [
            Figure(SDK.name, _per_second(serial.rate)),
            _against_limit(1, alone, serial),
            *(
                Figure(name, f"{_per_second(load.rate)}, {load.run.megabytes:.0f} MB")
                for name, load in loads.items()
            ),
            *(_against_limit(workers, pair.steady, serial) for workers, pair in long.items()),
            *(_against_ideal(workers, pair, most) for workers, pair in long.items()),
            Figure(
                f"CPU at {MAX_WORKERS} workers",
                f"tap {_cores(most.run.cpu, most)}",
                f"store {_cores(most.store_cpu, most)}",
            ),
        ],
        Bars(
            "Orders a second",
            [
                (SDK.name, serial.rate),
                (_label("tap", 1), alone.rate),
                *((name, load.rate) for name, load in loads.items()),
            ],
            yardsticks=(SDK.name, *(name for name in loads if not name.startswith("tap"))),
        ),
        {"rate": long[WORKERS].steady.rate},
    )


def _load_many(workers: int) -> Long:
    with ready_shop(MANY_ORDERS[workers]) as store:
        steady = store.tap("orders", workers=workers)
        store.ask("settings", {"slow_one_in": SLOW_ONE_IN})
        return Long(steady, store.tap("orders", workers=workers))


def _limit(workers: int) -> float:
    """Orders a second, if only the responses took time."""
    return workers / LATENCY * 1000


def _against_limit(workers: int, load: Load, serial: Load) -> Figure:
    times, part = load.rate / serial.rate, load.rate / _limit(workers)
    wanted, reached = "", None
    if least := PART_OF_LIMIT.get(workers):
        wanted, reached = f"≥ {least} of the limit", part >= least
    return Figure(
        f"{_label('tap', workers)}, {load.orders:,} orders",
        f"{_per_second(load.rate)}, {load.run.megabytes:.0f} MB",
        f"limit {_limit(workers):.0f}, serial {serial.rate:.1f}",
        f"{part:.2f}, {times:.1f}",
        wanted,
        reached,
    )


def _against_ideal(workers: int, loads: Long, most: Load) -> Figure:
    # The rate if no worker ever waited for another, capped at what the machine can do.
    ideal = min(workers / MEAN_LATENCY * 1000, most.rate)
    # The same, with the time per request from the steady load plus the mean delay.
    undisturbed = workers / (workers / loads.steady.rate + (MEAN_LATENCY - LATENCY) / 1000)
    part = loads.slow.rate / undisturbed
    return Figure(
        f"{workers} workers, 5 % of the responses ten times slower",
        _per_second(loads.slow.rate),
        f"ideal {ideal:.0f}, at the pace of fast ones {undisturbed:.0f}",
        f"{loads.slow.rate / ideal:.2f}, {part:.2f}",
        f"≥ {PART_OF_IDEAL}",
        part >= PART_OF_IDEAL,
    )


def _label(name: str, workers: int) -> str:
    return f"{name}, {workers} worker{'s' if workers > 1 else ''}"


def _per_second(rate: float) -> str:
    return f"{rate:.1f} orders/s"


def _cores(cpu: float, load: Load) -> str:
    return f"{cpu / (load.run.seconds + load.run.start):.2f} cores"
