"""The streams of Master Data: the base class, addresses and further entities."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from tap_vtex.selection import without
from tap_vtex.settings import MasterDataEntity
from tap_vtex.streams.base import SCHEMAS, VtexStream
from tap_vtex.streams.masterdata.api import SEARCH, STRUCTURE, schema_query
from tap_vtex.streams.masterdata.bookmark import EntityBookmark
from tap_vtex.streams.masterdata.fields import ACCOUNT_NAME, extended
from tap_vtex.streams.masterdata.probe import ProbedEntity, probe_entity, probe_filters
from tap_vtex.streams.masterdata.reading import EntityReading, naming_entity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context

    from tap_vtex.http.endpoint import Endpoint
    from tap_vtex.report.check import Check
    from tap_vtex.report.probe import Probe
    from tap_vtex.run import Run
    from tap_vtex.streams.masterdata.fields import Field
    from tap_vtex.streams.masterdata.replication import FoundDocument
    from tap_vtex.types import Document


class MasterDataStream(VtexStream):
    """Documents of Master Data, replicated by the latest of their dates."""

    replication_key = "last_activity_at"
    extras = "custom_fields"

    #: The JSON Schema to query the entity with.
    vtex_schema: str | None = None
    #: Fields that the key may not read. They are null.
    unreadable: frozenset[str] = frozenset()

    def entity(self, partition: Context) -> str:
        """The acronym of the entity that a partition reads."""
        raise NotImplementedError

    def fields(self, acronym: str) -> Sequence[str]:
        """The fields of a document that the stream needs."""
        raise NotImplementedError

    def wants_all(self, acronym: str) -> bool:  # noqa: ARG002
        """Whether the stream also takes all other fields."""
        return False

    def records(self, found: FoundDocument, partition: Context) -> Iterator[Document]:
        """Derive records from a document, which must stay unchanged: other streams share it."""
        raise NotImplementedError

    def fields_endpoint(self, acronym: str) -> tuple[Endpoint[Any], *tuple[str, ...]]:
        """The endpoint that publishes an entity's fields, and its ids."""
        return STRUCTURE, acronym

    def check(self, check: Check) -> None:
        """Request a document of each entity, and its structure if the stream uses it."""
        for partition in self.partitions or []:
            acronym = self.entity(partition)
            one = {"REST-Range": "resources=0-1"}
            query = {"_fields": "id", **schema_query(self.vtex_schema)}
            found = check.ask(SEARCH, acronym, params=query, headers=one)
            if found is None and (advice := self.advise()):
                check.tell(advice)
            if self.wants_all(acronym):
                fallback = "the store's own fields are in custom_fields"
                check.ask(*self.fields_endpoint(acronym), fallback=fallback)

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield the stream's records for documents that are new or have changed."""
        acronym = self.entity(partition)
        with naming_entity(MasterDataEntity(acronym, self.vtex_schema), self.advise):
            reading = open_reading(self.run, acronym, [self])
            for found in self._found(reading, partition):
                yield from self.rows(found, partition)

    def advise(self) -> str:
        """What else the user can do if VTEX refuses the entity; often nothing."""
        return ""

    def _found(self, reading: EntityReading, partition: Context) -> Iterator[FoundDocument]:
        if not reading.has_dates:
            return reading.read_everything()
        bookmark = self.bookmark(partition, reading.began)

        def checkpoint(at: EntityBookmark) -> None:
            self.checkpoint(partition, at.corrected(reading.not_ahead))

        return reading.read(bookmark, checkpoint, bookmark.changes_since)

    def rows(self, found: FoundDocument, partition: Context) -> Iterator[Document]:
        """Yield the stream's records for one document."""
        missing = self.unreadable and self.unreadable & self.effective_schema["properties"].keys()
        for record in self.records(found, partition):
            record["last_activity_at"] = found.last_activity
            yield {**dict.fromkeys(missing), **record} if missing else record

    def bookmark(self, partition: Context, now: datetime) -> EntityBookmark:
        """The bookmark of a partition; ``now`` is the time by VTEX's clock.

        Raises:
            StateError: The state can't be used.
        """
        start = self.run.settings.start_date
        query = f"_schema={self.vtex_schema}" if self.vtex_schema else None
        bookmark = self.load_bookmark(partition, EntityBookmark)
        if bookmark is not None and bookmark.query != query:
            self.logger.info(
                "The schema in the settings has changed, so all documents are loaded again"
            )
            bookmark = None
        if bookmark is None:
            return EntityBookmark.new(start, now, query)
        self.check_clock(bookmark.changes_since)
        return bookmark.for_reload(start, now) if bookmark.starts_after(start) else bookmark


