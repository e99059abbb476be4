"""The streams of Master Data: the base class, clients, addresses and further entities."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from tap_vtex.errors import IncompleteListError, NotFoundError, RefusedError
from tap_vtex.selection import without
from tap_vtex.streams.base import SCHEMAS, VtexStream
from tap_vtex.streams.masterdata.api import (
    SEARCH,
    STRUCTURE,
    LostError,
    last_activity,
)
from tap_vtex.streams.masterdata.bookmark import EntityBookmark
from tap_vtex.streams.masterdata.fields import ACCOUNT_NAME, extended
from tap_vtex.streams.masterdata.opening import ALL_FIELDS, Opener
from tap_vtex.streams.masterdata.probe import probe_entity, probe_filters
from tap_vtex.streams.masterdata.reader import EntityReader
from tap_vtex.streams.masterdata.replication import EntityReplication, FoundDocument
from tap_vtex.windows import whole_second

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context

    from tap_vtex.report.check import Check
    from tap_vtex.report.probe import Probe
    from tap_vtex.run import Run
    from tap_vtex.types import Document


class MasterDataStream(VtexStream):
    """Documents of Master Data, kept up to date by the newest of their dates."""

    replication_key = "last_activity_at"
    extras = "custom_fields"

    #: Fields that the key may not read. They are null.
    unreadable: frozenset[str] = frozenset()

    def entity(self, partition: Context) -> str:
        """The acronym of the entity that a partition reads."""
        raise NotImplementedError

    def fields(self, acronym: str) -> Sequence[str]:
        """The fields of a document that the stream needs."""
        raise NotImplementedError

    def wants_all(self, acronym: str) -> bool:  # noqa: ARG002
        """Whether it also takes everything else that a document has."""
        return False

    def records(self, found: FoundDocument, partition: Context) -> Iterator[Document]:
        """Turn a document into what the stream emits, or into nothing."""
        raise NotImplementedError

    def check(self, check: Check) -> None:
        """Request a document of each entity, and the structure if the stream uses it."""
        for partition in self.partitions or []:
            acronym = self.entity(partition)
            one = {"REST-Range": "resources=0-1"}
            check.ask(SEARCH, acronym, params={"_fields": "id"}, headers=one)
            if self.wants_all(acronym):
                check.ask(
                    STRUCTURE, acronym, fallback="the store's own fields are in custom_fields"
                )

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield what the stream makes of documents that are new or have changed."""
        acronym = self.entity(partition)
        try:
            for found in self._found(partition, acronym):
                missing = self.unreadable & self.effective_schema["properties"].keys()
                for record in self.records(found, partition):
                    yield {
                        **dict.fromkeys(missing),
                        **record,
                        "last_activity_at": last_activity(found.document),
                    }
        except (NotFoundError, RefusedError) as error:
            raise type(error)(
                f"The store seems to have no Master Data entity {acronym}. {error}",
                status=error.status,
            ) from None

    def _found(self, partition: Context, acronym: str) -> Iterator[FoundDocument]:
        try:
            reader, undated = self._open(acronym)
        except RefusedError:
            self.logger.warning(
                "%s can't be filtered by date, so every run reads all of it", acronym
            )
            yield from self._everything(acronym)
            return
        bookmark = self._bookmark(partition)
        client = self.run.client
        started = client.now()

        def not_ahead(moment: datetime) -> datetime:
            # If VTEX's clock turns out to have been ahead, so were the moments of this run.
            corrected = client.not_ahead(started)
            return min(moment, whole_second(corrected if corrected < started else client.now()))

        def checkpoint(at: EntityBookmark) -> None:
            self.checkpoint(partition, at.corrected(not_ahead))

        replication = EntityReplication(reader, bookmark, checkpoint, self.logger)
        yield from replication.run(undated, self.run.client.now)

    def _bookmark(self, partition: Context) -> EntityBookmark:
        """How far the partition has come. VTEX must have answered before."""
        start, now = self.run.settings.start_date, whole_second(self.run.client.now())
        bookmark = self.load_bookmark(partition, EntityBookmark)
        if bookmark is None:
            return EntityBookmark.new(start, now)
        self.check_clock(bookmark.changes_since)
        return bookmark.anew(start, now) if bookmark.wants_more(start) else bookmark

    def _open(self, acronym: str) -> tuple[EntityReader, int | None]:
        """A reader that the entity accepts, and how many documents have no creation date."""
        opener = Opener(self.run.client, self.logger, acronym)
        self.unreadable = frozenset()
        opened = opener.open(self.fields(acronym), wants_all=self.wants_all(acronym))
        self.unreadable = opened.unreadable
        return opened.reader, opened.undated

    def _everything(self, acronym: str) -> Iterator[FoundDocument]:
        reader = EntityReader(self.run.client, self.logger, acronym, ALL_FIELDS)
        try:
            yield from map(FoundDocument, reader.read(None))
        except LostError as loss:
            raise IncompleteListError(
                f"The documents of {acronym} can't be read to the end: {loss}."
            ) from None


class EntityStream(MasterDataStream):
    """All documents of one entity, with a column for each known field."""

    primary_keys = ("account_name", "id")

    #: The schema that holds without knowing the store.
    native_schema: ClassVar[str] = "entity"

    def __init__(
        self, tap: Tap, run: Run, acronym: str, name: str, fields: Iterable[tuple[str, str]]
    ) -> None:
        """Make a stream; ``fields`` are names and types of fields, as far as they are known."""
        self._acronym = acronym
        native: dict[str, Any] = SCHEMAS.get_schema(self.native_schema)
        schema = extended(native, fields, self.extras, tap.logger.getChild(name))
        super().__init__(tap, run, schema=schema, name=name)

    def entity(self, partition: Context) -> str:  # noqa: ARG002
        """The stream's only entity."""
        return self._acronym

    def fields(self, acronym: str) -> Sequence[str]:  # noqa: ARG002
        """The selected columns, without those that the tap adds."""
        added = {self.replication_key, self.extras, *self.account}
        names = [name for name in self.effective_schema["properties"] if name not in added]
        return ["id", *(name for name in names if self.mask.get(("properties", name), True))]

    def wants_all(self, acronym: str) -> bool:  # noqa: ARG002
        """Fields without a column are wanted if the column for them is."""
        return self.mask.get(("properties", self.extras), True)

    def records(self, found: FoundDocument, partition: Context) -> Iterator[Document]:  # noqa: ARG002
        """Emit the document as it is, without the store's name, which is in ``account_name``."""
        name = found.document.get(ACCOUNT_NAME)
        if isinstance(name, str) and name.lower() == self.account["account_name"]:
            yield without(found.document, {ACCOUNT_NAME: None})
        else:
            yield found.document


class ClientsStream(EntityStream):
    """Clients (CL): those who bought, registered, or left an e-mail address."""

    native_schema = "clients"

    def probe(self, probe: Probe) -> None:
        """Find out how the entity behaves."""
        probe_entity(probe, self._acronym)
        probe_filters(probe, self._acronym)


class AddressesStream(EntityStream):
    """The addresses of clients (AD)."""

    native_schema = "addresses"

    def probe(self, probe: Probe) -> None:
        """Find out how the entity behaves."""
        probe_entity(probe, self._acronym)
