"""The endpoints of VTEX's order management (OMS), and the rows of its list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard

from tap_vtex import dates
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
    """Whether a body has everything that a page of the list must have."""
    if not isinstance(body, dict):
        return False
    rows, paging = body.get("list"), body.get("paging")
    return (
        isinstance(rows, list)
        and all(isinstance(row, dict) and row.get("orderId") for row in rows)
        and isinstance(paging, dict)
        and isinstance(paging.get("total"), int)
        and isinstance(paging.get("perPage"), int)
        and paging["perPage"] > 0
    )


def _order_id(order: Document) -> object:
    return order["orderId"]


def _is_order(body: object) -> TypeGuard[Document]:
    return isinstance(body, dict) and bool(body.get("orderId"))


_FULL_ACCESS: Final = Resource("Checkout", "CheckoutResources", "Orders Full Access")
ORDER_LIST: Final = Endpoint(
    "/api/oms/pvt/orders", _is_page, (Resource("OMS", "OMS access", "List Orders"), _FULL_ACCESS)
)
ORDER: Final = Endpoint(
    "/api/oms/pvt/orders/{}",
    _is_order,
    (Resource("OMS", "OMS access", "View order"), _FULL_ACCESS),
    identity=_order_id,
)


class Row(NamedTuple):
    """What a row of the list says that helps to find an order; dates in whole seconds."""

    order_id: str
    created: datetime | None = None
    #: Undocumented, though VTEX's own apps read it. None if a row lacks it.
    last_change: datetime | None = None
    #: The window it was listed in, if somebody has to know.
    window: Window | None = None

    @classmethod
    def parse(cls, row: dict[str, Any]) -> Row:
        """Read a row of a page."""
        created = dates.parse(row.get("creationDate"))
        last_change = dates.parse(row.get("lastChange"))
        return cls(str(row["orderId"]), created and whole_second(created), last_change)

    def is_since(self, moment: datetime) -> bool:
        """Whether the order was created at a moment or later, as far as the row says."""
        return self.created is None or self.created >= moment

    def is_until(self, moment: datetime) -> bool:
        """Whether the row says that the order was created at a moment or earlier."""
        return self.created is not None and self.created <= moment


def pages_of(page: Document) -> int:
    """How many pages a list has, by one of its pages."""
    paging: dict[str, int] = page["paging"]
    return -(-paging["total"] // paging["perPage"])


def total_of(page: Document) -> int:
    """The total that a page announces."""
    total: int = page["paging"]["total"]
    return total


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
