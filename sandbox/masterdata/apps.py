"""Entities of Master Data version 2, such as VTEX's apps and stores create.

They have names instead of acronyms, and JSON Schemas instead of a structure. The schemas of wish
lists, reviews and return requests follow those that the apps publish.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sandbox.masterdata.entities import INTERNAL_2, Entity, Field, Schema, Write
from sandbox.people import person

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from sandbox.oms.history import History

Json = dict[str, Any]

TEXT = {"type": "string"}
OPTIONAL = {"type": ["string", "null"]}
AMOUNT = {"type": "integer"}

WISH_LIST = Schema(
    "wishlist",
    {
        "name": "wishlist",
        "properties": {
            "email": {**TEXT, "title": "Shopper ID"},
            "ListItemsWrapper": {"type": "array", "title": "The lists"},
        },
        "v-indexed": ["email"],
        "v-cache": False,
    },
)
REVIEWS = Schema(
    "reviewsSchema",
    {
        "name": "reviewsSchema",
        "properties": {
            "productId": TEXT,
            "rating": {"type": ["integer", "null"]},
            **dict.fromkeys(("title", "text", "reviewerName", "shopperId", "sku"), OPTIONAL),
            "reviewDateTime": TEXT,
            "searchDate": {"type": ["string", "null"], "format": "date-time"},
            "verifiedPurchaser": {"type": "boolean"},
            "approved": {"type": "boolean"},
        },
        "v-indexed": ["productId", "approved", "searchDate"],
    },
)
#: The second version has amounts in units instead of cents, and more fields.
RETURNS = tuple(
    Schema(
        name,
        {
            "properties": {
                "orderId": TEXT,
                "refundableAmount": amount,
                "status": {"$ref": "#/$defs/status"},
                "customerProfileData": {"type": "object", "properties": {"email": TEXT}},
                "items": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"quantity": AMOUNT}},
                },
                "dateSubmitted": {"type": "string", "format": "date-time"},
                **further,
            },
            "$defs": {"status": {"type": "string", "enum": ["new", "processing", "denied"]}},
            "v-indexed": ["orderId", "status"],
        },
        one_in,
    )
    for name, amount, one_in, further in (
        ("1.0.0", AMOUNT, 1, {}),
        (
            "2.0.0",
            {"type": "number"},
            3,
            {
                "refundData": {"type": ["object", "null"]},
                "labels": {"type": "array", "items": TEXT},
                "carrier": {"anyOf": [TEXT, {"type": "object"}]},
                "pickup-point": TEXT,
                "last_activity_at": TEXT,
            },
        ),
    )
)
CONTACTS = Schema("contact", {"properties": {"email": TEXT, "phone": TEXT}, "v-indexed": ["email"]})


def _wish_list(seed: int, number: int, dice: random.Random) -> Json:  # noqa: ARG001
    items = [{"Id": n, "ProductId": str(dice.randrange(1, 200)), "Sku": "1"} for n in range(2)]
    return {
        "email": person(seed, dice.randrange(10**9)).email,
        "ListItemsWrapper": [{"Name": "Favoritos", "IsPublic": False, "ListItems": items}],
    }


def _review(seed: int, number: int, dice: random.Random) -> Json:
    who = person(seed, dice.randrange(10**9))
    return {
        "productId": str(dice.randrange(1, 200)),
        "rating": dice.choice((1, 4, 5, None)),
        "title": "Gostei",
        "text": None,
        "reviewerName": who.first_name,
        "shopperId": who.email,
        "sku": str(number),
        "reviewDateTime": "5/6/2024 7:08:09 AM",
        "searchDate": "2024-05-06T07:08:09Z",
        "verifiedPurchaser": dice.choice((True, False)),
        "approved": dice.choice((True, False)),
    }


def _return(seed: int, number: int, dice: random.Random) -> Json:
    who = person(seed, dice.randrange(10**9))
    cents = dice.randrange(100, 90000)
    request = {
        "orderId": f"12{number:011d}-01",
        "refundableAmount": cents,
        "status": dice.choice(("new", "processing", "denied")),
        "customerProfileData": {"email": who.email, "name": who.name},
        "items": [{"orderItemIndex": 0, "quantity": 1, "refId": str(number)}],
        "dateSubmitted": "2024-05-06T07:08:09.123Z",
    }
    if number % 3:
        return request
    return {
        **request,
        "refundableAmount": cents / 100,
        "refundData": {"invoiceNumber": str(number)} if number % 2 else None,
        "labels": ["a", "b"],
        "carrier": {"name": "Jadlog"} if number % 2 else "Correios",
        "pickup-point": "1_VTEX",
    }


def _contact(seed: int, number: int, dice: random.Random) -> Json:  # noqa: ARG001
    who = person(seed, dice.randrange(10**9))
    return {"email": who.email, "phone": who.phone}


def _answer(seed: int, number: int, dice: random.Random) -> Json:  # noqa: ARG001
    return {"nota": dice.randrange(11), "comentario": "Chegou rápido", "sku": number}


@dataclass(frozen=True)
class Form:
    """The definition of a version 2 entity."""

    name: str
    #: Documents for each client.
    part: float
    schemas: tuple[Schema, ...]
    #: Makes a document's own fields from the seed, its number, and a random generator.
    make: Callable[[int, int, random.Random], Json]
    without_schema: Literal["whole", "ids", "refused"] = "whole"
    filters: frozenset[str] = frozenset()

    def entity(self, history: History, seed: int, account: str) -> Entity:
        """The entity in a store."""
        fields = tuple(self._with_filter(one) for one in INTERNAL_2)
        return Entity(
            self.name,
            self.name,
            fields,
            history,
            seed,
            account,
            self._write(seed),
            schemas=self.schemas,
            without_schema=self.without_schema,
        )

    def _with_filter(self, one: Field) -> Field:
        return one._replace(is_filter=one.is_filter or one.name in self.filters)

    def _write(self, seed: int) -> Write:
        def write(number: int, dice: random.Random, at: int) -> Json:  # noqa: ARG001
            return self.make(seed, number, dice)

        return write


FORMS = (
    Form("wishlist", 0.3, (WISH_LIST,), _wish_list, without_schema="ids"),
    Form("productReviews", 0.2, (REVIEWS,), _review, filters=frozenset({"lastInteractionIn"})),
    Form("vtex_return_app_returnRequest", 0.1, RETURNS, _return),
    Form("contact_information", 0.1, (CONTACTS,), _contact, without_schema="refused"),
    Form("pesquisa-NPS", 0.1, (), _answer),
)
