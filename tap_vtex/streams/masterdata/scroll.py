"""Scroll: pages of up to 1,000 documents, linked by a token that expires.

All systems of an account share ten scrolls. A page whose response is lost may be gone, unless pages
can be requested by number. A thread prefetches pages, including the first one of the next scroll,
so at most two scrolls are open.
"""

from __future__ import annotations

import threading
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from tap_vtex.errors import IncompleteListError, RefusedError
from tap_vtex.streams.masterdata.api import (
    SCROLL,
    TIMED_OUT,
    TOO_MANY_SCROLLS,
    Received,
    ShortReadError,
    announced_total,
    check_total,
)
from tap_vtex.streams.masterdata.numbered import NumberedPages, Scroll

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from tap_vtex.http.workers import Ahead
    from tap_vtex.streams.masterdata.api import Entity, Page
    from tap_vtex.streams.masterdata.rows import Row

    _Pages = Ahead[Page] | Generator[Page, None, None]

#: Documents per page. If Master Data times out, the next size is tried.
PAGE_SIZES: Final = (1000, 500, 250, 100)
#: Pages waiting to be processed, besides the one in flight.
PAGES_AHEAD: Final = 2
#: A scroll with more pages than this is taken to be endless.
MAX_PAGES: Final = 100_000
#: So is one with this many pages more than its total needs at `MIN_PER_PAGE` documents per page.
#: A total may be too low, but not by that much.
SPARE_PAGES: Final = 100
#: Half of the smallest page.
MIN_PER_PAGE: Final = PAGE_SIZES[-1] // 2
#: Consecutive pages that may contain no new documents.
MAX_STALE: Final = 3


class ScrollRefusedError(Exception):
    """All scrolls of the account are in use."""


class _StartedScroll(NamedTuple):
    """A scroll that has started, but whose pages nobody has taken yet."""

    where: str | None
    pages: _Pages
    #: Allows requests by page number. Until it is set, only the first page is requested.
    may_continue: threading.Event

    def close(self) -> None:
        self.pages.close()
        self.may_continue.set()


class Scroller:
    """Reads an entity by scroll, and remembers the page size that works."""

    def __init__(self, entity: Entity) -> None:
        """Start with the largest page size."""
        self._entity = entity
        self._sizes = list(PAGE_SIZES)
        self._numbered = NumberedPages(entity)
        self._next: _StartedScroll | None = None

    def read(self, where: str | None, expected: int | None) -> Generator[Row, None, Received]:
        """Yield the documents that meet a condition.

        Args:
            where: The condition; None for all documents.
            expected: The count by search; None if unknown.

        Returns:
            How many rows there were.

        Raises:
            ScrollRefusedError: No scroll is free.
            ShortReadError: The scroll broke off, repeated itself, or ended before its total.
            IncompleteListError: The scroll does not end.
        """
        page, pages = self._open(where)
        total = announced_total(page.headers.get("REST-Content-Total"))
        minimum = total if total is not None else expected
        progress = _Progress()
        # Read up to the empty page: a scroll left open counts towards the account's ten.
        try:
            while page.rows:
                is_new = progress.add(page, minimum)
                progress.check_end(self._entity.acronym, minimum)
                if not is_new and minimum is not None and progress.rows >= minimum:
                    break
                if page.is_numbered and (not is_new or progress.contradicts(total)):
                    raise self._numbered.distrust()
                if not is_new:
                    raise ShortReadError("a scroll repeated itself")
                yield from self._entity.readable(page)
                page = next(pages)
        except RefusedError as refusal:
            if total is None or progress.rows < total:
                raise self._broken(refusal) from None
        finally:
            pages.close()
        check_total(progress.rows, total)
        if self._next:
            self._next.may_continue.set()
        return Received(progress.rows, progress.copies, progress.repeats)

    def begin(self, where: str | None) -> None:
        """Start the scroll that will be read next."""
        if self._next:
            self._next.close()
        self._next = self._begin(where)

    def _begin(self, where: str | None) -> _StartedScroll:
        may_continue = threading.Event()
        make = partial(self._pages, where, self._sizes[0], may_continue)
        return _StartedScroll(
            where, self._entity.client.workers.ahead(make, PAGES_AHEAD), may_continue
        )

    def _pages(
        self, where: str | None, size: int, may_continue: threading.Event, stop: threading.Event
    ) -> Generator[Page, None, None]:
        """Yield the pages of a scroll, including the empty one at the end."""

        def get(params: Mapping[str, str | int]) -> Page:
            return self._entity.get(SCROLL, params, no_retry=(TIMED_OUT,), stop=stop)

        first = get({**self._entity.query(where), "_size": size})
        yield first
        token = first.headers.get("X-VTEX-MD-TOKEN") or ""
        last: Page | None = first
        scroll = Scroll(first, token, size, stop)
        if self._numbered.can_read(scroll):
            may_continue.wait()
            last = yield from self._numbered.read(scroll)
        while last and last.rows:
            token = last.headers.get("X-VTEX-MD-TOKEN") or token
            last = get({"_token": token})
            yield last

    def _open(self, where: str | None) -> tuple[Page, _Pages]:
        """Open a scroll: its first page, and the rest."""
        while True:
            is_next = self._next is not None and self._next.where == where
            if self._next and is_next:
                started, self._next = self._next, None
            else:
                started = self._begin(where)
            pages = started.pages
            started.may_continue.set()
            try:
                return next(pages), pages
            except RefusedError as refusal:
                if TOO_MANY_SCROLLS in refusal.vtex_message:
                    if is_next:
                        continue  # The scroll read meanwhile has been freed.
                    raise ScrollRefusedError from None
                if refusal.status != TIMED_OUT:
                    raise
            if not self._shrink():
                raise ShortReadError("a scroll timed out even with its smallest pages")

    def _broken(self, refusal: RefusedError) -> ShortReadError:
        if refusal.status != TIMED_OUT:
            return ShortReadError("a scroll's token expired")
        # The page size is fixed when a scroll starts: smaller pages need a new one.
        self._shrink()
        return ShortReadError("a page of a scroll timed out")

    def _shrink(self) -> bool:
        """Switch to the next smaller page size; False if there is none."""
        if len(self._sizes) == 1:
            return False
        self._sizes.pop(0)
        return True


