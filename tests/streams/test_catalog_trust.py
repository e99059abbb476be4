"""Products, SKUs, brands and categories against wrong answers, by both kinds of role."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.clock import HOUR
from sandbox.roles import READER_ROLE
from tests.streams import test_catalog_by_skus
from tests.streams.test_catalog import (
    BOTH,
    CONTEXT,
    PRODUCT,
    PRODUCT_LIST,
    ROWS,
    assert_equals_truth,
    bookmark,
)
from tests.streams.test_catalog_lists import assert_categories_equal_truth
from tests.support.catalog import STORE_URL
from tests.support.mischief import Distortion
from tests.support.tap import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap

pytestmark = pytest.mark.matrix

SKU_LIST = "/api/catalog_system/pvt/sku/stockkeepingunitids"
LISTS = f"{PRODUCT_LIST}|{SKU_LIST}"
CATEGORY = "/api/catalog/pvt/category/"
TREE = "/api/catalog_system/pub/category/tree/"

FIRST_LOAD = pytest.mark.parametrize("first_load", [True, False], ids=["first-load", "incremental"])


class Store:
    """A store, and a key that may list products or not."""

    def __init__(self, shop: Shop, tap: Tap, *, lists_products: bool) -> None:
        self.shop = shop
        self.lists_products = lists_products
        self.target = Target()
        self._tap = tap
        if not lists_products:
            shop.store.granted = set(READER_ROLE)
        shop.store.quirks.context_lag = 0

    def sync(self, *streams: str, **options: Any) -> Run:
        config = self.shop.config(store_url=STORE_URL)
        select = set(streams) or BOTH
        return self._tap.sync(config, self.target, select=select, hurry=True, **options)

    def check(self) -> None:
        """Compare the target with the store."""
        if self.lists_products:
            assert_equals_truth(self.target, self.shop)
        else:
            test_catalog_by_skus.assert_equals_truth(self.target, self.shop)

    def change(self) -> None:
        """Something that the next run should find."""
        catalog, now = self.shop.store.catalog, self.shop.store.clock.now()
        if self.lists_products:
            catalog.edit_sku(50, now, Name="Outro nome")
            catalog.edit_sku(1, now, Name="Outro nome")
        catalog.add_product(now, skus=2)
        catalog.add_sku(4, now)
        self.shop.pass_time(minutes=10)


@pytest.fixture(params=[True, False], ids=["by-product", "by-sku"])
def store(request: pytest.FixtureRequest, open_shop: Callable[..., Shop], tap: Tap) -> Store:
    return Store(open_shop(orders=20, days=10, skus=60), tap, lists_products=request.param)


@FIRST_LOAD
@pytest.mark.parametrize("times", [1, None], ids=["once", "for-a-run"])
@pytest.mark.parametrize("left", [0, 5], ids=["empty", "low"])
def test_a_short_list(store: Store, first_load: bool, times: int | None, left: int) -> None:
    if not first_load:
        store.sync()
        store.shop.pass_time(hours=1)
        store.change()
    store.shop.fail("low", LISTS, left=left, times=times)

    run = store.sync()

    if not first_load or left == 0:
        assert ("The next run looks again" in run.log) is (times is None)
    if times is None and not first_load:
        assert bookmark(store.target)["size"]["fewer"] == left
    store.shop.store.faults.clear()
    store.shop.pass_time(hours=1)
    store.sync()
    store.check()


@FIRST_LOAD
def test_pages_that_are_all_the_first(
    tap: Tap, open_shop: Callable[..., Shop], first_load: bool
) -> None:
    shop = open_shop(orders=20, days=10, skus=2400)
    store = Store(shop, tap, lists_products=True)
    if not first_load:
        store.sync("products")
        shop.pass_time(hours=1)
    shop.fail("repeat", PRODUCT_LIST, times=None)
    run = store.sync("products")
    assert "VTEX lists 250 products" in run.log
    shop.store.faults.clear()
    shop.pass_time(hours=1)
    store.sync("products")
    expected = {str(one) for one in shop.store.catalog.product_ids()}
    assert store.target.table("products", "Id").keys() == expected


def test_a_list_that_is_empty_for_a_run_costs_nothing_later(store: Store) -> None:
    store.sync()
    store.shop.fail("nothing", LISTS, times=None)
    store.shop.pass_time(hours=1)
    store.sync()
    store.shop.store.faults.clear()
    store.shop.pass_time(hours=1)
    store.shop.requests()
    run = store.sync()
    assert not run.records("products")
    assert store.shop.requests().get(PRODUCT, 0) == 0


def test_a_pass_that_goes_on_over_a_short_list_misses_nothing(
    tap: Tap, open_shop: Callable[..., Shop]
) -> None:
    shop = open_shop(orders=20, days=10, skus=3600)
    store = Store(shop, tap, lists_products=True)
    shop.fail("status", ROWS.format(product_id=""), skip=300, times=None)
    store.sync("products", expect=1)
    shop.store.faults.clear()
    shop.fail("low", PRODUCT_LIST, left=300, times=None)
    store.sync("products", expect=None)
    shop.store.faults.clear()
    store.sync("products")
    expected = {str(one) for one in shop.store.catalog.product_ids()}
    assert store.target.table("products", "Id").keys() == expected


def test_what_is_missing_stays_so_over_a_short_list(store: Store) -> None:
    store.shop.fail("status", CONTEXT.format(sku_id="40$"), status=400, times=None)
    store.sync(expect=1)
    missing = bookmark(store.target)["missing"]
    store.shop.fail("low", LISTS, left=3, times=None)
    store.sync(expect=None)
    assert bookmark(store.target)["missing"].keys() >= missing.keys() - {"9000001", "9000003"}
    store.shop.store.faults.clear()
    store.sync()
    store.check()


def test_a_product_list_that_is_refused_once_is_no_word_about_the_role(
    open_shop: Callable[..., Shop], tap: Tap
) -> None:
    store = Store(open_shop(orders=20, days=10, skus=60), tap, lists_products=True)
    store.sync()
    store.shop.pass_time(hours=1)
    store.change()
    store.shop.fail("status", PRODUCT_LIST, status=403)

    run = store.sync()

    assert "The key may not list products" not in run.log
    store.check()


@FIRST_LOAD
@pytest.mark.parametrize("kind", ["foreign", "nothing", "null", "404", "no_id", "odd_id"])
@pytest.mark.parametrize("path", [ROWS, CONTEXT, PRODUCT], ids=["rows", "context", "product"])
def test_an_answer_about_one_thing(
    open_shop: Callable[..., Shop], tap: Tap, path: str, kind: str, first_load: bool
) -> None:
    """Wrong once: in the end, everything is there."""
    store = Store(open_shop(orders=20, days=10, skus=60), tap, lists_products=True)
    if not first_load:
        store.sync()
        store.shop.pass_time(hours=1)
        store.change()
    details = {"kind": "status", "status": 404} if kind == "404" else {"kind": kind, "value": [1]}
    one = path.replace("{product_id}", "9$").replace("{sku_id}", "50$")
    store.shop.fail(path=one, **details)
    store.sync()
    store.shop.pass_time(hours=1)
    store.sync()
    store.check()


@pytest.mark.parametrize("status", [500, 403, 400])
@pytest.mark.parametrize("path", [ROWS, CONTEXT, PRODUCT], ids=["rows", "context", "product"])
def test_some_that_fail_for_good_stop_nothing(store: Store, path: str, status: int) -> None:
    if path == PRODUCT and not store.lists_products:
        pytest.skip("by this role, no product is asked for twice")
    bad = [3, 6, 9]
    ids = [str(6 * one if path == CONTEXT else one) for one in bad]
    one_of = path.split("{", maxsplit=1)[0] + f"({'|'.join(ids)})$"
    store.shop.fail("status", one_of, status=status, times=None)
    for _run in range(2):
        run = store.sync(expect=1)
        assert " are missing (" in run.log
        good = {str(one) for one in store.shop.store.catalog.product_ids()} - set(map(str, bad))
        if not store.lists_products:
            good.remove("11")  # has no SKUs
        assert store.target.table("products", "Id").keys() >= good
        new = store.shop.store.catalog.add_product(store.shop.store.clock.now(), skus=1)
        store.shop.pass_time(hours=1)
    assert str(new - 1) in store.target.table("products", "Id")
    store.shop.store.faults.clear()
    store.sync()
    store.check()


def test_one_product_that_the_key_may_not_read_is_no_word_about_the_role(
    open_shop: Callable[..., Shop], tap: Tap
) -> None:
    store = Store(open_shop(orders=20, days=10, skus=60), tap, lists_products=True)
    store.shop.fail("status", PRODUCT.format(product_id="0$"), status=403, times=None)
    run = store.sync(expect=1)
    assert "The key may not read products" not in run.log
    assert "1 product is missing (0)" in run.log
    store.shop.store.faults.clear()
    store.sync()
    store.check()


@pytest.mark.parametrize("hours", [1, 10, 14])
def test_a_sku_dated_ahead_hides_nothing(
    open_shop: Callable[..., Shop], tap: Tap, hours: int
) -> None:
    store = Store(open_shop(orders=20, days=10, skus=60), tap, lists_products=True)
    catalog, clock = store.shop.store.catalog, store.shop.store.clock
    store.sync()
    catalog.edit_sku(8, clock.now(), dated=clock.now() + hours * HOUR, Name="Amanhã")
    for run in range(4):
        store.shop.pass_time(hours=1)
        catalog.edit_sku(20 + run, clock.now(), Name="Hoje")
        store.sync()
        store.check()


def test_skus_without_a_date_worth_the_name(store: Store) -> None:
    """.NET writes year 1 for no date, and Python can't subtract a minute from it."""
    catalog, clock = store.shop.store.catalog, store.shop.store.clock
    store.shop.store.faults.append(
        Distortion(
            "status",
            ROWS.format(product_id=""),
            times=None,
            fields="^DateUpdated$",
            text="0001-01-01T00:00:00",
        )
    )
    store.sync()
    store.shop.pass_time(minutes=5)
    catalog.add_product(clock.now(), skus=1)
    assert store.sync().records("skus")


