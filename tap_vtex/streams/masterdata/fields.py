"""The fields of an entity: which there are, and which the key may read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tap_vtex.streams.masterdata.api import STRUCTURE

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tap_vtex.http.client import VtexClient

Schema = dict[str, Any]

#: PostgreSQL cuts off longer column names, and then takes two for one.
MAX_NAME_BYTES: Final = 62
#: Requests to find out which fields can be read: enough for a dozen refused ones in 300.
MAX_REQUESTS: Final = 150

#: VTEX's name of the store in each document. `account_name` says the same, so it gets no column.
ACCOUNT_NAME: Final = "accountName"

#: JSON types for VTEX's types that are not text. Dates without a time arrive in many forms.
TYPES: Final[Mapping[str, Mapping[str, Any]]] = {
    "Auto Increment": {"type": ["null", "integer"]},
    "Boolean": {"type": ["null", "boolean"]},
    "Currency": {"type": ["null", "number"]},
    "Date and Time": {"type": ["null", "string"], "format": "date-time"},
    "Decimal": {"type": ["null", "number"]},
    "Integer": {"type": ["null", "integer"]},
    "Long": {"type": ["null", "integer"]},
    "Percent": {"type": ["null", "number"]},
    "Score2": {"type": ["null", "object"], "additionalProperties": True},
}
#: VTEX's types that are text. A type in neither list is one that VTEX has added since.
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
TEXT: Final = {"type": ["null", "string"]}


def fields_of(client: VtexClient, acronym: str, retry_for: float) -> list[tuple[str, str]]:
    """The names and types of an entity's fields, as the store has published them.

    Args:
        client: The client.
        acronym: The entity.
        retry_for: For how many seconds to retry.

    Raises:
        AccessError: The key may read documents at most, but no structures.
        NotFoundError, RefusedError: The store has no such entity.
    """
    structure = client.get(STRUCTURE, acronym, retry_for=retry_for).body
    return [(field["name"], str(field.get("type"))) for field in structure["fields"]]


def extended(
    schema: Schema, fields: Iterable[tuple[str, str]], extras: str, logger: logging.Logger
) -> Schema:
    """A schema with a further column for each field that it lacks.

    A field whose name can't be a column beside the others stays in ``extras``.
    """
    properties = dict(schema["properties"])
    taken = {_bare(name) for name in properties}
    for name, kind in fields:
        if name in properties or name == ACCOUNT_NAME:
            continue
        if _bare(name) in taken or not 0 < len(name.encode()) <= MAX_NAME_BYTES:
            logger.warning(
                "The field %r gets no column of its own, because it differs from another one only "
                "by letter case or underscores, or is too long. Its values are in %s",
                name,
                extras,
            )
            continue
        if kind not in TYPES and kind not in TEXTS:
            logger.info("The field %r has the unknown type %r and is read as text", name, kind)
        taken.add(_bare(name))
        description = f"Field of the store's own, of the type {kind}."
        properties[name] = {**TYPES.get(kind, TEXT), "description": description}
    return {**schema, "properties": properties}


def _bare(name: str) -> str:
    """A name as targets see it that write names in lower case or in snake_case."""
    return name.replace("_", "").lower()


def readable(names: Sequence[str], may_read: Callable[[Sequence[str]], bool]) -> list[str]:
    """The names that can be requested.

    VTEX does not say which field it refused a request for. So the list is halved until the
    rest is accepted, or is a single name. With too many refusals, readable names are left out
    as well.
    """
    accepted: set[str] = set()
    waiting = [names]
    requests = 0
    while waiting and requests < MAX_REQUESTS:
        part = waiting.pop()
        requests += 1
        if may_read(part):
            accepted.update(part)
        elif len(part) > 1:
            middle = len(part) // 2
            waiting += [part[middle:], part[:middle]]
    return [name for name in names if name in accepted]
