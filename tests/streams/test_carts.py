"""Carts, true to the store also after they were bought or emptied."""

from __future__ import annotations

import json
import string
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import msgspec
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
SCROLL = "/api/dataentities/CL/scroll"
TRACES = ("rclastcart", "rclastsession", "rclastsessiondate", "carttag", "checkouttag")


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    shop = open_shop(orders=50, days=100, clients=400)
    shop.close()
    shop.pass_time(minutes=5)
    return shop


def parsed(document: Item) -> list[Item] | None:
    """The sandbox's carts, taken apart in the simplest way that does for them."""
    cart = document["rclastcart"]
    if cart is None:
        return None
    scores = (document["carttag"] or {"Scores": {}})["Scores"]
    return [
        {
            "sku_id": part.partition("&")[0],
            "quantity": int(part.partition("qty=")[2].partition("&")[0]),
            "seller_id": part.partition("seller=")[2].partition("&")[0],
            "sales_channel": "1" if "sc=1" in cart else None,
            **score_of(scores.get(part.partition("&")[0])),
        }
        for part in cart.split("sku=")[1:]
    ]


def score_of(scores: list[Item] | None) -> Item:
    if not scores:
        return {"point": None, "added_at": None}
    return {"point": scores[0]["Point"], "added_at": seven_to_six(scores[0]["Date"])}


def assert_equals_truth(target: Target, shop: Shop, *bare: str) -> None:
    """``bare`` are those who had a cart or changed otherwise, and have no trace of one now."""
    carts = target.table("carts", "client_id")
    clients = {
        key: document
        for key, document in shop.documents("CL").items()
        if key in bare or any(document[name] is not None for name in TRACES)
    }
    assert carts.keys() == clients.keys()
    for key, document in clients.items():
        cart, row = document["rclastcart"], carts[key]
        stage = (document["checkouttag"] or {}).get("DisplayValue")
        assert row["items"] == ([] if key in bare else parsed(document))
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


def test_a_cart_of_which_nothing_is_left(tap: Tap, shop: Shop, target: Target) -> None:
    """Its row must not stay. Whether others had a cart once, the tap can't know."""
    config = shop.config(store_url="https://www.ipe.com.br")
    clients = list(shop.documents("CL").items())
    had = [key for key, document in clients if document["rclastcart"]][1:3]
    never = [key for key, one in clients if all(one[name] is None for name in TRACES)][1:3]
    shop.edit("CL", never[0], firstName="Antes")
    shop.pass_time(minutes=5)
    tap.sync(config, target, select=CARTS)
    assert_equals_truth(target, shop)

    shop.pass_time(hours=3)
    shop.edit("CL", had[0], **dict.fromkeys(TRACES))
    shop.edit("CL", never[1], firstName="Depois")
    shop.pass_time(minutes=5)
    tap.sync(config, target, select=CARTS)

    assert_equals_truth(target, shop, had[0], never[1])


def test_new_clients_who_never_had_a_cart_have_no_row(tap: Tap, shop: Shop, target: Target) -> None:
    tap.sync(shop.config(), target, select=CARTS)
    known = shop.documents("CL").keys()
    shop.store.entities["CL"].closed = 2**62
    shop.pass_time(days=60)
    shop.close()
    shop.pass_time(minutes=5)

    tap.sync(shop.config(), target, select=CARTS)

    new = {key: one for key, one in shop.documents("CL").items() if key not in known}
    with_cart = {key for key, one in new.items() if any(one[name] is not None for name in TRACES)}
    assert target.table("carts", "client_id").keys() - known == with_cart
    assert 0 < len(with_cart) < len(new)


def test_a_cart_that_is_gone_before_the_load_ends(tap: Tap, shop: Shop, target: Target) -> None:
    config = shop.config(store_url="https://www.ipe.com.br")
    key = next(key for key, document in shop.documents("CL").items() if document["rclastcart"])

    shop.edit("CL", key, **dict.fromkeys(TRACES))  # which the index does not show yet
    # After the scrolls for the undated and for the last century, and a page of the load.
    shop.when(SCROLL, lambda: shop.pass_time(minutes=5), skip=2, query="_token")
    tap.sync(config, target, select=CARTS)

    assert_equals_truth(target, shop, key)


def test_fields_that_the_key_may_not_read(tap: Tap, shop: Shop, target: Target) -> None:
    shop.store.quirks.private_fields = frozenset({"checkouttag", "document", "rclastsession"})

    run = tap.sync(shop.config(), target, select=CARTS)

    assert "may not read checkouttag, document, rclastsession of" in run.log
    rows = target.table("carts", "client_id")
    assert rows
    for key, row in rows.items():
        document = shop.documents("CL")[key] if key == next(iter(rows)) else None
        assert document is None or row["rclastcart"] == document["rclastcart"]
        # Nobody knows, so they are not among the abandoned ones.
        assert row["is_finished"] is row["checkouttag"] is row["document"] is None


@pytest.mark.parametrize(
    "cart", ['[{"sku":"\\ud83d","qty":1}]', "add?sku=1%00&qty=1", '[{"sku":"1\\u0000","qty":1}]']
)
def test_a_cart_that_no_target_could_store(tap: Tap, shop: Shop, target: Target, cart: str) -> None:
    key = next(iter(shop.documents("CL")))
    tag = '{"DisplayValue":"\\ud83d\\u0000x"}'
    shop.edit("CL", key, rclastcart=cart, checkouttag=tag)
    shop.pass_time(minutes=5)

    tap.sync(shop.config(), target, select=CARTS)

    row = target.table("carts", "client_id")[key]
    assert row["items"][0]["sku_id"] in {"1", "\ufffd"}
    assert row["checkout_stage"] == "\ufffdx"
    assert "\0" not in json.dumps(row, ensure_ascii=False)


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


