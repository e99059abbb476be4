"""Feed v3 through the front door: what it hears, what it commits, and whose it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from sandbox.clock import MINUTE
from tests.support.shop import ORDER, Shop
from tests.support.tap import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.tap import Run, Tap

CONFIG, QUEUE = "/api/orders/feed/config", "/api/orders/feed"
ORDERS, ITEMS = {"orders"}, {"order_items"}
BOTH = ORDERS | ITEMS

Json = dict[str, Any]


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """A store that changes by what a test does to it only."""
    shop = open_shop(orders=150, days=300, clients=10, skus=20)
    shop.close()
    return shop


def sync(tap: Tap, shop: Shop, target: Target, select: set[str] = ORDERS, **options: Any) -> Run:
    """A run with the feed, and an hour in which nothing happens."""
    settings = options.pop("settings", {})
    config = shop.config(orders_feed=True, **settings)
    run = tap.sync(config, target, select=select, hurry=True, **options)
    shop.pass_time(hours=1)
    return run


def change(shop: Shop, count: int) -> list[str]:
    """Cancel orders of all ages, of which the list shows nothing."""
    open_ones = [key for key, one in shop.orders().items() if one["status"] != "canceled"]
    chosen = open_ones[:: len(open_ones) // count][:count]
    for order_id in chosen:
        shop.freeze(order_id)
    shop.pass_time(minutes=1)
    shop.act("cancel", *chosen)
    return chosen


def statuses(target: Target, chosen: list[str]) -> set[str]:
    table = target.table("orders", "orderId")
    return {table[order_id]["status"] for order_id in chosen}


def state_of(target: Target) -> Json:
    """The feed's part of the state."""
    partitions = target.state["bookmarks"]["orders"]["partitions"]
    found: Json = next(one for one in partitions if one["context"].get("reader") == "feed")
    return found


def mark_in(shop: Shop) -> str:
    assert shop.store.feed.config
    (mark,) = (one for one in shop.store.feed.config["filter"]["status"] if "tap-vtex" in one)
    return str(mark)


def of_another_system(shop: Shop, *statuses: str) -> None:
    """Let the key's feed be configured by somebody else."""
    queue = {"visibilityTimeoutInSeconds": 240, "MessageRetentionPeriodInSeconds": 345_600}
    chosen = {"type": "FromWorkflow", "status": ["canceled", "invoiced", *statuses]}
    feed = shop.store.feed
    feed.configure({"filter": chosen, "queue": queue}, shop.store.book, shop.store.clock.now())
    feed.writes = 0


def assert_untouched(shop: Shop) -> None:
    feed = shop.store.feed
    assert (feed.writes, feed.committed) == (0, [])
    assert feed.config
    assert not any(message.reads for message in feed.messages.values())


def test_the_feed_hears_what_the_list_never_shows_at_little_cost(
    tap: Tap, shop: Shop, target: Target
) -> None:
    feed, quirks = shop.store.feed, shop.store.quirks
    quirks.feed_empty_one_in, quirks.feed_twice_one_in = 8, 20
    quirks.feed_config_keys = "capital"
    first = sync(tap, shop, target)
    assert "The feed of orders was not configured" in first.log
    shop.requests()
    sync(tap, shop, target)
    idle = sum(shop.requests().values())
    chosen = change(shop, 100)

    heard = sync(tap, shop, target)
    assert len(heard.records("orders")) == 100
    assert statuses(target, chosen) == {"canceled"}
    assert not feed.committed  # no state has proven yet that the target has them
    again = sync(tap, shop, target)

    assert not again.records("orders")
    assert {one.order_id for one in feed.committed} == {*chosen}
    assert sum(shop.requests().values()) - 2 * idle <= 160
    done = sync(tap, shop, target)
    assert "The feed has no events" in done.log
    assert not state_of(target)["heard"]
    assert feed.writes == 1


def test_a_run_whose_state_is_lost_commits_nothing(tap: Tap, shop: Shop, target: Target) -> None:
    sync(tap, shop, target)
    before = target.state
    chosen = change(shop, 30)
    lost = tap.killed_after(25, shop.config(orders_feed=True), state=before, select=ORDERS)
    assert len(lost) >= 25
    shop.pass_time(minutes=5)

    # As if nothing had come of it: the same state again, twice.
    for _ in range(2):
        run = sync(tap, shop, Target(state=before))
        assert len(run.records("orders")) == 30
        assert not shop.store.feed.committed
    sync(tap, shop, target)

    assert statuses(target, chosen) == {"canceled"}


