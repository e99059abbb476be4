"""Further entities of Master Data, created by the store or by one of its apps."""

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
        """Make a stream; ``fields`` are the known fields that the store has added."""
        self._entity = entity
        self.vtex_schema = entity.schema
        super().__init__(tap, run, entity.name, entity.stream, fields)
        native = SCHEMAS.get_schema(self.native_schema)["properties"]
        #: Fields that only say who created a document and when.
        self._internal = {ACCOUNT_NAME, *native}
        #: Whether all documents so far came without custom fields; None before the first one.
        self._are_bare: bool | None = None

    @property
    def _may_want_a_schema(self) -> bool:
        return not self._entity.is_acronym and not self._entity.schema

    def fields_endpoint(self, acronym: str) -> tuple[Endpoint[Any], *tuple[str, ...]]:
        """The endpoint that publishes the entity's fields, and its ids."""
        if self._entity.schema:
            return JSON_SCHEMA, acronym, self._entity.schema
        return (STRUCTURE if self._entity.is_acronym else JSON_SCHEMAS), acronym

    def extract(self, partition: Context) -> Iterator[Document]:
        """Yield the documents; warn if the entity seems to need a schema."""
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
        """How to set a schema, if the entity may need one."""
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
        """Find out how the entity behaves. A number replaces its name, which the store chose."""
        label = probe.numbered("entity")
        probe_entity(probe, ProbedEntity(self._acronym, label, self._entity.schema))
