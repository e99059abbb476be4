"""Scroll: pages of up to 1,000 documents, held together by a token that expires.

All users of an account share ten scrolls. A page whose response is lost may be gone, unless pages
can be requested by their numbers. A thread requests pages ahead, also the first one of the next
scroll while one is read: so two are open.
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
    LostError,
    Received,
    announced,
    compare,
)
from tap_vtex.streams.masterdata.numbered import NumberedPages, Scroll

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from tap_vtex.http.workers import Ahead
    from tap_vtex.streams.masterdata.api import Entity, Page
    from tap_vtex.streams.masterdata.rows import Row

    _Pages = Ahead[Page] | Generator[Page, None, None]

#: Documents a page. The next size is tried if Master Data times out.
PAGE_SIZES: Final = (1000, 500, 250, 100)
#: Pages that wait to be taken in, beside one that is just coming.
PAGES_AHEAD: Final = 2
#: A scroll of more pages than this will never end.
MAX_PAGES: Final = 100_000
#: So will one of this many pages more than there are if each has so many documents, half of the
#: smallest page. A total may be too low, but not by that much.
SPARE_PAGES: Final = 100
LEAST_PER_PAGE: Final = PAGE_SIZES[-1] // 2
#: Pages in a row that may bring nothing new.
MAX_BARREN: Final = 3


class ScrollRefusedError(Exception):
    """All scrolls of the account are in use."""


class _Begun(NamedTuple):
    """A scroll of which nothing was taken yet."""

    where: str | None
    pages: _Pages
    #: Lets it go on by page numbers. Before, no more is requested than its first page.
    may_go_on: threading.Event

    def close(self) -> None:
        self.pages.close()
        self.may_go_on.set()


class Scroller:
    """Reads an entity by scroll, and remembers which page size it can take."""

    def __init__(self, entity: Entity) -> None:
        """Begin with the largest pages."""
        self._entity = entity
        self._sizes = list(PAGE_SIZES)
        self._numbered = NumberedPages(entity)
        self._next: _Begun | None = None

    def read(self, where: str | None, expected: int | None) -> Generator[Row, None, Received]:
        """Yield the documents that meet a condition.

        Args:
            where: The condition; None for all documents.
            expected: How many search says there are, if it says so.

        Returns:
            How much there was.

        Raises:
            ScrollRefusedError: No scroll is free.
            LostError: The scroll broke off, repeated itself, or came short of its total.
            IncompleteListError: The scroll does not end.
        """
        page, pages = self._open(where)
        total = announced(page.headers.get("REST-Content-Total"))
        least = total if total is not None else expected
        progress = _Progress()
        # Up to the empty page: a scroll that is left open counts against the account.
        try:
            while page.rows:
                is_new = progress.add(page, least)
                progress.check_end(self._entity.acronym, least)
                if not is_new and least is not None and progress.rows >= least:
                    break
                if page.is_numbered and (not is_new or progress.contradicts(total)):
                    raise self._numbered.distrust()
                if not is_new:
                    raise LostError("a scroll repeated itself")
                yield from self._entity.readable(page)
                page = next(pages)
        except RefusedError as refusal:
            if total is None or progress.rows < total:
                raise self._broken(refusal) from None
        finally:
            pages.close()
        compare(progress.rows, total)
        if self._next:
            self._next.may_go_on.set()
        return Received(progress.rows, progress.copies, progress.repeats)

    def begin(self, where: str | None) -> None:
        """Begin with the scroll that is read next."""
        if self._next:
            self._next.close()
        self._next = self._begin(where)

    def _begin(self, where: str | None) -> _Begun:
        may_go_on = threading.Event()
        make = partial(self._pages, where, self._sizes[0], may_go_on)
        return _Begun(where, self._entity.client.workers.ahead(make, PAGES_AHEAD), may_go_on)

    def _pages(
        self, where: str | None, size: int, may_go_on: threading.Event, stop: threading.Event
    ) -> Generator[Page, None, None]:
        """The pages of a scroll, the empty one at its end included."""

        def get(params: Mapping[str, str | int]) -> Page:
            return self._entity.get(SCROLL, params, no_retry=(TIMED_OUT,), stop=stop)

        first = get({**self._entity.query(where), "_size": size})
        yield first
        token = first.headers.get("X-VTEX-MD-TOKEN") or ""
        last: Page | None = first
        scroll = Scroll(first, token, size, stop)
        if self._numbered.can_read(scroll):
            may_go_on.wait()
            last = yield from self._numbered.read(scroll)
        while last and last.rows:
            token = last.headers.get("X-VTEX-MD-TOKEN") or token
            last = get({"_token": token})
            yield last

    def _open(self, where: str | None) -> tuple[Page, _Pages]:
        """The first page of a scroll, and those that follow."""
        while True:
            is_next = self._next is not None and self._next.where == where
            if self._next and is_next:
                begun, self._next = self._next, None
            else:
                begun = self._begin(where)
            pages = begun.pages
            begun.may_go_on.set()
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
        #: Whether pages have shared documents.
        self._overlap = False
        #: Hashes of ids as VTEX spells them, which take less memory than ids.
        self._seen: set[int] = set()
        #: Of those that are spelled otherwise in records, the hashes of both.
        self._respelled: dict[int, int] = {}
        self._pages: set[int] = set()
        self._read = 0
        self._barren = 0

    @property
    def copies(self) -> int:
        """Rows beyond the first one of each document."""
        only_respelled = set(self._respelled.values()) - self._seen
        documents = len(self._seen) - len(self._respelled) + len(only_respelled)
        return self.rows - documents

    @property
    def repeats(self) -> int:
        """Those of them whose id is spelled like that of the first one."""
        return self.rows - len(self._seen)

    def contradicts(self, total: int | None) -> bool:
        """Whether pages by number can't be the pages of a scroll with that total."""
        return self._overlap or (total is not None and self.rows > total)

    def check_end(self, acronym: str, least: int | None) -> None:
        """Check that there have been no more pages than a scroll can have.

        Raises:
            IncompleteListError: There have.
        """
        enough = MAX_PAGES if least is None else SPARE_PAGES + least // LEAST_PER_PAGE
        if self._read > min(enough, MAX_PAGES):
            # No `LostError`: another reading, or that of a smaller part, would not end either.
            raise IncompleteListError(
                f"A scroll of {acronym} still goes on after {self._read:,} pages, so it was not "
                "read any further. Run again later. If that does not help, ask VTEX's support."
            )

    def add(self, page: Page, least: int | None) -> bool:
        """Count a page; False if it is not part of what was asked for.

        The index can hold a document twice under one id, so a page may bring nothing new and
        still count. But it is never the same as an earlier page, it never comes after all
        that was announced, and there are not many such pages in a row.
        """
        self._read += 1
        ids = {hash(row.spelled) for row in page.documents}
        mark = hash(frozenset(ids))
        is_barren = ids <= self._seen
        self._barren = self._barren + 1 if is_barren else 0
        is_over = is_barren and least is not None and self.rows >= least
        if mark in self._pages or is_over or self._barren > MAX_BARREN:
            return False
        self._overlap |= not ids.isdisjoint(self._seen)
        self._pages.add(mark)
        self.rows += page.rows
        self._seen |= ids
        for row in page.documents:
            if row.id != row.spelled:
                self._respelled[hash(row.spelled)] = hash(row.id)
        return True
