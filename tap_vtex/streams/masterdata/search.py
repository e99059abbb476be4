"""Search: pages of 100, and no more than 10,000 documents a query.

Its index has been seen to announce too few documents, so pages are asked for until one is
not full. Nothing holds the pages together: where a document leaves the list meanwhile, all
behind it move up. So each page begins with the last rows of the one before, and two that
share none have a gap between them.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

from tap_vtex.errors import RefusedError
from tap_vtex.streams.masterdata.entity import (
    TIMED_OUT,
    LostError,
    TooManyError,
    announced,
    compare,
)
from tap_vtex.streams.masterdata.query import CREATED

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator

    from tap_vtex.client import Answer
    from tap_vtex.streams.base import Document
    from tap_vtex.streams.masterdata.entity import Entity

PAGE: Final = 100
#: Rows that neighbouring pages share.
SHARED: Final = 10
#: From the beginning of a page to that of the next.
STEP: Final = PAGE - SHARED
#: Documents that a query reaches.
REACH: Final = 10_000


def count(entity: Entity, where: str | None) -> int | None:
    """How many documents meet a condition; None where search does not tell.

    Raises:
        RefusedError: the condition is none that the entity answers.
    """
    try:
        answer = _page(entity, where, 0, 1)
    except RefusedError as refusal:
        if refusal.status == TIMED_OUT:
            return None
        raise
    total = announced(answer.headers.get("REST-Content-Range"))
    return 0 if total is None and not answer.body else total


def read(entity: Entity, where: str | None) -> Generator[Document, None, int]:
    """Yield the documents that meet a condition; returns how many there were.

    Raises:
        TooManyError: there are more than a search reaches.
        LostError: it came short of its total, or has a gap.
    """
    first = _page(entity, where, 0, PAGE)
    total = announced(first.headers.get("REST-Content-Range"))
    if total is not None and total > REACH:
        raise TooManyError(f"{total:,} documents are more than a search reaches")
    pages = {0: _ids(first.body)}
    yield from first.body
    announced_pages = entity.workers.each(
        lambda start, stop: _page(entity, where, start, start + PAGE, stop).body,
        range(STEP, (total or 0) - SHARED, STEP),
    )
    for start, documents in announced_pages:
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
    _see_no_gap([pages[start] for start in sorted(pages)])
    came = len(set().union(*pages.values()))
    compare(came, total)
    return came


def _page(
    entity: Entity,
    where: str | None,
    start: int,
    end: int,
    stop: threading.Event | None = None,
) -> Answer[list[Document]]:
    """The documents from ``start`` on, ``end`` not included."""
    return entity.get(
        "search",
        {**entity.wanted(where), "_sort": f"{CREATED} ASC"},
        headers={"REST-Range": f"resources={start}-{end}"},
        final=(TIMED_OUT,) if end - start == 1 else (),
        stop=stop,
    )


def _ids(documents: list[Document]) -> list[str]:
    return [document["id"] for document in documents]


def _see_no_gap(pages: list[list[str]]) -> None:
    for page, following in pairwise(pages):
        is_end = len(page) < PAGE and not following
        if not is_end and set(page).isdisjoint(following):
            raise LostError("documents moved while their pages were read")
