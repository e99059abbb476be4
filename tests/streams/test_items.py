from __future__ import annotations

from typing import Any

import pytest

from tap_vtex.streams.orders.items import discount, items_of


def order(*items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"orderId": "1-01", "status": "handling", "items": list(items), **fields}


def tag(name: str, value: object, **fields: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "isPercentual": False, **fields}


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ([], 0),
        (None, 0),
        (["text"], 0),
        ([tag("DISCOUNT@MARKETPLACE", -309)], -309),
        ([tag("discount@price-1", -100), tag("discount@shipping-2", -50)], -150),
        ([tag("tax@price-1", 77), tag("discount@price-1", -100)], -100),
        ([tag("discount@price-1", -10, isPercentual=True)], 0),
        ([tag("discount@price-1", None)], 0),
        ([tag("discount@price-1", -99.5)], -99.5),
    ],
)
def test_discount_is_the_sum_of_the_discount_tags(tags: Any, expected: float) -> None:
    assert discount({"priceTags": tags}) == expected


def test_items_carry_what_joins_them() -> None:
    rows = list(
        items_of(
            order(
                {"id": "7", "quantity": 2},
                {"id": "8", "quantity": 1},
                creationDate="c",
                lastChange="l",
                clientProfileData={"userProfileId": "u"},
                storePreferencesData={"currencyCode": "BRL"},
            )
        )
    )

    assert [(row["item_index"], row["sku_id"]) for row in rows] == [(0, "7"), (1, "8")]
    assert {row["userProfileId"] for row in rows} == {"u"}
    assert {row["currencyCode"] for row in rows} == {"BRL"}
    assert {row["lastChange"] for row in rows} == {"l"}


@pytest.mark.parametrize("items", [None, [], "none", [None, "text"]])
def test_an_order_without_items(items: Any) -> None:
    assert list(items_of(order() | {"items": items})) == []


def test_items_of_a_cancelled_order_are_cancelled() -> None:
    rows = items_of(order({"id": "7"}, status="canceled"))

    assert [row["is_canceled"] for row in rows] == [True]


@pytest.mark.parametrize(
    ("added", "removed", "canceled"),
    [
        ([], [], []),
        ([], [("7", 1)], []),
        ([], [("7", 2)], ["7"]),
        ([("7", 1)], [("7", 2)], []),
        ([("9", 1)], [("8", 1)], ["8"]),
        ([], [("7", 2), ("8", 1)], ["7", "8"]),
    ],
)
def test_an_item_is_cancelled_once_every_piece_of_it_was_taken_out(
    added: list[tuple[str, int]], removed: list[tuple[str, int]], canceled: list[str]
) -> None:
    changes = [
        {
            "itemsAdded": [{"id": sku, "quantity": number} for sku, number in added],
            "itemsRemoved": [{"id": sku, "quantity": number} for sku, number in removed],
        }
    ]
    rows = items_of(
        order(
            {"id": "7", "quantity": 2},
            {"id": "8", "quantity": 1},
            changesAttachment={"changesData": changes},
        )
    )

    assert [row["sku_id"] for row in rows if row["is_canceled"]] == canceled
