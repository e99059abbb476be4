"""Search: pages of 100 documents, and at most 10,000 documents a query.

Its index has announced too few documents, so pages are read until one is not full. Nothing
holds the pages together: if a document leaves the list meanwhile, all those behind it move up.
So each page begins with the last rows of the one before; two pages that share none have a gap
between them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from tap_vtex.errors import RefusedError
from tap_vtex.streams.masterdata.api import (
    CREATED,
    SEARCH,
    TIMED_OUT,
    LostError,
    TooManyError,
    announced,
    compare,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator

    from tap_vtex.http.client import Response
    from tap_vtex.streams.masterdata.api import Entity
    from tap_vtex.types import Document

PAGE: Final = 100
#: Rows that neighbouring pages share.
SHARED: Final = 10
#: From the beginning of a page to that of the next.
STEP: Final = PAGE - SHARED
#: Documents that a query reaches.
REACH: Final = 10_000


def count(entity: Entity, where: str | None) -> int | None:
    """How many documents meet a condition; None if search does not say.

    Raises:
        RefusedError: The entity refuses the condition.
    """
    try:
        response = _page(entity, where, 0, 1)
    except RefusedError as refusal:
        if refusal.status == TIMED_OUT:
            return None
        raise
    total = announced(response.headers.get("REST-Content-Range"))
    return 0 if total is None and not response.body else total


def read(entity: Entity, where: str | None) -> Generator[Document, None, int]:
    """Yield the documents that meet a condition.

    Returns:
        How many there were.

    Raises:
        TooManyError: There are more than a search reaches.
        LostError: The pages came short of the total, or have a gap.
    """
    first = _page(entity, where, 0, PAGE)
    total = announced(first.headers.get("REST-Content-Range"))
    if total is not None and total > REACH:
        raise TooManyError(f"{total:,} documents are more than a search reaches")
    pages = {0: _ids(first.body)}
    yield from first.body

    def fetch(start: int, stop: threading.Event) -> list[Document]:
        return _page(entity, where, start, start + PAGE, stop).body

    announced_pages = range(STEP, (total or 0) - SHARED, STEP)
    for start, documents in entity.client.workers.each(fetch, announced_pages):
        pages[start] = _ids(documents)
        yield from documents
    start = max(pages)
    while len(pages[start]) == PAGE:
        start += STEP
        if start + PAGE > REACH:
            raise TooManyError("there are more documents than a search reaches")
        documents = _page(entity, where, start, start + PAGE).body
        pages[start] = _ids(documents)
        yield from documents
    _check_for_gaps([pages[start] for start in sorted(pages)])
    received = len(set().union(*pages.values()))
    compare(received, total)
    return received


def _page(
    entity: Entity,
    where: str | None,
    start: int,
    end: int,
    stop: threading.Event | None = None,
) -> Response[list[Document]]:
    """The documents from ``start`` to ``end``, which is excluded."""
    return entity.get(
        SEARCH,
        {**entity.query(where), "_sort": f"{CREATED} ASC"},
        headers={"REST-Range": f"resources={start}-{end}"},
        no_retry=(TIMED_OUT,) if end - start == 1 else (),
        stop=stop,
    )


def _ids(documents: list[Document]) -> list[str]:
    return [document["id"] for document in documents]


def _check_for_gaps(pages: list[list[str]]) -> None:
    for page, following in pairwise(pages):
        is_end = len(page) < PAGE and not following
        if not is_end and set(page).isdisjoint(following):
            raise LostError("documents moved while their pages were read")
