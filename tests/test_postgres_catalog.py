"""The catalog in PostgreSQL, with all rights and with those of the role that stores create."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from psycopg.sql import SQL, Identifier

from sandbox.roles import READER_ROLE
from tests.streams.test_catalog_by_skus import assert_equals_truth as assert_equals_what_skus_tell
from tests.streams.test_per_sku import prices_of, stock_of
from tests.support.catalog import STORE_URL, plain, rows_of, truth
from tests.support.postgres import as_sent
from tests.support.tap import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.postgres import Warehouse
    from tests.support.shop import Shop
    from tests.support.tap import Tap

READER_STREAMS = {"products", "skus", "categories", "brands", "promotions", "coupons", "prices"}
ALL_STREAMS = READER_STREAMS | {
    *("collections", "sales_channels", "sellers", "taxes"),
    *("inventory", "warehouses", "docks", "pickup_points"),
}


def change(shop: Shop, turn: int) -> None:
    """Changes, deletions and new things, other ones in each turn."""
    catalog, clock = shop.store.catalog, shop.store.clock
    catalog.edit_sku(7 + turn, clock.now(), Name=f"Nome {turn}", IsActive=False)
    catalog.edit_product(3 + turn, clock.now(), Title=f"Título {turn}")
    catalog.add_product(clock.now(), skus=3)
    catalog.add_sku(5 + turn, clock.now())
    catalog.delete_sku(40 + turn)
    catalog.delete_product(8 + turn)
    shop.store.pricing.set_price(10 + turn, basePrice=11.5 + turn)
    shop.store.promotions.add_promotion(clock.now())
    shop.store.coupons.add_coupon(clock.now())


@pytest.mark.parametrize("role", [None, READER_ROLE])
@pytest.mark.long
def test_a_full_and_two_incremental_runs(
    tap: Tap,
    open_shop: Callable[..., Shop],
    warehouse: Warehouse,
    role: frozenset[str] | None,
) -> None:
    shop = open_shop(orders=20, days=10, skus=60, granted=role and set(role))
    streams = READER_STREAMS if role else ALL_STREAMS
    config = shop.config(store_url=STORE_URL, prices_refresh_hours=0, inventory_refresh_hours=0)
    for turn, hours in enumerate((0, 2, 24 * 7)):
        if turn:
            shop.pass_time(hours=hours)
            change(shop, turn)
            shop.pass_time(minutes=10)
        warehouse.sync(tap, config, select=streams, hurry=True)

    # What the last full pass did not see any more is gone.
    began = warehouse.state["bookmarks"]["products"]["partitions"][0]["full_pass_at"]
    assert began.startswith("2026-11-30")
    found = {stream: rows_since(warehouse, stream, began) for stream in ("products", "skus")}
    if role:
        target = Target()
        for stream, rows in found.items():
            target.tables[stream] = {(row["Id"],): row for row in rows}
        assert_equals_what_skus_tell(target, shop)
    else:
        assert {stream: rows_of(rows, "Id") for stream, rows in found.items()} == truth(shop)
    check_other_tables(warehouse, shop, streams, began)


def rows_since(warehouse: Warehouse, table: str, began: str) -> list[dict[str, Any]]:
    rows = warehouse.rows(SQL("SELECT * FROM vtex.{}").format(Identifier(table)))
    return [row for row in map(as_sent, rows) if row["synced_at"] >= began]


def check_other_tables(warehouse: Warehouse, shop: Shop, streams: set[str], began: str) -> None:
    def table(name: str, key: str) -> dict[str, dict[str, Any]]:
        return {row[key]: row for row in rows_since(warehouse, name, began)}

    prices = {key: plain(row) for key, row in table("prices", "itemId").items()}
    assert prices == prices_of(shop)
    promotions = shop.store.promotions
    ids = {
        row["idCalculatorConfiguration"]
        for row in promotions.promotions() + promotions.archived_promotions()
    }
    found = warehouse.rows('SELECT "idCalculatorConfiguration" AS id, name FROM vtex.promotions')
    assert {row["id"]: row["name"] for row in found} == {
        key: (promotions.promotion(key) or {})["name"] for key in ids
    }
    found = warehouse.rows('SELECT "couponCode" AS code FROM vtex.coupons')
    assert {row["code"] for row in found} == {
        coupon["couponCode"] for coupon in shop.store.coupons.coupons()
    }
    if "docks" in streams:
        assert len(table("docks", "id")) == len(shop.store.logistics.docks())
        assert len(table("pickup_points", "id")) == shop.store.logistics.pickup_points
        assert len(table("collections", "id")) == len(shop.store.catalog.collections())
    assert table("categories", "Id").keys() == {
        str(node["id"]) for node in nodes(shop.store.catalog.tree())
    }
    if "inventory" in streams:
        stock = {
            (row["skuId"], row["warehouseId"]): row["totalQuantity"]
            for row in rows_since(warehouse, "inventory", began)
        }
        assert stock == {key: row["totalQuantity"] for key, row in stock_of(shop).items()}
        sellers = warehouse.rows("SELECT * FROM vtex.sellers")
        assert len(sellers) == len(shop.store.catalog.sellers())
        assert "NOTASECRET" not in str(sellers)


def nodes(tree: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for node in tree for one in (node, *nodes(node["children"]))]
