"""The rows of order_items."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_vtex.streams.orders.amounts import plain
from tap_vtex.streams.orders.modifications import lines_of
from tap_vtex.streams.orders.parts import object_in, order_columns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tap_vtex.streams.orders.modifications import Line
    from tap_vtex.types import Document

CANCELED: Final = "canceled"
#: Fields of an item that its row keeps under VTEX's names.
KEPT: Final = (
    *("uniqueId", "productId", "ean", "refId", "seller", "sellerSku", "name", "quantity"),
    *("measurementUnit", "unitMultiplier", "price", "listPrice", "sellingPrice", "manualPrice"),
    *("costPrice", "shippingPrice", "commission", "freightCommission", "rewardValue"),
    *("tax", "taxCode", "isGift", "parentItemIndex", "imageUrl"),
    *("priceTags", "priceDefinition", "attachments", "bundleItems", "components"),
)
#: Fields of an item's additionalInfo that its row keeps under VTEX's names.
KEPT_INFO: Final = ("brandId", "brandName", "categoriesIds", "categories")


def items_of(order: Document, lines: Iterable[Line] | None = None) -> Iterator[Document]:
    """Yield a flat row per item of an order: first those bought, then those added later.

    Amounts are in hundredths of the currency, as everywhere in VTEX's orders.

    Args:
        order: The order.
        lines: Its lines, if they have been read already.
    """
    common = order_columns(order)
    is_canceled = order.get("status") == CANCELED
    for index, line in enumerate(lines_of(order) if lines is None else lines):
        item, amounts = line.item, line.amounts
        information = object_in(item.get("additionalInfo"))
        yield {
            **common,
            "item_index": index,
            "sku_id": item.get("id"),
            **{name: item.get(name) for name in KEPT},
            **{name: information.get(name) for name in KEPT_INFO},
            "discount": plain(amounts.discount),
            "shipping_discount": plain(amounts.shipping_discount),
            "services_total": plain(amounts.services),
            "total": plain(amounts.total),
            "quantity_left": None if line.quantity is None else plain(line.left),
            "total_left": plain(line.total_left),
            "is_added": line.is_added,
            "is_canceled": is_canceled or line.is_gone,
        }
