"""Load a store's orders, let some change, load the changes, and show both, in charts too."""

from __future__ import annotations

import shutil
import signal
import sys
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg.sql import SQL, Identifier

from demo.carts import leave_carts
from demo.services import FOLDER, SCHEMA, Store, database, meltano
from report.data import connect, read
from report.page import write

if TYPE_CHECKING:
    from typing import LiteralString

ORDERS = 2500
RUN = ("run", "tap-vtex", "target-postgres")
#: The charts.
PAGE = FOLDER / "report.html"
#: What happens to how many orders between the two runs.
EVENTS = {"cancel": 12, "return": 5, "touch": 8, "remove_piece": 4, "substitute": 3}
CHANGED_SKUS = 7

TABLES = (
    "orders",
    "order_items",
    "payments",
    "packages",
    "incomplete_orders",
    "carts",
    "clients",
    "addresses",
    "newsletter",
    "products",
    "skus",
    "categories",
    "brands",
    "promotions",
    "coupons",
    "prices",
)
REVENUE: LiteralString = """
    SELECT to_char(day, 'YYYY-MM') AS month, sum(orders_count) AS orders,
           sum(canceled_orders_count) AS canceled, sum(new_customers_count) AS new_customers,
           to_char(sum(refund), 'FM999,999,990.00') AS refunded_brl,
           to_char(sum(net_revenue), 'FM999,999,990.00') AS net_revenue_brl
    FROM vtex_demo.vtex__daily_shop GROUP BY month ORDER BY month DESC LIMIT 4
"""
PAYMENTS: LiteralString = """
    SELECT "paymentSystemName" AS means, count(*) AS payments,
           round(avg(installments), 1) AS instalments,
           to_char(sum(value) / 100, 'FM999,999,990.00') AS value_brl
    FROM vtex_demo.payments WHERE "isActive" AND status <> 'canceled'
    GROUP BY means ORDER BY payments DESC
"""
RETURNS: LiteralString = """
    SELECT to_char("issuanceDate", 'YYYY-MM') AS month, count(*) AS packages,
           count(*) FILTER (WHERE type = 'Input') AS returned,
           to_char(coalesce(sum(refund_value), 0) / 100, 'FM999,990.00') AS refunds_brl
    FROM vtex_demo.packages GROUP BY month ORDER BY month DESC LIMIT 4
"""
ADDED: LiteralString = """
    SELECT count(*) FILTER (WHERE is_added) AS added,
           count(*) FILTER (WHERE quantity_left < quantity) AS removed,
           to_char(sum(total) / 100, 'FM999,999,990.00') AS bought_and_added_brl,
           to_char(sum(total_left) / 100, 'FM999,999,990.00') AS left_brl
    FROM vtex_demo.order_items
    WHERE "orderId" IN (SELECT "orderId" FROM vtex_demo.order_items
                        WHERE is_added OR quantity_left < quantity)
"""
CARTS: LiteralString = """
    SELECT checkout_stage AS last_step, count(*) AS carts, sum(items_count) AS items,
           to_char(sum(cart_value), 'FM999,999,990.00') AS value_brl,
           count(*) FILTER (WHERE is_recovered) AS recovered
    FROM vtex_demo.vtex__abandoned_carts GROUP BY checkout_stage ORDER BY carts DESC
"""
CHANGED: LiteralString = """
    SELECT status, count(*) AS orders, max("lastChange")::timestamp(0) AS last_change
    FROM vtex_demo.orders WHERE _sdc_batched_at > %s GROUP BY status ORDER BY status
"""