def test_the_latest_score_of_a_sku(tap: Tap, shop: Shop, target: Target) -> None:
    key = next(key for key, document in shop.documents("CL").items() if document["rclastcart"])
    scores = {
        "7": [
            {"Point": 1.0, "Date": "2026-11-01T10:00:00Z", "Until": None},
            {"Point": 455.0, "Date": "2026-11-02T10:00:00.0000001Z", "Until": None},
            {"Point": 2.0, "Date": "whenever"},
        ],
        "8": "none",
    }
    shop.edit(
        *("CL", key),
        rclastcart="sku=7&qty=1&sku=8&qty=2",
        rclastcartvalue="$ 12.990",
        carttag=json.dumps({"Scores": scores}),
    )
    shop.pass_time(minutes=5)

    tap.sync(shop.config(), target, select=CARTS)

    row = target.table("carts", "client_id")[key]
    assert row["cart_value"] == 12990
    assert [(one["point"], one["added_at"]) for one in row["items"]] == [
        (455, "2026-11-02T10:00:00.000000Z"),
        (None, None),
    ]


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
        ('{"sku": "880010", "qty": 1, "id": "line-1"}', [item("880010", 1, None)]),
        ('{"id": "line-1", "skuId": 880010.0, "quantity": 2.0}', [item("880010", 2, None)]),
        ('{"sku": null, "id": "7", "qty": 2.5}', None),
        ('{"sku": true, "qty": 1}', None),
        ('{"sku": "1", "qty": 1e400}', None),
        ("add?sku=1&amp;qty=2&amp;seller=1", [item("1", 2)]),
        ("checkout/cart/add?sku=1&qty=1&seller=1", [item("1", 1)]),
        ("add?sku=1%00&qty=1&seller=1", [item("1", 1)]),
        ("add?sku=16&qty=1&seller=1&sc=1#/cart", [item("16", 1, channel="1")]),
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


ESCAPES = st.sampled_from(
    ["\\u0000", "\\ud83d", "\\ude00", "\\u00e9", "%00", "%ED%A0%BD", "a", "7"]
)
TEXTS = st.lists(ESCAPES, min_size=1, max_size=4).map("".join)


@given(
    st.lists(st.tuples(TEXTS, TEXTS, st.integers(-5, 10**30)), min_size=1, max_size=3),
    st.booleans(),
)
def test_what_is_read_of_a_cart_can_be_stored(
    entries: list[tuple[str, str, int]], in_json: bool
) -> None:
    groups = [{"sku": sku, "seller": seller, "qty": number} for sku, seller, number in entries]
    text = (
        json.dumps(groups).replace("\\\\", "\\")
        if in_json
        else "add?" + "&".join(f"{key}={value}" for one in groups for key, value in one.items())
    )
    items = items_of(text)

    stored = msgspec.json.encode([items, link_of(text, items, "https://x")])
    assert b"\\u0000" not in stored.replace(b"\\\\u0000", b"")


@pytest.mark.parametrize(
    ("cart", "link"),
    [
        ("add?sku=1&qty=1", "https://x/checkout/cart/add?sku=1&qty=1"),
        ("/checkout/cart/add?sku=1&qty=1", "https://x/checkout/cart/add?sku=1&qty=1"),
        ("checkout/cart/add?sku=1&qty=1", "https://x/checkout/cart/add?sku=1&qty=1"),
        ("add?sku=1&amp;qty=2", "https://x/checkout/cart/add?sku=1&qty=2"),
        ('[{"sku": "\\ud83d"}]', "https://x/checkout/cart/add?sku=%EF%BF%BD&qty=1"),
        ("add?sku=\ud83d1", "https://x/checkout/cart/add?sku=\ufffd1"),
        ("https://y/checkout/cart/add?sku=1&qty=1", "https://y/checkout/cart/add?sku=1&qty=1"),
        ('[{"sku": "1", "qty": 2}]', "https://x/checkout/cart/add?sku=1&qty=2"),
        ("sku=12&qty=1&seller=1", "https://x/checkout/cart/add?sku=12&qty=1&seller=1"),
        ("add?sku=1&qty=1&sc=1#/cart", "https://x/checkout/cart/add?sku=1&qty=1&sc=1#/cart"),
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
        ("$ 12.990", 12990.0),
        ("1.299", 1299.0),
        ("1.299.900", 1299900.0),
        ("CLP 1.299.900", 1299900.0),
        ("S/. 1,299.90", 1299.9),
        ("1\xa0299,90 €", 1299.9),
        ("US$ -5", -5.0),
        ("199.9000", 199.9),
        ("0.125", 0.125),
        (".5", 0.5),
        ("1299.900", 1299.9),
        ("1e3", None),
        ("12.99.0", None),
        ("1.299,9,0", None),
        ("", None),
        ("?", None),
        (None, None),
        (True, None),
        ([], None),
    ],
)
def test_amounts_in_every_form_that_was_seen(value: object, expected: float | None) -> None:
    assert amount(value) == expected
