"""Prices and stock: what VTEX says of one SKU, or of its list, is not believed at first sight."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from tests.streams.test_per_sku import PRICE, STOCK, STREAMS, assert_equals_truth, prices_of
from tests.support.tap import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap

pytestmark = pytest.mark.matrix

LIST = "/api/catalog_system/pvt/sku/stockkeepingunitids"
PRICES = "/ipe/pricing/prices/"
STOCKS = "/api/logistics/pvt/inventory/skus/"


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """Its clock agrees with this machine's, by which a refresh is due."""
    return open_shop(orders=20, days=10, skus=100, now=datetime.now(UTC))


def sync(tap: Tap, shop: Shop, target: Target, *streams: str, **settings: Any) -> Run:
    expect = settings.pop("expect", 0)
    select = set(streams) or STREAMS
    return tap.sync(shop.config(**settings), target, select=select, hurry=True, expect=expect)


def bookmark(target: Target, stream: str = "prices") -> dict[str, Any]:
    found: dict[str, Any] = target.state["bookmarks"][stream]["partitions"][0]
    return found


#: A run after a wrong one: what the setting says is not due yet.
NOT_DUE: dict[str, int] = {}
DUE = {"prices_refresh_hours": 0, "inventory_refresh_hours": 0}


@pytest.mark.parametrize("first_load", [True, False], ids=["first-load", "incremental"])
class TestTheList:
    @pytest.mark.parametrize("times", [1, 2, None], ids=["once", "twice", "for-a-run"])
    @pytest.mark.parametrize(
        "fault", [{"kind": "nothing"}, {"kind": "low", "left": 10}], ids=["empty", "low"]
    )
    def test_that_is_short(
        self, tap: Tap, shop: Shop, fault: Any, first_load: bool, times: int | None
    ) -> None:
        target = Target()
        if not first_load:
            sync(tap, shop, target)
            shop.store.pricing.set_price(80, basePrice=1.5)
            shop.store.logistics.set_stock(80, "1_1", 77)
        shop.fail(path=LIST, times=times, **fault)
        sync(tap, shop, target, **DUE)
        shop.store.faults.clear()

        # A first list that is short throughout a run can't be told from a small catalog.
        knows = not first_load or fault["kind"] == "nothing" or times is not None
        sync(tap, shop, target, **(NOT_DUE if knows else DUE))

        assert_equals_truth(target, shop)

    def test_whose_pages_are_all_the_first(
        self, tap: Tap, open_shop: Callable[..., Shop], first_load: bool
    ) -> None:
        shop = open_shop(orders=20, days=10, skus=2500, now=datetime.now(UTC))
        target = Target()
        if not first_load:
            sync(tap, shop, target, "prices")
        shop.fail("repeat", LIST, times=None)
        run = sync(tap, shop, target, "prices", **DUE)
        assert "The next run looks again" in run.log
        shop.store.faults.clear()
        shop.requests()

        sync(tap, shop, target, "prices")

        assert target.table("prices", "itemId").keys() == prices_of(shop).keys()
        assert not bookmark(target)["size"]["fewer"]
        assert shop.requests()[PRICE] < 1.2 * 1500