def main() -> None:
    """Run the demonstration from an empty folder to the tables."""
    # Whoever ends it ends the store and the database, too.
    signal.signal(signal.SIGTERM, lambda number, _frame: sys.exit(128 + number))
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    with database() as (address, target), Store.open(ORDERS) as store:
        settings = {**store.settings, **target}
        leave_carts(store.url)
        requests_of(store)
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("SET timezone = 'UTC'")
            connection.execute("DROP SCHEMA IF EXISTS vtex_demo CASCADE")
            meltano(*RUN, "dbt-postgres:run", settings=settings)
            loaded = connection.execute("SELECT clock_timestamp()::timestamp").fetchone()
            rows = {table: count(connection, table) for table in TABLES}
            first = requests_of(store)
            for action, number in EVENTS.items():
                store.ask("orders", {"action": action, "count": number, "days": 45})
            for sku_id in range(10, 10 + CHANGED_SKUS):
                edit = {"action": "edit_sku", "id": sku_id, "fields": {"IsActive": False}}
                store.ask("catalog", edit)
            store.ask("clock", {"advance": 3 * 3600})
            meltano(*RUN, "dbt-postgres:run", settings=settings)
            second = requests_of(store)
            print("\nRows in PostgreSQL\n")
            table(
                ("table", "first load", "second run"),
                [(name, rows[name], count(connection, name)) for name in TABLES],
            )
            print("\nRevenue by month, from the model vtex__daily_shop\n")
            show(connection, REVENUE)
            print("\nPayments, from the table payments\n")
            show(connection, PAYMENTS)
            print("\nSent and returned, from the table packages\n")
            show(connection, RETURNS)
            print("\nItems of orders that the store changed, from the table order_items\n")
            show(connection, ADDED)
            print("\nAbandoned carts, from the model vtex__abandoned_carts\n")
            show(connection, CARTS)
            print(
                f"\nThe second run, three hours later: {sum(EVENTS.values())} orders and "
                f"{CHANGED_SKUS} SKUs were changed by hand, the others lived on\n"
            )
            show(connection, CHANGED, loaded)
            print("\nRequests to VTEX\n")
            table(
                ("", "first load", "second run"),
                [(name, first.get(path, 0), second.get(path, 0)) for path, name in ROUTES.items()],
            )
            with connect(None, address) as query:
                write(read(query, SCHEMA, None), PAGE)
    print(AFTERWARDS.format(page=PAGE.as_uri()))


ROUTES = {
    "/api/oms/pvt/orders": "pages of the order list",
    "/api/oms/pvt/orders/{order_id}": "single orders",
    "/api/dataentities/{acronym}/scroll": "pages of clients, addresses, ...",
    "/api/catalog_system/pvt/sku/stockkeepingunitByProductId/{product_id}": "SKU lists of products",
    "/api/catalog_system/pvt/sku/stockkeepingunitbyid/{sku_id}": "single SKUs",
    "/{account}/pricing/prices/{sku_id}": "prices of single SKUs",
}
AFTERWARDS = """
The store in charts, out of the models: open

    {page}

To load a real store, copy .env.example to .env, fill in the account name, key and token of
the store and the address of your database, and run

    .venv/bin/meltano --environment=prod run tap-vtex target-postgres

once for the first load, and then as often as you like for what has changed. With
dbt-postgres:build after it, it builds the models, too, and `make report` the charts: see
dbt/README.md.
"""


def requests_of(store: Store) -> dict[str, int]:
    """The requests that the store has had since the last time, by route."""
    counted: dict[str, int] = store.ask("requests")["by_route"]
    store.ask("requests", method="DELETE")
    return counted


def count(connection: psycopg.Connection, name: str) -> int:
    """How many rows a table has."""
    query = SQL("SELECT count(*) FROM vtex_demo.{}").format(Identifier(name))
    row = connection.execute(query).fetchone()
    return int(row[0]) if row else 0


def show(
    connection: psycopg.Connection, query: LiteralString, parameters: tuple[Any, ...] | None = None
) -> None:
    """Print what a query finds."""
    cursor = connection.execute(query, parameters)
    names = [column.name for column in cursor.description or ()]
    table(names, cursor.fetchall())


def table(heads: Any, rows: Any) -> None:  # noqa: ANN401 - anything that can be printed
    """Print rows under their heads."""
    lines = [[str(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for number, line in enumerate(lines):
        cells = [
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        print("  " + "  ".join(cells))
        if number == 0:
            print("  " + "  ".join("-" * width for width in widths))


main()
