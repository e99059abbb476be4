"""Amounts of handmade items. tests/streams/test_order_parts.py has whole orders."""

from __future__ import annotations

from typing import Any

import pytest

from tap_vtex.streams.orders.items import items_of
from tap_vtex.streams.orders.modifications import value_difference

Json = dict[str, Any]


def order(*items: Json, **fields: Any) -> Json:
    return {"orderId": "1-01", "status": "handling", "items": list(items), **fields}


def bought(sku: str = "7", quantity: object = 1, price: object = 1000, **fields: Any) -> Json:
    return {"id": sku, "quantity": quantity, "price": price, **fields}


def tag(name: str, value: object, **fields: Any) -> Json:
    return {"name": name, "value": value, "isPercentual": False, **fields}


def changed(*changes: tuple[list[Json], list[Json]]) -> Json:
    """A changesAttachment; each change has what was added and what was removed."""
    data = [{"itemsAdded": added, "itemsRemoved": removed} for added, removed in changes]
    return {"id": "changeAttachment", "changesData": data}


def row(item: Json) -> Json:
    (only,) = items_of(order(item))
    return only


def left(document: Json) -> list[tuple[Any, ...]]:
    """What the rows say of changes."""
    return [
        (row["sku_id"], row["quantity_left"], row["total_left"], row["is_added"])
        for row in items_of(document)
    ]


@pytest.mark.parametrize(
    ("tags", "discount", "shipping"),
    [
        ([], 0, 0),
        (None, 0, 0),
        (["text"], 0, 0),
        (tag("discount@price-1", -100), -100, 0),
        ([tag("DISCOUNT@MARKETPLACE", -309)], -309, 0),
        ([tag("discount@price-1#x", -100), tag("discount@shipping-2#x", -50)], -100, -50),
        ([tag("discount@shipping-a", -49), tag("DISCOUNT@SHIPPING-b", -252)], 0, -301),
        ([tag("DISCOUNT@SHIPPINGMARKETPLACE", -184)], 0, 0),
        ([tag("discount@manualprice", -4470)], -4470, 0),
        ([tag("tax@price-1", 77), tag("discount@price-1", -100)], -100, 0),
        ([tag("discount@price-1", -10, isPercentual=True)], -200, 0),
        ([tag("discount@price-1", None, rawValue=-0.05, isPercentual=True)], -100, 0),
        ([tag("discount@price-1", None, rawValue=-1.5)], -150, 0),
        ([tag("discount@price-1", None)], 0, 0),
        ([tag("discount@price-1", "-99.5")], -99.5, 0),
    ],
)
def test_discounts_by_what_they_change(tags: Any, discount: float, shipping: float) -> None:
    found = row(bought(quantity=2, priceTags=tags))

    assert (found["discount"], found["shipping_discount"]) == (discount, shipping)


@pytest.mark.parametrize(
    ("item", "total"),
    [
        (bought(quantity=3, price=333), 999),
        (bought(quantity=3, price=199, unitMultiplier=0.3), 179),
        (bought(quantity=1, price=9999, unitMultiplier=300.0), 2999700),
        (bought(quantity="2.0", price="19.5", unitMultiplier="0.5"), 20),
        (bought(quantity=2, unitMultiplier=0), 2000),
        (bought(price=4490, unitMultiplier=100, priceTags=[tag("discount@price-1", -491)]), 448509),
        (bought(quantity=2, priceTags=[tag("discount@shipping-1", -300)]), 2000),
        # Half a cent goes the way that VTEX says, and else up.
        (bought(price=345, unitMultiplier=0.5), 173),
        (bought(price=345, unitMultiplier=0.5, priceDefinition={"total": 172}), 172),
        # In chain orders, VTEX's total lacks the discount.
        (
            bought(priceTags=[tag("discount@price-1", -250)], priceDefinition={"total": 1000}),
            750,
        ),
        (bought(quantity=2, bundleItems=[{"id": 33, "price": 500}]), 3000),
        (bought(quantity=2, bundleItems=[{"id": 33, "price": 500, "quantity": 1}]), 2500),
        (bought(bundleItems=[{"id": 12, "quantity": 2}]), 1000),
        (bought(price=None), None),
        (bought(quantity="many"), None),
        (bought(price=True), None),
        (bought(price="1e999999"), None),
    ],
)
def test_total(item: Json, total: float | None) -> None:
    assert row(item)["total"] == row(item)["total_left"] == total


def test_rows_carry_what_joins_them_and_what_is_known_of_the_sku() -> None:
    info = {
        "brandName": "Ipê",
        "brandId": "9",
        "categoriesIds": "/1/4/",
        "categories": [{"id": 4, "name": "Cafés"}],
    }
    document = order(
        bought("7", additionalInfo=info, costPrice=600, taxCode="x"),
        bought("8", additionalInfo=None),
        creationDate="c",
        lastChange="l",
        clientProfileData={"userProfileId": "u"},
        storePreferencesData={"currencyCode": "BRL"},
    )

    first, second = items_of(document)

    assert first.items() >= {**info, "costPrice": 600, "taxCode": "x", "sku_id": "7"}.items()
    assert second["brandName"] is None
    joins = {"userProfileId": "u", "currencyCode": "BRL", "creationDate": "c", "lastChange": "l"}
    for number, found in enumerate((first, second)):
        assert found.items() >= {**joins, "orderId": "1-01", "item_index": number}.items()


