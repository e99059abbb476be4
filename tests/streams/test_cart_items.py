"""What is read of a cart, and the link that fills it again, in every form that stores write."""

from __future__ import annotations

import json
import string
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tap_vtex.streams.masterdata.cart_items import items_of, link_of
from tap_vtex.streams.masterdata.carts import parse_amount

Item = dict[str, Any]


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
    assert parse_amount(value) == expected
