"""Prices and stock: a request for each SKU, once in so many hours."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.catalog import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Tap, Target

PRICE = "/{account}/pricing/prices/{sku_id}"
STOCK = "/api/logistics/pvt/inventory/skus/{sku_id}"
STREAMS = {"prices", "inventory"}


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """Its clock agrees with this machine's, by which a refresh is due."""
    return open_shop(orders=20, days=10, skus=100, now=datetime.now(UTC))


def prices_of(shop: Shop) -> dict[str, Any]:
    found = {str(one): shop.store.pricing.price(one) for one in shop.store.catalog.sku_ids()}
    return {sku_id: price for sku_id, price in found.items() if price}


def stock_of(shop: Shop) -> dict[tuple[str, str], dict[str, Any]]:
    found = {}
    for sku_id in shop.store.catalog.sku_ids():
        inventory = shop.store.logistics.inventory(sku_id)
        for row in inventory["balance"] if inventory else []:
            found[str(sku_id), row["warehouseId"]] = {"skuId": str(sku_id), **row}
    return found


def assert_equals_truth(target: Target, shop: Shop) -> None:
    rows = {row["itemId"]: plain(row) for row in target.table("prices", "itemId").values()}
    assert rows == prices_of(shop)
    stock = {}
    for key, row in target.tables["inventory"].items():
        date = row["dateOfSupplyUtc"] or (row["other_fields"] or {}).get("dateOfSupplyUtc")
        stock[key[1:]] = plain({**row, "other_fields": None}) | {"dateOfSupplyUtc": date}
    expected = stock_of(shop)
    for row in expected.values():
        date = row["dateOfSupplyUtc"]
        if date and len(date.split("-")[0]) == 4:
            moment = datetime.fromisoformat(date).astimezone(UTC)
            row["dateOfSupplyUtc"] = f"{moment:%Y-%m-%dT%H:%M:%S.%fZ}"
    assert stock == expected


def test_prices_and_stock(tap: Tap, shop: Shop, target: Target) -> None:
    run = tap.sync(shop.config(), target, select=STREAMS)
    assert_equals_truth(target, shop)
    assert any(row["basePrice"] is None for row in run.records("prices"))
    assert any((row["costPrice"] or 0) < 0 for row in run.records("prices"))
    assert any(row["reservedQuantity"] > row["totalQuantity"] for row in run.records("inventory"))
    unpriced = 103 - len(prices_of(shop))
    assert f"SKUs without prices: {unpriced} of 103" in run.log
    shop.requests()

    run = tap.sync(shop.config(), target, select=STREAMS)
    assert not shop.requests()
    assert not run.records("prices")

    shop.store.pricing.set_price(5, basePrice=12.34)
    shop.store.logistics.set_stock(7, "1_1", 77)
    for warm in (1, 0):
        config = shop.config(prices_refresh_hours=warm, inventory_refresh_hours=warm)
        run = tap.sync(config, target, select=STREAMS)
        assert bool(run.records("prices")) is not bool(warm)
    assert_equals_truth(target, shop)


def test_the_two_hours_are_settings_of_their_own(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(), target, select=STREAMS)
    run = tap.sync(shop.config(prices_refresh_hours=0), target, select=STREAMS)
    assert run.records("prices")
    assert not run.records("inventory")


def test_a_reading_that_broke_off_goes_on(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    shop = open_shop(orders=20, days=10, skus=2500)
    shop.fail("status", "/ipe/pricing/prices/", skip=1500, times=None)
    run = tap.sync(shop.config(), target, select={"prices"}, expect=1, hurry=True)
    assert "GET /ipe/pricing/prices/" in run.log
    shop.store.faults.clear()
    shop.requests()

    tap.sync(shop.config(), target, select={"prices"}, hurry=True)

    # What was under way as the outage began, and second looks at those without a price.
    assert 2501 - 1500 <= shop.requests()[PRICE] <= 1.1 * (2501 - 1500) + 64
    assert target.table("prices", "itemId").keys() == prices_of(shop).keys()


def test_a_price_that_fails_stops_nothing(tap: Tap, shop: Shop, target: Target) -> None:
    shop.fail("status", "/ipe/pricing/prices/15$", status=400, times=None)
    run = tap.sync(shop.config(), target, select={"prices"}, expect=1)

    assert "1 SKU in prices is missing (15)" in run.log
    assert target.table("prices", "itemId").keys() == prices_of(shop).keys() - {"15"}
    tap.sync(shop.config(), target, select={"prices"}, expect=1)
    shop.store.faults.clear()
    shop.requests()
    run = tap.sync(shop.config(), target, select={"prices"})
    assert [row["itemId"] for row in run.records("prices")] == ["15"]
    assert shop.requests() == {PRICE: 1}
    assert not tap.sync(shop.config(), target, select={"prices"}).records("prices")


def test_a_key_that_lists_products_only(tap: Tap, shop: Shop, target: Target) -> None:
    shop.store.granted = {"Product management", "Read prices"}
    tap.sync(shop.config(), target, select={"prices"})
    assert target.table("prices", "itemId").keys() == prices_of(shop).keys()


def test_stock_of_a_sku_that_is_no_longer_there(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(), target, select={"inventory"})
    shop.store.catalog.delete_sku(5)
    run = tap.sync(shop.config(inventory_refresh_hours=0), target, select={"inventory"})
    assert not any(row["skuId"] == "5" for row in run.records("inventory"))
