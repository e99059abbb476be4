"""Fetches single orders in parallel, in chunks with a checkpoint after each."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from itertools import groupby
from typing import TYPE_CHECKING, Final

from tap_vtex.errors import VtexError
from tap_vtex.http.fetching import Outcome, fetch_each
from tap_vtex.streams.orders.api import ORDER, OrderBody, Row
from tap_vtex.types import Document
from tap_vtex.windows import Window

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterable, Iterator

    from tap_vtex.http.client import VtexClient
    from tap_vtex.streams.orders.window_reader import Listed

#: This many listed orders in a row that VTEX does not know are suspicious.
MAX_UNKNOWN: Final = 20
#: Orders between two checkpoints.
CHUNK: Final = 100
#: Once this many later orders have come, close a chunk even if some of its orders are pending.
MAX_ORDERS_AHEAD: Final = 400

OrderOutcome = Outcome[Row, Document]


def fetch(
    client: VtexClient, rows: Iterable[Row], *, retry_for: float | None = None
) -> Iterator[OrderOutcome]:
    """Fetch the order of each row; yield the outcomes in order of completion.

    ``retry_for`` overrides the policy's seconds of retries per order.

    Raises:
        VtexError: As `fetch_each` does.
    """

    def fetch_one(row: Row, stop: threading.Event) -> OrderBody:
        return client.get(ORDER, row.order_id, retry_for=retry_for, stop=stop).body

    for outcome in fetch_each(client, ORDER, fetch_one, rows, max_unknown=MAX_UNKNOWN):
        order = outcome.result.decode() if outcome.result else None
        yield Outcome(outcome.item, order, outcome.error)


@dataclass(eq=False)
class Chunk:
    """A part of a list window, after which a run can resume."""

    window: Window
    #: All rows of the part.
    rows: list[Row]
    #: The rows whose orders are to be fetched.
    wanted: list[Row]
    #: The window that it is a part of.
    listed: Listed
    #: Whether it is the window's last part.
    is_last: bool
    #: Orders that have neither come nor failed yet.
    pending: set[str] = field(default_factory=set)


def chunks_of(
    listed: Listed, wanted: Callable[[Row], bool], *, newest_first: bool = False
) -> Iterator[Chunk]:
    """Split a window into small parts, never within a second.

    Rows without a creation date are in the first part.
    """
    window, rows = listed.window, listed.rows
    undated = [row for row in rows if row.created is None]
    dated = sorted(
        (row for row in rows if row.created is not None),
        key=lambda row: row.created or window.start,
        reverse=newest_first,
    )
    # The rows of each part, and the wanted ones.
    parts = [(undated, list(filter(wanted, undated)))]
    for _, same_second in groupby(dated, key=lambda row: row.created):
        together = list(same_second)
        chosen = list(filter(wanted, together))
        if len(parts[-1][1]) + len(chosen) > CHUNK and parts[-1][0]:
            parts.append(([], []))
        parts[-1][0].extend(together)
        parts[-1][1].extend(chosen)
    edge = window.end if newest_first else window.start
    for number, (part, chosen) in enumerate(parts, start=1):
        if number == len(parts):
            reached = window.start if newest_first else window.end
        else:
            reached = part[-1].created or edge
            reached = min(max(reached, window.start), window.end)
        span = Window(reached, edge) if newest_first else Window(edge, reached)
        edge = reached
        yield Chunk(span, part, chosen, listed, is_last=number == len(parts))


def fetch_chunks(
    client: VtexClient, chunks: Iterable[Chunk], done: Callable[[Chunk], None]
) -> Iterator[OrderOutcome]:
    """Fetch the wanted orders of many chunks, without a wait at the end of each.

    Args:
        client: The client.
        chunks: The chunks.
        done: Called with each chunk, in sequence, after all its outcomes were yielded. A chunk
            with a very slow order is closed earlier; its pending orders may still come.

    Yields:
        The outcomes, in order of completion.

    Raises:
        VtexError: As `fetch_each` does; or an error of ``chunks``, after the orders of the chunks
            before it.
    """
    under_way: deque[Chunk] = deque()
    chunk_of: dict[str, Chunk] = {}
    errors: list[VtexError] = []

    def rows_of_all() -> Iterator[Row]:
        try:
            for chunk in chunks:
                chunk.pending = {row.order_id for row in chunk.wanted}
                under_way.append(chunk)
                chunk_of.update(dict.fromkeys(chunk.pending, chunk))
                yield from chunk.wanted
        except VtexError as error:
            errors.append(error)

    ahead = 0
    for outcome in fetch(client, rows_of_all()):
        yield outcome
        ahead += 1
        if chunk := chunk_of.pop(outcome.item.order_id, None):
            chunk.pending.discard(outcome.item.order_id)
        while under_way and (not under_way[0].pending or ahead > MAX_ORDERS_AHEAD + CHUNK):
            ahead = max(0, ahead - len(under_way[0].wanted))
            done(under_way.popleft())
    for chunk in under_way:  # the last ones, if they had no wanted orders
        done(chunk)
    if errors:
        raise errors[0]
