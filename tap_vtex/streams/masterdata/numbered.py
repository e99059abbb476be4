"""Pages of a scroll by their numbers, side by side.

VTEX's guide on pagination has a parameter ``_page``, for any page of a scroll without those before
it. It does not say whether the first page is 0 or 1, and nobody is known to use it. So the first
scroll of a run that is long enough finds out. From then on, a page that was lost or came short is
requested again, and not the whole scroll.

Whatever contradicts the first page's total, or another page, is a failed reading. The entity is
then read page by page for the rest of the run.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from tap_vtex.errors import RefusedError
from tap_vtex.http.fetching import FAILURES_OF_ONE
from tap_vtex.streams.masterdata.api import SCROLL, TIMED_OUT, LostError, Page, announced

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator

    from tap_vtex.errors import VtexError
    from tap_vtex.streams.masterdata.api import Entity

#: Pages in flight, or waiting to be taken in.
PAGES_AT_ONCE: Final = 6
#: A scroll of fewer pages is read as soon as it is known how VTEX counts pages.
LEAST_TO_FIND_OUT: Final = 3


class Scroll(NamedTuple):
    """A scroll whose first page is there."""

    first: Page
    token: str
    #: Documents a page.
    size: int
    #: Is set when nobody waits for the pages any more.
    stop: threading.Event

    @property
    def total(self) -> int:
        """How many documents it has announced; 0 if it did not say."""
        return announced(self.first.headers.get("REST-Content-Total")) or 0

    @property
    def pages(self) -> int:
        """How many pages these are."""
        return math.ceil(self.total / self.size)

    def rows_of(self, place: int) -> int:
        """How many rows a page has to have, by its place from 0."""
        return min(self.size, self.total - place * self.size)


class NumberedPages:
    """Reads an entity by page numbers, if VTEX's answers allow it."""

    def __init__(self, entity: Entity) -> None:
        """Nothing is known yet."""
        self._entity = entity
        #: The number of a first page; None if it is not known.
        self._base: int | None = None
        self._is_trusted = entity.client.workers.count > 1

    def distrust(self) -> LostError:
        """Use numbers no more; returns the error about what was read by them."""
        self._is_trusted = False
        return LostError("the pages of a scroll contradict each other when requested by number")

    def can_read(self, scroll: Scroll) -> bool:
        """Whether it is worth while to read the other pages by their numbers."""
        least = LEAST_TO_FIND_OUT if self._base is None else 2
        is_full = scroll.first.rows == scroll.size
        return self._is_trusted and is_full and bool(scroll.token) and scroll.pages >= least

    def read(self, scroll: Scroll) -> Generator[Page, None, Page | None]:
        """Yield the pages of a scroll behind the first one.

        Returns:
            The page after which the scroll goes on by its token; None if it is at its end.

        Raises:
            LostError: The pages contradict each other.
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
        """Find out which number the first page has.

        Returns:
            If VTEX ignores numbers: the pages that came instead, which are the next ones.
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
        if len({*scroll.first.spelled, *one.spelled, *zero.spelled}) < sum(
            len(page.spelled) for page in (scroll.first, one, zero)
        ):
            raise self.distrust()
        return [one, zero]

    def _page_at(self, place: int, scroll: Scroll) -> Page:
        """The page at a place from 0, as full as it has to be."""
        for wait in self._entity.client.policy.list_waits[:2]:
            self._entity.client.wait(wait, scroll.stop)
            try:
                page = self._get((self._base or 0) + place, scroll)
            except FAILURES_OF_ONE as error:
                _raise_if_slow(error)
                break
            total = announced(page.headers.get("REST-Content-Total"))
            if page.rows == scroll.rows_of(place) and total in {None, scroll.total}:
                return page
        raise self.distrust()

    def _end(self, scroll: Scroll) -> Page:
        """The page behind the last one. It comes last: VTEX may then close the scroll."""
        try:
            return self._get((self._base or 0) + scroll.pages, scroll)
        except FAILURES_OF_ONE:
            return Page([], 0, {})  # all that was announced is there

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
    return page.rows == other.rows and set(page.spelled) == set(other.spelled)


def _raise_if_slow(error: VtexError) -> None:
    """A page that times out is too large, by whatever way it was requested."""
    if isinstance(error, RefusedError) and error.status == TIMED_OUT:
        raise error
