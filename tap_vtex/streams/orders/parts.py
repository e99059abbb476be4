"""What the streams of an order's parts share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_vtex.http.bodies import documents_in

if TYPE_CHECKING:
    from tap_vtex.types import Document


def order_columns(order: Document) -> Document:
    """The order's columns that each row of its parts repeats, to save most joins."""
    return {
        "orderId": order["orderId"],
        "creationDate": order.get("creationDate"),
        "lastChange": order.get("lastChange"),
        "status": order.get("status"),
        "userProfileId": object_in(order.get("clientProfileData")).get("userProfileId"),
        "currencyCode": object_in(order.get("storePreferencesData")).get("currencyCode"),
    }


def object_in(value: object) -> Document:
    """A value that should be an object; an empty object if it is not."""
    return value if isinstance(value, dict) else {}


def objects_in(value: object) -> list[Document]:
    """The objects in a value that should be a list; a single object counts as a list of one."""
    return [value] if isinstance(value, dict) else documents_in(value)
