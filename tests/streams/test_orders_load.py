"""The first load: every order, whatever the list is like."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Literal

import pytest

from sandbox.clock import HOUR, ticks
from tests.support.expect import order_record, utc
from tests.support.shop import NOON, ORDER, ORDER_LIST, Shop, ids, order_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.tap import Tap, Target

ORDERS = {"orders", "order_items"}
#: What takes up most of an order.
BULKY = {
    *("items", "totals", "sellers", "itemMetadata", "ratesAndBenefitsData", "marketingData"),
    *("clientProfileData", "shippingData", "paymentData", "packageAttachment"),
    *("storePreferencesData", "customData"),
}


def test_every_order_arrives_as_get_order_returns_it(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(), target, select={"orders", "incomplete_orders"})

    truth = shop.orders()
    assert len(truth) > 380
    assert target.table("orders", "orderId") == {
        order_id: order_record(document) for order_id, document in truth.items()
    }
    incomplete = shop.orders(incomplete=True)
    assert target.table("incomplete_orders", "orderId") == {
        order_id: order_record(document) for order_id, document in incomplete.items()
    }


def test_every_item_of_every_order_is_a_row(tap: Tap, shop: Shop, target: Target) -> None:
    shop.act("remove_item", *list(shop.orders())[:20])

    tap.sync(shop.config(), target, select=ORDERS)

    rows = target.tables["order_items"]
    for order_id, document in shop.orders().items():
        for index, item in enumerate(document["items"]):
            row = rows.pop(("ipe", order_id, index))
            changes = document["changesAttachment"] or {"changesData": [{"itemsRemoved": []}]}
            removed = {gone["id"] for gone in changes["changesData"][0]["itemsRemoved"]}
            assert row["creationDate"] == utc(document["creationDate"])
            assert row["lastChange"] == utc(document["lastChange"])
            assert row["userProfileId"] == document["clientProfileData"]["userProfileId"]
            assert row["status"] == document["status"]
            assert row["sku_id"] == item["id"]
            assert row["quantity"] == item["quantity"]
            if item["id"] not in removed:
                assert row["is_canceled"] == (document["status"] == "canceled")
    assert not rows


def test_nothing_comes_twice_and_nothing_is_asked_twice(tap: Tap, shop: Shop) -> None:
    run = tap.run(shop.config(), select=ORDERS)

    counted = Counter(ids(run.records("orders")))
    assert set(counted.values()) == {1}
    assert shop.requests()[ORDER] == len(counted)


@pytest.mark.long
def test_a_day_of_ten_thousand_orders_and_an_hour_of_3500(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    friday = datetime(2026, 11, 20, tzinfo=UTC)
    peaks = {ticks(friday) + hour * HOUR: 3500 if hour == 20 else 285 for hour in range(24)}
    shop = open_shop(orders=11_000, days=60, peaks=peaks)

    # All of the orders and little of each: which they are is what is to be seen here.
    run = tap.sync(shop.config(), target, select={"orders"}, deselect={"orders": BULKY})

    truth = shop.orders()
    assert target.table("orders", "orderId").keys() == truth.keys()
    assert len(run.records("orders")) == len(truth)
    assert re.search(r"[\d,]+ of 1\d,\d{3} orders, ", run.log)


@pytest.mark.long
def test_orders_of_the_second_where_windows_meet_come_once(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    """With one order a second, the second at which windows are cut holds some."""
    hour = ticks(NOON - timedelta(hours=5))
    shop = open_shop(orders=3_800, days=2, peaks={hour: 3_700})

    run = tap.sync(shop.config(), target, select={"orders"}, deselect={"orders": BULKY})

    assert target.table("orders", "orderId").keys() == shop.orders().keys()
    assert max(Counter(ids(run.records("orders"))).values()) == 1


def test_a_second_with_more_orders_than_the_list_reaches_is_an_error(
    tap: Tap, open_shop: Callable[..., Shop]
) -> None:
    """Pages of one row reach 30 orders, and each second of the hour holds 41."""
    hour = ticks(NOON - timedelta(hours=5))
    shop = open_shop(orders=150_100, days=2, peaks={hour: 150_000})
    shop.store.quirks.max_rows = 1

    seconds = {"start_date": "2026-11-23T07:00:00Z", "end_date": "2026-11-23T07:00:03Z"}
    run = tap.run(shop.config(**seconds), select={"orders"}, expect=1)

    assert "orders created in the second 2026-11-23 07:00:00 UTC" in run.log
    assert "Traceback" not in run.log


@pytest.mark.parametrize("manner", ["empty", "error"])
def test_the_two_years_that_vtex_shows(
    tap: Tap, open_shop: Callable[..., Shop], target: Target, manner: Literal["empty", "error"]
) -> None:
    shop = open_shop(orders=600, days=800)
    shop.store.quirks.beyond_two_years = manner

    tap.sync(shop.config(start_date="2019-01-01"), target, select=ORDERS)

    assert target.table("orders", "orderId").keys() == shop.orders().keys()


def test_smaller_pages_than_asked_for(tap: Tap, shop: Shop, target: Target) -> None:
    shop.store.quirks.max_rows = 7

    tap.sync(shop.config(), target, select=ORDERS)

    assert target.table("orders", "orderId").keys() == shop.orders().keys()


def test_a_page_that_loses_rows_is_listed_again(tap: Tap, shop: Shop, target: Target) -> None:
    shop.fail("drop_rows", ORDER_LIST, query="page=2", times=2, rows=3)

    run = tap.sync(shop.config(), target, select=ORDERS, hurry=True)

    assert target.table("orders", "orderId").keys() == shop.orders().keys()
    assert "reading the list again" in run.log


def test_a_list_that_stays_short_is_said_and_stays_open(
    tap: Tap, shop: Shop, target: Target
) -> None:
    shop.close()
    shop.fail("drop_rows", ORDER_LIST, query="page=2", times=None)

    run = tap.sync(shop.config(), target, select=ORDERS, expect=1, hurry=True)

    assert re.search(r"VTEX announced \d+ orders created .* but listed \d+. The next run", run.log)
    assert 0 < len(target.table("orders", "orderId")) < len(shop.orders())
    shop.store.faults.clear()
    shop.pass_time(hours=1)
    tap.sync(shop.config(), target, select=ORDERS, hurry=True)
    assert target.table("orders", "orderId").keys() == shop.orders().keys()
    shop.requests()
    shop.pass_time(hours=1)
    tap.sync(shop.config(), target, select=ORDERS, hurry=True)
    assert shop.requests().keys() == {ORDER_LIST}


def test_an_order_that_vtex_lists_and_does_not_know_is_left_out(
    tap: Tap, shop: Shop, target: Target
) -> None:
    lost = list(shop.orders())[100]
    truth = shop.orders()
    del truth[lost]
    shop.store.book.phantoms.add(order_of(lost))

    run = tap.sync(shop.config(), target, select=ORDERS, expect=1)

    assert target.table("orders", "orderId").keys() == truth.keys()
    assert f"VTEX lists the order {lost} but does not know it (status 404). The next run" in run.log


def test_all_orders_unknown_is_an_error(tap: Tap, shop: Shop) -> None:
    shop.fail("status", ORDER_LIST + "/", status=404, times=None)

    run = tap.run(shop.config(), select=ORDERS, expect=1)

    assert "Check whether a proxy or a firewall swallows requests" in run.log


def test_a_start_date_leaves_older_orders_out(tap: Tap, shop: Shop, target: Target) -> None:
    start = datetime(2026, 10, 1, tzinfo=UTC)

    tap.sync(shop.config(start_date="2026-10-01"), target, select=ORDERS)

    assert target.table("orders", "orderId").keys() == shop.orders(since=start).keys()


def test_an_earlier_start_date_loads_what_it_adds_and_only_that(
    tap: Tap, shop: Shop, target: Target
) -> None:
    tap.sync(shop.config(start_date="2026-11-01"), target, select=ORDERS)
    known = set(target.table("orders", "orderId"))
    shop.requests()

    run = tap.sync(shop.config(start_date="2026-09-01"), target, select=ORDERS)

    truth = shop.orders(since=datetime(2026, 9, 1, tzinfo=UTC))
    assert target.table("orders", "orderId").keys() == truth.keys()
    assert len(set(ids(run.records("orders"))) - known) == len(truth) - len(known)
    assert shop.requests()[ORDER] - (len(truth) - len(known)) < 10  # those changed lately


def test_slices_meet_without_gaps_or_doubles(tap: Tap, shop: Shop, target: Target) -> None:
    edges = ["2026-08-01", "2026-09-10T08:30:00Z", "2026-10-20", "2026-11-23T12:00:00Z"]
    found: list[str] = []
    for start, end in itertools.pairwise(edges):
        run = tap.run(shop.config(start_date=start, end_date=end), select=ORDERS)
        found += ids(run.records("orders"))
        target.take(run.lines)

    assert sorted(found) == sorted(shop.orders())
    # The last slice's state goes on without an end.
    shop.pass_time(hours=2)
    tap.sync(shop.config(start_date=edges[2]), target, select=ORDERS)
    assert target.table("orders", "orderId").keys() == shop.orders().keys()


def test_slices_cut_where_orders_of_one_second_lie(
    tap: Tap, open_shop: Callable[..., Shop]
) -> None:
    hour = ticks(NOON - timedelta(hours=5))
    shop = open_shop(orders=3_700, days=2, peaks={hour: 3_600})
    edges = ["2026-11-23T07:29:00Z", "2026-11-23T07:30:00.5Z", "2026-11-23T07:31:30Z"]
    found: list[str] = []
    for start, end in itertools.pairwise(edges):
        run = tap.run(shop.config(start_date=start, end_date=end), select={"orders"})
        found += ids(run.records("orders"))

    assert max(Counter(found).values()) == 1
    assert 149 <= len(found) <= 152
