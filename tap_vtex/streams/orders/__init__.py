"""Orders, their parts, and incomplete orders: VTEX's order management (OMS)."""

from tap_vtex.streams.orders.streams import (
    IncompleteOrdersStream,
    OrderItemsStream,
    OrdersStream,
    PackagesStream,
    PaymentsStream,
)

__all__ = [
    "IncompleteOrdersStream",
    "OrderItemsStream",
    "OrdersStream",
    "PackagesStream",
    "PaymentsStream",
]
