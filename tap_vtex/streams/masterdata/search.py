"""Search: pages of 100 documents, and at most 10,000 documents a query.

Its index has announced too few documents, so pages are read until one is not full. Nothing
holds the pages together: if a document leaves the list meanwhile, all those behind it move up.
So each page begins with the last rows of the one before; two pages that share none have a gap
between them.
"""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from typing import TYPE_CHECKING, Final, NamedTuple

from tap_vtex import dates
from tap_vtex.streams.masterdata.api import (
    SEARCH,
    TIMED_OUT,
    LostError,
    Received,
    TooManyError,
    announced,
    compare,
)
from tap_vtex.streams.masterdata.rows import CREATED

if TYPE_CHECKING:
    import threading
    from collections.abc import Collection, Generator, Iterable
    from datetime import datetime

    from tap_vtex.streams.masterdata.api import Entity, Page
    from tap_vtex.streams.masterdata.rows import Row

PAGE: Final = 100
#: Rows that neighbouring pages share.
SHARED: Final = 10
#: From the beginning of a page to that of the next.
STEP: Final = PAGE - SHARED
#: Documents that a query reaches.
REACH: Final = 10_000


class Count(NamedTuple):
    """What a search says of its documents without giving them."""

    #: How many there are; None if it does not say.
    total: int | None
    #: When the earliest one was created, as far as it says.
    earliest: datetime | None


#: Of a search that can't be counted.
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
    total = announced(page.headers.get("REST-Content-Range"))
    dates_in = (dates.parse(row.created) for row in page.documents)
    return Count(0 if total is None and not page.rows else total, next(dates_in, None))


def read(entity: Entity, where: str | None) -> Generator[Row, None, Received]:
    """Yield the documents that meet a condition. Some come twice.

    Returns:
        How much there was.

    Raises:
        TooManyError: There are more than a search reaches.
        LostError: The pages came short of the total, repeat themselves, or have a gap.
    """
    first = _page(entity, where, 0, PAGE)
    total = announced(first.headers.get("REST-Content-Range"))
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
    _check_neighbours([pages[start] for start in sorted(pages)])
    received = _received(pages.values())
    compare(received.rows, total)
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
    """The documents from ``start`` to ``end``, which is excluded."""
    return entity.get(
        SEARCH,
        {**entity.query(where), "_sort": f"{CREATED} ASC"},
        headers={"REST-Range": f"resources={start}-{end}"},
        no_retry=no_retry,
        stop=stop,
    )


def _ids(page: Page) -> list[str]:
    """The ids on a page, and an empty one for each row without."""
    missing = page.rows - len(page.documents)
    return [*(row.id for row in page.documents), *[""] * missing]


def _received(pages: Iterable[list[str]]) -> Received:
    """How many rows the pages hold, without those that neighbours share.

    The index can hold a document twice under one id. The two have one date of creation, so
    they are on one page.
    """
    most: Counter[str] = Counter()
    for page in pages:
        most |= Counter(page)
    copies = most.total() - len(most)
    return Received(most.total(), copies, copies)


def _check_neighbours(pages: list[list[str]]) -> None:
    for page, following in pairwise(pages):
        _check_for_repeats(page, following)
        is_end = len(page) < PAGE and not following
        if not is_end and set(page).isdisjoint(following):
            raise LostError("documents moved while their pages were read")


def _check_for_repeats(page: list[str], following: list[str]) -> None:
    if len(page) == PAGE and page == following:
        raise LostError("a search repeated a page")
