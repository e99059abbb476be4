"""Orders of a list that answers wrongly for a while: none is lost without a word."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tests.streams.test_orders_changes import assert_equals_truth
from tests.support.shop import ORDER, ORDER_LIST, ids

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap, Target

pytestmark = pytest.mark.matrix

Json = dict[str, Any]

ORDERS = {"orders", "order_items"}
WINDOWS = "f_creationDate"
#: What the list does, and for how many of its requests; None for a whole run.
WRONG: dict[str, Json] = {
    "empty once": {"kind": "nothing", "times": 1},
    "empty once, without a total": {"kind": "nothing", "times": 1, "with_total": False},
    "empty for a run": {"kind": "nothing", "times": None},
    "low once": {"kind": "low", "times": 1, "left": 7},
    "low for a run": {"kind": "low", "times": None, "left": 7},
    "total one too low": {"kind": "wrong_total", "times": None, "by": -1},
    "total one too high": {"kind": "wrong_total", "times": None, "by": 1},
    "total 0 with rows": {"kind": "wrong_total", "times": None, "total": 0},
    "every page is the first": {"kind": "repeat", "times": None},
    "rows get lost": {"kind": "drop_rows", "times": None, "rows": 2},
    "a row is null": {"kind": "null_row", "times": None, "row": 3},
    "a row has no id": {"kind": "no_id", "times": None, "row": 3},
    "the latest orders of the store": {"kind": "latest", "times": None},
    "the clock is ahead once": {"kind": "date", "times": 1, "seconds": 5 * 3600},
    "the clock is behind once": {"kind": "date", "times": 1, "seconds": -5 * 3600},
    "the list is of two hours ago": {"kind": "stale", "times": None, "hours": 2},
    "pages fail from the second": {"kind": "status", "times": None, "status": 500, "from_page": 2},
}
RUNS = ("first load", "incremental", "earlier start", "slice")
#: Each wrong answer in the two commonest runs, and some of them in all.
CASES = [
    (kind, wrong)
    for number, wrong in enumerate(WRONG)
    for kind in (RUNS if number % 4 == 0 else RUNS[:2])
]


@pytest.fixture
def store(open_shop: Callable[..., Shop]) -> Shop:
    """Orders of all ages, more than a page of them in most half years."""
    shop = open_shop(orders=320, days=420)
    shop.close()
    return shop


def settings_of(kind: str) -> Json:
    return {"end_date": "2026-11-23T11:00:00Z"} if kind == "slice" else {}


@pytest.mark.parametrize(("kind", "wrong"), CASES)
def test_in_the_end_every_order_is_there(
    tap: Tap, store: Shop, target: Target, kind: str, wrong: str
) -> None:
    late = list(store.orders())[-40:]
    if kind != "first load":
        early = {"earlier start": {"start_date": "2026-01-01"}}.get(kind, {})
        if kind == "slice":
            early = {"start_date": "2026-06-01", "end_date": "2026-08-01"}
        tap.sync(store.config(**early), target, select=ORDERS, hurry=True)
    if kind == "incremental":
        store.act("touch", *late)
        store.pass_time(hours=2)
    query = "" if "clock" in wrong else WINDOWS
    fault = store.fail(path=ORDER_LIST, query=query, **WRONG[wrong])
    config = store.config(**settings_of(kind))

    run = tap.sync(config, target, select=ORDERS, expect=None, hurry=True)

    assert "Traceback" not in run.log
    expected = store.orders()
    complete = target.table("orders", "orderId").keys() >= expected.keys()
    assert complete or said(run)
    store.store.faults.remove(fault)
    for _ in range(2):
        store.pass_time(hours=1)
        run = tap.sync(store.config(), target, select=ORDERS, expect=None, hurry=True)
    assert target.table("orders", "orderId").keys() == expected.keys()
    # A day later, all is as it is, and nothing is left to be said.
    store.pass_time(hours=26)
    tap.sync(store.config(), target, select=ORDERS, hurry=True)
    assert_equals_truth(target, store)
    store.requests()
    store.pass_time(hours=1)
    run = tap.sync(store.config(), target, select=ORDERS, hurry=True)
    assert not said(run)
    assert ORDER not in store.requests()


def said(run: Run) -> bool:
    """Whether a run says that it is not complete."""
    if run.exit_code:
        return True
    lines = [line for line in run.log.splitlines() if "WARNING" in line]
    return any(re.search(r"next run|next one", line) for line in lines)


@pytest.mark.parametrize("times", [1, 3, None])
def test_an_order_comes_under_the_id_of_another(
    tap: Tap, store: Shop, target: Target, times: int | None
) -> None:
    asked, other = list(store.orders())[10:12]
    fault = store.fail("foreign", f"{ORDER_LIST}/{asked}$", other=other, times=times)

    tap.sync(store.config(), target, select=ORDERS, expect=int(times is None), hurry=True)

    assert (asked in target.table("orders", "orderId")) == (times is not None)
    if times is None:
        store.store.faults.remove(fault)
    store.pass_time(hours=1)
    tap.sync(store.config(), target, select=ORDERS, hurry=True)
    assert_equals_truth(target, store)


@pytest.mark.parametrize("manner", ["empty", "error"])
def test_windows_longer_than_half_a_year_do_not_work(
    tap: Tap, store: Shop, target: Target, manner: Any
) -> None:
    store.store.quirks.max_window_days = 180
    store.store.quirks.long_windows = manner

    tap.sync(store.config(), target, select=ORDERS, hurry=True)

    assert_equals_truth(target, store)


def test_windows_without_orders_show_the_latest_of_the_store(
    tap: Tap, store: Shop, target: Target
) -> None:
    store.store.quirks.empty_window = "latest"
    tap.sync(store.config(), target, select=ORDERS, hurry=True)
    assert_equals_truth(target, store)

    store.pass_time(hours=5)
    run = tap.sync(store.config(), target, select=ORDERS, hurry=True)

    assert not run.records("orders")


@pytest.mark.parametrize("has_rows", [True, False])
def test_windows_without_orders_announce_more_than_the_list_reaches(
    tap: Tap, open_shop: Callable[..., Shop], target: Target, *, has_rows: bool
) -> None:
    """So do all their halves: they are not split to the second."""
    shop = open_shop(orders=300, days=40)
    tap.sync(shop.config(), target, select=ORDERS, hurry=True)
    shop.store.quirks.empty_window, shop.store.quirks.max_rows = "latest", 3
    if not has_rows:
        shop.fail("no_rows", ORDER_LIST, query="f_creationDate", times=None)
    shop.pass_time(hours=5)
    shop.requests()

    tap.sync(shop.config(), target, select=ORDERS, hurry=True, expect=None)

    assert shop.requests()[ORDER_LIST] < 2000
    shop.store.faults.clear()
    shop.pass_time(hours=25)
    tap.sync(shop.config(), target, select=ORDERS, hurry=True, expect=None)
    assert_equals_truth(target, shop)


def test_a_store_without_orders_is_asked_again(
    tap: Tap, open_shop: Callable[..., Shop], target: Target
) -> None:
    shop = open_shop(orders=1, days=1)
    shop.store.book.phantoms.clear()
    shop.fail("nothing", ORDER_LIST, times=None)

    for _ in range(2):
        run = tap.sync(shop.config(), target, select=ORDERS, hurry=True)
        assert run.log.count("VTEX lists no orders at all") == 1
        assert "loaded_until" not in str(target.state)
        shop.pass_time(hours=1)
    shop.store.faults.clear()
    tap.sync(shop.config(), target, select=ORDERS, hurry=True)
    assert_equals_truth(target, shop)


def test_a_total_that_stays_wrong_for_a_day_is_believed(
    tap: Tap, store: Shop, target: Target
) -> None:
    """New orders come meanwhile, and what was read is not fetched again each hour."""
    store.fail("wrong_total", ORDER_LIST, query=WINDOWS, times=None, by=1)
    tap.sync(store.config(), target, select=ORDERS, expect=1, hurry=True)
    assert_equals_truth(target, store)
    store.store.book.closed = 2**62
    store.requests()

    store.pass_time(hours=12)
    tap.sync(store.config(), target, select=ORDERS, expect=None, hurry=True)

    assert store.requests()[ORDER] < 100
    assert target.table("orders", "orderId").keys() >= set(ids_since(store, hours=11))


def ids_since(shop: Shop, *, hours: float) -> list[str]:
    since = shop.now() - timedelta(hours=hours)
    until = shop.now() - timedelta(minutes=15)
    return [one for one in shop.orders() if since <= shop.created(one) <= until]


def test_what_is_new_comes_first(tap: Tap, open_shop: Callable[..., Shop], target: Target) -> None:
    """A run that is killed while it looks for changes has brought the new orders."""
    shop = open_shop(orders=500, days=50)
    shop.store.quirks.rows_have_last_change = False
    tap.sync(shop.config(), target, select={"orders"})
    loaded_until = shop.created(max(target.table("orders", "orderId"), key=shop.created))
    shop.pass_time(hours=30)

    run = tap.run(shop.config(), state=target.state, select={"orders"})

    are_new = [shop.created(one) > loaded_until for one in ids(run.records("orders"))]
    assert set(are_new) == {True, False}
    assert are_new == sorted(are_new, reverse=True)
