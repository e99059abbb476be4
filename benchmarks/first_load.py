"""First load of orders by workers, beside arithmetic and what else could read them.

And with some slow answers: whether they hold up the others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.contenders import AIOHTTP, DLT, SDK
from benchmarks.results import Bars, Figure, Result
from benchmarks.shop import KILOBYTES, LATENCY, WORKERS, ready_shop

if TYPE_CHECKING:
    from benchmarks.shop import Load

TITLE = f"First load of orders, {KILOBYTES} KB each, {LATENCY} ms an answer"
#: Fewer where each takes its 100 ms alone: the rates can be compared all the same.
FEW_ORDERS = 200
#: About as many as a plain loop can read: VTEX's list ends after 3,000.
ORDERS = 2900
MOST_WORKERS = 64
SIDE_BY_SIDE = (WORKERS, MOST_WORKERS)
SLOW_ONE_IN = 20
#: More, lest it be the first list and the last slow answers that are measured.
SLOW_ORDERS = {WORKERS: 4000, MOST_WORKERS: 12_000}
#: Milliseconds, where one answer in twenty takes ten times as long.
MEAN_LATENCY = LATENCY * (1 + 9 / SLOW_ONE_IN)

PART_OF_LIMIT = {WORKERS: 0.9, MOST_WORKERS: 0.8}
PART_OF_IDEAL = 0.85


def measure() -> Result:
    """Load by 1 to 64 workers."""
    loads: dict[int, Load] = {}
    with ready_shop(FEW_ORDERS) as store:
        serial = SDK.load(store)
        loads[1] = store.tap("orders", workers=1)
    others: dict[str, Load] = {}
    with ready_shop(ORDERS) as store:
        for workers in SIDE_BY_SIDE:
            loads[workers] = store.tap("orders", workers=workers)
            for one in (AIOHTTP, DLT):
                others[_named(one.name, workers)] = one.load(store, workers)
    slow = {workers: _with_slow_answers(workers) for workers in SLOW_ORDERS}
    return Result(
        TITLE,
        [
            Figure(SDK.name, _per_second(serial.rate)),
            *(_beside_limit(workers, load, serial) for workers, load in loads.items()),
            *(
                Figure(name, f"{_per_second(load.rate)}, {load.run.megabytes:.0f} MB")
                for name, load in others.items()
            ),
            Figure(
                f"CPU at {MOST_WORKERS} workers",
                f"tap {_cores(loads[MOST_WORKERS].run.cpu, loads[MOST_WORKERS])}",
                f"store {_cores(loads[MOST_WORKERS].store_cpu, loads[MOST_WORKERS])}",
            ),
            *(_beside_ideal(workers, load, loads) for workers, load in slow.items()),
        ],
        Bars(
            "Orders a second",
            [
                (SDK.name, serial.rate),
                *((_named("tap", workers), load.rate) for workers, load in loads.items()),
                *((name, load.rate) for name, load in others.items()),
            ],
            yardsticks=(SDK.name, *others),
        ),
        {"rate": loads[WORKERS].rate},
    )


def _with_slow_answers(workers: int) -> Load:
    with ready_shop(SLOW_ORDERS[workers]) as store:
        store.ask("settings", {"slow_one_in": SLOW_ONE_IN})
        return store.tap("orders", workers=workers)


def _limit(workers: int) -> float:
    """Orders a second, if nothing took time but the answers."""
    return workers / LATENCY * 1000


def _beside_limit(workers: int, load: Load, serial: Load) -> Figure:
    times, part = load.rate / serial.rate, load.rate / _limit(workers)
    wanted, reached = "", None
    if least := PART_OF_LIMIT.get(workers):
        wanted, reached = f"≥ {least} of the limit", part >= least
    return Figure(
        _named("tap", workers),
        f"{_per_second(load.rate)}, {load.run.megabytes:.0f} MB",
        f"limit {_limit(workers):.0f}, serial {serial.rate:.1f}",
        f"{part:.2f}, {times:.1f}",
        wanted,
        reached,
    )


def _beside_ideal(workers: int, load: Load, loads: dict[int, Load]) -> Figure:
    # What the workers could do if none ever waited for another; no more than the machine can.
    ideal = min(workers / MEAN_LATENCY * 1000, loads[MOST_WORKERS].rate)
    # The same, if each request took as long as it did without slow answers, and their delay.
    undisturbed = workers / (workers / loads[workers].rate + (MEAN_LATENCY - LATENCY) / 1000)
    part = load.rate / undisturbed
    return Figure(
        f"{workers} workers, 5 % of the answers ten times slower",
        _per_second(load.rate),
        f"ideal {ideal:.0f}, at the pace of fast ones {undisturbed:.0f}",
        f"{load.rate / ideal:.2f}, {part:.2f}",
        f"≥ {PART_OF_IDEAL}",
        part >= PART_OF_IDEAL,
    )


def _named(name: str, workers: int) -> str:
    return f"{name}, {workers} worker{'s' if workers > 1 else ''}"


def _per_second(rate: float) -> str:
    return f"{rate:.1f} orders/s"


def _cores(cpu: float, load: Load) -> str:
    return f"{cpu / (load.run.seconds + load.run.start):.2f} cores"
