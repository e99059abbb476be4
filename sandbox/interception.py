"""What stands between a request and the store: the types that faults and server share."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

if TYPE_CHECKING:
    from datetime import datetime

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

#: How many ticks the store's index lags in addition, for one request.
INDEX_LAG: web.RequestKey[int] = web.RequestKey("index_lag", int)


class Interceptor(Protocol):
    """What the server needs of a `sandbox.faults.Fault`.

    A protocol, because faults look into the store: the store can't import them.
    """

    path: str
    times: int | None
    struck: int

    def strikes(self, request: web.Request) -> bool:
        """Whether it takes this request."""

    async def happen(
        self, request: web.Request, handler: Handler, now: datetime
    ) -> web.StreamResponse:
        """Respond to a request that it took."""
