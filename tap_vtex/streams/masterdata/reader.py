"""The documents of a Master Data entity, read to the end and counted.

VTEX offers scroll for many documents and search for few. Neither is reliable by itself: pages
get lost, and on bad days all of them come empty. So the tap compares what came with what was
announced, and reads again if it is less.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tap_vtex.streams.masterdata import search
from tap_vtex.streams.masterdata.api import (
    Entity,
    LostError,
    TooManyError,
    compare,
    last_activity,
)
from tap_vtex.streams.masterdata.scroll import PAGE_SIZES, Scroller, ScrollRefusedError

if TYPE_CHECKING:
    import logging
    from collections.abc import Generator, Iterable, Iterator

    from tap_vtex.http.client import VtexClient
    from tap_vtex.types import Document

#: How often a query is read before coming short is an error: once for each page size, in case
#: all of them time out halfway.
MAX_READINGS: Final = len(PAGE_SIZES)


class EntityReader:
    """Reads one entity, with some fields of its documents."""

    def __init__(
        self, client: VtexClient, logger: logging.Logger, acronym: str, fields: str
    ) -> None:
        """Prepare for an entity; ``fields`` are names separated by commas, or ``_all``."""
        self.acronym = acronym
        self._client = client
        self._logger = logger
        self._entity = Entity(client, acronym, fields)
        self._scroller = Scroller(self._entity)

    def count(self, where: str | None) -> int | None:
        """How many documents a query has, by search; None if search does not say.

        Raises:
            RefusedError: The entity refuses the query.
        """
        return search.count(self._entity, where)

    def read(self, where: str | None, expected: int | None = None) -> Iterator[Document]:
        """Yield the documents of a query: by scroll if one is free, otherwise by search.

        A document can come more than once: if the query is read again, or if the index holds
        a stale copy of it. A later copy is never older.

        Args:
            where: The condition; None for all documents.
            expected: What `count` said about the query, if it was asked before.

        Raises:
            LostError: The query comes short of its total, however often it is read.
        """
        if expected is None:
            expected = self.count(where)
        for reading in range(1, MAX_READINGS + 1):
            try:
                yield from _newest(self._whole(where, expected))
            except LostError as loss:
                if reading == MAX_READINGS or isinstance(loss, TooManyError):
                    raise
                self._logger.warning("%s: %s; reading that part again", self.acronym, loss)
            else:
                return

    def _whole(self, where: str | None, expected: int | None) -> Iterator[Document]:
        received = yield from self._documents(where)
        if expected is not None and received < expected:
            # Documents can leave a window of time while it is read. It then has fewer now.
            compare(received, self.count(where))

    def _documents(self, where: str | None) -> Generator[Document, None, int]:
        waits = iter(self._client.policy.scroll_waits)
        while True:
            try:
                return (yield from self._scroller.read(where))
            except ScrollRefusedError:
                self._logger.info("No scroll is free; searching %s instead", self.acronym)
            try:
                return (yield from search.read(self._entity, where))
            except TooManyError as error:
                self._wait_for_a_scroll(next(waits, None), error)

    def _wait_for_a_scroll(self, seconds: float | None, error: TooManyError) -> None:
        if seconds is None:
            raise TooManyError(
                f"{error}, and other systems use all scrolls of the account. Run again when they "
                "are done"
            )
        self._logger.warning(
            "%s: %s; waiting %s seconds for a free scroll", self.acronym, error, seconds
        )
        self._client.wait(seconds)


def _newest(documents: Iterable[Document]) -> Iterator[Document]:
    """Leave out copies that are no newer than an earlier one; write ids in lower case.

    VTEX's index can hold a document twice, under ids that differ by case.
    """
    newest: dict[str, str] = {}
    for document in documents:
        key, active = document["id"].lower(), last_activity(document) or ""
        if key not in newest or active > newest[key]:
            newest[key] = active
            yield {**document, "id": key}
