"""What the streams out of Master Data have in common."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from tap_vtex.errors import (
    AccessError,
    IncompleteListError,
    NotFoundError,
    RefusedError,
)
from tap_vtex.streams.base import VtexStream
from tap_vtex.streams.masterdata.bookmark import EntityBookmark
from tap_vtex.streams.masterdata.documents import last_activity
from tap_vtex.streams.masterdata.query import DATES, UNDATED
from tap_vtex.streams.masterdata.reader import EntityReader, LostError
from tap_vtex.streams.masterdata.replication import EntityReplication
from tap_vtex.windows import whole_second

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from singer_sdk.helpers.types import Context

Document = dict[str, Any]

#: Asks Master Data for whatever a document has.
ALL_FIELDS: Final = "_all"


class MasterDataStream(VtexStream):
    """Documents of Master Data, kept up to date by the latest of their dates."""

    replication_key = "last_activity_at"
    leftovers = "custom_fields"

    def entity(self, partition: Context) -> str:
        """The acronym of the entity that a partition reads."""
        raise NotImplementedError

    def fields(self, acronym: str) -> Sequence[str]:
        """The fields of a document that the stream needs."""
        raise NotImplementedError

    def wants_all(self, acronym: str) -> bool:  # noqa: ARG002
        """Whether it takes whatever else a document has, too."""
        return False

    def records(self, document: Document, partition: Context) -> Iterator[Document]:
        """Make of a document what the stream emits of it, or nothing."""
        raise NotImplementedError

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield what the stream makes of the documents that are new or have changed."""
        acronym = self.entity(partition)
        try:
            for document in self._documents(partition, acronym):
                for record in self.records(document, partition):
                    yield {**record, "last_activity_at": last_activity(document)}
        except (NotFoundError, RefusedError) as error:
            raise type(error)(
                f"The store seems to have no Master Data entity {acronym}: {error}",
                status=error.status,
            ) from None

    def _documents(self, partition: Context, acronym: str) -> Iterator[Document]:
        try:
            reader, undated = self._open(acronym)
        except RefusedError:
            self.logger.warning(
                "%s can't be asked for by date: all of it is read in every run.", acronym
            )
            yield from self._everything(acronym)
            return
        bookmark = self._bookmark(partition)

        def checkpoint(at: EntityBookmark) -> None:
            self.remember(partition, at.as_state())
            self.write_state()

        replication = EntityReplication(reader, bookmark, checkpoint, self.logger)
        yield from replication.run(undated, self.tap.client.now)

    def _bookmark(self, partition: Context) -> EntityBookmark:
        """How far the partition has come. VTEX has to have been asked something before."""
        start, now = self.tap.settings.start_date, whole_second(self.tap.client.now())
        at = self.read_state(partition, EntityBookmark.from_state)
        if at is None:
            return EntityBookmark(start, load_began=now, loaded_until=None, changes_since=now)
        self.check_clock(at.changes_since)
        if at.wants_more(start):
            return replace(at, start=start, load_began=now, loaded_until=None, undated=None)
        return at

    # -- the entity ----------------------------------------------------------------------

    def _open(self, acronym: str) -> tuple[EntityReader, int | None]:
        """A reader that the entity answers, and how many documents have no date of creation.

        Raises:
            AccessError: the key may not read the entity.
            NotFoundError: the store has no such entity, or so it seems.
            RefusedError: the same, or it can't be filtered by date.
        """
        refusals: list[AccessError | RefusedError] = []
        for fields in self._ways_to_ask(acronym):
            reader = EntityReader(self.tap.client, self.logger, acronym, fields)
            try:
                return reader, reader.count(UNDATED)
            except AccessError as error:
                if "private fields" not in error.said:
                    raise
                self.logger.warning(
                    "The key may not read all fields of %s: some may be missing. The resource "
                    "'CRM administrator' opens them.",
                    acronym,
                )
                refusals.append(error)
            except RefusedError as error:
                refusals.append(error)
        raise refusals[-1]

    def _ways_to_ask(self, acronym: str) -> Sequence[str]:
        """What to ask of documents, best first.

        VTEX does not say what it makes of the name of a field that an entity lacks, and
        may refuse all fields where it would give the named ones.
        """
        by_name = ",".join(dict.fromkeys([*self.fields(acronym), *DATES]))
        return (ALL_FIELDS, by_name) if self.wants_all(acronym) else (by_name, ALL_FIELDS)

    def _everything(self, acronym: str) -> Iterator[Document]:
        reader = EntityReader(self.tap.client, self.logger, acronym, ALL_FIELDS)
        try:
            yield from reader.read(None)
        except LostError as loss:
            raise IncompleteListError(
                f"The documents of {acronym} can't be read to their end: {loss}."
            ) from None
