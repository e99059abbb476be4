"""Faults: responses of VTEX that go wrong on demand."""

from __future__ import annotations

import asyncio
import random
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Literal

import msgspec
from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

Kind = Literal[
    "status",  # an error status, with or without Retry-After
    "reset",  # the connection is reset without a response
    "cut",  # half of the body, then a reset
    "bad_gzip",  # a body that only claims to be gzip
    "empty",  # status 200 and no body
    "html",  # status 200 and a login page
    "control_characters",  # JSON with raw control characters in a name or a title
    "never",  # no response for `seconds`, then a reset
    "drip",  # one byte of the body per second
    "redirect",  # a redirect to another host
    "drop_rows",  # a page of the order list without its last `rows` rows
    "null",  # JSON null
    "no_rows",  # a page of Master Data without documents, under an unchanged total
    "no_data",  # a page of the product list without products, under an unchanged total
]

LOGIN_PAGE = b"<!DOCTYPE html><html><head><title>VTEX ID</title></head><body>Login</body></html>"
JSON = {"Content-Type": "application/json"}
#: Body and headers that replace a response.
INSTEAD: dict[str, tuple[bytes, dict[str, str]]] = {
    "html": (LOGIN_PAGE, {"Content-Type": "text/html"}),
    "empty": (b"", JSON),
    "null": (b"null", JSON),
    "bad_gzip": (b"this is not gzip", JSON | {"Content-Encoding": "gzip"}),
    "redirect": (b"", {"Location": "http://login.invalid/?from=store"}),
}
#: Where a body gets control characters: at the start of a text meant for people.
FREE_TEXT = re.compile(rb'"\w*(?:name|title|description|tradePolicyId)":"', re.IGNORECASE)
CONTROL_CHARACTERS = b"\x0b\t"
ERROR_PAGE = "<html><body><h1>Service Unavailable</h1></body></html>"


@dataclass
class Fault:
    """Something that goes wrong with the requests to a path."""

    kind: Kind
    #: A regular expression that the path must match from its start.
    path: str = ""
    #: A regular expression to search the query string for.
    query: str = ""
    #: How many requests to strike; None for all.
    times: int | None = 1
    #: How many matching requests to let pass first.
    skip: int = 0
    #: Strike one matching request in this many, at random.
    one_in: int = 1
    #: Seconds from the first strike until the fault ends; None for no end.
    lasting: float | None = None
    #: Strike only requests beyond this many per second; None for no such limit.
    beyond: int | None = None
    status: int = 503
    #: Seconds in the Retry-After header; None to leave it out.
    retry_after: float | None = None
    retry_after_as_date: bool = False
    html: bool = False
    seconds: float = 3600.0
    rows: int = 1
    #: How many requests have been struck.
    struck: int = 0

    def strikes(self, request: web.Request) -> bool:
        """Whether the fault strikes this request; counts the strike."""
        matches = re.match(self.path, request.path) and re.search(self.query, request.query_string)
        if not matches or self.times == 0:
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

    def _is_beyond(self, limit: int) -> bool:
        """Whether a request exceeds the rate; struck requests do not count towards it."""
        now = asyncio.get_running_loop().time()
        self._passed = [at for at in getattr(self, "_passed", []) if at > now - 1]
        if len(self._passed) >= limit:
            return True
        self._passed.append(now)
        return False

    async def happen(
        self,
        request: web.Request,
        handler: Callable[[web.Request], Awaitable[web.StreamResponse]],
        now: datetime,
    ) -> web.StreamResponse:
        """Respond to a struck request."""
        if self.kind == "status":
            return self._failure(now)
        if self.kind in INSTEAD:
            body, headers = INSTEAD[self.kind]
            status = 302 if self.kind == "redirect" else 200
            return web.Response(status=status, body=body, headers=headers)
        if self.kind == "never":
            await self._wait(request)
        if self.kind in {"never", "reset"}:
            _tear_down(request)
            return web.Response()
        return await self._spoil(request, await handler(request))

    async def _wait(self, request: web.Request) -> None:
        """Wait until the time is over or the client has hung up."""
        end = asyncio.get_running_loop().time() + self.seconds
        # aiohttp does not report that a client hung up, so poll.
        while request.transport and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110
            await asyncio.sleep(0.1)

    def _failure(self, now: datetime) -> web.Response:
        headers = {}
        if self.retry_after is not None:
            headers["Retry-After"] = (
                format_datetime(now + timedelta(seconds=self.retry_after), usegmt=True)
                if self.retry_after_as_date
                else f"{self.retry_after:g}"
            )
        if self.html:
            return web.Response(
                status=self.status, text=ERROR_PAGE, content_type="text/html", headers=headers
            )
        return web.Response(status=self.status, text="Try again later", headers=headers)

    async def _spoil(
        self, request: web.Request, response: web.StreamResponse
    ) -> web.StreamResponse:
        body = response.body if isinstance(response, web.Response) else None
        if not isinstance(response, web.Response) or not isinstance(body, bytes):
            return response
        if self.kind in {"cut", "drip"}:
            return await self._send_in_part(request, body)
        response.body = self._spoilt(body)
        return response

    def _spoilt(self, body: bytes) -> bytes:
        if self.kind == "no_rows":
            return b"[]"
        if self.kind == "control_characters":
            return FREE_TEXT.sub(lambda found: found[0] + CONTROL_CHARACTERS, body, count=1)
        page = msgspec.json.decode(body)
        if self.kind == "drop_rows":
            page["list"] = page["list"][: -self.rows]
        if self.kind == "no_data":
            page["data"] = {}
        return msgspec.json.encode(page)

    async def _send_in_part(self, request: web.Request, body: bytes) -> web.StreamResponse:
        part = web.StreamResponse(headers={"Content-Length": str(len(body))})
        part.content_type = "application/json"
        await part.prepare(request)
        if self.kind == "cut":
            await part.write(body[: len(body) // 2])
            _tear_down(request)
            return part
        for byte in body:
            await part.write(bytes([byte]))
            await asyncio.sleep(1)
        return part


def _tear_down(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.abort()
