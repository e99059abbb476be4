"""Orders, their items, and incomplete orders: VTEX's order management (OMS)."""

from tap_vtex.streams.orders.streams import (
    IncompleteOrdersStream,
    OrderItemsStream,
    OrdersStream,
)

__all__ = ["IncompleteOrdersStream", "OrderItemsStream", "OrdersStream"]
