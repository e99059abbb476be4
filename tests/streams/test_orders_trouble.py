"""Lists and orders that contradict themselves: nothing is lost, and nothing is stuck."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.clock import HOUR, seven_digits, ticks
from sandbox.oms.book import Selection
from sandbox.oms.book import Window as TickWindow
from tap_vtex.http.client import VtexClient
from tap_vtex.settings import Settings
from tap_vtex.streams.orders.order_list import OrderList
from tap_vtex.windows import Window
from tests.streams.test_order_readers import bookmark
from tests.streams.test_orders_changes import assert_equals_truth, order_aged
from tests.streams.test_orders_load import BULKY
from tests.support.shop import NOON, ORDER, ORDER_LIST, Shop, ids, order_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.tap import Tap, Target

ORDERS = {"orders", "order_items"}


class TestAnOrderThatIsListedAndNotGiven:
    def test_is_asked_for_again_until_it_comes(self, tap: Tap, shop: Shop, target: Target) -> None:
        """Older than the look-back, so that nothing else would bring it."""
        shop.close()
        lost = order_aged(shop, 80)
        shop.store.book.phantoms.add(order_of(lost))
        tap.sync(shop.config(), target, select=ORDERS, expect=1)
        shop.pass_time(hours=3)
        run = tap.sync(shop.config(), target, select=ORDERS, expect=1)
        assert f"1 order is missing ({lost})" in run.log
        assert lost not in target.table("orders", "orderId")
        assert lost in bookmark(target, "orders")["missing"]

        shop.store.book.phantoms.clear()
        shop.pass_time(hours=3)
        run = tap.sync(shop.config(), target, select=ORDERS)

        assert ids(run.records("orders")) == [lost]
        assert_equals_truth(target, shop)
        assert not bookmark(target, "orders")["missing"]

    @pytest.mark.parametrize(("is_unknown", "days"), [(True, 3), (False, 30)])
    def test_is_given_up_after_days(
        self, tap: Tap, shop: Shop, target: Target, is_unknown: bool, days: int
    ) -> None:
        shop.close()
        lost = order_aged(shop, 80)
        if is_unknown:
            shop.store.book.phantoms.add(order_of(lost))
        else:
            shop.fail("status", f"{ORDER_LIST}/{lost}", status=500, times=None)
        tap.sync(shop.config(), target, select=ORDERS, expect=1, hurry=True)
        shop.pass_time(days=days - 1)
        tap.sync(shop.config(), target, select=ORDERS, expect=1, hurry=True)
        assert lost in bookmark(target, "orders")["missing"]
        shop.pass_time(days=2)

        run = tap.sync(shop.config(), target, select=ORDERS, hurry=True)

        assert f"VTEX has not returned 1 order for days, so the tap gives up on: {lost}" in (
            run.log
        )
        assert not bookmark(target, "orders")["missing"]

    def test_one_that_vtex_fails_on_stops_nothing_and_is_said(
        self, tap: Tap, shop: Shop, target: Target
    ) -> None:
        shop.close()
        broken = order_aged(shop, 50)
        shop.fail("status", f"{ORDER_LIST}/{broken}", status=400, times=None)

        run = tap.sync(shop.config(), target, select=ORDERS, expect=1)

        assert f"1 order is missing ({broken}): VTEX lists it but did not return it" in run.log
        assert target.table("orders", "orderId").keys() == shop.orders().keys() - {broken}
        assert bookmark(target, "orders")["loaded_until"] == "2026-11-23T11:50:00.000000Z"
        tap.sync(shop.config(), target, select=ORDERS, expect=1)
        shop.store.faults.clear()
        tap.sync(shop.config(), target, select=ORDERS)
        assert_equals_truth(target, shop)

    def test_many_stop_nothing_either(self, tap: Tap, shop: Shop, target: Target) -> None:
        shop.close()
        lost = list(shop.orders())[::5]
        shop.store.book.phantoms |= {order_of(order_id) for order_id in lost}

        run = tap.sync(shop.config(), target, select=ORDERS, expect=1)

        assert f"{len(lost)} orders are missing" in run.log
        assert target.table("orders", "orderId").keys() == shop.orders().keys() - set(lost)
        assert bookmark(target, "orders")["loaded_until"] == "2026-11-23T11:50:00.000000Z"

    @pytest.mark.parametrize("status", [500, 403, 400])
    def test_the_newest_fail_for_good_and_new_ones_come(
        self, tap: Tap, shop: Shop, target: Target, status: int
    ) -> None:
        shop.close()
        broken = list(shop.orders())[-30:]
        for order_id in broken:
            shop.fail("status", f"{ORDER_LIST}/{order_id}", status=status, times=None)

        tap.sync(shop.config(), target, select=ORDERS, expect=1, hurry=True)

        assert target.table("orders", "orderId").keys() == shop.orders().keys() - set(broken)
        assert bookmark(target, "orders")["missing"].keys() == set(broken)
        shop.act("touch", *broken)
        shop.store.book.closed = 2**62
        shop.pass_time(hours=30)
        run = tap.sync(shop.config(), target, select=ORDERS, expect=1, hurry=True)
        assert run.records("orders")
        assert "30 orders are missing" in run.log
        shop.store.faults.clear()
        shop.close()
        shop.pass_time(hours=1)
        tap.sync(shop.config(), target, select=ORDERS, hurry=True)
        assert_equals_truth(target, shop)

    def test_an_outage_is_one(self, tap: Tap, shop: Shop) -> None:
        shop.fail("status", f"{ORDER_LIST}/", status=400, times=None, skip=100)

        run = tap.run(shop.config(), select=ORDERS, expect=1)

        assert "VTEX refused GET" in run.log
        assert len(run.records("orders")) <= 100


class TestAListThatContradictsItself:
    def test_half_of_a_window_seems_empty_for_a_moment(
        self, tap: Tap, open_shop: Callable[..., Shop], target: Target
    ) -> None:
        """Long before the look-back, where nothing would find its orders later."""
        shop = open_shop(orders=650, days=700)
        shop.store.quirks.max_rows = 10
        shop.close()
        select, asked = shop.store.book.select, 0

        def forgetful(*arguments: Any, **options: Any) -> Selection:
            nonlocal asked
            asked += 1
            return Selection(0, []) if asked in {4, 9} else select(*arguments, **options)

        shop.store.book.select = forgetful  # type: ignore[method-assign]
        tap.sync(shop.config(), target, select={"orders"}, hurry=True)

        assert asked > 20
        assert target.table("orders", "orderId").keys() == shop.orders().keys()

    def test_an_order_leaves_while_its_list_is_read(
        self, tap: Tap, open_shop: Callable[..., Shop], target: Target
    ) -> None:
        shop = open_shop(orders=9000, days=20)
        shop.close()
        incomplete = list(shop.orders(incomplete=True))
        leaver = order_of(incomplete[120])
        shop.when(
            ORDER_LIST,
            lambda: shop.store.book.late.update({leaver: 2**62}),
            query="incompleteOrders=true.*page=2$",
        )

        run = tap.sync(shop.config(), target, select={"incomplete_orders"}, hurry=True)

        assert "reading the list again" in run.log
        expected = set(incomplete) - {leaver.order_id}
        assert target.table("incomplete_orders", "orderId").keys() >= expected

    def test_an_index_that_holds_an_order_twice(self, tap: Tap, shop: Shop, target: Target) -> None:
        shop.close()
        select = shop.store.book.select

        def doubling(*arguments: Any, **options: Any) -> Selection:
            total, orders = select(*arguments, **options)
            listed = list(orders)
            return Selection(total + len(listed[:1]), [*listed[:1], *listed])

        shop.store.book.select = doubling  # type: ignore[method-assign]
        tap.sync(shop.config(), target, select=ORDERS, hurry=True)

        assert target.table("orders", "orderId").keys() == shop.orders().keys()

    def test_the_last_millisecond_of_a_second(self, open_shop: Callable[..., Shop]) -> None:
        """Windows of one second, in an index that keeps fractions."""
        hour = NOON - timedelta(hours=5)
        shop = open_shop(orders=72_100, days=2, peaks={ticks(hour): 72_000})
        shop.store.quirks.max_rows = 1  # thirty a query, and twenty a second
        logger = logging.getLogger("tests")
        orders = OrderList(VtexClient(Settings.read(shop.config()), logger), logger)
        window = Window(hour, hour + timedelta(seconds=60))

        found = {row.order_id for listed in orders.windows(window) for row in listed.rows}

        listed = shop.store.book.select(
            TickWindow(ticks(window.start), ticks(window.end) - 1),
            {},
            shop.store.clock.now(),
            incomplete=False,
        )
        assert listed.total == 1200
        assert {order.order_id for order in listed.orders} <= found


@pytest.mark.long
def test_the_end_of_what_vtex_shows_moves_while_it_is_read(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    """It refuses windows that begin too early, and the clock runs."""
    shop = open_shop(orders=4000, days=800, speed=1)
    shop.store.quirks.beyond_two_years = "error"
    shown = set(shop.orders())

    tap.sync(shop.config(), target, select={"orders"}, deselect={"orders": BULKY})

    assert shown & shop.orders().keys() <= target.table("orders", "orderId").keys()


def test_a_list_that_refuses_all_dates_is_asked_little(tap: Tap, shop: Shop) -> None:
    """So does the end of what VTEX shows, which need not be looked for minute by minute."""
    shop.fail("status", ORDER_LIST, query="f_creationDate", status=400, times=None)

    run = tap.run(shop.config(), select={"orders"}, expect=1)

    assert "VTEX refused GET /api/oms/pvt/orders (status 400)" in run.log
    assert shop.requests()[ORDER_LIST] < 100


def test_a_state_from_the_future_is_said(tap: Tap, shop: Shop, target: Target) -> None:
    """The store's clock was wrong for a run; what was missed since must not go unnoticed."""
    shop.close()
    shop.pass_time(days=365)
    tap.sync(shop.config(), target, select=ORDERS)
    shop.pass_time(days=-365)

    run = tap.sync(shop.config(), target, select=ORDERS, expect=1)

    assert "which is in the future: VTEX's clock says 2026-11-23" in run.log


