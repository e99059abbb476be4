"""The lines of an order, after the store's changes to it.

VTEX leaves ``items`` as they were bought. Later additions and removals are in
``changesAttachment``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

from tap_vtex.streams.orders.amounts import (
    ONE,
    ZERO,
    Amounts,
    amounts_of,
    number,
    plain,
    prorated,
)
from tap_vtex.streams.orders.parts import object_in, objects_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from tap_vtex.types import Document

#: Fields that an added item shares with a bought one of the same SKU. VTEX does not send them.
COMMON: Final = (
    *("productId", "ean", "refId", "seller", "sellerSku", "name", "measurementUnit"),
    *("unitMultiplier", "imageUrl", "additionalInfo"),
)
#: Ids of the order totals that sum up its lines. A tuple, because an id may be unhashable.
LINE_TOTALS: Final = ("Items", "Discounts", "Change")


@dataclass(slots=True)
class Line:
    """A line of an order: an item bought, or added later."""

    item: Document
    amounts: Amounts
    #: Pieces at first; None if VTEX does not say.
    quantity: Decimal | None
    #: Pieces left.
    left: Decimal
    is_added: bool

    @classmethod
    def of(cls, item: Document, *, is_added: bool = False) -> Line:
        """The line of an item, with all its pieces."""
        quantity = number(item.get("quantity"))
        return cls(item, amounts_of(item), quantity, quantity or ZERO, is_added)

    @property
    def is_gone(self) -> bool:
        """Whether changes to the order have removed all pieces."""
        return self.left <= 0 and self.quantity is not None and self.quantity > 0

    @property
    def total_left(self) -> Decimal | None:
        """The total of the pieces left, in whole hundredths."""
        total = self.amounts.total
        return prorated(total, self.left, self.quantity) if total and self.quantity else total


def lines_of(order: Document) -> list[Line]:
    """The lines bought, in the sequence of ``items``, then those added."""
    lines = [Line.of(item) for item in objects_in(order.get("items"))]
    bought = [line.item for line in lines]
    for change in objects_in(object_in(order.get("changesAttachment")).get("changesData")):
        removed = objects_in(change.get("itemsRemoved"))
        gone = [one.get("uniqueId") for one in removed]
        added = []
        for one in objects_in(change.get("itemsAdded")):
            # Don't count an addition twice that VTEX has also put into `items`.
            same = [] if one.get("uniqueId") in gone else _of_unique_id(lines, one)
            for line in same:
                line.is_added = True
            if not same:
                added.append(_added(one, bought))
        for one in removed:
            # Prefer lines from before the change.
            _remove(one, lines, added)
        lines += added
    return lines


class OrderWithLines:
    """An order and its lines, which several streams use."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def lines(self) -> list[Line]:
        """The lines after all changes."""
        return lines_of(self.document)


def value_difference(order: Document, lines: Iterable[Line] | None = None) -> float | None:
    """An order's value minus the sum of its lines and its other totals, in hundredths.

    The totals of items, discounts and changes don't count, because the lines include them.

    Args:
        order: The order.
        lines: Its lines, if they have been read already.

    Returns:
        The difference; None if VTEX sends no value.
    """
    value = number(order.get("value"))
    if value is None:
        return None
    for line in lines_of(order) if lines is None else lines:
        value -= line.total_left or ZERO
    for entry in objects_in(order.get("totals")):
        if entry.get("id") not in LINE_TOTALS:
            value -= number(entry.get("value")) or ZERO
    return plain(value)


def _added(entry: Document, bought: list[Document]) -> Line:
    """The line of an added item, completed from a bought one of the same SKU."""
    sellers = {one.get("seller") for one in bought if isinstance(one.get("seller"), str)}
    like: Document = {"seller": sellers.pop()} if len(sellers) == 1 else {}
    for item in bought:
        if str(item.get("id")) == str(entry.get("id")):
            like = {name: item.get(name) for name in COMMON}
            break
    said = {name: value for name, value in entry.items() if value is not None}
    return Line.of({**like, **said}, is_added=True)


def _remove(entry: Document, *groups: list[Line]) -> None:
    """Remove an item's pieces from the lines that match it best."""
    wanted = number(entry.get("quantity")) or ZERO
    for lines in groups:
        matching = [line for line in _of_item(lines, entry) if line.left > 0]
        for line in sorted(matching, key=lambda line: _mismatches(line.item, entry)):
            taken = min(line.left, wanted)
            line.left -= taken
            wanted -= taken


def _of_item(lines: list[Line], entry: Document) -> list[Line]:
    """The lines of a removed item.

    An item is identified by its SKU. Where that is another id, as in one of VTEX's examples, match
    the seller's SKU id, then the name.
    """
    for name, wanted in (("id", "id"), ("sellerSku", "id"), ("name", "name")):
        found = [line for line in lines if str(line.item.get(name)) == str(entry.get(wanted))]
        if found and entry.get(wanted) is not None:
            return found
    return []


def _mismatches(item: Document, entry: Document) -> list[bool]:
    """How an item differs from the removed one, most significant difference first.

    Lines of the same SKU differ by ``uniqueId``, which only some changes have, and by weight and
    price: the price paid, or the price before discounts.
    """
    unit, price = number(entry.get("unitMultiplier")), number(entry.get("price"))
    return [
        entry.get("uniqueId") not in (None, item.get("uniqueId")),
        unit is not None and unit != (number(item.get("unitMultiplier")) or ONE),
        price != number(item.get("sellingPrice", item.get("price"))),
        price != number(item.get("price")),
    ]


def _of_unique_id(lines: list[Line], entry: Document) -> list[Line]:
    unique_id = entry.get("uniqueId")
    return [line for line in lines if unique_id and line.item.get("uniqueId") == unique_id]
