"""Removes card data from an order before anything else reads it.

VTEX intends to send neither security codes nor full card numbers. But the order in its own
documentation has a code, and apps and people can write either into an order. Nobody may store the
codes, and few may store the numbers.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from tap_vtex.streams.orders.parts import object_in, objects_in

if TYPE_CHECKING:
    from tap_vtex.types import Document


def _spellings(*names: str) -> frozenset[str]:
    """The spellings of field names: cardNumber, card_number and so on."""
    found: set[str] = set()
    for name in names:
        words = name.split()
        pascal = "".join(word.capitalize() for word in words)
        for written in ("".join(words), "_".join(words), "-".join(words)):
            found |= {written, written.upper(), written.capitalize()}
        found |= {pascal, pascal[:1].lower() + pascal[1:]}
    return frozenset(found)


#: Fields that hold a security code.
CODES: Final = _spellings(
    *("cvv", "cvv2", "cvc", "cvc2", "cvv code", "card cvv", "card cvc"),
    *("security code", "card security code", "verification value", "card verification value"),
)
#: Fields that hold a card number.
NUMBERS: Final = _spellings(
    "card number", "credit card number", "debit card number", "full card number"
)
NAMES: Final = CODES | NUMBERS
#: Parts that only VTEX fills in. They make up most of an order.
WITHOUT_CARDS: Final = frozenset(
    {"items", "marketplaceItems", "itemMetadata", "totals", "sellers", "shippingData"}
    | {"clientProfileData", "storePreferencesData", "ratesAndBenefitsData", "changesAttachment"}
    | {"packageAttachment"}
)
#: Parts of an item that others fill in.
FREE_ITEM_FIELDS: Final = ("attachments", "itemAttachment", "bundleItems", "assemblies", "params")
CONTAINERS: Final = frozenset({dict, list})
#: Ids from payment providers. Some look like card numbers.
IDS: Final = frozenset({"tid", "nsu", "authid", "authorizationid", "paymentid", "code"})
#: What may be a card number within a text, with spaces, dots or hyphens.
NUMBER: Final = re.compile(r"(?<![\d*])[2-6](?:[ .-]?\d){12,18}(?![\d*])")
#: The most digits that may be kept: the first six and the last four.
FIRST, LAST = 6, 4


def remove_cards(order: Document) -> None:
    """Remove security codes and the middle of card numbers from an order.

    Fields are found by name, in every part that others than VTEX fill in. Numbers within texts
    are looked for in payments and free-text fields.
    """
    for fields in _objects_with_cards(order):
        for name in NAMES & fields.keys():
            fields[name] = None if name in CODES else masked(fields[name])
    for transaction in objects_in(object_in(order.get("paymentData")).get("transactions")):
        for payment in objects_in(transaction.get("payments")):
            _truncate_digits(payment)
            _mask_texts(object_in(payment.get("connectorResponses")))
    _mask_texts(object_in(order.get("openTextField")))
    if isinstance(message := order.get("lastMessage"), str):
        order["lastMessage"] = NUMBER.sub(_masked_if_valid, message)


def masked(value: Any) -> Any:  # noqa: ANN401 - JSON can be anything
    """A card number without its middle; anything else unchanged."""
    digits = re.sub(r"\D", "", str(value)) if isinstance(value, str | int) else ""
    hidden = len(digits) - FIRST - LAST
    return f"{digits[:FIRST]}{'*' * hidden}{digits[-LAST:]}" if hidden > 0 else value


def _objects_with_cards(order: Document) -> list[Document]:
    """The objects, in parts that others than VTEX fill in, that have a field named for card data.

    This visits each value of many orders. Comparing ``__class__`` is the fastest test.
    """
    found = []
    todo: list[Any] = [
        value
        for name, value in order.items()
        if value.__class__ in CONTAINERS and name not in WITHOUT_CARDS
    ]
    for item in objects_in(order.get("items")):
        free = map(item.get, FREE_ITEM_FIELDS)
        todo += [value for value in free if value and value.__class__ in CONTAINERS]
    for value in todo:
        inside = value
        if value.__class__ is dict:
            if not NAMES.isdisjoint(value):
                found.append(value)
            inside = value.values()
        for one in inside:
            if one and one.__class__ in CONTAINERS:
                todo.append(one)
    return found


def _truncate_digits(payment: Document) -> None:
    """Cut a payment's digits down to what the field names promise."""
    first, last = payment.get("firstDigits"), payment.get("lastDigits")
    if isinstance(first, str) and len(first) > FIRST + 2:
        payment["firstDigits"] = first[:FIRST]
    if isinstance(last, str) and len(last) > LAST:
        payment["lastDigits"] = last[-LAST:]


def _mask_texts(fields: Document) -> None:
    for name, value in fields.items():
        if isinstance(value, str) and name.lower() not in IDS:
            fields[name] = NUMBER.sub(_masked_if_valid, value)


def _masked_if_valid(match: re.Match[str]) -> str:
    """A number without its middle, if its check digit (Luhn) marks it as a card number."""
    digits = [int(digit) for digit in match[0] if digit.isdigit()]
    doubled = [sum(divmod(digit * 2, 10)) for digit in digits[-2::-2]]
    is_valid = (sum(doubled) + sum(digits[-1::-2])) % 10 == 0
    return str(masked(match[0])) if is_valid else match[0]
