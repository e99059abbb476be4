"""A sandbox store served from a thread of the tests, with its truth at hand."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiohttp import web

from sandbox.clock import HOUR, SECOND, Clock, ticks
from sandbox.faults import Fault
from sandbox.oms.book import Order
from sandbox.oms.routes import order_document
from sandbox.server import make_app
from sandbox.store import APP_KEY, APP_TOKEN, Store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from typing import Self

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)

ORDER_LIST = "/api/oms/pvt/orders"
ORDER = "/api/oms/pvt/orders/{order_id}"

Json = dict[str, Any]


@dataclass
class Trigger(Fault):
    """Lets a request pass, and something happen meanwhile."""

    then: Callable[[], None] = print

    def strikes(self, request: web.Request) -> bool:
        """Do it, once."""
        if super().strikes(request):
            self.then()
        return False


class Shop:
    """A store on HTTP. Its clock stands still unless a test sets it forward."""

    def __init__(self, *, now: datetime = NOON, speed: float = 0.0, **store: Any) -> None:
        """``store`` is what `Store.create` takes."""
        self.store = Store.create(clock=Clock(now, speed), **store)
        self.url = ""
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        asyncio.set_event_loop(self._loop)
        runner = web.AppRunner(make_app(self.store), access_log=None, shutdown_timeout=0.1)
        self._loop.run_until_complete(runner.setup())
        site = web.TCPSite(runner, "127.0.0.1", 0)
        self._loop.run_until_complete(site.start())
        host, port = runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        self._ready.set()
        self._loop.run_forever()
        self._loop.run_until_complete(runner.cleanup())
        # Answers that were still coming in, slowly, when the test ended.
        left = asyncio.all_tasks(self._loop)
        for task in left:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self._loop.close()

    # -- what a test does to it ----------------------------------------------------------

    def config(self, **settings: Any) -> Json:
        """Settings for this store; None takes one out."""
        config = {
            "account_name": self.store.account,
            "app_key": APP_KEY,
            "app_token": APP_TOKEN,
            "api_url": self.url,
            "requests_per_minute": 600_000,
            **settings,
        }
        return {name: value for name, value in config.items() if value is not None}

    def pass_time(self, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Set the store's clock forward."""
        self.store.clock.advance(minutes * 60 + hours * 3600 + days * 86400)

    def close(self) -> None:
        """Sell nothing more, and let things change by what a test does to them only."""
        self.store.book.closed = self.store.clock.now()
        for entity in self.store.entities.values():
            entity.closed = self.store.book.closed

    def act(self, action: Any, *order_ids: str) -> None:
        """Do something to orders, now."""
        now = self.store.clock.now()
        for order_id in order_ids:
            self.store.book.actions.setdefault(order_of(order_id), []).append((now, action))

    def hide(self, order_id: str, *, hours: float) -> None:
        """Keep an order out of the list until then."""
        self.store.book.late[order_of(order_id)] = self.store.clock.now() + int(hours * HOUR)

    def freeze(self, order_id: str) -> None:
        """Let the list show an order as it is now, whatever comes."""
        self.store.book.stale[order_of(order_id)] = self.store.clock.now()

    def thaw(self, order_id: str) -> None:
        """Let the list show an order as it is again."""
        del self.store.book.stale[order_of(order_id)]

    def when(self, path: str, then: Callable[[], None], *, query: str = "", skip: int = 0) -> None:
        """Do something when a request comes, before it is answered."""
        self.store.faults.append(Trigger("null", path, query, skip=skip, then=then))

    def edit(self, acronym: str, document_id: str, **fields: Any) -> None:
        """Change a document of Master Data, now."""
        entity = self.store.entities[acronym]
        number = self.numbers(acronym)[document_id]
        entity.edits.setdefault(number, []).append((self.store.clock.now(), fields))

    def hide_document(self, acronym: str, document_id: str, *, hours: float) -> None:
        """Keep a document out of the index until then."""
        number = self.numbers(acronym)[document_id]
        self.store.entities[acronym].late[number] = self.store.clock.now() + int(hours * HOUR)

    def freeze_document(self, acronym: str, document_id: str) -> None:
        """Let the index show a document as it is now, whatever comes."""
        number = self.numbers(acronym)[document_id]
        # Without what the test does next, in the same tick of a clock that stands still.
        self.store.entities[acronym].stale[number] = self.store.clock.now() - 1

    def thaw_document(self, acronym: str, document_id: str) -> None:
        """Let the index show a document as it is again."""
        del self.store.entities[acronym].stale[self.numbers(acronym)[document_id]]

    def fail(self, kind: Any, path: str = "", **details: Any) -> Fault:
        """Let something go wrong with the requests of a path."""
        fault = Fault(kind, path, **details)
        self.store.faults.append(fault)
        return fault

    # -- what is true --------------------------------------------------------------------

    def orders(self, *, incomplete: bool = False, since: datetime | None = None) -> dict[str, Json]:
        """Every order as it is now, by id, ten minutes and younger left out."""
        now = self.store.clock.now()
        book = self.store.book
        earliest = ticks(since) if since else 0
        return {
            order.order_id: order_document(self.store, order, now)
            for order in book.everything(now, incomplete=incomplete)
            if earliest <= book.created(order) < now - 599 * SECOND
        }

    def now(self) -> datetime:
        """The store's time."""
        return moment_of(self.store.clock.now())

    def numbers(self, acronym: str) -> dict[str, int]:
        """The sandbox's numbers of an entity's documents, by their ids."""
        entity = self.store.entities[acronym]
        return {entity.document_id(n): n for n in entity.numbers(self.store.clock.now())}

    def documents(self, acronym: str) -> dict[str, Json]:
        """Every document of an entity as it is now, by id."""
        entity, now = self.store.entities[acronym], self.store.clock.now()
        return {
            document["id"]: document
            for document in (entity.document(number, now) for number in entity.numbers(now))
        }

    def created(self, order_id: str) -> datetime:
        """When an order was placed."""
        return moment_of(self.store.book.created(order_of(order_id)))

    def requests(self) -> dict[str, int]:
        """How many requests each route had since the last time that this was asked."""
        counted = dict(self.store.requests)
        self.store.requests.clear()
        return counted


def order_of(order_id: str) -> Order:
    """The sandbox's order with an id."""
    order = Order.of_id(order_id)
    assert order is not None
    return order


def moment_of(at: int) -> datetime:
    """The sandbox's ticks as a datetime."""
    return datetime.fromtimestamp(at / SECOND, tz=UTC)


def ids(documents: Iterable[Json]) -> list[str]:
    """The ids of orders."""
    return [document["orderId"] for document in documents]
