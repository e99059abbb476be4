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
BEYOND: Final = 10**18


class Amounts(NamedTuple):
    """What a line of an order comes to, in hundredths."""

    #: What its price tags take off the price; negative, as VTEX has it.
    discount: Decimal
    #: What they take off the shipping of the order, likewise. It is not in the total.
    shipping_discount: Decimal
    #: The price of services bought with it, such as gift wrapping.
    services: Decimal
    #: Price, discount and services, in whole hundredths; None if VTEX does not send a price.
    total: Decimal | None


def number(value: object) -> Decimal | None:
    """A number, exactly as JSON has it, also where it came as text; None if it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value) if -BEYOND < value < BEYOND else None
    if not isinstance(value, float | str):
        return None
    try:
        exact = Decimal(str(value).strip())
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


def amounts_of(item: Document) -> Amounts:
    """What a line comes to.

    ``price`` is that of one measurement unit, of which a piece may have several, or a part.
    """
    price, quantity = number(item.get("price")), number(item.get("quantity"))
    full = None
    if price is not None and quantity is not None:
        full = price * quantity * (number(item.get("unitMultiplier")) or ONE)
    discount, shipping_discount = _discounts(item.get("priceTags"), full or ZERO)
    services = _services(item.get("bundleItems"), quantity)
    total = None
    if full is not None:
        total = _as_vtex_rounds(full + discount, item) + rounded(services)
    return Amounts(discount, shipping_discount, services, total)


def _discounts(tags: object, full: Decimal) -> tuple[Decimal, Decimal]:
    """The sums of the discounts among price tags: those on the price, those on shipping.

    A tag is named after what it changes, as in ``discount@price-...``, ``discount@shipping-...``
    or ``DISCOUNT@MARKETPLACE``. Discounts on shipping are in the order's price of shipping, so
    they are told apart. ``DISCOUNT@SHIPPINGMARKETPLACE`` is for information only, says VTEX.

    Args:
        tags: The price tags.
        full: The price of all pieces before discounts, which a percentage is one of.
    """
    price = shipping = ZERO
    for tag in objects_in(tags):
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
            price += full * value / 100
    return price, shipping


def _value(tag: Document) -> Decimal:
    """A tag's value: hundredths, or percents."""
    value, raw = number(tag.get("value")), number(tag.get("rawValue"))
    if value is None:
        return ZERO if raw is None else raw * 100
    return value


def _services(services: object, pieces: Decimal | None) -> Decimal:
    """The price of services.

    A service has the price of one piece. It is for all of them if it does not say for how many.
    """
    total = ZERO
    for service in objects_in(services):
        price, quantity = number(service.get("price")), number(service.get("quantity"))
        if quantity is None:
            quantity = pieces
        if price is not None and quantity is not None:
            total += price * quantity
    return total


def _as_vtex_rounds(exact: Decimal, item: Document) -> Decimal:
    """The total of a line in whole hundredths.

    ``priceDefinition`` has what VTEX made of the same calculation, so it tells which way a
    fraction went. It can't be taken for more than that: in chain orders, it lacks the discounts
    (known issue 663203).
    """
    definition = item.get("priceDefinition") or item.get("priceDefinitions")
    vtex = number(object_in(definition).get("total"))
    return rounded(exact if vtex is None or abs(vtex - exact) >= 1 else vtex)
