"""Types shared by faults and server, for what comes between a request and the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

if TYPE_CHECKING:
    from datetime import datetime

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: Additional ticks by which the store's index lags, for one request.
INDEX_LAG: web.RequestKey[int] = web.RequestKey("index_lag", int)


class Interceptor(Protocol):
    """The part of `sandbox.faults.Fault` that the server uses.

    It is a protocol because faults use the store, so the store can't import them.
    """

    path: str
    times: int | None
    struck: int

    def strikes(self, request: web.Request) -> bool:
        """Whether it takes over this request."""

    async def respond(
        self, request: web.Request, handler: Handler, now: datetime
    ) -> web.StreamResponse:
        """Respond to a request that it has taken over."""
