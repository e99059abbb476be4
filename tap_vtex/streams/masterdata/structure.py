"""The fields of an entity: VTEX's own, and those that the store added."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeGuard

if TYPE_CHECKING:
    import logging
    from collections.abc import Iterable, Mapping

    from tap_vtex.client import VtexClient

Schema = dict[str, Any]

#: Postgres cuts longer names of columns, and then takes two for one.
LONGEST_NAME: Final = 62

#: JSON types of VTEX's types that are no text. Dates without time arrive in many forms.
TYPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "Auto Increment": {"type": ["integer", "null"]},
    "Boolean": {"type": ["boolean", "null"]},
    "Currency": {"type": ["number", "null"]},
    "Date and Time": {"type": ["string", "null"], "format": "date-time"},
    "Decimal": {"type": ["number", "null"]},
    "Integer": {"type": ["integer", "null"]},
    "Long": {"type": ["integer", "null"]},
    "Percent": {"type": ["number", "null"]},
    "Score2": {"type": ["object", "null"], "additionalProperties": True},
}
#: Those that are. What is in neither is a type that VTEX has added since.
TEXTS: Final = frozenset(
    {
        "CEP",
        "CPF / CNPJ",
        "Date",
        "Email",
        "File",
        "Phone",
        "Relationship",
        "Text",
        "Time",
        "URL",
        "User Login",
        "Varchar 10",
        "Varchar 50",
        "Varchar 100",
        "Varchar 750",
    }
)
TEXT: Final = {"type": ["string", "null"]}


def fields_of(client: VtexClient, acronym: str) -> list[tuple[str, str]]:
    """The names and types of an entity's fields, as the store has published them.

    Raises:
        AccessError: the key may read documents at most, not structures.
        NotFoundError, RefusedError: the store has no such entity.
    """
    answer = client.get(f"/api/dataentities/{acronym}", _is_structure)
    return [(field["name"], str(field.get("type"))) for field in answer.body["fields"]]


def extended(
    schema: Schema, fields: Iterable[tuple[str, str]], leftovers: str, logger: logging.Logger
) -> Schema:
    """A schema with a column more for each field that it does not know.

    A field whose name no column can have beside the others stays in ``leftovers``.
    """
    properties = dict(schema["properties"])
    taken = {name.lower() for name in properties}
    for name, kind in fields:
        if name in properties:
            continue
        if name.lower() in taken or not 0 < len(name.encode()) <= LONGEST_NAME:
            logger.warning(
                "The field %r can have no column of its own: it differs from another by letter "
                "case only, or is too long. It is in %s",
                name,
                leftovers,
            )
            continue
        if kind not in TYPES and kind not in TEXTS:
            logger.info("The field %r has the unknown type %r and is taken for text", name, kind)
        taken.add(name.lower())
        described = f"Field of the store's own, of the type {kind}."
        properties[name] = {**TYPES.get(kind, TEXT), "description": described}
    return {**schema, "properties": properties}


def _is_structure(body: object) -> TypeGuard[dict[str, Any]]:
    if not isinstance(body, dict) or not isinstance(body.get("fields"), list):
        return False
    return all(isinstance(f, dict) and isinstance(f.get("name"), str) for f in body["fields"])
