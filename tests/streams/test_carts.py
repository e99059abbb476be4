"""Carts, true to the store also after they were bought or emptied."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_vtex.streams.masterdata.cart_items import items_of, link_of
from tap_vtex.streams.masterdata.carts import amount
from tests.support.expect import latest, seven_to_six

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.shop import Shop
    from tests.support.tap import Tap, Target

Item = dict[str, Any]
CARTS = {"carts"}
TRACES = ("rclastcart", "rclastsession", "rclastsessiondate", "carttag", "checkouttag")


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    shop = open_shop(orders=50, days=100, clients=400)
    shop.close()
    shop.pass_time(minutes=5)
    return shop


def parsed(cart: str | None) -> list[Item] | None:
    """The sandbox's carts, taken apart in the simplest way that does for them."""
    if cart is None:
        return None
    return [
        {
            "sku_id": part.partition("&")[0],
            "quantity": int(part.partition("qty=")[2].partition("&")[0]),
            "seller_id": part.partition("seller=")[2].partition("&")[0],
            "sales_channel": "1" if "sc=1" in cart else None,
        }
        for part in cart.split("sku=")[1:]
    ]


def assert_equals_truth(target: Target, shop: Shop) -> None:
    carts = target.table("carts", "client_id")
    clients = {
        key: document
        for key, document in shop.documents("CL").items()
        if any(document[name] is not None for name in TRACES)
    }
    assert carts.keys() == clients.keys()
    for key, document in clients.items():
        cart, row = document["rclastcart"], carts[key]
        stage = (document["checkouttag"] or {}).get("DisplayValue")
        assert row["items"] == parsed(cart)
        link = f"https://www.ipe.com.br/checkout/cart/{cart}" if cart else None
        assert row["recovery_url"] == link
        assert row["rclastcart"] == cart
        assert row["cart_value"] == document["rclastcartvalue"]
        assert row["checkout_stage"] == stage
        assert row["is_finished"] is (stage == "Finalizado")
        assert row["session_date"] == seven_to_six(document["rclastsessiondate"])
        assert row["last_activity_at"] == latest(document)
        for name in ("userId", "email", "firstName", "isNewsletterOptIn", "checkouttag"):
            assert row[name] == document[name]
        assert row["custom_fields"] is None


def test_carts_are_those_of_the_store(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(store_url="https://www.ipe.com.br/"), target, select=CARTS)

    assert_equals_truth(target, shop)
    assert len(target.tables["carts"]) > 100


def test_carts_that_were_filled_bought_and_emptied_since(
    tap: Tap, shop: Shop, target: Target
) -> None:
    config = shop.config(store_url="https://www.ipe.com.br")
    tap.sync(config, target, select=CARTS)
    shop.pass_time(hours=3)
    documents = shop.documents("CL")
    bought, emptied = [key for key, document in documents.items() if document["rclastcart"]][:2]
    never = next(
        key for key, document in documents.items() if all(document[name] is None for name in TRACES)
    )
    shop.edit("CL", bought, checkouttag={"DisplayValue": "Finalizado", "Scores": {}})
    shop.edit("CL", emptied, rclastcart="")
    shop.edit("CL", never, rclastcart="add?sku=5&qty=2&seller=1&sc=1", rclastsession="s")
    shop.pass_time(minutes=5)

    run = tap.sync(config, target, select=CARTS)

    assert {record["client_id"] for record in run.records("carts")} == {bought, emptied, never}
    assert_equals_truth(target, shop)
    rows = target.table("carts", "client_id")
    assert rows[bought]["is_finished"] is True
    assert rows[emptied]["items"] == []
    assert rows[never]["items"][0]["quantity"] == 2


def test_a_cart_that_cannot_be_read_is_kept_raw(tap: Tap, shop: Shop, target: Target) -> None:
    broken = "%%% not a cart {[&=?"
    key = next(iter(shop.documents("CL")))
    shop.edit("CL", key, rclastcart=broken, checkouttag="rubbish", carttag=7, rclastcartvalue="?")
    shop.pass_time(minutes=5)

    tap.sync(shop.config(), target, select=CARTS)

    row = target.table("carts", "client_id")[key]
    assert row["items"] is None
    assert row["recovery_url"] is None
    assert row["rclastcart"] == broken
    assert row["cart_value"] is None
    assert row["is_finished"] is False


def item(sku: str, quantity: int, seller: str | None = "1", channel: str | None = None) -> Item:
    return {"sku_id": sku, "quantity": quantity, "seller_id": seller, "sales_channel": channel}


