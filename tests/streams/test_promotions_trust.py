"""Promotions and coupons: nothing is taken for gone or unchanged on the word of one answer."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.clock import HOUR
from tests.streams.test_promotions import KEY, STREAMS, assert_equals_truth
from tests.support.tap import HURRIED, Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap

pytestmark = pytest.mark.matrix

LIST = "/api/rnb/pvt/benefits/calculatorconfiguration"
ARCHIVE = "/api/rnb/pvt/archive/benefits/calculatorConfiguration"
COUPONS = "/api/rnb/pvt/coupon"
DETAIL = "/api/rnb/pvt/calculatorconfiguration/"

#: Wrong answers to a list, for a run or once.
SHORT: dict[str, Any] = {
    "empty": {"kind": "nothing"},
    "low": {"kind": "low", "left": 3},
    "last-row-missing": {"kind": "drop_rows"},
    "null-row": {"kind": "null_row"},
    "no-id": {"kind": "no_id"},
    "odd-id": {"kind": "odd_id", "value": [1]},
}


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(orders=20, days=10, skus=12)


def sync(tap: Tap, shop: Shop, target: Target, **options: Any) -> Run:
    return tap.sync(shop.config(), target, select=STREAMS, hurry=True, **options)


def changed_in(run: Run) -> tuple[set[str], set[str]]:
    """The promotions and the coupons that a run emitted."""
    return (
        {row[KEY] for row in run.records("promotions")},
        {row["couponCode"] for row in run.records("coupons")},
    )


def change_all_sorts(shop: Shop) -> None:
    """Changes with and without a new date, and new ones."""
    promotions, coupons, now = shop.store.promotions, shop.store.coupons, shop.store.clock.now()
    active = [row[KEY] for row in promotions.promotions()]
    promotions.edit_promotion(active[0], now, name="Outro nome")
    promotions.edit_promotion(active[1], None, isActive=False)
    promotions.archive_promotion(active[2], None)
    promotions.add_promotion(now)
    codes = [row["couponCode"] for row in coupons.coupons()]
    coupons.edit_coupon(codes[4], now, maxItemsPerClient=77)
    coupons.edit_coupon(codes[5], None, isArchived=True)
    coupons.add_coupon(now)


@pytest.mark.parametrize("times", [1, None], ids=["once", "for-a-run"])
@pytest.mark.parametrize("first_load", [True, False], ids=["first-load", "incremental"])
@pytest.mark.parametrize("fault", SHORT)
def test_a_short_list(tap: Tap, shop: Shop, fault: str, first_load: bool, times: Any) -> None:
    target = Target()
    if not first_load:
        sync(tap, shop, target)
        shop.pass_time(hours=1)
        change_all_sorts(shop)
    for path in (LIST, ARCHIVE, COUPONS):
        shop.fail(path=path, times=times, **SHORT[fault])

    sync(tap, shop, target)

    shop.store.faults.clear()
    shop.pass_time(hours=1)
    sync(tap, shop, target)
    assert_equals_truth(target, shop)


@pytest.mark.parametrize("first_load", [True, False], ids=["first-load", "incremental"])
def test_an_empty_list_that_passes_costs_no_run(
    tap: Tap, shop: Shop, target: Target, first_load: bool
) -> None:
    if not first_load:
        sync(tap, shop, target)
        shop.pass_time(hours=1)
        change_all_sorts(shop)
    shop.fail("nothing", LIST)
    shop.fail("nothing", COUPONS)

    run = sync(tap, shop, target)

    assert_equals_truth(target, shop)
    assert "VTEX lists" not in run.log


def test_an_empty_list_is_said_once_and_believed_a_day_later(
    tap: Tap, shop: Shop, target: Target
) -> None:
    for path in (LIST, ARCHIVE, COUPONS):
        shop.fail("nothing", path, times=None)
    run = sync(tap, shop, target)
    for stream in STREAMS:
        assert run.log.count(f"VTEX lists no {stream}. The next run looks again") == 1
    shop.requests()
    shop.pass_time(hours=1)
    sync(tap, shop, target)
    assert sum(shop.requests().values()) == 3  # the same answer again: no need to wait for others
    shop.pass_time(hours=24)
    sync(tap, shop, target)

    run = sync(tap, shop, target)

    assert "VTEX lists" not in run.log
    shop.store.faults.clear()
    sync(tap, shop, target)
    assert_equals_truth(target, shop)


def test_a_list_that_shrank_is_warned_of_and_believed_a_day_later(
    tap: Tap, shop: Shop, target: Target
) -> None:
    sync(tap, shop, target)
    shop.fail("low", COUPONS, left=20, times=None)
    shop.pass_time(hours=1)
    run = sync(tap, shop, target)
    assert "VTEX lists 20 coupons, and there were 30 before." in run.log
    shop.pass_time(hours=24)
    sync(tap, shop, target)
    assert "VTEX lists" not in sync(tap, shop, target).log

    shop.store.faults.clear()
    run = sync(tap, shop, target)
    assert len(run.records("coupons")) == 10


class TestChanges:
    def test_without_a_new_date_arrive(self, tap: Tap, shop: Shop, target: Target) -> None:
        """Known issues 1375848 and 1379679."""
        sync(tap, shop, target)
        promotions, coupons = shop.store.promotions, shop.store.coupons
        status, active, archived = (row[KEY] for row in promotions.promotions()[:3])
        promotions.edit_promotion(status, None, status="inactive")
        promotions.edit_promotion(active, None, isActive=False)
        promotions.archive_promotion(archived, None)
        code = coupons.coupons()[7]["couponCode"]
        coupons.edit_coupon(code, None, isArchived=True)
        shop.pass_time(hours=1)
        shop.requests()

        run = sync(tap, shop, target)

        assert changed_in(run) == ({status, active, archived}, {code})
        assert shop.requests()[f"{DETAIL}{{promotion_id}}"] == 3
        assert_equals_truth(target, shop)

    def test_back_and_forth_arrive(self, tap: Tap, shop: Shop, target: Target) -> None:
        """Also around a run whose list is short."""
        sync(tap, shop, target)
        one = shop.store.promotions.promotions()[0][KEY]
        for is_active in (False, True, False):
            shop.store.promotions.edit_promotion(one, None, isActive=is_active)
            shop.fail("drop_rows", LIST, times=None)
            shop.pass_time(hours=1)
            sync(tap, shop, target)
            shop.store.faults.clear()
            assert target.table("promotions", KEY)[one]["isActive"] is is_active

    @pytest.mark.parametrize("hours", [1, 10, 15, 24 * 365])
    def test_are_not_hidden_by_a_row_dated_ahead(
        self, tap: Tap, shop: Shop, target: Target, hours: int
    ) -> None:
        promotions, coupons, clock = shop.store.promotions, shop.store.coupons, shop.store.clock
        ahead = clock.now() + hours * HOUR
        active = [row[KEY] for row in promotions.promotions()]
        promotions.edit_promotion(active[0], ahead, name="Amanhã")
        coupons.edit_coupon(coupons.coupons()[0]["couponCode"], ahead, maxUsage=3)
        sync(tap, shop, target)
        for _run in range(3):
            shop.pass_time(hours=2)
            promotions.edit_promotion(active[1], clock.now(), name=f"Hoje {_run}")
            promotions.add_promotion(clock.now())
            coupons.edit_coupon(coupons.coupons()[1]["couponCode"], clock.now(), maxUsage=_run)
            sync(tap, shop, target)
            assert_equals_truth(target, shop)
        written = target.state["bookmarks"]["promotions"]["partitions"][0]["replication_key_value"]
        assert written <= f"{shop.now():%Y-%m-%dT%H:%M:%S.%fZ}"

    def test_cost_a_healthy_run_no_more_than_before(
        self, tap: Tap, shop: Shop, target: Target
    ) -> None:
        sync(tap, shop, target)
        shop.requests()
        shop.pass_time(hours=1)
        sync(tap, shop, target)
        assert sum(shop.requests().values()) == 3


class TestTheArchive:
    @pytest.mark.parametrize("first_load", [True, False], ids=["first-load", "incremental"])
    def test_that_does_not_exist_costs_nothing_else(
        self, tap: Tap, shop: Shop, target: Target, first_load: bool
    ) -> None:
        if not first_load:
            sync(tap, shop, target)
        shop.store.quirks.has_promotion_archive = False
        new = shop.store.promotions.add_promotion(shop.store.clock.now())

        run = sync(tap, shop, target)

        listed = {row[KEY] for row in shop.store.promotions.promotions()}
        assert run.log.count("Archived promotions are left out.") == 1
        assert target.table("promotions", KEY).keys() >= listed | {new}
        shop.store.quirks.has_promotion_archive = True
        sync(tap, shop, target)
        assert_equals_truth(target, shop)

    def test_that_fails_costs_nothing_else(self, tap: Tap, shop: Shop, target: Target) -> None:
        fault = shop.fail("status", ARCHIVE, status=500, times=None)
        run = sync(tap, shop, target, expect=1)
        assert f"GET {ARCHIVE}" in run.log
        listed = {row[KEY] for row in shop.store.promotions.promotions()}
        assert target.table("promotions", KEY).keys() == listed
        fault.times = 0
        shop.requests()
        sync(tap, shop, target)
        assert_equals_truth(target, shop)
        assert shop.requests()[f"{DETAIL}{{promotion_id}}"] < 12  # the state had moved on


class TestOneThatCanNotBeHad:
    @pytest.mark.parametrize("status", [500, 403, 400])
    @pytest.mark.parametrize("first_load", [True, False], ids=["first-load", "incremental"])
    def test_stops_nothing(
        self, tap: Tap, shop: Shop, target: Target, status: int, first_load: bool
    ) -> None:
        if not first_load:
            sync(tap, shop, target)
            change_all_sorts(shop)
            shop.pass_time(hours=1)
        bad = shop.store.promotions.promotions()[0][KEY]
        shop.fail("status", f"{DETAIL}{bad}", status=status, times=None)

        run = sync(tap, shop, target, expect=1)

        assert f"1 promotion is missing ({bad})" in run.log
        assert target.table("promotions", KEY).keys() >= (set(shop.store.promotions.ids()) - {bad})
        shop.requests()
        sync(tap, shop, target, expect=1)
        assert shop.requests()[f"{DETAIL}{{promotion_id}}"] < 20
        shop.store.faults.clear()
        sync(tap, shop, target)
        assert_equals_truth(target, shop)

    def test_is_the_only_one_that_changed(self, tap: Tap, shop: Shop, target: Target) -> None:
        """A refusal is then no word about the role."""
        sync(tap, shop, target)
        before = dict(target.table("promotions", KEY))
        bad = shop.store.promotions.promotions()[0][KEY]
        shop.store.promotions.edit_promotion(bad, None, isActive=False)
        shop.fail("status", f"{DETAIL}{bad}", status=403, times=None)

        sync(tap, shop, target, expect=1)

        assert target.table("promotions", KEY) == before
        shop.store.faults.clear()
        sync(tap, shop, target)
        assert_equals_truth(target, shop)

    def test_leaves_the_run_no_longer_than_it_may(
        self, tap: Tap, shop: Shop, target: Target
    ) -> None:
        """However long a pause VTEX asks for meanwhile, which holds for every request."""
        config = shop.config(max_workers=1)
        bad = [row[KEY] for row in shop.store.promotions.promotions()[:3]]
        for key in bad:
            shop.fail("status", f"{DETAIL}{key}", status=400, times=None)
        tap.sync(config, target, select={"promotions"}, hurry=True, expect=1)
        shop.store.faults.clear()
        fault = shop.fail("status", DETAIL, status=429, retry_after=120)

        began = time.monotonic()
        policy = replace(HURRIED, max_pause=120.0)
        run = tap.sync(config, target, select={"promotions"}, hurry=policy, expect=1)

        assert time.monotonic() - began < 60
        assert fault.struck == 1
        assert "1 promotion is missing" in run.log
        tap.sync(config, target, select={"promotions"}, hurry=True)
        assert target.table("promotions", KEY).keys() == set(shop.store.promotions.ids())

    @pytest.mark.parametrize("kind", ["foreign", "nothing", "null", "status"])
    def test_once_costs_no_row(self, tap: Tap, shop: Shop, target: Target, kind: str) -> None:
        shop.fail(kind, DETAIL, times=1, skip=4, status=404)
        sync(tap, shop, target)
        sync(tap, shop, target)
        assert_equals_truth(target, shop)

    def test_is_answered_with_another_one(self, tap: Tap, shop: Shop, target: Target) -> None:
        bad = shop.store.promotions.promotions()[0][KEY]
        shop.fail("foreign", f"{DETAIL}{bad}", times=None)
        sync(tap, shop, target, expect=1)
        assert target.table("promotions", KEY).keys() == set(shop.store.promotions.ids()) - {bad}
        shop.store.faults.clear()
        sync(tap, shop, target)
        assert_equals_truth(target, shop)


def test_a_key_that_may_not_read_single_promotions(tap: Tap, shop: Shop, target: Target) -> None:
    fault = shop.fail("status", DETAIL, status=403, times=None)
    run = sync(tap, shop, target)
    assert "Promotions have only the fields of the list." in run.log
    assert target.table("promotions", KEY).keys() == set(shop.store.promotions.ids())
    fault.times = 0
    sync(tap, shop, target)
    assert_equals_truth(target, shop)


def test_the_check_asks_for_the_archive_and_a_promotion(tap: Tap, shop: Shop) -> None:
    shop.store.quirks.has_promotion_archive = False
    run = tap.run(shop.config(), select={"promotions"}, more=["--check"])
    assert "VTEX has no archive of promotions" in "\n".join(run.lines)
    asked = shop.requests()
    assert [asked[path] for path in (LIST, ARCHIVE)] == [1, 1]
    assert asked[f"{DETAIL}{{promotion_id}}"] == 2  # taxes ask for one, too


def test_twenty_thousand_coupons(tap: Tap, shop: Shop, target: Target) -> None:
    coupons, clock = shop.store.coupons, shop.store.clock
    for _coupon in range(5000):
        coupons.add_coupon(clock.now())
    sync(tap, shop, target)
    for _coupon in range(15_000):
        coupons.add_coupon(clock.now())
    for _run in range(3):
        shop.pass_time(days=2)
        sync(tap, shop, target)
    assert len(str(target.state["bookmarks"]["coupons"])) < 64_000
    coupons.edit_coupon("CUPOM12345", None, isArchived=True)

    run = sync(tap, shop, target)

    assert "CUPOM12345" in changed_in(run)[1]
    assert len(run.records("coupons")) < 30
    assert_equals_truth(target, shop)
