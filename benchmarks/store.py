"""The store for measurements: prepared responses, served from its own core.

The sandbox renders each response on request, on the tap's cores, and takes longer to do so than
the tap takes to read it. This store serves the sandbox's orders from responses prepared before the
first request. Responses with clients and addresses are cached at their first request.
``python -m benchmarks.store --help``.
"""

from __future__ import annotations

import argparse
import asyncio
import gzip
import json
import ssl
from collections import Counter
from datetime import UTC, datetime
from email.utils import format_datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, cast
from urllib.parse import parse_qsl, urlsplit

import msgspec
import uvloop

from benchmarks.documents import PREFIX, ROUTE, Documents
from sandbox.clock import Clock, moment
from sandbox.oms.book import Order
from sandbox.oms.document import Size
from sandbox.oms.routes import ALWAYS, Query, order_document, order_row
from sandbox.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LIST: Final = "/api/oms/pvt/orders"
ORDER: Final = "/api/oms/pvt/orders/{order_id}"
#: The sandbox's own paths. This store has those that `benchmarks.shop` uses.
CONTROL: Final = "/_sandbox/"
#: Bytes of orders to prepare before the first request; the rest are rendered on request.
READY_BYTES: Final = 300_000_000
END_OF_HEAD: Final = b"\r\n\r\n"
CHUNK: Final = 16 * 1024
BACKLOG: Final = 256


class Responses:
    """The store's complete responses, by path and query."""

    def __init__(self, store: Store, *, compressed: bool) -> None:
        """Prepare the orders, up to `READY_BYTES`."""
        self.store = store
        self._now = store.clock.now()
        self._compressed = compressed
        self._made: dict[str, bytes] = {}
        self._documents = Documents(store)
        size = 0
        for order in self._listed():
            path = f"{LIST}/{order.order_id}"
            self._made[path] = self._order(order)
            size += len(self._made[path])
            if size > READY_BYTES:
                break

    def get(self, target: str) -> bytes:
        """The response to a GET request."""
        made = self._made.get(target)
        if made is None:
            path, _, query = target.partition("?")
            if path == LIST:
                made = self._made[target] = self._list(query)
            elif path.startswith(PREFIX):
                made = self._respond(*self._documents.get(path, dict(parse_qsl(query))))
            else:
                order = Order.of_id(path.removeprefix(f"{LIST}/"))
                made = (
                    self._order(order) if order else self._respond({"error": "unknown"}, status=404)
                )
        return made

    def _listed(self) -> Iterator[Order]:
        found = self.store.book.select(ALWAYS, {}, self._now, incomplete=False)
        yield from found.orders

    def _order(self, order: Order) -> bytes:
        return self._respond(order_document(self.store, order, self._now))

    def _list(self, text: str) -> bytes:
        query = Query.of(dict(parse_qsl(text)))
        found = self.store.book.select(
            query.created, query.filters, self._now, incomplete=query.incomplete
        )
        orders = found.page(query.page, query.size, descending=query.descending)
        paging = {
            "total": found.total,
            "pages": -(-found.total // query.size),
            "currentPage": query.page,
            "perPage": query.size,
        }
        rows = [order_row(self.store, order, self._now) for order in orders]
        return self._respond({"list": rows, "facets": [], "paging": paging})

    def _respond(
        self,
        content: object,
        headers: Mapping[str, str] = MappingProxyType({}),
        status: int = 200,
    ) -> bytes:
        body = content if isinstance(content, bytes) else msgspec.json.encode(content)
        date = format_datetime(moment(self._now).replace(microsecond=0), usegmt=True)
        lines = {"Date": date, "Content-Type": "application/json", **headers}
        head = f"HTTP/1.1 {status} OK\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        if not self._compressed:
            return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body
        head += "Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
        return head.encode() + _chunked(gzip.compress(body))


def _chunked(body: bytes) -> bytes:
    """Encode a body in chunks, as VTEX sends it."""
    pieces = [body[start : start + CHUNK] for start in range(0, len(body), CHUNK)]
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in [*pieces, b""])


