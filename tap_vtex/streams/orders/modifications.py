"""The lines of an order as they stand after the store has changed it.

VTEX leaves ``items`` as they were bought. What was added and removed later is listed beside
them, in ``changesAttachment``.
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
    share,
)
from tap_vtex.streams.orders.parts import object_in, objects_in

if TYPE_CHECKING:
    from collections.abc import Iterable
    from decimal import Decimal

    from tap_vtex.types import Document

#: What an added item has in common with a bought one of the same SKU. VTEX sends none of it.
COMMON: Final = (
    *("productId", "ean", "refId", "seller", "sellerSku", "name", "measurementUnit"),
    *("unitMultiplier", "imageUrl", "additionalInfo"),
)
#: Totals of an order that stand for its lines. A tuple, as drift makes anything of an id.
STANDING_FOR_LINES: Final = ("Items", "Discounts", "Change")


@dataclass(slots=True)
class Line:
    """A line of an order: what was bought, or what was added later."""

    item: Document
    amounts: Amounts
    #: How many pieces it had; None if VTEX does not say.
    quantity: Decimal | None
    #: How many of them are left.
    left: Decimal
    is_added: bool

    @classmethod
    def of(cls, item: Document, *, is_added: bool = False) -> Line:
        """The line of an item, with all its pieces."""
        quantity = number(item.get("quantity"))
        return cls(item, amounts_of(item), quantity, quantity or ZERO, is_added)

    @property
    def is_gone(self) -> bool:
        """Whether a change of the order has left nothing of it."""
        return self.left <= 0 and self.quantity is not None and self.quantity > 0

    @property
    def total_left(self) -> Decimal | None:
        """What the pieces that are left come to, in whole hundredths."""
        total = self.amounts.total
        return share(total, self.left, self.quantity) if total and self.quantity else total


def lines_of(order: Document) -> list[Line]:
    """The lines that were bought, in the order of ``items``, and then those that were added."""
    lines = [Line.of(item) for item in objects_in(order.get("items"))]
    bought = [line.item for line in lines]
    for change in objects_in(object_in(order.get("changesAttachment")).get("changesData")):
        removed = objects_in(change.get("itemsRemoved"))
        gone = [one.get("uniqueId") for one in removed]
        added = []
        for one in objects_in(change.get("itemsAdded")):
            # Where VTEX puts what was added into `items` too, it is not there twice.
            same = [] if one.get("uniqueId") in gone else _of_unique_id(lines, one)
            for line in same:
                line.is_added = True
            if not same:
                added.append(_added(one, bought))
        for one in removed:
            # What a change takes out was there before it, if possible.
            _remove(one, lines, added)
        lines += added
    return lines


class ReadOrder:
    """An order that was read, with its lines, of which more than one stream makes something."""

    def __init__(self, document: Document) -> None:
        self.document = document

    @cached_property
    def lines(self) -> list[Line]:
        """The lines as they stand now."""
        return lines_of(self.document)


def value_difference(order: Document, lines: Iterable[Line] | None = None) -> float | None:
    """What an order's value has beyond what its lines and totals add up to, in hundredths.

    The totals of items, discounts and changes are not counted, since the lines stand for them.

    Args:
        order: The order.
        lines: Its lines, if they are known already.

    Returns:
        The difference; None if VTEX sends no value.
    """
    value = number(order.get("value"))
    if value is None:
        return None
    for line in lines_of(order) if lines is None else lines:
        value -= line.total_left or ZERO
    for entry in objects_in(order.get("totals")):
        if entry.get("id") not in STANDING_FOR_LINES:
            value -= number(entry.get("value")) or ZERO
    return plain(value)


def _added(entry: Document, bought: list[Document]) -> Line:
    """The line of an added item, with what is known of it from a bought one."""
    sellers = {one.get("seller") for one in bought if isinstance(one.get("seller"), str)}
    like: Document = {"seller": sellers.pop()} if len(sellers) == 1 else {}
    for item in bought:
        if str(item.get("id")) == str(entry.get("id")):
            like = {name: item.get(name) for name in COMMON}
            break
    said = {name: value for name, value in entry.items() if value is not None}
    return Line.of({**like, **said}, is_added=True)


def _remove(entry: Document, *groups: list[Line]) -> None:
    """Take the pieces of a removed item out of the lines that fit it best."""
    wanted = number(entry.get("quantity")) or ZERO
    for lines in groups:
        fitting = [line for line in _of_item(lines, entry) if line.left > 0]
        for line in sorted(fitting, key=lambda line: _misfit(line.item, entry)):
            taken = min(line.left, wanted)
            line.left -= taken
            wanted -= taken


def _of_item(lines: list[Line], entry: Document) -> list[Line]:
    """The lines of an item that was removed.

    It is named by its SKU. In case it has another id there, as in an example of VTEX's, the
    SKU's id at the seller and its name tell as well.
    """
    for name, wanted in (("id", "id"), ("sellerSku", "id"), ("name", "name")):
        found = [line for line in lines if str(line.item.get(name)) == str(entry.get(wanted))]
        if found and entry.get(wanted) is not None:
            return found
    return []


def _misfit(item: Document, entry: Document) -> list[bool]:
    """In which respects an item is not the one that was removed, the weightiest first.

    Lines of the same SKU are told apart by ``uniqueId``, which only some changes have, and by
    weight and price: the one that was paid, or the one without discounts.
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
