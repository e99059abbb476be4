"""The endpoints of VTEX's order management (OMS), and the rows of its list."""

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

#: The list ends after this many pages. Page 31 is refused.
MAX_PAGES: Final = 30
ROWS_PER_PAGE: Final = 100

Query = dict[str, "str | int"]


def _is_page(body: object) -> TypeGuard[Document]:
    """Whether a body is a page of the list. A row that can't be read spoils no page."""
    return (
        isinstance(body, dict)
        and isinstance(body.get("list"), list)
        and isinstance(body.get("paging"), dict)
    )


class _OrderHead(msgspec.Struct, gc=False):
    order_id: Any = msgspec.field(name="orderId", default=None)


class OrderBody(Undecoded[_OrderHead]):
    """An order as it came."""

    def __init__(self, content: bytes) -> None:
        super().__init__(content, _OrderHead)

    @property
    def order_id(self) -> object:
        """Its id; None if it has none."""
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
    """What a row of the list says that helps to find an order; dates in whole seconds."""

    order_id: str
    created: datetime | None = None
    #: Undocumented, though VTEX's own apps read it. None if a row lacks it.
    last_change: datetime | None = None

    @classmethod
    def parse(cls, row: object) -> Row | None:
        """Read a row of a page; None if it has no id that can be read."""
        order_id = row.get("orderId") if isinstance(row, dict) else None
        if not isinstance(row, dict) or not isinstance(order_id, str | int) or not order_id:
            return None
        created = dates.parse(row.get("creationDate"))
        last_change = dates.parse(row.get("lastChange"))
        return cls(str(order_id), created and whole_second(created), last_change)

    def is_since(self, moment: datetime) -> bool:
        """Whether the order was created at a moment or later, as far as the row says."""
        return self.created is None or self.created >= moment

    def is_until(self, moment: datetime) -> bool:
        """Whether the row says that the order was created at a moment or earlier."""
        return self.created is not None and self.created <= moment


def size_of(page: Document) -> int:
    """How many rows a full page has."""
    size = _number(page["paging"].get("perPage"))
    return size if 0 < size <= ROWS_PER_PAGE else ROWS_PER_PAGE


def total_of(page: Document) -> int:
    """The total that a page announces; as many as it has rows, if that can't be read."""
    return _number(page["paging"].get("total")) or len(page["list"])


def pages_of(page: Document) -> int:
    """How many pages a list has, by what one of its pages announces."""
    return -(-total_of(page) // size_of(page))


def _number(value: object) -> int:
    """A whole number that may come as text or with a fraction; 0 if it can't be read."""
    try:
        return max(0, int(float(str(value))))
    except (OverflowError, ValueError):
        return 0


def date_filter(name: str, window: Window) -> str:
    """A window in the syntax of the list's filters.

    It ends with the last millisecond of its last second. A window of one second ends with the
    next second instead, because its neighbour shares nothing with it.
    """
    start, end = window.start, window.end
    until = f"{end:%Y-%m-%dT%H:%M:%S}.999Z"
    if start == end:
        until = f"{end + SECOND:%Y-%m-%dT%H:%M:%S}.000Z"
    return f"{name}:[{start:%Y-%m-%dT%H:%M:%S}.000Z TO {until}]"
