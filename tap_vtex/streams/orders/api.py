"""The endpoints of VTEX's order management (OMS), and the rows of the order list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard

import msgspec

from tap_vtex import dates
from tap_vtex.http.bodies import Undecoded
from tap_vtex.http.endpoint import Endpoint, Resource
from tap_vtex.windows import SECOND, Window, whole_second

if TYPE_CHECKING:
    from datetime import datetime

    from tap_vtex.types import Document

#: VTEX refuses page 31.
MAX_PAGES: Final = 30
ROWS_PER_PAGE: Final = 100

Query = dict[str, "str | int"]


def _is_page(body: object) -> TypeGuard[Document]:
    """Whether a body is a page of the list. An unreadable row does not invalidate the page."""
    return (
        isinstance(body, dict)
        and isinstance(body.get("list"), list)
        and isinstance(body.get("paging"), dict)
    )


class _OrderHead(msgspec.Struct, gc=False):
    order_id: Any = msgspec.field(name="orderId", default=None)


class OrderBody(Undecoded[_OrderHead]):
    """The body of an order, not decoded yet."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content, _OrderHead)

    @property
    def order_id(self) -> object:
        """The order's id; None if it has none."""
        return self.head.order_id


def _is_order(body: object) -> TypeGuard[OrderBody]:
    return isinstance(body, OrderBody) and bool(body.order_id)


_FULL_ACCESS: Final = Resource("Checkout", "CheckoutResources", "Orders Full Access")
ORDER_LIST: Final = Endpoint(
    "/api/oms/pvt/orders", _is_page, (Resource("OMS", "OMS access", "List Orders"), _FULL_ACCESS)
)
ORDER: Final = Endpoint(
    "/api/oms/pvt/orders/{}",
    _is_order,
    (Resource("OMS", "OMS access", "View order"), _FULL_ACCESS),
    identity=lambda body: body.order_id,
    decode=OrderBody,
)


class Row(NamedTuple):
    """The fields of a list row that help to find an order; dates in whole seconds."""

    order_id: str
    created: datetime | None = None
    #: Undocumented, but used by VTEX's own apps. None if a row lacks it.
    last_change: datetime | None = None

    @classmethod
    def parse(cls, row: object) -> Row | None:
        """Parse a row of a page; None if it has no readable id."""
        order_id = row.get("orderId") if isinstance(row, dict) else None
        if not isinstance(row, dict) or not isinstance(order_id, str | int) or not order_id:
            return None
        created = dates.parse(row.get("creationDate"))
        last_change = dates.parse(row.get("lastChange"))
        return cls(str(order_id), created and whole_second(created), last_change)

    def is_since(self, moment: datetime) -> bool:
        """Whether the order was created at a moment or later; True if the row has no date."""
        return self.created is None or self.created >= moment

    def is_until(self, moment: datetime) -> bool:
        """Whether the order was created at a moment or earlier; False if the row has no date."""
        return self.created is not None and self.created <= moment


def size_of(page: Document) -> int:
    """The number of rows on a full page."""
    size = _number(page["paging"].get("perPage"))
    return size if 0 < size <= ROWS_PER_PAGE else ROWS_PER_PAGE


def total_of(page: Document) -> int:
    """The total that a page announces; its own row count if the total can't be read."""
    return _number(page["paging"].get("total")) or len(page["list"])


def pages_of(page: Document) -> int:
    """The number of pages of a list, calculated from the total on one page."""
    return -(-total_of(page) // size_of(page))


def _number(value: object) -> int:
    """Parse a whole number, perhaps sent as text or with a fraction; 0 if that fails."""
    try:
        return max(0, int(float(str(value))))
    except (OverflowError, ValueError):
        return 0


def date_filter(name: str, window: Window) -> str:
    """Format a window as a filter of the list.

    The filter ends with the last millisecond of the window's last second. A window of one second
    ends at the next second instead, because it shares no second with its neighbor.
    """
    start, end = window.start, window.end
    until = f"{end:%Y-%m-%dT%H:%M:%S}.999Z"
    if start == end:
        until = f"{end + SECOND:%Y-%m-%dT%H:%M:%S}.000Z"
    return f"{name}:[{start:%Y-%m-%dT%H:%M:%S}.000Z TO {until}]"
