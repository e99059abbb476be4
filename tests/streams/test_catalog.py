"""Products and SKUs for a key that may list products."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.catalog import CATALOG, STORE_URL, rows_of, truth

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Tap, Target

PRODUCT_LIST = "/api/catalog_system/pvt/products/GetProductAndSkuIds"
ROWS = "/api/catalog_system/pvt/sku/stockkeepingunitByProductId/{product_id}"
CONTEXT = "/api/catalog_system/pvt/sku/stockkeepingunitbyid/{sku_id}"
PRODUCT = "/api/catalog/pvt/product/{product_id}"
BOTH = {"products", "skus"}


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """61 SKUs of 12 products, of which one has none and one the id 0."""
    return open_shop(orders=20, days=10, skus=60)


@pytest.fixture
def config(shop: Shop) -> dict[str, Any]:
    return shop.config(store_url=STORE_URL)


def assert_equals_truth(target: Target, shop: Shop) -> None:
    for stream, expected in truth(shop).items():
        assert rows_of(target.table(stream, "Id").values(), "Id") == expected


def bookmark(target: Target, stream: str = "products") -> dict[str, Any]:
    found: dict[str, Any] = target.state["bookmarks"][stream]["partitions"][0]
    return found


def test_a_full_and_two_incremental_runs(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    tap.sync(config, target, select=CATALOG)
    assert_equals_truth(target, shop)
    catalog, clock = shop.store.catalog, shop.store.clock

    shop.pass_time(hours=1)
    catalog.edit_sku(7, clock.now(), Name="Camiseta azul-marinho", IsActive=False)
    catalog.edit_sku(13, clock.now(), Ean="7891000000001")
    catalog.edit_product(3, clock.now(), Title="Outra coisa")
    added = catalog.add_product(clock.now(), skus=3)
    shop.pass_time(minutes=10)
    run = tap.sync(config, target, select=BOTH)
    assert {row["Id"] for row in run.records("products")} >= {"2", "3", str(added)}
    assert_equals_truth(target, shop)

    shop.pass_time(hours=1)
    catalog.add_sku(4, clock.now())
    catalog.delete_sku(20)
    shop.pass_time(minutes=10)
    tap.sync(config, target, select=BOTH)
    del target.tables["skus"]["ipe", "20"]  # which a full pass no longer sees, see below
    assert_equals_truth(target, shop)


def test_an_unchanged_catalog_costs_no_contexts(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    tap.sync(config, target, select=BOTH)
    shop.requests()
    for _run in range(2):
        shop.pass_time(hours=1)
        run = tap.sync(config, target, select=BOTH)

        requests = shop.requests()
        assert CONTEXT not in requests
        assert PRODUCT not in requests
        assert requests[ROWS] == len(shop.store.catalog.product_ids()) + 2
        assert not run.records("products")
        assert not run.records("skus")


def test_a_store_that_is_not_small_is_looked_at_part_by_part(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    """Each product once in five hours, what has changed twice, what is new at once."""
    shop = open_shop(orders=20, days=10, skus=3600)
    shop.store.quirks.context_lag = 0
    config = shop.config(catalog_check_hours=5)
    tap.sync(config, target, select={"skus"})
    catalog, clock, products = shop.store.catalog, shop.store.clock, 604
    for hour in range(1, 6):
        shop.pass_time(hours=1)
        changed = range(hour, 3600, 300)
        for sku_id in changed:
            catalog.edit_sku(sku_id, clock.now(), Name=f"Hour {hour}")
        catalog.add_product(clock.now(), skus=1)
        shop.pass_time(minutes=1)
        shop.requests()
        tap.sync(config, target, select={"skus"})
        assert shop.requests()[ROWS] <= products / 4 + 3 + hour * len(changed)
        assert str(catalog.sku_ids()[-1]) in target.table("skus", "Id")
    # A run after a pause makes up for it, and finds all that has changed since.
    shop.pass_time(hours=4)
    tap.sync(config, target, select={"skus"})
    assert rows_of(target.table("skus", "Id").values(), "Id") == truth(shop)["skus"]
    assert 60 <= shop.requests()[ROWS] <= products + 5
    # And again it is a part of them, but with 0 all.
    shop.pass_time(minutes=15)
    tap.sync(config, target, select={"skus"})
    assert shop.requests()[ROWS] < products / 4
    tap.sync({**config, "catalog_check_hours": 0}, target, select={"skus"})
    assert shop.requests()[ROWS] > products


def test_a_run_that_is_killed_keeps_what_it_has_looked_at(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    shop = open_shop(orders=20, days=10, skus=3600)
    shop.store.quirks.context_lag = 0
    config = shop.config()
    tap.sync(config, target, select={"skus"})
    catalog, clock = shop.store.catalog, shop.store.clock
    shop.pass_time(hours=1)
    for sku_id in catalog.sku_ids():
        catalog.edit_sku(sku_id, clock.now(), Name="Todos")
    shop.pass_time(days=2)
    before = bookmark(target, "skus")
    lines = tap.killed_after(1600, config, state=target.state, select={"skus"})
    target.take(lines)
    assert bookmark(target, "skus")["looks"] != before["looks"]

    tap.sync(config, target, select={"skus"})

    assert rows_of(target.table("skus", "Id").values(), "Id") == truth(shop)["skus"]


def test_a_product_that_is_unknown_for_a_moment_is_read_when_it_is_back(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    """It changed before, and others later."""
    tap.sync(config, target, select=BOTH)
    shop.pass_time(hours=1)
    shop.store.catalog.edit_sku(9, shop.store.clock.now(), Name="Novo nome")
    fault = shop.fail("status", f"{ROWS.format(product_id=2)}$", status=404, times=None)
    for sku_id in (20, 30, 40):
        shop.pass_time(hours=1)
        shop.store.catalog.edit_sku(sku_id, shop.store.clock.now(), Name="Outro")
        shop.pass_time(minutes=10)
        tap.sync(config, target, select=BOTH)
    shop.store.faults.remove(fault)

    tap.sync(config, target, select=BOTH)

    assert_equals_truth(target, shop)


def test_a_changed_sku_is_read_twice_since_the_index_lags(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    tap.sync(config, target, select=BOTH)
    shop.pass_time(hours=1)
    shop.store.catalog.edit_sku(9, shop.store.clock.now(), Name="Novo nome")
    tap.sync(config, target, select=BOTH)
    assert target.table("skus", "Id")["9"]["SkuName"] != "Novo nome"

    shop.pass_time(hours=1)
    run = tap.sync(config, target, select=BOTH)

    assert [row["Id"] for row in run.records("skus")] == ["9"]
    assert_equals_truth(target, shop)
    shop.pass_time(hours=1)
    assert not tap.sync(config, target, select=BOTH).records("skus")


def test_a_second_change_in_the_same_minute(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    shop.store.quirks.context_lag = 0
    tap.sync(config, target, select=BOTH)
    shop.pass_time(hours=1)
    for name in ("First", "Second"):
        shop.store.catalog.edit_sku(9, shop.store.clock.now(), Name=name)
        tap.sync(config, target, select=BOTH)
        shop.pass_time(minutes=0.1)

    assert_equals_truth(target, shop)


def test_a_change_while_others_are_read(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    """Of a product that was read before, and older than another one that is read after."""
    shop.store.quirks.context_lag = 0
    tap.sync(config, target, select=BOTH)
    shop.pass_time(hours=1)

    def change() -> None:
        shop.store.catalog.edit_sku(1, shop.store.clock.now(), Name="Meanwhile")
        shop.pass_time(minutes=2)
        shop.store.catalog.edit_sku(59, shop.store.clock.now(), Name="Later")

    shop.when(ROWS.format(product_id=10), change)
    tap.sync({**config, "max_workers": 1}, target, select=BOTH)
    assert target.table("skus", "Id")["59"]["SkuName"] == "Later"
    assert target.table("skus", "Id")["1"]["SkuName"] != "Meanwhile"
    shop.pass_time(hours=1)
    tap.sync(config, target, select=BOTH)

    assert_equals_truth(target, shop)


def test_the_address_of_a_page_can_be_clicked(
    tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
) -> None:
    shop.store.catalog.edit_product(3, shop.store.clock.now(), LinkId="garzón-a\nb® c")

    tap.sync(config, target, select={"products"})

    url = target.table("products", "Id")["3"]["product_url"]
    assert url == f"{STORE_URL}/garz%C3%B3n-a%0Ab%C2%AE%20c/p"


class TestTheFullPass:
    def test_comes_round_after_a_week_and_finds_what_moved_no_date(
        self, tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
    ) -> None:
        tap.sync(config, target, select=BOTH)
        shop.store.catalog.edit_product(3, shop.store.clock.now(), Title="Another title")
        shop.pass_time(days=6)
        assert not tap.sync(config, target, select=BOTH).records("products")
        shop.pass_time(days=1)

        tap.sync(config, target, select=BOTH)

        assert_equals_truth(target, shop)
        assert bookmark(target)["full_pass_at"].startswith("2026-11-30T12:00")

    def test_leaves_what_is_gone_with_an_old_date(
        self, tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
    ) -> None:
        tap.sync(config, target, select=BOTH)
        shop.store.catalog.delete_product(5)
        shop.pass_time(days=8)
        tap.sync(config, target, select=BOTH)

        began = bookmark(target)["full_pass_at"]
        gone = [row["Id"] for row in target.tables["products"].values() if row["synced_at"] < began]
        assert gone == ["5"]
        assert sum(row["synced_at"] < began for row in target.tables["skus"].values()) == 6

    def test_is_set_by_days(
        self, tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
    ) -> None:
        tap.sync(config, target, select=BOTH)
        shop.pass_time(days=1)
        run = tap.sync({**config, "catalog_full_refresh_days": 1}, target, select=BOTH)
        assert len(run.records("skus")) == 61

    def test_goes_on_where_a_run_broke_off(
        self, tap: Tap, open_shop: Callable[..., Shop], target: Target
    ) -> None:
        shop = open_shop(orders=20, days=10, skus=6000)
        shop.fail("status", ROWS.format(product_id=""), skip=600, times=None)
        run = tap.sync(shop.config(), target, select={"products"}, expect=1, hurry=True)
        assert f"GET {ROWS.format(product_id='')}" in run.log
        done_until = bookmark(target)["under_way"]["done_until"]
        assert 590 < done_until < 700
        shop.store.faults.clear()
        shop.requests()

        tap.sync(shop.config(), target, select={"products"})

        assert shop.requests()[PRODUCT] < 1010 - done_until + 80  # and what was under way
        assert target.table("products", "Id").keys() == {
            str(one) for one in shop.store.catalog.product_ids()
        }
        assert bookmark(target)["under_way"] is None


class TestReaders:
    def test_skus_selected_later_are_complete_and_then_share(
        self, tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
    ) -> None:
        tap.sync(config, target, select={"products"})
        shop.pass_time(hours=30)
        tap.sync(config, target, select=BOTH)
        assert_equals_truth(target, shop)
        shop.requests()
        shop.pass_time(hours=1)
        tap.sync(config, target, select=BOTH)
        assert shop.requests()[ROWS] == len(shop.store.catalog.product_ids()) + 2

    def test_a_deselected_stream_keeps_its_bookmark(
        self, tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
    ) -> None:
        tap.sync(config, target, select=BOTH)
        before = dict(bookmark(target, "skus"))
        shop.pass_time(hours=1)
        shop.store.catalog.edit_sku(9, shop.store.clock.now(), Name="Novo nome")
        shop.pass_time(minutes=10)
        run = tap.sync(config, target, select={"products"})
        assert not run.records("skus")
        assert bookmark(target, "skus") == before

        tap.sync(config, target, select=BOTH)
        assert_equals_truth(target, shop)

    def test_skus_alone_cost_no_product_forms(
        self, tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
    ) -> None:
        tap.sync(config, target, select={"skus"})
        assert PRODUCT not in shop.requests()
        assert not target.tables.get("products")

    def test_products_alone_cost_one_context_each(
        self, tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
    ) -> None:
        tap.sync(config, target, select={"products"})
        assert shop.requests()[CONTEXT] == 11
        assert rows_of(target.table("products", "Id").values(), "Id") == truth(shop)["products"]


class TestOddities:
    def test_many_products_without_skus(
        self, tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
    ) -> None:
        for _product in range(120):
            shop.store.catalog.add_product(shop.store.clock.now(), skus=0)
        for _run in range(2):
            tap.sync(config, target, select={"skus"})
            assert len(target.table("skus", "Id")) == 61
        tap.sync(config, target, select=BOTH)
        assert_equals_truth(target, shop)

    def test_null_and_empty_bodies_are_no_more_than_gaps(
        self, tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
    ) -> None:
        catalog = shop.store.catalog
        catalog.null_contexts |= {8, 9}
        catalog.blank_products |= {4}
        run = tap.sync(config, target, select=BOTH)

        assert target.table("skus", "Id").keys() == truth(shop)["skus"].keys() - {"8", "9"}
        assert target.table("products", "Id").keys() == truth(shop)["products"].keys()
        assert "VTEX has no data on 3 SKUs that it lists: 8, 9, 9000001" in run.log
        assert "VTEX has no data on 2 products that it lists: 9000001, 9000002" in run.log

    def test_a_hiccup_is_not_taken_for_a_gap(
        self, tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
    ) -> None:
        paths = (CONTEXT.format(sku_id=8), PRODUCT.format(product_id=4), ROWS.format(product_id=5))
        for path in paths:
            shop.fail("null", f"{path}$", times=2)
        tap.sync(config, target, select=BOTH)
        assert_equals_truth(target, shop)

    def test_a_sku_that_fails_stops_nothing_and_is_asked_for_again(
        self, tap: Tap, shop: Shop, target: Target, config: dict[str, Any]
    ) -> None:
        shop.fail("status", f"{CONTEXT.format(sku_id=8)}$", status=400, times=None)
        run = tap.sync(config, target, select=BOTH, expect=1)
        assert "1 product is missing (2)" in run.log
        assert len(target.table("products", "Id")) == 11
        assert bookmark(target)["missing"].keys() == {"2"}

        shop.store.faults.clear()
        shop.pass_time(hours=1)
        tap.sync(config, target, select=BOTH)
        assert_equals_truth(target, shop)
        assert not bookmark(target)["missing"]

    def test_a_route_that_knows_nothing_is_an_error(
        self, tap: Tap, open_shop: Callable[..., Shop]
    ) -> None:
        shop = open_shop(orders=20, days=10, skus=1200)
        shop.store.catalog.phantom_products |= set(range(1, 150))
        shop.fail("status", "/api/catalog(_system)?/pvt/(sku|product)/", status=404, times=None)
        run = tap.run(shop.config(), select=BOTH, expect=1)
        assert "VTEX lists 100 products in a row that it then does not know" in run.log
        assert "full_pass_at" not in str(run.state) or not run.state

    @pytest.mark.parametrize("skip", [0, 1])
    def test_a_list_that_ends_too_soon_is_listed_again(
        self,
        tap: Tap,
        open_shop: Callable[..., Shop],
        target: Target,
        skip: int,
    ) -> None:
        shop = open_shop(orders=20, days=10, skus=3600)
        shop.fail("no_rows", PRODUCT_LIST, skip=skip)
        tap.sync(shop.config(), target, select={"products"})
        assert len(target.table("products", "Id")) == 602

    def test_a_state_from_the_future(
        self, tap: Tap, target: Target, config: dict[str, Any]
    ) -> None:
        tap.sync(config, target, select=BOTH)
        bookmark(target)["full_pass_at"] = datetime(2062, 1, 1, tzinfo=UTC).isoformat()
        run = tap.sync(config, target, select=BOTH, expect=1)
        assert "The state of products is at 2062-01-01 00:00, which is in the future" in run.log