def open_reading(run: Run, acronym: str, members: Sequence[MasterDataStream]) -> EntityReading:
    """Start to read an entity for the streams derived from it.

    Raises:
        AccessError: The key may not read the entity.
        NotFoundError: The store seems to have no such entity.
    """
    reading = EntityReading(
        run.client,
        members[0].logger,
        acronym,
        dict.fromkeys(name for member in members for name in member.fields(acronym)),
        wants_all=any(member.wants_all(acronym) for member in members),
        schema=members[0].vtex_schema,
        written=lambda: run.summary.rows,
    )
    for member in members:
        member.unreadable = reading.unreadable
    return reading


class EntityStream(MasterDataStream):
    """All documents of one entity, with a column for each known field."""

    primary_keys = ("account_name", "id")

    #: The name of the schema that is the same in all stores.
    native_schema: ClassVar[str] = "entity"

    def __init__(
        self, tap: Tap, run: Run, acronym: str, name: str, fields: Iterable[Field]
    ) -> None:
        """Make a stream; ``fields`` are the known fields that the store has added."""
        self._acronym = acronym
        native: dict[str, Any] = SCHEMAS.get_schema(self.native_schema)
        schema = extended(native, fields, self.extras, tap.logger.getChild(name))
        super().__init__(tap, run, schema=schema, name=name)

    def entity(self, partition: Context) -> str:  # noqa: ARG002
        """The stream's only entity."""
        return self._acronym

    def fields(self, acronym: str) -> Sequence[str]:  # noqa: ARG002
        """The selected columns, except those that the tap adds."""
        added = {self.replication_key, self.extras, *self.account}
        names = [name for name in self.effective_schema["properties"] if name not in added]
        return ["id", *(name for name in names if self.mask.get(("properties", name), True))]

    def wants_all(self, acronym: str) -> bool:  # noqa: ARG002
        """Whether the column for fields without one of their own is selected."""
        return self.mask.get(("properties", self.extras), True)

    def records(self, found: FoundDocument, partition: Context) -> Iterator[Document]:  # noqa: ARG002
        """Emit the document, without the store's name if it is the same as ``account_name``."""
        name = found.document.get(ACCOUNT_NAME)
        if isinstance(name, str) and name.lower() == self.account["account_name"]:
            yield without(found.document, {ACCOUNT_NAME: None})
        else:
            yield found.document.copy()

    def probe(self, probe: Probe) -> None:
        """Find out how the entity behaves."""
        entity = ProbedEntity(self._acronym, self._acronym)
        probe_entity(probe, entity)
        probe_filters(probe, entity)


class AddressesStream(EntityStream):
    """The addresses of clients (AD)."""

    native_schema = "addresses"

    def records(self, found: FoundDocument, partition: Context) -> Iterator[Document]:
        """Emit the document. Storefronts write coordinates as a list or as text."""
        for record in super().records(found, partition):
            coordinate = record.get("geoCoordinate")
            if isinstance(coordinate, list):
                yield {**record, "geoCoordinate": json.dumps(coordinate)}
            else:
                yield record

    def probe(self, probe: Probe) -> None:
        """Find out how the entity behaves."""
        probe_entity(probe, ProbedEntity(self._acronym, self._acronym))