def test_a_run_killed_anywhere_sends_little_again(tap: Tap, open_shop: Callable[..., Shop]) -> None:
    shop = open_shop(orders=20, days=10, skus=3000)
    store = Store(shop, tap, lists_products=True)
    lines = tap.killed_after(2200, shop.config(store_url=STORE_URL), select=BOTH)
    store.target.take(lines)
    held = sum(map(len, store.target.tables.values()))

    run = store.sync()

    store.check()
    again = len(run.records("products")) + len(run.records("skus")) + held
    assert again - sum(map(len, store.target.tables.values())) <= 600


class TestCategories:
    @pytest.mark.parametrize("status", [500, 403, 400])
    def test_one_form_that_fails_costs_that_form(
        self, tap: Tap, open_shop: Callable[..., Shop], status: int
    ) -> None:
        shop = open_shop(orders=20, days=10, skus=12)
        store = Store(shop, tap, lists_products=True)
        shop.fail("status", f"{CATEGORY}31$", status=status, times=None)
        for _run in range(2):
            run = store.sync("categories", expect=1)
            assert "1 category record is missing (31)" in run.log
        rows = store.target.table("categories", "Id")
        assert len(rows) == len(shop.store.catalog.categories.by_id)
        assert rows["31"]["Name"]
        shop.requests()
        shop.store.faults.clear()
        store.sync("categories")
        assert shop.requests() == {f"{TREE}{{levels}}": 1, f"{CATEGORY}{{category_id}}": 1}
        assert_categories_equal_truth(store.target, shop)

    @FIRST_LOAD
    @pytest.mark.parametrize("times", [1, None], ids=["once", "for-a-run"])
    @pytest.mark.parametrize("kind", ["nothing", "low", "null_row", "no_id"])
    def test_a_wrong_tree(self, store: Store, first_load: bool, times: Any, kind: str) -> None:
        self._strike(store, kind, TREE, first_load, times)
        assert_categories_equal_truth(store.target, store.shop)

    @FIRST_LOAD
    @pytest.mark.parametrize("times", [1, None], ids=["once", "for-a-run"])
    @pytest.mark.parametrize("kind", ["foreign", "nothing", "odd_id", "no_id"])
    def test_a_wrong_form(self, store: Store, first_load: bool, times: Any, kind: str) -> None:
        self._strike(store, kind, f"{CATEGORY}31$", first_load, times)
        assert_categories_equal_truth(store.target, store.shop)

    def _strike(self, store: Store, kind: str, path: str, *how: Any) -> None:
        first_load, times = how
        if not first_load:
            store.sync("categories")
            store.shop.store.catalog.add_category(30, "Meias")
        store.shop.fail(kind, path, times=times, value=[1])
        store.sync("categories", expect=None)
        store.shop.store.faults.clear()
        store.sync("categories")


