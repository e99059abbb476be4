"""Single orders, fetched side by side."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from tap_vtex.errors import VtexError
from tap_vtex.http.fetching import Outcome, fetch_each
from tap_vtex.streams.orders.api import ORDER, Row
from tap_vtex.types import Document

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator

    from tap_vtex.http.client import VtexClient
    from tap_vtex.windows import Window

#: This many listed orders in a row that VTEX does not know are an error.
MAX_UNKNOWN: Final = 20

OrderOutcome = Outcome[Row, Document]


def fetch(
    client: VtexClient, rows: Iterable[Row], *, retry_for: float | None = None
) -> Iterator[OrderOutcome]:
    """Fetch the order of each row; yield the outcomes in the order of completion.

    Args:
        client: The client.
        rows: Rows of the list.
        retry_for: For how many seconds to retry each order, instead of what the policy says.

    Raises:
        AccessError, RefusedError, UnavailableError: As `fetch_each` does.
    """

    def fetch_one(row: Row, stop: threading.Event) -> Document:
        return client.get(ORDER, row.order_id, retry_for=retry_for, stop=stop).body

    return fetch_each(client, ORDER, fetch_one, rows, max_unknown=MAX_UNKNOWN)


def fetch_windows(
    client: VtexClient,
    windows: Iterable[tuple[Window, list[Row]]],
    done: Callable[[Window, list[Row]], None],
) -> Iterator[OrderOutcome]:
    """Fetch the orders of many windows, without waiting at the end of each.

    Args:
        client: The client.
        windows: Windows with their rows.
        done: Is told each window, in their order, once all its outcomes were handed on.

    Yields:
        The outcomes, in the order of completion.

    Raises:
        AccessError, RefusedError, UnavailableError: As `fetch_each` does.
        VtexError: An error of ``windows``, after the orders of all windows before it.
    """
    under_way: deque[tuple[Window, list[Row]]] = deque()
    left: dict[Window, int] = {}
    errors: list[VtexError] = []

    def rows_of_all() -> Iterator[Row]:
        try:
            for window, rows in windows:
                under_way.append((window, rows))
                left[window] = len(rows)
                yield from (row._replace(window=window) for row in rows)
        except VtexError as error:
            errors.append(error)

    for outcome in fetch(client, rows_of_all()):
        yield outcome
        if outcome.item.window:
            left[outcome.item.window] -= 1
        while under_way and not left[under_way[0][0]]:
            done(*under_way.popleft())
    for window, rows in under_way:  # windows without orders, at the end
        done(window, rows)
    if errors:
        raise errors[0]
