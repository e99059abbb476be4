"""The core of an order: who bought what, for how much."""

from __future__ import annotations

import random
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal
from typing import TYPE_CHECKING, Final, Literal

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
    #: The discount on all pieces.
    off: int = 0
    #: Whether its price tag has the discount in percent.
    off_in_percent: bool = False
    #: A promotion's discount on shipping. It does not change the price of the line.
    shipping_off: int = 0
    #: The price of gift-wrapping one piece; 0 without it.
    wrapping: int = 0
    #: Measurement units per piece, where weighed; None for the usual number.
    weighed: Decimal | None = None

    @property
    def unit_multiplier(self) -> Decimal:
        """Measurement units per piece."""
        return Decimal(str(self.sku.unit_multiplier)) if self.weighed is None else self.weighed

    @property
    def full_price(self) -> int:
        """The price of all pieces before the discount, rounded once for the line.

        VTEX does not document how it rounds halves.
        """
        exact = self.sku.price * self.unit_multiplier * self.quantity
        return int(exact.quantize(Decimal(1), ROUND_HALF_EVEN))

    @property
    def total(self) -> int:
        """The price of all pieces after the discount, without services."""
        return self.full_price - self.off

    @property
    def services(self) -> int:
        """The price of the services for all pieces."""
        return self.wrapping * self.quantity

    def price_of(self, pieces: int) -> int:
        """The price of a number of pieces, services included; half a cent rounds up."""
        return ((self.total + self.services) * pieces * 2 + self.quantity) // (self.quantity * 2)


PaidBy = Literal["one", "two cards", "gift card and another", "second attempt"]
#: How orders are paid, with the share of each way in percent.
PAID_BY: Final[dict[PaidBy, int]] = {
    "one": 86,
    "two cards": 6,
    "gift card and another": 5,
    "second attempt": 3,
}


class Gist:
    """The core of an order. The rest of its document is decoration."""

    def __init__(self, order: Order, created: int, seed: int, clients: int, skus: int) -> None:
        self.order_id = order.order_id
        self.created = created
        self.dice = dice = random.Random(f"order {seed} {order.left_incomplete} {order.number}")
        # Optional parts have their own source of random numbers.
        self.extras = extras = random.Random(f"extras {order.left_incomplete} {order.number}")
        self.buyer: Person = person(seed, dice.randrange(clients))
        self.lines = [
            _line(sku(seed, dice.randrange(skus)), dice, extras)
            for _ in range(dice.choice((1, 1, 1, 2, 2, 3, 5)))
        ]
        self.shipping = dice.choice((0, 0, 990, 1490, 2390, 3990))
        self.payment = dice.choice(PAYMENTS)
        self.sequence = str(500000 + order.number)
        self.from_marketplace = self.order_id.startswith("MLB-")
        self.is_of_another_seller = self.order_id.endswith("-02")
        #: The marketplace's discount on shipping, for information only.
        self.marketplace_shipping_off = (
            184 if self.from_marketplace and extras.random() < 0.5 else 0
        )
        self.paid_by = extras.choices(tuple(PAID_BY), tuple(PAID_BY.values()))[0]
        #: The line that the store adds if it changes the order.
        self.spare = Line(sku(seed, extras.randrange(skus)), extras.choice((1, 2)))

    @property
    def value(self) -> int:
        """The amount that the buyer pays, in cents."""
        return sum(line.total + line.services for line in self.lines) + self.shipping


def _line(item: Sku, dice: random.Random, extras: random.Random) -> Line:
    quantity = dice.choice((1, 1, 1, 2, 3))
    full = Line(item, quantity)
    return Line(
        item,
        quantity,
        off=round(full.full_price * 0.1) if dice.random() < 0.3 else 0,
        off_in_percent=extras.random() < 0.1,
        shipping_off=extras.choice((350, 990)) if extras.random() < 0.25 else 0,
        wrapping=500 if extras.random() < 0.08 else 0,
    )
