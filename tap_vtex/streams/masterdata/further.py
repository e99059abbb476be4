"""Further entities of Master Data: those that the store, or an app in it, has made."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tap_vtex.streams.base import SCHEMAS
from tap_vtex.streams.masterdata.api import JSON_SCHEMA, JSON_SCHEMAS, STRUCTURE
from tap_vtex.streams.masterdata.discovery import schema_names
from tap_vtex.streams.masterdata.fields import ACCOUNT_NAME
from tap_vtex.streams.masterdata.probe import ProbedEntity, probe_entity
from tap_vtex.streams.masterdata.streams import EntityStream

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk import Tap
    from singer_sdk.helpers.types import Context

    from tap_vtex.http.endpoint import Endpoint
    from tap_vtex.report.probe import Probe
    from tap_vtex.run import Run
    from tap_vtex.settings import MasterDataEntity
    from tap_vtex.streams.masterdata.fields import Field
    from tap_vtex.streams.masterdata.replication import FoundDocument
    from tap_vtex.types import Document


class FurtherEntityStream(EntityStream):
    """All documents of one entity, with a column for each known field."""

    def __init__(
        self, tap: Tap, run: Run, entity: MasterDataEntity, fields: Iterable[Field]
    ) -> None:
        """Make a stream; ``fields`` are the store's own, as far as they are known."""
        self._entity = entity
        self.vtex_schema = entity.schema
        super().__init__(tap, run, entity.name, entity.stream, fields)
        native = SCHEMAS.get_schema(self.native_schema)["properties"]
        #: What tells nothing of a document but who made it and when.
        self._internal = {ACCOUNT_NAME, *native}
        #: Whether documents came, and all of them without any field of the store's own.
        self._are_bare: bool | None = None

    @property
    def _may_want_a_schema(self) -> bool:
        return not self._entity.is_acronym and not self._entity.schema

    def published(self, acronym: str) -> tuple[Endpoint[Any], *tuple[str, ...]]:
        """Where its fields are published: an endpoint and its ids."""
        if self._entity.schema:
            return JSON_SCHEMA, acronym, self._entity.schema
        return (STRUCTURE if self._entity.is_acronym else JSON_SCHEMAS), acronym

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield the documents; say so if a schema has to be named to get more of them."""
        yield from super().extract(partition)
        if self._are_bare and self._may_want_a_schema and self.wants_all(self._acronym):
            self.logger.warning(
                "The documents of %s came with nothing but their ids. %s",
                self._acronym,
                self.advise(),
            )

    def records(self, found: FoundDocument, partition: Context) -> Iterator[Document]:
        """Emit the document as it is."""
        if self._are_bare is not False:
            self._are_bare = self._internal.issuperset(found.document)
        return super().records(found, partition)

    def advise(self) -> str:
        """The setting that names a schema, if there may be one."""
        if not self._may_want_a_schema:
            return ""
        retry_for = self.run.client.policy.retry_check_for
        names = schema_names(self.run.client, self._acronym, retry_for)
        known = f"Its schemas are {', '.join(names)}. " if len(names) > 1 else ""
        entry = {"entity": self._acronym, "schema": names[0] if names else "name of the schema"}
        return (
            f"{known}If Master Data wants the name of a schema, write {json.dumps(entry)} instead "
            f'of "{self._acronym}" in the setting master_data_entities.'
        )

    def probe(self, probe: Probe) -> None:
        """Find out how the entity behaves. A number stands for the name that the store gave it."""
        label = probe.numbered("entity")
        probe_entity(probe, ProbedEntity(self._acronym, label, self._entity.schema))