#: Lists that every run emits whole.
WHOLE = {
    "brands": ("/api/catalog_system/pvt/brand/list", "id"),
    "sales_channels": ("/api/catalog_system/pvt/saleschannel/list", "Id"),
    "sellers": ("/api/catalog_system/pvt/seller/list", "SellerId"),
    "warehouses": ("/api/logistics/pvt/configuration/warehouses", "id"),
}


def test_brands_whose_list_was_empty_come_from_skus_if_the_role_shrinks(
    tap: Tap, open_shop: Callable[..., Shop]
) -> None:
    store = Store(open_shop(orders=20, days=10, skus=12), tap, lists_products=True)
    store.shop.fail("nothing", WHOLE["brands"][0], times=None)
    store.sync("brands")
    store.shop.store.granted = {"SKUs"}
    assert store.sync("brands").records("brands")


@pytest.mark.parametrize("days", [0, 2])
def test_a_store_without_categories(tap: Tap, open_shop: Callable[..., Shop], days: int) -> None:
    """It is warned of for a day, and everything comes once there are some."""
    store = Store(open_shop(orders=20, days=10, skus=12), tap, lists_products=True)
    store.shop.fail("nothing", TREE, times=None)
    for _day in range(2):
        assert "VTEX lists no categories. The next run looks again" in store.sync("categories").log
        store.shop.pass_time(hours=days * 6)
    store.shop.pass_time(days=days)
    store.sync("categories")
    run = store.sync("categories")
    assert ("VTEX lists no categories" in run.log) == (days == 0)
    store.shop.store.faults.clear()
    assert len(store.sync("categories").records("categories")) == len(
        store.shop.store.catalog.categories.by_id
    )


