"""``python -m sandbox``: start a VTEX store on this machine."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from aiohttp import web

from sandbox.clock import HOUR, Clock, ticks
from sandbox.oms.document import Size
from sandbox.roles import READER_ROLE
from sandbox.server import make_app
from sandbox.store import APP_KEY, APP_TOKEN, Pace, Store


def main() -> None:
    """Read the options, make the store, serve it."""
    options = _parser().parse_args()
    now = options.now or datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    store = Store.create(
        clock=Clock(now, options.speed),
        orders=options.orders,
        days=options.days,
        clients=options.clients,
        skus=options.skus,
        account=options.account,
        seed=options.seed,
        peaks=dict(options.peak),
        latency=options.latency / 1000,
        slow_one_in=options.slow_one_in,
        pace=Pace(options.requests_per_minute),
        granted=set(READER_ROLE) if options.role == "reader" else None,
    )
    Size.least = options.order_kilobytes * 1000
    if options.closed:
        store.book.closed = store.clock.now()
    app = make_app(store)

    async def say_hello(_app: web.Application) -> None:
        print(  # noqa: T201 - whoever starts it wants to know where it is
            f"A VTEX store, {options.orders:,} orders, at http://127.0.0.1:{options.port}\n"
            f"account_name {options.account}, app_key {APP_KEY}, app_token {APP_TOKEN}",
            flush=True,
        )

    app.on_startup.append(say_hello)
    web.run_app(app, host="127.0.0.1", port=options.port, print=None, access_log=None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=8700)
    add("--account", default="ipe", help="name of the VTEX account")
    add("--orders", type=int, default=5000, help="orders up to now, 100 to 1,000,000")
    add("--order-kilobytes", type=int, default=0, help="size of each order's document, at least")
    add("--closed", action="store_true", help="nothing is sold from now on, and nothing shipped")
    add("--days", type=int, default=730, help="days over which they are spread")
    add("--clients", type=int, help="clients; default: three for every five orders")
    add("--skus", type=int, help="SKUs in the catalog; default: half as many as orders")
    add(
        "--role",
        choices=("reader", "full"),
        default="full",
        help="what the key may read: what stores grant for this tap, or everything",
    )
    add("--seed", type=int, default=1, help="another seed is another store")
    add("--now", type=_moment, help="the store's time at the start; default: this hour")
    add("--speed", type=float, default=1.0, help="seconds of the store's in one; 0: none pass")
    add("--latency", type=float, default=0.0, help="milliseconds that each answer takes")
    add("--slow-one-in", type=int, default=0, help="one answer in so many takes ten times that")
    add("--requests-per-minute", type=int, help="more than that are answered with 429")
    add(
        "--peak",
        type=_peak,
        action="append",
        default=[],
        metavar="HOUR=ORDERS",
        help="a number of orders for one hour, 2026-11-20T20=3500",
    )
    return parser


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _peak(text: str) -> tuple[int, int]:
    hour, _, orders = text.partition("=")
    at = ticks(_moment(hour))
    return at - at % HOUR, int(orders)


if __name__ == "__main__":
    main()
