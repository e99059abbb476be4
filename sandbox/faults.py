"""Faults: requests to VTEX that go wrong on demand."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, Literal

from aiohttp import web

from sandbox.responses import DATE, STORE, json_response
from sandbox.tampering import bodies, rewriting
from sandbox.tampering.listing import Listing, json_in
from sandbox.tampering.shapes import Shape, shape_of

if TYPE_CHECKING:
    from sandbox.interception import Handler
    from sandbox.tampering.paging import Paging

#: Issues are VTEX's known issues. Unless a comment says otherwise, there is no report of such a
#: response from VTEX.
Kind = Literal[
    # Errors
    "status",  # an error status; VTEX documents 401, 403, 404, 408, 429 and 500 to 504
    "never",  # no response for `seconds`, then a reset; any network does that
    "reset",  # the connection is reset without a response; any network does that
    "redirect",  # a redirect to a login page on another host, as some VTEX routes send
    # Bodies
    "html",  # status 200 and a login page, as some VTEX routes send without permission
    "empty",  # status 200 and no body
    "null",  # status 200 and ``null``, as VTEX sends for some SKUs
    "cut",  # half of the body, then a reset; any network does that
    "bad_gzip",  # a body that is labelled as gzip but is not
    "control_characters",  # JSON with raw control characters, as VTEX has sent
    "drip",  # one byte of the body per second
    "drip_headers",  # one byte of the headers per second, without end
    "bomb",  # a small gzip body that inflates to `size` bytes of valid JSON
    "huge",  # a plain body of `size` bytes of valid JSON
    "deep",  # arrays nested to `depth` in an extra field or row
    "digits",  # an integer of `digits` digits in an extra field or row
    # Rows and totals
    "nothing",  # the empty form of the route; Master Data does so in incidents (issue 669048)
    "low",  # a consistent list of the first `left` rows; VTEX warns of such order lists
    "no_rows",  # a page without rows and an unchanged total; VTEX's search index does so
    "drop_rows",  # a page without its last `rows` rows and an unchanged total
    "wrong_total",  # all rows, but a total off by `by`, or `total`; Master Data (issue 1249679)
    "row_twice",  # one row replaces the next one, with an unchanged total
    "null_row",  # one row is null
    "no_id",  # one row lacks its id
    "odd_id",  # the id of one row is `value`
    # Mix-ups
    "repeat",  # every page is the first one, as from a cache that ignores the query
    "repeat_last",  # beyond the end, the last page comes again
    "endless",  # every page is full of new rows, and the total grows by a page with each
    "foreign",  # a response about another thing, as from a cache that mixes up responses
    "latest",  # the store's latest orders instead of the window's; one public report
    "stale",  # an index that lags `hours` more, as VTEX's order list can (issue 577103)
    # Headers
    "date",  # a Date header off by `seconds`, or `date` verbatim; proxies write their own Date
    "headers",  # the true response with `headers` changed
]

#: Kinds that strike only routes with rows, or with pages; other kinds strike all routes.
NEEDS_ROWS = {"low", "no_rows", "drop_rows", "row_twice", "null_row", "no_id", "odd_id"}
NEEDS_PAGES = {"repeat", "repeat_last", "endless"}
EDITS = {*NEEDS_ROWS, "nothing", "wrong_total"}
#: Kinds whose body is written to the connection piece by piece.
STREAMED = {"cut", "drip", "huge"}


@dataclass
class Fault:
    """Something that goes wrong with requests to a path.

    A fault strikes only routes to which its kind applies: ``repeat`` needs pages, ``low``
    rows, ``foreign`` an id in the path. Faults combine: after one that edits the store's
    response, later ones can still edit it.
    """

    kind: Kind
    #: A regular expression that matches the start of the path.
    path: str = ""
    #: A regular expression to find in the query string.
    query: str = ""
    #: Number of requests to strike; None for all.
    times: int | None = 1
    #: Number of matching requests to let pass first.
    skip: int = 0
    #: Strike one in this many matching requests, at random.
    one_in: int = 1
    #: Seconds from the first strike until the fault ends; None for no end.
    lasting: float | None = None
    #: Strike only requests beyond this many per second; None for no such limit.
    beyond: int | None = None
    #: Strike only pages of a list from this one on.
    from_page: int = 1

    # -- for all kinds -------------------------------------------------------------------
    #: Headers to add to the response, or to replace.
    headers: dict[str, str] = field(default_factory=dict)

    # -- for single kinds ----------------------------------------------------------------
    #: status: the status, and whether the body is a web page.
    status: int = 503
    html: bool = False
    #: status: Retry-After in seconds, or a text to send verbatim; None for no header.
    retry_after: float | str | None = None
    retry_after_as_date: bool = False
    #: never: how long to wait. date: how far the clock is ahead, or behind if negative.
    seconds: float = 3600.0
    #: date: the header's text, instead of a shifted time.
    date: str | None = None
    #: bomb, huge: the body's size in bytes.
    size: int = 100_000_000
    #: deep: the levels of nesting.
    depth: int = 100_000
    #: digits: the number of digits.
    digits: int = 5000
    #: nothing: whether the response still has a total, of 0.
    with_total: bool = True
    #: low: the number of rows to keep.
    left: int = 1
    #: drop_rows: the number of rows to drop.
    rows: int = 1
    #: wrong_total: what to add to the total, down to 0.
    by: int = -1
    #: wrong_total: the total to announce instead.
    total: int | None = None
    #: null_row, no_id, odd_id: the row's place on the page.
    row: int = 0
    #: null_row, no_id, odd_id: the row's id, instead of its place.
    row_id: str | None = None
    #: odd_id: the new id.
    value: Any = None
    #: foreign: the id of the other thing; None for the store's first one.
    other: str | None = None
    #: stale: additional hours by which the index lags.
    hours: float = 2.0

    #: Number of requests struck so far.
    struck: int = 0

    # -- which requests ------------------------------------------------------------------

    def strikes(self, request: web.Request) -> bool:
        """Whether the fault strikes this request. If so, this counts the strike."""
        matches = re.match(self.path, request.path) and re.search(self.query, request.query_string)
        if not matches or self.times == 0 or not self._applies(request):
            return False
        if self.skip:
            self.skip -= 1
            return False
        if self.one_in > 1 and random.randrange(self.one_in):
            return False
        if self.lasting is not None:
            now = asyncio.get_running_loop().time()
            self._until = getattr(self, "_until", now + self.lasting)
            if now > self._until:
                return False
        if self.beyond is not None and not self._is_beyond(self.beyond):
            return False
        if self.times is not None:
            self.times -= 1
        self.struck += 1
        return True

    def _applies(self, request: web.Request) -> bool:
        """Whether the request's route has what the fault changes."""
        shape = shape_of(request) or Shape()
        if self.from_page > 1 and (
            shape.paging is None or shape.paging.number(request) < self.from_page
        ):
            return False
        needed: dict[str, object] = {
            **dict.fromkeys(NEEDS_ROWS, shape.rows is not None),
            **dict.fromkeys(NEEDS_PAGES, shape.paging),
            "nothing": shape.rows is not None or shape.blank,
            "wrong_total": shape.total,
            "foreign": shape.id_parameter,
            "latest": shape.key == "orderId" and shape.paging,
            "stale": shape.indexed,
        }
        return bool(needed.get(self.kind, True))

    def _is_beyond(self, limit: int) -> bool:
        """Whether a request exceeds the rate, towards which struck requests do not count."""
        now = asyncio.get_running_loop().time()
        self._passed = [at for at in getattr(self, "_passed", []) if at > now - 1]
        if len(self._passed) >= limit:
            return True
        self._passed.append(now)
        return False

    # -- what the fault does -------------------------------------------------------------

    async def respond(
        self, request: web.Request, handler: Handler, now: datetime
    ) -> web.StreamResponse:
        """Respond to a struck request."""
        response = await self._respond(request, handler, now)
        if self.kind == "date":
            response[DATE] = self.date or _http_date(now, self.seconds)
        if not response.prepared:
            response.headers.update(self.headers)
        return response

    async def _respond(
        self, request: web.Request, handler: Handler, now: datetime
    ) -> web.StreamResponse:
        shape = shape_of(request) or Shape()
        if self.kind == "status":
            return self._failure(now)
        if self.kind in bodies.REPLACEMENTS:
            status, body, headers = bodies.REPLACEMENTS[self.kind]
            return web.Response(status=status, body=body, headers=headers)
        if self.kind in {"never", "reset", "drip_headers"}:
            if self.kind == "never":
                await self._wait(request)
            elif self.kind == "drip_headers":
                await bodies.drip_headers(request)
            bodies.reset_connection(request)
            return web.Response()
        if self.kind == "nothing" and shape.blank:
            return json_response(shape.blank(request.app[STORE]))
        if self.kind in EDITS:
            return await self._edit(request, handler, shape)
        response = await self._rewritten(request, handler, shape)
        return await self._spoil(request, await handler(request)) if response is None else response

    async def _wait(self, request: web.Request) -> None:
        """Wait until the time is up or the client has hung up."""
        end = asyncio.get_running_loop().time() + self.seconds
        # aiohttp does not report that a client has hung up, so poll.
        while request.transport and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    def _failure(self, now: datetime) -> web.Response:
        headers = {}
        if isinstance(self.retry_after, str):
            headers["Retry-After"] = self.retry_after
        elif self.retry_after is not None:
            headers["Retry-After"] = (
                _http_date(now, self.retry_after)
                if self.retry_after_as_date
                else f"{self.retry_after:g}"
            )
        if self.html:
            return web.Response(
                status=self.status,
                text=bodies.ERROR_PAGE,
                content_type="text/html",
                headers=headers,
            )
        return web.Response(status=self.status, text="Try again later", headers=headers)

    async def _rewritten(
        self, request: web.Request, handler: Handler, shape: Shape
    ) -> web.StreamResponse | None:
        """The response to a rewritten request; None if the kind does not rewrite requests."""
        if self.kind == "foreign":
            return await rewriting.for_another_id(request, handler, shape, self.other)
        if self.kind == "latest":
            return await handler(rewriting.latest_orders(request))
        if self.kind == "stale":
            return await handler(rewriting.with_index_lag(request, self.hours))
        if shape.paging:
            return await self._other_page(request, handler, shape, shape.paging)
        return None

    async def _other_page(
        self, request: web.Request, handler: Handler, shape: Shape, paging: Paging
    ) -> web.StreamResponse | None:
        """A page other than the requested one; None if the kind is not about pages."""
        if self.kind == "repeat":
            return await handler(paging.first_page(request))
        if self.kind == "repeat_last":
            return await rewriting.last_page_again(request, handler, shape, paging)
        if self.kind == "endless":
            return await rewriting.new_page(request, handler, shape, paging, self.struck)
        return None

    async def _edit(
        self, request: web.Request, handler: Handler, shape: Shape
    ) -> web.StreamResponse:
        """The store's list with other rows, or another total."""
        first = shape.paging.first_row(request) if shape.paging else 0
        response = await handler(request)
        page = Listing.of(shape, response)
        if page is None:
            return response
        if self.kind in {"nothing", "low"}:
            left = self.left if self.kind == "low" else 0
            page.rows = page.rows[: max(0, left - first)]
            page.announce(min(page.total or 0, left) if self.with_total else None)
            # A scroll's result is fixed when it is opened.
            request.app[STORE].scrolls.shorten(response.headers.get("X-VTEX-MD-TOKEN", ""), left)
        elif self.kind == "no_rows":
            page.rows = []
        elif self.kind == "drop_rows":
            page.rows = page.rows[: max(0, len(page.rows) - self.rows)]
        elif self.kind == "wrong_total":
            announced = (page.total or 0) + self.by
            page.announce(max(0, announced if self.total is None else self.total))
        elif self.kind == "row_twice":
            page.rows = [*page.rows[:1], *page.rows[:1], *page.rows[2:]][: len(page.rows)]
        else:
            self._spoil_row(page)
        page.save()
        return response

    def _spoil_row(self, page: Listing) -> None:
        rows = page.rows
        place = self.row if self.row_id is None else page.place(self.row_id)
        if place is None or not -len(rows) <= place < len(rows):
            return
        if self.kind == "null_row":
            rows[place] = page.nulled(rows[place])
        elif self.kind == "no_id":
            rows[place] = page.without_id(rows[place])
        else:
            rows[place] = page.with_id(rows[place], self.value)
        page.rows = rows

    async def _spoil(
        self, request: web.Request, response: web.StreamResponse
    ) -> web.StreamResponse:
        """The store's response with its body changed."""
        body = response.body if isinstance(response, web.Response) else None
        if not isinstance(response, web.Response) or not isinstance(body, bytes):
            return response
        if self.kind in STREAMED:
            return await bodies.send(request, body, self.headers, how=self.kind, size=self.size)
        if self.kind == "control_characters":
            response.body = bodies.with_control_characters(body)
        elif self.kind == "bomb":
            response.body = await asyncio.to_thread(bodies.bomb, body, self.size)
            response.headers["Content-Encoding"] = "gzip"
        elif self.kind == "deep" and json_in(response):
            response.body = bodies.with_nesting(body, self.depth)
        elif self.kind == "digits" and json_in(response):
            response.body = bodies.with_number(body, self.digits)
        return response


def _http_date(now: datetime, seconds: float) -> str:
    """The time ``seconds`` from now, formatted for a header."""
    return format_datetime(now + timedelta(seconds=seconds), usegmt=True)
