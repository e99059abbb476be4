"""Single orders, fetched side by side; and what becomes of those that can't be had."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING, Final, TypeGuard
from urllib.parse import quote

from tap_vtex.errors import UnavailableError, VtexError
from tap_vtex.streams.fetching import fetch_each
from tap_vtex.streams.orders.listing import LIST_PATH, Row

if TYPE_CHECKING:
    import logging
    import threading
    from collections.abc import Callable, Iterable, Iterator

    from tap_vtex.client import VtexClient
    from tap_vtex.streams.base import Document
    from tap_vtex.streams.fetching import Fetched
    from tap_vtex.streams.orders.listing import OrderList
    from tap_vtex.windows import Window

#: Orders in a row that VTEX lists and does not know, before that is an error of its own.
MOST_UNKNOWN: Final = 20
#: Orders owed at most, and for how many days each is asked for again.
MOST_OWED: Final = 50
DAYS_OWED: Final = 30
#: Seconds to ask for an order that could not be had before, and how many such in a row.
OWED_PATIENCE: Final = 20.0
OWED_FAILURES: Final = 2


def fetch(
    client: VtexClient, rows: Iterable[Row], *, patience: float | None = None
) -> Iterator[Fetched[Row, Document]]:
    """Ask for the order of each row; yield what comes, as it comes.

    ``patience`` is for how many seconds to ask for each, where the client's own is too
    long. Raises what `fetch_each` does.
    """

    def ask(row: Row, stop: threading.Event) -> Document:
        path = f"{LIST_PATH}/{quote(row.order_id, safe='')}"
        return client.get(path, _is_order, patience=patience, stop=stop).body

    return fetch_each(client.workers, ask, rows, most_unknown=MOST_UNKNOWN)


class OrderFetcher:
    """Fetches orders, and keeps account of those that could not be had.

    The list shows them, so they exist: they are owed to the user, and asked for again by
    every run until they come, or for thirty days.
    """

    def __init__(
        self, client: VtexClient, orders: OrderList, owed: dict[str, str], logger: logging.Logger
    ) -> None:
        """``owed`` has the ids, with the day of the first try; it is kept up to date."""
        self._client = client
        self._orders = orders
        self._owed = owed
        self._logger = logger
        self._failed: list[str] = []

    def fetch(self, rows: Iterable[Row]) -> Iterator[Document]:
        """Yield the documents of orders, and note those that can't be had.

        Raises:
            AccessError, RefusedError, UnavailableError: too many can't.
        """
        for _row, order in self._answers(rows):
            if order is not None:
                yield order

    def fetch_windows(
        self,
        windows: Iterable[tuple[Window, list[Row]]],
        done: Callable[[Window, list[Row]], None],
    ) -> Iterator[Document]:
        """Yield the orders of many windows, without waiting at the end of each.

        ``done`` is told each window, in their order, once all its orders were handed on.

        Raises:
            AccessError, RefusedError, UnavailableError: as `fetch` does.
            VtexError: of ``windows``, after the orders of all those before.
        """
        under_way: deque[tuple[Window, list[Row]]] = deque()
        left: dict[Window, int] = {}
        trouble: list[VtexError] = []

        def rows() -> Iterator[Row]:
            try:
                for window, found in windows:
                    under_way.append((window, found))
                    left[window] = len(found)
                    yield from (row._replace(window=window) for row in found)
            except VtexError as error:
                trouble.append(error)

        for row, order in self._answers(rows()):
            if order is not None:
                yield order
            if row.window:
                left[row.window] -= 1
            while under_way and not left[under_way[0][0]]:
                done(*under_way.popleft())
        for window, found in under_way:  # at the end are windows without orders
            done(window, found)
        if trouble:
            raise trouble[0]

    def settle(self) -> Iterator[Document]:
        """Ask again for the orders that could not be had in runs before."""
        failures = 0
        long_ago = f"{self._orders.now - timedelta(days=DAYS_OWED):%Y-%m-%d}"
        for order_id, first_tried in list(self._owed.items()):
            (fetched,) = fetch(self._client, [Row(order_id)], patience=OWED_PATIENCE)
            if fetched.found is not None:
                del self._owed[order_id]
                yield fetched.found
            elif first_tried < long_ago:
                self._logger.warning(
                    "The order %s could not be had since %s, and is given up", order_id, first_tried
                )
                del self._owed[order_id]
            elif not fetched.is_unknown:
                self._failed.append(order_id)
                failures += 1
                if failures >= OWED_FAILURES:
                    return

    def close(self) -> None:
        """Say at the end of a run what could not be had.

        Raises:
            UnavailableError: VTEX failed to give some orders that it has.
        """
        if self._failed:
            raise UnavailableError(
                f"VTEX failed to give {len(self._failed)} orders ({', '.join(self._failed[:5])}). "
                "The run went on without them, and the next one asks for them again."
            )

    def _answers(self, rows: Iterable[Row]) -> Iterator[tuple[Row, Document | None]]:
        for fetched in fetch(self._client, rows):
            if fetched.found is not None:
                self._owed.pop(fetched.item.order_id, None)
            else:
                self._owe(fetched)
            yield fetched.item, fetched.found

    def _owe(self, fetched: Fetched[Row, Document]) -> None:
        order_id = fetched.item.order_id
        if fetched.is_unknown and self._orders.is_fading(fetched.item.created):
            return  # list and orders need not agree on where the two years end
        if not fetched.is_unknown:
            self._failed.append(order_id)
        self._owed.setdefault(order_id, f"{self._orders.now:%Y-%m-%d}")
        self._logger.warning(
            "VTEX lists the order %s and %s; the next run asks for it again",
            order_id,
            "does not know it (status 404)" if fetched.is_unknown else "does not give it",
        )
        if len(self._owed) > MOST_OWED:
            raise UnavailableError(
                f"VTEX lists orders, but {len(self._owed)} of them can't be had. {fetched.trouble}"
            )


def _is_order(body: object) -> TypeGuard[Document]:
    return isinstance(body, dict) and bool(body.get("orderId"))