class Front:
    """What all connections share: responses, latency and counters."""

    def __init__(self, responses: Responses, latency: float) -> None:
        """``latency`` is in seconds."""
        self.responses = responses
        self.latency = latency
        #: Every Nth response takes ten times the latency; 0 for none.
        self.slow_one_in = 0
        self._requests: Counter[str] = Counter()

    def control(self, method: str, path: str, body: bytes) -> bytes:
        """Respond to `benchmarks.shop`, as the sandbox would."""
        content: object = None
        if path == "requests" and method == "DELETE":
            self._requests.clear()
        elif path == "requests":
            content = {"by_route": self._requests}
        elif path == "settings":
            settings = json.loads(body)
            self.latency = settings.get("latency", self.latency)
            self.slow_one_in = settings.get("slow_one_in", self.slow_one_in)
            for name, value in settings.get("quirks", {}).items():
                setattr(self.responses.store.quirks, name, value)
        encoded = json.dumps(content).encode()
        return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(encoded), encoded)

    def delay(self, target: str) -> float:
        """Count a request. Returns the seconds until its response."""
        self._requests[_route(urlsplit(target).path)] += 1
        number = self._requests.total() if self.slow_one_in else 1
        return self.latency * (10 if self.slow_one_in and number % self.slow_one_in == 0 else 1)


class Connection(asyncio.Protocol):
    """A connection that serves one request after the other."""

    _transport: asyncio.Transport

    def __init__(self, front: Front) -> None:
        self._front = front
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for responses."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's only quacks like one

    def data_received(self, data: bytes) -> None:
        """Respond to a request once it is complete."""
        self._received += data
        head, end, body = self._received.partition(END_OF_HEAD)
        if not end or len(body) < _length(head):
            return
        self._received = b""
        method, target, _ = head.split(b"\r\n", 1)[0].decode().split(" ")
        if target.startswith(CONTROL):
            self._transport.write(self._front.control(method, target.removeprefix(CONTROL), body))
        elif delay := self._front.delay(target):
            asyncio.get_running_loop().call_later(delay, self._respond, target)
        else:
            self._respond(target)

    def _respond(self, target: str) -> None:
        if not self._transport.is_closing():
            self._transport.write(self._front.responses.get(target))


def _route(path: str) -> str:
    """The route under which the sandbox counts a path."""
    if path.startswith(PREFIX):
        return f"{ROUTE}{path.rpartition('/')[2]}"
    return LIST if path == LIST else ORDER


def _length(head: bytes) -> int:
    """The length of a request's body."""
    _, found, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0]) if found else 0


async def serve(front: Front, port: int, tls_port: int, certificate: str) -> None:
    """Serve until the process ends.

    With a certificate file, which has to include the key, also serve TLS on a second port.
    """
    loop = asyncio.get_running_loop()
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        await loop.create_server(
            lambda: Connection(front), "localhost", tls_port, ssl=context, backlog=BACKLOG
        )
    server = await loop.create_server(lambda: Connection(front), "127.0.0.1", port, backlog=BACKLOG)
    await server.serve_forever()


def main() -> None:
    """Parse the options, prepare the responses and serve them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.store", description=__doc__)
    add = parser.add_argument
    add("--port", type=int, required=True)
    add("--orders", type=int, required=True, help="number of orders, as in the sandbox")
    add("--clients", type=int, default=10, help="number of clients")
    add("--order-kilobytes", type=int, default=0, help="minimum size of each order's document")
    add("--now", type=datetime.fromisoformat, required=True, help="the store's time, always")
    add("--latency", type=float, default=0.0, help="milliseconds before each response")
    add("--gzip", action="store_true", help="compress the responses")
    add("--tls-port", type=int, default=0, help="serve TLS here, too")
    add("--certificate", default="", help="file with certificate and key for TLS")
    options = parser.parse_args()
    Size.minimum = options.order_kilobytes * 1000
    store = Store.create(
        clock=Clock(options.now.astimezone(UTC), 0), orders=options.orders, clients=options.clients
    )
    front = Front(Responses(store, compressed=options.gzip), options.latency / 1000)
    uvloop.run(serve(front, options.port, options.tls_port, options.certificate))


if __name__ == "__main__":
    main()
