"""The arithmetic of an order's amounts.

VTEX gives amounts in hundredths of the currency. They are calculated exactly and rounded where
VTEX rounds: once for each line.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, NamedTuple

from tap_vtex.streams.orders.parts import object_in, objects_in

if TYPE_CHECKING:
    from tap_vtex.types import Document

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
#: Nothing that an order counts is as large. Beyond it, a value is a mistake and not a number.
BEYOND: Final = Decimal(10) ** 18


class Discounts(NamedTuple):
    """What the price tags of a line take off, in hundredths; negative, as VTEX has them."""

    price: Decimal
    shipping: Decimal


def number(value: object) -> Decimal | None:
    """A number, exactly as JSON has it, also where it came as text; None if it is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        exact = Decimal(value if isinstance(value, int) else str(value).strip())
    except InvalidOperation:
        return None
    return exact if exact.is_finite() and -BEYOND < exact < BEYOND else None


def plain(exact: Decimal | None) -> float | None:
    """A number as a record has it: an integer if it is one."""
    if exact is None:
        return None
    whole = int(exact)
    return whole if whole == exact else float(exact)


def rounded(exact: Decimal) -> Decimal:
    """An amount rounded to whole hundredths; a half away from zero."""
    return exact.to_integral_value(ROUND_HALF_UP)


def share(amount: Decimal, pieces: Decimal, of: Decimal) -> Decimal:
    """What some of the pieces come to, if all together come to an amount."""
    return amount if pieces == of else rounded(amount * pieces / of)


def full_price(item: Document) -> Decimal | None:
    """The price of all pieces of a line before discounts, not rounded; None without a price.

    ``price`` is that of one measurement unit, of which a piece may have several, or a part.
    """
    price, quantity = number(item.get("price")), number(item.get("quantity"))
    if price is None or quantity is None:
        return None
    return price * quantity * (number(item.get("unitMultiplier")) or ONE)


def discounts(item: Document) -> Discounts:
    """The discounts among a line's price tags.

    A tag is named after what it changes, as in ``discount@price-...``, ``discount@shipping-...``
    or ``DISCOUNT@MARKETPLACE``. Discounts on shipping are in the order's price of shipping, so
    they are told apart. ``DISCOUNT@SHIPPINGMARKETPLACE`` is for information only, says VTEX.
    """
    price = shipping = ZERO
    for tag in objects_in(item.get("priceTags")):
        kind, _, of = str(tag.get("name")).lower().partition("@")
        if kind != "discount" or of.startswith("shippingmarketplace"):
            continue
        value = _value(tag)
        if not tag.get("isPercentual"):
            if of.startswith("shipping"):
                shipping += value
            else:
                price += value
        elif not of.startswith("shipping"):
            price += (full_price(item) or ZERO) * value / 100
    return Discounts(price, shipping)


def _value(tag: Document) -> Decimal:
    """A tag's value: hundredths, or percents."""
    value, raw = number(tag.get("value")), number(tag.get("rawValue"))
    if value is None:
        return ZERO if raw is None else raw * 100
    return value


def services(item: Document) -> Decimal:
    """The price of the services bought with a line, such as gift wrapping, in hundredths.

    A service has the price of one piece. It is for all of them if it does not say for how many.
    """
    total = ZERO
    for service in objects_in(item.get("bundleItems")):
        price = number(service.get("price"))
        quantity = number(service.get("quantity", item.get("quantity")))
        if price is not None and quantity is not None:
            total += price * quantity
    return total


def total(item: Document) -> Decimal | None:
    """What a line comes to, in whole hundredths: discounts and services are in it.

    ``priceDefinition`` has what VTEX made of the same calculation, so it tells which way a
    fraction was rounded. It can't be taken for more than that: in chain orders, it lacks the
    discounts (known issue 663203).
    """
    full = full_price(item)
    if full is None:
        return None
    exact = full + discounts(item).price
    definition = item.get("priceDefinition") or item.get("priceDefinitions")
    vtex = number(object_in(definition).get("total"))
    if vtex is None or abs(vtex - exact) >= 1:
        vtex = exact
    return rounded(vtex) + rounded(services(item))
