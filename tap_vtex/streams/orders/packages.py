"""The rows of packages."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_vtex.streams.orders.parts import object_in, objects_in, order_columns

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tap_vtex.types import Document

#: Fields of a package that its row keeps under VTEX's names. The invoice's XML, which is long and
#: full of personal data, is in the order only.
KEPT: Final = (
    *("type", "invoiceNumber", "invoiceValue", "invoiceKey", "invoiceUrl", "issuanceDate"),
    *("courier", "trackingNumber", "trackingUrl", "courierStatus", "items", "restitutions"),
    *("volumes", "cfop"),
)


def packages_of(order: Document) -> Iterator[Document]:
    """Yield a row per package of an order, sent or returned.

    Amounts are in hundredths of the currency.
    """
    common = order_columns(order)
    packages = objects_in(object_in(order.get("packageAttachment")).get("packages"))
    for index, package in enumerate(packages):
        courier = object_in(package.get("courierStatus"))
        refund = object_in(object_in(package.get("restitutions")).get("Refund"))
        yield {
            **common,
            "package_index": index,
            **{name: package.get(name) for name in KEPT},
            "is_delivered": courier.get("finished"),
            "deliveredDate": courier.get("deliveredDate"),
            "refund_value": refund.get("value"),
        }
