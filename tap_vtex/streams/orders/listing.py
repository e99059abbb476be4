"""The order list, read to its end.

VTEX's list reaches 30 pages of 100 orders, is some minutes behind the orders, and moves
while it is read. Its rows serve to find orders; what an order holds comes from Get order,
since rows round money and can show a state long past.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeGuard

from tap_vtex import dates
from tap_vtex.errors import IncompleteListError, NotFoundError, RefusedError
from tap_vtex.windows import SECOND, Window, walk, whole_second

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Generator, Iterator, Mapping

    from tap_vtex.client import VtexClient

LIST_PATH: Final = "/api/oms/pvt/orders"
PAGES: Final = 30
ROWS_PER_PAGE: Final = 100
YEARS_SHOWN: Final = 2
#: Close to the end of what VTEX shows, list and orders need not agree on where it is ...
BLURRED: Final = timedelta(days=2)
#: ... and this is how near to it the tap gets.
NEAREST: Final = timedelta(minutes=1)
#: Seconds to wait before a list is read again that contradicts itself. Then it's an error.
WAITS: Final = (0, 1, 5, 20)

Query = dict[str, "str | int"]


class Row(NamedTuple):
    """What a row of the list says that helps to find an order; dates in whole seconds."""

    order_id: str
    created: datetime | None = None
    #: Undocumented, though VTEX's own apps read it; None where a row lacks it.
    last_change: datetime | None = None
    #: The window that it was listed in, where somebody has to know.
    window: Window | None = None


@dataclass
class _Reading:
    """What one reading of a query gave, over all its pages."""

    rows: dict[str, Row] = field(default_factory=dict)
    total: int = 0
    received: int = 0

    def add(self, page: dict[str, Any]) -> None:
        self.total = max(self.total, page["paging"]["total"])
        self.received += len(page["list"])
        for row in page["list"]:
            created = dates.parse(row.get("creationDate"))
            order_id, last_change = str(row["orderId"]), dates.parse(row.get("lastChange"))
            self.rows[order_id] = Row(order_id, created and whole_second(created), last_change)


#: What a window holds that VTEX no longer lists. It counts as read only once a later one
#: could be: else a list that refuses everything would seem to be read.
BEYOND: Final[list[Row]] = []


class OrderList:
    """The orders of a store: the complete ones, or the incomplete ones."""

    def __init__(
        self, client: VtexClient, logger: logging.Logger, *, incomplete: bool = False
    ) -> None:
        self.client = client
        self._logger = logger
        self.incomplete = incomplete
        self._always: Query = {"incompleteOrders": "true"} if incomplete else {}
        #: Set once nobody waits for the list any more.
        self.stop = threading.Event()
        #: Whether the pages of a window are asked for one after the other.
        self.one_at_a_time = False

    @cached_property
    def now(self) -> datetime:
        """The second, by VTEX's clock, at which this was first asked for.

        Raises:
            AccessError: the key may not list orders.
        """
        self._page({**self._always, "page": 1, "per_page": 1})
        return whole_second(self.client.now())

    @cached_property
    def oldest(self) -> datetime:
        """Where the two years begin whose orders VTEX shows."""
        year = self.now.year - YEARS_SHOWN
        try:
            return self.now.replace(year=year)
        except ValueError:  # the 29th of February
            return self.now.replace(year=year, day=28)

    def is_fading(self, moment: datetime | None) -> bool:
        """Whether a moment lies about where VTEX ceases to show orders."""
        return moment is not None and moment < self.oldest + BLURRED

    def windows(
        self,
        window: Window,
        filters: Mapping[str, str] | None = None,
        *,
        newest_first: bool = False,
        weighed: bool = False,
        announce: Callable[[int], None] | None = None,
    ) -> Iterator[tuple[Window, list[Row]]]:
        """Read the orders created in a window, in as many parts as it takes.

        Neighbouring parts share a second; an order that both list comes with the first.
        ``filters`` narrow the list further. With ``weighed``, a window that is cut in two
        is weighed against its halves first, which costs two requests. ``announce`` is
        told the total of the whole window, before any part is read. Parts that VTEX no
        longer lists are left out.

        Raises:
            IncompleteListError: a part can't be read to its end; the text names it.
        """
        query: Query = {
            **self._always,
            **(filters or {}),
            "orderBy": "creationDate,asc",
            "per_page": ROWS_PER_PAGE,
        }
        weights: dict[Window, int] = {}

        def read(part: Window) -> list[Row] | None:
            narrowed = {**query, "f_creationDate": date_filter("creationDate", part)}
            first = self._first_page(part, narrowed)
            if first is None:
                return self._at_the_horizon(part)
            if announce and part == window:
                announce(first["paging"]["total"])
            if _pages(first) <= PAGES:
                return self._read(part, narrowed, first, weights.pop(part, 0))
            if not part.seconds:
                raise _too_many(part, first)
            if weighed:
                weights.update(self._weigh(part, query, first["paging"]["total"]))
            return None

        before: set[str] = set()
        for part, rows in walk(window, read, newest_first=newest_first):
            if rows is BEYOND:
                continue
            yield part, [row for row in rows if row.order_id not in before]
            before = {row.order_id for row in rows}

    def windows_ahead(
        self,
        window: Window,
        **options: Any,  # noqa: ANN401 - those of `windows`
    ) -> Generator[tuple[Window, list[Row]]]:
        """Read `windows`, the next one while the caller is at work on the one before.

        From the second one on, one page at a time: the workers have the caller's work to do.
        """
        reader = copy(self)
        reader.stop = threading.Event()
        parts: Iterator[tuple[Window, list[Row]] | None] = reader.windows(window, **options)
        pool = ThreadPoolExecutor(1, thread_name_prefix="vtex-list")
        try:
            part = next(parts, None)
            reader.one_at_a_time = True
            while part is not None:
                coming = pool.submit(lambda: next(parts, None))
                yield part
                part = coming.result()
        finally:
            reader.stop.set()
            pool.shutdown(wait=False, cancel_futures=True)

    # -- one window ----------------------------------------------------------------------

    def _first_page(self, window: Window, query: Query) -> dict[str, Any] | None:
        """The first page; None where VTEX refuses a window as too old."""
        try:
            return self._page({**query, "page": 1})
        except (RefusedError, NotFoundError):
            if self.is_fading(window.start):
                return None
            raise

    def _at_the_horizon(self, window: Window) -> list[Row] | None:
        """What VTEX's refusal of a window means that begins where its orders end."""
        if window.end - window.start > NEAREST:
            return None
        self._logger.info("VTEX lists no orders created %s any more", window)
        return BEYOND

    def _read(self, window: Window, query: Query, first: dict[str, Any], least: int) -> list[Row]:
        """All rows of a window, beginning with its first page.

        A list that comes short of its own total, or of the ``least`` that there must be,
        is read again until two readings agree.
        """
        before: _Reading | None = None
        for wait in WAITS:
            self.client.wait(wait, self.stop)
            reading = self._gather(query, first if before is None else None)
            agreed = before is not None and reading.rows.keys() == before.rows.keys()
            # An index that holds an order twice counts it twice, in every reading.
            whole = len(reading.rows) >= reading.total or (
                agreed and reading.received >= reading.total
            )
            if whole and (agreed or reading.total >= least):
                return list(reading.rows.values())
            self._logger.warning(
                "Of the orders created %s, VTEX announced %d and listed %d; listing them again",
                window,
                max(reading.total, least),
                len(reading.rows),
            )
            before = reading
        raise IncompleteListError(
            f"VTEX announced {max(reading.total, least):,} orders created {window} but listed "
            f"only {len(reading.rows):,}, {len(WAITS)} times over. Run again later; if it stays "
            "so, VTEX's support can have the orders indexed anew."
        )

    def _gather(self, query: Query, first: dict[str, Any] | None) -> _Reading:
        """The rows of all pages; the first one is asked for unless it is there."""
        first = first or self._page({**query, "page": 1})
        reading = _Reading()
        reading.add(first)
        others = range(2, _pages(first) + 1)
        if self.one_at_a_time:
            for number in others:
                reading.add(self._page({**query, "page": number}))
        else:
            for _number, page in self.client.workers.each(
                lambda number, stop: self._page({**query, "page": number}, stop), others
            ):
                reading.add(page)
        return reading

    def _weigh(self, window: Window, query: Query, whole: int) -> dict[Window, int]:
        """How many orders each half of a window has, once they add up to the ``whole``.

        The index has been seen to know nothing of a stretch of time for a moment, and an
        empty half would be taken for read.
        """
        halves = window.halves()
        for wait in WAITS:
            self.client.wait(wait, self.stop)
            parts = [self._total(half, query) for half in halves]
            if sum(parts) >= whole:
                return dict(zip(halves, parts, strict=True))
            whole = self._total(window, query)
        raise IncompleteListError(
            f"VTEX announced {whole:,} orders created {window}, but only {sum(parts):,} for the "
            f"two halves of that time, {len(WAITS)} times over. Run again later."
        )

    def _total(self, window: Window, query: Query) -> int:
        created = date_filter("creationDate", window)
        page = self._first_page(window, {**query, "f_creationDate": created, "per_page": 1})
        return 0 if page is None else int(page["paging"]["total"])

    def _page(self, query: Query, stop: threading.Event | None = None) -> dict[str, Any]:
        return self.client.get(LIST_PATH, _is_page, params=query, stop=stop or self.stop).body


def date_filter(name: str, window: Window) -> str:
    """A window as VTEX's list takes it.

    To the last millisecond of its last second; a window of one second to the next, since
    its neighbour shares nothing with it.
    """
    start, end = window.start, window.end
    until = f"{end:%Y-%m-%dT%H:%M:%S}.999Z"
    if start == end:
        until = f"{end + SECOND:%Y-%m-%dT%H:%M:%S}.000Z"
    return f"{name}:[{start:%Y-%m-%dT%H:%M:%S}.000Z TO {until}]"


def _too_many(window: Window, page: dict[str, Any]) -> IncompleteListError:
    total, per_page = page["paging"]["total"], page["paging"]["perPage"]
    return IncompleteListError(
        f"VTEX has {total:,} orders created in the second {window.start:%Y-%m-%d %H:%M:%S} UTC, "
        f"and lists {PAGES * per_page:,} at most: they can't be told apart by time."
    )


def _pages(page: dict[str, Any]) -> int:
    paging: dict[str, int] = page["paging"]
    return -(-paging["total"] // paging["perPage"])


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
