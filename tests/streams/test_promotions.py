"""Promotions, taxes and coupons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.promotions.benefits import Promotions
    from tests.support.shop import Shop
    from tests.support.tap import Tap, Target

DETAIL = "/api/rnb/pvt/calculatorconfiguration/{promotion_id}"
TAXES = "/api/rnb/pvt/taxes/calculatorconfiguration"
TAX_ARCHIVE = "/api/rnb/pvt/archive/taxes/calculatorConfiguration"
STREAMS = {"promotions", "coupons"}
KEY = "idCalculatorConfiguration"


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(orders=20, days=10, skus=12)


def moment(text: str) -> str:
    whole, _, fraction = text.rstrip("Z").partition(".")
    return f"{whole}.{fraction:0<6.6}Z"


DATES = {"lastModifiedUtc", "lastModified", "beginDate", "endDate", "beginDateUtc", "endDateUtc"}


def assert_equal(rows: Mapping[str, Mapping[str, Any]], promotions: Promotions) -> None:
    archived = {row[KEY] for row in promotions.archived_promotions()}
    listed = {row[KEY]: row for row in promotions.promotions() + promotions.archived_promotions()}
    assert rows.keys() == listed.keys()
    for key, row in rows.items():
        detail = promotions.promotion(key)
        assert detail
        expected = {**listed[key], **detail, "isArchived": key in archived}
        if "Campaigns" in expected:
            expected["campaigns"] = expected.pop("Campaigns")
        assert row["other_fields"] is None
        assert {name: row[name] for name in expected} == {
            name: moment(value) if name in DATES and value else value
            for name, value in expected.items()
        }


def assert_equals_truth(target: Target, shop: Shop) -> None:
    assert_equal(target.table("promotions", KEY), shop.store.promotions)
    coupons = {coupon["couponCode"]: coupon for coupon in shop.store.coupons.coupons()}
    rows = target.table("coupons", "couponCode")
    assert rows.keys() == coupons.keys()
    for code, coupon in coupons.items():
        expected = {**coupon, "lastModifiedUtc": moment(coupon["lastModifiedUtc"])}
        assert {name: rows[code][name] for name in expected} == expected


def test_a_full_and_two_incremental_runs(tap: Tap, shop: Shop, target: Target) -> None:
    promotions, coupons, clock = shop.store.promotions, shop.store.coupons, shop.store.clock
    tap.sync(shop.config(), target, select=STREAMS)
    assert_equals_truth(target, shop)
    assert shop.requests()[DETAIL] == 12

    first, second = (row[KEY] for row in promotions.promotions()[:2])
    shop.pass_time(hours=2)
    promotions.edit_promotion(first, clock.now(), name="Outro nome")
    promotions.archive_promotion(second, clock.now())
    new = promotions.add_promotion(clock.now())
    coupons.edit_coupon(coupons.coupons()[3]["couponCode"], clock.now(), isArchived=True)
    code = coupons.add_coupon(clock.now())
    shop.pass_time(minutes=1)
    run = tap.sync(shop.config(), target, select=STREAMS)
    assert {row[KEY] for row in run.records("promotions")} == {first, second, new}
    assert shop.requests()[DETAIL] == 3
    assert code in {row["couponCode"] for row in run.records("coupons")}
    assert len(run.records("coupons")) == 2
    assert_equals_truth(target, shop)

    shop.pass_time(hours=2)
    run = tap.sync(shop.config(), target, select=STREAMS)  # looks a second time
    assert len(run.records("promotions")) == 3
    shop.pass_time(hours=2)
    shop.requests()
    run = tap.sync(shop.config(), target, select=STREAMS)
    assert not run.records("promotions")
    assert not run.records("coupons")
    assert sum(shop.requests().values()) == 3


def test_taxes_are_read_like_promotions(tap: Tap, shop: Shop, target: Target) -> None:
    taxes, clock = shop.store.taxes, shop.store.clock
    tap.sync(shop.config(), target, select={"taxes"})
    assert_equal(target.table("taxes", KEY), taxes)
    assert {row["isTax"] for row in target.table("taxes", KEY).values()} == {True}
    assert shop.requests() == {TAXES: 1, TAX_ARCHIVE: 1, DETAIL: 6}

    first, second = (row[KEY] for row in taxes.promotions()[:2])
    shop.pass_time(hours=2)
    taxes.edit_promotion(first, clock.now(), percentualTax=7.5)
    taxes.archive_promotion(second, None)
    run = tap.sync(shop.config(), target, select={"taxes", "promotions"})
    assert {row[KEY] for row in run.records("taxes")} == {first, second}
    assert_equal(target.table("taxes", KEY), taxes)
    assert_equal(target.table("promotions", KEY), shop.store.promotions)


def test_a_store_without_an_archive_of_taxes(tap: Tap, shop: Shop, target: Target) -> None:
    shop.fail("status", TAX_ARCHIVE, status=404, times=None)
    run = tap.sync(shop.config(), target, select={"taxes"})
    assert "Archived taxes are left out." in run.log
    assert len(target.table("taxes", KEY)) == 3


def test_a_promotion_in_both_lists_is_archived_and_comes_once(
    tap: Tap, shop: Shop, target: Target
) -> None:
    listed = {row[KEY] for row in shop.store.promotions.promotions()}
    (both,) = listed & {row[KEY] for row in shop.store.promotions.archived_promotions()}

    run = tap.sync(shop.config(), target, select={"promotions"})

    assert [row[KEY] for row in run.records("promotions")].count(both) == 1
    assert target.table("promotions", KEY)[both]["isArchived"] is True
    assert target.table("promotions", KEY)[both]["isActive"] is True


def test_a_promotion_that_fails_is_asked_for_again(tap: Tap, shop: Shop, target: Target) -> None:
    broken = shop.store.promotions.promotions()[0][KEY]
    shop.fail("status", f"/api/rnb/pvt/calculatorconfiguration/{broken}", status=400, times=None)
    run = tap.sync(shop.config(), target, select={"promotions"}, expect=1)
    assert f"1 promotion is missing ({broken})" in run.log
    assert len(target.table("promotions", KEY)) == 11

    shop.store.faults.clear()
    tap.sync(shop.config(), target, select=STREAMS)
    assert_equals_truth(target, shop)


def test_one_that_only_the_list_knows_has_what_the_list_says(
    tap: Tap, shop: Shop, target: Target
) -> None:
    gone: dict[str, Any] = shop.store.promotions.promotions()[0]
    path = f"/api/rnb/pvt/calculatorconfiguration/{gone[KEY]}"
    shop.fail("status", path, status=404, times=None)
    tap.sync(shop.config(), target, select={"promotions"})
    assert target.table("promotions", KEY)[gone[KEY]]["name"] == gone["name"]


def test_a_role_without_promotions(tap: Tap, shop: Shop) -> None:
    shop.store.granted = {"List Orders"}
    run = tap.run(shop.config(), select=STREAMS, expect=1)
    assert run.log.count("'Manage benefits and rates' (product Rates and Benefits") == 1