def test_a_list_that_lacked_its_middle(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    shop = open_shop(orders=20, days=10, skus=2500, now=datetime.now(UTC))
    sync(tap, shop, target, "prices")
    shop.store.pricing.set_price(1500, basePrice=1.5)
    shop.fail("no_rows", LIST, query="page=2&", times=None)
    sync(tap, shop, target, "prices", **DUE)
    shop.store.faults.clear()
    sync(tap, shop, target, "prices")
    assert target.table("prices", "itemId")["1500"]["basePrice"] == 1.5


def test_a_list_that_shrank_is_believed_a_day_later(tap: Tap, shop: Shop, target: Target) -> None:
    sync(tap, shop, target)
    for sku_id in (5, 6, 7):
        shop.store.catalog.delete_sku(sku_id)
    run = sync(tap, shop, target, **DUE)
    assert "VTEX lists 100 SKUs, and there were 103 before." in run.log
    shop.requests()
    run = sync(tap, shop, target)
    assert "VTEX lists 100 SKUs, and there were 103 before." in run.log
    assert set(shop.requests()) == {LIST}
    shop.pass_time(days=1)
    assert "VTEX lists" not in sync(tap, shop, target, **DUE).log


@pytest.mark.parametrize("first_load", [True, False], ids=["first-load", "incremental"])
class TestOneSku:
    @pytest.mark.parametrize("kind", ["nothing", "null", "404", "foreign"])
    def test_once(self, tap: Tap, shop: Shop, kind: str, first_load: bool) -> None:
        target = Target()
        if not first_load:
            sync(tap, shop, target)
        shop.store.pricing.set_price(9, basePrice=1.5)
        shop.store.logistics.set_stock(9, "1_1", 77)
        for path in (PRICES, STOCKS):
            details = {"kind": "status", "status": 404} if kind == "404" else {"kind": kind}
            shop.fail(path=f"{path}9$", **details)

        sync(tap, shop, target, **DUE)

        assert_equals_truth(target, shop)

    @pytest.mark.parametrize("kind", ["nothing", "foreign", "500", "403", "400"])
    def test_throughout_a_run(self, tap: Tap, shop: Shop, kind: str, first_load: bool) -> None:
        target = Target()
        if not first_load:
            sync(tap, shop, target)
        shop.store.pricing.set_price(9, basePrice=1.5)
        shop.store.pricing.set_price(90, basePrice=1.5)
        for path in (PRICES, STOCKS):
            status = int(kind) if kind.isdigit() else 0
            details = {"kind": "status", "status": status} if status else {"kind": kind}
            shop.fail(path=f"{path}9$", times=None, **details)

        run = sync(tap, shop, target, expect=0 if kind == "nothing" else 1, **DUE)

        assert target.table("prices", "itemId")["90"]["basePrice"] == 1.5
        if kind != "nothing":
            assert "1 SKU in prices is missing (9)" in run.log
            assert "1 SKU in inventory is missing (9)" in run.log
        assert not any(row["itemId"] == "9" for row in run.records("prices"))
        shop.store.faults.clear()
        # What has nothing at a first load is believed to have nothing until the next pass.
        sync(tap, shop, target, **(DUE if first_load and kind == "nothing" else NOT_DUE))
        assert_equals_truth(target, shop)


@pytest.mark.parametrize("bad", [3, 30])
def test_some_that_fail_for_good_stop_nothing(
    tap: Tap, shop: Shop, target: Target, bad: int
) -> None:
    failing = {str(sku_id) for sku_id in [*prices_of(shop)][::-3][:bad]}
    shop.fail("status", f"{PRICES}({'|'.join(failing)})$", status=500, times=None)
    for _run in range(2):
        run = sync(tap, shop, target, "prices", expect=1)
        assert f"{bad} SKUs in prices are missing" in run.log
        assert target.table("prices", "itemId").keys() == prices_of(shop).keys() - failing
    shop.store.faults.clear()
    shop.requests()
    sync(tap, shop, target, "prices")
    assert target.table("prices", "itemId").keys() == prices_of(shop).keys()
    assert shop.requests() == {PRICE: bad}


@pytest.mark.parametrize("path", [PRICES, STOCKS])
def test_a_route_that_knows_nothing(tap: Tap, shop: Shop, target: Target, path: str) -> None:
    stream = "prices" if path == PRICES else "inventory"
    shop.fail("status", path, status=404, times=None)
    run = sync(tap, shop, target, stream)
    assert f"VTEX returned no {stream} for any SKU." in run.log
    shop.requests()
    run = sync(tap, shop, target, stream)
    assert f"VTEX returned no {stream} for any SKU." in run.log
    assert sum(shop.requests().values()) <= 10

    shop.store.faults.clear()
    sync(tap, shop, target)
    assert_equals_truth(target, shop)


def test_a_route_that_knows_nothing_from_the_middle_on(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    shop = open_shop(orders=20, days=10, skus=1000, now=datetime.now(UTC))
    shop.fail("status", PRICES, status=404, times=None, skip=400)
    run = sync(tap, shop, target, "prices")
    assert "SKUs that had some before or should have. The next run asks again" in run.log
    shop.store.faults.clear()
    sync(tap, shop, target, "prices")
    assert target.table("prices", "itemId").keys() == prices_of(shop).keys()


def test_a_store_without_prices_is_not_asked_for_ever(tap: Tap, shop: Shop, target: Target) -> None:
    for sku_id in shop.store.catalog.sku_ids():
        shop.store.pricing.remove_price(sku_id)
    for _pass in range(2):
        sync(tap, shop, target, "prices", **DUE)
    shop.requests()
    run = sync(tap, shop, target, "prices")
    assert "VTEX gives no" not in run.log
    assert not shop.requests()


def test_those_without_a_price_cost_one_request_a_pass(
    tap: Tap, shop: Shop, target: Target
) -> None:
    sync(tap, shop, target, "prices")
    without = 103 - len(prices_of(shop))
    assert shop.requests()[PRICE] == 103 + without
    for _pass in range(2):
        sync(tap, shop, target, "prices", **DUE)
        assert shop.requests() == {PRICE: 103, LIST: 3}


def test_a_price_that_was_removed_is_asked_for_again_and_then_believed(
    tap: Tap, shop: Shop, target: Target
) -> None:
    sync(tap, shop, target, "prices")
    shop.store.pricing.remove_price(9)
    run = sync(tap, shop, target, "prices", **DUE)
    assert "VTEX returned no prices for 1 SKU that" in run.log
    shop.requests()
    sync(tap, shop, target, "prices")
    assert shop.requests() == {PRICE: 1}
    assert "VTEX returned no prices" not in sync(tap, shop, target, "prices", **DUE).log


@pytest.mark.parametrize("after", [1200, 2300, 3700])
def test_a_run_killed_anywhere_sends_little_again(
    tap: Tap, open_shop: Callable[..., Shop], target: Target, after: int
) -> None:
    shop = open_shop(orders=20, days=10, skus=4000, now=datetime.now(UTC))
    lines = tap.killed_after(after, shop.config(), select={"prices"})
    target.take(lines)
    held = len(target.table("prices", "itemId"))

    run = sync(tap, shop, target, "prices")

    assert target.table("prices", "itemId").keys() == prices_of(shop).keys()
    assert len(run.records("prices")) + held - len(prices_of(shop)) <= 600


def test_a_warehouse_without_a_readable_id_is_left_out(
    tap: Tap, shop: Shop, target: Target
) -> None:
    shop.fail("odd_id", STOCKS, value=[1])
    run = sync(tap, shop, target, "inventory")
    assert run.log.count("has no warehouseId that can be read") == 1
    assert "1 row without a key" in run.log
    assert STOCK in shop.requests()
