"""The sandbox's catalog, prices, stock and promotions behave as they are said to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import requests

from sandbox.catalog.tables import SELLER_PASSWORD
from sandbox.goods import sku
from sandbox.roles import READER_ROLE
from sandbox.store import APP_KEY, APP_TOKEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop

CATALOG = "/api/catalog_system/pvt"
HEADERS = {
    "X-VTEX-API-AppKey": APP_KEY,
    "X-VTEX-API-AppToken": APP_TOKEN,
    "Accept": "application/json",
    "Content-Type": "application/json",
}


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    return open_shop(orders=20, days=10, skus=50)


def get(shop: Shop, path: str) -> requests.Response:
    return requests.get(shop.url + path, headers=HEADERS, timeout=10)


def body(shop: Shop, path: str) -> Any:
    answer = get(shop, path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def act(shop: Shop, action: str, key: Any = None, **fields: Any) -> Any:
    command = {"action": action, "id": key, "fields": fields}
    answer = requests.post(f"{shop.url}/_sandbox/catalog", json=command, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()["id"]


def context(shop: Shop, sku_id: int) -> Any:
    return body(shop, f"{CATALOG}/sku/stockkeepingunitbyid/{sku_id}")


def rows(shop: Shop, product_id: int) -> Any:
    return body(shop, f"{CATALOG}/sku/stockkeepingunitByProductId/{product_id}")


def sku_ids(shop: Shop) -> list[int]:
    path = f"{CATALOG}/sku/stockkeepingunitids?pagesize=30&page="
    pages = [body(shop, f"{path}{number}") for number in (1, 2, 3)]
    assert pages[2] == []
    return [one for page in pages for one in page]


def test_a_sku_moves_to_another_product(shop: Shop) -> None:
    before = rows(shop, 2)
    shop.pass_time(hours=1)
    act(shop, "move_sku", 8, product_id=3)

    assert rows(shop, 2) == [row for row in before if row["Id"] != 8]
    moved = next(row for row in rows(shop, 3) if row["Id"] == 8)
    assert moved["DateUpdated"] > max(row["DateUpdated"] for row in before)
    assert context(shop, 8)["ProductId"] == 3
    assert 8 in sku_ids(shop)
    act(shop, "move_sku", 8, product_id=2, quietly=True)
    assert [row["Id"] for row in rows(shop, 2)] == [row["Id"] for row in before]


def test_lists_show_what_there_is_and_phantoms(shop: Shop) -> None:
    catalog = shop.store.catalog
    assert catalog.product_ids() == list(range(11))  # with a 0, and a bare one at the end
    assert catalog.sku_ids() == list(range(51))
    path = f"{CATALOG}/products/GetProductAndSkuIds?_from={{}}&_to={{}}"
    first, rest = body(shop, path.format(1, 6)), body(shop, path.format(7, 256))
    assert first["range"] == {"total": 13, "from": 1, "to": 6}
    assert len(first["data"]) == 6
    listed = {int(key): skus for key, skus in (first["data"] | rest["data"]).items()}
    assert list(listed) != sorted(listed)
    phantoms = {9000001: [9000001], 9000002: []}
    assert listed == {n: catalog.skus_of(n) for n in range(11)} | phantoms
    assert listed[0] == [0]
    assert listed[9] == [49, 50]
    assert listed[10] == []
    assert sku_ids(shop) == [*range(51), 9000001, 9000003]


def test_what_is_missing_is_missing_in_each_routes_own_way(shop: Shop) -> None:
    no_product = get(shop, "/api/catalog/pvt/product/9000001")
    assert (no_product.status_code, no_product.text) == (404, "Product not found")
    no_sku = get(shop, f"{CATALOG}/sku/stockkeepingunitbyid/9000001")
    assert (no_sku.status_code, no_sku.json()) == (404, "Sku not found")
    assert get(shop, f"{CATALOG}/sku/stockkeepingunitByProductId/9000002").status_code == 404
    assert get(shop, "/api/catalog/pvt/category/77").json() == {"Message": "Category not found"}
    assert get(shop, "/ipe/pricing/prices/6").status_code == 404
    assert get(shop, "/api/logistics/pvt/inventory/skus/9000001").status_code == 404
    assert get(shop, f"{CATALOG}/sku/stockkeepingunitids?page=1").status_code == 400
    assert rows(shop, 10) == {}
    shop.store.catalog.null_contexts.add(5)
    shop.store.catalog.blank_products.add(2)
    shop.store.quirks.has_product_zero = False
    assert context(shop, 5) is None
    assert body(shop, "/api/catalog/pvt/product/2") == {}
    assert get(shop, "/api/catalog/pvt/product/0").status_code == 404


def test_documents_have_the_references_fields_and_agree_with_the_goods(shop: Shop) -> None:
    goods, one = sku(1, 7), context(shop, 8)
    assert len(one) == 58
    assert len(body(shop, "/api/catalog/pvt/product/2")) == 21
    assert (one["ProductId"], one["BrandName"]) == (2, goods.brand)
    assert (one["NameComplete"], one["AlternateIds"]["Ean"]) == (goods.name, goods.ean)
    assert str(goods.category_id) in one["ProductCategories"]
    assert one["ProductCategoryIds"].endswith(f"/{goods.category_id}/")
    price = body(shop, "/ipe/pricing/prices/7")
    assert price["basePrice"] == sku(1, 6).price / 100
    sellers = body(shop, f"{CATALOG}/seller/list")
    assert {len(seller) for seller in sellers} == {25}
    assert {seller["Password"] for seller in sellers} == {None, SELLER_PASSWORD}
    branch = body(shop, "/api/catalog_system/pub/category/tree/2")[0]
    assert branch["children"][0]["hasChildren"]
    assert branch["children"][0]["children"] == []
    category = body(shop, "/api/catalog/pvt/category/10?includeTreePath=true")
    assert category["TreePathIds"] == [1, 30, 10]
    assert body(shop, "/api/catalog/pvt/category/40")["TreePathIds"] is None


def test_context_lags_behind_the_edits_and_the_row_does_not(shop: Shop) -> None:
    before, (first, row, *_) = context(shop, 8), rows(shop, 2)
    assert row["DateUpdated"] < "2026-11-20T09:00:00"
    act(shop, "edit_sku", 8, SkuName="Outro", AlternateIds={"Ean": "1"}, Dimension={"height": 3})
    act(shop, "edit_product", 2, Name="Novo", CategoryId=19)
    after = rows(shop, 2)[1]
    assert after["DateUpdated"] == "2026-11-23T09:00:00"  # the store's own time
    assert (after["Name"], after["Height"], after["RefId"]) == ("Outro", 3, None)
    assert rows(shop, 2)[0] == first
    assert body(shop, "/api/catalog/pvt/product/2")["Name"] == "Novo"
    assert context(shop, 8) == before
    shop.pass_time(minutes=2)
    now = context(shop, 8)
    assert now["NameComplete"] == "Novo Outro"
    assert now["ProductCategoryIds"] == "/5/36/19/"
    assert now["AlternateIdValues"] == ["1"]
    assert now["Dimension"] == before["Dimension"] | {"height": 3}


def test_products_and_skus_come_and_go(shop: Shop) -> None:
    product_id = act(shop, "add_product", skus=1)
    sku_id = act(shop, "add_sku", product_id)
    assert [row["Id"] for row in rows(shop, product_id)] == [sku_id - 1, sku_id]
    assert get(shop, f"{CATALOG}/sku/stockkeepingunitbyid/{sku_id}").status_code == 404
    shop.pass_time(minutes=2)
    assert context(shop, sku_id)["ProductId"] == product_id
    act(shop, "delete_sku", sku_id)
    act(shop, "delete_product", 3)
    assert sku_ids(shop) == [*range(13), *range(19, sku_id), 9000001, 9000003]
    assert get(shop, f"{CATALOG}/sku/stockkeepingunitbyid/{sku_id}").status_code == 404
    assert get(shop, f"{CATALOG}/sku/stockkeepingunitbyid/13").status_code == 404
    act(shop, "add_category", 30, name="Meias")
    assert "Meias" in get(shop, "/api/catalog_system/pub/category/tree/3").text


def test_prices_and_stock_change(shop: Shop) -> None:
    act(shop, "set_price", 6, basePrice=1.5)
    act(shop, "remove_price", 7)
    assert body(shop, "/ipe/pricing/prices/6")["basePrice"] == 1.5
    assert get(shop, "/ipe/pricing/prices/7").status_code == 404
    act(shop, "set_stock", 11, warehouse_id="1_1", total=5)
    balance = body(shop, "/api/logistics/pvt/inventory/skus/11")["balance"]
    assert [(row["warehouseId"], row["totalQuantity"]) for row in balance] == [("1_1", 5)]
    over = body(shop, "/api/logistics/pvt/inventory/skus/3")["balance"][0]
    assert over["reservedQuantity"] > over["totalQuantity"]
    assert len(body(shop, "/api/logistics/pvt/configuration/warehouses")) == 3


def test_promotions_and_coupons_change(shop: Shop) -> None:
    key, kept = "idCalculatorConfiguration", "/api/rnb/pvt/benefits/calculatorconfiguration"
    gone = "/api/rnb/pvt/archive/benefits/calculatorConfiguration"
    living, archived = body(shop, kept)["items"], body(shop, gone)["items"]
    assert (len(living), len(archived)) == (9, 4)
    both = [row for row in living if row[key] in {one[key] for one in archived}]
    assert [(row["isActive"], row["isArchived"]) for row in both] == [(True, True)]
    assert {"endDate" in row for row in living} == {True, False}
    first = living[0][key]
    act(shop, "edit_promotion", first, utmCampaign="x")
    detail = body(shop, f"/api/rnb/pvt/calculatorconfiguration/{first}")
    assert len(detail) >= 60
    assert (detail["lastModified"], detail["utmCampaign"]) == ("2026-11-23T12:00:00Z", "x")
    assert body(shop, kept)["items"][0]["utmCampain"] == "x"
    act(shop, "archive_promotion", first)
    act(shop, "add_promotion")
    assert (len(body(shop, kept)["items"]), len(body(shop, gone)["items"])) == (9, 5)
    coupons = body(shop, "/api/rnb/pvt/coupon")
    assert len(coupons) == 30
    assert {"utmCampaign" in row for row in coupons} == {True, False}
    act(shop, "edit_coupon", "CUPOM001", maxUsage=None)
    assert "maxUsage" not in body(shop, "/api/rnb/pvt/coupon")[1]


OPEN = (
    f"{CATALOG}/sku/stockkeepingunitids?page=1&pagesize=9",
    f"{CATALOG}/sku/stockkeepingunitbyid/1",
    "/api/catalog_system/pub/category/tree/3",
    "/api/catalog/pvt/category/10",
    "/ipe/pricing/prices/1",
    "/api/rnb/pvt/coupon",
)
CLOSED = (
    f"{CATALOG}/products/GetProductAndSkuIds",
    "/api/catalog/pvt/product/1",
    f"{CATALOG}/brand/list",
    f"{CATALOG}/brand/pagedlist?page=1&pageSize=5",
    f"{CATALOG}/saleschannel/list",
    f"{CATALOG}/seller/list",
    "/api/logistics/pvt/inventory/skus/1",
    "/api/logistics/pvt/configuration/warehouses",
)


def test_the_taps_role_opens_some_routes_only(shop: Shop) -> None:
    shop.store.granted = set(READER_ROLE)
    assert [get(shop, path).status_code for path in OPEN] == [200] * len(OPEN)
    assert [get(shop, path).status_code for path in CLOSED] == [403] * len(CLOSED)
    shop.store.granted = {"View Product", "View Brand", "Logistics viewer"}
    assert [get(shop, path).status_code for path in CLOSED] == [200] * len(CLOSED)
