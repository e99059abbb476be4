"""One reading of an entity, for all streams that are made of its documents."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tap_vtex.errors import IncompleteListError, NotFoundError, RefusedError
from tap_vtex.streams.masterdata.api import LostError
from tap_vtex.streams.masterdata.opening import ALL_FIELDS, Opened, Opener
from tap_vtex.streams.masterdata.reader import EntityReader
from tap_vtex.streams.masterdata.replication import EntityReplication, FoundDocument
from tap_vtex.windows import whole_second

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Generator, Iterable, Iterator
    from datetime import datetime

    from tap_vtex.http.client import VtexClient
    from tap_vtex.streams.masterdata.bookmark import EntityBookmark


class EntityReading:
    """The documents of one entity, with all fields that its streams need."""

    def __init__(
        self,
        client: VtexClient,
        logger: logging.Logger,
        acronym: str,
        fields: Iterable[str],
        *,
        wants_all: bool,
        schema: str | None = None,
        written: Callable[[], int] | None = None,
    ) -> None:
        """Find a way to ask for the documents. From then on, VTEX's clock is known.

        Args:
            client: The client.
            logger: The logger.
            acronym: The entity.
            fields: The fields to ask for.
            wants_all: Whether to ask for all others as well.
            schema: The JSON Schema to read it by.
            written: Tells how many records have come of the documents, which can be several each.

        Raises:
            AccessError: The key may not read the entity.
            NotFoundError: The store has no such entity, or so it seems.
        """
        self._client = client
        self._logger = logger
        self._acronym = acronym
        self._schema = schema
        self._written = written
        #: None if the entity can't be filtered by date.
        self._opened: Opened | None = None
        try:
            opener = Opener(client, logger, acronym, schema)
            self._opened = opener.open([*fields], wants_all=wants_all)
        except RefusedError:
            logger.warning("%s can't be filtered by date, so every run reads all of it", acronym)
        self._started = client.now()
        #: The second at which the reading began, by VTEX's clock.
        self.began = whole_second(self._started)

    @property
    def has_dates(self) -> bool:
        """Whether the entity can be filtered by date. If not, there are no bookmarks."""
        return self._opened is not None

    @property
    def unreadable(self) -> frozenset[str]:
        """Fields that the key may not read. They are null."""
        return self._opened.unreadable if self._opened else frozenset()

    def read(
        self,
        bookmark: EntityBookmark,
        checkpoint: Callable[[EntityBookmark], None],
        read_before: datetime,
    ) -> Iterator[FoundDocument]:
        """Yield what is new or has changed since a bookmark.

        Args:
            bookmark: Where to begin.
            checkpoint: Is told each bookmark that a run can resume from.
            read_before: Documents created before that count as read by an earlier run.

        Raises:
            IncompleteListError: A part can't be read to its end.
        """
        assert self._opened  # noqa: S101 - has_dates
        reader, undated, _ = self._opened
        replication = EntityReplication(
            reader, bookmark, checkpoint, self._logger, read_before, written=self._written
        )
        return replication.run(undated, self._client.now)

    def read_everything(self) -> Iterator[FoundDocument]:
        """Yield all documents of an entity that can't be filtered by date.

        Raises:
            IncompleteListError: They can't be read to the end.
        """
        reader = EntityReader(self._client, self._logger, self._acronym, ALL_FIELDS, self._schema)
        try:
            for row in reader.read(None):
                yield FoundDocument(row.document(), row.last_activity)
        except LostError as loss:
            raise IncompleteListError(
                f"The documents of {self._acronym} can't be read to the end: {loss}."
            ) from None

    def not_ahead(self, moment: datetime) -> datetime:
        """A moment of this reading, set back if VTEX's clock turns out to have been ahead."""
        corrected = self._client.not_ahead(self._started)
        is_ahead = corrected < self._started
        return min(moment, whole_second(corrected if is_ahead else self._client.now()))


@contextmanager
def naming(entity: object, advise: Callable[[], str] = str) -> Generator[None]:
    """Say of a refusal that the store seems to lack the entity.

    Args:
        entity: The entity.
        advise: What else a user can do, if VTEX refuses the request itself.
    """
    try:
        yield
    except (NotFoundError, RefusedError) as error:
        advice = advise() if isinstance(error, RefusedError) else ""
        raise type(error)(
            f"The store seems to have no Master Data entity {entity}. {error} {advice}".rstrip(),
            status=error.status,
        ) from None
