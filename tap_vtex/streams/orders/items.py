"""Order items, cut out of an order."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from tap_vtex.http.bodies import documents_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_vtex.types import Document

CANCELED: Final = "canceled"
#: Fields of an item that its row keeps under VTEX's own names.
KEPT: Final = (
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


def items_of(order: Document) -> Iterator[Document]:
    """Yield a flat row for each item of an order, in the order of the items.

    Amounts are in hundredths of the currency, as everywhere in VTEX's orders.
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
            **{name: item.get(name) for name in KEPT},
            "discount": discount(item),
            "is_canceled": order.get("status") == CANCELED or str(sku_id) in removed,
        }


def discount(item: Document) -> float:
    """What promotions and marketplaces took off an item, in hundredths; negative as in VTEX.

    VTEX writes each discount as a price tag such as ``discount@price-...`` or
    ``DISCOUNT@MARKETPLACE``. Tags in percent have no amount and do not count.
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
    """SKUs of which the store removed every unit after the purchase.

    VTEX leaves ``items`` as bought, and lists what was added and removed separately.
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
