"""``tap-vtex --check --format json``: how a store's VTEX behaves, fit for a public report."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.store import APP_KEY, APP_TOKEN
from tap_vtex.report.probe import UNKNOWN, copies_in, share, zone_of
from tests.test_secrets import people_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Tap

#: All texts that a finding can be.
WORDS = {"all", "some", "none", "mixed", "Z", "+00:00", "offset", UNKNOWN}
WORDS |= {"refused", "ignored", "filters", "products", "SKUs"}


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(orders=300, days=400, clients=30, skus=12)


def report(tap: Tap, shop: Shop, expect: int = 0) -> str:
    entities = ["LE", "productReviews", {"entity": "wishlist", "schema": "wishlist"}]
    config = shop.config(master_data_entities=entities)
    more = ["--check", "--format", "json"]
    return "\n".join(tap.run(config, more=more, expect=expect, hurry=True).lines)


def behavior(tap: Tap, shop: Shop) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(report(tap, shop))["behavior"]
    return found


def test_a_store_as_it_is_documented(tap: Tap, shop: Shop) -> None:
    found = behavior(tap, shop)

    assert UNKNOWN not in found.values(), found
    assert found["orders.rows_a_page"] == 100
    assert found["orders.page_31_status"] == 400
    assert found["orders.windows_minus_total"] == 0
    assert found["orders.rows_with_last_change"] == "all"
    assert found["orders.window_to_a_second_includes_it"] is False  # it has fractions
    assert found["CL.filter_by_createdIn_status"] == 200
    assert found["CL.dated_and_undated_minus_total"] == 0
    assert found["catalog.read_by"] == "products"
    assert found["prices.unknown_sku_status"] == 404


def test_a_store_with_manners_of_its_own(tap: Tap, shop: Shop) -> None:
    quirks = shop.store.quirks
    quirks.max_rows, quirks.page_31, quirks.empty_window = 50, "empty", "latest"
    quirks.rows_have_last_change = False
    quirks.beyond_two_years = "error"
    found = behavior(tap, shop)

    assert found["orders.rows_a_page"] == found["orders.page_of_101_rows"] == 50
    assert found["orders.page_31_status"] == 200
    assert found["orders.empty_window_has_rows"] is True
    assert found["orders.window_beyond_two_years_status"] == 400
    assert found["orders.window_beyond_two_years_has_rows"] == UNKNOWN
    assert found["orders.rows_with_last_change"] == "none"


def test_a_store_that_fails_is_unknown_and_no_error(tap: Tap, shop: Shop) -> None:
    shop.fail("status", "/api/dataentities/CL/search", query="_where", status=503, times=None)
    shop.fail("status", "/api/oms/pvt/orders$", query="f_", status=503, times=None)
    found = behavior(tap, shop)

    assert found["orders.windows_minus_total"] == UNKNOWN
    assert found["CL.filter_by_createdIn_status"] == UNKNOWN
    assert found["AD.filter_by_createdIn_status"] == 200


def test_the_report_says_nothing_of_the_store(tap: Tap, shop: Shop) -> None:
    """No word of it comes from VTEX, whatever the key may read."""
    for granted in (None, {"List Orders"}):
        shop.store.granted = granted
        text = report(tap, shop, expect=0 if granted is None else 1)
        found = json.loads(text)["behavior"]

        assert {one for one in found.values() if isinstance(one, str)} <= WORDS
        assert all(isinstance(one, bool | int | str) or one is None for one in found.values())
        everything = {*people_of(shop), *shop.orders(), *shop.orders(incomplete=True)}
        everything |= {APP_KEY, APP_TOKEN, shop.url, "ipe", "127.0.0.1"}
        everything |= {brand["name"] for brand in shop.store.catalog.brands()}
        words = set(re.findall(r"[\w@.-]+", text))
        assert not words & everything
        assert not [one for one in everything if len(one) > 6 and one in text]
        assert not re.search(r"\bLE\b|md_\w|review|wishlist", text, re.IGNORECASE)
        assert json.loads(text)["refusal_statuses"] == ([403] if granted else [])


def test_what_words_say() -> None:
    assert (share([]), share([1]), share([None]), share([1, None])) == (
        UNKNOWN,
        "all",
        "none",
        "some",
    )
    days = "2026-01-01T00:00:00"
    assert [zone_of([days + zone]) for zone in ("Z", "+00:00", "-03:00", "")] == [
        *("Z", "+00:00", "offset", "none"),
    ]
    assert (zone_of([]), zone_of([days, days + "Z"])) == (UNKNOWN, "mixed")
    assert copies_in(["a", "A", "b", 7, "7"]) == 2
