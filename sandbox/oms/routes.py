"""The routes of VTEX's Orders API."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from sandbox.clock import DAY, SECOND, ticks
from sandbox.interception import INDEX_LAG
from sandbox.oms.book import YEARS_SHOWN, Order, Selection, Window
from sandbox.oms.document import document, row
from sandbox.oms.gist import Gist
from sandbox.oms.payment import show_cards
from sandbox.responses import STORE, json_response, oms_error

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.quirks import Quirks
    from sandbox.store import Store

MAX_PAGE = 30
ALWAYS = Window(0, 2**62)
FILTERS = {"f_authorizedDate": "authorized", "f_invoicedDate": "invoiced"}
#: Filters orders by whether they have a return invoice.
RETURNED = "f_hasInputInvoice"

routes = web.RouteTableDef()


class Query(NamedTuple):
    """The parameters of a list request."""

    page: int
    size: int
    created: Window
    #: Windows of other dates, by the state's field.
    filters: dict[str, Window]
    incomplete: bool
    descending: bool

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Query:
        """Parse a query.

        Raises:
            ValueError: a number or a window is malformed.
        """
        return cls(
            page=int(query.get("page", "1")),
            size=int(query.get("per_page", "15")),
            created=_window(query.get("f_creationDate"), "creationDate"),
            filters={
                field: _window(query[name], name.removeprefix("f_"))
                for name, field in FILTERS.items()
                if name in query
            }
            | ({"returned": ALWAYS} if query.get(RETURNED) == "true" else {}),
            incomplete=query.get("incompleteOrders") == "true",
            descending=not query.get("orderBy", "creationDate,desc").endswith(",asc"),
        )

    def days(self) -> float:
        """The length of the longest window, in days; 0 if there is none."""
        windows = [window for window in (self.created, *self.filters.values()) if window != ALWAYS]
        return max(((window.end - window.start) / DAY for window in windows), default=0)


@routes.get("/api/oms/pvt/orders")
async def list_orders(request: web.Request) -> web.Response:
    """VTEX's List orders."""
    store = request.app[STORE]
    if not store.may("List Orders", "Orders Full Access"):
        return oms_error(store.quirks.lacking_access, "1", "Unauthorized access")
    now = store.clock.now() - int(request.get(INDEX_LAG, 0))
    try:
        query = Query.of(request.query)
    except ValueError:
        return oms_error(400, "OMS400", "Invalid parameters")
    if complaint := _complaint(query, store.quirks, now):
        return oms_error(400, "OMS400", complaint)
    if RETURNED in request.query and store.quirks.returned_filter == "error":
        return oms_error(400, "OMS400", "Invalid parameters")
    if store.quirks.returned_filter == "ignored":
        query.filters.pop("returned", None)
    found, descending = _selection(store, query, now)
    size = max(1, min(query.size, store.quirks.max_rows))
    if query.page <= MAX_PAGE or store.quirks.page_31 == "repeat":
        orders = found.page(min(query.page, MAX_PAGE), size, descending=descending)
    else:
        orders = []
    return json_response(
        {
            "list": [order_row(store, order, now) for order in orders],
            "facets": [],
            "paging": {
                "total": found.total,
                "pages": -(-found.total // size),
                "currentPage": query.page,
                "perPage": size,
            },
            "stats": {"stats": {"totalItems": {}, "totalValue": {}}},
            "reportRecordsLimit": 50000,
        }
    )


def _complaint(query: Query, quirks: Quirks, now: int) -> str | None:
    """Why the list refuses a query; None if it is valid."""
    if query.size > quirks.max_rows and quirks.large_pages == "error":
        return f"per_page must be at most {quirks.max_rows}"
    if query.page > MAX_PAGE and quirks.page_31 == "error":
        return f"Max page exceed ( {MAX_PAGE} ), refine filter"
    is_too_old = query.created != ALWAYS and query.created.start < now - YEARS_SHOWN
    if is_too_old and quirks.beyond_two_years == "error":
        return "Orders are available for two years"
    if _is_too_long(query, quirks) and quirks.long_windows == "error":
        return "The range of dates is too long"
    return None


def _is_too_long(query: Query, quirks: Quirks) -> bool:
    return quirks.max_window_days is not None and query.days() > quirks.max_window_days


def _selection(store: Store, query: Query, now: int) -> tuple[Selection, bool]:
    """The orders that the list finds, and whether the newest come first."""
    if _is_too_long(query, store.quirks):
        return Selection(0, ()), query.descending
    found = store.book.select(query.created, query.filters, now, incomplete=query.incomplete)
    if not found.total and query.days() and store.quirks.empty_window == "latest":
        return store.book.select(ALWAYS, {}, now, incomplete=query.incomplete), True
    return found, query.descending


@routes.get("/api/oms/pvt/orders/{order_id}")
async def get_order(request: web.Request) -> web.Response:
    """VTEX's Get order."""
    store = request.app[STORE]
    if not store.may("View order", "Orders Full Access"):
        return oms_error(store.quirks.lacking_access, "1", "Unauthorized access")
    now = store.clock.now()
    order = Order.of_id(request.match_info["order_id"])
    if order is None or not store.book.exists(order, now):
        return oms_error(404, "OMS007", "Order Not Found")
    if status := store.book.broken.get(order):
        return oms_error(status, "OMS000", "The order can't be read")
    shown = max(now - int(store.quirks.order_lag * SECOND), store.book.created(order))
    return json_response(order_document(store, order, shown))


def order_document(store: Store, order: Order, at: int) -> dict[str, object]:
    """An order as Get order returns it at a time."""
    found = document(_gist(store, order), store.book.state(order, at), store.account)
    if store.quirks.shows_cards:
        show_cards(found)
    return found


def order_row(store: Store, order: Order, at: int) -> dict[str, object]:
    """An order as a row of the list at a time."""
    entry = row(_gist(store, order), store.book.listed_state(order, at))
    if not store.quirks.rows_have_last_change:
        del entry["lastChange"]
    return entry


def _gist(store: Store, order: Order) -> Gist:
    return Gist(order, store.book.created(order), store.seed, store.clients, store.skus)


def _window(text: str | None, field: str) -> Window:
    """A filter like ``creationDate:[2022-01-01T02:00:00.000Z TO 2022-01-02T01:59:59.999Z]``."""
    if text is None:
        return ALWAYS
    match = re.fullmatch(rf"{field}:\[(\S+Z) TO (\S+Z)\]", text)
    if match is None:
        raise ValueError(text)
    start, end = (ticks(datetime.fromisoformat(part)) for part in match.groups())
    return Window(start, end)
