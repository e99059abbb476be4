"""Search: pages of 100 documents, and at most 10,000 documents a query.

Announced totals can be too low, so pages are read until one is not full. Pages are independent
requests: if a document leaves the list in between, all those after it move up. So each page starts
with the last rows of the previous one; two pages that share none have a gap between them.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from tap_vtex import dates
from tap_vtex.streams.masterdata.api import (
    SEARCH,
    TIMED_OUT,
    Received,
    ShortReadError,
    TooManyError,
    announced_total,
    check_total,
)
from tap_vtex.streams.masterdata.rows import CREATED_IN

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Generator, Iterable
    from datetime import datetime

    from tap_vtex.streams.masterdata.api import Entity, Page
    from tap_vtex.streams.masterdata.rows import Row

PAGE: Final = 100
#: Rows that neighboring pages share.
SHARED: Final = 10
#: From the start of one page to the start of the next.
STEP: Final = PAGE - SHARED
#: The most documents that a query can return.
REACH: Final = 10_000


class Count(NamedTuple):
    """The count of a search."""

    #: The number of documents; None if unknown.
    total: int | None
    #: When the earliest one was created; None if unknown.
    earliest: datetime | None


#: The count of a search that returns none.
UNKNOWN: Final = Count(None, None)


def count(
    entity: Entity,
    where: str | None,
    no_retry: Collection[int] = (),
    stop: threading.Event | None = None,
) -> Count:
    """Count the documents that meet a condition.

    Raises:
        AccessError: The key may not read the entity, or one of the fields.
        RefusedError: The entity refuses the condition, or the search times out.
    """
    page = _page(entity, where, 0, 1, stop=stop, no_retry=(TIMED_OUT, *no_retry))
    total = announced_total(page.headers.get("REST-Content-Range"))
    dates_in = (dates.parse(row.created) for row in page.documents)
    return Count(0 if total is None and not page.rows else total, next(dates_in, None))


def read(entity: Entity, where: str | None) -> Generator[Row, None, Received]:
    """Yield the documents that meet a condition, some of them twice.

    Returns:
        How many rows there were.

    Raises:
        TooManyError: There are more documents than search can return.
        ShortReadError: The pages have fewer documents than announced, repeat, or have a gap.
    """
    first = _page(entity, where, 0, PAGE)
    total = announced_total(first.headers.get("REST-Content-Range"))
    if total is not None and total > REACH:
        raise TooManyError(f"{total:,} documents are more than a search reaches")
    pages = {0: _ids(first)}
    yield from entity.readable(first)

    def fetch(start: int, stop: threading.Event) -> Page:
        return _page(entity, where, start, start + PAGE, stop=stop)

    announced_pages = range(STEP, (total or 0) - SHARED, STEP)
    for start, page in entity.client.workers.each(fetch, announced_pages):
        pages[start] = _ids(page)
        yield from entity.readable(page)
    start = max(pages)
    while len(pages[start]) == PAGE:
        start += STEP
        if start + PAGE > REACH:
            raise TooManyError("there are more documents than a search reaches")
        page = _page(entity, where, start, start + PAGE)
        pages[start] = _ids(page)
        _check_for_repeats(pages[start - STEP], pages[start])
        yield from entity.readable(page)
    _check_neighbors([pages[start] for start in sorted(pages)])
    received = _received(pages.values())
    check_total(received.rows, total)
    return received


def _page(
    entity: Entity,
    where: str | None,
    start: int,
    end: int,
    *,
    stop: threading.Event | None = None,
    no_retry: Collection[int] = (),
) -> Page:
    """The documents from ``start`` up to, but not including, ``end``."""
    return entity.get(
        SEARCH,
        {**entity.query(where), "_sort": f"{CREATED_IN} ASC"},
        headers={"REST-Range": f"resources={start}-{end}"},
        no_retry=no_retry,
        stop=stop,
    )


def _ids(page: Page) -> list[str]:
    """The ids on a page, with an empty one for each row that has none."""
    missing = page.rows - len(page.documents)
    return [*(row.id for row in page.documents), *[""] * missing]


def _received(pages: Iterable[list[str]]) -> Received:
    """Count the rows of pages, without those that neighbors share.

    The index can hold a document twice under one id. Both have the same creation date, so they
    are on the same page.
    """
    most: Counter[str] = Counter()
    for page in pages:
        most |= Counter(page)
    copies = most.total() - len(most)
    return Received(most.total(), copies, copies)


def _check_neighbors(pages: list[list[str]]) -> None:
    for page, following in pairwise(pages):
        _check_for_repeats(page, following)
        is_end = len(page) < PAGE and not following
        if not is_end and set(page).isdisjoint(following):
            raise ShortReadError("documents moved while their pages were read")


def _check_for_repeats(page: list[str], following: list[str]) -> None:
    if len(page) == PAGE and page == following:
        raise ShortReadError("a search repeated a page")