@pytest.mark.parametrize("items", [None, [], "none", [None, "text"]])
def test_an_order_without_items(items: Any) -> None:
    assert list(items_of(order() | {"items": items})) == []


def test_items_of_a_canceled_order_are_canceled_and_keep_their_pieces() -> None:
    (found,) = items_of(order(bought(), status="canceled"))

    assert (found["is_canceled"], found["quantity_left"], found["total_left"]) == (True, 1, 1000)


def test_what_is_left_after_changes() -> None:
    document = order(
        bought("7", 3, priceTags=[tag("discount@price-1", -100)]),
        bought("8", 1.0, 2500),
        changesAttachment=changed(
            ([], [bought("7", 1), bought("8", 1, 2500)]),
            ([bought("9", 2, 700, name="Chá", unitMultiplier="0.5")], [bought("7", 1)]),
        ),
    )

    rows = list(items_of(document))

    assert left(document) == [("7", 1, 967, False), ("8", 0, 0, False), ("9", 2, 700, True)]
    assert [row["is_canceled"] for row in rows] == [False, True, False]
    assert [row["item_index"] for row in rows] == [0, 1, 2]
    assert (rows[2]["name"], rows[2]["total"]) == ("Chá", 700)


def test_goods_weighed_again() -> None:
    """Half a kilo goes, and three quarters of the same come."""
    meat = bought("7", 1, 4000, unitMultiplier=0.5, sellerSku="m7", seller="1")
    heavier = bought("7", 1, 4000, unitMultiplier="0.75")
    document = order(meat, changesAttachment=changed(([heavier], [bought("7", 1, 4000)])))

    assert left(document) == [("7", 0, 0, False), ("7", 1, 3000, True)]
    assert [row["sellerSku"] for row in items_of(document)] == ["m7", "m7"]


def test_what_a_change_takes_back_is_what_an_earlier_one_added() -> None:
    document = order(
        bought("7"),
        changesAttachment=changed(([bought("9", 2)], []), ([], [bought("9", 1)])),
    )

    assert left(document) == [("7", 1, 1000, False), ("9", 1, 1000, True)]


@pytest.mark.parametrize(
    ("removed", "gone"),
    [
        (bought("7", 1, 1000), 0),  # the price that was paid
        (bought("7", 1, 500), 1),
        (bought("7", 1, 1000, uniqueId="B"), 1),  # says more than the price
        (bought("7", 1, 500, uniqueId="A"), 0),
        (bought("7", 1, 1000, unitMultiplier="2"), 2),
    ],
)
def test_one_of_several_lines_of_a_sku_is_removed(removed: Json, gone: int) -> None:
    cheaper = [tag("discount@price-1", -500)]
    document = order(
        bought("7", sellingPrice=1000, uniqueId="A"),
        bought("7", sellingPrice=500, uniqueId="B", priceTags=cheaper),
        bought("7", sellingPrice=2000, uniqueId="C", unitMultiplier=2),
        changesAttachment=changed(([], [removed])),
    )

    assert [number for number, one in enumerate(left(document)) if not one[1]] == [gone]


def test_more_pieces_than_a_line_has_come_out_of_the_next() -> None:
    document = order(
        bought("7", 2, 1000), bought("7", 2, 900), changesAttachment=changed(([], [bought("7", 3)]))
    )

    assert left(document) == [("7", 0, 0, False), ("7", 1, 900, False)]


def test_an_added_item_that_vtex_lists_with_the_bought_ones_has_one_row() -> None:
    document = order(
        bought("7", uniqueId="A"),
        bought("9", uniqueId="B"),
        changesAttachment=changed(([bought("9", uniqueId="B")], [])),
    )

    assert left(document) == [("7", 1, 1000, False), ("9", 1, 1000, True)]


@pytest.mark.parametrize("changes", [None, [], "x", {}, [None], [{"itemsRemoved": None}]])
def test_changes_that_say_nothing(changes: object) -> None:
    document = order(bought(), changesAttachment={"changesData": changes})

    assert left(document) == [("7", 1, 1000, False)]


def totals(**values: int) -> list[Json]:
    return [{"id": kind, "value": value} for kind, value in values.items()]


@pytest.mark.parametrize(
    ("fields", "difference"),
    [
        ({"value": 1000}, 0),
        ({"value": 1000, "totals": totals(Items=1000, Discounts=0, Shipping=0, Tax=0)}, 0),
        ({"value": 1290, "totals": totals(Items=1000, Shipping=200, Tax=50, CustomTax=40)}, 0),
        ({"value": 1400, "totals": totals(Items=1000, Shipping=300)}, 100),
        (
            {
                "value": 300,
                "totals": totals(Items=1000, Shipping=300, Change=-1000),
                "changesAttachment": changed(([], [bought()])),
            },
            0,
        ),
        ({"value": None}, None),
        ({}, None),
    ],
)
def test_what_does_not_add_up_is_named(fields: Json, difference: float | None) -> None:
    assert value_difference(order(bought(), **fields)) == difference