def test_one_streams_bad_state_leaves_its_sister_be(tap: Tap, shop: Shop, target: Target) -> None:
    shop.close()
    tap.sync(shop.config(), target, select=ORDERS)
    bookmark(target, "orders")["loaded_until"] = "yesterday"
    changed = order_aged(shop, 10)
    shop.act("cancel", changed)
    shop.pass_time(hours=2)

    run = tap.sync(shop.config(), target, select=ORDERS, expect=1)

    assert "Stream orders failed" in run.log
    assert target.table("order_items", "orderId")[changed]["is_canceled"] is True


def test_a_shorter_look_back_loses_no_latecomers(tap: Tap, shop: Shop, target: Target) -> None:
    """The longer one was counted in stretches of thirteen days."""
    shop.close()
    late = [
        order_id
        for order_id in shop.orders()
        if timedelta(days=47) < shop.now() - shop.created(order_id) < timedelta(days=59)
    ]
    for order_id in late[:6]:
        shop.hide(order_id, hours=6)
    for hours in (3, 4):
        tap.sync(shop.config(lookback_days=731), target, select=ORDERS)
        shop.pass_time(hours=hours)

    tap.sync(shop.config(lookback_days=60), target, select=ORDERS)

    assert_equals_truth(target, shop)


def test_a_start_date_set_later_for_a_while_loses_no_changes(
    tap: Tap, shop: Shop, target: Target
) -> None:
    shop.close()
    tap.sync(shop.config(), target, select=ORDERS)
    shop.act("invoice", order_aged(shop, 80))
    for start in ("2026-11-01", "2026-11-01", None):
        shop.pass_time(hours=25)
        tap.sync(shop.config(start_date=start), target, select=ORDERS)

    assert_equals_truth(target, shop)


