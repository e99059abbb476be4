"""What the rows that are cut out of an order have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tap_vtex.http.bodies import documents_in

if TYPE_CHECKING:
    from tap_vtex.types import Document


def of_the_order(order: Document) -> Document:
    """The columns of an order that each of its rows repeats, so that few need a join."""
    return {
        "orderId": order["orderId"],
        "creationDate": order.get("creationDate"),
        "lastChange": order.get("lastChange"),
        "status": order.get("status"),
        "userProfileId": object_in(order.get("clientProfileData")).get("userProfileId"),
        "currencyCode": object_in(order.get("storePreferencesData")).get("currencyCode"),
    }


def object_in(value: object) -> Document:
    """What should be an object; an empty one if it is something else."""
    return value if isinstance(value, dict) else {}


def objects_in(value: object) -> list[Document]:
    """The objects in what should be a list of them, also where VTEX sends a single one."""
    return [value] if isinstance(value, dict) else documents_in(value)
