"""Carts, as VTEX's scripts save them in client documents."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, ClassVar, Final

from singer_sdk import StreamSchema

from tap_vtex import dates
from tap_vtex.http.bodies import documents_in, storable
from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.masterdata.cart_items import items_of, link_of
from tap_vtex.streams.masterdata.clients import CLIENTS, ClientsChild

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_sdk.helpers.types import Context

    from tap_vtex.streams.masterdata.replication import FoundDocument
    from tap_vtex.types import Document

#: All null means that the client has never visited the shop. An emptied cart is an empty string.
TRACES: Final = ("rclastcart", "rclastsession", "rclastsessiondate", "carttag", "checkouttag")
CONTACT: Final = (
    "userId",
    "email",
    "firstName",
    "lastName",
    "document",
    "homePhone",
    "phone",
    "isNewsletterOptIn",
)
#: The last step of the checkout, in the languages of VTEX's Admin.
FINISHED: Final = frozenset({"finalizado", "finalizada", "finalized", "finished"})


class CartsStream(ClientsChild):
    """Each client's latest cart, even if it has been bought or emptied since."""

    name = "carts"
    schema: ClassVar[StreamSchema] = StreamSchema(SCHEMAS, key="carts")
    primary_keys = ("account_name", "client_id")

    def entity(self, partition: Context) -> str:  # noqa: ARG002
        """Carts are part of the clients' documents."""
        return CLIENTS

    def fields(self, acronym: str) -> Sequence[str]:  # noqa: ARG002
        """The fields of a cart, and its owner's contact data."""
        return ("id", *CONTACT, *TRACES, "rclastcartvalue")

    def records(self, found: FoundDocument, partition: Context) -> Iterator[Document]:  # noqa: ARG002
        """Emit a cart for each client who has ever had one or visited the shop."""
        document = found.document
        is_bare = all(document.get(name) is None for name in TRACES)
        # A changed client may have had a cart before. Its old row must be overwritten.
        if is_bare and (not found.has_changed or self.unreadable >= set(TRACES)):
            return
        items = [] if is_bare else items_of(document.get("rclastcart"))
        cart_tag = _tag(document.get("carttag"))
        tag = _tag(document.get("checkouttag"))
        stage = tag.get("DisplayValue")
        is_finished = str(stage).strip().lower() in FINISHED
        yield {
            **{name: value for name, value in document.items() if name in KEPT},
            "client_id": document["id"],
            "items": items and [{**item, **_score_of(item["sku_id"], cart_tag)} for item in items],
            "recovery_url": link_of(document.get("rclastcart"), items, self.run.settings.store_url),
            "cart_value": parse_amount(document.get("rclastcartvalue")),
            "session_id": document.get("rclastsession"),
            "session_date": document.get("rclastsessiondate"),
            "checkout_stage": stage,
            "is_finished": None if "checkouttag" in self.unreadable else is_finished,
            "checkouttag": tag or None,
            "carttag": cart_tag or None,
        }


KEPT: Final = frozenset(
    {*CONTACT, "rclastcart", "rclastcartvalue", "createdIn", "updatedIn", "lastInteractionIn"}
)


#: An amount, possibly with a currency symbol or code around it.
AMOUNT: Final = re.compile(r"[^\d.,-]*(?:\.\s)?(-?[\d.,'\s]*\d)[^\d.,-]*")
#: ``1.299``, ``1,299.90`` or ``1 299 900``: groups of three digits, then at most two decimals.
GROUPED: Final = re.compile(r"(-?[1-9]\d{0,2}(?:([.,'\s])\d{3})(?:\2\d{3})*)(?:[.,](\d{1,2}))?")
#: ``199.9``, ``199,90`` or ``199.9000``.
PLAIN: Final = re.compile(r"(-?\d*)(?:[.,](\d+))?")


def parse_amount(value: object) -> float | None:
    """Parse ``199.9``, ``"199.90"``, ``"R$ 1.299,90"`` or ``"$ 12.990"``; None if it is no amount.

    VTEX does not document how scripts write amounts. Three digits after the only separator are
    thousands: no currency of VTEX's stores has three decimals.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    found = AMOUNT.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        return None
    if grouped := GROUPED.fullmatch(found[1]):
        whole, decimals = re.sub(r"[^\d-]", "", grouped[1]), grouped[3]
    elif plain := PLAIN.fullmatch(found[1]):
        whole, decimals = plain[1], plain[2]
    else:
        return None
    return float(f"{whole}.{decimals or 0}")


def _tag(value: object) -> dict[str, Any]:
    """A field of type Score2, which is a string of JSON in some responses."""
    if isinstance(value, str):
        try:
            value = storable(json.loads(value))
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def _score_of(sku_id: str, cart_tag: Document) -> Document:
    """The latest score of a SKU in ``carttag``: its points and date."""
    scores = cart_tag.get("Scores")
    of_the_sku = documents_in(scores.get(sku_id)) if isinstance(scores, dict) else []
    dated = [(dates.normalized(one.get("Date")), one.get("Point")) for one in of_the_sku]
    added_at, point = max(
        ((at, point) for at, point in dated if at),
        key=lambda one: one[0],
        default=(None, None),
    )
    return {"point": point, "added_at": added_at}
