"""Later runs: what changed arrives, and next to nothing else is asked for."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.expect import order_record
from tests.support.shop import ORDER, ORDER_LIST, Shop, ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tests.support.tap import Tap, Target

ORDERS = {"orders", "order_items"}


def assert_equals_truth(target: Target, shop: Shop) -> None:
    """The target holds every order as it is now."""
    assert target.table("orders", "orderId") == {
        order_id: order_record(document) for order_id, document in shop.orders().items()
    }


@pytest.fixture
def quiet(tap: Tap, shop: Shop, target: Target) -> Shop:
    """A store whose orders are loaded, and in which nothing has happened for a while."""
    shop.close()
    tap.sync(shop.config(), target, select=ORDERS)
    shop.pass_time(hours=3)
    tap.sync(shop.config(), target, select=ORDERS)
    shop.pass_time(hours=3)
    shop.requests()
    return shop


def order_aged(shop: Shop, days: float) -> str:
    """An order that was placed about so many days ago."""
    wanted = shop.now() - timedelta(days=days)
    return min(shop.orders(), key=lambda order_id: abs(shop.created(order_id) - wanted))


def older(shop: Shop, order_ids: Iterable[str]) -> set[str]:
    """Those that were placed before the look-back."""
    earliest = shop.now() - timedelta(days=64)
    return {order_id for order_id in order_ids if shop.created(order_id) < earliest}


def test_a_store_at_rest_costs_list_requests_only(tap: Tap, quiet: Shop, target: Target) -> None:
    run = tap.sync(quiet.config(), target, select=ORDERS)

    assert not run.records("orders")
    requests = quiet.requests()
    assert requests.keys() == {ORDER_LIST}
    # One for the clock, the pages of the look-back, those of any age that were paid or
    # invoiced, and the new ones twice: listed, and counted once more.
    assert requests[ORDER_LIST] == 1 + 3 + 2 + 2


@pytest.mark.parametrize("action", ["touch", "approve", "cancel", "invoice", "return"])
def test_a_change_of_a_recent_order_arrives(
    tap: Tap, quiet: Shop, target: Target, action: str
) -> None:
    changed = order_aged(quiet, 30)
    quiet.act(action, changed)
    quiet.pass_time(minutes=10)

    run = tap.sync(quiet.config(), target, select=ORDERS)

    assert ids(run.records("orders")) == [changed]
    assert_equals_truth(target, quiet)
    assert quiet.requests()[ORDER] == 1


@pytest.mark.parametrize("action", ["approve", "invoice"])
def test_an_old_order_that_is_paid_or_invoiced_arrives(
    tap: Tap, quiet: Shop, target: Target, action: str
) -> None:
    changed = order_aged(quiet, 80)  # the look-back is 60 days
    quiet.act(action, changed)
    quiet.pass_time(minutes=10)

    run = tap.sync(quiet.config(), target, select=ORDERS)

    assert ids(run.records("orders")) == [changed]
    assert_equals_truth(target, quiet)


def test_an_old_order_that_is_returned_arrives_within_a_day(
    tap: Tap, quiet: Shop, target: Target
) -> None:
    changed = order_aged(quiet, 80)
    quiet.act("return", changed)
    quiet.pass_time(minutes=10)
    assert not tap.sync(quiet.config(), target, select=ORDERS).records("orders")
    quiet.pass_time(days=1)

    run = tap.sync(quiet.config(), target, select=ORDERS)

    assert older(quiet, ids(run.records("orders"))) == {changed}
    assert_equals_truth(target, quiet)
    quiet.pass_time(days=2)
    run = tap.sync(quiet.config(), target, select=ORDERS)
    assert not older(quiet, ids(run.records("orders")))


def test_more_returns_than_a_page_has_are_all_looked_at(
    tap: Tap, quiet: Shop, target: Target
) -> None:
    old = sorted(older(quiet, quiet.orders()))
    quiet.act("return", *old[:150])
    for _day in range(2):  # each looks a day further back than it has to
        quiet.pass_time(days=1)
        tap.sync(quiet.config(), target, select=ORDERS)
    assert_equals_truth(target, quiet)
    quiet.act("return", *old[150:155])
    quiet.pass_time(days=1)
    quiet.requests()

    run = tap.sync(quiet.config(), target, select=ORDERS)

    assert older(quiet, ids(run.records("orders"))) == set(old[150:155])
    assert_equals_truth(target, quiet)
    assert quiet.requests()[ORDER_LIST] < 20


@pytest.mark.parametrize("filtering", ["ignored", "error"])
def test_a_store_that_does_not_find_returned_orders(
    tap: Tap, quiet: Shop, target: Target, filtering: Any
) -> None:
    """Then no more is asked for than before."""
    quiet.store.quirks.returned_filter = filtering
    quiet.act("return", order_aged(quiet, 80))
    quiet.pass_time(days=1)

    run = tap.sync(quiet.config(), target, select=ORDERS)

    assert not older(quiet, ids(run.records("orders")))
    assert "VTEX does not tell which orders were returned" in run.log
    assert quiet.requests()[ORDER_LIST] < 20


def test_an_old_order_paid_and_invoiced_at_once_is_fetched_once(
    tap: Tap, quiet: Shop, target: Target
) -> None:
    changed = order_aged(quiet, 80)
    quiet.act("approve", changed)
    quiet.pass_time(minutes=1)
    quiet.act("invoice", changed)
    quiet.pass_time(minutes=10)

    run = tap.sync(quiet.config(), target, select=ORDERS)

    assert ids(run.records("orders")) == [changed]


def test_the_look_back_can_be_longer(tap: Tap, quiet: Shop, target: Target) -> None:
    changed = order_aged(quiet, 80)
    quiet.act("touch", changed)
    quiet.pass_time(minutes=10)

    tap.sync(quiet.config(lookback_days=90), target, select=ORDERS)

    assert_equals_truth(target, quiet)


def test_what_changes_while_a_run_reads_arrives_with_the_next(
    tap: Tap, quiet: Shop, target: Target
) -> None:
    """Also what the list shows hours after it happened."""
    changed = order_aged(quiet, 5)
    quiet.act("cancel", changed)  # not in the list for four minutes
    tap.sync(quiet.config(), target, select=ORDERS)
    quiet.pass_time(minutes=50)

    tap.sync(quiet.config(), target, select=ORDERS)

    assert_equals_truth(target, quiet)


def test_an_order_whose_row_was_stale_for_most_of_a_day_arrives(
    tap: Tap, shop: Shop, target: Target
) -> None:
    """The list shows the change just after a wide pass, too late for all hourly ones."""
    shop.close()
    tap.sync(shop.config(), target, select=ORDERS)
    changed = order_aged(shop, 40)
    shop.freeze(changed)
    shop.pass_time(hours=1)
    shop.act("cancel", changed)
    for hours in (4, 15, 4.5):
        shop.pass_time(hours=hours)
        tap.sync(shop.config(), target, select=ORDERS)
    assert target.table("orders", "orderId")[changed]["status"] != "canceled"
    shop.thaw(changed)
    for hours in (1, 10, 14):
        shop.pass_time(hours=hours)
        tap.sync(shop.config(), target, select=ORDERS)

    assert_equals_truth(target, shop)


def test_what_changes_while_a_slow_run_reads_arrives_with_the_next(
    tap: Tap, quiet: Shop, target: Target
) -> None:
    """After its row was listed and its document was fetched, hours before the run ends."""
    early, late = order_aged(quiet, 30), order_aged(quiet, 5)
    quiet.act("touch", early, late)
    quiet.pass_time(minutes=10)

    def change() -> None:
        quiet.act("cancel", early)
        quiet.pass_time(hours=3)

    quiet.when(f"{ORDER_LIST}/{late}", change)
    tap.sync(quiet.config(), target, select=ORDERS)
    quiet.pass_time(minutes=10)

    tap.sync(quiet.config(), target, select=ORDERS)

    assert_equals_truth(target, quiet)


def test_the_look_back_counts_from_the_last_run(tap: Tap, quiet: Shop, target: Target) -> None:
    """A month without a run is a month more to look back on."""
    changed = order_aged(quiet, 40)
    quiet.pass_time(days=1)
    quiet.act("touch", changed)
    quiet.pass_time(days=29)

    tap.sync(quiet.config(), target, select=ORDERS)

    assert_equals_truth(target, quiet)


def test_orders_younger_than_the_index_wait(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(), target, select=ORDERS)

    partition = target.state["bookmarks"]["orders"]["partitions"][0]
    assert partition["loaded_until"] == "2026-11-23T11:50:00.000000Z"
    assert partition["replication_key_value"] == "2026-11-23T12:00:00.000000Z"


def test_a_store_whose_clock_runs_while_it_is_read(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    """Ten minutes pass in each second, and orders live on in them."""
    shop = open_shop(orders=1500, days=20, speed=600)
    for _ in range(4):
        tap.sync(shop.config(), target, select=ORDERS)
    shop.close()
    shop.pass_time(minutes=15)
    tap.sync(shop.config(), target, select=ORDERS)

    assert_equals_truth(target, shop)


def test_rows_without_last_change(tap: Tap, shop: Shop, target: Target) -> None:
    """Young orders are fetched by every run, all of the look-back once a day."""
    shop.store.quirks.rows_have_last_change = False
    shop.close()
    tap.sync(shop.config(), target, select=ORDERS)
    young, old = order_aged(shop, 1), order_aged(shop, 30)
    shop.act("cancel", young, old)
    shop.pass_time(hours=2)

    run = tap.sync(shop.config(), target, select=ORDERS)
    assert young in ids(run.records("orders"))
    assert len(run.records("orders")) < 20

    shop.pass_time(hours=24)
    tap.sync(shop.config(), target, select=ORDERS)
    assert_equals_truth(target, shop)


class TestAnOrderThatEntersTheListLate:
    """It has an old creation date and an old last change: no date tells of it."""

    @pytest.fixture
    def late(self, tap: Tap, shop: Shop, target: Target) -> str:
        """An order that a first load and a later run could not see; now it is in the list."""
        shop.close()
        late = order_aged(shop, 3)
        shop.hide(late, hours=6)
        tap.sync(shop.config(), target, select=ORDERS)
        shop.pass_time(hours=3)
        tap.sync(shop.config(), target, select=ORDERS)
        assert late not in target.table("orders", "orderId")
        shop.pass_time(hours=4)
        return late

    def test_arrives_and_nothing_else(
        self, tap: Tap, shop: Shop, target: Target, late: str
    ) -> None:
        run = tap.sync(shop.config(), target, select=ORDERS)

        assert ids(run.records("orders")) == [late]
        assert_equals_truth(target, shop)

    def test_arrives_beside_changes_of_the_same_day(
        self, tap: Tap, shop: Shop, target: Target, late: str
    ) -> None:
        """More orders of its day changed than entered: counting rows alone would not do."""
        same_day = [
            order_id
            for order_id in shop.orders()
            if shop.created(order_id).date() == shop.created(late).date() and order_id != late
        ]
        assert same_day
        shop.act("touch", *same_day)
        shop.pass_time(minutes=10)

        run = tap.sync(shop.config(), target, select=ORDERS)

        assert late in ids(run.records("orders"))
        assert_equals_truth(target, shop)

    def test_many_at_once_arrive_and_no_other_days_than_theirs(
        self, tap: Tap, shop: Shop, target: Target
    ) -> None:
        shop.close()
        lost = list(shop.orders())[-60:-20]
        for order_id in lost:
            shop.hide(order_id, hours=6)
        for _ in range(2):
            tap.sync(shop.config(), target, select=ORDERS)
            shop.pass_time(hours=4)

        run = tap.sync(shop.config(), target, select=ORDERS)

        assert_equals_truth(target, shop)
        days = {shop.created(order_id).date() for order_id in lost}
        assert {shop.created(order_id).date() for order_id in ids(run.records("orders"))} <= days


@pytest.mark.long
def test_incomplete_orders_that_are_completed_arrive_among_the_orders(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    shop = open_shop(orders=1000, days=5)
    tap.sync(shop.config(), target, select={*ORDERS, "incomplete_orders"})
    incomplete = set(shop.orders(incomplete=True))
    for _ in range(4):
        shop.pass_time(hours=10)
        tap.sync(shop.config(), target, select={*ORDERS, "incomplete_orders"})
    shop.close()
    shop.pass_time(minutes=20)
    tap.sync(shop.config(), target, select={*ORDERS, "incomplete_orders"})

    completed = incomplete & shop.orders().keys()
    assert completed
    assert_equals_truth(target, shop)
    assert completed <= target.table("incomplete_orders", "orderId").keys()
    assert (
        shop.orders(incomplete=True).keys() <= target.table("incomplete_orders", "orderId").keys()
    )


def test_a_store_that_lives_on_for_days_and_is_read_now_and_then(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    shop = open_shop(orders=800, days=40)
    for hours in (0, 1, 2, 1, 30, 1, 50, 1):
        shop.pass_time(hours=hours)
        tap.sync(shop.config(), target, select=ORDERS)
    # The list is four minutes behind: what changed in these is for the next run.
    shop.close()
    shop.pass_time(minutes=15)
    tap.sync(shop.config(), target, select=ORDERS)

    assert_equals_truth(target, shop)
