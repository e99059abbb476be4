"""Request pages of a scroll by number, concurrently.

VTEX's pagination guide describes ``_page``, which returns any page of a scroll on its own. It does
not say whether the first page is 0 or 1, and no public code seems to use it. So the first long
scroll of a run finds out. From then on, only a lost or short page is requested again, not the whole
scroll.

A page that contradicts the first page's total, or another page, fails the read. The run then
reads the rest of the entity page by page.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from tap_vtex.errors import RefusedError
from tap_vtex.http.fetching import FAILURES_OF_ONE
from tap_vtex.streams.masterdata.api import SCROLL, TIMED_OUT, Page, ShortReadError, announced_total

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator

    from tap_vtex.errors import VtexError
    from tap_vtex.streams.masterdata.api import Entity

#: Pages in flight or waiting to be processed.
PAGES_AT_ONCE: Final = 6
#: Minimum pages of a scroll for finding out how VTEX numbers them; shorter ones aren't worth it.
MIN_TO_DETECT: Final = 3


class Scroll(NamedTuple):
    """A scroll whose first page has arrived."""

    first: Page
    token: str
    #: Documents per page.
    size: int
    #: Set when the pages are no longer needed.
    stop: threading.Event

    @property
    def total(self) -> int:
        """The announced number of documents; 0 if there was none."""
        return announced_total(self.first.headers.get("REST-Content-Total")) or 0

    @property
    def pages(self) -> int:
        """How many pages that makes."""
        return math.ceil(self.total / self.size)

    def rows_of(self, place: int) -> int:
        """How many rows the page at a place, counted from 0, must have."""
        return min(self.size, self.total - place * self.size)


class NumberedPages:
    """Reads scrolls of an entity by page number, as long as that proves reliable."""

    def __init__(self, entity: Entity) -> None:
        """Start without knowing how VTEX numbers pages."""
        self._entity = entity
        #: The number of the first page; None if unknown.
        self._base: int | None = None
        self._is_trusted = entity.client.workers.count > 1

    def distrust(self) -> ShortReadError:
        """Stop using page numbers; return the error for what was read with them."""
        self._is_trusted = False
        return ShortReadError(
            "the pages of a scroll contradict each other when requested by number"
        )

    def can_read(self, scroll: Scroll) -> bool:
        """Whether reading the other pages by number is possible and worthwhile."""
        minimum = MIN_TO_DETECT if self._base is None else 2
        is_full = scroll.first.rows == scroll.size
        return self._is_trusted and is_full and bool(scroll.token) and scroll.pages >= minimum

    def read(self, scroll: Scroll) -> Generator[Page, None, Page | None]:
        """Yield the pages of a scroll after the first one.

        Returns:
            The page from which to continue by token; None at the end of the scroll.

        Raises:
            ShortReadError: The pages contradict each other.
        """
        if self._base is None:
            passed = self._find_base(scroll)
            if self._base is None:
                yield from passed
                self._is_trusted = False
                return passed[-1] if passed else scroll.first

        def page_at(place: int, _stop: threading.Event) -> Page:
            return self._page_at(place, scroll)

        workers = self._entity.client.workers
        yield from workers.in_order(page_at, range(1, scroll.pages), PAGES_AT_ONCE)
        yield self._end(scroll)
        return None

    def _find_base(self, scroll: Scroll) -> list[Page]:
        """Find out the number of the first page.

        Returns:
            The next pages of the scroll, if VTEX ignores numbers and sent those instead.
        """
        try:
            one = self._get(1, scroll)
        except FAILURES_OF_ONE as error:
            _raise_if_slow(error)
            return []
        if _is_same(one, scroll.first):
            self._base = 1
            return []
        try:
            zero = self._get(0, scroll)
        except FAILURES_OF_ONE as error:
            _raise_if_slow(error)
            raise self.distrust() from None
        if _is_same(zero, scroll.first):
            self._base = 0
            return []
        if len({*scroll.first.raw_ids, *one.raw_ids, *zero.raw_ids}) < sum(
            len(page.raw_ids) for page in (scroll.first, one, zero)
        ):
            raise self.distrust()
        return [one, zero]

    def _page_at(self, place: int, scroll: Scroll) -> Page:
        """The page at a place, counted from 0, with all its rows."""
        for wait in self._entity.client.policy.list_waits[:2]:
            self._entity.client.wait(wait, scroll.stop)
            try:
                page = self._get((self._base or 0) + place, scroll)
            except FAILURES_OF_ONE as error:
                _raise_if_slow(error)
                break
            total = announced_total(page.headers.get("REST-Content-Total"))
            if page.rows == scroll.rows_of(place) and total in {None, scroll.total}:
                return page
        raise self.distrust()

    def _end(self, scroll: Scroll) -> Page:
        """The empty page at the end. Requested last, because VTEX may then close the scroll."""
        try:
            return self._get((self._base or 0) + scroll.pages, scroll)
        except FAILURES_OF_ONE:
            return Page([], 0, {})  # all announced documents have arrived

    def _get(self, number: int, scroll: Scroll) -> Page:
        page = self._entity.get(
            SCROLL,
            {"_token": scroll.token, "_page": number},
            no_retry=(TIMED_OUT,),
            retry_for=self._entity.client.policy.retry_page_for,
            stop=scroll.stop,
        )
        return page._replace(is_numbered=True)


def _is_same(page: Page, other: Page) -> bool:
    return page.rows == other.rows and set(page.raw_ids) == set(other.raw_ids)


def _raise_if_slow(error: VtexError) -> None:
    """Raise time-outs: the page is too large, with or without a number."""
    if isinstance(error, RefusedError) and error.status == TIMED_OUT:
        raise error
