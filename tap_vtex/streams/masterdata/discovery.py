"""What VTEX publishes of an entity: the structure of version 1, the JSON Schemas of version 2."""

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
    """An entity's fields, as the store has published them.

    Args:
        client: The client.
        entity: The entity. With a schema, its fields are those of that schema.
        retry_for: For how many seconds to retry.

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
    """The names of an entity's schemas, as far as VTEX gives them."""
    try:
        return [name for name, _ in _schemas_of(client, entity, retry_for) if name]
    except VtexError:
        return []


def _schemas_of(client: VtexClient, entity: str, retry_for: float) -> list[tuple[str, Document]]:
    """An entity's schemas, none of which there has to be, and their names.

    A single one comes bare, with a name only if whoever wrote it gave it one.
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
    """Add the names of all entities of the store to the access check, for a person only."""
    answer = check.look(ENTITIES)
    if answer.granted is False:
        check.tell(
            "The tap can't tell which entities Master Data has. To see them, give the key's role "
            f"the resource {ENTITIES.resources[0]}; no stream needs it."
        )
    rows = answer.body if isinstance(answer.body, list) else []
    names = sorted(_name(row) for row in rows if isinstance(row, dict) and row.get("acronym"))
    if names:
        check.tell(f"Master Data has these entities: {', '.join(names)}.")


def _name(row: Mapping[str, Any]) -> str:
    """The name by which an entity is asked for, and what the store calls it."""
    words = (" ".join(str(row.get(key) or "").split()) for key in ("acronym", "name"))
    name, title = map(shown, words)
    return name if title in {"", name} else f"{name} ({title})"
