"""First load of orders, by workers, beside a plain serial SDK tap; and with some slow answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.results import Bars, Figure, Result
from benchmarks.shop import KILOBYTES, LATENCY, shop

if TYPE_CHECKING:
    from benchmarks.shop import Load

TITLE = f"First load of orders, {KILOBYTES} KB each, {LATENCY} ms an answer"
#: Fewer where each takes its 100 ms alone: the rates can be compared all the same.
ORDERS = {1: 300, 4: 1000}
MOST_ORDERS = 5000
SLOW_ONE_IN = 20
#: More, lest it be the first list and the last slow answers that are measured.
SLOW_ORDERS = {16: 5000, 64: 20_000}
#: Milliseconds, where one answer in twenty takes ten times as long.
MEAN_LATENCY = LATENCY * (1 + 9 / SLOW_ONE_IN)

TIMES_SERIAL = 15
MOST_RATE = 400
PART_OF_IDEAL = 0.85


def measure() -> Result:
    """Load by 1 to 64 workers."""
    loads: dict[int, Load] = {}
    slow: dict[int, Load] = {}
    with shop(ORDERS[1], order_kilobytes=KILOBYTES) as store:
        serial = store.watch("benchmarks.serial_tap", {"config": store.config})
        loads[1] = store.tap("orders", workers=1)
    with shop(ORDERS[4], order_kilobytes=KILOBYTES) as store:
        loads[4] = store.tap("orders", workers=4)
    with shop(MOST_ORDERS, order_kilobytes=KILOBYTES) as store:
        for workers in (16, 32, 64):
            loads[workers] = store.tap("orders", workers=workers)
    for workers, orders in SLOW_ORDERS.items():
        with shop(orders, order_kilobytes=KILOBYTES) as store:
            store.ask("settings", {"slow_one_in": SLOW_ONE_IN})
            slow[workers] = store.tap("orders", workers=workers)
    return Result(
        TITLE,
        [
            Figure("plain serial SDK tap", _per_second(serial.rate)),
            *(_beside_serial(workers, load, loads[1], serial) for workers, load in loads.items()),
            Figure(
                "who uses the CPU at 64 workers",
                f"tap {_cores(loads[64].run.cpu, loads[64])}",
                f"sandbox {_cores(loads[64].store_cpu, loads[64])}",
            ),
            *(_beside_ideal(workers, load, loads) for workers, load in slow.items()),
        ],
        Bars(
            "Orders a second",
            [
                ("serial SDK tap", serial.rate),
                *((f"tap, {_workers(workers)}", load.rate) for workers, load in loads.items()),
            ],
            yardsticks=("serial SDK tap",),
        ),
    )


def _beside_serial(workers: int, load: Load, one: Load, serial: Load) -> Figure:
    times = load.rate / serial.rate
    wanted, reached = "", None
    if workers == 16:  # noqa: PLR2004 - the default
        wanted, reached = f"≥ {TIMES_SERIAL}", times >= TIMES_SERIAL
    elif workers == 64:  # noqa: PLR2004 - the most that are tried
        wanted, reached = f"≥ {MOST_RATE} a second", load.rate >= MOST_RATE
    return Figure(
        f"tap, {_workers(workers)}",
        _per_second(load.rate),
        f"serial {serial.rate:.1f}, one worker {one.rate:.1f}",
        f"{times:.1f}, {load.rate / one.rate:.1f}",
        wanted,
        reached,
    )


def _beside_ideal(workers: int, load: Load, loads: dict[int, Load]) -> Figure:
    # What the workers could do if none ever waited for another; no more than the machine can.
    ideal = min(workers / MEAN_LATENCY * 1000, loads[64].rate)
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


def _workers(number: int) -> str:
    return "1 worker" if number == 1 else f"{number} workers"


def _per_second(rate: float) -> str:
    return f"{rate:.1f} orders/s"


def _cores(cpu: float, load: Load) -> str:
    return f"{cpu / (load.run.seconds + load.run.start):.2f} cores"
