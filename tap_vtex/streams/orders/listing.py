"""The order list, read to its end.

VTEX's list reaches 30 pages of 100 orders, is some minutes behind the orders, and moves
while it is read. Its rows serve to find orders; what an order holds comes from Get order,
since rows round money and can show a state long past.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard
from urllib.parse import quote

from tap_vtex import dates
from tap_vtex.errors import IncompleteListError, NotFoundError, RefusedError, UnavailableError
from tap_vtex.windows import Window, walk, whole_second

if TYPE_CHECKING:
    import logging
    import threading
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tap_vtex.client import VtexClient

LIST_PATH: Final = "/api/oms/pvt/orders"
PAGES: Final = 30
ROWS_PER_PAGE: Final = 100
YEARS_SHOWN: Final = 2
#: Close to the end of what VTEX shows, list and orders need not agree on where it is.
BLURRED: Final = timedelta(days=2)
#: How often a list is read that comes short of its own total, before that is an error.
ATTEMPTS: Final = 4
#: Orders in a row that VTEX lists and does not know, before that is an error.
MOST_UNKNOWN: Final = 20

Query = dict[str, "str | int"]


#: What a window holds that VTEX no longer lists. It counts as read only once a later one
#: could be: else a list that refuses everything would seem to be read.
BEYOND: Final[list[Row]] = []


class Row(NamedTuple):
    """What a row of the list says that helps to find an order."""

    order_id: str
    created: datetime | None
    #: Undocumented, though VTEX's own apps read it; None where a row lacks it.
    last_change: datetime | None


@dataclass
class _Gathered:
    """The rows of one query, over its pages and over repeated readings."""

    rows: dict[str, Row] = field(default_factory=dict)
    total: int = 0
    received: int = 0

    def add(self, page: dict[str, Any]) -> None:
        self.total = max(self.total, page["paging"]["total"])
        self.received += len(page["list"])
        for row in page["list"]:
            order_id = str(row["orderId"])
            created, last_change = row.get("creationDate"), row.get("lastChange")
            self.rows[order_id] = Row(order_id, dates.parse(created), dates.parse(last_change))


class OrderList:
    """The orders of a store: the complete ones, or the incomplete ones."""

    def __init__(
        self, client: VtexClient, logger: logging.Logger, *, incomplete: bool = False
    ) -> None:
        self._client = client
        self._logger = logger
        self._always: Query = {"incompleteOrders": "true"} if incomplete else {}

    @cached_property
    def now(self) -> datetime:
        """The second, by VTEX's clock, at which this was first asked for.

        Raises:
            AccessError: the key may not list orders.
        """
        self._page({**self._always, "page": 1, "per_page": 1})
        return whole_second(self._client.now())

    @cached_property
    def oldest(self) -> datetime:
        """Where the two years begin whose orders VTEX shows."""
        year = self.now.year - YEARS_SHOWN
        try:
            return self.now.replace(year=year)
        except ValueError:  # the 29th of February
            return self.now.replace(year=year, day=28)

    # -- rows ----------------------------------------------------------------------------

    def windows(
        self,
        window: Window,
        filters: Mapping[str, str] | None = None,
        *,
        newest_first: bool = False,
        announce: Callable[[int], None] | None = None,
    ) -> Iterator[tuple[Window, list[Row]]]:
        """Read the orders created in a window, in as many parts as it takes.

        Neighbouring parts share a second; an order that both list comes with the first.
        ``filters`` narrow the list further. ``announce`` is told the total of the whole
        window, before any part is read. Parts that VTEX no longer lists are left out.

        Raises:
            IncompleteListError: a part can't be read to its end; the text names it.
        """
        query: Query = {
            **self._always,
            **(filters or {}),
            "orderBy": "creationDate,asc",
            "per_page": ROWS_PER_PAGE,
        }

        def read(part: Window) -> list[Row] | None:
            created = date_filter("creationDate", part)
            return self._read(
                part, {**query, "f_creationDate": created}, announce if part == window else None
            )

        before: set[str] = set()
        for part, rows in walk(window, read, newest_first=newest_first):
            if rows is BEYOND:
                continue
            yield part, [row for row in rows if row.order_id not in before]
            before = {row.order_id for row in rows}

    def _read(
        self, window: Window, query: Query, announce: Callable[[int], None] | None
    ) -> list[Row] | None:
        """All rows of a window, or None if it has to be read in halves."""
        gathered = _Gathered()
        for _ in range(ATTEMPTS):
            known, received = len(gathered.rows), gathered.received
            try:
                first = self._page({**query, "page": 1})
            except (RefusedError, NotFoundError):
                if window.start > self.oldest + BLURRED:
                    raise
                return self._at_the_horizon(window)
            total, per_page = first["paging"]["total"], first["paging"]["perPage"]
            if announce:
                announce(total)
            pages = -(-total // per_page)
            if pages > PAGES:
                if not window.seconds:
                    raise IncompleteListError(
                        f"VTEX has {total:,} orders created in the second "
                        f"{window.start:%Y-%m-%d %H:%M:%S} UTC, and lists {PAGES * per_page:,} "
                        "at most: they can't be told apart by time."
                    )
                return None
            gathered.add(first)
            numbers = range(2, pages + 1)
            for _number, page in self._client.workers.each(
                lambda number, stop: self._page({**query, "page": number}, stop), numbers
            ):
                gathered.add(page)
            if len(gathered.rows) >= gathered.total:
                return list(gathered.rows.values())
            if len(gathered.rows) == known and gathered.received - received >= gathered.total:
                # The same orders as before, and no row missing: the index itself holds an
                # order more than once.
                return list(gathered.rows.values())
            self._logger.warning(
                "VTEX announced %d orders created %s and listed %d; listing them again",
                gathered.total,
                window,
                len(gathered.rows),
            )
        raise IncompleteListError(
            f"VTEX announced {gathered.total:,} orders created {window} but listed only "
            f"{len(gathered.rows):,}, {ATTEMPTS} times over. Run again later; if it stays so, "
            "VTEX's support can have the orders indexed anew."
        )

    def _at_the_horizon(self, window: Window) -> list[Row] | None:
        """What VTEX's refusal of a window means that reaches the end of what it shows."""
        if window.end > self.oldest + BLURRED:
            return None
        self._logger.warning("VTEX lists no orders created %s any more", window)
        return BEYOND

    def _page(self, query: Query, stop: threading.Event | None = None) -> dict[str, Any]:
        return self._client.get(LIST_PATH, _is_page, params=query, stop=stop).body

    # -- orders --------------------------------------------------------------------------

    def fetch(self, rows: Iterable[Row]) -> Iterator[dict[str, Any]]:
        """Yield the document of each order, in the order in which they arrive.

        An order that VTEX lists and does not know (404) is logged and left out.

        Raises:
            UnavailableError: VTEX does not know any of many orders that it lists.
        """
        unknown = 0
        for row, order in self._client.workers.each(self._get, rows):
            if order is not None:
                unknown = 0
                yield order
                continue
            self._logger.info("Order %s is listed, but VTEX does not know it", row.order_id)
            if row.created and row.created > self.oldest + BLURRED:
                unknown += 1
            if unknown >= MOST_UNKNOWN:
                raise UnavailableError(
                    f"VTEX lists orders, but says of {unknown} of them in a row that it does not "
                    "know them (status 404): something on the way loses the requests."
                )

    def _get(self, row: Row, stop: threading.Event) -> dict[str, Any] | None:
        path = f"{LIST_PATH}/{quote(row.order_id, safe='')}"
        try:
            return self._client.get(path, _is_order, stop=stop).body
        except NotFoundError:
            return None


def date_filter(name: str, window: Window) -> str:
    """A window as VTEX's list takes it, to the last millisecond of its last second."""
    return f"{name}:[{window.start:%Y-%m-%dT%H:%M:%S}.000Z TO {window.end:%Y-%m-%dT%H:%M:%S}.999Z]"


def _is_page(body: object) -> TypeGuard[dict[str, Any]]:
    """Whether a body holds what the list has to hold."""
    if not isinstance(body, dict):
        return False
    rows, paging = body.get("list"), body.get("paging")
    return (
        isinstance(rows, list)
        and all(isinstance(row, dict) and row.get("orderId") for row in rows)
        and isinstance(paging, dict)
        and isinstance(paging.get("total"), int)
        and isinstance(paging.get("perPage"), int)
        and paging["perPage"] > 0
    )


def _is_order(body: object) -> TypeGuard[dict[str, Any]]:
    return isinstance(body, dict) and bool(body.get("orderId"))
