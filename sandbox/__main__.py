"""``python -m sandbox``: run a VTEX store on this machine."""

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
    """Parse the options, create the store and serve it."""
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
        rendered={} if options.keep_documents else None,
    )
    Size.minimum = options.order_kilobytes * 1000
    if options.closed:
        store.book.closed = store.clock.now()
    app = make_app(store)

    async def announce(_app: web.Application) -> None:
        print(  # noqa: T201 - the user needs the address
            f"A VTEX store, {options.orders:,} orders, at http://127.0.0.1:{options.port}\n"
            f"account_name {options.account}, app_key {APP_KEY}, app_token {APP_TOKEN}",
            flush=True,
        )

    app.on_startup.append(announce)
    web.run_app(app, host="127.0.0.1", port=options.port, print=None, access_log=None)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, default=8700)
    add("--account", default="ipe", help="name of the VTEX account")
    add("--orders", type=int, default=5000, help="number of orders so far, 100 to 1,000,000")
    add("--order-kilobytes", type=int, default=0, help="minimum size of each order's document")
    add("--closed", action="store_true", help="sell nothing and ship nothing from now on")
    add("--days", type=int, default=730, help="number of days the orders are spread over")
    add("--clients", type=int, help="number of clients; default: three for every five orders")
    add("--skus", type=int, help="number of SKUs; default: half as many as orders")
    add(
        "--role",
        choices=("reader", "full"),
        default="full",
        help="what the key may read: what stores usually grant to this tap, or everything",
    )
    add("--seed", type=int, default=1, help="a different seed makes a different store")
    add("--now", type=_moment, help="the store's time at startup; default: the current hour")
    add("--speed", type=float, default=1.0, help="store seconds per real second; 0 stops the clock")
    add("--latency", type=float, default=0.0, help="milliseconds before each response")
    add("--slow-one-in", type=int, default=0, help="every Nth response takes ten times the latency")
    add("--requests-per-minute", type=int, help="requests beyond this rate get a 429")
    add(
        "--keep-documents",
        action="store_true",
        help="cache Master Data documents as JSON: faster from the second request on",
    )
    add(
        "--peak",
        type=_peak,
        action="append",
        default=[],
        metavar="HOUR=ORDERS",
        help="the number of orders in one hour, such as 2026-11-20T20=3500",
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
