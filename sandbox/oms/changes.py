"""The store's changes to an order after the purchase, as its document shows them.

VTEX leaves ``items`` as they were bought, and lists additions and removals in
``changesAttachment``. The order's value changes accordingly, and its totals get another entry,
``Change``. VTEX's order-placed app has such an order in its tests.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, Final

from sandbox.clock import seven_digits
from sandbox.oms.gist import Line

if TYPE_CHECKING:
    from sandbox.oms.gist import Gist
    from sandbox.oms.lifecycle import Action, State

Json = dict[str, Any]

#: A discount given without removing anything, in cents.
GOODWILL: Final = 500


@dataclass
class Change:
    """One change of an order."""

    at: int
    reason: str
    #: Lines added.
    added: list[Line] = field(default_factory=list)
    #: Lines with the number of pieces removed.
    removed: list[tuple[Line, int]] = field(default_factory=list)
    #: How much cheaper the order became, in cents.
    discount: int = 0
    #: How much more expensive the order became, in cents.
    increment: int = 0


class Changes:
    """All changes to an order, in sequence."""

    def __init__(self, gist: Gist, state: State) -> None:
        self._gist = gist
        #: The lines bought, then those added.
        self.lines = [*gist.lines]
        #: The pieces left of each line.
        self.left = [line.quantity for line in gist.lines]
        self.made = [self._make(action, at) for action, at in state.changes]

    @property
    def value(self) -> int:
        """The difference that the changes make to the order's value, in cents."""
        return sum(change.increment - change.discount for change in self.made)

    def attachment(self) -> Json | None:
        """The field changesAttachment."""
        if not self.made:
            return None
        changes = [_entry(change, self._gist.order_id) for change in self.made]
        return {"id": "changeAttachment", "changesData": changes}

    def _make(self, action: Action, at: int) -> Change:
        last = max((n for n, left in enumerate(self.left) if left), default=0)
        if action == "remove_item":
            return self._remove(Change(at, "Sem estoque"), last, self.left[last])
        if action == "remove_piece":
            return self._remove(Change(at, "Um veio com defeito"), self.left.index(max(self.left)))
        if action == "substitute":
            change = self._remove(Change(at, "Trocado por similar"), last, self.left[last])
            return self._add(change, self._gist.spare)
        if action == "reweigh":
            line = self.lines[last]
            change = self._remove(Change(at, "Pesado na loja"), last, self.left[last])
            return self._add(change, Line(line.sku, 1, weighed=Decimal("0.815")))
        if action == "add_item":
            return self._add(Change(at, "O cliente pediu mais"), self._gist.spare)
        return Change(at, "Cortesia", discount=GOODWILL)

    def _remove(self, change: Change, number: int, pieces: int = 1) -> Change:
        line, before = self.lines[number], self.left[number]
        if not before:
            return change  # nothing is left of the order
        self.left[number] -= pieces
        change.removed.append((line, pieces))
        change.discount += line.price_of(before) - line.price_of(self.left[number])
        return change

    def _add(self, change: Change, line: Line) -> Change:
        self.lines.append(line)
        self.left.append(line.quantity)
        change.added.append(line)
        change.increment += line.total
        return change


def _entry(change: Change, order_id: str) -> Json:
    return {
        "reason": change.reason,
        "discountValue": change.discount,
        "incrementValue": change.increment,
        "itemsAdded": [_item(line, line.quantity) for line in change.added],
        "itemsRemoved": [_item(line, pieces) for line, pieces in change.removed],
        "receipt": {
            "date": seven_digits(change.at),
            "orderId": order_id,
            "receipt": "029f9ab8-751a-4b1e-bf81-7dd25d14b49b",
        },
    }


def _item(line: Line, pieces: int) -> Json:
    return {
        "id": str(line.sku.sku_id),
        "name": line.sku.name,
        "quantity": pieces,
        "price": line.sku.price,
        # A string in VTEX's reference; null in its example.
        "unitMultiplier": None if line.unit_multiplier == 1 else str(line.unit_multiplier),
    }
