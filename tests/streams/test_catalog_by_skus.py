"""The catalog for a key that may not list products: the role that stores create."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.roles import READER_ROLE
from tests.streams.test_catalog import BOTH, CONTEXT, PRODUCT, ROWS, bookmark
from tests.support.catalog import CATALOG, STORE_URL, plain, rows_of, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap, Target


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(orders=20, days=10, skus=60, granted=set(READER_ROLE))


@pytest.fixture
def config(shop: Shop) -> dict[str, Any]:
    return shop.config(store_url=STORE_URL)


def assert_equals_truth(target: Target, shop: Shop) -> None:
    for stream, expected in truth(shop, with_forms=False).items():
        rows = rows_of(target.table(stream, "Id").values(), "Id")
        for row in rows.values():
            if stream == "products":
                row.update({name: row.get(name) for name in next(iter(expected.values()))})
                # A department that a moved category left behind is known to the form only.
                row["DepartmentId"] = expected[row["Id"]]["DepartmentId"]
        assert rows == expected


def ids(run: Run, stream: str) -> set[str]:
    return {row["Id"] for row in run.records(stream)}


def test_everything_comes_from_the_skus(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    run = tap.sync(config, target, select=CATALOG)

    assert_equals_truth(target, shop)
    named = {sku["BrandId"]: sku["BrandName"] for sku in target.table("skus", "Id").values()}
    brands = {row["id"]: plain(row) for row in target.table("brands", "id").values()}
    assert {key: row["name"] for key, row in brands.items()} == named
    assert all(row["isActive"] is True for row in brands.values())
    assert run.log.count("The key may not list products") == 1
    assert run.log.count("The key may not read products") == 1
    assert run.log.count("The key may not list brands") == 1
    assert "'Product management' (product Catalog or Catalog Legacy" in run.log
    assert "'View Product' (product Catalog or Catalog API" in run.log


def test_new_skus_and_their_products_come_with_the_next_run(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    tap.sync(config, target, select=CATALOG)
    catalog, clock = shop.store.catalog, shop.store.clock
    shop.requests()
    shop.pass_time(hours=1)
    added = catalog.add_product(clock.now(), skus=2)
    more = catalog.add_sku(3, clock.now())
    new = {str(sku_id) for sku_id in [*catalog.skus_of(added), more]}
    shop.pass_time(minutes=10)

    run = tap.sync(config, target, select=CATALOG)

    assert ids(run, "skus") == new
    assert ids(run, "products") == {str(added), "3"}
    requests = shop.requests()
    # The new ones, the first SKU of the old product, and two ids that VTEX does not know.
    assert requests[CONTEXT] == 3 + 1 + 2
    # A look at each of 12 products, and the rows of the two that have new SKUs.
    assert requests[ROWS] == 12 + 2
    assert_equals_truth(target, shop)


def test_a_new_sku_that_the_index_does_not_know_yet_comes_with_the_next_run(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    tap.sync(config, target, select=BOTH)
    shop.pass_time(hours=1)
    tap.sync(config, target, select=BOTH)
    added = shop.store.catalog.add_sku(3, shop.store.clock.now())
    run = tap.sync(config, target, select=BOTH)
    assert str(added) not in ids(run, "skus")
    shop.pass_time(hours=1)

    tap.sync(config, target, select=BOTH)

    assert_equals_truth(target, shop)
    shop.pass_time(days=4)
    tap.sync(config, target, select=BOTH)  # asks for two that nobody knows for the last time
    shop.requests()
    tap.sync(config, target, select=BOTH)
    assert CONTEXT not in shop.requests()


def test_changes_show_in_the_next_run(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    """The case of the role that stores create: a SKU switched off, another one renamed."""
    tap.sync(config, target, select=BOTH)
    shop.pass_time(hours=1)
    tap.sync(config, target, select=BOTH)
    catalog, clock = shop.store.catalog, shop.store.clock
    catalog.edit_sku(9, clock.now(), IsActive=False)
    catalog.edit_sku(20, clock.now(), Name="Novo nome")
    shop.pass_time(minutes=10)
    shop.requests()

    run = tap.sync(config, target, select=BOTH)

    assert ids(run, "skus") == {"9", "20"}
    assert_equals_truth(target, shop)
    assert shop.requests()[ROWS] == 11
    shop.pass_time(hours=1)
    assert ids(tap.sync(config, target, select=BOTH), "skus") == {"9", "20"}  # twice
    shop.pass_time(hours=1)
    assert not tap.sync(config, target, select=BOTH).records("skus")


@pytest.mark.parametrize("where", ["known", "bare", "new"])
def test_a_sku_that_moves_to_another_product(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any], where: str
) -> None:
    """Neither product is listed, and the SKU is as old as ever."""
    shop.store.quirks.context_lag = 0
    tap.sync(config, target, select=BOTH)
    shop.pass_time(hours=1)
    tap.sync(config, target, select=BOTH)
    catalog, now = shop.store.catalog, shop.store.clock.now()
    to = {"known": 3, "bare": 11}.get(where) or catalog.add_product(now, skus=0)
    catalog.move_sku(9, to, now, quietly=where != "known")
    shop.pass_time(minutes=10)

    run = tap.sync(config, target, select=BOTH)

    assert_equals_truth(target, shop)
    assert ids(run, "products") == {"2", str(to)}
    shop.pass_time(hours=1)
    tap.sync(config, target, select=BOTH)
    shop.pass_time(hours=1)
    assert not tap.sync(config, target, select=BOTH).records("skus")


def test_what_is_deleted_shows_with_the_full_pass(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    tap.sync(config, target, select=CATALOG)
    catalog, clock = shop.store.catalog, shop.store.clock
    catalog.edit_product(2, clock.now(), Name="Outra coisa")
    catalog.delete_product(5)
    for _day in range(3):
        shop.pass_time(days=1)
        tap.sync(config, target, select=CATALOG)
    shop.requests()
    tap.sync(config, target, select=CATALOG)
    assert shop.requests()[ROWS] == 10  # the deleted one is asked for no more
    shop.pass_time(days=4)
    tap.sync(config, target, select=CATALOG)

    began = bookmark(target)["full_pass_at"]
    for stream in BOTH:
        rows = target.tables[stream]
        gone = [key for key, row in rows.items() if row["synced_at"] < began]
        assert {key[1] for key in gone} == (
            {"5"} if stream == "products" else {str(one) for one in range(25, 31)}
        )
        for key in gone:
            del rows[key]
    assert_equals_truth(target, shop)


def test_a_product_that_fails_is_asked_for_again(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    """And a change of it that is older than others is not lost."""
    tap.sync(config, target, select=BOTH)
    shop.pass_time(hours=1)
    catalog, clock = shop.store.catalog, shop.store.clock
    catalog.edit_sku(9, clock.now(), Name="Novo nome")
    shop.pass_time(hours=1)
    catalog.edit_sku(50, clock.now(), Name="Outro nome")
    shop.pass_time(hours=1)
    shop.fail("status", f"{ROWS.format(product_id=2)}$", status=400, times=None)
    run = tap.sync(config, target, select=BOTH, expect=1)
    assert "1 product is missing (2)" in run.log
    assert ids(run, "skus") == {"50"}
    shop.pass_time(hours=1)
    tap.sync(config, target, select=BOTH, expect=1)
    shop.store.faults.clear()
    shop.pass_time(hours=1)

    tap.sync(config, target, select=BOTH)

    assert_equals_truth(target, shop)


def test_a_pass_that_broke_off_goes_on(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    shop = open_shop(orders=20, days=10, skus=1500, granted=set(READER_ROLE))
    shop.fail("status", CONTEXT.format(sku_id=""), skip=900, times=None)
    tap.sync(shop.config(), target, select={"skus"}, expect=1, hurry=True)
    assert bookmark(target, "skus")["under_way"]["done_until"] >= 799
    shop.store.faults.clear()
    shop.requests()

    tap.sync(shop.config(), target, select={"skus"})

    assert shop.requests()[CONTEXT] <= 1001 + 2 * 2
    assert target.table("skus", "Id").keys() == {str(one) for one in shop.store.catalog.sku_ids()}


def test_a_product_whose_rows_vtex_does_not_give(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    shop.fail("status", f"{ROWS.format(product_id=3)}$", status=404, times=None)
    tap.sync(config, target, select=BOTH)

    product = target.table("products", "Id")["3"]
    assert product["sku_ids"] == [str(sku_id) for sku_id in shop.store.catalog.skus_of(3)]
    assert product["date_updated"] is None
    assert len(target.table("skus", "Id")) == 61


def test_a_role_that_grew_reads_everything_again(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    tap.sync(config, target, select=BOTH)
    shop.store.granted = None
    tap.sync(config, target, select=BOTH)

    assert target.table("products", "Id")["2"]["Title"]
    assert {row["Id"] for row in target.table("products", "Id").values()} == {
        str(one) for one in shop.store.catalog.product_ids()
    }


def test_brands_alone_are_read_from_the_skus(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    tap.sync(config, target, select={"brands"})

    assert len(target.table("brands", "id")) == 5
    requests = shop.requests()
    assert PRODUCT not in requests
    assert requests[ROWS] == 11
    shop.pass_time(days=4)
    tap.sync(config, target, select={"brands"})  # the last time for two ids that nobody knows
    shop.requests()
    tap.sync(config, target, select={"brands"})
    assert CONTEXT not in shop.requests()


def test_a_key_that_may_read_nothing_of_the_catalog(
    tap: Tap, shop: Shop, config: dict[str, Any]
) -> None:
    shop.store.granted = {"List Orders", "View order"}
    run = tap.run(config, select=CATALOG, expect=1)

    assert run.reason.startswith("The key's role opens none of the selected streams.")
    assert "Give the key's role the resource 'SKUs'" in run.reason
