"""Discover an entity's fields: from its structure in version 1, JSON Schemas in version 2."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from tap_vtex.errors import NotFoundError, VtexError
from tap_vtex.naming import shown
from tap_vtex.streams.masterdata.api import ENTITIES, JSON_SCHEMA, JSON_SCHEMAS, STRUCTURE
from tap_vtex.streams.masterdata.fields import Field, field_of
from tap_vtex.streams.masterdata.json_schemas import fields_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tap_vtex.http.client import VtexClient
    from tap_vtex.report.check import Check
    from tap_vtex.settings import MasterDataEntity
    from tap_vtex.types import Document


def fields_of(client: VtexClient, entity: MasterDataEntity, retry_for: float) -> list[Field]:
    """An entity's fields, as the store publishes them.

    Args:
        client: The client.
        entity: The entity. If it names a schema, only fields of that schema are returned.
        retry_for: How long to retry, in seconds.

    Raises:
        AccessError: The key may not read them.
        NotFoundError, RefusedError: The store has no such entity, or no such schema.
    """
    if entity.schema:
        found = client.get(JSON_SCHEMA, entity.name, entity.schema, retry_for=retry_for)
        return fields_in([found.body])
    if not entity.is_acronym:
        return fields_in(schema for _, schema in _schemas_of(client, entity.name, retry_for))
    structure = client.get(STRUCTURE, entity.name, retry_for=retry_for).body
    return [field_of(field["name"], str(field.get("type"))) for field in structure["fields"]]


def schema_names(client: VtexClient, entity: str, retry_for: float) -> list[str]:
    """The names of an entity's schemas, if VTEX returns any."""
    try:
        return [name for name, _ in _schemas_of(client, entity, retry_for) if name]
    except VtexError:
        return []


def _schemas_of(client: VtexClient, entity: str, retry_for: float) -> list[tuple[str, Document]]:
    """An entity's schemas and their names; there may be none.

    VTEX returns a single schema without its envelope, so it has a name only if its author wrote
    one into it.
    """
    try:
        found = client.get(JSON_SCHEMAS, entity, retry_for=retry_for).body
    except NotFoundError:
        return []
    rows = [row for row in (found if isinstance(found, list) else [found]) if _is_object(row)]
    return [
        (str(row.get("name") or ""), row["schema"] if _is_object(row.get("schema")) else row)
        for row in rows
    ]


def _is_object(value: object) -> TypeGuard[Document]:
    return isinstance(value, dict)


def list_entities(check: Check) -> None:
    """Add the names of the store's entities to the access check's text output."""
    response = check.look(ENTITIES)
    if response.granted is False:
        check.tell(
            "The tap can't tell which entities Master Data has. To see them, give the key's role "
            f"the resource {ENTITIES.resources[0]}; no stream needs it."
        )
    rows = response.body if isinstance(response.body, list) else []
    names = sorted(_name(row) for row in rows if isinstance(row, dict) and row.get("acronym"))
    if names:
        check.tell(f"Master Data has these entities: {', '.join(names)}.")


def _name(row: Mapping[str, Any]) -> str:
    """The acronym that requests use, and the store's own name for the entity."""
    words = (" ".join(str(row.get(key) or "").split()) for key in ("acronym", "name"))
    name, title = map(shown, words)
    return name if title in {"", name} else f"{name} ({title})"
