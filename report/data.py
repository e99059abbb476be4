"""What the page shows, read from the marts and added up no further than a chart needs."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import dropwhile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

Row = dict[str, Any]

#: Months of revenue, and cohorts, that fit on a page.
MONTHS = 24
COHORTS = 12
#: Products, categories and payments in a list of the best.
BEST = 10

MONTHLY = """
    SELECT CAST(date_trunc('month', day) AS date) AS month,
        sum(net_revenue) AS net_revenue,
        sum(new_net_revenue) AS new_net_revenue,
        sum(returning_net_revenue) AS returning_net_revenue,
        sum(net_revenue - new_net_revenue - returning_net_revenue) AS other_net_revenue,
        sum(orders_count) AS orders,
        sum(purchases_count) AS purchases,
        sum(new_customers_count) AS new_customers,
        sum(refund) AS refund,
        sum(discount) AS discount,
        sum(carts_left_count) AS carts_left,
        sum(carts_recovered_count) AS carts_recovered,
        CASE WHEN min(currency) = max(currency) AND count(currency)
            = sum(CASE WHEN orders_count > 0 THEN 1 ELSE 0 END) THEN max(currency) END AS currency
    FROM {schema}.vtex__daily_shop WHERE account_name = '{account}'
    GROUP BY 1 ORDER BY 1
"""
COHORT = """
    SELECT cohort_month AS cohort, months_since AS months, customers_count AS customers,
        active_customers_count AS active, retention_rate AS retention
    FROM {schema}.vtex__cohorts WHERE account_name = '{account}' AND months_since BETWEEN 1 AND 12
    ORDER BY 1, 2
"""
CARTS = """
    SELECT coalesce(checkout_stage, '?') AS step, count(*) AS carts,
        sum(CASE WHEN is_recovered_in_1_hour THEN 1 ELSE 0 END) AS in_1_hour,
        sum(CASE WHEN is_recovered_in_24_hours THEN 1 ELSE 0 END) AS in_24_hours,
        sum(CASE WHEN is_recovered_in_72_hours THEN 1 ELSE 0 END) AS in_72_hours,
        sum(CASE WHEN is_recovered THEN 1 ELSE 0 END) AS recovered
    FROM {schema}.vtex__abandoned_carts WHERE account_name = '{account}'
    GROUP BY 1 ORDER BY 2 DESC, 1
"""
SEGMENTS = """
    SELECT segment, count(*) AS customers, sum(net_revenue) AS net_revenue
    FROM {schema}.vtex__customers WHERE account_name = '{account}' AND segment <> 'no_purchase'
    GROUP BY 1 ORDER BY 3 DESC, 1
"""
PRODUCTS = """
    SELECT max(product_name) AS name, sum(revenue) AS revenue, sum(units_sold) AS units
    FROM {schema}.vtex__products WHERE account_name = '{account}' AND revenue > 0
    GROUP BY product_id ORDER BY 2 DESC, 1 LIMIT {best}
"""
CATEGORIES = """
    SELECT coalesce(category, '?') AS name, revenue, units_sold AS units
    FROM {schema}.vtex__categories WHERE account_name = '{account}' AND revenue > 0
    ORDER BY 2 DESC, 1 LIMIT {best}
"""
PAYMENTS = """
    SELECT coalesce(payment_method, '?') AS name, sum(value) AS value, count(*) AS payments
    FROM {schema}.vtex__payments WHERE account_name = '{account}' AND is_paid AND is_active
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {best}
"""
FRESHNESS = """
    SELECT table_name AS name, rows_count AS rows, loaded_at
    FROM {schema}.vtex__freshness WHERE account_name = '{account}' ORDER BY 1
"""
CONTACTS = """
    SELECT count(*) AS contacts,
        sum(CASE WHEN has_consent THEN 1 ELSE 0 END) AS with_consent,
        sum(CASE WHEN has_consent AND has_cart THEN 1 ELSE 0 END) AS with_cart,
        coalesce(sum(CASE WHEN has_consent AND has_cart THEN cart_value END), 0) AS cart_value
    FROM {schema}.vtex__contacts WHERE account_name = '{account}'