def test_orders_at_the_edge_of_the_look_back_come_once(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    """The recent and the older part of the search share a second, at midnight."""
    midnight = datetime(2026, 9, 24, tzinfo=UTC)
    # With this seed, an order was placed in the very first second of the day.
    shop = open_shop(orders=900, days=100, seed=2, peaks={ticks(midnight): 600})
    shop.close()
    config = shop.config(start_date="2026-09-01")
    tap.sync(config, target, select=ORDERS)
    edge = [
        order_id
        for order_id in shop.orders()
        if midnight <= shop.created(order_id) < midnight + timedelta(seconds=1)
    ]
    assert edge
    shop.act("invoice", *edge)
    shop.pass_time(hours=3)

    run = tap.sync(config, target, select=ORDERS)

    found = [order_id for order_id in ids(run.records("orders")) if order_id in edge]
    assert sorted(found) == sorted(edge)


def test_incomplete_orders_that_are_completed_cost_little(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    """They leave the list; the others of their hour or day are not asked for again."""
    shop = open_shop(orders=20_000, days=10)
    tap.sync(shop.config(), target, select={"incomplete_orders"})
    shop.pass_time(hours=1)
    tap.sync(shop.config(), target, select={"incomplete_orders"})
    shop.requests()
    shop.pass_time(hours=1)

    run = tap.sync(shop.config(), target, select={"incomplete_orders"})

    young = (shop.now() - timedelta(hours=3)).isoformat()
    old = [record for record in run.records("incomplete_orders") if record["creationDate"] < young]
    assert len(old) < 5


def test_slices_with_a_moving_end_keep_the_state_small(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    shop = open_shop(orders=300, days=30)
    for _ in range(8):
        end = shop.now() - timedelta(hours=1)
        tap.sync(shop.config(end_date=end.isoformat()), target, select={"orders"})
        shop.pass_time(days=5)

    census = bookmark(target, "orders")["census"]["orders"].split()
    assert len(census) < 60 + 48 + 5 * 24


def test_fractions_in_rows_are_no_matter(
    tap: Tap, open_shop: Callable[..., Shop], target: Target, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rows show whole seconds as a rule; with fractions, no order is counted twice."""
    monkeypatch.setattr("sandbox.oms.document.whole_seconds", seven_digits)
    hour = ticks(NOON - timedelta(hours=1))
    shop = open_shop(orders=3700, days=2, peaks={hour: 3600, hour + HOUR: 3600})
    config = shop.config(start_date="2026-11-23T11:45:00Z")
    for minutes in (3, 2, 120):
        tap.sync(config, target, select={"orders"})
        shop.pass_time(minutes=minutes)
        if minutes == 2:
            shop.close()

    run = tap.sync(config, target, select={"orders"})

    truth = shop.orders(since=NOON - timedelta(minutes=15))
    assert target.table("orders", "orderId").keys() == truth.keys()
    assert all(record["lastChange"] >= "2026-11-23T11:00" for record in run.records("orders"))


def test_requests_of_a_load_that_is_cut_in_parts(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    """Pages of ten orders, so that a window holds 300 of them at most."""
    shop = open_shop(orders=650, days=100)
    shop.store.quirks.max_rows = 10
    shop.close()

    tap.sync(shop.config(), target, select={"orders"})

    requests = shop.requests()
    assert requests[ORDER] == len(shop.orders())
    assert requests[ORDER_LIST] < len(shop.orders()) / 10 + 40
