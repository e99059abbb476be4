"""The core of an order: who bought what, for how much."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sandbox.goods import Sku, sku
from sandbox.people import Person, person

if TYPE_CHECKING:
    from sandbox.oms.book import Order

PAYMENTS = (
    ("2", "Visa", "creditCard"),
    ("4", "Mastercard", "creditCard"),
    ("6", "Boleto Bancário", "bankInvoice"),
    ("125", "Pix", "instantPayment"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of an order. Money is in cents."""

    sku: Sku
    quantity: int
    off: int

    @property
    def full_price(self) -> int:
        """The price of all pieces before the discount."""
        return self.sku.price * self.quantity

    @property
    def total(self) -> int:
        """The price of all pieces after the discount."""
        return self.full_price - self.off


class Gist:
    """The core of an order. The rest of its document is decoration."""

    def __init__(self, order: Order, created: int, seed: int, clients: int, skus: int) -> None:
        self.order_id = order.order_id
        self.created = created
        self.dice = dice = random.Random(f"order {seed} {order.left_incomplete} {order.number}")
        self.buyer: Person = person(seed, dice.randrange(clients))
        self.lines = [
            _line(sku(seed, dice.randrange(skus)), dice)
            for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 5)))
        ]
        self.shipping = dice.choice((0, 0, 990, 1490, 2390, 3990))
        self.payment = dice.choice(PAYMENTS)
        self.sequence = str(500000 + order.number)
        self.from_marketplace = self.order_id.startswith("MLB-")

    @property
    def value(self) -> int:
        """The amount that the buyer pays, in cents."""
        return sum(line.total for line in self.lines) + self.shipping


def _line(item: Sku, dice: random.Random) -> Line:
    quantity = dice.choice((1, 1, 1, 2, 3))
    off = round(item.price * quantity * 0.1) if dice.random() < 0.3 else 0
    return Line(item, quantity, off)
