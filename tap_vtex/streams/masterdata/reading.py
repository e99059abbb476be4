"""One read of an entity, for all streams derived from its documents."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tap_vtex.errors import IncompleteListError, NotFoundError, RefusedError
from tap_vtex.streams.masterdata.api import ShortReadError
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
        """Find a query that the entity accepts. After that, VTEX's clock is known.

        Args:
            client: The client.
            logger: The logger.
            acronym: The entity.
            fields: The fields to request.
            wants_all: Whether to request all other fields as well.
            schema: The JSON Schema to query with.
            written: Returns the number of records written, which can be several a document.

        Raises:
            AccessError: The key may not read the entity.
            NotFoundError: The store seems to have no such entity.
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
        #: When the read began, in whole seconds by VTEX's clock.
        self.began = whole_second(self._started)

    @property
    def has_dates(self) -> bool:
        """Whether the entity can be filtered by date. If not, it has no bookmark."""
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
        """Yield the documents that are new or have changed since a bookmark.

        Args:
            bookmark: Where to begin.
            checkpoint: Saves a bookmark that a run can resume from.
            read_before: Documents created before that count as read by an earlier run.

        Raises:
            IncompleteListError: A part can't be read completely.
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
            IncompleteListError: They can't be read completely.
        """
        reader = EntityReader(self._client, self._logger, self._acronym, ALL_FIELDS, self._schema)
        try:
            for row in reader.read(None):
                yield FoundDocument(row.document(), row.last_activity)
        except ShortReadError as error:
            raise IncompleteListError(
                f"The documents of {self._acronym} can't be read to the end: {error}."
            ) from None

    def not_ahead(self, moment: datetime) -> datetime:
        """Set back a moment of this read if VTEX's clock turns out to have been ahead."""
        corrected = self._client.not_ahead(self._started)
        is_ahead = corrected < self._started
        return min(moment, whole_second(corrected if is_ahead else self._client.now()))


@contextmanager
def naming_entity(entity: object, advise: Callable[[], str] = str) -> Generator[None]:
    """Add to a refusal that the store seems to have no such entity.

    Args:
        entity: The entity.
        advise: Returns what else the user can do if VTEX refuses the request itself.
    """
    try:
        yield
    except (NotFoundError, RefusedError) as error:
        advice = advise() if isinstance(error, RefusedError) else ""
        raise type(error)(
            f"The store seems to have no Master Data entity {entity}. {error} {advice}".rstrip(),
            status=error.status,
        ) from None