class _Progress:
    """What a scroll has returned so far."""

    def __init__(self) -> None:
        self.rows = 0
        #: Whether any two pages have shared documents.
        self._overlap = False
        #: Hashes of raw ids, which take less memory than ids.
        self._seen: set[int] = set()
        #: For ids that are spelled differently in records: the record id's hash by the raw id's.
        self._respelled: dict[int, int] = {}
        self._pages: set[int] = set()
        self._read = 0
        self._stale = 0

    @property
    def copies(self) -> int:
        """Rows beyond the first of each document."""
        only_respelled = set(self._respelled.values()) - self._seen
        documents = len(self._seen) - len(self._respelled) + len(only_respelled)
        return self.rows - documents

    @property
    def repeats(self) -> int:
        """Copies whose id is spelled the same as in the first row."""
        return self.rows - len(self._seen)

    def contradicts(self, total: int | None) -> bool:
        """Whether numbered pages can't belong to a scroll with that total."""
        return self._overlap or (total is not None and self.rows > total)

    def check_end(self, acronym: str, minimum: int | None) -> None:
        """Check that the scroll is not endless.

        Raises:
            IncompleteListError: It has more pages than any scroll can have.
        """
        limit = MAX_PAGES if minimum is None else SPARE_PAGES + minimum // MIN_PER_PAGE
        if self._read > min(limit, MAX_PAGES):
            # Not a `ShortReadError`: a retry, or a smaller window, would not end either.
            raise IncompleteListError(
                f"A scroll of {acronym} still goes on after {self._read:,} pages, so it was not "
                "read any further. Run again later. If that does not help, ask VTEX's support."
            )

    def add(self, page: Page, minimum: int | None) -> bool:
        """Count a page; False if it does not belong to the scroll.

        The index can hold a document twice under one id, so a page without new documents may be
        valid. But it never equals an earlier page, never follows the last announced document,
        and never comes more than `MAX_STALE` times in a row.
        """
        self._read += 1
        ids = {hash(row.raw_id) for row in page.documents}
        mark = hash(frozenset(ids))
        is_stale = ids <= self._seen
        self._stale = self._stale + 1 if is_stale else 0
        is_over = is_stale and minimum is not None and self.rows >= minimum
        if mark in self._pages or is_over or self._stale > MAX_STALE:
            return False
        self._overlap |= not ids.isdisjoint(self._seen)
        self._pages.add(mark)
        self.rows += page.rows
        self._seen |= ids
        for row in page.documents:
            if row.id != row.raw_id:
                self._respelled[hash(row.raw_id)] = hash(row.id)
        return True
