"""Categories, brands, sales channels, sellers, warehouses and docks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.catalog.tables import SELLER_PASSWORD
from sandbox.roles import READER_ROLE
from tests.streams.test_catalog import assert_equals_truth
from tests.support.catalog import STORE_URL, plain

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Tap, Target

CATEGORY = "/api/catalog/pvt/category/{category_id}"
ROWS = "/api/catalog_system/pvt/sku/stockkeepingunitByProductId"
OUT_OF_REACH = {
    "sales_channels": "'View Product' (product Catalog or Catalog API, category General)",
    "sellers": "'View Seller' (product Seller Register, category Seller Administration)",
    "warehouses": "'Logistics viewer' (product Logistics, category Logistics access)",
    "collections": "'Read Collections' (product Catalog or Catalog Legacy, category Collection)",
    "docks": "'Logistics viewer' (product Logistics, category Logistics access)",
    "pickup_points": "'Logistics viewer' (product Logistics, category Logistics access)",
    "inventory": "'Logistics inventory read only' (product Logistics, category Logistics access)",
}


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(orders=20, days=10, skus=12)


def walk(tree: list[dict[str, Any]], *above: dict[str, Any]) -> list[list[dict[str, Any]]]:
    found = []
    for node in tree:
        found += [[*above, node], *walk(node["children"], *above, node)]
    return found


def assert_categories_equal_truth(target: Target, shop: Shop) -> None:
    expected = {}
    for path in walk(shop.store.catalog.tree()):
        form = shop.store.catalog.category(path[-1]["id"])
        assert form
        expected[str(form["Id"])] = {
            **form,
            "Id": str(form["Id"]),
            "FatherCategoryId": None
            if form["FatherCategoryId"] is None
            else str(form["FatherCategoryId"]),
            "level": len(path),
            "path_ids": [str(node["id"]) for node in path],
            "path_names": [node["name"] for node in path],
        }
    rows = {row["Id"]: plain(row) for row in target.table("categories", "Id").values()}
    for row in rows.values():
        assert row.pop("url").startswith("/")
    assert rows == expected


def test_categories(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(), target, select={"categories"})
    assert_categories_equal_truth(target, shop)
    shop.requests()
    run = tap.sync(shop.config(), target, select={"categories"})
    assert not run.records("categories")
    assert CATEGORY not in shop.requests()

    shop.store.catalog.add_category(30, "Meias")
    tap.sync(shop.config(), target, select={"categories"})
    assert_categories_equal_truth(target, shop)

    shop.store.catalog.edit_category(31, Description="Outra descrição")
    shop.pass_time(days=7)
    tap.sync(shop.config(), target, select={"categories"})
    assert_categories_equal_truth(target, shop)


@pytest.mark.parametrize("path", ["category/tree", "brand/list"])
def test_products_do_without_a_list_that_fails(
    tap: Tap, shop: Shop, target: Target, path: str
) -> None:
    """Their SKUs name category and brand, too."""
    shop.fail("status", f"/api/catalog_system/.*{path}", status=500, times=None)

    run = tap.sync(shop.config(), target, select={"products", "skus"}, hurry=True)

    assert re.search(r"come from their SKUs in this run\. VTEX gave no usable response", run.log)
    rows = target.table("products", "Id").values()
    assert len(rows) == len(shop.store.catalog.product_ids())
    for row in rows:
        assert not row["sku_ids"] or (row["brand_name"] and row["category_names"])


@pytest.mark.parametrize("fault", [{"kind": "null_row"}, {"kind": "odd_id", "value": True}])
def test_a_row_without_an_id_spoils_no_product(
    tap: Tap, shop: Shop, target: Target, fault: dict[str, Any]
) -> None:
    shop.fail(path=f"{ROWS}/.*", times=None, **fault)

    tap.sync(shop.config(), target, select={"products", "skus"}, hurry=True)

    catalog = shop.store.catalog
    assert target.table("skus", "Id").keys() == {*map(str, catalog.sku_ids())}
    assert target.table("products", "Id").keys() == {*map(str, catalog.product_ids())}


def test_ids_of_rows_as_text(tap: Tap, shop: Shop, target: Target) -> None:
    shop.store.quirks.text_ids_in_rows = True

    tap.sync(shop.config(store_url=STORE_URL), target, select={"products", "skus"})

    assert_equals_truth(target, shop)


def test_categories_that_may_not_be_read_one_by_one(tap: Tap, shop: Shop, target: Target) -> None:
    shop.store.granted = {"Category"}
    run = tap.sync(shop.config(), target, select={"categories"})

    assert "'Categories Management' (product Catalog or Catalog Legacy" in run.log
    rows = target.table("categories", "Id")
    assert len(rows) == len(walk(shop.store.catalog.tree()))
    leaf = next(row for row in rows.values() if row["level"] == 3)
    assert leaf["FatherCategoryId"] == leaf["path_ids"][-2]
    assert leaf["Name"] == leaf["path_names"][-1]


def test_a_pass_over_categories_that_is_killed_goes_on(
    tap: Tap, shop: Shop, target: Target
) -> None:
    for number in range(700):
        shop.store.catalog.add_category(None, f"Um {number}")
    config = shop.config()
    with tap.start(config, select={"categories"}) as process:
        assert process.stdout
        lines = [process.stdout.readline() for _ in range(650)]
        process.kill()
    target.take(lines)
    assert len(target.tables["categories"]) > 600

    run = tap.sync(config, target, select={"categories"})

    assert len(run.records("categories")) < 300
    assert len(target.tables["categories"]) == len(shop.store.catalog.categories.by_id)


def test_brands(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(), target, select={"brands"})

    assert [plain(row) for row in target.table("brands", "id").values()] == [
        {**brand, "id": str(brand["id"])} for brand in shop.store.catalog.brands()
    ]
    assert set(shop.requests()) == {"/api/catalog_system/pvt/brand/list"}


def test_lists_without_pages(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(), target, select={"sales_channels", "warehouses", "docks"})

    assert [plain(row) for row in target.table("sales_channels", "Id").values()] == [
        {**channel, "Id": str(channel["Id"])} for channel in shop.store.catalog.sales_channels()
    ]
    assert [plain(row) for row in target.table("warehouses", "id").values()] == (
        shop.store.logistics.warehouses()
    )
    assert [plain(row) for row in target.table("docks", "id").values()] == (
        shop.store.logistics.docks()
    )


def test_the_password_of_a_seller_never_leaves_the_process(
    tap: Tap, shop: Shop, target: Target
) -> None:
    run = tap.sync(shop.config(), target, select={"sellers"}, env={"TAP_VTEX_LOGLEVEL": "DEBUG"})

    sellers = shop.store.catalog.sellers()
    assert any(seller["Password"] == SELLER_PASSWORD for seller in sellers)
    rows = {row["SellerId"]: plain(row) for row in target.table("sellers", "SellerId").values()}
    assert rows == {
        seller["SellerId"]: {name: seller[name] for name in seller if name != "Password"}
        for seller in sellers
    }
    assert SELLER_PASSWORD not in "".join(run.lines) + run.log


def test_what_the_usual_role_does_not_open_says_what_it_lacks(tap: Tap, shop: Shop) -> None:
    shop.store.granted = set(READER_ROLE)
    run = tap.run(shop.config(), select=OUT_OF_REACH.keys(), expect=1)

    for stream, resource in OUT_OF_REACH.items():
        (line,) = [line for line in run.log.splitlines() if f"Stream {stream} failed" in line]
        assert resource in line
    assert not any(run.records(stream) for stream in OUT_OF_REACH)