@pytest.mark.parametrize(
    ("cart", "items"),
    [
        ("add?sku=880010&qty=1&seller=1&sc=1", [item("880010", 1, channel="1")]),
        ("add?sku=1&qty=1&seller=1&sku=2&qty=3&seller=1", [item("1", 1), item("2", 3)]),
        ("add?qty=2&seller=1&sku=1&seller=1&sku=2&qty=1", [item("1", 2), item("2", 1)]),
        ("add?sku=1&qty=1&seller=loja-sul&", [item("1", 1, "loja-sul")]),
        ("add?sku=1&qty=1&seller=Loja%20do%20Jo%C3%A3o", [item("1", 1, "Loja do João")]),
        (
            "add?sku=1&qty=1&seller=1&sku=2&qty=1&seller=1&sc=3",
            [item("1", 1, channel="3"), item("2", 1, channel="3")],
        ),
        (
            "add?sku=1&qty=1&seller=1&sc=2&sku=2&qty=1&seller=1&sc=2",
            [item("1", 1, channel="2"), item("2", 1, channel="2")],
        ),
        (
            "add?sc=2&sku=1&qty=1&seller=1&sku=2&qty=1&seller=1",
            [item("1", 1, channel="2"), item("2", 1, channel="2")],
        ),
        ("/checkout/cart/add?sku=1&qty=1&seller=1", [item("1", 1)]),
        ("https://www.x.com/checkout/cart/add?sku=1&qty=1&seller=1", [item("1", 1)]),
        ("sku=1&qty=1&seller=1", [item("1", 1)]),
        ("add?SKU=1&Qty=1&Seller=1&utm_source=x", [item("1", 1)]),
        ("add?sku=1", [item("1", 1, None)]),
        ('[{"sku": "1", "qty": 2, "seller": "1"}]', [item("1", 2)]),
        ('{"items": [{"id": 7, "quantity": "2", "seller": 1}]}', [item("7", 2)]),
        ('{"skuId": "7", "quantity": 1, "salesChannel": 2}', [item("7", 1, None, "2")]),
        ("[]", []),
        ("", []),
        ("  ", []),
        (None, None),
        (7, None),
        ("add?", None),
        ("add?qty=1&seller=1", None),
        ("add?sku=&qty=1", None),
        ("add?sku=1&qty=many", None),
        ("rubbish", None),
        ("{not json", None),
        ('["1", "2"]', None),
        ("[" * 100_000, None),
    ],
)
def test_carts_in_every_form_that_was_seen(cart: object, items: list[Item] | None) -> None:
    assert items_of(cart) == items


IDS = st.text(string.ascii_letters + string.digits + "-_ ãé&=?#+%", min_size=1, max_size=8).filter(
    str.strip
)
ITEMS = st.lists(
    st.fixed_dictionaries(
        {"sku": IDS, "qty": st.integers(0, 999).map(str)},
        optional={"seller": IDS, "sc": IDS},
    ),
    min_size=1,
    max_size=6,
)


@given(ITEMS, st.randoms(use_true_random=False), st.sampled_from(["", "&"]))
def test_a_cart_of_any_items_comes_back(items: list[dict[str, str]], dice: Any, end: str) -> None:
    """With the same keys for all items, in any one order."""
    keys = sorted({key for one in items for key in one})
    whole = [{key: one.get(key, "1") for key in keys} for one in items]
    dice.shuffle(keys)
    text = "&".join(f"{key}={quote(one[key], safe='')}" for one in whole for key in keys)

    found = items_of(f"add?{text}{end}")

    assert found == [
        item(
            one["sku"].strip(),
            int(one["qty"]),
            one["seller"].strip() if "seller" in one else None,
            one["sc"].strip() if "sc" in one else None,
        )
        for one in whole
    ]


@given(st.text() | st.text('[]{}":,add?sku=1&qtyselrc=0.', max_size=60))
def test_no_text_stops_a_run(text: str) -> None:
    items = items_of(text)

    assert items is None or all(one["sku_id"] for one in items)
    assert (link_of(text, items, "https://x") is None) == (not items)


@pytest.mark.parametrize(
    ("cart", "link"),
    [
        ("add?sku=1&qty=1", "https://x/checkout/cart/add?sku=1&qty=1"),
        ("/checkout/cart/add?sku=1&qty=1", "https://x/checkout/cart/add?sku=1&qty=1"),
        ("https://y/checkout/cart/add?sku=1&qty=1", "https://y/checkout/cart/add?sku=1&qty=1"),
        ('[{"sku": "1", "qty": 2}]', "https://x/checkout/cart/add?sku=1&qty=2"),
    ],
)
def test_the_link_fills_the_cart_again(cart: str, link: str) -> None:
    assert link_of(cart, items_of(cart), "https://x") == link


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (199.9, 199.9),
        (0, 0),
        ("199.90", 199.9),
        ("199,90", 199.9),
        ("R$ 1.299,90", 1299.9),
        ("1,299.90", 1299.9),
        ("", None),
        ("?", None),
        (None, None),
        (True, None),
        ([], None),
    ],
)
def test_amounts_in_every_form_that_was_seen(value: object, expected: float | None) -> None:
    assert amount(value) == expected
