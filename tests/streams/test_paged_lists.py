"""Lists in pages: collections and pickup points."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.catalog import plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Run, Tap, Target

PAGES = "/api/logistics/pvt/configuration/pickuppoints/_search"
WHOLE = "/api/logistics/pvt/configuration/pickuppoints"
STREAM = {"pickup_points"}


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    shop = open_shop(orders=20, days=10, skus=12)
    shop.store.logistics.pickup_points = 230
    return shop


def points(shop: Shop) -> list[dict[str, Any]]:
    """Every pickup point, as a row has it."""
    rows = shop.store.logistics.some_pickup_points(0, 10**6)
    return [{name: row[name] for name in row if name != "_sort"} for row in rows]


def said(run: Run) -> list[str]:
    """The warnings about a list."""
    return re.findall(r"VTEX lists .*", run.log)


def loaded(target: Target) -> list[dict[str, Any]]:
    return [plain(row) for _, row in sorted(target.table("pickup_points", "id").items())]


def test_every_page_is_read_and_none_beyond(tap: Tap, shop: Shop, target: Target) -> None:
    run = tap.sync(shop.config(), target, select=STREAM)

    assert loaded(target) == points(shop)
    assert shop.requests() == {PAGES: 3}
    assert not said(run)


def test_collections(tap: Tap, shop: Shop, target: Target) -> None:
    shop.store.catalog.further_collections = 97  # with three that products name: a whole page
    tap.sync(shop.config(), target, select={"collections"})

    rows = target.table("collections", "id")
    dates = {"dateFrom": "2026-01-01T00:00:00.000000Z", "dateTo": "2030-12-31T23:59:59.997000Z"}
    assert [plain(row) for row in rows.values()] == [
        {**row, "id": str(row["id"]), **dates} for row in shop.store.catalog.collections()
    ]
    assert len(rows) == 100


def test_a_page_that_lacks_rows_is_read_again(tap: Tap, shop: Shop, target: Target) -> None:
    shop.fail("drop_rows", PAGES, query="page=2", rows=7)

    tap.sync(shop.config(), target, select=STREAM, hurry=True)

    assert loaded(target) == points(shop)


def test_an_index_that_counts_more_than_it_shows(tap: Tap, shop: Shop, target: Target) -> None:
    """What came is loaded, and the run says what is missing."""
    shop.fail("wrong_total", PAGES, total=240, times=None)

    run = tap.sync(shop.config(), target, select=STREAM, hurry=True)

    assert len(loaded(target)) == 230
    assert "VTEX lists 230 pickup points, and announces more." in run.log
    assert shop.requests() == {PAGES: 4 * 4}
    shop.store.faults.clear()
    run = tap.sync(shop.config(), target, select=STREAM)
    assert not said(run)


def test_a_row_without_an_id_makes_no_list_doubtful(tap: Tap, shop: Shop, target: Target) -> None:
    shop.fail("no_id", PAGES, query="page=2", times=None)

    run = tap.sync(shop.config(), target, select=STREAM)

    assert len(loaded(target)) == 229
    assert "announces more" not in run.log
    assert run.log.count("A row of pickup_points has no id") == 1


def test_more_pickup_points_than_vtex_shows(tap: Tap, shop: Shop, target: Target) -> None:
    shop.store.logistics.pickup_points = 10_004

    run = tap.sync(shop.config(), target, select=STREAM)

    assert len(loaded(target)) == 10_000
    assert "VTEX lists at most 10,000 pickup points, and there are 10,004." in run.log
    assert shop.requests() == {PAGES: 100}


@pytest.mark.parametrize("status", [404, 500])
def test_a_store_without_pages_gives_the_list(
    tap: Tap, shop: Shop, target: Target, status: int
) -> None:
    shop.fail("status", PAGES, status=status, times=None)

    run = tap.sync(shop.config(), target, select=STREAM, hurry=True)

    assert loaded(target) == points(shop)
    assert not said(run)

    shop.store.logistics.pickup_points = 1_100
    run = tap.sync(shop.config(), target, select=STREAM, hurry=True)
    assert len(loaded(target)) == 1_000
    assert "VTEX lists at most 1,000 pickup points." in run.log


def test_a_page_that_can_not_be_had_is_no_end(tap: Tap, shop: Shop) -> None:
    """The list without pages may hold fewer, so it takes the place of none that work."""
    shop.fail("status", PAGES, query="page=2", status=500, times=None)

    run = tap.run(shop.config(), select=STREAM, hurry=True, expect=1)

    assert "Stream pickup_points failed" in run.log
    assert WHOLE not in shop.requests()


def test_collections_that_are_refused_beyond_some_page(
    tap: Tap, shop: Shop, target: Target
) -> None:
    """Nobody says what VTEX's limit of 3,000 means. What came before is kept."""
    shop.store.catalog.further_collections = 300
    path = "/api/catalog_system/pvt/collection/search"
    shop.fail("status", path, query="page=3", status=400, times=None)

    run = tap.sync(shop.config(), target, select={"collections"}, hurry=True)

    assert len(target.table("collections", "id")) == 200
    assert "VTEX lists 200 collections, and announces more." in run.log


def test_a_store_that_no_longer_lists_collections(tap: Tap, shop: Shop) -> None:
    shop.fail("status", "/api/catalog_system/pvt/collection/search", status=404, times=None)

    run = tap.run(shop.config(), select={"collections", "docks"}, hurry=True, expect=1)

    assert "Stream collections failed" in run.log
    assert run.records("docks")
