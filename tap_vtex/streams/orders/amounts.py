"""The arithmetic of an order's amounts.

VTEX sends amounts in hundredths of the currency. The tap calculates exactly and rounds where VTEX
does: once per line.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TYPE_CHECKING, Final, NamedTuple

from tap_vtex.streams.orders.parts import object_in, objects_in

if TYPE_CHECKING:
    from tap_vtex.types import Document

ZERO: Final = Decimal(0)
ONE: Final = Decimal(1)
#: No number in an order is this large. A larger value is an error and counts as missing.
LIMIT: Final = 10**18


class Amounts(NamedTuple):
    """The amounts of an order line, in hundredths."""

    #: The discounts on the price; negative, as in VTEX.
    discount: Decimal
    #: The discounts on the order's shipping; negative, and not part of the total.
    shipping_discount: Decimal
    #: The price of added services, such as gift wrapping.
    services: Decimal
    #: Price, discount and services, in whole hundredths; None if VTEX sends no price.
    total: Decimal | None


def number(value: object) -> Decimal | None:
    """The exact value of a JSON number or of a number sent as text; None for anything else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return Decimal(value) if -LIMIT < value < LIMIT else None
    if not isinstance(value, float | str):
        return None
    try:
        exact = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return exact if exact.is_finite() and -LIMIT < exact < LIMIT else None


def plain(exact: Decimal | None) -> float | None:
    """A number for a record: an integer where it is whole."""
    if exact is None:
        return None
    whole = int(exact)
    return whole if whole == exact else float(exact)


def rounded(exact: Decimal) -> Decimal:
    """Round an amount to whole hundredths; halves away from zero."""
    return exact.to_integral_value(ROUND_HALF_UP)


def prorated(amount: Decimal, pieces: Decimal, of: Decimal) -> Decimal:
    """The part of an amount that falls to some of its pieces, in whole hundredths."""
    return amount if pieces == of else rounded(amount * pieces / of)


def amounts_of(item: Document) -> Amounts:
    """The amounts of a line.

    ``price`` is per measurement unit. A piece has ``unitMultiplier`` units, perhaps a fraction.
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
    """Sum the discounts among price tags: those on the price, and those on shipping.

    A tag's name says what it changes: ``discount@price-...``, ``discount@shipping-...`` or
    ``DISCOUNT@MARKETPLACE``. Shipping discounts are kept apart because the order's shipping price
    already includes them. VTEX says that ``DISCOUNT@SHIPPINGMARKETPLACE`` is informational only.

    Args:
        tags: The price tags.
        full: The price of all pieces before discounts, the base of percentages.
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
    """A tag's value, in hundredths or in percent."""
    value, raw = number(tag.get("value")), number(tag.get("rawValue"))
    if value is None:
        return ZERO if raw is None else raw * 100
    return value


def _services(services: object, pieces: Decimal | None) -> Decimal:
    """The price of services.

    A service's price is per piece. Without a quantity, it applies to all pieces.
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

    ``priceDefinition`` holds VTEX's result of the same calculation, so it shows which way VTEX
    rounded. Use it for nothing else: in chain orders it lacks the discounts (known issue 663203).
    """
    definition = item.get("priceDefinition") or item.get("priceDefinitions")
    vtex = number(object_in(definition).get("total"))
    return rounded(exact if vtex is None or abs(vtex - exact) >= 1 else vtex)
