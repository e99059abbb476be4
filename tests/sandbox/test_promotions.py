"""Promotions and coupons that change without a new date, or with one that is ahead."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.sandbox.asking import Asker, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.shop import Shop

KEY = "idCalculatorConfiguration"


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(orders=20, days=10, skus=40)


@pytest.fixture
def ask(shop: Shop) -> Iterator[Asker]:
    with Asker(shop) as asker:
        yield asker


def by_id(ask: Asker, name: str) -> dict[str, Any]:
    """A list's rows by id."""
    return {row[KEY]: row for row in rows(name, ask.route(name))}


def act(ask: Asker, action: str, key: object, **body: object) -> None:
    response = ask.post("catalog", {"action": action, "id": key, **body})
    assert response.status_code == 200, response.text


def test_a_promotion_changes_without_a_new_date(ask: Asker) -> None:
    before = by_id(ask, "promotions")
    first, second, *_ = before
    act(ask, "edit_promotion", first, fields={"isActive": False}, quietly=True)
    act(ask, "edit_promotion", second, fields={"status": "expired"}, quietly=True)
    after = by_id(ask, "promotions")
    assert after[first] == before[first] | {"isActive": False, "status": "inactive"}
    assert after[second] == before[second] | {"status": "expired"}
    detail = ask.route("promotion", second).json()
    assert "status" not in detail
    assert detail["lastModified"] == before[second]["lastModifiedUtc"]


def test_a_promotion_moves_to_the_archive_without_a_new_date(ask: Asker) -> None:
    listed = by_id(ask, "promotions")
    first = next(iter(listed))
    ask.shop.store.promotions.archive_promotion(first, None)
    assert first not in by_id(ask, "promotions")
    archived = by_id(ask, "archive")[first]
    assert archived["isArchived"]
    assert archived["lastModifiedUtc"] == listed[first]["lastModifiedUtc"]
    act(ask, "archive_promotion", list(listed)[1], quietly=True)
    moved = by_id(ask, "archive")[list(listed)[1]]
    assert moved["lastModifiedUtc"] == listed[list(listed)[1]]["lastModifiedUtc"]


def test_a_coupon_changes_without_a_new_date(ask: Asker) -> None:
    before = rows("coupons", ask.route("coupons"))
    act(ask, "edit_coupon", "CUPOM001", fields={"isArchived": True}, quietly=True)
    after = rows("coupons", ask.route("coupons"))
    assert after[1] == before[1] | {"isArchived": True}
    assert after[1] != before[1]


def test_dates_are_ahead_of_the_clock(ask: Asker) -> None:
    first = next(iter(by_id(ask, "promotions")))
    act(ask, "edit_promotion", first, fields={"name": "Amanhã"}, ahead=10)
    assert by_id(ask, "promotions")[first]["lastModifiedUtc"] == "2026-11-23T22:00:00Z"
    act(ask, "edit_coupon", "CUPOM002", fields={"maxItemsPerClient": 3}, ahead=10)
    coupon = rows("coupons", ask.route("coupons"))[2]
    assert (coupon["couponCode"], coupon["lastModifiedUtc"]) == ("CUPOM002", "2026-11-23T22:00:00Z")
    act(ask, "edit_sku", 8, fields={"Name": "Outro"}, ahead=10)
    row = rows("sku-rows", ask.route("sku-rows", 2))[1]
    # In the store's own time zone.
    assert (row["Id"], row["Name"], row["DateUpdated"]) == (8, "Outro", "2026-11-23T19:00:00")
    act(ask, "edit_sku", 8, fields={"Name": "Mais um"})
    assert rows("sku-rows", ask.route("sku-rows", 2))[1]["DateUpdated"] == "2026-11-23T09:00:00"


def test_the_archive_may_be_missing(ask: Asker) -> None:
    ask.shop.store.quirks.has_promotion_archive = False
    assert ask.route("archive").status_code == 404
    assert rows("promotions", ask.route("promotions"))
