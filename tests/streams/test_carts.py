"""Carts, true to the store also after they were bought or emptied."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

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