"""
ACCOUNTS = """
    SELECT account_name FROM {schema}.vtex__daily_shop
    GROUP BY 1 ORDER BY sum(net_revenue) DESC, 1
"""


class NoModelsError(Exception):
    """The models are not there, or have no such store."""


@dataclass
class Report:
    """The rows of each chart."""

    account: str
    schema: str
    currency: str
    months: list[Row]
    cohorts: list[Row]
    carts: list[Row]
    segments: list[Row]
    products: list[Row]
    categories: list[Row]
    payments: list[Row]
    freshness: list[Row]
    contacts: Row


@contextmanager
def connect(file: Path | None, server: str = "") -> Generator[Callable[[str], list[Row]]]:
    """What answers a query: a DuckDB file, or a PostgreSQL server by its connection string."""
    if file:
        import duckdb  # noqa: PLC0415 - who has PostgreSQL does not need it

        connection: Any = duckdb.connect(str(file), read_only=True)
    else:
        import psycopg  # noqa: PLC0415 - nor the other way round

        connection = psycopg.connect(server, autocommit=True)
    with connection:
        yield lambda query: _rows(connection, query)


def address(env: Mapping[str, str]) -> str:
    """The connection string for the database that TARGET_POSTGRES_HOST and its kin name."""
    from psycopg.conninfo import make_conninfo  # noqa: PLC0415

    names = {"host": "HOST", "port": "PORT", "user": "USER", "password": "PASSWORD"}
    parts = {name: env.get(f"TARGET_POSTGRES_{key}") for name, key in names.items()}
    parts["dbname"] = env.get("TARGET_POSTGRES_DATABASE")
    return make_conninfo(**{name: value for name, value in parts.items() if value})


def read(query: Callable[[str], list[Row]], schema: str, account: str | None) -> Report:
    """Read what the page shows of one store."""
    try:
        accounts = [row["account_name"] for row in query(ACCOUNTS.format(schema=schema))]
    except Exception as error:
        raise NoModelsError(
            f"The schema {schema} has no models: run dbt first, see dbt/README.md. ({error})"
        ) from error
    if not accounts or (account and account not in accounts):
        known = ", ".join(accounts) or "none"
        raise NoModelsError(
            f"The models have no orders of {account or 'any store'}. Known: {known}."
        )
    chosen = account or accounts[0]

    def rows(text: str) -> list[Row]:
        return query(text.format(schema=schema, account=chosen, best=BEST))

    # Carts may be older than the first order that was loaded.
    months = list(dropwhile(lambda month: not month["orders"], rows(MONTHLY)))[-MONTHS:]
    cohorts = rows(COHORT)
    recent = sorted({row["cohort"] for row in cohorts})[-COHORTS:]
    return Report(
        account=chosen,
        schema=schema,
        currency=_currency(months),
        months=months,
        cohorts=[row for row in cohorts if row["cohort"] in recent],
        carts=rows(CARTS),
        segments=rows(SEGMENTS),
        products=rows(PRODUCTS),
        categories=rows(CATEGORIES),
        payments=rows(PAYMENTS),
        freshness=rows(FRESHNESS),
        contacts=rows(CONTACTS)[0],
    )


def _currency(months: list[Row]) -> str:
    """The currency of all months; none where there are several, whose sums mean nothing."""
    found = {month["currency"] for month in months if month["orders"]}
    return (found.pop() or "") if len(found) == 1 else ""


def _rows(connection: Any, query: str) -> list[Row]:  # noqa: ANN401 - of either database
    cursor = connection.execute(query)
    names = [column[0] for column in cursor.description]
    return [
        {name: _plain(value) for name, value in zip(names, row, strict=True)}
        for row in cursor.fetchall()
    ]


def _plain(value: Any) -> Any:  # noqa: ANN401 - whatever a database holds
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds")
    return value.isoformat() if isinstance(value, date) else value
