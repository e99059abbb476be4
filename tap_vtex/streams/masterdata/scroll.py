"""Scroll: pages of up to 1,000 documents, held together by a token that expires.

All users of an account share ten scrolls. A page whose response is lost may be gone. A thread
requests pages ahead, also the first ones of the next scroll while one is read: so two are open.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

from tap_vtex.errors import RefusedError
from tap_vtex.streams.masterdata.api import (
    SCROLL,
    TIMED_OUT,
    TOO_MANY_SCROLLS,
    LostError,
    Received,
    announced,
    compare,
)

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator, Mapping

    from tap_vtex.http.workers import Ahead
    from tap_vtex.streams.masterdata.api import Entity, Page
    from tap_vtex.types import Document

    _Pages = Ahead[Page] | Generator[Page, None, None]

#: Documents a page. The next size is tried if Master Data times out.
PAGE_SIZES: Final = (1000, 500, 250, 100)
#: Pages that wait to be taken in, beside one that is just coming.
PAGES_AHEAD: Final = 2
#: A scroll of more pages than this will never end.
MAX_PAGES: Final = 100_000
#: Pages in a row that may bring nothing new.
MAX_BARREN: Final = 3


class ScrollRefusedError(Exception):
    """All scrolls of the account are in use."""


class _Begun(NamedTuple):
    """A scroll of which nothing was taken yet."""

    where: str | None
    pages: _Pages


class Scroller:
    """Reads an entity by scroll, and remembers which page size it can take."""

    def __init__(self, entity: Entity) -> None:
        """Begin with the largest pages."""
        self._entity = entity
        self._sizes = list(PAGE_SIZES)
        self._next: _Begun | None = None

    def read(self, where: str | None, expected: int | None) -> Generator[Document, None, Received]:
        """Yield the documents that meet a condition.

        Args:
            where: The condition; None for all documents.
            expected: How many search says there are, if it says so.

        Returns:
            How much there was.

        Raises:
            ScrollRefusedError: No scroll is free.
            LostError: The scroll broke off, repeated itself, or came short of its total.
        """
        page, pages = self._open(where)
        total = announced(page.headers.get("REST-Content-Total"))
        least = total if total is not None else expected
        progress = _Progress()
        # Up to the empty page: a scroll that is left open counts against the account.
        try:
            while page.rows:
                if not progress.add(page, least):
                    if least is not None and progress.rows >= least:
                        break
                    raise LostError("a scroll repeated itself")
                yield from self._entity.readable(page)
                page = next(pages)
        except RefusedError as refusal:
            if total is None or progress.rows < total:
                raise self._broken(refusal) from None
        finally:
            pages.close()
        compare(progress.rows, total)
        return Received(progress.rows, progress.rows - len(progress.seen))

    def begin(self, where: str | None) -> None:
        """Begin with the scroll that is read next."""
        if self._next:
            self._next.pages.close()
        self._next = _Begun(where, self._begin(where))

    def _begin(self, where: str | None) -> _Pages:
        params = {**self._entity.query(where), "_size": self._sizes[0]}
        return self._entity.client.workers.ahead(partial(self._pages, params), PAGES_AHEAD)

    def _pages(
        self, params: Mapping[str, str | int], stop: threading.Event
    ) -> Generator[Page, None, None]:
        """The pages of a scroll, the empty one at its end included."""
        token = ""
        rows = True
        while rows:
            page = self._entity.get(SCROLL, params, no_retry=(TIMED_OUT,), stop=stop)
            yield page
            rows = bool(page.rows)
            token = page.headers.get("X-VTEX-MD-TOKEN") or token
            params = {"_token": token}

    def _open(self, where: str | None) -> tuple[Page, _Pages]:
        """The first page of a scroll, and those that follow."""
        while True:
            is_next = self._next is not None and self._next.where == where
            if self._next and is_next:
                pages, self._next = self._next.pages, None
            else:
                pages = self._begin(where)
            try:
                return next(pages), pages
            except RefusedError as refusal:
                if TOO_MANY_SCROLLS in refusal.vtex_message:
                    if is_next:
                        continue  # By now, the scroll that was read meanwhile is free again.
                    raise ScrollRefusedError from None
                if refusal.status != TIMED_OUT:
                    raise
            if not self._shrink():
                raise LostError("a scroll timed out even with its smallest pages")

    def _broken(self, refusal: RefusedError) -> LostError:
        if refusal.status != TIMED_OUT:
            return LostError("a scroll's token expired")
        # A scroll's page size is fixed when it begins: smaller pages take a new one.
        self._shrink()
        return LostError("a page of a scroll timed out")

    def _shrink(self) -> bool:
        """Go on with smaller pages; False if there are none."""
        if len(self._sizes) == 1:
            return False
        self._sizes.pop(0)
        return True


class _Progress:
    """What a scroll has brought so far."""

    def __init__(self) -> None:
        self.rows = 0
        #: Hashes of ids, which take less memory than ids.
        self.seen: set[int] = set()
        self._pages: set[int] = set()
        self._read = 0
        self._barren = 0

    def add(self, page: Page, least: int | None) -> bool:
        """Count a page; False if it is not part of what was asked for.

        The index can hold a document twice under one id, so a page may bring nothing new and
        still count. But it is never the same as an earlier page, it never comes after all
        that was announced, and there are not many such pages in a row.
        """
        self._read += 1
        if self._read > MAX_PAGES:
            raise LostError(f"a scroll did not end after {MAX_PAGES:,} pages")
        ids = {hash(document["id"]) for document in page.documents}
        mark = hash(frozenset(ids))
        is_barren = ids <= self.seen
        self._barren = self._barren + 1 if is_barren else 0
        is_over = is_barren and least is not None and self.rows >= least
        if mark in self._pages or is_over or self._barren > MAX_BARREN:
            return False
        self._pages.add(mark)
        self.rows += page.rows
        self.seen |= ids
        return True