def test_the_feed_of_another_system_is_left_alone(tap: Tap, shop: Shop, target: Target) -> None:
    of_another_system(shop)
    # Of one answer that there is no feed, nothing follows.
    shop.fail("status", CONFIG, status=404)
    first = sync(tap, shop, target)
    chosen = change(shop, 5)
    second = sync(tap, shop, target)

    for run in (first, second):
        assert run.log.count("belongs to another system") == 1
    assert_untouched(shop)
    assert len(shop.store.feed.messages) == 5
    assert statuses(target, chosen) != {"canceled"}


def test_a_state_leaves_the_feed_of_another_state_alone(
    tap: Tap, shop: Shop, target: Target
) -> None:
    sync(tap, shop, target)
    of_another_system(shop, "TAP-VTEX-0123abcd")
    change(shop, 5)

    run = sync(tap, shop, target)

    assert "belongs to another state of the tap" in run.log
    assert "a key of its own" in run.log
    assert_untouched(shop)


def test_a_full_refresh_takes_the_feed_over_once_its_state_is_kept(
    tap: Tap, shop: Shop, target: Target
) -> None:
    sync(tap, shop, target)
    old, mark = Target(state=target.state), mark_in(shop)
    chosen = change(shop, 5)

    target.state = {}
    refresh = sync(tap, shop, target)
    assert "a state that this run was not given" in refresh.log
    assert mark_in(shop) == mark  # if the refresh came to nothing, the old state would go on
    for order_id in chosen:
        shop.act("approve", order_id)
    shop.fail("reset", CONFIG, skip=1)  # the request that takes it over
    assert "can't be read" in sync(tap, shop, target).log
    run = sync(tap, shop, target)

    assert {order["orderId"] for order in run.records("orders")} == {*chosen}
    assert mark_in(shop) != mark
    # The old state, if another pipeline has it, is told.
    assert "a key of its own" in sync(tap, shop, old).log
    sync(tap, shop, target)
    assert len(shop.store.feed.committed) == 10
    assert len(shop.store.feed.messages) == 0


def test_a_configuration_that_expires_is_made_anew(tap: Tap, shop: Shop, target: Target) -> None:
    sync(tap, shop, target)
    mark = mark_in(shop)
    shop.pass_time(days=15)

    run = sync(tap, shop, target)

    assert "The feed of orders had lost its configuration" in run.log
    assert mark_in(shop) == mark
    chosen = change(shop, 3)
    sync(tap, shop, target)
    assert statuses(target, chosen) == {"canceled"}


@pytest.mark.parametrize("how", ["refused", "down", "down for POST"])
def test_without_the_feed_the_list_does_all(tap: Tap, shop: Shop, target: Target, how: str) -> None:
    if how == "refused":
        shop.store.granted = {"List Orders", "View order"}
    elif how == "down":
        shop.fail("status", "/api/orders/feed", status=500, times=None)
    sync(tap, shop, target)
    if how == "down for POST":
        change(shop, 3)
        sync(tap, shop, target)
        shop.fail("reset", QUEUE + "$", query="^$", times=None)
    newest = max(shop.orders(), key=shop.created)
    shop.act("touch", newest)
    shop.pass_time(minutes=10)

    run = sync(tap, shop, target)

    assert (
        run.log.count("The feed of orders can't be read. The tap uses the order list instead") == 1
    )
    assert newest in {order["orderId"] for order in run.records("orders")}
    if how == "refused":
        assert "'Feed v3 and Hook admin'" in run.log


def test_a_stream_selected_again_misses_nothing_that_only_the_feed_showed(
    tap: Tap, shop: Shop, target: Target
) -> None:
    sync(tap, shop, target, BOTH)
    chosen = change(shop, 12)
    sync(tap, shop, target, ORDERS)
    sync(tap, shop, target, ORDERS)
    assert len(shop.store.feed.committed) == 12
    assert {*state_of(target)["owed"]} == {*chosen}

    run = sync(tap, shop, target, BOTH)

    assert {row["orderId"] for row in run.records("order_items")} == {*chosen}
    assert all("order_items" not in one["streams"] for one in state_of(target)["owed"].values())
    assert not sync(tap, shop, target, BOTH).records("order_items")


def test_what_the_list_shows_is_owed_to_no_stream(tap: Tap, shop: Shop, target: Target) -> None:
    sync(tap, shop, target, BOTH)
    newest = max(shop.orders(), key=shop.created)
    shop.act("approve", newest)
    shop.pass_time(minutes=10)

    run = sync(tap, shop, target, ORDERS)

    assert len(run.records("orders")) == 1  # and not once more out of the list
    assert not state_of(target)["owed"]


