"""The routes of VTEX's Orders API."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

from aiohttp import web

from sandbox.clock import ticks
from sandbox.oms.book import YEARS_SHOWN, Order, Window
from sandbox.oms.document import document, row
from sandbox.oms.gist import Gist
from sandbox.responses import STORE, json_response, oms_error

if TYPE_CHECKING:
    from sandbox.store import Store

MAX_PAGE = 30
ALWAYS = Window(0, 2**62)
FILTERS = {"f_authorizedDate": "authorized", "f_invoicedDate": "invoiced"}

routes = web.RouteTableDef()


@routes.get("/api/oms/pvt/orders")
async def list_orders(request: web.Request) -> web.Response:
    """VTEX's List orders."""
    store = request.app[STORE]
    if not store.may("List Orders", "Orders Full Access"):
        return oms_error(store.quirks.lacking_access, "1", "Unauthorized access")
    query = request.query
    try:
        page = int(query.get("page", "1"))
        size = int(query.get("per_page", "15"))
        created = _window(query.get("f_creationDate"), "creationDate")
        filters = {
            field: _window(query[name], name.removeprefix("f_"))
            for name, field in FILTERS.items()
            if name in query
        }
    except ValueError:
        return oms_error(400, "OMS400", "Invalid parameters")
    max_rows = store.quirks.max_rows
    if size > max_rows and store.quirks.large_pages == "error":
        return oms_error(400, "OMS400", f"per_page must be at most {max_rows}")
    size = max(1, min(size, max_rows))
    if page > MAX_PAGE and store.quirks.page_31 == "error":
        return oms_error(400, "OMS400", "Max page exceed")
    now = store.clock.now()
    too_old = now - YEARS_SHOWN
    if (
        store.quirks.beyond_two_years == "error"
        and created is not ALWAYS
        and created.start < too_old
    ):
        return oms_error(400, "OMS400", "Orders are available for two years")
    found = store.book.select(
        created, filters, now, incomplete=query.get("incompleteOrders") == "true"
    )
    if page <= MAX_PAGE or store.quirks.page_31 == "repeat":
        descending = not query.get("orderBy", "creationDate,desc").endswith(",asc")
        orders = found.page(min(page, MAX_PAGE), size, descending=descending)
    else:
        orders = []
    return json_response(
        {
            "list": [_row(store, order, now) for order in orders],
            "facets": [],
            "paging": {
                "total": found.total,
                "pages": -(-found.total // size),
                "currentPage": page,
                "perPage": size,
            },
            "stats": {"stats": {"totalItems": {}, "totalValue": {}}},
            "reportRecordsLimit": 50000,
        }
    )


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
    return json_response(order_document(store, order, now))


def order_document(store: Store, order: Order, at: int) -> dict[str, object]:
    """An order as Get order returns it at a time."""
    return document(_gist(store, order), store.book.state(order, at), store.account)


def _row(store: Store, order: Order, at: int) -> dict[str, object]:
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
