"""Requests that a fault changes on their way to the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.clock import HOUR
from sandbox.interception import INDEX_LAG
from sandbox.responses import STORE
from sandbox.tampering.listing import Listing
from sandbox.tampering.paging import ScrollToken

if TYPE_CHECKING:
    from aiohttp import web

    from sandbox.interception import Handler
    from sandbox.tampering.paging import Paging
    from sandbox.tampering.shapes import Shape

ORDER_LIST = "/api/oms/pvt/orders"
DATE_FILTERS = ("f_creationDate", "f_authorizedDate", "f_invoicedDate")


async def last_page_again(
    request: web.Request, handler: Handler, shape: Shape, paging: Paging
) -> web.StreamResponse:
    """The requested page, or the last one if the request is beyond the end."""
    if isinstance(paging, ScrollToken):
        # The empty page closes the cursor, so the store must not reach it.
        return await handler(paging.page_before(request) if paging.at_end(request) else request)
    response = await handler(request)
    while (page := Listing.of(shape, response)) and not page.rows and paging.number(request) > 1:
        request = paging.page_before(request)
        response = await handler(request)
    return response


async def new_page(
    request: web.Request, handler: Handler, shape: Shape, paging: Paging, salt: int
) -> web.StreamResponse:
    """The first page with ids that differ by ``salt``, whatever page was requested.

    The total says that another page comes after it.
    """
    first, number = paging.first_page(request), paging.number(request)
    response = await handler(first)
    page = Listing.of(shape, response)
    if page is None:
        return response
    rows = page.rows
    page.rows = [page.with_id(row, page.another_id(row, salt)) for row in rows]
    page.announce((number + 1) * len(rows))
    page.save()
    return response


async def for_another_id(
    request: web.Request, handler: Handler, shape: Shape, other: str | None
) -> web.StreamResponse:
    """The response for another id: ``other``, or the first one in the store."""
    parameters, name = request.match_info, shape.id_parameter or ""
    requested = parameters[name]
    if other is None:
        ids = map(str, shape.ids(request.app[STORE]))
        other = next((one for one in ids if one != requested), requested)
    parameters[name] = other
    try:
        return await handler(request)
    finally:
        parameters[name] = requested


def latest_orders(request: web.Request) -> web.Request:
    """The same request without its window, for the latest orders first."""
    url = request.rel_url.without_query_params(*DATE_FILTERS)
    return request.clone(rel_url=url.update_query({"orderBy": "creationDate,desc"}))


def with_index_lag(request: web.Request, hours: float) -> web.Request:
    """The same request, to an index that lags ``hours`` more than usual."""
    request[INDEX_LAG] = request.get(INDEX_LAG, 0) + int(hours * HOUR)
    return request
