"""Order items, cut out of an order's document."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from tap_vtex.bodies import documents_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    Document = Mapping[str, Any]

CANCELED: Final = "canceled"
#: Items' fields that rows take over under VTEX's own names.
AS_THEY_ARE: Final = (
    "uniqueId",
    "productId",
    "ean",
    "refId",
    "seller",
    "sellerSku",
    "name",
    "quantity",
    "measurementUnit",
    "unitMultiplier",
    "price",
    "listPrice",
    "sellingPrice",
    "tax",
    "isGift",
    "parentItemIndex",
    "priceTags",
)


def items_of(order: Document) -> Iterator[dict[str, Any]]:
    """Yield a flat row for each item of an order, in the items' order.

    Money is in hundredths of the currency, as everywhere in VTEX's orders.
    """
    items = documents_in(order.get("items"))
    of_the_order = {
        "orderId": order["orderId"],
        "creationDate": order.get("creationDate"),
        "lastChange": order.get("lastChange"),
        "status": order.get("status"),
        "userProfileId": _dict(order.get("clientProfileData")).get("userProfileId"),
        "currencyCode": _dict(order.get("storePreferencesData")).get("currencyCode"),
    }
    removed = _removed_skus(order, items)
    for index, item in enumerate(items):
        sku_id = item.get("id")
        yield {
            **of_the_order,
            "item_index": index,
            "sku_id": sku_id,
            **{name: item.get(name) for name in AS_THEY_ARE},
            "discount": discount(item),
            "is_canceled": order.get("status") == CANCELED or str(sku_id) in removed,
        }


def discount(item: Document) -> float:
    """What promotions and marketplaces took off an item: hundredths, negative as in VTEX.

    VTEX writes each as a price tag like ``discount@price-...`` or ``DISCOUNT@MARKETPLACE``.
    Tags in percent carry no amount and don't count.
    """
    amounts: list[float] = [
        tag["value"]
        for tag in documents_in(item.get("priceTags"))
        if str(tag.get("name")).lower().startswith("discount@")
        and isinstance(tag.get("value"), int | float)
        and not tag.get("isPercentual")
    ]
    return sum(amounts)


def _removed_skus(order: Document, items: Iterable[Document]) -> set[str]:
    """SKUs whose every unit the store took out of the order after the purchase.

    VTEX leaves ``items`` as they were bought and lists what was added and removed apart.
    """
    changes = _dict(order.get("changesAttachment")).get("changesData")
    if not changes:
        return set()
    left: Counter[str] = Counter()
    touched = set()
    for change in documents_in(changes):
        for item in documents_in(change.get("itemsAdded")):
            left[str(item.get("id"))] += _quantity(item)
        for item in documents_in(change.get("itemsRemoved")):
            left[str(item.get("id"))] -= _quantity(item)
            touched.add(str(item.get("id")))
    for bought in items:
        left[str(bought.get("id"))] += _quantity(bought)
    return {sku_id for sku_id in touched if left[sku_id] <= 0}


def _quantity(item: Document) -> int:
    quantity = item.get("quantity")
    return quantity if isinstance(quantity, int) else 0


def _dict(value: object) -> Document:
    return value if isinstance(value, dict) else {}
