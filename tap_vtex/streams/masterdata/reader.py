"""The documents of a Master Data entity, read to the end and counted.

Scroll is VTEX's way to read many documents, search the other one. Neither is complete by
itself: pages are lost, and on bad days all of them come empty. So what came is counted
against what was announced, and read again where it is less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_vtex.streams.masterdata import search
from tap_vtex.streams.masterdata.documents import last_activity
from tap_vtex.streams.masterdata.entity import Entity, LostError, TooManyError, compare
from tap_vtex.streams.masterdata.scroll import PAGE_SIZES, Scroller, ScrollRefusedError

if TYPE_CHECKING:
    import logging
    from collections.abc import Generator, Iterable, Iterator

    from tap_vtex.client import VtexClient
    from tap_vtex.streams.base import Document

#: How often a query is read that comes short, before that is an error: once for each size
#: of pages, should all of them time out halfway.
ATTEMPTS: Final = len(PAGE_SIZES)
#: Seconds to wait for a scroll where search does not reach: for longer, together, than the
#: twenty minutes for which VTEX keeps one that its owner has left.
WAITS_FOR_A_SCROLL: Final = (15, 30, 60, 120, 240, 300, 300, 300)


class EntityReader:
    """Reads one entity, and of its documents the fields that are asked for."""

    def __init__(
        self, client: VtexClient, logger: logging.Logger, acronym: str, fields: str
    ) -> None:
        """``fields`` are names, separated by commas, or ``_all``."""
        self.acronym = acronym
        self._client = client
        self._logger = logger
        self._entity = Entity(client, acronym, fields)
        self._scroller = Scroller(self._entity)

    def count(self, where: str | None) -> int | None:
        """How many documents a query has, as search tells; None where it can't.

        Raises:
            RefusedError: the query is none that the entity answers.
        """
        return search.count(self._entity, where)

    def read(self, where: str | None, expected: int | None = None) -> Iterator[Document]:
        """Yield the documents of a query, by scroll if one can be had, else by search.

        A document may come more than once: when it is read again, and when the index
        holds a stale copy of it. The copy that comes last is never an older one.
        ``expected`` is what `count` has told of the query, if it was asked before.

        Raises:
            LostError: it comes short of its total, however often it is read.
        """
        if expected is None:
            expected = self.count(where)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                yield from _newest(self._whole(where, expected))
            except LostError as loss:
                if attempt == ATTEMPTS or isinstance(loss, TooManyError):
                    raise
                self._logger.warning("%s: %s; reading that part again", self.acronym, loss)
            else:
                return

    def _whole(self, where: str | None, expected: int | None) -> Iterator[Document]:
        came = yield from self._documents(where)
        if expected is not None and came < expected:
            # Documents may leave a window of time while it is read: if so, it has fewer now.
            compare(came, self.count(where))

    def _documents(self, where: str | None) -> Generator[Document, None, int]:
        waits = iter(WAITS_FOR_A_SCROLL)
        while True:
            try:
                return (yield from self._scroller.read(where))
            except ScrollRefusedError:
                self._logger.info("No scroll can be had now; searching %s instead", self.acronym)
            try:
                return (yield from search.read(self._entity, where))
            except TooManyError as error:
                self._wait_for_a_scroll(next(waits, None), error)

    def _wait_for_a_scroll(self, seconds: int | None, error: TooManyError) -> None:
        if seconds is None:
            raise TooManyError(
                f"{error}, and other systems have all scrolls of the account in use: run again "
                "when they have ended"
            )
        self._logger.warning(
            "%s: %s; waiting %s seconds for a scroll", self.acronym, error, seconds
        )
        self._client.wait(seconds)


def _newest(documents: Iterable[Document]) -> Iterator[Document]:
    """Leave out the copies that are no newer than one before; write ids in lower case.

    VTEX's index has been seen to hold a document twice, under ids that differ by case.
    """
    newest: dict[str, str] = {}
    for document in documents:
        key, active = document["id"].lower(), last_activity(document) or ""
        if key not in newest or active > newest[key]:
            newest[key] = active
            yield {**document, "id": key}