@pytest.mark.parametrize("stream", WHOLE)
class TestWholeLists:
    def test_empty_once(self, tap: Tap, open_shop: Callable[..., Shop], stream: str) -> None:
        store = Store(open_shop(orders=20, days=10, skus=12), tap, lists_products=True)
        store.shop.fail("nothing", WHOLE[stream][0])
        run = store.sync(stream)
        assert run.records(stream)
        assert "VTEX lists" not in run.log

    def test_empty(self, tap: Tap, open_shop: Callable[..., Shop], stream: str) -> None:
        store = Store(open_shop(orders=20, days=10, skus=12), tap, lists_products=True)
        store.shop.fail("nothing", WHOLE[stream][0], times=None)
        run = store.sync(stream)
        what = stream.replace("_", " ")
        assert run.log.count(f"VTEX lists no {what}. The next run looks again") == 1
        store.shop.pass_time(days=1)
        store.sync(stream)
        store.shop.requests()
        run = store.sync(stream)
        assert "VTEX lists no" not in run.log
        assert store.shop.requests()[WHOLE[stream][0]] == 1
        store.shop.store.faults.clear()
        assert store.sync(stream).records(stream)

    @pytest.mark.parametrize("kind", ["null_row", "no_id", "odd_id"])
    def test_a_row_without_a_readable_key(
        self, tap: Tap, open_shop: Callable[..., Shop], stream: str, kind: str
    ) -> None:
        store = Store(open_shop(orders=20, days=10, skus=12), tap, lists_products=True)
        complete = len(store.sync(stream).records(stream))
        store.shop.fail(kind, WHOLE[stream][0], value={"a": 1}, times=None)
        run = store.sync(stream)
        rows = run.records(stream)
        assert len(rows) == complete - 1
        assert all(row[WHOLE[stream][1]] is not None for row in rows)
        assert "1 row without a key" in run.log