def test_the_feed_brings_no_orders_that_the_list_would_not(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    shop = open_shop(orders=200, days=40, clients=10, skus=20)
    since = {"start_date": "2026-11-01"}
    sync(tap, shop, target, settings=since)
    shop.act("approve", min(shop.orders(), key=shop.created))
    shop.pass_time(days=8)  # in which orders are left incomplete, too
    heard = sync(tap, shop, target, settings=since)

    listed = {key for key in shop.orders() if shop.created(key).isoformat() > "2026-11-01"}
    assert {order["orderId"] for order in heard.records("orders")} <= listed
    incomplete = set(shop.orders(incomplete=True))
    assert incomplete & {one.change.order_id for one in shop.store.feed.messages.values()}
    sync(tap, shop, target, settings=since)
    young = shop.store.clock.now() - 130 * MINUTE
    assert not [one for one in shop.store.feed.messages.values() if one.change.at < young]


def test_an_order_that_the_feed_names_and_nobody_gives(
    tap: Tap, shop: Shop, target: Target
) -> None:
    sync(tap, shop, target)
    bad, unknown, *rest = change(shop, 10)
    shop.fail("status", ORDER.format(order_id=bad), status=500, times=None)
    shop.fail("status", ORDER.format(order_id=unknown), status=404, times=None)

    run = sync(tap, shop, target)
    sync(tap, shop, target)

    assert "VTEX did not return 2 orders that the feed names" in run.log
    assert statuses(target, rest) == {"canceled"}
    assert {one.order_id for one in shop.store.feed.committed} == {*rest}
    shop.store.faults.pop(0)
    shop.pass_time(days=4)
    sync(tap, shop, target)
    sync(tap, shop, target)
    assert statuses(target, [bad]) == {"canceled"}
    (left,) = shop.store.feed.messages.values()  # until VTEX forgets it
    assert left.change.order_id == unknown


def test_an_order_that_lags_behind_its_event_is_fetched_again(
    tap: Tap, shop: Shop, target: Target
) -> None:
    sync(tap, shop, target)
    chosen = change(shop, 3)
    shop.store.quirks.order_lag = 300
    sync(tap, shop, target)
    assert statuses(target, chosen) != {"canceled"}

    run = sync(tap, shop, target)

    assert len(run.records("orders")) == 3
    assert statuses(target, chosen) == {"canceled"}
    assert not shop.store.feed.committed


def test_a_damaged_state_of_the_feed_stops_nothing(tap: Tap, shop: Shop, target: Target) -> None:
    sync(tap, shop, target)
    change(shop, 3)
    sync(tap, shop, target)
    state_of(target)["heard"] = [{"day": "2026-11-23", "events": "x"}]

    run = sync(tap, shop, target)

    assert "The feed of orders is not read. The tap uses the order list instead" in run.log
    assert not shop.store.feed.committed


def test_who_does_not_want_the_feed_asks_for_none(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(), target, select=ORDERS)
    sync(tap, shop, target, settings={"end_date": "2026-11-20"})

    assert not {CONFIG, QUEUE} & shop.requests().keys()


@pytest.mark.parametrize(("select", "method"), [(ORDERS, "FULL_TABLE"), (ITEMS, None)])
def test_a_stream_that_is_replicated_whole_or_alone_has_its_feed(
    tap: Tap, shop: Shop, target: Target, select: set[str], method: str | None
) -> None:
    sync(tap, shop, target, select, method=method)
    chosen = change(shop, 3)
    sync(tap, shop, target, select, method=method)
    (stream,) = select
    rows = [row for row in target.tables[stream].values() if row["orderId"] in chosen]
    assert min(row["lastChange"] for row in rows) > "2026-11-23T12"
    sync(tap, shop, target, select, method=method)

    assert {one.order_id for one in shop.store.feed.committed} == {*chosen}


def test_the_check_tells_about_the_feed(tap: Tap, shop: Shop) -> None:
    def checked(**settings: Any) -> str:
        run = tap.run(shop.config(**settings), more=["--check"], expect=None, hurry=True)
        return "\n".join(run.lines)

    assert "Feed v3" not in checked()
    assert "Feed v3 and Hook admin" in checked(orders_feed=True)
    of_another_system(shop)
    assert "belongs to another system" in checked(orders_feed=True)
    shop.store.granted = {"List Orders", "View order"}
    assert "sees changes in the list only" in checked(orders_feed=True)
    assert_untouched(shop)
