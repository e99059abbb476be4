"""How requests name the page to return, and how a fault changes that."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sandbox.masterdata.scrolls import FIRST_NUMBERS
from sandbox.responses import STORE

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import web

    from sandbox.store import Store


class Paging(Protocol):
    """How requests to a route name a page."""

    def first_row(self, request: web.Request) -> int:
        """The position in the whole list, from 0, of the requested page's first row."""

    def number(self, request: web.Request) -> int:
        """The requested page's number, from 1."""

    def first_page(self, request: web.Request) -> web.Request:
        """The same request for the first page."""

    def page_before(self, request: web.Request) -> web.Request:
        """The same request for the page before."""


@dataclass(frozen=True)
class PageNumbers:
    """A page number and a page size in the query."""

    page: str
    size: str
    default_size: int
    #: The maximum size, to which the route reduces larger ones.
    max_size: Callable[[Store], int]

    def first_row(self, request: web.Request) -> int:
        """The position of the page's first row."""
        size = int(request.query.get(self.size, self.default_size))
        return (self.number(request) - 1) * min(size, self.max_size(request.app[STORE]))

    def number(self, request: web.Request) -> int:
        """The page's number."""
        return int(request.query.get(self.page, 1))

    def first_page(self, request: web.Request) -> web.Request:
        """The same request for page 1."""
        return self._at(request, 1)

    def page_before(self, request: web.Request) -> web.Request:
        """The same request for the page before."""
        return self._at(request, max(1, self.number(request) - 1))

    def _at(self, request: web.Request, number: int) -> web.Request:
        return request.clone(rel_url=request.rel_url.update_query({self.page: str(number)}))


@dataclass(frozen=True)
class Positions:
    """The positions of the first and the last row, from 1, in the query."""

    first: str
    last: str

    def first_row(self, request: web.Request) -> int:
        """The position of the page's first row."""
        return int(request.query.get(self.first, 1)) - 1

    def number(self, request: web.Request) -> int:
        """The page's number, if all pages have its size."""
        return -(-self.first_row(request) // self._size(request)) + 1

    def first_page(self, request: web.Request) -> web.Request:
        """The same number of rows from the start."""
        return self._at(request, 0)

    def page_before(self, request: web.Request) -> web.Request:
        """The same number of rows before these."""
        return self._at(request, max(0, self.first_row(request) - self._size(request)))

    def _size(self, request: web.Request) -> int:
        last = int(request.query.get(self.last, self.first_row(request) + 50))
        return last - self.first_row(request)

    def _at(self, request: web.Request, first: int) -> web.Request:
        window = {self.first: str(first + 1), self.last: str(first + self._size(request))}
        return request.clone(rel_url=request.rel_url.update_query(window))


@dataclass(frozen=True)
class RangeHeader:
    """``REST-Range: resources=0-100``: positions from 0, without the last."""

    def first_row(self, request: web.Request) -> int:
        """The position of the page's first row."""
        return self._bounds(request)[0]

    def number(self, request: web.Request) -> int:
        """The page's number, if all pages have its size."""
        start, end = self._bounds(request)
        return -(-start // max(1, end - start)) + 1

    def first_page(self, request: web.Request) -> web.Request:
        """The same number of rows from the start."""
        start, end = self._bounds(request)
        return self._at(request, 0, end - start)

    def page_before(self, request: web.Request) -> web.Request:
        """The same number of rows before these."""
        start, end = self._bounds(request)
        before = max(0, start - (end - start))
        return self._at(request, before, before + end - start)

    def _bounds(self, request: web.Request) -> tuple[int, int]:
        found = re.fullmatch(r"resources=(\d+)-(\d+)", request.headers.get("REST-Range", ""))
        return (int(found[1]), int(found[2])) if found else (0, 0)

    def _at(self, request: web.Request, start: int, end: int) -> web.Request:
        headers = request.headers.copy()
        headers["REST-Range"] = f"resources={start}-{end}"
        return request.clone(headers=headers)


@dataclass(frozen=True)
class ScrollToken:
    """A scroll's token, whose position the store keeps, or a page number."""

    def first_row(self, request: web.Request) -> int:
        """The position of the page's first row."""
        return self._position(request)[0]

    def number(self, request: web.Request) -> int:
        """The page's number."""
        position, size = self._position(request)
        return position // size + 1

    def first_page(self, request: web.Request) -> web.Request:
        """The same request, with the cursor back at the start."""
        return self._at(request, 0)

    def page_before(self, request: web.Request) -> web.Request:
        """The same request, with the cursor one page back."""
        position, size = self._position(request)
        return self._at(request, max(0, position - size))

    def at_end(self, request: web.Request) -> bool:
        """Whether the requested page is the empty one after the last."""
        scrolls, token = request.app[STORE].scrolls, request.query.get("_token", "")
        return scrolls.is_end(token, self._position(request)[0])

    def _position(self, request: web.Request) -> tuple[int, int]:
        scrolls, token = request.app[STORE].scrolls, request.query.get("_token", "")
        position, size = scrolls.position(token)
        if (first := self._first_number(request)) is not None:
            position = max(0, int(request.query["_page"]) - first) * size
        return position, size

    def _at(self, request: web.Request, position: int) -> web.Request:
        if "_token" not in request.query:
            return request
        scrolls, token = request.app[STORE].scrolls, request.query["_token"]
        if (first := self._first_number(request)) is not None:
            query = {"_page": str(first + position // scrolls.position(token)[1])}
        else:
            query = {"_token": scrolls.move(token, position)}
        return request.clone(rel_url=request.rel_url.update_query(query))

    def _first_number(self, request: web.Request) -> int | None:
        """The number of the first page; None if the request does not name a page by number."""
        quirk = request.app[STORE].quirks.scroll_pages
        return FIRST_NUMBERS.get(quirk) if "_page" in request.query else None
